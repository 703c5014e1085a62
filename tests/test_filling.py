"""How journals are filled: derived from marks, timetable and the journal's log; facts are kept."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.clock import ManualClock, millis
from sms_diary.db import Database
from sms_diary.filling import Act, Calendar, Change, Diary, Slot, State, states
from sms_diary.ingest.accept import Acceptor
from sms_diary.ingest.imports.applying import apply
from sms_diary.ingest.imports.planning import Importer
from sms_diary.ingest.imports.report import Report
from sms_diary.ingest.imports.request import Options
from sms_diary.ingest.imports.undoing import undo
from sms_diary.store import filling, holidays
from sms_diary.store.holidays import Holiday
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests import school_files

SAMARA = ZoneInfo("Europe/Samara")
SPRING = Holiday(date(2027, 3, 29), date(2027, 4, 4), "Весенние каникулы")
FIRST, TODAY = date(2027, 3, 15), date(2027, 4, 6)
TABLE = """
7В            Алгебра              2027-03-17 15.03 05.04                               5
7В            Геометрия            -          22.03                                     -
7В            История              2027-03-17 22.03 05.04                               5
7В            Англ.яз.             -          16.03                                     -
7В            Разговоры о важном   -          -                                         -
7В            Труд                 -          15.03                                     -
7В            Физ-ра               -          16.03                                     -
7В            Физика               -          18.03 25.03 05.04                         -
7В            Химия                -          17.03 18.03 22.03 24.03 25.03 05.04       -
7В            Хореография          -          18.03 25.03                               -
10Б (хим-бил) Химия                2027-03-18 -                                         10
"""
"""Class, subject, last filled, lessons without marks, school days since; counted by hand.

