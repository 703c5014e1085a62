"""A guardian's number changes: one operation, whoever tells it (the school, a list, the parent).

The old number is told nothing more in the same transaction; the new one inherits no consent. What
the person chose (alphabet, rhythm) stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sms_diary import consent
from sms_diary.consent import Move
from sms_diary.db import Queries
from sms_diary.model import ALL_TOPICS, PERSONAL_DATA, NumberState, Silence
from sms_diary.store import consents, ledger, numbers, requests, withdraw
from sms_diary.store.consents import Change, Held
from sms_diary.store.ledger import Act, Action
from sms_diary.store.numbers import Number
from sms_diary.store.parent import sessions
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Moved:
    """Where the subscriptions are now; `guardian_id` is another one if the number had one."""

    guardian_id: int
    number_id: int
    number_state: NumberState
    """Of the new number: only an open one can be told anything."""
    subscription_ids: tuple[int, ...]
    old_closed: bool
    """Whether no other school has the old number, so that it was stopped."""


async def change_number(
    q: Queries, tools: Tools, school_id: int, guardian_id: int, number: str, *, by: str,
    evidence: Mapping[str, Any], now: int,
) -> Moved | None:  # fmt: skip
    """Give a guardian of this school another number (E.164); None if there is no such guardian.

    `by` is the ledger's actor, `evidence` what shows who said so (a paper and where it lies, the
    exact SMS). Under the old number every consent ends; what is queued there on that ground is
    withdrawn, and lines that wait fall silent; who came to the parent's page by it is out. If the
    new number has a guardian in this school, the subscriptions go over to that one, but those to
    pupils whom it has already.
    """
    known = await _locked(q, tools, school_id, guardian_id, number, now=now)
    if known is None:
        return None
    old_id, old, new = known
    if old_id == new.id:
        return Moved(guardian_id, new.id, new.state, (), old_closed=False)
    to = await _guardian_of(q, school_id, new.id)
    held = [one for one in await consents.of_number(q, old_id) if one.guardian_id == guardian_id]
    has = await _pupils_of(q, to)
    moving = [one for one in held if one.pupil_id not in has]
    doubles = [one for one in held if one.pupil_id in has]
    told = _Telling(by, evidence)
    ended = [
        *told.ended(old_id, old, moving, Move.NUMBER_CHANGED),
        # Left behind with a number that is not theirs: no СТАРТ from there may bring them back.
        *told.ended(old_id, old, doubles, Move.WRONG_NUMBER),
    ]
    await consents.change(q, tools, school_id, ended, now=now)
    await ledger.append(q, tools, school_id, told.moved(old, number, moving, ended), now=now)
    await requests.drop_of_guardian(q, guardian_id, now=now)
    await _hand_over(q, school_id, guardian_id, to, new.id)
    await sessions.end_of_number(q, old_id, now=now)
    closed = await _close(q, school_id, old_id, now=now)
    ids = tuple(one.subscription_id for one in moving)
    return Moved(to or guardian_id, new.id, new.state, ids, closed)


class _Telling:
    """The acts of one change, under the pseudonym of each number."""

    def __init__(self, by: str, evidence: Mapping[str, Any]) -> None:
        self._by = by
        self._evidence = evidence

    def act(self, number: str, scope: str) -> Act:
        """Neither number stands in the other's evidence: each can be erased by itself."""
        said = {**self._evidence, "number": number}
        return Act(Action.NUMBER_CHANGED, number, scope, self._by, said)

    def ended(self, number_id: int, number: str, held: Iterable[Held], move: Move) -> list[Change]:
        """What is about SMS ends; a consent to personal data is the person's, not the number's."""
        return [
            Change(
                one.subscription_id, number_id, state, self.act(number, _scope(one, topic)), topic
            )
            for one in held
            for topic in one.topics
            if topic != PERSONAL_DATA
            and (state := consent.moved(one.states.get(topic), move)) is not None
        ]

    def moved(
        self, old: str, new: str, moving: Iterable[Held], ended: Sequence[Change]
    ) -> list[Act]:
        """What the new number's owner can be shown; and the old one's, if nothing else tells."""
        begun = [self.act(new, _scope(one, ALL_TOPICS)) for one in moving]
        begun = begun or [self.act(new, "number")]
        return begun if ended else [self.act(old, "number"), *begun]


