"""Double opt-in and the welcome: from a paper to the first mark, and all that stops on the way.

The stages run by hand under a clock that stands still, as in `test_pipeline`, with the loop of
requests beside them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sms_diary.carrying import USUAL, Ways
from sms_diary.clock import DAY, HOUR, MINUTE, ManualClock, millis
from sms_diary.db import Database
from sms_diary.model import ConsentState, Failure, NumberState, PartState, SchoolMode
from sms_diary.requests import NO_WAY_BACK, Requests, verdict
from sms_diary.schedule.hours import Hours
from sms_diary.store import ledger, opt_in, proofs, request_queue, requests, schools, welcome
from sms_diary.store.request_queue import Due
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests.seeding import (
    ROUTE,
    Subscribed,
    act,
    classes,
    column,
    live_school,
    mark,
    phone,
    pupil,
    set_consent,
    set_up,
    subscribe,
)
from tests.test_pipeline import RENDERER, Diary

SAMARA = ZoneInfo("Europe/Samara")
MUM, DAD = phone(1), phone(2)
WELCOME = "Школа 5: SMS-дневник включен. Отключить: СТОП. Помощь: ПОМОЩЬ"
QUESTION = "Школа 5: включить SMS-дневник? Ответьте ДА или НЕТ"
REMINDER = "Школа 5 ждёт ответа: включить SMS-дневник? ДА или НЕТ"
MARK = "Дарья Б. 24.11 алгебра: 5"
REQUESTS = "select kind || ' ' || state as request from request order by id"
CONSENTS = "select state from consent order by subscription_id"


class House(Diary):
    """`Diary` with the loop that asks and welcomes; `reply_to` is its route's."""

    def __init__(self, db: Database, tools: Tools, clock: ManualClock) -> None:
        super().__init__(db, tools, clock)
        self.by_reply_to("sender")

    def by_reply_to(self, reply_to: str) -> None:
        ways = Ways(ROUTE, {ROUTE: replace(USUAL, reply_to=reply_to)})
        self.requests = Requests(self.db, self.tools, self.clock, Wakes(), RENDERER, ways)

    async def plan(self) -> None:
        while await self.inbound.step():
            pass
        while await self.requests.step():
            pass
        await super().plan()

    async def deliver(self) -> None:
        """The operator takes and delivers all that was handed over, and what follows of it."""
        while waiting := tuple(self.channel.open.values()):
            await self.channel.accept(*waiting)
            await self.channel.report(PartState.DELIVERED, *waiting)
            await self.run()

    async def lose(self, state: PartState) -> None:
        """All that waits is taken, and then does not arrive."""
        waiting = tuple(self.channel.open.values())
        await self.channel.accept(*waiting)
        await self.channel.report(state, *waiting)
        await self.run()

    async def by_day(self, school: School) -> None:
        async with self.db.transaction() as q:
            await set_up(q, school, day_from=8 * 60, day_to=21 * 60)

    async def agree(self, school: School, *who: Subscribed) -> None:
        """Their consent is brought on paper."""
        async with self.db.transaction() as q:
            now = self.clock.now()
            await set_consent(q, self.tools, school.id, list(who), ConsentState.ACTIVE, now=now)
        await self.run()

    async def ask(self, school: School, *who: Subscribed) -> int | None:
        """One guardian is to be asked about all these children."""
        async with self.db.transaction() as q:
            request = await opt_in.ask(
                q, self.tools, school.id, who[0].guardian_id, [s.subscription_id for s in who],
                act(who[0].number), now=self.clock.now(),
            )  # fmt: skip
        await self.run()
        return request

    async def said(self, number: str, text: str) -> None:
        await self.channel.hear(number, text)
        await self.run()

    async def request_states(self) -> list[str]:
        return await column(self.db, REQUESTS)

    async def consents(self) -> list[str]:
        return await column(self.db, CONSENTS)


@pytest.fixture
async def house(db: Database, tools: Tools, clock: ManualClock) -> AsyncIterator[House]:
    made = House(db, tools, clock)
    await made.start()
    yield made
    await made.channel.stop()


async def _family(
    db: Database, tools: Tools, school: School, *pairs: tuple[str, str]
) -> list[Subscribed]:
    """Guardians of (child, phone), of whom nothing is known; the first child is p0."""
    async with db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        ids: dict[str, int] = {}
        for name, _ in pairs:
            if name not in ids:
                ids[name] = await pupil(q, tools, school, class_id, name, f"p{len(ids)}")
        named = [(ids[name], number) for name, number in pairs]
        return await subscribe(q, tools, school, named, state=None, welcomed=False)


