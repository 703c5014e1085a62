"""The class journal of АСУ РСО: a sheet a subject, pupils down, dates across, topics below.

Marks, absences, term marks and homework come out of it. The marks of the second lesson of a
subject on a day have ordinals of their own, whatever stands in the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from sms_diary.ingest.kinds import about, topics
from sms_diary.ingest.kinds.cells import is_blank, read_marks
from sms_diary.ingest.kinds.heading import DateHead, find_head
from sms_diary.ingest.kinds.result import (
    Context,
    Issue,
    Level,
    RowResult,
    cell_issue,
    make,
    result,
    sorted_out,
)
from sms_diary.ingest.reading.book import Row, Table, text_of
from sms_diary.ingest.reading.headings import PUPIL_FIELDS, field_of
from sms_diary.ingest.reading.tables import is_footer
from sms_diary.ingest.reading.values.classes import read_class
from sms_diary.ingest.reading.values.names import Name, read_name
from sms_diary.ingest.reading.values.outcome import Outcome
from sms_diary.ingest.records import HomeworkSet
from sms_diary.ingest.values import clean_line
from sms_diary.values import value

_LEGEND = re.compile(r"(?:[А-ЯA-Z]{1,3}|\.)\s*[-–—:]\s*[а-яё]")
_SUMS = re.compile(r"средн|успеваем|качеств|кол-во|количеств|посещаем|% |процент", re.IGNORECASE)
_CELL_OF_NAME = ("pupil", "surname")
_SURE, _LIKELY = 0.95, 0.8

WANTED = "столбец «Ученик» и даты над отметками (месяц и под ним числа)"


@value
class _Page:
    """A sheet of the journal: its heading, and what it is about."""

    table: Table
    head: DateHead
    class_name: str
    subject: str
    issue: Issue | None


def recognise(tables: Sequence[Table], context: Context) -> float:
    """How surely all of these are pages of a class journal."""
    return min((_sure(table, context) for table in tables), default=0.0)


def _sure(table: Table, context: Context) -> float:
    head = find_head(table, context.year, PUPIL_FIELDS)
    if head is None or not any(_is_pupil(head, row) for row in table.rows):
        return 0.0
    is_named = "предмет" in about.said(table, head.first)
    return _SURE if is_named or len(head.days) > 1 else _LIKELY


def _is_pupil(head: DateHead, row: Row) -> bool:
    name = read_name(_name(head, row))
    return row.number > head.last and bool(name.said or name.candidates)


def read(tables: Sequence[Table], context: Context) -> Iterator[RowResult]:
    """Each pupil's row, and each row of the topics below."""
    page: _Page | None = None
    for table in tables:
        said: dict[str, str] = {}
        if page is not None and is_topics(table):
            yield from _rows(replace(page, table=table, head=_below(page.head)), context)
            continue
        for block in _blocks(table, context):
            head = find_head(block, context.year, PUPIL_FIELDS)
            if head is not None:
                said |= about.said(block, head.first)
                page = _page(block, head, said, context)
                yield from _rows(page, context)


def is_topics(table: Table) -> bool:
    """Whether a table holds the topics and homework of the page before it, as in a web page."""
    first = next((row for row in table.rows if not row.is_blank()), None)
    return first is not None and topics.heading(first) is not None


def _below(head: DateHead) -> DateHead:
    """The dates of a page, for rows of another table: none of them is its heading."""
    return replace(head, first=0, last=0)


def _blocks(table: Table, context: Context) -> Iterator[Table]:
    """A sheet cut where headings come again: other dates, or another subject with its lines above.

    The marks of one block must not be read under the dates of another.
    """
    rows = table.rows
    starts = [at for at, row in enumerate(rows) if _names_pupils(row)]
    storeys = {at: Table(table.sheet, rows[at : at + 2]) for at in starts}
    starts = [at for at in starts if find_head(storeys[at], context.year, PUPIL_FIELDS)]
    starts = [at for before, at in zip([-2, *starts], starts, strict=False) if at > before + 1]
    firsts = [0, *(_with_lines(rows, at) for at in starts[1:]), len(rows)]
    for first, end in pairwise(firsts):
        block = rows[first:end]
        yield Table(replace(table.sheet, caption=() if first else table.sheet.caption), block)


