"""The longest names, subjects and classes of a school. On both engines."""

from __future__ import annotations

from sms_diary.db import Database
from sms_diary.plan import short_name
from sms_diary.render.real import Real
from sms_diary.store.desk import longest
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests import seeding

DAY = "2026-11-24"


async def test_the_longest_are_of_those_who_are_in_the_school_today(
    db: Database, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        other = await seeding.live_school(q, tools, "school-7")
        [foreign] = await seeding.classes(q, tools, other, "5А")
        await seeding.pupils(q, tools, other, foreign, 3)
        [class_id] = await seeding.classes(q, tools, school, "5А")
        await seeding.pupils(q, tools, school, class_id, 3)
        named = await seeding.pupil(q, tools, school, class_id, "Щукина Александрина Петровна")
        left = await seeding.pupil(q, tools, school, class_id, "Ы Константинополина Петровна")
        await q.run("update membership set to_day = '2026-11-01' where pupil_id = :id", id=left)
        for entry_id, (who, kind, subject) in enumerate(
            [(named, "mark", "Ритмика"), (named, "term_mark", "Ритмика и танец"),
             (named, "absence", "Основы безопасности"), (left, "mark", "Хоровое пение детей"),
             (named, "mark", "")], 1,
        ):  # fmt: skip
            await seeding.entry(q, school, entry_id)
            await q.run(
                """update entry set who = :who, kind = :kind, subject = :subject
                   where id = :id""",
                who=who, kind=kind, subject=subject, id=entry_id,
            )  # fmt: skip
        found = await longest.of_school(q, school.id, day=DAY, called=short_name)
        theirs = await longest.of_school(q, other.id, day=DAY, called=short_name)
        empty = await longest.of_school(q, school.id, day="2020-01-01", called=short_name)
    assert found == Real(("Александрина Щ.", "Дарья Б."), ("Ритмика и танец", "Ритмика"), "5А")
    assert (theirs.pupils, theirs.subjects) == (("Дарья Б.",), ())
    assert empty == Real()
