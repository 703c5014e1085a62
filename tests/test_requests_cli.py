"""`consents ask` and `consents unreached`: what a school types, and what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sms_diary.app import Base, opened
from sms_diary.cli import app as commands
from sms_diary.config import load
from sms_diary.model import ConsentState
from sms_diary.store import ledger
from sms_diary.store.schools import School
from tests.seeding import (
    Subscribed,
    classes,
    column,
    live_school,
    phone,
    pupil,
    set_consent,
    subscribe,
)

NOW = ("--now", "2026-11-24T12:00+04:00")
PAPER = ("--source", "форма SMS-0 от 01.09.2026", "--by", "Петрова А. В.")
ROUTE = """
[[routes]]
name = "main"
host = "127.0.0.1"
system_id = "school"
source = "SCHOOL"
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """A school with two classes and a parent in each, and the commands beside it."""

    base: Base
    config: Path
    school: School
    fifth: Subscribed
    ninth: Subscribed

    async def run(self, *arguments: str) -> tuple[int, str]:
        result = await asyncio.to_thread(
            CliRunner().invoke, commands, ["consents", *arguments, "-c", str(self.config), *NOW]
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result.exit_code, result.output

    async def asked(self) -> list[int]:
        return await column(self.base.database, "select guardian_id from request order by id")


@pytest.fixture
async def desk(tmp_path: Path, database_url: str) -> AsyncIterator[Desk]:
    config = tmp_path / "sms-diary.toml"
    config.write_text(
        f'database = "{database_url}"\nkey_file = "{tmp_path / "key"}"\n{ROUTE}', encoding="utf-8"
    )
    async with opened(load(config)) as base:
        async with base.database.transaction() as q:
            school = await live_school(q, base.tools, "school-5")
            found = []
            for number, title in enumerate(("5А", "9В"), 1):
                [class_id] = await classes(q, base.tools, school, title)
                child = await pupil(q, base.tools, school, class_id, f"Белкина Дарья {title}")
                found += await subscribe(
                    q, base.tools, school, [(child, phone(number))], state=None, welcomed=False
                )
        yield Desk(base, config, school, *found)


def _answerable(desk: Desk) -> None:
    with desk.config.open("a", encoding="utf-8") as out:
        out.write('reply_to = "+79000000000"\n')


async def test_a_class_is_asked_on_its_paper(desk: Desk) -> None:
    _answerable(desk)
    code, said = await desk.run("ask", "--school", "school-5", "--class", "5а", *PAPER)
    assert (code, "родителей: 1" in said) == (0, True), said
    assert await desk.asked() == [desk.fifth.guardian_id]
    [ledger_id] = await column(desk.base.database, "select id from ledger")
    async with desk.base.database.reading() as q:
        paper = await ledger.evidence(q, desk.base.tools, desk.school.id, ledger_id)
    assert paper == {
        "source": "форма SMS-0 от 01.09.2026", "by": "Петрова А. В.", "number": phone(1),
    }  # fmt: skip
    code, said = await desk.run("ask", "--school", "school-5", "--class", "5а", *PAPER)
    assert (code, "Спрашивать некого" in said) == (0, True), said


async def test_without_a_class_all_are_asked_whose_answer_is_unknown(desk: Desk) -> None:
    _answerable(desk)
    async with desk.base.database.transaction() as q:
        refused = ConsentState.REFUSED
        await set_consent(q, desk.base.tools, desk.school.id, [desk.ninth], refused)
    await desk.run("ask", "--school", "school-5", *PAPER)
    assert await desk.asked() == [desk.fifth.guardian_id]


async def test_a_dry_run_tells_how_many_and_asks_nobody(desk: Desk) -> None:
    _answerable(desk)
    code, said = await desk.run("ask", "--school", "school-5", "--dry-run", *PAPER)
    assert (code, "Спросим родителей: 2" in said) == (0, True), said
    assert await desk.asked() == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--source", " ", "--by", "Петрова"), "Назовите бумагу"),
        (("--source", "форма", "--by", ""), "Назовите бумагу"),
        ((*PAPER, "--class", "7Г"), "Класс «7Г»"),
    ],
)
async def test_what_is_missing_is_said_and_nobody_is_asked(
    desk: Desk, arguments: tuple[str, ...], told: str
) -> None:
    _answerable(desk)
    code, said = await desk.run("ask", "--school", "school-5", *arguments)
    assert (code, told in said) == (2, True), said
    assert await desk.asked() == []


async def test_where_nothing_can_be_answered_the_command_says_so_at_once(desk: Desk) -> None:
    code, said = await desk.run("ask", "--school", "school-5", *PAPER)
    assert (code, "по этому маршруту ответить нельзя" in said) == (2, True), said
    assert await desk.asked() == []


async def test_numbers_that_no_welcome_reached_are_listed_by_class_and_masked(desk: Desk) -> None:
    _, said = await desk.run("unreached", "--school", "school-5")
    assert said == "Таких номеров нет.\n"
    async with desk.base.database.transaction() as q:
        both = [desk.ninth, desk.fifth]
        await set_consent(q, desk.base.tools, desk.school.id, both, ConsentState.ACTIVE)
        await q.run("update request set state = 'dropped', tries = 3")
    code, said = await desk.run("unreached", "--school", "school-5")
    assert code == 0
    assert [line[:2] for line in said.splitlines()[2:]] == ["5А", "9В"]
    assert "+7900***0001" in said
    assert phone(1) not in said
