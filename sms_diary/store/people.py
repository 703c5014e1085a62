"""Classes, pupils, guardians and their subscriptions (guardian × pupil)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sms_diary.db import Queries
from sms_diary.ingest.matching import name_key
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class ClassRow:
    id: int
    name: str
    key: str


@value
class PupilRow:
    id: int
    class_id: int
    full_name: str
    birth_date: str


# ---------------------------------------------------------------- classes and pupils


async def classes(q: Queries, school_id: int, year: int) -> list[ClassRow]:
    rows = await q.all(
        "select id, name, key from class where school_id = :school_id and year = :year",
        school_id=school_id,
        year=year,
    )
    return [ClassRow(row["id"], row["name"], row["key"]) for row in rows]


async def add_classes(
    q: Queries, tools: Tools, school_id: int, year: int, names: Sequence[tuple[str, str]]
) -> list[ClassRow]:
    """New classes from (key, name) pairs; one that exists already is left as it is."""
    await q.over(
        """with rows(key text, name text, id bigint, school_id bigint, year bigint)
           insert into class (id, school_id, year, name, key)
           select id, school_id, year, name, key from rows where true
           on conflict (school_id, year, key) do nothing""",
        [
            (key, name, tools.ids.new(), school_id, year)
            for key, name in sorted(dict(names).items())
        ],
    )
    return await classes(q, school_id, year)


async def rosters(q: Queries, class_ids: Iterable[int], day: str) -> dict[int, list[PupilRow]]:
    """Who is in each class on a day (ISO date)."""
    rows = await q.over(
        """with rows(class_id bigint)
           select rows.class_id, pupil.id, pupil.full_name, pupil.birth_date
           from rows join membership m on m.class_id = rows.class_id
           join pupil on pupil.id = m.pupil_id
           where m.from_day <= :day and (m.to_day is null or m.to_day >= :day)
             and pupil.full_name is not null
           order by pupil.id""",
        [(class_id,) for class_id in sorted(set(class_ids))],
        day=day,
    )
    found: dict[int, list[PupilRow]] = {class_id: [] for class_id in class_ids}
    for row in rows:
        found[row["class_id"]].append(
            PupilRow(row["id"], row["class_id"], row["full_name"], row["birth_date"] or "")
        )
    return found


async def by_external_ids(
    q: Queries, pairs: Iterable[tuple[int, str]]
) -> dict[tuple[int, str], int]:
    """(school, the journal's own id) -> pupil id."""
    rows = await q.over(
        """with rows(external_id text, school_id bigint)
           select rows.school_id, rows.external_id, pupil.id
           from rows join pupil on pupil.school_id = rows.school_id
                               and pupil.external_id = rows.external_id""",
        sorted({(external, school_id) for school_id, external in pairs}),
    )
    return {(row["school_id"], row["external_id"]): row["id"] for row in rows}


@value
class NewPupil:
    full_name: str
    name_key: str
    birth_date: str
    class_id: int
    external_id: str | None = None


async def add_pupils(
    q: Queries, tools: Tools, school_id: int, pupils: Sequence[NewPupil], *, from_day: str, now: int
) -> list[int]:
    """New pupils, each in a class from a day (ISO date); their ids in order."""
    ids = tools.ids.many(len(pupils))
    await q.insert(
        "pupil",
        "id, school_id, external_id, full_name, name_key, birth_date, created_at",
        [
            (pupil_id, school_id, p.external_id, p.full_name, p.name_key, p.birth_date or None, now)
            for pupil_id, p in zip(ids, pupils, strict=True)
        ],
    )
    await q.insert(
        "membership",
        "pupil_id, class_id, school_id, from_day, to_day",
        [
            (pupil_id, p.class_id, school_id, from_day, None)
            for pupil_id, p in zip(ids, pupils, strict=True)
        ],
    )
    return ids


async def pupil_names(q: Queries, pupil_ids: Iterable[int]) -> dict[int, str]:
    rows = await q.over(
        """with rows(id bigint)
           select pupil.id, pupil.full_name from rows join pupil on pupil.id = rows.id""",
        [(pupil_id,) for pupil_id in sorted(set(pupil_ids))],
    )
    return {row["id"]: row["full_name"] or "" for row in rows}


# ---------------------------------------------------------------- guardians


@value
class Contact:
    """A number under which a guardian follows a pupil, known by its index only."""

    subscription_id: int
    guardian_id: int
    guardian: str
    number_id: int
    number_idx: bytes


async def contacts(
    q: Queries, school_id: int, pupil_ids: Iterable[int]
) -> dict[int, list[Contact]]:
    """Whom each pupil of the school has at numbers that may be written to."""
    rows = await q.over(
        """with rows(id bigint)
           select s.id, s.pupil_id, s.guardian_id, g.full_name, g.number_id, n.idx
           from rows join subscription s on s.pupil_id = rows.id
           join guardian g on g.id = s.guardian_id
           join number n on n.id = g.number_id
           left join consent c on c.subscription_id = s.id and c.topic = '*'
           where s.school_id = :school_id and n.state = 'open'
             and coalesce(c.state, 'unknown') <> 'wrong-number'
           order by s.id""",
        [(pupil_id,) for pupil_id in sorted(set(pupil_ids))],
        school_id=school_id,
    )
    found: dict[int, list[Contact]] = {}
    for row in rows:
        contact = Contact(
            row["id"], row["guardian_id"], row["full_name"] or "", row["number_id"],
            bytes(row["idx"]),
        )  # fmt: skip
        found.setdefault(row["pupil_id"], []).append(contact)
    return found


async def ensure_guardians(
    q: Queries, tools: Tools, school_id: int, wanted: Sequence[tuple[int, str]], *, now: int
) -> dict[int, tuple[int, str]]:
    """number id -> (guardian id, full name) for (number id, full name) pairs.

    A guardian who is there already keeps the name that came first, unless it was erased.
    """
    await q.over(
        """with rows(number_id bigint, full_name text, name_key text, id bigint, school_id bigint,
                     now bigint)
           insert into guardian (id, school_id, number_id, full_name, name_key, created_at)
           select id, school_id, number_id, full_name, name_key, now from rows where true
           on conflict (school_id, number_id)
           do update set full_name = excluded.full_name, name_key = excluded.name_key
           where guardian.full_name is null""",
        [
            (number_id, name, name_key(name), tools.ids.new(), school_id, now)
            for number_id, name in sorted(dict(reversed(wanted)).items())
        ],
    )
    rows = await q.over(
        """with rows(number_id bigint)
           select guardian.number_id, guardian.id, guardian.full_name
           from rows join guardian on guardian.number_id = rows.number_id
           where guardian.school_id = :school_id""",
        [(number_id,) for number_id in sorted({number_id for number_id, _ in wanted})],
        school_id=school_id,
    )
    return {row["number_id"]: (row["id"], row["full_name"] or "") for row in rows}


async def ensure_subscriptions(
    q: Queries,
    tools: Tools,
    school_id: int,
    wanted: Sequence[tuple[int, int, str]],
    *,
    now: int,
) -> tuple[dict[tuple[int, int], int], set[tuple[int, int]]]:
    """(guardian, pupil) -> subscription id, and which of them are new.

    `wanted` are (guardian id, pupil id, relation).
    """
    made = await q.over(
        """with rows(guardian_id bigint, pupil_id bigint, relation text, id bigint,
                     school_id bigint, now bigint)
           insert into subscription (id, school_id, guardian_id, pupil_id, relation, created_at)
           select id, school_id, guardian_id, pupil_id, relation, now from rows where true
           on conflict (guardian_id, pupil_id) do nothing returning guardian_id, pupil_id""",
        [
            (guardian, pupil, relation, tools.ids.new(), school_id, now)
            for (guardian, pupil), relation in sorted({(g, p): r for g, p, r in wanted}.items())
        ],
    )
    rows = await q.over(
        """with rows(guardian_id bigint, pupil_id bigint)
           select s.id, s.guardian_id, s.pupil_id
           from rows join subscription s on s.guardian_id = rows.guardian_id
                                        and s.pupil_id = rows.pupil_id""",
        sorted({(guardian, pupil) for guardian, pupil, _ in wanted}),
    )
    found = {(row["guardian_id"], row["pupil_id"]): row["id"] for row in rows}
    return found, {(row["guardian_id"], row["pupil_id"]) for row in made}
