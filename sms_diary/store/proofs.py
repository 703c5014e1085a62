"""What allowed a message: the rows of the ledger, the SMS that asked, and whether they hold.

Reading only, and values only: how it is said to people, and what of it is masked, is
`reports.proof`'s. Whoever names a school gets nothing of another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sms_diary.clock import MINUTE
from sms_diary.db import Queries, Row
from sms_diary.model import ALL_TOPICS, Ground
from sms_diary.store import entries, ledger
from sms_diary.store.chain import Link
from sms_diary.store.entries import SCOPE, Chain, Entry, Kept
from sms_diary.store.ledger import Action
from sms_diary.store.tools import Tools
from sms_diary.values import value

CLOCKS = MINUTE
"""By how much two machines' clocks may differ."""
_ALLOWING: Mapping[Ground, frozenset[str]] = {
    Ground.CONSENT: frozenset({Action.GIVEN, Action.IMPORTED}),
    Ground.REQUEST: frozenset({Action.ASKED, Action.GIVEN, Action.IMPORTED}),
}
_ENDING = frozenset({Action.REFUSED, Action.REVOKED, Action.NUMBER_CHANGED,
                     Action.OPERATOR_REFUSAL})  # fmt: skip


class Doubt(StrEnum):
    """Why a ground does not hold."""

    NO_ENTRY = "no-entry"
    OTHER_SCHOOL = "other-school"
    OTHER_NUMBER = "other-number"
    ROW_CHANGED = "row-changed"
    CHAIN_BROKEN = "chain-broken"
    EVIDENCE_ERASED = "evidence-erased"
    EVIDENCE_FALSE = "evidence-false"
    ALLOWS_NOTHING = "allows-nothing"
    LATER = "later"
    ENDED = "ended"
    NOT_ASKED = "not-asked"
    ASKED_BY_ANOTHER = "asked-by-another"
    ASKED_LATER = "asked-later"
    NOT_STAFF = "not-staff"


@value
class Message:
    """`left_at`: when the first part was handed over; None while none was."""

    id: int
    school_id: int
    number: str
    ground: Ground
    state: str
    parts: int
    created_at: int
    left_at: int | None
    done_at: int | None


@value
class Asked:
    """The SMS that a message answers; `text` is None when its time of keeping is over."""

    id: int
    reception: str
    text: str | None
    at: int


@value
class MessageProof:
    """`doubts` with the row number of the ledger that each is about; none: it was allowed."""

    message: Message
    entries: tuple[Entry, ...]
    asked: Asked | None
    chains: tuple[Chain, ...]
    doubts: tuple[tuple[Doubt, int | None], ...]


async def of_message(
    q: Queries, tools: Tools, message_id: int, school_id: int | None
) -> MessageProof | None:
    """What allowed this message; None if there is none, or not in this school (None: in any)."""
    row = await q.one(
        """select m.*, n.sealed, (select min(p.claimed_at) from part p
                                  where p.message_id = m.id) as left_at
           from message m join number n on n.id = m.number_id where m.id = :id""",
        id=message_id,
    )
    if row is None or school_id not in (None, row["school_id"]):
        return None
    message = Message(
        row["id"], row["school_id"],
        tools.vault.text(row["sealed"], "number.sealed", row["number_id"]),
        Ground(row["ground"]), row["state"], row["parts"], row["created_at"], row["left_at"],
        row["done_at"],
    )  # fmt: skip
    return await _Proving(q, tools, message, row).run()


