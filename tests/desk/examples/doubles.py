"""Two records of one child of 5А, afresh each time."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from tests import seeding
from tests.desk.examples import Example

if TYPE_CHECKING:
    from tests.desk.conftest import Running

_PHONES = count(71_000)


async def twice(desk: Running) -> dict[str, str]:
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "5А")
        ids = [
            await seeding.pupil(q, tools, school, class_id, name)
            for name in ("Чижов Пётр Ильич", "Чижов Петр")
        ]
        pairs = [(one, seeding.phone(next(_PHONES))) for one in ids]
        await seeding.subscribe(q, tools, school, pairs)
    return {"id": str(ids[0]), "other_id": str(ids[1])}


EXAMPLES = {"people/doubles/{id}/{other_id}": Example(twice, {"do": "merge"})}
