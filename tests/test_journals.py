"""How journals are filled week by week, against a table made by hand; who is told of silence."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sms_diary.carrying import Ways
from sms_diary.clock import DAY, HOUR, ManualClock, millis
from sms_diary.db import Database
from sms_diary.filled import Verdict, impersonal, silent, week
from sms_diary.filling import Act, Calendar, Diary, Slot
from sms_diary.ingest.accept import Acceptor
from sms_diary.ingest.imports.planning import Importer
from sms_diary.journals import Journals
from sms_diary.render import Renderer
from sms_diary.reports import files, filling
from sms_diary.resources import templates_dir
from sms_diary.store import away, fill_weeks, holidays, numbers, schools
from sms_diary.store.away import Why
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests import journals as journal
from tests import school_files, seeding
from tests.test_filling import SPRING, loaded

SAMARA = ZoneInfo("Europe/Samara")
WEEKS = """
15.03 10Б (хим-бил)  Химия               0 0 18.03 2 filled
15.03 7В             Алгебра             1 1 17.03 1 filled
15.03 7В             Англ.яз./2 гр.      1 1 -     - empty
15.03 7В             Ин.яз. 2 гр.        0 0 04.02 4 none
15.03 7В             История             0 0 17.03 1 filled
15.03 7В             Разговоры о важном  1 0 -     - ungraded
15.03 7В             Труд (мал.)         1 1 -     - empty
15.03 7В             Физ-ра              1 1 -     - empty
15.03 7В             Физика              1 1 -     - empty
15.03 7В             Химия               2 2 -     - empty
15.03 7В             Хореография/Ритмика 1 1 -     - empty
22.03 10Б (хим-бил)  Химия               0 0 18.03 8 empty
22.03 7В             Алгебра             0 0 17.03 4 none
22.03 7В             Ин.яз. 2 гр.        0 0 04.02 7 none
22.03 7В             История             1 1 17.03 4 empty
22.03 7В             Физика              1 1 -     - empty
22.03 7В             Химия               3 3 -     - empty
22.03 7В             Хореография/Ритмика 1 1 -     - empty
22.03 7В             геометрия           1 1 -     - empty
29.03 10Б (хим-бил)  Химия               0 0 18.03 8 none
29.03 7В             Алгебра             0 0 17.03 4 none
29.03 7В             Ин.яз. 2 гр.        0 0 04.02 7 none
29.03 7В             История             0 0 17.03 4 none
"""
"""Monday, class, subject, lessons, those without a mark, the last filling, school days since
then, verdict; counted by hand of the files that `test_filling.TABLE` tells of.

