"""Announcements: as `webapi/announcements` of the journal gives them, or a table of them.

Whom one is for stands in `recipientInfo` («5а, 5б: родители», «Вся школа»); where nothing is
said of that, a person is asked, since a wrong guess tells the whole school.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from sms_diary.ingest.kinds.about import classes_in
from sms_diary.ingest.kinds.listed import cell_of, data_rows, layout_of, sureness
from sms_diary.ingest.kinds.page_text import plain
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
from sms_diary.ingest.reading.book import Row, Table, Value, text_of
from sms_diary.ingest.reading.headings import Field
from sms_diary.ingest.reading.layout import Layout
from sms_diary.ingest.reading.values.consents import read_consent
from sms_diary.ingest.reading.values.dates import read_date
from sms_diary.ingest.records import AnnouncementPosted
from sms_diary.ingest.values import clean_line

FIELDS = (
    Field("ref", "id", ("=id",), ("author",)),
    Field("until", "Показывать до", ("=deletedate", "=до", "срок", "удал", "действу")),
    Field("day", "О каком дне", ("каком =дне",)),
    Field("posted", "Дата", ("=postdate", "дата", "опубликов", "размещ")),
    Field("audience", "Кому", ("=recipientinfo", "кому", "=кого", "получател", "адресат", "класс")),
    Field("urgent", "Срочно", ("срочн", "=urgent")),
    Field("text", "Текст", ("=description", "текст", "содержан", "объявлен", "сообщен"), ("тема",)),
    Field("title", "Заголовок", ("=name", "заголов", "тема", "назван")),
)
NEEDED = ("text", "audience")
WANTED = "столбцы «Текст» и «Кому» (или postDate, description, recipientInfo из журнала)"
_JOURNAL = ("description", "postDate")

_WHOLE = re.compile(
    r"вся\s+школа|вс[её]\s+(?:класс|родител|ученик)|всем|школа|1\s*[-–]\s*11", re.IGNORECASE
)
_PARALLEL = re.compile(
    r"\b(\d{1,2})(?:\s*[-–—]\s*(\d{1,2}))?(?:-?[ехы]+)?\s*(?:класс|кл\b)", re.IGNORECASE
)
_STAFF = re.compile(r"учител|сотрудник|педагог|администрац|работник", re.IGNORECASE)
_FAMILY = re.compile(r"родител|учени|обучающ|учащ|вся школа|\bвсе", re.IGNORECASE)
_STAFF_ONLY = "объявление для сотрудников: родителям не сообщается"
_URGENT = re.compile(
    r"(?:занят\w*|уроки|учеб\w*)[^.!]{0,60}\bотмен|\bотмен\w*[^.!]{0,40}(?:занят|урок|учеб)"
    r"|карантин|эвакуац|\bсрочно\b",
    re.IGNORECASE,
)
_DATE = re.compile(r"\b\d{1,2}\.\d{1,2}(?:\.\d{4}|\.\d{2})?\b(?!\.\d)")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?")
_LONGEST = 2000
_CUT = f"текст длиннее {_LONGEST} знаков: загружено начало"


def recognise(tables: Sequence[Table], _context: Context) -> float:
    """How surely all of these are announcements."""
    if tables and all(_from_journal(table) for table in tables):
        return 1.0
    return max(sureness(tables, FIELDS, NEEDED) - 0.1, 0.0)


def _from_journal(table: Table) -> bool:
    return bool(table.rows) and all(name in table.rows[0].cells for name in _JOURNAL)


def read(tables: Sequence[Table], context: Context) -> Iterator[RowResult]:
    """Each announcement."""
    for table in tables:
        needed = ("text",) if _from_journal(table) else NEEDED
        layout = layout_of(table, FIELDS, needed)
        if layout is not None:
            yield from (_row(table, row, layout, context) for row in data_rows(table, layout))


def _row(table: Table, row: Row, layout: Layout, context: Context) -> RowResult:
    text_at, cell = cell_of(row, layout, "text")
    title = plain(layout.text(row, "title"))[:200]
    text = plain(text_of(cell)) or title
    if not text:
        issue = cell_issue(text_at, cell, "в объявлении нет текста", mend="впишите текст")
        return result(table, row, issues=(issue,))
    if _for_staff(row, layout):
        return result(table, row, issues=(Issue(_STAFF_ONLY, Level.WARNING),))
    audience = _audience(row, layout, context)
    if isinstance(audience, Issue):
        return result(table, row, issues=(audience,))
    posted = _moment(cell_of(row, layout, "posted")[1])
    until = _until(cell_of(row, layout, "until")[1], context)
    issues = (until,) if isinstance(until, Issue) else ()
    long = (cell_issue(text_at, "", _CUT, level=Level.WARNING),) if len(text) > _LONGEST else ()
    ref = layout.text(row, "ref")
    data = {
        "kind": "announcement.posted", "audience": audience, "text": text[:_LONGEST],
        "title": title or None, "date": _day(row, layout, text, posted, context),
        "until": None if isinstance(until, Issue) else until,
        "urgent": _urgent(row, layout, f"{title}. {text}"), "at": posted,
        "ref": f"announcement-{ref}" if ref else None,
    }  # fmt: skip
    made, wrong = sorted_out([make(AnnouncementPosted, data)])
    return result(table, row, made, (*wrong, *issues, *long))


def _for_staff(row: Row, layout: Layout) -> bool:
    text = layout.text(row, "audience")
    return _STAFF.search(text) is not None and _FAMILY.search(text) is None


def _audience(row: Row, layout: Layout, context: Context) -> dict[str, object] | Issue:
    at, cell = cell_of(row, layout, "audience")
    text = clean_line(text_of(cell))
    whom = text.partition(":")[0]
    if classes := list(dict.fromkeys(classes_in(whom))):
        return {"classes": classes}
    if parallel := _PARALLEL.search(whom):
        return _classes_of(parallel, at, cell, context)
    if _WHOLE.search(text):
        return {"school": True}
    problem = "не понято, кому объявление" if text else "не указано, кому объявление"
    return cell_issue(at, cell, problem, level=Level.QUESTION, mend="выберите классы или всю школу",
                      expected="«5А, 5Б» или «Вся школа»",
                      candidates=("Вся школа", *sorted(context.classes)))  # fmt: skip


def _classes_of(
    parallel: re.Match[str], at: int, cell: Value, context: Context
) -> dict[str, object] | Issue:
    """«5-7 классы» are all classes of the school with these numbers."""
    first, last = int(parallel[1]), int(parallel[2] or parallel[1])
    found = [one for one in sorted(context.classes) if first <= _number(one) <= last]
    if found:
        return {"classes": found}
    return cell_issue(at, cell, "не видно, какие это классы школы", level=Level.QUESTION,
                      expected="«5А, 5Б»", mend="выберите классы",
                      candidates=sorted(context.classes))  # fmt: skip


def _number(title: str) -> int:
    digits = re.match(r"\d+", title)
    return int(digits[0]) if digits else 0


def _moment(cell: Value) -> datetime | None:
    """When it was posted, in the school's time; fractions of a second may have any length."""
    if isinstance(cell, datetime):
        return cell
    found = _ISO.match(clean_line(text_of(cell)))
    try:
        return datetime.fromisoformat(found[0]) if found else None
    except ValueError:
        return None


