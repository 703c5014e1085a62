"""What a school itself does to a consent: stops it, or records one that stands on a paper.

Which acts move what is `consent`'s table; a stop or refusal by the parent's own SMS is never
lifted here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from sms_diary import consent
from sms_diary.clock import local
from sms_diary.consent import Move, Refused
from sms_diary.db import Queries
from sms_diary.model import ALL_TOPICS, PERSONAL_DATA, URGENT, ConsentState, NumberState
from sms_diary.store import consents, ledger
from sms_diary.store.consents import Change
from sms_diary.store.ledger import Act, Action
from sms_diary.store.subscriptions import Found
from sms_diary.store.tools import Tools
from sms_diary.values import value

NUMBER_RU: dict[NumberState, str] = {
    NumberState.STOPPED: "номер отключён словом СТОП: включить его может только сам родитель "
    "словом СТАРТ",
    NumberState.BLOCKED: consent.REFUSED_RU[Refused.BLOCK_HOLDS],
    NumberState.WRONG: consent.REFUSED_RU[Refused.STRANGER],
    NumberState.SUSPENDED: "на этот номер давно ничего не доходит: уточните его у родителя",
}


@value
class Paper:
    """The paper that a consent stands on, as whoever enters it names it."""

    source: str
    form: str
    by: str
    day: str
    """ISO date of the signature."""


async def stop(
    q: Queries, tools: Tools, school_id: int, found: Found, topics: Sequence[str],
    evidence: Mapping[str, str], *, actor: str, now: int,
) -> int:  # fmt: skip
    """Stop topics of a subscription (none named: SMS on all of them); how many were moved."""
    states = await _states(q, found.view.id)
    own = [topic for topic in states if topic not in (ALL_TOPICS, PERSONAL_DATA)]
    changes = [
        _change(found, topic, state, Action.REVOKED, actor, evidence)
        for topic in topics or (ALL_TOPICS, *own)
        if (state := consent.moved(_held(states, topic), Move.SCHOOL_STOP))
    ]
    await consents.change(q, tools, school_id, changes, now=now)
    return len(changes)


async def start(
    q: Queries, tools: Tools, school_id: int, found: Found, topics: Sequence[str], paper: Paper, *,
    zone: ZoneInfo, actor: str, now: int,
) -> str:  # fmt: skip
    """Record a consent on paper to these topics (none named: all); "" or why not, in Russian.

    All of them or none. What is so already is no obstacle.
    """
    row = await q.one("select state from number where id = :id", id=found.number_id)
    assert row is not None
    if row["state"] != NumberState.OPEN:
        return NUMBER_RU[NumberState(row["state"])]
    states = await _states(q, found.view.id)
    evidence = {
        "pupil": str(found.view.pupil_id), "source": paper.source, "form": paper.form,
        "date": paper.day, "by": paper.by,
    }  # fmt: skip
    changes = []
    for topic in topics or (ALL_TOPICS,):
        held = await _unless_superseded(q, found, topic, _held(states, topic), paper, zone)
        state = consent.after(held, Move.SCHOOL_START)
        if isinstance(state, ConsentState):
            change = _change(found, topic, state, Action.GIVEN, actor, evidence)
            changes.append(replace(change, since=date.fromisoformat(paper.day)))
        elif state is not Refused.ALREADY:
            return consent.REFUSED_RU[state]
    await consents.change(q, tools, school_id, changes, now=now)
    return ""


def _held(states: Mapping[str, ConsentState], topic: str) -> ConsentState | None:
    """A topic stands as all do until it has a state of its own; the other papers never do.

    An agreement to all of the diary is none to urgent hours; a stop of all is one of these too.
    """
    own, of_all = states.get(topic), states.get(ALL_TOPICS)
    if topic == PERSONAL_DATA or own is not None:
        return own
    return None if topic == URGENT and of_all is ConsentState.ACTIVE else of_all


async def _states(q: Queries, subscription_id: int) -> dict[str, ConsentState]:
    found = await consents.states(q, [subscription_id])
    return {topic: state for (_, topic), state in found.items()}


async def _unless_superseded(
    q: Queries, found: Found, topic: str, held: ConsentState | None, paper: Paper, zone: ZoneInfo
) -> ConsentState | None:
    row = await q.one(
        """select ledger.at, ledger.actor from consent c join ledger on ledger.id = c.ledger_id
           where c.subscription_id = :id and c.topic in (:topic, '*')
           order by case when c.topic = '*' then 1 else 0 end limit 1""",
        id=found.view.id,
        topic=topic,
    )
    return consent.unless_superseded(
        held, Move.SCHOOL_START,
        by_sms=row is not None and row["actor"] in ledger.BY_PARENT,
        recorded=local(row["at"], zone).date() if row else None,
        paper=date.fromisoformat(paper.day),
    )  # fmt: skip


def _change(
    found: Found, topic: str, state: ConsentState, action: Action, actor: str,
    evidence: Mapping[str, str],
) -> Change:  # fmt: skip
    scope = f"subscription:{found.view.id} {topic}"
    proof = {"number": found.number, **evidence}
    act = Act(action, found.number, scope, actor, proof)
    return Change(found.view.id, found.number_id, state, act, topic)
