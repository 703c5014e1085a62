"""Facts of how journals are filled and visited: kept as uploaded, read for what is derived of them.

Derivation is `filling`'s. No row names a person: who filled a journal or came in was dropped when
the file was read. A school that sends no SMS has these rows and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sms_diary.db import Queries
from sms_diary.filled import class_of, impersonal
from sms_diary.filling import Act, Calendar, Change, Diary, Slot
from sms_diary.ingest.matching import class_key
from sms_diary.ingest.subjects import subject_key
from sms_diary.model import Kind
from sms_diary.store import away, holidays, people, year_book
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.store.year_book import Written
from sms_diary.values import value

_OF_MARKS = ("отмет", "оцен", "посещ", "пропуск")
"""Words in the journal's name of an act that is about marks or absences."""


@value
class Fill:
    """An act of JournalAccess; days are ISO dates, `lesson` "" for none."""

    class_name: str
    subject: str
    done: str
    lesson: str
    action: str
    period: str

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        names = (class_key(self.class_name) or self.class_name, subject_key(self.subject))
        return (*names, self.done, self.lesson, self.action)


@value
class Visits:
    """How often the users of a role came in within a period; `active` None: not counted."""

    period: str
    role: str
    users: int
    active: int | None
    visits: int


async def new_fills(q: Queries, school_id: int, fills: Iterable[Fill]) -> set[tuple[str, ...]]:
    """The keys of those that are not kept yet."""
    wanted = {one.key for one in fills}
    rows = await q.over(
        """with rows(c text, s text, d text, l text, a text)
           select c, s, d, l, a from rows where not exists (
               select 1 from journal_fill f where f.school_id = :school_id and f.class_key = c
                 and f.subject_key = s and f.done = d and f.lesson = l and f.action = a)""",
        sorted(wanted),
        school_id=school_id,
    )
    return {(row["c"], row["s"], row["d"], row["l"], row["a"]) for row in rows}


async def add_fills(
    q: Queries, school_id: int, import_id: int, fills: Sequence[Fill], *, as_of: str
) -> None:
    """Keep these acts; one that is kept already stays as it came first."""
    rows = {one.key: (*one.key, one.class_name, one.subject, one.period) for one in reversed(fills)}
    await q.over(
        """with rows(c text, s text, d text, l text, a text, name text, subject text, period text)
           insert into journal_fill (school_id, class_key, subject_key, done, lesson, action,
                                     class_name, subject, period, as_of, import_id)
           select :school_id, c, s, d, l, a, name, subject, period, :as_of, :import_id
           from rows where true on conflict do nothing""",
        sorted(rows.values()),
        school_id=school_id,
        import_id=import_id,
        as_of=as_of,
    )


async def visits(q: Queries, school_id: int) -> list[Visits]:
    """What the latest upload says of each period and role; never a name."""
    rows = await q.all(
        """select period, role, users, active, visits from journal_visits v
           where school_id = :school_id and import_id = (
               select max(import_id) from journal_visits w where w.school_id = v.school_id
                 and w.period = v.period and w.role = v.role)
           order by as_of, period, role""",
        school_id=school_id,
    )
    return [Visits(**row) for row in rows]


async def add_visits(
    q: Queries, school_id: int, import_id: int, counted: Iterable[Visits], *, as_of: str
) -> None:
    """Keep what an upload says."""
    await q.over(
        """with rows(period text, role text, users bigint, active bigint, visits bigint)
           insert into journal_visits (school_id, period, role, import_id, users, active, visits,
                                       as_of)
           select :school_id, period, role, :import_id, users, active, visits, :as_of
           from rows where true on conflict do nothing""",
        [(one.period, one.role, one.users, one.active, one.visits) for one in counted],
        school_id=school_id,
        import_id=import_id,
        as_of=as_of,
    )


async def take_back(q: Queries, school_id: int, import_id: int) -> int:
    """Drop what an import has brought; what earlier ones said counts again. How many facts."""
    gone = 0
    for table in ("journal_fill", "journal_visits"):
        gone += await q.run(
            f"delete from {table} where import_id = :import_id and school_id = :school_id",
            import_id=import_id,
            school_id=school_id,
        )
    return gone


# ---------------------------------------------------------------- for the derivation


async def diary(
    q: Queries, tools: Tools, school: School, *, year: int, first: date, today: date
) -> Diary:
    """What is known of a school's lessons from a day to another; `year` is its September.

    Timetables from the beginning of the school year on: one holds until the next.
    """
    known = {one.id: one for one in await people.classes(q, school.id, year)}
    named = {one.id: class_of(one.name) for one in known.values()}
    keys = {one: key for one, (key, _) in named.items()}
    days = {"first": first.isoformat(), "last": today.isoformat()}
    kinds = (str(Kind.TIMETABLE), str(Kind.TIMETABLE_CHANGE))
    said = await year_book.written(
        q, tools, school.id, kinds, known, first=f"{year}-09-01", last=days["last"]
    )
    marked: dict[tuple[str, str], set[date]] = {}
    whose: dict[str, int] = {}
    for class_id, subject, day, who in await _marks(q, school.id, known, days):
        marked.setdefault((keys[class_id], subject), set()).add(date.fromisoformat(day))
        whose[subject] = who
    return Diary(
        dict(named.values()),
        dict(_timetable(said, keys)), dict(_changes(said, keys)),
        {place: frozenset(found) for place, found in marked.items()},
        await _subjects(q, school.id, whose),
        await _acts(q, school.id, days),
    )  # fmt: skip


