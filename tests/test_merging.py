"""A pupil who was written twice becomes one: who is told what then, and what is not told twice.

On both engines, with the stages run by hand (`Diary` of the pipeline's tests).
"""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from sms_diary.clock import DAY, MINUTE, ManualClock
from sms_diary.db import Database
from sms_diary.errors import NotYet
from sms_diary.ingest.files.load_contacts import load_contacts
from sms_diary.model import ConsentState, PartState
from sms_diary.store import consents, history, imports, paper, schools, subscriptions
from sms_diary.store.consents import Change
from sms_diary.store.desk import doubles
from sms_diary.store.destruction import Order
from sms_diary.store.ledger import BY_SMS, Act
from sms_diary.store.parent import slips
from sms_diary.store.parent.slips import Holder
from sms_diary.store.persons import merging
from sms_diary.store.persons.merging import Merged
from sms_diary.store.persons.pupil import pupil as erase_pupil
from sms_diary.store.proofs import of_message
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.store.verify import verify
from tests import seeding
from tests.seeding import Subscribed, column, live_school, mark, subscribe
from tests.test_pipeline import DAD, MUM, Diary, diary

__all__ = ["diary"]

FULL, SHORT = "Белкина Дарья Игоревна", "Белкина Дарья"
TODAY = date(2026, 11, 24)
S = ConsentState


class Twice:
    """A child whom the journal knows as p0, and a class list once more."""

    def __init__(self, diary: Diary, school: School, keep: int, drop: int) -> None:
        self.diary, self.school, self.keep, self.drop = diary, school, keep, drop

    async def follow(
        self, pupil_id: int, number: str, state: S | None = S.ACTIVE, *, topic: str = "*"
    ) -> Subscribed:
        async with self.diary.db.transaction() as q:
            [made] = await subscribe(
                q, self.diary.tools, self.school, [(pupil_id, number)], state=state, topic=topic
            )
        return made

    async def merge(self, class_id: int | None = None) -> Merged:
        async with self.diary.db.transaction() as q:
            done = await merging.merge(
                q, self.diary.tools, self.school.id, self.drop, self.keep, today=TODAY,
                class_id=class_id, by="desk zavuch", now=self.diary.clock.now(),
            )  # fmt: skip
            assert done is not None
        return done

    def by_name(self, value: str, **fields: object) -> dict[str, object]:
        """A mark of the other record, which its own class has."""
        return mark(value, pupil={"class": "5Б", "name": SHORT}, **fields)

    async def state(self, subscription_id: int) -> dict[str, S]:
        async with self.diary.db.reading() as q:
            found = await consents.states(q, [subscription_id])
        return {topic: state for (_, topic), state in found.items()}

    async def is_whole(self) -> bool:
        async with self.diary.db.reading() as q:
            found = await verify(q, self.diary.tools, self.school.id)
        return found.broken is None


@pytest.fixture
async def twice(diary: Diary, school: School) -> Twice:
    async with diary.db.transaction() as q:
        first, second = await seeding.classes(q, diary.tools, school, "5А", "5Б")
        keep = await seeding.pupil(q, diary.tools, school, first, FULL, "p0")
        drop = await seeding.pupil(q, diary.tools, school, second, SHORT)
    return Twice(diary, school, keep, drop)


async def _ledger(db: Database) -> list[str]:
    said = "action || ' ' || scope || ' ' || actor as said"
    return await column(db, f"select {said} from ledger order by seq")


# ---------------------------------------------------------------- subscriptions


async def test_a_guardian_of_the_other_record_follows_the_child_with_the_consent(
    twice: Twice,
) -> None:
    dad = await twice.follow(twice.drop, DAD)
    done = await twice.merge()
    assert (done.pupil_id, done.moved, done.joined, done.told_less) == (twice.keep, 1, 0, 0)
    await twice.diary.post(twice.school, mark("5"))
    assert twice.diary.channel.texts(DAD) == ["Дарья Б. 24.11 алгебра: 5"]
    assert await column(twice.diary.db, "select ledger_id from message") == [dad.ledger_id]
    assert (await _ledger(twice.diary.db))[-1] == (
        f"joined subscription:{dad.subscription_id} * desk zavuch"
    )
    assert await twice.is_whole()


