"""All that is held on a number, for the person to see (152-ФЗ ст. 14 ч. 7): in one school, or all.

Reading only; nothing is masked here, because whoever asks has named the number. A school's view
holds what is the school's own: what another keeps, and that it does, is not told.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.db import Queries, Row
from sms_diary.model import Ground
from sms_diary.store import by_number, numbers
from sms_diary.store.by_number import NumberProof
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Child:
    """A pupil whom a guardian follows; `rhythms` are topics with what was chosen for them."""

    pupil: str
    relation: str
    since: int
    rhythms: tuple[tuple[str, str], ...]


@value
class Guardian:
    """The number in one school; `latin` None: as the school."""

    school_id: int
    id: int
    full_name: str
    latin: bool | None
    created_at: int
    welcomed_at: int | None
    children: tuple[Child, ...]


@value
class Asked:
    """A question or a welcome that a paper allowed."""

    school_id: int
    kind: str
    state: str
    created_at: int
    asked_at: int | None


@value
class Receipt:
    """What an operator said of a message; `raw` is b"" when its time of keeping is over."""

    at: int
    state: str
    error: str
    raw: bytes


@value
class Sent:
    """A message with its text; None: destroyed, or a code, which lets in whoever reads it."""

    school_id: int
    id: int
    ground: str
    state: str
    text: str | None
    parts: int
    created_at: int
    done_at: int | None
    receipts: tuple[Receipt, ...]


@value
class Came:
    """An SMS from the number; `text` None: destroyed."""

    id: int
    reception: str
    text: str | None
    meaning: str
    state: str
    at: int


@value
class Slip:
    """A slip of paper for the parent's page; its password is known to nobody."""

    school_id: int
    login: str
    created_at: int
    changed_at: int | None


@value
class Person:
    """`proof` has the number's state, the consents and their evidence."""

    number: str
    erased: bool
    """Only what the stop needs is kept of the number itself."""
    proof: NumberProof
    guardians: tuple[Guardian, ...]
    asked: tuple[Asked, ...]
    slips: tuple[Slip, ...]
    sent: tuple[Sent, ...]
    came: tuple[Came, ...]
    staff_of: tuple[int, ...]
    """Schools that list the number as one of their staff."""


async def on_number(
    q: Queries, tools: Tools, number: str, school_ids: Sequence[int], *, whole: bool
) -> Person | None:
    """Everything about a number (E.164) in these schools; None when nothing is known of it."""
    proof = await by_number.of_number(q, tools, number, school_ids, whole=whole)
    known = (await numbers.find(q, tools, [number])).get(number)
    if proof is None or known is None:
        return None
    reading = _Reading(q, tools, known.id, frozenset(school_ids))
    guardians = await reading.guardians()
    return Person(
        number=number,
        erased=known.erased,
        proof=proof,
        guardians=guardians,
        asked=await reading.asked(),
        slips=await reading.slips(),
        sent=await reading.sent(),
        came=await reading.came() if guardians or whole else (),
        staff_of=await reading.staff_of(),
    )


