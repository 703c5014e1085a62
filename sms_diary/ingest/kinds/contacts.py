"""Class lists with parents' phones and consents, in any format, and what is ticked beside them.

`files.contacts` decides what a row means and `files.consents` what its consent is worth; here are
the columns that came later: topics, urgent hours, the document on personal data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sms_diary.ingest.files.contacts import FIELDS as ROW_FIELDS
from sms_diary.ingest.files.contacts import NEEDED, ContactRow, read_contacts
from sms_diary.ingest.kinds import about
from sms_diary.ingest.kinds.facts import Contact
from sms_diary.ingest.kinds.flat import flatten
from sms_diary.ingest.kinds.guardians import parent_of, split
from sms_diary.ingest.kinds.listed import cell_of, layout_of, sureness
from sms_diary.ingest.kinds.result import Context, Issue, Level, RowResult, Verdict, cell_issue
from sms_diary.ingest.reading.book import Row, Table, letter, text_of
from sms_diary.ingest.reading.headings import Field
from sms_diary.ingest.reading.layout import Layout
from sms_diary.ingest.reading.values.consents import read_consent
from sms_diary.ingest.values import clean_line
from sms_diary.model import Topic

WANTED = "столбцы «Ученик (ФИО)» и «Телефон»"
_TICKS = (
    Field("marks", "Отметки", ("отметк", "оценк")),
    Field("absences", "Пропуски", ("пропуск", "посещаем")),
    Field("homework", "ДЗ", ("=дз", "домашн")),
    Field("timetable", "Расписание", ("расписан",)),
    Field("announcements", "Объявления", ("объявлен",)),
)
_MORE = (
    Field("pd_day", "Дата согласия ПДн", ("дат пдн", "дат перс", "дат обработк")),
    Field("pd", "Согласие ПДн", ("=пдн", "перс дан", "персональн", "обработк")),
    Field("urgent", "Срочное рано", ("срочн",)),
    Field("topics", "Темы", ("=темы", "=тема", "темы", "виды сообщ", "что присыл")),
    *_TICKS,
)
_PARENT = Field(
    "guardian", "ФИО родителя", ("=мать", "=отец", "матери", "=отца", "=мама", "=мамы", "=папа",
     "=папы"),
    ("тел", "моб", "сот", "контакт", "работ", "соглас", "рожд", "дат"),
)  # fmt: skip
FIELDS = (*_MORE, _PARENT, *ROW_FIELDS)
_NAMES = tuple(field.name for field in ROW_FIELDS)
_ALL = re.compile(r"вс[её]|все темы", re.IGNORECASE)
_BETWEEN = re.compile(r"[,;/+\n]|\s(?:и)\s")
_STEMS = (
    ("отмет", Topic.MARKS), ("оцен", Topic.MARKS), ("пропус", Topic.ABSENCES),
    ("посещ", Topic.ABSENCES), ("дз", Topic.HOMEWORK), ("д/з", Topic.HOMEWORK),
    ("домаш", Topic.HOMEWORK), ("распис", Topic.TIMETABLE), ("замен", Topic.TIMETABLE),
    ("объяв", Topic.ANNOUNCEMENTS),
)  # fmt: skip
_TOPICS_RU = "отметки, пропуски, ДЗ, расписание, объявления"
_CONSENT_RU = "«да» или «нет»"


def recognise(tables: Sequence[Table], _context: Context) -> float:
    """How surely all of these are class lists with phones."""
    return sureness(tables, FIELDS, NEEDED)


def read(tables: Sequence[Table], context: Context) -> Iterator[RowResult]:
    """Each row: one guardian of one pupil, or two who have columns of their own."""
    for table in tables:
        layout = layout_of(table, FIELDS, NEEDED)
        if layout is not None:
            yield from _rows(table, layout, context)


def _rows(table: Table, layout: Layout, context: Context) -> Iterator[RowResult]:
    whole, typed = _read(table, layout, context)
    parts = split(layout)
    apart = [(word, one, _read(table, one, context)[0]) for word, one in parts] if parts[1:] else []
    for number, row in whole.items():
        rows = [(own, _related(found[number], word)) for word, own, found in apart
                if number in found]  # fmt: skip
        rows = [(own, one) for own, one in rows if one.phones or one.guardian] or [(layout, row)]
        yield _result(table, layout, typed[number], rows)


def _read(
    table: Table, layout: Layout, context: Context
) -> tuple[dict[int, ContactRow], dict[int, Row]]:
    flat = flatten(table, layout, FIELDS, _NAMES)
    named = context.default_class or about.class_of_titles(table, layout.first)
    found = read_contacts(flat.rows, today=context.today, default_class=named)
    return {row.row: row for row in found.rows}, flat.typed


def _related(row: ContactRow, word: str) -> ContactRow:
    return row if row.relation else replace(row, relation=word)


def _result(
    table: Table, layout: Layout, typed: Row, listed: Sequence[tuple[Layout, ContactRow]]
) -> RowResult:
    """Of one or two guardians, each with the columns that are about this one."""
    rows = [row for _, row in listed]
    first = rows[0]
    issues = [_about(own, "phone", text) for own, row in listed for text in row.problems]
    warned = {text: own for own, row in reversed(listed) for text in reversed(row.warnings)}
    issues += [_about(own, _field_of(text), text, Level.WARNING)
               for text, own in reversed(warned.items())]  # fmt: skip
    if first.pupil_problem:
        issues.insert(0, _about(layout, "pupil", first.pupil_problem))
        return RowResult(table.sheet, first.row, Verdict.REFUSED, (), tuple(issues))
    topics, unknown = _topics(layout, typed)
    urgent, personal_data, wrong = _ticks(layout, typed)
    made = [Contact(row, topics, urgent, personal_data) for row in rows]
    if len(made) > 1 and (question := _whose(layout, made)):
        issues.insert(0, question)
        made = [_without_consents(one) for one in made]
    return RowResult(table.sheet, first.row, Verdict.READ, tuple(made), (*issues, *unknown, *wrong))


def _ticks(layout: Layout, row: Row) -> tuple[bool | None, bool | None, list[Issue]]:
    """Urgent hours and personal data, and what is not understood of them."""
    said: list[bool | None] = []
    issues: list[Issue] = []
    for name in ("urgent", "pd"):
        at, cell = cell_of(row, layout, name)
        outcome = read_consent(cell) if layout.has(name) else read_consent("")
        said.append(outcome.said)
        if outcome.problem:
            issues.append(cell_issue(at, cell, outcome.problem, level=Level.WARNING,
                                     expected=_CONSENT_RU))  # fmt: skip
    return said[0], said[1], issues


def _whose(layout: Layout, contacts: Sequence[Contact]) -> Issue | None:
    """The question whose a «да» is that stands beside two guardians."""
    one = contacts[0]
    said = {"consent": any(each.row.consent for each in contacts), "urgent": one.urgent,
            "pd": one.personal_data}  # fmt: skip
    columns = [column for name, yes in said.items() if yes for column in layout.of(name)]
    shared = next((column for column in columns if not parent_of(column)), None)
    if shared is None:
        return None
    names = tuple(each.row.guardian or each.row.relation for each in contacts)
    return Issue(
        "одно согласие на двух родителей: не видно, чьё, и оно не засчитано", Level.QUESTION,
        shared.letter, "да", "согласие у каждого родителя своё",
        "сделайте столбец согласия для каждого родителя", names,
    )  # fmt: skip


def _without_consents(one: Contact) -> Contact:
    """What nobody has said for certain is not said; a «нет» stays."""
    consent, urgent, data = (
        said if said is False else None for said in (one.row.consent, one.urgent, one.personal_data)
    )
    row = replace(one.row, consent=consent)
    return replace(one, row=row, urgent=urgent, personal_data=data)


def _about(layout: Layout, name: str, text: str, level: Level = Level.REFUSED) -> Issue:
    """An issue of a field, without what stands in the cell: it may be a phone."""
    columns = layout.of(name) or layout.of("surname" if name == "pupil" else name)
    column = letter(columns[0].at) if columns else ""
    expected = "мобильный номер вида 8 900 000-10-01" if name == "phone" else ""
    return Issue(text, level, column, "", expected, "исправьте и загрузите список снова")


def _field_of(warning: str) -> str:
    """The field that a warning speaks of."""
    for word, name in (
        ("дата согласия", "consent_day"),
        ("дата рождения", "birth"),
        ("согласие", "consent"),
    ):
        if warning.startswith(word):
            return name
    return "phone"


def _topics(layout: Layout, row: Row) -> tuple[tuple[Topic, ...] | None, list[Issue]]:
    """The topics named in one cell, or ticked in columns; None where nothing is said of them.

    A word that is no topic is left out and told: fewer topics than meant, never more.
    """
    found: list[Topic] = []
    issues: list[Issue] = []
    said = False
    if layout.has("topics"):
        at, cell = cell_of(row, layout, "topics")
        text = clean_line(text_of(cell))
        said = text != ""
        found, wrong = _named(text)
        if wrong:
            issues.append(cell_issue(at, cell, f"тема не понята: {', '.join(wrong)}",
                                     level=Level.WARNING, expected=_TOPICS_RU))  # fmt: skip
    for field in _TICKS:
        at, cell = cell_of(row, layout, field.name)
        if not layout.has(field.name) or cell == "":
            continue
        outcome = read_consent(cell)
        said = True
        found += [Topic(field.name)] if outcome.said else []
        if outcome.problem:
            issues.append(cell_issue(at, cell, f"«{field.title}»: {outcome.problem}",
                                     level=Level.WARNING, expected=_CONSENT_RU))  # fmt: skip
    return tuple(topic for topic in Topic if topic in found) if said else None, issues


def _named(text: str) -> tuple[list[Topic], list[str]]:
    if _ALL.fullmatch(text):
        return list(Topic), []
    found: list[Topic] = []
    wrong: list[str] = []
    for word in filter(None, map(clean_line, _BETWEEN.split(text.replace("д/з", "дз")))):
        plain = word.lower().strip(" .")
        topic = next((topic for stem, topic in _STEMS if plain.startswith(stem)), None)
        if topic:
            found.append(topic)
        elif plain not in ("нет", "-", "—"):
            wrong.append(word)
    return found, wrong
