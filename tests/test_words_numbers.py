"""«Не тот номер», «новый номер», and a number that the school changes: nothing is inherited."""

from __future__ import annotations

import asyncio

import pytest

from sms_diary.clock import DAY
from sms_diary.ingest.files.load_contacts import load_contacts
from sms_diary.model import ConsentState, Ground
from sms_diary.store import ledger, moving, numbers
from sms_diary.store.moving import Moved
from sms_diary.store.schools import School
from tests.asking import Phones, gymnasium, phones
from tests.seeding import (
    Subscribed,
    claim,
    column,
    line,
    phone,
    queue,
    set_consent,
    subscribe,
)

__all__ = ["gymnasium", "phones"]  # fixtures

MUM, DAD, NEW = phone(1), phone(2), phone(3)
DARYA, LEV = "Белкина Дарья Игоревна", "Белкин Лев Игоревич"
C = ConsentState
LINES = "select state || ' ' || reason as line from line order by id"
MESSAGES = "select state || ' ' || reason as message from message order by id"


async def number_of(phones: Phones, subscription: Subscribed) -> str:
    """The number that a subscription goes to now."""
    number_id = await phones.one(
        """select g.number_id from subscription s join guardian g on g.id = s.guardian_id
           where s.id = :id""",
        id=subscription.subscription_id,
    )
    async with phones.db.reading() as q:
        return (await numbers.read(q, phones.tools, [number_id]))[number_id]


async def change(
    phones: Phones, school: School, one: Subscribed, number: str = NEW
) -> Moved | None:
    async with phones.db.transaction() as q:
        return await moving.change_number(
            q, phones.tools, school.id, one.guardian_id, number, by="Петрова А. В.",
            evidence={"source": "заявление 14"}, now=phones.clock.now(),
        )  # fmt: skip


async def changed_under(phones: Phones, school: School, number: str) -> list[str]:
    """The scopes of what the ledger keeps of a change under this number."""
    return await column(
        phones.db,
        """select scope from ledger where subject = :subject and action = 'number-changed'
           order by seq""",
        subject=phones.tools.vault.pseudonym(school.id, number),
    )


# ---------------------------------------------------------------- not the right number


async def test_a_wrong_number_ends_everything_in_every_school_and_hears_no_childs_name(
    phones: Phones, school: School, gymnasium: School
) -> None:
    first = await phones.child(school, "p0", MUM, DARYA)
    second = await phones.child(gymnasium, "p0", MUM, LEV, state=C.STOPPED)
    async with phones.db.transaction() as q:
        await set_consent(q, phones.tools, school.id, [first], C.ACTIVE, topic="pd")
        told = await line(q, phones.tools, first, 1)
        await queue(q, phones.tools, first, school.id, "отметка", lines=(told,))
    assert await phones.write(MUM, "вы ошиблись номером") == [
        "Извините за беспокойство. Больше на этот номер не пишем"
    ]
    assert await phones.number_state(MUM) == "wrong-number"
    assert await phones.states(first, second) == [C.WRONG_NUMBER] * 2
    assert await phones.states(first, topic="pd") == [C.ACTIVE]
    assert await column(phones.db, LINES) == ["silent number-closed"]
    async with phones.db.transaction() as q:
        [answer] = await claim(q, phones.tools, now=phones.clock.now())
    assert "Извините" in answer.text
    scopes = await column(phones.db, "select scope from ledger where action = 'revoked'")
    assert set(scopes) == {f"subscription:{one.subscription_id} *" for one in (first, second)}


@pytest.mark.parametrize("word", ["СТАРТ", "ДА", "СТОП", "НЕТ"])
async def test_no_word_brings_a_wrong_number_back(
    phones: Phones, school: School, word: str
) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA)
    await phones.write(MUM, "не тот номер")
    answers = await phones.write(MUM, word)
    assert await phones.states(mum) == [C.WRONG_NUMBER]
    assert await phones.number_state(MUM) == "wrong-number"
    assert "Дарья" not in "".join(answers)
    await phones.write(MUM, "СТАРТ")
    assert await phones.states(mum) == [C.WRONG_NUMBER]


