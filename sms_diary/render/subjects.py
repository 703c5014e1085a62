"""Names of school subjects and kinds of work in every length, read from the data files.

The tables are data (`templates/subjects.txt`, `templates/works.txt`); here is how they are
read and looked up. Comparing subjects of two doors is `ingest.subjects`' business.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sms_diary.errors import ConfigError
from sms_diary.render.ladder import LADDER
from sms_diary.render.plain import illness, plain


class Work(NamedTuple):
    """A kind of work by level, and its participle in «не сдана»; "" where unknown."""

    forms: tuple[str, ...]
    handed_in: str


_LONGEST = 100_000
"""Characters of a table: all that is taught, many times over."""
_STUB = 8
_REMEMBERED = 4096
_GROUP = re.compile(r"[/,(]?\s*\b\d+\s*(?:-?я\s*)?(?:под)?гр(?:упп\w*)?\b\.?\s*\)?")
_BRACKETS = re.compile(r"\([^()]*\)")
_NOT_WORD = re.compile(r"[^\w/-]+")
_DASHES = re.compile(r"\s*[‐‑‒–—―−-]\s*")
_FIRST_WORD = re.compile(r"\w+")


class Subjects:
    """Every subject and kind of work in the length that a level asks for; never fails on a name."""

    def __init__(self, subjects: str, works: str = "") -> None:
        """Texts of the two tables. Raises ConfigError, in Russian, with the line at fault."""
        self._subjects = _table(subjects, "subjects.txt", (4, 5), names=5)
        self._works = _table(works, "works.txt", (4,), names=3)
        self._known: dict[str, tuple[str, ...]] = {}
        self._known_works: dict[str, Work] = {}

    def extended(self, subjects: str, works: str = "") -> Subjects:
        """With a school's own rows, which beat those there are; same columns, same errors."""
        own = Subjects(subjects, works)
        own._subjects = self._subjects | own._subjects
        own._works = self._works | own._works
        return own

    def forms(self, name: str) -> tuple[str, ...]:
        """The subject by `Level`, as it stands inside a text; six empty ones for no name."""
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[name] = self._find(name)
        return known

    def work(self, name: str) -> Work:
        """The kind of work by `Level`; at the barest it is left out."""
        known = self._known_works.get(name)
        if known is None:
            if len(self._known_works) >= _REMEMBERED:
                self._known_works.clear()
            known = self._known_works[name] = self._find_work(name)
        return known

    def _find(self, name: str) -> tuple[str, ...]:
        if columns := _look_up(self._subjects, name):
            return tuple(columns[min(rung.subject, len(columns) - 1)] for rung in LADDER.values())
        whole = _inside(plain(name))
        stub = _stub(whole)
        return tuple(whole if rung.cases else stub for rung in LADDER.values())

    def _find_work(self, name: str) -> Work:
        columns = _look_up(self._works, name)
        if columns is None:
            # «Сдано по болезни» is no kind of work.
            whole = "" if illness(name) else _inside(plain(name))
            columns = (whole, whole, _stub(whole), "")
        forms = [rung.work if rung.work is None else columns[rung.work] for rung in LADDER.values()]
        return Work(tuple(form or "" for form in forms), columns[-1])


def key(name: str) -> str:
    """The comparable form of a name: lower case, ё as е, no dots, no subgroup, one kind of dash."""
    text = _GROUP.sub(" ", name.lower().replace("ё", "е"))
    return " ".join(_NOT_WORD.sub(" ", _DASHES.sub("-", text)).split())


def _look_up(table: dict[str, tuple[str, ...]], name: str) -> tuple[str, ...] | None:
    """By the whole name first («труд (технология)»), then without what is in brackets."""
    found = table.get(key(name))
    return found or table.get(key(_BRACKETS.sub(" ", name)))


def _table(
    source: str, file: str, widths: tuple[int, ...], *, names: int
) -> dict[str, tuple[str, ...]]:
    """Columns by every name; the full name of one row beats an abbreviation of another."""
    if len(source) > _LONGEST:
        raise ConfigError(f"{file}: длиннее {_LONGEST} знаков")
    full: dict[str, tuple[str, ...]] = {}
    other: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(source.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"{file}, строка {number}"
        left, _, right = line.partition("=")
        columns = _columns(left, widths, where)
        if full.setdefault(key(columns[0]), columns) is not columns:
            raise ConfigError(f"{where}: «{columns[0]}» уже есть выше")
        for name in (*columns[1:names], *right.split(",")):
            other.setdefault(key(name), columns)
    found = other | full
    found.pop("", None)
    return found


def _columns(left: str, widths: tuple[int, ...], where: str) -> tuple[str, ...]:
    columns = tuple(form.strip() for form in left.split("|"))
    if len(columns) not in widths or not all(columns):
        raise ConfigError(f"{where}: нужно {widths[0]} столбца через «|»")
    for form in columns:
        if plain(form) != form:
            raise ConfigError(f"{where}: в «{form[:40]}» адрес сайта, разметка или лишний знак")
        if illness(form):
            raise ConfigError(f"{where}: «{form[:40]}»: о болезни в SMS не пишем")
    return columns


def _inside(name: str) -> str:
    """«Робототехника» as it stands inside a text; abbreviations stay as they are."""
    second = name[1:2]
    return name[:1].lower() + name[1:] if second.islower() and name[1:].islower() else name


def _stub(name: str) -> str:
    """An unknown subject in short: the first word up to eight letters and a dot."""
    first = _FIRST_WORD.search(name)
    word = first[0] if first else name
    stub = word[:_STUB] + "."
    return stub if len(stub) < len(name) else name
