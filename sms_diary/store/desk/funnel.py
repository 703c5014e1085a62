"""What became of a school's messages lately, and what waits: the figures of its summary.

They come from the tally and from what is on its way. The lists behind them go through the messages
themselves: `STEPS` says which, and they look at the newest `WINDOW` at a time.
"""

from __future__ import annotations

from datetime import date

from sms_diary.db import Queries
from sms_diary.store import tallied, tally
from sms_diary.values import value

WINDOW = 20_000
"""Messages that a list looks back over at most."""

STEPS = {
    "created": "m.state <> 'withdrawn'",
    "handed": f"""m.state <> 'withdrawn' and ({tally.SURE} or not exists (
        select 1 from part p where p.message_id = m.id and p.attempts = 0))""",
    "accepted": f"""m.state <> 'withdrawn' and ({tally.SURE} or not exists (
        select 1 from part p where p.message_id = m.id and p.sent_at is null
          and p.state <> 'delivered' and p.state <> 'undelivered'))""",
    "delivered": "m.state = 'delivered'",
    "failed": "m.state not in ('open', 'delivered') and m.state <> 'withdrawn'",
    "waiting": """m.state = 'open' and exists (select 1 from part p where p.message_id = m.id
        and (p.state = 'queued' or p.state = 'retry'))""",
}
"""What it takes for a message `m` to be counted at a step: the lists behind the figures ask the
same. Of one that surely arrived at an operator the parts need no look."""


@value
class Funnel:
    """Messages by how far they came; each step holds the next one's."""

    created: int
    handed: int
    """Handed over to an operator at least once, every part."""
    accepted: int
    """The operator took every part."""
    delivered: int
    failed: int

    @property
    def judged(self) -> int:
        return self.delivered + self.failed


@value
class Waiting:
    """Messages that have not left yet, and since when the oldest (epoch milliseconds)."""

    messages: int
    oldest: int | None


async def since(q: Queries, school_id: int, first: date, last: date) -> Funnel:
    """Of the messages made on these days of the school; withdrawn ones apart."""
    cells = [
        cell for cell in await tallied.cells(q, school_id, first, last, "state")
        if cell.state != "withdrawn"
    ]  # fmt: skip
    return Funnel(
        sum(cell.sums.messages for cell in cells),
        sum(cell.sums.handed for cell in cells),
        sum(cell.sums.accepted for cell in cells),
        sum(cell.sums.messages for cell in cells if cell.state == "delivered"),
        sum(cell.sums.messages for cell in cells if cell.state not in ("open", "delivered")),
    )


async def waiting(q: Queries, school_id: int) -> Waiting:
    """What stands in the outbox and has not been handed over."""
    row = await q.one(
        f"""select count(distinct m.id) as messages, min(m.created_at) as oldest
            from part p {q.only(sqlite="indexed by part_open_of_number")}
            join message m on m.id = p.message_id
            where {tallied.QUEUED} and (p.state = 'queued' or p.state = 'retry')
              and p.school_id = :school_id and m.state = 'open'""",
        school_id=school_id,
    )
    assert row is not None
    return Waiting(int(row["messages"]), row["oldest"])


async def below(q: Queries, school_id: int, before: int = 2**63 - 1) -> int:
    """The id of the last of the newest `WINDOW` messages below `before`; 0 if there are fewer."""
    row = await q.one(
        """select id from message where school_id = :school_id and id < :before
           order by id desc limit 1 offset :skip""",
        school_id=school_id, before=before, skip=WINDOW - 1,
    )  # fmt: skip
    return int(row["id"]) if row else 0