@pytest.fixture
async def mum(db: Database, tools: Tools, school: School) -> Subscribed:
    [subscribed] = await _family(db, tools, school, ("Белкина Дарья Игоревна", MUM))
    return subscribed


# ---------------------------------------------------------------- the welcome


async def test_a_paper_sends_one_welcome_and_no_childs_data_until_it_is_delivered(
    house: House, school: School, mum: Subscribed
) -> None:
    await house.agree(school, mum)
    assert house.channel.texts() == [WELCOME]
    await house.post(school, mark("5"))
    await house.channel.accept()
    await house.run()
    assert house.channel.texts() == [WELCOME]
    assert await house.lines() == ["held welcome"]
    await house.channel.report(PartState.DELIVERED)
    await house.run()
    assert house.channel.texts() == [WELCOME, MARK]
    await house.deliver()
    assert await house.request_states() == ["welcome answered"]
    await house.wait(DAY)
    assert len(house.channel.sent) == 2


async def test_two_children_on_one_number_have_one_welcome_that_names_neither(
    house: House, school: School, db: Database, tools: Tools
) -> None:
    both = await _family(
        db, tools, school, ("Белкина Дарья Игоревна", MUM), ("Белкин Егор Игоревич", MUM)
    )
    await house.agree(school, *both)
    await house.agree(school, both[1])
    await house.deliver()
    assert house.channel.texts() == [WELCOME]
    await house.agree(school, *both)
    assert house.channel.texts() == [WELCOME]


async def test_a_consent_by_sms_or_to_personal_data_alone_is_no_paper_to_welcome_on(
    house: House, school: School, mum: Subscribed, db: Database, tools: Tools
) -> None:
    async with db.transaction() as q:
        await set_consent(q, tools, school.id, [mum], ConsentState.ACTIVE, topic="pd")
        await set_consent(q, tools, school.id, [mum], ConsentState.ACTIVE, topic="urgent")
    await house.run()
    assert await house.request_states() == []


async def test_a_welcome_is_proved_by_its_paper(
    house: House, school: School, mum: Subscribed, db: Database, tools: Tools
) -> None:
    await house.agree(school, mum)
    await house.deliver()
    [message_id] = await column(db, "select id from message")
    async with db.reading() as q:
        proof = await proofs.of_message(q, tools, message_id, school.id)
    assert proof is not None
    assert proof.doubts == ()
    assert [entry.link.action for entry in proof.entries] == ["given"]


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "homework.set", "class": "5А", "subject": "Алгебра", "text": "упр. 5",
         "date": "2026-11-25"},
        {"kind": "announcement.posted", "audience": {"classes": ["5А"]}, "text": "Собрание",
         "urgent": True},
    ],
    ids=["homework", "urgent-for-a-class"],
)  # fmt: skip
async def test_what_is_for_a_class_waits_for_the_welcome_too(
    house: House, school: School, mum: Subscribed, said: dict[str, object]
) -> None:
    await house.agree(school, mum)
    await house.post(school, said)
    assert await house.lines() == ["held welcome"]
    await house.deliver()
    assert len(house.channel.sent) == 2


async def test_what_is_urgent_and_for_the_whole_school_names_no_child_and_waits_for_nothing(
    house: House, school: School, mum: Subscribed
) -> None:
    await house.agree(school, mum)
    said = {"kind": "announcement.posted", "audience": {"school": True}, "text": "Занятий нет",
            "urgent": True}  # fmt: skip
    await house.post(school, said)
    assert await house.lines() == ["taken"]
    assert len(house.channel.sent) == 2


async def test_a_correction_replaces_a_held_mark(
    house: House, school: School, mum: Subscribed
) -> None:
    await house.agree(school, mum)
    await house.post(school, mark("4", at="2026-11-24T11:00:00+04:00"))
    await house.post(school, mark("5", at="2026-11-24T11:30:00+04:00"))
    assert await house.lines() == ["replaced", "held welcome"]
    await house.deliver()
    assert house.channel.texts() == [WELCOME, MARK]


