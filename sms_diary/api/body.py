"""Reading a request's body within bounds: of type, size, time, and of bodies held at once."""

from __future__ import annotations

import asyncio

from aiohttp import web

from sms_diary.api.problem import Problem

MAX_BYTES = 1024 * 1024
_UTF8 = ("utf-8", "utf8")


class Bodies:
    """At most `most` bodies are in memory before it is known whose they are.

    A body that takes longer than `seconds` is given up: a slow one must not hold its place.
    """

    def __init__(self, *, most: int = 128, seconds: float = 30.0) -> None:
        self._most = most
        self._seconds = seconds
        self._reading = 0

    async def json(self, http: web.Request) -> bytes:
        """The body's bytes as they came; a Problem for what no JSON of ours can be."""
        _check_type(http)
        return await self.plain(http)

    async def plain(self, http: web.Request) -> bytes:
        """The body's bytes as they came, of whatever type, but not compressed."""
        _check_encoding(http)
        if (http.content_length or 0) > MAX_BYTES:
            raise _too_large()
        if self._reading >= self._most:
            raise Problem(
                503, "busy", "Слишком много запросов сразу. Повторите тот же запрос чуть позже.",
                headers={"Retry-After": "2"},
            )  # fmt: skip
        self._reading += 1
        try:
            async with asyncio.timeout(self._seconds):
                return await http.read()
        except web.HTTPRequestEntityTooLarge:
            raise _too_large() from None
        except TimeoutError:
            raise Problem(
                408, "too-slow", f"Тело запроса не пришло за {self._seconds:.0f} секунд.",
                headers={"Connection": "close"},
            ) from None  # fmt: skip
        except (web.RequestPayloadError, ConnectionError):
            raise Problem(400, "broken-body", "Тело запроса оборвалось.") from None
        finally:
            self._reading -= 1


def _check_encoding(http: web.Request) -> None:
    encoding = http.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding != "identity":
        # What is signed is what was sent, and a small body must not become a big one here.
        raise Problem(
            415, "encoded", "Отправьте тело без сжатия, без заголовка Content-Encoding.",
            headers={"Accept-Encoding": "identity"},
        )  # fmt: skip


def _check_type(http: web.Request) -> None:
    _check_encoding(http)
    if http.content_type != "application/json" or (http.charset or "utf-8").lower() not in _UTF8:
        raise Problem(
            415, "not-json-type",
            "Отправьте JSON в UTF-8 с заголовком Content-Type: application/json.",
        )  # fmt: skip


def _too_large() -> Problem:
    return Problem(
        413, "too-large", "Запрос больше 1 МиБ. Разделите события на несколько запросов."
    )
