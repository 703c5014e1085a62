"""Messages as the desk lists them: filters, pages by key, counts that stop, who sees which.

Nothing here reads a school's whole history: what may be rare is looked for among the newest
`funnel.WINDOW` messages below a page's key. One message is `message.py`'s.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sms_diary.db import Queries, Row
from sms_diary.model import MessageState
from sms_diary.phone import mask
from sms_diary.store.desk import edges, funnel, indexed
from sms_diary.store.desk.indexed import FAILED, NUMBER, STATE, Keys
from sms_diary.store.desk.own import Own
from sms_diary.store.doubt import IN_DOUBT
from sms_diary.store.messages import SHOWN, shown_text
from sms_diary.store.outbox import SEVERAL
from sms_diary.store.tools import Tools
from sms_diary.values import value

LAST = 2**63 - 1
MANY = 1_000
"""Counts stop here."""
STATES = {
    "waiting": funnel.STEPS["waiting"],
    "way": """m.state = 'open' and not exists (select 1 from part p where p.message_id = m.id
        and (p.state = 'queued' or p.state = 'retry' or p.state = 'doubt'))""",
    "doubt": f"m.id in (select part.message_id from part where {IN_DOUBT})",
    "delivered": "m.state = 'delivered'",
    "failed": funnel.STEPS["failed"],
    "withdrawn": "m.state not in ('open', 'delivered') and m.state = 'withdrawn'",
}
"""The states that the list is narrowed by; several of a message's own make one of them."""
_ENDED = {
    "failed": (MessageState.EXPIRED, MessageState.REJECTED, MessageState.UNDELIVERED,
               MessageState.UNKNOWN),
    "withdrawn": (MessageState.WITHDRAWN,),
}  # fmt: skip
"""The states of a message that these are made of: an index of few rows leads to each."""


_OF_TOPIC = f"""(m.topic = :topic or m.topic = '{SEVERAL}' and exists (
    select 1 from line l where l.message_id = m.id and l.topic = :topic))"""
_BY_ROUTE = "exists (select 1 from part p where p.message_id = m.id and p.route = :route)"


@value
class Wanted:
    """What a list is narrowed by; "", 0 and None: by nothing. Moments are epoch milliseconds."""

    state: str = ""
    """One of `STATES`."""
    step: str = ""
    """One of `funnel.STEPS`: the rows behind a figure of the summary."""
    since: int | None = None
    until: int | None = None
    class_id: int = 0
    number_id: int = 0
    topic: str = ""
    route: str = ""
    ground: str = ""


@value
class Listed:
    """One message of a list. `number` is masked, `text` whole; names "" where erased."""

    id: int
    at: int
    number: str
    guardian_id: int | None
    pupils: tuple[str, ...]
    text: str
    segments: int
    """SMS that the operator bills."""
    state: str
    """One of `store.messages.STATES`."""
    ground: str


@value
class Page:
    """`next`: give it as `before` for what follows; None at the end. A page of a window may be
    short, or empty, and yet have a `next`: `looked_at` messages were gone through for an empty
    one."""

    rows: list[Listed]
    next: int | None
    looked_at: int = 0


async def page(
    q: Queries, tools: Tools, school_id: int, wanted: Wanted, *, own: Own, before: int = LAST,
    limit: int = 50,
) -> Page:  # fmt: skip
    """The school's messages, newest first, of those that `own` may see."""
    low, high = await _span(q, school_id, wanted, before)
    where, given = _conditions(wanted, own)
    given |= {"school_id": school_id, "low": low, "high": high, "limit": limit + 1}
    keys = await _keys(q, school_id, wanted, own)
    column = keys[0] if keys else ""
    window = await _below(q, school_id, high, keys) if _needs_window(wanted, column) else 0
    given["low"] = max(low, window)
    if keys is not None:
        ids = await indexed.newest(q, keys, "and m.school_id = :school_id" + where, given)
    else:
        rows = await q.all(
            f"""select m.id from message m where m.school_id = :school_id and m.id < :high
                and m.id >= :low {where} order by m.id desc limit :limit""",
            **given,
        )
        ids = [row["id"] for row in rows]
    if not ids and window > low:
        looked_at = await indexed.between(q, keys, school_id, window, high)
        return Page([], window, looked_at)
    found = await _listed(q, tools, ids[:limit])
    return Page(found, ids[limit - 1] if len(ids) > limit else window if window > low else None)


async def counts(q: Queries, school_id: int) -> dict[str, int]:
    """How many there are in the states but «delivered»: up to about `MANY` of what has an index of
    few rows, and of the newest window what is still open."""
    row = await q.one(
        f"""select coalesce(sum(case when {STATES["waiting"]} then 1 else 0 end), 0) as waiting,
                   coalesce(sum(case when {STATES["way"]} then 1 else 0 end), 0) as way,
                   (select count(*) from message m where {STATES["doubt"]}
                    and m.school_id = :school_id) as doubt
            from message m
            where m.school_id = :school_id and m.id >= :floor and m.state = 'open'""",
        school_id=school_id, floor=await funnel.below(q, school_id),
    )  # fmt: skip
    assert row is not None
    found = {state: int(row[state]) for state in ("waiting", "way", "doubt")}
    index = q.only(sqlite=indexed.INDEX[STATE])
    for state, words in _ENDED.items():
        rows = await q.over(
            f"""with rows(state text)
               select rows.state, (select count(*) from (
                   select 1 as one from message m {index} where m.school_id = :school_id
                     and m.state = rows.state and m.state not in ('open', 'delivered')
                   limit :most) counted) as n from rows""",
            [(word,) for word in words], school_id=school_id, most=MANY + 1,
        )  # fmt: skip
        found[state] = sum(one["n"] for one in rows)
    return found