async def test_a_stop_silences_what_is_held_and_withdraws_the_welcome(
    house: House, school: School, mum: Subscribed
) -> None:
    await house.agree(school, mum)
    await house.lose(PartState.UNDELIVERED)
    await house.post(school, mark("5"))
    assert await house.request_states() == ["welcome waiting"]
    await house.said(MUM, "СТОП")
    assert await house.lines() == ["silent stopped"]
    assert await house.request_states() == ["welcome dropped"]
    sent = len(house.channel.sent)
    await house.deliver()
    await house.wait(3 * DAY)
    assert len(house.channel.sent) == sent


async def test_a_stop_of_one_child_silences_its_held_mark_and_keeps_the_others(
    house: House, school: School, db: Database, tools: Tools
) -> None:
    both = await _family(
        db, tools, school, ("Белкина Дарья Игоревна", MUM), ("Белкин Егор Игоревич", MUM)
    )
    await house.agree(school, *both)
    await house.post(school, mark("5"), mark("4", pupil={"id": "p1"}))
    await house.stop(school, both[1])
    assert sorted(await house.lines()) == ["held welcome", "silent stopped"]


async def test_held_lines_expire_in_time(house: House, school: School, mum: Subscribed) -> None:
    await house.agree(school, mum)
    await house.lose(PartState.UNDELIVERED)
    await house.post(school, mark("5"))
    await house.wait(7 * DAY - MINUTE)
    assert await house.lines() == ["held welcome"]
    await house.wait(2 * MINUTE)
    assert await house.lines() == ["expired expired"]


async def test_a_word_from_the_number_itself_welcomes_it(
    house: House, school: School, mum: Subscribed, db: Database
) -> None:
    await house.agree(school, mum)
    await house.post(school, mark("5"))
    async with db.transaction() as q:
        await requests.welcomed(q, [mum.guardian_id], now=house.clock.now())
    await house.run()
    assert house.channel.texts() == [WELCOME, MARK]
    assert await house.request_states() == ["welcome answered"]


async def test_a_welcome_that_is_queued_does_not_follow_a_word_from_the_number(
    house: House, school: School, mum: Subscribed, db: Database, tools: Tools
) -> None:
    async with db.transaction() as q:
        await set_consent(q, tools, school.id, [mum], ConsentState.ACTIVE)
    await house.requests.step()
    async with db.transaction() as q:
        await requests.welcomed(q, [mum.guardian_id], now=house.clock.now())
    await house.run()
    assert house.channel.sent == []
    assert await house.parts() == ["withdrawn"]


@pytest.mark.parametrize(
    "state", [PartState.UNDELIVERED, PartState.EXPIRED, PartState.REJECTED, PartState.UNKNOWN]
)
async def test_a_welcome_that_does_not_arrive_is_sent_thrice_and_then_the_number_is_listed(
    house: House, school: School, mum: Subscribed, db: Database, state: PartState
) -> None:
    await house.agree(school, mum)
    await house.post(school, mark("5"))
    for tries in range(1, welcome.TRIES + 1):
        assert house.channel.texts() == [WELCOME] * tries
        await house.lose(state)
        await house.wait(DAY - MINUTE)
        assert len(house.channel.sent) == tries
        await house.wait(MINUTE)
    assert house.channel.texts() == [WELCOME] * welcome.TRIES
    assert await house.request_states() == ["welcome dropped"]
    assert await house.lines() == ["held welcome"]
    async with db.reading() as q:
        [missed] = await request_queue.unreached(q, school.id, "2026-11-27")
        assert await request_queue.unreached(q, school.id + 1, "2026-11-27") == []
    assert (missed.class_name, missed.pupil) == ("5А", "Белкина Дарья Игоревна")
    assert missed.number_id == mum.number_id


async def test_an_operator_who_refuses_the_welcome_ends_that_try(
    house: House, school: School, mum: Subscribed
) -> None:
    await house.agree(school, mum)
    await house.channel.refuse(Failure.REJECTED)
    assert await house.request_states() == ["welcome waiting"]
    await house.wait(DAY)
    assert house.channel.texts() == [WELCOME] * 2


async def test_in_test_mode_only_staff_are_welcomed(
    house: House, school: School, db: Database, tools: Tools
) -> None:
    mother, father = await _family(
        db, tools, school, ("Белкина Дарья Игоревна", MUM), ("Белкина Дарья Игоревна", DAD)
    )
    async with db.transaction() as q:
        await schools.set_mode(q, school.id, SchoolMode.TEST)
        await schools.add_staff(q, school.id, father.number_id)
    await house.agree(school, mother, father)
    assert [part.number for part in house.channel.sent] == [DAD]
    async with db.transaction() as q:
        await schools.set_mode(q, school.id, SchoolMode.LIVE)
    await house.wait(5 * MINUTE)
    assert [part.number for part in house.channel.sent] == [DAD, MUM]