@pytest.mark.parametrize("nothing", [S.UNKNOWN, S.ASKED, None], ids=str)
@pytest.mark.parametrize("said_of_the_one_that_goes", [True, False])
async def test_where_only_one_record_has_a_consent_it_goes_on_as_it_was_given(
    twice: Twice, nothing: S | None, said_of_the_one_that_goes: bool
) -> None:
    on_kept = await twice.follow(
        twice.keep, MUM, nothing if said_of_the_one_that_goes else S.ACTIVE
    )
    on_gone = await twice.follow(
        twice.drop, MUM, S.ACTIVE if said_of_the_one_that_goes else nothing
    )
    left, gone = (on_gone, on_kept) if said_of_the_one_that_goes else (on_kept, on_gone)
    done = await twice.merge()
    assert (done.joined, done.told_less) == (1, 0)
    db = twice.diary.db
    assert await column(db, "select id from subscription") == [left.subscription_id]
    assert await column(db, "select pupil_id from subscription") == [twice.keep]
    await twice.diary.post(twice.school, mark("5"))
    assert twice.diary.channel.texts() == ["Дарья Б. 24.11 алгебра: 5"]
    assert await column(db, "select ledger_id from message") == [left.ledger_id]
    assert (await _ledger(db))[-1] == f"joined subscription:{gone.subscription_id} * desk zavuch"
    assert await twice.is_whole()


@pytest.mark.parametrize(
    "stricter", [one for one in S if one not in {S.ACTIVE, S.UNKNOWN, S.ASKED}], ids=str
)
@pytest.mark.parametrize("kept_is_strict", [True, False])
async def test_a_guardian_of_both_gets_the_stricter_state(
    twice: Twice, stricter: S, kept_is_strict: bool
) -> None:
    kept = await twice.follow(twice.keep, MUM, stricter if kept_is_strict else S.ACTIVE)
    gone = await twice.follow(twice.drop, MUM, S.ACTIVE if kept_is_strict else stricter)
    done = await twice.merge()
    assert (done.joined, done.told_less) == (1, 1)
    assert (await twice.state(kept.subscription_id))["*"] is stricter
    await twice.diary.post(twice.school, mark("5"))
    assert twice.diary.channel.texts() == []
    assert await column(twice.diary.db, "select id from subscription") == [kept.subscription_id]
    assert f"joined subscription:{gone.subscription_id} * desk zavuch" in await _ledger(
        twice.diary.db
    )
    assert await twice.is_whole()


async def test_a_guardian_who_agreed_in_both_is_told_on_and_once(twice: Twice) -> None:
    await twice.follow(twice.keep, MUM)
    await twice.follow(twice.drop, MUM)
    assert (await twice.merge()).told_less == 0
    await twice.diary.post(twice.school, mark("5"))
    assert twice.diary.channel.texts() == ["Дарья Б. 24.11 алгебра: 5"]


async def test_a_stop_of_one_topic_in_either_record_holds(twice: Twice) -> None:
    kept = await twice.follow(twice.keep, MUM)
    await twice.follow(twice.drop, MUM)
    await twice.follow(twice.drop, MUM, S.STOPPED, topic="marks")
    await twice.merge()
    assert await twice.state(kept.subscription_id) == {"*": S.ACTIVE, "marks": S.STOPPED}


