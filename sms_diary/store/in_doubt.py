"""Messages in doubt as people see them: how many, how old, what becomes of them, what to do.

Reading only; what is decided is carried out in `doubt.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sms_diary.db import Queries
from sms_diary.phone import mask
from sms_diary.schedule import DIGEST_LANE, PROMPT_LANE, URGENT_LANE
from sms_diary.store.doubt import IN_DOUBT, REPEATS
from sms_diary.store.tools import Tools
from sms_diary.values import value

LANE_RU = {URGENT_LANE: "срочное или ответ", PROMPT_LANE: "без задержки", DIGEST_LANE: "обычное"}
_ADVICE_RU = "Само не повторится: подождите отчёта. Дошло — решите sent, не дошло — repeat."
_REPEATS_RU = "Срочное: через три минуты на связи без отчёта повторится само, один раз."
_TOO_LATE_RU = "Срок вышел, повторять поздно: подождите отчёта или решите sent."


@value
class InDoubt:
    """A message of which parts are in doubt, for people. Times are epoch milliseconds."""

    id: int
    school_id: int
    number: str
    """Masked."""
    route: str
    lane: int
    kinds: tuple[str, ...]
    """What its lines are about; none for an answer."""
    parts: int
    of: int
    since: int
    expires: int
    repeats: bool
    """Whether the policy will repeat it by itself."""


def advice(one: InDoubt, now: int) -> str:
    """What becomes of it by itself, and what a person may do, in Russian."""
    if one.expires <= now:
        return _TOO_LATE_RU
    return _REPEATS_RU if one.repeats else _ADVICE_RU


async def waiting(q: Queries, tools: Tools, *, school_id: int | None, limit: int) -> list[InDoubt]:
    """Messages in doubt, the oldest first, of one school or of all."""
    rows = await q.all(
        f"""select part.message_id, part.school_id, part.route, part.lane, part.total,
                   part.number_id, number.sealed, count(*) as parts,
                   min(part.claimed_at) as since, min(part.expires) as expires,
                   max(case when {REPEATS} then 1 else 0 end) as repeats
            from part join number on number.id = part.number_id
            where {IN_DOUBT} and (:any_school = 1 or part.school_id = :school_id)
            group by part.message_id, part.school_id, part.route, part.lane, part.total,
                     part.number_id, number.sealed
            order by since, part.message_id limit :limit""",
        any_school=int(school_id is None),
        school_id=school_id or 0,
        limit=limit,
    )
    kinds = await _kinds(q, [row["message_id"] for row in rows])
    return [
        InDoubt(
            id=row["message_id"],
            school_id=row["school_id"],
            number=mask(tools.vault.text(row["sealed"], "number.sealed", row["number_id"])),
            route=row["route"],
            lane=row["lane"],
            kinds=kinds.get(row["message_id"], ()),
            parts=row["parts"],
            of=row["total"],
            since=row["since"],
            expires=row["expires"],
            repeats=bool(row["repeats"]),
        )
        for row in rows
    ]


async def _kinds(q: Queries, message_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    rows = await q.over(
        """with rows(id bigint)
           select distinct rows.id, entry.kind from rows
           join line on line.message_id = rows.id join entry on entry.id = line.entry_id""",
        sorted((message_id,) for message_id in message_ids),
    )
    found: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        found[row["id"]].append(row["kind"])
    return {message_id: tuple(sorted(kinds)) for message_id, kinds in found.items()}


async def total(q: Queries, school_id: int) -> tuple[int, int | None]:
    """How many parts of a school are in doubt, and since when the oldest (epoch milliseconds)."""
    row = await q.one(
        f"""select count(*) as parts, min(part.claimed_at) as since from part
            where {IN_DOUBT} and part.school_id = :school_id""",
        school_id=school_id,
    )
    assert row is not None
    return row["parts"], row["since"]


async def messages(q: Queries, school_id: int) -> tuple[int, int | None]:
    """How many messages of a school have a part in doubt, and since when the oldest."""
    row = await q.one(
        f"""select count(distinct part.message_id) as messages, min(part.claimed_at) as since
            from part where {IN_DOUBT} and part.school_id = :school_id""",
        school_id=school_id,
    )
    assert row is not None
    return row["messages"], row["since"]
