"""Sessions of the parent's page. Only the hash of what the cookie holds is kept.

A session is of a number (its owner typed the code) or of a slip. It ends after `IDLE` without a
request and after `LONGEST` whatever happens: the computer may be everybody's.
"""

from __future__ import annotations

import secrets

from sms_diary.clock import DAY, HOUR, MINUTE
from sms_diary.db import Queries, Row
from sms_diary.store.parent.codes import hashed
from sms_diary.store.tools import Tools
from sms_diary.values import value

IDLE = 15 * MINUTE
LONGEST = HOUR
_NOTED_AFTER = MINUTE
_KEPT = DAY


@value
class Session:
    """Of a number or of a slip: the other id is 0."""

    id: int
    number_id: int
    slip_id: int
    said: str
    """What the next page is to say first."""
    seen_at: int

    def to_be_noted(self, now: int) -> bool:
        return now - self.seen_at >= _NOTED_AFTER or bool(self.said)


async def begin(q: Queries, tools: Tools, *, number_id: int = 0, slip_id: int = 0, now: int) -> str:
    """A new session; what its cookie holds."""
    secret = secrets.token_urlsafe(32)
    await q.run(
        """insert into parent_session (id, token_hash, number_id, slip_id, created_at, seen_at,
                                       ends_at)
           values (:id, :hash, :number_id, :slip_id, :now, :now, :ends)""",
        id=tools.ids.new(), hash=hashed(secret), number_id=number_id, slip_id=slip_id, now=now,
        ends=now + LONGEST,
    )  # fmt: skip
    return secret


async def find(q: Queries, secret: str, *, now: int) -> Session | None:
    """The live session of a cookie; None for any other."""
    row = await q.one(
        """select * from parent_session where token_hash = :hash and ended_at is null
           and ends_at > :now and seen_at > :idle""",
        hash=hashed(secret), now=now, idle=now - IDLE,
    )  # fmt: skip
    return _session(row) if row else None


async def one(q: Queries, session_id: int) -> Session | None:
    """A session by its id, live or not."""
    row = await q.one("select * from parent_session where id = :id", id=session_id)
    return _session(row) if row else None


async def note(q: Queries, session_id: int, *, now: int) -> None:
    """It was used just now, and what it had to say was said."""
    await q.run(
        "update parent_session set seen_at = :now, said = '' where id = :id", now=now, id=session_id
    )


async def say(q: Queries, session_id: int, words: str) -> None:
    """Let the next page begin with these words; no personal data in them."""
    await q.run(
        "update parent_session set said = :words where id = :id", words=words, id=session_id
    )


async def end(q: Queries, session_id: int, *, now: int) -> None:
    await q.run("update parent_session set ended_at = :now where id = :id", now=now, id=session_id)


async def move(q: Queries, session_id: int, old_id: int, new_id: int) -> None:
    """The family has changed its number in this session: it goes on with the new one.

    With the change all sessions of the old number have ended, this one too.
    """
    await q.run(
        """update parent_session set number_id = :new, ended_at = null
           where id = :id and number_id = :old""",
        new=new_id,
        old=old_id,
        id=session_id,
    )


async def end_of_number(q: Queries, number_id: int, *, now: int) -> None:
    await q.run(
        """update parent_session set ended_at = :now
           where number_id = :number_id and ended_at is null""",
        now=now,
        number_id=number_id,
    )


async def end_of_slip(q: Queries, slip_id: int, *, but: int = 0, now: int) -> None:
    """Its sessions, but this one."""
    await q.run(
        """update parent_session set ended_at = :now
           where slip_id = :slip_id and id <> :but and ended_at is null""",
        now=now,
        slip_id=slip_id,
        but=but,
    )


async def forget(q: Queries, number_id: int) -> None:
    """A number's owner wants nothing of it kept."""
    await q.run("delete from parent_session where number_id = :id", id=number_id)


def _session(row: Row) -> Session:
    return Session(row["id"], row["number_id"], row["slip_id"], row["said"], row["seen_at"])


async def sweep(q: Queries, *, now: int) -> None:
    """Sessions of days that are over go."""
    await q.run("delete from parent_session where created_at < :past", past=now - _KEPT)
