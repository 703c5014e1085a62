"""Announcements: one that runs, and a form that asks for the confirmation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests import seeding
from tests.desk.examples import Example

if TYPE_CHECKING:
    from tests.desk.conftest import Running

FORM: dict[str, Any] = {"whom": "school", "text": "Собрание в четверг", "when": "now"}


async def posted(desk: Running, text: str = "Сбор в 9:00", **more: object) -> int:
    """An announcement to the whole of the first school, through the journal's door; its id."""
    async with desk.door.database.reading() as q:
        number = len(await q.all("select id from entry"))
    said = {"kind": "announcement.posted", "audience": {"school": True},
            "text": f"{text} ({number})", **more}  # fmt: skip
    request = seeding.events(desk.school, f"notice-{number}", said)
    [accepted] = await desk.door.service.acceptor.accept_many([request])
    entry_id = accepted.outcomes[0].entry_id
    assert entry_id is not None
    return entry_id


async def _one(desk: Running) -> dict[str, str]:
    return {"id": str(await posted(desk, silent=True))}


EXAMPLES = {
    "announcements/new": Example(form=FORM | {"do": "check"}),
    "announcements/preview": Example(form=FORM),
    "announcements/{id}": Example(ids=_one),
}
