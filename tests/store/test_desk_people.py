"""What the pages about people read, on both engines: in order, by indexes, of one school only."""

from __future__ import annotations

import pytest

from sms_diary.channels.base import InboundReport
from sms_diary.db import Database, Queries
from sms_diary.ingest.matching import name_key
from sms_diary.model import ALL_TOPICS, URGENT, ConsentState, Ground, NumberState
from sms_diary.store import (
    by_school,
    consents,
    destruction,
    inbound,
    numbers,
    opt_in,
    outbox,
    people,
    roll,
    schools,
    subscriptions,
)
from sms_diary.store.by_school import Paper
from sms_diary.store.desk import cards
from sms_diary.store.desk import consents as looked_over
from sms_diary.store.desk import inbound as beside
from sms_diary.store.desk import people as listed
from sms_diary.store.destruction import Order
from sms_diary.store.outbox import NewMessage
from sms_diary.store.people import NewPupil
from sms_diary.store.persons import pupil as forgetting
from sms_diary.store.persons.erase import Erased
from sms_diary.store.persons.preview import preview
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests import seeding
from tests.conftest import NOW
from tests.seeding import Subscribed

DAY_OF = "2026-11-24"
NAMES = ("Яковлев Ян", "Ёлкин Олег", "Абрамов Лев", "Белов Ян", "Абрамова Ева", "Абрамов Лев")


@pytest.fixture
async def other(db: Database, tools: Tools) -> School:
    async with db.transaction() as q:
        return await seeding.live_school(q, tools, "school-7")


async def named(db: Database, tools: Tools, school: School, title: str, *names: str) -> int:
    """A class of pupils with these names; its id."""
    async with db.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, title)
        new = [NewPupil(name, name_key(name), "", class_id) for name in names]
        await people.add_pupils(q, tools, school.id, new, from_day=seeding.SINCE, now=1)
    return class_id


async def read(
    db: Database, tools: Tools, school: School, *, classes: set[int] | None = None,
    prefix: str = "", size: int = 2,
) -> list[str]:  # fmt: skip
    """All names, page by page."""
    found: list[str] = []
    after = 0
    async with db.reading() as q:
        while rows := await listed.page(
            q, tools, school.id, day=DAY_OF, classes=classes,
            prefix=name_key(prefix) if prefix else "", after=after, limit=size,
        ):  # fmt: skip
            found += [row.name for row in rows]
            after = rows[-1].id
    return found


async def test_pupils_come_by_name_and_each_once(
    db: Database, tools: Tools, school: School, other: School
) -> None:
    of_5 = await named(db, tools, school, "5А", *NAMES)
    await named(db, tools, school, "6А", "Волков Ян")
    await named(db, tools, other, "5А", "Абрамов Чужой")
    whole = [
        "Абрамов Лев", "Абрамов Лев", "Абрамова Ева", "Белов Ян", "Волков Ян", "Ёлкин Олег",
        "Яковлев Ян",
    ]  # fmt: skip
    for size in (1, 2, 50):
        assert await read(db, tools, school, size=size) == whole
        narrow = await read(db, tools, school, classes={of_5}, size=size)
        assert narrow == [name for name in whole if name != "Волков Ян"]
        assert await read(db, tools, school, prefix="АБРАМОВ", size=size) == whole[:3]
        assert await read(db, tools, school, prefix="елк", classes={of_5}) == ["Ёлкин Олег"]
    assert await read(db, tools, school, classes=set()) == []
    assert await read(db, tools, school, prefix="%") == []


async def test_pupils_are_found_by_a_guardian_s_name_too_in_the_order_of_their_own(
    db: Database, tools: Tools, school: School, other: School
) -> None:
    of_5 = await named(db, tools, school, "5А", "Яшина Вера", "Гусев Иван", "Белов Ян")
    await named(db, tools, school, "6А", "Волков Ян")
    await named(db, tools, other, "5А", "Гусев Чужой")
    await followed(db, tools, school, "Гусева Анна", seeding.phone(801), "Яшина Вера", "Волков Ян")
    await followed(db, tools, school, "Гусев Пётр", seeding.phone(802), "Белов Ян", "Гусев Иван")
    for size in (1, 2, 50):
        found = await read(db, tools, school, prefix="гусев", size=size)
        assert found == ["Белов Ян", "Волков Ян", "Гусев Иван", "Яшина Вера"]
        narrow = await read(db, tools, school, prefix="гусев", classes={of_5}, size=size)
        assert narrow == ["Белов Ян", "Гусев Иван", "Яшина Вера"]
    assert await read(db, tools, school, prefix="гусева") == ["Волков Ян", "Яшина Вера"]
    async with db.transaction() as q:
        [one] = await q.all("select id from guardian where full_name = 'Гусева Анна'")
        await roll.change_guardian(q, school.id, one["id"], {"full_name": "Ёжикова Анна"})
    assert await read(db, tools, school, prefix="гусева") == []
    assert await read(db, tools, school, prefix="ежикова") == ["Волков Ян", "Яшина Вера"]


