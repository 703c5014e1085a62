"""A school year of the diary, read class by class: what exports and the state of filling look at.

Reading only. Whole-class reads go by `entry_key` (school, kind, who): they cost what a class has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sms_diary.db import Queries, Row
from sms_diary.ingest.matching import NameIndex
from sms_diary.store import people
from sms_diary.store.people import ClassRow, PupilRow
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Written:
    """A living entry; `body` is its text, "" where there is none or its time of keeping is over."""

    id: int
    kind: str
    who: int
    subject_key: str
    subject: str
    day: str
    lesson: int
    work_key: str
    work: str
    ordinal: int
    value: str
    body: str
    ref: str
    at: int
    until: int | None
    urgent: int


async def classes(
    q: Queries, school_id: int, year: int, day: str
) -> list[tuple[ClassRow, list[PupilRow]]]:
    """Each class of a school year (by its September) with who is in it on a day, by name."""
    known = sorted(await people.classes(q, school_id, year), key=lambda one: one.key)
    rosters = await people.rosters(q, [one.id for one in known], day)
    return [(one, sorted(rosters[one.id], key=lambda pupil: pupil.full_name)) for one in known]


def certain(pupils: Sequence[PupilRow]) -> list[PupilRow]:
    """Those whom their names mean in their class: of two namesakes neither."""
    index = NameIndex((one.id, one.full_name) for one in pupils)
    return [one for one in pupils if index.find(one.full_name).pupil_id == one.id]


async def written(
    q: Queries, tools: Tools, school_id: int, kinds: Sequence[str], whose: Iterable[int], *,
    first: str, last: str,
) -> list[Written]:  # fmt: skip
    """Entries of these kinds about these pupils or classes, from a day to another (ISO dates).

    Entries without a day (term marks) are within any days.
    """
    rows = await q.over(
        """with rows(kind text, who bigint)
           select entry.* from rows join entry on entry.school_id = :school_id
             and entry.kind = rows.kind and entry.who = rows.who
           where entry.value <> '' and (entry.day = '' or entry.day between :first and :last)
           order by entry.day, entry.who, entry.subject_key, entry.kind, entry.lesson,
                    entry.work_key, entry.ordinal""",
        sorted((kind, who) for kind in kinds for who in set(whose)),
        school_id=school_id,
        first=first,
        last=last,
    )
    return [_written(row, tools) for row in rows]


def _written(row: Row, tools: Tools) -> Written:
    body = tools.vault.text(row["body"], "entry.body", row["id"]) if row["body"] else ""
    return Written(
        row["id"], row["kind"], row["who"], row["subject_key"], row["subject"], row["day"],
        row["lesson"], row["work_key"], row["work"], row["ordinal"], row["value"], body,
        row["ref"], row["at"], row["until"], row["urgent"],
    )  # fmt: skip


async def announcements(
    q: Queries, tools: Tools, school_id: int, *, since: int
) -> list[tuple[Written, tuple[int, ...], tuple[int, ...]]]:
    """Announcements that came since a moment (epoch ms), with their classes and pupils.

    Neither: one for the whole school.
    """
    rows = await q.all(
        """select * from entry where school_id = :school_id and kind = 'announcement' and who = 0
           and value <> '' and arrived_at >= :since order by id""",
        school_id=school_id,
        since=since,
    )
    audience = await q.over(
        """with rows(id bigint)
           select audience.* from rows join audience on audience.entry_id = rows.id
           order by audience.entry_id, audience.class_id, audience.pupil_id""",
        [(row["id"],) for row in rows],
    )
    whom: dict[int, tuple[list[int], list[int]]] = {row["id"]: ([], []) for row in rows}
    for row in audience:
        of_classes, of_pupils = whom[row["entry_id"]]
        if row["class_id"]:
            of_classes.append(row["class_id"])
        else:
            of_pupils.append(row["pupil_id"])
    return [
        (_written(row, tools), tuple(whom[row["id"]][0]), tuple(whom[row["id"]][1])) for row in rows
    ]