class _Proving:
    """One message on its way to what allowed it."""

    def __init__(self, q: Queries, tools: Tools, message: Message, row: Row) -> None:
        self._q = q
        self._tools = tools
        self._message = message
        self._row = row
        self._doubts: list[tuple[Doubt, int | None]] = []

    async def run(self) -> MessageProof:
        topics = await self._topics()
        named = await entries.by_ids(self._q, self._tools, topics)
        # Another school's row is told as a doubt and shown to nobody.
        own = [entry for entry in named if entry.link.school_id == self._message.school_id]
        chains = await entries.chains(self._q, {entry.link.school_id for entry in own})
        if len(own) < len(named):
            self._doubt(Doubt.OTHER_SCHOOL)
        if len(named) < len(topics):
            self._doubt(Doubt.NO_ENTRY)
        if any(chain.broken for chain in chains):
            self._doubt(Doubt.CHAIN_BROKEN)
        for entry in own:
            await self._weigh(entry, topics[entry.link.id])
        asked = await self._asked()
        await self._by_ground(bool(topics), asked)
        return MessageProof(self._message, tuple(own), asked, tuple(chains), tuple(self._doubts))

    def _doubt(self, doubt: Doubt, entry: Entry | None = None) -> None:
        self._doubts.append((doubt, entry.link.seq if entry else None))

    async def _topics(self) -> dict[int, set[str]]:
        """The rows of the ledger that the message and its lines name, with the lines' topics."""
        found: dict[int, set[str]] = {}
        if self._row["ledger_id"] is not None:
            found[self._row["ledger_id"]] = set()
        lines = await self._q.all(
            """select distinct ledger_id, topic from line
               where message_id = :id and ledger_id is not null""",
            id=self._message.id,
        )
        for line in lines:
            found.setdefault(line["ledger_id"], set()).add(line["topic"])
        return found

    async def _weigh(self, entry: Entry, topics: set[str]) -> None:
        message, link = self._message, entry.link
        if link.subject != self._tools.vault.pseudonym(link.school_id, message.number):
            self._doubt(Doubt.OTHER_NUMBER, entry)
        if not link.holds():
            self._doubt(Doubt.ROW_CHANGED, entry)
        if entry.kept is not Kept.KEPT:
            erased = entry.kept is Kept.ERASED
            self._doubt(Doubt.EVIDENCE_ERASED if erased else Doubt.EVIDENCE_FALSE, entry)
        if link.action not in _ALLOWING.get(message.ground, frozenset(Action)):
            self._doubt(Doubt.ALLOWS_NOTHING, entry)
        if link.at > message.created_at + CLOCKS:
            self._doubt(Doubt.LATER, entry)
        if message.left_at is not None and await self._ended(link, topics):
            self._doubt(Doubt.ENDED, entry)

    async def _ended(self, link: Link, topics: set[str]) -> bool:
        """Whether what the row allowed was taken back before the message was made."""
        rows = await self._q.all(
            f"""select {ledger.columns(self._q, "ledger")} from ledger
                where subject = :subject and school_id = :school_id
                  and ledger.seq > :seq and ledger.at < :made order by ledger.seq""",
            subject=link.subject,
            school_id=link.school_id,
            seq=link.seq,
            made=self._message.created_at,
        )
        later = [ledger.link(self._q, row) for row in rows]
        return any(one.action in _ENDING and _covers(one.scope, link, topics) for one in later)

    async def _asked(self) -> Asked | None:
        if self._row["inbound_id"] is None:
            return None
        row = await self._q.one("select * from inbound where id = :id", id=self._row["inbound_id"])
        if row is None:
            return None
        if row["number_id"] != self._row["number_id"]:
            self._doubt(Doubt.ASKED_BY_ANOTHER)
            return None
        if row["at"] > self._message.created_at + CLOCKS:
            self._doubt(Doubt.ASKED_LATER)
        text = row["text"]
        return Asked(
            row["id"], row["reception"],
            None if text is None else self._tools.vault.text(text, "inbound.text", row["id"]),
            row["at"],
        )  # fmt: skip

    async def _by_ground(self, has_rows: bool, asked: Asked | None) -> None:
        ground = self._message.ground
        if ground in _ALLOWING and not has_rows:
            self._doubt(Doubt.NO_ENTRY)
        elif asked is None and (ground is Ground.REPLY or (ground is Ground.CODE and not has_rows)):
            self._doubt(Doubt.NOT_ASKED)
        elif ground is Ground.STAFF and not await self._is_staff():
            self._doubt(Doubt.NOT_STAFF)

    async def _is_staff(self) -> bool:
        row = await self._q.one(
            "select 1 as one from staff where school_id = :school_id and number_id = :number_id",
            school_id=self._message.school_id,
            number_id=self._row["number_id"],
        )
        return row is not None


def _covers(scope: str, link: Link, topics: set[str]) -> bool:
    """Whether an act of this scope ends what the row allowed for these topics.

    A topic with a row of its own does not follow what is said of every topic.
    """
    if scope == "number":
        return True
    ending, own = SCOPE.fullmatch(scope or ""), SCOPE.fullmatch(link.scope or "")
    if ending is None or own is None or ending[1] != own[1]:
        return False
    return ending[2] == own[2] or (own[2] == ALL_TOPICS and ending[2] in topics)