async def followed(
    db: Database, tools: Tools, school: School, name: str, phone: str, *pupils: str
) -> None:
    """A guardian of this name for these pupils."""
    async with db.transaction() as q:
        rows = await q.all("select id, full_name from pupil where school_id = :id", id=school.id)
        ids = [row["id"] for row in rows if row["full_name"] in pupils]
        known = await numbers.ensure(q, tools, [phone], now=1)
        wanted = [(known[phone].id, name)]
        made = await people.ensure_guardians(q, tools, school.id, wanted, now=1)
        [(guardian_id, _)] = made.values()
        triples = [(guardian_id, pupil_id, "") for pupil_id in ids]
        await people.ensure_subscriptions(q, tools, school.id, triples, now=1)


async def test_a_page_of_pupils_goes_by_the_index_of_names(
    db: Database, tools: Tools, school: School
) -> None:
    if db.engine != "sqlite":
        return  # PostgreSQL chooses by its statistics
    await named(db, tools, school, "5А", *NAMES)
    async with db.reading() as q:
        plan = " / ".join(
            str(row["detail"])
            for row in await q.all(
                f"""explain query plan select p.id, p.full_name from pupil p
                    where {listed._named(q)} order by p.name_key, p.id limit :limit""",
                school_id=school.id, first="а", until="б", after=5, limit=3,
            )
        )  # fmt: skip
        sought = " / ".join(
            str(row["detail"])
            for row in await q.all(
                f"""explain query plan select p.id from guardian g
                    join subscription s on s.guardian_id = g.id join pupil p on p.id = s.pupil_id
                    where {listed._by_guardian(q)}""",
                school_id=school.id, prefix="а", until="б", past="", past_id=0,
            )
        )  # fmt: skip
    assert plan == "SEARCH p USING INDEX pupil_name (school_id=? AND name_key>? AND name_key<?)"
    by_name = (
        "SEARCH g USING COVERING INDEX guardian_name (school_id=? AND name_key>? AND name_key<?)"
    )
    assert by_name in sought
    assert "SCAN" not in sought


