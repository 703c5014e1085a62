"""Messages in doubt over HTTP: how many and how old, and what a person decides."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from sms_diary.api.operation import Call, Operation
from sms_diary.api.problem import Problem
from sms_diary.api.shapes import OfSchool, Said
from sms_diary.api.times import iso
from sms_diary.clock import SECOND
from sms_diary.store import doubt, in_doubt
from sms_diary.store.doubt import OUTCOME_RU, Actor, Decision, Outcome
from sms_diary.store.in_doubt import LANE_RU, InDoubt
from sms_diary.store.tokens import Right

_GROUP = "Потерянные ответы"
_MOST = 200


class Doubtful(Said):
    id: str
    number: str
    route: str
    kinds: list[str]
    lane_ru: str
    parts: int
    of: int
    since: str
    age_seconds: int
    expires: str
    repeats: bool
    advice_ru: str


class Waiting(Said):
    parts: int
    oldest_seconds: int
    messages: list[Doubtful]


class As(OfSchool):
    as_: Decision = Field(alias="as", description="sent (ушло) или repeat (повторить).")


class Decided(Said):
    outcome: Outcome
    outcome_ru: str


async def waiting(call: Call[OfSchool, None]) -> Waiting:
    """The school's messages in doubt, the oldest first, and how many parts there are in all."""
    parts, since = await in_doubt.total(call.q, call.school_id)
    found = await in_doubt.waiting(call.q, call.tools, school_id=call.school_id, limit=_MOST)
    return Waiting(
        parts=parts,
        oldest_seconds=_age(since, call.now),
        messages=[_shown(one, call.now) for one in found],
    )


async def resolve(call: Call[As, None]) -> Decided:
    """Decide of one message; again: nothing is left to decide."""
    outcome = await doubt.decide(
        call.q, call.tools, call.id, call.query.as_,
        school_id=call.school_id, actor=Actor.TOKEN, now=call.now,
    )  # fmt: skip
    if outcome is Outcome.NO_MESSAGE:
        raise Problem(404, "no-message", OUTCOME_RU[outcome])
    return Decided(outcome=outcome, outcome_ru=OUTCOME_RU[outcome])


def _shown(one: InDoubt, now: int) -> Doubtful:
    return Doubtful(
        id=str(one.id),
        number=one.number,
        route=one.route,
        kinds=list(one.kinds),
        lane_ru=LANE_RU[one.lane],
        parts=one.parts,
        of=one.of,
        since=iso(one.since),
        age_seconds=_age(one.since, now),
        expires=iso(one.expires),
        repeats=one.repeats,
        advice_ru=in_doubt.advice(one, now),
    )


def _age(since: int | None, now: int) -> int:
    return 0 if since is None else max(now - since, 0) // SECOND


OPERATIONS: list[Operation[Any, Any]] = [
    Operation(
        method="GET", path="/v1/doubt", group=_GROUP, right=Right.READ, query=OfSchool,
        answer=Waiting, do=waiting, summary="Сообщения, ответ оператора на которые потерян",
    ),
    Operation(
        method="POST", path="/v1/messages/{id}/resolve", group=_GROUP, right=Right.SEND, query=As,
        answer=Decided, do=resolve, summary="Решить, что стало с таким сообщением",
    ),
]  # fmt: skip