async def test_a_wrong_number_is_answered_once_a_day(phones: Phones, school: School) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    answers = [len(await phones.write(MUM, "не тот номер")) for _ in range(3)]
    phones.clock.advance(DAY)
    assert [*answers, len(await phones.write(MUM, "не тот номер"))] == [1, 0, 0, 1]


async def test_a_wrong_number_that_nobody_knows_is_kept_as_one(
    phones: Phones, school: School
) -> None:
    await phones.write(MUM, "не тот номер")
    assert await phones.number_state(MUM) == "wrong-number"
    assert await column(phones.db, "select school_id from ledger") == [ledger.NO_SCHOOL]


# ---------------------------------------------------------------- a new number, by the parent


async def test_a_parent_tells_a_new_number_from_the_old_one_and_it_inherits_nothing(
    phones: Phones, school: School, gymnasium: School
) -> None:
    first = await phones.child(school, "p0", MUM, DARYA)
    second = await phones.child(gymnasium, "p0", MUM, LEV)
    async with phones.db.transaction() as q:
        told = await line(q, phones.tools, first, 1)
        await queue(q, phones.tools, first, school.id, "отметка", lines=(told,))
        await queue(q, phones.tools, first, school.id, "код", ground=Ground.CODE)
        await q.run("update guardian set latin = 0")
    [answer] = await phones.write(MUM, "новый номер 8 900 000-00-03")
    assert answer.startswith("Новый номер записан, на этот больше не пишем.")
    assert answer.endswith("отправьте СТАРТ с нового номера")
    assert "Дарья" not in answer
    assert await phones.states(first, second) == [C.UNKNOWN] * 2
    assert [await number_of(phones, one) for one in (first, second)] == [NEW] * 2
    assert await phones.number_state(MUM) == "stopped"
    assert await phones.number_state(NEW) == "open"
    assert await column(phones.db, LINES) == ["silent number-changed"]
    assert (await column(phones.db, MESSAGES))[:2] == ["withdrawn number-changed"] * 2
    assert await column(phones.db, "select welcomed_at from guardian") == [None] * 2
    assert await column(phones.db, "select latin from guardian") == [0] * 2
    for where, one in ((school, first), (gymnasium, second)):
        for number in (MUM, NEW):
            scopes = await changed_under(phones, where, number)
            assert scopes == [f"subscription:{one.subscription_id} *"]
        async with phones.db.reading() as q:
            assert await ledger.first_broken(q, where.id) is None


async def test_a_new_number_makes_no_consent_before_it_writes_itself(
    phones: Phones, school: School
) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA)
    await phones.write(MUM, "новый номер +79000000003")
    assert await phones.write(NEW, "ДА") != []
    assert await phones.states(mum) == [C.UNKNOWN]
    await phones.write(MUM, "СТАРТ")  # the old one brings nothing back
    assert await phones.states(mum) == [C.UNKNOWN]
    [answer] = await phones.write(NEW, "СТАРТ")
    assert "Дарья Б." in answer
    assert await phones.states(mum) == [C.ACTIVE]


@pytest.mark.parametrize(
    ("why", "number"), [("nobody's", NEW), ("itself", MUM), ("a stranger's", NEW)]
)
async def test_a_new_number_that_moves_nobody_waits_for_a_person(
    phones: Phones, school: School, why: str, number: str
) -> None:
    if why != "nobody's":
        await phones.child(school, "p0", MUM, DARYA)
    if why == "a stranger's":
        await phones.write(MUM, "не тот номер")
    assert len(await phones.write(MUM, f"новый номер {number}")) == 1
    assert (await column(phones.db, "select state from inbound order by id"))[-1] == "waiting"
    assert await column(phones.db, "select id from ledger where action = 'number-changed'") == []


# ---------------------------------------------------------------- a new number, by the school


