"""When a key last brought events that were taken: whether an old one may be revoked."""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.db import Queries


async def note(q: Queries, *, credential_id: int, now: int) -> None:
    await q.run("update credential set used_at = :now where id = :id", id=credential_id, now=now)


async def last(q: Queries, credential_ids: Iterable[int]) -> dict[int, int]:
    """Key -> epoch milliseconds; those that have brought nothing are not in it."""
    rows = await q.over(
        """with rows(id bigint)
           select c.id, c.used_at from rows
           join credential c on c.id = rows.id and c.used_at is not null""",
        [(one,) for one in sorted(set(credential_ids))],
    )
    return {row["id"]: row["used_at"] for row in rows}
