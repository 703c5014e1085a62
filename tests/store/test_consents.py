"""A change of consent: ledger, state, revision and withdrawal in one transaction."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from sms_diary.db import Database, Row
from sms_diary.model import ConsentState, Ground, NumberState
from sms_diary.store import (
    consents,
    diary,
    ledger,
    lines,
    numbers,
    outbox,
    settings,
    withdraw,
)
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.seeding import (
    Subscribed,
    claim,
    classes,
    column,
    entry,
    line,
    phone,
    pupil,
    queue,
    set_consent,
    subscribe,
)

STOPPED, ACTIVE = ConsentState.STOPPED, ConsentState.ACTIVE


@dataclass(frozen=True, slots=True)
class Home:
    """A mother of two children in two classes, and the father of the first."""

    elder: Subscribed
    younger: Subscribed
    father: Subscribed
    elders_class: int
    youngers_class: int


@pytest.fixture
async def home(db: Database, tools: Tools, school: School) -> Home:
    async with db.transaction() as q:
        first, second = await classes(q, tools, school, "9А", "5Б")
        elder = await pupil(q, tools, school, first, "Белкина Дарья Игоревна")
        younger = await pupil(q, tools, school, second, "Белкин Егор Игоревич")
        of_elder, of_younger, father = await subscribe(
            q, tools, school, [(elder, phone(1)), (younger, phone(1)), (elder, phone(2))]
        )
    return Home(of_elder, of_younger, father, first, second)


async def _lines(db: Database) -> list[tuple[str, str]]:
    async with db.reading() as q:
        rows = await q.all("select state, reason from line order by id")
    return [(row["state"], row["reason"]) for row in rows]


async def _one(db: Database, sql: str, **params: object) -> Row:
    async with db.reading() as q:
        row = await q.one(sql, **params)
    assert row is not None
    return row


async def _states(db: Database, table: str, message_id: int) -> list[str]:
    where = "message_id" if table == "part" else "id"
    sql = f"select state from {table} where {where} = :id order by id"
    return await column(db, sql, id=message_id)


async def _stop(
    db: Database, tools: Tools, school: School, *who: Subscribed, topic: str = "*"
) -> None:
    async with db.transaction() as q:
        await set_consent(q, tools, school.id, list(who), STOPPED, topic=topic, now=9)


async def test_a_change_is_proved_counted_and_written_together(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    before = await _one(
        db, "select consent_rev from number where id = :id", id=home.elder.number_id
    )
    await _stop(db, tools, school, home.elder)
    after = await _one(db, "select consent_rev from number where id = :id", id=home.elder.number_id)
    assert after["consent_rev"] == before["consent_rev"] + 1
    kept = await _one(
        db, "select state, ledger_id from consent where subscription_id = :id",
        id=home.elder.subscription_id,
    )  # fmt: skip
    assert kept["state"] == "stopped"
    proof = await _one(db, "select * from ledger where id = :id", id=kept["ledger_id"])
    assert proof["subject"] == tools.vault.pseudonym(school.id, phone(1))
    async with db.reading() as q:
        found = await consents.states(q, [home.elder.subscription_id, home.younger.subscription_id])
    assert found == {
        (home.elder.subscription_id, "*"): STOPPED,
        (home.younger.subscription_id, "*"): ACTIVE,
    }


async def test_a_change_that_is_undone_leaves_nothing(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.transaction() as q:
            await set_consent(q, tools, school.id, [home.elder], STOPPED)
            raise ZeroDivisionError
    async with db.reading() as q:
        assert await ledger.first_broken(q, school.id) is None
        found = await consents.states(q, [home.elder.subscription_id])
    assert found == {(home.elder.subscription_id, "*"): ACTIVE}


async def test_what_is_queued_for_one_child_is_composed_again_without_the_other(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    async with db.transaction() as q:
        own = [await line(q, tools, home.elder, 1), await line(q, tools, home.younger, 2)]
        [message] = await queue(q, tools, home.elder, school.id, "оба", lines=tuple(own))
        [fathers] = await queue(q, tools, home.father, school.id, "отцу")
    await _stop(db, tools, school, home.elder)
    assert await _states(db, "part", message) == ["withdrawn"]
    assert await _states(db, "message", message) == ["withdrawn"]
    assert await _lines(db) == [("silent", "stopped"), ("planned", "")]
    assert await _states(db, "part", fathers) == ["queued"]


async def test_a_stop_of_one_topic_silences_that_topic_only(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    async with db.transaction() as q:
        own = [await line(q, tools, home.elder, 1),
               await line(q, tools, home.elder, 2, topic="absences")]  # fmt: skip
        await queue(q, tools, home.elder, school.id, "обе темы", lines=tuple(own))
    await _stop(db, tools, school, home.elder, topic="marks")
    assert await _lines(db) == [("silent", "stopped"), ("planned", "")]


async def test_the_homework_of_a_stopped_childs_class_is_not_told_for_the_other_childs_sake(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    async with db.transaction() as q:
        for entry_id, class_id in ((1, home.elders_class), (2, home.youngers_class)):
            await entry(q, school, entry_id)
            await diary.set_audience(q, entry_id, classes=[class_id], pupils=[])
            await line(q, tools, home.elder, entry_id, topic="homework", pupil_id=0)
        await line(q, tools, home.elder, 3, topic="announcements", pupil_id=0)
    await _stop(db, tools, school, home.elder)
    assert await _lines(db) == [("silent", "stopped"), ("planned", ""), ("planned", "")]


async def test_a_line_that_stays_names_the_consent_that_still_holds(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    async with db.transaction() as q:
        await line(q, tools, home.elder, 1, topic="announcements", pupil_id=0)
    await _stop(db, tools, school, home.elder)
    row = await _one(db, "select ledger_id from line")
    assert row["ledger_id"] == home.younger.ledger_id


async def test_a_correction_that_waits_replaces_what_is_taken_back(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    async with db.transaction() as q:
        old = await line(q, tools, home.younger, 1)
        await queue(q, tools, home.younger, school.id, "4", lines=(old,))
        await line(q, tools, home.younger, 1, version=2)
    await _stop(db, tools, school, home.elder)
    assert await _lines(db) == [("replaced", ""), ("planned", "")]


@pytest.mark.parametrize("allowed", [True, False])
async def test_the_rest_of_a_half_sent_text_follows_only_if_it_is_still_allowed(
    db: Database, tools: Tools, school: School, home: Home, allowed: bool
) -> None:
    to = home.younger if allowed else home.elder
    async with db.transaction() as q:
        own = await line(q, tools, to, 1)
        [message] = await queue(q, tools, to, school.id, "длинный", lines=(own,), parts=2)
        [first] = await claim(q, tools, limit=1)
        await q.run("update part set state = 'delivered' where id = :id", id=first.part_id)
        await outbox.mark_told(q, [first.part_id])
    await _stop(db, tools, school, home.elder)
    expected = "queued" if allowed else "withdrawn"
    assert await _states(db, "part", message) == ["delivered", expected]
    async with db.transaction() as q:
        again = await claim(q, tools)
    assert [part.seq for part in again] == ([2] if allowed else [])
    # Nothing more will come for the text that was cut short: it is not left open.
    assert await _states(db, "message", message) == ["open" if allowed else "withdrawn"]


async def test_what_needs_no_consent_is_not_taken_back(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    async with db.transaction() as q:
        [message] = await queue(q, tools, home.elder, school.id, "код", ground=Ground.CODE)
    await _stop(db, tools, school, home.elder)
    assert await _states(db, "part", message) == ["queued"]


async def test_the_subscriptions_of_a_number_are_found_in_every_school(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    await _stop(db, tools, school, home.elder, topic="marks")
    async with db.reading() as q:
        held = await consents.of_number(q, home.elder.number_id)
    assert [(one.subscription_id, set(one.topics)) for one in held] == [
        (home.elder.subscription_id, {"*", "marks"}),
        (home.younger.subscription_id, {"*"}),
    ]


async def test_a_number_is_stopped_once(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    async def stop() -> bool:
        async with db.transaction() as q:
            return await numbers.stop(q, home.elder.number_id, now=5)

    assert sorted(await asyncio.gather(stop(), stop(), stop())) == [False, False, True]


async def test_a_strangers_number_is_neither_opened_nor_stopped_any_more(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    async with db.transaction() as q:
        assert await numbers.disown(q, home.elder.number_id, now=5)
        assert not await numbers.disown(q, home.elder.number_id, now=6)
        assert not await numbers.stop(q, home.elder.number_id, now=6)
        assert not await numbers.reopen(q, home.elder.number_id)
        assert await numbers.take(q, home.elder.number_id) is NumberState.WRONG


async def test_changes_of_consent_at_the_same_time_do_not_block_each_other(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    async def by_sms() -> None:
        async with db.transaction() as q:
            await numbers.stop(q, home.elder.number_id, now=5)
            await asyncio.sleep(0.01)
            await set_consent(q, tools, school.id, [home.elder], STOPPED)

    async def by_hand() -> None:
        async with db.transaction() as q:
            await set_consent(q, tools, school.id, [home.younger, home.father], STOPPED)

    await asyncio.gather(*(work() for work in (by_sms, by_hand) for _ in range(4)))
    async with db.reading() as q:
        assert await ledger.first_broken(q, school.id) is None


async def test_numbers_made_at_the_same_time_are_one_row_each(db: Database, tools: Tools) -> None:
    wanted = [phone(n) for n in range(20)]

    async def ensure(order: list[str]) -> dict[str, int]:
        async with db.transaction() as q:
            found = await numbers.ensure(q, tools, order, now=1)
        return {number: row.id for number, row in found.items()}

    first, *others = await asyncio.gather(*(ensure(wanted[::way]) for way in (1, -1, 1, -1)))
    assert set(first) == set(wanted)
    assert all(other == first for other in others)


async def test_references_of_long_texts_count_on_per_number(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    seen = []
    for _ in range(130):
        async with db.transaction() as q:
            first = await numbers.next_references(q, {home.elder.number_id: 2})
        seen.append(first[home.elder.number_id])
    used = [(start - 1 + step) % 255 + 1 for start in seen for step in range(2)]
    assert used[:255] == list(range(1, 256))
    assert used[255:] == [1, 2, 3, 4, 5]


# ---------------------------------------------------------------- why, papers, pauses


@pytest.mark.parametrize(
    ("state", "topic", "reason"),
    [
        (STOPPED, "*", "stopped"),
        (ConsentState.REFUSED, "*", "refused"),
        (ConsentState.BLOCKED, "*", "operator-refusal"),
        (ConsentState.WRONG_NUMBER, "*", "number-closed"),
        (ConsentState.UNKNOWN, "*", "no-consent"),
    ],
)
async def test_a_line_that_is_allowed_no_more_says_why(
    db: Database, tools: Tools, school: School, home: Home, state: ConsentState, topic: str,
    reason: str,
) -> None:  # fmt: skip
    async with db.transaction() as q:
        await line(q, tools, home.elder, 1)
        held = await line(q, tools, home.elder, 2)
        await q.run("update line set state = 'held', reason = 'welcome' where id = :id", id=held)
        await set_consent(q, tools, school.id, [home.elder], state, topic=topic)
    assert await _lines(db) == [("silent", reason)] * 2


async def test_where_both_papers_are_asked_for_the_loss_of_one_takes_back_what_is_queued(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    async with db.transaction() as q:
        await q.run("update school set proof = 'sms+pd' where id = :id", id=school.id)
        await set_consent(q, tools, school.id, [home.elder, home.younger], ACTIVE, topic="pd")
        own = [await line(q, tools, home.elder, 1), await line(q, tools, home.younger, 2)]
        await queue(q, tools, home.elder, school.id, "оба", lines=tuple(own))
        await set_consent(q, tools, school.id, [home.elder], STOPPED, topic="pd")
    assert await _lines(db) == [("silent", "no-personal-data"), ("planned", "")]


async def test_the_other_paper_neither_allows_sms_nor_takes_them_back_where_nobody_asks_for_it(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    async with db.transaction() as q:
        await line(q, tools, home.elder, 1)
        await set_consent(q, tools, school.id, [home.elder], STOPPED, topic="pd")
        await line(q, tools, home.father, 2)
        await set_consent(q, tools, school.id, [home.father], ACTIVE, topic="pd")
        await set_consent(q, tools, school.id, [home.father], STOPPED)
    assert await _lines(db) == [("planned", ""), ("silent", "stopped")]


async def test_a_paused_school_sends_nothing_but_answers_and_goes_on_where_it_was(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    async with db.transaction() as q:
        first = await line(q, tools, home.elder, 1)
        await entry(q, school, 1)
        await queue(q, tools, home.elder, school.id, "отметка", lines=(first,))
        await queue(q, tools, home.father, school.id, "сотруднику", ground=Ground.STAFF)
        await queue(q, tools, home.father, school.id, "код", ground=Ground.CODE)
        assert len(await lines.due(q, now=2, guardians=10)) == 0
        await settings.change(q, school.id, {"paused_at": 5}, now=5)
    assert await _lines(db) == [("planned", "")]
    async with db.transaction() as q:
        assert await lines.due(q, now=6, guardians=10) == []
        assert [part.text for part in await claim(q, tools, now=6)] == ["код"]
        await settings.change(q, school.id, {"paused_at": None}, now=6)
        assert len(await lines.due(q, now=6, guardians=10)) == 1
        assert [part.text for part in await claim(q, tools, now=6)] == ["сотруднику"]


async def test_what_was_composed_as_a_school_paused_waits_in_the_queue(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    async with db.transaction() as q:
        await settings.change(q, school.id, {"paused_at": 5}, now=5)
        await queue(q, tools, home.elder, school.id, "отметка")
        assert await claim(q, tools, now=6) == []
        await settings.change(q, school.id, {"paused_at": None}, now=6)
        assert [part.text for part in await claim(q, tools, now=6)] == ["отметка"]


async def test_everything_for_a_number_is_withdrawn_but_what_was_made_since(
    db: Database, tools: Tools, school: School, home: Home
) -> None:
    async with db.transaction() as q:
        for ground, now in ((Ground.CODE, 1), (Ground.STAFF, 4), (Ground.CODE, 5)):
            await queue(q, tools, home.elder, school.id, "x", ground=ground, now=now)
        await queue(q, tools, home.father, school.id, "x", ground=Ground.CODE)
        await withdraw.everything(q, home.elder.number_id, now=9, before=5)
    states = await column(db, "select state || ' ' || reason as s from message order by id")
    assert [one.strip() for one in states] == [
        "withdrawn consent", "withdrawn consent", "open", "open",
    ]  # fmt: skip
