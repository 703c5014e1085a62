"""`person doubles|join`: who is written twice, and two records made one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sms_diary.app import opened
from sms_diary.cli import app as commands
from sms_diary.config import load
from tests import seeding

MUM = seeding.phone(1)


@dataclass
class Desk:
    """A child written twice in one school, in a database on the disk."""

    config: Path
    ids: tuple[int, ...] = ()

    async def fill(self) -> None:
        async with opened(load(self.config)) as base, base.database.transaction() as q:
            school = await seeding.live_school(q, base.tools, "school-5")
            ids = await seeding.classes(q, base.tools, school, "5А", "5Б")
            names = ("Чижов Пётр Ильич", "Чижов Петр")
            self.ids = tuple([
                await seeding.pupil(q, base.tools, school, class_id, name)
                for class_id, name in zip(ids, names, strict=True)
            ])  # fmt: skip
            await seeding.subscribe(q, base.tools, school, [(self.ids[1], MUM)])

    async def change(self, sql: str) -> None:
        async with opened(load(self.config)) as base, base.database.transaction() as q:
            await q.run(sql)

    def run(self, *said: str) -> tuple[int, str]:
        options = ["--school", "school-5", "--config", str(self.config)]
        options += ["--now", "2026-11-28T10:00+04:00"]
        done = CliRunner().invoke(commands, ["person", *said, *options])
        return done.exit_code, done.output

    def join(self, one: int, other: int) -> tuple[int, str]:
        return self.run("join", str(one), str(other), "--by", "Петрова А. В.")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    config = tmp_path / "sms-diary.toml"
    config.write_text(
        f'database = "sqlite:{tmp_path / "diary.db"}"\nkey_file = "{tmp_path / "key"}"\n',
        encoding="utf-8",
    )
    made = Desk(config)
    asyncio.run(made.fill())
    return made


def test_who_is_written_twice_is_listed_and_joined(desk: Desk) -> None:
    one, other = desk.ids
    code, said = desk.run("doubles")
    assert code == 0
    assert f"{one} Чижов Пётр Ильич, 5А  и  {other} Чижов Петр, 5Б" in said
    assert MUM not in said
    code, said = desk.join(other, one)
    assert code == 0
    assert f"Осталась запись {one}. Подписок перешло: 1, объединено: 0" in said
    assert desk.run("doubles") == (0, "Записанных дважды не видно.\n")
    assert "В школе нет двух учеников с такими номерами" in desk.join(other, one)[1]


def test_two_children_of_the_journal_are_not_joined(desk: Desk) -> None:
    asyncio.run(desk.change("update pupil set external_id = 'j-' || id"))
    code, said = desk.join(*desk.ids)
    assert code != 0
    assert "номера разные" in said
