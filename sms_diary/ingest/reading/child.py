"""The process that reads a stranger's file: limits put on itself, bytes in, frames out.

It is started by `process`, has no settings, no database and no keys, and may die at any moment:
a parser of another's making aborts on some files, and this is the place for it.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Iterator
from typing import BinaryIO

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading import recognise
from sms_diary.ingest.reading.book import Row
from sms_diary.ingest.reading.limits import MEGABYTE, Budget, Limits
from sms_diary.ingest.reading.wire import Done, Failed, Frame, pack

_BLOCK_ROWS = 500
_BLOCK_CHARS = 256 * 1024
_CELL = 8
_FILES_OPEN = 64

NO_MEMORY = "на чтение файла не хватает памяти: разделите его на части или сохраните как CSV"
TOO_DEEP = "данные вложены слишком глубоко: выгрузите файл из журнала ещё раз"
STRANGE = "файл устроен необычно и не прочитан: откройте его в Excel и сохраните как XLSX"


def main() -> None:
    """Read standard input as the file named by the second argument; the first has the limits."""
    limits = Limits(**json.loads(sys.argv[1]))
    out = sys.stdout.buffer
    confine(limits)
    for frame in frames(sys.stdin.buffer, sys.argv[2], limits):
        out.write(pack(frame))
        out.flush()


def confine(limits: Limits) -> None:
    """Memory, time and files of this process are bounded by the system, where it can."""
    try:
        import resource  # noqa: PLC0415 - not on every system
    except ImportError:
        return
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_CPU, limits.cpu),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _FILES_OPEN),
    ):
        resource.setrlimit(what, (most, most))


def frames(source: BinaryIO, name: str, limits: Limits) -> Iterator[Frame]:
    """All that the file says, and how it ended. Nothing is raised but what kills a process."""
    budget = Budget(limits)
    try:
        data = source.read(limits.bytes + 1)
        if len(data) > limits.bytes:
            yield Failed(f"файл больше {limits.bytes // MEGABYTE} МБ: разделите его на части")
            return
        yield from _in_blocks(recognise.pieces(data, (name,), budget))
        yield Done()
    except FileProblem as problem:
        yield Failed(str(problem))
    except MemoryError:
        yield Failed(NO_MEMORY)
    except RecursionError:
        yield Failed(TOO_DEEP)
    # A panic of a library in Rust is no Exception; the parent is told where it was.
    except BaseException as wrong:
        yield Failed(STRANGE, _place(wrong))


def _place(wrong: BaseException) -> str:
    """The kind of an error and where it came from, without what it says of the file."""
    last = traceback.extract_tb(wrong.__traceback__)[-1]
    return f"{type(wrong).__name__} at {last.filename}:{last.lineno}"


def _in_blocks(pieces: Iterator[Frame]) -> Iterator[Frame]:
    """The pieces with rows gathered into blocks that are worth a frame."""
    block: list[Row] = []
    size = 0
    for piece in pieces:
        if isinstance(piece, list):
            for row in piece:
                size += _size(row)
                block.append(row)
                if len(block) >= _BLOCK_ROWS or size > _BLOCK_CHARS:
                    yield block
                    block, size = [], 0
            continue
        if block:
            yield block
            block, size = [], 0
        yield piece
    if block:
        yield block


def _size(row: Row) -> int:
    return sum(len(cell) if isinstance(cell, str) else _CELL for cell in row.cells)


if __name__ == "__main__":
    main()
