"""`consents verify|head|prove`: what is checked, published and shown, on both engines."""

from __future__ import annotations

import asyncio
import io
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sms_diary.app import Base, opened
from sms_diary.channels.base import InboundReport
from sms_diary.cli import app as commands
from sms_diary.clock import MINUTE, ManualClock
from sms_diary.config import load
from sms_diary.demo.play import LOG, logs_in, perform
from sms_diary.demo.week import Week
from sms_diary.ingest.files.load_contacts import load_contacts
from sms_diary.model import ConsentState, Ground
from sms_diary.reports import evidence
from sms_diary.store import (
    claiming,
    consents,
    inbound,
    ledger,
    numbers,
    outbox,
    proofs,
    schools,
)
from sms_diary.store.consents import Change
from sms_diary.store.ledger import Act
from sms_diary.store.outbox import NewMessage
from sms_diary.store.proofs import Doubt
from sms_diary.store.schools import School
from tests import seeding
from tests.conftest import NOW
from tests.seeding import FAR, ROUTE, Subscribed

ROOT = Path(__file__).resolve().parent.parent
MUM, STRANGER = "+79000001001", "+79000002002"
NOW_OPTION = ("--now", "2026-11-24T12:30+04:00")
HEADING = "ФИО ученика;Класс;ФИО родителя;Родство;Телефон;Согласие на SMS;Дата согласия"
SOURCE = "форма SMS-1 от 01.09.2026, папка 5А"
PHONE = re.compile(r"900\D*000\D*10\D*01")


@dataclass(frozen=True, slots=True)
class Desk:
    """A database with two schools that share a parent, and the commands beside it."""

    base: Base
    config: Path
    first: School
    second: School
    daughter: Subscribed
    son: Subscribed

    async def run(self, *arguments: str, typed: str = "") -> tuple[int, str]:
        """Exit code and all that was printed; nothing went wrong but what was said."""
        result = await asyncio.to_thread(
            CliRunner().invoke, commands, ["consents", *arguments, "-c", str(self.config)],
            input=typed,
        )  # fmt: skip
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result.exit_code, result.output

    async def json(self, *arguments: str, typed: str = "") -> dict[str, Any]:
        _, said = await self.run(*arguments, "--json", typed=typed)
        found: dict[str, Any] = json.loads(said)
        return found

    async def behind_the_guards(self, *statements: str) -> None:
        async with self.base.database.transaction() as q:
            if q.engine == "postgresql":
                await q.run("set local session_replication_role = replica")
            else:
                for name in ("ledger_keeps_rows", "ledger_loses_nothing"):
                    await q.run(f"drop trigger if exists {name}")
            for statement in statements:
                await q.run(statement)

    async def queue(
        self, to: Subscribed, school: School, *, ground: Ground = Ground.CONSENT,
        topic: str = "marks", now: int = NOW,
    ) -> int:  # fmt: skip
        """A message about one entry, on its way to the operator a minute later."""
        tools = self.base.tools
        async with self.base.database.transaction() as q:
            own: tuple[int, ...] = ()
            if ground is Ground.CONSENT:
                own = (await seeding.line(q, tools, to, tools.ids.new(), topic=topic),)
            [made] = await seeding.queue(
                q, tools, to, school.id, "мат 5", ground=ground, lines=own, now=now
            )
            await claiming.claim(q, route=ROUTE, owner="test", limit=9, now=now + MINUTE)
        return made

    async def asked(self, number: str, text: str, *, now: int = NOW) -> int:
        """An SMS from this number; its id."""
        tools = self.base.tools
        report = InboundReport(number, "+79000009999", text, text.encode())
        async with self.base.database.transaction() as q:
            await inbound.store(q, tools, ROUTE, [report], now=now)
            row = await q.one("select max(id) as id from inbound")
        assert row is not None
        return int(row["id"])

    async def reply(self, number: str, inbound_id: int | None, **changes: Any) -> int:
        tools = self.base.tools
        async with self.base.database.transaction() as q:
            known = await numbers.ensure(q, tools, [number], now=NOW)
            values: dict[str, Any] = {
                "school_id": ledger.NO_SCHOOL, "guardian_id": None, "consent_rev": 0,
                "ground": Ground.REPLY, "ledger_id": None, "text": "SMS-дневник отключен",
                "alphabet": "ucs2", "turns": (1,), "udh_ref": 0, "level": "full", "lane": 0,
                "route": ROUTE, "expires": FAR,
            }  # fmt: skip
            message = NewMessage(
                **{**values, "number_id": known[number].id, "inbound_id": inbound_id, **changes}
            )
            [made] = await outbox.add(q, tools, [message], now=NOW)
        return made

    async def change(
        self, of: Subscribed, state: ConsentState, action: str, *, topic: str = "*", now: int = NOW
    ) -> int:
        """A change of consent as an SMS makes it; the id of its row."""
        act = Act(action, of.number, f"subscription:{of.subscription_id} {topic}", "sms",
                  {"number": of.number, "text": f"СТОП +7 (900) 000-10-01 {topic}"})  # fmt: skip
        school = self.first if of is self.daughter else self.second
        async with self.base.database.transaction() as q:
            [row] = await consents.change(
                q, self.base.tools, school.id,
                [Change(of.subscription_id, of.number_id, state, act, topic)], now=now,
            )  # fmt: skip
        return row


