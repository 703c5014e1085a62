"""Subscriptions as people see them: page by page, with filters, and their rhythm.

Consent is changed by `consents` only. Numbers come out masked. Every filter goes by an index, so a
page costs the same at any depth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sms_diary.db import Queries, Row
from sms_diary.model import ALL_TOPICS, ConsentState
from sms_diary.phone import mask
from sms_diary.store import replan
from sms_diary.store.roll import IN_CLASS
from sms_diary.store.tools import Tools
from sms_diary.values import value

WINDOW = 20_000
"""Subscriptions looked at for one page of those that nothing is known of."""


@value
class SubscriptionView:
    id: int
    guardian_id: int
    pupil_id: int
    pupil: str
    number: str
    """Masked."""
    relation: str
    state: str
    topics: dict[str, str]
    """Topics with a state of their own."""
    rhythm: dict[str, str]
    rev: int
    created_at: int


@value
class Wanted:
    """Which subscriptions a page is of; None: whichever."""

    class_id: int | None = None
    pupil_id: int | None = None
    guardian_id: int | None = None
    state: ConsentState | None = None
    topic: str = ALL_TOPICS
    """Whose state is meant."""

    @property
    def few(self) -> bool:
        return (self.class_id, self.pupil_id, self.guardian_id) != (None, None, None)


@value
class Page:
    """`next`: give it as `after` for the page that follows; None at the end."""

    subscriptions: list[SubscriptionView]
    next: int | None


async def page(
    q: Queries, tools: Tools, school_id: int, wanted: Wanted, *, day: str, after: int, limit: int
) -> Page:
    """The school's subscriptions in the order of their ids, from the one after `after`.

    `day` decides who is in a class. A page of state `unknown` may hold fewer than `limit` and yet
    have a `next`: at most `WINDOW` are looked at.
    """
    ids, beyond = await _ids(q, school_id, wanted, day=day, after=after, limit=limit + 1)
    rows = await q.over(
        f"""with rows(id bigint)
            select {_VIEW} from rows join subscription s on s.id = rows.id {_OF} order by s.id""",
        [(one,) for one in ids[:limit]],
    )
    return Page(await _views(q, tools, rows), ids[limit - 1] if len(ids) > limit else beyond)


async def _ids(
    q: Queries, school_id: int, wanted: Wanted, *, day: str, after: int, limit: int
) -> tuple[list[int], int | None]:
    """The ids of a page, and where to go on if the search stopped short of its end."""
    bounds = {"school_id": school_id, "after": after, "limit": limit}
    beyond = None
    if wanted.few:
        sql, more = _few(wanted, day)
    elif wanted.state is None:
        sql, more = f"{_ALL} order by s.id limit :limit", {}
    elif wanted.state is ConsentState.UNKNOWN:
        beyond = await _edge(q, school_id, after)
        sql, more = f"{_ALL} and {_stands(wanted)} {_UNTIL} order by s.id limit :limit", {
            "topic": wanted.topic, "until": beyond or 2**63 - 1,
        }  # fmt: skip
    else:
        sql, more = _standing(wanted)
    rows = await q.all(sql, **bounds, **more)
    return [row["id"] for row in rows], beyond


_ALL = "select s.id from subscription s where s.school_id = :school_id and s.id > :after"
_UNTIL = "and s.id <= :until"


def _few(wanted: Wanted, day: str) -> tuple[str, dict[str, Any]]:
    """Those of a class, a pupil or a guardian: found first, then put in order."""
    more: dict[str, Any] = {}
    source = "subscription s where true"
    if wanted.class_id is not None:
        source = (
            f"({IN_CLASS}) of_class cross join subscription s where s.pupil_id = of_class.pupil_id"
        )
        more |= {"class_id": wanted.class_id, "day": day}
    for name in ("pupil_id", "guardian_id"):
        if (given := getattr(wanted, name)) is not None:
            source += f" and s.{name} = :{name}"
            more[name] = given
    if wanted.state is not None:
        source += f" and {_stands(wanted)}"
        more |= {"topic": wanted.topic}
        if wanted.state is not ConsentState.UNKNOWN:
            more["state"] = wanted.state.value
    return (
        f"""with few as materialized (select s.id, s.school_id from {source})
            select few.id from few where few.school_id = :school_id and few.id > :after
            order by few.id limit :limit""",
        more,
    )


def _stands(wanted: Wanted) -> str:
    """That a subscription stands so on the topic: by its own row, else by that of all topics."""
    of_topic = "select c.state from consent c where c.subscription_id = s.id and c.topic"
    stands = f"coalesce(({of_topic} = :topic), ({of_topic} = '*'), 'unknown')"
    return f"{stands} = " + ("'unknown'" if wanted.state is ConsentState.UNKNOWN else ":state")


def _standing(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """All of a school that stand so, by the index of states."""
    rows = """select c.subscription_id as id from consent c where c.school_id = :school_id
        and c.topic = {topic} and c.state = :state and c.subscription_id > :after {more}
        order by c.subscription_id limit :limit"""
    more = {"state": wanted.state.value if wanted.state else ""}
    if wanted.topic == ALL_TOPICS:
        return rows.format(topic="'*'", more=""), more
    inherited = """and not exists (select 1 from consent t
        where t.subscription_id = c.subscription_id and t.topic = :topic)"""
    return (
        f"""select id from (select id from ({rows.format(topic=":topic", more="")}) own
            union all select id from ({rows.format(topic="'*'", more=inherited)}) of_all) either
            order by id limit :limit""",
        more | {"topic": wanted.topic},
    )


async def _edge(q: Queries, school_id: int, after: int) -> int | None:
    """The last id of the window after `after`; None if all that is left fits."""
    row = await q.one(
        f"{_ALL} order by s.id limit 1 offset :skip",
        school_id=school_id,
        after=after,
        skip=WINDOW - 1,
    )
    return row["id"] if row else None


# ---------------------------------------------------------------- one

_VIEW = """s.id, s.guardian_id, s.pupil_id, s.relation, s.rev, s.created_at, p.full_name,
    n.id as number_id, n.sealed"""
_OF = """join guardian g on g.id = s.guardian_id
    join number n on n.id = g.number_id join pupil p on p.id = s.pupil_id"""


@value
class Found:
    """A subscription to be changed: with its number's id and the number itself."""

    view: SubscriptionView
    number_id: int
    number: str


