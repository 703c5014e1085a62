"""The table of all operations under `/v1`, and their routes. What each is stands in its module."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sms_diary.api import (
    doubt,
    events,
    guardians,
    history,
    imports,
    inbound,
    messages,
    numbers,
    openapi,
    pupils,
    quarantine,
    roster,
    schools,
    serving,
    subscriptions,
    templates,
    tokens,
)
from sms_diary.api.events import EventsDoor
from sms_diary.api.imports import ImportsEndpoint
from sms_diary.api.operation import Context, Operation
from sms_diary.api.quarantine import QuarantineEndpoint
from sms_diary.api.roster import RosterEndpoint
from sms_diary.ingest.accept import Acceptor

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    events.POST,
    events.GET,
    *schools.OPERATIONS,
    *templates.OPERATIONS,
    roster.LOAD,
    roster.EXPORT,
    *imports.OPERATIONS,
    *quarantine.OPERATIONS,
    *pupils.OPERATIONS,
    *guardians.OPERATIONS,
    *subscriptions.OPERATIONS,
    *history.OPERATIONS,
    *numbers.OPERATIONS,
    *inbound.OPERATIONS,
    *messages.OPERATIONS,
    *doubt.OPERATIONS,
    *tokens.OPERATIONS,
)


def routes(context: Context, door: EventsDoor, acceptor: Acceptor) -> list[web.RouteDef]:
    """Every operation's route, and the document that describes them."""
    return [
        *door.routes(),
        *RosterEndpoint(context).routes(),
        *ImportsEndpoint(context, acceptor).routes(),
        *QuarantineEndpoint(context, acceptor).routes(),
        *serving.routes(OPERATIONS, context),
        openapi.route(OPERATIONS),
    ]