async def test_nothing_is_asked_and_nobody_welcomed_while_the_school_is_paused(
    house: House, school: School, db: Database, tools: Tools
) -> None:
    mother, father = await _family(
        db, tools, school, ("Белкина Дарья Игоревна", MUM), ("Белкина Дарья Игоревна", DAD)
    )
    async with db.transaction() as q:
        await q.run("update school set paused_at = 1")
    await house.agree(school, mother)
    await house.ask(school, father)
    assert house.channel.sent == []
    async with db.transaction() as q:
        await q.run("update school set paused_at = null")
    await house.wait(5 * MINUTE)
    assert sorted(house.channel.texts()) == sorted([WELCOME, QUESTION])


# ---------------------------------------------------------------- the question


async def test_a_question_goes_only_where_a_paper_allowed_it(
    house: House, school: School, mum: Subscribed, db: Database, tools: Tools
) -> None:
    await house.run()
    assert house.channel.sent == []
    await house.ask(school, mum)
    assert house.channel.texts() == [QUESTION]
    assert await house.consents() == ["asked"]
    [message_id] = await column(db, "select id from message")
    async with db.reading() as q:
        proof = await proofs.of_message(q, tools, message_id, school.id)
        assert proof is not None
        paper = await ledger.evidence(q, tools, school.id, proof.entries[0].link.id)
    assert proof.doubts == ()
    assert paper["source"] == "форма SMS-1"


async def test_the_ledger_keeps_the_words_that_were_shown(
    house: House, school: School, mum: Subscribed, db: Database, tools: Tools
) -> None:
    await house.ask(school, mum)
    rows = await column(db, "select id from ledger where action = 'asked' order by seq")
    async with db.reading() as q:
        assert (await ledger.evidence(q, tools, school.id, rows[-1]))["shown"] == QUESTION
        assert await ledger.first_broken(q, school.id) is None


async def test_the_question_about_two_children_names_neither_and_is_kept_for_both(
    house: House, school: School, db: Database, tools: Tools
) -> None:
    names = ["Белкина Дарья Игоревна", "Белкин Егор Игоревич"]
    two = await _family(db, tools, school, *((name, MUM) for name in names))
    await house.ask(school, *two)
    await house.deliver()
    await house.wait(DAY)
    assert house.channel.texts() == [QUESTION, REMINDER]
    rows = await column(db, "select id from ledger where action = 'asked' order by seq")
    async with db.reading() as q:
        kept = [(await ledger.evidence(q, tools, school.id, row)).get("shown") for row in rows]
    assert sorted(text for text in kept if text) == sorted([QUESTION, REMINDER] * 2)


async def test_an_answer_counts_for_72_hours_from_the_handing_over(
    house: House, school: School, mum: Subscribed, db: Database
) -> None:
    await house.ask(school, mum)
    house.clock.advance(HOUR)
    await house.channel.accept()
    handed_over = house.clock.now() - HOUR  # the moment of the claim
    async with db.reading() as q:
        before = await requests.open_of_number(q, mum.number_id)
    await house.run()
    async with db.reading() as q:
        after = await requests.open_of_number(q, mum.number_id)
    assert before is not None
    assert before == after
    assert after.until == handed_over + 72 * HOUR
    assert (after.guardian_id, after.subscription_ids) == (mum.guardian_id, (mum.subscription_id,))


async def test_no_answer_in_time_leaves_the_consent_unknown_and_says_so(
    house: House, school: School, mum: Subscribed, db: Database, tools: Tools
) -> None:
    await house.ask(school, mum)
    await house.deliver()
    await house.wait(72 * HOUR - 1)
    await house.deliver()
    assert await house.consents() == ["asked"]
    await house.wait(1)
    assert await house.request_states() == ["question late"]
    assert await house.consents() == ["unknown"]
    [ledger_id] = await column(db, "select ledger_id from consent")
    async with db.reading() as q:
        told = await ledger.evidence(q, tools, school.id, ledger_id)
    assert told["outcome"] == "ответа не было 72 часа"


