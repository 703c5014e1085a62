"""Школы: which ones this user may open, and at which of them something stands still.

Whoever belongs to one school goes there at once.
"""

from __future__ import annotations

from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Group, Page, Screen, Visit
from sms_diary.clock import HOUR
from sms_diary.model import SchoolMode
from sms_diary.store import schools
from sms_diary.store.desk import state
from sms_diary.store.desk.state import District
from sms_diary.store.desk.users import EVERY_SCHOOL
from sms_diary.store.schools import School
from sms_diary.values import value
from sms_diary.web import words

_LATE = HOUR
"""A message that has waited longer wants a look."""


@value
class Row:
    school: School
    waiting: int
    troubles: tuple[str, ...]
    """What stands still there, in words; nothing: all is well."""
    grave: bool


async def show(visit: Visit) -> Page:
    known = await schools.every(visit.q)
    own = [one for one in known if visit.user.school_id in (EVERY_SCHOOL, one.id)]
    standing = await state.by_school(visit.q)
    rows = [_row(one, standing.get(one.id), now=visit.now) for one in own]
    rows.sort(key=lambda row: (not row.grave, not row.troubles))
    return Page("schools.html", {"rows": rows})


def _row(school: School, found: District | None, *, now: int) -> Row:
    if found is None:
        return Row(school, 0, ("рассылка приостановлена",) if school.paused else (), school.paused)
    late = found.oldest is not None and found.waiting > 0 and now - found.oldest > _LATE
    said = (
        ("рассылка приостановлена", school.paused),
        (words.counted(found.doubt, "часть", "части", "частей") + ": неясно, ушло ли", found.doubt),
        ("SMS ждут больше часа", late and school.mode is SchoolMode.LIVE),
        (words.counted(found.questions, "запись", "записи", "записей") + " в карантине",
         found.questions),
    )  # fmt: skip
    troubles = tuple(text for text, so in said if so)
    return Row(school, found.waiting, troubles, bool(school.paused or found.doubt or late))


SCREENS = (
    Screen(
        path="schools", title="Школы", right=Right.AGGREGATES, group=Group.DISTRICT,
        of_school=False, show=show,
    ),
)  # fmt: skip
