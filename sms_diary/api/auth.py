"""Who is calling: a Standard Webhooks signature over the raw body, or a bearer token.

Nothing of a request is kept before this has passed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from standardwebhooks import Webhook, WebhookVerificationError

from sms_diary.api.problem import Problem
from sms_diary.db import Database
from sms_diary.store import schools
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools

_MOST_TOKENS = 1000
_REMEMBERED = 1.0
"""Seconds for which a school and its secrets are remembered: a revoked one ends within that."""


class Callers:
    """Looks schools and credentials up, remembering them for a moment."""

    def __init__(self, database: Database, tools: Tools) -> None:
        self._database = database
        self._tools = tools
        self._schools: dict[str, tuple[float, School, list[Webhook]]] = {}
        self._tokens: dict[str, tuple[float, int]] = {}

    async def school(self, slug: str) -> School:
        """The school of an address; 404 if there is none."""
        return (await self._known(slug))[0]

    async def signed_or_token(self, slug: str, headers: Mapping[str, str], body: bytes) -> School:
        """The school, if the request is signed by one of its secrets or brings a token for it."""
        school, secrets = await self._known(slug)
        if "webhook-signature" in headers:
            _verify(secrets, headers, body)
        else:
            await self.token(school, headers)
        return school

    async def token(self, school: School, headers: Mapping[str, str]) -> None:
        """401 without a live token; 404 if it is another school's: who asks must not learn more."""
        owner = await self.owner(headers)
        if owner not in (0, school.id):
            raise _no_school()

    async def owner(self, headers: Mapping[str, str]) -> int:
        """The school whose live token this is; 0 for a token of all schools."""
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise _unauthorized(
                "Подпишите запрос (Standard Webhooks) или дайте токен: Authorization: Bearer …"
            )
        token = token.strip()
        now = time.monotonic()
        remembered = self._tokens.get(token)
        if remembered is not None and remembered[0] > now:
            return remembered[1]
        async with self._database.reading() as q:
            owner = await schools.school_of_token(q, token)
        if owner is None:
            raise _unauthorized("Токен неизвестен или отозван.")
        if len(self._tokens) > _MOST_TOKENS:
            self._tokens.clear()
        self._tokens[token] = (now + _REMEMBERED, owner)
        return owner

    async def _known(self, slug: str) -> tuple[School, list[Webhook]]:
        now = time.monotonic()
        remembered = self._schools.get(slug)
        if remembered is not None and remembered[0] > now:
            return remembered[1], remembered[2]
        async with self._database.reading() as q:
            school = await schools.by_slug(q, slug)
            if school is None:
                raise _no_school()
            secrets = await schools.webhook_secrets(q, self._tools, school.id)
        known = [Webhook(secret) for secret in secrets]
        self._schools[slug] = (now + _REMEMBERED, school, known)
        return school, known


def _verify(secrets: list[Webhook], headers: Mapping[str, str], body: bytes) -> None:
    own = {name: headers.get(name, "") for name in _HEADERS}
    for secret in secrets:
        try:
            secret.verify(body, own, json_parse=False)
        except (WebhookVerificationError, ValueError):
            # A malformed header, and a body that is not UTF-8, are ValueErrors there.
            continue
        return
    raise _unauthorized(
        "Подпись не подходит, или часы расходятся больше чем на 5 минут. Проверьте секрет, время и "
        "то, что подписано тело запроса целиком: id.timestamp.body."
    )


_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def _unauthorized(detail: str) -> Problem:
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})


def _no_school() -> Problem:
    return Problem(
        404, "no-school", "Такой школы здесь нет. Её короткое имя даёт sms-diary school list."
    )
