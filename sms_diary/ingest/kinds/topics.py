"""The table of topics and homework below the marks of a class journal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sms_diary.ingest.kinds.result import Context, Issue, Level, cell_issue
from sms_diary.ingest.reading.book import Row, Value, text_of
from sms_diary.ingest.reading.headings import Field, field_of
from sms_diary.ingest.reading.values.dates import read_date
from sms_diary.ingest.values import clean_line, clean_text

FIELDS = (
    Field("due", "Срок", ("=срок", "задан =на", "срок сдач"), ("=дом",)),
    Field("homework", "Домашнее задание", ("домаш", "=дз", "=д =з", "задан =дом")),
    Field("topic", "Тема урока", ("тема", "темы", "содержан")),
    Field("day", "Дата", ("дата", "=число")),
)
_LEAST = 2
_NO_NEXT = "не видно, к какому уроку это задание: следующего урока в файле нет"


def heading(row: Row) -> dict[str, int] | None:
    """The columns of a row that begins the table of topics, or None for another row."""
    found: dict[str, int] = {}
    for at, cell in enumerate(row.cells):
        if isinstance(cell, str) and (name := field_of(clean_line(cell), FIELDS)):
            found.setdefault(name, at)
    return found if len(found) >= _LEAST and "day" in found else None


class Topics:
    """Knows for which lesson the homework of a row is due."""

    def __init__(
        self, columns: dict[str, int], lessons: Iterable[date], rows: Sequence[Row]
    ) -> None:
        self._columns = columns
        self._lessons = set(lessons)
        self._rows = rows
        self._own: set[date] | None = None

    def due(self, row: Row, context: Context) -> tuple[date, str] | Issue | None:
        """The day for which the text is due; None where the row gives no homework."""
        text = clean_text(text_of(self._cell(row, "homework")))
        if not text.strip("-–—. ") or text.lower() in ("не задано", "нет", "---не указана---"):
            return None
        at, cell = self._columns["day"], self._cell(row, "day")
        day = read_date(cell, context.year)
        if day.said is None:
            problem = day.problem or "не указана дата урока"
            return cell_issue(at, cell, problem, expected="дата вида 24.11.2026",
                              mend="исправьте дату", candidates=day.candidates)  # fmt: skip
        if day.said not in context.year:
            return cell_issue(at, cell, f"дата вне учебного года {context.year}",
                              mend="исправьте дату")  # fmt: skip
        return self._due(row, day.said, context, text)

    def _due(
        self, row: Row, day: date, context: Context, text: str
    ) -> tuple[date, str] | Issue | None:
        stated = read_date(self._cell(row, "due"), context.year).said
        if stated or context.due_same_day:
            return stated or day, text
        later = [one for one in self._lessons | self._dates(context) if one > day]
        if later:
            return min(later), text
        if day > context.today:
            return Issue(_NO_NEXT, Level.WARNING, mend="загрузите журнал снова после урока")
        return Issue(_NO_NEXT, expected="дата следующего урока", mend="добавьте её в журнал")

    def _dates(self, context: Context) -> set[date]:
        """The dates of this table's own rows."""
        if self._own is None:
            cells = (self._cell(row, "day") for row in self._rows)
            days = (read_date(cell, context.year).said for cell in cells if _may_be_date(cell))
            self._own = {day for day in days if day and day in context.year}
        return self._own

    def _cell(self, row: Row, name: str) -> Value:
        at = self._columns.get(name)
        return row.cells[at] if at is not None and at < len(row.cells) else ""


def _may_be_date(cell: Value) -> bool:
    """The numbers of pupils stand in the same column higher up."""
    return isinstance(cell, date) or (isinstance(cell, str) and "." in cell)
