"""Taking back what an import has made, while nobody was told of it.

Entries get a new version: the value before, or none. People whom the import brought are deleted
where nothing else speaks of them. What was sent, or is on its way, stays.
"""

from __future__ import annotations

from collections.abc import Iterable

from sms_diary.db import Queries
from sms_diary.model import Silence
from sms_diary.store import imports, lines
from sms_diary.values import value

_UNSPOKEN = """not exists (select 1 from line where line.entry_id = entry.id
    and (line.state = 'taken' or line.state = 'told'))"""

_LAST = f"""entry.event_id in (select event.id from delivery
    join event on event.delivery_id = delivery.id where {imports.DELIVERIES})"""
"""Of an entry: nobody but the import has spoken of it since."""


@value
class TakenBack:
    """How many entries were taken back, and how many stay because somebody was told."""

    entries: int
    told: int


async def entries(q: Queries, school_id: int, import_id: int, *, now: int) -> TakenBack:
    """Give every entry of the import its value before; those that moved on since are left."""
    of_import = {"school_id": school_id, "requests": imports.requests(import_id)}
    changed = await q.all(
        f"""select entry.id, w.value, w.body, {_UNSPOKEN} as free
            from import_was w join entry on entry.id = w.entry_id
            where w.import_id = :import_id and {_LAST}""",
        import_id=import_id,
        **of_import,
    )
    created = await q.all(
        f"""select entry.id, {_UNSPOKEN} as free from delivery
            join event on event.delivery_id = delivery.id
            join entry on entry.id = event.entry_id
            where {imports.DELIVERIES} and event.outcome = 'created' and {_LAST}
              and entry.value <> ''""",
        **of_import,
    )
    free = [(row["id"], row["value"], row["body"]) for row in changed if row["free"]]
    free += [(row["id"], "", None) for row in created if row["free"]]
    done = await q.over(
        """with rows(id bigint, value text, body bytea)
           update entry set value = rows.value, body = rows.body, version = entry.version + 1,
                  silence = :silence, at = :now, arrived_at = :now, fan = null
           from rows where entry.id = rows.id returning entry.id, entry.version""",
        sorted(free, key=lambda one: one[0]),
        silence=str(Silence.UNDONE),
        now=now,
    )
    await lines.replace_open(q, [(row["id"], row["version"]) for row in done])
    return TakenBack(len(done), len(changed) + len(created) - len(free))


async def drop_questions(q: Queries, school_id: int, import_id: int, *, by: str, now: int) -> None:
    """Nobody need answer what the import has asked."""
    await q.run(
        f"""update quarantine set state = 'dropped', resolved_at = :now, resolved_by = :by
            where school_id = :school_id and state = 'open' and delivery_id in (
                select delivery.id from delivery where {imports.DELIVERIES})""",
        school_id=school_id,
        requests=imports.requests(import_id),
        by=by,
        now=now,
    )


async def spoken_to(
    q: Queries, school_id: int, subscription_ids: Iterable[int], *, since: int
) -> set[int]:
    """Those of the subscriptions to whose guardian a message of the school has gone, or goes.

    Messages from before the import (`since`) do not rest on it.
    """
    rows = await q.over(
        """with rows(id bigint)
           select rows.id from rows join subscription s on s.id = rows.id
           where s.school_id = :school_id and exists (
               select 1 from message m where m.guardian_id = s.guardian_id
               and m.school_id = s.school_id and m.state <> 'withdrawn'
               and m.created_at >= :since)""",
        [(one,) for one in sorted(set(subscription_ids))],
        school_id=school_id,
        since=since,
    )
    return {row["id"] for row in rows}


async def numbers_of(q: Queries, school_id: int, subscription_ids: Iterable[int]) -> dict[int, int]:
    """Subscription of the school → its number's id, where the number is known."""
    rows = await q.over(
        """with rows(id bigint)
           select s.id, g.number_id from rows join subscription s on s.id = rows.id
           join guardian g on g.id = s.guardian_id join number n on n.id = g.number_id
           where s.school_id = :school_id and n.erased_at is null""",
        [(one,) for one in sorted(set(subscription_ids))],
        school_id=school_id,
    )
    return {row["id"]: row["number_id"] for row in rows}


async def without_consent(q: Queries, school_id: int, subscription_ids: Iterable[int]) -> list[int]:
    """The guardians of these subscriptions who have no consent left for any child."""
    rows = await q.over(
        """with rows(id bigint)
           select distinct s.guardian_id from rows join subscription s on s.id = rows.id
           where s.school_id = :school_id and not exists (
               select 1 from subscription o join consent c on c.subscription_id = o.id
               where o.guardian_id = s.guardian_id and c.state = 'active')""",
        [(one,) for one in sorted(set(subscription_ids))],
        school_id=school_id,
    )
    return sorted(row["guardian_id"] for row in rows)


async def subscriptions(q: Queries, school_id: int, subscription_ids: Iterable[int]) -> int:
    """Delete these subscriptions of the school, with their consents' present sums; how many.

    The ledger keeps what it holds. Guardians whom nothing refers to any more go too.
    """
    ids = [(one,) for one in sorted(set(subscription_ids))]
    guardians = await q.over(
        """with rows(id bigint)
           select distinct s.guardian_id from rows join subscription s on s.id = rows.id
           where s.school_id = :school_id""",
        ids,
        school_id=school_id,
    )
    for table in ("request_pupil", "consent", "rhythm"):
        await q.over(
            f"""with rows(id bigint)
                delete from {table} where subscription_id in (select id from rows)""",
            ids,
        )
    await q.over(
        """with rows(id bigint)
           delete from subscription where school_id = :school_id and id in (select id from rows)""",
        ids,
        school_id=school_id,
    )
    alone = [(row["guardian_id"],) for row in guardians]
    for table, column in (("request", "guardian_id"), ("guardian", "id")):
        await q.over(
            f"""with rows(id bigint)
                delete from {table} where {column} in (select id from rows)
                and not exists (select 1 from subscription s where s.guardian_id = {table}.{column})
                and not exists (select 1 from message m where m.guardian_id = {table}.{column})
                and not exists (select 1 from line l where l.guardian_id = {table}.{column})""",
            sorted(alone),
        )
    return len(ids)


async def pupils(q: Queries, school_id: int, pupil_ids: Iterable[int]) -> int:
    """Delete those of these pupils whom nothing but their place in a class speaks of; how many."""
    free = await q.over(
        """with rows(id bigint)
           select pupil.id from rows join pupil on pupil.id = rows.id
           where pupil.school_id = :school_id
             and not exists (select 1 from subscription s where s.pupil_id = pupil.id)
             and not exists (select 1 from audience a where a.pupil_id = pupil.id)
             and not exists (select 1 from entry e where e.school_id = pupil.school_id
                 and e.kind in ('mark', 'absence', 'term_mark') and e.who = pupil.id
                 and e.value <> '')""",
        [(one,) for one in sorted(set(pupil_ids))],
        school_id=school_id,
    )
    ids = [(row["id"],) for row in free]
    for table, column in (("membership", "pupil_id"), ("pupil", "id")):
        await q.over(
            f"""with rows(id bigint)
                delete from {table} where {column} in (select id from rows)""",
            sorted(ids),
        )
    return len(ids)
