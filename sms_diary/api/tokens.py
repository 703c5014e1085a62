"""Tokens over HTTP, for those who hold one of all schools: give, see, revoke."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from sms_diary.api.operation import Call, Operation
from sms_diary.api.problem import Problem
from sms_diary.api.shapes import SLUG, Body, Name, Query, Said
from sms_diary.api.times import iso
from sms_diary.store import schools, tokens
from sms_diary.store.tokens import ALL_SCHOOLS, Right, Token

_GROUP = "Токены"


class Shown(Said):
    id: str
    name: str
    school: str
    """"" for all schools."""
    rights: list[Right]
    created_at: str
    token: str = ""
    """Only in the answer that makes it."""


class Listed(Said):
    tokens: list[Shown]


class New(Body):
    """Without `school` it opens all of them; without `rights` it may do everything."""

    name: Name
    school: Annotated[str, Field(pattern=SLUG)] | None = None
    rights: Annotated[list[Right], Field(max_length=10)] = Field([])


async def list_(call: Call[Query, None]) -> Listed:
    slugs = {school.id: school.slug for school in await schools.every(call.q)}
    found = await tokens.live(call.q)
    return Listed(tokens=[_shown(token, slugs.get(token.school_id, "")) for token in found])


async def add(call: Call[Query, New]) -> Shown:
    school_id, slug = ALL_SCHOOLS, call.body.school or ""
    if slug:
        school = await schools.by_slug(call.q, slug)
        if school is None:
            raise Problem(404, "no-school", "Такой школы нет.")
        school_id = school.id
    secret = tokens.made()
    await tokens.add(
        call.q, call.tools, school_id, secret,
        name=call.body.name, rights=call.body.rights, now=call.now,
    )  # fmt: skip
    made = await tokens.find(call.q, secret)
    assert made is not None
    return _shown(made, slug).model_copy(update={"token": secret})


async def revoke(call: Call[Query, None]) -> Listed:
    if not await tokens.revoke(call.q, call.id, now=call.now):
        raise Problem(404, "no-token", "Такого действующего токена нет.")
    return await list_(call)


def _shown(token: Token, slug: str) -> Shown:
    return Shown(
        id=str(token.id), name=token.name, school=slug, rights=sorted(token.rights),
        created_at=iso(token.created_at),
    )  # fmt: skip


OPERATIONS: list[Operation[Any, Any]] = [
    Operation(
        method="GET", path="/v1/tokens", group=_GROUP, right=Right.ADMIN, query=Query,
        answer=Listed, do=list_, all_schools=True, summary="Действующие токены",
    ),
    Operation(
        method="POST", path="/v1/tokens", group=_GROUP, right=Right.ADMIN, query=Query, body=New,
        answer=Shown, do=add, all_schools=True, shown_once=True, status=201,
        summary="Выдать токен; он показывается один раз",
    ),
    Operation(
        method="DELETE", path="/v1/tokens/{id}", group=_GROUP, right=Right.ADMIN, query=Query,
        answer=Listed, do=revoke, all_schools=True, summary="Отозвать токен",
    ),
]  # fmt: skip
