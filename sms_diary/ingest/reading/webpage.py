"""Tables of a web page: «Экспорт в Excel» of a journal is often one under the name `.xls`.

Text only: no link, script or style survives. A table inside a cell is a sheet of its own.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading.book import Format, Piece, Sheet
from sms_diary.ingest.reading.csvtext import CUT_OFF, decode
from sms_diary.ingest.reading.grid import Grid
from sms_diary.ingest.reading.limits import Budget
from sms_diary.ingest.reading.markup import MOST_DEEP, number

_CHUNK = 64 * 1024
_HEAD = 4_096
_LONGEST_TAG = 4 * _CHUNK
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_CHARSETS = frozenset({"utf-8", "cp1251", "koi8-r", "cp866"})
_SILENT = frozenset({"script", "style", "title", "template", "noscript", "svg"})
_LINES = frozenset({"br", "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "hr"})
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_SPACES = re.compile(r"[^\S\n]+")
_NO_TABLE = "на странице нет таблицы: выгрузите из журнала отчёт с таблицей"
_DEEP = "таблицы вложены друг в друга слишком глубоко: выгрузите отчёт заново"
_MOST_CAPTION, _LONGEST_CAPTION = 50, 500


def pieces(data: bytes, files: tuple[str, ...], budget: Budget) -> Iterator[Piece]:
    """Each table that is not empty, in the order of their ends."""
    page = _Page(budget)
    text = _text(data)
    for at in range(0, len(text), _CHUNK):
        page.feed(text[at : at + _CHUNK])
        if len(page.rawdata) > _LONGEST_TAG:  # the parser looks at all of it again and again
            raise FileProblem(CUT_OFF)
        yield from _finished(page, files, budget)
    page.close()
    if page.is_open():
        raise FileProblem(CUT_OFF)
    yield from _finished(page, files, budget)
    if not page.count:
        raise FileProblem(_NO_TABLE)


def _text(data: bytes) -> str:
    """By the page's own word on its encoding if that holds, else as any text."""
    if found := _CHARSET.search(data[:_HEAD]):
        try:
            encoding = codecs.lookup(found[1].decode("ascii")).name
            if encoding in _CHARSETS:
                return data.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data)[0]


def _finished(page: _Page, files: tuple[str, ...], budget: Budget) -> Iterator[Piece]:
    for caption, grid in page.finished:
        rows = list(grid.rows())
        if not rows:
            continue
        page.count += 1
        budget.take_sheet()
        yield Sheet(
            files, f"Таблица {page.count}", Format.HTML,
            height=rows[-1].number, caption=caption, merges=tuple(grid.merges),
            hidden_columns=tuple(sorted(grid.hidden_columns)),
        )  # fmt: skip
        yield rows
    page.finished.clear()


class _Cell:
    def __init__(self, right: int, down: int) -> None:
        self.right, self.down = right, down
        self.text: list[str] = []


class _Page(HTMLParser):
    """What is between the tags, laid out into grids."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(convert_charrefs=True)
        self.finished: list[tuple[tuple[str, ...], Grid]] = []
        self.count = 0
        self._budget = budget
        self._open: list[tuple[Grid, tuple[str, ...]]] = []
        self._cells: list[_Cell | None] = []
        self._outside: list[str] = []
        self._silent = 0

    def is_open(self) -> bool:
        """Whether a table has begun and not ended."""
        return bool(self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: text or "" for name, text in attrs}
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            self._table()
        elif tag in _LINES:
            self.handle_data("\n")
        elif self._open:
            self._in_table(tag, said)

    def _in_table(self, tag: str, said: dict[str, str]) -> None:
        grid, _ = self._open[-1]
        if tag == "tr":
            self._end_cell()
            grid.row(hidden=bool(_HIDDEN.search(said.get("style", ""))))
        elif tag in ("td", "th"):
            self._end_cell()
            right, down = (max(number(said.get(way), 1), 1) - 1 for way in ("colspan", "rowspan"))
            self._cells[-1] = _Cell(right, down)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(self._silent - 1, 0)
        elif tag in ("td", "th", "tr") and self._open:
            self._end_cell()
        elif tag == "table" and self._open:
            self._end_cell()
            grid, caption = self._open.pop()
            self._cells.pop()
            self.finished.append((caption, grid))
        elif tag in _LINES:
            self.handle_data("\n")

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        cell = self._cells[-1] if self._cells else None
        if cell is not None:
            cell.text.append(data)
        elif not self._open and len(self._outside) < _MOST_CAPTION * 20:
            self._outside.append(data)

    def _table(self) -> None:
        if len(self._open) >= MOST_DEEP:
            raise FileProblem(_DEEP)
        lines = _clean("".join(self._outside)).split("\n")
        caption = tuple(line[:_LONGEST_CAPTION] for line in lines if line)[-_MOST_CAPTION:]
        self._outside.clear()
        self._open.append((Grid(self._budget), caption))
        self._cells.append(None)

    def _end_cell(self) -> None:
        cell = self._cells[-1]
        if cell is not None:
            grid, _ = self._open[-1]
            grid.cell(_clean("".join(cell.text)), right=cell.right, down=cell.down)
        self._cells[-1] = None


def _clean(text: str) -> str:
    """Lines with single spaces, no empty ones."""
    lines = (line.strip() for line in _SPACES.sub(" ", text).split("\n"))
    return "\n".join(line for line in lines if line)
