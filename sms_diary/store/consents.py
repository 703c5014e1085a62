"""Where each subscription stands: the present sum of the ledger, always written with it.

Every change bumps the number's revision and withdraws what is queued for it, in the same
transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sms_diary.db import Queries
from sms_diary.model import ALL_TOPICS, ConsentState
from sms_diary.store import ledger, numbers, withdraw
from sms_diary.store.tools import Tools


@dataclass(frozen=True, slots=True)
class Change:
    """A new state of one subscription, with the act that proves it."""

    subscription_id: int
    number_id: int
    state: ConsentState
    act: ledger.Act
    topic: str = ALL_TOPICS


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
    """When a subscription was refused, and who recorded it: `sms`, or a person."""

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
    ledger_ids = await ledger.append(q, tools, school_id, [c.act for c in changes], now=now)
    await q.over(
        """with rows(subscription_id bigint, topic text, state text, ledger_id bigint,
                     school_id bigint, now bigint)
           insert into consent (subscription_id, topic, school_id, state, ledger_id, changed_at)
           select subscription_id, topic, school_id, state, ledger_id, now from rows where true
           on conflict (subscription_id, topic) do update
           set state = excluded.state, ledger_id = excluded.ledger_id,
               changed_at = excluded.changed_at""",
        sorted(
            {
                (c.subscription_id, c.topic): (
                    c.subscription_id, c.topic, c.state.value, ledger_id, school_id, now,
                )
                for c, ledger_id in zip(changes, ledger_ids, strict=True)
            }.values()
        ),
    )  # fmt: skip
    await withdraw.withdraw(q, number_ids, now=now)
    return ledger_ids


@dataclass(frozen=True, slots=True)
class Held:
    """A subscription of a number, whichever school it is in."""

    subscription_id: int
    school_id: int
    guardian_id: int
    topics: tuple[str, ...]


async def of_number(q: Queries, number_id: int) -> list[Held]:
    """Every subscription of a number, in every school, with the topics that have rows."""
    rows = await q.all(
        """select s.id, s.school_id, s.guardian_id, c.topic
           from guardian g join subscription s on s.guardian_id = g.id
           left join consent c on c.subscription_id = s.id
           where g.number_id = :number_id order by s.school_id, s.id""",
        number_id=number_id,
    )
    found: dict[int, Held] = {}
    for row in rows:
        held = found.get(row["id"])
        topics = (held.topics if held else (ALL_TOPICS,)) + (
            (row["topic"],) if row["topic"] not in (None, ALL_TOPICS) else ()
        )
        found[row["id"]] = Held(row["id"], row["school_id"], row["guardian_id"], topics)
    return list(found.values())
