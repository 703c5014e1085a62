"""What a row of a file came to: records, a refusal, a question, or nothing to load.

Every row of data ends in exactly one `RowResult` with one `Verdict`, so that the counts add up to
the rows. Texts are Russian; names are the school's own and may stand in them, phones only masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ValidationError

from sms_diary.ingest.days import SchoolYear, school_year
from sms_diary.ingest.drafts import Draft, to_draft
from sms_diary.ingest.kinds.facts import Fact
from sms_diary.ingest.parsing import of_object
from sms_diary.ingest.reading.book import Row, Sheet, Table, Value, letter, text_of
from sms_diary.ingest.records import Record
from sms_diary.ingest.values import clean_line
from sms_diary.values import value

_LONGEST_SHOWN = 60
_LONG_DIGITS = re.compile(r"(?!\d{4}-\d\d-\d\d)\+?\d(?:[\s()./-]*\d){8,}")
_SEEN_AT_END = 2


class Verdict(StrEnum):
    """What became of a row. `NOTHING`: it is sound and has nothing to load."""

    READ = "read"
    NOTHING = "nothing"
    REFUSED = "refused"
    QUARANTINED = "quarantined"


class Level(StrEnum):
    """How much an issue weighs: look at it; a cell or row is left out; a person must choose."""

    WARNING = "warning"
    REFUSED = "refused"
    QUESTION = "question"


@value
class Issue:
    """One thing to say of a row or of one cell.

    `column` as Excel names it, "" for the row as a whole; `said` the cell, masked; `expected` and
    `mend` are for who corrects the file; `candidates` what a question may be answered with.
    """

    text: str
    level: Level = Level.REFUSED
    column: str = ""
    said: str = ""
    expected: str = ""
    mend: str = ""
    candidates: tuple[str, ...] = ()


@value
class RowResult:
    """One row of data: where it stands, what it says, what is wrong with it.

    `row` as Excel counts. A row of a grid may have records and issues of single cells; it is
    `READ` then. `into` is the row that carries the record to which this row belongs (a lesson
    of a day's timetable), 0 for one that carries its own. `records` hold events and facts;
    `ready` are drafts of readers that make drafts.
    """

    sheet: Sheet
    row: int
    verdict: Verdict
    records: tuple[Record | Fact, ...] = ()
    issues: tuple[Issue, ...] = ()
    into: int = 0
    ready: tuple[Draft, ...] = ()

    @property
    def drafts(self) -> tuple[Draft, ...]:
        """The events of the row as `accept` takes them, in their order."""
        events = (one for one in self.records if isinstance(one, BaseModel))
        return (*self.ready, *(to_draft(event) for event in events))


@value
class Context:
    """What a file does not say of itself.

    `today` is the school's date; `default_class` is for tables that name no class; `classes` are
    the school's canonical titles. `weeks`: any day of each week for which a weekly timetable
    holds, the current one if none. `due_same_day`: homework beside a lesson is for that lesson,
    and not, as in a paper journal, for the next one.
    """

    today: date
    default_class: str = ""
    classes: frozenset[str] = frozenset()
    weeks: tuple[date, ...] = ()
    due_same_day: bool = False

    @property
    def year(self) -> SchoolYear:
        return school_year(self.today)

    @property
    def mondays(self) -> tuple[date, ...]:
        days = self.weeks or (self.today,)
        return tuple(dict.fromkeys(day - timedelta(days=day.weekday()) for day in days))


def masked(cell: Value) -> str:
    """The cell as a report may show it: short, and long numbers without their middle."""
    text = clean_line(text_of(cell))
    text = _LONG_DIGITS.sub(lambda found: "***" + found[0][-_SEEN_AT_END:], text)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def cell_issue(  # noqa: PLR0913  # an issue has as many sides as its report has columns
    at: int, cell: Value, text: str, *, expected: str = "", mend: str = "",
    candidates: Iterable[object] = (), level: Level | None = None,
) -> Issue:  # fmt: skip
    """An issue of the cell in column `at`; with candidates it is a question."""
    options = tuple(str(one) for one in candidates)
    level = level or (Level.QUESTION if options else Level.REFUSED)
    return Issue(text, level, letter(at), masked(cell), expected, mend, options)


def result(
    table: Table, row: Row, records: Iterable[Record | Fact] = (), issues: Iterable[Issue] = ()
) -> RowResult:
    """The result of a row, with the verdict that its records and issues come to."""
    records, issues = tuple(records), tuple(issues)
    return RowResult(table.sheet, row.number, verdict_of(bool(records), issues), records, issues)


def verdict_of(says_something: bool, issues: Sequence[Issue]) -> Verdict:
    """Records make a row read; else a question weighs more than a refusal."""
    levels = {issue.level for issue in issues}
    if says_something:
        return Verdict.READ
    if Level.QUESTION in levels:
        return Verdict.QUARANTINED
    return Verdict.REFUSED if Level.REFUSED in levels else Verdict.NOTHING


def refused(
    table: Table, rows: Iterable[Row], text: str, *, expected: str = "", mend: str = ""
) -> Iterator[RowResult]:
    """Each of these rows refused for one reason that lies outside of them."""
    issue = Issue(text, expected=expected, mend=mend)
    return (result(table, row, issues=(issue,)) for row in rows)


def make(model: type[BaseModel], data: dict[str, Any]) -> Record | Issue:
    """An event of these fields (those that are None left out), or why there can be none."""
    try:
        made: Any = model.model_validate({k: v for k, v in data.items() if v is not None})
    except ValidationError as wrong:
        first = of_object(b"", wrong)[0]
        return Issue(
            f"{_FIELDS.get(first.pointer.rpartition('/')[2], 'значение')}: {first.message}"
        )
    event: Record = made
    return event


_FIELDS = {
    "name": "имя", "class": "класс", "subject": "предмет", "date": "дата", "lesson": "номер урока",
    "work": "вид работы", "n": "отметок в один день", "mark": "отметка", "code": "пропуск",
    "term": "период", "text": "текст", "room": "кабинет", "title": "заголовок", "start": "время",
    "comment": "комментарий",
}  # fmt: skip


def sorted_out(made: Iterable[Record | Issue]) -> tuple[list[Record], list[Issue]]:
    """Events and issues apart."""
    records: list[Record] = []
    issues: list[Issue] = []
    for one in made:
        if isinstance(one, Issue):
            issues.append(one)
        else:
            records.append(one)
    return records, issues
