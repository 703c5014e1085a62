"""Messages: one to a parent of 5А, of which nobody knows whether it left."""

from __future__ import annotations

from sms_diary.model import PartState
from sms_diary.store import outbox
from tests import seeding
from tests.desk.conftest import Running
from tests.desk.examples import Example


async def _doubtful(desk: Running) -> dict[str, str]:
    """A message handed over whose answer was lost."""
    async with desk.door.database.transaction() as q:
        [message_id] = await seeding.queue(
            q, desk.door.service.base.tools, desk.door.subscribed[0], desk.school.id,
            "Алгебра: 5", now=desk.clock.now(), expires=desk.clock.now() + 86_400_000,
        )  # fmt: skip
        await q.run(
            """update part set state = 'doubt', attempts = 1, claimed_at = :now
               where message_id = :id""",
            now=desk.clock.now(), id=message_id,
        )  # fmt: skip
    return {"id": str(message_id)}


async def failed(desk: Running) -> dict[str, str]:
    """A message with a mark that did not arrive."""
    tools, now = desk.door.service.base.tools, desk.clock.now()
    entry_id = tools.ids.new()
    async with desk.door.database.transaction() as q:
        await seeding.entry(q, desk.school, entry_id)
        line_id = await seeding.line(q, tools, desk.door.subscribed[0], entry_id)
        [message_id] = await seeding.queue(
            q, tools, desk.door.subscribed[0], desk.school.id, "Алгебра: 5", lines=(line_id,),
            now=now,
        )  # fmt: skip
        await q.run(
            "update part set state = 'undelivered', done_at = :now where message_id = :id",
            now=now, id=message_id,
        )  # fmt: skip
        await outbox.close(q, [(message_id, PartState.UNDELIVERED)], now=now)
    return {"id": str(message_id)}


async def _failed_in_a_pause(desk: Running) -> dict[str, str]:
    """The same of a school that is paused: what is asked for waits, and writes nothing by itself
    while the next role is tried."""
    async with desk.door.database.transaction() as q:
        await q.run("update school set paused_at = 1 where id = :id", id=desk.school.id)
    return await failed(desk)


EXAMPLES = {
    "messages": Example(form={"phone": "+7 900 000-00-00"}),
    "messages/{id}": Example(_doubtful),
    "messages/{id}/number": Example(_doubtful),
    "messages/{id}/proof": Example(_doubtful),
    "messages/{id}/decide": Example(_doubtful, form={"decision": "sent"}),
    "messages/{id}/again": Example(_failed_in_a_pause, form={"twice": "1"}),
}
