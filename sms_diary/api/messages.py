"""Messages over HTTP: page by page, and one with its timeline."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema

from sms_diary.api.operation import Call, Operation
from sms_diary.api.problem import Problem
from sms_diary.api.shapes import BIGGEST, Count, Key, OfSchool, Said
from sms_diary.api.times import iso
from sms_diary.explaining import explained
from sms_diary.model import PartState, Source
from sms_diary.store import messages, timeline
from sms_diary.store.messages import MessageView
from sms_diary.store.tokens import Right
from sms_diary.words import PART_RU, SOURCE_RU, STEP_RU

_GROUP = "Сообщения"


def _state(word: str) -> str:
    if word not in messages.STATES:
        raise ValueError(word)
    return word


State = Annotated[str, AfterValidator(_state), WithJsonSchema({"enum": list(messages.STATES)})]


class Message(Said):
    id: str
    number: str
    state: str
    state_ru: str
    ground: str
    ledger_id: str | None
    text: str
    parts: int
    alphabet: str
    level: str
    created_at: str
    expires: str
    done_at: str | None


class Messages(Said):
    messages: list[Message]
    next: str = ""


class Step(Said):
    """What belongs to a step is there, and nothing else."""

    at: str
    what: str
    what_ru: str
    part: int = 0
    of: int = 0
    parts: int = 0
    kind: str = ""
    source: str = ""
    source_ru: str = ""
    route: str = ""
    attempt: int = 0
    provider_id: str = ""
    failure: str = ""
    code: str = ""
    reason_ru: str = ""
    state: str = ""
    state_ru: str = ""
    error: str = ""
    actor: str = ""


class Whole(Message):
    timeline: list[Step]


class Page(OfSchool):
    state: State = Field(
        "", description="Состояние: " + ", ".join(messages.STATES) + ".", validate_default=False
    )
    limit: Count = Field(50, description="Сколько на странице: от 1 до 200.")
    before: Key = Field(BIGGEST, description="Значение next предыдущей страницы.")


async def list_(call: Call[Page, None]) -> Messages:
    query = call.query
    page = await messages.page(
        call.q, call.tools, call.school_id, state=query.state, before=query.before,
        limit=max(1, min(query.limit, 200)),
    )  # fmt: skip
    found = [Message(**_message(view)) for view in page.messages]
    if page.next is None:
        return Messages(messages=found)
    return Messages(messages=found, next=str(page.next))


async def one(call: Call[OfSchool, None]) -> Whole:
    view = await messages.one(call.q, call.tools, call.school_id, call.id)
    if view is None:
        raise Problem(404, "no-message", "Такого сообщения нет.")
    steps = explained(
        await timeline.read(call.q, call.school_id, call.id),
        call.context.explain, call.context.explain_receipt,
    )  # fmt: skip
    return Whole(**_message(view), timeline=[Step.model_validate(_step(step)) for step in steps])


def _step(step: dict[str, Any]) -> dict[str, Any]:
    what = step["what"]
    said = {"what_ru": STEP_RU.get(what) or PART_RU[PartState(what)]}
    if step.get("source"):
        said["source_ru"] = SOURCE_RU[Source(step["source"])]
    if "state" in step:
        said["state_ru"] = PART_RU[PartState(step["state"])]
    return {**step, "at": iso(step["at"]), **said}


def _message(view: MessageView) -> dict[str, Any]:
    return {
        "id": str(view.id),
        "number": view.number,
        "state": view.state,
        "state_ru": PART_RU[PartState(view.state)],
        "ground": view.ground,
        "ledger_id": str(view.ledger_id) if view.ledger_id is not None else None,
        "text": view.text,
        "parts": view.parts,
        "alphabet": view.alphabet,
        "level": view.level,
        "created_at": iso(view.created_at),
        "expires": iso(view.expires),
        "done_at": iso(view.done_at),
    }


OPERATIONS: list[Operation[Any, Any]] = [
    Operation(
        method="GET", path="/v1/messages", group=_GROUP, right=Right.READ, query=Page,
        answer=Messages, do=list_, summary="Сообщения, новые сверху",
    ),
    Operation(
        method="GET", path="/v1/messages/{id}", group=_GROUP, right=Right.READ, query=OfSchool,
        answer=Whole, do=one, summary="Одно сообщение и его путь",
    ),
]  # fmt: skip
