"""XML from strangers: one pass, no DTD, no entities of their own, bounded depth.

A DTD is what every trick with entities begins with; no spreadsheet has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn
from xml.parsers import expat

from sms_diary.errors import FileProblem

MOST_DEEP = 100
_MOST_NAMES = 1_000
Attributes = dict[str, str]

_DAMAGED = "файл повреждён или обрывается: откройте его в Excel и сохраните заново"
_DTD = (
    "в файле чужие определения XML (DTD), так делают вредоносные файлы:"
    " сохраните его в Excel заново"
)
_DEEP = "файл вложен сам в себя слишком глубоко: откройте его в Excel и сохраните заново"


class Scan:
    """One quick pass: calls a handler for each element that begins and has one by its local name.

    What a sheet has millions of costs a look-up and perhaps a call. Ends are not told.
    """

    def __init__(
        self,
        handlers: Mapping[str, Callable[[Attributes], None]],
        text: Callable[[str], object] = len,
    ) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.StartDoctypeDeclHandler = _refuse_dtd
        self._text = text
        self._handlers = handlers
        self._by_name: dict[str, Callable[[Attributes], None] | None] = {}

    def listen(self, on: bool) -> None:
        """Begin or stop to hear text."""
        self._parser.CharacterDataHandler = self._text if on else None

    def feed(self, chunks: Iterable[bytes]) -> None:
        """Read all of it. Raises `FileProblem` for XML that is broken, deep or has a DTD."""
        try:
            for chunk in chunks:
                self._parser.Parse(chunk, False)
            self._parser.Parse(b"", True)
        except (expat.ExpatError, ValueError, LookupError) as wrong:
            raise FileProblem(_DAMAGED) from wrong

    def _start(self, name: str, attributes: Attributes) -> None:
        try:
            handler = self._by_name[name]
        except KeyError:
            handler = self._handler(name)
        if handler is not None:
            handler(attributes)

    def _handler(self, name: str) -> Callable[[Attributes], None] | None:
        """Found once a name: a format has few; a file that makes up more is not remembered."""
        handler = self._handlers.get(name.rpartition(":")[2])
        if len(self._by_name) < _MOST_NAMES:
            self._by_name[name] = handler
        return handler


class Walk(Scan):
    """A pass that tells ends too, and refuses what is nested deeper than any sheet.

    `start(local name, attributes)`, `end(local name)`.
    """

    def __init__(
        self,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None],
        text: Callable[[str], object],
    ) -> None:
        super().__init__({}, text)
        self._parser.EndElementHandler = self._end
        self._start_of, self._end_of = start, end
        self._depth = 0

    def _start(self, name: str, attributes: Attributes) -> None:
        self._depth += 1
        if self._depth > MOST_DEEP:
            raise FileProblem(_DEEP)
        self._start_of(name.rpartition(":")[2], attributes)

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._end_of(name.rpartition(":")[2])


def local_names(attributes: Attributes) -> Attributes:
    """The attributes without prefixes."""
    return {name.rpartition(":")[2]: said for name, said in attributes.items()}


def number(text: str | None, default: int) -> int:
    """A whole number of an attribute; anything else is the default, and a huge one is cut."""
    if text is None or not text.isascii() or not text.isdigit():
        return default
    return int(text[:9])


def _refuse_dtd(*_: object) -> NoReturn:
    raise FileProblem(_DTD)
