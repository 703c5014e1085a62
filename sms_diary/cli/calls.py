"""`call`: any operation of the admin endpoint on the database itself, without HTTP and token.

What there is, and with which fields, stands in docs/api.md; whoever may read the key file may do
all of it. Numbers stand in bodies, and bodies are read from standard input, so that none gets into
the list of processes or the history of a shell.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of, run, user

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import BaseModel

    from sms_diary.api.operation import Call, Context, Operation
    from sms_diary.app.base import Base
    from sms_diary.clock import Clock
    from sms_diary.db import Queries

_UNKNOWN = (
    "Такого запроса нет, или он бывает только по HTTP. Какие есть: docs/api.md, например "
    "GET /v1/pupils или POST /v1/guardians."
)


def call(
    method: Annotated[str, typer.Argument(metavar="МЕТОД", help="Что сделать: GET, POST, PATCH.")],
    address: Annotated[
        str, typer.Argument(metavar="АДРЕС", help="Как в docs/api.md: '/v1/pupils?class=5А'.")
    ],
    school: Annotated[
        str, typer.Option("--school", metavar="ИМЯ", help="Короткое имя школы.")
    ] = "",
    body: Annotated[
        bool, typer.Option("--body", help="Прочитать тело запроса (JSON) из стандартного ввода.")
    ] = False,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Выполнить запрос админского интерфейса прямо на базе, без HTTP и токена; ответ — JSON."""
    data = sys.stdin.buffer.read() if body else b""
    said = run(_called(method.upper(), address, school, data, clock_of(now), config))
    print(json.dumps(json.loads(said), ensure_ascii=False, indent=2))


async def _called(
    method: str, address: str, school: str, data: bytes, clock: Clock, config: Path | None
) -> bytes:
    from sms_diary.api.operation import encoded
    from sms_diary.api.problem import Problem
    from sms_diary.app import opened
    from sms_diary.config import load
    from sms_diary.errors import ConfigError

    async with opened(load(config)) as base:
        try:
            operation, found_id = _operation(method, urlsplit(address).path)

            async def work(q: Queries) -> BaseModel:
                context = _context(base, clock, config)
                made = await _call(operation, found_id, address, school, data, context, q)
                assert operation.do is not None
                return await operation.do(made)

            if operation.writes:
                return encoded(await base.database.write(work))
            return encoded(await base.database.read(work))
        except Problem as problem:
            raise ConfigError(_in_words(problem)) from None


def _operation(method: str, path: str) -> tuple[Operation[Any, Any], int]:
    """The operation behind an address, and the id in it (0: none). ConfigError without one."""
    from sms_diary.api.table import OPERATIONS
    from sms_diary.errors import ConfigError

    for one in OPERATIONS:
        pattern = one.path.replace("{id}", "([0-9]{1,19})")
        found = re.fullmatch(pattern, path)
        if one.do is not None and one.method == method and found:
            return one, int(found.group(1)) if found.groups() else 0
    raise ConfigError(_UNKNOWN)


async def _call(
    operation: Operation[Any, Any], found_id: int, address: str, school: str, data: bytes,
    context: Context, q: Queries,
) -> Call[Any, Any]:  # fmt: skip
    from multidict import MultiDict

    from sms_diary.api import validation
    from sms_diary.api.operation import Call
    from sms_diary.cli.schools import school_of
    from sms_diary.errors import ConfigError
    from sms_diary.store.tokens import ALL_SCHOOLS, Right, Token

    if operation.of_school and not school:
        raise ConfigError("Скажите, для какой школы: --school ИМЯ.")
    school_id = (await school_of(q, school)).id if operation.of_school else ALL_SCHOOLS
    query = validation.query(
        operation.query, MultiDict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
    )
    body = None
    if operation.body is not None:
        empty = b"{}" if operation.body_optional else b""
        body = validation.body(operation.body, data or empty)
    now = context.clock.now()
    here = Token(0, ALL_SCHOOLS, f"command {user()}".rstrip(), frozenset(Right), now)
    return Call(q, context, here, school_id, found_id, query, body, now, None)


def _context(base: Base, clock: Clock, config: Path | None) -> Context:
    from sms_diary.api.auth import Callers
    from sms_diary.api.body import Bodies
    from sms_diary.api.operation import Context
    from sms_diary.channels.smpp.results import reason
    from sms_diary.cli.texts import shared
    from sms_diary.wake import Wakes

    def explain(_route: str, code: str) -> str:
        return reason(code)

    callers = Callers(base.database, base.tools)
    return Context(
        callers, base.database, base.tools, clock, Wakes(), explain, explain, Bodies(),
        shared(config),
    )  # fmt: skip


def _in_words(problem: Any) -> str:
    """A problem as a person reads it: what is wrong, and where."""
    places = [f"  {one['pointer']}: {one['message']}" for one in problem.errors]
    return "\n".join([problem.detail, *places])
