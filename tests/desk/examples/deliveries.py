"""A request of the journal about somebody whom the school does not know."""

from __future__ import annotations

from tests.desk.conftest import Running
from tests.desk.examples import Example
from tests.journal_peer import mark


async def _kept(desk: Running) -> dict[str, str]:
    assert (await desk.door.journal.post([mark(99)])).status == 202
    async with desk.door.database.reading() as q:
        row = await q.one("select max(id) as id from delivery where source = 'webhook'")
    assert row is not None
    return {"id": str(row["id"])}


EXAMPLES = {"keys/deliveries/{id}": Example(_kept, form={"do": "again"})}
