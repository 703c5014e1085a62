"""A school's own SMS texts over HTTP, its own subjects and kinds of work among them.

What a text may be is `render.templates`' business, how a table of words is read `render.subjects`'.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from sms_diary.api.operation import Call, Operation
from sms_diary.api.problem import Problem
from sms_diary.api.shapes import Body, Query, Said
from sms_diary.api.times import iso
from sms_diary.render.kinds import TITLES
from sms_diary.store import templates
from sms_diary.store.tokens import Right

_GROUP = "Тексты"
_NAME = r"^[a-z_]{1,40}$"


class Text(Said):
    """`version` counts the school's own, 0: it never had one; `own`: it has one now."""

    name: str
    title: str
    source: str
    own: bool
    version: int


class Texts(Said):
    texts: list[Text]


class Version(Said):
    """`source` is "" where the school went back to the text that all share."""

    version: int
    source: str
    by: str
    at: str


class History(Said):
    versions: list[Version]


class ByName(Query):
    name: Annotated[str, Field(pattern=_NAME)] = Field(description="Имя текста: mark.")


class Put(Body):
    """`source` "" goes back to the text that all schools share."""

    name: Annotated[str, Field(pattern=_NAME)]
    source: Annotated[str, Field(max_length=100_000)]


async def list_(call: Call[Query, None]) -> Texts:
    return Texts(texts=await _texts(call, call.context.renderer.names))


async def history(call: Call[ByName, None]) -> History:
    _known(call, call.query.name)
    found = await templates.history(call.q, call.school_id, call.query.name)
    return History(
        versions=[
            Version(version=one.version, source=one.source, by=one.made_by, at=iso(one.at))
            for one in found
        ]
    )


async def put(call: Call[Query, Put]) -> Text:
    name, source = call.body.name, call.body.source
    _known(call, name)
    if source and (found := call.context.renderer.faults(name, source)):
        errors = [{"pointer": "/source", "code": "bad-text", "message": one} for one in found]
        raise Problem(409, "bad-text", "Так писать SMS нельзя: текст не записан.", errors=errors)
    await templates.save(call.q, call.school_id, name, source, by=call.actor, now=call.now)
    (text,) = await _texts(call, [name])
    return text


def _known(call: Call[Any, Any], name: str) -> None:
    if name not in call.context.renderer.names:
        raise Problem(404, "no-text", "Такого текста нет. Какие есть: GET …/templates.")


async def _texts(call: Call[Any, Any], names: Any) -> list[Text]:
    last = await templates.last(call.q, call.school_id)
    found = []
    for name in names:
        own = last.get(name)
        source = own.source if own else ""
        found.append(
            Text(
                name=name,
                title=TITLES.get(name, ""),
                source=source or call.context.renderer.source(name),
                own=bool(source),
                version=own.version if own else 0,
            )
        )
    return found


OPERATIONS: list[Operation[Any, Any]] = [
    Operation(
        method="GET", path="/v1/schools/{school}/templates", group=_GROUP, right=Right.READ,
        query=Query, answer=Texts, do=list_, summary="Тексты SMS школы: её собственные и общие",
    ),
    Operation(
        method="POST", path="/v1/schools/{school}/templates", group=_GROUP, right=Right.ADMIN,
        query=Query, body=Put, answer=Text, do=put, conflicts=True, also=(404,),
        summary="Дать школе её собственный текст, её предметы или виды работ",
    ),
    Operation(
        method="GET", path="/v1/schools/{school}/templates/history", group=_GROUP,
        right=Right.READ, query=ByName, answer=History, do=history, also=(404,),
        summary="Все версии одного текста школы, новые сверху",
    ),
]  # fmt: skip
