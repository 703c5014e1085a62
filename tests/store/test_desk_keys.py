"""Keys of a school, what the door noted, paused routes, files of a plan: both engines."""

from __future__ import annotations

from typing import Any

import pytest

from sms_diary.carrying import USUAL
from sms_diary.clock import ManualClock
from sms_diary.db import Database, Queries
from sms_diary.model import PartState, Source
from sms_diary.store import (
    claiming,
    door_notes,
    import_files,
    imports,
    numbers,
    outbox,
    pausing,
    quarantine,
    schools,
    tokens,
    trials,
)
from sms_diary.store.deliveries import Held, NewDelivery, add, add_quarantine
from sms_diary.store.desk import imports as listed
from sms_diary.store.desk import keys, routes
from sms_diary.store.door_notes import KEPT, Answered
from sms_diary.store.imports import State
from sms_diary.store.schools import School
from sms_diary.store.tokens import Right
from sms_diary.store.tools import Tools
from tests import seeding

OTHER = 999


async def test_a_key_is_revoked_by_its_own_school_and_once(
    db: Database, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        await schools.add_webhook_secret(q, tools, school.id, "whsec_QUJD", name="журнал", now=1)
        token_id = await tokens.add(
            q, tools, school.id, "sd_x", name="отчёт", rights=[Right.READ], now=2
        )
        hook, token = await keys.live(q, school.id)
        assert (hook.kind, hook.name) == ("webhook", "журнал")
        assert token.rights == {Right.READ}
        assert await keys.count(q, school.id, "webhook") == 1
        assert await keys.revoke(q, OTHER, token_id, now=3) is None
        assert await keys.revoke(q, school.id, token_id, now=3) == "token"
        assert await keys.revoke(q, school.id, token_id, now=4) is None
        assert [one.id for one in await keys.live(q, school.id)] == [hook.id]


async def test_the_door_keeps_the_last_notes_of_each_school(
    db: Database, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        second = await schools.add(
            q, tools, slug="second", name="Вторая", short_name="2", zone="Europe/Samara", settle=0,
            budget=2, now=1,
        )  # fmt: skip
        for at in range(KEPT + 3):
            seen = {Answered(school.id, 401, "unauthorized", f"отказ {at}"): at}
            await door_notes.add(q, tools, seen, now=at)
        await door_notes.add(q, tools, {Answered(second.id, 422, "invalid", "схема"): 1}, now=5)
        noted = await door_notes.of_school(q, school.id)
        assert [one.words for one in noted] == [f"отказ {at}" for at in range(KEPT + 2, 2, -1)]
        assert (noted[0].times, noted[0].at) == (KEPT + 2, KEPT + 2)
        assert [one.code for one in await door_notes.of_school(q, second.id)] == ["invalid"]


async def test_requests_are_listed_newest_first_with_what_they_brought(
    db: Database, tools: Tools, school: School
) -> None:
    answers: list[dict[str, Any]] = [
        {"created": 2}, {"stale": 1, "unchanged": 1, "quarantined": [{}], "rejected": [{}]},
    ]  # fmt: skip
    async with db.transaction() as q:
        for at, answer in enumerate(answers):
            delivery = NewDelivery(
                tools.ids.new(), school.id, Source.WEBHOOK, f"msg_{at}", b"hash", b"body", answer
            )
            await add(q, tools, [delivery], now=at)
        last, first = await keys.deliveries(q, school.id)
        assert (last.request_id, last.unchanged, last.held, last.rejected) == ("msg_1", 2, 1, 1)
        assert (first.created, first.held) == (2, 0)
        assert await keys.deliveries(q, OTHER) == []


async def test_a_route_stays_paused_until_a_person_resumes_it(db: Database) -> None:
    async with db.transaction() as q:
        await pausing.pause(q, "main", by="anna", now=7)
        await pausing.pause(q, "main", by="boris", now=9)
        assert await pausing.every(q) == {"main": pausing.Paused(7, "anna")}
        assert (await pausing.is_paused(q, "main"), await pausing.is_paused(q, "spare")) == (
            True, False,
        )  # fmt: skip
        await pausing.resume(q, "main")
        assert not await pausing.is_paused(q, "main")


async def kept(q: Queries, tools: Tools, school_id: int) -> list[bytes]:
    """The files of the import 5."""
    return [body async for body in import_files.of_import(q, tools, school_id, 5)]


async def test_the_files_of_a_plan_come_back_and_go_with_it(
    db: Database, tools: Tools, school: School
) -> None:
    bodies = [b"PK\0one", b"two", b"three"]
    async with db.transaction() as q:
        await imports.add(
            q, school.id, 5, digest=b"d", options={"files": ["а.csv"]}, by="desk anna", now=1
        )
        for place, body in enumerate(bodies):
            await import_files.add(q, tools, school.id, 5, place, body, now=1)
        assert await kept(q, tools, school.id) == bodies
        assert await kept(q, tools, OTHER) == []
        assert not await import_files.discard(q, OTHER, 5)
        [row] = await listed.page(q, school.id, before=9, limit=5)
        assert (row.files, row.by, row.state) == (("а.csv",), "desk anna", State.PLANNED)
        assert await listed.reports(q, tools, school.id, [5]) == {}
        await imports.planned(q, tools, school.id, 5, chunks=1, report=b"{}")
        assert await listed.reports(q, tools, school.id, [5, 6]) == {5: b"{}"}
        assert await listed.reports(q, tools, OTHER, [5]) == {}
        assert await listed.unfinished(q, school.id, since=1, before=2) == {State.PLANNED: 1}
        assert await listed.unfinished(q, school.id, since=2, before=9) == {}
        assert await listed.unfinished(q, school.id, since=0, before=1) == {}
        assert await listed.unfinished(q, OTHER, since=1, before=2) == {}
        long = b"x" * (257 * 1024)
        await imports.planned(q, tools, school.id, 5, chunks=1, report=long)
        assert await listed.reports(q, tools, school.id, [5]) == {}
        assert await import_files.discard(q, school.id, 5)
        assert await listed.page(q, school.id, before=9, limit=5) == []
        assert await kept(q, tools, school.id) == []


async def test_files_go_when_the_first_chunk_is_applied_and_then_nothing_is_discarded(
    db: Database, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        await imports.add(q, school.id, 5, digest=b"d", options={}, by="x", now=1)
        await import_files.add(q, tools, school.id, 5, 0, b"one", now=1)
        await imports.advance(q, school.id, 5, done=1, now=2, last=True)
        assert await kept(q, tools, school.id) == []
        assert not await import_files.discard(q, school.id, 5)
        await imports.add(q, school.id, 6, digest=b"d", options={}, by="x", now=3)
        same = await listed.same(q, school.id, 6)
        assert same is not None
        assert same.id == 5
        assert await listed.same(q, school.id, 5) is None


async def test_questions_are_counted_and_narrowed_by_reason(
    db: Database, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        held = [
            Held(school.id, 1, pos, reason, "", (), ask=ask)
            for pos, (reason, ask) in enumerate(
                [("unknown-pupil", "a"), ("unknown-pupil", "a"), ("unknown-pupil", ""),
                 ("unknown-pupil", ""), ("two-numbers", "b")]
            )
        ]  # fmt: skip
        await add_quarantine(q, tools, held, now=1)
        assert await quarantine.by_reason(q, school.id) == {"unknown-pupil": 3, "two-numbers": 1}
        narrow = await quarantine.questions(q, school.id, reason="unknown-pupil")
        assert [one.held for one in narrow] == [2, 1, 1]
        assert await quarantine.by_reason(q, OTHER) == {}


@pytest.mark.parametrize("text", ["Проверка", "Проверка " * 20], ids=["short", "long"])
async def test_a_trial_goes_to_staff_alone_and_is_seen_in_the_figures(
    db: Database, tools: Tools, school: School, clock: ManualClock, text: str
) -> None:
    async with db.transaction() as q:
        known = await numbers.ensure(q, tools, [seeding.phone(1), seeding.phone(2)], now=1)
        own, stranger = (known[seeding.phone(n)].id for n in (1, 2))
        await schools.add_staff(q, school.id, own)
        assert await trials.staff(q, tools, school.id) == [(own, "+7900***0001")]
        now = clock.now()
        refused = await trials.send(
            q, tools, school.id, stranger, text, route="main", way=USUAL, now=now
        )
        assert refused is None
        sent = await trials.send(q, tools, school.id, own, text, route="main", way=USUAL, now=now)
        assert sent is not None
        claimed = await claiming.claim(q, route="main", owner="me", limit=9, now=now)
        assert len(claimed) == USUAL.segments(text)
        parts = [outbox.Settled(row["id"], PartState.REJECTED, failure=None, code="0x0B")
                 for row in claimed]  # fmt: skip
        await outbox.settle(q, parts, owner="me", now=now)
        figures = await routes.figures(q, school.id, now=now)
        assert (figures["main"].waiting, figures["main"].submitted_at) == (0, now)
        [met] = await routes.errors(q, school.id)
        assert (met.code, met.parts, met.of_receipt) == ("0x0B", len(claimed), True)
        log = await routes.log(q, school.id)
        assert {one.message_id for one in log} == {sent}
        assert await routes.log(q, OTHER) == []