class _Reading:
    """One number, table by table, and of each table what these schools hold."""

    def __init__(
        self, q: Queries, tools: Tools, number_id: int, school_ids: frozenset[int]
    ) -> None:
        self._q = q
        self._tools = tools
        self._number_id = number_id
        self._school_ids = school_ids

    async def _rows(self, sql: str) -> list[Row]:
        rows = await self._q.all(sql, number_id=self._number_id)
        return [row for row in rows if row["school_id"] in self._school_ids]

    async def guardians(self) -> tuple[Guardian, ...]:
        rows = await self._rows(
            "select * from guardian where number_id = :number_id order by school_id"
        )
        children = await self._children()
        return tuple(
            Guardian(
                row["school_id"], row["id"], row["full_name"] or "",
                None if row["latin"] is None else bool(row["latin"]), row["created_at"],
                row["welcomed_at"], tuple(children.get(row["id"], ())),
            )
            for row in rows
        )  # fmt: skip

    async def _children(self) -> dict[int, list[Child]]:
        """By guardian."""
        chosen: dict[int, list[tuple[str, str]]] = {}
        for row in await self._rows(
            """select r.school_id, r.subscription_id, r.topic, r.rhythm from guardian g
               join subscription s on s.guardian_id = g.id join rhythm r on r.subscription_id = s.id
               where g.number_id = :number_id order by r.subscription_id, r.topic"""
        ):
            chosen.setdefault(row["subscription_id"], []).append((row["topic"], row["rhythm"]))
        found: dict[int, list[Child]] = {}
        for row in await self._rows(
            """select s.school_id, s.id, s.guardian_id, s.relation, s.created_at, p.full_name
               from guardian g join subscription s on s.guardian_id = g.id
               join pupil p on p.id = s.pupil_id where g.number_id = :number_id order by s.id"""
        ):
            rhythms = tuple(chosen.get(row["id"], ()))
            child = Child(row["full_name"] or "", row["relation"], row["created_at"], rhythms)
            found.setdefault(row["guardian_id"], []).append(child)
        return found

    async def asked(self) -> tuple[Asked, ...]:
        rows = await self._rows(
            """select r.* from guardian g join request r on r.guardian_id = g.id
               where g.number_id = :number_id order by r.id"""
        )
        return tuple(
            Asked(row["school_id"], row["kind"], row["state"], row["created_at"], row["asked_at"])
            for row in rows
        )

    async def slips(self) -> tuple[Slip, ...]:
        rows = await self._rows(
            """select slip.* from guardian g join parent_slip slip on slip.guardian_id = g.id
               where g.number_id = :number_id and slip.revoked_at is null order by slip.id"""
        )
        return tuple(
            Slip(row["school_id"], row["login"], row["created_at"], row["changed_at"])
            for row in rows
        )

    async def sent(self) -> tuple[Sent, ...]:
        rows = await self._rows("select * from message where number_id = :number_id order by id")
        receipts = await self._receipts([row["id"] for row in rows])
        opened = self._tools.vault.text
        return tuple(
            Sent(
                row["school_id"], row["id"], row["ground"], row["state"],
                None if row["text"] is None or row["ground"] == Ground.CODE
                else opened(row["text"], "message.text", row["id"]),
                row["parts"], row["created_at"], row["done_at"],
                tuple(receipts.get(row["id"], ())),
            )
            for row in rows
        )  # fmt: skip

    async def _receipts(self, message_ids: Sequence[int]) -> dict[int, list[Receipt]]:
        """By message."""
        rows = await self._q.over(
            """with rows(id bigint)
               select part.message_id, receipt.id, receipt.at, receipt.state, receipt.error,
                      receipt.raw
               from rows join part on part.message_id = rows.id
               join receipt on receipt.part_id = part.id order by receipt.id""",
            [(one,) for one in message_ids],
        )
        found: dict[int, list[Receipt]] = {}
        for row in rows:
            raw = row["raw"]
            told = Receipt(
                row["at"], row["state"], row["error"],
                b"" if raw is None else self._tools.vault.open(raw, "receipt.raw", row["id"]),
            )  # fmt: skip
            found.setdefault(row["message_id"], []).append(told)
        return found

    async def came(self) -> tuple[Came, ...]:
        rows = await self._q.all(
            "select * from inbound where number_id = :id order by id", id=self._number_id
        )
        opened = self._tools.vault.text
        return tuple(
            Came(
                row["id"], row["reception"],
                None if row["text"] is None else opened(row["text"], "inbound.text", row["id"]),
                row["meaning"], row["state"], row["at"],
            )
            for row in rows
        )  # fmt: skip

    async def staff_of(self) -> tuple[int, ...]:
        rows = await self._rows("select * from staff where number_id = :number_id")
        return tuple(sorted(row["school_id"] for row in rows))
