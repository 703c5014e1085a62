"""A district of invented schools, put straight into a database for bench, chaos and kill test.

Each pupil has one guardian with a consent of their own, so that each event is one message of one
part. Processes and traffic are not here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sms_diary.app import Base, opened
from sms_diary.config import Settings
from sms_diary.db import Queries
from sms_diary.model import ConsentState, SchoolMode
from sms_diary.store import consents, numbers, people, schools, settings, welcome
from sms_diary.store.consents import Change
from sms_diary.store.ledger import Act
from sms_diary.store.people import NewPupil

IN_A_CLASS = 25
_SINCE = "2026-09-01"
_YEAR = 2026


@dataclass(frozen=True, slots=True)
class Pupil:
    """`number` in E.164; `first_name` is what an SMS calls the pupil by."""

    external_id: str
    number: str
    first_name: str


@dataclass(frozen=True, slots=True)
class SeededSchool:
    """A live school with what a client of its door needs."""

    slug: str
    secret: str
    token: str
    pupils: tuple[Pupil, ...]


async def seed(
    settings: Settings, *, pupils: int, in_a_school: int, now: int, routes: Sequence[str] = ("",)
) -> list[SeededSchool]:
    """Make as many live schools (`settle` 0) as the pupils fill; `now` in epoch milliseconds.

    The database must be empty. Numbers count up from +7 900 000-00-00. Schools go by the routes
    in turn; "" is the first of the settings.
    """
    made: list[SeededSchool] = []
    async with opened(settings) as base:
        for start in range(0, pupils, in_a_school):
            several = [_pupil(i) for i in range(start, min(start + in_a_school, pupils))]
            async with base.database.transaction() as q:
                school = await _school(q, base, len(made) + 1, several, now)
                route = routes[len(made) % len(routes)]
                await q.run(
                    "update school set route = :route where slug = :slug",
                    route=route, slug=school.slug,
                )  # fmt: skip
                made.append(school)
    return made


def _pupil(number: int) -> Pupil:
    names = ("Дарья", "Егор", "Алиса", "Тимур", "Ксения", "Макар", "Вера", "Роман")
    return Pupil(f"p{number}", f"+7900{number:07d}", names[number % len(names)])


async def _school(
    q: Queries, base: Base, place: int, pupils: Sequence[Pupil], now: int
) -> SeededSchool:
    tools, name = base.tools, f"Школа {place}"
    school = await schools.add(
        q, tools, slug=f"school-{place}", name=name, short_name=name, zone="Europe/Samara",
        settle=0, budget=2, now=now,
    )  # fmt: skip
    await schools.set_mode(q, school.id, SchoolMode.LIVE)
    await settings.change(q, school.id, settings.ANY_HOUR, now=now)
    secret, token = await schools.add_credentials(q, tools, school.id, now=now)
    count = len(pupils) // IN_A_CLASS + 1
    titles = [f"{1 + i % 11}{'АБВГДЕЖЗИК'[i // 11 % 10]}" for i in range(count)]
    classes = await people.add_classes(q, tools, school.id, _YEAR, [(t, t) for t in titles])
    pupil_ids = await people.add_pupils(
        q, tools, school.id,
        [
            NewPupil(
                f"Белкина {p.first_name} Ивановна", f"белкина {p.external_id}", "",
                classes[i // IN_A_CLASS % len(classes)].id, p.external_id,
            )
            for i, p in enumerate(pupils)
        ],
        from_day=_SINCE, now=now,
    )  # fmt: skip
    await _families(q, base, school.id, list(zip(pupils, pupil_ids, strict=True)), now)
    return SeededSchool(school.slug, secret, token, tuple(pupils))


async def _families(
    q: Queries, base: Base, school_id: int, pupils: Sequence[tuple[Pupil, int]], now: int
) -> None:
    tools = base.tools
    known = await numbers.ensure(q, tools, [p.number for p, _ in pupils], now=now)
    guardians = await people.ensure_guardians(
        q, tools, school_id, [(known[p.number].id, "") for p, _ in pupils], now=now
    )
    pairs = [(guardians[known[p.number].id][0], pupil_id, "") for p, pupil_id in pupils]
    subscriptions, _ = await people.ensure_subscriptions(q, tools, school_id, pairs, now=now)
    await welcome.release(q, {guardian for guardian, _, _ in pairs}, now=now)
    changes = [
        Change(
            subscriptions[(guardian, pupil_id)], known[pupil.number].id, ConsentState.ACTIVE,
            Act("imported", pupil.number, "subscription", "harness", {"source": "harness"}),
            since=date.fromisoformat(_SINCE),
        )
        for (pupil, pupil_id), (guardian, _, _) in zip(pupils, pairs, strict=True)
    ]  # fmt: skip
    await consents.change(q, tools, school_id, changes, now=now)
