"""How the service itself stands, for whoever runs it: no school, no person, no text in it."""

from __future__ import annotations

from sms_diary.db import Queries
from sms_diary.store import leases
from sms_diary.values import value


@value
class Lease:
    """What is held, by which process, and milliseconds until it runs out (negative: it has)."""

    name: str
    holder: str
    left: int


@value
class District:
    """How a school stands beside the others."""

    school_id: int
    waiting: int
    """Parts that are queued or tried again."""
    doubt: int
    questions: int
    oldest: int | None
    """Since when the oldest of what waits does (epoch milliseconds)."""


@value
class Oldest:
    """Since when the oldest at a stage is there (epoch milliseconds); None where there is none."""

    to_fan: int | None
    queued: int | None
    requests: int | None
    failing: int | None


async def oldest(q: Queries) -> Oldest:
    """By the first ids of partial indexes: ids are made in the order of time."""
    row = await q.one(
        """select (select arrived_at from entry where id = (
                     select min(id) from entry where fan is not null)) as to_fan,
                  (select m.created_at from part p join message m on m.id = p.message_id
                   where p.id = (select min(id) from part where state = 'queued')) as queued,
                  (select min(due) from request where state = 'waiting') as requests,
                  (select min(failing_since) from number
                   where failing_since is not null) as failing"""
    )
    assert row is not None
    return Oldest(**row)


async def schema(q: Queries) -> str:
    row = await q.one("select value from meta where name = 'schema'")
    return str(row["value"]) if row else ""


async def size(q: Queries) -> int:
    """Bytes of the database."""
    row = await q.one(
        q.only(
            sqlite="""select p.page_count * s.page_size as bytes
                      from pragma_page_count() p, pragma_page_size() s""",
            postgresql="select pg_database_size(current_database()) as bytes",
        )
    )
    assert row is not None
    return int(row["bytes"])


async def held(q: Queries) -> list[Lease]:
    """Every lease that was ever taken and not deleted, by name."""
    rows = await q.all(
        f"select name, holder, until - {leases.now(q)} as remaining from lease order by name"
    )
    return [Lease(row["name"], row["holder"], row["remaining"]) for row in rows]


async def by_school(q: Queries) -> dict[int, District]:
    """Of the schools where something stands or waits; from partial indexes alone."""
    parts = await q.all(
        """select w.school_id, w.waiting, w.doubt, m.created_at as oldest
           from (select school_id, min(message_id) as first,
                        sum(case when state = 'doubt' then 0 else 1 end) as waiting,
                        sum(case when state = 'doubt' then 1 else 0 end) as doubt
                 from (select school_id, message_id, state from part where state = 'queued'
                       union all select school_id, message_id, state from part
                                 where state = 'retry'
                       union all select school_id, message_id, state from part
                                 where provider_key is null and state = 'doubt') p
                 group by school_id) w
           join message m on m.id = w.first"""
    )
    asked = await q.all(
        "select school_id, count(*) as n from quarantine where state = 'open' group by school_id"
    )
    questions = {row["school_id"]: int(row["n"]) for row in asked}
    found = {school_id: District(school_id, 0, 0, n, None) for school_id, n in questions.items()}
    for row in parts:
        school_id = row["school_id"]
        found[school_id] = District(
            school_id, int(row["waiting"]), int(row["doubt"]), questions.get(school_id, 0),
            row["oldest"],
        )  # fmt: skip
    return found
