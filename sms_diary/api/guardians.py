"""Guardians over HTTP: found by class or by number, added, renamed."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from sms_diary.api import classes
from sms_diary.api.evidence import Evidence, proof
from sms_diary.api.operation import Call, Operation
from sms_diary.api.problem import Problem
from sms_diary.api.shapes import Body, ClassTitle, Id, Name, Number, OfPage, OfSchool, Said
from sms_diary.api.times import iso
from sms_diary.store import moving, numbers, opt_in, people, roll, subscriptions
from sms_diary.store.ledger import Act, Action
from sms_diary.store.roll import GuardianView
from sms_diary.store.subscriptions import Wanted
from sms_diary.store.tokens import Right

_GROUP = "Родители"
_CHILDREN = 50
_NOT_ASKED = "Спрашивать некого: номер закрыт, вопрос уже задан, или о согласии уже всё известно."


class Guardian(Said):
    id: str
    full_name: str
    number: str
    latin: bool | None
    welcomed: bool
    rev: int
    created_at: str


class Guardians(Said):
    guardians: list[Guardian]
    next: str = ""


class Page(OfPage):
    class_name: ClassTitle | None = Field(
        None, alias="class", description="Класс учеников, например 5А."
    )


class New(Body):
    number: Number
    full_name: Name


class Change(Body):
    """What is not named stays as it is; `latin: null` means as the school."""

    full_name: Name | None = None
    latin: bool | None = None


class Moved(Body):
    """Another number, and what shows who said so."""

    number: Number
    evidence: Evidence


class Question(Body):
    """The paper on which the number was left for this purpose; without ids, about all children."""

    evidence: Evidence
    subscription_ids: Annotated[list[Id], Field(max_length=50)] = Field([])


class Asked(Said):
    request_id: str


class Sought(Body):
    number: Number


async def list_(call: Call[Page, None]) -> Guardians:
    day = await classes.today(call)
    title = call.query.class_name
    found = await roll.guardians(
        call.q, call.tools, call.school_id, day=day.isoformat(), after=call.query.after,
        class_id=await classes.class_id(call, title, day) if title else None,
        limit=call.query.size + 1,
    )  # fmt: skip
    page = [shown(one) for one in found[: call.query.size]]
    if len(found) > len(page):
        return Guardians(guardians=page, next=page[-1].id)
    return Guardians(guardians=page)


async def one(call: Call[OfSchool, None]) -> Guardian:
    return shown(await found(call))


async def search(call: Call[OfSchool, Sought]) -> Guardians:
    view = await roll.of_number(call.q, call.tools, call.school_id, call.body.number)
    return Guardians(guardians=[shown(view)] if view else [])


async def add(call: Call[OfSchool, New]) -> Guardian:
    number = call.body.number
    if await roll.of_number(call.q, call.tools, call.school_id, number) is not None:
        raise Problem(409, "number-taken", "Родитель с этим номером в школе уже есть.")
    known = await numbers.ensure(call.q, call.tools, [number], now=call.now, lock=True)
    await people.ensure_guardians(
        call.q, call.tools, call.school_id, [(known[number].id, call.body.full_name)], now=call.now
    )
    made = await roll.of_number(call.q, call.tools, call.school_id, number)
    assert made is not None
    return shown(made)


async def change(call: Call[OfSchool, Change]) -> Guardian:
    call.matched(shown(await found(call, lock=True)))
    said = call.body.model_dump(exclude_unset=True)
    if said.get("full_name", "") is None:
        del said["full_name"]
    if said.get("latin") is not None:
        said["latin"] = int(said["latin"])
    await roll.change_guardian(call.q, call.school_id, call.id, said)
    return shown(await found(call))


async def number(call: Call[OfSchool, Moved]) -> Guardian:
    """The old number is told nothing more, the new one inherits no consent."""
    call.matched(shown(await found(call, lock=True)))
    moved = await moving.change_number(
        call.q, call.tools, call.school_id, call.id, call.body.number,
        by=call.actor, evidence=proof(call.body.evidence), now=call.now,
    )  # fmt: skip
    assert moved is not None
    view = await roll.guardian(call.q, call.tools, call.school_id, moved.guardian_id)
    assert view is not None
    return shown(view)


async def ask(call: Call[OfSchool, Question]) -> Asked:
    """Let the question «включить SMS?» go to the number, once."""
    view = await found(call)
    page = await subscriptions.page(
        call.q, call.tools, call.school_id, Wanted(guardian_id=call.id),
        day="", after=0, limit=_CHILDREN,
    )  # fmt: skip
    own = {one.id for one in page.subscriptions}
    if not own.issuperset(call.body.subscription_ids):
        raise Problem(404, "no-subscription", "Такой подписки у этого родителя нет.")
    known = await numbers.read(call.q, call.tools, [view.number_id])
    evidence = proof(call.body.evidence) | {"number": known[view.number_id]}
    act = Act(Action.ASKED, known[view.number_id], "", call.actor, evidence)
    request_id = await opt_in.ask(
        call.q, call.tools, call.school_id, call.id,
        call.body.subscription_ids or sorted(own), act, now=call.now,
    )  # fmt: skip
    if request_id is None:
        raise Problem(409, "not-asked", _NOT_ASKED)
    return Asked(request_id=str(request_id))


async def found(call: Call[Any, Any], *, lock: bool = False) -> GuardianView:
    """The guardian of the address; 404 if the school has none such."""
    view = await roll.guardian(call.q, call.tools, call.school_id, call.id, lock=lock)
    if view is None:
        raise Problem(404, "no-guardian", "Такого родителя нет.")
    return view


def shown(view: GuardianView) -> Guardian:
    return Guardian(
        id=str(view.id), full_name=view.full_name, number=view.number, latin=view.latin,
        welcomed=view.welcomed, rev=view.rev, created_at=iso(view.created_at),
    )  # fmt: skip


OPERATIONS: list[Operation[Any, Any]] = [
    Operation(
        method="GET", path="/v1/guardians", group=_GROUP, right=Right.READ, query=Page,
        answer=Guardians, do=list_, summary="Родители, все или одного класса",
    ),
    Operation(
        method="POST", path="/v1/search/number", group=_GROUP, right=Right.READ, query=OfSchool,
        body=Sought, answer=Guardians, do=search, summary="Найти родителя по номеру",
    ),
    Operation(
        method="POST", path="/v1/guardians", group=_GROUP, right=Right.WRITE, query=OfSchool,
        body=New, answer=Guardian, do=add, status=201, tagged=True, conflicts=True,
        summary="Добавить родителя",
    ),
    Operation(
        method="GET", path="/v1/guardians/{id}", group=_GROUP, right=Right.READ, query=OfSchool,
        answer=Guardian, do=one, tagged=True, summary="Один родитель",
    ),
    Operation(
        method="PATCH", path="/v1/guardians/{id}", group=_GROUP, right=Right.WRITE, query=OfSchool,
        body=Change, answer=Guardian, do=change, tagged=True,
        summary="Изменить родителя: имя, латиница",
    ),
    Operation(
        method="POST", path="/v1/guardians/{id}/number", group=_GROUP, right=Right.CONSENTS,
        query=OfSchool, body=Moved, answer=Guardian, do=number, tagged=True,
        summary="Записать другой номер родителя; согласия на него не переходят",
    ),
    Operation(
        method="POST", path="/v1/guardians/{id}/ask", group=_GROUP, right=Right.SEND,
        query=OfSchool, body=Question, answer=Asked, do=ask, status=202, conflicts=True,
        summary="Спросить родителя SMS, включить ли их",
    ),
]  # fmt: skip
