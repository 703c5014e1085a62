"""The parent's page as routes: the door, the pages, the static files."""

from __future__ import annotations

from aiohttp import web

from sms_diary.parent import choosing, consenting, diary, layout, renumbering
from sms_diary.parent.layout import failed
from sms_diary.parent.serving import Serving, guarded
from sms_diary.parent.visit import Site
from sms_diary.parent.way_in import WayIn, closed, door
from sms_diary.web.assets import static_file
from sms_diary.web.security import Gate


class Pages:
    def __init__(self, site: Site) -> None:
        gate, asks = Gate(site.public_url, "my"), Gate(site.public_url, "my-code")
        self._serving = Serving(site, gate, asks)
        self._home = self._serving.look("/my", diary.show)

    def routes(self) -> list[web.RouteDef]:
        """In this order: what no page has is answered by the last."""
        look, act = self._serving.look, self._serving.act
        return [
            web.get("/my", guarded(self._first)),
            *WayIn(self._serving).routes(),
            look("/my/messages", diary.messages),
            look("/my/sms", choosing.show),
            act("/my/sms", choosing.save),
            look("/my/consents", consenting.show),
            act("/my/consents", consenting.act),
            look("/my/number", renumbering.show),
            act("/my/number", renumbering.ask),
            look("/my/number/code", renumbering.code),
            act("/my/number/code", renumbering.change),
            web.get("/my/static/{digest:[0-9a-f]{16}}/{name}", guarded(_static)),
            web.route("*", "/my/{rest:.*}", _nothing),
        ]

    async def _first(self, request: web.Request) -> web.StreamResponse:
        """The diary for whoever is in, the door for everybody else; who was in is told so, once."""
        async with self._serving.site.database.reading() as q:
            session = await self._serving.session(q, request)
        if session:
            return await self._home.handler(request)
        if not self._serving.gate.secret(request):
            return door()
        response = closed()
        self._serving.gate.let_out(response)
        return response


async def _static(request: web.Request) -> web.Response:
    return static_file(request, layout.ASSETS)


async def _nothing(_request: web.Request) -> web.Response:
    return failed(404, "Такой страницы нет", "Начните с первой страницы.")