async def test_what_a_parent_has_refused_by_sms_no_later_paper_takes_back(
    twice: Twice, clock: ManualClock
) -> None:
    kept = await twice.follow(twice.keep, MUM)
    gone = await twice.follow(twice.drop, MUM)
    async with twice.diary.db.transaction() as q:
        said = Act(
            "refused", MUM, f"subscription:{gone.subscription_id} *", BY_SMS, {"text": "НЕТ"}
        )
        change = Change(gone.subscription_id, gone.number_id, S.REFUSED, said)
        await consents.change(q, twice.diary.tools, twice.school.id, [change], now=clock.now())
    await twice.merge()
    async with twice.diary.db.reading() as q:
        found = await consents.refusals(q, twice.school.id, [kept.subscription_id])
    assert [one.actor for one in found.values()] == [BY_SMS]


async def test_what_allowed_an_earlier_sms_can_still_be_shown_with_the_childs_name(
    twice: Twice,
) -> None:
    kept = await twice.follow(twice.keep, MUM)
    gone = await twice.follow(twice.drop, MUM)
    await twice.diary.post(twice.school, twice.by_name("5"))
    await twice.diary.channel.accept()
    twice.diary.clock.advance(2 * MINUTE)
    await twice.merge()
    [message_id] = await column(twice.diary.db, "select id from message")
    async with twice.diary.db.reading() as q:
        proof = await of_message(q, twice.diary.tools, message_id, twice.school.id)
        found = await subscriptions.one(q, twice.diary.tools, twice.school.id, kept.subscription_id)
        assert proof is not None
        assert found is not None
        told = await history.of_subscription(q, twice.diary.tools, twice.school.id, found)
    assert proof.doubts == ()
    assert f"subscription:{gone.subscription_id} *" in {one.link.scope for one in told}
    assert {one.about.pupil for one in told if one.about} == {FULL}


async def test_of_three_records_one_is_left_with_the_history_of_all(twice: Twice) -> None:
    async with twice.diary.db.transaction() as q:
        await q.run("update pupil set external_id = null")
        [class_id] = await seeding.classes(q, twice.diary.tools, twice.school, "5А")
        third = await seeding.pupil(q, twice.diary.tools, twice.school, class_id, FULL, "p0")
    gone = [await twice.follow(one, MUM) for one in (twice.keep, twice.drop)]
    kept = await twice.follow(third, MUM)
    await twice.merge()
    twice.drop, twice.keep = twice.keep, third
    assert (await twice.merge()).pupil_id == third
    rows = await column(
        twice.diary.db, "select id from joined where into_id = :id order by id",
        id=kept.subscription_id,
    )  # fmt: skip
    assert rows == [one.subscription_id for one in gone]
    assert await column(twice.diary.db, "select count(*) as n from joined") == [2]


# ---------------------------------------------------------------- the diary


async def test_marks_of_both_records_stand_under_one(twice: Twice) -> None:
    await twice.diary.post(twice.school, mark("5"), twice.by_name("4", subject="Физика"))
    assert (await twice.merge()).entries == 1
    rows = await column(
        twice.diary.db, "select value from entry where who = :id order by id", id=twice.keep
    )
    assert rows == ["5", "4"]
    async with twice.diary.db.reading() as q:
        assert await doubles.marks(q, twice.school.id, [twice.keep, twice.drop]) == {twice.keep: 2}


async def _told(twice: Twice, *said: dict[str, object]) -> None:
    await twice.diary.post(twice.school, *said)
    await twice.diary.channel.accept()


async def test_what_was_told_under_either_record_is_not_told_again(twice: Twice) -> None:
    await twice.follow(twice.keep, MUM)
    await twice.follow(twice.drop, MUM)
    await twice.follow(twice.drop, DAD)
    await _told(twice, mark("5"), twice.by_name("5"))
    before = twice.diary.channel.texts()
    await twice.merge()
    await twice.diary.wait(DAY)
    await twice.diary.post(twice.school, mark("5"))
    assert twice.diary.channel.texts() == before
    assert await column(twice.diary.db, "select count(*) as n from entry") == [1]
    await twice.diary.post(twice.school, mark("3"))
    texts = twice.diary.channel.texts()[len(before) :]
    assert texts == ["Дарья Б. 24.11 алгебра: 3 (было 5)"] * 2, "to each of the two, once"


