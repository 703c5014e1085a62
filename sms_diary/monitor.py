"""Whether it lives, whether it may be given work, and what it is doing: for machines that watch.

No label ever holds a phone or a school: neither a leak nor a flood of series.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from sms_diary.channels.base import Channel, Purse
from sms_diary.clock import SECOND, Clock
from sms_diary.db import Database
from sms_diary.store import counts
from sms_diary.store.counts import Queues

OK = "ok"
_STATES_RU = {
    "connecting": "подключаемся к оператору",
    "waiting": "связи с оператором нет, подключимся снова сами",
    "refused": "оператор не пустил нас",
    "stopped": "маршрут останавливается или ещё не начал работу",
    "partly": "подключены не все соединения",
    "trying": "пробуем одной SMS, всё ли снова хорошо",
    "low": "на счёте провайдера мало денег",
    "elsewhere": "маршрут держит другой процесс",
}
"""What a lamp says of a route, by the word that it begins with."""
_BOUND, _TRYING = "bound", "trying"
_CODE = re.compile(r"ESME_\w+|0x[0-9A-F]{8}")
_LONGEST_LOOK = 5.0
"""Seconds a look at the database may take before it counts as gone."""
_STAGES = ("to_fan", "planned", "queued", "sending", "doubt")
log = structlog.get_logger(__name__)


class Watched(Channel, Protocol):
    """A channel that says how it is."""

    @property
    def state(self) -> str: ...

    @property
    def reason(self) -> str: ...

    @property
    def purse(self) -> Purse | None: ...


class _OfQueues:
    """The figures of the database: whether it answers, and what waits in it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        gauge = partial(_gauge, registry)
        self._up = gauge("database_up", "1: база данных отвечает")
        self._waiting = gauge("waiting", "Что ждёт, по стадиям", "stage")
        self._oldest = gauge(
            "oldest_due_seconds", "На сколько просрочена самая старая строка, которой пора"
        )
        self._in_doubt = gauge("parts_in_doubt", "Части, ответ оператора на которые потерян")
        self._oldest_doubt = gauge(
            "oldest_doubt_seconds", "Сколько самая старая из них ждёт решения"
        )
        self._failing = gauge("numbers_failing", "Номера, до которых не дошло последнее SMS")

    def show(self, queues: Queues | None, now: int) -> None:
        """`queues` None: the database is gone."""
        self._up.set(queues is not None)
        # What cannot be read is absent: an old value would look like a standstill.
        self._waiting.clear()
        if queues is not None:
            for stage in _STAGES:
                self._waiting.labels(stage).set(getattr(queues, stage))
            self._oldest.set(_age(queues.oldest_due, now))
            self._in_doubt.set(queues.doubt)
            self._failing.set(queues.failing)
            self._oldest_doubt.set(_age(queues.oldest_doubt, now))


class _OfRoutes:
    """The figures of each route: whether it works, and its money."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, meaning: str) -> Gauge:
            return _gauge(registry, name, meaning, "route")

        self._holds = gauge("route_held", "1: маршрут держит этот процесс")
        self._bound = gauge("route_bound", "1: маршрут подключён")
        self._room = gauge("route_room", "Сколько частей можно передать сейчас")
        self._ambiguous = gauge(
            "receipts_ambiguous",
            "Квитанции, которые могли быть о нескольких частях и не отнесены ни к одной",
        )
        self._balance = gauge("route_balance", "Остаток на счёте у провайдера, в валюте счёта")
        self._low = gauge("route_balance_low", "1: остаток меньше balance_low")
        self._spent = gauge("route_spent", "Цена SMS с начала работы, где провайдер её называет")

    def show(self, channel: Watched, *, held: bool, ambiguous: int) -> None:
        route, purse = channel.name, channel.purse
        self._holds.labels(route).set(held)
        self._bound.labels(route).set(channel.ready())
        self._room.labels(route).set(channel.room())
        self._ambiguous.labels(route).set(ambiguous)
        if purse is None:
            return
        if purse.balance is not None:
            self._balance.labels(route).set(float(purse.balance))
        self._low.labels(route).set(bool(purse.low))
        self._spent.labels(route).set(float(purse.spent))


class Monitor:
    """`held`: whether this process holds a route; `explain`: an operator's code in Russian, by
    route and code, "" when nobody knows; `ambiguous`: receipts applied to no part, by route."""

    def __init__(
        self, database: Database, clock: Clock, channels: Sequence[Watched], *,
        held: Callable[[str], bool], explain: Callable[[str, str], str],
        ambiguous: Mapping[str, int],
    ) -> None:  # fmt: skip
        self._database = database
        self._clock = clock
        self._channels = channels
        self._held = held
        self._explain = explain
        self._unclear = ambiguous
        self.registry = CollectorRegistry()
        self._of_queues = _OfQueues(self.registry)
        self._of_routes = _OfRoutes(self.registry)
        self._requests = Counter(
            "sms_diary_http_requests_total", "Ответы HTTP, по адресам и статусам",
            ["path", "status"], registry=self.registry,
        )  # fmt: skip

    def answered(self, path: str, status: int) -> None:
        """Count an answer; `path` as it is declared, with `{school}` and not its name."""
        self._requests.labels(path, status).inc()

    async def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether work may come, and each part's state: the database and every route.

        A route that another process holds is no fault: this one stands by.
        """
        lamps = {"database": await self._database_state()}
        lamps |= {f"route {channel.name}": self._lamp(channel) for channel in self._channels}
        ours = [channel for channel in self._channels if self._held(channel.name)]
        bound = not ours or any(channel.ready() for channel in ours)
        return lamps["database"] == OK and bound, lamps

    def _lamp(self, channel: Watched) -> str:
        """`ok`, or a word that never changes and what it means in Russian."""
        if not self._held(channel.name):
            return f"elsewhere: {_STATES_RU['elsewhere']}"
        state, reason = str(channel.state), channel.reason
        if channel.ready():
            if state == _BOUND:
                return self._money(channel)
            state = state if state == _TRYING else "partly"
        said = f"{state}: {_STATES_RU.get(state, state)}"
        if reason:
            code = _CODE.search(reason)
            known = self._explain(channel.name, code[0]) if code else ""
            said += f". {known} ({reason})" if known else f" ({reason})"
        return said

    def _money(self, channel: Watched) -> str:
        """`ok`, or that there is soon no money left; messages go out all the same."""
        low = channel.purse.low if channel.purse is not None else ""
        return f"low: {_STATES_RU['low']} ({low})" if low else OK

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
        self._of_queues.show(await self._queues(), self._clock.now())
        for channel in self._channels:
            self._of_routes.show(
                channel, held=self._held(channel.name),
                ambiguous=self._unclear.get(channel.name, 0),
            )  # fmt: skip
        return generate_latest(self.registry)

    async def _queues(self) -> Queues | None:
        try:
            async with asyncio.timeout(_LONGEST_LOOK), self._database.reading() as q:
                return await counts.queues(q)
        except Exception as error:  # whatever it is, the other figures are still worth having
            log.warning("metrics without the database", error=type(error).__name__)
            return None


def _gauge(registry: CollectorRegistry, name: str, meaning: str, *labels: str) -> Gauge:
    return Gauge(f"sms_diary_{name}", meaning, labels, registry=registry)


def _age(since: int | None, now: int) -> float:
    """Seconds; 0 for what is not there or yet to come."""
    return 0.0 if since is None else max(now - since, 0) / SECOND
