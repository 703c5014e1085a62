"""Lines: what each guardian must learn, planned by fanout and taken by compose."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sms_diary import schedule
from sms_diary.db import Queries, Row
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class NewLine:
    """A line as planned; `state` is planned, held, silent or expired."""

    school_id: int
    entry_id: int
    version: int
    guardian_id: int
    pupil_id: int
    ledger_id: int | None
    topic: str
    lane: int
    value: str
    due: int
    expires: int
    state: str
    reason: str = ""


async def replace_open(q: Queries, entries: Sequence[tuple[int, int]]) -> None:
    """Lines of older versions of these (entry, version) that wait are no longer to be told."""
    await q.over(
        """with rows(entry_id bigint, version bigint)
           update line set state = 'replaced', reason = '' from rows
           where line.entry_id = rows.entry_id and line.state in ('planned', 'held')
             and line.version < rows.version""",
        sorted(entries),
    )


async def add(q: Queries, tools: Tools, lines: Sequence[NewLine]) -> None:
    await q.insert(
        "line",
        "id, school_id, entry_id, version, guardian_id, pupil_id, ledger_id, topic, lane, value,"
        " due, expires, state, reason",
        [
            (
                line_id, x.school_id, x.entry_id, x.version, x.guardian_id, x.pupil_id,
                x.ledger_id, x.topic, x.lane, x.value, x.due, x.expires, x.state, x.reason,
            )
            for line_id, x in zip(tools.ids.many(len(lines)), lines, strict=True)
        ],
    )  # fmt: skip


# Not only of those that are taken: else lines that wait would hold up everybody behind them.
_FREE = """({0}.version = 1 or not exists (
    select 1 from line earlier where earlier.entry_id = {0}.entry_id
      and earlier.guardian_id = {0}.guardian_id and earlier.state = 'taken'))"""


_WIDE = """exists (select 1 from subscription s join consent u on u.subscription_id = s.id
    where s.guardian_id = l.guardian_id and u.topic = 'urgent' and u.state = 'active')"""


_IS_NOTICE = "e.kind = 'announcement'"
_ONE = """(select max({0}_id) from audience a where a.entry_id = e.id having count(*) = 1)"""
"""The pupil or the class whom an announcement is for, where it is for nobody else."""


async def due(q: Queries, *, now: int, guardians: int) -> list[Row]:
    """Every line that is due for the next guardians, with all that a text needs.

    Lines of an entry that has moved on, or whose earlier version is still on its way to the
    same guardian, wait. Nothing is locked: `still_due` asks again before anything is queued.
    """
    return await q.over(
        f"""with rows(guardian_id bigint)
            select l.id, l.school_id, l.entry_id, l.version, l.guardian_id, l.pupil_id,
                   l.ledger_id, l.lane, l.value, l.expires, l.topic, g.number_id, g.latin,
                   n.consent_rev, coalesce((select m.class_id from membership m
                     where m.pupil_id = p.id order by m.from_day desc limit 1), c.id, 0)
                     as class_id,
                   e.kind, e.subject, e.work, e.day, e.lesson, e.body, e.urgent,
                   case when e.urgent = 1 and {_WIDE} then 1 else 0 end as wide,
                   p.full_name as pupil, c.name as class_name
            from rows
            join line l {q.only(sqlite="indexed by line_planned_of_guardian")}
              on l.guardian_id = rows.guardian_id
            join entry e on e.id = l.entry_id and e.version = l.version
            join guardian g on g.id = l.guardian_id
            join number n on n.id = g.number_id
            left join pupil p on p.id = case when {_IS_NOTICE} then {_ONE.format("pupil")}
              else l.pupil_id end
            left join class c on l.pupil_id = 0
              and c.id = case when {_IS_NOTICE} then {_ONE.format("class")} else e.who end
            where l.state = 'planned' and l.due <= :now and l.expires > :now
              and n.state = 'open' and {_FREE.format("l")}""",
        [(guardian_id,) for guardian_id in await _next_guardians(q, now=now, most=guardians)],
        now=now,
    )


async def _next_guardians(q: Queries, *, now: int, most: int) -> list[int]:
    """Guardians with due lines: lane by lane, and in a lane as many of each school as of another.

    So an announcement to thousands keeps neither urgent lines nor another school waiting.
    """
    found: set[int] = set()
    for _, waiting in groupby(await _waiting(q, now), key=lambda one: one[0]):
        room = most - len(found)
        if room <= 0:
            break
        schools = list(waiting)[:room]
        found |= await _first_of_each(q, schools, each=room // len(schools), now=now)
    return sorted(found)


async def _waiting(q: Queries, now: int) -> list[tuple[int, int]]:
    """(lane, school) of all that is due: who has waited longest comes first in its lane."""
    rows = await q.over(
        """with rows(lane bigint)
           select lane, school_id, due from (
               select rows.lane, school.id as school_id, (
                   select min(line.due) from line
                   where line.school_id = school.id and line.lane = rows.lane
                     and line.state = 'planned') as due
               from rows join school on school.paused_at is null) waiting
           where due <= :now order by lane, due""",
        [(lane,) for lane in schedule.LANES],
        now=now,
    )
    return [(row["lane"], row["school_id"]) for row in rows]


async def _first_of_each(
    q: Queries, waiting: Sequence[tuple[int, int]], *, each: int, now: int
) -> set[int]:
    """The guardians of the longest due lines of these (lane, school), `each` lines of each."""
    first = f"""select y.id, y.guardian_id from line y
        where y.lane = rows.lane and y.school_id = rows.school_id and y.state = 'planned'
          and y.due <= :now and y.expires > :now and {_FREE.format("y")}
        order by y.due limit :each"""
    of_each = {
        "sqlite": f"join line x on x.id in (select id from ({first}))",
        "postgresql": f"cross join lateral ({first}) x",
    }
    rows = await q.over(
        f"""with rows(lane bigint, school_id bigint)
            select x.guardian_id from rows {of_each[q.engine]}""",
        sorted(waiting),
        each=each,
        now=now,
    )
    return {row["guardian_id"] for row in rows}


_LOCKED = "order by l.id for update of l skip locked for share of n skip locked"


async def still_due(q: Queries, seen: Sequence[tuple[int, int]]) -> set[int]:
    """Those of the lines (id, consent_rev of their number) for which nothing has changed since.

    On PostgreSQL they and their numbers are locked until the commit: a stop that comes
    meanwhile waits, and then finds the message. What others have locked is passed over: who
    waited for a number here would hold lines that its stop needs.
    """
    rows = await q.over(
        f"""with rows(id bigint, consent_rev bigint)
            select l.id
            from rows join line l on l.id = rows.id
            join entry e on e.id = l.entry_id
            join guardian g on g.id = l.guardian_id
            join number n on n.id = g.number_id
            where l.state = 'planned' and e.version = l.version and n.state = 'open'
              and n.consent_rev = rows.consent_rev
            {q.only(postgresql=_LOCKED)}""",
        sorted(seen),
    )
    return {row["id"] for row in rows}


async def last_told(q: Queries, pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], str]:
    """(entry, guardian) -> the value this guardian was told last."""
    rows = await q.over(
        """with rows(entry_id bigint, guardian_id bigint)
           select line.entry_id, line.guardian_id, line.version, line.value
           from rows join line on line.entry_id = rows.entry_id
                              and line.guardian_id = rows.guardian_id
           where line.state = 'told' order by line.version""",
        sorted(set(pairs)),
    )
    return {(row["entry_id"], row["guardian_id"]): row["value"] for row in rows}


async def set_was(q: Queries, values: Sequence[tuple[int, str]]) -> None:
    """Keep with each line (id, was) what its guardian had been told before."""
    await q.over(
        """with rows(id bigint, was text)
           update line set was = rows.was from rows where line.id = rows.id""",
        sorted(values),
    )


async def silence(q: Queries, reasons: Sequence[tuple[int, str]]) -> None:
    """Planned lines (id, reason) that turn out to have nothing to tell."""
    await q.over(
        """with rows(id bigint, reason text)
           update line set state = 'silent', reason = rows.reason from rows
           where line.id = rows.id and line.state = 'planned'""",
        sorted(reasons),
    )


async def known_to(q: Queries, entries: Sequence[int]) -> set[tuple[int, int]]:
    """(entry, guardian) of whoever was told of an earlier version of these, or is about to be."""
    rows = await q.over(
        """with rows(entry_id bigint)
           select distinct line.entry_id, line.guardian_id
           from rows join line on line.entry_id = rows.entry_id
           where line.state in ('planned', 'held', 'taken', 'told')""",
        [(entry_id,) for entry_id in sorted(set(entries))],
    )
    return {(row["entry_id"], row["guardian_id"]) for row in rows}


async def put_off(q: Queries, until: Sequence[tuple[int, int]]) -> None:
    """Planned lines (id, due) that are told later than they might be."""
    await q.over(
        """with rows(id bigint, due bigint)
           update line set due = rows.due from rows
           where line.id = rows.id and line.state = 'planned'""",
        sorted(until),
    )


async def hold(q: Queries, line_ids: Sequence[int], reason: str) -> None:
    """Planned lines that wait for something else than their time."""
    await q.over(
        """with rows(id bigint)
           update line set state = 'held', reason = :reason from rows
           where line.id = rows.id and line.state = 'planned'""",
        sorted((line_id,) for line_id in line_ids),
        reason=reason,
    )


async def plan_again(q: Queries, message_ids: Sequence[int]) -> None:
    """What these messages were to tell is to be told by others: they have not left."""
    messages = [(message_id,) for message_id in sorted(message_ids)]
    # A correction that waits already says more than the line it corrects.
    await q.over(
        """with rows(id bigint)
           update line set state = 'replaced' from rows
           where line.message_id = rows.id and line.state = 'taken'
             and exists (select 1 from line newer where newer.entry_id = line.entry_id
                         and newer.guardian_id = line.guardian_id and newer.state = 'planned')""",
        messages,
    )
    await q.over(
        """with rows(id bigint)
           update line set state = 'planned', message_id = null from rows
           where line.message_id = rows.id and line.state = 'taken'""",
        messages,
    )


async def not_told(q: Queries, ended: Sequence[tuple[int, str]]) -> None:
    """Of messages (id, final state): what did not arrive was not told, what never left is late.

    A message is late with the first of its lines. Those that have more time are told by another,
    if no consent of that number has changed since it was composed.
    """
    await q.over(
        """with rows(id bigint, state text)
           update line set
               state = case when line.state = 'taken' and rows.state = 'expired'
                   then 'expired' else 'silent' end,
               reason = case when line.state = 'taken' and rows.state = 'expired'
                   then 'expired' else 'not-delivered' end
           from rows where line.message_id = rows.id and line.state in ('taken', 'told')
             and (line.state = 'told' or rows.state <> 'expired' or line.expires <= (
                   select expires from message where message.id = rows.id)
               or exists (select 1 from part join number on number.id = part.number_id
                          where part.message_id = rows.id
                            and number.consent_rev <> part.consent_rev))""",
        sorted((i, state) for i, state in ended if state not in ("delivered", "unknown")),
    )
    await plan_again(q, [i for i, state in ended if state == "expired"])
