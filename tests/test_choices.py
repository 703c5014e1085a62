"""ЛАТ, РУС, СРАЗУ, ДЕНЬ, НЕДЕЛЯ: a number's choice holds in every school, confirmed once."""

from __future__ import annotations

import pytest

from sms_diary.clock import DAY
from sms_diary.compose import Compose
from sms_diary.db import Database
from sms_diary.fanout import Fanout
from sms_diary.inbound import choosing
from sms_diary.inbound.desk import Desk
from sms_diary.keywords import Meaning, Said
from sms_diary.model import ConsentState, Topic
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.store import inbound, rhythms
from sms_diary.store.rhythms import Wish
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests.asking import RENDERER, WAYS, Phones, phones
from tests.seeding import column, live_school, mark, phone

__all__ = ["phones"]  # fixtures

MUM, DAD = phone(1), phone(2)
DARYA, LEV = "Белкина Дарья Игоревна", "Белкин Лев Игоревич"
RHYTHMS = "select topic || ' ' || rhythm as wish from rhythm order by subscription_id, topic"


@pytest.fixture
async def other_school(db: Database, tools: Tools) -> School:
    async with db.transaction() as q:
        return await live_school(q, tools, "gymnasium")


# ---------------------------------------------------------------- alphabet


async def test_the_alphabet_is_chosen_for_every_guardian_of_the_number_and_nobody_else(
    phones: Phones, school: School, other_school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await phones.child(other_school, "p0", MUM, LEV)
    await phones.child(school, "p1", DAD, LEV)
    assert await phones.write(MUM, "lat") == ["SMS budut latinitsey. Obratno: RUS"]
    assert await column(phones.db, "select latin from guardian order by id") == [1, 1, None]
    assert await phones.write(MUM, "рус") == ["SMS будут русскими буквами. Обратно: ЛАТ"]
    assert await column(phones.db, "select latin from guardian order by id") == [0, 0, None]


async def test_a_choice_that_holds_already_is_confirmed_once_a_day(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    assert [len(await phones.write(MUM, "ЛАТ")) for _ in range(3)] == [1, 0, 0]
    phones.clock.advance(DAY)
    assert len(await phones.write(MUM, "ЛАТ")) == 1


async def test_whoever_chose_reads_it_so_whatever_the_school_writes(
    phones: Phones, school: School
) -> None:
    async with phones.db.transaction() as q:
        await q.run("update school set latin = 1")
    await phones.child(school, "p0", MUM, DARYA)
    await phones.child(school, "p1", DAD, LEV)
    await phones.write(MUM, "РУС")
    assert await phones.write(MUM, "ОЦЕНКИ") == ["Дарья Б.: за неделю отметок нет"]
    assert await phones.write(DAD, "ОЦЕНКИ") == ["Lev B.: za nedelyu otmetok net"]


async def test_what_waited_to_be_sent_is_written_anew(phones: Phones, school: School) -> None:
    wakes = Wakes()
    fanout = Fanout(phones.db, phones.tools, phones.clock, wakes)
    compose = Compose(phones.db, phones.tools, phones.clock, wakes, RENDERER, WAYS)

    async def compose_all() -> None:
        for step in (fanout.step, compose.step):
            while await step():
                pass

    await phones.child(school, "p0", MUM, DARYA)
    await phones.post(school, mark("5"))
    phones.clock.advance(DAY)
    await compose_all()
    await phones.write(MUM, "ЛАТ")
    await compose_all()
    async with phones.db.reading() as q:
        rows = await q.all(
            "select id, text, state from message where ground = 'consent' order by id"
        )
    unseal = phones.tools.vault.text
    assert [(unseal(row["text"], "message.text", row["id"]), row["state"]) for row in rows] == [
        ("Дарья Б. 24.11 алгебра: 5", "withdrawn"), ("Darya B. 24.11 algebra: 5", "open"),
    ]  # fmt: skip


# ---------------------------------------------------------------- rhythm


@pytest.mark.parametrize(
    ("word", "rhythm", "said"),
    [("сразу", "now", "сразу"), ("ДЕНЬ", "day", "раз в день"), ("неделя", "week", "раз в неделю")],
)
async def test_a_rhythm_is_kept_for_the_marks_of_all_children_in_every_school(
    phones: Phones, school: School, other_school: School, word: str, rhythm: str, said: str
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await phones.child(other_school, "p0", MUM, LEV)
    await phones.child(school, "p1", DAD, LEV)
    assert await phones.write(MUM, word) == [f"Оценки: {said}. Иначе: СРАЗУ, ДЕНЬ, НЕДЕЛЯ"]
    assert await column(phones.db, RHYTHMS) == [f"marks {rhythm}"] * 2


async def test_the_last_rhythm_holds_and_the_same_again_is_not_confirmed_again(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    answers = [len(await phones.write(MUM, word)) for word in ("ДЕНЬ", "НЕДЕЛЯ", "НЕДЕЛЯ")]
    assert answers == [1, 1, 0]
    assert await column(phones.db, RHYTHMS) == ["marks week"]


async def test_a_rhythm_may_name_topics_and_one_child(phones: Phones, school: School) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    lev = await phones.child(school, "p1", MUM, LEV)
    await phones.write(MUM, "Здравствуйте")
    said = Said(Meaning.WEEKLY, (Topic.MARKS, Topic.HOMEWORK), "лев")
    async with phones.db.transaction() as q:
        await q.run("update inbound set state = 'new'")
        [sms] = await inbound.unread(q, phones.tools, 1)
        await q.run("delete from part")
        await q.run("delete from message")
        desk = Desk(q, phones.tools, RENDERER, WAYS, phones.clock.now())
        assert await choosing.rhythm(desk, sms, said) == "done"
    async with phones.db.reading() as q:
        held = await rhythms.of_subscriptions(q, school.id, [lev.subscription_id])
    assert held == {
        (lev.subscription_id, Topic.MARKS): Rhythm.WEEK,
        (lev.subscription_id, Topic.HOMEWORK): Rhythm.WEEK,
    }
    assert len(await column(phones.db, RHYTHMS)) == 2


async def test_who_follows_nobody_chooses_nothing(phones: Phones, school: School) -> None:
    await phones.child(school, "p0", MUM, DARYA, state=ConsentState.STOPPED)
    assert await phones.write(MUM, "НЕДЕЛЯ") == [RENDERER.say("unsubscribed")]
    assert await phones.write(MUM, "ЛАТ") == []
    assert await column(phones.db, RHYTHMS) == []
    assert await column(phones.db, "select latin from guardian") == [None]


async def test_a_rhythm_is_never_set_on_another_school_s_subscription(
    phones: Phones, school: School, other_school: School
) -> None:
    subscribed = await phones.child(school, "p0", MUM, DARYA)
    wish = Wish(subscribed.subscription_id, other_school.id, Topic.MARKS, Rhythm.OFF)
    async with phones.db.transaction() as q:
        assert await rhythms.choose(q, [wish], now=1) == 0
        held = await rhythms.of_subscriptions(q, other_school.id, [subscribed.subscription_id])
    assert held == {}
    assert await column(phones.db, RHYTHMS) == []