def _needs_window(wanted: Wanted, column: str) -> bool:
    """Whether what is looked for may be so rare that all of the history would be read for it: all
    but what an index leads to, by this column, and what is common."""
    asked = (wanted.topic, wanted.route, wanted.ground, wanted.state, wanted.step)
    narrow = [one for one in asked if one not in ("", "created", "doubt")]
    return len(narrow) > (1 if column == STATE else 0)


async def _below(q: Queries, school_id: int, high: int, keys: Keys | None) -> int:
    """The id from which on not more than `funnel.WINDOW` messages lie below `high`, of all or of
    these keys; 0 if all do. Those of keys lie far apart and take longer: half as many."""
    if keys is None:
        return await funnel.below(q, school_id, high)
    column, asked = keys
    skip = max(funnel.WINDOW // 2 // max(len(asked), 1), 1) - 1
    given, where = {"low": 0, "high": high, "skip": skip, "limit": 1}, ""
    if column == STATE:
        where = f"and m.school_id = :school_id and {FAILED}"
        given["school_id"] = school_id
    return max(await indexed.newest(q, keys, where, given), default=0)


async def _span(q: Queries, school_id: int, wanted: Wanted, before: int) -> tuple[int, int]:
    """The ids that can be meant: from the first on, below the second."""
    low, high = 0, before
    if wanted.since is not None:
        low = await edges.since(q, school_id, wanted.since)
    if wanted.until is not None:
        high = min(high, await edges.until(q, school_id, wanted.until))
    return low, high


def _conditions(wanted: Wanted, own: Own) -> tuple[str, dict[str, Any]]:
    """What must hold and its parameters; what looks further than the message itself comes last."""
    said, given = list[str](), own.given()
    for condition, name, asked in (
        ("m.created_at >= :since", "since", wanted.since),
        ("m.created_at < :until", "until", wanted.until),
        ("m.ground = :ground", "ground", wanted.ground or None),
        (_OF_TOPIC, "topic", wanted.topic or None),
        (_BY_ROUTE, "route", wanted.route or None),
    ):
        if asked is not None:
            said.append(condition)
            given[name] = asked
    for words, table in ((wanted.state, STATES), (wanted.step, funnel.STEPS)):
        said += [table[words]] if words else []
    if wanted.class_id:
        said.append(own.about_class("m"))
        given |= {"class_id": wanted.class_id, "day": own.day}
    said += own.condition("m")
    return "".join(f" and {one}" for one in said), given


async def _keys(q: Queries, school_id: int, wanted: Wanted, own: Own) -> Keys | None:
    """The column of an index that leads to what is wanted, and its values; None: no narrower one
    than the school's."""
    if wanted.number_id:
        return NUMBER, [(wanted.number_id,)]
    if wanted.class_id or own.classes is not None:
        asked = [wanted.class_id] if wanted.class_id else own.classes or ()
        return NUMBER, [(one,) for one in sorted(await own.numbers_of(q, school_id, asked))]
    state = wanted.state or wanted.step
    return (STATE, [(word,) for word in _ENDED[state]]) if state in _ENDED else None


async def _listed(q: Queries, tools: Tools, ids: Sequence[int]) -> list[Listed]:
    rows = await q.over(
        f"""with rows(id bigint)
            select m.id, m.number_id, m.guardian_id, m.text, m.segments, m.ground, m.created_at,
                   n.sealed, {SHOWN} as shown
            from rows join message m on m.id = rows.id join number n on n.id = m.number_id""",
        sorted((message_id,) for message_id in ids),
    )
    names = await pupils_of(q, ids)
    found = [_one(row, tools, names.get(row["id"], ())) for row in rows]
    return sorted(found, key=lambda one: one.id, reverse=True)


def _one(row: Row, tools: Tools, pupils: tuple[str, ...]) -> Listed:
    number = tools.vault.text(row["sealed"], "number.sealed", row["number_id"])
    return Listed(
        row["id"], row["created_at"], mask(number), row["guardian_id"], pupils,
        shown_text(tools, row),
        row["segments"], row["shown"], row["ground"],
    )  # fmt: skip


async def pupils_of(q: Queries, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Whom each message is about: the pupils of its lines, else all whom its guardian follows."""
    asked = sorted((message_id,) for message_id in ids)
    told = await q.over(
        """with rows(id bigint)
           select distinct rows.id, pupil.id as pupil_id, pupil.full_name
           from rows join line on line.message_id = rows.id join pupil on pupil.id = line.pupil_id
           order by rows.id, pupil.id""",
        asked,
    )
    found = _names(told)
    followed = await q.over(
        """with rows(id bigint)
           select rows.id, pupil.id as pupil_id, pupil.full_name
           from rows join message on message.id = rows.id
           join subscription s on s.guardian_id = message.guardian_id
           join pupil on pupil.id = s.pupil_id order by rows.id, pupil.id""",
        [one for one in asked if one[0] not in found],
    )
    return found | _names(followed)


def _names(rows: Sequence[Row]) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        found[row["id"]].append(row["full_name"] or "имя стёрто")
    return {key: tuple(names) for key, names in found.items()}
