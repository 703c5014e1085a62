"""How often somebody has tried to sign in: one count for all processes.

An attempt is written before the password is looked at, so many at once are many.
"""

from __future__ import annotations

from sms_diary.clock import DAY, MINUTE
from sms_diary.db import Queries
from sms_diary.store.tools import Tools
from sms_diary.values import value

SPAN = 15 * MINUTE
_LIMITS = {"login and address": 5, "login": 30, "address": 100}
"""Attempts in `SPAN`. A login alone has more, else a stranger could lock its owner out; an address
has most, since a whole school may stand behind one."""


@value
class Begun:
    """An attempt. `left`: how many more there may be at once; `opens`: the moment from which there
    may be one again, None while there may: else the password must not be looked at."""

    left: int
    opens: int | None


async def begin(q: Queries, tools: Tools, login: str, address: str, *, now: int) -> Begun:
    """Write an attempt down, unless there were too many. Both answers are the same whether the
    login is known or not."""
    await q.run("delete from desk_attempt where at < :past", past=now - DAY)
    left, opens = max(_LIMITS.values()), 0
    for name, digest in _keys(tools, login, address).items():
        rows = await q.all(
            """select at from desk_attempt where digest = :digest and at > :since
               order by at desc limit :limit""",
            digest=digest, since=now - SPAN, limit=_LIMITS[name],
        )  # fmt: skip
        left = min(left, _LIMITS[name] - len(rows))
        if len(rows) == _LIMITS[name]:
            opens = max(opens, rows[-1]["at"] + SPAN)
    if left:
        for digest in _keys(tools, login, address).values():
            await q.run(
                "insert into desk_attempt (id, digest, at) values (:id, :digest, :now)",
                id=tools.ids.new(), digest=digest, now=now,
            )  # fmt: skip
    return Begun(max(left - 1, 0), None if left else opens)


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
