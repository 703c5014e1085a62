"""The door for providers: receipts and SMS that they bring by themselves.

HTTP and nothing else: what a push says and whether it is to be believed is `channels.http`'s.
Nothing is answered as taken before it is stored, and no address or body reaches a log.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

from aiohttp import web

from sms_diary.api.body import Bodies
from sms_diary.api.problem import of_status
from sms_diary.channels.base import InboundReport, ReceiptReport
from sms_diary.channels.http import HttpSettings, callbacks
from sms_diary.channels.http.callbacks import Pushed
from sms_diary.channels.spec.http import Reply

PATH = "/callbacks/{route}/{token}/{door:receipts|inbound}"
_REFUSED = 400


class CallbackDoor:
    """`receipts` and `inbound` return when what they were given is committed."""

    def __init__(
        self,
        routes: Mapping[str, HttpSettings],
        receipts: Callable[[str, Sequence[ReceiptReport]], Awaitable[None]],
        inbound: Callable[[str, Sequence[InboundReport]], Awaitable[None]],
    ) -> None:
        self._routes = routes
        self._receipts = receipts
        self._inbound = inbound
        self._bodies = Bodies()
        self.refused: Counter[str] = Counter()
        """Pushes that were not believed or not understood, by route."""

    def routes(self) -> list[web.RouteDef]:
        return [web.get(PATH, self.take, allow_head=False), web.post(PATH, self.take)]

    async def take(self, http: web.Request) -> web.Response:
        """The answer that the provider expects, once all is stored."""
        settings = self._known(http.match_info["route"], http.match_info["token"])
        pushed = Pushed(
            door=http.match_info["door"],
            method=http.method,
            query=http.rel_url.raw_query_string,
            content_type=http.headers.get("Content-Type", ""),
            headers={name.lower(): said for name, said in http.headers.items()},
            body=await self._bodies.plain(http),
        )
        verdict = callbacks.read(settings, pushed)
        if verdict is None:
            raise of_status(404)
        if verdict.receipts:
            await self._receipts(settings.name, verdict.receipts)
        if verdict.inbound:
            await self._inbound(settings.name, verdict.inbound)
        if verdict.reply.status >= _REFUSED:
            self.refused[settings.name] += 1
        return _response(verdict.reply)

    def _known(self, route: str, token: str) -> HttpSettings:
        """Whoever does not know the token learns nothing, not even which routes there are."""
        settings = self._routes.get(route)
        expected = settings.token if settings is not None else ""
        same = hmac.compare_digest(token.encode(), expected.encode())
        if settings is None or not expected or not same:
            raise of_status(404)
        return settings


def _response(reply: Reply) -> web.Response:
    return web.Response(
        status=reply.status,
        body=reply.body.encode(),
        content_type=reply.type,
        charset="utf-8" if reply.body else None,
    )