The timetable of 15–19.03 stands in one file, that of Monday and Tuesday of the week after in
another; the rest of that week is as the week before, and Monday 05.04 as the last Monday. On 22.03
algebra was replaced by geometry and physics was off. 29.03–04.04 are holidays. Of 10Б there is
nothing but the journal's log.
"""


@pytest.fixture
def importer(db: Database, tools: Tools, clock: ManualClock) -> Importer:
    at = millis(datetime.combine(school_files.TODAY, time(12), SAMARA))
    clock.advance(at - clock.now())
    return Importer(db, tools, clock, Acceptor(db, tools, clock, Wakes()))


async def loaded(
    importer: Importer, school: School, tmp_path: Path, *names: str, plan_only: bool = False
) -> tuple[int, Report]:
    files = []
    for name in names:
        (tmp_path / name).write_bytes(school_files.FILES[name]())
        files.append((tmp_path / name, name))
    plan = await importer.plan(school, files, Options(names), by="Завуч")
    if plan_only:
        return plan.import_id, plan.report
    report = await apply(importer, school, plan.import_id, only_good=True, by="Завуч")
    return plan.import_id, report


async def derived(importer: Importer, school: School) -> list[State]:
    async with importer.database.reading() as q:
        diary = await filling.diary(q, importer.tools, school, year=2026, first=FIRST, today=TODAY)
        calendar = await filling.calendar(q, school)
    return states(diary, calendar, first=FIRST, today=TODAY)


def row(one: State) -> tuple[str, ...]:
    missing = " ".join(f"{day:%d.%m}" for day in one.unmarked) or "-"
    since = "-" if one.school_days is None else str(one.school_days)
    subject = one.subject.split("/")[0].split(" (")[0]
    named = subject[:1].upper() + subject[1:]
    return one.class_name, named, str(one.last_filled or "-"), missing, since


def expected() -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    for line in TABLE.strip().splitlines():
        name, subject, rest = line[:14].strip(), line[14:35].strip(), line[35:]
        found.add((name, subject, rest[:10].strip(), rest[11:53].strip(), rest[53:].strip()))
    return found


async def test_files_of_a_school_come_to_the_table_counted_by_hand(
    importer: Importer, school: School, db: Database, tmp_path: Path
) -> None:
    async with db.transaction() as q:
        await holidays.write(q, school.id, [SPRING])
    for names in (
        ("kontakty.xlsx",), ("zhurnal_7v.xlsx", "raspisanie_7v.xlsx", "JournalAccess.xls"),
        ("raspisanie_nedelja.xlsx",),
    ):  # fmt: skip
        await loaded(importer, school, tmp_path, *names)
    found = await derived(importer, school)
    assert {row(one) for one in found} == expected()
    algebra = next(one for one in found if one.subject == "Алгебра")
    assert (algebra.held, algebra.last_act) == (2, date(2027, 3, 17))


async def test_a_day_counts_until_the_last_of_its_marks_is_removed(
    importer: Importer, school: School, db: Database, tmp_path: Path
) -> None:
    for name in ("kontakty.xlsx", "zhurnal_7v.xlsx"):
        await loaded(importer, school, tmp_path, name)
    before = await marked(importer, school)
    async with db.transaction() as q:
        place = await q.one(
            """select subject_key, day from entry
               where kind in ('mark', 'absence') and value <> '' and subject_key <> ''
                 and day >= :first
               group by subject_key, day order by count(*) desc, subject_key, day limit 1""",
            first=FIRST.isoformat(),
        )
        assert place is not None
        *others, last = await q.all(
            """select id from entry where kind in ('mark', 'absence') and value <> ''
                 and subject_key = :subject_key and day = :day""",
            **place,
        )
        assert others
        await q.many(REMOVED, [{"id": row["id"]} for row in others])
    assert await marked(importer, school) == before
    async with db.transaction() as q:
        await q.run(REMOVED, id=last["id"])
    gone = {(place["subject_key"], date.fromisoformat(place["day"]))}
    assert before - await marked(importer, school) == gone


REMOVED = "update entry set value = '' where id = :id"


async def marked(importer: Importer, school: School) -> set[tuple[str, date]]:
    async with importer.database.reading() as q:
        diary = await filling.diary(q, importer.tools, school, year=2026, first=FIRST, today=TODAY)
    assert diary.subjects.keys() == {subject for _, subject in diary.marked}
    assert all(name.lower() == subject for subject, name in diary.subjects.items())
    return {(subject, day) for (_, subject), days in diary.marked.items() for day in days}


# ---------------------------------------------------------------- facts as uploaded


async def kept(db: Database, table: str) -> list[dict[str, Any]]:
    async with db.reading() as q:
        return [dict(row) for row in await q.all(f"select * from {table} order by 2, 3, 4")]


async def test_facts_are_kept_for_a_school_without_a_roll_and_once(
    importer: Importer, school: School, db: Database, tmp_path: Path
) -> None:
    names = ("JournalAccess.xls", "Poseshenija.xls")
    _, tried = await loaded(importer, school, tmp_path, *names, plan_only=True)
    assert await kept(db, "journal_fill") == []
    import_id, done = await loaded(importer, school, tmp_path, *names)
    assert done.counts == tried.counts
    assert done.counts["доступ к классному журналу"] == {"added": 2, "rejected": 2}
    fills = await kept(db, "journal_fill")
    assert [(one["class_name"], one["subject"], one["done"], one["lesson"]) for one in fills] == [
        ("10Б (хим-бил)", "Химия", "2027-03-18", ""), ("7В", "Алгебра", "2027-03-17", "2027-03-16"),
    ]  # fmt: skip
    assert {(one["import_id"], one["as_of"]) for one in fills} == {(import_id, "2027-03-19")}
    visits = await kept(db, "journal_visits")
    assert [(one["role"], one["users"], one["active"], one["visits"]) for one in visits] == [
        ("Родитель", 2, 1, 12), ("Ученик", 1, 1, 3),
    ]  # fmt: skip
    assert "Тайнов" not in str(visits)
    _, again = await loaded(importer, school, tmp_path, *names)
    assert set(again.counts["доступ к классному журналу"]) == {"unchanged", "rejected"}
    assert set(again.counts["статистика посещений"]) == {"unchanged", "rejected"}
    assert await kept(db, "journal_fill") == fills
    assert await kept(db, "journal_visits") == visits


async def test_the_latest_upload_of_visits_counts_and_undoing_it_brings_the_former_back(
    importer: Importer, school: School, db: Database, tmp_path: Path, monkeypatch: Any
) -> None:
    await loaded(importer, school, tmp_path, "Poseshenija.xls")
    more = school_files.visits().replace(b"<td>12<", b"<td>15<")
    monkeypatch.setitem(school_files.FILES, "Poseshenija.xls", lambda: more)
    last, report = await loaded(importer, school, tmp_path, "Poseshenija.xls")
    assert report.counts["статистика посещений"]["changed"] == 3
    for counted, of in ((15, None), (12, last)):
        if of:
            said = await undo(importer, school, of, by="Завуч")
            assert "Сведений о заполнении и посещениях убрано: 1." in said
        async with db.reading() as q:
            found = {one.role: one.visits for one in await filling.visits(q, school.id)}
        assert found == {"Родитель": counted, "Ученик": 3}


# ---------------------------------------------------------------- the derivation alone

MON = date(2026, 11, 9)
RUS = Slot(1, "русский язык", "Русский язык")
CLASS = {"5А": "5А"}


def at(days: int) -> date:
    return MON + timedelta(days=days)


def state(diary: Diary, calendar: Calendar, last: date) -> State:
    [found] = states(diary, calendar, first=MON, today=last)
    return found


def test_days_away_are_neither_held_nor_counted() -> None:
    every = {("5А", at(n)): [RUS] for n in range(5)}
    diary = Diary(CLASS, every, marked={("5А", "русский язык"): frozenset({MON})})
    for away in ({"5А": frozenset({at(1), at(2)})}, {"": frozenset({at(1), at(2)})}):
        found = state(diary, Calendar(away=away), at(4))
        assert (found.held, found.unmarked, found.school_days) == (3, (at(3), at(4)), 2)
    other = state(diary, Calendar(away={"5Б": frozenset({at(1)})}), at(4))
    assert other.held == 5


def test_a_lesson_that_was_off_is_not_missing_and_a_replaced_one_is_of_the_other_subject() -> None:
    every = {("5А", MON): [RUS, Slot(2, "физика", "Физика")]}
    changes = {("5А", MON, 1): Change(cancelled=True), ("5А", MON, 2): Change(False, "химия", "Х")}
    found = states(Diary(CLASS, every, changes), Calendar(), first=MON, today=MON)
    assert [(one.subject_key, one.unmarked) for one in found] == [("химия", (MON,))]


def test_an_act_about_a_topic_fills_the_journal_but_marks_no_lesson() -> None:
    place = ("5А", "русский язык")
    topic = Act(place, "5А", "Русский язык", at(1), MON, marks=False)
    marks = Act(place, "5А", "Русский язык", at(2), at(1), marks=True)
    diary = Diary(CLASS, {("5А", MON): [RUS], ("5А", at(1)): [RUS]}, acts=(topic, marks))
    found = state(diary, Calendar(), at(1))
    assert (found.last_filled, found.unmarked) == (at(2), (MON,))


def test_before_the_first_timetable_nothing_is_missing() -> None:
    found = state(Diary(CLASS, {("5А", at(7)): [RUS]}), Calendar(), at(21))
    assert found.unmarked == (at(7), at(14), at(21))


@given(
    st.sets(st.integers(0, 20)), st.sets(st.integers(0, 20)),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5)), max_size=3),
)  # fmt: skip
def test_held_lessons_are_those_with_marks_and_those_without(
    planned: set[int], marked: set[int], free: list[tuple[int, int]]
) -> None:
    every = {("5А", at(n)): [RUS] if n in planned else [] for n in range(21)}
    noted = frozenset(map(at, marked))
    calendar = Calendar([(at(n), at(n + more)) for n, more in free])
    diary = Diary(CLASS, every, marked={("5А", "русский язык"): noted} if noted else {})
    for one in states(diary, calendar, first=MON, today=at(20)):
        held = {at(n) for n in planned if calendar.is_school(at(n), "5А")}
        assert one.held == len(held)
        assert set(one.unmarked) == held - noted
        last = max(noted, default=None)
        assert one.school_days == (None if last is None else sum(day > last for day in held))