async def test_a_school_changes_its_own_guardian_only_and_learns_nothing_of_the_other(
    phones: Phones, school: School, gymnasium: School
) -> None:
    first = await phones.child(school, "p0", MUM, DARYA)
    second = await phones.child(gymnasium, "p0", MUM, LEV)
    async with phones.db.transaction() as q:
        for where, one in ((school, first), (gymnasium, second)):
            told = await line(q, phones.tools, one, one.subscription_id)
            await queue(q, phones.tools, one, where.id, "отметка", lines=(told,))
    moved = await change(phones, school, first)
    assert moved is not None
    assert (moved.subscription_ids, moved.old_closed) == ((first.subscription_id,), False)
    assert await phones.states(first, second) == [C.UNKNOWN, C.ACTIVE]
    assert [await number_of(phones, one) for one in (first, second)] == [NEW, MUM]
    assert await phones.number_state(MUM) == "open"
    # The other school's news is composed anew, this one's is not told.
    assert await column(phones.db, LINES) == ["silent number-changed", "planned "]


async def test_the_last_school_that_leaves_a_number_closes_it(
    phones: Phones, school: School, gymnasium: School
) -> None:
    first = await phones.child(school, "p0", MUM, DARYA)
    second = await phones.child(gymnasium, "p0", MUM, LEV)
    await change(phones, school, first)
    moved = await change(phones, gymnasium, second, DAD)
    assert moved is not None
    assert moved.old_closed
    assert await phones.number_state(MUM) == "stopped"


async def test_no_school_changes_a_guardian_of_another(
    phones: Phones, school: School, gymnasium: School
) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA)
    assert await change(phones, gymnasium, mum) is None
    assert await phones.states(mum) == [C.ACTIVE]
    assert await column(phones.db, "select id from number where state <> 'open'") == []


async def test_the_same_number_again_changes_nothing(phones: Phones, school: School) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA)
    moved = await change(phones, school, mum, MUM)
    assert moved is not None
    assert moved.subscription_ids == ()
    assert await phones.states(mum) == [C.ACTIVE]
    assert await phones.number_state(MUM) == "open"


async def test_where_the_new_number_has_a_guardian_the_children_go_over_but_not_twice(
    phones: Phones, school: School
) -> None:
    first = await phones.child(school, "p0", MUM, DARYA)
    second = await phones.child(school, "p1", MUM, LEV, "7Б")
    async with phones.db.transaction() as q:
        [already] = await subscribe(q, phones.tools, school, [(first.pupil_id, NEW)])
    moved = await change(phones, school, first)
    assert moved is not None
    assert moved.guardian_id == already.guardian_id
    assert moved.subscription_ids == (second.subscription_id,)
    assert await phones.states(already, second) == [C.ACTIVE, C.UNKNOWN]
    # What stays behind belongs to nobody: the old number may have another owner by now.
    assert await phones.states(first) == [C.WRONG_NUMBER]
    await phones.write(MUM, "СТАРТ")
    assert await phones.states(first) == [C.WRONG_NUMBER]


async def test_a_change_says_under_each_number_only_what_is_about_it(
    phones: Phones, school: School
) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA)
    await change(phones, school, mum)
    ids = await column(
        phones.db, "select id from ledger where action = 'number-changed' order by seq"
    )
    async with phones.db.reading() as q:
        kept = [await ledger.evidence(q, phones.tools, school.id, one) for one in ids]
    assert kept == [
        {"source": "заявление 14", "number": MUM}, {"source": "заявление 14", "number": NEW},
    ]  # fmt: skip


async def test_two_changes_and_a_stop_at_once_end_without_a_consent(
    phones: Phones, school: School
) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA)
    await asyncio.gather(
        change(phones, school, mum, NEW), change(phones, school, mum, DAD),
        phones.write(MUM, "СТОП"),
    )  # fmt: skip
    assert (await phones.states(mum))[0] in {C.UNKNOWN, C.STOPPED}
    async with phones.db.reading() as q:
        assert await ledger.first_broken(q, school.id) is None


# ---------------------------------------------------------------- lists

HEADING = "ФИО ученика;Класс;ФИО родителя;Телефон;Согласие на SMS;Дата согласия;Источник согласия"


async def load(
    phones: Phones, school: School, *rows: str, source: str = "бланк", changed: bool = False
) -> list[str]:
    """Load a list of these rows; the notes that are made."""
    lines = (f"{DARYA};5А;Белкина Анна;{row};{source}" for row in rows)
    report = await load_contacts(
        phones.db, phones.tools, phones.clock, school, "\r\n".join([HEADING, *lines]).encode(),
        file_name="spisok.csv", by="Завуч", numbers_changed=changed,
    )  # fmt: skip
    return [note.text for row in report.rows for note in row.notes]


