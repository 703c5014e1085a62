"""Pupils over HTTP: found by class, added, renamed, moved to another class."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import Field

from sms_diary.api import classes
from sms_diary.api.operation import Call, Operation
from sms_diary.api.problem import Problem
from sms_diary.api.shapes import Body, ClassTitle, Day, Name, OfPage, OfSchool, Said
from sms_diary.api.times import iso
from sms_diary.ingest.days import school_year
from sms_diary.ingest.matching import name_key
from sms_diary.store import people, roll, schools
from sms_diary.store.people import NewPupil
from sms_diary.store.roll import PupilView
from sms_diary.store.tokens import Right

_GROUP = "Ученики"


class Pupil(Said):
    id: str
    full_name: str
    external_id: str | None
    birth_date: str | None
    class_name: str | None = Field(alias="class")
    rev: int
    created_at: str


class Pupils(Said):
    pupils: list[Pupil]
    next: str = ""


class Page(OfPage):
    class_name: ClassTitle | None = Field(None, alias="class", description="Класс, например 5А.")


class New(Body):
    full_name: Name
    class_name: ClassTitle = Field(alias="class")
    external_id: Name | None = None
    birth_date: Day | None = None


class Change(Body):
    """What is not named stays as it is; `null` takes `external_id` and `birth_date` back."""

    full_name: Name | None = None
    class_name: ClassTitle | None = Field(None, alias="class")
    external_id: Name | None = None
    birth_date: Day | None = None


async def list_(call: Call[Page, None]) -> Pupils:
    day = await classes.today(call)
    title = call.query.class_name
    found = await roll.pupils(
        call.q, call.school_id, day=day.isoformat(), after=call.query.after,
        class_id=await classes.class_id(call, title, day) if title else None,
        limit=call.query.size + 1,
    )  # fmt: skip
    page = [shown(one) for one in found[: call.query.size]]
    return Pupils(pupils=page, next=page[-1].id) if len(found) > len(page) else Pupils(pupils=page)


async def one(call: Call[OfSchool, None]) -> Pupil:
    return shown(await _found(call, await classes.today(call)))


async def add(call: Call[OfSchool, New]) -> Pupil:
    day, body = await classes.today(call), call.body
    class_id = await classes.made(call, body.class_name, day)
    await schools.bump(call.q, [call.school_id])
    if body.external_id:
        await _free(call, body.external_id)
    new = NewPupil(
        body.full_name, name_key(body.full_name), body.birth_date or "", class_id, body.external_id
    )
    [pupil_id] = await people.add_pupils(
        call.q, call.tools, call.school_id, [new],
        from_day=school_year(day).first.isoformat(), now=call.now,
    )  # fmt: skip
    made = await roll.pupil(call.q, call.school_id, pupil_id, day=day.isoformat())
    assert made is not None
    return shown(made)


async def change(call: Call[OfSchool, Change]) -> Pupil:
    day = await classes.today(call)
    before = await _found(call, day, lock=True)
    call.matched(shown(before))
    await schools.bump(call.q, [call.school_id])
    said = call.body.model_dump(exclude_unset=True)
    title = said.pop("class_name", None)
    if said.get("external_id") not in (None, before.external_id):
        await _free(call, said["external_id"])
    if said.get("full_name"):
        said["name_key"] = name_key(said["full_name"])
    elif "full_name" in said:
        del said["full_name"]
    await roll.change_pupil(call.q, call.school_id, call.id, said)
    if title is not None:
        class_id = await classes.made(call, title, day)
        await roll.move(call.q, call.school_id, call.id, class_id, day)
    return shown(await _found(call, day))


async def _free(call: Call[Any, Any], external_id: str) -> None:
    """409 if another pupil has this id of the journal."""
    if await roll.with_external_id(call.q, call.school_id, external_id) is not None:
        raise Problem(409, "id-taken", "Этот external_id уже у другого ученика.")


async def _found(call: Call[Any, Any], day: date, *, lock: bool = False) -> PupilView:
    found = await roll.pupil(call.q, call.school_id, call.id, day=day.isoformat(), lock=lock)
    if found is None:
        raise Problem(404, "no-pupil", "Такого ученика нет.")
    return found


def shown(view: PupilView) -> Pupil:
    return Pupil.model_validate({
        "id": str(view.id), "full_name": view.full_name, "external_id": view.external_id,
        "birth_date": view.birth_date, "class": view.class_name, "rev": view.rev,
        "created_at": iso(view.created_at),
    })  # fmt: skip


OPERATIONS: list[Operation[Any, Any]] = [
    Operation(
        method="GET", path="/v1/pupils", group=_GROUP, right=Right.READ, query=Page, answer=Pupils,
        do=list_, summary="Ученики, все или одного класса",
    ),
    Operation(
        method="POST", path="/v1/pupils", group=_GROUP, right=Right.WRITE, query=OfSchool,
        body=New, answer=Pupil, do=add, status=201, tagged=True, conflicts=True,
        summary="Добавить ученика в класс",
    ),
    Operation(
        method="GET", path="/v1/pupils/{id}", group=_GROUP, right=Right.READ, query=OfSchool,
        answer=Pupil, do=one, tagged=True, summary="Один ученик",
    ),
    Operation(
        method="PATCH", path="/v1/pupils/{id}", group=_GROUP, right=Right.WRITE, query=OfSchool,
        body=Change, answer=Pupil, do=change, tagged=True, conflicts=True,
        summary="Изменить ученика: имя, id журнала, дату рождения, класс с сегодняшнего дня",
    ),
]  # fmt: skip
