"""The events door: POST what happened in the journal, ask what became of it.

HTTP and nothing else: the shape of events is `ingest.records`', their meaning `ingest.accept`'s.
"""

from __future__ import annotations

import hashlib
from typing import Any

from aiohttp import web

from sms_diary.api.auth import Callers
from sms_diary.api.problem import Problem, json_response
from sms_diary.collector import Collector
from sms_diary.db import Database
from sms_diary.ingest import parsing
from sms_diary.ingest.accept import Accepted, Acceptor, Request
from sms_diary.ingest.drafts import to_draft
from sms_diary.model import REASON_RU, Silence
from sms_diary.store import deliveries
from sms_diary.store.schools import School

MAX_BYTES = 1024 * 1024
_LONGEST_ID = 200
_TOO_MANY = "too-many-events"
_REUSED = "Под этим webhook-id уже принят запрос с другим телом. Новому запросу нужен новый id."
_NOTHING_TAKEN = (
    "Ничего не принято. Исправьте перечисленное и отправьте снова, или отправьте с заголовком "
    "Prefer: handling=lenient, чтобы верные события были приняты."
)


class EventsDoor:
    def __init__(
        self,
        callers: Callers,
        acceptor: Acceptor,
        collector: Collector[Request, Accepted],
        database: Database,
    ) -> None:
        self._callers = callers
        self._acceptor = acceptor
        self._collector = collector
        self._database = database

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/schools/{school}/events", self.post),
            web.get("/v1/schools/{school}/events/{webhook_id}", self.get),
        ]

    async def post(self, http: web.Request) -> web.Response:
        """202 with counts, once all is committed; the same request again, the same answer."""
        body = await _body(http)
        school = await self._callers.signed_or_token(http.match_info["school"], http.headers, body)
        lenient = "handling=lenient" in http.headers.get("Prefer", "").replace(" ", "")
        parsed = parsing.parse(body, lenient=lenient)
        if parsed.problems and not (lenient and parsed.records):
            raise _invalid(parsed.problems)
        request = Request(
            school_id=school.id,
            source="webhook",
            request_id=_request_id(http, body),
            body=body,
            drafts=[(index, to_draft(record)) for index, record in parsed.records],
            rejected=[_error(problem) for problem in parsed.problems],
        )
        if http.query.get("dry_run") in ("1", "true"):
            accepted = await self._acceptor.try_out(request)
            return json_response({**accepted.answer, "dry_run": True})
        accepted = await self._collector.add(request)
        if accepted.conflict:
            raise Problem(409, "id-reused", _REUSED)
        headers = {"Idempotent-Replay": "true"} if accepted.repeated else {}
        response = json_response(accepted.answer, status=202)
        response.headers.update(headers)
        return response

    async def get(self, http: web.Request) -> web.Response:
        """What became of a request: the answer it got, and each event with its lines."""
        school = await self._callers.school(http.match_info["school"])
        await self._callers.token(school, http.headers)
        found = await self._what_became(school, http.match_info["webhook_id"])
        if found is None:
            raise Problem(404, "no-request", "Запроса с таким webhook-id нет.")
        answer, events = found
        return json_response({"answer": answer, "events": [_in_words(event) for event in events]})

    async def _what_became(
        self, school: School, webhook_id: str
    ) -> tuple[dict[str, Any], list[dict[str, Any]]] | None:
        async with self._database.reading() as q:
            return await deliveries.what_became(q, school.id, webhook_id)


async def _body(http: web.Request) -> bytes:
    if http.content_type != "application/json":
        raise Problem(
            415, "not-json-type", "Отправьте JSON с заголовком Content-Type: application/json."
        )
    if (http.content_length or 0) > MAX_BYTES:
        raise _too_large()
    try:
        return await http.read()
    except web.HTTPRequestEntityTooLarge:
        raise _too_large() from None


def _too_large() -> Problem:
    return Problem(
        413, "too-large", "Запрос больше 1 МиБ. Разделите события на несколько запросов."
    )


def _request_id(http: web.Request, body: bytes) -> str:
    """The caller's id; without one the body is its own id, so a repeat is recognised too."""
    given = http.headers.get("webhook-id", "")
    if len(given) > _LONGEST_ID or any(not char.isprintable() for char in given):
        raise Problem(400, "bad-id", f"webhook-id — до {_LONGEST_ID} печатных знаков.")
    return given or "body:" + hashlib.sha256(body).hexdigest()


def _invalid(problems: list[parsing.Problem]) -> Problem:
    codes = {problem.code for problem in problems}
    if codes & {"not-utf8", "not-json"}:
        return Problem(400, problems[0].code, problems[0].message.capitalize() + ".")
    if _TOO_MANY in codes:
        return Problem(413, _TOO_MANY, problems[0].message.capitalize() + ".")
    return Problem(422, "invalid-events", _NOTHING_TAKEN, errors=[_error(p) for p in problems])


def _error(problem: parsing.Problem) -> dict[str, Any]:
    return {
        "index": problem.index,
        "pointer": problem.pointer,
        "code": problem.code,
        "message": problem.message,
    }


def _in_words(event: dict[str, Any]) -> dict[str, Any]:
    """The reasons of silence as people read them, beside the closed words."""
    silence = event["silence"]
    lines = [
        {**line, "reason_ru": REASON_RU[Silence(line["reason"])]} if line["reason"] else line
        for line in event["lines"]
    ]
    said = {"silence_ru": REASON_RU[Silence(silence)]} if silence else {}
    return {**event, **said, "lines": lines}
