"""No list of the desk goes through a table, or sorts one: SQLite says how it would.

How long a page takes with a million rows is `desk/test_million.py`'s.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sms_diary.db import Database, Queries
from sms_diary.store import mailbox, repeating
from sms_diary.store.desk import audit, funnel, imports, longest, messages, untold
from sms_diary.store.desk.own import Own
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools

ALL = Own(None, "2026-11-24")
_GREAT = "message|part|line|entry|inbound|import|desk_audit|delivery"
_ALIAS = "m|p|l|e|i|a"
_SCAN = re.compile(rf"SCAN ({_GREAT}|{_ALIAS})\b(?! USING (COVERING )?INDEX)")
_FEW = {"reasons"}
"""Sorted when they are counted: a handful of words."""
List = Callable[[Queries, Tools, int], Awaitable[object]]


class Explained:
    """Queries that remember how SQLite would answer those that begin a list."""

    def __init__(self, q: Queries) -> None:
        self._q, self.plan = q, list[str]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._q, name)

    async def all(self, sql: str, **params: Any) -> Any:
        rows = await self._q.all(f"explain query plan {sql}", **params)
        self.plan += [row["detail"] for row in rows]
        return await self._q.all(sql, **params)

    async def one(self, sql: str, **params: Any) -> Any:
        return next(iter(await self.all(sql, **params)), None)


def _messages(**wanted: Any) -> List:
    return lambda q, tools, school_id: messages.page(
        q, tools, school_id, messages.Wanted(**wanted), own=ALL, before=5
    )


def _untold(**wanted: Any) -> List:
    return lambda q, _, school_id: untold.page(q, school_id, untold.Wanted(**wanted), own=ALL)


def _audit(**narrow: Any) -> List:
    return lambda q, _, school_id: audit.page(q, school_id, audit.Wanted(**narrow), before=5)


LISTS: dict[str, List] = {
    "messages": _messages(),
    "messages of a state": _messages(state="delivered"),
    "messages that wait": _messages(state="waiting"),
    "messages of a step": _messages(step="accepted", since=1, until=9),
    "messages of a topic": _messages(topic="marks", route="main", ground="consent"),
    "counts": lambda q, _, school_id: messages.counts(q, school_id),
    "what waits": lambda q, _, school_id: funnel.waiting(q, school_id),
    "untold": _untold(),
    "untold of a day": _untold(since=1, until=9, reason="stopped"),
    "untold of a class": _untold(class_id=1),
    "reasons": lambda q, _, school_id: untold.reasons(q, school_id, untold.Wanted(), own=ALL),
    "audit": _audit(),
    "audit of an action": _audit(action="forgot"),
    "audit of some days": _audit(since=1, until=9),
    "audit of somebody": _audit(user_id=5),
    "imports": lambda q, _, school_id: imports.page(q, school_id, before=5, limit=3),
    "unfinished imports": lambda q, _, school_id: imports.unfinished(
        q, school_id, since=1, before=9
    ),
    "what a message failed to tell": lambda q, _, school_id: repeating.worth_telling(
        q, school_id, 5, now=9
    ),
    "longest names": lambda q, _, school_id: longest.of_school(
        q, school_id, day="2026-11-24", called=str
    ),
    "inbound": lambda q, tools, school_id: mailbox.page(
        q, tools, school_id, state="waiting", before=5, limit=3
    ),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_goes_by_an_index(
    db: Database, tools: Tools, school: School, name: str
) -> None:
    if db.engine != "sqlite":
        return  # PostgreSQL chooses by its statistics
    async with db.reading() as q:
        explained = Explained(q)
        await LISTS[name](explained, tools, school.id)
    assert explained.plan
    assert [step for step in explained.plan if _SCAN.search(step)] == []
    sorts = [step for step in explained.plan if "ORDER BY" in step]
    assert sorts == [] or name in _FEW
