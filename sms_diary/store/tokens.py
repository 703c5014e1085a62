"""Bearer tokens: what each may do and for which school. Only their hashes are kept.

Webhook secrets, which sign, are `schools`'.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from enum import StrEnum

from sms_diary.db import Queries, Row
from sms_diary.store.tools import Tools
from sms_diary.values import value

ALL_SCHOOLS = 0


class Right(StrEnum):
    """What a token may do; one has several. A token without any word may do everything."""

    READ = "read"
    WRITE = "write"
    CONSENTS = "consents"
    SEND = "send"
    ADMIN = "admin"


RIGHT_RU: dict[Right, str] = {
    Right.READ: "смотреть",
    Right.WRITE: "менять учеников, родителей и подписки",
    Right.CONSENTS: "записывать согласия и остановки",
    Right.SEND: "присылать события и вопросы родителям, решать о повторах",
    Right.ADMIN: "менять настройки школы, выгружать номера, выдавать токены",
}


@value
class Token:
    """A live token. `school_id` is `ALL_SCHOOLS` where it opens every school."""

    id: int
    school_id: int
    name: str
    rights: frozenset[Right]
    created_at: int

    def may(self, right: Right) -> bool:
        return right in self.rights


def made() -> str:
    """A fresh token, to be shown once."""
    return "sd_" + secrets.token_urlsafe(32)


async def add(
    q: Queries, tools: Tools, school_id: int, token: str, *,
    name: str, rights: Iterable[Right] = (), now: int,
) -> int:  # fmt: skip
    """Keep a token's hash; its id. No rights: all of them."""
    token_id = tools.ids.new()
    await q.run(
        """insert into credential (id, school_id, kind, name, token_hash, scopes, created_at)
           values (:id, :school_id, 'token', :name, :hash, :scopes, :now)""",
        id=token_id,
        school_id=school_id,
        name=name,
        hash=_hash(token),
        scopes=" ".join(sorted(set(rights))),
        now=now,
    )
    return token_id


async def find(q: Queries, token: str) -> Token | None:
    """The live token that this is; None for an unknown one."""
    rows = await q.all(
        f"select {_COLUMNS} from credential where token_hash = :hash and {_LIVE}", hash=_hash(token)
    )
    return _token(rows[0]) if rows else None


async def live(q: Queries, school_id: int | None = None) -> list[Token]:
    """The live tokens in the order in which they were made: all, or one school's."""
    rows = await q.all(f"select {_COLUMNS} from credential where {_LIVE} order by id")
    return [_token(row) for row in rows if school_id in (None, row["school_id"])]


async def revoke(q: Queries, token_id: int, *, now: int) -> bool:
    """End a token; False if there is no live one of this id."""
    ended = await q.run(
        f"update credential set revoked_at = :now where id = :id and {_LIVE}", now=now, id=token_id
    )
    return ended == 1


_COLUMNS = "id, school_id, name, scopes, created_at"
_LIVE = "kind = 'token' and revoked_at is null"


def _token(row: Row) -> Token:
    words = row["scopes"].split()
    rights = frozenset(Right(word) for word in words) if words else frozenset(Right)
    return Token(row["id"], row["school_id"], row["name"], rights, row["created_at"])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