On 22.03 algebra was replaced by geometry and physics was off, so physics was held on 25.03 alone.
The week of 29.03 is a holiday. The days without lessons in 7В are Friday and Tuesday 23.03. Of 10Б
nothing is known but the log: it has lessons from Monday to Saturday.
"""


def at(day: date, hour: int = 12) -> int:
    return millis(datetime.combine(day, time(hour), SAMARA))


@pytest.fixture
def importer(db: Database, tools: Tools, clock: ManualClock) -> Importer:
    clock.advance(at(school_files.TODAY) - clock.now())
    return Importer(db, tools, clock, Acceptor(db, tools, clock, Wakes()))


def shown(one: Any, first: date) -> str:
    last = f"{one.last:%d.%m}" if one.last else "-"
    since = "-" if one.since is None else one.since
    return (
        f"{first:%d.%m} {one.class_name:<14} {one.subject:<19} {one.held} {one.unmarked} "
        f"{last:<5} {since} {one.verdict}"
    )


async def test_the_weeks_of_a_school_come_to_the_table_counted_by_hand(
    importer: Importer, school: School, db: Database, tools: Tools, tmp_path: Path
) -> None:
    async with db.transaction() as q:
        await holidays.write(q, school.id, [SPRING])
    for names in (
        ("kontakty.xlsx",), ("zhurnal_7v.xlsx", "raspisanie_7v.xlsx", "JournalAccess.xls"),
        ("raspisanie_nedelja.xlsx",),
    ):  # fmt: skip
        await loaded(importer, school, tmp_path, *names)
    first = date(2027, 3, 15)
    async with db.reading() as q:
        seen = await fill_weeks.view(q, tools, school, first, now=at(date(2027, 4, 6)))
    found = [
        shown(one, monday)
        for monday in (first, first + timedelta(weeks=1), first + timedelta(weeks=2))
        for one in sorted(seen.week(monday).cells, key=lambda it: (it.class_name, it.subject))
    ]
    assert "\n".join(found) == WEEKS.strip()
    assert seen.week(first).free == ()
    holiday = seen.week(first + timedelta(weeks=2))
    assert (holiday.free, holiday.silent, holiday.due) == (
        ("Весенние каникулы 29.03–04.04",), (), [],
    )  # fmt: skip


# ---------------------------------------------------------------- the rule alone

MON = date(2026, 11, 9)
RUS = Slot(1, "рус", "Русский язык")
CLASS = {"5А": "5А"}
FIVE = {("5А", MON + timedelta(days=n)): [RUS] for n in range(5)}


def day(n: int) -> date:
    return MON + timedelta(days=n)


@pytest.mark.parametrize(
    ("marked", "today", "verdict"),
    [
        (4, 8, Verdict.WAITS),  # Friday was filled, it is Tuesday
        (4, 11, Verdict.WAITS),  # Friday of the week after is the fifth school day
        (3, 11, Verdict.EMPTY),  # the sixth
        (7, 8, Verdict.FILLED),
        (4, 14, Verdict.EMPTY),  # the week is over
    ],
)
def test_a_week_that_goes_on_is_empty_only_after_a_week_of_school_days(
    marked: int, today: int, verdict: Verdict
) -> None:
    diary = Diary(CLASS, FIVE, marked={("5А", "рус"): frozenset({day(marked)})})
    [cell] = week(diary, Calendar(), day(7), today=day(today))
    assert cell.verdict is verdict


@pytest.mark.parametrize(
    "calendar",
    [
        Calendar([(day(7), day(13))]),
        Calendar(away={"5А": frozenset(day(n) for n in range(7, 14))}),
        Calendar(away={"": frozenset(day(n) for n in range(7, 14))}),
    ],
)
def test_a_week_away_is_no_empty_week_and_nobody_is_silent(calendar: Calendar) -> None:
    diary = Diary(CLASS, FIVE, marked={("5А", "рус"): frozenset({MON})})
    [cell] = week(diary, calendar, day(7), today=day(20))
    assert (cell.verdict, cell.since) == (Verdict.NONE, 4)
    assert silent(diary, calendar, today=day(13)) == []
    [late] = silent(diary, calendar, today=day(15))
    assert (late.since, late.last) == (6, MON)


def test_a_class_that_nobody_has_ever_filled_is_silent_beside_one_that_is_filled() -> None:
    both = FIVE | {("5Б", one): slots for (_, one), slots in FIVE.items()}
    diary = Diary({"5А": "5А", "5Б": "5Б"}, both, marked={("5А", "рус"): frozenset({day(7)})})
    assert [one.class_name for one in silent(diary, Calendar(), today=day(8))] == ["5Б"]
    nothing = Diary({"5А": "5А", "5Б": "5Б"}, both)
    assert silent(nothing, Calendar(), today=day(8)) == []


def test_a_week_before_anything_was_known_blames_nobody() -> None:
    marked = {("5А", "рус"): frozenset({day(9)})}
    assert week(Diary(CLASS, marked=marked), Calendar(), MON, today=day(20)) == []
    assert silent(Diary(CLASS, marked=marked), Calendar(), today=day(6)) == []
    [cell] = week(Diary(CLASS, marked=marked), Calendar(), day(7), today=day(20))
    assert cell.verdict is Verdict.FILLED
    [known] = week(Diary(CLASS, FIVE), Calendar(), MON, today=day(20))
    assert known.verdict is Verdict.EMPTY, "a timetable is something known"


def test_what_is_written_after_a_week_does_not_fill_it() -> None:
    diary = Diary(CLASS, FIVE, marked={("5А", "рус"): frozenset({day(7)})})
    [before] = week(diary, Calendar(), MON, today=day(8))
    assert (before.verdict, before.last, before.unmarked) == (Verdict.EMPTY, None, 5)


def test_an_act_after_a_week_is_no_filling_of_it() -> None:
    acts = [
        Act(("5А", "рус"), "5А", "Русский язык", done, None, marks=False)
        for done in (day(-3), day(8))
    ]
    [before] = week(Diary(CLASS, FIVE, acts=acts), Calendar(), MON, today=day(8))
    assert (before.verdict, before.last) == (Verdict.EMPTY, day(-3))


def test_an_act_about_a_lesson_of_the_week_fills_it_although_it_comes_later() -> None:
    act = Act(("5А", "рус"), "5А", "Русский язык", day(8), day(2), marks=True)
    [cell] = week(Diary(CLASS, FIVE, acts=(act,)), Calendar(), MON, today=day(8))
    assert (cell.verdict, cell.unmarked) == (Verdict.FILLED, 4)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Алгебра", "Алгебра"),
        ("Англ.яз./2 гр.", "Англ.яз./2 гр."),
        ("Алгебра (Ивушкина А.П.)", "Алгебра"),
        ("Физика/Ивушкина Анна Петровна", "Физика"),
        ("А. П. Ивушкина, химия", "химия"),
        ("7В, кл. рук. Ивушкин П. А.", "7В, кл. рук."),
        ("Химия +7 900 000-10-01", "Химия"),
        ("Алгебра (Ивушкина)", "Алгебра"),
        ("Алгебра (Петров, Орлова)", "Алгебра"),
        ("Физика/Шевченко", "Физика"),
        ("Иностранный язык (Английский)", "Иностранный язык (Английский)"),
        ("Проект (Медицина)/Музыка", "Проект (Медицина)/Музыка"),
    ],
)
def test_no_teacher_and_no_number_stays_in_a_name(said: str, left: str) -> None:
    assert impersonal(said).strip(" ,") == left


# ---------------------------------------------------------------- reports and alarms

SUBJECTS = ("Русский язык", "Математика")


@pytest.fixture
async def busy(db: Database, tools: Tools, school: School, clock: ManualClock) -> School:
    """5А is filled every day, 5Б was filled two weeks ago last; it is a Tuesday at noon."""
    async with db.transaction() as q:
        a, b = await seeding.classes(q, tools, school, "5А", "5Б")
        await seeding.pupil(q, tools, school, a, "Белкина Дарья", "p0")
        await seeding.pupil(q, tools, school, b, "Стрелкин Егор", "p1")
    acceptor = Acceptor(db, tools, clock, Wakes())
    first = journal.WEEK - timedelta(weeks=2)
    days = [SUBJECTS] * 5
    every = [first + timedelta(days=n) for n in range(23) if n % 7 < 5]
    await journal.taken(
        acceptor, school, *journal.week_of("5А", first, days),
        *journal.week_of("5Б", first, days), *journal.marks("p0", {"Русский язык": every}),
        *journal.marks("p1", {"Математика": [first]}),
    )  # fmt: skip
    return school


@pytest.fixture
def watching(db: Database, tools: Tools, clock: ManualClock) -> Journals:
    renderer = Renderer.from_folder(templates_dir())
    return Journals(db, tools, clock, Wakes(), renderer, Ways("main", {}))


async def fresh(db: Database, school: School, **values: Any) -> School:
    async with db.transaction() as q:
        return await seeding.set_up(q, school, **values)


async def test_the_week_is_reported_once_on_monday_and_never_changes(
    db: Database, tools: Tools, clock: ManualClock, busy: School, watching: Journals
) -> None:
    clock.advance(at(journal.WEEK + timedelta(weeks=1), 8) - clock.now())
    await watching.step()
    async with db.reading() as q:
        assert await fill_weeks.kept(q, busy.id, journal.WEEK) is None
    clock.advance(2 * HOUR)
    await watching.step()
    async with db.reading() as q:
        made = await fill_weeks.kept(q, busy.id, journal.WEEK)
        sums = await fill_weeks.sums(q, busy.id, limit=9)
    assert made is not None
    assert (made.made_at, made.filled, len(made.due)) == (clock.now(), 1, 4)
    assert [one.class_name for one in made.silent] == ["5Б"]
    assert sums[0].first == journal.WEEK
    assert (sums[0].due, sums[0].filled, sums[0].lessons, sums[0].unmarked) == (4, 1, 20, 15)
    late = journal.marks("p1", {"Математика": [journal.WEEK]})
    await journal.taken(Acceptor(db, tools, clock, Wakes()), busy, *late)
    clock.advance(DAY)
    await watching.step()
    async with db.reading() as q:
        assert await fill_weeks.kept(q, busy.id, journal.WEEK) == made
        now = await fill_weeks.view(q, tools, busy, journal.WEEK, now=clock.now())
        assert now.week(journal.WEEK).filled == 2


async def test_a_school_that_only_uploads_its_log_is_reported_once_the_log_covers_the_week(
    importer: Importer, school: School, db: Database, clock: ManualClock, watching: Journals,
    tmp_path: Path,
) -> None:  # fmt: skip
    await loaded(importer, school, tmp_path, "JournalAccess.xls")
    clock.advance(5 * DAY)
    await watching.step()
    async with db.reading() as q:
        before = await fill_weeks.sums(q, school.id, limit=9)
    assert date(2027, 3, 15) not in {one.first for one in before}
    async with db.transaction() as q:
        await q.run("update journal_fill set as_of = '2027-03-22'")  # as a second upload does
    await watching.step()
    async with db.reading() as q:
        [last, *_] = await fill_weeks.sums(q, school.id, limit=9)
    assert (last.first, last.due, last.filled, last.silent) == (date(2027, 3, 15), 2, 2, 0)


async def texts(db: Database, tools: Tools) -> list[str]:
    async with db.reading() as q:
        rows = await q.all("select id, text from message where ground = 'staff' order by id")
    return [tools.vault.text(row["text"], "message.text", row["id"]) for row in rows]


@pytest.fixture
async def deputy(db: Database, tools: Tools, busy: School) -> School:
    """The school wants to be told, and its deputy's number is on the list of the staff."""
    async with db.transaction() as q:
        known = await numbers.ensure(q, tools, ["+79000001001"], now=1)
        await schools.add_staff(q, busy.id, known["+79000001001"].id)
    return await fresh(db, busy, fill_alarm=1, day_from=480, day_to=1260)


