"""Messages in doubt over HTTP: seen and decided by those whose token it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sms_diary.clock import MINUTE, ManualClock
from sms_diary.model import PartState
from sms_diary.schedule import URGENT_LANE
from sms_diary.simulator.reading import read
from sms_diary.simulator.smsc import Smsc
from sms_diary.store import outbox, tokens
from sms_diary.store.outbox import Settled
from tests import seeding
from tests.conftest import NOW
from tests.journal_peer import (
    Answer,
    Door,
    Journal,
    at_the_door,
    eventually,
    mark,
    route,
    settings,
)
from tests.test_door import CYRILLIC, is_problem

CLAIMED = NOW - 10 * MINUTE


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with at_the_door(settings(tmp_path), clock=ManualClock(NOW)) as opened:
        yield opened


async def _in_doubt(door: Door, place: int = 0, **how: Any) -> int:
    tools = door.service.base.tools
    async with door.database.transaction() as q:
        [message_id] = await seeding.queue(
            q, tools, door.subscribed[place], door.school.id, "5", **how
        )
        parts = await seeding.claim(q, tools, now=CLAIMED)
        settled = [Settled(part.part_id, PartState.DOUBT) for part in parts]
        await outbox.settle(q, settled, owner="worker", now=CLAIMED)
    return message_id


async def _resolve(journal: Journal, message_id: int | str, query: str) -> Answer:
    path = f"/v1/messages/{message_id}/resolve{query}"
    return await journal.send("POST", path, headers=journal.bearer)


async def _states(door: Door) -> list[str]:
    return await seeding.column(door.database, "select state from part order by id")


async def test_the_schools_messages_in_doubt_are_counted_and_shown(door: Door) -> None:
    assert (await door.journal.get("/v1/doubt")).json == {
        "parts": 0, "oldest_seconds": 0, "messages": [],
    }  # fmt: skip
    usual = await _in_doubt(door, parts=2)
    urgent = await _in_doubt(door, 1, lane=URGENT_LANE)
    page = (await door.journal.get("/v1/doubt")).json
    assert (page["parts"], page["oldest_seconds"]) == (3, 600)
    first, second = page["messages"]
    assert (first["id"], first["parts"], first["of"], first["repeats"]) == (str(usual), 2, 2, False)
    assert (second["id"], second["age_seconds"], second["repeats"]) == (str(urgent), 600, True)
    assert first["since"].startswith("2026-11-24T07:50:00")
    for word in ("advice_ru", "lane_ru"):
        assert CYRILLIC.search(first[word])
    assert "***" in first["number"]
    assert door.subscribed[0].number not in str(page)


async def test_a_decision_is_carried_out_once_and_stands_in_the_path(door: Door) -> None:
    message_id = await _in_doubt(door)
    answer = await _resolve(door.journal, message_id, "?as=repeat")
    assert (answer.status, answer.json["outcome"]) == (200, "done")
    assert await _states(door) == ["queued"]
    again = await _resolve(door.journal, message_id, "?as=sent")
    assert (again.status, again.json["outcome"]) == (200, "not-in-doubt")
    assert await _states(door) == ["queued"]
    message = (await door.journal.get(f"/v1/messages/{message_id}")).json
    [step] = [step for step in message["timeline"] if step["what"] == "to be repeated"]
    assert step["actor"] == "token"
    assert CYRILLIC.search(step["what_ru"])


async def test_what_cannot_be_repeated_says_why(door: Door) -> None:
    message_id = await _in_doubt(door, expires=NOW)
    answer = await _resolve(door.journal, message_id, "?as=repeat")
    assert (answer.status, answer.json["outcome"]) == (200, "too-late")
    assert "срок" in answer.json["outcome_ru"]
    assert await _states(door) == ["doubt"]
    assert (await _resolve(door.journal, message_id, "?as=sent")).json["outcome"] == "done"
    assert await _states(door) == ["sent"]


async def test_a_receipt_that_never_comes_is_asked_for(tmp_path: Path) -> None:
    smsc = Smsc(read("", {"lost_receipts": 1.0}))
    await smsc.start()
    try:
        made = settings(tmp_path, routes=[route(smsc.port, query_after=1.0)])
        async with at_the_door(made) as door:
            await door.journal.post(mark(0))

            async def delivered() -> bool:
                page = await door.journal.get("/v1/messages?state=delivered")
                return len(page.json["messages"]) == 1

            await eventually(delivered)
    finally:
        await smsc.stop()


async def test_another_school_neither_sees_nor_decides(door: Door) -> None:
    message_id = await _in_doubt(door)
    assert (await door.other.get("/v1/doubt")).json["parts"] == 0
    for query in ("?as=sent", "?as=repeat"):
        is_problem(await _resolve(door.other, message_id, query), 404, "no-message")
    is_problem(await _resolve(door.other, message_id, "?as=sent&school=school-5"), 404, "no-school")
    assert await _states(door) == ["doubt"]


async def test_a_token_of_all_schools_names_one(door: Door) -> None:
    async with door.database.transaction() as q:
        await tokens.add(q, door.service.base.tools, 0, "sd_of_all", name="all", now=1)
    await _in_doubt(door)
    is_problem(await door.journal.get("/v1/doubt", token="sd_of_all"), 400, "which-school")
    for slug, parts in (("school-5", 1), ("school-7", 0)):
        page = await door.journal.get(f"/v1/doubt?school={slug}", token="sd_of_all")
        assert page.json["parts"] == parts


async def test_what_is_asked_wrongly_changes_nothing(door: Door) -> None:
    message_id = await _in_doubt(door)
    for query in ("", "?as=maybe", "?as=sent&as=sent", "?as=sent&now=1"):
        is_problem(await _resolve(door.journal, message_id, query), 400, "bad-parameter")
    is_problem(await _resolve(door.journal, "x", "?as=sent"), 404, "bad-id")
    is_problem(await _resolve(door.journal, 1, "?as=sent"), 404, "no-message")
    is_problem(await door.journal.get("/v1/doubt?limit=1"), 400, "bad-parameter")
    is_problem(await door.journal.send("POST", f"/v1/messages/{message_id}/resolve?as=sent"), 401)
    assert await _states(door) == ["doubt"]
