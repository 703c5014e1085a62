"""Schemathesis, all checks, with a token, over TCP against the running service.

No server error, no answer that `/openapi.json` does not say, nothing taken that it forbids,
nothing refused that it allows. It runs in a process of its own, as a stranger would.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sms_diary.channels.base import InboundReport
from sms_diary.store import inbound, tokens
from tests import seeding
from tests.journal_peer import Door, at_the_door, settings

HERE = Path(__file__).resolve().parent


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with at_the_door(settings(tmp_path)) as opened:
        yield opened


async def _there(door: Door) -> dict[str, list[str]]:
    """What the service holds, by the word of its address."""
    tools, subscribed = door.service.base.tools, door.subscribed
    reports = [InboundReport(one.number, "2000", "Кто это?", raw=b"1") for one in subscribed]
    async with door.database.transaction() as q:
        messages = await seeding.queue(q, tools, subscribed[0], door.school.id, "Алгебра 5", "4")
        await inbound.store(q, tools, "main", reports, now=1)
        await q.run("update inbound set state = 'waiting'")
        sms = await q.all("select id from inbound")
    return {
        "school": [door.journal.slug],
        "schools": [door.journal.slug],
        "subscriptions": [str(one.subscription_id) for one in subscribed],
        "guardians": [str(one.guardian_id) for one in subscribed],
        "pupils": [str(one.pupil_id) for one in subscribed],
        "messages": [str(message_id) for message_id in messages],
        "inbound": [str(row["id"]) for row in sms],
    }


async def _run(door: Door, token: str, examples: int, *more: str) -> None:
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "tests.schemathesis_hooks",
        "SMS_DIARY_THERE": json.dumps(await _there(door)),
        "PYTHONPATH": str(HERE.parent),
    }
    arguments: list[Any] = [
        "--config-file", HERE / "schemathesis.toml", "run",
        f"{door.service.address}/openapi.json", "--checks", "all", "--seed", "4",
        "--max-examples", examples, "--continue-on-failure",
        "-H", f"Authorization: Bearer {token}", *more,
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", *map(str, arguments), cwd=HERE.parent,
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said
    assert "Test cases:" in said


@pytest.mark.timeout(150)
async def test_every_operation_keeps_to_its_description(door: Door) -> None:
    await _run(door, door.journal.token, 3)


@pytest.mark.long
@pytest.mark.timeout(150)
async def test_tokens_keep_to_their_description_for_a_token_of_all_schools(door: Door) -> None:
    async with door.database.transaction() as q:
        await tokens.add(q, door.service.base.tools, 0, "sd_of_all", name="all", now=1)
    await _run(door, "sd_of_all", 10, "--include-tag", "Токены")


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_every_operation_keeps_to_its_description_through_many_examples(door: Door) -> None:
    await _run(door, door.journal.token, 150)
