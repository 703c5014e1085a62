"""Who is calling: a Standard Webhooks signature over the raw body, or a bearer token.

Nothing of a request is kept before this has passed, and what can be refused by its headers
alone is refused before its body is read.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sms_diary.api import signature
from sms_diary.api.problem import Problem
from sms_diary.api.signature import Signed
from sms_diary.db import Database
from sms_diary.store import schools, tokens
from sms_diary.store.schools import School
from sms_diary.store.tokens import ALL_SCHOOLS, RIGHT_RU, Right, Token
from sms_diary.store.tools import Tools

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

    Headers = CIMultiDictProxy[str]

REMEMBERED = 1.0
"""Seconds for which a school and its credentials are remembered: a revoked one ends within that."""
_MOST_TOKENS = 1000
_LONGEST_TOKEN = 200
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_Keys = tuple[tuple[int, bytes], ...]
"""The live secrets of a school: id and key."""
_ONCE = ("authorization", "webhook-id", "webhook-timestamp", "webhook-signature")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who says that a request is theirs; a signed one is proven once `check` has passed."""

    school: School
    webhook_id: str
    """"" where the request has none."""
    _signed: Signed | None
    _keys: _Keys
    _token_id: int = 0

    def check(self, body: bytes) -> int:
        """The id of the credential that opens the door to this body: the token's, or the secret's
        that signed it. 401 where none did."""
        if self._signed is None:
            return self._token_id
        for credential_id, key in self._keys:
            if self._signed.matches((key,), body):
                return credential_id
        raise _unauthorized(
            "Подпись не подходит. Проверьте секрет и то, что подписаны id.timestamp.тело, "
            "а тело — ровно те байты, что ушли в запросе."
        )


class Callers:
    """Looks schools and credentials up, remembering them for a moment."""

    def __init__(self, database: Database, tools: Tools) -> None:
        self._database = database
        self._tools = tools
        self._schools: dict[str, tuple[float, School, _Keys]] = {}
        self._tokens: dict[bytes, tuple[float, Token]] = {}

    async def school(self, slug: str) -> School:
        """The school of an address; 404 if there is none."""
        return (await self._known(slug))[0]

    async def screen(self, slug: str, headers: Headers) -> Caller:
        """Whoever may post for this school, by the headers alone; `check` the body then."""
        _once(headers)
        school, keys = await self._known(slug)
        webhook_id = headers.get("webhook-id", "")
        if "webhook-id" in headers and not signature.ID.fullmatch(webhook_id):
            raise Problem(400, "bad-id", "webhook-id — до 200 печатных латинских знаков без точки.")
        if "webhook-signature" in headers:
            return Caller(school, webhook_id, _signed(headers), keys)
        token = await self.admit(school, headers, Right.SEND)
        return Caller(school, webhook_id, None, (), token.id)

    async def admit(self, school: School, headers: Headers, right: Right) -> Token:
        """A token that may do this in this school.

        401 without a live one; 404 if it is another school's: who asks must not learn more; 403
        if it is the right one and may not.
        """
        token = await self.token(headers)
        if token.school_id not in (ALL_SCHOOLS, school.id):
            raise _no_school()
        allow(token, right)
        return token

    async def token(self, headers: Headers) -> Token:
        """The live token of a request; 401 without one."""
        text = _bearer(headers)
        # Only the hash is kept in memory, as in the database.
        key = hashlib.sha256(text.encode()).digest()
        now = time.monotonic()
        remembered = self._tokens.get(key)
        if remembered is not None and remembered[0] > now:
            return remembered[1]
        async with self._database.reading() as q:
            token = await tokens.find(q, text)
        if token is None:
            raise _unauthorized("Токен неизвестен или отозван.")
        if len(self._tokens) >= _MOST_TOKENS:
            self._tokens.clear()
        self._tokens[key] = (now + REMEMBERED, token)
        return token

    async def _known(self, slug: str) -> tuple[School, _Keys]:
        if not _SLUG.fullmatch(slug):
            raise _no_school()
        now = time.monotonic()
        remembered = self._schools.get(slug)
        if remembered is not None and remembered[0] > now:
            return remembered[1], remembered[2]
        async with self._database.reading() as q:
            school = await schools.by_slug(q, slug)
            if school is None:
                raise _no_school()
            secrets = await schools.webhook_secrets(q, self._tools, school.id)
        keys = tuple(
            (credential_id, key)
            for credential_id, secret in secrets.items()
            if (key := signature.key(secret))
        )
        self._schools[slug] = (now + REMEMBERED, school, keys)
        return school, keys


def allow(token: Token, right: Right) -> None:
    """403 unless the token has this right."""
    if not token.may(right):
        said = f"У токена нет права {right} ({RIGHT_RU[right]})."
        raise Problem(403, "no-right", f"{said} Выдать другой: sms-diary token add.")


def _once(headers: Headers) -> None:
    """A header that decides who is calling must not say two things."""
    for name in _ONCE:
        if len(headers.getall(name, ())) > 1:
            raise Problem(400, "repeated-header", f"Заголовок {name} пришёл дважды.")


def _signed(headers: Mapping[str, str]) -> Signed:
    missing = [name for name in _ONCE[1:] if not headers.get(name)]
    if missing:
        raise _unauthorized(f"Для проверки подписи нет заголовка: {', '.join(missing)}.")
    signed = signature.read(
        headers["webhook-id"], headers["webhook-timestamp"], headers["webhook-signature"]
    )
    if signed is None:
        raise _unauthorized(
            "webhook-timestamp — целые секунды Unix, webhook-signature — вида «v1,» и base64."
        )
    # By the machine's clock: this is about other machines, not about the school day.
    if abs(signed.age(time.time())) > signature.TOLERANCE:
        raise _unauthorized(
            "webhook-timestamp расходится с нашими часами больше чем на 5 минут. Ставьте время "
            "отправки, при каждом повторе заново, и проверьте часы."
        )
    return signed


def _bearer(headers: Headers) -> str:
    _once(headers)
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise _unauthorized(
            "Подпишите запрос (Standard Webhooks) или дайте токен: Authorization: Bearer …"
        )
    if len(token) > _LONGEST_TOKEN or not token.isascii():
        raise _unauthorized("Токен неизвестен или отозван.")
    return token


def _unauthorized(detail: str) -> Problem:
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})


def _no_school() -> Problem:
    return Problem(
        404, "no-school", "Такой школы здесь нет. Её короткое имя даёт sms-diary school list."
    )
