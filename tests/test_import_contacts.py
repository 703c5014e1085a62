"""Class lists into the database: the sample's exact outcome, namesakes, consents, repetition."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sms_diary.cli import app as commands
from sms_diary.clock import DAY, ManualClock
from sms_diary.db import Database
from sms_diary.errors import FileProblem
from sms_diary.ingest.files.identity import (
    NAMESAKES,
    OTHER_BIRTH,
    Known,
    Person,
    classes_to_add,
    identify,
)
from sms_diary.ingest.files.load_contacts import load_contacts
from sms_diary.ingest.files.report import ContactsReport, RowReport, Word, plural
from sms_diary.model import ConsentState
from sms_diary.store import consents, ledger, numbers, schools
from sms_diary.store.consents import Change
from sms_diary.store.ledger import Act
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools

SAMPLE = Path(__file__).parent / "samples" / "spisok_5A_cp1251.csv"
SOURCE = "форма SMS-1 от 01.09.2026, папка 5А"
HEADING = (
    "ФИО ученика;Класс;Дата рожд.;ФИО родителя;Родство;Телефон;Согласие на SMS;Дата согласия;"
    "Источник согласия"
)
Load = Callable[..., Awaitable[ContactsReport]]


@pytest.fixture
def load(db: Database, tools: Tools, clock: ManualClock, school: School) -> Load:
    """Load the sample, or a list of these lines, with a source for its consents."""

    async def load_list(
        *lines: str, source: str = SOURCE, into: School = school, dry_run: bool = False
    ) -> ContactsReport:
        data = "\r\n".join([HEADING, *lines]).encode() if lines else SAMPLE.read_bytes()
        return await load_contacts(
            db, tools, clock, into, data, file_name="spisok.csv", consent_source=source,
            by="Завуч", dry_run=dry_run,
        )  # fmt: skip

    return load_list


async def count(db: Database, table: str, where: str = "1 = 1") -> int:
    async with db.reading() as q:
        row = await q.one(f"select count(*) as found from {table} where {where}")
    assert row is not None
    return int(row["found"])


async def standing(db: Database, tools: Tools) -> dict[tuple[str, str], str]:
    """(pupil, last four digits) -> state of the consent for everything, "" without one."""
    async with db.reading() as q:
        rows = await q.all(
            """select pupil.full_name, g.number_id, coalesce(c.state, '') as state
               from subscription s join pupil on pupil.id = s.pupil_id
               join guardian g on g.id = s.guardian_id
               left join consent c on c.subscription_id = s.id and c.topic = '*'"""
        )
        known = await numbers.read(q, tools, [row["number_id"] for row in rows])
    return {(row["full_name"], known[row["number_id"]][-4:]): row["state"] for row in rows}


def at(report: ContactsReport, row: int) -> RowReport:
    return next(one for one in report.rows if one.row == row)


def said(report: ContactsReport, row: int) -> str:
    return "; ".join(note.text for note in at(report, row).notes)


# ---------------------------------------------------------------- the sample


async def test_the_sample_gives_24_pupils_25_pairs_24_numbers_and_18_consents(
    load: Load, db: Database, tools: Tools, school: School
) -> None:
    report = await load()
    words = {word: report.count(word) for word in Word if report.count(word)}
    assert words == {Word.ADDED: 23, Word.REJECTED: 2, Word.QUARANTINED: 1}
    assert (report.pupils, report.pairs, report.numbers) == (24, 25, 24)
    assert (report.consents, report.refusals, report.unsourced) == (18, 5, 0)
    assert await count(db, "pupil") == await count(db, "membership") == 24
    assert await count(db, "membership", "from_day = '2026-09-01' and to_day is null") == 24
    assert await count(db, "subscription") == 25
    assert await count(db, "number") == await count(db, "guardian") == 24
    assert await count(db, "consent", "state = 'active'") == 18
    assert await count(db, "consent", "state = 'refused'") == 5
    assert await count(db, "class") == 1
    async with db.reading() as q:
        assert await q.all("select name, key, year from class") is not None
        assert await ledger.first_broken(q, school.id) is None
    assert await count(db, "ledger", "action = 'imported' and actor = 'Завуч'") == 18
    assert await count(db, "ledger", "action = 'refused'") == 5


async def test_rows_without_a_usable_number_add_the_pupil_and_reject_the_contact(
    load: Load,
) -> None:
    report = await load()
    rejected = {row.row: row for row in report.rows if row.word is Word.REJECTED}
    assert sorted(rejected) == [16, 21]  # №13 and №18 of the list
    assert said(report, 16) == "ученик добавлен; контакт отклонён: номер не указан"
    assert said(report, 21) == "ученик добавлен; контакт отклонён: телефон: не хватает цифры"


async def test_of_two_numbers_in_a_cell_neither_has_a_consent_until_a_person_chooses(
    load: Load, db: Database, tools: Tools
) -> None:
    report = await load()
    assert at(report, 11).word is Word.QUARANTINED
    states = await standing(db, tools)
    assert {states["Зыкова Алиса Марковна", end] for end in ("1009", "1010")} == {""}
    async with db.reading() as q:
        (held,) = await q.all("select pos, reason, detail, candidates, state from quarantine")
        ids = {row["id"] for row in await q.all(SUBSCRIPTIONS_OF, name="Зыкова Алиса Марковна")}
    assert (held["pos"], held["reason"], held["state"]) == (11, "two-numbers", "open")
    assert {int(one) for one in held["candidates"].split(",")} == ids
    assert not re.search(r"Зыков|\d{4}", held["detail"])


SUBSCRIPTIONS_OF = """select s.id from subscription s join pupil on pupil.id = s.pupil_id
                      where pupil.full_name = :name"""


async def test_one_number_may_be_refused_for_one_child_and_agreed_for_another(
    load: Load, db: Database, tools: Tools
) -> None:
    await load()
    states = await standing(db, tools)
    assert states["Орлов Дмитрий Алексеевич", "1018"] == ConsentState.REFUSED
    assert states["Орлова Ева Алексеевна", "1018"] == ConsentState.ACTIVE


async def test_namesakes_with_other_patronymics_are_two_pupils(
    load: Load, db: Database, tools: Tools
) -> None:
    await load()
    states = await standing(db, tools)
    assert states["Иванова Мария Сергеевна", "1011"] == ConsentState.ACTIVE
    assert states["Иванова Мария Андреевна", "1012"] == ConsentState.REFUSED


async def test_without_a_source_the_same_people_are_there_and_no_consent_counts(
    load: Load, db: Database
) -> None:
    report = await load(source="")
    assert (report.pupils, report.pairs, report.numbers) == (24, 25, 24)
    assert (report.consents, report.unsourced) == (0, 19)
    assert await count(db, "consent", "state = 'active'") == 0
    assert await count(db, "quarantine") == 0
    told = "\n".join(report.lines())
    assert "Согласия не засчитаны: не указано, на чём они записаны (--consent-source)" in told


async def test_a_list_loaded_again_with_a_source_gets_its_consents(
    load: Load, db: Database
) -> None:
    await load(source="")
    report = await load()
    assert (report.new_pupils, report.new_pairs, report.consents) == (0, 0, 18)
    assert (report.count(Word.CHANGED), report.count(Word.QUARANTINED)) == (18, 1)


async def test_the_same_list_again_changes_nothing(load: Load, db: Database) -> None:
    await load()
    counted = ("pupil", "class", "number", "guardian", "subscription", "ledger", "quarantine")
    before = {table: await count(db, table) for table in counted}
    async with db.reading() as q:
        revisions = await q.all("select id, consent_rev from number order by id")
    report = await load()
    assert {row.word for row in report.rows} == {Word.UNCHANGED}
    assert "spisok.csv — 26 строк без изменений" in list(report.lines())
    assert {table: await count(db, table) for table in counted} == before
    async with db.reading() as q:
        again = await q.all("select id, consent_rev from number order by id")
    assert [tuple(row) for row in again] == [tuple(row) for row in revisions]
    assert [row.row for row in report.rows if row.needs_attention] == [11, 16, 21]


async def test_a_consent_can_be_traced_to_the_row_of_the_file(
    load: Load, db: Database, tools: Tools, school: School
) -> None:
    await load()
    async with db.reading() as q:
        row = await q.one(
            """select c.ledger_id, l.scope, s.id, p.id as pupil_id
               from consent c join subscription s on s.id = c.subscription_id
               join pupil p on p.id = s.pupil_id join ledger l on l.id = c.ledger_id
               where p.full_name = 'Жуков Лев Михайлович'"""
        )
        assert row is not None
        proof = await ledger.evidence(q, tools, school.id, row["ledger_id"])
    assert row["scope"] == f"subscription:{row['id']} *"
    assert proof == {
        "number": "+79000001008",
        "pupil": str(row["pupil_id"]),
        "source": SOURCE,
        "date": "2026-09-16",
        "file": "spisok.csv",
        "sha256": hashlib.sha256(SAMPLE.read_bytes()).hexdigest(),
        "row": 10,
        "by": "Завуч",
        "cells": {
            "phone": "8 (900) 000-10-08 бабушка",
            "consent": "Да",
            "consent_day": "16.09.2026",
        },
    }


async def test_the_file_is_kept_sealed(load: Load, db: Database, tools: Tools) -> None:
    await load()
    async with db.reading() as q:
        (row,) = await q.all("select id, source, body, body_hash from delivery")
    assert row["source"] == "file"
    assert SAMPLE.read_bytes() not in row["body"]
    assert tools.vault.open(row["body"], "delivery.body", row["id"]) == SAMPLE.read_bytes()
    assert row["body_hash"] == hashlib.sha256(SAMPLE.read_bytes()).digest()


async def test_a_trial_says_the_same_and_keeps_nothing(load: Load, db: Database) -> None:
    tried = await load(dry_run=True)
    for table in ("pupil", "class", "number", "guardian", "ledger", "delivery", "quarantine"):
        assert await count(db, table) == 0
    assert next(tried.lines()) == "Проба: ничего не сохранено. Вот что было бы:"
    assert replace(tried, dry_run=False) == await load()


async def test_the_report_shows_phones_masked_only(load: Load) -> None:
    for _ in range(2):
        told = "\n".join((await load()).lines(verbose=True))
        assert "+7900***1009" in told
        assert not re.search(r"\d{2}[- ]?\d{2}[- ]?\d{2}(?!\d*\.)", told.replace("***", " x "))


async def test_two_loads_at_once_make_nobody_twice(load: Load, db: Database) -> None:
    # The class is there already: making it would put the second load behind the first by itself.
    await load(line("Белкин Олег Игоревич"))
    first, second = await asyncio.gather(load(), load())
    assert sorted([first.new_pupils, second.new_pupils]) == [0, 24]
    assert (await count(db, "pupil"), await count(db, "subscription")) == (25, 26)
    assert await count(db, "ledger") == 24
    assert await count(db, "quarantine") == 1


async def test_two_schools_know_nothing_of_each_other_and_share_the_number(
    load: Load, db: Database, tools: Tools, clock: ManualClock
) -> None:
    async with db.transaction() as q:
        other = await schools.add(
            q, tools, slug="school-7", name="Школа № 7", short_name="Школа 7",
            zone="Europe/Samara", settle=0, budget=2, now=clock.now(),
        )  # fmt: skip
    await load()
    report = await load(into=other)
    assert (report.new_pupils, report.new_pairs, report.consents) == (24, 25, 18)
    assert await count(db, "number") == 24
    assert await count(db, "guardian") == 48


# ---------------------------------------------------------------- consents


def line(
    pupil: str = "Белкина Дарья Игоревна", phone: str = "+79000001002", consent: str = "да",
    day: str = "06.09.2026", *, birth: str = "", guardian: str = "Белкин Игорь Петрович",
    source: str = "", class_name: str = "5А",
) -> str:  # fmt: skip
    return ";".join([pupil, class_name, birth, guardian, "отец", phone, consent, day, source])


async def stop_by_sms(
    db: Database, tools: Tools, school: School, now: int, *, number_too: bool,
    state: ConsentState = ConsentState.STOPPED,
) -> None:  # fmt: skip
    """What an SMS does to the only subscription."""
    async with db.transaction() as q:
        number = "+79000001002"
        found = (await numbers.find(q, tools, [number]))[number]
        if number_too:
            await numbers.stop(q, found.id, now=now)
        (held,) = await consents.of_number(q, found.id)
        act = Act("revoked", number, f"subscription:{held.subscription_id} *", "sms", {})
        change = Change(held.subscription_id, found.id, state, act)
        await consents.change(q, tools, school.id, [change], now=now)


@pytest.mark.parametrize("number_too", [True, False])
async def test_no_list_revives_a_stop(
    load: Load, db: Database, tools: Tools, school: School, clock: ManualClock, number_too: bool
) -> None:
    await load(line())
    await stop_by_sms(db, tools, school, clock.now(), number_too=number_too)
    before = await count(db, "ledger")
    clock.advance(10 * DAY)
    report = await load(line(day="01.12.2026"))
    assert set((await standing(db, tools)).values()) == {ConsentState.STOPPED}
    assert await count(db, "ledger") == before
    assert report.consents == 0
    assert "словом СТОП" in said(report, 2)
    assert at(report, 2).needs_attention


async def test_a_new_child_of_a_stopped_number_gets_no_consent(
    load: Load, db: Database, tools: Tools, school: School, clock: ManualClock
) -> None:
    await load(line())
    await stop_by_sms(db, tools, school, clock.now(), number_too=True)
    report = await load(line("Белкин Олег Игоревич"))
    assert (await standing(db, tools))["Белкин Олег Игоревич", "1002"] == ""
    assert "номер отключён словом СТОП" in said(report, 2)


async def test_a_refusal_by_sms_stays_whatever_a_list_says(
    load: Load, db: Database, tools: Tools, school: School, clock: ManualClock
) -> None:
    await load(line())
    now = clock.now()
    await stop_by_sms(db, tools, school, now, number_too=False, state=ConsentState.REFUSED)
    clock.advance(10 * DAY)
    report = await load(line(day="03.12.2026"))
    assert set((await standing(db, tools)).values()) == {ConsentState.REFUSED}
    assert "отказ остаётся" in said(report, 2)


@pytest.mark.parametrize(("day", "state"), [("24.11.2026", "refused"), ("25.11.2026", "active")])
async def test_a_refusal_on_paper_gives_way_to_a_later_consent_only(
    load: Load, db: Database, tools: Tools, clock: ManualClock, day: str, state: str
) -> None:
    await load(line(consent="нет", day=""))
    clock.advance(2 * DAY)
    await load(line(day=day))
    assert set((await standing(db, tools)).values()) == {state}


async def test_a_refusal_in_a_list_ends_a_consent_and_what_is_queued_under_it(
    load: Load, db: Database, tools: Tools
) -> None:
    await load(line())
    async with db.reading() as q:
        before = await q.one("select consent_rev from number")
    report = await load(line(consent="нет", day=""))
    async with db.reading() as q:
        after = await q.one("select consent_rev from number")
    assert before is not None
    assert after is not None
    assert after["consent_rev"] == before["consent_rev"] + 1
    assert set((await standing(db, tools)).values()) == {ConsentState.REFUSED}
    assert (at(report, 2).word, said(report, 2)) == (Word.CHANGED, "отказ записан")


@pytest.mark.parametrize("order", [1, -1])
async def test_yes_and_no_of_one_pair_in_one_list_is_a_no(
    load: Load, db: Database, tools: Tools, order: int
) -> None:
    lines = [line(), line(consent="нет", day="")][::order]
    first = await load(*lines)
    assert set((await standing(db, tools)).values()) == {ConsentState.REFUSED}
    assert first.notes(Word.WARNING) == 1
    before = await count(db, "ledger")
    second = await load(*lines)
    assert {row.word for row in second.rows} == {Word.UNCHANGED}
    assert await count(db, "ledger") == before == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"day": "25.11.2026"}, "дата согласия в будущем"),
        ({"day": ""}, "нет даты согласия"),
        ({"consent": "наверное"}, "согласие не понято"),
    ],
)
async def test_a_consent_that_is_not_proven_is_not_counted_and_the_report_says_why(
    load: Load, db: Database, fields: dict[str, Any], reason: str
) -> None:
    report = await load(line(**fields))
    assert await count(db, "consent") == 0
    assert reason in said(report, 2)
    assert at(report, 2).needs_attention


async def test_a_source_in_the_row_goes_before_the_one_of_the_file(
    load: Load, db: Database, tools: Tools, school: School
) -> None:
    await load(line(source="бланк № 17"), source="")
    async with db.reading() as q:
        row = await q.one("select ledger_id from consent where state = 'active'")
        assert row is not None
        proof = await ledger.evidence(q, tools, school.id, row["ledger_id"])
    assert proof["source"] == "бланк № 17"


async def test_a_question_that_a_person_has_answered_is_not_asked_again(
    load: Load, db: Database, tools: Tools, school: School, clock: ManualClock
) -> None:
    both = line(phone="8(900)0001009, 8(900)0001010")
    await load(both)
    async with db.transaction() as q:
        found = (await numbers.find(q, tools, ["+79000001009"]))["+79000001009"]
        (held,) = await consents.of_number(q, found.id)
        act = Act("given", "+79000001009", f"subscription:{held.subscription_id} *", "Завуч", {})
        change = Change(held.subscription_id, found.id, ConsentState.ACTIVE, act)
        await consents.change(q, tools, school.id, [change], now=clock.now())
        await q.run("update quarantine set state = 'resolved'")
    report = await load(both)
    assert await count(db, "quarantine") == 1
    assert (at(report, 2).word, at(report, 2).needs_attention) == (Word.UNCHANGED, False)


async def test_a_number_of_two_parents_is_added_with_a_warning(load: Load, db: Database) -> None:
    report = await load(line(), line("Дёмин Пётр Ильич", guardian="Дёмина Алёна Викторовна"))
    assert report.notes(Word.WARNING) == 2
    assert (await count(db, "guardian"), await count(db, "subscription")) == (1, 2)


async def test_a_number_that_is_another_guardians_already_keeps_the_first_name(
    load: Load, db: Database
) -> None:
    await load(line())
    report = await load(line("Дёмин Пётр Ильич", guardian="Дёмина Алёна Викторовна"))
    assert "номер уже записан за другим родителем" in said(report, 2)
    async with db.reading() as q:
        (row,) = await q.all("select full_name from guardian")
    assert row["full_name"] == "Белкин Игорь Петрович"


# ---------------------------------------------------------------- who is who


async def test_a_birth_date_tells_namesakes_apart_and_the_second_load_finds_both(
    load: Load, db: Database, tools: Tools
) -> None:
    name = "Белкина Дарья Игоревна"
    twice = [
        line(name, "+79000001002", birth="01.02.2015"),
        ";;;Белкина Ольга Юрьевна;мать;+79000001003;нет;;",
        line(name, "+79000001004", birth="03.04.2015", guardian="Белкин Пётр Олегович"),
    ]
    first = await load(*twice)
    assert (first.new_pupils, first.pairs) == (2, 3)
    async with db.reading() as q:
        rows = await q.all(
            """select p.birth_date, g.number_id
               from subscription s join pupil p on p.id = s.pupil_id
               join guardian g on g.id = s.guardian_id"""
        )
        known = await numbers.read(q, tools, [row["number_id"] for row in rows])
    whose = {known[row["number_id"]][-4:]: row["birth_date"] for row in rows}
    assert whose == {"1002": "2015-02-01", "1003": "2015-02-01", "1004": "2015-04-03"}
    second = await load(*twice)
    assert {row.word for row in second.rows} == {Word.UNCHANGED}
    third = await load(line(name))
    assert (at(third, 2).word, said(third, 2)) == (Word.REJECTED, NAMESAKES)


async def test_another_birth_date_alone_is_a_question_for_a_person(
    load: Load, db: Database
) -> None:
    await load(line(birth="01.02.2015"))
    report = await load(line(birth="02.02.2015"), line("Дёмин Пётр Ильич", "+79000001005"))
    assert (at(report, 2).word, said(report, 2)) == (Word.REJECTED, OTHER_BIRTH)
    assert (at(report, 3).word, report.new_pupils) == (Word.ADDED, 1)
    assert await count(db, "pupil") == 2


async def test_a_row_that_is_refused_takes_its_second_parent_with_it(load: Load) -> None:
    report = await load(
        line("Белкина"), ";;;Белкина Ольга Юрьевна;мать;+79000001003;нет;;", line(class_name="")
    )
    assert [row.word for row in report.rows] == [Word.REJECTED] * 3
    assert said(report, 2) == said(report, 3) == "имя ученика не полностью: нужны фамилия и имя"
    assert said(report, 4) == "не указан класс"


async def test_what_is_no_class_list_is_refused_whole(
    db: Database, tools: Tools, clock: ManualClock, school: School
) -> None:
    with pytest.raises(FileProblem, match=r"нет столбца|заголов"):
        await load_contacts(
            db, tools, clock, school, "Дата;Сумма\r\n1;2".encode(), file_name="x.csv"
        )
    assert await count(db, "delivery") == 0


SERGEEVNA, ANDREEVNA = "Иванова Мария Сергеевна", "Иванова Мария Андреевна"


@pytest.mark.parametrize(
    ("listed", "known", "expected"),
    [
        pytest.param([Person(SERGEEVNA)], [], [-1], id="nobody there"),
        pytest.param([Person(SERGEEVNA)], [Known(7, SERGEEVNA)], [7], id="there"),
        pytest.param([Person("иванова  мария сергеевна")], [Known(7, SERGEEVNA)], [7], id="case"),
        pytest.param([Person(SERGEEVNA), Person(ANDREEVNA)], [], [-1, -2], id="patronymics"),
        pytest.param([Person("Иванова Мария"), Person(SERGEEVNA)], [], [-1, -1], id="one is short"),
        pytest.param(
            [Person("Иванова Мария"), Person(SERGEEVNA), Person(ANDREEVNA)], [], [0, -1, -2],
            id="short among namesakes",
        ),
        pytest.param(
            [Person(SERGEEVNA), Person(ANDREEVNA)], [Known(7, "Иванова Мария")], [0, 0],
            id="both fit one who is there",
        ),
        pytest.param(
            [Person(SERGEEVNA, "2015-01-01"), Person(SERGEEVNA, "2015-02-02")],
            [Known(7, SERGEEVNA)], [0, 0], id="the birth date of the known one is not known",
        ),
        pytest.param(
            [Person("Иванова Мария", "2015-02-02")],
            [Known(7, SERGEEVNA, "2015-01-01"), Known(8, ANDREEVNA, "2015-02-02")], [8],
            id="short but born on that day",
        ),
        pytest.param([Person("Иванова М.")], [], [0], id="initials of a new one"),
        pytest.param([Person("Иванова М. С.")], [Known(7, SERGEEVNA)], [7], id="initials"),
    ],
)  # fmt: skip
def test_who_is_who(listed: list[Person], known: list[Known], expected: list[int]) -> None:
    for order in (1, -1):
        found, added = identify(listed[::order], known)
        keys = [found[person].key for person in listed]
        assert [key if key >= 0 else -1 for key in keys] == [max(key, -1) for key in expected]
        fresh = {key for key in keys if key < 0}
        assert len(fresh) == len({key for key in expected if key < 0})
        assert all(-key <= len(added) for key in fresh)
        assert all(identity.problem for identity in found.values() if not identity.key)


def test_titles_of_one_class_make_one_class() -> None:
    titles = ["5А", "5а", "5 А", "5-А", '5 "А"', "5«А»", "5A"]  # the last is Latin
    assert classes_to_add(titles, []) == [("5А", "5А")]
    assert classes_to_add(titles, [(1, "5 а")]) == []
    assert classes_to_add(["нет", "123"], []) == []


def test_latin_b_is_a_class_that_is_there_or_no_new_one_when_it_may_be_two() -> None:
    assert classes_to_add(["5B"], [(1, "5Б")]) == []
    assert classes_to_add(["5B"], [(1, "5Б"), (2, "5В")]) == []
    assert classes_to_add(["5B", "5Б"], []) == [("5Б", "5Б")]


def test_rows_are_counted_in_russian() -> None:
    forms = {
        1: "строка",
        2: "строки",
        5: "строк",
        11: "строк",
        21: "строка",
        112: "строк",
        0: "строк",
    }
    assert {n: plural(n, "строка", "строки", "строк") for n in forms} == forms


# ---------------------------------------------------------------- the command


def test_the_command_prints_the_report_and_nothing_of_the_phones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    assert runner.invoke(commands, ["init"]).exit_code == 0
    assert runner.invoke(commands, ["school", "add", "school-5"]).exit_code == 0
    command = [
        "import",
        "contacts",
        str(SAMPLE),
        "--school",
        "school-5",
        "--now",
        "2026-11-24T12:00",
    ]
    done = runner.invoke(commands, [*command, "--consent-source", SOURCE])
    assert done.exit_code == 0, done.output
    assert "26 строк: добавлено 23, отклонено 2, в карантин 1" in done.output
    assert "Согласий засчитано: 18. Отказов записано: 5." in done.output
    assert len([one for one in done.output.splitlines() if "строка " in one]) == 3
    again = runner.invoke(commands, [*command, "--verbose"])
    assert "26 строк без изменений" in again.output
    assert len([one for one in again.output.splitlines() if "строка " in one]) == 26
    assert (
        "Школы «school-9» нет"
        in runner.invoke(
            commands, ["import", "contacts", str(SAMPLE), "--school", "school-9"]
        ).output
    )
    missing = runner.invoke(commands, ["import", "contacts", "нет.csv", "--school", "school-5"])
    assert (missing.exit_code, "не читается" in missing.output) == (2, True)
    for found in (tmp_path / "data").iterdir():
        assert b"+79000001" not in found.read_bytes()
