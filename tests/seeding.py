"""Families put straight into a school: classes, pupils, guardians with a consent and a number.

Only what the store offers is called; what is said over HTTP or in files is not tried here.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from sms_diary.carrying import USUAL
from sms_diary.channels.base import Outgoing
from sms_diary.db import Database, Queries
from sms_diary.ingest.accept import Request
from sms_diary.ingest.drafts import to_draft
from sms_diary.ingest.matching import class_key, name_key
from sms_diary.ingest.parsing import parse
from sms_diary.model import ALL_TOPICS, ConsentState, Ground, SchoolMode, Source
from sms_diary.schedule import DIGEST_LANE
from sms_diary.store import (
    claiming,
    consents,
    diary,
    lines,
    numbers,
    outbox,
    people,
    schools,
    settings,
    welcome,
)
from sms_diary.store.consents import Change
from sms_diary.store.diary import Entry
from sms_diary.store.ledger import Act
from sms_diary.store.lines import NewLine
from sms_diary.store.outbox import NewMessage
from sms_diary.store.people import NewPupil
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools

YEAR = 2026
SINCE = "2026-09-01"
FAR = 4_000_000_000_000
"""Epoch milliseconds of a time that no test reaches."""
ROUTE = "main"


def phone(number: int) -> str:
    """One of the numbers that nobody has: +7 900 000-00-00 … 99-99."""
    return f"+790000{number:05d}"


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A guardian who follows one pupil."""

    subscription_id: int
    guardian_id: int
    number_id: int
    pupil_id: int
    number: str
    ledger_id: int | None


async def live_school(
    q: Queries, tools: Tools, slug: str, *, settle: int = 0, mode: SchoolMode = SchoolMode.LIVE
) -> School:
    made = await schools.add(
        q, tools, slug=slug, name=f"Школа «{slug}»", short_name=slug, zone="Europe/Samara",
        settle=settle, budget=2, now=1,
    )  # fmt: skip
    await schools.set_mode(q, made.id, mode)
    await settings.change(q, made.id, settings.ANY_HOUR, now=1)
    found = await schools.by_slug(q, slug)
    assert found is not None
    return found


async def set_up(q: Queries, school: School, **values: Any) -> School:
    """Change settings (columns of the schema) of a school that tells at any hour; as it is now."""
    await settings.change(q, school.id, values, now=1)
    return (await schools.by_ids(q, [school.id]))[school.id]


async def classes(q: Queries, tools: Tools, school: School, *titles: str) -> list[int]:
    """Ids of the classes with these titles, in order."""
    named = [(class_key(title), title) for title in titles]
    rows = await people.add_classes(q, tools, school.id, YEAR, named)
    by_key = {row.key: row.id for row in rows}
    return [by_key[key] for key, _ in named]


async def pupil(
    q: Queries, tools: Tools, school: School, class_id: int, name: str, external: str | None = None
) -> int:
    new = NewPupil(name, name_key(name), "", class_id, external)
    [pupil_id] = await people.add_pupils(q, tools, school.id, [new], from_day=SINCE, now=1)
    return pupil_id


async def pupils(q: Queries, tools: Tools, school: School, class_id: int, count: int) -> list[int]:
    """So many pupils, with the journal's ids p0, p1 …"""
    new = [NewPupil(f"Белкина Дарья {n}", f"белкина дарья {n}", "", class_id, f"p{n}")
           for n in range(count)]  # fmt: skip
    return await people.add_pupils(q, tools, school.id, new, from_day=SINCE, now=1)


async def subscribe(
    q: Queries, tools: Tools, school: School, pairs: list[tuple[int, str]], *,
    state: ConsentState | None = ConsentState.ACTIVE, topic: str = ALL_TOPICS,
    welcomed: bool = True,
) -> list[Subscribed]:  # fmt: skip
    """A subscription for each (pupil, phone); `state` None: with no consent on record.

    `welcomed`: their numbers are known to be theirs, so that nothing waits for a first SMS.
    """
    rows = await numbers.ensure(q, tools, [number for _, number in pairs], now=1)
    wanted = [(rows[number].id, "") for _, number in pairs]
    guardians = await people.ensure_guardians(q, tools, school.id, wanted, now=1)
    triples = [(guardians[rows[number].id][0], pupil_id, "мама") for pupil_id, number in pairs]
    subscriptions, _ = await people.ensure_subscriptions(q, tools, school.id, triples, now=1)
    if welcomed:
        await welcome.release(q, {guardian_id for guardian_id, _, _ in triples}, now=1)
    found = []
    for (guardian_id, pupil_id, _), (_, number) in zip(triples, pairs, strict=True):
        subscription_id = subscriptions[guardian_id, pupil_id]
        found.append(
            Subscribed(subscription_id, guardian_id, rows[number].id, pupil_id, number, None)
        )
    if state is None:
        return found
    ids = await set_consent(q, tools, school.id, found, state, topic=topic)
    return [
        Subscribed(s.subscription_id, s.guardian_id, s.number_id, s.pupil_id, s.number, ledger_id)
        for s, ledger_id in zip(found, ids, strict=True)
    ]


