"""The demo's data: a class list, a week of marks and a few more events, moved by whole weeks.

Pure: from a day to bytes of files and webhook events. Whatever stands in the files stays as a
school wrote it, only the dates move; so the demo gives the same counts in any year.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sms_diary.clock import local, millis
from sms_diary.errors import SmsDiaryError
from sms_diary.ingest.days import parse_day, school_year
from sms_diary.ingest.files.header import Header, find_header
from sms_diary.ingest.files.marks import FIELDS, NEEDED
from sms_diary.ingest.files.text import Row, read_csv
from sms_diary.ingest.reading.values.marks import read_cell
from sms_diary.model import Kind
from sms_diary.resources import demo_dir

ZONE = ZoneInfo("Europe/Samara")
CLASS_LIST = "spisok_5A_cp1251.csv"
MARKS = "otmetki_5A_2026-11-16_utf8bom.csv"
MON, TUE, WED, THU, FRI, SAT, _SUN, NEXT_MON, _, NEXT_WED = range(10)
"""Days of the story, counted from its Monday."""

_SAMPLE_MONDAY = date(2026, 11, 16)
_SAMPLE_FORM = date(2026, 9, 1)
_YEARS = range(2010, 2090)  # «17.11.26» has but two digits of the year
_FIRST_CELL = re.compile(r"[^;\r\n]*")
_LAST_CELL = re.compile(r"(?<=;)\d\d\.\d\d\.\d{4}(?=\r?$)", re.MULTILINE)
_UNTIL = re.compile(r"(?<=до )(\d\d)\.(\d\d)")


@dataclass(frozen=True, slots=True)
class Week:
    """The week of the story; its days lie in one school year and in one month."""

    monday: date

    @classmethod
    def around(cls, moment: int | None) -> Week:
        """The week of a moment (epoch milliseconds), or that of the sample.

        An earlier one, where the story would not lie in one month: «16-18.11» is shorter than
        «30.11-02.12», and a school year does not end within a month. Raises
        SmsDiaryError for a year in which two-digit years would mean another century.
        """
        day = _SAMPLE_MONDAY if moment is None else local(moment, ZONE).date()
        if day.year not in _YEARS:
            years = f"с {_YEARS[0]} до {_YEARS[-1]}"
            raise SmsDiaryError(f"Демонстрация умеет годы {years}, а не {day.year}.")
        monday = day - timedelta(days=day.weekday())
        while (monday + timedelta(days=NEXT_WED)).month != monday.month:
            monday -= timedelta(days=7)
        return cls(monday)

    def day(self, number: int) -> date:
        return self.monday + timedelta(days=number)

    def at(self, number: int, clock_time: str) -> int:
        """Epoch milliseconds of «14:30» on a day of the story, in Samara."""
        return millis(datetime.combine(self.day(number), time.fromisoformat(clock_time), ZONE))

    def iso(self, number: int) -> str:
        """Three in the afternoon of a day of the story, as events have it."""
        return datetime.combine(self.day(number), time(15), ZONE).isoformat()

    @property
    def school_year(self) -> int:
        """By its September."""
        return school_year(self.monday).first.year

    # ------------------------------------------------------------------ files

    def class_list(self) -> bytes:
        """The class list; the dates of consents move, dates of birth do not."""
        text = (demo_dir() / CLASS_LIST).read_bytes().decode("cp1251")
        return _LAST_CELL.sub(lambda found: self._moved(found[0]), text).encode("cp1251")

    def moved_list(self, name: str) -> bytes:
        """Another class list, in UTF-8; the dates of consents move."""
        text = (demo_dir() / name).read_text(encoding="utf-8")
        return _LAST_CELL.sub(lambda found: self._moved(found[0]), text).encode()

    def form(self, said: str) -> str:
        """The paper of consents as a school names it, its «{day}» filled in."""
        return said.format(day=f"{self._shifted(_SAMPLE_FORM):%d.%m.%Y}")

    def consent_source(self) -> str:
        """What the school says of the consents' paper: «форма SMS-1 от 01.09.2026, папка 5А»."""
        return self.form(str(_story()["consent_source"]))

    def marks(self, days: Collection[int]) -> bytes:
        """The headings and the rows of these days, in the file's own order."""
        text = (demo_dir() / MARKS).read_bytes().decode("utf-8")
        heading, *lines = text.splitlines(keepends=True)
        wanted = {self.day(number) for number in days}
        moved = [self._moved_line(line) for line in lines]
        return "".join([heading, *(line for line in moved if _day_of(line) in wanted)]).encode()

    def _moved_line(self, line: str) -> str:
        line = _FIRST_CELL.sub(lambda found: self._moved(found[0]), line, count=1)
        return _UNTIL.sub(lambda found: self._moved(found[0]), line)

    def _moved(self, text: str) -> str:
        """A date as written, moved, in the same spelling."""
        day = parse_day(text, school_year(_SAMPLE_MONDAY))
        if day is None:
            raise ValueError(f"the sample has a date that is none: {text!r}")
        spelling = {10: "%d.%m.%Y", 8: "%d.%m.%y", 5: "%d.%m"}[len(text)]
        return format(self._shifted(day), spelling)

    def _shifted(self, day: date) -> date:
        return day + (self.monday - _SAMPLE_MONDAY)

    # ------------------------------------------------------------------ events

    def events(self, number: int) -> list[dict[str, Any]]:
        """The rows of one day as a journal posts them; what is no mark goes as it is written."""
        rows = read_csv(self.marks([number])).rows
        header = find_header(rows, FIELDS, NEEDED)
        return [
            {"kind": kind, "at": self.iso(number), "date": self.day(number).isoformat()} | said
            for row in rows[header.index + 1 :]
            for kind, said in _said(row, header)
        ]

    def change(self) -> dict[str, Any]:
        """A lesson of next Monday that will be another one."""
        return {**_story()["change"], "date": self.day(NEXT_MON).isoformat()}

    def announcement(self) -> dict[str, Any]:
        """An announcement for the class, worth telling until Wednesday."""
        until = self.day(NEXT_WED).isoformat()
        return {**_story()["announcement"], "date": until, "until": until}

    def question(self) -> tuple[str, dict[str, str]]:
        """The phone that a parent left on paper to be asked, and what that paper is."""
        said = _story()["question"]
        paper = {name: str(said[name]) for name in ("source", "form", "by")}
        return said["phone"], {**paper, "date": self._shifted(_SAMPLE_FORM).isoformat()}

    def says(self, what: str) -> tuple[str, str]:
        """A phone and what its parent writes: `marks`, `stop`, `new_number`."""
        said = _story()[what]
        return said["phone"], said["text"]

    def yes(self) -> tuple[str, str]:
        """The phone that was asked, and its answer."""
        said = _story()["question"]
        return said["phone"], said["answer"]

    def start(self) -> tuple[str, str]:
        """The new phone of the parent whose number has changed, and what they write from there."""
        said = _story()["new_number"]
        return said["new_phone"], said["start"]

    def after_stop(self) -> dict[str, Any]:
        """The next mark of the child whose parent has had enough."""
        return {**_story()["after_stop"], "date": self.day(SAT).isoformat()}

    def after_move(self) -> dict[str, Any]:
        """The next mark of the child whose parent has another number."""
        return {**_story()["after_move"], "date": self.day(SAT).isoformat()}

    def try_it(self) -> dict[str, Any]:
        """A mark that somebody who watches may post by hand."""
        return {**_story()["try_it"], "date": self.day(SAT).isoformat()}