async def _enrolled(base: Base, clock: ManualClock, school: School, *rows: str) -> Subscribed:
    """A class list with the mother in its first row; her subscription there."""
    data = "\r\n".join([HEADING, *rows]).encode()
    await load_contacts(
        base.database, base.tools, clock, school, data, file_name="spisok.csv",
        consent_source=SOURCE, by="Завуч Петрова",
    )  # fmt: skip
    async with base.database.reading() as q:
        row = await q.one(
            """select s.id, s.guardian_id, s.pupil_id, g.number_id, c.ledger_id
               from subscription s join guardian g on g.id = s.guardian_id
               join consent c on c.subscription_id = s.id
               where s.school_id = :school_id and c.state = 'active'""",
            school_id=school.id,
        )
    assert row is not None
    return Subscribed(
        row["id"], row["guardian_id"], row["number_id"], row["pupil_id"], MUM, row["ledger_id"]
    )


@pytest.fixture
async def desk(database_url: str, tmp_path: Path, clock: ManualClock) -> AsyncIterator[Desk]:
    config = tmp_path / "sms-diary.toml"
    key = tmp_path / "key"
    config.write_text(f'database = "{database_url}"\nkey_file = "{key}"\n', encoding="utf-8")
    async with opened(load(config)) as base:
        async with base.database.transaction() as q:
            first = await seeding.live_school(q, base.tools, "school-5")
            second = await seeding.live_school(q, base.tools, "school-6")
        daughter = await _enrolled(
            base, clock, first,
            "Белкина Дарья Игоревна;5А;Белкина Ольга Ивановна;мама;8(900)000-10-01;да;01.09.2026",
            "Уткин Егор Олегович;5А;Уткин Олег Львович;папа;8 900 000-10-02;нет;01.09.2026",
        )  # fmt: skip
        son = await _enrolled(
            base, clock, second,
            "Белкин Макар Игоревич;2Б;Белкина О. И.;мама;89000001001;да;02.09.2026",
        )  # fmt: skip
        yield Desk(base, config, first, second, daughter, son)


# ---------------------------------------------------------------- verify and head


async def test_whole_chains_are_told_school_by_school(desk: Desk) -> None:
    code, said = await desk.run("verify")
    assert code == 0
    assert "Школа «school-5» (school-5): цепочка цела, строк: 2, с доказательством: 2." in said
    assert "Школа «school-6» (school-6): цепочка цела, строк: 1, с доказательством: 1." in said
    assert "Без файла опубликованных концов" in said
    await desk.behind_the_guards(
        f"delete from evidence where ledger_id = {desk.daughter.ledger_id}"
    )
    code, said = await desk.run("verify", "--school", "school-5")
    assert code == 0
    assert "с доказательством: 1, доказательство стёрто: 1." in said
    assert "school-6" not in said


