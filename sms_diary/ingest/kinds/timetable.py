"""A week's timetable as a grid: days down or across, classes beside each other or one by one.

For each class and day a `timetable.set`, carried by the day's first row; the other rows of the
day say so. Notes that change a lesson are `timetable.changed`. Subgroups are alternatives: lessons
of one number. A bell's time stands in the grid or in a table of bells of the same file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from sms_diary.ingest.days import parse_day
from sms_diary.ingest.kinds import about
from sms_diary.ingest.kinds.bells import Bells, begins, is_bells, read_bells, shift_of, start_of
from sms_diary.ingest.kinds.changes import Planned, read_change, resolved, whose
from sms_diary.ingest.kinds.class_days import ClassDay, Line, changed
from sms_diary.ingest.kinds.lanes import Head, Lane, class_of, read_head
from sms_diary.ingest.kinds.lessons import Taught, read_lesson, read_number, read_start
from sms_diary.ingest.kinds.result import (
    Context,
    Issue,
    RowResult,
    Verdict,
    cell_issue,
    sorted_out,
)
from sms_diary.ingest.kinds.weekdays import WeekDay, read_weekday
from sms_diary.ingest.matching import class_key
from sms_diary.ingest.reading.book import Row, Sheet, Table, Value, spread, text_of
from sms_diary.ingest.reading.tables import is_footer
from sms_diary.ingest.values import clean_line

WANTED = "дни недели и классы в заголовках, номера уроков слева"
_SURE, _LIKELY = 0.9, 0.6
_WEEK = re.compile(
    r"(\d{1,2}\.\d{1,2}(?:\.\d{2,4})?)\s*(?:г\.)?\s*(?:по|[-–—])\s*(\d{1,2}\.\d{1,2}(?:\.\d{2,4})?)"
)
_MOST_DAYS = 7
_LEAST_LESSONS = 2


def recognise(tables: Sequence[Table], context: Context) -> float:
    """How surely this is a timetable; tables of bells belong to it."""
    grids = [table for table in tables if not is_bells(table, context.year)]
    return min((_sure(table, context) for table in grids), default=0.0)


def _sure(table: Table, context: Context) -> float:
    rows = list(_read_sheet(table, context, {}))
    good = sum(one.verdict is Verdict.READ for one in rows)
    if good < _LEAST_LESSONS or good * 2 < len(rows):
        return 0.0
    titles = (*about.lines(table, table.rows[-1].number), table.sheet.name, *table.sheet.files)
    titled = any("расписан" in line.lower() for line in titles)
    return _SURE if titled else _LIKELY


def read(tables: Sequence[Table], context: Context) -> Iterator[RowResult]:
    """Each row of lessons; rows of bells have nothing to load by themselves."""
    tables = list(tables)
    bells = read_bells(tables)
    for table in tables:
        if is_bells(table, context.year):
            yield from (
                RowResult(table.sheet, row.number, Verdict.NOTHING)
                for row in table.rows
                if any(read_number(cell) is not None for cell in row.cells[:1])
            )
        else:
            yield from _read_sheet(table, context, bells)


def _read_sheet(table: Table, context: Context, bells: Bells) -> Iterator[RowResult]:
    grid = _Grid(table, context, bells)
    rows = list(spread(table.rows, table.sheet.merges))
    for at, row in enumerate(rows):
        below = rows[at + 1] if at + 1 < len(rows) else None
        grid.take(row, below if below and below.number == row.number + 1 else None)
    return grid.results()


class _Grid:
    """Reads a sheet from the top: headings, then rows; remembers day, class and shift."""

    def __init__(self, table: Table, context: Context, bells: Bells) -> None:
        self._sheet: Sheet = table.sheet
        self._context = context
        self._bells = bells
        self._head: Head | None = None
        self._weekday: WeekDay | None = None
        self._counted: tuple[WeekDay | None, int] = (None, 0)
        titles = (table.sheet.name, *about.lines(table, table.rows[-1].number if table.rows else 0))
        self._shift = next(filter(None, map(shift_of, titles[:_MOST_DAYS])), 0)
        self._mondays = _stated_weeks(titles, context) or context.mondays
        self._class = class_of(table.sheet.name) or next(
            (one for title in titles[:_MOST_DAYS] if (one := about.class_in(title))), ""
        )
        self._days: dict[tuple[str, WeekDay], ClassDay] = {}
        self._lines: list[Line] = []

    def take(self, row: Row, below: Row | None) -> None:
        """The next row of the sheet, merged cells filled."""
        if row.is_blank() or (self._head and row.number <= self._head.last):
            return
        if head := read_head(row, below, self._context.year, self._context.classes):
            self._head, self._weekday = head, None
        elif begins(row):
            self._head = None  # bells below the grid
        elif self._head is not None and not self._section(row):
            self._lesson(row, self._head)

    def results(self) -> Iterator[RowResult]:
        """What each row came to."""
        carried: dict[int, list[ClassDay]] = {}
        for day in self._days.values():
            carried.setdefault(day.row, []).append(day)
        for line in self._lines:
            yield line.result(self._sheet, carried.get(line.number, ()), self._mondays)

    def _section(self, row: Row) -> bool:
        """A row of one text across the grid: a day, a shift, a class, or a note."""
        texts = {clean_line(text_of(cell)) for cell in row.cells} - {""}
        text = next(iter(texts))
        if len(texts) > 1:
            return is_footer(text)
        if weekday := read_weekday(text, self._context.year):
            self._weekday = weekday
        elif shift := shift_of(text):
            self._shift = shift
        elif name := class_of(text) or ("класс" in text.lower() and about.class_in(text)):
            self._class = name
        else:
            return read_number(text) is None
        return True

    def _lesson(self, row: Row, head: Head) -> None:
        class_name, weekday, number, start = self._left(row, head)
        line = Line(row.number)
        filled = [(lane, taught) for lane in head.lanes if (taught := _taught(row, lane))]
        if number is None and head.lanes[0].number is None:
            if not filled or _is_note(row):
                return
            line.issues.append(Issue("нет номера урока", expected="число от 0 в столбце «№»",
                                     mend="впишите номер урока"))  # fmt: skip
            self._lines.append(line)
            return
        self._lines.append(line)
        planned: list[Planned] = []
        for lane in head.lanes:
            taught = _taught(row, lane)
            day = self._day(lane, class_name, weekday, line)
            if day is None:
                continue
            own = lane.number if lane.number is not None else number
            if own is not None:
                self._add(day, own, taught, start)
            planned.append(Planned(day.class_name, taught))
        self._note(row, head, line, number, planned)

    def _left(self, row: Row, head: Head) -> tuple[str, WeekDay | None, int | None, str]:
        cells = row.cells[: head.edge]
        said = {name: row.cells[at] for name, at in head.left.items() if at < len(row.cells)}
        days = (read_weekday(cell, self._context.year) for cell in cells)
        self._weekday = next(filter(None, days), self._weekday)
        names = [class_of(cell, self._context.classes) for cell in cells]
        self._class = next(filter(None, names), self._class)
        if "number" in said:
            number = read_number(said["number"])
        else:
            number = next((n for cell in cells if (n := _bare_number(cell)) is not None), None)
        start = read_start(said["time"]) if "time" in said else _time_among(cells)
        if number is None and start and "number" not in said:
            number = self._next_of_day()
        return self._class, self._weekday, number, start

    def _next_of_day(self) -> int:
        """The number of a row in a grid that has times and no numbers: its place in the day."""
        before, count = self._counted
        self._counted = (self._weekday, count + 1 if before == self._weekday else 1)
        return self._counted[1]

    def _day(
        self, lane: Lane, class_name: str, weekday: WeekDay | None, line: Line
    ) -> ClassDay | None:
        name, day = lane.class_name or class_name, lane.weekday or weekday
        if not name or day is None:
            what = "не видно, какой это класс" if not name else "не видно, какой это день недели"
            issue = Issue(what, expected=WANTED, mend="впишите его в таблицу")
            if issue not in line.issues:
                line.issues.append(issue)
            return None
        found = self._days.setdefault((class_key(name), day), ClassDay(name, day, line.number))
        if found not in line.days:
            line.days.append(found)
        return found

    def _add(self, day: ClassDay, number: int, taught: Sequence[Taught], start: str) -> None:
        start = start or start_of(self._bells, self._shift, number)
        for one in taught:
            lesson: dict[str, object] = {"lesson": number, "subject": one.subject}
            lesson |= {"room": one.room} if one.room else {}
            lesson |= {"start": start} if start else {}
            if lesson not in day.lessons:
                day.lessons.append(lesson)

    def _note(
        self, row: Row, head: Head, line: Line, number: int | None, planned: list[Planned]
    ) -> None:
        at = head.left.get("note")
        note = clean_line(text_of(row.cells[at])) if at is not None and at < len(row.cells) else ""
        change = read_change(note, self._context.year) if note else None
        if at is None or change is None or number is None or self._weekday is None:
            return
        classes = list(dict.fromkeys(whose(change, planned)))
        if len(classes) != 1:
            line.issues.append(cell_issue(
                at, note, "не видно, какого класса касается замена",
                mend="впишите класс в примечание: «5А: …»", candidates=classes,
            ))  # fmt: skip
            return
        days = [change.day] if change.day else [self._weekday.on(one) for one in self._mondays]
        change = resolved(change, [one for one in planned if one.class_name == classes[0]])
        own = number if change.lesson is None else change.lesson
        made, wrong = sorted_out(changed(change, classes[0], day, own) for day in days)
        line.changes += made
        line.issues += wrong


def _is_note(row: Row) -> bool:
    """A remark below the table stands in one cell, or begins as remarks do."""
    filled = [text for cell in row.cells if (text := clean_line(text_of(cell)))]
    return len(filled) == 1 or filled[0].startswith("*") or is_footer(filled[0])


def _taught(row: Row, lane: Lane) -> tuple[Taught, ...]:
    cell: Value = row.cells[lane.at] if lane.at < len(row.cells) else ""
    room: Value = ""
    if lane.room_at is not None and lane.room_at < len(row.cells):
        room = row.cells[lane.room_at]
    taught = read_lesson(cell, room)
    if not lane.group:
        return taught
    return tuple(Taught(f"{one.subject} ({lane.group})", one.room) for one in taught)


def _bare_number(cell: Value) -> int | None:
    text = clean_line(text_of(cell))
    return read_number(text) if len(text) <= len("10 урок") else None


def _time_among(cells: Sequence[Value]) -> str:
    """The time where no heading names its column: with a colon, so that no room looks like it."""
    return next(
        (read_start(cell) for cell in cells if ":" in text_of(cell) and read_start(cell)), ""
    )


def _stated_weeks(titles: Sequence[str], context: Context) -> tuple[date, ...]:
    """The week that a title names («на неделю 16.11–21.11.2026»); a whole term is no week."""
    for title in titles:
        found = _WEEK.search(title)
        first = parse_day(found[1], context.year) if found else None
        last = parse_day(found[2], context.year) if found else None
        if first and last and 0 <= (last - first).days < _MOST_DAYS:
            return (first - timedelta(days=first.weekday()),)
    return ()
