"""What time destroys: texts and raw bytes past their period, and the beginning of a ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sms_diary.app import opened, running
from sms_diary.clock import DAY, HOUR, ManualClock, SystemClock
from sms_diary.db import Database
from sms_diary.model import ConsentState, PartState
from sms_diary.reports import verdicts
from sms_diary.reports.names import Names
from sms_diary.store import destruction, ledger, messages, proofs, retention
from sms_diary.store.chain import Broken, Fault, Head
from sms_diary.store.destruction import Kind, What
from sms_diary.store.proofs import Doubt
from sms_diary.store.retention import Period
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.store.verify import Verdict, verify
from tests.journal_peer import eventually, settings
from tests.seeding import (
    Subscribed,
    act,
    classes,
    column,
    live_school,
    mark,
    phone,
    pupil,
    queue,
    set_consent,
    subscribe,
)
from tests.test_pipeline import Diary

MUM = phone(1)
YEAR = 366 * DAY


@pytest.fixture
async def diary(db: Database, tools: Tools, clock: ManualClock) -> AsyncIterator[Diary]:
    made = Diary(db, tools, clock)
    await made.start()
    yield made
    await made.channel.stop()


@pytest.fixture
async def mum(diary: Diary, school: School) -> Subscribed:
    async with diary.db.transaction() as q:
        [first] = await classes(q, diary.tools, school, "5А")
        child = await pupil(q, diary.tools, school, first, "Белкина Дарья", "p0")
        [found] = await subscribe(q, diary.tools, school, [(child, MUM)])
    return found


async def tell(diary: Diary, school: School, **said: str) -> None:
    """A mark with its receipt, and an SMS from the parent with its answer."""
    await diary.post(school, mark("5", **said))
    await diary.channel.hear(MUM, "ОЦЕНКИ")
    await diary.run()
    await diary.channel.accept()
    await diary.channel.report(PartState.DELIVERED)


async def sweep(diary: Diary) -> None:
    """As the service does, until there is nothing more to do."""
    now, more = diary.clock.now(), True
    while more:
        async with diary.db.reading() as q:
            periods = await retention.periods(q)
        more = False
        for period in periods:
            async with diary.db.transaction() as q:
                more |= await retention.step(q, diary.tools, period, now=now)


KEPT = {
    "message": "text", "receipt": "raw", "inbound": "text", "inbound ": "raw", "delivery": "body",
}  # fmt: skip


async def kept(diary: Diary) -> dict[str, int]:
    """How many texts and raw bytes there are, by table."""
    found = {}
    for table, name in KEPT.items():
        sql = f"select count(*) as n from {table.strip()} where {name} is not null"
        [found[f"{table.strip()}.{name}"]] = await column(diary.db, sql)
    return found


# ---------------------------------------------------------------- texts


async def test_texts_and_raw_bytes_go_on_the_day_their_period_ends_and_not_before(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await tell(diary, school)
    full = await kept(diary)
    assert all(full.values()), full
    diary.clock.advance(90 * DAY - HOUR)
    await sweep(diary)
    assert await kept(diary) == full
    diary.clock.advance(HOUR)
    await sweep(diary)
    assert not any((await kept(diary)).values())
    # What happened is still told.
    assert await column(diary.db, "select distinct state from message") == ["delivered"]
    async with diary.db.reading() as q:
        page = await messages.page(q, diary.tools, school.id, before=None, state="", limit=9)
        [(message_id, text)] = [
            (one.id, one.text) for one in page.messages if one.ground != "reply"
        ]
        proof = await proofs.of_message(q, diary.tools, message_id, school.id)
    assert text == messages.DESTROYED
    assert proof is not None
    assert proof.doubts == ()
    assert mum.ledger_id == proof.entries[0].link.id


async def test_what_came_later_stays(diary: Diary, school: School, mum: Subscribed) -> None:
    await tell(diary, school)
    diary.clock.advance(60 * DAY)
    await tell(diary, school, subject="История", date="2027-01-23")
    diary.clock.advance(30 * DAY)
    await sweep(diary)
    left = await kept(diary)
    assert left == {
        "message.text": 2, "receipt.raw": left["receipt.raw"], "inbound.text": 1, "inbound.raw": 1,
        "delivery.body": 1,
    }  # fmt: skip
    assert left["receipt.raw"] > 0
    # Swept a second time, nothing more goes, and the act tells each thing once.
    await sweep(diary)
    assert await kept(diary) == left
    async with diary.db.reading() as q:
        acts = await destruction.latest(q, school.id, 9)
    assert [(one.kind, one.counts) for one in acts] == [
        (Kind.RETENTION, {What.MESSAGES: 2, What.BODIES: 1})
    ]
    assert mum.ledger_id


async def test_a_sweep_goes_in_small_steps_to_the_end(
    diary: Diary, school: School, mum: Subscribed, monkeypatch: pytest.MonkeyPatch
) -> None:
    for subject in ("Алгебра", "История", "Химия", "Физика", "Труд"):
        await diary.post(school, mark("5", subject=subject))
    assert mum.number_id
    diary.clock.advance(91 * DAY)
    monkeypatch.setattr(retention, "BATCH", 2)
    async with diary.db.transaction() as q:
        period = Period(school.id, school.retention, 0)
        assert await retention.step(q, diary.tools, period, now=diary.clock.now())
    assert (await kept(diary))["delivery.body"] == 3
    await sweep(diary)
    assert not any((await kept(diary)).values())
    async with diary.db.reading() as q:
        [one] = await destruction.latest(q, school.id, 9)
    assert one.counts[What.BODIES] == 5


async def test_nothing_younger_than_a_week_goes_whatever_a_school_has_set(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    assert mum.number_id
    await tell(diary, school)
    async with diary.db.transaction() as q:
        await q.run("update school set retention = :day", day=DAY)
    diary.clock.advance(6 * DAY)
    await sweep(diary)
    assert all((await kept(diary)).values())
    diary.clock.advance(DAY)
    await sweep(diary)
    assert not any((await kept(diary)).values())


async def test_each_school_keeps_its_texts_for_its_own_period(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    assert mum.number_id
    async with diary.db.transaction() as q:
        await live_school(q, diary.tools, "school-9")
        await q.run("update school set retention = :long where id = :id", long=YEAR, id=school.id)
    await tell(diary, school)
    diary.clock.advance(91 * DAY)
    await sweep(diary)
    left = await kept(diary)
    assert left["message.text"] == 2
    assert left["delivery.body"] == 1
    # What belongs to no school is kept as long as the school that keeps it least.
    assert left["inbound.text"] == left["receipt.raw"] == 0


async def test_an_sms_that_nobody_has_read_keeps_its_text(diary: Diary, school: School) -> None:
    await diary.channel.hear(MUM, "СТОП")
    diary.clock.advance(91 * DAY)
    await sweep(diary)
    assert (await kept(diary))["inbound.text"] == 1
    await diary.run()
    assert school.id


async def test_the_service_destroys_what_is_past_its_period_by_itself(tmp_path: Path) -> None:
    made = settings(tmp_path)
    async with opened(made) as base, base.database.transaction() as q:
        school = await live_school(q, base.tools, "school-5")
        [class_id] = await classes(q, base.tools, school, "5А")
        child = await pupil(q, base.tools, school, class_id, "Белкина Дарья", "p0")
        [to] = await subscribe(q, base.tools, school, [(child, MUM)])
        await queue(q, base.tools, to, school.id, "Дарья: мат 5", now=1)
    async with running(made, SystemClock()) as service:

        async def gone() -> bool:
            return await column(service.base.database, "select text from message") == [None]

        await eventually(gone)


# ---------------------------------------------------------------- the ledger

SCHOOL = 5


async def chain(diary: Diary, *days: int) -> list[int]:
    """Rows of a chain of the school, made on these days after now."""
    ids = []
    for day in days:
        async with diary.db.transaction() as q:
            at = diary.clock.now() + day * DAY
            ids += await ledger.append(q, diary.tools, SCHOOL, [act(phone(day))], now=at)
    return ids


async def cut(diary: Diary, *, at_day: int) -> None:
    """What a step does a year and so many days from now, where rows are kept for a year."""
    now = diary.clock.now() + YEAR + at_day * DAY
    async with diary.db.transaction() as q:
        await retention.step(q, diary.tools, Period(SCHOOL, YEAR, YEAR), now=now)


async def checked(diary: Diary, *published: Head) -> Verdict:
    async with diary.db.reading() as q:
        return await verify(q, diary.tools, SCHOOL, published)


async def test_a_ledger_is_cut_at_its_beginning_and_verifies_from_the_checkpoint(
    diary: Diary, school: School
) -> None:
    await chain(diary, 0, 1, 2, 3, 4)
    async with diary.db.reading() as q:
        end = await ledger.head(q, SCHOOL)
        early = Head(SCHOOL, 2, (await ledger.page(q, SCHOOL, None))[1].hash)
        third = Head(SCHOOL, 3, (await ledger.page(q, SCHOOL, None))[2].hash)
    assert end is not None
    await cut(diary, at_day=-1)
    assert await checked(diary) == Verdict(SCHOOL, 5, 5, None)
    await cut(diary, at_day=1)
    assert await checked(diary, early, third, end) == Verdict(SCHOOL, 5, 3, None, cut=2)
    await cut(diary, at_day=2)
    found = await checked(diary, early, third, end)
    assert found == Verdict(SCHOOL, 5, 2, None, cut=3)
    [said, _] = verdicts.lines([found], Names([school]), compared=None)
    assert "строк: 2, с доказательством: 2; строки до 3 включительно уничтожены по сроку" in said
    assert verdicts.as_json([found], Names([school]), compared=None)["chains"][0]["cut_up_to"] == 3
    # What is appended goes on where it was.
    await chain(diary, 5)
    assert await checked(diary) == Verdict(SCHOOL, 6, 3, None, cut=3)
    async with diary.db.reading() as q:
        acts = await destruction.latest(q, SCHOOL, 9)
    assert sum(one.counts[What.LEDGER_ROWS] for one in acts) == 3


async def test_a_checkpoint_that_is_not_the_published_row_is_found(diary: Diary) -> None:
    await chain(diary, 0, 1, 2)
    await cut(diary, at_day=0)
    other = Head(SCHOOL, 1, "0" * 64)
    assert (await checked(diary, other)).broken == Broken(SCHOOL, 1, Fault.REBUILT, 0)


async def test_the_last_row_of_a_ledger_stays(diary: Diary) -> None:
    await chain(diary, 0, 1)
    for _ in range(3):
        await cut(diary, at_day=1000)
    assert await checked(diary) == Verdict(SCHOOL, 2, 1, None, cut=1)


async def test_no_row_goes_that_a_consent_stands_on(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    period = Period(school.id, YEAR, YEAR)
    later = diary.clock.now() + 3 * YEAR
    async with diary.db.transaction() as q:
        await ledger.append(q, diary.tools, school.id, [act(MUM)], now=2)
        await retention.step(q, diary.tools, period, now=later)
    assert await column(diary.db, "select seq from ledger order by seq") == [1, 2]
    async with diary.db.transaction() as q:
        await set_consent(q, diary.tools, school.id, [mum], ConsentState.STOPPED, now=3)
        await retention.step(q, diary.tools, period, now=later)
    assert await column(diary.db, "select seq from ledger order by seq") == [3]
    # The stop itself does not need its row.
    assert await column(diary.db, "select state from consent") == ["stopped"]


async def test_a_row_that_was_cut_is_told_by_the_proof_of_its_message(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.post(school, mark("5"))
    [message_id] = await column(diary.db, "select id from message")
    later = diary.clock.now() + 3 * YEAR
    async with diary.db.transaction() as q:
        await set_consent(q, diary.tools, school.id, [mum], ConsentState.STOPPED, now=3)
        await retention.step(q, diary.tools, Period(school.id, YEAR, YEAR), now=later)
        proof = await proofs.of_message(q, diary.tools, message_id, school.id)
    assert proof is not None
    assert proof.doubts == ((Doubt.NO_ENTRY, None),)


async def test_a_row_after_the_checkpoint_cannot_be_deleted(diary: Diary) -> None:
    ids = await chain(diary, 0, 1, 2)
    await cut(diary, at_day=0)
    for statement in (
        "delete from ledger where id = :id",
        "update ledger set at = 1 where id = :id",
        "delete from ledger_checkpoint where school_id <> :id",
        "update ledger_checkpoint set seq = 3 where school_id <> :id",
    ):
        with pytest.raises(Exception, match=r"append-only|stays as it is"):
            async with diary.db.transaction() as q:
                await q.run("delete from evidence where ledger_id = :id", id=ids[1])
                await q.run(statement, id=ids[1])
    assert await checked(diary) == Verdict(SCHOOL, 3, 2, None, cut=1)


async def test_nothing_of_a_broken_chain_is_cut(diary: Diary) -> None:
    await chain(diary, 0, 1, 2)
    async with diary.db.transaction() as q:
        if q.engine == "postgresql":
            await q.run("set local session_replication_role = replica")
        else:
            await q.run("drop trigger ledger_keeps_rows")
        await q.run("update ledger set actor = 'другой' where seq = 1")
    await cut(diary, at_day=1000)
    assert await column(diary.db, "select seq from ledger order by seq") == [1, 2, 3]
    assert (await checked(diary)).broken == Broken(SCHOOL, 1, Fault.CHANGED)
