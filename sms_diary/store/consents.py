"""Where each subscription stands: the present sum of the ledger, always written with it.

Every change bumps the number's revision and withdraws what is queued for it, in the same
transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sms_diary.clock import millis
from sms_diary.db import Queries
from sms_diary.model import ALL_TOPICS, PERSONAL_DATA, URGENT, ConsentState, Silence
from sms_diary.store import ledger, numbers, welcome, withdraw
from sms_diary.store.tools import Tools


@dataclass(frozen=True, slots=True)
class Change:
    """A new state of one subscription, with the act that proves it."""

    subscription_id: int
    number_id: int
    state: ConsentState
    act: ledger.Act
    topic: str = ALL_TOPICS
    since: date | None = None
    """The day of its paper, from which it holds; None: from now."""


async def states(
    q: Queries, subscription_ids: Sequence[int]
) -> dict[tuple[int, str], ConsentState]:
    """(subscription, topic) -> state, where there is one."""
    rows = await q.over(
        """with rows(id bigint)
           select consent.subscription_id, consent.topic, consent.state
           from rows join consent on consent.subscription_id = rows.id""",
        [(subscription_id,) for subscription_id in sorted(set(subscription_ids))],
    )
    return {(row["subscription_id"], row["topic"]): ConsentState(row["state"]) for row in rows}


@dataclass(frozen=True, slots=True)
class Refusal:
    """When a subscription was refused, and who recorded it (`ledger.BY_SMS`, a person …)."""

    at: int
    actor: str


async def refusals(
    q: Queries, school_id: int, subscription_ids: Sequence[int]
) -> dict[int, Refusal]:
    """Those of the subscriptions that stand refused for every topic."""
    rows = await q.over(
        """with rows(id bigint)
           select consent.subscription_id, ledger.at, ledger.actor
           from rows join consent on consent.subscription_id = rows.id
           join ledger on ledger.id = consent.ledger_id
           where consent.school_id = :school_id and consent.topic = '*'
             and consent.state = 'refused'""",
        [(subscription_id,) for subscription_id in sorted(set(subscription_ids))],
        school_id=school_id,
    )
    return {row["subscription_id"]: Refusal(row["at"], row["actor"]) for row in rows}


async def change(
    q: Queries, tools: Tools, school_id: int, changes: Sequence[Change], *, now: int
) -> list[int]:
    """Write the acts to the ledger and the states beside them; the ledger ids, in order."""
    if not changes:
        return []
    # The numbers first and then the chain, in the order in which СТОП locks them.
    number_ids = {c.number_id for c in changes}
    await numbers.bump(q, number_ids)
    first = await _beginnings(q, school_id, {c.since for c in changes if c.since})
    ledger_ids = await ledger.append(q, tools, school_id, [c.act for c in changes], now=now)
    await q.over(
        """with rows(subscription_id bigint, topic text, state text, ledger_id bigint,
                     school_id bigint, now bigint, since bigint)
           insert into consent (subscription_id, topic, school_id, state, ledger_id, changed_at,
                                since)
           select subscription_id, topic, school_id, state, ledger_id, now, since from rows
           where true
           on conflict (subscription_id, topic) do update
           set state = excluded.state, ledger_id = excluded.ledger_id,
               changed_at = excluded.changed_at,
               since = case when consent.state = excluded.state and consent.since < excluded.since
                       then consent.since else excluded.since end""",
        sorted(
            {
                (c.subscription_id, c.topic): (
                    c.subscription_id, c.topic, c.state.value, ledger_id, school_id, now,
                    now if c.since is None else min(first[c.since], now),
                )
                for c, ledger_id in zip(changes, ledger_ids, strict=True)
            }.values()
        ),
    )  # fmt: skip
    await withdraw.withdraw(q, number_ids, now=now, why=_why(changes))
    papers = [
        (c.subscription_id, ledger_id)
        for c, ledger_id in zip(changes, ledger_ids, strict=True)
        if _by_paper(c)
    ]
    await welcome.queue(q, tools, school_id, papers, now=now)
    return ledger_ids


async def _beginnings(q: Queries, school_id: int, days: set[date]) -> dict[date, int]:
    """When these days began in the school's zone."""
    if not days:
        return {}
    row = await q.one("select zone from school where id = :id", id=school_id)
    zone = ZoneInfo(row["zone"] if row else "UTC")
    return {day: millis(datetime.combine(day, time(0), zone)) for day in days}


_WHY = {
    ConsentState.STOPPED: Silence.STOPPED,
    ConsentState.REFUSED: Silence.REFUSED,
    ConsentState.BLOCKED: Silence.OPERATOR_REFUSAL,
    ConsentState.WRONG_NUMBER: Silence.NUMBER_CLOSED,
}


def _why(changes: Sequence[Change]) -> Silence:
    """Why a line that these changes leave without a consent is not told."""
    for change in changes:
        if change.act.action == ledger.Action.NUMBER_CHANGED:
            return Silence.NUMBER_CHANGED
        if change.state is not ConsentState.ACTIVE:
            if change.topic == PERSONAL_DATA:
                return Silence.NO_PERSONAL_DATA
            return _WHY.get(change.state, Silence.NO_CONSENT)
    return Silence.NO_CONSENT


def _by_paper(change: Change) -> bool:
    """Whether it lets SMS begin without a word from the parent."""
    return (
        change.state is ConsentState.ACTIVE
        and change.act.actor not in ledger.BY_PARENT
        and change.topic not in (PERSONAL_DATA, URGENT)
    )


@dataclass(frozen=True, slots=True)
class Held:
    """A subscription of a number, whichever school it is in."""

    subscription_id: int
    school_id: int
    guardian_id: int
    pupil_id: int
    pupil: str
    """The full name; "" where it was erased."""
    states: Mapping[str, ConsentState]
    """Topics that have rows."""

    @property
    def state(self) -> ConsentState:
        """Where it stands on every topic without a row of its own."""
        return self.states.get(ALL_TOPICS, ConsentState.UNKNOWN)

    @property
    def topics(self) -> tuple[str, ...]:
        """Those that have rows, and all."""
        return (ALL_TOPICS, *(topic for topic in self.states if topic != ALL_TOPICS))


async def of_number(q: Queries, number_id: int) -> list[Held]:
    """Every subscription of a number, in every school, with where it stands.

    In the order in which the children are counted in answers: school by school, as they came.
    """
    rows = await q.all(
        """select s.id, s.school_id, s.guardian_id, s.pupil_id, p.full_name, c.topic, c.state
           from guardian g join subscription s on s.guardian_id = g.id
           join pupil p on p.id = s.pupil_id
           left join consent c on c.subscription_id = s.id
           where g.number_id = :number_id order by s.school_id, s.id, c.topic""",
        number_id=number_id,
    )
    states: dict[int, dict[str, ConsentState]] = {}
    for row in rows:
        own = states.setdefault(row["id"], {})
        if row["topic"] is not None:
            own[row["topic"]] = ConsentState(row["state"])
    first = {row["id"]: row for row in reversed(rows)}
    return [
        Held(
            one, first[one]["school_id"], first[one]["guardian_id"], first[one]["pupil_id"],
            first[one]["full_name"] or "", own,
        )
        for one, own in states.items()
    ]  # fmt: skip
