"""A posted form, read within bounds; what its fields may hold is its reader's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from sms_diary.values import value

_MOST_FIELDS = 2_000
_LONGEST_FIELD = 256 * 1024


@value
class File:
    """An uploaded file; its name is what the browser says, shown but never opened."""

    name: str
    body: bytes


@value
class Posted:
    fields: Mapping[str, Sequence[str]]
    files: Mapping[str, Sequence[File]]


class Unreadable(Exception):
    """No form that we can read; the text says why, in Russian."""


NOTHING = Posted({}, {})


async def read(request: web.Request, *, upload: int) -> Posted:
    """The posted form; files up to `upload` bytes together. Raises Unreadable."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise Unreadable("Форма пришла сжатой, так её не прочитать.")
    try:
        if request.content_type == "multipart/form-data":
            return await _parts(request, upload)
        posted = await request.post()
    except (ValueError, LookupError, AssertionError, HttpProcessingError) as error:
        raise Unreadable("Форма не читается. Откройте страницу заново и повторите.") from error
    except web.HTTPRequestEntityTooLarge:
        raise Unreadable("Форма слишком большая.") from None
    fields: dict[str, list[str]] = {}
    for name, typed in posted.items():
        if isinstance(typed, str):
            fields.setdefault(name, []).append(_plain(typed))
    return Posted(fields, {})


async def _parts(request: web.Request, upload: int) -> Posted:
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
        body = await _bounded(part, left)
        left -= len(body)
        if body or part.filename:
            files.setdefault(part.name, []).append(File(part.filename, body))
    return Posted(fields, files)


async def _bounded(part: BodyPartReader, most: int) -> bytes:
    body = bytearray()
    while chunk := await part.read_chunk():
        body += chunk
        if len(body) > most:
            raise Unreadable("Файлы слишком большие. Разделите их на несколько загрузок.")
    return bytes(body)


def _plain(text: str) -> str:
    """Line breaks as ours are; browsers send both characters. PostgreSQL keeps no NUL."""
    return text.replace("\r\n", "\n").replace("\0", "")
