"""What the tests of the store share: a class of guardians who have agreed."""

from __future__ import annotations

import pytest

from sms_diary.db import Database
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.seeding import Subscribed, classes, phone, pupils, subscribe


@pytest.fixture
async def guardians(db: Database, tools: Tools, school: School) -> list[Subscribed]:
    """Twenty guardians of twenty pupils of 5А."""
    async with db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        found = await pupils(q, tools, school, class_id, 20)
        pairs = [(pupil_id, phone(n)) for n, pupil_id in enumerate(found)]
        return await subscribe(q, tools, school, pairs)
