"""Files over HTTP: planned on arrival, applied and undone by number; questions answered."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest

from sms_diary.api import form as forms
from sms_diary.clock import ManualClock, millis
from sms_diary.store import tokens
from sms_diary.store.tokens import Right
from tests.journal_peer import Answer, Door, at_the_door, settings
from tests.test_door import is_problem

SAMPLES = Path(__file__).parent / "samples"
LIST = "spisok_5A_cp1251.csv"
MARKS = "otmetki_5A_2026-11-16_utf8bom.csv"
NOW = millis(datetime(2026, 11, 24, 12, 0, tzinfo=ZoneInfo("Europe/Samara")))


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with at_the_door(settings(tmp_path), clock=ManualClock(NOW)) as opened:
        yield opened


async def post(door: Door, files: dict[str, bytes], token: str = "", **fields: str) -> Answer:
    """The form with these files, as a browser sends it."""
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, said in fields.items():
        form.add_field(name, said)
    for name, body in files.items():
        form.add_field(
            "file", io.BytesIO(body), filename=name, content_type="application/octet-stream"
        )
    headers = {"authorization": f"Bearer {token or door.journal.token}"}
    return await door.journal.send("POST", "/v1/imports", form, headers)


async def act(door: Door, path: str, body: Any = None) -> Answer:
    headers = dict(door.journal.bearer)
    if body is not None:
        headers["content-type"] = "application/json"
    data = None if body is None else json.dumps(body).encode()
    return await door.journal.send("POST", path, data, headers)


async def test_a_form_of_files_is_planned_applied_and_undone(door: Door) -> None:
    files = {name: (SAMPLES / name).read_bytes() for name in (LIST, MARKS)}
    planned = await post(door, files, source="папка 5А")
    assert planned.status == 201, planned.body
    address = planned.headers["Location"]
    assert planned.json["state"] == "planned"
    assert planned.json["counts"]["отметки по строкам"] == {
        "added": 332, "changed": 2, "unchanged": 1, "rejected": 1, "quarantined": 3,
    }  # fmt: skip
    assert planned.json["rows"] == 339 + 26
    assert (await door.journal.get(address)).json["counts"] == planned.json["counts"]
    is_problem(await act(door, f"{address}/apply"), 409, "not-yet")
    applied = await act(door, f"{address}/apply?only_good=1")
    assert (applied.status, applied.json["state"]) == (200, "applied")
    assert applied.json["counts"] == planned.json["counts"]
    undone = await act(door, f"{address}/undo")
    assert undone.json["said"][0] == "Записей дневника отменено: 332."
    assert (await door.journal.get(address)).json["state"] == "undone"


async def test_another_school_sees_nothing_of_an_import(door: Door) -> None:
    planned = await post(door, {LIST: (SAMPLES / LIST).read_bytes()})
    for answer in (
        await door.other.get(planned.headers["Location"]),
        await door.other.send("POST", planned.headers["Location"] + "/apply?only_good=1",
                              headers=door.other.bearer),
    ):  # fmt: skip
        is_problem(answer, 404, "no-import")


async def test_a_question_is_answered_over_http(door: Door) -> None:
    files = {name: (SAMPLES / name).read_bytes() for name in (LIST, MARKS)}
    planned = await post(door, files)
    await act(door, f"{planned.headers['Location']}/apply?only_good=1")
    asked = (await door.journal.get("/v1/quarantine")).json["questions"]
    girl = next(one for one in asked if one["about"].startswith("Иванова Мария"))
    choice = girl["candidates"][0]["id"]
    path = f"/v1/quarantine/{girl['id']}"
    is_problem(await act(door, f"{path}/resolve", {"choice": "77"}), 409, "not-yet")
    settled = await act(door, f"{path}/resolve", {"choice": choice})
    assert settled.json == {"held": 1, "outcomes": {"created": 1}}
    is_problem(await act(door, f"{path}/drop"), 404, "no-question")


async def test_what_is_no_form_or_too_large_is_refused_and_the_service_answers(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = await act(door, "/v1/imports", {"file": "x"})
    is_problem(wrong, 415, "not-a-form")
    is_problem(await post(door, {}, source="x"), 422, "no-file")
    is_problem(await post(door, {"a.csv": b"x"}, colour="red"), 422, "bad-field")
    headers = door.journal.bearer | {"content-type": "multipart/form-data; boundary=x"}
    broken = await door.journal.send("POST", "/v1/imports", b"--x\r\nno", headers)
    assert broken.status == 400, broken.body
    monkeypatch.setattr(forms, "MAX_BYTES", 1024 * 1024)
    is_problem(await post(door, {"a.csv": bytes(1_200_000)}), 413, "too-large")
    assert (await door.journal.get("/healthz")).status == 200


async def test_a_bad_file_is_told_in_the_report(door: Door) -> None:
    planned = await post(door, {"../../etc/passwd.xlsx": b"\x89PNG" + bytes(100)})
    assert planned.status == 201
    [file] = planned.json["files"]
    assert file["name"] == "passwd.xlsx"
    assert file["problem"]
    assert planned.json["rows"] == 0


async def test_a_choice_of_columns_is_sent_remembered_and_forgotten(door: Door) -> None:
    body = "Ребёнок;Кл.;Сотка\r\nАвдеев Тимур Олегович;5А;8 900 000-10-01\r\n".encode()
    assert (await post(door, {"a.csv": body})).json["rows"] == 0
    is_problem(await post(door, {"a.csv": body}, columns="Сотка=Погода"), 409, "unknown-column")
    chosen = await post(door, {"a.csv": body}, columns="Сотка=Телефон\nКл.=Класс")
    assert chosen.json["rows"] == 1
    await act(door, f"{chosen.headers['Location']}/apply")
    later = await post(door, {"b.csv": body})
    assert later.json["rows"] == 1
    assert any("как запомнено" in note for note in later.json["files"][0]["notes"])
    gone = await post(door, {"a.csv": body}, forget_columns="1")
    assert gone.json["rows"] == 0
    await act(door, f"{gone.headers['Location']}/apply")
    assert (await post(door, {"b.csv": body})).json["rows"] == 0


async def test_a_token_without_the_right_to_tell_or_to_write_consents_does_not(door: Door) -> None:
    async with door.database.transaction() as q:
        text = tokens.made()
        await tokens.add(q, door.service.base.tools, door.school.id, text, name="x", now=1,
                         rights=[Right.READ, Right.WRITE])  # fmt: skip
    body = (SAMPLES / LIST).read_bytes()
    is_problem(await post(door, {LIST: body}, text, tell="1"), 403, "no-right")
    planned = await post(door, {LIST: body}, text)
    assert planned.status == 201
    headers = {"authorization": f"Bearer {text}"}
    path = f"{planned.headers['Location']}/apply?only_good=1"
    is_problem(await door.journal.send("POST", path, headers=headers), 403, "no-right")
