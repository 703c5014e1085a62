"""How messages fared, summed up as they end: so that no report reads the messages themselves.

A loop counts what has ended (`step`); a message whose end is told anew, `unknown` and delivered
after all, is taken out and counted again. `recount` is the same from the messages; reading is
`tallied.py`'s. A day is the school's own, by the zone that it has when a message is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

from sms_diary.clock import MINUTE
from sms_diary.db import Queries, Row
from sms_diary.store import schools
from sms_diary.values import value

SLOT = 15 * MINUTE
"""Moments are grouped by this much in SQL: every zone's midnight is a multiple of it."""
DIMENSIONS = ("school_id", "day", "class_id", "topic", "ground", "route", "alphabet", "state",
              "code")  # fmt: skip
MEASURES = ("messages", "segments", "handed", "accepted", "billed", "took", "in_minute", "in_ten")
_ALIKE = ("school_id", "slot", "class_id", "topic", "ground", "route", "alphabet", "state", "code",
          "counted")  # fmt: skip

Key = tuple[int, str, int, str, str, str, str, str, str]
"""The dimensions of a row, in their order."""


@value
class Sums:
    """The measures of a row, as the schema says them."""

    messages: int = 0
    segments: int = 0
    handed: int = 0
    accepted: int = 0
    billed: int = 0
    took: int = 0
    in_minute: int = 0
    in_ten: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(a + b for a, b in zip(self.values, other.values, strict=True)))

    def __neg__(self) -> Sums:
        return Sums(*(-a for a in self.values))

    @property
    def values(self) -> tuple[int, ...]:
        return tuple(getattr(self, name) for name in MEASURES)


SURE = "(m.state = 'delivered' or m.state = 'unknown')"
"""The operator has all of such a message, whatever is written down of its parts."""


def alike(source: str) -> str:
    """A query for sums of the messages whose ids `source` has, as `rows(id)`: those alike in one.

    Of `unknown` nothing is asked that a late receipt may change: else it could not be taken out.
    """
    return f"""select school_id, slot, class_id, topic, ground, route, alphabet, state, code,
            counted, count(*) as messages, sum(segments) as segments, sum(handed) as handed,
            sum(accepted) as accepted, sum(billed) as billed, sum(took) as took,
            sum(case when state = 'delivered' and took <= {MINUTE} then 1 else 0 end) as in_minute,
            sum(case when state = 'delivered' and took <= {10 * MINUTE} then 1 else 0 end) as in_ten
        from (
            select m.school_id, m.created_at / {SLOT} as slot, m.class_id, m.topic, m.ground,
                m.alphabet, m.state, m.counted, m.segments,
                coalesce((select p.route {_PARTS} limit 1), '') as route,
                case when m.state = 'open' or m.state = 'withdrawn' or {SURE} then ''
                    else (select coalesce(max(p.code), '') {_PARTS} and p.state = m.state)
                    end as code,
                case when {SURE} then 1
                    else (select case when min(p.attempts) > 0 then 1 else 0 end {_PARTS})
                    end as handed,
                case when {SURE} then 1
                    else (select case when sum({_TAKEN}) = count(*) then 1 else 0 end {_PARTS})
                    end as accepted,
                case when {SURE} then m.segments
                    else coalesce((select m.segments * sum({_TAKEN}) / count(*) {_PARTS}), 0)
                    end as billed,
                case when m.state = 'delivered' then coalesce(m.done_at - m.created_at, 0)
                    else 0 end as took
            from {source} join message m on m.id = rows.id) each
        group by {", ".join(_ALIKE)}"""


_PARTS = "from part p where p.message_id = m.id"
_TAKEN = """case when p.sent_at is not null or p.state = 'delivered' or p.state = 'undelivered'
    then 1 else 0 end"""


async def step(q: Queries, *, limit: int) -> bool:
    """Count up to `limit` messages that have ended, or ended anew; whether there may be more."""
    found = await q.all(
        f"""select id from message where state <> 'open' and counted <> state
            order by id limit :limit {q.only(postgresql="for update skip locked")}""",
        limit=limit,
    )
    ids = sorted((row["id"],) for row in found)
    rows = await q.over("with rows(id bigint) " + alike("rows"), ids)
    await _add(q, await _changes(q, rows))
    await q.over(
        """with rows(id bigint)
           update message set counted = message.state from rows where message.id = rows.id""",
        ids,
    )
    return len(found) == limit


