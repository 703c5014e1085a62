"""Hostile files over HTTP: each refused with one Russian sentence while the service answers."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from sms_diary.clock import ManualClock
from tests.hostile_files import HOSTILE
from tests.journal_peer import Answer, Door, at_the_door, settings
from tests.readers import readers
from tests.test_door import is_problem
from tests.test_imports_endpoint import NOW, post
from tests.test_reading_hostile import SENTENCE

ALWAYS = (
    "empty", "a-million-columns", "xlsx-cut-in-half", "xlsx-of-two-corners", "xlsx-bomb",
    "xlsx-with-entities", "encrypted-ole2", "xls-that-lies-about-its-dimensions",
    "html-of-wide-spans", "xml-that-asks-for-a-file", "json-too-deep", "zip-that-climbs-up",
)  # fmt: skip
LONG = sorted(set(HOSTILE) - set(ALWAYS))
_SOON = 20
_AT_ONCE = 2


async def refused(door: Door, name: str) -> Answer:
    """Post the file and look meanwhile whether the service answers others."""
    began = time.monotonic()
    posting = asyncio.create_task(post(door, {"Отметки.xlsx": HOSTILE[name]()}))
    slowest = 0.0
    while not posting.done():
        asked = time.monotonic()
        assert (await door.journal.get("/healthz")).status == 200
        slowest = max(slowest, time.monotonic() - asked)
        await asyncio.wait([posting], timeout=0.02)
    assert time.monotonic() - began < _SOON
    assert slowest < _AT_ONCE
    assert not readers()
    return posting.result()


def told(answer: Answer) -> None:
    """One sentence a file in the report, nothing else; or a problem where it was too large."""
    if answer.status == 413:
        is_problem(answer, 413, "too-large")
        return
    assert answer.status == 201, answer.body
    assert answer.json["rows"] == 0
    assert answer.json["files"]
    for file in answer.json["files"]:
        assert SENTENCE.fullmatch(file["problem"]), file
        assert "Traceback" not in file["problem"]


async def check(folder: Path, name: str) -> None:
    async with at_the_door(settings(folder), clock=ManualClock(NOW)) as door:
        told(await refused(door, name))
        good = await post(door, {"a.csv": "Ученик;Класс;Телефон\r\nАвдеев Тимур;5А;нет".encode()})
        assert (good.status, good.json["rows"]) == (201, 1)


@pytest.mark.parametrize("name", ALWAYS)
async def test_a_hostile_file_is_refused_and_the_service_goes_on(name: str, tmp_path: Path) -> None:
    await check(tmp_path, name)


@pytest.mark.long
@pytest.mark.parametrize("name", LONG)
async def test_any_hostile_file_is_refused_and_the_service_goes_on(
    name: str, tmp_path: Path
) -> None:
    await check(tmp_path, name)