async def test_a_pupil_is_shown_with_the_guardians_and_where_they_stand(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    one = guardians[0]
    async with db.transaction() as q:
        await consents.change(q, tools, school.id, [
            consents.Change(one.subscription_id, one.number_id, ConsentState.STOPPED,
                            seeding.act(one.number))
        ], now=NOW)  # fmt: skip
        [pupil, *_] = await listed.page(q, tools, school.id, day=DAY_OF, classes=None, limit=1)
    assert (pupil.name, pupil.class_name) == ("Белкина Дарья 0", "5А")
    [guardian] = pupil.guardians
    assert (guardian.relation, guardian.number) == ("мама", "+7900***0000")
    assert (guardian.state, guardian.number_state) == (ConsentState.STOPPED, NumberState.OPEN)


async def test_who_is_in_a_class_is_asked_of_the_day(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    pupils = [one.pupil_id for one in guardians]
    async with db.reading() as q:
        [own] = await people.classes(q, school.id, seeding.YEAR)
        assert await listed.in_classes(q, pupils, {own.id}, day=DAY_OF) == set(pupils)
        assert await listed.in_classes(q, pupils, {own.id}, day="2026-08-31") == set()
        assert await listed.in_classes(q, pupils, {own.id + 1}, day=DAY_OF) == set()
        assert await listed.in_classes(q, pupils, None, day=DAY_OF) == set(pupils)


async def test_states_are_counted_class_by_class(
    db: Database, tools: Tools, school: School, other: School, guardians: list[Subscribed]
) -> None:
    await named(db, tools, school, "10А")
    await named(db, tools, other, "5А", "Абрамов Чужой")
    async with db.transaction() as q:
        await seeding.set_consent(q, tools, school.id, guardians[:3], ConsentState.REFUSED)
        await seeding.set_consent(
            q, tools, school.id, guardians[:5], ConsentState.STOPPED, topic="marks"
        )
        table = await looked_over.by_class(q, school.id, seeding.YEAR, day=DAY_OF)
        before = await looked_over.by_class(q, school.id, seeding.YEAR, day="2026-08-31")
    assert [(one.name, dict(one.counts)) for one in table] == [
        ("5А", {ConsentState.REFUSED: 3, ConsentState.ACTIVE: 17}), ("10А", {}),
    ]  # fmt: skip
    assert [dict(one.counts) for one in before] == [{}, {}]


async def test_a_question_under_way_is_told_of(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    one = guardians[0]
    async with db.transaction() as q:
        await q.run("delete from consent where subscription_id = :id", id=one.subscription_id)
        request = await opt_in.ask(
            q, tools, school.id, one.guardian_id, [one.subscription_id], seeding.act(one.number),
            now=NOW,
        )  # fmt: skip
        assert request is not None
        found = await looked_over.questions(q, [each.guardian_id for each in guardians])
    assert found == {one.guardian_id: looked_over.Question(None, None, None)}


async def test_the_last_messages_are_a_schools_own_newest_first(
    db: Database, tools: Tools, school: School, other: School, guardians: list[Subscribed]
) -> None:
    one = guardians[0]
    async with db.transaction() as q:
        await seeding.queue(q, tools, one, school.id, "первое", "второе", "третье")
        await seeding.queue(q, tools, one, other.id, "чужое")
        shown = await cards.last_messages(q, tools, school.id, one.guardian_id, limit=2)
        assert [sent.text for sent in shown] == ["третье", "второе"]
        assert await cards.last_messages(q, tools, other.id, one.guardian_id, limit=2) == []


async def test_an_answer_is_shown_to_the_school_that_gave_it(
    db: Database, tools: Tools, school: School, other: School, guardians: list[Subscribed]
) -> None:
    one = guardians[0]
    ids = []
    async with db.transaction() as q:
        for text in ("ОЦЕНКИ", "ПОМОЩЬ", "ДА"):
            report = InboundReport(one.number, "+79000009999", text, text.encode())
            await inbound.store(q, tools, "main", [report], now=NOW)
            row = await q.one("select max(id) as id from inbound")
            assert row is not None
            ids.append(row["id"])
        for inbound_id, school_id in zip(ids, (school.id, 0, other.id), strict=True):
            await _reply(q, tools, one, school_id, inbound_id)
        replies = await beside.replies(q, tools, school.id, ids)
        waiting = await beside.waiting(q, school.id, most=9)
        await inbound.handled(q, ids[0], "other", "waiting")
        assert (waiting, await beside.waiting(q, school.id, most=9)) == (0, 1)
        assert await beside.waiting(q, other.id, most=9) == 0
    assert replies[ids[0]].text == "ответ"
    assert replies[ids[0]].message_id is not None
    assert replies[ids[1]] == beside.Reply(None, "")
    assert ids[2] not in replies


async def _reply(q: Queries, tools: Tools, to: Subscribed, school_id: int, inbound_id: int) -> None:
    await outbox.add(q, tools, [
        NewMessage(
            school_id=school_id, guardian_id=to.guardian_id, number_id=to.number_id, consent_rev=0,
            ground=Ground.REPLY, ledger_id=None, inbound_id=inbound_id, text="ответ",
            alphabet="ucs2", turns=(0,), udh_ref=0, level="full", lane=0, route="main",
            expires=seeding.FAR,
        )
    ], now=NOW)  # fmt: skip


async def test_an_sms_may_be_feigned_for_staff_that_no_other_school_writes_to(
    db: Database, tools: Tools, school: School, other: School, guardians: list[Subscribed]
) -> None:
    mine, shared, parent = guardians[:3]
    async with db.transaction() as q:
        for one in (mine, shared):
            await schools.add_staff(q, school.id, one.number_id)
        [class_id] = await seeding.classes(q, tools, other, "7Б")
        pupil_id = await seeding.pupil(q, tools, other, class_id, "Белкин Егор")
        await seeding.subscribe(q, tools, other, [(pupil_id, shared.number)])
        tried = [
            await beside.may_be_tried(q, tools, school.id, one.number)
            for one in (mine, shared, parent)
        ]
        assert await beside.may_be_tried(q, tools, school.id, seeding.phone(999)) is None
        assert await beside.may_be_tried(q, tools, other.id, mine.number) is None
    assert [one is not None for one in tried] == [True, False, False]


async def test_a_preview_counts_and_changes_nothing(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    one, order = guardians[0], Order("Петрова А. В.", "выбыл")

    async def work(q: Queries) -> list[Erased] | None:
        done = await forgetting.pupil(q, tools, school.id, one.pupil_id, order, now=NOW)
        return [done] if done else None

    going = await preview(db, work)
    assert going is not None
    assert going[0].counts[destruction.What.PUPILS] == 1
    assert await seeding.column(db, "select id from destruction") == []
    [name] = await seeding.column(db, "select full_name from pupil where id = :id", id=one.pupil_id)
    assert name == "Белкина Дарья 0"


async def test_urgent_hours_need_a_paper_of_their_own(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    """An agreement to all of the diary is none to urgent hours, so it can still be recorded."""
    one, paper = guardians[0], Paper("SMS-1", "SMS", "Петрова А. В.", "2026-11-24")

    async def start(topic: str, on: Paper) -> str:
        async with db.transaction() as q:
            found = await subscriptions.locked(q, tools, school.id, one.subscription_id)
            assert found is not None
            return await by_school.start(
                q, tools, school.id, found, [topic], on, zone=school.zone, actor="desk petrova",
                now=NOW,
            )  # fmt: skip

    async def states() -> dict[str, ConsentState]:
        async with db.reading() as q:
            found = await consents.states(q, [one.subscription_id])
        return {topic: state for (_, topic), state in found.items()}

    assert await start(URGENT, paper) == ""
    assert await states() == {ALL_TOPICS: ConsentState.ACTIVE, URGENT: ConsentState.ACTIVE}
    assert await start(URGENT, paper) == "", "what is so already is no obstacle"
    async with db.transaction() as q:
        await q.run("delete from consent where topic = :topic", topic=URGENT)
        await seeding.set_consent(q, tools, school.id, [one], ConsentState.STOPPED, now=NOW)
    assert "остановлены" in await start(URGENT, paper), "a stop of all is one of urgent hours too"
