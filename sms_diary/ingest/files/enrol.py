"""The pupils and classes of a list: those that are there found, the others added.

Who is who is decided in `identity`; this reads the school's rosters and writes what is new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sms_diary.db import Queries
from sms_diary.ingest.days import SchoolYear, school_year
from sms_diary.ingest.files.contacts import ContactRow
from sms_diary.ingest.files.identity import (
    NOT_A_CLASS,
    Identity,
    Known,
    Person,
    classes_to_add,
    identify,
)
from sms_diary.ingest.matching import ClassIndex, ClassMatch, name_key
from sms_diary.store import people
from sms_diary.store.people import NewPupil
from sms_diary.store.tools import Tools

TOO_LONG = "имя ученика слишком длинное"
_LONGEST_NAME = 200


@dataclass(slots=True)
class Enrolled:
    """Row by row: whose it is, or why that is unknown (Russian), and which rows added a pupil."""

    pupil_of: dict[int, int] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)
    added_by: set[int] = field(default_factory=set)


async def enrol(
    q: Queries,
    tools: Tools,
    school_id: int,
    rows: Sequence[ContactRow],
    today: date,
    now: int,
) -> Enrolled:  # fmt: skip
    """Find or add the pupil of every row, in its class of the school year of `today`.

    New pupils belong to the class from 1 September.
    """
    enrolled = Enrolled()
    # A row without a pupil's name speaks of the pupil above, whatever its class says.
    heads = [row for row in rows if not row.continued or row.pupil_problem]
    named: list[ContactRow] = []
    for row in heads:
        problem = row.pupil_problem or (TOO_LONG if len(row.pupil) > _LONGEST_NAME else "")
        if problem:
            enrolled.problems[row.row] = problem
        else:
            named.append(row)
    year = school_year(today)
    classes = await _classes(q, tools, school_id, year, named)
    by_class: dict[int, list[ContactRow]] = {}
    for row in named:
        match = classes[row.class_name]
        if match.class_id is None:
            enrolled.problems[row.row] = match.reason if match.candidates else NOT_A_CLASS
        else:
            by_class.setdefault(match.class_id, []).append(row)
    known = await people.rosters(q, by_class, today.isoformat())
    found = {
        class_id: identify(
            map(_person, own), [Known(p.id, p.full_name, p.birth_date) for p in known[class_id]]
        )
        for class_id, own in by_class.items()
    }
    ids = await _add(q, tools, school_id, found, year, now)
    for class_id, own in by_class.items():
        _tell(enrolled, own, found[class_id][0], ids[class_id])
    _continue(enrolled, rows)
    return enrolled


def _person(row: ContactRow) -> Person:
    return Person(row.pupil, row.birth.isoformat() if row.birth else "")


async def _classes(
    q: Queries, tools: Tools, school_id: int, year: SchoolYear, rows: Sequence[ContactRow]
) -> dict[str, ClassMatch]:
    """What class each title of the rows means, new classes added."""
    titles = {row.class_name for row in rows}
    known = await people.classes(q, school_id, year.first.year)
    fresh = classes_to_add(titles, [(one.id, one.name) for one in known])
    if fresh:
        known = await people.add_classes(q, tools, school_id, year.first.year, fresh)
    index = ClassIndex((one.id, one.name) for one in known)
    return {title: index.find(title) for title in titles}


_Found = Mapping[int, tuple[dict[Person, Identity], list[Person]]]


async def _add(
    q: Queries, tools: Tools, school_id: int, found: _Found, year: SchoolYear, now: int
) -> dict[int, dict[int, int]]:
    """Add the new pupils of all classes; for each class the id behind each negative key."""
    wanted = [
        (class_id, key, person)
        for class_id, (identities, fresh) in found.items()
        for key, person in ((-number, person) for number, person in enumerate(fresh, 1))
        if any(identity.key == key for identity in identities.values())
    ]
    # By name: papers are numbered in the order in which pupils became known (store/paper.py).
    wanted.sort(key=lambda one: name_key(one[2].name))
    pupils = [NewPupil(p.name, name_key(p.name), p.birth, class_id) for class_id, _, p in wanted]
    made = await people.add_pupils(
        q, tools, school_id, pupils, from_day=year.first.isoformat(), now=now
    )
    ids: dict[int, dict[int, int]] = {class_id: {} for class_id in found}
    for (class_id, key, _), pupil_id in zip(wanted, made, strict=True):
        ids[class_id][key] = pupil_id
    return ids


def _tell(
    enrolled: Enrolled,
    rows: Sequence[ContactRow],
    identities: Mapping[Person, Identity],
    ids: Mapping[int, int],
) -> None:
    added: set[int] = set()
    for row in rows:
        identity = identities[_person(row)]
        if not identity.key:
            enrolled.problems[row.row] = identity.problem
            continue
        enrolled.pupil_of[row.row] = ids.get(identity.key, identity.key)
        if identity.key < 0 and identity.key not in added:
            added.add(identity.key)
            enrolled.added_by.add(row.row)


def _continue(enrolled: Enrolled, rows: Sequence[ContactRow]) -> None:
    """Rows of a second parent share the fate of the row they continue."""
    head = 0
    for row in rows:
        if not row.continued:
            head = row.row
        elif head in enrolled.pupil_of:
            enrolled.pupil_of[row.row] = enrolled.pupil_of[head]
        elif row.row not in enrolled.problems:
            enrolled.problems[row.row] = enrolled.problems[head]
