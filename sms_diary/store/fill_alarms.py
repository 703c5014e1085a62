"""Classes whose journal is silent: as the last look found them, and of which the staff was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sms_diary.db import Queries
from sms_diary.filled import Silence
from sms_diary.store.schools import School


async def write(q: Queries, school_id: int, classes: Sequence[Silence]) -> None:
    """These are silent now, and no others."""
    await q.run("delete from silent_class where school_id = :school_id", school_id=school_id)
    rows = [
        (school_id, one.class_key, one.class_name, one.last.isoformat() if one.last else "",
         one.since)
        for one in classes
    ]  # fmt: skip
    await q.insert("silent_class", "school_id, class_key, class_name, last_day, days", rows)


async def now_silent(q: Queries, school_id: int) -> list[Silence]:
    """What the last look has found."""
    rows = await q.all(
        """select class_key, class_name, last_day, days from silent_class
           where school_id = :school_id order by class_key""",
        school_id=school_id,
    )
    return [
        Silence(row["class_key"], row["class_name"],
                date.fromisoformat(row["last_day"]) if row["last_day"] else None, row["days"])
        for row in rows
    ]  # fmt: skip


async def untold(
    q: Queries, school_id: int, week: date, classes: Sequence[Silence]
) -> list[Silence]:
    """Those of them of which nobody was told in this week (its Monday)."""
    rows = await q.all(
        "select class_key from fill_alarm where school_id = :school_id and week = :week",
        school_id=school_id,
        week=week.isoformat(),
    )
    told = {row["class_key"] for row in rows}
    return [one for one in classes if one.class_key not in told]


async def tell(
    q: Queries, school_id: int, week: date, classes: Sequence[Silence], *, now: int
) -> None:
    """These were told of."""
    rows = [(school_id, one.class_key, week.isoformat(), now) for one in classes]
    await q.insert("fill_alarm", "school_id, class_key, week, at", rows)


async def forget(q: Queries, week: date) -> None:
    """Drop what was told before this week."""
    await q.run("delete from fill_alarm where week < :week", week=week.isoformat())


def wanted(school: School, now: int) -> bool:
    """Whether the school wants to be told and may be told now."""
    return school.fill_alarm and not school.paused and school.calendar.plain.open_at(now)
