"""Pupils with their guardians as the list of people shows them: by name, page by page.

Who is sought by a name is found by a pupil's or by a guardian's; a row is always a pupil's.

Reading only; numbers come out masked. One person's card is read by the functions that the admin
endpoint has (`roll`, `subscriptions`, `history`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sms_diary.db import Queries, Row
from sms_diary.model import ConsentState, NumberState
from sms_diary.phone import mask
from sms_diary.store.tools import Tools
from sms_diary.values import value

_AFTER_EVERY_LETTER = "\U0010ffff"


@value
class Guardian:
    """`name` is "" where nobody told it; `state` is that of the consent to all SMS of the pupil."""

    id: int
    name: str
    relation: str
    number: str
    """Masked; "" where it was erased."""
    state: ConsentState
    number_state: NumberState


@value
class Pupil:
    id: int
    name: str
    class_name: str
    """"" for who is in no class on the day."""
    guardians: tuple[Guardian, ...]


async def page(
    q: Queries, tools: Tools, school_id: int, *, day: str, classes: Collection[int] | None,
    prefix: str = "", after: int = 0, limit: int,
) -> list[Pupil]:  # fmt: skip
    """The school's pupils in the order of their names, from the one after the pupil `after`.

    `classes`: ids of those whose pupils are meant on `day` (ISO date); None: everybody. `prefix`
    is how the `name_key` begins, the pupil's or one of the guardians'. All go by an index, so a
    page costs the same at any depth.
    """
    bounds = await _bounds(q, school_id, prefix, after) | {"limit": limit}
    named = {name: bounds[name] for name in ("school_id", "first", "until", "after", "limit")}
    if classes is not None:
        rows = await _of_classes(q, classes, bounds, day=day)
    elif prefix:
        rows = await _sought(q, bounds)
    else:
        rows = await q.all(
            f"""select p.id, p.full_name from pupil p where {_named(q)}
                order by {_by_name(q)} limit :limit""",
            **named,
        )
    ids = [row["id"] for row in rows]
    titles = await class_titles(q, ids, day=day)
    known = await guardians(q, tools, school_id, ids)
    return [
        Pupil(row["id"], row["full_name"], titles.get(row["id"], ""), known.get(row["id"], ()))
        for row in rows
    ]


async def _bounds(q: Queries, school_id: int, prefix: str, after: int) -> dict[str, Any]:
    """From which name (`first`, and of that name from which id) to which a page may go."""
    row = await q.one(
        "select name_key from pupil where id = :id and school_id = :school_id",
        id=after,
        school_id=school_id,
    )
    first = (row["name_key"] or "") if row else ""
    return {
        "school_id": school_id, "first": max(first, prefix), "prefix": prefix,
        "until": prefix + _AFTER_EVERY_LETTER, "after": after if first >= prefix else 0,
        "past": first, "past_id": after if first else 0,
    }  # fmt: skip


def _by_name(q: Queries) -> str:
    """In the order of code points on both engines."""
    by_point = q.only(postgresql='collate "C"')
    return f"p.name_key {by_point}, p.id"


def _named(q: Queries) -> str:
    """Pupils with a name between `_bounds`."""
    by_point = q.only(postgresql='collate "C"')
    return f"""p.school_id = :school_id and p.full_name is not null
        and p.name_key {by_point} >= :first and p.name_key {by_point} < :until
        and (p.name_key {by_point} > :first or p.id > :after)"""


def _by_guardian(q: Queries) -> str:
    """Pupils past the end of the page before, who are followed by a guardian `g` of that name."""
    by_point = q.only(postgresql='collate "C"')
    # The sign: from the guardians to the pupils, not the other way.
    return f"""+p.school_id = :school_id and p.full_name is not null
        and p.name_key {by_point} >= :past
        and (p.name_key {by_point} > :past or p.id > :past_id)
        and g.school_id = :school_id
        and g.name_key {by_point} >= :prefix and g.name_key {by_point} < :until"""


async def _sought(q: Queries, bounds: Mapping[str, Any]) -> Sequence[Row]:
    """A page of the school's by either name."""
    return await q.all(
        f"""select p.id, p.full_name from (
                select id from (select p.id from pupil p where {_named(q)}
                                order by {_by_name(q)} limit :limit) named
                union
                select p.id from guardian g join subscription s on s.guardian_id = g.id
                join pupil p on p.id = s.pupil_id where {_by_guardian(q)}
            ) found join pupil p on p.id = found.id
            order by {_by_name(q)} limit :limit""",
        **bounds,
    )