def class_name() -> str:
    return str(_story()["class"])


def district() -> dict[str, Any]:
    """The other schools and the people at the desk."""
    said: dict[str, Any] = json.loads((demo_dir() / "district.json").read_text(encoding="utf-8"))
    return said


def _story() -> dict[str, Any]:
    story: dict[str, Any] = json.loads((demo_dir() / "story.json").read_text(encoding="utf-8"))
    return story


def _day_of(line: str) -> date | None:
    found = _FIRST_CELL.match(line)
    return parse_day(found[0], school_year(_SAMPLE_MONDAY)) if found else None


def _said(row: Row, header: Header) -> list[tuple[str, dict[str, Any]]]:
    """One event for each mark or absence of a row, without its day."""
    pupil = {"class": header.text(row, "class"), "name": header.pupil(row)}
    own = {"pupil": pupil, "subject": header.text(row, "subject")}
    if comment := header.text(row, "comment"):
        own |= {"comment": comment}
    written = header.text(row, "mark")
    work = {"work": header.text(row, "work")} if header.text(row, "work") else {}
    return [
        ("absence.set", own | {"code": value})
        if kind is Kind.ABSENCE
        else ("mark.set", own | work | {"mark": value})
        for kind, value in read_cell(written).items or ((Kind.MARK, written),)
    ]
