"""The tables of a OneRoster 1.1 bulk archive: which file is which, exact headers, rows by name.

1EdTech OneRoster 1.1 CSV: names of files and headers are case-sensitive, `manifest.csv` says which
files are there and whether they are bulk or delta.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sms_diary.ingest.kinds.result import Issue, Level
from sms_diary.ingest.reading.book import Row, Table, Value, text_of
from sms_diary.ingest.values import clean_line
from sms_diary.values import value

NEEDED: Mapping[str, tuple[str, ...]] = {
    "manifest": ("propertyName", "value"),
    "users": ("sourcedId", "orgSourcedIds", "role", "givenName", "familyName"),
    "classes": ("sourcedId", "title", "classType"),
    "enrollments": ("sourcedId", "classSourcedId", "userSourcedId", "role"),
    "lineItems": ("sourcedId", "title", "dueDate", "classSourcedId"),
    "results": ("sourcedId", "lineItemSourcedId", "studentSourcedId", "scoreStatus", "scoreDate"),
    "courses": ("sourcedId", "title"),
    "categories": ("sourcedId", "title"),
    "academicSessions": ("sourcedId", "title", "type", "startDate", "endDate"),
    "orgs": ("sourcedId", "name", "type"),
    "demographics": ("sourcedId",),
    "classResources": ("sourcedId",),
    "courseResources": ("sourcedId",),
    "resources": ("sourcedId",),
}
_DELTA_ONLY = "это выгрузка изменений (delta)"
_GONE = "tobedeleted"


@value
class Line:
    """A row of a file by the names of its columns."""

    table: Table
    row: Row
    said: dict[str, str]
    places: Mapping[str, int]
    issue: Issue | None = None

    def __getitem__(self, name: str) -> str:
        return self.said.get(name, "")

    def raw(self, name: str) -> Value:
        at = self.places.get(name)
        return self.row.cells[at] if at is not None and at < len(self.row.cells) else ""

    def list(self, name: str) -> list[str]:
        """The ids of a cell that holds several."""
        return [one for one in map(clean_line, self[name].split(",")) if one]


def file_of(table: Table) -> str:
    """«users» for `users.csv`; "" for a file that the standard does not know."""
    name = table.sheet.files[-1].rpartition("/")[2]
    base = name.removesuffix(".csv")
    return base if base != name and base in NEEDED else ""


def headings(table: Table) -> dict[str, int]:
    """The exact headers of the first row with their columns."""
    first = table.rows[0].cells if table.rows else ()
    return {text_of(cell): at for at, cell in enumerate(first) if cell != ""}


class Files:
    """All files of an archive; a file that is refused has its lines refused."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self._tables = {name: table for table in tables if (name := file_of(table))}
        self._said = {line["propertyName"]: line["value"] for line in self._read("manifest")}
        self._lines: dict[str, list[Line]] = {}

    def names(self) -> Iterable[str]:
        return self._tables.keys()

    def lines(self, name: str) -> list[Line]:
        """The data rows of a file; none if it is not there."""
        if name not in self._lines:
            self._lines[name] = list(self._read(name))
        return self._lines[name]

    def by_id(self, name: str) -> dict[str, Line]:
        """The sound lines of a file by `sourcedId`."""
        return {line["sourcedId"]: line for line in self.lines(name) if line.issue is None}

    def _read(self, name: str) -> Iterator[Line]:
        table = self._tables.get(name)
        if table is None:
            return
        places = headings(table)
        wrong = None if name == "manifest" else self._wrong(name, places)
        for row in table.rows[1:]:
            if row.is_blank():
                continue
            said = {title: clean_line(text_of(row.cells[at])) for title, at in places.items()
                    if at < len(row.cells)}  # fmt: skip
            yield Line(table, row, said, places, wrong or _status(said))

    def _wrong(self, name: str, places: Mapping[str, int]) -> Issue | None:
        version = self._said.get("oneroster.version", "1.1")
        if version != "1.1":
            return Issue(
                f"версия OneRoster {version}", expected="1.1", mend="выгрузите в версии 1.1"
            )
        if self._said.get(f"file.{name}") == "delta":
            return Issue(_DELTA_ONLY, expected="bulk", mend="выгрузите всё целиком (bulk)")
        lacking = [title for title in NEEDED[name] if title not in places]
        if lacking:
            text = f"в {name}.csv нет столбца {', '.join(lacking)}"
            mend = "заголовки пишутся точно так, с учётом больших букв"
            return Issue(text, expected=", ".join(NEEDED[name]), mend=mend)
        return None


def _status(said: Mapping[str, str]) -> Issue | None:
    if said.get("status") == _GONE:
        return Issue(
            "помечено к удалению", Level.WARNING, mend="удаление делается в самом дневнике"
        )
    return None
