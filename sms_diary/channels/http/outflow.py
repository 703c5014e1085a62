"""Parts out: a short queue, cut into requests, so many at once, in a bounded pace.

What was surely not written comes back as `unsent`, what was written and not answered as `doubt`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

import structlog

from sms_diary import crash
from sms_diary.channels.base import Outcome, Outgoing, Result
from sms_diary.channels.http import rendering
from sms_diary.channels.http.account import Account
from sms_diary.channels.http.client import Answer, Attempt, Client, Lost, Unsent
from sms_diary.channels.http.pace import Pace
from sms_diary.channels.http.results import Reader
from sms_diary.channels.http.settings import HttpSettings
from sms_diary.channels.reporting import Reporter
from sms_diary.clock import Clock
from sms_diary.model import Failure, Scope

log = structlog.get_logger(__name__)
_OF_ONE = frozenset({Failure.BAD_NUMBER, Failure.BLOCKED, Failure.REJECTED})
"""Refusals that are about one message: of a whole batch they say too little."""


class Outflow:
    """What is handed over, until its result is committed."""

    def __init__(  # noqa: PLR0913  # two clocks
        self,
        settings: HttpSettings,
        client: Client,
        account: Account,
        store: Callable[[list[Result]], Awaitable[None]],
        wake: Callable[[], None],
        *,
        now: Callable[[], float],
        clock: Clock,
        heard: Callable[[Answer], None],
    ) -> None:
        """`now`: a monotonic clock, for pace and pauses; `clock`: the diary's, for dates; `heard`:
        who is shown every reply as it came."""
        self._settings = settings
        self._client = client
        self._account = account
        self._wake = wake
        self._clock = clock
        self._heard = heard
        self._reader = Reader(settings)
        self._shared = settings.spec.send.shared()
        self._pace = Pace(settings.rate, now)
        self._queue: deque[Outgoing] = deque()
        self._open: set[int] = set()
        self._alone: set[int] = set()
        self._requests: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False
        self._mine: Callable[[], bool] = bool  # not before `start`
        self._results = Reporter(store, self._settled, insist=True)
        self.spent = Decimal(0)
        """Since the start, as far as the provider says what a message costs."""

    @property
    def outstanding(self) -> int:
        """Parts handed over and not yet reported and committed."""
        return len(self._open)

    def has(self, part_id: int) -> bool:
        return part_id in self._open

    def room(self) -> int:
        """What may leave within a second; never more than all requests hold, less what is open."""
        if self._stopped or self._account.paused:
            return 0
        if self._account.trying:
            return 0 if self._open else 1
        most = self._settings.concurrent * self._settings.spec.send.most
        return max(0, min(most - len(self._open), self._within(1.0) - len(self._queue)))

    def start(self, mine: Callable[[], bool]) -> None:
        """Let parts out, for as long as the route is `mine`."""
        self._mine = mine
        self._stopped = False
        self._open.clear()  # whatever was given up by `drain` is in doubt by now

    def send(self, batch: Sequence[Outgoing]) -> None:
        """Write what may go now; the rest goes by itself, or comes back unsent."""
        self._open.update(part.part_id for part in batch)
        longest = self._settings.spec.max_length
        for part in batch:
            if len(part.text) > longest:
                refused = Result(
                    part.part_id, Outcome.FAILED, failure=Failure.REJECTED, code="too-long"
                )
                self._results.add([refused])
            else:
                self._queue.append(part)
        self.pump()

    def pump(self) -> None:
        """Begin what pace, pauses and the number of requests allow."""
        if self._queue and (self._stopped or self._account.paused or not self._mine()):
            self._give_back()
        while self._queue and len(self._requests) < self._settings.concurrent:
            batch = self._next_batch(self._within(0.0))
            if not batch:
                break
            self._pace.take(len(batch))
            task = asyncio.get_running_loop().create_task(self._exchange(batch))
            self._requests.add(task)
            task.add_done_callback(self._ended)
        self._set_timer()

    async def stop(self) -> None:
        """Write nothing more, give back what waits, wait a bounded time for replies."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._give_back()
        if self._requests:
            _, late = await asyncio.wait(self._requests, timeout=self._settings.stop_timeout)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        await self._results.drain(self._settings.stop_timeout)

    # --- one request

    def _next_batch(self, most: int) -> list[Outgoing]:
        """Parts from the head of the queue that go in one request: of one sender, alike in what is
        said once, and where the provider wants it, of different phones."""
        send = self._settings.spec.send
        batch: list[Outgoing] = []
        rest: list[Outgoing] = []
        while self._queue and len(batch) < min(most, send.most):
            part = self._queue.popleft()
            if batch and not self._goes_with(part, batch):
                rest.append(part)
                continue
            batch.append(part)
            if part.part_id in self._alone:
                break
        self._queue.extendleft(reversed(rest))
        return batch

    def _goes_with(self, part: Outgoing, batch: Sequence[Outgoing]) -> bool:
        if part.sender != batch[0].sender or part.part_id in self._alone:
            return False
        if "text" in self._shared and part.text != batch[0].text:
            return False
        if "coding" in self._shared and part.alphabet is not batch[0].alphabet:
            return False
        return not self._settings.spec.send.unique or all(
            part.number != other.number for other in batch
        )

    async def _exchange(self, batch: list[Outgoing]) -> None:
        """One request and what came of it; nothing is raised."""
        attempt, why = Attempt(), ""
        try:
            prepared = rendering.sending(self._settings, batch)
            answer = await self._client.exchange(prepared, attempt)
            self._heard(answer)
            crash.passing("answer.read")
            results = self._reader.results(batch, answer, now=self._clock.now())
        except (Unsent, Lost) as broken:
            why = str(broken)
            results = _broken(batch, attempt)
        except asyncio.CancelledError:  # at the end of `stop`, which reports what there is
            results = _broken(batch, attempt)
        except Exception as error:
            why = type(error).__name__
            log.error("request failed", route=self._settings.name, error=why)
            results = _broken(batch, attempt)
        self._account.heard(results, why)
        self.spent += sum((one.cost for one in results if one.cost is not None), Decimal(0))
        self._results.add(self._split(results))

    def _split(self, results: list[Result]) -> list[Result]:
        """A batch refused as a whole for one of its messages goes again, each message alone."""
        first = results[0]
        whole = len(results) > 1 and all(
            one.outcome is Outcome.FAILED
            and one.failure in _OF_ONE
            and one.scope is not Scope.ACCOUNT
            and one.code == first.code
            for one in results
        )
        if not whole:
            self._alone.difference_update(one.part_id for one in results)
            return results
        self._alone.update(one.part_id for one in results)
        return [Result(one.part_id, Outcome.UNSENT) for one in results]

    # --- after it

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._requests.discard(task)
        if not self._stopped:
            self.pump()

    def _settled(self, batch: list[Result], stored: bool) -> None:
        if stored:
            self._open.difference_update(result.part_id for result in batch)
            self.pump()
            self._wake()

    def _give_back(self) -> None:
        """What waits here was surely not written."""
        self._results.add([Result(part.part_id, Outcome.UNSENT) for part in self._queue])
        self._queue.clear()

    def _within(self, seconds: float) -> int:
        most = self._settings.concurrent * self._settings.spec.send.most
        return self._pace.within(seconds, most)

    def _set_timer(self) -> None:
        """Whoever asked for room and got none is woken when there is some."""
        if self._stopped or self._timer is not None:
            return
        pause = self._account.paused
        if not pause and self._within(0.0) < 1:
            pause = self._pace.wait()
        if pause:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(pause + 0.001, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self.pump()
        self._wake()


def _broken(batch: Sequence[Outgoing], attempt: Attempt) -> list[Result]:
    outcome = Outcome.DOUBT if attempt.written else Outcome.UNSENT
    return [Result(part.part_id, outcome) for part in batch]
