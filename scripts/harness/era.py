"""Some rounds of chaos with one operator and one database: what runs, and what one round does.

The stories are `story.py`'s, the judgement is `books.py`'s; here they are performed.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from scripts.harness import books, settings, states, web
from scripts.harness.books import Books, Findings
from scripts.harness.fleet import DiaryTime, Fleet
from scripts.harness.journal import Journal
from scripts.harness.phones import Phones
from scripts.harness.postgres import OwnPostgres
from scripts.harness.proxy import Proxy
from scripts.harness.seeding import SeededSchool, seed
from scripts.harness.story import Harm, Operator, Stop, Story, dice, operator
from scripts.harness.tables import Tables, tables
from sms_diary.clock import millis
from sms_diary.config import Settings

PUPILS = 120
"""Of a school; a round has two schools, one a route."""
ROUTES = ("main", "second")
_LEASE = 2.0
_STILL, _SWEPT, _SWEPT_ALL = 0.6, 1.6, 12.0
"""Seconds without a change: more than a receipt is on its way; two rounds of the sweep; as many
as it needs for all receipts that nobody claims."""
_PATIENCE = timedelta(minutes=3)
_SETTLE_LIMIT = 45.0
_GIVEN_UP = timedelta(hours=73)
"""After which every fate is decided."""
_FROZEN = 1.0
_LOOK = 0.1
_OPEN = frozenset({"sending", "doubt", "sent"})


@dataclass(frozen=True, slots=True)
class Ended:
    """One round, and what is needed to judge it again."""

    books: Books
    findings: Findings
    cuts: int
    in_doubt_bound: int
    accepted: int
    seconds: float


@dataclass(slots=True)
class Era:
    """What runs. `kills` are counted over all its rounds."""

    folder: Path
    url: str
    values: Settings
    operator: Operator
    server: OwnPostgres | None
    fleet: Fleet
    proxy: Proxy
    clock: DiaryTime
    schools: Sequence[SeededSchool]
    kills: Counter[str]
    played: tuple[str, ...] = ()
    """What the simulator is told to play: a provider over HTTP."""
    phones: Phones | None = None
    coming: asyncio.Task[Phones] | None = None
    """The SMSC of the next round."""

    async def play(self, story: Story, following: Story | None) -> Ended:
        """One round: post, suffer, settle, judge. `following` is told what will come."""
        began, cuts, kills = time.monotonic(), self.proxy.cuts, self.fleet.kills.total()
        self.kills["connection"] -= self.proxy.cuts
        phones = await self._phones(self.coming or self._smsc(str(story.seed), story.behaviour))
        journal = Journal(lambda: self.fleet.doors, dice(f"play {story.seed}"))
        async with asyncio.TaskGroup() as group:
            group.create_task(journal.post_all(story.posts, story.removals))
            group.create_task(self.fleet.suffer(story.deaths))
            group.create_task(self._stops(story.stops, phones))
            group.create_task(self._harms(story.harms, dice(f"play {story.seed}")))
        self.coming = None
        if following is not None:
            self.coming = self._smsc(str(following.seed), following.behaviour)
        async with tables(self.url) as view:
            await self._settled(view, phones, story)
            parts, lines = await states.opened(self.values, view, _slugs(story))
        self.fleet.check()
        counts = await phones.counts()
        own = Books(story, journal.told, phones.records(), parts, lines, counts["receipts_lost"])
        cut = self.proxy.cuts - cuts + counts["cuts"] + counts["unbinds"]
        killed = self.fleet.kills.total() - kills
        self.kills["connection"] += self.proxy.cuts + counts["cuts"]
        a_session, a_process = self.operator.window, self.operator.window * self.operator.sessions
        bound = killed * a_process * len(ROUTES) + cut * a_session + counts["unanswered"]
        took = time.monotonic() - began
        return Ended(own, books.compare(own), cut, bound, journal.accepted, took)

    async def finish(self, rounds: Sequence[Ended]) -> list[Findings]:
        """Three days later every fate is decided, and nothing has left that should not have."""
        self.clock.leap(_GIVEN_UP)
        phones = await self._phones(self._smsc("last", {}))
        await self.fleet.again()
        found = []
        async with tables(self.url) as view:
            await self._decided(view)
            for ended in rounds:
                story = ended.books.story
                parts, lines = await states.opened(self.values, view, _slugs(story))
                numbers = {
                    pupil.number.lstrip("+") for post in story.posts for pupil in post.school.pupils
                }
                later = [one for one in phones.records() if one["number"] in numbers]
                found.append(
                    books.compare(
                        Books(
                            story, ended.books.told, [*ended.books.records, *later], parts, lines,
                            ended.books.lost_receipts,
                        )
                    )
                )  # fmt: skip
        return found

    def _smsc(self, name: str, behaviour: Mapping[str, Any]) -> asyncio.Task[Phones]:
        """Start an SMSC that nobody is connected to yet."""
        own = {**self.operator.behaviour, **behaviour}
        return asyncio.create_task(Phones.start(self.folder, f"smsc-{name}", own, self.played))

    async def _phones(self, coming: asyncio.Task[Phones]) -> Phones:
        """Let the service connect to this SMSC from now on."""
        before, phones = self.phones, await coming
        self.phones, self.proxy.target = phones, phones.port
        if before is not None:
            await before.stop()
        return phones

    async def _stops(self, stops: Sequence[Stop], phones: Phones) -> None:
        began = time.monotonic()
        for stop in sorted(stops, key=lambda one: one.at):
            await asyncio.sleep(max(0.0, stop.at - (time.monotonic() - began)))
            await phones.say(stop.number, stop.text)

    async def _harms(self, harms: Sequence[Harm], chance: Random) -> None:
        began = time.monotonic()
        for harm in harms:
            await asyncio.sleep(max(0.0, harm.at - (time.monotonic() - began)))
            match harm.what:
                case "cut one":
                    self.proxy.cut(chance)
                case "cut all":
                    self.proxy.cut()
                case "freeze":
                    await self.proxy.freeze(_FROZEN)
                case "postgres" if self.server is not None:
                    self.kills["postgres"] += 1
                    await asyncio.to_thread(self.server.crash)
                    await asyncio.to_thread(self.server.start)

    async def _settled(self, view: Tables, phones: Phones, story: Story) -> None:
        """Wait until all is done; what only time tells is told by the diary's clock.

        A receipt that nobody claims waits some seconds for its part in doubt, and one that is read
        in another base a minute.
        """
        if not await self._quiet(view, phones, story, _STILL, _STILL):
            self.clock.leap(_PATIENCE)
            await self.fleet.again()
            await self._quiet(view, phones, story, _SWEPT, _SWEPT_ALL)

    async def _quiet(
        self, view: Tables, phones: Phones, story: Story, still: float, unreported: float
    ) -> bool:
        """Wait until there is nothing to do and nothing changes; whether each fate is known.

        For so many seconds, `unreported` while receipts are missing that were not lost on purpose.
        """
        moved, before, known = time.monotonic(), dict[str, int](), False

        async def quiet() -> bool:
            nonlocal moved, before, known
            # In this order: what ends in between makes more to do, never less.
            now = await states.states_of(view, _slugs(story))
            left = await states.undone(view, _slugs(story))
            counts = await phones.counts()
            if left or counts["waiting"] or now != before:
                before, moved = now, time.monotonic()
            reported = now.get("sent", 0) <= counts["receipts_lost"]
            known = reported and not now.get("doubt")
            limit = still if reported else unreported
            return not (left or counts["waiting"]) and (known or time.monotonic() - moved > limit)

        await _until(quiet)
        return known

    async def _decided(self, view: Tables) -> None:
        """Wait until no part's fate is open."""
        slugs = [school.slug for school in self.schools]

        async def decided() -> bool:
            now = await states.states_of(view, slugs)
            return not _OPEN & now.keys() and not await states.undone(view, slugs)

        await _until(decided)


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until it is true, or the limit has come: then the ledgers show what is missing."""
    deadline = time.monotonic() + _SETTLE_LIMIT
    while not await true() and time.monotonic() < deadline:  # noqa: ASYNC110  # tables have no event
        await asyncio.sleep(_LOOK)


def _slugs(story: Story) -> list[str]:
    return sorted({post.school.slug for post in story.posts})


@asynccontextmanager
async def era(  # noqa: PLR0913  # what a run consists of
    folder: Path, number: int, *, rounds: int, workers: int, url: str,
    server: OwnPostgres | None, http: bool = False,
) -> AsyncIterator[Era]:  # fmt: skip
    """Everything of an era, running; `url` is the address of an empty database."""
    suits, proxy, clock = (web.operator if http else operator)(number), Proxy(), DiaryTime()
    port, doors = await proxy.start(), list[Fleet]()
    door = web.DoorProxy(lambda: doors[0].doors if doors else [])
    more, played = dict[str, str](), tuple[str, ...]()
    if http:
        public, own = f"http://127.0.0.1:{await door.start()}", web.files(folder)
        more = {"public_url": public, "providers": str(own)}
        played = web.played(suits, own, public, ROUTES[0])
    routes = web.routes(suits, ROUTES, port) if http else _accounts(suits, port)
    config, values = settings.write_routes(folder, url, routes, lease_seconds=_LEASE, more=more)
    schools = await seed(
        values, pupils=rounds * PUPILS * len(ROUTES), in_a_school=PUPILS,
        now=millis(datetime.fromisoformat(settings.NOW)), routes=ROUTES,
    )  # fmt: skip
    fleet = Fleet(config, folder, workers, clock)
    doors.append(fleet)
    one = Era(folder, url, values, suits, server, fleet, proxy, clock, schools, Counter(), played)
    try:
        await fleet.start()
        yield one
    finally:
        await fleet.stop()
        for phones in [one.phones, await one.coming if one.coming else None]:
            if phones is not None:
                await phones.stop()
        await proxy.stop()
        await door.stop()


def _accounts(suits: Operator, port: int) -> list[dict[str, Any]]:
    """Routes over SMPP, each an account of its own."""
    return [
        {
            "name": name, "host": "127.0.0.1", "port": port, "system_id": account,
            "password": account, "source": "SCHOOL", **suits.route,
        }
        for name, account in zip(ROUTES, ("demo", "second"), strict=True)
    ]  # fmt: skip