async def set_consent(
    q: Queries, tools: Tools, school_id: int, subscribed: list[Subscribed], state: ConsentState,
    *, topic: str = ALL_TOPICS, now: int = 1,
) -> list[int]:  # fmt: skip
    """Write the state of these subscriptions with its proof; the ledger ids, in order."""
    changes = [
        Change(s.subscription_id, s.number_id, state, act(s.number), topic) for s in subscribed
    ]
    return await consents.change(q, tools, school_id, changes, now=now)


def act(number: str, action: str = "given") -> Act:
    return Act(action, number, "subscription", "Петрова А. В.", {"source": "форма SMS-1"})


def long(text: str, parts: int) -> str:
    """The text, filled up to so many parts of Cyrillic."""
    return text if parts == 1 else text.ljust(67 * parts, "я")


async def queue(
    q: Queries, tools: Tools, to: Subscribed, school_id: int, *texts: str, expires: int = FAR,
    lane: int = DIGEST_LANE, turn: int = 0, parts: int = 1, lines: tuple[int, ...] = (),
    ground: Ground = Ground.CONSENT, route: str = ROUTE, now: int = 1,
) -> list[int]:  # fmt: skip
    """Messages of `parts` parts to one guardian, under the consent that holds now."""
    row = await q.one("select consent_rev from number where id = :id", id=to.number_id)
    assert row is not None
    messages = [
        NewMessage(
            school_id=school_id, guardian_id=to.guardian_id, number_id=to.number_id,
            consent_rev=row["consent_rev"], ground=ground, ledger_id=to.ledger_id, inbound_id=None,
            text=long(text, parts), alphabet="ucs2", turns=tuple(range(turn, turn + parts)),
            udh_ref=7, level="full", lane=lane, route=route, expires=expires, line_ids=lines,
        )
        for text in texts
    ]  # fmt: skip
    return await outbox.add(q, tools, messages, now=now)


async def claim(
    q: Queries, tools: Tools, *, limit: int = 1000, now: int = 2, owner: str = "worker",
    route: str = ROUTE,
) -> list[Outgoing]:  # fmt: skip
    """What one worker may send now, read."""
    return claiming.opened(
        tools,
        await claiming.claim(q, route=route, owner=owner, limit=limit, now=now),
        USUAL,
        now=now,
    )


async def entry(q: Queries, school: School, entry_id: int, *, version: int = 1) -> None:
    """A bare entry, for tables that refer to one."""
    await diary.add(q, [
        Entry(
            id=entry_id, school_id=school.id, kind="homework", who=0, subject_key="", day="",
            lesson=diary.NO_LESSON, work_key=str(entry_id), ordinal=1, ref="", subject="",
            work="", value="x",
            body=None, urgent=0, silence="", until=None, not_before=None, at=1, version=version,
            event_id=0, arrived_at=1, fan=None,
        )
    ])  # fmt: skip


async def line(
    q: Queries, tools: Tools, to: Subscribed, entry_id: int, *, topic: str = "marks",
    pupil_id: int | None = None, version: int = 1, expires: int = FAR, due: int = 1,
) -> int:  # fmt: skip
    """A planned line for this guardian; its id."""
    guardian = await q.one("select school_id from guardian where id = :id", id=to.guardian_id)
    assert guardian is not None
    await lines.add(q, tools, [
        NewLine(
            school_id=guardian["school_id"], entry_id=entry_id, version=version,
            guardian_id=to.guardian_id,
            pupil_id=to.pupil_id if pupil_id is None else pupil_id, ledger_id=to.ledger_id,
            topic=topic, lane=DIGEST_LANE, value="5", due=due, expires=expires, state="planned",
        )
    ])  # fmt: skip
    row = await q.one("select max(id) as id from line where entry_id = :id", id=entry_id)
    assert row is not None
    return int(row["id"])


async def column(db: Database, sql: str, **params: object) -> list[Any]:
    """The first column of what a query finds."""
    async with db.reading() as q:
        return [next(iter(row.values())) for row in await q.all(sql, **params)]


async def waits_or_ends(db: Database, task: asyncio.Task[Any]) -> None:
    """Return when the task is done, or when PostgreSQL says that somebody waits for a lock."""
    while not task.done() and not await column(db, "select 1 from pg_locks where not granted"):
        await asyncio.sleep(0)


def events(school: School, request_id: str, *said: dict[str, Any], **how: Any) -> Request:
    """A request as the door (or, with `source="file"`, a reader of tables) hands it on."""
    body = json.dumps(said, ensure_ascii=False).encode()
    parsed = parse(body)
    assert not parsed.problems, parsed.problems
    drafts = [(place, to_draft(record)) for place, record in parsed.records]
    source = Source(how.pop("source", Source.WEBHOOK))
    return Request(school.id, source, request_id, body, drafts, **how)


def mark(value: str = "5", **fields: Any) -> dict[str, Any]:
    """A mark of the pupil p0 in algebra today, unless other fields are given."""
    plain = {"kind": "mark.set", "pupil": {"id": "p0"}, "subject": "Алгебра",
             "date": "2026-11-24", "mark": value}  # fmt: skip
    return {name: field for name, field in (plain | fields).items() if field is not None}
