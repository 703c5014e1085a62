"""A file of a form (multipart/form-data, RFC 7578) on its way to disk, within limits.

What a form may hold, and what is said of one that is refused, is its reader's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from aiohttp import BodyPartReader

_PATIENCE = 30.0
T = TypeVar("T")


class TooLarge(Exception):
    """More bytes than were to come."""


class TooSlow(Exception):
    """Nothing came for half a minute."""


async def copied(part: BodyPartReader, path: Path, *, most: int) -> int:
    """The part as the file `path`; its bytes, `most` at the most. Raises TooLarge, TooSlow."""
    size = 0
    with await asyncio.to_thread(path.open, "wb") as out:
        while chunk := await patiently(part.read_chunk):
            size += len(chunk)
            if size > most:
                raise TooLarge
            await asyncio.to_thread(out.write, chunk)
    return size


async def patiently(step: Callable[[], Awaitable[T]]) -> T:
    """One step of reading. Raises TooSlow."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await step()
    except TimeoutError:
        raise TooSlow from None
