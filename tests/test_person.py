"""Rights of the person: what is held on a number, and that after an erasure nothing of it is left.

The tables are filled by the stages themselves: a class list, events, messages, receipts, SMS.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sms_diary.channels.base import ReceiptReport
from sms_diary.clock import ManualClock
from sms_diary.db import Database
from sms_diary.errors import KeyMismatch, NotYet
from sms_diary.ingest.files.load_contacts import load_contacts
from sms_diary.model import Ground, NumberState, PartState
from sms_diary.resources import schema_sql
from sms_diary.store import destruction, ledger, moving, numbers
from sms_diary.store.destruction import Kind, Order, What
from sms_diary.store.persons import erase, held
from sms_diary.store.persons.erase import TOUCHED, Erased
from sms_diary.store.persons.held import Person
from sms_diary.store.persons.pupil import pupil as erase_pupil
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.store.verify import verify
from tests.recording import provider_id
from tests.seeding import ROUTE, column, events, live_school, mark, phone
from tests.test_pipeline import Diary

MUM, DAD, STRANGER = phone(1001), phone(1002), phone(1003)
HEADING = (
    "ФИО ученика;Класс;Дата рожд.;ФИО родителя;Родство;Телефон;Согласие на SMS;Дата согласия;"
    "Источник согласия"
)
SOURCE = "форма SMS-1 от 01.09.2026, папка 5А"
ROWS = (
    f"Журавлёва Дарья Игоревна;5А;01.02.2015;Журавлёва Анна Петровна;мама;{MUM};да;01.09.2026;",
    f"Орлов Лев Ильич;5А;03.04.2015;Орлов Илья Ильич;папа;{DAD};да;01.09.2026;",
)
ORDER = Order("Петрова А. В.", "отзыв согласия", "вх. 17")


@dataclass
class World:
    """Two schools that have the same parent, and another parent in the first."""

    diary: Diary
    first: School
    second: School

    @property
    def db(self) -> Database:
        return self.diary.db

    @property
    def tools(self) -> Tools:
        return self.diary.tools

    async def load(self, school: School, *rows: str) -> None:
        await load_contacts(
            self.db, self.tools, self.diary.clock, school, "\r\n".join([HEADING, *rows]).encode(),
            file_name="spisok.csv", consent_source=SOURCE, by="Завуч",
        )  # fmt: skip

    async def hear(self, number: str, text: str) -> None:
        await self.diary.channel.hear(number, text)

    async def tell(self, school: School, name: str, value: str) -> None:
        """A mark of this pupil, told, taken by the operator and delivered."""
        said = mark(value, pupil={"class": "5А", "name": name})
        await self.diary.post(school, said)
        await self.deliver()

    async def deliver(self) -> None:
        parts = tuple(self.diary.channel.open.values())
        await self.diary.channel.accept(*parts)
        await self.diary.receipts.store(ROUTE, [
            ReceiptReport(
                provider_id(part), PartState.DELIVERED, part.number, "", None,
                f"id:{provider_id(part)} to:{part.number}".encode(),
            )
            for part in parts
        ])  # fmt: skip

    async def erase(self, number: str, *schools: School) -> list[Erased] | None:
        """In these schools, or everywhere; with what follows the commit."""
        async with self.db.transaction() as q:
            rows = await q.all("select id from school")
            ids = [one.id for one in schools] or [0, *sorted(row["id"] for row in rows)]
            done = await erase.number(
                q, self.tools, number, ids, ORDER, whole=not schools, now=self.diary.clock.now()
            )
        assert await self.db.purge(TOUCHED)
        return done

    async def held(self, number: str, *schools: School) -> Person | None:
        async with self.db.reading() as q:
            rows = await q.all("select id from school")
            ids = [one.id for one in schools] or [0, *sorted(row["id"] for row in rows)]
            return await held.on_number(q, self.tools, number, ids, whole=not schools)

    async def states(self) -> dict[tuple[int, str], str]:
        """(school, last digits of the number) -> the consent for everything."""
        async with self.db.reading() as q:
            rows = await q.all(
                """select g.school_id, n.idx, c.state from consent c
                   join subscription s on s.id = c.subscription_id
                   join guardian g on g.id = s.guardian_id join number n on n.id = g.number_id
                   where c.topic = '*'"""
            )
        known = {self.tools.vault.index(one): one[-4:] for one in (MUM, DAD, STRANGER)}
        return {(row["school_id"], known[bytes(row["idx"])]): row["state"] for row in rows}

    async def whole(self) -> bool:
        """Whether all chains and all evidence verify."""
        async with self.db.reading() as q:
            found = [await verify(q, self.tools, one) for one in await ledger.chains(q)]
        return all(one.broken is None for one in found)


@pytest.fixture
async def world(
    db: Database, tools: Tools, clock: ManualClock, school: School
) -> AsyncIterator[World]:
    diary = Diary(db, tools, clock)
    await diary.start()
    async with db.transaction() as q:
        second = await live_school(q, tools, "school-9")
    made = World(diary, school, second)
    await made.load(school, *ROWS)
    await made.load(second, ROWS[0].replace("Журавлёва Дарья", "Журавлёва Мария"))
    async with db.transaction() as q:
        await q.run("update guardian set welcomed_at = 1")
    await made.tell(school, "Журавлёва Дарья", "5")
    await made.tell(school, "Орлов Лев", "3")
    await made.tell(second, "Журавлёва Мария", "4")
    yield made
    await diary.channel.stop()


async def everything(db: Database, tools: Tools) -> str:
    """Each column of each row of each table, what is sealed opened."""
    said: list[str] = []
    tables = re.findall(r"^create table (\w+)", schema_sql(), re.M)
    async with db.reading() as q:
        for table in tables:
            for row in await q.all(f"select * from {table}"):
                held = dict(row)
                for name in held:
                    said += _opened(tools, table, held, name)
    return "\n".join(said)


def _opened(tools: Tools, table: str, row: dict[str, object], name: str) -> list[str]:
    value = row[name]
    if not isinstance(value, bytes):
        return [str(value)]
    row_id = row["ledger_id" if table == "evidence" else "id"] if name != "idx" else 0
    try:
        opened = tools.vault.open(value, f"{table}.{name}", int(str(row_id)))
    except KeyMismatch:
        return [value.hex()]
    return [opened.decode("utf-8", "replace")]


def traces(said: str, *secrets: str) -> list[str]:
    return [one for one in secrets if one in said]


SECRETS = (MUM[2:], "Анна Петровна", "Журавлёва Анна")


# ---------------------------------------------------------------- erasure


async def test_everything_about_a_number_is_there_before_and_nothing_after(world: World) -> None:
    await world.hear(MUM, "ОЦЕНКИ")
    await world.diary.run()
    await world.deliver()
    before = await everything(world.db, world.tools)
    assert traces(before, *SECRETS) == list(SECRETS)
    assert "ОЦЕНКИ" in before
    done = await world.erase(MUM)
    assert done is not None
    after = await everything(world.db, world.tools)
    assert traces(after, *SECRETS, "ОЦЕНКИ") == []
    assert world.tools.vault.index(MUM).hex() in after  # the tombstone
    # Texts to her went; what was sent to the other parent stayed.
    assert await column(world.db, "select count(*) as n from message where text is not null") == [1]
    assert traces(after, DAD[2:], "Орлов Илья") == [DAD[2:], "Орлов Илья"]
    counts = {one.school_id: one.counts for one in done}
    assert counts[world.first.id][What.GUARDIANS] == counts[world.second.id][What.GUARDIANS] == 1
    assert counts[world.first.id][What.MESSAGES] == 2  # the mark and the answer
    assert counts[world.first.id][What.EVIDENCE] == 1
    assert counts[ledger.NO_SCHOOL][What.NUMBERS] == counts[ledger.NO_SCHOOL][What.INBOUND] == 1


async def test_the_chains_still_verify_after_an_erasure(world: World) -> None:
    assert await world.whole()
    await world.erase(MUM)
    assert await world.whole()
    async with world.db.reading() as q:
        found = await verify(q, world.tools, world.first.id)
    # Two lists; hers is erased, and what ended her consent stands on the paper that asked for it.
    assert (found.rows, found.kept) == (3, 2)


async def test_no_file_of_sqlite_and_no_later_backup_holds_what_was_erased(
    world: World, database_url: str, tmp_path: Path
) -> None:
    if world.db.engine != "sqlite":
        # What PostgreSQL keeps in its files and for how long is said in docs/rights.md.
        assert await world.db.purge(TOUCHED)
        return
    sealed = await _sealed(world.db)
    await world.erase(MUM)
    await world.erase(DAD)
    path = Path(database_url.removeprefix("sqlite:"))
    files = [one for one in path.parent.iterdir() if one.name.startswith(path.name)]
    backup = tmp_path / "backup.db"
    with sqlite3.connect(path) as source, sqlite3.connect(backup) as copy:
        source.backup(copy)
    plain = [one.encode() for one in (*SECRETS, "Орлов Илья", DAD[2:])]
    for file in (*files, backup):
        found = file.read_bytes()
        assert [one for one in (*plain, *sealed) if one in found] == [], file.name


async def _sealed(db: Database) -> list[bytes]:
    """What only these two parents have: a piece of every sealed value, as it stands in the file."""
    found: list[bytes] = []
    for table, name in (
        ("number", "sealed"), ("message", "text"), ("receipt", "raw"), ("evidence", "sealed"),
        ("evidence", "salt"),
    ):  # fmt: skip
        rows = await column(db, f"select {name} from {table} where {name} is not null")
        assert rows, table
        found += [bytes(one)[-24:] for one in rows]
    return found


async def test_a_list_imported_later_does_not_revive_an_erased_stop(world: World) -> None:
    await world.hear(MUM, "СТОП")
    await world.diary.run()
    await world.erase(MUM)
    await world.load(world.first, ROWS[0].replace("01.09.2026", "20.11.2026"))
    assert await world.states() == {
        (world.first.id, MUM[-4:]): "stopped", (world.second.id, MUM[-4:]): "stopped",
        (world.first.id, DAD[-4:]): "active",
    }  # fmt: skip
    async with world.db.reading() as q:
        row = (await numbers.find(q, world.tools, [MUM]))[MUM]
        assert (row.state, row.erased) == (NumberState.STOPPED, False)
        assert await numbers.read(q, world.tools, [row.id]) == {row.id: MUM}
        names = await q.all("select full_name from guardian where number_id = :id", id=row.id)
    assert {one["full_name"] for one in names} == {"Журавлёва Анна Петровна", None}
    sent = len(world.diary.channel.texts(MUM))
    await world.tell(world.first, "Журавлёва Дарья", "2")
    assert len(world.diary.channel.texts(MUM)) == sent


async def test_a_wrong_number_stays_wrong_when_it_is_erased(world: World) -> None:
    await world.hear(MUM, "не тот номер")
    await world.diary.run()
    await world.erase(MUM)
    await world.load(world.first, ROWS[0])
    async with world.db.reading() as q:
        assert (await numbers.find(q, world.tools, [MUM]))[MUM].state is NumberState.WRONG


async def test_whoever_had_everything_erased_is_written_to_no_more(world: World) -> None:
    await world.erase(MUM)
    sent = len(world.diary.channel.sent)
    await world.tell(world.first, "Журавлёва Дарья", "2")
    assert len(world.diary.channel.sent) == sent
    assert "active" not in [
        state for (_, number), state in (await world.states()).items() if number == MUM[-4:]
    ]


async def test_only_the_phone_itself_comes_back_after_an_erasure(world: World) -> None:
    await world.erase(MUM)
    await world.hear(MUM, "СТАРТ")
    await world.diary.run()
    assert (await world.states())[world.first.id, MUM[-4:]] == "active"
    assert world.diary.channel.texts(MUM)[-1]


async def test_what_is_queued_is_withdrawn_and_a_late_receipt_brings_nothing_back(
    world: World,
) -> None:
    await world.diary.post(world.first, mark("2", pupil={"class": "5А", "name": "Журавлёва Дарья"}))
    [on_its_way] = world.diary.channel.open.values()
    await world.diary.channel.accept(on_its_way)
    [sent] = await column(world.db, "select max(id) as id from message")
    said = mark("1", pupil={"class": "5А", "name": "Журавлёва Дарья"}, subject="История")
    await world.diary.acceptor.accept_many([events(world.first, "queued", said)])
    await world.diary.plan()
    assert (await world.diary.parts())[-1] == "queued"
    await world.erase(MUM)
    assert (await world.diary.parts())[-1] == "withdrawn"
    raw = f"id:{provider_id(on_its_way)} to:{MUM}".encode()
    report = ReceiptReport(provider_id(on_its_way), PartState.DELIVERED, MUM, "", None, raw)
    await world.diary.receipts.store(ROUTE, [report])
    states = await column(world.db, "select state from message where id = :id", id=sent)
    assert states == ["delivered"]
    assert traces(await everything(world.db, world.tools), MUM[2:]) == []


async def test_an_erased_guardian_gets_no_other_number(world: World) -> None:
    [guardian_id] = await column(
        world.db, "select id from guardian where school_id = :id order by id limit 1",
        id=world.first.id,
    )  # fmt: skip
    await world.erase(MUM)
    await world.erase(DAD)
    before = await column(world.db, "select id from number")
    async with world.db.transaction() as q:
        moved = await moving.change_number(
            q, world.tools, world.first.id, guardian_id, STRANGER, by="Завуч", evidence={},
            now=world.diary.clock.now(),
        )  # fmt: skip
    assert moved is None
    assert await column(world.db, "select id from number") == before


async def test_an_erasure_waits_for_an_sms_that_nobody_has_read(world: World) -> None:
    await world.hear(MUM, "СТОП")
    with pytest.raises(NotYet):
        await world.erase(MUM)
    await world.diary.run()
    assert await world.erase(MUM)


async def test_one_school_erases_its_own_guardian_and_the_other_keeps_hers(world: World) -> None:
    done = await world.erase(MUM, world.first)
    assert done is not None
    assert [one.school_id for one in done] == [world.first.id]
    states = await world.states()
    assert states[world.first.id, MUM[-4:]] == "stopped"
    assert states[world.second.id, MUM[-4:]] == "active"
    said = await everything(world.db, world.tools)
    assert traces(said, *SECRETS) == list(SECRETS)  # the other school's
    async with world.db.reading() as q:
        row = (await numbers.find(q, world.tools, [MUM]))[MUM]
        assert (row.state, row.erased) == (NumberState.OPEN, False)
        texts = await q.all("select school_id from message where text is not null")
    assert sorted(row["school_id"] for row in texts) == sorted([world.first.id, world.second.id])
    # With the last school the number goes too, and the act of a school does not tell of it.
    done = await world.erase(MUM, world.second)
    assert done is not None
    assert [one.school_id for one in done] == [world.second.id]
    assert traces(await everything(world.db, world.tools), *SECRETS) == []


async def test_a_school_erases_nothing_of_a_number_that_only_another_has(world: World) -> None:
    assert await world.erase(DAD, world.second) is None
    assert await world.erase(STRANGER) is None
    assert (await world.states())[world.first.id, DAD[-4:]] == "active"


async def test_a_pupil_who_has_left_is_erased_with_marks_and_texts(world: World) -> None:
    [pupil_id] = await column(
        world.db, "select id from pupil where full_name like :name", name="Журавлёва Дарья%"
    )
    now = world.diary.clock.now()
    async with world.db.transaction() as q:
        assert await erase_pupil(q, world.tools, world.second.id, pupil_id, ORDER, now=now) is None
        done = await erase_pupil(q, world.tools, world.first.id, pupil_id, ORDER, now=now)
    assert done is not None
    assert done.counts[What.PUPILS] == done.counts[What.ENTRIES] == 1
    said = await everything(world.db, world.tools)
    assert traces(said, "Журавлёва Дарья", "журавлева дарья") == []
    # The parent is a person of her own, and follows a child in the other school.
    assert traces(said, MUM[2:]) == [MUM[2:]]
    values = await column(world.db, "select value from entry order by id")
    assert values == ["", "3", "4"]
    assert await world.whole()


# ---------------------------------------------------------------- export and acts


async def test_an_export_holds_all_that_stands_on_the_number(world: World) -> None:
    await world.hear(MUM, "ПОМОЩЬ")
    await world.diary.run()
    person = await world.held(MUM)
    assert person is not None
    assert {(one.school_id, one.full_name) for one in person.guardians} == {
        (world.first.id, "Журавлёва Анна Петровна"), (world.second.id, "Журавлёва Анна Петровна"),
    }  # fmt: skip
    assert {child.pupil for one in person.guardians for child in one.children} == {
        "Журавлёва Дарья Игоревна", "Журавлёва Мария Игоревна",
    }  # fmt: skip
    assert len(person.proof.entries) == 2
    assert all(SOURCE in str(one.evidence()) for one in person.proof.entries)
    assert [one.text for one in person.came] == ["ПОМОЩЬ"]
    assert {one.ground for one in person.sent} == {Ground.CONSENT, Ground.REPLY}
    assert all(one.text for one in person.sent)
    assert [told.state for one in person.sent for told in one.receipts] == ["delivered"] * 2


async def test_one_schools_export_tells_nothing_of_the_other(world: World) -> None:
    person = await world.held(MUM, world.first)
    assert person is not None
    assert {one.school_id for one in person.guardians} == {world.first.id}
    assert {one.school_id for one in person.sent} == {world.first.id}
    assert person.proof.state is None
    assert await world.held(DAD, world.second) is None


async def test_each_erasure_is_recorded_without_naming_anybody(world: World) -> None:
    await world.erase(MUM)
    async with world.db.reading() as q:
        found = await destruction.latest(q, None, 10)
    assert {one.kind for one in found} == {Kind.GUARDIAN, Kind.NUMBER}
    assert {(one.actor, one.ground, one.document) for one in found} == {
        (ORDER.by, ORDER.ground, ORDER.document)
    }
    assert all(re.fullmatch(r"(guardian|number):\d+", one.subject) for one in found)
