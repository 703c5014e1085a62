"""A school's whole roll as JSON lines: loaded in batches, taken out, loaded again."""

from __future__ import annotations

import asyncio
import json
import resource
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from sms_diary.api import roster
from sms_diary.clock import ManualClock
from sms_diary.db import Database
from sms_diary.model import ConsentState
from sms_diary.store import ledger, numbers, roll, subscriptions
from sms_diary.store.subscriptions import Wanted
from sms_diary.store.tools import Tools
from tests import seeding
from tests.conftest import NOW
from tests.journal_peer import Answer, Door, at_the_door, settings
from tests.test_door import CYRILLIC, is_problem

PAPER = {"source": "Заявление", "form": "SMS-1", "by": "Петрова А. В.", "date": "2026-09-01"}
PATH = "/v1/schools/school-5/roster"
DAY = "2026-11-24"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with at_the_door(settings(tmp_path), clock=ManualClock(NOW)) as opened:
        yield opened


def _line(n: int, *phones: int, **more: Any) -> dict[str, Any]:
    guardians = [
        {"number": seeding.phone(phone), "full_name": f"Лисицына Анна {n}", "relation": "мама",
         "consent": PAPER}
        for phone in phones
    ]  # fmt: skip
    return {"class": "7Б", "full_name": f"Лисицын Пётр {_word(n)}", "guardians": guardians} | more


def _word(n: int) -> str:
    """A patronymic for each number: who shares a name in one class is in question."""
    return "Ильич" + "".join("абвгдежзик"[int(digit)] for digit in str(n))


