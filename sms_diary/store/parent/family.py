"""Whom a parent sees on the parent's page, and what was sent about them. Reading only.

A number sees the children of every school that has found it to be the family's; a slip those of
its guardian in its own school, or its pupil alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sms_diary.db import Queries, Row
from sms_diary.model import ConsentState, Ground, MessageState, SchoolMode
from sms_diary.store import consents, numbers
from sms_diary.store.consents import Held
from sms_diary.store.parent.sessions import Session
from sms_diary.store.tools import Tools
from sms_diary.values import value

_CHILD = """select s.id, s.school_id, s.guardian_id, s.pupil_id, p.full_name, g.number_id,
    coalesce(g.latin, school.latin) as latin
    from number n join guardian g on g.number_id = n.id
    join subscription s on s.guardian_id = g.id
    join school on school.id = s.school_id
    join pupil p on p.id = s.pupil_id"""
_STRANGER = """exists (select 1 from consent c where c.subscription_id = s.id and c.topic = '*'
    and c.state = 'wrong-number')"""
_OF_NUMBER = f"""{_CHILD}
    left join staff on staff.school_id = s.school_id and staff.number_id = n.id
    where n.id = :number_id and n.state in ('open', 'stopped') and g.welcomed_at is not null
      and p.full_name is not null and not {_STRANGER}
      and (school.mode = '{SchoolMode.LIVE}' or staff.number_id is not null)
    order by s.school_id, s.id"""
"""A number from paper that nothing has reached may be a stranger's, and so may one that nothing
reaches any more: such numbers see nobody."""


@value
class Child:
    """A pupil as this parent follows them. The ids but the pupil's and the school's are 0 for a
    slip of a pupil whose parents have no number here."""

    subscription_id: int
    school_id: int
    guardian_id: int
    pupil_id: int
    number_id: int
    name: str
    """In full."""
    latin: bool = False
    """Whether what is written about it is in Latin letters."""


@value
class Family:
    """In the order of schools, and in each as the children came."""

    children: tuple[Child, ...]
    number_id: int = 0
    number: str = ""
    """E.164; "" where there is none."""
    held: tuple[Held, ...] = ()
    """Where the consents of these children stand."""

    @property
    def school_ids(self) -> list[int]:
        return sorted({one.school_id for one in self.children})


async def of_session(q: Queries, tools: Tools, session: Session) -> Family:
    """Empty where nobody may be seen any more, whatever was when the session began."""
    if session.slip_id:
        children = await _of_slip(q, session.slip_id)
    else:
        children = await of_number(q, session.number_id)
    number_id = next((one.number_id for one in children), 0)
    if not number_id:
        return Family(tuple(children))
    ids = {one.subscription_id for one in children}
    held = [one for one in await consents.of_number(q, number_id) if one.subscription_id in ids]
    opened = await numbers.read(q, tools, [number_id])
    return Family(tuple(children), number_id, opened[number_id], tuple(held))


async def of_number(q: Queries, number_id: int) -> list[Child]:
    """The children that the owner of this number sees, in every school."""
    return [_child(row) for row in await q.all(_OF_NUMBER, number_id=number_id)]


async def _of_slip(q: Queries, slip_id: int) -> list[Child]:
    slip = await q.one(
        """select slip.school_id, slip.pupil_id, slip.guardian_id, p.full_name
           from parent_slip slip join pupil p on p.id = slip.pupil_id
           where slip.id = :id and slip.revoked_at is null""",
        id=slip_id,
    )
    if slip is None:
        return []
    rows = await q.all(
        f"""{_CHILD} where g.id = :guardian_id and g.school_id = :school_id
            and n.erased_at is null and p.full_name is not null order by s.id""",
        guardian_id=slip["guardian_id"],
        school_id=slip["school_id"],
    )
    if rows or not slip["full_name"]:
        return [_child(row) for row in rows]
    return [Child(0, slip["school_id"], 0, slip["pupil_id"], 0, slip["full_name"])]


def _child(row: Row) -> Child:
    return Child(
        row["id"], row["school_id"], row["guardian_id"], row["pupil_id"], row["number_id"],
        row["full_name"], bool(row["latin"]),
    )  # fmt: skip


@value
class Sent:
    """An SMS about the children; `text` None: it is kept no more."""

    school_id: int
    at: int
    text: str | None
    state: MessageState


async def messages(q: Queries, tools: Tools, family: Family, *, limit: int) -> list[Sent]:
    """The last ones to the family's present number, newest first."""
    rows = await q.over(
        f"""with rows(guardian_id bigint)
            select m.id, m.school_id, m.created_at, m.text, m.state
            from rows join message m on m.guardian_id = rows.guardian_id
            where m.number_id = :number_id and m.ground <> '{Ground.CODE}'
            order by m.id desc limit :limit""",
        _keys(one.guardian_id for one in family.children),
        number_id=family.number_id,
        limit=limit,
    )
    return [
        Sent(
            row["school_id"], row["created_at"],
            None if row["text"] is None
            else tools.vault.text(row["text"], "message.text", row["id"]),
            MessageState(row["state"]),
        )
        for row in rows
    ]  # fmt: skip


@value
class Standing:
    """Where a consent stands, since when and by whose act; "" and 0 where no act is on record."""

    subscription_id: int
    topic: str
    state: ConsentState
    at: int
    actor: str


async def standings(q: Queries, subscription_ids: Iterable[int]) -> list[Standing]:
    """Of these subscriptions, all topics that have a state of their own."""
    rows = await q.over(
        """with rows(id bigint)
           select c.subscription_id, c.topic, c.state, c.changed_at, l.actor
           from rows join consent c on c.subscription_id = rows.id
           left join ledger l on l.id = c.ledger_id
           order by c.subscription_id, c.topic""",
        _keys(subscription_ids),
    )
    return [
        Standing(
            row["subscription_id"], row["topic"], ConsentState(row["state"]), row["changed_at"],
            row["actor"] or "",
        )
        for row in rows
    ]  # fmt: skip


def _keys(ids: Iterable[int]) -> Sequence[tuple[int]]:
    return sorted({(one,) for one in ids if one})
