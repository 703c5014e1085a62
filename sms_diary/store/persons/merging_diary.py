"""The diary of a pupil who was written twice: entries of both records under the one that stays.

Where both have an entry of the same identity (`ingest.slots`), the newer one stays, and the lines
of the other come to it under versions before all of its own: so a guardian who was told there is
known to be told, and hears of another value as of a correction. Nothing else is told by this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sms_diary.db import Queries, Row
from sms_diary.ingest.slots import Slot, find_slot
from sms_diary.model import OF_A_CLASS, Kind, LineState, Silence
from sms_diary.store.diary import NO_LESSON
from sms_diary.values import value

_KINDS = sorted(str(kind) for kind in Kind if kind not in OF_A_CLASS)
_OF_A_PUPIL = f"kind in ({', '.join(repr(kind) for kind in _KINDS)})"
_WAITING = frozenset({LineState.PLANNED, LineState.HELD})
_KNOWN = frozenset({LineState.TAKEN, LineState.TOLD})


@value
class Kept:
    """An entry of a pupil, as far as it matters here."""

    id: int
    who: int
    kind: str
    subject_key: str
    day: str
    lesson: int
    work_key: str
    work: str
    ordinal: int
    ref: str
    value: str
    at: int
    version: int
    silence: str
    fan: int | None

    @property
    def slot(self) -> Slot:
        lesson = None if self.lesson == NO_LESSON else self.lesson
        return Slot(self.id, lesson, self.work_key, self.ordinal, self.value)

    @property
    def lesson_day(self) -> tuple[str, str, str]:
        return self.kind, self.subject_key, self.day


@value
class Line:
    """A line of one of two entries that are the same."""

    id: int
    entry_id: int
    guardian_id: int
    version: int
    state: str
    reason: str


@value
class Joined:
    """How many entries came over, and which are gone: their ids with those that are left."""

    moved: int
    gone: dict[int, int]


async def join(q: Queries, school_id: int, keep: int, drop: int) -> Joined:
    """Give the record `keep` the entries of `drop`. Whoever calls has locked the school and the
    numbers of both, and has withdrawn what had not left."""
    entries = await _entries(q, school_id, keep, drop)
    own = [one for one in entries if one.who == keep]
    others = [one for one in entries if one.who == drop]
    pairs = _same(own, others)
    matched = {one.id for _, one in pairs}
    await _name_lines(q, keep, drop, others)
    kept = [_settled(stays, goes) for stays, goes in (_newer(*pair) for pair in pairs)]
    gone = {goes.id: stays.id for stays, goes in kept}
    if kept:
        again = await _join_lines(q, kept)
        await _forget(q, gone)
        await _write(q, keep, [_fanned(one, again) for one, _ in kept])
    await _move(q, keep, [one for one in others if one.id not in matched])
    return Joined(len(others) - len(pairs), gone)


async def _entries(q: Queries, school_id: int, keep: int, drop: int) -> list[Kept]:
    """Those of both records, locked in the order of fanout."""
    rows = await q.all(
        f"""select id, who, kind, subject_key, day, lesson, work_key, work, ordinal, ref, value, at,
                   version, silence, fan
            from entry where school_id = :school_id and who in (:keep, :drop) and {_OF_A_PUPIL}
            order by id {q.only(postgresql="for update")}""",
        school_id=school_id,
        keep=keep,
        drop=drop,
    )
    return [Kept(**row) for row in rows]


def _same(own: Iterable[Kept], others: Iterable[Kept]) -> list[tuple[Kept, Kept]]:
    """(own, other) that are about the same; each is in one pair at the most."""
    by_day: dict[tuple[str, str, str], dict[int, Kept]] = {}
    for one in own:
        by_day.setdefault(one.lesson_day, {})[one.id] = one
    found = []
    for other in others:
        free = by_day.get(other.lesson_day, {})
        match = find_slot(other.slot, [one.slot for one in free.values()])
        if match.entry_id is not None:
            found.append((free.pop(match.entry_id), other))
    return found


def _newer(own: Kept, other: Kept) -> tuple[Kept, Kept]:
    """Which of the two stays, and which goes: of equal ones that which is told."""
    if own.value == other.value:
        return (other, own) if own.silence and not other.silence else (own, other)
    return (other, own) if other.at > own.at else (own, other)


def _settled(stays: Kept, goes: Kept) -> tuple[Kept, Kept]:
    """The first learns what the other alone knows: the lesson or the work, the source's name."""
    ref = stays.ref or goes.ref
    if stays.lesson == NO_LESSON and not stays.work_key:
        stays = replace(stays, lesson=goes.lesson, work_key=goes.work_key, work=goes.work)
    return replace(stays, ref=ref), goes


