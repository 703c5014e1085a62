"""The school's day and the classes of its school year, by the titles that people write."""

from __future__ import annotations

from datetime import date

from sms_diary.api.operation import Call
from sms_diary.api.problem import Problem
from sms_diary.api.shapes import Query
from sms_diary.clock import local
from sms_diary.ingest import roster
from sms_diary.store import schools
from sms_diary.store.schools import School


async def school(call: Call[Query, object]) -> School:
    return (await schools.by_ids(call.q, [call.school_id]))[call.school_id]


async def today(call: Call[Query, object]) -> date:
    """The date at the school."""
    return local(call.now, (await school(call)).zone).date()


async def class_id(call: Call[Query, object], title: str, day: date) -> int:
    """The class of this title in the school year of the day; 404 if there is none."""
    found = await roster.class_of(call.q, call.school_id, title, day)
    if found is None:
        raise Problem(404, "no-class", "Такого класса в этом учебном году нет.")
    return found


async def made(call: Call[Query, object], title: str, day: date) -> int:
    """The same; a class that is not there yet is added, if this is what a class is called."""
    titles = await roster.classes_of(call.q, call.tools, call.school_id, {title}, day)
    found = titles[title].class_id
    if found is None:
        raise Problem(404, "no-class", f"{roster.NO_CLASS[:1].upper()}{roster.NO_CLASS[1:]}.")
    return found