async def test_a_late_yes_is_no_consent(house: House, school: School, mum: Subscribed) -> None:
    await house.ask(school, mum)
    await house.deliver()
    house.clock.advance(72 * HOUR + 1)
    # Before the loop has looked, and after.
    await house.channel.hear(MUM, "ДА")
    await house.run()
    await house.said(MUM, "ДА")
    assert await house.consents() == ["unknown"]


async def test_a_yes_in_time_lets_the_first_mark_go_without_a_welcome(
    house: House, school: School, mum: Subscribed
) -> None:
    await house.ask(school, mum)
    await house.deliver()
    await house.said(MUM, "ДА")
    assert await house.consents() == ["active"]
    assert await house.request_states() == ["question answered"]
    await house.post(school, mark("5"))
    assert house.channel.texts()[-1] == MARK
    assert WELCOME not in house.channel.texts()


async def test_a_yes_from_another_number_is_no_consent(
    house: House, school: School, mum: Subscribed
) -> None:
    await house.ask(school, mum)
    await house.deliver()
    await house.said(DAD, "ДА")
    assert await house.consents() == ["asked"]
    assert await house.request_states() == ["question open"]


async def test_it_is_reminded_of_once_after_a_day_and_not_at_night(
    house: House, school: School, mum: Subscribed
) -> None:
    house.clock.advance(8 * HOUR + 30 * MINUTE)  # 20:30
    await house.ask(school, mum)
    await house.deliver()
    await house.wait(HOUR)  # 21:30
    await house.wait(23 * HOUR - 1)
    assert house.channel.texts() == [QUESTION]
    await house.wait(1)  # 20:30 of the next day
    assert house.channel.texts() == [QUESTION, REMINDER]
    await house.deliver()
    await house.wait(DAY)
    await house.wait(DAY - 1)
    assert house.channel.texts() == [QUESTION, REMINDER]


async def test_what_falls_due_at_night_waits_for_the_schools_morning(
    house: House, school: School, mum: Subscribed
) -> None:
    await house.by_day(school)
    house.clock.advance(9 * HOUR)  # 21:00
    await house.ask(school, mum)
    await house.agree(school)
    assert house.channel.sent == []
    await house.wait(11 * HOUR - 1)
    assert house.channel.sent == []
    await house.wait(1)  # 08:00
    assert house.channel.texts() == [QUESTION]


async def test_an_answered_question_is_not_reminded_of(
    house: House, school: School, mum: Subscribed, db: Database
) -> None:
    await house.ask(school, mum)
    await house.deliver()
    async with db.transaction() as q:
        found = await requests.open_of_number(q, mum.number_id)
        assert found is not None
        assert await requests.answered(q, found.id, now=house.clock.now())
        assert not await requests.answered(q, found.id, now=house.clock.now())
    await house.wait(2 * DAY)
    assert house.channel.texts() == [QUESTION]


async def test_a_reminder_that_is_queued_does_not_follow_the_answer(
    house: House, school: School, mum: Subscribed, db: Database
) -> None:
    await house.ask(school, mum)
    await house.deliver()
    house.clock.advance(DAY)
    await house.requests.step()
    async with db.transaction() as q:
        found = await requests.open_of_number(q, mum.number_id)
        assert found is not None
        await requests.answered(q, found.id, now=house.clock.now())
    await house.run()
    assert house.channel.texts() == [QUESTION]
    assert await house.parts() == ["delivered", "withdrawn"]


async def test_a_question_that_did_not_arrive_is_over(
    house: House, school: School, mum: Subscribed
) -> None:
    await house.ask(school, mum)
    await house.lose(PartState.UNDELIVERED)
    assert await house.request_states() == ["question late"]
    assert await house.consents() == ["unknown"]


async def test_a_lost_reminder_does_not_end_the_question(
    house: House, school: School, mum: Subscribed
) -> None:
    await house.ask(school, mum)
    await house.deliver()
    await house.wait(DAY)
    await house.lose(PartState.UNDELIVERED)
    assert await house.request_states() == ["question open"]


