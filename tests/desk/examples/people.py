"""Pupils and parents: a fresh family of 5А each time."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from sms_diary.store import destruction
from sms_diary.store.destruction import Kind, Order
from tests import seeding
from tests.desk.examples import Example

if TYPE_CHECKING:
    from tests.desk.conftest import Running
    from tests.seeding import Subscribed

_PHONES = count(70_000)


async def family(desk: Running) -> Subscribed:
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "5А")
        pupil_id = await seeding.pupil(q, tools, school, class_id, "Уткин Егор")
        [one] = await seeding.subscribe(
            q, tools, school, [(pupil_id, seeding.phone(next(_PHONES)))]
        )
    return one


async def _pupil(desk: Running) -> dict[str, str]:
    return {"id": str((await family(desk)).pupil_id)}


async def guardian(desk: Running) -> dict[str, str]:
    return {"id": str((await family(desk)).guardian_id)}


async def _subscription(desk: Running) -> dict[str, str]:
    one = await family(desk)
    return {"id": str(one.guardian_id), "subscription_id": str(one.subscription_id)}


async def _act(desk: Running) -> dict[str, str]:
    async with desk.door.database.transaction() as q:
        act = await destruction.record(
            q, desk.door.service.base.tools, desk.school.id, Kind.GUARDIAN, subject="guardian:1",
            counts={}, order=Order("Петрова А. В.", "отзыв согласия"), now=desk.clock.now(),
        )  # fmt: skip
    return {"id": str(act)}


_FORGET = {"do": "preview", "ground": "отзыв согласия", "document": "12"}
_PROOF = {"source": "звонок матери", "by": "Петрова А. В.", "date": "2026-11-24"}
EXAMPLES = {
    "people": Example(form={"sought": "Белкина"}),
    "people/pupils/{id}": Example(_pupil),
    "people/pupils/{id}/forget": Example(_pupil, _FORGET),
    "people/guardians/{id}": Example(guardian, {"do": "letters", "letters": "latin"}),
    "people/guardians/{id}/subscriptions/{subscription_id}": Example(
        _subscription, {"do": "rhythm", "marks": "week"}
    ),
    "people/guardians/{id}/number": Example(guardian, {"number": "+7 900 000-99-98", **_PROOF}),
    "people/guardians/{id}/rights": Example(guardian, {"do": "json"}),
    "people/guardians/{id}/forget": Example(guardian, _FORGET),
    "people/acts/{id}": Example(_act),
}