async def _of_classes(
    q: Queries, classes: Collection[int], bounds: Mapping[str, Any], *, day: str
) -> Sequence[Row]:
    """Those of a few classes: found first, then put in order."""
    return await q.over(
        f"""with rows(class_id bigint)
            select p.id, p.full_name, p.name_key from rows
            join membership m on m.class_id = rows.class_id
            join pupil p on p.id = m.pupil_id
            where m.from_day <= :day and (m.to_day is null or m.to_day >= :day) and (({_named(q)})
                or (:prefix <> '' and exists (
                    select 1 from subscription s join guardian g on g.id = s.guardian_id
                    where s.pupil_id = p.id and {_by_guardian(q)})))
            order by {_by_name(q)} limit :limit""",
        [(one,) for one in sorted(set(classes))],
        day=day,
        **bounds,
    )


async def class_titles(q: Queries, pupil_ids: Iterable[int], *, day: str) -> dict[int, str]:
    """Pupil -> the title of the class on that day, where there is one."""
    rows = await q.over(
        """with rows(id bigint)
           select m.pupil_id, c.name from rows join membership m on m.pupil_id = rows.id
           join class c on c.id = m.class_id
           where m.from_day <= :day and (m.to_day is null or m.to_day >= :day)
           order by m.pupil_id, m.from_day""",
        [(one,) for one in sorted(set(pupil_ids))],
        day=day,
    )
    return {row["pupil_id"]: row["name"] for row in rows}


async def in_classes(
    q: Queries, pupil_ids: Iterable[int], classes: Collection[int] | None, *, day: str
) -> set[int]:
    """Those of the pupils who are in one of these classes on that day; None: all of them."""
    if classes is None:
        return set(pupil_ids)
    rows = await q.over(
        """with rows(id bigint)
           select m.pupil_id, m.class_id from rows join membership m on m.pupil_id = rows.id
           where m.from_day <= :day and (m.to_day is null or m.to_day >= :day)""",
        [(one,) for one in sorted(set(pupil_ids))],
        day=day,
    )
    return {row["pupil_id"] for row in rows if row["class_id"] in classes}


async def guardians(
    q: Queries, tools: Tools, school_id: int, pupil_ids: Iterable[int]
) -> dict[int, tuple[Guardian, ...]]:
    """Pupil -> the guardians, in the order in which they were made known."""
    rows = await q.over(
        """with rows(id bigint)
           select s.pupil_id, s.relation, g.id, g.full_name, n.id as number_id, n.sealed,
                  n.state as number_state, c.state
           from rows join subscription s on s.pupil_id = rows.id
           join guardian g on g.id = s.guardian_id join number n on n.id = g.number_id
           left join consent c on c.subscription_id = s.id and c.topic = '*'
           where +s.school_id = :school_id order by s.id""",  # the sign: by pupil, not by school
        [(one,) for one in sorted(set(pupil_ids))],
        school_id=school_id,
    )
    found: dict[int, tuple[Guardian, ...]] = {}
    for row in rows:
        number = tools.vault.text(row["sealed"], "number.sealed", row["number_id"])
        one = Guardian(
            row["id"], row["full_name"] or "", row["relation"], mask(number) if number else "",
            ConsentState(row["state"] or ConsentState.UNKNOWN), NumberState(row["number_state"]),
        )  # fmt: skip
        found[row["pupil_id"]] = (*found.get(row["pupil_id"], ()), one)
    return found
