"""How a school's tables are to be read, as a person once said: by the fingerprint of the headings.

What a choice does is `ingest.imports.columns`'.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from sms_diary.db import Queries, Row
from sms_diary.values import value


@value
class Remembered:
    headings: str
    title: str
    choice: Mapping[str, str]
    at: int
    by: str


async def of_school(q: Queries, school_id: int) -> list[Remembered]:
    """All of them, the latest first."""
    rows = await q.all(
        "select * from import_columns where school_id = :school_id order by at desc, headings",
        school_id=school_id,
    )
    return [_remembered(row) for row in rows]


def _remembered(row: Row) -> Remembered:
    return Remembered(
        row["headings"], row["title"], json.loads(row["choice"]), row["at"], row["by"]
    )


async def keep(q: Queries, school_id: int, one: Remembered) -> None:
    """In the place of what was said of the same headings before."""
    await q.run(
        """insert into import_columns (school_id, headings, title, choice, at, by)
           values (:school_id, :headings, :title, :choice, :at, :by)
           on conflict (school_id, headings) do update
           set choice = excluded.choice, at = excluded.at, by = excluded.by""",
        school_id=school_id,
        headings=one.headings,
        title=one.title,
        choice=json.dumps(one.choice, ensure_ascii=False),
        at=one.at,
        by=one.by,
    )


async def forget(q: Queries, school_id: int, headings: str) -> bool:
    """False if nothing was remembered of these headings; a beginning of the fingerprint will do."""
    gone = await q.run(
        """delete from import_columns where school_id = :school_id
           and substr(headings, 1, length(:headings)) = :headings""",
        school_id=school_id,
        headings=headings,
    )
    return gone > 0
