"""Consents, SMS from parents, problem numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import seeding
from tests.desk import families
from tests.desk.examples import Example
from tests.desk.examples.people import family
from tests.journal_peer import eventually

if TYPE_CHECKING:
    from tests.desk.conftest import Running


async def _inbound(desk: Running) -> dict[str, str]:
    """An SMS that the loop has obeyed already: its answer comes between no two counts of rows."""
    one = await family(desk)
    inbound_id = await families.came(desk, one.number, "А когда собрание")

    async def obeyed() -> bool:
        sql = "select state from inbound where id = :id"
        return await seeding.column(desk.door.database, sql, id=inbound_id) != ["new"]

    desk.door.service.wakes.inbound.set()
    await eventually(obeyed)
    return {"id": str(inbound_id)}


async def _dead(desk: Running) -> dict[str, str]:
    one = await family(desk)
    await families.suspended(desk, one)
    return {"id": str(one.guardian_id)}


_PROOF = {"source": "звонок матери", "by": "Петрова А. В.", "date": "2026-11-24"}
EXAMPLES = {
    "consents/asking": Example(
        form={"do": "count", "class": "0", "source": "анкета", "by": "Петрова А. В."}
    ),
    "consents/papers": Example(form={"class": "0", "kind": "memo"}),
    "consents/words": Example(form={"phrase": "стоп"}),
    "consents/checking": Example(form={"published": ""}),
    "inbound/{id}": Example(_inbound, {"do": "done"}),
    "inbound/try": Example(form={"number": "+7 900 000-00-01", "text": "ПОМОЩЬ"}),
    "problems/{id}/lift": Example(_dead, _PROOF),
}
