"""Families of the first school with names and consents as they are met, for the pages about people.

Only what the store offers is called.
"""

from __future__ import annotations

from dataclasses import dataclass

from sms_diary.channels.base import InboundReport
from sms_diary.db import Queries
from sms_diary.ingest.matching import name_key
from sms_diary.model import ConsentState
from sms_diary.store import inbound, numbers, people, troubles
from sms_diary.store.people import NewPupil
from tests import seeding
from tests.desk.conftest import Running
from tests.seeding import Subscribed

SCRIPT = "<script>alert(1)</script>"
NAMES = (
    ("Абрамов Лев Сергеевич", "Абрамова Елена Игоревна", ConsentState.ACTIVE),
    ("Баранова Алиса Павловна", "Баранов Павел Олегович", ConsentState.ASKED),
    ("Гусев Тимофей Ильич", "Гусева Марина Андреевна", None),
    ("Дроздова Ева Максимовна", "", ConsentState.REFUSED),
    ("Журавлёв Матвей Денисович", "Журавлёва Ольга", ConsentState.STOPPED),
    ("Зайцева Полина Романовна", "Зайцев Роман", ConsentState.WRONG_NUMBER),
)
"""Pupil, guardian, where the consent stands."""


@dataclass(frozen=True, slots=True)
class Made:
    """In the order of `NAMES`."""

    class_id: int
    subscribed: list[Subscribed]


async def made(desk: Running, title: str = "5А", first_phone: int = 200) -> Made:
    """A class of these families; their guardians have names."""
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, title)
        new = [NewPupil(pupil, name_key(pupil), "", class_id) for pupil, _, _ in NAMES]
        ids = await people.add_pupils(q, tools, school.id, new, from_day=seeding.SINCE, now=1)
        subscribed = []
        for at, (pupil_id, (_, name, state)) in enumerate(zip(ids, NAMES, strict=True)):
            phone = seeding.phone(first_phone + at)
            await named(q, desk, phone, name)
            subscribed += await seeding.subscribe(
                q, tools, school, [(pupil_id, phone)], state=state
            )
    return Made(class_id, subscribed)


async def named(q: Queries, desk: Running, phone: str, name: str) -> None:
    tools = desk.door.service.base.tools
    known = await numbers.ensure(q, tools, [phone], now=1)
    await people.ensure_guardians(
        q, tools, desk.school.id, [(known[phone].id, name)], now=desk.clock.now()
    )


async def came(desk: Running, phone: str, text: str) -> int:
    """An SMS from this phone, stored for the loop to obey; its id."""
    tools, database = desk.door.service.base.tools, desk.door.database
    async with database.transaction() as q:
        raw = f"{phone} {text} {desk.clock.now()}".encode()
        report = InboundReport(phone, "+79000009999", text, raw)
        await inbound.store(q, tools, "main", [report], now=desk.clock.now())
    [inbound_id] = await seeding.column(database, "select max(id) as id from inbound")
    return int(inbound_id)


async def suspended(desk: Running, to: Subscribed) -> None:
    """Nothing arrives at this number any more."""
    async with desk.door.database.transaction() as q:
        await numbers.failed(q, [to.number_id], now=desk.clock.now())
        assert await troubles.suspend(q, [to.number_id], now=desk.clock.now()) == [to.number_id]
