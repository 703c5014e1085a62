"""How each kind is exported: what of the database goes into its file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, time

from sms_diary.clock import local, millis
from sms_diary.db import Queries
from sms_diary.errors import NotYet
from sms_diary.ingest.days import SchoolYear, school_year
from sms_diary.ingest.exports import (
    ExportKind,
    announcements,
    journal,
    oneroster,
    term_marks,
    timetable,
)
from sms_diary.ingest.exports.book import Exported
from sms_diary.ingest.exports.classes import NAMESAKES, OfClass
from sms_diary.ingest.exports.oneroster import Agent
from sms_diary.ingest.matching import class_key
from sms_diary.ingest.tables_out import as_csv
from sms_diary.store import exports, people, year_book
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.values import value

NOTHING = "Выгружать нечего: таких данных за этот учебный год нет."
NO_CLASS = "Класса «{}» в этом учебном году нет."


@value
class Wanted:
    """Whose data: of a school, of one class if `class_name` is given, this school year's."""

    school: School
    now: int
    class_name: str = ""

    @property
    def today(self) -> date:
        return local(self.now, self.school.zone).date()

    @property
    def year(self) -> SchoolYear:
        return school_year(self.today)


async def export(q: Queries, tools: Tools, kind: ExportKind, wanted: Wanted) -> Exported:
    """The file. Raises `NotYet` where there is nothing to put into one, or no such class."""
    done = await _MAKERS[kind](q, tools, wanted)
    if not done.rows:
        raise NotYet(" ".join((NOTHING, *done.left_out)))
    return done


async def _contacts(q: Queries, tools: Tools, wanted: Wanted) -> Exported:
    rows = exports.contacts(q, tools, wanted.school.id, wanted.school.zone,
                            year=wanted.year.first.year, day=wanted.today.isoformat())  # fmt: skip
    return _listed(wanted, exports.CONTACTS, [row async for row in rows], class_at=0)


async def _marks(q: Queries, tools: Tools, wanted: Wanted) -> Exported:
    rows = exports.marks(q, tools, wanted.school.id, year=wanted.year.first.year,
                         day=wanted.today.isoformat())  # fmt: skip
    found = _listed(wanted, exports.MARKS, [row async for row in rows], class_at=1)
    namesakes = sum(
        len(one.pupils) - len(year_book.certain(one.pupils))
        for one in await _classes(q, tools, wanted)
    )
    return replace(found, left_out=(NAMESAKES.format(namesakes),)) if namesakes else found


def _listed(
    wanted: Wanted, heading: Sequence[str], rows: Sequence[Sequence[str]], class_at: int
) -> Exported:
    key = class_key(wanted.class_name)
    own = [row for row in rows if not key or class_key(row[class_at]) == key]
    return Exported(as_csv([heading, *own]), len(own), (), ".csv")


async def _journal(q: Queries, tools: Tools, wanted: Wanted) -> Exported:
    kinds = journal.KINDS_OF_PUPILS
    classes = await _classes(q, tools, wanted, of_pupils=kinds, of_classes=journal.KINDS_OF_CLASSES)
    return journal.export(classes, wanted.today)


async def _term_marks(q: Queries, tools: Tools, wanted: Wanted) -> Exported:
    return term_marks.export(await _classes(q, tools, wanted, of_pupils=term_marks.KINDS))


async def _timetable(q: Queries, tools: Tools, wanted: Wanted) -> Exported:
    classes = await _classes(q, tools, wanted, of_classes=timetable.KINDS)
    names = {one.row.id: one.row.name for one in classes}
    return timetable.export(names, (entry for one in classes for entry in one.entries))


async def _announcements(q: Queries, tools: Tools, wanted: Wanted) -> Exported:
    since = millis(datetime.combine(wanted.year.first, time(0), wanted.school.zone))
    posted = await year_book.announcements(q, tools, wanted.school.id, since=since)
    known = await people.classes(q, wanted.school.id, wanted.year.first.year)
    return announcements.export(posted, known, wanted.school.zone, tools.vault.digest)


async def _oneroster(q: Queries, tools: Tools, wanted: Wanted) -> Exported:
    classes = await _classes(q, tools, wanted, of_pupils=oneroster.KINDS)
    pupils = [pupil.id for one in classes for pupil in one.pupils]
    rows = await exports.followers(q, wanted.school.id, pupils)
    agents = {
        pupil_id: [
            Agent(row["guardian_id"], row["full_name"] or "",
                  tools.vault.text(row["sealed"], "number.sealed", row["number_id"]))
            for row in own
        ]
        for pupil_id, own in rows.items()
    }  # fmt: skip
    return oneroster.export(wanted.school.name, wanted.year.first.year, classes, agents)


async def _classes(
    q: Queries, tools: Tools, wanted: Wanted, *, of_pupils: Iterable[str] = (),
    of_classes: Iterable[str] = (),
) -> list[OfClass]:  # fmt: skip
    """The classes with what is written of them this school year, class by class."""
    year, school_id = wanted.year, wanted.school.id
    first, last = year.first.isoformat(), year.last.isoformat()
    day, key = wanted.today.isoformat(), class_key(wanted.class_name)
    known = await year_book.classes(q, school_id, year.first.year, day)
    found = []
    for row, pupils in known:
        if key and row.key != key:
            continue
        ids = [one.id for one in pupils]
        said = await year_book.written(
            q, tools, school_id, tuple(of_pupils), ids, first=first, last=last
        )
        said += await year_book.written(
            q, tools, school_id, tuple(of_classes), [row.id], first=first, last=last
        )
        found.append(OfClass(row, pupils, said))
    if key and not found:
        raise NotYet(NO_CLASS.format(wanted.class_name))
    return found


_Maker = Callable[[Queries, Tools, Wanted], Awaitable[Exported]]
_MAKERS: dict[ExportKind, _Maker] = {
    ExportKind.CONTACTS: _contacts,
    ExportKind.MARKS: _marks,
    ExportKind.JOURNAL: _journal,
    ExportKind.TERM_MARKS: _term_marks,
    ExportKind.TIMETABLE: _timetable,
    ExportKind.ANNOUNCEMENTS: _announcements,
    ExportKind.ONEROSTER: _oneroster,
}
