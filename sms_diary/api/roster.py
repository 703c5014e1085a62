"""The whole roll of a school as JSON lines: loaded in batches, taken out page by page.

Neither is ever in memory as a whole. A line is a pupil with guardians; a batch is a transaction,
and what was loaded before is recognised, so that a load that broke off is simply sent again.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from typing import IO, Any

from aiohttp import web

from sms_diary.api import roster_lines, validation
from sms_diary.api.operation import Context, Operation, encoded
from sms_diary.api.problem import Problem
from sms_diary.api.roster_lines import Outcome, OutLine, RosterLine
from sms_diary.api.serving import admitted, bound
from sms_diary.api.shapes import Query
from sms_diary.clock import local
from sms_diary.db import Queries
from sms_diary.ingest import roster
from sms_diary.ingest.roster import Enrolled, Line
from sms_diary.store import rosters, schools
from sms_diary.store.rosters import Row
from sms_diary.store.schools import School
from sms_diary.store.tokens import Right

LINES = "application/x-ndjson"
_PATH = "/v1/schools/{school}/roster"
_GROUP = "Список школы"
_BATCH = 500
_LONGEST_LINE = 64 * 1024
_PATIENCE = 60.0
"""Seconds for the next piece of a body to come."""
_SPOOL = 1024 * 1024
"""Bytes of outcomes that stay in memory; the rest goes to a file without a name."""


LOAD: Operation[Any, Any] = Operation(
    method="POST", path=_PATH, group=_GROUP, right=Right.CONSENTS, query=Query, answer=Outcome,
    takes=(LINES, RosterLine), gives=LINES,
    summary="Загрузить список: ученики с родителями, строка за строкой",
)  # fmt: skip
EXPORT: Operation[Any, Any] = Operation(
    method="GET", path=_PATH, group=_GROUP, right=Right.ADMIN, query=Query, answer=OutLine,
    gives=LINES, summary="Выгрузить список с полными номерами",
)  # fmt: skip


class RosterEndpoint:
    def __init__(self, context: Context) -> None:
        self._context = context

    def routes(self) -> list[web.RouteDef]:
        return [bound(LOAD, self.load), bound(EXPORT, self.export)]

    async def load(self, http: web.Request) -> web.StreamResponse:
        """Outcomes follow when all is loaded: a client that reads only then is no trouble."""
        token, school_id = await admitted(LOAD, self._context, http)
        validation.query(Query, http.query)
        if http.content_type != LINES:
            raise Problem(415, "not-json-lines", f"Нужны строки JSON: Content-Type: {LINES}.")
        school = await self._school(school_id)
        # The outcomes are ids and our own words, so that no name is written there.
        with tempfile.SpooledTemporaryFile(_SPOOL) as kept:
            batch: list[tuple[int, bytes]] = []
            async for line in _lines(http):
                batch.append(line)
                if len(batch) == _BATCH:
                    await self._batch(school, batch, token.name, kept)
                    batch = []
            await self._batch(school, batch, token.name, kept)
            self._context.wakes.compose.set()
            kept.seek(0)
            return await _send(http, _pieces(kept))

    async def _batch(
        self, school: School, batch: list[tuple[int, bytes]], by: str, kept: IO[bytes]
    ) -> None:
        if not batch:
            return
        good: list[Line] = []
        outcomes: dict[int, Outcome] = {}
        for place, text in batch:
            read = roster_lines.read(place, text)
            if isinstance(read, Line):
                good.append(read)
            else:
                outcomes[place] = read
        context = self._context

        async def work(q: Queries) -> list[Enrolled]:
            actor = f"token {by}".rstrip()
            return await roster.enrol(
                q, context.tools, school, good, actor=actor, now=context.clock.now()
            )

        for one in await context.database.write(work) if good else ():
            outcomes[one.place] = roster_lines.outcome(one)
        said = b"".join(encoded(outcomes[place]) + b"\n" for place, _ in batch)
        await asyncio.to_thread(kept.write, said)

    async def export(self, http: web.Request) -> web.StreamResponse:
        _, school_id = await admitted(EXPORT, self._context, http)
        validation.query(Query, http.query)
        return await _send(http, self._pages(await self._school(school_id)))

    async def _pages(self, school: School) -> AsyncIterator[bytes]:
        context, after = self._context, 0
        day = local(context.clock.now(), school.zone).date().isoformat()
        while True:

            async def page(q: Queries, after: int = after) -> list[Row]:
                return await rosters.page(
                    q, context.tools, school.id, day=day, after=after, limit=_BATCH
                )

            rows = await context.database.read(page)
            if not rows:
                return
            after = rows[-1].pupil.id
            yield b"".join(encoded(roster_lines.out(row)) + b"\n" for row in rows)

    async def _school(self, school_id: int) -> School:
        async with self._context.database.reading() as q:
            return (await schools.by_ids(q, [school_id]))[school_id]


# ---------------------------------------------------------------- the stream


async def _lines(http: web.Request) -> AsyncIterator[tuple[int, bytes]]:
    """The body's lines that are not empty, with their places from 1, one at a time."""
    place, rest = 0, b""
    async for piece in _read_on(http):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            place += 1
            if line.strip():
                yield place, line
        if len(rest) > _LONGEST_LINE:
            raise Problem(413, "too-large", "Строка длиннее 64 КиБ. До неё всё загружено.")
    if rest.strip():
        yield place + 1, rest


async def _read_on(http: web.Request) -> AsyncIterator[bytes]:
    """The body as it comes."""
    while True:
        try:
            async with asyncio.timeout(_PATIENCE):
                piece = await http.content.readany()
        except TimeoutError:
            raise Problem(
                408, "too-slow", "Тело запроса перестало приходить. Отправьте список ещё раз.",
                headers={"Connection": "close"},
            ) from None  # fmt: skip
        except (web.RequestPayloadError, ConnectionError):
            raise Problem(400, "broken-body", "Тело запроса оборвалось.") from None
        if not piece:
            return
        yield piece


async def _pieces(kept: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(kept.read, 64 * 1024):
        yield piece


async def _send(http: web.Request, pieces: AsyncIterator[bytes]) -> web.StreamResponse:
    headers = {
        "Content-Type": LINES, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
        "Server": "sms-diary",
    }  # fmt: skip
    response = web.StreamResponse(headers=headers)
    await response.prepare(http)
    async for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return response
