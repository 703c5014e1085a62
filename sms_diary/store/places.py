"""Where each pupil of a school stands: the latest place in a class, and how it ends."""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.db import Queries
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Place:
    """A pupil's latest membership; `year` is the September of the class's school year."""

    pupil_id: int
    full_name: str
    birth: str
    class_id: int
    class_name: str
    year: int
    from_day: str
    to_day: str


async def latest(q: Queries, school_id: int, *, since_year: int) -> list[Place]:
    """Everybody whose latest class is of that school year or a later one."""
    rows = await q.all(
        """select m.pupil_id, pupil.full_name, pupil.birth_date, m.class_id, class.name,
                  class.year, m.from_day, m.to_day
           from membership m join pupil on pupil.id = m.pupil_id
           join class on class.id = m.class_id
           where m.school_id = :school_id and pupil.full_name is not null
             and class.year >= :year
           order by m.pupil_id, m.from_day""",
        school_id=school_id,
        year=since_year,
    )
    last = {row["pupil_id"]: row for row in rows}
    return [
        Place(
            row["pupil_id"], row["full_name"], row["birth_date"] or "", row["class_id"],
            row["name"], row["year"], row["from_day"], row["to_day"] or "",
        )
        for row in last.values()
    ]  # fmt: skip


async def end(q: Queries, school_id: int, pupil_ids: Iterable[int], *, day: str) -> None:
    """These pupils are in no class after that day (ISO)."""
    await q.over(
        """with rows(id bigint)
           update membership set to_day = :day from rows
           where membership.pupil_id = rows.id and school_id = :school_id
             and (to_day is null or to_day > :day)""",
        [(one,) for one in sorted(set(pupil_ids))],
        school_id=school_id,
        day=day,
    )


async def put_back(
    q: Queries, school_id: int, pupil_id: int, class_id: int, from_day: str, to_day: str
) -> None:
    """The pupil stands again in this place, and in no later one."""
    await q.run(
        """delete from membership where pupil_id = :pupil_id and school_id = :school_id
           and from_day >= :from_day and not (class_id = :class_id and from_day = :from_day)""",
        pupil_id=pupil_id,
        school_id=school_id,
        class_id=class_id,
        from_day=from_day,
    )
    await q.run(
        """insert into membership (pupil_id, class_id, school_id, from_day, to_day)
           values (:pupil_id, :class_id, :school_id, :from_day, :to_day)
           on conflict (pupil_id, class_id, from_day) do update set to_day = excluded.to_day""",
        pupil_id=pupil_id,
        class_id=class_id,
        school_id=school_id,
        from_day=from_day,
        to_day=to_day or None,
    )


@value
class Followed:
    """A subscription to a pupil, with the number it goes to."""

    subscription_id: int
    pupil_id: int
    number_id: int
    number: str


async def followed(
    q: Queries, tools: Tools, school_id: int, pupil_ids: Iterable[int]
) -> list[Followed]:
    """Every subscription to these pupils of the school whose number is known."""
    rows = await q.over(
        """with rows(id bigint)
           select s.id, s.pupil_id, g.number_id, n.sealed
           from rows join subscription s on s.pupil_id = rows.id
           join guardian g on g.id = s.guardian_id join number n on n.id = g.number_id
           where s.school_id = :school_id and n.erased_at is null order by s.id""",
        [(one,) for one in sorted(set(pupil_ids))],
        school_id=school_id,
    )
    return [
        Followed(
            row["id"], row["pupil_id"], row["number_id"],
            tools.vault.text(row["sealed"], "number.sealed", row["number_id"]),
        )
        for row in rows
    ]  # fmt: skip