async def test_the_first_broken_link_is_named_with_its_school_and_what_to_do(desk: Desk) -> None:
    await desk.behind_the_guards(
        f"update ledger set actor = 'Завуч Петровна' where school_id = {desk.first.id} and seq = 1"
    )
    code, said = await desk.run("verify")
    assert code == 1
    assert (
        "Школа «school-5» (school-5): ЦЕПОЧКА НАРУШЕНА, строка 1: содержимое не сходится с хэшем: "
        "строку изменили после записи." in said
    )
    assert "Что делать. Ничего не исправляйте" in said
    assert "sms-diary school mode school-5 test" in said
    assert "Школа «school-6» (school-6): цепочка цела" in said
    found = await desk.json("verify")
    assert found["whole"] is False
    assert [(one["school"], one["row"], one["fault"]) for one in found["chains"]] == [
        ("school-5", 1, "changed"), ("school-6", None, None),
    ]  # fmt: skip
    assert (await desk.run("verify", "--school", "school-6"))[0] == 0


async def test_a_published_head_finds_the_tail_that_was_cut_and_the_chain_made_anew(
    desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "heads.jsonl"
    assert (await desk.run("head", "--to", str(file), *NOW_OPTION))[0] == 0
    await desk.change(desk.daughter, ConsentState.STOPPED, "revoked")
    code, said = await desk.run("head", "--to", str(file), *NOW_OPTION)
    assert (code, "Дописано" in said) == (0, True)
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [(one["school"], one["seq"]) for one in lines] == [
        ("school-5", 2), ("school-6", 1), ("school-5", 3), ("school-6", 1),
    ]  # fmt: skip
    assert lines[0]["at"] == "2026-11-24T08:30:00+00:00"
    code, said = await desk.run("verify", "--head", str(file))
    assert (code, "Сверено с опубликованными концами: 4." in said) == (0, True)

    own = f"school_id = {desk.first.id}"
    await desk.behind_the_guards(
        f"delete from evidence where ledger_id = (select id from ledger where seq = 3 and {own})",
        f"delete from ledger where seq = 3 and {own}",
        f"""update ledger_head set seq = 2, hash = (
                select hash from ledger where seq = 2 and {own}) where {own}""",
    )
    assert (await desk.run("verify"))[0] == 0
    code, said = await desk.run("verify", "--head", str(file))
    assert code == 1
    assert "строка 3: её нет, хотя опубликована строка 3: хвост цепочки отрезан" in said

    await desk.change(desk.daughter, ConsentState.ACTIVE, "given")
    assert (await desk.run("verify"))[0] == 0
    code, said = await desk.run("verify", "--head", str(file))
    assert code == 1
    assert (
        "строка 3: опубликована другая строка 3: цепочку составили заново "
        "(строка 2 ещё та, что опубликована)" in said
    )
    code, said = await desk.run("verify", "--head", str(file), "--school", "school-6")
    assert (code, "Сверено с опубликованными концами: 2." in said) == (0, True)


async def test_a_chain_of_which_nothing_is_left_is_found_by_its_published_head(
    desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "heads.jsonl"
    await desk.run("head", "--to", str(file))
    await desk.behind_the_guards(
        "delete from evidence", "delete from ledger", "delete from ledger_head"
    )
    code, said = await desk.run("verify")
    assert (code, "нет ни одной записи" in said) == (0, True)
    code, said = await desk.run("verify", "--head", str(file))
    assert code == 1
    assert said.count("строка 1: её нет, хотя опубликована строка") == 2


async def test_heads_are_printed_as_lines_that_verify_reads(desk: Desk, tmp_path: Path) -> None:
    _, said = await desk.run("head", *NOW_OPTION)
    file = tmp_path / "kept"
    file.write_text(said, encoding="utf-8")
    assert (await desk.run("verify", "--head", str(file)))[0] == 0
    _, only = await desk.run("head", "--school", "school-6", *NOW_OPTION)
    assert [line for line in said.splitlines() if '"school-6"' in line] == only.splitlines()


@pytest.mark.parametrize(
    "text",
    ["", "не JSON\n", "[1]\n", '{"event": "started"}\n', '{"hash": "00", "school_id": "5"}\n',
     '{"school_id": "5", "seq": "3", "hash": "' + "0" * 64 + '"}\n'],
)  # fmt: skip
async def test_a_file_that_holds_no_heads_is_refused(desk: Desk, tmp_path: Path, text: str) -> None:
    file = tmp_path / "heads.jsonl"
    file.write_text(text, encoding="utf-8")
    code, said = await desk.run("verify", "--head", str(file))
    assert (code, "конц" in said) == (2, True)
    code, said = await desk.run("verify", "--head", str(tmp_path / "absent"))
    assert (code, "не читается" in said) == (2, True)


# ---------------------------------------------------------------- a message


async def test_a_message_by_consent_shows_the_row_that_allowed_it_and_what_it_rests_on(
    desk: Desk,
) -> None:
    message = await desk.queue(desk.daughter, desk.first)
    code, said = await desk.run("prove", "--message", str(message), *NOW_OPTION)
    assert code == 0
    for part in (
        "Основание есть: согласие родителя.", "Школа «school-5» (school-5)", "+7900***1001",
        "согласие на бумаге внесено из списка", "Белкина Дарья Игоревна",
        "Белкина Ольга Ивановна (мама)", f"источник: {SOURCE}", "дата согласия: 2026-09-01",
        "файл: spisok.csv", "SHA-256 файла:", "строка файла: 2", "кто внёс: Завуч Петрова",
        "составлено: 24.11.2026 12:00:00 UTC+04:00",
        "передано оператору: 24.11.2026 12:01:00 UTC+04:00", "хэш этой строки",
        "последняя строка: 2", "все строки от первой до последней сходятся",
    ):  # fmt: skip
        assert part in said, part
    assert not PHONE.search(said)
    assert "school-6" not in said
    shown = await desk.json("prove", "--message", str(message), "--school", "school-5")
    assert shown["proven"] is True
    [entry] = shown["entries"]
    assert entry["ledger_id"] == str(desk.daughter.ledger_id)
    assert "opening" not in entry
    assert not PHONE.search(json.dumps(shown))


async def test_a_reply_shows_the_sms_that_asked_for_it(desk: Desk) -> None:
    asked = await desk.asked(STRANGER, "стоп, мой номер 8-900-000-20-02", now=NOW - MINUTE)
    message = await desk.reply(STRANGER, asked)
    code, said = await desk.run("prove", "--message", str(message))
    assert code == 0
    assert "Основание есть: ответ на SMS с этого номера." in said
    assert "текст: стоп, мой номер 8900***02" in said
    assert "пришла: 24.11.2026 07:59:00 UTC" in said
    async with desk.base.database.transaction() as q:
        await q.run("update inbound set text = null")
    code, said = await desk.run("prove", "--message", str(message))
    assert (code, "стёрт: истёк срок хранения" in said) == (0, True)


async def test_messages_of_the_other_grounds_show_theirs(desk: Desk) -> None:
    asked = await desk.change(desk.daughter, ConsentState.ASKED, "asked")
    request = await desk.reply(MUM, None, ground=Ground.REQUEST, ledger_id=asked,
                               school_id=desk.first.id)  # fmt: skip
    wanted = await desk.asked(MUM, "КОД")
    code = await desk.reply(MUM, wanted, ground=Ground.CODE, school_id=desk.first.id)
    staff = await desk.reply(MUM, None, ground=Ground.STAFF, school_id=desk.first.id)
    async with desk.base.database.transaction() as q:
        await schools.add_staff(q, desk.first.id, desk.daughter.number_id)
    for message, words in (
        (request, ("вопрос о согласии", "спросили согласие")),
        (code, ("код, который запросили", "текст: КОД")),
        (staff, ("номер сотрудника школы",)),
    ):
        exit_code, said = await desk.run("prove", "--message", str(message))
        assert exit_code == 0, said
        assert all(word in said for word in words), said


async def _doubts(desk: Desk, message: int) -> list[tuple[str, int | None]]:
    code, said = await desk.run("prove", "--message", str(message), "--json")
    shown = json.loads(said)
    assert code == (0 if shown["proven"] else 1)
    assert all(re.search("[а-яё]{3}", one["text"]) for one in shown["doubts"])
    return [(one["doubt"], one["row"]) for one in shown["doubts"]]


async def test_grounds_that_nothing_stands_behind_are_told(desk: Desk) -> None:
    async def doubts(**changes: Any) -> list[tuple[str, int | None]]:
        return await _doubts(desk, await desk.reply(MUM, changes.pop("asked", None), **changes))

    strangers = await desk.asked(STRANGER, "СТОП")
    later = await desk.asked(MUM, "СТОП", now=NOW + 5 * MINUTE)
    assert await doubts(ground=Ground.REQUEST) == [("no-entry", None)]
    assert await doubts(ground=Ground.REQUEST, ledger_id=77) == [("no-entry", None)]
    assert await doubts(ground=Ground.CODE) == [("not-asked", None)]
    assert await doubts(ground=Ground.STAFF) == [("not-staff", None)]
    assert await doubts(asked=77) == [("not-asked", None)]
    assert (Doubt.ASKED_BY_ANOTHER, None) in await doubts(asked=strangers)
    assert await doubts(asked=later) == [("asked-later", None)]


@pytest.mark.parametrize(
    ("told", "stopped", "ended"),
    [("marks", "*", True), ("marks", "marks", True), ("marks", "homework", False)],
)
async def test_a_message_after_its_consent_was_taken_back_is_told(
    desk: Desk, told: str, stopped: str, ended: bool
) -> None:
    before = await desk.queue(desk.daughter, desk.first, topic=told)
    stopped_at = NOW + 5 * MINUTE
    await desk.change(desk.daughter, ConsentState.STOPPED, "revoked", topic=stopped, now=stopped_at)
    after = await desk.queue(desk.daughter, desk.first, now=NOW + 9 * MINUTE, topic=told)
    assert await _doubts(desk, before) == []
    assert await _doubts(desk, after) == ([("ended", 1)] if ended else [])


async def test_a_message_on_a_row_that_does_not_allow_it_is_told(desk: Desk) -> None:
    queue = desk.queue
    revoked = await desk.change(desk.daughter, ConsentState.STOPPED, "revoked", now=NOW - MINUTE)
    message = {
        "later": await queue(desk.daughter, desk.first, now=NOW - 5 * MINUTE),
        "allows-nothing": await queue(desk.daughter, desk.first),
        "other-number": await queue(desk.daughter, desk.first),
        "other-school": await queue(desk.daughter, desk.first),
    }
    async with desk.base.database.transaction() as q:
        row = await q.one("select id from ledger where action = 'refused'")
        assert row is not None
        for doubt, ledger_id in (("allows-nothing", revoked), ("other-number", row["id"]),
                                 ("other-school", desk.son.ledger_id)):  # fmt: skip
            await q.run("update line set ledger_id = :l where message_id = :m",
                        l=ledger_id, m=message[doubt])  # fmt: skip
            await q.run("update message set ledger_id = :l where id = :m",
                        l=ledger_id, m=message[doubt])  # fmt: skip
    assert await _doubts(desk, message["later"]) == [("later", 1)]
    assert await _doubts(desk, message["allows-nothing"]) == [("allows-nothing", 3)]
    assert await _doubts(desk, message["other-number"]) == [
        ("other-number", 2), ("allows-nothing", 2),
    ]  # fmt: skip
    assert await _doubts(desk, message["other-school"]) == [("other-school", None)]
    _, said = await desk.run("prove", "--message", str(message["other-school"]))
    assert "Макар" not in said
    assert "school-6" not in said


async def test_a_ledger_that_was_touched_proves_nothing(desk: Desk) -> None:
    message = await desk.queue(desk.daughter, desk.first)
    mine = f"ledger_id = {desk.daughter.ledger_id}"
    await desk.behind_the_guards(f"update evidence set salt = sealed where {mine}")
    assert await _doubts(desk, message) == [("evidence-false", 1)]
    await desk.behind_the_guards(f"delete from evidence where {mine}")
    assert await _doubts(desk, message) == [("evidence-erased", 1)]
    _, said = await desk.run("prove", "--message", str(message))
    assert "Основание не доказано." in said
    assert "Строка 1 журнала: доказательство стёрто" in said
    await desk.behind_the_guards(f"update ledger set at = 5 where school_id = {desk.first.id}")
    assert await _doubts(desk, message) == [
        ("chain-broken", None), ("row-changed", 1), ("evidence-erased", 1),
    ]  # fmt: skip


async def test_every_message_of_a_schools_week_has_a_ground_that_can_be_shown(
    tmp_path: Path,
) -> None:
    week = Week(date(2026, 11, 16))

    async def no_pause() -> None: ...

    with logs_in(tmp_path / LOG):
        async with perform(tmp_path, week, io.StringIO(), no_pause) as story:
            await story.tell()
            base = story.stage.service.base
            async with base.database.reading() as q:
                rows = await q.all("select id, ground from message")
                found = [await proofs.of_message(q, base.tools, row["id"], None) for row in rows]
    assert len(found) > 50
    assert {row["ground"] for row in rows} >= {"consent", "reply"}
    for proof in found:
        assert proof is not None
        assert proof.doubts == ()
        assert proof.entries or proof.asked


def test_a_number_is_masked_in_every_spelling_that_a_list_may_have() -> None:
    shown = evidence.masked(
        {"number": MUM, "row": 2, "text": ["СТОП 8 900 000-10-01"],
         "cells": {"phone": "8 9ОО ООО-10-01 мама, 8.9000001001E+10"}}
    )  # fmt: skip
    assert shown == {
        "number": "+7900***1001", "row": 2, "text": ["СТОП 8900***01"],
        "cells": {"phone": "* *ОО ООО-**-** мама, *.**********E+10"},
    }  # fmt: skip


# ---------------------------------------------------------------- a number


async def test_a_number_shows_all_that_its_schools_hold_and_opens_it_to_the_byte(
    desk: Desk,
) -> None:
    await desk.change(desk.son, ConsentState.STOPPED, "revoked", topic="homework")
    code, said = await desk.run("prove", "--number", *NOW_OPTION, typed="8 900 000-10-01\n")
    assert code == 0
    assert "Согласия на SMS, номер +79000001001" in said
    for part in ("Белкина Дарья Игоревна: согласие действует", "Белкин Макар Игоревич, домашние",
                 "согласие отозвано", "текст SMS родителя: СТОП +7 (900) 000-10-01 homework",
                 "телефон: 8(900)000-10-01"):  # fmt: skip
        assert part in said, part
    assert "Уткин" not in said
    shown = await desk.json("prove", "--number", typed=MUM)
    assert shown["state"] == "open"
    assert [one["school"] for one in shown["entries"]] == ["school-5", "school-6", "school-6"]
    assert json.loads(shown["entries"][0]["opening"]["text"]) == shown["entries"][0]["evidence"]


async def test_the_proof_of_a_number_is_checked_by_the_script_of_the_documentation(
    desk: Desk,
) -> None:
    page = (ROOT / "docs" / "consents.md").read_text(encoding="utf-8")
    [script] = re.findall(r"```python\n(.*?)```", page, re.S)
    shown = await desk.json("prove", "--number", typed=MUM)

    def checked() -> str:
        return subprocess.run(
            [sys.executable, "-X", "utf8", "-c", script], input=json.dumps(shown), text=True,
            check=True, capture_output=True, encoding="utf-8",
        ).stdout  # fmt: skip

    said = await asyncio.to_thread(checked)
    assert (said.count("хэш сходится"), said.count("доказательство сходится")) == (2, 2)
    shown["entries"][0]["hashed"] += " "
    shown["entries"][1]["opening"]["text"] += " "
    said = await asyncio.to_thread(checked)
    assert (said.count("ХЭШ НЕ СХОДИТСЯ"), said.count("доказательство НЕ СХОДИТСЯ")) == (1, 1)


async def test_a_school_sees_nothing_of_the_other(desk: Desk) -> None:
    theirs = await desk.queue(desk.son, desk.second)
    for arguments, typed in (
        (("--message", str(theirs)), ""), (("--message", "77"), ""),
        (("--number",), STRANGER),
    ):  # fmt: skip
        code, said = await desk.run("prove", *arguments, "--school", "school-5", typed=typed)
        assert (code, said.count("\n")) == (2, 1), said
        assert "В школе" in said or "в школе" in said
        assert "school-6" not in said
    shown = await desk.json("prove", "--number", "--school", "school-5", typed=MUM)
    assert shown["state"] is None
    assert {one["school"] for one in (*shown["entries"], *shown["standings"])} == {"school-5"}
    assert not re.search("Макар|school-6", json.dumps(shown, ensure_ascii=False))
    # What only another school knows is answered as what nobody knows.
    await desk.behind_the_guards(
        f"delete from evidence where school_id = {desk.first.id}",
        f"delete from ledger where school_id = {desk.first.id}",
        f"delete from consent where school_id = {desk.first.id}",
        f"delete from subscription where school_id = {desk.first.id}",
    )
    code, known = await desk.run("prove", "--number", "--school", "school-5", typed=MUM)
    assert code == 2
    _, unknown = await desk.run("prove", "--number", "--school", "school-5", typed=STRANGER)
    assert known.replace("1001", "2002") == unknown


async def test_what_stays_of_a_number_that_nobody_has_any_more_is_shown(desk: Desk) -> None:
    async with desk.base.database.transaction() as q:
        fresh = await numbers.ensure(q, desk.base.tools, [STRANGER], now=NOW)
        await q.run("update guardian set number_id = :fresh where id = :id",
                    fresh=fresh[STRANGER].id, id=desk.daughter.guardian_id)  # fmt: skip
    shown = await desk.json("prove", "--number", "--school", "school-5", typed=MUM)
    assert (shown["standings"], len(shown["entries"])) == ([], 1)
    shown = await desk.json("prove", "--number", "--school", "school-5", typed=STRANGER)
    assert (len(shown["standings"]), shown["entries"]) == (1, [])


# ---------------------------------------------------------------- refusals, and the page


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (("--message", "77"), "", "Сообщения 77 в базе нет"),
        (("--message", "семь"), "", "целое число"),
        (("--message", "9" * 4000), "", "целое число"),
        (("--message", "٣"), "", "целое число"),
        ((), "", "что-то одно"),
        (("--message", "77", "--number"), MUM, "что-то одно"),
        (("--number",), "приходите", "не номер мобильного"),
        (("--number",), "", "не номер мобильного"),
        (("--number",), STRANGER, "В базе о номере +7900***2002 ничего нет"),
        (("--message", "77", "--school", "school-7"), "", "Школы «school-7» нет"),
        (("--message", "77", "--now", "вчера"), "", "Не понято время"),
    ],
)
async def test_what_cannot_be_shown_is_refused_in_one_russian_sentence(
    desk: Desk, arguments: tuple[str, ...], typed: str, said: str
) -> None:
    code, told = await desk.run("prove", *arguments, typed=typed)
    assert (code, told.count("\n")) == (2, 1), told
    assert said in told


async def test_the_page_is_whole_in_itself_and_names_no_number(desk: Desk, tmp_path: Path) -> None:
    message = await desk.queue(desk.daughter, desk.first)
    file = tmp_path / "proof.html"
    code, said = await desk.run("prove", "--message", str(message), "--html", str(file))
    assert (code, said) == (0, f"Страница для печати: {file}\n")
    page = file.read_text(encoding="utf-8")
    assert file.stat().st_mode & 0o077 == 0
    assert "size: A4" in page
    assert "Белкина Дарья Игоревна" in page
    assert "<script" not in page
    assert "http" not in page
    assert not PHONE.search(page)
    code, _ = await desk.run("prove", "--message", str(message), "--html", str(tmp_path))
    assert code == 2


async def test_what_came_from_outside_is_text_on_the_page(desk: Desk, tmp_path: Path) -> None:
    async with desk.base.database.transaction() as q:
        await q.run("update pupil set full_name = '<b>Дарья</b>'")
    file = tmp_path / "proof.html"
    await desk.run("prove", "--number", "--html", str(file), typed=MUM)
    page = file.read_text(encoding="utf-8")
    assert "&lt;b&gt;Дарья&lt;/b&gt;" in page
    assert "<b>" not in page
