"""What an announcement would come to: whom it reaches, how it reads, how many SMS, when.

The same for the preview, the confirmation and the sending, so that they cannot differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sms_diary import announcing
from sms_diary.admin import hand
from sms_diary.admin.hand import Hand
from sms_diary.admin.screen import Visit
from sms_diary.admin.screens.announcements.wanted import Wanted, not_before
from sms_diary.announcing import Estimate
from sms_diary.clock import MINUTE, local
from sms_diary.db import Queries
from sms_diary.ingest.days import school_year
from sms_diary.ingest.matching import ClassIndex
from sms_diary.model import Kind, Topic
from sms_diary.render.preview import Sight, sight
from sms_diary.schedule import rhythm
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.store import announcements, people
from sms_diary.store.announcements import Reach
from sms_diary.store.desk import announcements as shown
from sms_diary.store.desk.announcements import Pupil
from sms_diary.values import value
from sms_diary.web.words import counted

_PARALLELS = range(1, 13)


@value
class Roll:
    """The school's classes this year: id -> title, and parallel -> ids of its classes."""

    classes: Mapping[int, str]
    parallels: Mapping[int, Sequence[int]]


@value
class Whom:
    """An audience: ids for the count, words for people, and as an event says it."""

    class_ids: Sequence[int] | None
    """None: the whole school."""
    pupil_ids: Sequence[int]
    words: str
    to: str
    """The one class or pupil that it is for, as the SMS says it; "" for several."""
    event: Mapping[str, Any]


@value
class Planned:
    whom: Whom
    reach: Reach
    estimate: Estimate
    measures: Sequence[Sequence[Sight]]
    """Of the texts of each version of the estimate."""
    kopecks: int | None
    in_latin: int
    """SMS that it would take in all if everybody read Latin letters."""
    saved: int | None
    """Kopecks that this would save; None without a price."""
    starts: int | None
    """When the first of it may leave (epoch milliseconds); None while no moment is chosen."""
    soon: bool


async def roll(visit: Visit, q: Queries) -> Roll:
    rows = await people.classes(q, visit.school.id, school_year(_today(visit)).first.year)
    rows.sort(key=lambda row: (len(row.key), row.key))
    index = ClassIndex((row.id, row.name) for row in rows)
    parallels = {number: index.parallel(number) for number in _PARALLELS}
    filled = {number: ids for number, ids in parallels.items() if ids}
    return Roll({row.id: row.name for row in rows}, filled)


async def roster(visit: Visit, q: Queries, roll: Roll, wanted: Wanted) -> list[Pupil]:
    """Pupils who are offered: of the class that is looked at, and those who were chosen."""
    ids = list(wanted.pupils)
    if wanted.roster in roll.classes:
        rows = await people.rosters(q, [wanted.roster], _today(visit).isoformat())
        ids += [row.id for row in rows[wanted.roster]]
    return await shown.pupils(q, visit.school.id, ids, day=_today(visit).isoformat())


async def planned(visit: Visit, q: Queries, roll: Roll, wanted: Wanted) -> Planned:
    """As things stand now."""
    own = await hand.of(visit, q)
    whom = await _whom(visit, q, roll, wanted, own)
    reach = await announcements.reach(
        q, visit.school, whom.class_ids, day=_today(visit).isoformat(), pupil_ids=whom.pupil_ids
    )
    found = announcing.estimate(reach, own.renderer, own.style, wanted.text, whom.to)
    latin = announcing.version(
        own.renderer, own.style, wanted.text, whom.to, latin=True, guardians=reach.told
    )
    in_latin = latin.each * reach.told
    starts = _starts(visit, wanted)
    return Planned(
        whom, reach, found,
        [[sight(text.text, text.level, own.style) for text in one.texts] for one in found.versions],
        own.cost(found.segments), in_latin, own.cost(found.segments - in_latin),
        starts, starts is not None and starts - visit.now <= MINUTE,
    )  # fmt: skip


def event(visit: Visit, wanted: Wanted, whom: Whom) -> bytes:
    """The announcement as a journal would post it.

    Its day is today: the same words may be said again on another day, but not twice on one.
    """
    said: dict[str, Any] = {
        "kind": "announcement.posted", "audience": whom.event, "text": wanted.text,
        "date": _today(visit).isoformat(), "urgent": wanted.urgent,
    }  # fmt: skip
    moment = not_before(visit, wanted)
    if moment is not None:
        said["not_before"] = local(moment, visit.school.zone).isoformat()
    return json.dumps(said, ensure_ascii=False).encode()


async def _whom(visit: Visit, q: Queries, roll: Roll, wanted: Wanted, own: Hand) -> Whom:
    if wanted.whom == "school":
        return Whom(None, (), "вся школа", "", {"school": True})
    if wanted.whom == "pupils":
        day = _today(visit).isoformat()
        return _pupils(await shown.pupils(q, visit.school.id, wanted.pupils, day=day), own)
    if wanted.whom == "parallels":
        numbers = [number for number in sorted(set(wanted.parallels)) if number in roll.parallels]
        ids = [class_id for number in numbers for class_id in roll.parallels[number]]
        said = f"{', '.join(map(str, numbers))} классы"
        return Whom(ids, (), said, _only(roll, ids), {"parallels": numbers})
    ids = [class_id for class_id in roll.classes if class_id in set(wanted.classes)]
    titles = [roll.classes[class_id] for class_id in ids]
    return Whom(ids, (), ", ".join(titles), _only(roll, ids), {"classes": titles})


def _only(roll: Roll, ids: Sequence[int]) -> str:
    return roll.classes[ids[0]] if len(ids) == 1 else ""


def _pupils(chosen: Sequence[Pupil], own: Hand) -> Whom:
    refs = [
        {"id": one.external_id} if one.external_id
        else {"class": one.class_name, "name": one.name}
        for one in chosen
    ]  # fmt: skip
    to = own.voice.name(chosen[0].name) if len(chosen) == 1 else ""
    said = counted(len(chosen), "ученик", "ученика", "учеников")
    return Whom((), [one.id for one in chosen], said, to, {"pupils": refs})


def _starts(visit: Visit, wanted: Wanted) -> int | None:
    """By the school's own rhythm; a parent who has chosen another is told by that."""
    school = visit.school
    begins = visit.now if wanted.when == "now" else not_before(visit, wanted)
    if begins is None:
        return None
    how = school.rhythms[Topic.ANNOUNCEMENTS]
    how = Rhythm.NOW if how is Rhythm.OFF else how
    return rhythm.due(Kind.ANNOUNCEMENT, how, begins, school.calendar, urgent=wanted.urgent)


def _today(visit: Visit) -> date:
    return local(visit.now, visit.school.zone).date()