def _until(cell: Value, context: Context) -> date | Issue | None:
    """The last day; what is deleted at midnight is last seen the day before."""
    moment = _moment(cell)
    if moment is not None:
        at_midnight = (moment.hour, moment.minute) == (0, 0) and "T" in text_of(cell)
        return moment.date() - timedelta(days=1) if at_midnight else moment.date()
    outcome = read_date(cell, context.year)
    if outcome.problem:
        return Issue(f"срок показа: {outcome.problem}", Level.WARNING, said=text_of(cell)[:20])
    return outcome.said


def _day(
    row: Row, layout: Layout, text: str, posted: datetime | None, context: Context
) -> date | None:
    """As the column says, an empty cell too; where there is none, the day that the text names."""
    if layout.has("day"):
        return read_date(cell_of(row, layout, "day")[1], context.year).said
    return _spoken_of(text, posted, context)


def _spoken_of(text: str, posted: datetime | None, context: Context) -> date | None:
    """The one day that the text names, if it is not past already."""
    since = posted.date() if posted else context.today
    days = {read_date(found[0], context.year).said for found in _DATE.finditer(text)} - {None}
    (day,) = days if len(days) == 1 else (None,)
    return day if day is not None and day >= since else None


def _urgent(row: Row, layout: Layout, text: str) -> bool:
    """As the column says; where there is none, lessons that are off and quarantines are."""
    if layout.has("urgent"):
        return read_consent(cell_of(row, layout, "urgent")[1]).said is True
    return _URGENT.search(text) is not None