async def test_the_newer_of_two_marks_holds_and_is_news_to_who_knows_the_older(
    twice: Twice,
) -> None:
    await twice.follow(twice.keep, MUM)
    await twice.follow(twice.drop, DAD)
    await _told(twice, mark("5", at="2026-11-24T10:00:00+04:00"))
    await _told(twice, twice.by_name("4", at="2026-11-24T11:00:00+04:00"))
    await twice.merge()
    await twice.diary.run()
    assert twice.diary.channel.texts(MUM)[1:] == ["Дарья Б. 24.11 алгебра: 4 (было 5)"]
    assert len(twice.diary.channel.texts(DAD)) == 1
    assert await column(twice.diary.db, "select value from entry") == ["4"]


async def test_an_older_mark_of_the_other_record_changes_nothing(twice: Twice) -> None:
    await twice.follow(twice.keep, MUM)
    await _told(twice, mark("5", at="2026-11-24T11:00:00+04:00"))
    await _told(twice, twice.by_name("4", at="2026-11-24T10:00:00+04:00"))
    await twice.merge()
    await twice.diary.run()
    assert len(twice.diary.channel.texts()) == 1
    assert await column(twice.diary.db, "select value from entry") == ["5"]


@pytest.mark.parametrize("minutes", [0, 20])
async def test_what_waits_under_both_records_is_told_once(twice: Twice, minutes: int) -> None:
    """Planned by both, or already queued by both."""
    db = twice.diary.db
    async with db.transaction() as q:
        await schools.set_settle(q, twice.school.id, 10 * MINUTE)
    await twice.follow(twice.keep, MUM)
    await twice.follow(twice.drop, MUM)
    await twice.follow(twice.drop, DAD)
    for said in (mark("5"), twice.by_name("5")):
        await twice.diary.acceptor.accept_many([seeding.events(twice.school, str(said), said)])
    await twice.diary.plan()
    twice.diary.clock.advance(minutes * MINUTE)
    await twice.diary.plan()
    assert set(await column(db, "select state from line")) == {"taken" if minutes else "planned"}
    await twice.merge()
    await twice.diary.wait(15 * MINUTE)
    for number in (MUM, DAD):
        assert twice.diary.channel.texts(number) == ["Дарья Б. 24.11 алгебра: 5"]


@pytest.mark.parametrize(("first", "waits"), [("keep", "replaced"), ("drop", "silent same-value")])
async def test_what_is_on_its_way_under_one_record_is_not_sent_under_the_other(
    twice: Twice, first: str, waits: str
) -> None:
    await twice.follow(twice.keep, MUM)
    await twice.follow(twice.drop, MUM)
    said = [mark("5"), twice.by_name("5")]
    if first == "drop":
        said.reverse()
    await twice.diary.post(twice.school, said[0])
    async with twice.diary.db.transaction() as q:
        await schools.set_settle(q, twice.school.id, 10 * MINUTE)
    await twice.diary.post(twice.school, said[1])
    await twice.merge()
    await twice.diary.channel.accept()
    await twice.diary.wait(15 * MINUTE)
    assert twice.diary.channel.texts() == ["Дарья Б. 24.11 алгебра: 5"]
    assert sorted(await twice.diary.lines()) == sorted([waits, "told"])


@pytest.mark.parametrize("numbers", [(MUM,), (MUM, DAD)])
async def test_what_is_not_planned_yet_is_planned_for_everybody_who_follows_now(
    twice: Twice, numbers: tuple[str, ...]
) -> None:
    for number, pupil_id in zip(numbers, (twice.keep, twice.drop), strict=False):
        await twice.follow(pupil_id, number)
    request = seeding.events(twice.school, "r", mark("5"), twice.by_name("4", subject="Физика"))
    await twice.diary.acceptor.accept_many([request])
    stale = await twice.diary.db.read(twice.diary.fanout._batch)
    await twice.merge()
    # A plan that was read before is not carried out.
    await twice.diary.db.write(lambda q: twice.diary.fanout._write(stale, q))
    await twice.diary.run()
    for number in numbers:
        assert twice.diary.channel.texts(number) == ["Дарья Б. 24.11: алгебра 5; физика 4"]


