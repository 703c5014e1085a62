"""Where in a TOML text its keys stand: tomllib does not tell, and whoever wrote it must know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"\s*([\w\"'.\s-]+?)\s*=")
_FENCE = re.compile(r'"""|' + "'''")
_Place = tuple[str | int, ...]


class Lines:
    """Good for tables and keys on lines of their own, as these files are written; what it does not
    find is told without a line."""

    def __init__(self, text: str) -> None:
        self._at: dict[_Place, int] = dict(_positions(text))

    def told(self, place: Sequence[str | int]) -> str:
        """`строка 7, smpp.codes.2.scope`, the line of the nearest thing that is there."""
        key = ".".join(str(step + 1) if isinstance(step, int) else step for step in place)
        for length in range(len(place), 0, -1):
            if line := self._at.get(tuple(place[:length])):
                return f"строка {line}, {key}"
        return key or "файл"


def _positions(text: str) -> Iterator[tuple[_Place, int]]:
    table: _Place = ()
    counts: dict[_Place, int] = {}
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        fences = len(_FENCE.findall(line))
        if inside:
            inside = fences % 2 == 0
            continue
        if header := _HEADER.match(line):
            table = _placed(_path(header[2]), counts)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield table, number
        elif key := _KEY.match(line):
            yield (*table, *_path(key[1])), number
        inside = fences % 2 == 1


def _placed(path: tuple[str, ...], counts: dict[_Place, int]) -> _Place:
    """The table, with the place of the last entry of each list of tables on its way."""
    found: _Place = ()
    for step in path:
        if found in counts:
            found = (*found, counts[found])
        found = (*found, step)
    return found


def _path(text: str) -> tuple[str, ...]:
    return tuple(step.strip(" \t\"'") for step in text.split("."))
