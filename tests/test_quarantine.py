"""Questions for a person: one answer settles all that ask the same, and is not asked for again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sms_diary.clock import ManualClock
from sms_diary.db import Database
from sms_diary.errors import NotYet
from sms_diary.ingest.accept import Acceptor, Request
from sms_diary.ingest.drafts import to_draft
from sms_diary.ingest.imports.applying import apply
from sms_diary.ingest.imports.planning import Importer
from sms_diary.ingest.imports.report import Report
from sms_diary.ingest.imports.request import Options
from sms_diary.ingest.imports.resolving import NoQuestion, Shown, drop, resolve, shown
from sms_diary.ingest.parsing import parse
from sms_diary.model import Source
from sms_diary.store import quarantine
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

SAMPLES = Path(__file__).parent / "samples"
LIST = SAMPLES / "spisok_5A_cp1251.csv"
HEADING = "Дата;Класс;Ученик;Предмет;Вид работы;Отметка"


@pytest.fixture
async def importer(db: Database, tools: Tools, clock: ManualClock, school: School) -> Importer:
    found = Importer(db, tools, clock, Acceptor(db, tools, clock, Wakes()))
    await load(found, school, LIST)
    return found


async def load(importer: Importer, school: School, file: Path) -> Report:
    planned = await importer.plan(
        school, [(file, file.name)], Options((file.name,), "форма SMS-1"), by="Завуч"
    )
    return await apply(importer, school, planned.import_id, only_good=True, by="Завуч")


async def questions(importer: Importer, school: School) -> list[Shown]:
    async with importer.database.reading() as q:
        return [
            await shown(importer, q, school, one)
            for one in await quarantine.questions(q, school.id)
        ]


def marks(folder: Path, *rows: str, name: str = "otmetki.csv") -> Path:
    file = folder / name
    file.write_text("\r\n".join([HEADING, *rows, ""]), encoding="utf-8")
    return file


async def entries(db: Database) -> list[tuple[str, str, str]]:
    async with db.reading() as q:
        rows = await q.all(
            """select pupil.full_name, entry.day, entry.value from entry
               join pupil on pupil.id = entry.who order by entry.day"""
        )
    return [(row["full_name"], row["day"], row["value"]) for row in rows]


TWO = (
    "17.11.2026;5А;Иванова Мария;Математика;Тест;4",
    "18.11.2026;5А;Иванова М.;Математика;Тест;5",
    "19.11.2026;5А;Иванова Мария;История;;3",
)


async def test_one_answer_settles_all_marks_of_a_namesake_and_is_remembered(
    importer: Importer, school: School, db: Database, tmp_path: Path
) -> None:
    report = await load(importer, school, marks(tmp_path, *TWO))
    assert len(report.decisions) == 2  # «Мария» and «М.» may be two girls
    asked = {one.about.split(",")[0]: one for one in await questions(importer, school)
             if one.question.reason == "ambiguous-pupil"}  # fmt: skip
    full = asked["Иванова Мария"]
    assert full.question.held == 2
    names = dict(full.candidates)
    assert [name.split(",")[0] for name in sorted(names.values())] == [
        "Иванова Мария Андреевна", "Иванова Мария Сергеевна",
    ]  # fmt: skip
    chosen = next(one for one, name in names.items() if "Сергеевна" in name)
    settled = await resolve(importer, school, full.question.id, chosen, by="Завуч")
    assert (settled.held, settled.outcomes) == (2, {"created": 2})
    assert await entries(db) == [
        ("Иванова Мария Сергеевна", "2026-11-17", "4"),
        ("Иванова Мария Сергеевна", "2026-11-19", "3"),
    ]
    later = marks(tmp_path, "20.11.2026;5А;Иванова Мария;Математика;;5", name="later.csv")
    again = await load(importer, school, later)
    assert not again.decisions
    assert (await entries(db))[-1] == ("Иванова Мария Сергеевна", "2026-11-20", "5")


async def test_an_answer_holds_for_the_webhook_too(
    importer: Importer, school: School, db: Database, tools: Tools, tmp_path: Path
) -> None:
    await load(importer, school, marks(tmp_path, TWO[0]))
    [one] = [x for x in await questions(importer, school) if x.about.startswith("Иванова")]
    await resolve(importer, school, one.question.id, one.candidates[0][0], by="Завуч")
    event = {"kind": "mark.set", "pupil": {"class": "5А", "name": "Иванова Мария"},
             "subject": "Физика", "date": "2026-11-20", "mark": "5"}  # fmt: skip
    body = json.dumps([event]).encode()
    drafts = [(pos, to_draft(record)) for pos, record in parse(body).records]
    request = Request(school.id, Source.WEBHOOK, "m-1", body, drafts)
    [accepted] = await importer.acceptor.accept_many([request])
    assert accepted.answer["created"] == 1


async def test_who_is_unknown_may_be_any_pupil_of_the_school_and_nobody_elses(
    importer: Importer, school: School, db: Database, tmp_path: Path
) -> None:
    await load(importer, school, marks(tmp_path, "17.11.2026;5А;Петров Пётр;Математика;;4"))
    [one] = [x for x in await questions(importer, school) if x.about.startswith("Петров")]
    assert one.candidates == ()
    with pytest.raises(NotYet, match="Такого варианта нет"):
        await resolve(importer, school, one.question.id, 12345, by="Завуч")
    async with db.reading() as q:
        pupil = await q.one("select id from pupil where full_name like 'Авдеев%'")
    assert pupil is not None
    await resolve(importer, school, one.question.id, pupil["id"], by="Завуч")
    assert [name.split()[0] for name, _, _ in await entries(db)] == ["Авдеев"]


async def test_a_dropped_question_is_gone_and_changes_nothing(
    importer: Importer, school: School, db: Database, tmp_path: Path
) -> None:
    await load(importer, school, marks(tmp_path, TWO[0]))
    [one] = [x for x in await questions(importer, school) if x.about.startswith("Иванова")]
    assert await drop(importer, school, one.question.id, by="Завуч") == 1
    assert await entries(db) == []
    with pytest.raises(NoQuestion):
        await drop(importer, school, one.question.id, by="Завуч")


async def test_of_two_numbers_the_chosen_one_gets_the_consent_with_its_paper(
    importer: Importer, school: School, db: Database
) -> None:
    [one] = await questions(importer, school)
    assert one.question.reason == "two-numbers"
    assert all("***" in name for _, name in one.candidates)
    chosen = one.candidates[1][0]
    settled = await resolve(importer, school, one.question.id, chosen, by="Завуч")
    assert settled.outcomes == {"changed": 1}
    async with db.reading() as q:
        rows = await q.all(
            "select subscription_id from consent where state = 'active' order by subscription_id"
        )
    assert len(rows) == 19
    assert chosen in {row["subscription_id"] for row in rows}
    await load(importer, school, LIST)
    assert await questions(importer, school) == []


async def test_an_announcement_for_nobody_knows_whom_waits_and_is_asked_once(
    importer: Importer, school: School, db: Database, tmp_path: Path
) -> None:
    file = tmp_path / "news.csv"
    file.write_text(
        "Заголовок;Текст;Кому;Дата\r\nСбор;Принесите краски;;24.11.2026\r\n", encoding="utf-8"
    )
    report = await load(importer, school, file)
    assert [one.rows for one in report.decisions.values()] == [1]
    [one] = [x for x in await questions(importer, school) if x.question.reason == "cell"]
    with pytest.raises(NotYet, match="drop"):
        await resolve(importer, school, one.question.id, 1, by="Завуч")
    await load(importer, school, file)
    assert len([x for x in await questions(importer, school) if x.question.reason == "cell"]) == 1
    assert await drop(importer, school, one.question.id, by="Завуч") == 1