async def every_state(phones: Phones) -> list[str]:
    return await column(phones.db, "select state from consent order by subscription_id, topic")


async def test_a_list_without_a_source_makes_no_consent(phones: Phones, school: School) -> None:
    await load(phones, school, "+79000000001;да;01.11.2026", source="")
    assert await every_state(phones) == []


@pytest.mark.parametrize("word", ["СТОП", "стоп дарья", "не тот номер", "НЕТ"])
async def test_a_list_loaded_again_after_a_parents_word_makes_no_consent(
    phones: Phones, school: School, word: str
) -> None:
    row = "+79000000001;да;23.11.2026"
    await load(phones, school, row)
    assert await every_state(phones) == ["active"]
    if word == "НЕТ":  # it answers a question only
        async with phones.db.transaction() as q:
            await q.run("update request set state = 'dropped'")
            await q.run(
                """insert into request (id, school_id, guardian_id, number_id, kind, state,
                                        ledger_id, due, until, created_at)
                   select 1, school_id, id, number_id, 'question', 'open', 1, 1, :until, 1
                   from guardian""",
                until=phones.clock.now() + DAY,
            )
            await q.run(
                """insert into request_pupil (request_id, subscription_id)
                   select 1, id from subscription"""
            )
    await phones.write(MUM, word)
    before = await every_state(phones)
    assert before != ["active"]
    await load(phones, school, row.replace("23.11", "24.11"))
    assert await every_state(phones) == before


async def test_another_number_in_a_list_is_asked_about_and_the_old_one_is_named(
    phones: Phones, school: School
) -> None:
    await load(phones, school, "+79000000001;да;01.11.2026")
    notes = await load(phones, school, "+79000000003;да;20.11.2026")
    [asked] = [note for note in notes if note.startswith("номер сменился?")]
    assert "+7900***0001" in asked
    held = await column(phones.db, "select reason || ' ' || state as q from quarantine")
    assert held == ["number-changed open"]
    assert "0001" not in "".join(await column(phones.db, "select detail from quarantine"))
    # Again: it waits still, and is not asked twice; both numbers listed: two phones.
    await load(phones, school, "+79000000003;да;20.11.2026")
    both = ("+79000000001;да;01.11.2026", "+79000000003;да;20.11.2026")
    assert not [note for note in await load(phones, school, *both) if "сменился" in note]
    assert len(await column(phones.db, "select id from quarantine")) == 1
    assert await every_state(phones) == ["active", "active"]


@pytest.mark.parametrize("asked_before", [False, True])
async def test_a_list_that_says_its_numbers_are_new_changes_them(
    phones: Phones, school: School, asked_before: bool
) -> None:
    await load(phones, school, "+79000000001;да;01.11.2026")
    if asked_before:
        await load(phones, school, "+79000000003;да;20.11.2026")
    notes = await load(phones, school, "+79000000003;;", changed=True)
    assert "номер сменён: на +7900***0001 больше не пишем" in notes
    assert await phones.number_state(MUM) == "stopped"
    told_to = await column(
        phones.db,
        """select n.idx from subscription s join guardian g on g.id = s.guardian_id
           join number n on n.id = g.number_id
           join consent c on c.subscription_id = s.id and c.state <> 'wrong-number'""",
    )
    assert {bytes(idx) for idx in told_to} == {phones.tools.vault.index(NEW)}
    # The list itself brought a paper for the new number, or it did not.
    assert ("active" in await every_state(phones)) is asked_before
    assert set(await column(phones.db, "select state from quarantine")) <= {"resolved"}
    again = await load(phones, school, "+79000000003;;", changed=True)
    assert not [note for note in again if "номер смен" in note]


async def test_a_second_phone_of_a_parent_is_no_change(phones: Phones, school: School) -> None:
    rows = ("+79000000001;да;01.11.2026", "+79000000003;да;01.11.2026")
    await load(phones, school, *rows)
    assert await load(phones, school, "+79000000001;да;01.11.2026", changed=True) == []
    assert await every_state(phones) == ["active", "active"]
    assert await column(phones.db, "select id from quarantine") == []
