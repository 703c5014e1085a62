"""`slips print|list|revoke`: whose slips are printed, what stands on them, what ends them."""

from __future__ import annotations

import asyncio
import re
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sms_diary.app import opened
from sms_diary.cli import app as commands
from sms_diary.config import load
from sms_diary.store.parent import slips
from sms_diary.web import passwords
from tests import seeding
from tests.seeding import phone

NOW = ("--now", "2026-11-28T10:00+04:00")
CLASS = ("--school", "school-5", "--class", "5а")
_SLIP = re.compile(r"<dt>Логин</dt><dd>(.+?)</dd>\s*<dt>Пароль</dt><dd>(.+?)</dd>")


class Desk:
    """A school with one class of three, two of them with a guardian; beside a file of settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "sms-diary.toml"
        self.config.write_text(
            f'database = "sqlite:{folder / "diary.db"}"\nkey_file = "{folder / "key"}"\n'
            'public_url = "https://sms.example.ru"\n',
            encoding="utf-8",
        )

    async def fill(self) -> None:
        async with opened(load(self.config)) as base, base.database.transaction() as q:
            school = await seeding.live_school(q, base.tools, "school-5")
            [class_id] = await seeding.classes(q, base.tools, school, "5А")
            found = await seeding.pupils(q, base.tools, school, class_id, 3)
            await seeding.subscribe(
                q, base.tools, school, [(one, phone(n)) for n, one in enumerate(found[:2])]
            )

    async def take_into_use(self, login: str) -> None:
        async with opened(load(self.config)) as base, base.database.transaction() as q:
            known = await slips.by_login(q, login)
            assert known is not None
            assert await slips.set_password(q, known[0].id, "$own", now=2)

    async def fits(self, login: str, password: str) -> bool:
        async with opened(load(self.config)) as base, base.database.reading() as q:
            known = await slips.by_login(q, login)
        return known is not None and await passwords.fits(password, known[1])

    def run(self, *arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(commands, ["slips", *arguments, "--config", str(self.config)])
        assert done.exit_code == code, done.output
        return done.output

    def printed(self, *more: str) -> list[tuple[str, str]]:
        """(login, password) of every slip that a run prints."""
        self.run("print", *CLASS, "--out", str(self.folder), *NOW, *more)
        page = (self.folder / "slips-5А.html").read_text(encoding="utf-8")
        return _SLIP.findall(page)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    asyncio.run(made.fill())
    return made


def test_every_pupil_gets_a_slip_with_a_password_that_is_kept_nowhere(desk: Desk) -> None:
    made = desk.printed()
    assert len(made) == 3, "also who has no guardian here"
    assert all(re.fullmatch(r"[а-я]+\d{4}", login) for login, _ in made)
    assert all(re.fullmatch(r"\d{4}-\d{4}-\d{4}", password) for _, password in made)
    assert asyncio.run(desk.fits(*made[0]))
    file = desk.folder / "slips-5А.html"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "https://sms.example.ru/my" in file.read_text(encoding="utf-8")
    for path in desk.folder.glob("diary.db*"):
        assert made[0][1].encode() not in path.read_bytes()


def test_who_has_a_password_of_their_own_is_left_alone(desk: Desk) -> None:
    first = desk.printed()
    asyncio.run(desk.take_into_use(first[0][0]))
    second = desk.printed()
    assert len(second) == 2
    assert not asyncio.run(desk.fits(*first[1])), "the earlier slip is closed"
    assert asyncio.run(desk.fits(*second[0]))
    listed = desk.run("list", *CLASS, *NOW)
    assert re.findall(r"\t(в ходу|ждёт)", listed).count("в ходу") == 1
    assert listed.count("ждёт первого входа") == 2
    assert second[0][1] not in listed


def test_a_named_pupil_gets_a_new_slip_whatever_the_old_one_was(desk: Desk) -> None:
    for login, _ in desk.printed():
        asyncio.run(desk.take_into_use(login))
    assert desk.printed() == []
    assert len(desk.printed("--pupil", "белкина дарья 1")) == 1
    said = desk.run("print", *CLASS, "--pupil", "Никто", "--out", str(desk.folder), *NOW, code=2)
    assert "нет ученика с такой фамилией" in said


def test_a_revoked_slip_opens_nothing(desk: Desk) -> None:
    [(login, password), *_] = desk.printed()
    assert "закрыт" in desk.run("revoke", login, "--school", "school-5")
    assert not asyncio.run(desk.fits(login, password))
    assert "нет" in desk.run("revoke", login, "--school", "school-5", code=2)


def test_a_class_that_is_not_there_is_named(desk: Desk) -> None:
    other = ("--school", "school-5", "--class", "9Я")
    assert "9Я" in desk.run("print", *other, "--out", str(desk.folder), *NOW, code=2)
