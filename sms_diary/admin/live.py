"""The figures of a school's summary as server-sent events (HTML standard §9.2), while it is open.

Bounded: so many streams at once and no more; each asks at every turn whether its session still
lives, and all end when the service stops.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from aiohttp import web

from sms_diary.admin.roles import Right, may
from sms_diary.admin.screen import Desk, Missing
from sms_diary.admin.screens import summary
from sms_diary.admin.serving import failed, guarded, school_of, session_of
from sms_diary.db import Queries
from sms_diary.store.schools import School
from sms_diary.web.security import HEADERS, Gate

EVERY = 5.0
"""Seconds between two looks."""
_MOST = 100


class Live:
    def __init__(self, desk: Desk, gate: Gate, *, every: float = EVERY, most: int = _MOST) -> None:
        self._desk = desk
        self._gate = gate
        self._every = every
        self._most = most
        self._open = 0
        self._counted: dict[int, tuple[float, dict[str, str]]] = {}
        self._stopping = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/desk/{school:[a-z0-9][a-z0-9-]{0,39}}/live", guarded(self.stream))]

    def stop(self) -> None:
        self._stopping.set()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Figures now, and whenever a turn is over, until one of the two ends."""
        if self._open >= self._most:
            return failed(503)
        figures = await self._figures(request)
        if figures is None:
            return failed(403)
        response = web.StreamResponse(headers=HEADERS | {"Content-Type": "text/event-stream"})
        self._open += 1
        try:
            await response.prepare(request)
            await response.write(b"retry: 10000\n\n")
            while figures is not None and not self._stopping.is_set():
                said = json.dumps(figures, ensure_ascii=False)
                await response.write(f"data: {said}\n\n".encode())
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), self._every)
                figures = await self._figures(request)
        except ConnectionResetError:
            pass  # whoever watched has gone
        finally:
            self._open -= 1
        return response

    async def _figures(self, request: web.Request) -> dict[str, str] | None:
        """What the page shows, by the names of its `data-live`; None without a right to it."""
        now = self._desk.clock.now()
        async with self._desk.database.reading() as q:
            session = await session_of(q, self._gate, request, now=now)
            if session is None or not may(session.user.role, Right.AGGREGATES):
                return None
            try:
                school = await school_of(q, session.user, request.match_info["school"])
            except Missing:
                return None
            return await self._of_school(q, school, now)

    async def _of_school(self, q: Queries, school: School, now: int) -> dict[str, str]:
        """Counted once a turn, however many look on."""
        turn = asyncio.get_running_loop().time() // self._every
        known = self._counted.get(school.id)
        if known is None or known[0] != turn:
            known = self._counted[school.id] = (turn, await summary.figures(q, school, now=now))
        return known[1]
