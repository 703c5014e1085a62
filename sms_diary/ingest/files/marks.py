"""A list of marks, one mark a row: rows to drafts, and what is wrong in each.

Who the pupil is, and whether an entry is new, changed or a duplicate, is for `matching`
and `accept`: a draft from a file is like one from the webhook.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sms_diary.ingest.days import parse_day, school_year
from sms_diary.ingest.drafts import Draft, PupilRef
from sms_diary.ingest.files.header import Header, find_header
from sms_diary.ingest.files.notes import is_note
from sms_diary.ingest.files.text import Row
from sms_diary.ingest.reading.headings import CLASS, PUPIL_FIELDS, Field
from sms_diary.ingest.reading.values.marks import Cell, read_cell
from sms_diary.ingest.subjects import subject_key, work_key
from sms_diary.model import Kind

FIELDS = (
    Field(
        "work",
        "Вид работы",
        (
            "вид работ",
            "тип работ",
            "вид задан",
            "тип задан",
            "вид контрол",
            "форма контрол",
            "форма работ",
            "вид деятел",
            "=работа",
        ),
    ),
    Field("lesson", "№ урока", ("№ урок", "номер урок", "=урок"), ("тема", "дат")),
    Field("day", "Дата", ("дат", "=число"), ("рожд", "выставл", "измен", "отметк", "оценк")),
    Field("mark", "Отметка", ("отметк", "оценк", "балл"), ("средн", "дат", "учител")),
    Field("subject", "Предмет", ("предмет", "дисциплин")),
    Field("weight", "Вес", ("=вес", "коэффиц")),
    Field("comment", "Комментарий", ("коммент", "примечан", "замечан")),
    CLASS,
    *PUPIL_FIELDS,
)
NEEDED = ("pupil", "day", "subject", "mark")

_LIMITS = {"pupil": 200, "class": 40, "subject": 200, "work": 100}
_TITLES = {"pupil": "ученик", "class": "класс", "subject": "предмет", "work": "вид работы"}
_LONGEST_COMMENT = 300
_MOST_LESSONS = 20
_WORDS_OF_A_NAME = 2

COMMENT_CUT = f"комментарий длиннее {_LONGEST_COMMENT} знаков, сохранено начало"


@dataclass(frozen=True, slots=True)
class MarkRow:
    """One row: its drafts (several for «УП 4»), or `reason` (Russian) why it is rejected."""

    row: int
    drafts: tuple[Draft, ...] = ()
    warnings: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Marks:
    """The mark rows; `dropped` are the numbers of rows below the headings that are no data."""

    rows: list[MarkRow]
    dropped: tuple[int, ...]
    header: Header


class _Wrong(Exception):
    """Ends the reading of a row; the text is its reason."""


def read_marks(rows: Sequence[Row], *, today: date, default_class: str = "") -> Marks:
    """Every row of a list of marks.

    `today` (the school's date) gives the school year and the future: dates outside the one
    or in the other are rejected. Raises `FileProblem` if there are no headings.
    """
    header = find_header(rows, FIELDS, NEEDED)
    reader = _Reader(header, today, default_class)
    found: list[MarkRow] = []
    dropped: list[int] = []
    for row in rows[header.index + 1 :]:
        if row.is_blank():
            continue
        if is_note(row, header, rows[header.index]):
            dropped.append(row.number)
        else:
            found.append(reader.read(row))
    return Marks(found, tuple(dropped), header)


class _Reader:
    def __init__(self, header: Header, today: date, default_class: str) -> None:
        self._header = header
        self._today = today
        self._year = school_year(today)
        self._default_class = default_class
        self._days: dict[str, date] = {}

    def read(self, row: Row) -> MarkRow:
        try:
            return self._read(row)
        except _Wrong as wrong:
            return MarkRow(row.number, reason=str(wrong))

    def _read(self, row: Row) -> MarkRow:
        cell = read_cell(self._header.text(row, "mark"))
        if cell.problem:
            raise _Wrong(cell.problem)
        comment = self._header.text(row, "comment")
        warnings = [cell.warning] if cell.warning else []
        if len(comment) > _LONGEST_COMMENT:
            comment = comment[:_LONGEST_COMMENT].rstrip()
            warnings.append(COMMENT_CUT)
        return MarkRow(row.number, self._drafts(row, cell, comment), tuple(warnings))

    def _drafts(self, row: Row, cell: Cell, comment: str) -> tuple[Draft, ...]:
        pupil = PupilRef(class_name=self._class(row), name=self._pupil(row))
        subject, day = self._limited(row, "subject"), self._day(row)
        lesson, work = self._lesson(row), self._limited(row, "work")
        if not subject:
            raise _Wrong("не указан предмет")
        seen: Counter[Kind] = Counter()
        drafts = []
        for kind, value in cell.items:
            seen[kind] += 1
            own_work = work if kind is Kind.MARK else ""
            drafts.append(
                Draft(
                    kind, pupil=pupil, subject=subject, subject_key=subject_key(subject),
                    day=day, lesson=lesson, work=own_work, work_key=work_key(own_work),
                    ordinal=seen[kind], value=value, body=comment,
                )
            )  # fmt: skip
        return tuple(drafts)

    def _pupil(self, row: Row) -> str:
        name = self._header.pupil(row)
        if len(name) > _LIMITS["pupil"]:
            raise _Wrong("слишком длинно: ученик")
        if len(name.replace(".", ". ").split()) < _WORDS_OF_A_NAME:
            raise _Wrong("нужны фамилия и имя ученика" if name else "не указан ученик")
        return name

    def _class(self, row: Row) -> str:
        name = self._limited(row, "class") or self._default_class
        if not name:
            raise _Wrong("не указан класс")
        return name

    def _limited(self, row: Row, name: str) -> str:
        text = self._header.text(row, name)
        if len(text) > _LIMITS[name]:
            raise _Wrong(f"слишком длинно: {_TITLES[name]}")
        return text

    def _day(self, row: Row) -> date:
        text = self._header.text(row, "day")
        day = self._days.get(text) or parse_day(text, self._year)
        if day is None:
            raise _Wrong("дата не прочитана: нужна вида 24.11.2026" if text else "нет даты")
        if day not in self._year:
            raise _Wrong(f"дата вне учебного года {self._year}")
        if day > self._today:
            raise _Wrong("дата в будущем")
        self._days[text] = day
        return day

    def _lesson(self, row: Row) -> int | None:
        text = self._header.text(row, "lesson").removesuffix(".0")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and int(text) <= _MOST_LESSONS):
            raise _Wrong("номер урока не прочитан: нужно целое число")
        return int(text)
