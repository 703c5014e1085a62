"""Imports, questions, keys and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sms_diary.store import tokens
from sms_diary.store.desk.users import Role
from tests.desk import intake
from tests.desk.examples import Example

if TYPE_CHECKING:
    from tests.desk.conftest import Running


async def _import(desk: Running) -> dict[str, str]:
    return {"id": str(await intake.planned(desk, await desk.as_(Role.DISTRICT_ADMIN)))}


async def _sample(_desk: Running) -> dict[str, str]:
    return {"name": "class"}


async def _question(desk: Running) -> dict[str, str]:
    return {"id": str(await intake.question(desk))}


async def _key(desk: Running) -> dict[str, str]:
    tools = desk.door.service.base.tools
    async with desk.door.database.transaction() as q:
        key_id = await tokens.add(
            q, tools, desk.school.id, tokens.made(), name="проба", now=desk.clock.now()
        )
    return {"id": str(key_id)}


EXAMPLES = {
    "import/{id}": Example(ids=_import, form={"do": "apply"}),
    "import/{id}/columns": Example(ids=_import, form={"class": "5А"}),
    "import/{id}/errors": Example(ids=_import),
    "import/sample/{name}": Example(ids=_sample),
    "quarantine/{id}": Example(ids=_question, form={"do": "drop"}),
    "keys": Example(form={"kind": "webhook", "name": "Журнал"}),
    "keys/{id}/revoke": Example(ids=_key),
    "channels/pause": Example(form={"route": "main", "pause": "1"}),
    "channels/try": Example(form={"route": "main", "number": "1"}),
}
