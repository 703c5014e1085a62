"""Entries: the state of the diary, one row per natural key, and which of them wait for fanout."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sms_diary.db import Queries, Row
from sms_diary.values import value

NO_LESSON = -1
"""`entry.lesson` where the source does not say; there is a lesson 0."""
Prefix = tuple[int, str, int, str, str]
"""(school, kind, who, subject key, day): what entries of one pupil's lesson day share."""

_COLUMNS = (
    "id, school_id, kind, who, subject_key, day, lesson, work_key, ordinal, ref, subject, work,"
    " value, body, urgent, silence, until, not_before, at, version, event_id, arrived_at, fan"
)


@dataclass(slots=True)
class Entry:
    """A row of the diary; accept changes it in memory and writes it once."""

    id: int
    school_id: int
    kind: str
    who: int
    subject_key: str
    day: str
    lesson: int
    work_key: str
    ordinal: int
    ref: str
    subject: str
    work: str
    value: str
    body: bytes | None
    urgent: int
    silence: str
    until: int | None
    not_before: int | None
    at: int
    version: int
    event_id: int
    arrived_at: int
    fan: int | None

    @property
    def prefix(self) -> Prefix:
        return (self.school_id, self.kind, self.who, self.subject_key, self.day)


def _entry(row: Row) -> Entry:
    return Entry(**row)


async def by_prefixes(q: Queries, prefixes: Iterable[Prefix]) -> list[Entry]:
    """Every entry of these lesson days."""
    rows = await q.over(
        f"""with rows(p_school bigint, p_kind text, p_who bigint, p_subject text, p_day text)
            select {_COLUMNS} from rows join entry
              on entry.school_id = p_school and entry.kind = p_kind and entry.who = p_who
             and entry.subject_key = p_subject and entry.day = p_day""",
        sorted(set(prefixes)),
    )
    return [_entry(row) for row in rows]


async def by_refs(q: Queries, refs: Iterable[tuple[int, str]]) -> list[Entry]:
    """Entries that a source has named, by (school, ref)."""
    rows = await q.over(
        f"""with rows(p_school bigint, p_ref text)
            select {_COLUMNS} from rows join entry
              on entry.school_id = p_school and entry.ref = p_ref and entry.ref <> ''""",
        sorted(set(refs)),
    )
    return [_entry(row) for row in rows]


def _values(e: Entry) -> tuple[object, ...]:
    return (
        e.id, e.school_id, e.kind, e.who, e.subject_key, e.day, e.lesson, e.work_key, e.ordinal,
        e.ref, e.subject, e.work, e.value, e.body, e.urgent, e.silence, e.until, e.not_before, e.at,
        e.version, e.event_id, e.arrived_at, e.fan,
    )  # fmt: skip


async def add(q: Queries, entries: Sequence[Entry]) -> None:
    await q.insert("entry", _COLUMNS, [_values(entry) for entry in entries])


async def update(q: Queries, entries: Sequence[Entry]) -> None:
    """Write back entries as they were changed since they were read.

    How far a version is fanned out is not of the reader's making: only a new version sets it.
    """
    if q.engine == "postgresql":
        # In the order of fanout; an update alone locks in whatever order its plan has.
        await q.over(
            """with rows(id bigint)
               select entry.id from rows join entry on entry.id = rows.id
               order by entry.id for update of entry""",
            [(entry.id,) for entry in entries],
        )
    await q.over(
        """with rows(id bigint, lesson bigint, work_key text, ref text, work text, value text,
                     body bytea, urgent bigint, silence text, until bigint,
                     not_before bigint, at bigint, version bigint, event_id bigint,
                     arrived_at bigint, fan bigint)
           update entry set lesson = rows.lesson, work_key = rows.work_key, ref = rows.ref,
               work = rows.work, value = rows.value, body = rows.body, urgent = rows.urgent,
               silence = rows.silence, until = rows.until, not_before = rows.not_before,
               at = rows.at, version = rows.version,
               event_id = rows.event_id, arrived_at = rows.arrived_at,
               fan = case when entry.version = rows.version then entry.fan else rows.fan end
           from rows where entry.id = rows.id""",
        [
            (
                e.id, e.lesson, e.work_key, e.ref, e.work, e.value, e.body, e.urgent, e.silence,
                e.until, e.not_before, e.at, e.version, e.event_id, e.arrived_at, e.fan,
            )
            for e in sorted(entries, key=lambda entry: entry.id)
        ],
    )  # fmt: skip


async def set_audience(
    q: Queries, entry_id: int, *, classes: Iterable[int], pupils: Iterable[int]
) -> None:
    """Whom an entry of a class or of the school concerns; nothing given: everybody."""
    await q.run("delete from audience where entry_id = :id", id=entry_id)
    rows = {(entry_id, class_id, 0) for class_id in classes}
    rows |= {(entry_id, 0, pupil_id) for pupil_id in pupils}
    await q.insert("audience", "entry_id, class_id, pupil_id", sorted(rows))


# ---------------------------------------------------------------- waiting for fanout


@value
class Fresh:
    """What fanout needs of an entry."""

    id: int
    school_id: int
    kind: str
    who: int
    day: str
    value: str
    urgent: int
    until: int | None
    not_before: int | None
    at: int
    arrived_at: int
    version: int
    fan: int
    for_all: int
    """Whether it is urgent and for the whole school: no word about any one child."""


async def to_fan(q: Queries, limit: int) -> list[Fresh]:
    """The next entries whose present version has not been fanned out, oldest first."""
    rows = await q.all(
        """select id, school_id, kind, who, day, value, urgent, until, not_before, at,
                  arrived_at, version, fan,
                  case when kind = 'announcement' and urgent = 1 then not exists (
                      select 1 from audience where entry_id = entry.id) else false end as for_all
            from entry where fan is not null order by id limit :limit""",
        limit=limit,
    )
    return [Fresh(**row) for row in rows]


async def fanned(q: Queries, entries: Sequence[tuple[int, int, int, int | None]]) -> set[int]:
    """(id, version, cursor as read, new cursor): fanned out up to a guardian, or whole with None.

    The ids of those that nobody else has fanned out, and that have not moved on, meanwhile.
    """
    alive = await q.over(
        f"""with rows(id bigint, version bigint, seen bigint)
            select entry.id from rows join entry on entry.id = rows.id
            where entry.version = rows.version and entry.fan = rows.seen
            {q.only(postgresql="order by entry.id for update of entry")}""",
        sorted(entry[:3] for entry in entries),
    )
    won = {row["id"] for row in alive}
    await q.over(
        """with rows(id bigint, fan bigint)
           update entry set fan = rows.fan from rows where entry.id = rows.id""",
        sorted(((e[0], e[3]) for e in entries if e[0] in won), key=lambda pair: pair[0]),
    )
    return won
