"""The staff of a school, who may be sent a test: who they are, and queueing one.

Putting them on the list is `schools.py`'s.
"""

from __future__ import annotations

from sms_diary.carrying import Carrying
from sms_diary.clock import HOUR
from sms_diary.db import Queries
from sms_diary.model import Ground
from sms_diary.phone import mask
from sms_diary.store import at_once
from sms_diary.store.tools import Tools
from sms_diary.values import value

EXPIRES = HOUR
"""A test that comes later than this is none."""


@value
class Member:
    """One number of the list, masked."""

    number_id: int
    number: str


async def of_school(q: Queries, tools: Tools, school_id: int) -> list[Member]:
    """In the order in which their numbers became known."""
    rows = await q.all(
        """select number.id, number.sealed from staff join number on number.id = staff.number_id
           where staff.school_id = :school_id and number.erased_at is null order by number.id""",
        school_id=school_id,
    )
    return [
        Member(row["id"], mask(tools.vault.text(row["sealed"], "number.sealed", row["id"])))
        for row in rows
    ]


async def send(
    q: Queries, tools: Tools, school_id: int, number_id: int, text: str, *, way: Carrying,
    route: str, now: int, lasts: int = EXPIRES,
) -> bool:  # fmt: skip
    """Queue a text to one of the school's staff, before all else; False if it is none. After
    `lasts` milliseconds it is not sent any more.

    Its ground is that the number is on the list: no consent is needed, and none is used.
    """
    if not await _is_one(q, school_id, number_id):
        return False
    await at_once.send(
        q, tools, school_id, number_id, text, ground=Ground.STAFF, way=way, route=route,
        expires=now + lasts, now=now,
    )  # fmt: skip
    return True


async def _is_one(q: Queries, school_id: int, number_id: int) -> bool:
    row = await q.one(
        "select 1 as one from staff where school_id = :school_id and number_id = :number_id",
        school_id=school_id,
        number_id=number_id,
    )
    return row is not None
