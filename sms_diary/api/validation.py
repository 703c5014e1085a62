"""From what came over HTTP to the values that an operation declares, or to a problem in Russian.

No answer repeats anything of the request.
"""

from __future__ import annotations

from typing import Any, TypeVar

from aiohttp import web
from multidict import MultiMapping
from pydantic import BaseModel, ValidationError

from sms_diary.api.problem import Problem
from sms_diary.api.shapes import Query, whole
from sms_diary.ingest import parsing

Model = TypeVar("Model", bound=BaseModel)
Q = TypeVar("Q", bound=Query)
_NO_BODY = "Этот запрос не имеет тела."


def query(model: type[Q], asked: MultiMapping[str]) -> Q:
    """The query's parameters; 400 for one that is unknown here, stands twice or is not in form.

    A misspelt parameter is an error, not a default: `?dryrun=1` would send for good.
    """
    names = [field.alias or name for name, field in model.model_fields.items()]
    given = dict(asked)
    if given.keys() - set(names) or len(given) < len(asked):
        allowed = ", ".join(names) if names else "здесь их нет"
        raise Problem(
            400, "bad-parameter", f"Параметры адреса — только эти, каждый один раз: {allowed}."
        )
    try:
        return model.model_validate(given)
    except ValidationError as wrong:
        raise Problem(
            400, "bad-parameter", "Неверный параметр адреса.",
            errors=[_about(model, error) for error in wrong.errors(include_input=False)],
        ) from None  # fmt: skip


def _about(model: type[Query], error: Any) -> dict[str, str]:
    name = str(error["loc"][0])
    said = {field.alias or own: field.description for own, field in model.model_fields.items()}
    return {
        "pointer": f"/{name}",
        "code": "bad-parameter",
        "message": said[name] or "значение не подходит",
    }


def path_id(http: web.Request) -> int:
    """The `id` of the address; 404 for what cannot be one."""
    try:
        return whole(http.match_info["id"])
    except ValueError:
        raise Problem(404, "bad-id", "Такого id нет: id — число.") from None


def body(model: type[Model], data: bytes) -> Model:
    """The body as the operation declares it; 400 for no JSON, 422 with a pointer to each error."""
    try:
        return model.model_validate_json(data)
    except ValidationError as wrong:
        found = parsing.of_object(data, wrong)
    if found[0].code in ("not-json", "not-utf8"):
        said = found[0].message
        raise Problem(400, found[0].code, f"{said[:1].upper()}{said[1:]}.")
    raise Problem(
        422, "invalid-body", "Ничего не изменено. Исправьте перечисленное и отправьте снова.",
        errors=[
            {"pointer": one.pointer, "code": one.code, "message": one.message} for one in found
        ],
    )  # fmt: skip


def no_body(http: web.Request) -> None:
    """400 where a body came that nobody would read: whoever sent it meant something by it."""
    if http.can_read_body:
        raise Problem(400, "no-body", _NO_BODY)
