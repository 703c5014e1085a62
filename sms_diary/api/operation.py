"""An operation of the endpoint, declared once: its route, what it takes, who may, what it answers.

From the declaration come the aiohttp route (`serving`), the checks of a request (`validation`) and
`/openapi.json` (`openapi`). What an operation does is a plain function in the module of its
resource.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, TypeAdapter

from sms_diary.api.auth import Callers
from sms_diary.api.body import Bodies
from sms_diary.api.problem import Problem
from sms_diary.api.shapes import OfSchool, Query
from sms_diary.clock import Clock
from sms_diary.db import Database, Queries
from sms_diary.render import Renderer
from sms_diary.store.tokens import Right, Token
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

Explain = Callable[[str, str], str]
"""What an operator's code means to people in Russian, by route and code; "" when nobody knows."""
Q_co = TypeVar("Q_co", bound=Query, covariant=True)
B_co = TypeVar("B_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Context:
    """What operations work with."""

    callers: Callers
    database: Database
    tools: Tools
    clock: Clock
    wakes: Wakes
    explain: Explain
    """Codes of refusals."""
    explain_receipt: Explain
    bodies: Bodies
    renderer: Renderer
    """With the texts that all schools share."""


@dataclass(frozen=True, slots=True)
class Call(Generic[Q_co, B_co]):
    """One request that has passed its checks, inside its transaction."""

    q: Queries
    context: Context
    token: Token
    school_id: int
    """0 where the operation is about no school."""
    id: int
    """Of the address; 0 where it has none."""
    query: Q_co
    body: B_co
    now: int
    if_match: frozenset[str] | None
    """The ETags that the caller has seen; None: it does not say."""

    @property
    def tools(self) -> Tools:
        return self.context.tools

    @property
    def actor(self) -> str:
        """Who does it, for the ledger and the logs: the token by its name, or a person here."""
        return f"token {self.token.name}".rstrip() if self.token.id else self.token.name

    def matched(self, shown: BaseModel) -> None:
        """412 unless the caller, if it says what it has seen, has seen this."""
        if self.if_match is not None and tag(encoded(shown)) not in self.if_match:
            raise Problem(
                412, "changed",
                "С тех пор это изменилось. Прочитайте заново и повторите с новым ETag.",
            )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Generic[Q_co, B_co]):
    """`do` is None where what the operation needs is bound later: it serves itself."""

    method: str
    path: str
    summary: str
    """What it does, in Russian."""
    group: str
    right: Right
    answer: type[BaseModel] | None
    query: type[Q_co]
    do: Callable[[Call[Q_co, B_co]], Awaitable[BaseModel]] | None = None
    body: type[B_co] | None = None
    body_optional: bool = False
    status: int = 200
    tagged: bool = False
    """Answers carry an ETag, and If-Match is honoured where it writes."""
    conflicts: bool = False
    """It may be refused because of how things stand: 409."""
    all_schools: bool = False
    """Only a token of all schools may."""
    shown_once: bool = False
    """The answer holds a secret, so it is not kept to be given again."""
    takes: tuple[str, type[BaseModel] | TypeAdapter[Any]] | None = None
    """Media type and shape of a body that the operation reads by itself."""
    gives: str = "application/json"
    headers: tuple[dict[str, Any], ...] = ()
    """Headers of its own, as OpenAPI says them."""
    well: tuple[int, ...] = ()
    """Other statuses of an answer that went well."""
    also: tuple[int, ...] = ()
    """Statuses of problems beside those that follow from the rest."""

    @property
    def writes(self) -> bool:
        # What is searched for by a number is posted: no address may hold one.
        return self.method != "GET" and not self.path.startswith("/v1/search/")

    @property
    def repeatable(self) -> bool:
        """Whether it takes an Idempotency-Key."""
        return self.method == "POST" and self.writes and not self.shown_once

    @property
    def of_school(self) -> bool:
        return "{school}" in self.path or issubclass(self.query, OfSchool)


def encoded(shown: BaseModel) -> bytes:
    """An answer as it goes out: what was not set is left out."""
    return shown.model_dump_json(exclude_unset=True, by_alias=True).encode()


def tag(body: bytes) -> str:
    """The strong ETag (RFC 9110 §8.8.3) of an answer: whatever changes in it changes the tag.

    So a parent's СТОП that comes between reading and writing is seen too.
    """
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'