async def test_a_correction_names_what_was_told_last_under_the_other_record(
    twice: Twice,
) -> None:
    await twice.follow(twice.drop, DAD)
    await _told(twice, twice.by_name("5"))
    await _told(twice, twice.by_name("4"))
    await twice.diary.post(twice.school, mark("4"))
    await twice.merge()
    await twice.diary.post(twice.school, mark("3"))
    assert twice.diary.channel.texts(DAD)[2:] == ["Дарья Б. 24.11 алгебра: 3 (было 4)"]


async def test_a_line_whose_consent_is_gone_falls_silent(twice: Twice) -> None:
    async with twice.diary.db.transaction() as q:
        await schools.set_settle(q, twice.school.id, 10 * MINUTE)
    await twice.follow(twice.keep, MUM, S.STOPPED)
    await twice.follow(twice.drop, MUM)
    await twice.diary.post(twice.school, twice.by_name("5"))
    await twice.merge()
    await twice.diary.wait(15 * MINUTE)
    assert twice.diary.channel.texts() == []
    assert {line.split()[0] for line in await twice.diary.lines()} == {"silent"}


async def test_a_mark_with_its_lesson_and_one_without_are_the_same_mark(twice: Twice) -> None:
    await twice.diary.post(twice.school, mark("5", lesson=3, ref="j-1"), twice.by_name("5"))
    await twice.merge()
    async with twice.diary.db.reading() as q:
        rows = await q.all("select who, lesson, ref from entry")
    assert [(row["who"], row["lesson"], row["ref"]) for row in rows] == [(twice.keep, 3, "j-1")]


# ---------------------------------------------------------------- the record


async def test_one_record_is_left_with_what_both_know_and_no_list_makes_another(
    twice: Twice, tools: Tools, clock: ManualClock
) -> None:
    db = twice.diary.db
    async with db.transaction() as q:
        await q.run("update pupil set birth_date = '2015-02-01' where id = :id", id=twice.drop)
        await q.run("update pupil set full_name = 'Белкина Дарья', name_key = 'белкина дарья'"
                    " where id = :id", id=twice.keep)  # fmt: skip
        await q.run("update pupil set full_name = :n, name_key = 'белкина дарья игоревна'"
                    " where id = :id", n=FULL, id=twice.drop)  # fmt: skip
        [_, second] = await seeding.classes(q, tools, twice.school, "5А", "5Б")
    await twice.merge(second)
    rows = f"ФИО ученика;Класс;Дата рожд.;Телефон\r\nБЕЛКИНА ДАРЬЯ;5Б;01.02.2015;{DAD}\r\n"
    await load_contacts(
        db, tools, clock, twice.school, rows.encode(), file_name="s.csv", consent_source="",
        by="Завуч",
    )  # fmt: skip
    await twice.diary.post(twice.school, mark("5"))
    async with db.reading() as q:
        found = await q.all("select * from pupil where full_name is not null")
    assert [
        (row["id"], row["full_name"], row["birth_date"], row["external_id"]) for row in found
    ] == [(twice.keep, FULL, "2015-02-01", "p0")]


@pytest.mark.parametrize("at", [0, 1, None])
async def test_the_child_is_in_one_class_and_no_place_in_a_class_changes(
    twice: Twice, at: int | None
) -> None:
    db, tools, school = twice.diary.db, twice.diary.tools, twice.school
    async with db.transaction() as q:
        ids = await seeding.classes(q, tools, school, "5А", "5Б")
        for class_id in ids:
            await seeding.pupil(q, tools, school, class_id, "Яшин Лев")
    before = await _places(twice, ids)
    await twice.merge(None if at is None else ids[at])
    after = await _places(twice, ids)
    assert [one["Яшин Лев"] for one in after] == [one["Яшин Лев"] for one in before]
    assert [FULL in one for one in after] == [at != 1, at == 1]
    assert not any(SHORT in one for one in after)