async def test_the_deputy_is_told_of_a_silent_class_once_a_week_and_in_the_schools_hours(
    db: Database, tools: Tools, clock: ManualClock, deputy: School, watching: Journals
) -> None:
    clock.advance(11 * HOUR)  # eleven in the evening
    await watching.step()
    assert await texts(db, tools) == []
    clock.advance(10 * HOUR)
    await watching.step()
    [said] = await texts(db, tools)
    assert said.startswith("Журнал не заполняли дольше недели: 5Б.")
    clock.advance(DAY)
    await watching.step()
    assert len(await texts(db, tools)) == 1
    clock.advance(6 * DAY)
    await watching.step()
    assert len(await texts(db, tools)) == 2


@pytest.mark.parametrize("how", ["off", "paused", "away", "holiday", "nobody"])
async def test_nobody_is_told_who_has_not_asked_or_while_the_class_is_away(
    db: Database, tools: Tools, clock: ManualClock, deputy: School, watching: Journals, how: str
) -> None:
    today = date(2026, 11, 24)
    async with db.transaction() as q:
        if how in {"off", "paused"}:
            values = {"fill_alarm": 0} if how == "off" else {"paused_at": 1}
            await seeding.set_up(q, deputy, **values)
        elif how == "away":
            await away.add(q, tools, deputy.id, class_name="5 «Б»", first=today, last=today,
                           why=Why.QUARANTINE)  # fmt: skip
        elif how == "holiday":
            await holidays.write(q, deputy.id, [holidays.Holiday(today, today, "")])
        else:
            await q.run("delete from staff")
    await watching.step()
    assert await texts(db, tools) == []


