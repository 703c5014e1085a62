"""The SMPP channel: the contract of `channels.base` over a link to an SMSC.

It joins window, pacing, session and reports. Parts wait in a short queue until the pace lets
them out; what was surely not written comes back as `unsent`, what was written and not answered
as `doubt`. A receipt or an inbound SMS is acknowledged after its report was committed.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence

from sms_diary.channels import pdu
from sms_diary.channels.base import (
    Outcome,
    Outgoing,
    ReceiptReport,
    Reports,
    Result,
)
from sms_diary.channels.pdu import Deliver
from sms_diary.channels.smpp import results
from sms_diary.channels.smpp.inbound import read_piece
from sms_diary.channels.smpp.intake import Answer
from sms_diary.channels.smpp.joining import Joined, Joiner
from sms_diary.channels.smpp.link import Link
from sms_diary.channels.smpp.pacing import Pacer
from sms_diary.channels.smpp.receipts import is_receipt, read_receipt
from sms_diary.channels.smpp.reporting import Reporter
from sms_diary.channels.smpp.session import Session
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.channels.smpp.submit import SubmitBuilder
from sms_diary.errors import ChannelError, PduError
from sms_diary.model import Failure

_Token = tuple[Session, int]
"""A deliver_sm that is owed an answer."""


class SmppChannel:
    """One route over SMPP; implements `channels.base.Channel` and `session.Events`."""

    def __init__(
        self,
        settings: SmppSettings,
        *,
        now: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.name = settings.name
        self._settings = settings
        self._now = now
        self._zone = settings.zone()
        self._builder = SubmitBuilder(settings)
        self._pacer = Pacer(settings.rate, now)
        self._link = Link(settings, self, now, jitter)
        self._joiner: Joiner[_Token] = Joiner(
            settings.join_timeout, most=min(256, settings.max_unanswered // 2)
        )
        self._queue: deque[tuple[Outgoing, bytes]] = deque()
        self._open: dict[int, Outgoing] = {}
        self._answered_all = asyncio.Event()
        self._stopping = False
        self._reports: Reports | None = None
        self._pump_timer: asyncio.TimerHandle | None = None
        self._join_timer: asyncio.TimerHandle | None = None
        self._results = Reporter(self._store_results, self._results_settled, insist=True)
        self._receipts = Reporter(self._store_receipts, self._receipts_settled)
        self._inbound = Reporter(self._store_inbound, self._inbound_settled)

    # --- state, for people and readiness

    @property
    def state(self) -> str:
        """`stopped`, `connecting`, `bound`, `waiting` (for the next try) or `refused`."""
        return self._link.state

    @property
    def reason(self) -> str:
        """Why it is not bound: an SMPP status, a class of error, or words."""
        return self._link.reason

    @property
    def rate(self) -> float:
        """Parts per second at present; infinite when nothing limits."""
        return self._pacer.rate

    @property
    def outstanding(self) -> int:
        """Parts handed over and not yet reported and committed."""
        return len(self._open)

    @property
    def counts(self) -> Counter[str]:
        """Connections made, and odd PDUs by kind."""
        return self._link.counts

    def ready(self) -> bool:
        session = self._link.session
        return session is not None and session.is_bound and not self._stopping

    def room(self) -> int:
        if not self.ready():
            return 0
        paced = self._pacer.allowance(1.0) - len(self._queue)
        return max(0, min(self._settings.window - len(self._open), paced))

    # --- the contract's verbs

    async def start(self, reports: Reports) -> None:
        """Connect in the background. ConfigError when the CA file cannot be read."""
        self._reports = reports
        self._stopping = False
        self._link.start()

    async def send(self, batch: Sequence[Outgoing]) -> None:
        self._open.update((part.part_id, part) for part in batch)
        if not self.ready():
            self._results.add([Result(part.part_id, Outcome.UNSENT) for part in batch])
            return
        refused: list[Result] = []
        for part in batch:
            try:
                self._queue.append((part, self._builder.build(part)))
            except PduError as error:
                refused.append(results.failed(part, error.status))
        self._results.add(refused)
        self._pump()

    async def stop(self) -> None:
        self._stopping = True
        for timer in (self._pump_timer, self._join_timer):
            if timer is not None:
                timer.cancel()
        self._pump_timer = self._join_timer = None
        self._give_back()
        await self._wait_for_answers()
        limit = self._settings.stop_timeout
        for news in (self._receipts, self._inbound):  # their acknowledgements need the session
            await news.drain(limit)
        await self._link.stop()
        for rest in (self._receipts, self._inbound, self._results):
            await rest.drain(limit)

    async def _wait_for_answers(self) -> None:
        session = self._link.session
        if session is None or not session.in_flight:
            return
        self._answered_all.clear()
        try:
            async with asyncio.timeout(self._settings.stop_timeout):
                await self._answered_all.wait()
        except TimeoutError:
            return

    # --- session.Events

    def bound(self, _session: Session) -> None:
        self._pump()
        self._wake()

    def writable(self, _session: Session) -> None:
        self._pump()

    def answered(self, session: Session, answers: Sequence[Answer]) -> None:
        news: list[Result] = []
        for part, status, message_id, late in answers:
            if status == pdu.OK:
                result = Result(part.part_id, Outcome.ACCEPTED, message_id)
            elif status is None:
                result = Result(part.part_id, Outcome.DOUBT)
            else:
                result = results.failed(part, status)
                if result.failure is Failure.THROTTLED:
                    self._pacer.throttled()
            # A part on its way again must not be settled by the answer to its first try.
            if not (late and self._open.get(part.part_id, part) is not part):
                news.append(result)
        self._results.add(news)
        if not session.in_flight:
            self._answered_all.set()
        self._pump()

    def delivered(self, session: Session, delivers: Sequence[Deliver]) -> None:
        receipts: list[tuple[ReceiptReport, _Token]] = []
        joined: list[Joined[_Token]] = []
        for deliver in delivers:
            token = (session, deliver.sequence)
            if is_receipt(deliver):
                receipts.append((read_receipt(deliver, self._zone), token))
            else:
                joined += self._joiner.add(read_piece(deliver), token, self._now())
        self._receipts.add(receipts)
        self._inbound.add(joined)
        self._watch_joiner()

    def lost(self, _session: Session) -> None:
        self._give_back()

    # --- parts out

    def _pump(self) -> None:
        """Write what window and pace allow; the rest goes by a timer or the next answer."""
        session = self._link.session
        if session is None or not session.may_write or self._stopping:
            return
        free = self._settings.window - session.in_flight
        count = self._pacer.take(max(0, min(len(self._queue), free)))
        if count:
            session.submit([self._queue.popleft() for _ in range(count)])
        held_by_pace = self._queue and session.in_flight < self._settings.window
        if self._pump_timer is None and (held_by_pace or self._pacer.allowance(1.0) < 1):
            loop = asyncio.get_running_loop()
            self._pump_timer = loop.call_later(self._pacer.wait(), self._on_pump_timer)

    def _on_pump_timer(self) -> None:
        self._pump_timer = None
        self._pump()
        self._wake()

    def _give_back(self) -> None:
        """What waits here was surely not written."""
        unsent = [Result(part.part_id, Outcome.UNSENT) for part, _ in self._queue]
        self._queue.clear()
        self._results.add(unsent)

    def _wake(self) -> None:
        if self._reports is not None and not self._stopping:
            self._reports.room()

    # --- news in

    def _news(self) -> Reports:
        if self._reports is None:
            raise ChannelError(self.name)
        return self._reports

    async def _store_results(self, batch: list[Result]) -> None:
        await self._news().results(self.name, batch)

    def _results_settled(self, batch: list[Result], stored: bool) -> None:
        if stored:
            for result in batch:
                self._open.pop(result.part_id, None)
            self._pump()
            self._wake()

    async def _store_receipts(self, batch: list[tuple[ReceiptReport, _Token]]) -> None:
        await self._news().receipts(self.name, [report for report, _ in batch])

    def _receipts_settled(self, batch: list[tuple[ReceiptReport, _Token]], stored: bool) -> None:
        _acknowledge([token for _, token in batch], stored)

    async def _store_inbound(self, batch: list[Joined[_Token]]) -> None:
        await self._news().inbound(self.name, [joined.report for joined in batch])

    def _inbound_settled(self, batch: list[Joined[_Token]], stored: bool) -> None:
        _acknowledge([token for joined in batch for token in joined.tokens], stored)

    def _watch_joiner(self) -> None:
        deadline = self._joiner.deadline()
        if deadline is not None and self._join_timer is None and not self._stopping:
            loop = asyncio.get_running_loop()
            delay = max(0.0, deadline - self._now())
            self._join_timer = loop.call_later(delay, self._on_join_timer)

    def _on_join_timer(self) -> None:
        self._join_timer = None
        self._inbound.add(self._joiner.due(self._now()))
        self._watch_joiner()


def _acknowledge(tokens: Sequence[_Token], stored: bool) -> None:
    """Answer deliver_sm, one write a session; one that was lost has nobody to answer to."""
    by_session: dict[Session, list[int]] = {}
    for session, sequence in tokens:
        by_session.setdefault(session, []).append(sequence)
    for session, sequences in by_session.items():
        session.acknowledge(sequences, pdu.OK if stored else pdu.TEMPORARY_ERROR)
