"""Pupils of a school who are likely one child written twice, and who was said to be two.

What looks alike is `ingest.doubles`', how two become one is `persons.merging`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sms_diary.db import Queries, Row
from sms_diary.ingest import doubles
from sms_diary.ingest.doubles import Pair, Written
from sms_diary.model import OF_A_CLASS, Kind

LOOKED_THROUGH = 10_000
"""Pupils of a school, by name, among whom doubles are sought: no school has so many."""
_DIARY = sorted(str(kind) for kind in Kind if kind not in OF_A_CLASS)
_WRITTEN = """p.id, p.full_name, p.birth_date, p.external_id, (
    select c.name from membership own join class c on c.id = own.class_id
    where own.pupil_id = p.id and own.from_day <= :day
      and (own.to_day is null or own.to_day >= :day)
    order by own.from_day desc limit 1) as class_name"""


async def likely(
    q: Queries, school_id: int, *, day: str, classes: Collection[int] | None
) -> list[Pair]:
    """The pairs that nobody has told apart. `classes`: both are in these on `day` (ISO date);
    None: in the whole school."""
    rows = await (
        _everybody(q, school_id, day) if classes is None else _of_classes(q, classes, day)
    )
    pairs = doubles.possible(_written(row) for row in rows)
    pairs = doubles.likely(pairs, await _guardians(q, school_id, pairs))
    if not pairs:
        return []
    known = await q.all(
        "select one, other from not_double where school_id = :school_id", school_id=school_id
    )
    two = {(row["one"], row["other"]) for row in known}
    return [(one, other) for one, other in pairs if (one.id, other.id) not in two]


async def _everybody(q: Queries, school_id: int, day: str) -> Iterable[Row]:
    return await q.all(
        f"""select {_WRITTEN} from pupil p
            where p.school_id = :school_id and p.name_key > '' and p.full_name is not null
            order by p.name_key limit :limit""",
        school_id=school_id,
        day=day,
        limit=LOOKED_THROUGH,
    )


async def _of_classes(q: Queries, classes: Collection[int], day: str) -> Iterable[Row]:
    return await q.over(
        f"""with rows(class_id bigint)
            select distinct p.name_key, {_WRITTEN} from rows
            join membership m on m.class_id = rows.class_id
            join pupil p on p.id = m.pupil_id
            where m.from_day <= :day and (m.to_day is null or m.to_day >= :day)
              and p.full_name is not null
            order by p.name_key, p.id""",
        [(one,) for one in sorted(set(classes))],
        day=day,
    )


async def _guardians(q: Queries, school_id: int, pairs: Collection[Pair]) -> dict[int, set[int]]:
    rows = await q.over(
        """with rows(id bigint)
           select s.pupil_id, s.guardian_id from rows join subscription s on s.pupil_id = rows.id
           where s.school_id = :school_id""",
        [(one,) for one in sorted({pupil.id for pair in pairs for pupil in pair})],
        school_id=school_id,
    )
    found: dict[int, set[int]] = {}
    for row in rows:
        found.setdefault(row["pupil_id"], set()).add(row["guardian_id"])
    return found


def _written(row: Row) -> Written:
    return Written(
        row["id"], row["full_name"], row["birth_date"] or "", row["external_id"] or "",
        row["class_name"] or "",
    )  # fmt: skip


async def tell_apart(
    q: Queries, school_id: int, one: int, other: int, *, by: str, now: int
) -> None:
    """Remember that these pupils of the school are two."""
    await q.run(
        """insert into not_double (school_id, one, other, by, at)
           values (:school_id, :one, :other, :by, :now) on conflict do nothing""",
        school_id=school_id,
        one=min(one, other),
        other=max(one, other),
        by=by,
        now=now,
    )


async def marks(q: Queries, school_id: int, pupil_ids: Iterable[int]) -> dict[int, int]:
    """Pupil -> how many marks, term marks and absences stand in the diary, where there are any."""
    rows = await q.over(
        """with rows(who bigint, kind text)
           select rows.who, count(*) as n from rows join entry e
             on e.school_id = :school_id and e.kind = rows.kind and e.who = rows.who
           where e.value <> '' group by rows.who""",
        sorted((one, kind) for one in set(pupil_ids) for kind in _DIARY),
        school_id=school_id,
    )
    return {row["who"]: row["n"] for row in rows}