async def test_days_at_home_are_known_to_the_calendar_and_to_no_other_school(
    db: Database, tools: Tools, busy: School
) -> None:
    first = journal.WEEK
    async with db.transaction() as q:
        other = await seeding.live_school(q, tools, "other-school")
        made = await away.add(q, tools, busy.id, class_name="5 Б", first=first,
                              last=first + timedelta(days=6), why=Why.DISTANCE)  # fmt: skip
    async with db.reading() as q:
        seen = await fill_weeks.view(q, tools, busy, first, now=at(date(2026, 11, 24)))
    found = {(one.class_name, str(one.verdict)) for one in seen.week(first).cells}
    assert found == {("5А", "filled"), ("5А", "empty"), ("5Б", "none")}
    assert seen.week(first).free == ("дистанционное обучение, 5 Б, 16.11–22.11",)
    async with db.transaction() as q:
        assert not await away.remove(q, other.id, made)
        assert await away.remove(q, busy.id, made)
        assert await away.of_school(q, busy.id) == []


async def test_the_report_is_a_table_for_excel_and_a_page_for_print(
    db: Database, tools: Tools, busy: School
) -> None:
    now = at(date(2026, 11, 24))
    async with db.reading() as q:
        found = await fill_weeks.reported(q, tools, busy, journal.WEEK, now=now)
    report = filling.weekly(busy, found, now=now, whole=True)
    said = files.csv(report).decode("utf-8-sig")
    assert "5Б;не заполнено;2;0;2;10;10" in said
    assert "5А;Математика;нет;—;5" in said
    assert "предварительная" in report.about
    page = files.printed(report, "")
    assert "16.11–22.11.2026" in page
    assert files.xlsx(report)[:2] == b"PK"
