"""Parts out: a short queue, spread over the sessions as window and pace let them go.

What was surely not written comes back as `unsent`, what was written and not answered as `doubt`.
A part must pass two pacers: its session's, which an SMSC slows by throttling, and the route's,
which keeps the sum of all sessions within the contract.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from sms_diary import crash
from sms_diary.channels import pdu
from sms_diary.channels.base import Outcome, Outgoing, Result
from sms_diary.channels.reporting import Reporter
from sms_diary.channels.smpp import results
from sms_diary.channels.smpp.intake import Answer
from sms_diary.channels.smpp.pacing import Pacer
from sms_diary.channels.smpp.session import Session
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.channels.smpp.submit import SubmitBuilder
from sms_diary.errors import PduError
from sms_diary.model import Failure


class Outflow:
    """What is handed over, until its result is committed."""

    def __init__(
        self,
        settings: SmppSettings,
        sending: Callable[[], list[Session]],
        store: Callable[[list[Result]], Awaitable[None]],
        wake: Callable[[], None],
        now: Callable[[], float],
    ) -> None:
        """`sending`: the sessions that are bound to send; `wake`: room may have grown."""
        self._settings = settings
        self._sending = sending
        self._wake = wake
        self._pacer = Pacer(settings.rate, now)
        self._builder = SubmitBuilder(settings)
        self._queue: deque[tuple[Outgoing, bytes]] = deque()
        self._open: dict[int, Outgoing] = {}
        self._stopped = False
        self._mine: Callable[[], bool] = bool  # not before `start`
        self._answered_all = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._results = Reporter(store, self._settled, insist=True)

    @property
    def outstanding(self) -> int:
        """Parts handed over and not yet reported and committed."""
        return len(self._open)

    @property
    def rate(self) -> float:
        """Parts per second of all sessions together at present; infinite when nothing limits."""
        sessions = self._sending()
        paces = [session.pacer.rate for session in sessions]
        return min(self._pacer.rate, sum(paces)) if paces else self._pacer.rate

    def has(self, part_id: int) -> bool:
        """Whether this part is one of them."""
        return part_id in self._open

    def room(self) -> int:
        """What may leave within a second; never more than the windows less what is open."""
        sessions = self._sending()
        windows = self._settings.window * len(sessions) - len(self._open)
        return max(0, min(windows, self._within_a_second(sessions) - len(self._queue)))

    def start(self, mine: Callable[[], bool]) -> None:
        """Let parts out, for as long as the route is `mine`."""
        self._mine = mine
        self._stopped = False
        self._open.clear()  # whatever was given up by `drain` is in doubt by now

    def send(self, batch: Sequence[Outgoing]) -> None:
        """Write what may go now; the rest goes by itself, or comes back unsent."""
        self._open.update((part.part_id, part) for part in batch)
        if self._stopped or not self._sending() or not self._mine():
            self._results.add([Result(part.part_id, Outcome.UNSENT) for part in batch])
            return
        refused: list[Result] = []
        for part in batch:
            try:
                self._queue.append((part, self._builder.build(part)))
            except PduError as error:
                refused.append(results.failed(part, error.status))
        self._results.add(refused)
        self.pump()

    def answered(self, session: Session, answers: Sequence[Answer]) -> None:
        """Results of parts, and what they tell about the pace."""
        crash.passing("answer.read")
        news: list[Result] = []
        accepted, throttled = 0, []
        for answer in answers:
            part, result = answer.part, self._result_of(answer)
            if result.outcome is Outcome.ACCEPTED:
                accepted += 1
            elif result.failure is Failure.THROTTLED:
                throttled.append(answer.written_at)
            # A part on its way again must not be settled by the answer to its first try.
            if not (answer.late and self._open.get(part.part_id, part) is not part):
                news.append(result)
        self._results.add(news)
        if accepted:
            session.pacer.accepted(accepted)
        if throttled and session.pacer.throttled(max(throttled), len(throttled)):
            # Room is what leaves within a second: it has shrunk.
            self._give_back(keep=max(1, self._within_a_second(self._sending())))
        if not session.in_flight:
            self._answered_all.set()
        self.pump()

    def _result_of(self, answer: Answer) -> Result:
        part, status = answer.part, answer.status
        if status == pdu.OK:
            return Result(part.part_id, Outcome.ACCEPTED, answer.message_id)
        if status is None:
            return Result(part.part_id, Outcome.DOUBT)
        return results.failed(part, status, self._settings.vendor_codes)

    def lost(self) -> None:
        """A session is gone: what waits goes by the others, if there are any."""
        if not self._sending():
            self._give_back()
        self._answered_all.set()
        self.pump()

    def pump(self) -> None:
        """Write what windows and paces allow; the rest goes by a timer or the next answer."""
        if self._stopped:
            return
        if self._queue and not self._mine():
            self._give_back()
            return
        if self._queue and (able := self._able()):
            self._write(able)
        able = self._able() if self._timer is None else []
        # Windows have room, so it is a pace that holds: the queue, or those who ask for room.
        if able and (self._queue or self._within_a_second(able) < 1):
            pause = max(self._pacer.wait(), min(session.pacer.wait() for session in able))
            self._timer = asyncio.get_running_loop().call_later(pause, self._on_timer)

    async def stop(self, in_flight: Callable[[], int]) -> None:
        """Write nothing more, give back what waits, wait a bounded time for answers."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._give_back()
        try:
            async with asyncio.timeout(self._settings.stop_timeout):
                while in_flight():
                    self._answered_all.clear()
                    await self._answered_all.wait()
        except TimeoutError:
            return

    async def drain(self) -> None:
        """Wait a bounded time until all results are committed."""
        await self._results.drain(self._settings.stop_timeout)

    def _able(self) -> list[Session]:
        """Sessions whose window has room."""
        window = self._settings.window
        return [s for s in self._sending() if s.may_write and s.in_flight < window]

    def _write(self, able: Sequence[Session]) -> None:
        """Give each session its share by its free window."""
        window = self._settings.window
        free = [min(window - s.in_flight, s.pacer.allowance(0.0)) for s in able]
        total = sum(free)
        count = min(len(self._queue), self._pacer.allowance(0.0), total)
        self._pacer.take(count)
        for session, places in zip(able, free, strict=True):
            share = min(places, -(-count * places // total)) if count else 0
            if share > 0:
                session.pacer.take(share)
                session.submit([self._queue.popleft() for _ in range(share)])
                crash.passing("submit.written")
            count -= share
            total -= places

    def _within_a_second(self, sessions: Sequence[Session]) -> int:
        """Parts that all paces together let out within a second."""
        return min(
            self._pacer.allowance(1.0), sum(session.pacer.allowance(1.0) for session in sessions)
        )

    def _on_timer(self) -> None:
        self._timer = None
        self.pump()
        self._wake()

    def _give_back(self, keep: int = 0) -> None:
        """What waits here, but for the first so many, was surely not written."""
        unsent: list[Result] = []
        while len(self._queue) > keep:
            unsent.append(Result(self._queue.pop()[0].part_id, Outcome.UNSENT))
        self._results.add(unsent)

    def _settled(self, batch: list[Result], stored: bool) -> None:
        if stored:
            for result in batch:
                self._open.pop(result.part_id, None)
            self.pump()
            self._wake()
