"""Days of classes as a timetable grid adds them up, and the events that they become."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from sms_diary.ingest.kinds.changes import Change
from sms_diary.ingest.kinds.result import Issue, RowResult, make, sorted_out, verdict_of
from sms_diary.ingest.kinds.weekdays import WeekDay
from sms_diary.ingest.reading.book import Sheet
from sms_diary.ingest.records import Record, TimetableChanged, TimetableSet


@dataclass(slots=True)
class ClassDay:
    """The lessons of a class on a day, and the row that carries them: the first of the day."""

    class_name: str
    weekday: WeekDay
    row: int
    lessons: list[dict[str, object]] = field(default_factory=list)

    def events(self, mondays: Sequence[date]) -> Iterator[Record | Issue]:
        """A `timetable.set` for each week; no lesson at all is said as well."""
        for when in dict.fromkeys(self.weekday.on(monday) for monday in mondays):
            data = {"class": self.class_name, "date": when, "lessons": self.lessons}
            yield make(TimetableSet, {"kind": "timetable.set", **data})


@dataclass(slots=True)
class Line:
    """A row of lessons while the grid is read."""

    number: int
    issues: list[Issue] = field(default_factory=list)
    changes: list[Record] = field(default_factory=list)
    days: list[ClassDay] = field(default_factory=list)

    def result(
        self, sheet: Sheet, carried: Sequence[ClassDay], mondays: Sequence[date]
    ) -> RowResult:
        """What the row came to, with the days that it carries."""
        made, wrong = sorted_out(event for day in carried for event in day.events(mondays))
        says_something = bool(self.days or self.changes) and not wrong
        records, issues = (*made, *self.changes), (*self.issues, *wrong)
        into = self.days[0].row if self.days and self.days[0].row != self.number else 0
        verdict = verdict_of(says_something, issues)
        return RowResult(sheet, self.number, verdict, records, issues, into)


def changed(change: Change, class_name: str, day: date, number: int) -> Record | Issue:
    """The event of a note."""
    data = {
        "kind": "timetable.changed", "class": class_name, "date": day, "lesson": number,
        "subject": change.subject, "instead_of": change.instead_of, "room": change.room,
        "cancelled": change.cancelled, "text": change.text,
    }  # fmt: skip
    return make(TimetableChanged, data)
