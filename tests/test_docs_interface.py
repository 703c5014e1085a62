"""What `docs/` says of settings and of HTTP is what the program has: all of it, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from sms_diary.api import schools
from sms_diary.api.table import OPERATIONS
from sms_diary.config import EXAMPLE, HttpRoute, Numbers, Route, Settings, Web
from sms_diary.model import ConsentState, Failure, Ground
from sms_diary.store.messages import STATES
from sms_diary.store.timeline import STEPS
from sms_diary.store.tokens import RIGHT_RU
from sms_diary.words import LINE_RU, OUTCOME_RU
from tests.journal_peer import at_the_door, settings

ROOT = Path(__file__).resolve().parent.parent
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def _fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, field in model.model_fields.items():
        if name not in ("web", "numbers", "routes"):
            yield prefix + name, field.default


# What both kinds of routes have is told once, as of SMPP.
SETTINGS = dict(
    [
        *_fields(Settings), *_fields(Web, "web."), *_fields(Numbers, "numbers."),
        *_fields(HttpRoute), *_fields(Route),
    ]
)  # fmt: skip


def _rows(page: str) -> dict[str, list[str]]:
    """The tables' rows: name -> the other cells."""
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", page, re.M)
    return {name: rest.split(" | ") for name, rest in rows}


def test_every_setting_is_documented_with_its_default_and_nothing_else_is() -> None:
    rows = _rows(CONFIGURATION)
    assert rows.keys() == SETTINGS.keys()
    for name, default in SETTINGS.items():
        said, meaning = rows[name]
        if default is PydanticUndefined:
            assert said == "обязательно"
        elif default is None:
            assert said == "нет" or said.startswith("по виду")
        elif default in ("", SecretStr(""), ()):
            assert said == "пусто"
        else:
            shown = str(default).lower() if isinstance(default, bool) else str(default)
            assert said == f"`{shown}`"
        assert re.search("[а-яё]{3}", meaning)


def test_the_environment_spelling_of_a_setting_of_a_section_is_documented() -> None:
    for spelling in ("SMS_DIARY_DATABASE", "SMS_DIARY_WEB__PORT", "SMS_DIARY_ROUTES",
                     "CREDENTIALS_DIRECTORY", "/run/secrets", "sms_diary_database"):  # fmt: skip
        assert spelling in CONFIGURATION


def test_the_settings_of_the_first_file_are_real_ones() -> None:
    names = set(re.findall(r"^(?:# )?([a-z_]+) = ", EXAMPLE, re.M))
    assert names <= {name.removeprefix("web.") for name in SETTINGS}


OPEN = {("GET", "/openapi.json"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/metrics")}


def test_the_table_of_addresses_is_the_table_of_operations() -> None:
    rows = re.findall(r"^\| `([A-Z]+) (/\S*)` \| (.+) \| (?:`(\w+)`|все) \|$", API, re.M)
    declared = [(one.method, one.path, one.summary, one.right.value) for one in OPERATIONS]
    assert rows[: len(declared)] == declared
    assert {(method, path) for method, path, _, right in rows if not right} == OPEN
    assert len(rows) == len(declared) + len(OPEN)


async def test_every_address_is_served(tmp_path: Path) -> None:
    addresses = OPEN | {(one.method, one.path) for one in OPERATIONS}
    async with at_the_door(settings(tmp_path)) as door:
        for method, path in addresses:
            filled = re.sub(r"\{.*?\}", "1", path.replace("{school}", door.journal.slug))
            answer = await door.journal.send(method, filled, headers=door.journal.bearer)
            assert b"/problems/http-404" not in answer.body
            assert b"/problems/http-405" not in answer.body


def test_every_right_is_explained() -> None:
    for right, meaning in RIGHT_RU.items():
        assert f"| `{right}` | " in API
        assert re.search("[а-яё]{3}", meaning)


def test_every_setting_of_a_school_is_explained() -> None:
    fields = {name for name in schools.Change.model_fields if f"`{name}`" not in API}
    assert fields == set()


def test_every_problem_is_documented() -> None:
    slugs = {"not-json", "not-utf8", "too-many-events"}
    for file in (ROOT / "sms_diary" / "api").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        slugs |= set(re.findall(r"Problem\(\s*\d{3},\s*\"([a-z-]+)\"", text))
    assert len(slugs) > 15
    table = API[API.index("| статус |") :]
    assert [slug for slug in sorted(slugs) if f"`{slug}`" not in table] == []


@pytest.mark.parametrize(
    "words",
    [STATES, STEPS, LINE_RU, OUTCOME_RU, Ground, ConsentState, Failure],
    ids=["states", "steps", "lines", "outcomes", "grounds", "consents", "failures"],
)
def test_every_word_of_an_answer_is_explained(words: list[str]) -> None:
    assert [str(word) for word in words if f"`{word}`" not in API] == []


def test_the_pages_link_to_each_other_and_to_headings_that_exist() -> None:
    for name in ("api.md", "configuration.md", "events.md"):
        page = (ROOT / "docs" / name).read_text(encoding="utf-8")
        for target, anchor in re.findall(r"\]\((\w+\.md)(?:#([^)]+))?\)", page):
            linked = (ROOT / "docs" / target).read_text(encoding="utf-8")
            headings = {
                re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
                for title in re.findall(r"^#+ (.+)$", linked, re.M)
            }
            assert not anchor or anchor in headings
    assert "api.md" in (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
