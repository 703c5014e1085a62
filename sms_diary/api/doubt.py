"""The admin endpoint's messages in doubt: how many and how old, and what a person decides."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sms_diary.api import query
from sms_diary.api.auth import Callers
from sms_diary.api.problem import Problem, json_response
from sms_diary.api.times import iso
from sms_diary.clock import SECOND, Clock
from sms_diary.db import Database
from sms_diary.store import doubt, in_doubt
from sms_diary.store.doubt import OUTCOME_RU, Actor, Decision, Outcome
from sms_diary.store.in_doubt import LANE_RU, InDoubt
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

_MOST = 200


class DoubtEndpoint:
    def __init__(
        self, callers: Callers, database: Database, tools: Tools, clock: Clock, wakes: Wakes
    ) -> None:
        self._callers = callers
        self._database = database
        self._tools = tools
        self._clock = clock
        self._wakes = wakes

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/doubt", self.waiting),
            web.post("/v1/messages/{id}/resolve", self.resolve),
        ]

    async def _school(self, http: web.Request) -> int:
        return await self._callers.own_school(http.headers, http.query.get("school", ""))

    async def waiting(self, http: web.Request) -> web.Response:
        """The school's messages in doubt, the oldest first, and how many parts there are in all."""
        school_id = await self._school(http)
        query.parameters(http, ["school"])
        async with self._database.reading() as q:
            parts, since = await in_doubt.total(q, school_id)
            found = await in_doubt.waiting(q, self._tools, school_id=school_id, limit=_MOST)
        now = self._clock.now()
        return json_response(
            {
                "parts": parts,
                "oldest_seconds": _age(since, now),
                "messages": [_shown(one, now) for one in found],
            }
        )

    async def resolve(self, http: web.Request) -> web.Response:
        """Decide `?as=sent` or `?as=repeat` of one message; again: nothing is left to decide."""
        school_id = await self._school(http)
        given = query.parameters(http, ["as", "school"])
        message_id = query.path_id(http)
        if given.get("as") not in set(Decision):
            raise Problem(400, "bad-parameter", "as бывает sent (ушло) или repeat (повторить).")
        async with self._database.transaction() as q:
            outcome = await doubt.decide(
                q, self._tools, message_id, Decision(given["as"]),
                school_id=school_id, actor=Actor.TOKEN, now=self._clock.now(),
            )  # fmt: skip
        if outcome is Outcome.NO_MESSAGE:
            raise Problem(404, "no-message", OUTCOME_RU[outcome])
        self._wakes.dispatch.set()
        return json_response({"outcome": str(outcome), "outcome_ru": OUTCOME_RU[outcome]})


def _shown(one: InDoubt, now: int) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "number": one.number,
        "route": one.route,
        "kinds": list(one.kinds),
        "lane_ru": LANE_RU[one.lane],
        "parts": one.parts,
        "of": one.of,
        "since": iso(one.since),
        "age_seconds": _age(one.since, now),
        "expires": iso(one.expires),
        "repeats": one.repeats,
        "advice_ru": in_doubt.advice(one, now),
    }


def _age(since: int | None, now: int) -> int:
    return 0 if since is None else max(now - since, 0) // SECOND
