"""Двойники: pupils who are likely written twice, two records side by side, and their merging.

What looks alike is `ingest.doubles`', what merging does is `store/persons/merging.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

from sms_diary.admin.forms import Form
from sms_diary.admin.screen import Answer, Missing, Page, Redirect, Refused, Visit, found
from sms_diary.admin.screens.people import finding, merging_words
from sms_diary.db import Queries
from sms_diary.errors import NotYet
from sms_diary.ingest.doubles import Pair, Written
from sms_diary.store.desk import doubles, people
from sms_diary.store.desk.people import Guardian
from sms_diary.store.persons import merging, merging_guardians
from sms_diary.store.persons.merging import Two
from sms_diary.store.roll import PupilView
from sms_diary.values import value

_SHOWN = 50


@value
class Record:
    """One of two records as it is shown; "" where a thing is not known."""

    id: int
    name: str
    class_name: str
    born: str
    external_id: str
    marks: int
    guardians: tuple[Guardian, ...]


class Wanted(Form):
    do: Literal["merge", "apart"]
    of_class: int = 0


async def likely(q: Queries, visit: Visit) -> list[Pair]:
    """The pairs that the visitor may see; `q` may be any view."""
    day = finding.today(visit)
    return await doubles.likely(q, visit.school.id, day=day, classes=visit.classes)


async def show(visit: Visit) -> Page:
    pairs = await likely(visit.q, visit)
    own = [one for pair in pairs[:_SHOWN] for one in pair]
    known = {one.id: one for one in await _records(visit, own)}
    return Page("people/doubles.html", {
        "pairs": [(known[one.id], known[other.id]) for one, other in pairs[:_SHOWN]],
        "more": len(pairs) - _SHOWN,
    })  # fmt: skip


async def compare(visit: Visit) -> Page:
    two = await _two(visit)
    keep, drop = await _records(visit, [_written(two.keep), _written(two.drop)])
    followers = await merging_guardians.followers(visit.q, visit.school.id, keep.id, drop.id)
    people_of = {one.id: one for one in (*keep.guardians, *drop.guardians)}
    classes, chosen = _classes(two)
    return Page("people/double.html", {
        "keep": keep, "drop": drop, "against": two.against, "classes": classes, "chosen": chosen,
        "fates": [merging_words.fate(one, people_of[one.guardian_id]) for one in followers],
    })  # fmt: skip


async def act(visit: Visit) -> Answer:
    """Make one of the two, or remember that they are two."""
    wanted = visit.form(Wanted).read
    if wanted is None:
        raise Refused("Форма не понята. Откройте страницу заново и повторите.")
    two = await _two(visit)
    if wanted.do == "apart":
        await doubles.tell_apart(
            visit.q, visit.school.id, two.keep.id, two.drop.id, by=visit.actor, now=visit.now
        )
        visit.note("told-apart", "pupil", two.keep.id)
        return Redirect("people/doubles", "Запомнили: это разные дети. Больше не спросим.")
    try:
        done = await merging.merge(
            visit.q, visit.tools, visit.school.id, two.keep.id, two.drop.id,
            today=date.fromisoformat(finding.today(visit)), class_id=wanted.of_class or None,
            by=visit.actor, now=visit.now,
        )  # fmt: skip
    except NotYet as against:
        raise Refused(str(against)) from against
    kept = found(done).pupil_id
    visit.note("merged", "pupil", kept)
    visit.wake(visit.desk.wakes.fanout)
    return Redirect(f"people/pupils/{kept}", "Записи объединены: ученик теперь записан один раз.")


async def _two(visit: Visit) -> Two:
    """The pupils of the address. Raises Missing; a class teacher needs both."""
    day, other_id = finding.today(visit), int(visit.ids["other_id"])
    if other_id >= 2**63:
        raise Missing
    two = found(await merging.find(visit.q, visit.school.id, visit.id, other_id, day=day))
    ids = {two.keep.id, two.drop.id}
    if await people.in_classes(visit.q, ids, visit.classes, day=day) != ids:
        raise Missing
    return two


def _classes(two: Two) -> tuple[list[tuple[int, str]], int]:
    """The classes to choose from where they differ, and the one that was told last."""
    pupils = (two.keep, two.drop)
    found_ = {two.classes[one.id]: one.class_name or "" for one in pupils if one.id in two.classes}
    newest = max(pupils, key=lambda one: one.id)
    options = list(found_.items()) if len(found_) > 1 else []
    return options, two.classes.get(newest.id, 0)


def _written(one: PupilView) -> Written:
    return Written(
        one.id, one.full_name, one.birth_date or "", one.external_id or "", one.class_name or ""
    )


async def _records(visit: Visit, own: Sequence[Written]) -> list[Record]:
    ids = [one.id for one in own]
    guardians = await people.guardians(visit.q, visit.tools, visit.school.id, ids)
    marks = await doubles.marks(visit.q, visit.school.id, ids)
    return [
        Record(
            one.id, one.name, one.class_name,
            f"{date.fromisoformat(one.birth):%d.%m.%Y}" if one.birth else "", one.external_id,
            marks.get(one.id, 0), guardians.get(one.id, ()),
        )
        for one in own
    ]  # fmt: skip
