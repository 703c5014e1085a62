"""What a parent does on the parent's page: stops SMS, asks for them again, changes the number.

The same moves as the words of SMS make (`consent`'s table), each with its row in the ledger. That
somebody came with a code shows whose phone it is: so much as a СТАРТ from it. A slip of paper
does not: with it consents are ended and none are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from sms_diary import consent
from sms_diary.consent import Move
from sms_diary.db import Queries
from sms_diary.model import ALL_TOPICS, PERSONAL_DATA, URGENT, ConsentState
from sms_diary.store import consents, ledger, moving, numbers, requests, withdraw
from sms_diary.store.consents import Change, Held
from sms_diary.store.ledger import NO_SCHOOL, Act, Action
from sms_diary.store.moving import Moved
from sms_diary.store.parent import sessions, slips
from sms_diary.store.parent.family import Family
from sms_diary.store.parent.sessions import Session
from sms_diary.store.tools import Tools
from sms_diary.values import value

BY_CODE, BY_SLIP = "страница родителя: код по SMS", "страница родителя: листок школы"
Topics = Sequence[tuple[Held, Sequence[str]]]


@value
class Said:
    """Who is there, and the words of the button that was pressed."""

    session: Session
    family: Family
    words: str
    by_code: bool
    """Whether a code has shown that the family's phone is in this person's hands."""

    def act(self, action: Action, number: str, scope: str) -> Act:
        way = BY_CODE if self.by_code else BY_SLIP
        evidence = {"number": number, "shown": self.words, "way": way}
        return Act(action, number, scope, ledger.BY_PAGE, evidence)


async def stop(q: Queries, tools: Tools, said: Said, wanted: Topics, *, now: int) -> int:
    """End these consents; how many were moved."""
    await numbers.take(q, said.family.number_id)
    made = _changes(said, Move.SMS_STOP, Action.REVOKED, wanted)
    await _write(q, tools, made, now=now)
    return len(made)


async def stop_everything(q: Queries, tools: Tools, said: Said, *, now: int) -> None:
    """As СТОП: the number is closed for every school. With a slip, for the slip's school alone."""
    wanted = [(one, of_sms(one)) for one in said.family.held]
    if not said.by_code:
        await stop(q, tools, said, wanted, now=now)
        return
    number_id = said.family.number_id
    await numbers.take(q, number_id)
    stopped = await numbers.stop(q, number_id, now=now)
    every = [(one, of_sms(one)) for one in await consents.of_number(q, number_id)]
    made = _changes(said, Move.SMS_STOP, Action.REVOKED, every)
    await _write(q, tools, made, now=now)
    if stopped and not made:
        act = said.act(Action.REVOKED, said.family.number, "number")
        await ledger.append(q, tools, NO_SCHOOL, [act], now=now)
    await withdraw.everything(q, number_id, now=now)


async def start(q: Queries, tools: Tools, said: Said, wanted: Topics, *, now: int) -> bool:
    """A new consent to these, as СТАРТ gives one; False where no code has shown whose phone it is.

    Urgent hours and personal data have papers of their own: they are passed over.
    """
    if not said.by_code:
        return False
    await numbers.take(q, said.family.number_id)
    await _start(q, tools, said, wanted, now=now)
    return True


async def _start(q: Queries, tools: Tools, said: Said, wanted: Topics, *, now: int) -> None:
    number_id = said.family.number_id
    await numbers.reopen(q, number_id)
    own = [
        (one, [topic for topic in topics if topic not in (URGENT, PERSONAL_DATA)])
        for one, topics in wanted
    ]
    await _write(q, tools, _changes(said, Move.SMS_START, Action.GIVEN, own), now=now)
    question = await requests.open_of_number(q, number_id)
    if question is not None:
        await requests.answered(q, question.id, now=now)
    await requests.welcomed(q, {one.guardian_id for one, _ in own}, now=now)


async def change_number(
    q: Queries, tools: Tools, said: Said, number: str, *, again: bool, now: int
) -> None:
    """The family's guardians move to a number (E.164) whose owner has typed the code sent to it.

    `again`: and consents there to what was active under the old number; else to nothing.
    """
    old, agreed = said.family, _active(said.family.held)
    evidence = said.act(Action.NUMBER_CHANGED, number, "number").evidence
    new_id = 0
    for school_id, guardian_id in sorted({(one.school_id, one.guardian_id) for one in old.held}):
        moved = await moving.change_number(
            q, tools, school_id, guardian_id, number, by=ledger.BY_PAGE, evidence=evidence, now=now
        )
        if moved is not None:
            new_id = moved.number_id
            await _follow(q, guardian_id, moved, now=now)
    if not new_id or new_id == old.number_id:
        return
    await sessions.move(q, said.session.id, old.number_id, new_id)
    held = {one.subscription_id: one for one in await consents.of_number(q, new_id)}
    wanted = [(held[i], topics) for i, topics in agreed.items() if i in held]
    if again and wanted:
        there = replace(old, number_id=new_id, number=number)
        await _start(q, tools, Said(said.session, there, said.words, by_code=True), wanted, now=now)


async def _follow(q: Queries, guardian_id: int, moved: Moved, *, now: int) -> None:
    """A code has shown whose the number is: no first SMS need find that out."""
    if moved.guardian_id != guardian_id:
        await slips.follow(q, guardian_id, moved.guardian_id)
    await requests.welcomed(q, [moved.guardian_id], now=now)


def of_sms(held: Held) -> tuple[str, ...]:
    """The topics that are about SMS: the consent to personal data is another paper."""
    return tuple(topic for topic in held.topics if topic != PERSONAL_DATA)


def _active(held: Iterable[Held]) -> dict[int, list[str]]:
    """Subscription -> what it has agreed to."""
    return {
        one.subscription_id: [
            topic for topic in of_sms(one) if one.states.get(topic) is ConsentState.ACTIVE
        ]
        for one in held
    }


def _changes(said: Said, move: Move, action: Action, wanted: Topics) -> list[tuple[int, Change]]:
    """(school, change) for each subscription and topic that the move changes, in their order."""
    found = []
    for held, topics in wanted:
        for topic in topics:
            state = consent.moved(held.states.get(topic, held.states.get(ALL_TOPICS)), move)
            if state is not None:
                scope = f"subscription:{held.subscription_id} {topic}"
                act = said.act(action, said.family.number, scope)
                change = Change(held.subscription_id, said.family.number_id, state, act, topic)
                found.append((held.school_id, change))
    return found


async def _write(q: Queries, tools: Tools, made: Sequence[tuple[int, Change]], *, now: int) -> None:
    """Each school's changes go into its own chain."""
    for school_id, own in groupby(made, key=lambda one: one[0]):
        await consents.change(q, tools, school_id, [one for _, one in own], now=now)