def _names_pupils(row: Row) -> bool:
    texts = (clean_line(cell) for cell in row.cells if isinstance(cell, str))
    return any(field_of(text, PUPIL_FIELDS) for text in texts if ":" not in text)


def _with_lines(rows: Sequence[Row], at: int) -> int:
    """Where the lines «Предмет: …» above a heading begin."""
    while at and about.is_line(rows[at - 1]):
        at -= 1
    return at


def _page(table: Table, head: DateHead, said: Mapping[str, str], context: Context) -> _Page:
    subject = said.get("предмет") or about.sheet_title(table)
    class_name = (
        said.get("класс") or about.class_of_titles(table, head.first) or context.default_class
    )
    issue = None
    if not subject:
        issue = Issue("не указан предмет", expected="строка «Предмет: …» над таблицей",
                      mend="впишите её или назовите лист по предмету")  # fmt: skip
    if not class_name:
        issue = Issue("не указан класс", expected="строка «Класс: 5А» над таблицей",
                      mend="впишите её или укажите класс при загрузке")  # fmt: skip
    elif (outcome := read_class(class_name, context.classes)).problem:
        issue = Issue(f"класс «{class_name}»: {outcome.problem}",
                      Level.QUESTION if outcome.candidates else Level.REFUSED,
                      mend="выберите класс", candidates=outcome.candidates)  # fmt: skip
    if problem := about.other_year(said, context.year):
        issue = Issue(problem, mend="выгрузите журнал за этот учебный год")
    return _Page(table, head, class_name, subject, issue)


def _rows(page: _Page, context: Context) -> Iterator[RowResult]:
    below: topics.Topics | None = None
    has_begun = False
    for row in page.table.rows:
        if row.number <= page.head.last or row.is_blank():
            continue
        if found := topics.heading(row):
            below = topics.Topics(found, [one.day for one in page.head.days], page.table.rows)
        elif _is_note(row):
            continue
        elif below is not None:
            yield _homework(page, below, row, context)
        elif has_begun or _name(page.head, row):
            has_begun = True  # what stands above the first pupil are more storeys of the heading
            yield _pupil(page, row, context)


def _name(head: DateHead, row: Row) -> str:
    names = ("pupil",) if "pupil" in head.who else ("surname", "first", "patronymic")
    return " ".join(filter(None, (head.text(row, name) for name in names)))


def _is_note(row: Row) -> bool:
    """A total, a signature or a legend: one text, or words and sums."""
    first = next(filter(None, (clean_line(text_of(cell)) for cell in row.cells)), "")
    return is_footer(first) or any(one.match(first) for one in (_LEGEND, _SUMS))


def _pupil(page: _Page, row: Row, context: Context) -> RowResult:
    if page.issue:
        return result(page.table, row, issues=(page.issue,))
    at = next(page.head.who[name] for name in _CELL_OF_NAME if name in page.head.who)
    outcome = read_name(_name(page.head, row))
    if outcome.said is None:
        return result(page.table, row, issues=_no_name(page, row, at, outcome))
    pupil = {"class": page.class_name, "name": outcome.said.shown}
    events = read_marks(row, page.head, pupil, page.subject, context)
    return result(page.table, row, *sorted_out(events))


def _no_name(page: _Page, row: Row, at: int, name: Outcome[Name]) -> tuple[Issue, ...]:
    """A row without a pupil matters only if it says something."""
    places = [one.at for one in page.head.days]
    filled = any(not is_blank(row.cells[one]) for one in places if one < len(row.cells))
    cell = row.cells[at] if at < len(row.cells) else ""
    if not name.problem and not filled:
        return ()
    text = name.problem or "отметки есть, а имени ученика нет"
    names = [one.shown for one in name.candidates]
    mend = "впишите фамилию и имя"
    issue = cell_issue(at, cell, text, expected="фамилия и имя", mend=mend, candidates=names)
    return (issue,)


def _homework(page: _Page, below: topics.Topics, row: Row, context: Context) -> RowResult:
    if page.issue:
        return result(page.table, row, issues=(page.issue,))
    due = below.due(row, context)
    if due is None or isinstance(due, Issue):
        return result(page.table, row, issues=(due,) if due else ())
    day, text = due
    data = {"class": page.class_name, "subject": page.subject, "date": day, "text": text}
    return result(
        page.table, row, *sorted_out([make(HomeworkSet, {"kind": "homework.set", **data})])
    )
