"""The longest names, subjects and classes of a school, to try its texts with. Reading only."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sms_diary.db import Queries
from sms_diary.model import Kind
from sms_diary.render.real import Real

_PUPILS = 10
"""Pupils with the longest names whose subjects are looked at."""
_KINDS = (Kind.MARK, Kind.TERM_MARK)


async def of_school(
    q: Queries, school_id: int, *, day: str, called: Callable[[str], str]
) -> Real:  # fmt: skip
    """What is longest among those who are in a class on that day (ISO date).

    `called`: how the school calls a pupil of this full name. Subjects are those in which these
    pupils have marks: a whole diary is not read for it.
    """
    rows = await q.all(
        """select p.id, p.full_name, c.name as class_name
           from class c join membership m on m.class_id = c.id join pupil p on p.id = m.pupil_id
           where c.school_id = :school_id and p.full_name is not null
             and m.from_day <= :day and (m.to_day is null or m.to_day >= :day)""",
        school_id=school_id,
        day=day,
    )
    named = sorted(((called(row["full_name"]), row["id"]) for row in rows), key=_longest_first)
    names = dict.fromkeys(name for name, _ in named[:_PUPILS])
    classes = sorted({row["class_name"] for row in rows}, key=lambda said: (-len(said), said))
    subjects = await _subjects(q, school_id, [pupil_id for _, pupil_id in named[:_PUPILS]])
    return Real(tuple(names), tuple(subjects), next(iter(classes), ""))


def _longest_first(one: tuple[str, int]) -> tuple[int, str, int]:
    name, pupil_id = one
    return -len(name), name, pupil_id


async def _subjects(q: Queries, school_id: int, pupil_ids: Sequence[int]) -> list[str]:
    rows = await q.over(
        """with rows(kind text, who bigint)
           select distinct e.subject from rows join entry e
             on e.school_id = :school_id and e.kind = rows.kind and e.who = rows.who
           where e.subject <> ''""",
        sorted((str(kind), pupil_id) for kind in _KINDS for pupil_id in pupil_ids),
        school_id=school_id,
    )
    return sorted((row["subject"] for row in rows), key=lambda said: (-len(said), said))
