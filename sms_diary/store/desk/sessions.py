"""Sessions at the desk and the one-time links that begin them. Only hashes of both are kept.

A session ends after `IDLE` without a request, after `LONGEST` whatever happens, when it is
revoked, and with its user (OWASP ASVS 4.0.3 §3.3).
"""

from __future__ import annotations

import hashlib
import secrets

from sms_diary.clock import DAY, HOUR, MINUTE
from sms_diary.db import Queries
from sms_diary.store.desk import users
from sms_diary.store.desk.users import User
from sms_diary.store.tools import Tools
from sms_diary.values import value

IDLE = 30 * MINUTE
LONGEST = 8 * HOUR
LINK_HOLDS = 3 * DAY
_NOTED_AFTER = MINUTE
"""A request moves `seen_at` once a minute at most: pages must not write at every look."""
_KEPT = 30 * DAY
_LIVE = """desk_session.revoked_at is null and desk_session.ends_at > :now
    and desk_session.seen_at > :idle and desk_user.state = 'active'"""


@value
class Session:
    id: int
    user: User
    said: str
    """What the next page is to say first."""
    seen_at: int

    def to_be_noted(self, now: int) -> bool:
        return now - self.seen_at >= _NOTED_AFTER or bool(self.said)


@value
class Listed:
    """A live session as its user sees it."""

    id: int
    agent: str
    created_at: int
    seen_at: int


def made() -> str:
    """A fresh secret of a cookie or a link: 32 random bytes."""
    return secrets.token_urlsafe(32)


async def begin(q: Queries, tools: Tools, user_id: int, *, agent: str, now: int) -> str:
    """A new session; what its cookie holds. Sessions long over are swept away by the way."""
    secret = made()
    await q.run("delete from desk_session where ends_at < :past", past=now - _KEPT)
    await q.run(
        """insert into desk_session (id, token_hash, user_id, agent, created_at, seen_at, ends_at)
           values (:id, :hash, :user_id, :agent, :now, :now, :ends)""",
        id=tools.ids.new(), hash=_hash(secret), user_id=user_id, agent=agent, now=now,
        ends=now + LONGEST,
    )  # fmt: skip
    await q.run("update desk_user set seen_at = :now where id = :id", now=now, id=user_id)
    return secret


async def find(q: Queries, secret: str, *, now: int) -> Session | None:
    """The live session of a cookie; None for any other."""
    row = await q.one(
        f"""select desk_user.*, desk_session.id as session_id, desk_session.said,
                   desk_session.seen_at as session_seen
            from desk_session join desk_user on desk_user.id = desk_session.user_id
            where desk_session.token_hash = :hash and {_LIVE}""",
        hash=_hash(secret), now=now, idle=now - IDLE,
    )  # fmt: skip
    if row is None:
        return None
    return Session(row["session_id"], users.user(row), row["said"], row["session_seen"])


async def note(q: Queries, session_id: int, *, now: int) -> None:
    """It was used just now, and what it had to say was said."""
    await q.run(
        "update desk_session set seen_at = :now, said = '' where id = :id", now=now, id=session_id
    )


async def say(q: Queries, session_id: int, words: str) -> None:
    """Let the next page of this session begin with these words; no personal data in them."""
    await q.run("update desk_session set said = :words where id = :id", words=words, id=session_id)


async def live(q: Queries, user_id: int, *, now: int) -> list[Listed]:
    """A user's live sessions, the newest first."""
    rows = await q.all(
        f"""select desk_session.id, desk_session.agent, desk_session.created_at,
                   desk_session.seen_at
            from desk_session join desk_user on desk_user.id = desk_session.user_id
            where desk_session.user_id = :user_id and {_LIVE} order by desk_session.id desc""",
        user_id=user_id, now=now, idle=now - IDLE,
    )  # fmt: skip
    return [Listed(**row) for row in rows]


async def revoke(q: Queries, user_id: int, *, only: int = 0, now: int) -> int:
    """End a user's sessions, or `only` the one of this id; how many ended."""
    return await q.run(
        f"""update desk_session set revoked_at = :now
            where user_id = :user_id and revoked_at is null {"and id = :only" if only else ""}""",
        now=now, user_id=user_id, **({"only": only} if only else {}),
    )  # fmt: skip


# ---------------------------------------------------------------- one-time links


async def invite(q: Queries, tools: Tools, user_id: int, *, now: int) -> str:
    """The secret of a link to set a password; earlier links of this user end."""
    secret = made()
    await q.run(
        "update desk_invite set used_at = :now where user_id = :id and used_at is null",
        now=now, id=user_id,
    )  # fmt: skip
    await q.run(
        """insert into desk_invite (id, token_hash, user_id, created_at, ends_at)
           values (:id, :hash, :user_id, :now, :ends)""",
        id=tools.ids.new(), hash=_hash(secret), user_id=user_id, now=now, ends=now + LINK_HOLDS,
    )  # fmt: skip
    return secret


async def invited(q: Queries, secret: str, *, now: int) -> User | None:
    """Whose link this is while it may be followed; None else."""
    row = await q.one(
        """select desk_user.* from desk_invite join desk_user on desk_user.id = desk_invite.user_id
           where desk_invite.token_hash = :hash and desk_invite.used_at is null
             and desk_invite.ends_at > :now and desk_user.state = 'active'""",
        hash=_hash(secret), now=now,
    )  # fmt: skip
    return users.user(row) if row else None


async def follow(q: Queries, secret: str, *, now: int) -> bool:
    """Use the link up. A compare-and-set: of two who follow it at once, one is told True."""
    used = await q.run(
        """update desk_invite set used_at = :now
           where token_hash = :hash and used_at is null and ends_at > :now""",
        now=now, hash=_hash(secret),
    )  # fmt: skip
    return used == 1


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
