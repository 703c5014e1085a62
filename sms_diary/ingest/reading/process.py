"""The door of reading: a child process for each file, and its words as a stream.

The event loop never waits for a parser, and this process never holds more of a file than a block
of rows. Every way to fail ends in `FileProblem` with one Russian sentence.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import structlog

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading.book import Book, Piece, Refused, Row, Sheet, Table
from sms_diary.ingest.reading.limits import Limits
from sms_diary.ingest.reading.wire import HEAD, MOST, At, Done, Failed, Frame, unpack
from sms_diary.ingest.values import clean_line

log = structlog.get_logger(__name__)

DIED = (
    "файл не удалось прочитать: он повреждён или требует слишком много памяти;"
    " откройте его в Excel, скопируйте таблицу в новую книгу и сохраните"
)
TOO_LONG = "чтение файла длится слишком долго: разделите его на части или сохраните как CSV"
UNREADABLE = "файл не читается с диска: проверьте имя и права"

_ROOT = Path(__file__).resolve().parents[3]
_CHILD = "sms_diary.ingest.reading.child"
_LONGEST_NAME = 120
_CHUNK = 256 * 1024


async def read(source: Path | bytes, name: str = "", limits: Limits | None = None) -> Book:
    """The whole of a file, for one that is known to be small. See `stream`."""
    tables: list[tuple[Sheet, list[Row]]] = []
    refused: list[Refused] = []
    async with stream(source, name, limits) as pieces:
        async for piece in pieces:
            if isinstance(piece, Sheet):
                tables.append((piece, []))
            elif isinstance(piece, Refused):
                refused.append(piece)
            else:
                tables[-1][1].extend(piece)
    bad = {one.files for one in refused}
    good = [one for one in tables if not any(one[0].files[: len(files)] == files for files in bad)]
    return Book(tuple(Table(sheet, tuple(rows)) for sheet, rows in good), tuple(refused))


@contextlib.asynccontextmanager
async def stream(
    source: Path | bytes, name: str = "", limits: Limits | None = None
) -> AsyncIterator[AsyncIterator[Piece]]:
    """The pieces of a file as they are read: a sheet, blocks of its rows, the next sheet.

    `name` is what people call it. The child reads no further than a pipe ahead of the caller,
    and ends with the block. Raises `FileProblem`, perhaps after many pieces: nothing of a file
    may be applied before its end is seen.
    """
    limits = limits or Limits()
    shown = clean_line(name or (source.name if isinstance(source, Path) else ""))[-_LONGEST_NAME:]
    async with _child(source, shown, limits) as child:
        yield _pieces(child, limits)


@contextlib.asynccontextmanager
async def _child(
    source: Path | bytes, name: str, limits: Limits
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A running child that is fed; dead when the block is left."""
    with contextlib.ExitStack() as files:
        stdin = asyncio.subprocess.PIPE
        if isinstance(source, Path):
            try:
                stdin = files.enter_context(await asyncio.to_thread(source.open, "rb")).fileno()
            except OSError as wrong:
                raise FileProblem(UNREADABLE) from wrong
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-sP", "-X", "utf8", "-m", _CHILD),
            *(json.dumps(asdict(limits)), name),
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment(),
        )
    feeding = asyncio.create_task(_feed(child, source)) if isinstance(source, bytes) else None
    try:
        yield child
    finally:
        if feeding:
            feeding.cancel()
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


def environment() -> dict[str, str]:
    """Nothing of ours but the way to the program: no setting, no key."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "PATH") if name in os.environ}
    return kept | {"PYTHONPATH": str(_ROOT), "MALLOC_ARENA_MAX": "2"}


async def _feed(child: asyncio.subprocess.Process, data: bytes) -> None:
    assert child.stdin is not None
    with contextlib.suppress(ConnectionError):  # the child may have read enough, or be dead
        for at in range(0, len(data), _CHUNK):
            child.stdin.write(memoryview(data)[at : at + _CHUNK])
            await child.stdin.drain()
    child.stdin.close()


async def _pieces(child: asyncio.subprocess.Process, limits: Limits) -> AsyncIterator[Piece]:
    assert child.stdout is not None
    left = limits.seconds
    at: tuple[str, ...] = ()
    while True:
        began = time.monotonic()  # the machine's own seconds: a limit, no time of the domain
        frame = await _next(child.stdout, min(left, limits.patience), at)
        left -= time.monotonic() - began
        if isinstance(frame, Done):
            return
        if isinstance(frame, Failed):
            if frame.inner:
                log.warning("file not read", where=frame.inner)
            raise FileProblem(frame.reason)
        if isinstance(frame, At):
            at = frame.files
        else:
            yield frame


async def _next(stdout: asyncio.StreamReader, seconds: float, at: tuple[str, ...]) -> Frame:
    try:
        async with asyncio.timeout(max(seconds, 0)):
            length = int.from_bytes(await stdout.readexactly(HEAD), "big")
            if length > MOST:
                raise FileProblem(_of(at, DIED))
            return unpack(await stdout.readexactly(length))
    except TimeoutError:
        raise FileProblem(_of(at, TOO_LONG)) from None
    except asyncio.IncompleteReadError:
        raise FileProblem(_of(at, DIED)) from None


def _of(at: tuple[str, ...], reason: str) -> str:
    return f"«{at[-1]}»: {reason}" if at else reason
