"""A school's pupils and guardians one by one and page by page: seen, added, changed.

Whole lists go by `people`. Pages follow the ids, so their cost does not grow with their depth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sms_diary.db import Queries, Row
from sms_diary.ingest.matching import name_key
from sms_diary.phone import mask
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class PupilView:
    id: int
    full_name: str
    external_id: str | None
    birth_date: str | None
    class_name: str | None
    """Of the day that was asked about; None: in no class then."""
    rev: int
    created_at: int


@value
class GuardianView:
    id: int
    full_name: str
    number_id: int
    number: str
    """Masked."""
    latin: bool | None
    """None: as the school."""
    welcomed: bool
    rev: int
    created_at: int


IN_CLASS = """select m.pupil_id from membership m where m.class_id = :class_id
    and m.from_day <= :day and (m.to_day is null or m.to_day >= :day)"""
"""Who is in a class on a day."""


# ---------------------------------------------------------------- pupils


async def pupils(
    q: Queries, school_id: int, *, day: str, class_id: int | None, after: int, limit: int
) -> list[PupilView]:
    """The school's pupils from the one after `after`; of one class, if it is named."""
    if class_id is None:
        rows = await q.all(
            """select * from pupil where school_id = :school_id and id > :after
               and full_name is not null order by id limit :limit""",
            school_id=school_id,
            after=after,
            limit=limit,
        )
    else:
        rows = await q.all(
            f"""with few as materialized ({IN_CLASS})
                select pupil.* from few join pupil on pupil.id = few.pupil_id
                where pupil.school_id = :school_id and pupil.id > :after
                  and pupil.full_name is not null order by pupil.id limit :limit""",
            school_id=school_id,
            class_id=class_id,
            day=day,
            after=after,
            limit=limit,
        )
    return await _pupils(q, rows, day)


async def pupil(
    q: Queries, school_id: int, pupil_id: int, *, day: str, lock: bool = False
) -> PupilView | None:
    rows = await q.all(
        f"""select * from pupil where id = :id and school_id = :school_id
            and full_name is not null {q.only(postgresql="for update") if lock else ""}""",
        id=pupil_id,
        school_id=school_id,
    )
    return (await _pupils(q, rows, day))[0] if rows else None


async def pupil_ids(q: Queries, school_id: int) -> list[int]:
    """Everybody whom the school has."""
    rows = await q.all(
        "select id from pupil where school_id = :school_id and full_name is not null",
        school_id=school_id,
    )
    return [row["id"] for row in rows]


async def _pupils(q: Queries, rows: Sequence[Row], day: str) -> list[PupilView]:
    found = await q.over(
        """with rows(id bigint)
           select m.pupil_id, class.name from rows join membership m on m.pupil_id = rows.id
           join class on class.id = m.class_id
           where m.from_day <= :day and (m.to_day is null or m.to_day >= :day)
           order by m.pupil_id, m.from_day""",
        sorted((row["id"],) for row in rows),
        day=day,
    )
    names = {row["pupil_id"]: row["name"] for row in found}
    return [
        PupilView(
            row["id"], row["full_name"], row["external_id"], row["birth_date"],
            names.get(row["id"]), row["rev"], row["created_at"],
        )
        for row in rows
    ]  # fmt: skip


async def with_external_id(q: Queries, school_id: int, external_id: str) -> int | None:
    """The pupil whom the journal calls so."""
    row = await q.one(
        "select id from pupil where school_id = :school_id and external_id = :external_id",
        school_id=school_id,
        external_id=external_id,
    )
    return row["id"] if row else None


async def change_pupil(
    q: Queries, school_id: int, pupil_id: int, values: Mapping[str, Any]
) -> None:
    """Set columns of a pupil: full_name with name_key, external_id, birth_date."""
    await _change(q, "pupil", school_id, pupil_id, values)


