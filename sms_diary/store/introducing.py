"""The plan by which a school introduces the diary (п. 1.1 of the order), and how far each step is.

What is done is counted from what the program knows; until when it is to be done, and how many
forms were handed out, a person says. Sums only.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from sms_diary.db import Queries
from sms_diary.model import Ground, MessageState, SchoolMode
from sms_diary.store import fill_weeks, tallied
from sms_diary.store.desk.consents import in_order
from sms_diary.store.schools import School
from sms_diary.values import value


class Step(StrEnum):
    """In the order in which they are taken."""

    LISTS = "lists"
    HANDED = "handed"
    RETURNED = "returned"
    TRIAL = "trial"
    LIVE = "live"
    REACHED = "reached"
    FILLED = "filled"


@value
class ClassCounts:
    """One class today. `returned`: pupils for whom some guardian has said yes or no; `agreed`:
    guardians with a consent in force."""

    id: int
    name: str
    pupils: int
    handed: int
    returned: int
    guardians: int
    agreed: int


@value
class Progress:
    """How far a step is: `part` of `whole`; of a step that is done or not, 0 or 1 of 1."""

    step: Step
    part: int
    whole: int
    due: date | None

    @property
    def done(self) -> bool:
        return self.whole > 0 and self.part >= self.whole


async def by_class(q: Queries, school_id: int, year: int, *, day: date) -> list[ClassCounts]:
    """Every class of the school year (its September), who is in it on `day`; 5А before 10А."""
    rows = await q.all(
        """select c.id, c.name, coalesce(max(f.forms), 0) as handed,
                  count(distinct m.pupil_id) as pupils,
                  count(distinct case when k.state not in ('unknown', 'asked')
                        then m.pupil_id end) as returned,
                  count(distinct s.guardian_id) as guardians,
                  count(distinct case when k.state = 'active' then s.guardian_id end) as agreed
           from class c
           left join membership m on m.class_id = c.id and m.from_day <= :day
             and (m.to_day is null or m.to_day >= :day)
           left join subscription s on s.pupil_id = m.pupil_id
           left join consent k on k.subscription_id = s.id and k.topic = '*'
           left join forms_handed f on f.class_id = c.id and f.school_id = c.school_id
           where c.school_id = :school_id and c.year = :year
           group by c.id, c.name""",
        school_id=school_id,
        year=year,
        day=day.isoformat(),
    )
    found = [
        ClassCounts(row["id"], row["name"], row["pupils"], row["handed"], row["returned"],
                    row["guardians"], row["agreed"])
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: in_order(one.name))


async def progress(
    q: Queries, school: School, classes: list[ClassCounts], *, today: date
) -> list[Progress]:
    """Every step, in order; a guardian in two classes counts in both."""
    pupils = sum(one.pupils for one in classes)
    weeks = await fill_weeks.sums(q, school.id, limit=1)
    found = {
        Step.LISTS: (sum(one.pupils > 0 for one in classes), len(classes)),
        Step.HANDED: (sum(min(one.handed, one.pupils) for one in classes), pupils),
        Step.RETURNED: (sum(one.returned for one in classes), pupils),
        Step.TRIAL: (int(await _tried(q, school.id, today)), 1),
        Step.LIVE: (int(school.mode is SchoolMode.LIVE), 1),
        Step.REACHED: (
            sum(one.agreed for one in classes), sum(one.guardians for one in classes)
        ),
        Step.FILLED: (weeks[0].filled, weeks[0].due) if weeks else (0, 0),
    }  # fmt: skip
    due = await plan(q, school.id)
    return [Progress(step, *found[step], due.get(step)) for step in Step]


async def _tried(q: Queries, school_id: int, today: date) -> bool:
    """Whether a trial SMS has ever reached somebody of the staff."""
    cells = await tallied.cells(q, school_id, date.min, today, "ground", "state")
    return any(one.ground == Ground.STAFF and one.state == MessageState.DELIVERED for one in cells)


async def plan(q: Queries, school_id: int) -> dict[Step, date]:
    """Until when each step is to be done, where somebody has said so."""
    rows = await q.all(
        "select step, due from introduction where school_id = :school_id", school_id=school_id
    )
    return {Step(row["step"]): date.fromisoformat(row["due"]) for row in rows}


async def set_plan(q: Queries, school_id: int, due: Mapping[Step, date]) -> None:
    """This plan in the place of the one there was."""
    await q.run("delete from introduction where school_id = :school_id", school_id=school_id)
    rows = [(school_id, str(step), day.isoformat()) for step, day in due.items()]
    await q.insert("introduction", "school_id, step, due", rows)


async def set_handed(q: Queries, school_id: int, class_id: int, forms: int, *, now: int) -> bool:
    """How many forms of a class were handed out; False where the school has no such class."""
    own = await q.one(
        "select 1 as one from class where id = :id and school_id = :school_id",
        id=class_id,
        school_id=school_id,
    )
    if own is None:
        return False
    await q.run(
        """insert into forms_handed (school_id, class_id, forms, at)
           values (:school_id, :class_id, :forms, :now)
           on conflict (school_id, class_id) do update
           set forms = excluded.forms, at = excluded.at""",
        school_id=school_id,
        class_id=class_id,
        forms=forms,
        now=now,
    )
    return True
