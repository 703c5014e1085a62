"""What the provider is asked for: what became of messages, queues of news, the balance.

Answers come back as receipts. That a provider does not know a message is no failure of it, and
nothing is sent again for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import structlog

from sms_diary.channels.base import Asked, InboundReport, ReceiptReport
from sms_diary.channels.http import news, rendering, replies
from sms_diary.channels.http.client import Answer, Attempt, Client
from sms_diary.channels.http.settings import HttpSettings
from sms_diary.channels.spec import templates
from sms_diary.channels.spec.exchange import Format, Question
from sms_diary.channels.spec.http import InboundQueue, Poll, Queue
from sms_diary.errors import ChannelError
from sms_diary.model import FINAL, PartState

log = structlog.get_logger(__name__)
_OK = range(200, 300)
Store = Callable[[list[ReceiptReport]], Awaitable[None]]
StoreInbound = Callable[[list[InboundReport]], Awaitable[None]]


class Asking:
    """Questions of one route; each is a task, bounded by the client's timeouts."""

    def __init__(
        self, settings: HttpSettings, client: Client, store: Store, store_inbound: StoreInbound
    ) -> None:
        self._settings = settings
        self._client = client
        self._store = store
        self._store_inbound = store_inbound
        self._tasks: set[asyncio.Task[None]] = set()
        self.balance: Decimal | None = None

    def start(self) -> None:
        """Begin the rounds that need no message to ask for."""
        spec = self._settings.spec
        if (queue := spec.receipts.queue) is not None:
            self._begin(_for_ever(lambda: self._empty(queue), queue.every))
        if (inbound := spec.inbound.queue) is not None:
            self._begin(_for_ever(lambda: self._empty_inbound(inbound), inbound.every))
        if (balance := spec.balance) is not None:
            self._begin(_for_ever(self._look_at_balance, balance.every))

    def ask(self, parts: Sequence[Asked]) -> None:
        """Ask for parts by the provider's id, and for those in doubt by ours."""
        spec = self._settings.spec
        known = [part for part in parts if part.provider_id]
        doubted = [part for part in parts if not part.provider_id]
        for poll, own in ((spec.receipts.poll, known), (spec.lookup, doubted)):
            if poll is not None:
                for at in range(0, len(own), poll.most):
                    self._begin(self._ask(poll, own[at : at + poll.most]))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- messages

    async def _ask(self, poll: Poll, parts: Sequence[Asked]) -> None:
        found = await self._document(poll, poll, parts)
        if found is None:
            return
        keys = [
            {
                "phone": part.number, "id": part.provider_id,
                "ours": _own_id(poll, part),
            }
            for part in parts
        ]  # fmt: skip
        own = replies.matches(poll, found, keys)
        if own is None:
            log.warning("answer about messages is of another shape", route=self._settings.name)
            return
        reports = [
            report
            for part, results in zip(parts, own, strict=True)
            if (report := self._report(poll, part, results)) is not None
        ]
        if reports:
            await self._keep(self._store, reports)

    def _report(self, poll: Poll, part: Asked, results: Sequence[Any]) -> ReceiptReport | None:
        """What is news: an end, or that a message in doubt is known there."""
        if not results:
            return None
        latest = poll.latest
        item = results[-1] if latest is None else max(results, key=latest.text)
        phone = poll.phone.text(item) if poll.phone is not None else ""
        state = self._settings.spec.states.meaning(poll.state.text(item))
        if state in (None, PartState.UNKNOWN) or (
            phone and not replies.same_phone(phone, part.number)
        ):
            return None
        in_doubt = not part.provider_id
        if state not in FINAL and not in_doubt:
            return None
        said_id = poll.id.text(item) if poll.id is not None else ""
        return ReceiptReport(
            provider_id=part.provider_id or said_id or _own_id(poll, part),
            state=state,
            number=part.number,
            error=poll.error.text(item) if poll.error is not None else "",
            reported_at=None,
            raw=news.raw(item),
            part_id=part.part_id,
        )

    # --- rounds

    async def _empty(self, queue: Queue) -> None:
        """Take what the queue gives. It is given once, so what cannot be read is kept too."""
        answer = await self._answer(queue, ())
        if answer is None or not answer.body:
            return
        found = self._read(queue, answer)
        if found is None:
            report = ReceiptReport("", PartState.UNKNOWN, "", "", None, answer.body)
            await self._insist(self._store, [report])
            return
        reports = [
            news.receipt(self._settings, queue, entry) for entry in news.entries(queue, found)
        ]
        if reports:
            await self._insist(self._store, reports)

    async def _empty_inbound(self, queue: InboundQueue) -> None:
        found = await self._document(queue, queue, ())
        if found is None:
            return
        reports = [
            report
            for entry in news.entries(queue, found)
            if (report := news.inbound(queue, entry)) is not None
        ]
        if reports:
            await self._insist(self._store_inbound, reports)

    async def _look_at_balance(self) -> None:
        balance = self._settings.spec.balance
        assert balance is not None
        found = await self._document(balance, balance, ())
        said = balance.amount.text(found) if found is not None else ""
        try:
            self.balance = Decimal(said)
        except InvalidOperation:
            return
        if self._settings.balance_low and self.balance < Decimal(str(self._settings.balance_low)):
            log.warning("balance is low", route=self._settings.name, balance=str(self.balance))

    # --- the wire

    async def _document(self, form: Format, question: Question, parts: Sequence[Asked]) -> Any:
        """What paths are looked up in; None where there is no good reply."""
        answer = await self._answer(question, parts)
        return None if answer is None else self._read(form, answer)

    async def _answer(self, question: Question, parts: Sequence[Asked]) -> Answer | None:
        prepared = rendering.asking(self._settings, question, parts)
        try:
            answer = await self._client.exchange(prepared, Attempt())
        except ChannelError as broken:
            log.info("question is not answered", route=self._settings.name, why=str(broken))
            return None
        if answer.status not in _OK:
            log.warning("question is refused", route=self._settings.name, status=answer.status)
            return None
        return answer

    def _read(self, form: Format, answer: Answer) -> Any:
        found = replies.document(form, answer.body)
        if found is not None and form.ok is not None and not form.ok.holds(found):
            code = form.code.text(found)[:20] if form.code is not None else ""
            log.warning("question is refused", route=self._settings.name, code=code)
            return None
        return found

    async def _keep(
        self, store: Callable[[list[Any]], Awaitable[None]], reports: list[Any]
    ) -> bool:
        try:
            await store(reports)
        except Exception as error:  # the class alone: texts of these errors hold what was kept
            log.error("news not stored", route=self._settings.name, error=type(error).__name__)
            return False
        return True

    async def _insist(
        self, store: Callable[[list[Any]], Awaitable[None]], reports: list[Any]
    ) -> None:
        """Until it is stored: the provider has forgotten it."""
        while not await self._keep(store, reports):  # noqa: ASYNC110  # no event says it is back
            await asyncio.sleep(1.0)


def _own_id(poll: Poll, part: Asked) -> str:
    """Our id as the question writes it."""
    gaps = templates.gaps([poll.path, poll.fields, poll.each])
    form = next((gap.form for gap in gaps if gap.word == "ours"), "")
    return str(rendering.ours(part.part_id, form))


async def _for_ever(work: Callable[[], Awaitable[None]], every: float) -> None:
    while True:
        await work()
        await asyncio.sleep(every)