def _scope(one: Held, topic: str) -> str:
    return f"subscription:{one.subscription_id} {topic}"


async def _locked(
    q: Queries, tools: Tools, school_id: int, guardian_id: int, number: str, *, now: int
) -> tuple[int, str, Number] | None:
    """The guardian's number (id and E.164) and the new one, both locked."""
    old_id = await _number_of(q, school_id, guardian_id)
    if old_id is None:
        return None
    old = (await numbers.read(q, tools, [old_id]))[old_id]
    # In the order in which all lock them, whichever is the older one.
    found = await numbers.ensure(q, tools, [old, number], now=now, lock=True)
    if await _number_of(q, school_id, guardian_id) != old_id:
        # Somebody else was quicker: begin with the number that it has by now.
        return await _locked(q, tools, school_id, guardian_id, number, now=now)
    return old_id, old, found[number]


async def _number_of(q: Queries, school_id: int, guardian_id: int) -> int | None:
    """None also when the number was erased: nothing is known any more that could be changed."""
    row = await q.one(
        """select g.number_id from guardian g join number n on n.id = g.number_id
           where g.id = :id and g.school_id = :school_id and n.erased_at is null""",
        id=guardian_id,
        school_id=school_id,
    )
    return row["number_id"] if row else None


async def _guardian_of(q: Queries, school_id: int, number_id: int) -> int | None:
    row = await q.one(
        "select id from guardian where school_id = :school_id and number_id = :number_id",
        school_id=school_id,
        number_id=number_id,
    )
    return row["id"] if row else None


async def _pupils_of(q: Queries, guardian_id: int | None) -> set[int]:
    rows = await q.all(
        "select pupil_id from subscription where guardian_id = :guardian_id",
        guardian_id=guardian_id or 0,
    )
    return {row["pupil_id"] for row in rows}


async def _hand_over(
    q: Queries, school_id: int, guardian_id: int, to: int | None, number_id: int
) -> None:
    """The guardian gets the number, or the one who has it gets the subscriptions."""
    if to is None:
        await q.run(
            """update guardian set number_id = :number_id, welcomed_at = null, rev = rev + 1
               where id = :id and school_id = :school_id""",
            number_id=number_id,
            id=guardian_id,
            school_id=school_id,
        )
        return
    await q.run(
        """update subscription set guardian_id = :to, rev = rev + 1
           where guardian_id = :from_ and school_id = :school_id and pupil_id not in (
               select pupil_id from subscription where guardian_id = :to)""",
        to=to,
        from_=guardian_id,
        school_id=school_id,
    )
    await q.run(
        """update guardian set rev = rev + 1, latin = coalesce(latin, (
               select latin from guardian old where old.id = :from_))
           where id = :to and school_id = :school_id""",
        to=to,
        from_=guardian_id,
        school_id=school_id,
    )


async def _close(q: Queries, school_id: int, number_id: int, *, now: int) -> bool:
    """Stop the old number, unless another school writes to it; whether nobody does."""
    if await _is_known_elsewhere(q, school_id, number_id):
        return False
    await numbers.stop(q, number_id, now=now)
    await withdraw.everything(q, number_id, now=now, why=Silence.NUMBER_CHANGED)
    return True


async def _is_known_elsewhere(q: Queries, school_id: int, number_id: int) -> bool:
    """Whether another school writes to this number, or may; no school learns that it is so."""
    row = await q.one(
        """select 1 as one from guardian g join subscription s on s.guardian_id = g.id
           where g.number_id = :number_id and g.school_id <> :school_id
             and not exists (select 1 from consent c where c.subscription_id = s.id
                             and c.topic = '*' and c.state = 'wrong-number') limit 1""",
        number_id=number_id,
        school_id=school_id,
    )
    return row is not None
