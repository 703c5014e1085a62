"""What is fetched every so often, without a message to ask for: receipts, SMS, the balance.

A queue gives everything once, so all of it is kept, read or not, and until it is kept. A list gives
the same again for as long as it reaches, so only what is new in it is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import structlog

from sms_diary.channels.base import ReceiptReport
from sms_diary.channels.http import news, rendering, replies
from sms_diary.channels.http.questions import Questions
from sms_diary.channels.http.settings import HttpSettings
from sms_diary.channels.http.tasks import Tasks, kept
from sms_diary.channels.spec.exchange import Round
from sms_diary.channels.spec.http import Balance, InboundQueue, Queue
from sms_diary.channels.telling import Telling
from sms_diary.clock import SECOND, Clock
from sms_diary.model import FINAL, PartState

log = structlog.get_logger(__name__)
_AGAIN = 1.0
"""Seconds until what a queue has given is tried to be kept again."""
_Fetched = Queue | InboundQueue
_Keep = Callable[[Sequence[Any]], Awaitable[bool]]
"""Whether these entries are committed."""


class _List:
    """What was last seen of a list."""

    def __init__(self, spec: Round) -> None:
        self._reach = int(spec.reach * SECOND)
        self._read_at: int | None = None
        self._seen: frozenset[bytes] = frozenset()  # digests of entries

    def since(self, now: int) -> int:
        """Epoch milliseconds from which on to ask: it reaches back from the last answer."""
        return (now if self._read_at is None else min(now, self._read_at)) - self._reach

    def fresh(self, found: Sequence[Any]) -> list[Any]:
        return [one for one in found if _digest(one) not in self._seen]

    def read(self, found: Sequence[Any], at: int) -> None:
        """All of it is kept."""
        self._seen, self._read_at = frozenset(map(_digest, found)), at


class Rounds:
    """Those of one route, from `start` to `stop`."""

    def __init__(
        self, settings: HttpSettings, questions: Questions, tell: Telling, clock: Clock
    ) -> None:
        self._settings = settings
        self._questions = questions
        self._tell = tell
        self._clock = clock
        self._tasks = Tasks()
        self.balance: Decimal | None = None
        """When it was last looked at."""

    @property
    def low(self) -> str:
        """What is to be said of the balance, in Russian; "" for nothing."""
        limit = Decimal(str(self._settings.balance_low))
        if self.balance is None or not limit or self.balance >= limit:
            return ""
        return f"на счёте осталось {self.balance}, меньше {limit} (balance_low): пополните его"

    def start(self) -> None:
        spec = self._settings.spec
        if (queue := spec.receipts.queue) is not None:
            self._fetch(queue, partial(self._keep_receipts, queue))
        if (inbound := spec.inbound.queue) is not None:
            self._fetch(inbound, partial(self._keep_inbound, inbound))
        if (balance := spec.balance) is not None:
            self._tasks.every(balance.every, partial(self._look_at_balance, balance))

    async def stop(self) -> None:
        await self._tasks.stop()

    # --- receipts and SMS

    def _fetch(self, queue: _Fetched, keep: _Keep) -> None:
        work = (
            partial(self._read_list, queue, keep, _List(queue))
            if queue.reach
            else partial(self._empty, queue, keep)
        )
        self._tasks.every(queue.every, work)

    async def _empty(self, queue: _Fetched, keep: _Keep) -> None:
        """Take what the queue gives. It is given once, so what cannot be read is kept too."""
        answer = await self._questions.answer(rendering.asking(self._settings, queue, ()))
        if answer is None or not answer.body:
            return
        found = self._questions.read(queue, answer)
        if found is None:
            keep, entries = self._keep_unread, [answer.body]
        else:
            entries = news.entries(queue, found)
        while entries and not await keep(entries):  # noqa: ASYNC110  # no event says it is back
            await asyncio.sleep(_AGAIN)

    async def _read_list(self, queue: _Fetched, keep: _Keep, before: _List) -> None:
        """Keep what is new in the list; where that fails all of it comes again."""
        now = self._clock.now()
        prepared = rendering.window(self._settings, queue, since=before.since(now), until=now)
        found = await self._questions.document(queue, prepared)
        if found is None:
            return
        entries = news.entries(queue, found)
        fresh = before.fresh(entries)
        if not fresh or await keep(fresh):
            before.read(entries, now)

    async def _keep_receipts(self, queue: Queue, entries: Sequence[Any]) -> bool:
        made = [news.receipt(self._settings, queue, entry) for entry in entries]
        if queue.reach:
            # Of a list everything is seen again; that a message waits there is worth a row only
            # where it may be one in doubt.
            made = [one for one in made if one.state in FINAL or one.part_id is not None]
        return not made or await kept(self._settings.name, self._tell.receipts(made))

    async def _keep_inbound(self, queue: InboundQueue, entries: Sequence[Any]) -> bool:
        made = [
            report
            for entry in entries
            if (report := news.inbound(queue, entry, again=bool(queue.reach))) is not None
        ]
        return not made or await kept(self._settings.name, self._tell.inbound(made))

    async def _keep_unread(self, bodies: Sequence[bytes]) -> bool:
        made = [ReceiptReport("", PartState.UNKNOWN, "", "", None, body) for body in bodies]
        return await kept(self._settings.name, self._tell.receipts(made))

    # --- money

    async def _look_at_balance(self, balance: Balance) -> None:
        found = await self._questions.document(
            balance, rendering.asking(self._settings, balance, ())
        )
        amount = replies.amount(balance.amount.text(found)) if found is not None else None
        if amount is None:
            return
        was, self.balance = self.low, amount
        if self.low and not was:
            log.warning("balance is low", route=self._settings.name, balance=str(amount))


def _digest(entry: Any) -> bytes:
    return hashlib.sha256(news.raw(entry)).digest()
