"""Whether it lives, whether it may be given work, and what it is doing: for machines that watch.

No label ever holds a phone or a school: neither a leak nor a flood of series.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
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
        self._in_doubt = Gauge(
            "sms_diary_parts_in_doubt", "Части, ответ оператора на которые потерян",
            registry=registry,
        )  # fmt: skip
        self._oldest_doubt = Gauge(
            "sms_diary_oldest_doubt_seconds", "Сколько самая старая из них ждёт решения",
            registry=registry,
        )  # fmt: skip
        self._failing = Gauge(
            "sms_diary_numbers_failing", "Номера, до которых не дошло последнее SMS",
            registry=registry,
        )  # fmt: skip
        self._holds = Gauge(
            "sms_diary_route_held", "1: маршрут держит этот процесс", ["route"], registry=registry
        )
        self._bound = Gauge(
            "sms_diary_route_bound", "1: маршрут подключён", ["route"], registry=registry
        )
        self._room = Gauge(
            "sms_diary_route_room", "Сколько частей можно передать сейчас", ["route"],
            registry=registry,
        )  # fmt: skip
        self._ambiguous = Gauge(
            "sms_diary_receipts_ambiguous",
            "Квитанции, которые могли быть о нескольких частях и не отнесены ни к одной",
            ["route"], registry=registry,
        )  # fmt: skip
        self._balance = Gauge(
            "sms_diary_route_balance", "Остаток на счёте у провайдера, в валюте счёта", ["route"],
            registry=registry,
        )  # fmt: skip
        self._low = Gauge(
            "sms_diary_route_balance_low", "1: остаток меньше balance_low", ["route"],
            registry=registry,
        )  # fmt: skip
        self._spent = Gauge(
            "sms_diary_route_spent", "Цена SMS с начала работы, где провайдер её называет",
            ["route"], registry=registry,
        )  # fmt: skip
        self._requests = Counter(
            "sms_diary_http_requests_total", "Ответы HTTP, по адресам и статусам",
            ["path", "status"], registry=registry,
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
        queues = await self._queues()
        self._database_up.set(queues is not None)
        # What cannot be read is absent: an old value would look like a standstill.
        self._waiting.clear()
        if queues is not None:
            for stage in _STAGES:
                self._waiting.labels(stage).set(getattr(queues, stage))
            self._oldest.set(self._age(queues.oldest_due))
            self._in_doubt.set(queues.doubt)
            self._failing.set(queues.failing)
            self._oldest_doubt.set(self._age(queues.oldest_doubt))
        for channel in self._channels:
            self._holds.labels(channel.name).set(self._held(channel.name))
            self._bound.labels(channel.name).set(channel.ready())
            self._room.labels(channel.name).set(channel.room())
            self._ambiguous.labels(channel.name).set(self._unclear.get(channel.name, 0))
            if channel.purse is not None:
                self._count_money(channel.name, channel.purse)
        return generate_latest(self.registry)

    def _count_money(self, route: str, purse: Purse) -> None:
        if purse.balance is not None:
            self._balance.labels(route).set(float(purse.balance))
        self._low.labels(route).set(bool(purse.low))
        self._spent.labels(route).set(float(purse.spent))

    def _age(self, since: int | None) -> float:
        """Seconds; 0 for what is not there or yet to come."""
        return 0.0 if since is None else max(self._clock.now() - since, 0) / SECOND

    async def _queues(self) -> Queues | None:
        try:
            async with asyncio.timeout(_LONGEST_LOOK), self._database.reading() as q:
                return await counts.queues(q)
        except Exception as error:  # whatever it is, the other figures are still worth having
            log.warning("metrics without the database", error=type(error).__name__)
            return None
