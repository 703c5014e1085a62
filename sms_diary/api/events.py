"""The events door: POST what happened in the journal, ask what became of it.

HTTP and nothing else: the shape of events is `ingest.records`', their meaning `ingest.accept`'s.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from aiohttp import web
from pydantic import Field

from sms_diary.api import validation
from sms_diary.api.auth import Caller, Callers
from sms_diary.api.body import Bodies
from sms_diary.api.noting import Noting
from sms_diary.api.operation import Operation
from sms_diary.api.problem import Problem, json_response
from sms_diary.api.serving import bound
from sms_diary.api.shapes import Flag, Query, Said
from sms_diary.collector import Collector
from sms_diary.db import Database
from sms_diary.ingest import parsing
from sms_diary.ingest.accept import Accepted, Acceptor, Request
from sms_diary.ingest.drafts import to_draft
from sms_diary.ingest.records import EVENTS
from sms_diary.model import LineState, Silence, Source
from sms_diary.store import deliveries
from sms_diary.store.door_notes import Answered
from sms_diary.store.tokens import Right
from sms_diary.words import LINE_RU, OUTCOME_RU, REASON_RU

PATIENCE = 25.0
"""Seconds a caller waits for the commit before being told to come again."""
_LENIENT = re.compile(r"(?:^|[,;])\s*handling\s*=\s*\"?lenient\"?\s*(?:$|[,;])", re.I)
_GROUP = "События"


def _header(name: str, description: str, pattern: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "required": False, "description": description,
            "schema": schema}  # fmt: skip


_WHOLE_BODY = {"not-utf8": 400, "not-json": 400, "too-many-events": 413}
_REUSED = "Под этим webhook-id уже принят запрос с другим телом. Новому запросу нужен новый id."
_REPEATED = "Этот запрос уже был принят: ответ тот же, второй раз он ничего не меняет."
_NOTHING_TAKEN = (
    "Ничего не принято. Исправьте перечисленное и отправьте снова, или отправьте с заголовком "
    "Prefer: handling=lenient, чтобы верные события были приняты."
)


class Flags(Query):
    dry_run: Flag = Field(False, description="1: сказать, что было бы, и ничего не сохранить.")


class Held(Said):
    index: int
    reason: str
    detail: str


class Wrong(Said):
    index: int | None
    pointer: str
    code: str
    message: str


class Counts(Said):
    accepted: int
    created: int
    changed: int
    unchanged: int
    stale: int
    quarantined: list[Held]
    rejected: list[Wrong] = Field([])
    dry_run: bool = False


class Lines(Said):
    state: LineState
    state_ru: str
    reason: str
    reason_ru: str = ""
    count: int


class Became(Said):
    index: int
    kind: str
    outcome: str
    outcome_ru: str
    silence: str
    silence_ru: str = ""
    detail: str = ""
    pending: bool
    lines: list[Lines]


class Fate(Said):
    answer: Counts
    events: list[Became]


_SIGNED = "Standard Webhooks; вместо токена."
POST: Operation[Any, Any] = Operation(
    method="POST", path="/v1/schools/{school}/events", group=_GROUP, right=Right.SEND, query=Flags,
    takes=("application/json", EVENTS), answer=Counts, status=202, well=(200,), also=(409,),
    headers=(
        _header("webhook-id", _SIGNED, r"^[!-\-/-~]{1,200}$"),
        _header("Prefer", "handling=lenient: принять верные события, ошибочные вернуть.", "^.*$"),
    ),
    summary="Прислать события журнала",
)  # fmt: skip
GET: Operation[Any, Any] = Operation(
    method="GET", path="/v1/schools/{school}/events/{webhook_id}", group=_GROUP, right=Right.READ,
    query=Query, answer=Fate, summary="Что стало с запросом",
)  # fmt: skip


class EventsDoor:
    def __init__(
        self,
        callers: Callers,
        acceptor: Acceptor,
        collector: Collector[Request, Accepted],
        database: Database,
        bodies: Bodies,
        noting: Noting,
    ) -> None:
        self._callers = callers
        self._acceptor = acceptor
        self._collector = collector
        self._database = database
        self._bodies = bodies
        self._noting = noting

    def routes(self) -> list[web.RouteDef]:
        return [bound(POST, self.post), bound(GET, self.get)]

    async def post(self, http: web.Request) -> web.Response:
        """202 with counts, once all is committed; the same request again, the same answer."""
        try:
            return await self._taken(http)
        except Problem as problem:
            await self._note(http, problem.status, problem.slug, problem.detail)
            raise

    async def _taken(self, http: web.Request) -> web.Response:
        dry_run = validation.query(Flags, http.query).dry_run
        caller = await self._callers.screen(http.match_info["school"], http.headers)
        body = await self._bodies.json(http)
        credential_id = caller.check(body)
        request = _request(caller, body, lenient=_lenient(http))
        async with asyncio.timeout(PATIENCE):
            accepted = await (self._acceptor.try_out if dry_run else self._collector.add)(request)
        if accepted.conflict:
            raise Problem(409, "id-reused", _REUSED)
        if dry_run:
            return json_response({**accepted.answer, "dry_run": True})
        headers = {"Location": _address(caller, request)}
        if accepted.repeated:
            headers["Idempotent-Replay"] = "true"
            await self._note(http, 202, "repeated", _REPEATED)
        else:
            await self._noting.used(credential_id)
        return json_response(accepted.answer, status=202, headers=headers)

    async def _note(self, http: web.Request, status: int, code: str, words: str) -> None:
        """For the school's own people; of a school that is not there nobody is told."""
        with suppress(Problem):
            school = await self._callers.school(http.match_info["school"])
            await self._noting.note(Answered(school.id, status, code, words))

    async def get(self, http: web.Request) -> web.Response:
        """What became of a request: the answer it got, and each event with its lines."""
        validation.query(Query, http.query)
        school = await self._callers.school(http.match_info["school"])
        await self._callers.admit(school, http.headers, GET.right)
        webhook_id = http.match_info["webhook_id"]
        found = None
        if webhook_id.isascii() and webhook_id.isprintable():
            async with self._database.reading() as q:
                found = await deliveries.what_became(q, school.id, webhook_id)
        if found is None:
            raise Problem(404, "no-request", "Запроса с таким webhook-id нет.")
        answer, events = found
        return json_response({"answer": answer, "events": _in_words(answer, events)})


