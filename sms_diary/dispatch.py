"""Claims what may leave now, hands it to a channel, writes down what came of it.

The claim is committed before a byte leaves and is the attempt; a kill therefore leaves at most a
window of parts in doubt, and nothing is ever sent twice without somebody's decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from sms_diary import crash, retry
from sms_diary.carrying import USUAL, Carrying
from sms_diary.channels.base import Channel, Outcome, Result
from sms_diary.clock import Clock
from sms_diary.db import Database, Queries, Row
from sms_diary.errors import ChannelError
from sms_diary.model import FINAL, Failure, PartState, Scope
from sms_diary.store import (
    claiming,
    leases,
    outbox,
    part_pieces,
    pausing,
    receipts,
    troubles,
    withdraw,
)
from sms_diary.store.outbox import Settled
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes


class Dispatch:
    """The loop of one route."""

    def __init__(
        self, database: Database, tools: Tools, clock: Clock, channel: Channel, *, owner: str,
        way: Carrying = USUAL,
    ) -> None:  # fmt: skip
        self._database = database
        self._tools = tools
        self._clock = clock
        self._channel = channel
        self._owner = owner
        self._way = way
        self._claimed_at = 0
        self._unsure = False
        """Whether the last claim failed, and was perhaps committed all the same."""

    async def step(self) -> bool:
        """Hand over what there is room for; whether there may be more at once.

        Never cut in two: what is claimed and not handed over would be in doubt for nothing, so
        who cancels this (at the end of the service) waits for both.
        """
        room = self._channel.room() if self._channel.ready() else 0
        if room <= 0:
            return False
        handing = asyncio.create_task(self._hand_over(room))
        try:
            return await asyncio.shield(handing)
        except asyncio.CancelledError:
            await asyncio.gather(handing, return_exceptions=True)
            raise

    async def _hand_over(self, room: int) -> bool:
        if self._unsure:
            await self._take_back()
        # A moment of its own for each claim: by it what was perhaps claimed is found.
        now = self._claimed_at = max(self._clock.now(), self._claimed_at + 1)
        self._unsure = True
        crash.passing("claim.again")
        claimed = await self._database.write(partial(self._claim, room, now), urgent=True)
        self._unsure = False
        crash.passing("claim.committed")
        if claimed:
            await self._channel.send(claiming.opened(self._tools, claimed, self._way, now=now))
            crash.passing("claim.handed-over")
        return len(claimed) == room

    async def _claim(self, room: int, now: int, q: Queries) -> list[Row]:
        # By the database's clock: this process may have stood still for longer than its lease.
        if not await leases.holds(q, leases.of_route(self._channel.name), self._owner):
            return []
        if await pausing.is_paused(q, self._channel.name):
            return []
        claimed = await claiming.claim(
            q, route=self._channel.name, owner=self._owner, limit=room, now=now
        )
        if any(self._channel.has(row["id"]) for row in claimed):
            # Of these it is not known whether their last result was written. It will be written
            # again, and must find nothing on its way that it is not about.
            raise ChannelError(self._channel.name)
        if claimed:
            crash.passing("claim.written")
        return claimed

    async def _take_back(self) -> None:
        """Queue what a failed claim has claimed after all: nothing of it was handed over."""
        take_back = partial(
            claiming.take_back, route=self._channel.name, owner=self._owner, at=self._claimed_at
        )
        await self._database.write(take_back, urgent=True)
        self._unsure = False


class Settle:
    """Where channels bring their results."""

    def __init__(
        self, database: Database, tools: Tools, clock: Clock, wakes: Wakes, *, owner: str
    ) -> None:
        self._database = database
        self._tools = tools
        self._owner = owner
        self._clock = clock
        self._wakes = wakes

    async def __call__(self, route: str, results: Sequence[Result]) -> None:
        """Write the outcomes in one transaction; returns when it is committed."""
        crash.passing("settle.begun")
        write = partial(_write, self._tools, route, self._owner, results, self._clock.now())
        await self._database.write(write, urgent=True)
        crash.passing("settle.committed")
        self._wakes.dispatch.set()


async def _write(
    tools: Tools, route: str, owner: str, results: Sequence[Result], now: int, q: Queries
) -> None:
    await receipts.one_at_a_time(q, route)
    failed = [r.part_id for r in results if r.outcome is Outcome.FAILED]
    attempts = await outbox.attempts(q, failed) if failed else {}
    settled = [_settled(result, attempts, now) for result in results]
    await outbox.settle(q, settled, owner=owner, now=now)
    accepted = [r for r in results if r.outcome is Outcome.ACCEPTED]
    if accepted:
        await outbox.mark_told(q, [r.part_id for r in accepted])
        cut = [(r.part_id, (r.provider_id, *r.more_ids)) for r in accepted if r.more_ids]
        if cut:
            await part_pieces.remember(q, route, cut)
        ids = [(r.part_id, one) for r in accepted for one in (r.provider_id, *r.more_ids)]
        await receipts.adopt(q, tools, route, ids, now=now)
    of_phones = [
        (r.part_id, r.failure, r.code)
        for r in results
        if r.outcome is Outcome.FAILED and r.scope is Scope.NUMBER and r.failure is not None
    ]
    if of_phones:
        await troubles.refused(q, tools, route, of_phones, now=now)
    waiting = [s.part_id for s in settled if s.state in (PartState.QUEUED, PartState.RETRY)]
    if waiting:
        await withdraw.come_back(q, waiting, now=now)
    ended = [s.part_id for s in settled if s.state in FINAL]
    if ended:
        messages = await outbox.messages_of(q, ended)
        await outbox.fold(q, messages, now=now)
    crash.passing("settle.written")


def _settled(result: Result, attempts: dict[int, tuple[int, int]], now: int) -> Settled:
    match result.outcome:
        case Outcome.ACCEPTED:
            return Settled(result.part_id, PartState.SENT, provider_id=result.provider_id)
        case Outcome.DOUBT:
            return Settled(result.part_id, PartState.DOUBT)
        case Outcome.UNSENT:
            return Settled(result.part_id, PartState.QUEUED, attempt_counts=False)
    failure = result.failure or Failure.UNKNOWN
    tries, expires = attempts.get(result.part_id, (1, now))
    decision = retry.decide(failure, tries, now=now, expires=expires, delay=result.delay)
    return Settled(
        result.part_id,
        decision.state,
        failure=failure,
        code=result.code,
        due=decision.at,
        attempt_counts=decision.counts,
    )
