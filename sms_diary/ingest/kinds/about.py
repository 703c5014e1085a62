"""What is said above a table: «Класс: 5а», «Предмет: Математика», the period; title lines.

A web page says it in the caption, a sheet in cells above the headings. Words only; what a class
or a date is, `values` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sms_diary.ingest.days import SchoolYear
from sms_diary.ingest.matching import class_keys
from sms_diary.ingest.reading.book import Row, Table, text_of
from sms_diary.ingest.values import clean_line

_PAIR = re.compile(
    r"(ученик|ученица|учащийся|обучающийся|фио|класс|предмет|дисциплина|учебный период|период"
    r"|учебный год|учитель|смена)\s*(?:\([^)]*\))?\s*[:：-]\s*(.*)",
    re.IGNORECASE,
)
_INNER = re.compile(
    r"[,;]?(?<!учебный)\s+(?=(?:класс|предмет|ученик|(?:учебный\s+)?период|учебный\s+год|учитель)\s*:)",
    re.IGNORECASE,
)
_CLASS_IN_TITLE = re.compile(
    r"(?<![\w.])(\d{1,2}\s*[-–]?\s*[«\"“„']?\s*[А-ЯЁA-Zа-яёa-z][»\"”']?)"
    r"\s*(?=\(|класс|кл\b|$|[,;])"
)
_YEAR = re.compile(r"\b20\d\d\b")
_NAMELESS = re.compile(r"(?:лист|sheet|таблица|table)\s*\d*", re.IGNORECASE)
_AFTER_ALL = 10**9
_MOST_LINES = 12
_SAME = {
    "ученица": "ученик", "учащийся": "ученик", "обучающийся": "ученик", "фио": "ученик",
    "дисциплина": "предмет", "учебный период": "период",
}  # fmt: skip


def lines(table: Table, before: int) -> list[str]:
    """The texts above row `before`: the caption's lines, then each row's cells as one line."""
    rows = (row for row in table.rows if row.number < before)
    said = [clean_line(line) for line in table.sheet.caption]
    return [line for line in (*said, *map(_joined, rows)) if line]


def _joined(row: Row) -> str:
    cells = (clean_line(text_of(cell)) for cell in row.cells)
    return " ".join(dict.fromkeys(filter(None, cells)))


def said(table: Table, before: int) -> dict[str, str]:
    """«Класс», «предмет», «ученик», «период», «учебный год», «смена» as the table says them."""
    found: dict[str, str] = {}
    for line in lines(table, before):
        for piece in _INNER.split(line):
            pair = _PAIR.match(piece)
            if pair and pair[2]:
                word = pair[1].lower()
                found.setdefault(_SAME.get(word, word), pair[2].strip(" .,;"))
    return found


def other_year(pairs: Mapping[str, str], year: SchoolYear) -> str:
    """What to say of a table whose period lies in another school year, or "".

    «Февраль» without a year would be read as this year's.
    """
    text = " ".join(pairs.get(word, "") for word in ("период", "учебный год"))
    years = {int(found) for found in _YEAR.findall(text)}
    if years <= {year.first.year, year.last.year}:
        return ""
    return f"таблица за другой учебный год, а загружается {year}"


def pages(tables: Iterable[Table]) -> Iterator[tuple[Table, dict[str, str]]]:
    """Each table of a report with what the tables before it say of it; those are left out."""
    before: dict[str, str] = {}
    for table in tables:
        if is_about(table):
            before |= said(table, _AFTER_ALL)
        else:
            yield table, before | said(Table(table.sheet, ()), 0)


def is_about(table: Table) -> bool:
    """Whether a table only says what the next one is about, a line or a pair of cells a row."""
    filled = [row for row in table.rows if not row.is_blank()]
    pairs = said(Table(replace(table.sheet, caption=()), table.rows), _AFTER_ALL)
    return 0 < len(filled) <= _MOST_LINES and len(pairs) * 2 >= len(filled)


def class_of_titles(table: Table, before: int) -> str:
    """The class that a line above row `before`, the sheet's name or the file's names, or ""."""
    stated = said(table, before).get("класс", "")
    titles = (*lines(table, before), table.sheet.name, *table.sheet.files[::-1])
    return stated or next((found for line in titles if (found := class_in(line))), "")


def is_line(row: Row) -> bool:
    """Whether a row says what is below it: «Предмет: Алгебра», in a cell or two."""
    return any(_PAIR.match(piece) for piece in _INNER.split(_joined(row)))


def sheet_title(table: Table) -> str:
    """The sheet's name, if it says more than «Лист1»."""
    name = clean_line(table.sheet.name)
    return "" if _NAMELESS.fullmatch(name) else name


def class_in(text: str) -> str:
    """The class that a title names («Расписание 7 «В» класса»), as written, or ""."""
    return next((one for one in classes_in(text)), "")


def classes_in(text: str) -> Iterator[str]:
    """Every class that a title names."""
    for found in _CLASS_IN_TITLE.finditer(clean_line(text)):
        if class_keys(found[1]):
            yield found[1]
