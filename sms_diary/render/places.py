"""Where something stands in a template: line and column, which jinja does not keep.

Jinja's nodes know their line only. So a template is spread out, each of its signs on a line of
its own, and what the parser says of those lines is turned back. Knows no rule of what is allowed.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from jinja2 import Environment, TemplateSyntaxError

_OUTSIDE = frozenset({"data", "raw_begin", "raw_end", "comment_begin", "comment", "comment_end"})


class Place(NamedTuple):
    """From 1, as editors count."""

    line: int
    column: int


class Spread:
    """A template with one sign a line; `source` has the meaning of the original."""

    def __init__(self, environment: Environment, original: str) -> None:
        """Raises `Unreadable` where not even signs can be told apart."""
        self._original = original
        self._lines = [1]
        self._offsets = [0]
        self.data: list[tuple[int, str]] = []
        """Text outside of braces, with where it begins."""
        self.inside = 0
        """How many signs stand in braces."""
        pieces, line, at = [], 1, 0
        try:
            for _, kind, sign in environment.lexer.tokeniter(original, None):
                if kind == "whitespace":
                    continue
                at = original.index(sign, at)
                self.inside += kind not in _OUTSIDE
                if kind == "data":
                    self.data.append((at, sign))
                spread = sign if kind in _OUTSIDE else f"\n{sign}"
                line += spread.count("\n") - sign.count("\n")
                self._lines.append(line)
                self._offsets.append(at)
                line += sign.count("\n")
                at += len(sign)
                pieces.append(spread)
        except TemplateSyntaxError as wrong:
            gap = len(original[at:]) - len(original[at:].lstrip())
            raise Unreadable(self.place(at + gap), wrong.message or "") from None
        self.source = "".join(pieces)

    def of_line(self, line: int) -> Place:
        """Where the sign of that line of the spread template stands in the original."""
        return self.place(self._offsets[bisect_right(self._lines, line) - 1])

    def place(self, offset: int) -> Place:
        before = self._original[:offset]
        return Place(before.count("\n") + 1, offset - before.rfind("\n"))


class Unreadable(Exception):
    """Where the template stops to be one, and what jinja says to that."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message