async def _name_lines(q: Queries, keep: int, drop: int, entries: Iterable[Kept]) -> None:
    await q.over(
        """with rows(id bigint)
           update line set pupil_id = :keep from rows
           where line.entry_id = rows.id and line.pupil_id = :drop""",
        sorted((one.id,) for one in entries),
        keep=keep,
        drop=drop,
    )


async def _join_lines(q: Queries, pairs: Sequence[tuple[Kept, Kept]]) -> set[int]:
    """Bring the lines of what goes to what stays; which of these must be fanned out anew."""
    rows = await q.over(
        """with rows(id bigint)
           select line.id, line.entry_id, line.guardian_id, line.version, line.state, line.reason
           from rows join line on line.entry_id = rows.id""",
        sorted((one.id,) for pair in pairs for one in pair),
    )
    of: dict[int, list[Line]] = {}
    for row in rows:
        of.setdefault(row["entry_id"], []).append(_line(row))
    changed: list[Line] = []
    again: set[int] = set()
    for stays, goes in pairs:
        lines, others = of.get(stays.id, []), of.get(goes.id, [])
        changed += joined(stays, goes, lines, others)
        if is_news(stays, goes, others):
            again.add(stays.id)
    await q.over(
        """with rows(id bigint, entry_id bigint, version bigint, state text, reason text)
           update line set entry_id = rows.entry_id, version = rows.version, state = rows.state,
                  reason = rows.reason from rows where line.id = rows.id""",
        sorted((one.id, one.entry_id, one.version, one.state, one.reason) for one in changed),
    )
    return again


def _line(row: Row) -> Line:
    return Line(
        row["id"], row["entry_id"], row["guardian_id"], row["version"], row["state"], row["reason"]
    )


def joined(
    stays: Kept, goes: Kept, lines: Sequence[Line], others: Sequence[Line]
) -> list[Line]:  # fmt: skip
    """The lines that change: of what stays (`lines`), and all of what goes (`others`).

    What waits of the one that goes is told with the same value to who has nothing from the other;
    what waits of the one that stays is not told to who knows it from the other.
    """
    before = min([1, *(line.version for line in lines)]) - 1
    here = {line.guardian_id for line in lines}
    same = stays.value == goes.value
    found = []
    for line in others:
        moved = replace(line, entry_id=stays.id, version=before - goes.version + line.version)
        if line.state in _WAITING:
            told = same and not stays.silence and line.guardian_id not in here
            if told and line.version == goes.version:
                moved = replace(moved, version=stays.version)
            else:
                moved = replace(moved, state=str(LineState.REPLACED), reason="")
        found.append(moved)
    know = {line.guardian_id for line in others if same and line.state in _KNOWN}
    return found + [
        replace(line, state=str(LineState.SILENT), reason=str(Silence.SAME_VALUE))
        for line in lines
        if line.state in _WAITING and line.guardian_id in know
    ]


def is_news(stays: Kept, goes: Kept, others: Sequence[Line]) -> bool:
    """Whether somebody has heard another value, or one of the two is still to be fanned out."""
    if stays.silence:
        return False
    heard = any(line.state in _WAITING | _KNOWN for line in others)
    unfanned = stays.fan is not None or goes.fan is not None
    return unfanned or (stays.value != goes.value and heard)


def _fanned(one: Kept, again: set[int]) -> Kept:
    """A new version tells a guardian only what the last one told did not say."""
    return replace(one, version=one.version + 1, fan=0) if one.id in again else one


async def _forget(q: Queries, gone: Iterable[int]) -> None:
    """These entries are no more: what was told of them stands under others."""
    for table, column in (("import_was", "entry_id"), ("entry", "id")):
        await q.over(
            f"""with rows(id bigint)
                delete from {table} where {column} in (select id from rows)""",
            sorted((one,) for one in gone),
        )


async def _write(q: Queries, keep: int, entries: Sequence[Kept]) -> None:
    await q.over(
        """with rows(id bigint, lesson bigint, work_key text, work text, ref text, version bigint,
                     fan bigint)
           update entry set who = :keep, lesson = rows.lesson, work_key = rows.work_key,
                  work = rows.work, ref = rows.ref, version = rows.version, fan = rows.fan
           from rows where entry.id = rows.id""",
        sorted(
            (one.id, one.lesson, one.work_key, one.work, one.ref, one.version, one.fan)
            for one in entries
        ),
        keep=keep,
    )


async def _move(q: Queries, keep: int, entries: Sequence[Kept]) -> None:
    """What is still to be fanned out is planned anew: whoever has read it looked at one record."""
    await q.over(
        """with rows(id bigint)
           update entry set who = :keep,
                  version = case when fan is null then version else version + 1 end,
                  fan = case when fan is null then null else 0 end
           from rows where entry.id = rows.id""",
        sorted((one.id,) for one in entries),
        keep=keep,
    )
