"""What the door notes of refusals and of keys: seldom, and never in the caller's way."""

from __future__ import annotations

import pytest

from sms_diary.api import noting
from sms_diary.api.noting import Noting
from sms_diary.clock import ManualClock
from sms_diary.db import Database
from sms_diary.store import door_notes, key_use, schools
from sms_diary.store.door_notes import Answered
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools


async def _noted(db: Database, school: School) -> list[tuple[str, int]]:
    async with db.reading() as q:
        return [(one.code, one.times) for one in await door_notes.of_school(q, school.id)]


async def test_a_flood_of_refusals_is_written_once_and_counted(
    db: Database, tools: Tools, clock: ManualClock, school: School,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(noting, "EVERY", 1_000.0)
    notes = Noting(db, tools, clock)
    refusal = Answered(school.id, 401, "unauthorized", "не впущен")
    for _ in range(500):
        await notes.note(refusal)
    assert await _noted(db, school) == [("unauthorized", 1)]
    monkeypatch.setattr(notes, "_next", 0.0)
    await notes.note(Answered(school.id, 422, "invalid", "не по схеме"))
    assert sorted(await _noted(db, school)) == [
        ("invalid", 1), ("unauthorized", 1), ("unauthorized", 499),
    ]  # fmt: skip


async def test_a_note_that_cannot_be_written_is_no_error(
    db: Database, tools: Tools, clock: ManualClock
) -> None:
    notes = Noting(db, tools, clock)
    await notes.note(Answered(404, 401, "unauthorized", "такой школы нет"))


async def test_when_a_key_was_last_used_is_written_seldom(
    db: Database, tools: Tools, clock: ManualClock, school: School
) -> None:
    async with db.transaction() as q:
        old, new, spare = [
            await schools.add_webhook_secret(
                q, tools, school.id, f"whsec_{name}", name=name, now=clock.now()
            )
            for name in ("old", "new", "spare")
        ]
    notes, first = Noting(db, tools, clock), clock.now()
    for _ in range(3):
        await notes.used(old)
        clock.advance(1_000)
    await notes.used(new)
    async with db.reading() as q:
        assert await key_use.last(q, [old, new, spare]) == {old: first, new: first + 3_000}
    clock.advance(noting.USED_EVERY)
    await notes.used(old)
    async with db.reading() as q:
        assert await key_use.last(q, [old]) == {old: clock.now()}