async def one(q: Queries, tools: Tools, school_id: int, subscription_id: int) -> Found | None:
    """A subscription of the school, seen."""
    rows = await q.all(
        f"""select {_VIEW} from subscription s {_OF}
            where s.school_id = :school_id and s.id = :id""",
        school_id=school_id,
        id=subscription_id,
    )
    if not rows:
        return None
    [view] = await _views(q, tools, rows)
    number = tools.vault.text(rows[0]["sealed"], "number.sealed", rows[0]["number_id"])
    return Found(view, rows[0]["number_id"], number)


async def locked(q: Queries, tools: Tools, school_id: int, subscription_id: int) -> Found | None:
    """The same with its number locked, so that two who change it do so one after the other."""
    if q.engine == "postgresql":
        await q.all(
            """select n.id from subscription s join guardian g on g.id = s.guardian_id
               join number n on n.id = g.number_id
               where s.school_id = :school_id and s.id = :id for update of n""",
            school_id=school_id,
            id=subscription_id,
        )
    return await one(q, tools, school_id, subscription_id)


async def change(
    q: Queries, school_id: int, subscription_id: int, *, relation: str | None = None,
    rhythm: Mapping[str, str] = {}, now: int,
) -> None:  # fmt: skip
    """Set the relation, and when topics are told; a rhythm of "" is taken back."""
    told = await q.all(
        """update subscription set rev = rev + 1, relation = coalesce(:relation, relation)
           where id = :id and school_id = :school_id returning guardian_id""",
        relation=relation,
        id=subscription_id,
        school_id=school_id,
    )
    topics = sorted(rhythm)
    await q.over(
        """with rows(topic text)
           delete from rhythm where subscription_id = :id and school_id = :school_id
           and topic in (select topic from rows)""",
        [(topic,) for topic in topics],
        id=subscription_id,
        school_id=school_id,
    )
    await q.insert(
        "rhythm",
        "subscription_id, topic, school_id, rhythm",
        [(subscription_id, t, school_id, rhythm[t]) for t in topics if rhythm[t]],
    )
    if topics:
        await replan.of_guardians(q, [row["guardian_id"] for row in told], now=now)


async def _views(q: Queries, tools: Tools, rows: Sequence[Row]) -> list[SubscriptionView]:
    ids = sorted((row["id"],) for row in rows)
    states = _by_topic(await q.over(
        """with rows(id bigint)
           select c.subscription_id, c.topic, c.state as word
           from rows join consent c on c.subscription_id = rows.id""",
        ids,
    ))  # fmt: skip
    rhythms = _by_topic(await q.over(
        """with rows(id bigint)
           select r.subscription_id, r.topic, r.rhythm as word
           from rows join rhythm r on r.subscription_id = rows.id""",
        ids,
    ))  # fmt: skip
    return [
        SubscriptionView(
            id=row["id"],
            guardian_id=row["guardian_id"],
            pupil_id=row["pupil_id"],
            pupil=row["full_name"] or "",
            number=mask(tools.vault.text(row["sealed"], "number.sealed", row["number_id"])),
            relation=row["relation"],
            state=states.get(row["id"], {}).get(ALL_TOPICS, ConsentState.UNKNOWN.value),
            topics={
                topic: word
                for topic, word in sorted(states.get(row["id"], {}).items())
                if topic != ALL_TOPICS
            },
            rhythm=dict(sorted(rhythms.get(row["id"], {}).items())),
            rev=row["rev"],
            created_at=row["created_at"],
        )
        for row in rows
    ]


def _by_topic(rows: Iterable[Row]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for row in rows:
        found.setdefault(row["subscription_id"], {})[row["topic"]] = row["word"]
    return found
