"""A school's own SMS texts, with every version that was before.

What a text may be is `render.templates`'s: whoever saves one checks it first.
"""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.db import Queries
from sms_diary.store import schools, withdraw
from sms_diary.values import value


@value
class Version:
    """`source` is "" where the school went back to the text that ships."""

    name: str
    version: int
    source: str
    made_by: str
    at: int


async def own(q: Queries, school_ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """School -> name -> source, of its own texts that hold now."""
    rows = await q.over(
        """with rows(id bigint)
           select template.school_id, template.name, template.source
           from rows join template on template.school_id = rows.id
           where template.source <> '' and not exists (
               select 1 from template newer where newer.school_id = template.school_id
                 and newer.name = template.name and newer.version > template.version)""",
        [(school_id,) for school_id in sorted(set(school_ids))],
    )
    found: dict[int, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["school_id"], {})[row["name"]] = row["source"]
    return found


async def last(q: Queries, school_id: int) -> dict[str, Version]:
    """Name -> the newest version, of every text that the school ever had of its own."""
    rows = await q.all(
        """select name, version, source, made_by, at from template
           where school_id = :school_id order by version""",
        school_id=school_id,
    )
    return {row["name"]: Version(**row) for row in rows}


async def history(q: Queries, school_id: int, name: str) -> list[Version]:
    """Every version of one text, newest first."""
    rows = await q.all(
        """select name, version, source, made_by, at from template
           where school_id = :school_id and name = :name order by version desc""",
        school_id=school_id,
        name=name,
    )
    return [Version(**row) for row in rows]


async def save(
    q: Queries, school_id: int, name: str, source: str, *, by: str, now: int
) -> int:  # fmt: skip
    """Keep a new version, which holds at once: what is queued is written anew; its number."""
    await schools.by_ids(q, [school_id], lock=True)  # two who save at once get two versions
    known = await history(q, school_id, name)
    version = known[0].version + 1 if known else 1
    await q.run(
        """insert into template (school_id, name, version, source, made_by, at)
           values (:school_id, :name, :version, :source, :by, :now)""",
        school_id=school_id,
        name=name,
        version=version,
        source=source,
        by=by,
        now=now,
    )
    await withdraw.of_school(q, school_id, now=now)
    return version