async def _changes(q: Queries, rows: Sequence[Row]) -> dict[Key, Sums]:
    """What comes to the tally with these, and what leaves it."""
    now = await by_day(q, rows)
    for key, sums in (await _as_counted(q, [row for row in rows if row["counted"]])).items():
        now[key] = now.get(key, Sums()) + -sums
    return now


async def _as_counted(q: Queries, rows: Iterable[Row]) -> dict[Key, Sums]:
    """What the tally holds of these. Whatever is taken out of it again was `unknown` there, and of
    that nothing had arrived in any time."""
    return await by_day(
        q,
        [
            {**row, "state": row["counted"], "code": "", "handed": row["messages"],
             "accepted": row["messages"], "billed": row["segments"], "took": 0, "in_minute": 0,
             "in_ten": 0}
            for row in rows
        ],
    )  # fmt: skip


async def uncount(q: Queries, school_id: int) -> None:
    """Take out what may be taken out later: for a school whose zone is about to change.

    By the new zone it might be looked for on another day than it was counted on. All that has ended
    for good stays on the day on which it was.
    """
    ids: list[tuple[int]] = []
    # Each goes by an index of its own. The sign: not by the school, which has many.
    for where in (
        "school_id = :school_id and state = 'unknown' and state not in ('open', 'delivered')",
        "+school_id = :school_id and state <> 'open' and counted <> state",
    ):
        rows = await q.all(
            f"""select id from message where {where} and counted = 'unknown'
                order by id {q.only(postgresql="for update")}""",
            school_id=school_id,
        )
        ids += [(row["id"],) for row in rows]
    ids.sort()
    counted = await _as_counted(q, await q.over("with rows(id bigint) " + alike("rows"), ids))
    await _add(q, {key: -sums for key, sums in counted.items()})
    await q.over(
        """with rows(id bigint)
           update message set counted = '' from rows where message.id = rows.id""",
        ids,
    )


async def by_day(q: Queries, rows: Iterable[Row]) -> dict[Key, Sums]:
    """Rows of `alike` as the tally keeps them."""
    rows = list(rows)
    known = await schools.by_ids(q, {row["school_id"] for row in rows})
    zones: dict[int, tzinfo] = {one: school.zone for one, school in known.items()}
    days: dict[tuple[int, int], str] = {}
    found: dict[Key, list[int]] = {}
    for row in rows:
        school_id, slot = place = row["school_id"], row["slot"]
        if place not in days:
            days[place] = _day(slot, zones.get(school_id, UTC))
        key = (school_id, days[place], *(row[name] for name in DIMENSIONS[2:]))
        sums = found.setdefault(key, [0] * len(MEASURES))
        for at, name in enumerate(MEASURES):
            sums[at] += int(row[name])
    return {key: Sums(*sums) for key, sums in found.items()}


def _day(slot: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(slot * SLOT / 1000, zone).date().isoformat()


async def _add(q: Queries, changes: dict[Key, Sums]) -> None:
    types = {"school_id": "bigint", "class_id": "bigint", **dict.fromkeys(MEASURES, "bigint")}
    columns = (*DIMENSIONS, *MEASURES)
    head = ", ".join(f"{name} {types.get(name, 'text')}" for name in columns)
    more = ", ".join(f"{name} = tally.{name} + excluded.{name}" for name in MEASURES)
    await q.over(
        f"""with rows({head})
            insert into tally ({", ".join(columns)})
            select {", ".join(columns)} from rows where true
            on conflict ({", ".join(DIMENSIONS)}) do update set {more}""",
        sorted((*key, *sums.values) for key, sums in changes.items()),
    )


async def recount(q: Queries, school_id: int, first: str, last: str) -> dict[Key, Sums]:
    """What the tally of these days (ISO dates) must hold, from the messages that are counted.

    Reads every message of the school: for tests, and for whoever doubts a figure.
    """
    rows = await q.all(
        alike("(select id from message where school_id = :school_id and state <> 'open') rows"),
        school_id=school_id,
    )
    found = await by_day(q, rows)
    return {key: sums for key, sums in found.items() if first <= key[1] <= last}


async def kept(q: Queries, school_id: int, first: str, last: str) -> dict[Key, Sums]:
    """What it does hold of these days."""
    rows = await q.all(
        f"""select {", ".join((*DIMENSIONS, *MEASURES))} from tally
            where school_id = :school_id and day >= :first and day <= :last""",
        school_id=school_id, first=first, last=last,
    )  # fmt: skip
    held = {
        tuple(row[name] for name in DIMENSIONS): Sums(*(row[name] for name in MEASURES))
        for row in rows
    }
    return {key: sums for key, sums in held.items() if sums != Sums()}
