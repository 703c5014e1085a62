"""`/openapi.json`: OpenAPI 3.1 made of the declared operations, when first asked for, as bytes.

Every answer that an operation can give is said: its own, and the problems of the rules that are
the same for all.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from aiohttp import web
from pydantic import BaseModel, TypeAdapter

from sms_diary import __version__
from sms_diary.api.operation import Operation
from sms_diary.api.problem import CONTENT_TYPE, bytes_response, title_of
from sms_diary.api.serving import KEY
from sms_diary.api.shapes import ID, SLUG
from sms_diary.store.tokens import RIGHT_RU

PATH = "/openapi.json"
_REF = "#/components/schemas/{model}"
_PATHS: dict[str, dict[str, Any]] = {
    "id": {"type": "string", "pattern": ID},
    "school": {"type": "string", "pattern": SLUG},
    "webhook_id": {"type": "string", "pattern": "^[!-\\-0-~]{1,200}$"},
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
Any_ = Operation[Any, Any]
Shape = type[BaseModel] | TypeAdapter[Any]


def route(operations: Iterable[Any_]) -> web.RouteDef:
    """The document under its address. To make it takes longer than all else of a start."""

    @cache
    def body() -> bytes:
        return json.dumps(document(operations), ensure_ascii=False).encode()

    async def answer(_http: web.Request) -> web.Response:
        return bytes_response(await asyncio.to_thread(body))

    return web.get(PATH, answer)


def document(operations: Iterable[Any_]) -> dict[str, Any]:
    """The whole document."""
    every = list(operations)
    found, definitions = TypeAdapter.json_schemas(
        [(shape, "validation", _adapter(shape)) for shape in _shapes(every)], ref_template=_REF
    )
    refs = {shape: schema for (shape, _), schema in found.items()}
    paths: dict[str, dict[str, Any]] = {}
    for one in every:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "SMS-дневник", "version": __version__},
        "security": [{"token": []}],
        "tags": [{"name": group} for group in dict.fromkeys(one.group for one in every)],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**definitions.get("$defs", {}), "Problem": _PROBLEM},
        },
    }


def _shapes(operations: list[Any_]) -> list[Shape]:
    """Every shape of a body, each once, in the order of the operations."""
    shapes = (
        shape
        for one in operations
        for shape in (one.takes[1] if one.takes else one.body, one.answer)
    )
    return list(dict.fromkeys(shape for shape in shapes if shape is not None))


def _adapter(shape: Shape) -> TypeAdapter[Any]:
    return shape if isinstance(shape, TypeAdapter) else TypeAdapter(shape)


def _operation(one: Any_, refs: dict[Shape, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": name_of(one),
        "summary": one.summary,
        "description": f"Право: {one.right} ({RIGHT_RU[one.right]}).",
        "tags": [one.group],
        "parameters": [*_in_path(one), *_in_query(one), *_in_headers(one)],
        "responses": _responses(one, refs),
    }
    media, shape = one.takes or ("application/json", one.body)
    if shape is not None:
        content = {media: {"schema": refs[shape]}}
        said["requestBody"] = {"required": not one.body_optional, "content": content}
    return said


def name_of(one: Any_) -> str:
    """A name for programs: `get-v1-messages-id`."""
    return f"{one.method.lower()}{one.path}".translate(str.maketrans("/_", "--", "{}"))


def _in_path(one: Any_) -> Iterator[dict[str, Any]]:
    for name, schema in _PATHS.items():
        if f"{{{name}}}" in one.path:
            yield {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(one: Any_) -> Iterator[dict[str, Any]]:
    whole = one.query.model_json_schema(ref_template=_REF)
    defs = whole.get("$defs", {})
    for name, schema in whole.get("properties", {}).items():
        yield {
            "name": name, "in": "query", "required": name in whole.get("required", ()),
            "description": schema.get("description", ""), "schema": _inlined(schema, defs),
        }  # fmt: skip


def _inlined(schema: dict[str, Any], defs: dict[str, Any]) -> dict[str, Any]:
    """A parameter's schema by itself; in an address nothing is null: it is left out."""
    options = [one for one in schema.get("anyOf", [schema]) if one.get("type") != "null"]
    [one] = options
    if "$ref" in one:
        one = defs[one["$ref"].rpartition("/")[2]]
    return {key: said for key, said in one.items() if key not in ("default", "title")}


def _in_headers(one: Any_) -> Iterator[dict[str, Any]]:
    yield from one.headers
    if one.repeatable and one.do:
        yield {
            "name": KEY, "in": "header", "required": False,
            "description": "Имя запроса: повтор с ним не сработает дважды, семь дней.",
            "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
        }  # fmt: skip
    if one.tagged and one.writes:
        yield {
            "name": "If-Match", "in": "header", "required": False,
            "description": "ETag прочитанного: если с тех пор изменилось, ответ 412.",
            "schema": {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
        }  # fmt: skip


def statuses(one: Any_) -> list[int]:
    """Every status an operation may answer with besides its own."""
    found = {400, 401, 403, 503, *one.also}
    if one.of_school or "{" in one.path or one.body:
        found.add(404)
    if one.body or one.takes:
        found |= {408, 413, 415, 422}
    if one.conflicts or one.repeatable:
        found.add(409)
    if one.tagged and one.writes:
        found.add(412)
    return sorted(found)


def _responses(one: Any_, refs: dict[Shape, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Сделано."}
    if one.answer is not None:
        good["content"] = {one.gives: {"schema": refs[one.answer]}}
    if one.tagged:
        good["headers"] = {"ETag": {"required": True, "schema": {"type": "string"}}}
    problem = {CONTENT_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}
    return {
        **{str(status): good for status in (one.status, *one.well)},
        **{
            str(status): {"description": title_of(status), "content": problem}
            for status in statuses(one)
        },
    }
