"""The whole desk as routes: the front door, the screens, the live figures, the static files."""

from __future__ import annotations

from aiohttp import web

from sms_diary.admin import layout
from sms_diary.admin.live import Live
from sms_diary.admin.screen import Desk
from sms_diary.admin.serving import Serving, failed, guarded, redirect
from sms_diary.admin.table import SCREENS
from sms_diary.admin.way_in import WayIn
from sms_diary.web.assets import static_file
from sms_diary.web.security import Gate


class Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._gate = Gate(desk.public_url, "desk")
        self._live = Live(desk, self._gate)

    def routes(self) -> list[web.RouteDef]:
        """In this order: what no screen has is answered by the last."""
        return [
            web.get("/", _to_the_desk),
            web.get("/desk", _to_the_desk),
            *WayIn(self._desk, self._gate, SCREENS).routes(),
            web.get("/desk/-/static/{digest:[0-9a-f]{16}}/{name}", guarded(_static)),
            *self._live.routes(),
            *Serving(self._desk, self._gate, SCREENS).routes(),
            web.route("*", "/desk/{rest:.*}", _nothing),
        ]

    async def stop(self) -> None:
        """End the streams, so that a stop of the service does not wait for those who watch, and
        what runs behind the pages."""
        self._live.stop()
        await self._desk.background.stop()


async def _to_the_desk(_request: web.Request) -> web.Response:
    return redirect("/desk/")


async def _static(request: web.Request) -> web.Response:
    return static_file(request, layout.ASSETS)


async def _nothing(_request: web.Request) -> web.Response:
    return failed(404)
