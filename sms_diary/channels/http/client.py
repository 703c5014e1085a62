"""The wire: one request and its reply, or what is sure about it after something broke.

Whether a byte was written decides everything: `Unsent` may be tried elsewhere, `Lost` is in doubt.
Redirects are not followed, cookies not kept, and no request is ever written twice.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from types import SimpleNamespace
from urllib.parse import urlencode, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from sms_diary.channels import trust
from sms_diary.channels.http.rendering import Prepared
from sms_diary.channels.http.settings import HttpSettings
from sms_diary.errors import ChannelError
from sms_diary.values import value

MOST_BYTES = 4 * 1024 * 1024
"""Of a reply; a longer one is nobody's."""
_KEEP_ALIVE = 2.0
"""Seconds an idle connection is used again: a server that closes it just then leaves a doubt."""
_BACK_TO_FIRST = 600.0
"""Seconds for which another address is used before the first is tried again."""


class Unsent(ChannelError):
    """Not a byte of the request was written."""


class Lost(ChannelError):
    """The request was written, all or some of it, and there is no whole reply."""


class Attempt:
    """Whether something of the request may be on its way."""

    def __init__(self) -> None:
        self.written = False


@value
class Answer:
    """A whole reply."""

    status: int
    body: bytes
    retry_after: float = 0.0
    """Seconds; 0 = not said."""


class Client:
    """One route's connections."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._first = 0
        self._first_until = 0.0

    async def exchange(self, prepared: Prepared, attempt: Attempt) -> Answer:
        """The reply, from the first address that can be connected to. Raises Unsent, Lost."""
        why: Unsent | None = None
        for place in self._order():
            try:
                answer = await self._once(self._settings.urls[place], prepared, attempt)
            except Unsent as error:
                why = error
                continue
            if place != self._first:
                self._first, self._first_until = place, time.monotonic() + _BACK_TO_FIRST
            return answer
        raise why or Unsent("no address")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _order(self) -> list[int]:
        if time.monotonic() >= self._first_until:
            self._first = 0
        places = range(len(self._settings.urls))
        return [self._first, *(place for place in places if place != self._first)]

    async def _once(self, base: str, prepared: Prepared, attempt: Attempt) -> Answer:
        headers = {"User-Agent": "sms-diary", "Accept": "*/*", **prepared.headers}
        try:
            async with self._opened().request(
                prepared.method,
                _address(base, prepared),
                data=_form(prepared),
                json=prepared.json if prepared.has_json else None,
                headers=headers,
                proxy=self._settings.proxy or None,
                allow_redirects=False,
                trace_request_ctx=attempt,
            ) as response:
                return Answer(response.status, await _body(response), _retry_after(response))
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # The class alone: texts of these errors hold addresses, and addresses hold secrets.
            kind = str(error) if isinstance(error, _Broken) else type(error).__name__
            raise (Lost(kind) if attempt.written else Unsent(kind)) from None

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            spec = self._settings.spec
            written = aiohttp.TraceConfig()
            written.on_request_headers_sent.append(_note_written)
            self._session = aiohttp.ClientSession(
                connector=self._connector(),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(
                    total=spec.connect_timeout + 2 * spec.response_timeout,
                    connect=spec.connect_timeout,
                    sock_connect=spec.connect_timeout,
                    sock_read=spec.response_timeout,
                ),
                trace_configs=[written],
                middlewares=(_once,),
            )
        return self._session

    def _connector(self) -> aiohttp.TCPConnector:
        settings = self._settings
        guarded = not settings.private and not settings.proxy
        return aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=_KEEP_ALIVE,
            resolver=PublicOnly() if guarded else None,
            ssl=tls(settings),
        )


def tls(settings: HttpSettings) -> ssl.SSLContext:
    """Raises ConfigError when the file of certificates cannot be read."""
    return trust.context(settings.name, settings.ca_file)


def is_public(address: str) -> bool:
    """Whether the internet knows this IP address; True for what is a name.

    Digits that are no address of four (127.1, 2130706433) are read as one by the system, and are
    nobody's on the internet.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return not address.replace(".", "").isdigit()
    return found.is_global and not found.is_multicast


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


class PublicOnly(AbstractResolver):
    """A provider's name must not lead into our own network."""

    def __init__(self) -> None:
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        public = [one for one in found if is_public(one["host"])]
        if not public:
            raise OSError("not an address of the internet")
        return public

    async def close(self) -> None:
        await self._resolver.close()


def _address(base: str, prepared: Prepared) -> URL:
    url = URL(f"{base}/{prepared.path.lstrip('/')}" if prepared.path else base)
    if not prepared.query:
        return url
    return URL(f"{url}?{urlencode(prepared.query, encoding=prepared.charset)}", encoded=True)


def _form(prepared: Prepared) -> aiohttp.Payload | None:
    if prepared.form is None:
        return None
    return aiohttp.FormData(prepared.form, charset=prepared.charset)()


class _Broken(aiohttp.ClientError):
    """A connection that broke, in a form that aiohttp does not answer by writing again."""


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """aiohttp writes a GET once more when its connection breaks; an SMS would go out twice."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _Broken(type(error).__name__) from error


async def _note_written(
    _session: aiohttp.ClientSession,
    context: SimpleNamespace,
    _params: aiohttp.TraceRequestHeadersSentParams,
) -> None:
    # aiohttp tells before it writes, so this may be early but never late.
    context.trace_request_ctx.written = True


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MOST_BYTES:
            raise ValueError("too long")
    return bytes(body)


def _retry_after(response: aiohttp.ClientResponse) -> float:
    """RFC 9110 §10.2.3, in seconds; dates are not read."""
    said = response.headers.get("Retry-After", "").strip()
    return min(float(said), 86_400.0) if said.isdecimal() and len(said) < 10 else 0.0  # noqa: PLR2004  # digits
