"""`/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from sms_diary.api.problem import json_response
from sms_diary.monitor import Monitor


class Health:
    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/healthz", self.alive),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
        ]

    async def alive(self, _http: web.Request) -> web.Response:
        """The process answers."""
        return json_response({"status": "ok"})

    async def ready(self, _http: web.Request) -> web.Response:
        """503 while the database or every route is down; each lamp by name."""
        ready, lamps = await self._monitor.ready()
        body = {"status": "ok" if ready else "down", "lamps": lamps}
        return json_response(body, status=200 if ready else 503)

    async def metrics(self, _http: web.Request) -> web.Response:
        page = await self._monitor.metrics()
        return web.Response(body=page, headers={"Content-Type": CONTENT_TYPE_LATEST})
