"""How often somebody has tried to sign in: one count for all processes.

An attempt is written before the password is looked at, so many at once are many.
"""

from __future__ import annotations

from sms_diary.clock import DAY, MINUTE
from sms_diary.db import Queries
from sms_diary.store.tools import Tools

SPAN = 15 * MINUTE
_LIMITS = {"login and address": 5, "login": 30, "address": 100}
"""Attempts in `SPAN`. A login alone has more, else a stranger could lock its owner out; an address
has most, since a whole school may stand behind one."""


async def begin(q: Queries, tools: Tools, login: str, address: str, *, now: int) -> bool:
    """Write an attempt down; False if there were too many: the password must not be looked at."""
    await q.run("delete from desk_attempt where at < :past", past=now - DAY)
    allowed = True
    for name, digest in _keys(tools, login, address).items():
        row = await q.one(
            "select count(*) as n from desk_attempt where digest = :digest and at > :since",
            digest=digest, since=now - SPAN,
        )  # fmt: skip
        assert row is not None
        allowed &= row["n"] < _LIMITS[name]
    if allowed:
        for digest in _keys(tools, login, address).values():
            await q.run(
                "insert into desk_attempt (id, digest, at) values (:id, :digest, :now)",
                id=tools.ids.new(), digest=digest, now=now,
            )  # fmt: skip
    return allowed


async def succeeded(q: Queries, tools: Tools, login: str, address: str) -> None:
    """It was the owner: what was tried under this login from here counts no more."""
    keys = _keys(tools, login, address)
    await q.run("delete from desk_attempt where digest = :digest", digest=keys["login and address"])


def _keys(tools: Tools, login: str, address: str) -> dict[str, bytes]:
    words = {
        "login and address": f"desk login {login} at {address}",
        "login": f"desk login {login}",
        "address": f"desk address {address}",
    }
    return {name: tools.vault.digest(word.encode()) for name, word in words.items()}
