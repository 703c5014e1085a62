"""Everything that is held on a number, destroyed on demand: in one school, or everywhere.

Sources: 152-ФЗ ст. 20 ч. 3, ст. 21 ч. 3–5. What stays tells of no person: the keyed index of the
number with its stop, the ledger's rows under a pseudonym, ids and counts of what was sent. So a
list that is imported later revives no stop, and the chains still verify.

One transaction does all of it; a preview is the same, rolled back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sms_diary import consent
from sms_diary.consent import Move
from sms_diary.db import Queries
from sms_diary.errors import NotYet
from sms_diary.model import ConsentState
from sms_diary.store import consents, destruction, numbers, outbox, requests, withdraw
from sms_diary.store.consents import Change, Held
from sms_diary.store.destruction import Counts, Kind, Order, What
from sms_diary.store.ledger import NO_SCHOOL, Act, Action
from sms_diary.store.parent import codes, sessions, slips
from sms_diary.store.persons import bodies, texts
from sms_diary.store.tools import Tools
from sms_diary.values import value

TOUCHED = (
    "number", "guardian", "pupil", "message", "receipt", "inbound", "inbound_piece", "evidence",
    "delivery", "idempotency", "entry", "line", "import", "import_chunk", "import_was",
    "parent_code", "parent_session", "parent_slip",
)  # fmt: skip
"""The tables that an erasure writes to, to be purged after its commit (`Database.purge`)."""
ENDS = frozenset({ConsentState.UNKNOWN, ConsentState.ASKED, ConsentState.ACTIVE})
"""States that an erasure ends; a stop or a refusal stays what it was."""


@value
class Erased:
    """What one act tells of; `id` is its number."""

    id: int
    school_id: int
    counts: Counts


async def number(
    q: Queries, tools: Tools, phone: str, school_ids: Sequence[int], order: Order, *,
    whole: bool, now: int,
) -> list[Erased] | None:  # fmt: skip
    """Destroy what these schools hold on a number (E.164); None where nothing is known of it.

    `whole`: they are all the schools there are, and what belongs to none (`NO_SCHOOL`) goes too.
    It also goes with the last school that has the number. Raises `NotYet` while an SMS from it
    is unread: it may be a СТОП.
    """
    known = (await numbers.find(q, tools, [phone], lock=True)).get(phone)
    if known is None:
        return None
    await _nothing_unread(q, known.id)
    held = await consents.of_number(q, known.id)
    guardians = await _guardians(q, known.id, school_ids)
    if not (guardians or whole):
        return None
    last = whole or not await _elsewhere(q, known.id, school_ids)
    found = []
    for school_id in sorted(guardians):
        guardian_id, name = guardians[school_id]
        own = [one for one in held if one.guardian_id == guardian_id]
        erasing = _Erasing(
            q, tools, school_id, number_id=known.id, phone=phone, order=order, now=now
        )
        found.append(await erasing.guardian(guardian_id, name, own))
    if last:
        erasing = _Erasing(
            q, tools, NO_SCHOOL, number_id=known.id, phone=phone, order=order, now=now
        )
        others = [one for one in school_ids if one not in guardians] if whole else []
        act = await erasing.number([*others, *guardians, NO_SCHOOL], others)
        # A school is not told what others have: only who asked for all of it learns of the rest.
        found += [act] if whole else []
    return found


class _Erasing:
    """One number in one school, or what of it belongs to none."""

    def __init__(
        self, q: Queries, tools: Tools, school_id: int, *, number_id: int, phone: str,
        order: Order, now: int,
    ) -> None:  # fmt: skip
        self._q = q
        self._tools = tools
        self._school_id = school_id
        self._number_id = number_id
        self._phone = phone
        self._order = order
        self._now = now

    async def guardian(self, guardian_id: int, name: str, held: Sequence[Held]) -> Erased:
        q, school_id = self._q, self._school_id
        proofs = await self._proofs(school_id, [one.subscription_id for one in held])
        # Ends after: the rows that it writes rest on the paper that demands it, and on nobody.
        await self._end(guardian_id, held)
        messages = await texts.of_guardian(q, school_id, guardian_id, self._number_id)
        wanted = bodies.traits(numbers=[self._phone], names=[name])
        await slips.forget_guardian(q, school_id, guardian_id)
        counts: Counts = {
            What.GUARDIANS: await _forget_guardian(q, school_id, guardian_id),
            What.MESSAGES: await texts.destroy(q, messages),
            What.RECEIPTS: await texts.destroy_receipts(q, messages),
            What.EVIDENCE: proofs,
            What.BODIES: await bodies.destroy(q, self._tools, school_id, wanted),
            What.ANSWERS: await bodies.destroy_answers(q, self._tools, school_id, wanted),
        }
        return await self._done(Kind.GUARDIAN, f"guardian:{guardian_id}", counts)

    async def _done(self, kind: Kind, subject: str, counts: Counts) -> Erased:
        act = await destruction.record(
            self._q, self._tools, self._school_id, kind, subject=subject, counts=counts,
            order=self._order, now=self._now,
        )  # fmt: skip
        return Erased(act, self._school_id, counts)

    async def _proofs(self, school_id: int, subscription_ids: Sequence[int] = ()) -> int:
        subject = self._tools.vault.pseudonym(school_id, self._phone)
        rows = await texts.proofs(self._q, school_id, subject, subscription_ids)
        return await texts.destroy_proofs(self._q, rows)

    async def _end(self, guardian_id: int, held: Sequence[Held]) -> None:
        """Who demands that the data go is told nothing more; what is queued is taken back."""
        changes = [
            Change(one.subscription_id, self._number_id, state, self._act(one, topic), topic)
            for one in held
            for topic in one.topics
            if one.states.get(topic, ConsentState.UNKNOWN) in ENDS
            and (state := consent.moved(one.states.get(topic), Move.SCHOOL_STOP)) is not None
        ]
        await consents.change(self._q, self._tools, self._school_id, changes, now=self._now)
        await requests.drop_of_guardian(self._q, guardian_id, now=self._now)
        await _withdraw_unsent(self._q, self._school_id, self._number_id, now=self._now)

    def _act(self, one: Held, topic: str) -> Act:
        """Its evidence tells of no person, and stays."""
        order = self._order
        said = {"source": order.ground, "form": order.document}
        scope = f"subscription:{one.subscription_id} {topic}"
        return Act(Action.REVOKED, self._phone, scope, order.by, said)

    async def number(self, school_ids: Sequence[int], others: Sequence[int]) -> Erased:
        """The number itself, what came from it, and what is left of it in these schools.

        `others` are those where it has no guardian any more: a former one has left traces there.
        """
        q, number_id = self._q, self._number_id
        await numbers.erase(q, self._tools, number_id, now=self._now)
        await withdraw.everything(q, number_id, now=self._now)
        await q.run("delete from staff where number_id = :number_id", number_id=number_id)
        await sessions.forget(q, number_id)
        await codes.forget(q, number_id, self._tools.vault.index(self._phone))
        wanted = bodies.traits(numbers=[self._phone])
        rest = await texts.of_number(q, number_id, school_ids)
        counts = Counter(
            {
                What.NUMBERS: 1,
                What.MESSAGES: await texts.destroy(q, rest),
                What.RECEIPTS: await texts.destroy_receipts_of_number(q, number_id),
                What.INBOUND: await texts.destroy_inbound(q, number_id),
            }
        )
        for school_id in (*others, NO_SCHOOL):
            counts[What.EVIDENCE] += await self._proofs(school_id)
            counts[What.BODIES] += await bodies.destroy(q, self._tools, school_id, wanted)
            counts[What.ANSWERS] += await bodies.destroy_answers(q, self._tools, school_id, wanted)
        return await self._done(Kind.NUMBER, f"number:{number_id}", counts)


async def _nothing_unread(q: Queries, number_id: int) -> None:
    row = await q.one(
        """select (select count(*) from inbound
                   where number_id = :number_id and state = 'new')
                + (select count(*) from inbound_piece
                   where number_id = :number_id and inbound_id is null) as unread""",
        number_id=number_id,
    )
    if row is not None and row["unread"]:
        raise NotYet(
            "С этого номера только что пришла SMS, и сервис её ещё не прочёл: в ней может быть "
            "СТОП. Повторите через три минуты; сервис должен работать."
        )


async def _guardians(
    q: Queries, number_id: int, school_ids: Sequence[int]
) -> dict[int, tuple[int, str]]:
    """School -> the guardian with this number and the name, in these schools."""
    rows = await q.all(
        "select id, school_id, full_name from guardian where number_id = :number_id",
        number_id=number_id,
    )
    return {
        row["school_id"]: (row["id"], row["full_name"] or "")
        for row in rows
        if row["school_id"] in school_ids
    }


async def _elsewhere(q: Queries, number_id: int, school_ids: Sequence[int]) -> bool:
    """Whether a school that was not named holds this number of somebody who was not erased."""
    rows = await q.all(
        "select school_id from guardian where number_id = :number_id and full_name is not null",
        number_id=number_id,
    )
    return any(row["school_id"] not in school_ids for row in rows)


async def _withdraw_unsent(q: Queries, school_id: int, number_id: int, *, now: int) -> None:
    """Answers, codes and welcomes of this school that have not left: their texts go."""
    cut = await q.all(
        """update part set state = 'withdrawn', done_at = :now
           where number_id = :number_id and school_id = :school_id
             and (state = 'queued' or state = 'retry') returning message_id""",
        number_id=number_id,
        school_id=school_id,
        now=now,
    )
    await outbox.fold(q, [row["message_id"] for row in cut], now=now)


async def _forget_guardian(q: Queries, school_id: int, guardian_id: int) -> int:
    subscriptions = await q.all(
        """update subscription set relation = '', rev = rev + 1
           where guardian_id = :id and school_id = :school_id returning id""",
        id=guardian_id,
        school_id=school_id,
    )
    await q.over(
        """with rows(id bigint)
           delete from rhythm where subscription_id in (select id from rows)""",
        sorted((row["id"],) for row in subscriptions),
    )
    return await q.run(
        """update guardian
           set full_name = null, name_key = null, latin = null, welcomed_at = null, rev = rev + 1
           where id = :id and school_id = :school_id and full_name is not null""",
        id=guardian_id,
        school_id=school_id,
    )