async def test_the_second_schools_question_waits_until_the_first_is_answered(
    house: House, school: School, mum: Subscribed, db: Database, tools: Tools
) -> None:
    async with db.transaction() as q:
        other = await live_school(q, tools, "Школа 9")
    [there] = await _family(db, tools, other, ("Котов Марк Ильич", MUM))
    await house.ask(school, mum)
    await house.ask(other, there)
    await house.deliver()
    assert house.channel.texts() == [QUESTION]
    async with db.transaction() as q:
        found = await requests.open_of_number(q, mum.number_id)
        assert found is not None
        assert found.school_id == school.id
        await requests.answered(q, found.id, now=house.clock.now())
    await house.run()
    assert house.channel.texts() == [
        QUESTION, "Школа 9: включить SMS-дневник? Ответьте ДА или НЕТ",
    ]  # fmt: skip
    assert await house.request_states() == ["question answered", "question open"]


async def test_two_schools_that_ask_at_once_ask_one_after_the_other(
    house: House, school: School, mum: Subscribed, db: Database, tools: Tools
) -> None:
    async with db.transaction() as q:
        other = await live_school(q, tools, "Школа 9")
    [there] = await _family(db, tools, other, ("Котов Марк Ильич", MUM))
    async with db.transaction() as q:
        for own, who in ((school, mum), (other, there)):
            asked = [who.subscription_id]
            await opt_in.ask(
                q, tools, own.id, who.guardian_id, asked, act(MUM), now=house.clock.now()
            )
    await house.run()
    await house.deliver()
    assert house.channel.texts() == [QUESTION]
    await house.wait(72 * HOUR)
    assert await house.request_states() == ["question late", "question open"]


@pytest.mark.parametrize("state", ["stopped", "refused", "active", "asked"])
async def test_asking_revives_no_stop_and_no_refusal(
    house: House, school: School, mum: Subscribed, db: Database, tools: Tools, state: str
) -> None:
    async with db.transaction() as q:
        await set_consent(q, tools, school.id, [mum], ConsentState(state))
    assert await house.ask(school, mum) is None
    assert await house.consents() == [state]


async def test_who_is_asked_already_is_not_asked_once_more(
    house: House, school: School, db: Database, tools: Tools
) -> None:
    both = await _family(
        db, tools, school, ("Белкина Дарья Игоревна", MUM), ("Белкин Егор Игоревич", MUM)
    )
    assert await house.ask(school, both[0]) is not None
    assert await house.ask(school, both[1]) is None
    assert len(house.channel.sent) == 1


async def test_another_school_cannot_ask_about_this_ones_guardian(
    house: House, school: School, mum: Subscribed, db: Database, tools: Tools
) -> None:
    async with db.transaction() as q:
        other = await live_school(q, tools, "Школа 9")
    assert await house.ask(other, mum) is None


# ---------------------------------------------------------------- where nothing can be answered


async def test_where_nothing_can_be_answered_nothing_is_asked_and_people_learn_why(
    house: House, school: School, mum: Subscribed, db: Database, tools: Tools
) -> None:
    house.by_reply_to("")
    await house.ask(school, mum)
    assert house.channel.sent == []
    assert await house.request_states() == ["question dropped"]
    assert await house.consents() == ["unknown"]
    [ledger_id] = await column(db, "select ledger_id from consent")
    async with db.reading() as q:
        told = await ledger.evidence(q, tools, school.id, ledger_id)
    assert told["outcome"] == NO_WAY_BACK


async def test_where_nothing_can_be_answered_the_welcome_names_the_school_and_no_word(
    house: House, school: School, mum: Subscribed, db: Database
) -> None:
    house.by_reply_to("")
    async with db.transaction() as q:
        await q.run("update school set phone = '000-10-00'")
    await house.agree(school, mum)
    assert house.channel.texts() == [
        "Школа 5: SMS-дневник включен. Отключить: в школе, т.000-10-00"
    ]


async def test_a_senders_name_of_the_schools_own_cannot_be_answered(
    house: House, school: School, mum: Subscribed, db: Database
) -> None:
    async with db.transaction() as q:
        await q.run("update school set sender = 'SCHOOL5'")
    await house.ask(school, mum)
    assert await house.request_states() == ["question dropped"]


async def test_where_another_number_takes_answers_the_texts_name_it(
    house: House, school: School, mum: Subscribed, db: Database
) -> None:
    house.by_reply_to("79000000000")
    await house.ask(school, mum)
    assert "".join(house.channel.texts()) == f"{QUESTION} на 79000000000"
    async with db.reading() as q:
        found = await requests.open_of_number(q, mum.number_id)
    assert found is not None
    assert found.reception == "79000000000"


