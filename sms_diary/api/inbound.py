"""SMS from parents over HTTP: which came, which wait for a person, which were seen to."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from sms_diary.api.operation import Call, Operation
from sms_diary.api.problem import Problem
from sms_diary.api.shapes import BIGGEST, Count, Key, OfSchool, Said
from sms_diary.api.times import iso
from sms_diary.store import mailbox
from sms_diary.store.mailbox import InboundView
from sms_diary.store.tokens import Right

_GROUP = "SMS от родителей"


class State(StrEnum):
    NEW = "new"
    WAITING = "waiting"
    DONE = "done"


class Inbound(Said):
    id: str
    number: str
    guardian_id: str
    reception: str
    text: str
    meaning: str
    state: State
    handled_by: str | None
    handled_at: str | None
    at: str


class Listed(Said):
    inbound: list[Inbound]
    next: str = ""


class Page(OfSchool):
    state: State | None = Field(None, description="new, waiting (ждёт человека) или done.")
    limit: Count = Field(50, description="Сколько на странице: от 1 до 200.")
    before: Key = Field(BIGGEST, description="Значение next предыдущей страницы.")


async def list_(call: Call[Page, None]) -> Listed:
    query = call.query
    page = await mailbox.page(
        call.q, call.tools, call.school_id, state=query.state or "", before=query.before,
        limit=max(1, min(query.limit, 200)),
    )  # fmt: skip
    found = [_shown(view) for view in page.inbound]
    return Listed(inbound=found) if page.next is None else Listed(
        inbound=found, next=str(page.next)
    )  # fmt: skip


async def handle(call: Call[OfSchool, None]) -> Inbound:
    await _found(call)  # also another school's is not found
    await mailbox.handle(call.q, call.id, by=call.actor, now=call.now)
    return _shown(await _found(call))


async def _found(call: Call[Any, Any]) -> InboundView:
    view = await mailbox.one(call.q, call.tools, call.school_id, call.id)
    if view is None:
        raise Problem(404, "no-inbound", "Такого SMS нет.")
    return view


def _shown(view: InboundView) -> Inbound:
    return Inbound(
        id=str(view.id), number=view.number, guardian_id=str(view.guardian_id),
        reception=view.reception, text=view.text, meaning=view.meaning, state=State(view.state),
        handled_by=view.handled_by, handled_at=iso(view.handled_at), at=iso(view.at),
    )  # fmt: skip


OPERATIONS: list[Operation[Any, Any]] = [
    Operation(
        method="GET", path="/v1/inbound", group=_GROUP, right=Right.READ, query=Page,
        answer=Listed, do=list_, summary="SMS от родителей, новые сверху",
    ),
    Operation(
        method="POST", path="/v1/inbound/{id}/handle", group=_GROUP, right=Right.WRITE,
        query=OfSchool, answer=Inbound, do=handle,
        summary="Отметить, что на SMS ответил человек",
    ),
]  # fmt: skip
