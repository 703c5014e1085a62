"""A school's own texts, names and letters over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sms_diary.clock import ManualClock
from sms_diary.encoding import Scheme
from tests.conftest import NOW
from tests.journal_peer import Answer, Door, at_the_door, settings
from tests.test_admin_resources import _send as send
from tests.test_door import is_problem

TEXTS = "/v1/schools/school-5/templates"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with at_the_door(settings(tmp_path), clock=ManualClock(NOW)) as opened:
        yield opened


async def texts(door: Door) -> dict[str, dict[str, Any]]:
    answer = await send(door, "GET", TEXTS)
    assert answer.status == 200
    return {one["name"]: one for one in answer.json["texts"]}


async def put(door: Door, name: str, source: str) -> Answer:
    return await send(door, "POST", TEXTS, {"name": name, "source": source})


async def test_every_text_is_listed_with_what_it_is_about(door: Door) -> None:
    found = await texts(door)
    assert found["marks_day"] == {
        "name": "marks_day", "title": "отметки за день", "own": False, "version": 0,
        "source": "{{ имя }} {{ дата }}: {{ отметки }}\n",
    }  # fmt: skip
    assert {"subjects", "works", "request", "welcome"} <= found.keys()


async def test_a_text_is_kept_holds_and_is_given_back(door: Door) -> None:
    own = "{{ имя }}: {{ отметки }}"
    assert (await put(door, "marks_day", own)).json["version"] == 1
    assert (await texts(door))["marks_day"]["source"] == own
    given_back = (await put(door, "marks_day", "")).json
    assert (given_back["own"], given_back["version"]) == (False, 2)
    history = await send(door, "GET", f"{TEXTS}/history?name=marks_day")
    assert [one["source"] for one in history.json["versions"]] == ["", own]
    assert history.json["versions"][0]["by"].startswith("token")


@pytest.mark.parametrize(
    ("name", "source", "why"),
    [
        ("mark", "{{ имя }}", "значение {{ предмет }} должно быть"),
        ("mark", "{% for i in range(10**9) %}{% endfor %}", "циклы не разрешены"),
        ("subjects", "химия | х", "нужно 4 столбца"),
    ],
)
async def test_a_wrong_text_is_refused_with_all_that_is_wrong(
    door: Door, name: str, source: str, why: str
) -> None:
    answer = await put(door, name, source)
    is_problem(answer, 409)
    assert any(why in one["message"] for one in answer.json["errors"])
    assert not (await texts(door))[name]["own"]


async def test_a_text_that_there_is_not_is_not_found(door: Door) -> None:
    is_problem(await put(door, "mrak", "x"), 404)
    is_problem(await send(door, "GET", f"{TEXTS}/history?name=mrak"), 404)
    is_problem(await send(door, "GET", "/v1/schools/school-7/templates"), 404)


async def test_names_and_letters_are_settings_of_a_school(door: Door) -> None:
    path = "/v1/schools/school-5"
    answer = await send(door, "PATCH", path, {"naming": "surname-name", "scheme": "wikipedia"})
    assert (answer.json["naming"], answer.json["scheme"]) == ("surname-name", "wikipedia")
    for wrong in ({"naming": "nickname"}, {"scheme": "uz"}):
        is_problem(await send(door, "PATCH", path, wrong), 422)


def test_every_scheme_is_documented() -> None:
    page = (Path(__file__).parent.parent / "docs" / "api.md").read_text(encoding="utf-8")
    assert [one for one in Scheme if f"`{one}`" not in page] == []
