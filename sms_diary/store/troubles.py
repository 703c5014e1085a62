"""What operators say of phones: those that refuse all mass messages, and those that are dead.

A subscriber may tell the operator to let no mass messages through (126-ФЗ ст. 44.1 п. 1.1 as of
41-ФЗ, since 01.08.2025; ПП РФ 1137): that ends a consent and is written to the ledger. A phone
that nothing arrives at is no act of anybody's: the number is suspended, consents and ledger stay.
Who of a school is concerned is read in `problems.py`, when to suspend is decided in `troubles.py`
(the loop).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import groupby

from sms_diary import consent
from sms_diary.consent import Move
from sms_diary.db import Queries, Row
from sms_diary.model import PERSONAL_DATA, ConsentState, Failure, NumberState, PartState, Silence
from sms_diary.store import consents, ledger, numbers, withdraw
from sms_diary.store.consents import Change, Held
from sms_diary.store.ledger import Act, Action
from sms_diary.store.tools import Tools
from sms_diary.values import value

NOT_ARRIVED = frozenset({PartState.UNDELIVERED, PartState.EXPIRED, PartState.REJECTED})
"""Ends that a receipt brings. `unknown` is none of them: no news says nothing of the phone."""


@value
class _Said:
    """A part that an operator refused because of its phone."""

    part_id: int
    school_id: int
    number_id: int
    route: str
    code: str


# ---------------------------------------------------------------- as it comes


async def heard(q: Queries, tools: Tools, moved: Sequence[Row], *, now: int) -> None:
    """Receipts moved these parts (id, school_id, number_id, route, state, code).

    A delivery shows that a phone lives, its lack that it may not; a code that the provider's file
    knows is obeyed at once: the network itself has looked for the subscriber.
    """
    arrived = {row["number_id"] for row in moved if row["state"] == PartState.DELIVERED}
    if arrived:
        await numbers.alive(q, arrived)
    lost = [row for row in moved if row["state"] in NOT_ARRIVED]
    if not lost:
        return
    failed = {row["number_id"] for row in lost} - arrived
    await numbers.failed(q, failed, now=now)
    said = [(row, tools.of_phone(row["route"], row["code"] or "")) for row in lost]
    await _block(q, tools, [_said(row) for row, of in said if of is Failure.BLOCKED], now=now)
    gone = {row["number_id"] for row, of in said if of is Failure.BAD_NUMBER}
    await suspend(q, gone & failed, now=now)


async def refused(
    q: Queries, tools: Tools, route: str, said: Sequence[tuple[int, Failure, str]], *, now: int
) -> None:
    """Parts that were not taken because of their numbers: (part, failure, code).

    A number that does not exist only counts as a failure: a slip in the settings of a route
    makes all of them so.
    """
    meant = {part: (failure, code) for part, failure, code in said if failure in _OF_PHONES}
    rows = await q.over(
        """with rows(id bigint)
           select part.id, part.school_id, part.number_id
           from rows join part on part.id = rows.id""",
        [(part_id,) for part_id in sorted(meant)],
    )
    await numbers.failed(q, [row["number_id"] for row in rows], now=now)
    blocked = [
        _said({**row, "route": route, "code": meant[row["id"]][1]})
        for row in rows
        if meant[row["id"]][0] is Failure.BLOCKED
    ]
    await _block(q, tools, blocked, now=now)


_OF_PHONES = (Failure.BLOCKED, Failure.BAD_NUMBER)


def _said(row: Row) -> _Said:
    return _Said(row["id"], row["school_id"], row["number_id"], row["route"], row["code"] or "")


async def _block(q: Queries, tools: Tools, said: Iterable[_Said], *, now: int) -> None:
    """Close these numbers in every school; what is known already is not written again."""
    by_number = {one.number_id: one for one in said}
    texts = await numbers.read(q, tools, by_number) if by_number else {}
    for number_id, one in sorted(by_number.items()):
        if not await numbers.block(q, number_id, now=now):
            continue
        held = await consents.of_number(q, number_id)
        for school_id, own in groupby(held, key=lambda each: each.school_id):
            proof = {"number": texts[number_id], "route": one.route, "code": one.code, "at": now}
            if one.school_id == school_id:
                # Another school learns that the operator refused, not whose SMS it was.
                proof["part"] = str(one.part_id)
            by = f"{ledger.BY_ROUTE}{one.route}"
            act = Act(Action.OPERATOR_REFUSAL, texts[number_id], "", by, proof)
            changes = _moved(own, number_id, Move.OPERATOR_REFUSAL, act)
            await consents.change(q, tools, school_id, changes, now=now)
        await withdraw.close(q, [number_id], now=now, why=Silence.OPERATOR_REFUSAL)


def _moved(held: Iterable[Held], number_id: int, move: Move, act: Act) -> list[Change]:
    """What the move makes of each topic that is about SMS, each with its row of the ledger."""
    return [
        Change(one.subscription_id, number_id, state, _scoped(act, one, topic), topic)
        for one in held
        for topic in one.topics
        if topic != PERSONAL_DATA
        and (state := consent.moved(one.states.get(topic, one.state), move)) is not None
    ]


def _scoped(act: Act, held: Held, topic: str) -> Act:
    scope = f"subscription:{held.subscription_id} {topic}"
    return Act(act.action, act.number, scope, act.actor, act.evidence)


async def suspend(q: Queries, number_ids: Iterable[int], *, now: int) -> list[int]:
    """Write to these numbers no more, but for answers; which of them were open until now."""
    suspended = await numbers.suspend(q, number_ids)
    await withdraw.close(q, suspended, now=now, why=Silence.SUSPENDED)
    return suspended


# ---------------------------------------------------------------- for the daily look


@value
class Failed:
    """A message that did not arrive. `nobody`: the operator says that there is no such number."""

    number_id: int
    school_id: int
    at: int
    nobody: bool


async def failing(q: Queries, *, before: int, after: int, limit: int) -> list[tuple[int, int]]:
    """Open numbers that have failed since `before` or earlier, as (id, since), page by page."""
    rows = await q.all(
        """select id, failing_since from number
           where failing_since is not null and failing_since <= :before and id > :after
             and state = 'open'
           order by id limit :limit""",
        before=before,
        after=after,
        limit=limit,
    )
    return [(row["id"], row["failing_since"]) for row in rows]


async def failures(q: Queries, since: Sequence[tuple[int, int]]) -> list[Failed]:
    """What has not arrived at these numbers since then; not what never left, or was refused for
    its text."""
    rows = await q.over(
        """with rows(id bigint, since bigint)
           select rows.id, m.id as message_id, m.school_id, m.done_at,
                  max(case when p.failure = 'bad-number' then 1 else 0 end) as nobody
           from rows join message m on m.number_id = rows.id and m.done_at >= rows.since
            and m.state in ('undelivered', 'expired', 'rejected')
           join part p on p.message_id = m.id and p.state in ('undelivered', 'expired', 'rejected')
            and (p.sent_at is not null or p.failure = 'bad-number')
           group by rows.id, m.id, m.school_id, m.done_at""",
        sorted(since),
    )
    return [Failed(r["id"], r["school_id"], r["done_at"], bool(r["nobody"])) for r in rows]


_LATEST = 500
"""Messages of a school by which it is told whether its route works."""


async def arrives(q: Queries, school_ids: Iterable[int]) -> set[int]:
    """Those of the schools whose latest SMS arrive, at least at some phones.

    Where none does, it is not the phones that are dead.
    """
    found = set()
    for school_id in sorted(set(school_ids)):
        row = await q.one(
            """select 1 as one from (select state from message where school_id = :school_id
                                     order by id desc limit :latest) latest
               where state = 'delivered' limit 1""",
            school_id=school_id,
            latest=_LATEST,
        )
        if row is not None:
            found.add(school_id)
    return found


# ---------------------------------------------------------------- by a person


class Lifted(StrEnum):
    """What came of a school's word that a number may be written to again."""

    CONSENT_NEEDED = "consent-needed"
    """The operator's refusal is gone; the consent ended with it, and is asked for anew."""
    OPEN = "open"
    """The number was suspended, and is written to again under the consents that it has."""
    NOT_OURS = "not-ours"
    STOPPED = "stopped"
    STRANGER = "stranger"
    NOTHING_HELD = "nothing-held"


