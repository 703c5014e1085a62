"""From declared operations to aiohttp routes: who asks and what, one transaction, an answer."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from sms_diary.api import validation
from sms_diary.api.auth import allow
from sms_diary.api.operation import Call, Context, Operation, encoded, tag
from sms_diary.api.problem import Problem, bytes_response
from sms_diary.db import Queries
from sms_diary.store import idempotency
from sms_diary.store.idempotency import Before
from sms_diary.store.tokens import ALL_SCHOOLS, Token

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
KEY = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{1,200}")
_OTHER_BODY = "Под этим Idempotency-Key уже был другой запрос. Новому запросу нужен новый ключ."


def routes(operations: Iterable[Operation[Any, Any]], context: Context) -> list[web.RouteDef]:
    """The routes of operations that are served here, and nothing else."""
    return [bound(one, _Served(one, context).answer) for one in operations if one.do]


def bound(operation: Operation[Any, Any], handler: Handler) -> web.RouteDef:
    """The route of a declared operation under a handler of its own."""
    path = operation.path.replace("{webhook_id}", "{webhook_id:[^/]+}")
    return web.route(operation.method, path, handler)


async def admitted(
    operation: Operation[Any, Any], context: Context, http: web.Request
) -> tuple[Token, int]:
    """Whose token it is and which school it is about (0: none), by the rules of all operations.

    First the token, then the school, then the right: a token learns nothing of another school,
    not even by being forbidden something there.
    """
    token = await context.callers.token(http.headers)
    school_id = await _school(operation, context, http, token) if operation.of_school else 0
    allow(token, operation.right)
    if operation.all_schools and token.school_id != ALL_SCHOOLS:
        raise Problem(403, "one-school", "Для этого нужен токен, который открывает все школы.")
    return token, school_id


async def _school(
    operation: Operation[Any, Any], context: Context, http: web.Request, token: Token
) -> int:
    slug = http.match_info.get("school", http.query.get("school"))
    if slug is not None:
        school = await context.callers.school(slug)
        await context.callers.admit(school, http.headers, operation.right)
        return school.id
    if token.school_id == ALL_SCHOOLS:
        raise Problem(400, "which-school", "Токен для всех школ: укажите ?school=имя.")
    return token.school_id


@dataclass(frozen=True, slots=True)
class _Answered:
    status: int
    body: bytes
    again: bool = False


class _Served:
    """One operation on its way from request to answer."""

    def __init__(self, operation: Operation[Any, Any], context: Context) -> None:
        self._operation = operation
        self._context = context

    async def answer(self, http: web.Request) -> web.Response:
        operation, context = self._operation, self._context
        token, school_id = await admitted(operation, context, http)
        query = validation.query(operation.query, http.query)
        found_id = validation.path_id(http) if "{id}" in operation.path else 0
        key, seen = _idempotency_key(operation, http), _if_match(operation, http)
        data = await self._body(http)
        body = self._read(data)

        async def work(q: Queries) -> _Answered:
            call = Call(
                q, context, token, school_id, found_id, query, body, context.clock.now(), seen
            )
            if not key:
                return await self._done(call)
            return await self._once(call, key, _whole(http, data))

        if not operation.writes:
            return self._response(await context.database.read(work))
        answered = await context.database.write(work)
        wakes = context.wakes
        for wake in (wakes.compose, wakes.dispatch, wakes.requests):
            wake.set()
        return self._response(answered)

    async def _done(self, call: Call[Any, Any]) -> _Answered:
        assert self._operation.do is not None
        return _Answered(self._operation.status, encoded(await self._operation.do(call)))

    async def _once(self, call: Call[Any, Any], key: str, request: bytes) -> _Answered:
        """The work, or the answer that was given to this very request before."""
        q, tools = call.q, call.tools
        begun = await idempotency.begin(q, tools, call.token.school_id, key, request, now=call.now)
        if isinstance(begun, Before):
            if not begun.same:
                raise Problem(409, "key-reused", _OTHER_BODY)
            return _Answered(begun.status, begun.answer, again=True)
        done = await self._done(call)
        await idempotency.finish(q, tools, begun, done.status, done.body)
        return done

    async def _body(self, http: web.Request) -> bytes:
        if self._operation.body is None:
            validation.no_body(http)
            return b""
        if self._operation.body_optional and not http.can_read_body:
            return b"{}"
        return await self._context.bodies.json(http)

    def _read(self, data: bytes) -> BaseModel | None:
        return validation.body(self._operation.body, data) if self._operation.body else None

    def _response(self, answered: _Answered) -> web.Response:
        headers = {"ETag": tag(answered.body)} if self._operation.tagged else {}
        if answered.again:
            headers["Idempotent-Replay"] = "true"
        return bytes_response(answered.body, status=answered.status, headers=headers)


def _whole(http: web.Request, data: bytes) -> bytes:
    return f"{http.method} {http.raw_path}\n".encode() + data


def _if_match(operation: Operation[Any, Any], http: web.Request) -> frozenset[str] | None:
    """The tags that the caller has seen; None: it does not say, or has seen whatever there is."""
    if "If-Match" not in http.headers or not (operation.tagged and operation.writes):
        return None
    tags = frozenset(tag.strip() for tag in ",".join(http.headers.getall("If-Match")).split(","))
    return None if "*" in tags else tags


def _idempotency_key(operation: Operation[Any, Any], http: web.Request) -> str:
    given = http.headers.getall(KEY, ())
    if not given:
        return ""
    if not operation.repeatable:
        raise Problem(400, "no-key-here", f"Этот запрос не принимает {KEY}: уберите заголовок.")
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise Problem(400, "bad-key", f"{KEY} — один, до 200 печатных латинских знаков.")
    return given[0]
