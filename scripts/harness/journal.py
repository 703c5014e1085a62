"""A school's journal that posts its events until each request has its 202, whatever dies.

As the webhook standard wants: the same request under the same id, at any door that answers. What
it was told 2xx for is the first of the three ledgers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from random import Random

from scripts.harness.door import Connection, signed
from scripts.harness.story import Post, Said

_ACCEPTED = 202
_CLIENTS = 4
_PAUSE = 0.05
_PATIENCE = 5.0
"""Seconds for one answer."""
_LIMIT = 60.0
"""Seconds for one request with all its repeats."""
_HASTE = 0.02


class Refused(Exception):
    """An answer that no repeat makes better, or none in time."""


class Journal:
    def __init__(self, doors: Callable[[], list[int]], chance: Random) -> None:
        """`doors`: the ports that serve just now."""
        self._doors = doors
        self._chance = chance
        self.told: list[Said] = []
        """What every event said that got its 202."""
        self.accepted = 0
        """Events."""
        self.repeated = 0
        """Requests that were posted again."""

    async def post_all(self, *waves: Sequence[Post]) -> None:
        """Post each at its time, or as soon as one of the clients is free; one wave after another.

        Raises Refused.
        """
        for posts in waves:
            waiting, began = list(reversed(posts)), time.monotonic()
            async with asyncio.TaskGroup() as group:
                for _ in range(_CLIENTS):
                    group.create_task(self._client(waiting, began))

    async def _client(self, waiting: list[Post], began: float) -> None:
        while waiting:
            post = waiting.pop()
            await asyncio.sleep(max(0.0, post.at - (time.monotonic() - began)))
            await self._post(post)

    async def _post(self, post: Post) -> None:
        octets = signed(post.school, post.request_id, post.events)
        if post.hasty:
            await self._try(octets, _HASTE)
            self.repeated += 1
        first = await self._insist(octets)
        self.told += post.said
        self.accepted += len(post.events)
        if post.again:
            self.repeated += 1
            if await self._insist(octets) != first:
                raise Refused("the same request got another answer")

    async def _insist(self, octets: bytes) -> bytes:
        deadline = time.monotonic() + _LIMIT
        while time.monotonic() < deadline:
            status, body = await self._try(octets, _PATIENCE)
            if status == _ACCEPTED:
                return body
            if 400 <= status < 500:  # noqa: PLR2004  # the request is at fault (RFC 9110 §15.5)
                raise Refused(f"{status} {body.decode()}")
            self.repeated += 1
            await asyncio.sleep(_PAUSE)
        raise Refused("no answer in time")

    async def _try(self, octets: bytes, patience: float) -> tuple[int, bytes]:
        """Status and body; 0 when there is none."""
        doors = self._doors()
        if not doors:
            return 0, b""
        connection = None
        try:
            async with asyncio.timeout(patience):
                connection = await Connection.open(self._chance.choice(doors))
                return await connection.post(octets)
        except OSError:  # TimeoutError is one
            return 0, b""
        finally:
            if connection is not None:
                connection.close()
