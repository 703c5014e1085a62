"""The table of all operations under `/v1`, and their routes. What each is stands in its module."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sms_diary.api import (
    doubt,
    events,
    guardians,
    history,
    inbound,
    messages,
    openapi,
    pupils,
    roster,
    schools,
    serving,
    subscriptions,
    tokens,
)
from sms_diary.api.events import EventsDoor
from sms_diary.api.operation import Context, Operation
from sms_diary.api.roster import RosterEndpoint

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    events.POST,
    events.GET,
    *schools.OPERATIONS,
    roster.LOAD,
    roster.EXPORT,
    *pupils.OPERATIONS,
    *guardians.OPERATIONS,
    *subscriptions.OPERATIONS,
    *history.OPERATIONS,
    *inbound.OPERATIONS,
    *messages.OPERATIONS,
    *doubt.OPERATIONS,
    *tokens.OPERATIONS,
)


def routes(context: Context, door: EventsDoor) -> list[web.RouteDef]:
    """Every operation's route, and the document that describes them."""
    return [
        *door.routes(),
        *RosterEndpoint(context).routes(),
        *serving.routes(OPERATIONS, context),
        openapi.route(OPERATIONS),
    ]