async def move(q: Queries, school_id: int, pupil_id: int, class_id: int, today: date) -> None:
    """From `today` the pupil is in this class and in no other."""
    day = today.isoformat()
    await q.run(
        """delete from membership where pupil_id = :pupil_id and school_id = :school_id
           and from_day >= :day""",
        pupil_id=pupil_id,
        school_id=school_id,
        day=day,
    )
    await q.run(
        """update membership set to_day = :before where pupil_id = :pupil_id
           and school_id = :school_id and (to_day is null or to_day >= :day)""",
        before=(today - timedelta(days=1)).isoformat(),
        pupil_id=pupil_id,
        school_id=school_id,
        day=day,
    )
    await q.insert(
        "membership",
        "pupil_id, class_id, school_id, from_day, to_day",
        [(pupil_id, class_id, school_id, day, None)],
    )


# ---------------------------------------------------------------- guardians

_GUARDIAN = """g.id, g.full_name, g.number_id, g.latin, g.welcomed_at, g.rev, g.created_at, n.sealed
    from guardian g join number n on n.id = g.number_id"""


async def guardians(
    q: Queries, tools: Tools, school_id: int, *, day: str, class_id: int | None, after: int,
    limit: int,
) -> list[GuardianView]:  # fmt: skip
    """The school's guardians from the one after `after`; of one class's pupils, if it is named."""
    if class_id is None:
        rows = await q.all(
            f"""select {_GUARDIAN} where g.school_id = :school_id and g.id > :after
                order by g.id limit :limit""",
            school_id=school_id,
            after=after,
            limit=limit,
        )
    else:
        rows = await q.all(
            f"""with few as materialized (
                    select distinct s.guardian_id from ({IN_CLASS}) of_class
                    cross join subscription s where s.pupil_id = of_class.pupil_id)
                select {_GUARDIAN} join few on few.guardian_id = g.id
                where g.school_id = :school_id and g.id > :after order by g.id limit :limit""",
            school_id=school_id,
            class_id=class_id,
            day=day,
            after=after,
            limit=limit,
        )
    return [_guardian(row, tools) for row in rows]


async def guardian(
    q: Queries, tools: Tools, school_id: int, guardian_id: int, *, lock: bool = False
) -> GuardianView | None:
    row = await q.one(
        f"""select {_GUARDIAN} where g.id = :id and g.school_id = :school_id
            {q.only(postgresql="for update of g") if lock else ""}""",
        id=guardian_id,
        school_id=school_id,
    )
    return _guardian(row, tools) if row else None


async def of_number(q: Queries, tools: Tools, school_id: int, number: str) -> GuardianView | None:
    """The school's guardian with this number (E.164)."""
    row = await q.one(
        f"select {_GUARDIAN} where n.idx = :idx and g.school_id = :school_id",
        idx=tools.vault.index(number),
        school_id=school_id,
    )
    return _guardian(row, tools) if row else None


def _guardian(row: Row, tools: Tools) -> GuardianView:
    number = tools.vault.text(row["sealed"], "number.sealed", row["number_id"])
    return GuardianView(
        id=row["id"],
        full_name=row["full_name"] or "",
        number_id=row["number_id"],
        number=mask(number),
        latin=None if row["latin"] is None else bool(row["latin"]),
        welcomed=row["welcomed_at"] is not None,
        rev=row["rev"],
        created_at=row["created_at"],
    )


async def change_guardian(
    q: Queries, school_id: int, guardian_id: int, values: Mapping[str, Any]
) -> None:
    """Set columns of a guardian: full_name, latin."""
    if "full_name" in values:
        values = {**values, "name_key": name_key(values["full_name"] or "")}
    await _change(q, "guardian", school_id, guardian_id, values)


async def _change(
    q: Queries, table: str, school_id: int, row_id: int, values: Mapping[str, Any]
) -> None:
    if values:
        sets = ", ".join(f"{name} = :{name}" for name in sorted(values))
        await q.run(
            f"""update {table} set {sets}, rev = rev + 1
                where id = :id and school_id = :school_id""",
            id=row_id,
            school_id=school_id,
            **values,
        )
