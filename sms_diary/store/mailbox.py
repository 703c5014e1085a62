"""SMS from phones as a school sees them: those of its guardians' numbers, and who saw to them.

Storing and obeying them is `inbound`'s. Of a number that two schools know each reads what concerns
it (`addressed`); neither learns of the other.
"""

from __future__ import annotations

from sms_diary.db import Queries, Row
from sms_diary.phone import mask
from sms_diary.store import addressed
from sms_diary.store.tools import Tools
from sms_diary.values import value

STATES = ("new", "waiting", "done")
WINDOW = 20_000
"""SMS looked at for one page: those of other schools lie between."""


@value
class InboundView:
    id: int
    number: str
    """Masked."""
    guardian_id: int
    reception: str
    text: str
    """"" where its time of keeping is over."""
    meaning: str
    state: str
    handled_by: str | None
    handled_at: int | None
    at: int


@value
class Page:
    """`next`: give it as `before` for the page that follows; None at the end."""

    inbound: list[InboundView]
    next: int | None


# Cross joins: SQLite keeps their order, and would else begin with all guardians of the school.
_VIEW = """i.*, n.sealed, g.id as guardian_id from inbound i cross join guardian g
    cross join number n where n.id = i.number_id
    and g.number_id = i.number_id and g.school_id = :school_id"""


async def page(
    q: Queries, tools: Tools, school_id: int, *, state: str, before: int, limit: int
) -> Page:
    """The newest first, older than `before`; of one state, if it is named.

    A page may hold fewer than `limit` and yet have a `next`.
    """
    of_state = f"and i.state = '{state}'" if state in STATES else ""
    edge = await q.one(
        f"""select i.id from inbound i where i.id < :before {of_state}
            order by i.id desc limit 1 offset :skip""",
        before=before,
        skip=WINDOW - 1,
    )
    floor = edge["id"] if edge else 0
    rows = await q.all(
        f"""select {_VIEW} and i.id < :before and i.id >= :floor {of_state}
            order by i.id desc limit :limit""",
        school_id=school_id,
        before=before,
        floor=floor,
        limit=limit + 1,
    )
    shown = rows[:limit]
    own = await addressed.readable(q, tools, school_id, shown)
    views = [_view(row, tools) for row in shown if row["id"] in own]
    return Page(views, shown[-1]["id"] if len(rows) > limit else floor or None)


async def one(q: Queries, tools: Tools, school_id: int, inbound_id: int) -> InboundView | None:
    """None where there is none, or not for this school to read."""
    rows = await q.all(f"select {_VIEW} and i.id = :id", school_id=school_id, id=inbound_id)
    if not await addressed.readable(q, tools, school_id, rows):
        return None
    return _view(rows[0], tools)


async def handle(q: Queries, inbound_id: int, *, by: str, now: int) -> bool:
    """A person has seen to it; False if it did not wait for one. The school was asked about."""
    done = await q.run(
        """update inbound set state = 'done', handled_by = :by, handled_at = :now
           where id = :id and state = 'waiting'""",
        by=by,
        now=now,
        id=inbound_id,
    )
    return done == 1


def _view(row: Row, tools: Tools) -> InboundView:
    text = row["text"]
    return InboundView(
        id=row["id"],
        number=mask(tools.vault.text(row["sealed"], "number.sealed", row["number_id"])),
        guardian_id=row["guardian_id"],
        reception=row["reception"],
        text="" if text is None else tools.vault.text(text, "inbound.text", row["id"]),
        meaning=row["meaning"],
        state=row["state"],
        handled_by=row["handled_by"],
        handled_at=row["handled_at"],
        at=row["at"],
    )
