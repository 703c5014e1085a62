"""Processes, connections and databases die while marks are on their way; what is lost or doubled?

Rounds are seeded; each has two schools of its own. In the end of a round, when all has settled,
three ledgers are compared (`scripts/harness/books.py`); `docs/chaos.md` says how to read the
figures. The last line of the output is JSON; the exit code is 1 when something was lost, doubled
or in a wrong state. Run by `scripts/chaos`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg

from scripts.harness import books, web
from scripts.harness.books import Findings
from scripts.harness.era import ROUTES, Ended, Era, era
from scripts.harness.postgres import OwnPostgres, own_postgres
from scripts.harness.story import ERA, Story, dice, story


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line said."""

    rounds: int
    seed: int
    engine: str
    workers: int
    route: str


@dataclass(slots=True)
class Tally:
    """What all rounds together came to."""

    rounds: list[Ended] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    later: list[Findings] = field(default_factory=list)
    """What three more days brought to light."""
    failed: list[str] = field(default_factory=list)
    """Seeds and eras, in words."""


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    add = parser.add_argument
    add("--rounds", type=int, default=10)
    add("--seed", type=int, default=1, help="of the first round; the others follow it")
    add("--engine", choices=("sqlite", "postgres"), default="sqlite")
    add("--workers", type=int, help="processes of the service: 1 with SQLite, 3 with PostgreSQL")
    add("--route", choices=("smpp", "http"), default="smpp", help="how the operator is spoken to")
    given = parser.parse_args()
    workers = given.workers or (1 if given.engine == "sqlite" else 3)
    if given.rounds < 1 or given.seed < 0 or workers < 1:
        parser.error("--rounds and --workers from 1, --seed from 0")
    if given.engine == "sqlite" and workers > 1:
        parser.error("an SQLite file has one process")
    return Options(given.rounds, given.seed, given.engine, workers, given.route)


def _eras(options: Options) -> Iterator[list[int]]:
    """The seeds, era by era: what is replayed alone must meet the same operator."""
    own: list[int] = []
    for seed in range(options.seed, options.seed + options.rounds):
        if own and seed // ERA != own[0] // ERA:
            yield own
            own = []
        own.append(seed)
    yield own


async def _database(server: OwnPostgres | None, folder: Path, name: str) -> str:
    """The address of an empty database."""
    if server is None:
        return f"sqlite:{folder / 'diary.db'}"
    server.start()  # the last era may have left it dead
    connection = await asyncpg.connect(server.url())
    await connection.execute(f'create database "{name}"')
    await connection.close()
    return server.url(name)


async def _play(
    options: Options, seeds: list[int], server: OwnPostgres | None, tally: Tally
) -> None:
    folder = Path(tempfile.mkdtemp(prefix=f"sms-chaos-{seeds[0]}-"))
    url = await _database(server, folder, f"chaos_{seeds[0]}")
    before = len(tally.failed)
    async with era(
        folder, seeds[0] // ERA, rounds=len(seeds), workers=options.workers, url=url,
        server=server, http=options.route == "http",
    ) as one:  # fmt: skip
        with suppress(_Broken):
            await _rounds(one, seeds, options, tally)
        tally.kills += one.kills + one.fleet.kills
        tally.points += one.fleet.points
    if len(tally.failed) == before:
        shutil.rmtree(folder)


async def _rounds(one: Era, seeds: list[int], options: Options, tally: Tally) -> None:
    stories = [_story(one, seed, place, options) for place, seed in enumerate(seeds)]
    done = [
        await _round(one, now, following, options, tally)
        for now, following in zip(stories, [*stories[1:], None], strict=True)
    ]
    for seed, findings in zip(seeds, await one.finish(done), strict=True):
        if not findings.green:
            _failed(tally, f"round {seed}, three days later", findings.notes, one.folder)
        tally.later.append(findings)


def _story(one: Era, seed: int, place: int, options: Options) -> Story:
    schools = one.schools[place * len(ROUTES) : (place + 1) * len(ROUTES)]
    postgres = one.server is not None
    if options.route == "smpp":
        return story(seed, schools, workers=options.workers, postgres=postgres)
    told = story(seed, schools, workers=options.workers, postgres=postgres, own=one.operator)
    return replace(told, behaviour=web.behaviour(dice(f"web {seed}"), told.behaviour))


async def _round(
    one: Era, now: Story, following: Story | None, options: Options, tally: Tally
) -> Ended:
    seed, kills = now.seed, one.fleet.kills.total()
    try:
        ended = await one.play(now, following)
    except Exception as error:
        _failed(tally, f"round {seed}", _reasons(error), one.folder)
        raise _Broken from error
    tally.rounds.append(ended)
    found = ended.findings
    _say(
        f"round {seed}: {ended.accepted} events accepted, {found.delivered} parts delivered, "
        f"{one.fleet.kills.total() - kills} kills, {ended.cuts} cuts; lost {found.lost}, doubled "
        f"{found.doubled}, in doubt {found.in_doubt} (at most {ended.in_doubt_bound}; "
        f"{found.doubt_at_smsc} are at the SMSC), wrong "
        f"states {found.wrong_state}; {ended.seconds:.1f} s"
    )
    notes = list(found.notes)
    if found.in_doubt > ended.in_doubt_bound:
        notes.append(f"in doubt: {found.in_doubt}, more than {ended.in_doubt_bound}")
    notes += [f"a process ended by itself: {log}" for log in one.fleet.ended]
    one.fleet.ended.clear()
    if notes:
        _failed(tally, f"round {seed}", notes, one.folder)
        command = f"scripts/chaos --rounds 1 --seed {seed} --engine {options.engine} "
        command += f"--route {options.route}"
        _say(f"  again: {command} --workers {options.workers}")
    return ended


class _Broken(Exception):
    """A round could not be played to its end; its era ends with it."""


def _reasons(error: Exception) -> list[str]:
    """What went wrong, of a group each of them."""
    if isinstance(error, ExceptionGroup):
        return [reason for one in error.exceptions for reason in _reasons(one)]
    return [f"{type(error).__name__}: {error}"]


def _failed(tally: Tally, what: str, notes: list[str], folder: Path) -> None:
    tally.failed.append(what)
    _say(f"{what} FAILED; what is left of it is in {folder}")
    for note in notes:
        _say(f"  {note}")


async def _chaos(options: Options) -> Tally:
    tally = Tally()
    with ExitStack() as stack:
        server = None
        if options.engine == "postgres":
            server = stack.enter_context(own_postgres(for_power_cuts=False))
        for seeds in _eras(options):
            await _play(options, seeds, server, tally)
    return tally


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _figures(options: Options, tally: Tally) -> dict[str, Any]:
    now, later = books.summary(one.findings for one in tally.rounds), books.summary(tally.later)
    # A fault that is still there three days later is the same fault.
    worst = {name: max(now[name], later[name]) for name in ("lost", "doubled", "wrong_state")}
    return {
        "rounds": len(tally.rounds), "seed": options.seed, "engine": options.engine,
        "workers": options.workers, "route": options.route,
        "accepted": sum(one.accepted for one in tally.rounds),
        **now, **worst, "kills": dict(sorted(tally.kills.items())),
        "points": dict(sorted(tally.points.items())), "failed": tally.failed,
    }  # fmt: skip


def main() -> int:
    options, began = _options(), time.monotonic()
    tally = asyncio.run(_chaos(options))
    figures = _figures(options, tally) | {"seconds": round(time.monotonic() - began, 1)}
    print(json.dumps(figures))
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
