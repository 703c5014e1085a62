"""The year turns: whom a new list takes up from which class, and who is not in it any more.

A person is found by the rules of names (`files.identity`), first in the class that this one was
last year, then in the whole school, there only by a full name. Consents go with the pupil.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sms_diary import consent
from sms_diary.consent import Move
from sms_diary.db import Queries
from sms_diary.ingest.days import school_year
from sms_diary.ingest.files.contacts import ContactRow
from sms_diary.ingest.files.identity import Known, Person, identify
from sms_diary.ingest.imports.request import Job
from sms_diary.ingest.matching import class_key
from sms_diary.ingest.roster import classes_of
from sms_diary.store import consents, imports, places, restoring, roll
from sms_diary.store.consents import Change
from sms_diary.store.ledger import Act, Action
from sms_diary.store.places import Place
from sms_diary.store.tools import Tools

LEFT = "нет в списке нового учебного года: ученик выбыл"
_CLASS = re.compile(r"(\d+)(.*)")
_FULL = 3
"""Words of a name that names one pupil of a whole school."""
_SHOWN = 30


@dataclass(slots=True)
class Turned:
    """Who was moved: pupil → the place before, as `import_made.was` keeps it."""

    made: list[tuple[int, str]] = field(default_factory=list)
    up: int = 0
    across: int = 0

    def lines(self) -> list[str]:
        return [f"Переведены в следующий класс: {self.up}. Сменили класс: {self.across}."]


async def turn(q: Queries, tools: Tools, job: Job, rows: Sequence[ContactRow]) -> Turned:
    """Put the pupils of the list into its classes, wherever they were; new ones are left out."""
    year = school_year(job.today)
    titles = {row.class_name for row in rows if row.class_name and not row.pupil_problem}
    classes = await classes_of(q, tools, job.school.id, titles, job.today)
    by_class: dict[int, list[ContactRow]] = {}
    names: dict[int, str] = {}
    for row in rows:
        match = classes.get(row.class_name)
        if match and match.class_id and row.pupil and not row.pupil_problem:
            by_class.setdefault(match.class_id, []).append(row)
            names[match.class_id] = class_key(row.class_name)
    pool = await places.latest(q, job.school.id, since_year=year.first.year - 1)
    turned, taken = Turned(), set[int]()
    for up in (True, False):  # last year's own class goes first, for every class of the list
        for class_id, own in by_class.items():
            fitting = _pool(pool, class_id, names[class_id], up=up, taken=taken)
            for place in _found(own, fitting, by_full_name=not up):
                taken.add(place.pupil_id)
                await _move(q, job, place, class_id, turned, up=up)
    return turned


def _pool(
    pool: Iterable[Place], class_id: int, name: str, *, up: bool, taken: set[int]
) -> list[Place]:
    """Who may have come into a class: from the one that it was, or from any other."""
    # Who stands in the class already is found there by the loading itself.
    others = [one for one in pool if one.class_id != class_id and one.pupil_id not in taken]
    return [one for one in others if not up or next_key(one.class_name) == name]


def _found(rows: Sequence[ContactRow], pool: Sequence[Place], *, by_full_name: bool) -> list[Place]:
    known = [Known(one.pupil_id, one.full_name, one.birth) for one in pool]
    persons = [
        Person(row.pupil, row.birth.isoformat() if row.birth else "")
        for row in rows
        if not by_full_name or len(row.pupil.split()) >= _FULL or row.birth
    ]
    identities, _ = identify(persons, known)
    by_id = {one.pupil_id: one for one in pool}
    ids = dict.fromkeys(one.key for one in identities.values() if one.key > 0)
    return [by_id[one] for one in ids]


async def _move(
    q: Queries, job: Job, place: Place, class_id: int, turned: Turned, *, up: bool
) -> None:
    first = school_year(job.today).first
    day = first if place.year < first.year else job.today
    await roll.move(q, job.school.id, place.pupil_id, class_id, day)
    turned.made.append((place.pupil_id, _was(place)))
    turned.up += up
    turned.across += not up


def next_key(name: str) -> str:
    """The class that this one becomes in September: «5А» → «6А»."""
    parts = _CLASS.fullmatch(class_key(name))
    return f"{int(parts[1]) + 1}{parts[2]}" if parts else ""


async def missing(
    q: Queries, tools: Tools, job: Job, listed: Iterable[int], *, by: str
) -> list[str]:
    """Who was in the classes of this list and is not in it; what to say of them.

    With `end_missing` they have left: their subscriptions end, and the ledger says why.
    """
    there = set(listed)
    year = school_year(job.today)
    pool = await places.latest(q, job.school.id, since_year=year.first.year - 1)
    keys = {class_key(one.class_name) for one in pool if one.pupil_id in there}
    gone = [
        one for one in pool
        if one.pupil_id not in there
        and not one.to_day  # who has left already is not missed
        and (next_key(one.class_name) if one.year < year.first.year
             else class_key(one.class_name)) in keys
    ]  # fmt: skip
    if not gone:
        return ["Нет в новом списке: никого."]
    names = ", ".join(f"{one.full_name} ({one.class_name})" for one in gone[:_SHOWN])
    more = f" и ещё {len(gone) - _SHOWN}" if len(gone) > _SHOWN else ""
    said = f"Нет в новом списке: {len(gone)}: {names}{more}."
    if not job.options.end_missing:
        return [said, "Они остаются, пока вы не подтвердите, что они выбыли (--end-missing)."]
    await _end(q, tools, job, gone, by=by)
    return [said, "Они выбыли: подписки закончены, в журнале согласий сказано почему."]


async def _end(q: Queries, tools: Tools, job: Job, gone: Sequence[Place], *, by: str) -> None:
    school_id, first = job.school.id, school_year(job.today).first
    old = [one.pupil_id for one in gone if one.year < first.year]
    await places.end(q, school_id, old, day=(first - timedelta(days=1)).isoformat())
    rest = [one.pupil_id for one in gone if one.year >= first.year]
    await places.end(q, school_id, rest, day=(job.today - timedelta(days=1)).isoformat())
    follows = await places.followed(q, tools, school_id, [*old, *rest])
    states = await consents.states(q, [one.subscription_id for one in follows])
    numbers: Mapping[int, places.Followed] = {one.subscription_id: one for one in follows}
    changes = []
    for (subscription_id, topic), state in states.items():
        ended = consent.moved(state, Move.SCHOOL_STOP)
        if ended is not None:
            one = numbers[subscription_id]
            scope = f"subscription:{subscription_id} {topic}"
            act = Act(Action.REVOKED, one.number, scope, by, {"source": LEFT})
            changes.append(Change(subscription_id, one.number_id, ended, act, topic))
    was = await restoring.held(q, [one.subscription_id for one in changes], now=job.now)
    await imports.note_made(q, job.import_id, "stopped", was.items())
    await consents.change(q, tools, school_id, changes, now=job.now)
    await imports.note_made(q, job.import_id, "ended", ((one.pupil_id, _was(one)) for one in gone))


def _was(place: Place) -> str:
    """A place in a class, as it is given back when the import is undone."""
    return f"{place.class_id} {place.from_day} {place.to_day}"
