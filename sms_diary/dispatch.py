"""Claims what may leave now, hands it to a channel, writes down what came of it.

The claim is committed before a byte leaves and is the attempt; a kill therefore leaves at most a
window of parts in doubt, and nothing is ever sent twice without somebody's decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from sms_diary import retry
from sms_diary.channels.base import Channel, Outcome, Outgoing, Result
from sms_diary.clock import SECOND, Clock
from sms_diary.db import Database
from sms_diary.encoding import Alphabet, split
from sms_diary.model import Failure, PartState
from sms_diary.store import outbox, receipts
from sms_diary.store.outbox import Claimed, Settled
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

_split = lru_cache(maxsize=1024)(split)  # the parts of one message come one after another


class Dispatch:
    """The loop of one route."""

    def __init__(
        self, database: Database, tools: Tools, clock: Clock, channel: Channel, *, owner: str
    ) -> None:
        self._database = database
        self._tools = tools
        self._clock = clock
        self._channel = channel
        self._owner = owner

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
        now = self._clock.now()
        async with self._database.transaction(urgent=True) as q:
            claimed = await outbox.claim(
                q, route=self._channel.name, owner=self._owner, limit=room, now=now
            )
        if claimed:
            parts = outbox.opened(self._tools, claimed)
            await self._channel.send([_outgoing(part, now) for part in parts])
        return len(claimed) == room


def _outgoing(part: Claimed, now: int) -> Outgoing:
    parts = _split(part.text)
    return Outgoing(
        part_id=part.id,
        number=part.number,
        text=parts[part.seq - 1],
        alphabet=Alphabet(part.alphabet),
        expires=part.expires,
        seconds_left=max((part.expires - now) // SECOND, 1),
        sender=part.sender,
        udh_ref=part.udh_ref,
        total=part.total,
        seq=part.seq,
    )


class Settle:
    """Where channels bring their results."""

    def __init__(self, database: Database, clock: Clock, wakes: Wakes) -> None:
        self._database = database
        self._clock = clock
        self._wakes = wakes

    async def __call__(self, route: str, results: Sequence[Result]) -> None:
        """Write the outcomes in one transaction; returns when it is committed."""
        now = self._clock.now()
        async with self._database.transaction(urgent=True) as q:
            await receipts.one_at_a_time(q, route)
            failed = [r.part_id for r in results if r.outcome is Outcome.FAILED]
            attempts = await outbox.attempts(q, failed) if failed else {}
            settled = [_settled(result, attempts, now) for result in results]
            await outbox.settle(q, settled, now=now)
            accepted = [r for r in results if r.outcome is Outcome.ACCEPTED]
            if accepted:
                await outbox.mark_told(q, [r.part_id for r in accepted])
                ids = [(r.part_id, r.provider_id) for r in accepted]
                await receipts.adopt(q, route, ids, now=now)
            rejected = [s.part_id for s in settled if s.state is PartState.REJECTED]
            if rejected:
                messages = await outbox.messages_of(q, rejected)
                await outbox.fold(q, messages, now=now)
        self._wakes.dispatch.set()


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
        PartState.REJECTED if decision.at is None else PartState.RETRY,
        failure=failure,
        code=result.code,
        due=decision.at,
        attempt_counts=decision.counts,
    )
