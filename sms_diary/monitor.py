"""Whether it lives, whether it may be given work, and what it is doing: for machines that watch.

No label ever holds a phone or a school: neither a leak nor a flood of series.
"""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from sms_diary.channels.base import Channel
from sms_diary.clock import Clock
from sms_diary.db import Database
from sms_diary.store import counts


class Monitor:
    def __init__(self, database: Database, clock: Clock, channels: Sequence[Channel]) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self.registry = CollectorRegistry()
        self._waiting = Gauge(
            "sms_diary_waiting", "Что ждёт, по стадиям", ["stage"], registry=self.registry
        )
        self._oldest = Gauge(
            "sms_diary_oldest_due_seconds",
            "На сколько просрочена самая старая строка, которой пора",
            registry=self.registry,
        )
        self._bound = Gauge(
            "sms_diary_route_bound", "1: маршрут подключён", ["route"], registry=self.registry
        )
        self._room = Gauge(
            "sms_diary_route_room", "Сколько частей можно передать сейчас", ["route"],
            registry=self.registry,
        )  # fmt: skip

    async def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether work may come, and each part's state: the database and every route."""
        lamps: dict[str, str] = {}
        try:
            async with self._database.reading() as q:
                await q.one("select 1 as one from meta where name = 'schema'")
            lamps["database"] = "ok"
        except Exception as error:  # whatever it is, it is not ready
            lamps["database"] = type(error).__name__
        for channel in self._channels:
            state = getattr(channel, "state", "")
            lamps[f"route {channel.name}"] = "ok" if channel.ready() else str(state or "down")
        bound = not self._channels or any(channel.ready() for channel in self._channels)
        return lamps["database"] == "ok" and bound, lamps

    async def metrics(self) -> bytes:
        """The page of Prometheus, text format."""
        async with self._database.reading() as q:
            queues = await counts.queues(q)
        for stage in ("to_fan", "planned", "queued", "sending", "doubt"):
            self._waiting.labels(stage).set(getattr(queues, stage))
        late = 0 if queues.oldest_due is None else self._clock.now() - queues.oldest_due
        self._oldest.set(max(late, 0) / 1000)
        for channel in self._channels:
            self._bound.labels(channel.name).set(channel.ready())
            self._room.labels(channel.name).set(channel.room())
        return generate_latest(self.registry)
