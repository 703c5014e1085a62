"""Users of a school and of the district, and what a form about them says."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sms_diary.store.desk import users
from sms_diary.store.desk.users import Role
from tests.desk.examples import Example

if TYPE_CHECKING:
    from tests.desk.conftest import Running


async def made(desk: Running, school_id: int, role: Role) -> dict[str, str]:
    async with desk.door.database.transaction() as q:
        user_id = await users.add(
            q, desk.door.service.base.tools, school_id=school_id,
            login=f"x{secrets.token_hex(8)}", name="Иванова", role=role, now=desk.clock.now(),
        )  # fmt: skip
    return {"id": str(user_id)}


async def of_school(desk: Running) -> dict[str, str]:
    return await made(desk, desk.school.id, Role.OPERATOR)


async def of_district(desk: Running) -> dict[str, str]:
    return await made(desk, 0, Role.RESOURCE_CENTRE)


NEW = {"login": "petrova", "name": "Петрова", "role": "operator"}
NEW_THERE = {"login": "sidorova", "name": "Сидорова", "role": "resource-centre"}
EXAMPLES = {
    "users": Example(form=NEW),
    "users/{id}": Example(of_school, NEW),
    "users/{id}/link": Example(of_school),
    "users/{id}/door": Example(of_school),
    "users/{id}/end": Example(of_school, {"session": "0"}),
    "district": Example(form=NEW_THERE),
    "district/{id}": Example(of_district, NEW_THERE),
    "district/{id}/link": Example(of_district),
    "district/{id}/door": Example(of_district),
    "district/{id}/end": Example(of_district, {"session": "0"}),
}
