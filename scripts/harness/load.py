"""Posts prepared requests as fast as they are answered, and waits for the last receipt.

Connections are a closed loop: each has one request under way. What is measured is said in
`Course`; percentiles and JSON are made elsewhere.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from scripts.harness.door import Connection, Prepared
from scripts.harness.processes import NOTHING, Program, Weight
from scripts.harness.tables import Tables

_ACCEPTED = 202
_QUIET = 20.0
"""Seconds without a new receipt after which no more are waited for."""
_POLL_SHARE = 20
"""A look into the database is followed by a pause so many times as long: it must not load it."""
_POLL_FIRST, _POLL_MOST = 0.02, 0.5
_WARM = 0.25
"""Share of the messages after which memory should grow no more."""


@dataclass(slots=True)
class Course:
    """What happened when. Moments are seconds of `time.time()`."""

    events: int = 0
    """That were posted and not refused: receipts to wait for."""
    refused: int = 0
    """Requests answered with something else than 202."""
    started: float = 0.0
    accepted: float = 0.0
    """The last 202."""
    ended: float = 0.0
    """The last receipt stored."""
    latencies: list[float] = field(default_factory=list)
    """Seconds from a request's first octet to its 202."""
    accepted_at: dict[str, float] = field(default_factory=dict)
    """Number -> the 202 for the event about it."""
    load_before: float = 0.0
    """Processes of the machine that wanted a core in the minute before (getloadavg(3))."""
    before: Weight = NOTHING
    warm: Weight = NOTHING
    after: Weight = NOTHING
    """Of the service, at the start, after `_WARM` of the receipts, at the end."""
    around: float = 0.0
    """CPU seconds of client and simulator, which share the cores with the service."""


@dataclass(frozen=True, slots=True)
class Programs:
    """What is measured, and the simulator if it runs here."""

    service: Program
    simulator: Program | None

    def around(self) -> float:
        """CPU seconds of this process and the simulator so far."""
        return time.process_time() + (self.simulator.weight().cpu if self.simulator else 0.0)


async def drive(
    requests: Sequence[Prepared], programs: Programs, *, port: int, connections: int,
    tables: Tables, say: Callable[[str], None],
) -> Course:  # fmt: skip
    """Post everything, wait until all receipts are stored or none comes any more."""
    course = Course(events=sum(len(request.pupils) for request in requests))
    opened = [await Connection.open(port) for _ in range(min(connections, len(requests)))]
    service, around = programs.service, programs.around()
    course.load_before = os.getloadavg()[0]
    course.before = course.warm = service.weight()
    waiting = list(reversed(requests))
    course.started = time.time()
    async with asyncio.TaskGroup() as group:
        for connection in opened:
            group.create_task(_post(connection, waiting, course))
        group.create_task(_watch(course, service, tables, say))
    course.after, course.around = service.weight(), programs.around() - around
    for connection in opened:
        connection.close()
    return course


async def _post(connection: Connection, waiting: list[Prepared], course: Course) -> None:
    while waiting:
        request = waiting.pop()
        began = time.perf_counter()
        status, _ = await connection.post(request.octets)
        if status != _ACCEPTED:
            course.refused += 1
            course.events -= len(request.pupils)
            continue
        course.latencies.append(time.perf_counter() - began)
        course.accepted = time.time()
        for pupil in request.pupils:
            course.accepted_at[pupil.number] = course.accepted


async def _watch(
    course: Course, service: Program, tables: Tables, say: Callable[[str], None]
) -> None:
    seen, moved, pause, told = 0, time.monotonic(), _POLL_FIRST, 0.0
    while seen < course.events and time.monotonic() - moved < _QUIET and service.alive:
        await asyncio.sleep(pause)
        began = time.monotonic()
        delivered = await tables.count("select count(*) from part where state = 'delivered'")
        now = time.monotonic()
        pause = min(max(_POLL_FIRST, (now - began) * _POLL_SHARE), _POLL_MOST)
        if delivered > seen:
            if seen < course.events * _WARM <= delivered:
                course.warm = service.weight()
            seen, moved, course.ended = delivered, now, time.time()
        if now - told >= 1.0:
            told = now
            say(f"{len(course.accepted_at):>8} accepted {seen:>8} delivered")