def _lenient(http: web.Request) -> bool:
    """RFC 7240 §4.4; the header may come in several lines."""
    return _LENIENT.search(",".join(http.headers.getall("Prefer", ()))) is not None


def _request(caller: Caller, body: bytes, *, lenient: bool) -> Request:
    """What the body says, as the accept stage takes it; a Problem where nothing may be taken."""
    parsed = parsing.parse(body, lenient=lenient)
    if parsed.problems and not (lenient and parsed.records):
        raise _invalid(parsed.problems)
    return Request(
        school_id=caller.school.id,
        source=Source.WEBHOOK,
        # Without an id of the caller's the body is its own, so that a repeat is recognised too.
        request_id=caller.webhook_id or f"body:{hashlib.sha256(body).hexdigest()}",
        body=body,
        drafts=[(index, to_draft(record)) for index, record in parsed.records],
        rejected=[_error(problem) for problem in parsed.problems],
    )


def _address(caller: Caller, request: Request) -> str:
    return f"/v1/schools/{caller.school.slug}/events/{quote(request.request_id, safe=':')}"


def _invalid(problems: list[parsing.Problem]) -> Problem:
    first = problems[0]
    if status := _WHOLE_BODY.get(first.code if first.index is None else ""):
        return Problem(status, first.code, f"{first.message[:1].upper()}{first.message[1:]}.")
    return Problem(422, "invalid-events", _NOTHING_TAKEN, errors=[_error(p) for p in problems])


def _error(problem: parsing.Problem) -> dict[str, Any]:
    return {
        "index": problem.index,
        "pointer": problem.pointer,
        "code": problem.code,
        "message": problem.message,
    }


def _in_words(answer: dict[str, Any], events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Beside every closed word the Russian sentence that people read."""
    held = {one["index"]: one["detail"] for one in answer.get("quarantined", ())}
    said = []
    for event in events:
        more = {"outcome_ru": OUTCOME_RU[event["outcome"]]}
        if event["silence"]:
            more["silence_ru"] = REASON_RU[Silence(event["silence"])]
        if event["index"] in held:
            more["detail"] = held[event["index"]]
        said.append({**event, **more, "lines": [_line(line) for line in event["lines"]]})
    return said


def _line(line: dict[str, Any]) -> dict[str, Any]:
    more = {"state_ru": LINE_RU[LineState(line["state"])]}
    if line["reason"]:
        more["reason_ru"] = REASON_RU[Silence(line["reason"])]
    return {**line, **more}