def _lines(*lines: Any) -> bytes:
    return b"".join(
        (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines
    )


async def _load(door: Door, data: Any) -> Answer:
    headers = door.journal.bearer | {"content-type": roster.LINES}
    return await door.journal.send("POST", PATH, data, headers)


def _said(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status == 200
    assert answer.headers["content-type"] == roster.LINES
    return [json.loads(line) for line in answer.body.splitlines()]


async def test_each_line_has_its_outcome_in_order(door: Door) -> None:
    answer = await _load(door, _lines(
        _line(1, 10, 11), b"", _line(2, 12, external_id="x2"), b"{broken", {"class": "7Б"},
        _line(3, 13) | {"class": "лагерь"}, _line(1, 10), _line(4) | {"full_name": "Зайцев П."},
    ))  # fmt: skip
    said = _said(answer)
    assert [(one["line"], one["outcome"]) for one in said] == [
        (1, "added"), (3, "added"), (4, "refused"), (5, "refused"), (6, "refused"), (7, "known"),
        (8, "refused"),
    ]  # fmt: skip
    assert said[5]["pupil_id"] == said[0]["pupil_id"]
    first, second = said[0]["guardians"]
    assert (first["added"], first["state"], second["state"]) == (True, "active", "active")
    assert said[2]["errors"][0]["code"] == "not-json"
    assert said[3]["errors"][0]["pointer"] == "/full_name"
    for refused in (said[2], said[3], said[4], said[6]):
        assert CYRILLIC.search(refused["detail"])
    assert "Лисицын" not in answer.body.decode()
    assert "Зайцев" not in answer.body.decode()


async def test_a_consent_of_a_line_stands_in_the_ledger_with_its_paper(door: Door) -> None:
    [said] = _said(await _load(door, _lines(_line(1, 10))))
    path = f"/v1/subscriptions/{said['guardians'][0]['subscription_id']}/history"
    [act] = (await door.journal.get(path)).json["acts"]
    assert act["action"] == "imported"
    assert act["evidence"].items() >= {"form": "SMS-1", "row": 1, "by": "Петрова А. В."}.items()
    assert len(act["evidence"]["sha256"]) == 64
    async with door.database.reading() as q:
        assert await ledger.first_broken(q, door.school.id) is None


async def test_a_load_that_is_sent_again_changes_nothing(door: Door) -> None:
    lines = _lines(*(_line(n, 100 + n, 200 + n // 2) for n in range(40)))
    first = _said(await _load(door, lines))
    before = await door.kept()
    again = _said(await _load(door, lines))
    assert await door.kept() == before
    assert {one["outcome"] for one in again} == {"known"}
    assert [one["pupil_id"] for one in again] == [one["pupil_id"] for one in first]


async def test_no_line_revives_a_stop(door: Door) -> None:
    own = door.subscribed[0]
    async with door.database.transaction() as q:
        tools = door.service.base.tools
        await seeding.set_consent(
            q, tools, door.school.id, [door.subscribed[1]], ConsentState.STOPPED
        )
        await numbers.stop(q, own.number_id, now=1)
    lines = [
        {"class": "5А", "full_name": f"Белкина Дарья {n}", "external_id": f"p{n}",
         "guardians": [{"number": seeding.phone(n), "full_name": "Белкина Анна", "consent": PAPER}]}
        for n in (0, 1)
    ]  # fmt: skip
    before = (await door.kept())["ledger"]
    for one in _said(await _load(door, _lines(*lines))):
        assert "СТАРТ" in one["guardians"][0]["note"]
    assert (await door.kept())["ledger"] == before
    seen = await door.journal.get(f"/v1/subscriptions/{door.subscribed[1].subscription_id}")
    assert seen.json["state"] == "stopped"


async def test_whom_the_journal_calls_otherwise_is_another_child(door: Door) -> None:
    same = "Лисицын Пётр Ильич"
    said = _said(await _load(door, _lines(
        {"class": "7Б", "full_name": same, "external_id": "a"},
        {"class": "7Б", "full_name": same, "external_id": "b"},
    )))  # fmt: skip
    again = _said(await _load(door, _lines(
        {"class": "7В", "full_name": "Лисицын П. И.", "external_id": "b"},
        {"class": "7Б", "full_name": same, "external_id": "c"},
        {"class": "7Б", "full_name": same},
    )))  # fmt: skip
    assert [one["outcome"] for one in said] == ["added", "added"]
    assert [one["outcome"] for one in again] == ["known", "added", "refused"]
    assert again[0]["pupil_id"] == said[1]["pupil_id"]


async def test_what_is_taken_out_is_all_there_is_and_can_be_loaded_elsewhere(door: Door) -> None:
    await _load(door, _lines(*(_line(n, 300 + n) for n in range(30))))
    out = _said(await door.journal.get(PATH))
    assert len(out) == 33
    assert [one["pupil_id"] for one in out] == sorted(one["pupil_id"] for one in out)
    lines = [
        {name: one[name] for name in ("class", "full_name", "external_id", "birth_date")}
        | {"guardians": [{name: each[name] for name in ("number", "full_name", "relation")}
                         for each in one["guardians"] if each["full_name"]]}
        for one in out
    ]  # fmt: skip
    headers = door.other.bearer | {"content-type": roster.LINES}
    path = "/v1/schools/school-7/roster"
    answer = await door.other.send("POST", path, _lines(*lines), headers)
    assert {one["outcome"] for one in _said(answer)} == {"added"}
    other = _said(await door.other.get(path))
    assert [(one["class"], one["full_name"]) for one in other] == [
        (one["class"], one["full_name"]) for one in out
    ]


async def test_what_is_no_list_of_lines_is_refused(door: Door) -> None:
    before = await door.kept()
    headers = door.journal.bearer | {"content-type": "application/json"}
    is_problem(await door.journal.send("POST", PATH, b"[]", headers), 415, "not-json-lines")
    is_problem(await _load(door, b"x" * 100_000), 413, "too-large")
    assert _said(await _load(door, b"")) == []
    assert await door.kept() == before


# ---------------------------------------------------------------- a region

MANY = 300_000


def _region(count: int) -> Iterator[bytes]:
    for n in range(count):
        letter = "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЭЮЯЪЫ"[n // 900 % 30]
        line = _line(n, external_id=f"r{n}") | {"class": f"{n // 27_000 % 11 + 1}{letter}"}
        number = f"+7900{n:07d}"
        line["guardians"] = [{"number": number, "full_name": f"Мама {n}", "relation": "мама"}]
        if n % 3 == 0:
            line["guardians"][0]["consent"] = PAPER
        yield json.dumps(line, ensure_ascii=False).encode() + b"\n"


async def _stream(count: int) -> AsyncIterator[bytes]:
    block: list[bytes] = []
    for line in _region(count):
        block.append(line)
        if len(block) == 200:
            yield b"".join(block)
            block = []
            await asyncio.sleep(0)
    yield b"".join(block)


def _peak() -> int:
    """The most memory that this process has ever held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_a_region_of_guardians_is_loaded_with_flat_memory_and_listed_at_any_depth(
    door: Door,
) -> None:
    headers = door.journal.bearer | {"content-type": roster.LINES}
    async with door.journal.http.post(
        door.journal.address + PATH, data=_stream(20_000), headers=headers
    ) as response:
        outcomes = sum([1 async for _ in response.content])
    warm = _peak()
    async with door.journal.http.post(
        door.journal.address + PATH, data=_stream(MANY), headers=headers
    ) as response:
        assert response.status == 200
        outcomes = sum([1 async for _ in response.content])
    assert outcomes == MANY
    # Fifteen times the lines, and what they hold would be some 500 MiB of Python objects.
    assert _peak() - warm < 120
    await _pages_cost_the_same(door.database, door.service.base.tools, door.school.id)


async def _pages_cost_the_same(db: Database, tools: Tools, school_id: int) -> None:
    async with db.reading() as q:
        ids = await q.all("select id from guardian where school_id = :s order by id", s=school_id)
        assert len(ids) >= MANY
        deep = ids[290_000]["id"]
        subscribed = await q.one(
            "select id from subscription where school_id = :s order by id limit 1 offset 290000",
            s=school_id,
        )
        assert subscribed is not None

        async def guardians(after: int) -> int:
            found = await roll.guardians(
                q, tools, school_id, day=DAY, class_id=None, after=after, limit=51
            )
            return len(found)

        async def of_state(after: int) -> int:
            wanted = Wanted(state=ConsentState.ACTIVE)
            page = await subscriptions.page(
                q, tools, school_id, wanted, day=DAY, after=after, limit=50
            )
            return len(page.subscriptions)

        async def of_topic(after: int) -> int:
            wanted = Wanted(state=ConsentState.ACTIVE, topic="marks")
            page = await subscriptions.page(
                q, tools, school_id, wanted, day=DAY, after=after, limit=50
            )
            return len(page.subscriptions)

        for look, depth in ((guardians, deep), (of_state, subscribed["id"]),
                            (of_topic, subscribed["id"])):  # fmt: skip
            assert await look(depth) >= 50
            shallow, at_depth = await _best(look, 0), await _best(look, depth)
            # The least of several looks: what is left is the work itself.
            assert at_depth < 2 * shallow


async def _best(look: Any, after: int) -> float:
    times = []
    for _ in range(15):
        started = time.perf_counter()
        await look(after)
        times.append(time.perf_counter() - started)
    return min(times)
