"""The admin endpoint's messages and subscriptions, for bearer tokens that belong to a school."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from sms_diary.api import query
from sms_diary.api.auth import Callers
from sms_diary.api.problem import Problem, json_response
from sms_diary.api.times import iso
from sms_diary.channels.smpp.results import reason
from sms_diary.channels.smpp.statuses import GENERAL
from sms_diary.clock import Clock
from sms_diary.db import Database, Queries
from sms_diary.model import PART_RU, STEP_RU, ConsentState, Failure, PartState
from sms_diary.store import consents, messages, timeline
from sms_diary.store.consents import Change
from sms_diary.store.ledger import Act
from sms_diary.store.messages import MessageView, SubscriptionView
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

_LIMIT, _MOST = 50, 200
Explain = Callable[[str, str], str]
"""What an operator's code means to people in Russian, by route and code; "" when nobody knows."""


def _by_the_book(_route: str, code: str) -> str:
    return reason(code)


class AdminEndpoint:
    def __init__(
        self, callers: Callers, database: Database, tools: Tools, clock: Clock, wakes: Wakes,
        *, explain: Explain = _by_the_book,
    ) -> None:  # fmt: skip
        self._explain = explain
        self._callers = callers
        self._database = database
        self._tools = tools
        self._clock = clock
        self._wakes = wakes

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/messages", self.list_messages),
            web.get("/v1/messages/{id}", self.message),
            web.get("/v1/subscriptions", self.list_subscriptions),
            web.post("/v1/subscriptions/{id}/stop", self.stop),
        ]

    async def _school(self, http: web.Request) -> int:
        return await self._callers.own_school(http.headers, http.query.get("school", ""))

    async def list_messages(self, http: web.Request) -> web.Response:
        """Newest first; `?state=`, `?limit=`, and `?before=` the `next` of the page before."""
        school_id = await self._school(http)
        given = query.parameters(http, ["state", "limit", "before", "school"])
        state = given.get("state", "")
        if state and state not in messages.STATES:
            known = ", ".join(messages.STATES)
            raise Problem(400, "bad-parameter", f"state бывает: {known}.")
        async with self._database.reading() as q:
            page = await messages.page(
                q, self._tools, school_id, state=state, limit=_limit(given),
                before=query.number(given, "before", 0) if "before" in given else None,
            )  # fmt: skip
        return json_response(
            {"messages": [_message(view) for view in page.messages]} | _next(page.next)
        )

    async def message(self, http: web.Request) -> web.Response:
        """One message with its timeline, in the order things happened."""
        school_id = await self._school(http)
        query.parameters(http, ["school"])
        message_id = query.path_id(http)
        async with self._database.reading() as q:
            view = await messages.one(q, self._tools, school_id, message_id)
            if view is None:
                raise Problem(404, "no-message", "Такого сообщения нет.")
            steps = await timeline.read(q, school_id, message_id)
        shown = [_step(step) for step in explained(steps, self._explain)]
        return json_response({**_message(view), "timeline": shown})

    async def list_subscriptions(self, http: web.Request) -> web.Response:
        """In order of ids; `?limit=`, and `?after=` the `next` of the page before."""
        school_id = await self._school(http)
        given = query.parameters(http, ["limit", "after", "school"])
        limit = _limit(given)
        async with self._database.reading() as q:
            found = await messages.subscriptions(
                q, self._tools, school_id, after=query.number(given, "after", 0), limit=limit + 1
            )
        page = found[:limit]
        following = page[-1].id if len(found) > limit else None
        return json_response(
            {"subscriptions": [_subscription(view) for view in page]} | _next(following)
        )

    async def stop(self, http: web.Request) -> web.Response:
        """Stop one subscription, queued messages too; again: the same answer."""
        school_id = await self._school(http)
        query.parameters(http, ["school"])
        subscription_id = query.path_id(http)
        async with self._database.transaction() as q:
            view = await self._stop(q, school_id, subscription_id)
        self._wakes.compose.set()
        return json_response(_subscription(view))

    async def _stop(self, q: Queries, school_id: int, subscription_id: int) -> SubscriptionView:
        found = await messages.subscription(q, self._tools, school_id, subscription_id)
        if found is None:
            raise Problem(404, "no-subscription", "Такой подписки нет.")
        view, number_id, number = found
        topics = ["*", *view.topics]
        if all(view.topics.get(topic, view.state) == "stopped" for topic in topics):
            return view
        changes = [
            Change(subscription_id, number_id, ConsentState.STOPPED,
                   _act(subscription_id, topic, number), topic)
            for topic in topics
        ]  # fmt: skip
        await consents.change(q, self._tools, school_id, changes, now=self._clock.now())
        stopped = await messages.subscription(q, self._tools, school_id, subscription_id)
        assert stopped is not None
        return stopped[0]


def _act(subscription_id: int, topic: str, number: str) -> Act:
    return Act(
        action="revoked",
        number=number,
        scope=f"subscription:{subscription_id} {topic}",
        actor="token",
        evidence={"number": number, "by": "POST /v1/subscriptions/{id}/stop"},
    )


def _limit(given: Mapping[str, str]) -> int:
    return max(1, min(query.number(given, "limit", _LIMIT), _MOST))


def _next(following: int | None) -> dict[str, str]:
    return {} if following is None else {"next": str(following)}


def explained(steps: Sequence[dict[str, Any]], explain: Explain) -> list[dict[str, Any]]:
    """The steps of a timeline, those that failed with `reason_ru`: what happened, what to do."""
    routes = {step["part"]: step["route"] for step in steps if "route" in step}
    return [
        {**step, **_why(routes.get(step["part"], ""), step, explain)} if "failure" in step else step
        for step in steps
    ]


def _why(route: str, step: dict[str, Any], explain: Explain) -> dict[str, str]:
    if not step["failure"]:
        return {}
    known = explain(route, step["code"])
    return {"reason_ru": known or GENERAL[Failure(step["failure"])]}


def _step(step: dict[str, Any]) -> dict[str, Any]:
    what = step["what"]
    said = {"what_ru": STEP_RU.get(what) or PART_RU[PartState(what)]}
    if "state" in step:
        said["state_ru"] = PART_RU[PartState(step["state"])]
    return {**step, "at": iso(step["at"]), **said}


def _message(view: MessageView) -> dict[str, Any]:
    return {
        "id": str(view.id),
        "number": view.number,
        "state": view.state,
        "state_ru": PART_RU[PartState(view.state)],
        "ground": view.ground,
        "ledger_id": str(view.ledger_id) if view.ledger_id is not None else None,
        "text": view.text,
        "parts": view.parts,
        "alphabet": view.alphabet,
        "level": view.level,
        "created_at": iso(view.created_at),
        "expires": iso(view.expires),
        "done_at": iso(view.done_at),
    }


def _subscription(view: SubscriptionView) -> dict[str, Any]:
    return {
        "id": str(view.id),
        "guardian_id": str(view.guardian_id),
        "pupil_id": str(view.pupil_id),
        "pupil": view.pupil,
        "number": view.number,
        "state": view.state,
        "topics": view.topics,
        "created_at": iso(view.created_at),
    }