async def test_a_latin_school_asks_in_latin(
    house: House, school: School, mum: Subscribed, db: Database
) -> None:
    async with db.transaction() as q:
        await q.run("update school set latin = 1")
    await house.ask(school, mum)
    assert house.channel.texts() == ["Shkola 5: vklyuchit SMS-dnevnik? Otvette DA ili NET"]


# ---------------------------------------------------------------- closed numbers


@pytest.mark.parametrize("kind", ["question", "welcome"])
@pytest.mark.parametrize("state", ["stopped", "wrong-number", "blocked-by-operator", "suspended"])
async def test_a_request_that_is_queued_does_not_leave_for_a_closed_number(
    house: House, school: School, mum: Subscribed, db: Database, tools: Tools, state: str, kind: str
) -> None:
    async with db.transaction() as q:
        if kind == "welcome":
            await set_consent(q, tools, school.id, [mum], ConsentState.ACTIVE)
        else:
            asked = [mum.subscription_id]
            await opt_in.ask(
                q, tools, school.id, mum.guardian_id, asked, act(MUM), now=house.clock.now()
            )
    await house.requests.step()
    assert await house.parts() == ["queued"]
    async with db.transaction() as q:
        # The state alone, as if another process were between its two statements.
        await q.run("update number set state = :state where id = :id", state=state,
                    id=mum.number_id)  # fmt: skip
    await house.run()
    assert house.channel.sent == []


async def test_a_stop_withdraws_the_question_that_is_queued(
    house: House, school: School, mum: Subscribed, db: Database, tools: Tools
) -> None:
    async with db.transaction() as q:
        asked = [mum.subscription_id]
        await opt_in.ask(
            q, tools, school.id, mum.guardian_id, asked, act(MUM), now=house.clock.now()
        )
    await house.requests.step()
    await house.said(MUM, "СТОП")
    assert QUESTION not in house.channel.texts()
    assert (await house.parts())[0] == "withdrawn"
    assert await house.request_states() == ["question dropped"]
    assert await house.consents() == ["stopped"]


async def test_a_question_that_was_dropped_does_not_leave(
    house: House, school: School, mum: Subscribed, db: Database, tools: Tools
) -> None:
    async with db.transaction() as q:
        asked = [mum.subscription_id]
        await opt_in.ask(
            q, tools, school.id, mum.guardian_id, asked, act(MUM), now=house.clock.now()
        )
    await house.requests.step()
    async with db.transaction() as q:
        await q.run("update request set state = 'dropped'")
    await house.run()
    assert house.channel.sent == []


async def test_a_paper_meanwhile_makes_the_question_needless(
    house: House, school: School, mum: Subscribed
) -> None:
    await house.by_day(school)
    house.clock.advance(10 * HOUR)  # 22:00: it waits
    await house.ask(school, mum)
    await house.agree(school, mum)
    await house.wait(10 * HOUR)
    assert house.channel.texts() == [WELCOME]
    assert await house.request_states() == ["question dropped", "welcome open"]
    assert await house.consents() == ["active"]


# ---------------------------------------------------------------- decisions

NIGHT = millis(datetime(2026, 11, 24, 23, 0, tzinfo=SAMARA))
MORNING = millis(datetime(2026, 11, 25, 8, 0, tzinfo=SAMARA))
HOURS = Hours(SAMARA, 480, 1260)


@pytest.mark.parametrize(
    ("changed", "drops", "again_at"),
    [
        ({}, False, MORNING),
        ({"number_state": NumberState.SUSPENDED}, True, None),
        ({"wanted": False}, True, None),
        ({"is_question": False}, False, MORNING),
        ({"is_question": False, "welcomed": True}, True, None),
        ({"welcomed": True}, False, MORNING),
    ],
)
async def test_a_request_at_night_waits_or_is_dropped(
    school: School, changed: dict[str, Any], drops: bool, again_at: int | None
) -> None:
    one = Due(
        id=1, school_id=school.id, guardian_id=2, number_id=3, ledger_id=4, is_question=True,
        is_reminder=False, until=None, number_state=NumberState.OPEN, consent_rev=0, latin=None,
        welcomed=False, is_staff=False, wanted=True,
    )  # fmt: skip
    one = replace(one, **changed)
    found = verdict(one, school, HOURS, answerable=True, now=NIGHT)
    assert (bool(found.drop), found.again_at) == (drops, again_at)
