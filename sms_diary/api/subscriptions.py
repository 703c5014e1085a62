"""Subscriptions over HTTP: found by class, state and topic, made, changed, stopped, started."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from sms_diary.api import classes
from sms_diary.api.evidence import Evidence
from sms_diary.api.operation import Call, Operation
from sms_diary.api.problem import Problem
from sms_diary.api.shapes import (
    Body,
    ClassTitle,
    Covers,
    Id,
    Key,
    MaybeLine,
    Name,
    OfPage,
    OfSchool,
    Remark,
    Said,
)
from sms_diary.api.times import iso
from sms_diary.model import ConsentState, Topic
from sms_diary.store import by_school, people, roll, subscriptions
from sms_diary.store.by_school import Paper
from sms_diary.store.subscriptions import Found, SubscriptionView, Wanted
from sms_diary.store.tokens import Right

_GROUP = "Подписки"


class Subscription(Said):
    id: str
    guardian_id: str
    pupil_id: str
    pupil: str
    number: str
    relation: str
    state: ConsentState
    topics: dict[str, ConsentState]
    rhythm: dict[str, str]
    rev: int
    created_at: str


class Subscriptions(Said):
    subscriptions: list[Subscription]
    next: str = ""


class Page(OfPage):
    class_name: ClassTitle | None = Field(None, alias="class", description="Класс, например 5А.")
    pupil: Key | None = Field(None, description="Id ученика.")
    guardian: Key | None = Field(None, description="Id родителя.")
    state: ConsentState | None = Field(None, description="Состояние согласия.")
    topic: Covers = Field(Covers.ALL, description="Согласие на какую тему смотреть в state.")


class Rhythm(StrEnum):
    NOW = "now"
    DAY = "day"
    WEEK = "week"
    OFF = "off"


class New(Body):
    guardian_id: Id
    pupil_id: Id
    relation: MaybeLine = ""


class Change(Body):
    """What is not named stays as it is; a topic's rhythm `null` means as usual."""

    relation: MaybeLine | None = None
    rhythm: Annotated[dict[Topic, Rhythm | None], Field(max_length=len(Topic))] = Field({})


class Stop(Body):
    """Without topics all SMS of the subscription stop."""

    topics: Annotated[list[Covers], Field(max_length=8)] = Field([])
    by: Name | None = None
    reason: Remark | None = None


class Start(Body):
    """Without topics the consent is to all of them."""

    evidence: Evidence
    topics: Annotated[list[Covers], Field(max_length=8)] = Field([])


async def list_(call: Call[Page, None]) -> Subscriptions:
    query, day = call.query, await classes.today(call)
    title = query.class_name
    wanted = Wanted(
        await classes.class_id(call, title, day) if title else None,
        query.pupil, query.guardian, query.state, query.topic.value,
    )  # fmt: skip
    page = await subscriptions.page(
        call.q, call.tools, call.school_id, wanted,
        day=day.isoformat(), after=query.after, limit=query.size,
    )  # fmt: skip
    found = [shown(one) for one in page.subscriptions]
    if page.next is None:
        return Subscriptions(subscriptions=found)
    return Subscriptions(subscriptions=found, next=str(page.next))


async def one(call: Call[OfSchool, Any]) -> Subscription:
    return shown((await found(call)).view)


async def add(call: Call[OfSchool, New]) -> Subscription:
    q, school_id, body = call.q, call.school_id, call.body
    day = await classes.today(call)
    if await roll.guardian(q, call.tools, school_id, body.guardian_id) is None:
        raise Problem(404, "no-guardian", "Такого родителя нет.")
    if await roll.pupil(q, school_id, body.pupil_id, day=day.isoformat()) is None:
        raise Problem(404, "no-pupil", "Такого ученика нет.")
    pair = body.guardian_id, body.pupil_id
    ids, made = await people.ensure_subscriptions(
        q, call.tools, school_id, [(*pair, body.relation)], now=call.now
    )
    if not made:
        raise Problem(409, "subscribed", "Подписка этого родителя на этого ученика уже есть.")
    new = await subscriptions.one(q, call.tools, school_id, ids[pair])
    assert new is not None
    return shown(new.view)


