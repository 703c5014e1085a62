"""Messages of a few numbers or states, by the index that leads to each: the newest, and how many.

What else must hold of them is whoever asks's.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sms_diary.db import Queries

NUMBER, STATE = "number_id bigint", "state text"
"""The columns, as `rows` of a query has them."""
FAILED = "m.state not in ('open', 'delivered')"
"""As `message_that_failed` has it."""
INDEX = {NUMBER: "indexed by message_of_number", STATE: "indexed by message_that_failed"}
"""SQLite, without statistics, would go through all of the school for each of them."""
Keys = tuple[str, list[tuple[int | str]]]
"""A column, and its values."""
_FEWEST, _SPARE = 60, 3
"""Of each value so many are read first, and so many times its fair share of a page: to read a whole
page of each is slow where values are many."""


async def newest(q: Queries, keys: Keys, where: str, given: dict[str, Any]) -> list[int]:
    """The newest of each value of a column, then of all of them; `skip` of each are left out."""
    most, asked = given["limit"], keys[1]
    each = min(most, max(_FEWEST, _SPARE * most // max(len(asked), 1)))
    found = await _of_each(q, keys, where, given | {"limit": each})
    # Of a value that has more than were read, what is older than those is not known yet.
    edge = max((ids[-1] for ids in found.values() if len(ids) == each < most), default=0)
    sure = [one for ids in found.values() for one in ids if one >= edge]
    if edge and len(sure) < most:
        found = await _of_each(q, keys, where, given)
        sure = [one for ids in found.values() for one in ids]
    return sorted(sure, reverse=True)[:most]


async def _of_each(
    q: Queries, keys: Keys, where: str, given: dict[str, Any]
) -> dict[int | str, list[int]]:
    """The newest of each value, newest first; `limit` of each at most."""
    column, asked = keys
    first = f"""select m.id {_each(q, column)} {where}
        order by m.id desc limit :limit offset :skip"""
    of_each = {
        "sqlite": f"join message x on x.id in ({first})",
        "postgresql": f"cross join lateral ({first}) x",
    }
    rows = await q.over(
        f"""with rows({column})
            select rows.{_name(column)} as whose, x.id from rows {of_each[q.engine]}""",
        asked,
        **{"skip": 0} | given,
    )
    found = defaultdict[int | str, list[int]](list)
    for row in sorted(rows, key=lambda one: int(one["id"]), reverse=True):
        found[row["whose"]].append(row["id"])
    return found


async def between(q: Queries, keys: Keys | None, school_id: int, low: int, high: int) -> int:
    """How many messages of the school have an id from `low` on, below `high`; of these keys."""
    given = {"school_id": school_id, "low": low, "high": high}
    if keys is None:
        row = await q.one(
            """select count(*) as n from message
               where school_id = :school_id and id >= :low and id < :high""",
            **given,
        )
        return int(row["n"]) if row else 0
    column, asked = keys
    failed = f"and {FAILED}" if column == STATE else ""
    rows = await q.over(
        f"""with rows({column}) select (select count(*) {_each(q, column)}
            and m.school_id = :school_id {failed}) as n from rows""",
        asked,
        **given,
    )
    return sum(row["n"] for row in rows)


def _each(q: Queries, column: str) -> str:
    name = _name(column)
    return f"""from message m {q.only(sqlite=INDEX[column])} where m.{name} = rows.{name}
        and m.id < :high and m.id >= :low"""


def _name(column: str) -> str:
    return column.split(maxsplit=1)[0]
