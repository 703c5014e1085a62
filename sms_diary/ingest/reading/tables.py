"""Tables in sheets: where the headings are, which rows are data, and whose row it is.

The heading stands in one of the first 20 rows, in one storey or two. Totals, signatures and
repeated headings below are no data; a row without a pupil goes on about the pupil above. Pure:
rows come one after another, so that a long sheet is never held whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading.book import Area, Row, Sheet, Spread, Value, spread, text_of
from sms_diary.ingest.reading.headings import NUMBERING, Field, field_of
from sms_diary.ingest.reading.layout import Column, Layout, missing
from sms_diary.ingest.values import clean_line
from sms_diary.values import value

LOOK_AT = 20
"""The headings stand within this many first rows."""

_KNOWN_ENOUGH = 2
_NAMES = ("pupil", "surname", "first", "patronymic")
_LEAST_NUMBERED = 3
_UPPER_TEXTS = 2
_DIGIT = re.compile(r"\d")
_FOOTER = re.compile(
    r"(?:всего|итого|классный руководитель|кл\.? ?рук\w*|директор|зам\.? ?директора|завуч"
    r"|составил\w*|исполнитель|подпись|примечани\w+|условные обозначения|легенда"
    r"|дата (?:печати|выгрузки|формирования)|(?:отч[её]т )?сформирован\w*)\b"
    r"|(?:учитель|преподаватель)\s*[:_(/]",
    re.IGNORECASE,
)


class Part(StrEnum):
    """What a row below the headings is. `NOTE`: a total, a signature, headings again."""

    DATA = "data"
    CONTINUED = "continued"
    NOTE = "note"
    BLANK = "blank"


@value
class Record:
    """A row with its part. `pupil` is a row above for one that goes on about that pupil.

    `pupil` has the name as in that row; "" if there was none.
    """

    part: Part
    row: Row
    pupil: str = ""
    class_name: str = ""


def is_footer(text: str) -> bool:
    """Whether a cell begins as a total or a signature does."""
    return _FOOTER.match(text) is not None


def find_layout(
    rows: Sequence[Row], sheet: Sheet, fields: Sequence[Field], needed: Sequence[str] = ()
) -> Layout:
    """The layout of the row, or two, among the first `LOOK_AT` rows with most known headings.

    `rows` are as read; merged cells are known by the sheet. `needed` are fields without which
    the table is of no use. Raises `FileProblem` that names what is missing.
    """
    best = guess(rows, sheet, fields)
    if best is None:
        wanted = [field for field in fields if field.name in needed] or fields
        titles = ", ".join(f"«{field.title}»" for field in wanted)
        raise FileProblem(f"не найдена строка с заголовками столбцов; нужны: {titles}")
    if lacking := missing(best, fields, needed):
        titles = ", ".join(f"«{title}»" for title in lacking)
        raise FileProblem(
            f"строка {best.last}: нет столбца {titles}; назовите столбец так или укажите его"
        )
    return best


def guess(rows: Sequence[Row], sheet: Sheet, fields: Sequence[Field]) -> Layout | None:
    """The likeliest layout, or None where fewer than two headings are known.

    Of equals two storeys win, since they say more, and then the upper ones.
    """
    top = list(spread(rows[:LOOK_AT], sheet.merges))
    layouts = [_layout(storeys, sheet, fields) for storeys in _two_storeys(top, sheet.merges)]
    layouts += [_layout((row,), sheet, fields) for row in top]
    best = max(layouts, key=_score, default=None)
    return best if best is not None and _score(best) >= _KNOWN_ENOUGH else None


def _score(layout: Layout) -> int:
    return len({(column.field, column.group) for column in layout.columns if column.field})


def _two_storeys(top: Sequence[Row], merges: Sequence[Area]) -> Iterator[tuple[Row, Row]]:
    """Neighbouring rows that may be one heading: the upper says something of several columns."""
    for upper, lower in pairwise(top):
        said = {cell for cell in upper.cells if cell != ""}
        if lower.number != upper.number + 1 or len(said) < _UPPER_TEXTS:
            continue  # one text above is a title
        if any(_joins(area, upper.number) for area in merges):
            yield upper, lower
        elif not merges and _goes_on(upper, lower):
            yield _carried(upper, lower), lower


def _joins(area: Area, number: int) -> bool:
    """A merged heading over several columns, or one that reaches down to the next row."""
    wide = area.bottom == number and area.right > area.left
    return area.top == number and (wide or area.bottom == number + 1)


def _goes_on(upper: Row, lower: Row) -> bool:
    """Without merged cells: words stand below, and in the gaps of the row above too."""
    below = {at: cell for at, cell in enumerate(lower.cells) if cell != ""}
    gaps = [at for at in below if at >= len(upper.cells) or upper.cells[at] == ""]
    words = all(isinstance(cell, str) and not _DIGIT.search(cell) for cell in below.values())
    return bool(gaps) and words and len(below) < len(upper.cells) + 1


def _carried(upper: Row, lower: Row) -> Row:
    """The upper row with each text carried on over the words below, as if it were merged."""
    cells: list[Value] = []
    for at, below in enumerate(lower.cells):
        own = upper.cells[at] if at < len(upper.cells) else ""
        cells.append(own if own != "" or below == "" or not cells else cells[-1])
    return Row(upper.number, (*cells, *upper.cells[len(cells) :]), upper.hidden)


def _layout(storeys: tuple[Row, ...], sheet: Sheet, fields: Sequence[Field]) -> Layout:
    columns = []
    for at in range(max(len(row.cells) for row in storeys)):
        texts = list(dict.fromkeys(filter(None, (_heading(row, at) for row in storeys))))
        if not texts or NUMBERING.fullmatch(texts[-1]):
            continue
        group = texts[0] if len(texts) > 1 else ""
        meaning = field_of(" ".join(texts), fields) or field_of(texts[-1], fields) or ""
        columns.append(Column(at, texts[-1], meaning, group, at in sheet.hidden_columns))
    return Layout(storeys[0].number, storeys[-1].number, tuple(columns))


def _heading(row: Row, at: int) -> str:
    return clean_line(text_of(row.cells[at])) if at < len(row.cells) else ""


def records(rows: Iterable[Row], layout: Layout, merges: Iterable[Area] = ()) -> Iterator[Record]:
    """Every row below the headings with what it is; `rows` may be all of the sheet, in order."""
    reader = Records(layout, merges)
    return (record for row in rows if (record := reader.read(row)) is not None)


class Records:
    """Says of each row in turn what it is; remembers the pupil of the rows above."""

    def __init__(self, layout: Layout, merges: Iterable[Area] = ()) -> None:
        self._layout = layout
        self._spread = Spread(merges)
        self._pupil = ""
        self._class = ""

    def read(self, row: Row) -> Record | None:
        """The record of the next row of the sheet; None for the headings and what is above."""
        row = self._spread.row(row)
        return self._read(row) if row.number > self._layout.last else None

    def _read(self, row: Row) -> Record:
        if row.is_blank():
            return Record(Part.BLANK, row)
        pupil = self.pupil(row)
        if self._is_note(row, pupil):
            return Record(Part.NOTE, row)
        own_class = self._layout.text(row, "class")
        if pupil or not self._knows_pupils():
            self._pupil, self._class = pupil, own_class
            return Record(Part.DATA, row, pupil, own_class)
        if not self._says_anything(row):
            return Record(Part.NOTE, row)
        return Record(Part.CONTINUED, row, self._pupil, own_class or self._class)

    def pupil(self, row: Row) -> str:
        """The pupil's name, from one column or from «Фамилия», «Имя», «Отчество»."""
        if self._layout.has("pupil"):
            return self._layout.text(row, "pupil")
        return " ".join(filter(None, (self._layout.text(row, name) for name in _NAMES)))

    def _knows_pupils(self) -> bool:
        return any(self._layout.has(name) for name in _NAMES)

    def _is_note(self, row: Row, pupil: str) -> bool:
        texts = [clean_line(text_of(cell)) for cell in row.cells]
        first = next(filter(None, texts), "")
        return is_footer(first) or is_footer(pupil) or self._repeats(texts) or _numbers(texts)

    def _repeats(self, texts: list[str]) -> bool:
        """The headings again, as on each printed page."""
        return all(
            column.at < len(texts) and texts[column.at] in (column.heading, column.group)
            for column in self._layout.columns
        )

    def _says_anything(self, row: Row) -> bool:
        """Whether a column with a meaning is filled, other than the class alone."""
        return any(
            self._layout.text(row, column.field)
            for column in self._layout.columns
            if column.field and column.field != "class"
        )


def _numbers(texts: list[str]) -> bool:
    """«1 2 3 4 …» under the headings of a form: the columns are numbered."""
    filled = list(filter(None, texts))
    return len(filled) >= _LEAST_NUMBERED and filled == [
        str(number) for number in range(1, len(filled) + 1)
    ]
