"""Two records of one child become one: of a pupil who was written twice.

One record stays, with its class and its journal's id; the guardians, the slips and the diary of
the other follow it (`merging_guardians`, `merging_diary`). What is left of the other is a row
without a name, as of a pupil who was forgotten: places in a class are counted by it
(`store/paper.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from sms_diary.db import Queries
from sms_diary.errors import NotYet
from sms_diary.ingest.doubles import fuller
from sms_diary.ingest.matching import name_key
from sms_diary.store import numbers, roll, schools, withdraw
from sms_diary.store.persons import merging_diary, merging_guardians
from sms_diary.store.roll import PupilView
from sms_diary.store.tools import Tools
from sms_diary.values import value

OTHER_IDS = (
    "У обеих записей есть номер из журнала, и номера разные: для журнала это два ученика. "
    "Если ребёнок один, оставьте его в журнале один раз и уберите номер у лишней записи здесь "
    "(это делает тот, кто подключал журнал). Потом объединяйте."
)
OTHER_BIRTHS = (
    "У записей разные даты рождения. Если ребёнок один, исправьте дату в журнале или в списке "
    "класса и загрузите его снова. Потом объединяйте."
)


@value
class Two:
    """The record that stays and the one that goes into it."""

    keep: PupilView
    drop: PupilView
    classes: Mapping[int, int]
    """Pupil -> the class of the day that was asked about (id), where there is one."""

    @property
    def against(self) -> str:
        """Why they cannot be one, in Russian; "" if nothing is against it."""
        if _differ(self.keep.external_id, self.drop.external_id):
            return OTHER_IDS
        return OTHER_BIRTHS if _differ(self.keep.birth_date, self.drop.birth_date) else ""


@value
class Merged:
    """What was done; `told_less` guardians lost a consent that only one record had."""

    pupil_id: int
    moved: int
    """Subscriptions that follow the record."""
    joined: int
    told_less: int
    entries: int


def _differ(one: str | None, other: str | None) -> bool:
    return bool(one and other and one != other)


async def find(q: Queries, school_id: int, one_id: int, other_id: int, *, day: str) -> Two | None:
    """Two different pupils of the school; the one whom the journal knows stays, else the older."""
    found = [await roll.pupil(q, school_id, one, day=day) for one in {one_id, other_id}]
    pupils = [one for one in found if one is not None]
    if len(pupils) != 2:  # noqa: PLR2004  # two records
        return None
    keep, drop = sorted(pupils, key=lambda one: (one.external_id is None, one.id))
    return Two(keep, drop, await _classes(q, school_id, (keep.id, drop.id), day))


async def merge(
    q: Queries, tools: Tools, school_id: int, one_id: int, other_id: int, *, today: date,
    class_id: int | None = None, by: str, now: int,
) -> Merged | None:  # fmt: skip
    """Make one of these pupils; None if the school has not both. Raises `NotYet` if they differ.

    `class_id` says in which class the child is; None: in that of the record that stays, or of
    the other if that one is in none. `by` is the ledger's actor. Locks the school and then all
    the numbers, as everybody does.
    """
    await schools.by_ids(q, [school_id], lock=True)
    await schools.bump(q, [school_id])
    two = await find(q, school_id, one_id, other_id, day=today.isoformat())
    if two is None:
        return None
    if two.against:
        raise NotYet(two.against)
    keep, drop = two.keep.id, two.drop.id
    followers = await merging_guardians.followers(q, school_id, keep, drop)
    number_ids = {one.number_id for one in followers}
    await numbers.bump(q, number_ids)
    # What has not left waits as lines again: those are put together below.
    await withdraw.withdraw(q, number_ids, now=now)
    said = merging_guardians.Saying(by, keep, drop)
    entries = await merging_diary.join(q, school_id, keep, drop)
    await _follow(q, school_id, keep, drop)
    await _one_row(q, school_id, two)
    await _one_class(q, school_id, two, class_id, today)
    lost = await merging_guardians.join(q, tools, school_id, followers, said, now=now)
    known = {drop: keep, **entries.gone, **{one.drop: one.keep for one in followers if one.both}}
    await _answers(q, school_id, known)
    moved = sum(1 for one in followers if not one.keep)
    return Merged(keep, moved, sum(one.both for one in followers), lost, entries.moved)


async def _follow(q: Queries, school_id: int, keep: int, drop: int) -> None:
    """Slips, audiences and who is told apart name the record that stays."""
    both = {"school_id": school_id, "keep": keep, "drop": drop}
    await q.run(
        """update parent_slip set pupil_id = :keep
           where pupil_id = :drop and school_id = :school_id""",
        **both,
    )
    announced = """entry_id in (select id from entry
        where school_id = :school_id and kind = 'announcement')"""
    await q.run(
        f"""insert into audience (entry_id, class_id, pupil_id)
            select entry_id, class_id, cast(:keep as bigint) from audience
            where pupil_id = :drop and {announced} on conflict do nothing""",
        **both,
    )
    await q.run(
        f"delete from audience where pupil_id = :drop and {announced}",
        school_id=school_id,
        drop=drop,
    )
    await q.run(
        """insert into not_double (school_id, one, other, by, at)
           select school_id, case when who < :keep then who else :keep end,
                  case when who < :keep then :keep else who end, by, at
           from (select n.*, case when one = :drop then other else one end as who
                 from not_double n
                 where school_id = :school_id and (one = :drop or other = :drop)) known
           where who <> :keep on conflict do nothing""",
        **both,
    )
    await q.run(
        "delete from not_double where school_id = :school_id and (one = :drop or other = :drop)",
        school_id=school_id,
        drop=drop,
    )


async def _one_row(q: Queries, school_id: int, two: Two) -> None:
    """What either record knows stands in the one; the other has no name any more."""
    keep, drop = two.keep, two.drop
    name = fuller(keep.full_name, drop.full_name)
    # First this one: no two have the same id of the journal.
    await roll.change_pupil(q, school_id, drop.id, {
        "full_name": None, "name_key": None, "birth_date": None, "external_id": None,
    })  # fmt: skip
    await roll.change_pupil(q, school_id, keep.id, {
        "full_name": name, "name_key": name_key(name),
        "birth_date": keep.birth_date or drop.birth_date,
        "external_id": keep.external_id or drop.external_id,
    })  # fmt: skip


async def _classes(
    q: Queries, school_id: int, pupil_ids: tuple[int, int], day: str
) -> dict[int, int]:
    rows = await q.over(
        """with rows(id bigint)
           select m.pupil_id, m.class_id from rows join membership m on m.pupil_id = rows.id
           where m.school_id = :school_id and m.from_day <= :day
             and (m.to_day is null or m.to_day >= :day)
           order by m.pupil_id, m.from_day""",
        [(one,) for one in sorted(pupil_ids)],
        school_id=school_id,
        day=day,
    )
    return {row["pupil_id"]: row["class_id"] for row in rows}


async def _one_class(
    q: Queries, school_id: int, two: Two, class_id: int | None, today: date
) -> None:
    """The child is in one class from today on; the other record is in none.

    Its past places stay with it: they count in the numbers of the forms of its class.
    """
    own, others = two.classes.get(two.keep.id), two.classes.get(two.drop.id)
    wanted = class_id if class_id is not None and class_id in {own, others} else own or others
    if wanted is not None and wanted != own:
        await roll.move(q, school_id, two.keep.id, wanted, today)
    await q.run(
        """update membership set to_day = :before where pupil_id = :drop
           and school_id = :school_id and (to_day is null or to_day >= :day)""",
        before=(today - timedelta(days=1)).isoformat(),
        day=today.isoformat(),
        drop=two.drop.id,
        school_id=school_id,
    )


async def _answers(q: Queries, school_id: int, known: Mapping[int, int]) -> None:
    """Questions, answers and what imports have made no longer name what is gone."""
    rows = sorted(known.items())
    await q.over(
        """with rows(gone bigint, stays bigint)
           update answer set choice = rows.stays from rows
           where answer.school_id = :school_id and answer.choice = rows.gone""",
        rows,
        school_id=school_id,
    )
    await q.over(
        """with rows(id bigint)
           delete from import_made where id in (select id from rows)
           and import_id in (select id from import where school_id = :school_id)""",
        [(old,) for old, _ in rows],
        school_id=school_id,
    )
    asked = await q.all(
        """select id, candidates from quarantine
           where school_id = :school_id and state = 'open' and candidates <> ''""",
        school_id=school_id,
    )
    renamed = [(row["id"], _renamed(row["candidates"], known), row["candidates"]) for row in asked]
    await q.over(
        """with rows(id bigint, candidates text)
           update quarantine set candidates = rows.candidates from rows
           where quarantine.id = rows.id""",
        sorted((one, new) for one, new, old in renamed if new != old),
    )


def _renamed(candidates: str, known: Mapping[int, int]) -> str:
    ids = [int(one) for one in candidates.split(",") if one]
    return ",".join(map(str, dict.fromkeys(known.get(one, one) for one in ids)))
