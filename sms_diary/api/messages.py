"""The admin endpoint's messages and subscriptions, for bearer tokens that belong to a school."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from sms_diary.api.auth import Callers
from sms_diary.api.problem import Problem, json_response
from sms_diary.clock import Clock
from sms_diary.db import Database
from sms_diary.model import ConsentState
from sms_diary.store import consents, messages, schools
from sms_diary.store.consents import Change
from sms_diary.store.ledger import Act
from sms_diary.store.messages import MessageView, SubscriptionView
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

_LIMIT, _MOST = 50, 200
_BIGGEST = 2**63 - 1


class AdminEndpoint:
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
            web.get("/v1/messages", self.list_messages),
            web.get("/v1/messages/{id}", self.message),
            web.get("/v1/subscriptions", self.list_subscriptions),
            web.post("/v1/subscriptions/{id}/stop", self.stop),
        ]

    async def _school(self, http: web.Request) -> int:
        """The token's school; a token of all schools names one by `?school=`."""
        owner = await self._callers.owner(http.headers)
        slug = http.query.get("school", "")
        if not slug:
            if owner == 0:
                raise Problem(400, "which-school", "Токен для всех школ: укажите ?school=имя.")
            return owner
        async with self._database.reading() as q:
            school = await schools.by_slug(q, slug)
        if school is None or owner not in (0, school.id):
            raise Problem(404, "no-school", "Такой школы здесь нет.")
        return school.id

    async def list_messages(self, http: web.Request) -> web.Response:
        """Newest first; `?state=`, `?limit=`, and `?before=` the `next` of the page before."""
        school_id = await self._school(http)
        limit = _limit(http)
        before = _number(http.query["before"]) if "before" in http.query else None
        async with self._database.reading() as q:
            found = await messages.page(
                q, self._tools, school_id, before=before, state=http.query.get("state", ""),
                limit=limit,
            )  # fmt: skip
        page: dict[str, Any] = {"messages": [_message(view) for view in found]}
        if len(found) == limit:
            page["next"] = str(found[-1].id)
        return json_response(page)

    async def message(self, http: web.Request) -> web.Response:
        """One message with its timeline, in the order things happened."""
        school_id = await self._school(http)
        message_id = _number(http.match_info["id"])
        async with self._database.reading() as q:
            view = await messages.one(q, self._tools, school_id, message_id)
            if view is None:
                raise Problem(404, "no-message", "Такого сообщения нет.")
            steps = await messages.timeline(q, school_id, message_id)
        timeline = [{**step, "at": _time(step["at"])} for step in steps]
        return json_response({**_message(view), "timeline": timeline})

    async def list_subscriptions(self, http: web.Request) -> web.Response:
        """In order of ids; `?limit=`, and `?after=` the `next` of the page before."""
        school_id = await self._school(http)
        limit = _limit(http)
        after = _number(http.query.get("after", "0"))
        async with self._database.reading() as q:
            found = await messages.subscriptions(
                q, self._tools, school_id, after=after, limit=limit
            )
        page: dict[str, Any] = {"subscriptions": [_subscription(view) for view in found]}
        if len(found) == limit:
            page["next"] = str(found[-1].id)
        return json_response(page)

    async def stop(self, http: web.Request) -> web.Response:
        """Stop one subscription, queued messages too; again: the same answer."""
        school_id = await self._school(http)
        subscription_id = _number(http.match_info["id"])
        async with self._database.transaction() as q:
            found = await messages.subscription(q, self._tools, school_id, subscription_id)
            if found is None:
                raise Problem(404, "no-subscription", "Такой подписки нет.")
            view, number_id, number = found
            topics = ["*", *view.topics]
            if any(view.topics.get(topic, view.state) != "stopped" for topic in topics):
                changes = [
                    Change(subscription_id, number_id, ConsentState.STOPPED,
                           _act(subscription_id, topic, number), topic)
                    for topic in topics
                ]  # fmt: skip
                now = self._clock.now()
                await consents.change(q, self._tools, school_id, changes, now=now)
            [view] = await messages.subscriptions(
                q, self._tools, school_id, after=subscription_id - 1, limit=1
            )
        self._wakes.compose.set()
        return json_response(_subscription(view))


def _act(subscription_id: int, topic: str, number: str) -> Act:
    return Act(
        action="revoked",
        number=number,
        scope=f"subscription:{subscription_id} {topic}",
        actor="token",
        evidence={"number": number, "by": "POST /v1/subscriptions/{id}/stop"},
    )


def _limit(http: web.Request) -> int:
    return max(1, min(_number(http.query.get("limit", str(_LIMIT))), _MOST))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > _BIGGEST:
        raise Problem(404, "bad-id", "Такого id нет: id — число.")
    return int(text)


def _time(moment: int | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")


def _message(view: MessageView) -> dict[str, Any]:
    return {
        "id": str(view.id),
        "number": view.number,
        "state": view.state,
        "ground": view.ground,
        "ledger_id": str(view.ledger_id) if view.ledger_id is not None else None,
        "text": view.text,
        "parts": view.parts,
        "alphabet": view.alphabet,
        "level": view.level,
        "created_at": _time(view.created_at),
        "expires": _time(view.expires),
        "done_at": _time(view.done_at),
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
        "created_at": _time(view.created_at),
    }
