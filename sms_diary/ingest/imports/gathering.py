"""The service's side of reading an import: small files here, large ones in another process."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from sms_diary.errors import FileProblem
from sms_diary.ingest.imports import gather
from sms_diary.ingest.imports.gather import HEAD, Frame, Order, Source
from sms_diary.ingest.reading.process import UNREADABLE, environment

_SMALL = 512 * 1024
"""Bytes that are read in this process: another one takes half a second to start."""
_PATIENCE = 300.0
_BLOCK = 1024 * 1024
DIED = "файлы не удалось прочитать: их слишком много для одной загрузки; разделите их"


async def frames(order: Order) -> AsyncIterator[Frame]:
    """What each file is, then the chunks. Raises `FileProblem`."""
    if await asyncio.to_thread(_size, order.sources) <= _SMALL:
        async for frame in gather.gather(order):
            yield frame
        return
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-sP", "-X", "utf8", "-m", gather.__name__,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, env=environment(),
    )  # fmt: skip
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(gather.packed_order(order))
        child.stdin.close()
        while (body := await _next(child.stdout)) is not None:
            yield gather.unpacked_frame(body)
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()


async def _next(stdout: asyncio.StreamReader) -> bytes | None:
    try:
        async with asyncio.timeout(_PATIENCE):
            length = int.from_bytes(await stdout.readexactly(HEAD), "big")
            return await stdout.readexactly(length) if length else None
    except (TimeoutError, asyncio.IncompleteReadError):
        raise FileProblem(DIED) from None


def _size(sources: Sequence[Source]) -> int:
    try:
        return sum(Path(one.path).stat().st_size for one in sources)
    except OSError as wrong:
        raise FileProblem(UNREADABLE) from wrong


def digest(sources: Sequence[Source]) -> bytes:
    """One sha256 over those of the files, whatever they are called."""
    whole = hashlib.sha256()
    for one in sources:
        own = hashlib.sha256()
        try:
            with Path(one.path).open("rb") as file:
                while block := file.read(_BLOCK):
                    own.update(block)
        except OSError as wrong:
            raise FileProblem(UNREADABLE) from wrong
        whole.update(own.digest())
    return whole.digest()
