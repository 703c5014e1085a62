"""A posted form, read within bounds; what its fields may hold is its reader's.

Its files go to disk as they come, and stay there as long as the request is answered.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import MultiMapping

from sms_diary.values import value
from sms_diary.web.upload import TooLarge, TooSlow, copied

_MOST_FIELDS = 2_000
_LONGEST_FIELD = 256 * 1024
_TOO_LARGE = "Файлы слишком большие. Разделите их на несколько загрузок."
_TOO_SLOW = "Файл перестал приходить. Отправьте его ещё раз."


@value
class File:
    """An uploaded file at `path`, of `size` bytes; its name is what the browser says, shown but
    never made a path of."""

    name: str
    path: Path
    size: int


@value
class Posted:
    fields: Mapping[str, Sequence[str]]
    files: Mapping[str, Sequence[File]]


class Unreadable(Exception):
    """No form that we can read; the text says why, in Russian."""


NOTHING = Posted({}, {})


@asynccontextmanager
async def received(request: web.Request, *, upload: int) -> AsyncIterator[Posted]:
    """The posted form with files up to `upload` bytes together. Raises Unreadable.

    What has not been moved by the end is gone.
    """
    if not upload:
        yield await read(request)
        return
    with tempfile.TemporaryDirectory(prefix="sms-diary-") as folder:
        yield await read(request, upload=upload, folder=Path(folder))


async def read(request: web.Request, *, upload: int = 0, folder: Path | None = None) -> Posted:
    """The posted form; its files in this folder, without one it may have none. Raises
    Unreadable."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Unreadable("Форма пришла сжатой, так её не прочитать.")
    try:
        if request.content_type == "multipart/form-data":
            return await _parts(request, upload, folder)
        return Posted(_typed(await request.post()), {})
    except (ValueError, LookupError, AssertionError, HttpProcessingError) as error:
        raise Unreadable("Форма не читается. Откройте страницу заново и повторите.") from error
    except web.HTTPRequestEntityTooLarge:
        raise Unreadable("Форма слишком большая.") from None
    except TooLarge:
        raise Unreadable(_TOO_LARGE) from None
    except TooSlow:
        raise Unreadable(_TOO_SLOW) from None


def _typed(posted: MultiMapping[str | bytes | bytearray | web.FileField]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, typed in posted.items():
        if isinstance(typed, str):
            fields.setdefault(name, []).append(_plain(typed))
    return fields


async def _parts(request: web.Request, upload: int, folder: Path | None) -> Posted:
    fields: dict[str, list[str]] = {}
    files: dict[str, list[File]] = {}
    left, count = upload, 0
    async for part in await request.multipart():
        count += 1
        if not isinstance(part, BodyPartReader) or not part.name or count > _MOST_FIELDS:
            raise Unreadable("Форма не читается. Откройте страницу заново и повторите.")
        if part.filename is None:
            text = (await _bounded(part, _LONGEST_FIELD)).decode()
            fields.setdefault(part.name, []).append(_plain(text))
            continue
        if folder is None:
            await _bounded(part, 0)
            continue
        path = folder / str(count)
        size = await copied(part, path, most=left)
        left -= size
        if size or part.filename:
            files.setdefault(part.name, []).append(File(part.filename, path, size))
    return Posted(fields, files)


async def _bounded(part: BodyPartReader, most: int) -> bytes:
    body = bytearray()
    while chunk := await part.read_chunk():
        body += chunk
        if len(body) > most:
            raise TooLarge
    return bytes(body)


def _plain(text: str) -> str:
    """Line breaks as ours are; browsers send both characters. PostgreSQL keeps no NUL."""
    return text.replace("\r\n", "\n").replace("\0", "")
