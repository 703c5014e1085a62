"""The audit log of the desk: who saw, exported and changed what. Written, read, never changed.

No row holds a number, a name of a child or parent, or a text: the object is named by its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sms_diary.db import Queries
from sms_diary.store.desk import edges
from sms_diary.store.tools import Tools
from sms_diary.values import value

LAST = 2**63 - 1
"""Above every id."""


@value
class Note:
    """One thing that was done. `action` is a closed word of the program, `words` are Russian."""

    action: str
    kind: str = ""
    object_id: int = 0
    words: str = ""


@value
class Shown:
    """`user` is "" for the command line; `at` in epoch milliseconds."""

    id: int
    at: int
    user_id: int
    user: str
    action: str
    kind: str
    object_id: int
    words: str


@value
class Wanted:
    """What the log is narrowed by; "", 0 and None: by nothing. Moments are epoch milliseconds."""

    action: str = ""
    user_id: int = 0
    since: int | None = None
    until: int | None = None


EVERYTHING = Wanted()


async def write(
    q: Queries, tools: Tools, school_id: int, user_id: int, notes: Sequence[Note], *, now: int
) -> None:
    """Add these to the log, of one user in one school (0: of none)."""
    await q.insert(
        "desk_audit",
        "id, school_id, user_id, at, action, kind, object_id, words",
        [
            (tools.ids.new(), school_id, user_id, now, one.action, one.kind, one.object_id,
             one.words)
            for one in notes
        ],
    )  # fmt: skip


async def page(
    q: Queries, school_id: int, wanted: Wanted = EVERYTHING, *, before: int = LAST,
    limit: int = 50,
) -> list[Shown]:  # fmt: skip
    """The school's log, newest first, older than the id `before`."""
    also, narrow = "", dict[str, Any]()
    for condition, name, said in (
        ("a.action = :action", "action", wanted.action or None),
        ("a.user_id = :user_id", "user_id", wanted.user_id or None),
        ("a.at >= :since", "since", wanted.since),
        ("a.at < :until", "until", wanted.until),
    ):
        if said is not None:
            also += f" and {condition}"
            narrow[name] = said
    if wanted.since is not None:
        narrow["low"] = await edges.since(q, school_id, wanted.since, of="desk_audit")
        also += " and a.id >= :low"
    if wanted.until is not None:
        before = min(before, await edges.until(q, school_id, wanted.until, of="desk_audit"))
    rows = await q.all(
        f"""select a.id, a.at, a.user_id, coalesce(u.name, '') as user_name, a.action, a.kind,
                   a.object_id, a.words
            from desk_audit a left join desk_user u on u.id = a.user_id
            where a.school_id = :school_id and a.id < :before {also}
            order by a.id desc limit :limit""",
        school_id=school_id, before=before, limit=limit, **narrow,
    )  # fmt: skip
    return [
        Shown(row["id"], row["at"], row["user_id"], row["user_name"], row["action"], row["kind"],
              row["object_id"], row["words"])
        for row in rows
    ]  # fmt: skip
