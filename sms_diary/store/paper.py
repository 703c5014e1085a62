"""What papers for parents are filled in with: a class's pupils with their guardians, the hours.

Reading only, one school's rows only. Nothing here knows what a form looks like.
"""

from __future__ import annotations

from sms_diary.db import Queries
from sms_diary.model import NumberState
from sms_diary.store import numbers
from sms_diary.store.tools import Tools
from sms_diary.values import value

_STRANGERS = (NumberState.WRONG, NumberState.SUSPENDED)
"""Numbers that perhaps have another owner by now: no paper may show them to the family."""


@value
class Hours:
    """When the school writes: minutes after midnight of its own time, days 1 Monday … 7 Sunday."""

    digest_at: int
    day_from: int
    day_to: int
    urgent_from: int
    off_days: tuple[int, ...]


@value
class PaperGuardian:
    """`place` counts a pupil's guardians from 1, in the order in which they were made known.

    `name` is "" where nobody told it or it was erased; `number` is E.164, and "" where it was not
    asked for, or is known to be a stranger's by now.
    """

    place: int
    name: str
    relation: str
    number: str


@value
class PaperPupil:
    """`place` counts all who were ever in the class, from 1: nobody's changes when others come."""

    place: int
    name: str
    guardians: tuple[PaperGuardian, ...]


async def hours(q: Queries, school_id: int) -> Hours:
    """The school's hours; the school must exist."""
    row = await q.one(
        """select digest_at, day_from, day_to, urgent_from, off_days from school
           where id = :school_id""",
        school_id=school_id,
    )
    assert row is not None
    days = tuple(sorted({int(char) for char in row["off_days"] if char in "1234567"}))
    return Hours(row["digest_at"], row["day_from"], row["day_to"], row["urgent_from"], days)


async def pupils(
    q: Queries, tools: Tools, school_id: int, class_id: int, day: str, *, with_numbers: bool
) -> list[PaperPupil]:
    """Who is in the class on that day (ISO date), by name, each with all guardians.

    Empty where the class is another school's. Numbers are opened only if they are asked for.
    """
    rows = await q.all(
        """select p.id, p.full_name, p.name_key, min(m.from_day) as since,
                  max(case when m.from_day <= :day and (m.to_day is null or m.to_day >= :day)
                      then 1 else 0 end) as here
           from membership m join pupil p on p.id = m.pupil_id
           where m.class_id = :class_id and m.school_id = :school_id
           group by p.id, p.full_name, p.name_key
           order by since, p.id""",
        day=day,
        class_id=class_id,
        school_id=school_id,
    )
    listed = [(place, row) for place, row in enumerate(rows, 1) if row["here"] and row["full_name"]]
    known = await _guardians(q, tools, school_id, class_id, with_numbers=with_numbers)
    listed.sort(key=lambda one: (one[1]["name_key"] or "", one[0]))
    return [
        PaperPupil(place, row["full_name"], tuple(known.get(row["id"], ())))
        for place, row in listed
    ]


async def _guardians(
    q: Queries, tools: Tools, school_id: int, class_id: int, *, with_numbers: bool
) -> dict[int, list[PaperGuardian]]:
    """Pupil id -> guardians, of all who were ever in the class."""
    rows = await q.all(
        """select s.pupil_id, s.relation, g.full_name, g.number_id, n.state
           from subscription s join guardian g on g.id = s.guardian_id
           join number n on n.id = g.number_id
           where s.school_id = :school_id and s.pupil_id in (
             select pupil_id from membership where class_id = :class_id)
           order by s.pupil_id, s.id""",
        class_id=class_id,
        school_id=school_id,
    )
    own = [row["number_id"] for row in rows if row["state"] not in _STRANGERS]
    opened = await numbers.read(q, tools, own) if with_numbers else {}
    found: dict[int, list[PaperGuardian]] = {}
    for row in rows:
        guardians = found.setdefault(row["pupil_id"], [])
        guardians.append(
            PaperGuardian(
                len(guardians) + 1, row["full_name"] or "", row["relation"],
                opened.get(row["number_id"], ""),
            )
        )  # fmt: skip
    return found