async def change(call: Call[OfSchool, Change]) -> Subscription:
    call.matched(shown((await found(call, lock=True)).view))
    rhythm = {topic.value: (word.value if word else "") for topic, word in call.body.rhythm.items()}
    await subscriptions.change(
        call.q, call.school_id, call.id, relation=call.body.relation, rhythm=rhythm, now=call.now
    )
    return await one(call)


async def stop(call: Call[OfSchool, Stop]) -> Subscription:
    before = await found(call, lock=True)
    call.matched(shown(before.view))
    said = {"by": call.body.by or "", "reason": call.body.reason or "", "way": "admin endpoint"}
    await by_school.stop(
        call.q, call.tools, call.school_id, before, _topics(call.body.topics),
        {name: text for name, text in said.items() if text}, actor=call.actor, now=call.now,
    )  # fmt: skip
    return await one(call)


async def start(call: Call[OfSchool, Start]) -> Subscription:
    before = await found(call, lock=True)
    call.matched(shown(before.view))
    evidence, school = call.body.evidence, await classes.school(call)
    if evidence.date > (await classes.today(call)).isoformat():
        raise Problem(409, "not-yet", "Дата согласия ещё не наступила.")
    why = await by_school.start(
        call.q, call.tools, call.school_id, before, _topics(call.body.topics),
        Paper(evidence.source, evidence.form, evidence.by, evidence.date),
        zone=school.zone, actor=call.actor, now=call.now,
    )  # fmt: skip
    if why:
        raise Problem(409, "stop-holds", f"{why[:1].upper()}{why[1:]}.")
    return await one(call)


def _topics(said: list[Covers]) -> list[str]:
    return sorted({topic.value for topic in said})


async def found(call: Call[Any, Any], *, lock: bool = False) -> Found:
    """The subscription of the address; 404 if the school has none such."""
    look = subscriptions.locked if lock else subscriptions.one
    seen = await look(call.q, call.tools, call.school_id, call.id)
    if seen is None:
        raise Problem(404, "no-subscription", "Такой подписки нет.")
    return seen


def shown(view: SubscriptionView) -> Subscription:
    return Subscription(
        id=str(view.id), guardian_id=str(view.guardian_id), pupil_id=str(view.pupil_id),
        pupil=view.pupil, number=view.number, relation=view.relation,
        state=ConsentState(view.state),
        topics={topic: ConsentState(state) for topic, state in view.topics.items()},
        rhythm=view.rhythm, rev=view.rev, created_at=iso(view.created_at),
    )  # fmt: skip


OPERATIONS: list[Operation[Any, Any]] = [
    Operation(
        method="GET", path="/v1/subscriptions", group=_GROUP, right=Right.READ, query=Page,
        answer=Subscriptions, do=list_, summary="Подписки: родитель и ученик",
    ),
    Operation(
        method="POST", path="/v1/subscriptions", group=_GROUP, right=Right.WRITE, query=OfSchool,
        body=New, answer=Subscription, do=add, status=201, tagged=True, conflicts=True,
        summary="Подписать родителя на ученика; согласия это не создаёт",
    ),
    Operation(
        method="GET", path="/v1/subscriptions/{id}", group=_GROUP, right=Right.READ,
        query=OfSchool, answer=Subscription, do=one, tagged=True, summary="Одна подписка",
    ),
    Operation(
        method="PATCH", path="/v1/subscriptions/{id}", group=_GROUP, right=Right.WRITE,
        query=OfSchool, body=Change, answer=Subscription, do=change, tagged=True,
        summary="Изменить подписку: кем приходится, какие темы когда сообщать",
    ),
    Operation(
        method="POST", path="/v1/subscriptions/{id}/stop", group=_GROUP, right=Right.CONSENTS,
        query=OfSchool, body=Stop, body_optional=True, answer=Subscription, do=stop, tagged=True,
        summary="Остановить подписку, всю или её темы",
    ),
    Operation(
        method="POST", path="/v1/subscriptions/{id}/start", group=_GROUP, right=Right.CONSENTS,
        query=OfSchool, body=Start, answer=Subscription, do=start, tagged=True, conflicts=True,
        summary="Записать согласие на бумаге",
    ),
]  # fmt: skip
