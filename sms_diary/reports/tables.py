"""A report as a value: a few facts, and tables with their pictures. None of it is of a person.

A cell keeps what it means, so that a page can say «97 %» where a spreadsheet gets 0.97.
"""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from sms_diary.clock import MINUTE, SECOND
from sms_diary.values import value
from sms_diary.web import words

FEW = 5
"""Fewer people than this are no group that may be shown to others."""


@value
class Share:
    part: int
    whole: int


@value
class Money:
    """Kopecks; None: nobody has said the price."""

    kopecks: int | None


@value
class Lasting:
    """Milliseconds; None: of nothing."""

    ms: int | None


@value
class Few:
    """A number of people that may not be told exactly: «меньше 5», or rounded to fives."""

    count: int


Cell = str | int | Share | Money | Lasting | Few


@value
class Table:
    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: bool = False
    """The last row sums up the others."""
    note: str = ""
    picture: Markup = Markup()
    """Above the table; says nothing that the table does not."""
    bar: int | None = None
    """The column, shares, that is drawn as bars too."""
    less: tuple[int, ...] = ()
    """Columns that a narrow screen leaves out: with them gone the table fits as it is."""
    empty: str = "За эти дни ничего не было."


@value
class Report:
    name: str
    """For files: Latin letters."""
    title: str
    about: str
    """Of which school and which days."""
    facts: tuple[tuple[str, Cell], ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()


def shown(cell: Cell) -> str:
    """As a page says it."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int):
        return words.number(cell)
    if isinstance(cell, Share):
        return words.share(cell.part, cell.whole)
    if isinstance(cell, Money):
        return "нет цены" if cell.kopecks is None else words.money(cell.kopecks)
    if isinstance(cell, Few):
        return _few(cell.count)
    return "—" if cell.ms is None else lasting(cell.ms)


def _few(count: int) -> str:
    if 0 < count < FEW:
        return f"меньше\N{NO-BREAK SPACE}{FEW}"
    return words.number(FEW * round(count / FEW))


def lasting(ms: int) -> str:
    """«42 с», and from a minute on in the biggest unit."""
    return words.lasting(ms) if ms >= MINUTE else f"{max(1, round(ms / SECOND))}\N{NO-BREAK SPACE}с"


def plain(cell: Cell) -> str | float:
    """As a spreadsheet keeps it: shares as fractions, money in roubles, time in seconds."""
    if isinstance(cell, Share):
        return round(cell.part / cell.whole, 4) if cell.whole else ""
    if isinstance(cell, Money):
        return "" if cell.kopecks is None else cell.kopecks / 100
    if isinstance(cell, Lasting):
        return "" if cell.ms is None else round(cell.ms / 1000, 1)
    if isinstance(cell, Few):
        return _few(cell.count).replace("\N{NO-BREAK SPACE}", " ")
    return cell


def is_number(cell: Cell) -> bool:
    """Whether it stands to the right of its column."""
    return not isinstance(cell, str)


def guarded(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """The cells for whoever may not see small groups: counts of people as `Few`, no shares."""
    return tuple(
        Few(one) if isinstance(one, int) else one for one in cells if not isinstance(one, Share)
    )
