"""One message as its card at the desk shows it; its timeline is `store.timeline`'s."""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.db import Queries, Row
from sms_diary.model import Ground, NumberState
from sms_diary.phone import mask
from sms_diary.store import messages
from sms_diary.store.desk.messages import pupils_of
from sms_diary.store.desk.own import Own
from sms_diary.store.messages import MessageView
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Told:
    """A line of the message. `subject`, `day` (ISO) are "" where it has none."""

    kind: str
    topic: str
    subject: str
    day: str


@value
class Part:
    """Where a part stands that has not come to its end; moments are epoch milliseconds."""

    state: str
    route: str
    due: int | None
    """Of the next attempt."""
    closes: int | None
    """When the hours end in which it may leave."""


@value
class Card:
    """`guardian_id` None: an answer to a number that no guardian has."""

    view: MessageView
    number_id: int
    number_state: NumberState
    guardian_id: int | None
    guardian: str
    """"" where nobody told the name, or it was erased."""
    pupils: tuple[str, ...]
    ground: Ground
    reason: str
    """Of a message that was withdrawn."""
    segments: int
    """SMS that the operator bills."""
    routes: tuple[str, ...]
    lines: tuple[Told, ...]
    open_parts: tuple[Part, ...]


async def card(
    q: Queries, tools: Tools, school_id: int, message_id: int, *, own: Own
) -> Card | None:
    """The message, if the school has it and `own` may see it."""
    where = "".join(f" and {one}" for one in own.condition("m"))
    row = await q.one(
        f"""select m.number_id, m.guardian_id, m.ground, m.reason, m.segments, g.full_name, n.state
            from message m join number n on n.id = m.number_id
            left join guardian g on g.id = m.guardian_id
            where m.id = :id and m.school_id = :school_id {where}""",
        id=message_id, school_id=school_id, **own.given(),
    )  # fmt: skip
    view = await messages.one(q, tools, school_id, message_id)
    if row is None or view is None:
        return None
    parts = await q.all(
        "select state, route, due, closes from part where message_id = :id order by seq",
        id=message_id,
    )
    return _card(
        view, row, parts,
        await _lines(q, school_id, message_id),
        (await pupils_of(q, [message_id])).get(message_id, ()),
    )  # fmt: skip


def _card(
    view: MessageView,
    row: Row,
    parts: Sequence[Row],
    lines: tuple[Told, ...],
    pupils: tuple[str, ...],
) -> Card:
    return Card(
        view, row["number_id"], NumberState(row["state"]), row["guardian_id"],
        row["full_name"] or "", pupils, Ground(row["ground"]), row["reason"],
        row["segments"],
        tuple(sorted({part["route"] for part in parts})), lines,
        tuple(
            Part(part["state"], part["route"], part["due"], part["closes"])
            for part in parts if part["state"] in ("queued", "retry", "sending", "doubt", "sent")
        ),
    )  # fmt: skip


async def _lines(q: Queries, school_id: int, message_id: int) -> tuple[Told, ...]:
    rows = await q.all(
        """select e.kind, l.topic, e.subject, e.day from line l join entry e on e.id = l.entry_id
           where l.message_id = :id and l.school_id = :school_id order by l.id""",
        id=message_id,
        school_id=school_id,
    )
    return tuple(Told(row["kind"], row["topic"], row["subject"], row["day"]) for row in rows)


async def number_here(
    q: Queries, tools: Tools, school_id: int, number: str, *, own: Own
) -> int | None:
    """The id of a number (E.164) that the school has written to or has a guardian of.

    One statement whatever is known elsewhere: another school's number is as unknown as nobody's.
    """
    row = await q.one(
        f"select n.id from number n where n.idx = :idx and {_here(own)}",
        idx=tools.vault.index(number), school_id=school_id, **own.given(),
    )  # fmt: skip
    return int(row["id"]) if row else None


async def masked(q: Queries, tools: Tools, school_id: int, number_id: int, *, own: Own) -> str:
    """Such a number by its id, masked; "" for any other."""
    row = await q.one(
        f"select n.id, n.sealed from number n where n.id = :id and {_here(own)}",
        id=number_id, school_id=school_id, **own.given(),
    )  # fmt: skip
    return mask(tools.vault.text(row["sealed"], "number.sealed", number_id)) if row else ""


def _here(own: Own) -> str:
    """What a number `n` must be to be spoken of."""
    seen = own.guardian_condition("g.id")
    written = """or exists (select 1 from message m
                            where m.number_id = n.id and m.school_id = :school_id)"""
    return f"""(exists (select 1 from guardian g where g.number_id = n.id
                        and g.school_id = :school_id {"".join(f" and {one}" for one in seen)})
                {"" if seen else written})"""
