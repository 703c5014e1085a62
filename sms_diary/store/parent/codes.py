"""Codes for the parent's page: asked for, made, checked. Only a keyed digest of a code is kept.

Asking writes the same row for every number, known or not, so neither the words nor the time of
the answer tell which it is. Whether anything is sent, and to whom, `sms_diary.codes` (the loop)
finds out afterwards.
"""

from __future__ import annotations

import hashlib
import secrets
from enum import Enum

from sms_diary.clock import DAY, HOUR, MINUTE
from sms_diary.db import Queries
from sms_diary.store.parent import limits
from sms_diary.store.parent.limits import Limit
from sms_diary.store.tools import Tools
from sms_diary.values import value

HOLDS = 10 * MINUTE
TRIES = 5
"""Wrong ones for one code."""
DIGITS = 6
_KEPT = DAY
_ASKED = (("number", 3, HOUR), ("number", 10, DAY), ("address", 30, HOUR), ("all", 2_000, HOUR))
_TRIED = (("all", 1_000, HOUR), ("address", 60, HOUR))
"""Tries that have failed. Of a million codes so few in an hour leave no hope of guessing one, even
for whoever asks for codes to a thousand numbers from a thousand addresses."""

TO_COME_IN = 0
"""No session: the code is to come in with."""


class Answer(Enum):
    """What became of a code that was typed."""

    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"
    """It was used, replaced, too old, or tried too often: a new one is needed."""
    TOO_MANY = "too many"
    """Of all codes from there; nothing was looked at."""


async def ask(
    q: Queries, tools: Tools, number: str, *, session_id: int, address: str, now: int
) -> str | None:
    """Ask for a code to a number (E.164); the secret of the browser that asks.

    None where too many were asked for: nothing has changed then. An earlier code to the same
    number opens nothing any more. `session_id`: whose number it is to become, or `TO_COME_IN`.
    """
    counted = _limits("code", _ASKED, number=number, address=address)
    if await limits.take(q, tools, counted, now=now) is None:
        return None
    idx, secret = tools.vault.index(number), secrets.token_urlsafe(32)
    await q.run(
        """update parent_code set state = 'closed', sealed = null
           where idx = :idx and state in ('new', 'open')""",
        idx=idx,
    )
    row_id = tools.ids.new()
    await q.run(
        """insert into parent_code (id, idx, sealed, token_hash, session_id, state, created_at,
                                    ends_at)
           values (:id, :idx, :sealed, :asked, :session_id, 'new', :now, :ends)""",
        id=row_id, idx=idx, sealed=tools.vault.seal(number, "parent_code.sealed", row_id),
        asked=hashed(secret), session_id=session_id, now=now, ends=now + HOLDS,
    )  # fmt: skip
    return secret


@value
class Wanted:
    """A code that somebody has asked for and nobody has looked at yet."""

    id: int
    number: str
    session_id: int
    ends_at: int


async def next_wanted(q: Queries, tools: Tools) -> Wanted | None:
    """The oldest of them; nobody else gets it before this transaction ends."""
    row = await q.one(
        f"""select id, sealed, session_id, ends_at from parent_code where state = 'new'
            order by id limit 1 {q.only(postgresql="for update skip locked")}"""
    )
    if row is None:
        return None
    number = tools.vault.text(row["sealed"], "parent_code.sealed", row["id"])
    return Wanted(row["id"], number, row["session_id"], row["ends_at"])


async def nobody(q: Queries, wanted: Wanted) -> None:
    """Nothing is sent: it stands open like any other, and no code fits it."""
    await q.run(
        "update parent_code set state = 'open', sealed = null where id = :id and state = 'new'",
        id=wanted.id,
    )


def made() -> str:
    """A fresh code."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


async def opened(
    q: Queries, tools: Tools, wanted: Wanted, code: str, *, number_id: int, message_id: int
) -> None:
    """This code is on its way in this message."""
    await q.run(
        """update parent_code set state = 'open', sealed = null, digest = :digest,
                                  number_id = :number_id, message_id = :message_id
           where id = :id and state = 'new'""",
        digest=_digest(tools, wanted.id, code), number_id=number_id, message_id=message_id,
        id=wanted.id,
    )  # fmt: skip


async def is_asked(q: Queries, secret: str, *, session_id: int, now: int) -> bool:
    """Whether the browser with this secret waits for a code."""
    row = await q.one(
        """select 1 as one from parent_code where token_hash = :asked and session_id = :session_id
           and state in ('new', 'open') and ends_at > :now""",
        asked=hashed(secret), session_id=session_id, now=now,
    )  # fmt: skip
    return row is not None


async def check(
    q: Queries, tools: Tools, secret: str, code: str, *, session_id: int, address: str, now: int
) -> tuple[Answer, int]:
    """Try a code from the browser with this secret; with the number's id where it is right.

    A right one is used up. Of two who bring it at once, one is let in.
    """
    tried = await limits.take(q, tools, _limits("try", _TRIED, address=address), now=now)
    if tried is None:
        return Answer.TOO_MANY, 0
    row = await q.one(
        """update parent_code set tries = tries + 1
           where token_hash = :asked and session_id = :session_id and state in ('new', 'open')
             and ends_at > :now and tries < :most
           returning id, digest, number_id, message_id, tries""",
        asked=hashed(secret), session_id=session_id, now=now, most=TRIES,
    )  # fmt: skip
    if row is None:
        return Answer.OVER, 0
    kept = bytes(row["digest"]) if row["digest"] is not None else b""
    if not secrets.compare_digest(kept, _digest(tools, row["id"], code)):
        return (Answer.WRONG if row["tries"] < TRIES else Answer.OVER), 0
    await q.run("update parent_code set state = 'used' where id = :id", id=row["id"])
    await _forget_text(q, row["message_id"])
    await limits.give_back(q, tried)
    return Answer.RIGHT, row["number_id"]


async def forget(q: Queries, number_id: int, idx: bytes) -> None:
    """A number's owner wants nothing of it kept."""
    await q.run(
        "delete from parent_code where number_id = :number_id or idx = :idx",
        number_id=number_id,
        idx=idx,
    )


async def sweep(q: Queries, *, now: int) -> None:
    """Codes and tries of days that are over go, and with them the texts of those codes."""
    rows = await q.all(
        "delete from parent_code where created_at < :past returning message_id", past=now - _KEPT
    )
    for row in rows:
        await _forget_text(q, row["message_id"])
    await q.run("delete from parent_attempt where at < :past", past=now - DAY)


async def _forget_text(q: Queries, message_id: int | None) -> None:
    """The SMS told the code; what has not left yet does not leave any more."""
    await q.run("update message set text = null where id = :id", id=message_id or 0)


def hashed(secret: str) -> bytes:
    """How the secret of a cookie is kept."""
    return hashlib.sha256(secret.encode()).digest()


def _digest(tools: Tools, row_id: int, code: str) -> bytes:
    # Keyed: a million codes are tried in a second by whoever has a stolen file.
    return tools.vault.digest(f"parent code {row_id} {code}".encode())


def _limits(what: str, most: tuple[tuple[str, int, int], ...], **of: str) -> list[Limit]:
    return [Limit(f"parent {what}: {name} {of.get(name, '')}", n, span) for name, n, span in most]