async def _places(twice: Twice, class_ids: list[int]) -> list[dict[str, int]]:
    found = []
    async with twice.diary.db.reading() as q:
        for class_id in class_ids:
            pupils = await paper.pupils(
                q, twice.diary.tools, twice.school.id, class_id, TODAY.isoformat(),
                with_numbers=False,
            )  # fmt: skip
            found.append({one.name: one.place for one in pupils})
    return found


async def test_the_journals_id_of_either_record_is_kept(twice: Twice) -> None:
    async with twice.diary.db.transaction() as q:
        await q.run("update pupil set external_id = null where id = :id", id=twice.keep)
        await q.run("update pupil set external_id = 'p0' where id = :id", id=twice.drop)
    twice.keep, twice.drop = twice.drop, twice.keep
    await twice.merge()
    await twice.diary.post(twice.school, mark("5"))
    assert await column(twice.diary.db, "select who from entry") == [twice.keep]


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("external_id", ("p0", "p1"), "номера разные"),
        ("birth_date", ("2015-02-01", "2015-02-02"), "разные даты рождения"),
    ],
)
async def test_who_differs_is_not_made_one(
    twice: Twice, name: str, values: tuple[str, str], said: str
) -> None:
    async with twice.diary.db.transaction() as q:
        for pupil_id, one in zip((twice.keep, twice.drop), values, strict=True):
            await q.run(f"update pupil set {name} = :one where id = :id", one=one, id=pupil_id)
    with pytest.raises(NotYet, match=said):
        await twice.merge()
    assert await column(twice.diary.db, "select count(*) as n from ledger") == [0]


async def test_a_pupil_of_another_school_is_not_there(twice: Twice, tools: Tools) -> None:
    async with twice.diary.db.transaction() as q:
        other = await live_school(q, tools, "school-9")
        for one, another in ((twice.keep, twice.drop), (twice.keep, twice.keep)):
            school_id = other.id if one != another else twice.school.id
            assert await merging.merge(
                q, tools, school_id, one, another, today=TODAY, by="desk", now=1
            ) is None  # fmt: skip
    assert await column(twice.diary.db, "select count(*) as n from pupil where name_key > ''") == [
        2
    ]


async def test_slips_answers_and_questions_name_the_record_that_is_left(
    twice: Twice, tools: Tools
) -> None:
    db = twice.diary.db
    async with db.transaction() as q:
        holder = Holder(twice.drop, SHORT, 0, "")
        await slips.make(q, tools, twice.school.id, holder, "hash", by="я", now=1)
        await q.insert("answer", "school_id, ask, choice, at, by",
                       [(twice.school.id, "ask", twice.drop, 1, "я")])  # fmt: skip
        await q.insert(
            "quarantine",
            "id, school_id, delivery_id, pos, reason, detail, candidates, state, at",
            [(1, twice.school.id, 1, 0, "namesakes", "", f"{twice.drop},{twice.keep}", "open", 1)],
        )
        await doubles.tell_apart(q, twice.school.id, twice.drop, 7, by="я", now=1)
        await imports.add(q, twice.school.id, 5, digest=b"", options={}, by="я", now=1)
        for what, was in (("pupil", ""), ("membership", "1 2026-09-01 ")):
            await imports.note_made(q, 5, what, [(twice.drop, was), (twice.keep, was)])
    await twice.merge()
    # Whoever takes that list back does not put the other record into a class again.
    assert await column(db, "select distinct id from import_made") == [twice.keep]
    assert await column(db, "select pupil_id from parent_slip") == [twice.keep]
    assert await column(db, "select choice from answer") == [twice.keep]
    assert await column(db, "select candidates from quarantine") == [str(twice.keep)]
    assert await column(db, "select other from not_double where one = 7") == [twice.keep]