async def calendar(q: Queries, school: School) -> Calendar:
    """The school's holidays and its classes' days away. Days without SMS may have lessons."""
    free = await holidays.of_school(q, school.id)
    gone = await away.of_school(q, school.id)
    return Calendar([(one.first, one.last) for one in free], away=away.days(gone))


async def known_to(q: Queries, school_id: int, diary: Diary, *, today: date) -> date:
    """Up to which day something is known: a school that only uploads its log, up to the last one.

    Nothing can be said of the days after: nobody is silent because nobody has uploaded.
    """
    if any(diary.marked.values()) or not diary.acts:
        return today
    row = await q.one(
        "select max(as_of) as as_of from journal_fill where school_id = :school_id",
        school_id=school_id,
    )
    return min(today, date.fromisoformat(row["as_of"])) if row and row["as_of"] else today


async def _marks(
    q: Queries, school_id: int, class_ids: Iterable[int], days: Mapping[str, str]
) -> Iterable[tuple[int, str, str, int]]:
    """(class, subject, day with a mark or an absence, somebody who has the subject): by who was in
    the class that day.

    All that was ever written is counted by the index alone, and less what was removed again.
    """
    classes = sorted((class_id,) for class_id in class_ids)
    given: dict[str, Any] = {"school_id": school_id, **days}
    removed = {
        (row["class_id"], row["subject_key"], row["day"]): row["n"]
        for row in await q.over(
            _marked(q.only(sqlite="indexed by entry_removed"), "and e.value = ''"), classes, **given
        )
    }
    return [
        (*place, row["who"])
        for row in await q.over(_marked(), classes, **given)
        if row["n"] > removed.get(place := (row["class_id"], row["subject_key"], row["day"]), 0)
    ]


def _marked(index: str = "", more: str = "") -> str:
    """The joins are crossed for SQLite, which else reads all the school's marks for every class."""
    return f"""with rows(class_id bigint)
        select rows.class_id, e.subject_key, e.day, count(*) as n, min(e.who) as who
        from rows cross join membership m cross join entry e {index}
        where m.class_id = rows.class_id and e.school_id = :school_id
          and e.kind in ('mark', 'absence') and e.who = m.pupil_id
          and e.subject_key <> '' and e.day between :first and :last
          and m.from_day <= e.day and (m.to_day is null or m.to_day >= e.day) {more}
        group by rows.class_id, e.subject_key, e.day"""


async def _subjects(q: Queries, school_id: int, known: Mapping[str, int]) -> dict[str, str]:
    """Subject -> what it is called in the entries of somebody who has it."""
    rows = await q.over(
        """with rows(subject_key text, who bigint)
           select rows.subject_key, min(e.subject) as subject from rows cross join entry e
           where e.school_id = :school_id and e.kind in ('mark', 'absence') and e.who = rows.who
             and e.subject_key = rows.subject_key
           group by rows.subject_key""",
        sorted(known.items()),
        school_id=school_id,
    )
    return {row["subject_key"]: row["subject"] for row in rows}


async def _acts(q: Queries, school_id: int, days: Mapping[str, str]) -> list[Act]:
    rows = await q.all(
        """select class_name, subject, done, lesson, action
           from journal_fill where school_id = :school_id and done between :first and :last
           order by class_key, subject_key, done, lesson, action""",
        school_id=school_id,
        **days,
    )
    named = {row["class_name"]: class_of(row["class_name"]) for row in rows}
    taught = {row["subject"]: impersonal(row["subject"]) for row in rows}
    return [
        Act(
            (named[row["class_name"]][0], subject_key(taught[row["subject"]])),
            named[row["class_name"]][1], taught[row["subject"]],
            date.fromisoformat(row["done"]),
            date.fromisoformat(row["lesson"]) if row["lesson"] else None,
            any(word in row["action"].lower() for word in _OF_MARKS),
        )
        for row in rows
    ]  # fmt: skip


def _timetable(
    said: Iterable[Written], keys: Mapping[int, str]
) -> Iterable[tuple[tuple[str, date], list[Slot]]]:
    for one in said:
        if one.kind == Kind.TIMETABLE and one.body:
            slots = [Slot(it["lesson"], subject_key(it["subject"]), it["subject"])
                     for it in json.loads(one.body)]  # fmt: skip
            yield (keys[one.who], date.fromisoformat(one.day)), slots


def _changes(
    said: Iterable[Written], keys: Mapping[int, str]
) -> Iterable[tuple[tuple[str, date, int], Change]]:
    for one in said:
        if one.kind == Kind.TIMETABLE_CHANGE and one.body:
            it = json.loads(one.body)
            subject = it.get("subject") or ""
            change = Change(bool(it.get("cancelled")), subject_key(subject), subject)
            yield (keys[one.who], date.fromisoformat(one.day), one.lesson), change
