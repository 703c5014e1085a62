"""Messages as people see them; the path of one is `timeline.py`'s, subscriptions have a module.

Reading only. Numbers come out masked; texts only for the school they belong to.
"""

from __future__ import annotations

from dataclasses import dataclass

from sms_diary.db import Queries, Row
from sms_diary.model import Ground, MessageState, PartState
from sms_diary.phone import mask
from sms_diary.store.tools import Tools

DESTROYED = "текст уничтожен: срок хранения истёк или этого потребовал родитель"
CODE_HIDDEN = "код для входа на страницу родителя: он не показывается"
WINDOW = 20_000
"""Messages looked at for one page of one state."""
_FAILED = frozenset(MessageState) - {MessageState.OPEN, MessageState.DELIVERED}
_ON_THE_WAY = (PartState.QUEUED, PartState.SENDING, PartState.SENT, PartState.DOUBT)
STATES = (*_ON_THE_WAY, *(state for state in MessageState if state is not MessageState.OPEN))
"""The states that a message is shown in; while it is open they are those of its parts."""
SHOWN = """case when m.state <> 'open' then m.state
    when exists (select 1 from part p where p.message_id = m.id and p.state = 'doubt') then 'doubt'
    when exists (select 1 from part p where p.message_id = m.id
                 and p.state in ('queued', 'retry')) then 'queued'
    when exists (select 1 from part p where p.message_id = m.id and p.state = 'sending')
        then 'sending'
    else 'sent' end"""
"""What a message `m` is shown as, one of `STATES`."""


@dataclass(frozen=True, slots=True)
class MessageView:
    id: int
    number: str
    ground: str
    state: str
    parts: int
    alphabet: str
    level: str
    text: str
    """What was sent; `DESTROYED` where it is kept no more."""
    created_at: int
    expires: int
    done_at: int | None
    ledger_id: int | None


def shown_text(tools: Tools, row: Row) -> str:
    """The text of a message (`id`, `ground`, `text`) for the school. Never a code: whoever reads it
    could come in as the parent."""
    if row["ground"] == Ground.CODE:
        return CODE_HIDDEN
    text = row["text"]
    return DESTROYED if text is None else tools.vault.text(text, "message.text", row["id"])


def _view(row: Row, tools: Tools) -> MessageView:
    number = tools.vault.text(row["sealed"], "number.sealed", row["number_id"])
    return MessageView(
        id=row["id"],
        number=mask(number),
        ground=row["ground"],
        state=row["shown"],
        parts=row["parts"],
        alphabet=row["alphabet"],
        level=row["level"],
        text=shown_text(tools, row),
        created_at=row["created_at"],
        expires=row["expires"],
        done_at=row["done_at"],
        ledger_id=row["ledger_id"],
    )


@dataclass(frozen=True, slots=True)
class Page:
    """`next`: give it as `before` for the page that follows; None at the end."""

    messages: list[MessageView]
    next: int | None


async def page(
    q: Queries, tools: Tools, school_id: int, *, before: int | None, state: str, limit: int
) -> Page:
    """The school's messages, newest first, older than the one with id `before`.

    With a `state` (one of `STATES`) at most `WINDOW` messages are looked at, so a page may hold
    fewer than `limit`, or none, and yet have a `next`. Failed ones have an index of their own.
    """
    before = before if before is not None else 2**63 - 1
    floor = 0
    if state and state not in _FAILED:
        floor = await _floor(q, school_id, before)
    rows = await q.all(
        f"""select m.*, n.sealed, {SHOWN} as shown
            from message m join number n on n.id = m.number_id
            where m.school_id = :school_id and m.id < :before and m.id >= :floor {_shown_as(state)}
            order by m.id desc limit :limit""",
        school_id=school_id,
        before=before,
        floor=floor,
        limit=limit + 1,
    )
    views = [_view(row, tools) for row in rows[:limit]]
    return Page(views, views[-1].id if len(rows) > limit else floor or None)


async def _floor(q: Queries, school_id: int, before: int) -> int:
    """The id of the last message of the window below `before`; 0 if all that is left fits."""
    row = await q.one(
        """select id from message where school_id = :school_id and id < :before
           order by id desc limit 1 offset :skip""",
        school_id=school_id,
        before=before,
        skip=WINDOW - 1,
    )
    return int(row["id"]) if row else 0


def _shown_as(state: str) -> str:
    """The condition; its words are our own and literal, so that partial indexes are recognised."""
    if not state:
        return ""
    if state in _FAILED:
        return f"and m.state not in ('open', 'delivered') and m.state = '{MessageState(state)}'"
    if state == MessageState.DELIVERED:
        return "and m.state = 'delivered'"
    return f"and m.state = 'open' and {SHOWN} = '{PartState(state)}'"


async def one(q: Queries, tools: Tools, school_id: int, message_id: int) -> MessageView | None:
    row = await q.one(
        f"""select m.*, n.sealed, {SHOWN} as shown
            from message m join number n on n.id = m.number_id
            where m.id = :id and m.school_id = :school_id""",
        id=message_id,
        school_id=school_id,
    )
    return _view(row, tools) if row else None