async def test_a_child_who_is_forgotten_is_forgotten_in_both_records(twice: Twice) -> None:
    await twice.follow(twice.keep, MUM)
    await twice.follow(twice.drop, MUM)
    await _told(twice, mark("5"), twice.by_name("4"))
    await twice.diary.channel.report(PartState.DELIVERED)
    await twice.merge()
    async with twice.diary.db.transaction() as q:
        order = Order("Петрова А. В.", "выбыл")
        done = await erase_pupil(
            q, twice.diary.tools, twice.school.id, twice.keep, order, now=twice.diary.clock.now()
        )
    assert done is not None
    db = twice.diary.db
    joined = await column(
        db,
        "select count(*) as n from evidence e join ledger l on l.id = e.ledger_id"
        " where l.action = 'joined'",
    )
    assert joined == [0]
    assert await column(db, "select count(*) as n from entry where value <> ''") == [0]
    assert await column(db, "select count(*) as n from line where value <> ''") == [0]
    assert await column(db, "select count(*) as n from pupil where full_name is not null") == [0]


# ---------------------------------------------------------------- finding them


async def test_likely_doubles_are_found_until_somebody_tells_them_apart(twice: Twice) -> None:
    db, school_id = twice.diary.db, twice.school.id

    async def found(classes: frozenset[int] | None = None) -> list[tuple[int, int]]:
        async with db.reading() as q:
            pairs = await doubles.likely(q, school_id, day=TODAY.isoformat(), classes=classes)
        return [(one.id, other.id) for one, other in pairs]

    async with db.transaction() as q:
        first, second = await seeding.classes(q, twice.diary.tools, twice.school, "5А", "5Б")
    pair = [(twice.keep, twice.drop)]
    assert await found() == await found(frozenset({first, second})) == pair
    assert await found(frozenset({first})) == [], "the other is not of the teacher's class"
    async with db.transaction() as q:
        for _ in range(2):
            await doubles.tell_apart(q, school_id, twice.drop, twice.keep, by="я", now=1)
    assert await found() == []


async def test_whom_one_guardian_follows_in_classes_of_different_years_is_found(
    twice: Twice,
) -> None:
    db, school_id = twice.diary.db, twice.school.id
    async with db.transaction() as q:
        await q.run("update class set name = '9Б' where name = '5Б'")

    async def found() -> int:
        async with db.reading() as q:
            day = TODAY.isoformat()
            return len(await doubles.likely(q, school_id, day=day, classes=None))

    await twice.follow(twice.keep, MUM)
    assert await found() == 0
    await twice.follow(twice.drop, MUM)
    assert await found() == 1


# ---------------------------------------------------------------- two at once


async def test_a_stop_that_comes_while_records_are_joined_holds(twice: Twice) -> None:
    dad = await twice.follow(twice.drop, DAD)
    await asyncio.gather(twice.merge(), twice.diary.stop(twice.school, dad))
    await twice.diary.post(twice.school, mark("5"))
    assert twice.diary.channel.texts() == []
    assert await twice.is_whole()


async def test_records_that_two_people_join_at_once_are_joined_once(twice: Twice) -> None:
    await twice.follow(twice.keep, MUM)
    await twice.follow(twice.drop, MUM)

    async def merged() -> Merged | None:
        async with twice.diary.db.transaction() as q:
            return await merging.merge(
                q, twice.diary.tools, twice.school.id, twice.keep, twice.drop, today=TODAY,
                by="desk", now=twice.diary.clock.now(),
            )  # fmt: skip

    done = await asyncio.gather(merged(), merged())
    assert sorted(one is None for one in done) == [False, True]
    assert len(await _ledger(twice.diary.db)) == 3
    assert await twice.is_whole()
