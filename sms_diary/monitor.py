"""Whether it lives, whether it may be given work, and what it is doing: for machines that watch.

No label ever holds a phone or a school: neither a leak nor a flood of series.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from sms_diary.channels.base import Channel
from sms_diary.clock import SECOND, Clock
from sms_diary.db import Database
from sms_diary.store import counts
from sms_diary.store.counts import Queues

OK = "ok"
_LONGEST_LOOK = 5.0
"""Seconds a look at the database may take before it counts as gone."""
_STAGES = ("to_fan", "planned", "queued", "sending", "doubt")
log = structlog.get_logger(__name__)


class Monitor:
    def __init__(self, database: Database, clock: Clock, channels: Sequence[Channel]) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self.registry = registry = CollectorRegistry()
        self._database_up = Gauge(
            "sms_diary_database_up", "1: база данных отвечает", registry=registry
        )
        self._waiting = Gauge(
            "sms_diary_waiting", "Что ждёт, по стадиям", ["stage"], registry=registry
        )
        self._oldest = Gauge(
            "sms_diary_oldest_due_seconds",
            "На сколько просрочена самая старая строка, которой пора",
            registry=registry,
        )
        self._bound = Gauge(
            "sms_diary_route_bound", "1: маршрут подключён", ["route"], registry=registry
        )
        self._room = Gauge(
            "sms_diary_route_room", "Сколько частей можно передать сейчас", ["route"],
            registry=registry,
        )  # fmt: skip
        self._requests = Counter(
            "sms_diary_http_requests_total", "Ответы HTTP, по адресам и статусам",
            ["path", "status"], registry=registry,
        )  # fmt: skip

    def answered(self, path: str, status: int) -> None:
        """Count an answer; `path` as it is declared, with `{school}` and not its name."""
        self._requests.labels(path, status).inc()

    async def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether work may come, and each part's state: the database and every route."""
        lamps = {"database": await self._database_state()}
        for channel in self._channels:
            state = getattr(channel, "state", "")
            lamps[f"route {channel.name}"] = OK if channel.ready() else str(state or "down")
        bound = not self._channels or any(channel.ready() for channel in self._channels)
        return lamps["database"] == OK and bound, lamps

    async def _database_state(self) -> str:
        try:
            async with asyncio.timeout(_LONGEST_LOOK):
                await self._database.check()
        except Exception as error:  # whatever it is, it is not ready
            log.warning("database is not ready", error=type(error).__name__)
            return type(error).__name__
        return OK

    async def metrics(self) -> bytes:
        """The page of Prometheus, text format; also while the database is gone."""
        queues = await self._queues()
        self._database_up.set(queues is not None)
        # What cannot be read is absent: an old value would look like a standstill.
        self._waiting.clear()
        if queues is not None:
            for stage in _STAGES:
                self._waiting.labels(stage).set(getattr(queues, stage))
            late = 0 if queues.oldest_due is None else self._clock.now() - queues.oldest_due
            self._oldest.set(max(late, 0) / SECOND)
        for channel in self._channels:
            self._bound.labels(channel.name).set(channel.ready())
            self._room.labels(channel.name).set(channel.room())
        return generate_latest(self.registry)

    async def _queues(self) -> Queues | None:
        try:
            async with asyncio.timeout(_LONGEST_LOOK), self._database.reading() as q:
                return await counts.queues(q)
        except Exception as error:  # whatever it is, the other figures are still worth having
            log.warning("metrics without the database", error=type(error).__name__)
            return None
