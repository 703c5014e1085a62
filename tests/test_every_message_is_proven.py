"""Every message in a database that has lived has a ground that `consents prove` shows, and holds.

A school's life on both engines, by the stages themselves: each ground that they make, consents
that came and went, numbers that changed, operators that refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sms_diary.clock import DAY, HOUR, ManualClock
from sms_diary.db import Database
from sms_diary.model import SchoolMode
from sms_diary.reports import proof_json
from sms_diary.reports.names import Names
from sms_diary.store import moving, proofs, schools
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.seeding import Subscribed, classes, live_school, mark, phone, pupil, subscribe
from tests.test_requests import House

MUM, DAD, GRAN, STAFF, NEW = (phone(number) for number in range(1, 6))
DAY_TWO = "2026-11-25"
"""The day after the question: what is older than a consent is not told."""


@pytest.fixture
async def house(db: Database, tools: Tools, clock: ManualClock) -> AsyncIterator[House]:
    made = House(db, tools, clock)
    await made.start()
    yield made
    await made.channel.stop()


async def family(house: House, school: School, *numbers: str) -> list[Subscribed]:
    """A pupil p0 with a guardian for each number, of whom nothing is known."""
    async with house.db.transaction() as q:
        [class_id] = await classes(q, house.tools, school, "5А")
        child = await pupil(q, house.tools, school, class_id, "Белкина Дарья Игоревна", "p0")
        pairs = [(child, number) for number in numbers]
        return await subscribe(q, house.tools, school, pairs, state=None, welcomed=False)


async def live(house: House, school: School) -> None:
    """Days of a class: everything that may put a message into the outbox."""
    mum, dad, gran, staff = await family(house, school, MUM, DAD, GRAN, STAFF)
    async with house.db.transaction() as q:
        other = await live_school(q, house.tools, "gymnasium")
        await schools.add_staff(q, other.id, staff.number_id)
        await schools.set_mode(q, other.id, SchoolMode.TEST)
    [there] = await family(house, other, STAFF)

    # A question, its reminder, ДА; a paper and its welcome; a question that is refused.
    await house.ask(school, mum)
    await house.deliver()
    await house.wait(DAY)
    await house.deliver()
    await house.said(MUM, "да")
    await house.agree(school, dad, staff)
    await house.agree(other, there)
    await house.deliver()
    await house.ask(school, gran)
    await house.deliver()
    await house.said(GRAN, "нет")

    # News, a correction, questions, one school's and in a trial.
    for value in ("4", "5"):
        await house.post(school, mark(value, date=DAY_TWO))
        await house.deliver()
    await house.post(other, mark("3", date=DAY_TWO))
    for text in ("ОЦЕНКИ", "РАСП", "ПОМОЩЬ", "лат", "НЕДЕЛЯ", "СРАЗУ", "Что?"):
        await house.said(MUM, text)
        await house.deliver()

    # What is told to two, one of whom has stopped, and starts again.
    await house.said(DAD, "CNJG")
    await house.post(school, mark("2", work="Диктант", date=DAY_TWO))
    await house.deliver()
    await house.said(DAD, "старт")
    await house.deliver()
    await house.post(school, mark("3", work="Сочинение", date=DAY_TWO))

    # A number changes, by the parent and by the school, while something is queued.
    await house.said(DAD, f"новый номер {NEW}")
    await house.said(NEW, "СТАРТ")
    await house.deliver()
    await house.post(school, mark("5", work="Чтение", date=DAY_TWO))
    await house.deliver()
    async with house.db.transaction() as q:
        await moving.change_number(
            q, house.tools, school.id, staff.guardian_id, phone(77), by="Завуч",
            evidence={"source": "заявление"}, now=house.clock.now(),
        )  # fmt: skip
    await house.said(GRAN, "не тот номер")
    await house.wait(HOUR)
    await house.deliver()


async def shown(db: Database, tools: Tools, now: int) -> list[dict[str, Any]]:
    """What `consents prove --message ID --json` says of each message there is."""
    async with db.reading() as q:
        names = Names(await schools.every(q))
        rows = await q.all("select id from message order by id")
        found = [await proofs.of_message(q, tools, row["id"], None) for row in rows]
    assert None not in found
    return [proof_json.of_message(proof, names, now=now) for proof in found if proof is not None]


async def test_every_message_of_a_class_has_a_ground_that_holds(
    house: House, school: School, db: Database, tools: Tools, clock: ManualClock
) -> None:
    await live(house, school)
    said = await shown(db, tools, clock.now())
    grounds = Counter(one["message"]["ground"] for one in said)
    assert grounds.keys() == {"consent", "reply", "request"}
    assert min(grounds.values()) > 3
    assert [one for one in said if not one["proven"]] == []
    for one in said:
        # Something is shown: a row of the ledger with its evidence, or the SMS that was answered.
        assert one["answers"] or [
            entry["evidence"] for entry in one["entries"] if entry["evidence"]
        ]
        assert all(chain["whole"] for chain in one["chains"])


async def test_a_message_without_its_row_is_found_out(
    house: House, school: School, db: Database, tools: Tools, clock: ManualClock
) -> None:
    """So that the test above can fail: one wrong row among many is seen."""
    await live(house, school)
    async with db.transaction() as q:
        await q.run(
            """update message set ledger_id = 1 where id = (
               select max(id) from message where ground = 'consent')"""
        )
    doubted = [one for one in await shown(db, tools, clock.now()) if not one["proven"]]
    assert [[doubt["doubt"] for doubt in one["doubts"]] for one in doubted] == [["no-entry"]]
