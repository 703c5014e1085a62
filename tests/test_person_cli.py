"""`person export|erase|act|periods`: what is written, asked and said."""

from __future__ import annotations

import asyncio
import json
import re
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sms_diary.app import opened
from sms_diary.channels.base import InboundReport
from sms_diary.cli import app as commands
from sms_diary.config import load
from sms_diary.phone import mask
from sms_diary.store import inbound
from tests import seeding
from tests.seeding import phone

MUM = phone(1001)
NAME = "Журавлёва Анна"
CHILD = "Журавлёва Дарья"
TEXT = "Дарья: мат 5"
NOW = ("--now", "2026-11-28T10:00+04:00")
WHO = ("--by", "Петрова А. В.", "--ground", "отзыв согласия", "--document", "вх. 17")


class Desk:
    """A parent of two schools in a database on the disk, and the command line beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "sms-diary.toml"
        self.config.write_text(
            f'database = "sqlite:{folder / "diary.db"}"\nkey_file = "{folder / "key"}"\n',
            encoding="utf-8",
        )
        self.pupil_id = 0

    async def fill(self) -> None:
        async with opened(load(self.config)) as base, base.database.transaction() as q:
            for slug in ("school-5", "school-9"):
                school = await seeding.live_school(q, base.tools, slug)
                [class_id] = await seeding.classes(q, base.tools, school, "5А")
                self.pupil_id = await seeding.pupil(q, base.tools, school, class_id, CHILD)
                [to] = await seeding.subscribe(q, base.tools, school, [(self.pupil_id, MUM)])
                await seeding.queue(q, base.tools, to, school.id, TEXT)
            await q.run("update guardian set full_name = :name", name=NAME)
            await q.run(
                "update school set legal = :legal",
                legal="МБОУ «Школа № 5», Самара, ул. Школьная, 1",
            )

    async def hear(self, text: str) -> None:
        async with opened(load(self.config)) as base, base.database.transaction() as q:
            report = InboundReport(MUM, "1234", text, text.encode())
            await inbound.store(q, base.tools, seeding.ROUTE, [report], now=1)

    def run(self, *arguments: str, typed: str = "", code: int = 0) -> str:
        """All that was printed."""
        result = CliRunner().invoke(
            commands, ["person", *arguments, "-c", str(self.config)], input=typed
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        assert result.exit_code == code, result.output
        return result.output

    def traces(self) -> list[str]:
        """Names that stand in some file of the database (the rest is sealed)."""
        files = list(self.folder.glob("diary.db*"))
        assert files
        return [one for one in (NAME, CHILD) if any(one.encode() in f.read_bytes() for f in files)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    asyncio.run(made.fill())
    return made


def exported(desk: Desk, *more: str) -> tuple[str, str]:
    """The JSON and the page."""
    out, page = desk.folder / "person.json", desk.folder / "person.html"
    said = desk.run(
        "export", "--out", str(out), "--html", str(page), *more, *NOW, typed="8 900 000-10-01\n"
    )
    assert MUM not in said
    for file in (out, page):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return out.read_text(encoding="utf-8"), page.read_text(encoding="utf-8")


def held(desk: Desk) -> str:
    """What an export holds, whenever it was made."""
    text, _ = exported(desk)
    return re.sub(r'"made_at": "[^"]+"', "", text)


def test_an_export_is_written_for_programs_and_to_print(desk: Desk) -> None:
    text, page = exported(desk)
    said = json.loads(text)
    assert said["number"] == MUM
    assert [one["school"] for one in said["guardians"]] == ["school-5", "school-9"]
    assert said["guardians"][0]["children"][0]["full_name"] == CHILD
    assert [one["text"] for one in said["messages"]] == [TEXT, TEXT]
    assert [one["evidence"] for one in said["consents"]["entries"]] == [
        {"source": "форма SMS-1"}
    ] * 2
    for wanted in (MUM, NAME, CHILD, TEXT, "форма SMS-1", "согласие действует"):
        assert wanted in page.replace("<wbr>", "")


def test_an_export_of_one_school_names_no_other(desk: Desk) -> None:
    for text in exported(desk, "--school", "school-5"):
        assert "school-5" in text
        assert "school-9" not in text


def test_a_number_that_nobody_knows_has_no_export(desk: Desk) -> None:
    said = desk.run("export", "--out", str(desk.folder / "x"), typed="+79000002002\n", code=2)
    assert mask("+79000002002") in said
    assert not (desk.folder / "x").exists()


def test_a_dry_run_counts_and_changes_nothing(desk: Desk) -> None:
    before = held(desk)
    said = desk.run("erase", *WHO, "--dry-run", typed=f"{MUM}\n")
    assert "тексты отправленных SMS: 1" in said
    assert "номер телефона: 1" in said
    assert MUM not in said
    assert held(desk) == before
    assert "Ничего ещё не уничтожали" in desk.run("act")


def test_nothing_is_erased_without_the_word(desk: Desk) -> None:
    before = held(desk)
    said = desk.run("erase", *WHO, typed=f"{MUM}\nда\n", code=2)
    assert "ничего не изменено" in said
    assert held(desk) == before


def test_an_erasure_is_confirmed_and_leaves_acts_to_print(desk: Desk) -> None:
    assert desk.traces() == [NAME, CHILD]
    said = desk.run("erase", *WHO, *NOW, typed=f"{MUM}\nУНИЧТОЖИТЬ\n")
    assert desk.traces() == [CHILD]
    acts = re.findall(r"Акт № (\d+)", said)
    assert len(acts) == 3
    assert len(desk.run("act").splitlines()) == 3
    out = desk.folder / "act.html"
    desk.run("act", acts[0], "--out", str(out))
    page = out.read_text(encoding="utf-8")
    for wanted in (
        f"№ {acts[0]}", "МБОУ «Школа № 5», Самара, ул. Школьная, 1", "Петрова А. В.",
        "отзыв согласия", "вх. 17", "28.11.2026 10:00:00 UTC+04:00", "тексты отправленных SMS",
        "size: A4", "№ 179",
    ):  # fmt: skip
        assert wanted in page
    for secret in (MUM, NAME, CHILD):
        assert secret not in page
    again, page = exported(desk)
    assert (json.loads(again)["state"], json.loads(again)["erased"]) == ("stopped", True)
    assert NAME not in again + page
    assert TEXT not in again + page


def test_a_school_does_not_print_the_act_of_another(desk: Desk) -> None:
    said = desk.run("erase", *WHO, "--school", "school-9", typed=f"{MUM}\nУНИЧТОЖИТЬ\n")
    [number] = re.findall(r"Акт № (\d+)", said)
    desk.run("act", number, "--school", "school-5", "--out", str(desk.folder / "x"), code=2)
    assert "Ничего" in desk.run("act", "--school", "school-5")


def test_a_pupil_who_has_left_is_erased_by_the_school(desk: Desk) -> None:
    desk.run("erase", *WHO, "--pupil", str(desk.pupil_id), code=2)
    other = ("--school", "school-5", "--pupil", str(desk.pupil_id))
    desk.run("erase", *WHO, *other, code=2)
    own = ("--school", "school-9", "--pupil", str(desk.pupil_id))
    said = desk.run("erase", *WHO, *own, typed="УНИЧТОЖИТЬ\n")
    assert "имя, дата рождения и номер ученика в журнале: 1" in said
    desk.run("erase", *WHO, *own, code=2)


def test_an_erasure_says_that_an_sms_is_unread(desk: Desk) -> None:
    asyncio.run(desk.hear("СТОП"))
    said = desk.run("erase", *WHO, typed=f"{MUM}\nУНИЧТОЖИТЬ\n", code=2)
    assert "может быть СТОП" in said
    assert desk.traces() == [NAME, CHILD]


def test_the_periods_of_a_school_are_shown_and_changed(desk: Desk) -> None:
    assert "дней: 90" in desk.run("periods", "--school", "school-5")
    said = desk.run("periods", "--school", "school-5", "--texts-days", "30", "--ledger-years", "14")
    assert "дней: 30" in said
    assert "лет: 14" in said
    assert "дней: 90" in desk.run("periods", "--school", "school-9")