LIFTED_RU: dict[Lifted, str] = {
    Lifted.CONSENT_NEEDED: "Отказ у оператора снят. Прежнее согласие кончилось вместе с ним: SMS "
    "пойдут, когда родитель напишет СТАРТ или школа внесёт его согласие на бумаге.",
    Lifted.OPEN: "Номер снова открыт: SMS пойдут по прежним согласиям.",
    Lifted.NOT_OURS: "Такого номера среди родителей этой школы нет.",
    Lifted.STOPPED: "Родитель отключил SMS словом СТОП: включить их может только он сам, "
    "словом СТАРТ.",
    Lifted.STRANGER: "Номер чужой: его владелец сам так написал. Впишите другой номер родителя.",
    Lifted.NOTHING_HELD: "Ни отказа у оператора, ни остановки на этом номере нет: снимать нечего.",
}


async def lift(
    q: Queries, tools: Tools, school_id: int, number: str, *, by: str,
    evidence: Mapping[str, str], now: int,
) -> Lifted:  # fmt: skip
    """A person of the school says that a number (E.164) receives SMS again, and how they know.

    `by` is the ledger's actor, `evidence` its source and who has taken it.
    Only the school's own consents move; in another one the refusal stands until it hears the
    same, or the parent writes СТАРТ.
    """
    known = (await numbers.find(q, tools, [number], lock=True)).get(number)
    own = [
        one
        for one in (await consents.of_number(q, known.id) if known else [])
        if one.school_id == school_id
    ]
    if known is None or not own:
        return Lifted.NOT_OURS
    if known.state in _NOT_BY_SCHOOL:
        return _NOT_BY_SCHOOL[known.state]
    act = Act(Action.OPERATOR_LIFTED, number, "", by, {**evidence, "number": number})
    changes = _moved(own, known.id, Move.OPERATOR_LIFTED, act)
    if not changes and known.state is not NumberState.SUSPENDED:
        return Lifted.NOTHING_HELD
    await consents.change(q, tools, school_id, changes, now=now)
    await numbers.reopen(q, known.id)
    blocked = any(ConsentState.BLOCKED in one.states.values() for one in own)
    return Lifted.CONSENT_NEEDED if blocked else Lifted.OPEN


_NOT_BY_SCHOOL = {NumberState.STOPPED: Lifted.STOPPED, NumberState.WRONG: Lifted.STRANGER}
