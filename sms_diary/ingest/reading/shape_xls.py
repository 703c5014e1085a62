"""The shapes of the sheets of an XLS ([MS-XLS], records of BIFF8)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading.limits import LOCKED, Limits
from sms_diary.ingest.reading.ole2 import DAMAGED, stream
from sms_diary.ingest.reading.shape import Shape

_BOF, _EOF, _FORMULA, _DATEMODE, _FILEPASS = 0x0809, 0x000A, 0x0006, 0x0022, 0x002F
_COLINFO, _BOUNDSHEET, _ROW, _BOOLERR = 0x007D, 0x0085, 0x0208, 0x0205
_VALUES = frozenset({_FORMULA, _BOOLERR, 0x00BD, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x027E})
_ROW_HIDDEN, _COLUMN_HIDDEN = 0x20, 0x01
_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!",
    0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
}  # fmt: skip


def shapes(data: bytes, limits: Limits) -> dict[str, Shape]:
    """The shape of each worksheet by its name. Raises `FileProblem`."""
    try:
        return _shapes(stream(data, "Workbook", "Book"), limits)
    except (struct.error, IndexError) as wrong:
        raise FileProblem(DAMAGED) from wrong


def _shapes(book: bytes, limits: Limits) -> dict[str, Shape]:
    date1904 = False
    starts: dict[str, int] = {}
    for kind, body in _records(book, 0):
        if kind == _FILEPASS:
            raise FileProblem(LOCKED)
        if kind == _DATEMODE:
            date1904 = body[:1] == b"\x01"
        elif kind == _BOUNDSHEET:
            (at,) = struct.unpack_from("<I", body)
            starts[_name(body)] = at
    found = {}
    for name, at in starts.items():
        found[name] = shape = Shape(name, date1904=date1904)
        for kind, body in _records(book, at):
            _note(shape, kind, body, limits)
    return found


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each record from `at` to the end of that substream."""
    if struct.unpack_from("<H", book, at)[0] != _BOF:
        raise FileProblem(DAMAGED)
    while True:
        kind, length = struct.unpack_from("<HH", book, at)
        if kind == _EOF:
            return
        yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length


def _name(body: bytes) -> str:
    """A short string of BIFF8: a count, a flag of two bytes a character, the characters."""
    count, wide = body[6], body[7] & 1
    return body[8 : 8 + count * (1 + wide)].decode("utf-16-le" if wide else "latin-1", "replace")


def _note(shape: Shape, kind: int, body: bytes, limits: Limits) -> None:
    if kind in _VALUES:
        row, column = struct.unpack_from("<HH", body)
        shape.filled(row + 1, column, limits)
        _note_error(shape, kind, body, (row + 1, column))
    elif kind == _ROW:
        if struct.unpack_from("<H", body, 12)[0] & _ROW_HIDDEN:
            shape.hide_row(struct.unpack_from("<H", body)[0] + 1, limits)
    elif kind == _COLINFO:
        first, last, _, _, options = struct.unpack_from("<5H", body)
        if options & _COLUMN_HIDDEN:
            shape.hide_columns(first, last, limits)


def _note_error(shape: Shape, kind: int, body: bytes, place: tuple[int, int]) -> None:
    if kind == _BOOLERR and body[7]:
        shape.error(*place, _ERRORS.get(body[6], "#?"))
    elif kind == _FORMULA and body[6] == 2 and body[12:14] == b"\xff\xff":  # noqa: PLR2004
        shape.error(*place, _ERRORS.get(body[8], "#?"))
