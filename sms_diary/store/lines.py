"""Lines: what each guardian must learn, planned by fanout and taken by compose."""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.db import Queries, Row
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class NewLine:
    """A line as planned; `state` is planned, silent or expired."""

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
    """Planned lines of older versions of these (entry, version) are no longer to be told."""
    await q.over(
        """with rows(entry_id bigint, version bigint)
           update line set state = 'replaced' from rows
           where line.entry_id = rows.entry_id and line.state = 'planned'
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


async def due(q: Queries, *, now: int, guardians: int) -> list[Row]:
    """Every line that is due for the next guardians, with all that a text needs.

    Lines of an entry that has moved on, or whose earlier version is still on its way to the
    same guardian, wait. Nothing is locked: `still_due` asks again before anything is queued.
    """
    return list(
        await q.all(
            f"""select l.id, l.school_id, l.entry_id, l.version, l.guardian_id, l.pupil_id,
                       l.ledger_id, l.lane, l.value, l.expires, g.number_id, n.consent_rev,
                       e.kind, e.subject, e.work, e.day, e.lesson, e.body, e.urgent,
                       p.full_name as pupil, c.name as class_name
                from line l {q.only(sqlite="indexed by line_planned_of_guardian")}
                join entry e on e.id = l.entry_id and e.version = l.version
                join guardian g on g.id = l.guardian_id
                join number n on n.id = g.number_id
                left join pupil p on p.id = l.pupil_id and l.pupil_id <> 0
                left join class c on c.id = e.who and l.pupil_id = 0
                where l.state = 'planned' and l.due <= :now and l.expires > :now
                  and n.state = 'open'
                  and l.guardian_id in (
                      select x.guardian_id from line x
                      where x.state = 'planned' and x.due <= :now and x.expires > :now
                        and {_FREE.format("x")}
                      order by x.due limit :guardians)
                  and {_FREE.format("l")}""",
            now=now,
            guardians=guardians,
        )
    )


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
