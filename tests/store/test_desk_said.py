"""What parents said of late, counted: of a number that two schools know each counts its own."""

from __future__ import annotations

from sms_diary.channels.base import InboundReport
from sms_diary.db import Database
from sms_diary.store import inbound
from sms_diary.store.desk import said
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests import seeding
from tests.seeding import Subscribed


async def test_each_school_counts_what_it_may_read(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    both, alone = guardians[0].number, seeding.phone(77)
    async with db.transaction() as q:
        other = await seeding.live_school(q, tools, "school-77")
        [class_id] = await seeding.classes(q, tools, other, "7Б")
        [pupil_id] = await seeding.pupils(q, tools, other, class_id, 1)
        await seeding.subscribe(q, tools, other, [(pupil_id, both), (pupil_id, alone)])
        for at, (phone, text) in enumerate(
            [(alone, "оценки"), (both, f"оценки {other.name}"), (both, "оценки")], 10
        ):
            report = InboundReport(phone, "+79000009999", text, text.encode() + bytes([at]))
            await inbound.store(q, tools, "main", [report], now=at)
        assert not await said.by_meaning(q, tools, other.id, since=0), "nobody has read them yet"
        await q.run("update inbound set state = 'done', meaning = 'marks'")
        assert await said.by_meaning(q, tools, school.id, since=0) == {"marks": 1}
        assert await said.by_meaning(q, tools, other.id, since=0) == {"marks": 3}
        assert await said.by_meaning(q, tools, other.id, since=11) == {"marks": 2}
        assert not await said.by_meaning(q, tools, other.id, since=13)
