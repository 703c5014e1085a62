"""The whole roll of a school, page by page: for loading one and for taking one out.

Numbers come out whole: what is taken out is loaded elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sms_diary.db import Queries
from sms_diary.store import numbers, roll
from sms_diary.store.roll import PupilView
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Guardian:
    guardian_id: int
    subscription_id: int
    number: str
    """E.164."""
    full_name: str
    relation: str
    state: str
    """Of the consent to all topics."""


@value
class Row:
    pupil: PupilView
    guardians: tuple[Guardian, ...]


async def page(
    q: Queries, tools: Tools, school_id: int, *, day: str, after: int, limit: int
) -> list[Row]:
    """The next pupils after one, each with guardians; [] at the end."""
    pupils = await roll.pupils(q, school_id, day=day, class_id=None, after=after, limit=limit)
    rows = await q.over(
        """with rows(id bigint)
           select s.id, s.pupil_id, s.guardian_id, s.relation, g.full_name, g.number_id,
                  coalesce(c.state, 'unknown') as state
           from rows join subscription s on s.pupil_id = rows.id
           join guardian g on g.id = s.guardian_id
           left join consent c on c.subscription_id = s.id and c.topic = '*'
           where s.school_id = :school_id order by s.id""",
        [(pupil.id,) for pupil in pupils],
        school_id=school_id,
    )
    opened = await numbers.read(q, tools, [row["number_id"] for row in rows])
    of: dict[int, list[Guardian]] = {}
    for row in sorted(rows, key=lambda row: int(row["id"])):
        of.setdefault(row["pupil_id"], []).append(
            Guardian(
                row["guardian_id"], row["id"], opened[row["number_id"]], row["full_name"] or "",
                row["relation"], row["state"],
            )
        )  # fmt: skip
    return [Row(pupil, tuple(of.get(pupil.id, ()))) for pupil in pupils]


async def with_external_ids(q: Queries, pupil_ids: Iterable[int]) -> set[int]:
    """Those of the pupils whom the journal has given an id."""
    rows = await q.over(
        """with rows(id bigint)
           select pupil.id from rows join pupil on pupil.id = rows.id
           where pupil.external_id is not null""",
        [(pupil_id,) for pupil_id in sorted(set(pupil_ids))],
    )
    return {row["id"] for row in rows}


async def adopt(q: Queries, school_id: int, named: Sequence[tuple[int, str]]) -> None:
    """Give pupils who have none the id that the journal calls them by: (pupil, id)."""
    await q.over(
        """with rows(id bigint, external_id text)
           update pupil set external_id = rows.external_id, rev = rev + 1 from rows
           where pupil.id = rows.id and pupil.school_id = :school_id
             and pupil.external_id is null""",
        sorted(dict(named).items()),
        school_id=school_id,
    )
