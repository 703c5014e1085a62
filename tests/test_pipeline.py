"""From a posted event to what is handed to the operator, and back: every stage over the tables.

The stages run by hand, in the order in which their loops would be woken, under a clock that
stands still; the channel is `tests.recording`.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sms_diary.carrying import Ways
from sms_diary.channels.base import Outcome, Outgoing, Reports, Result
from sms_diary.clock import DAY, HOUR, MINUTE, SECOND, ManualClock
from sms_diary.compose import Compose
from sms_diary.db import Database
from sms_diary.dispatch import Dispatch, Settle
from sms_diary.fanout import CHUNK, Fanout
from sms_diary.inbound import InboundLoop
from sms_diary.ingest.accept import Acceptor
from sms_diary.model import ConsentState, Failure, PartState, SchoolMode
from sms_diary.receipts import Receipts
from sms_diary.render import Renderer
from sms_diary.resources import templates_dir
from sms_diary.store import claiming, leases, ledger, schools
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests.recording import RecordingChannel
from tests.seeding import (
    ROUTE,
    Subscribed,
    classes,
    column,
    events,
    live_school,
    mark,
    phone,
    pupil,
    pupils,
    set_consent,
    subscribe,
)

LINES = "select state || ' ' || reason as line from line order by id"
RENDERER = Renderer.from_folder(templates_dir())
WAYS = Ways(ROUTE, {})
MUM, DAD = phone(1), phone(2)


class Diary:
    """One service without its web door and without its timers."""

    def __init__(
        self, db: Database, tools: Tools, clock: ManualClock, *, window: int = 1000
    ) -> None:
        self.db, self.tools, self.clock = db, tools, clock
        self.channel = RecordingChannel(ROUTE, window=window)
        wakes = Wakes()
        self.acceptor = Acceptor(db, tools, clock, wakes)
        self.fanout = Fanout(db, tools, clock, wakes)
        self.compose = Compose(db, tools, clock, wakes, RENDERER, WAYS)
        self.dispatch = Dispatch(db, tools, clock, self.channel, owner="test")
        self.receipts = Receipts(db, tools, clock, wakes, alone=True)
        self.inbound = InboundLoop(db, tools, clock, wakes, RENDERER, WAYS)
        self.reports = Reports(
            Settle(db, tools, clock, wakes, owner="test"),
            self.receipts.store,
            self.inbound.store,
            wakes.dispatch.set,
        )
        self._requests = itertools.count(1)

    async def start(self) -> None:
        """Hold the route, connect."""
        async with self.db.transaction() as q:
            await leases.take(q, leases.of_route(ROUTE), "test", HOUR)
        await self.channel.start(self.reports)

    async def post(self, school: School, *said: dict[str, Any], **how: Any) -> None:
        """Accept a request, and do all that follows at once."""
        request = events(school, f"r{next(self._requests)}", *said, **how)
        await self.acceptor.accept_many([request])
        await self.run()

    async def run(self) -> None:
        await self.plan()
        while await self.dispatch.step():
            pass

    async def plan(self) -> None:
        """The same, but nothing is handed over."""
        while await self.inbound.step():
            pass
        while await self.fanout.step():
            pass
        while await self.compose.step():
            pass

    async def wait(self, milliseconds: int) -> None:
        """Let time go by, and do what it brings."""
        self.clock.advance(milliseconds)
        await self.receipts.sweep()
        await self.run()

    async def stop(self, school: School, *who: Subscribed, topic: str = "*") -> None:
        async with self.db.transaction() as q:
            state = ConsentState.STOPPED
            await set_consent(q, self.tools, school.id, list(who), state, topic=topic)

    async def lines(self) -> list[str]:
        return [line.strip() for line in await column(self.db, LINES)]

    async def parts(self) -> list[str]:
        return await column(self.db, "select state from part order by id")


@pytest.fixture
async def diary(db: Database, tools: Tools, clock: ManualClock) -> AsyncIterator[Diary]:
    made = Diary(db, tools, clock)
    await made.start()
    yield made
    await made.channel.stop()


@pytest.fixture
async def mum(db: Database, tools: Tools, school: School) -> Subscribed:
    """The mother of p0, who has agreed; p1 is in the same class, p2 in another."""
    async with db.transaction() as q:
        first, second = await classes(q, tools, school, "5А", "9В")
        daughter = await pupil(q, tools, school, first, "Белкина Дарья Игоревна", "p0")
        await pupil(q, tools, school, first, "Белкин Егор Игоревич", "p1")
        await pupil(q, tools, school, second, "Белкин Олег Игоревич", "p2")
        [subscribed] = await subscribe(q, tools, school, [(daughter, MUM)])
    return subscribed


async def _also(
    diary: Diary, school: School, external: str, number: str,
    state: ConsentState | None = ConsentState.ACTIVE,
) -> Subscribed:  # fmt: skip
    """One more guardian, or one more child of the same."""
    [pupil_id] = await column(
        diary.db, "select id from pupil where external_id = :e and school_id = :s",
        e=external, s=school.id,
    )  # fmt: skip
    async with diary.db.transaction() as q:
        pairs = [(pupil_id, number)]
        [subscribed] = await subscribe(q, diary.tools, school, pairs, state=state)
    return subscribed


# ---------------------------------------------------------------- told, or why not


async def test_a_mark_reaches_the_guardian_and_its_receipt_comes_back(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.post(school, mark("5"))
    [part] = diary.channel.sent
    assert (part.number, part.text) == (MUM, "Дарья Б. 24.11 алгебра: 5")
    assert await diary.lines() == ["taken"]
    await diary.channel.accept()
    assert await diary.lines() == ["told"]
    await diary.channel.report(PartState.DELIVERED)
    assert await diary.parts() == ["delivered"]
    assert await column(diary.db, "select state from message") == ["delivered"]
    assert await column(diary.db, "select ledger_id from message") == [mum.ledger_id]
    await diary.wait(7 * DAY)
    assert len(diary.channel.sent) == 1


@pytest.mark.parametrize(
    ("state", "topic", "reason"),
    [
        (None, "*", "no-consent"),
        (ConsentState.ASKED, "*", "no-consent"),
        (ConsentState.REFUSED, "*", "refused"),
        (ConsentState.STOPPED, "*", "stopped"),
        (ConsentState.STOPPED, "marks", "stopped"),
        (ConsentState.BLOCKED, "*", "operator-refusal"),
    ],
)
async def test_nothing_is_told_without_a_consent_and_the_reason_is_kept(
    diary: Diary, school: School, mum: Subscribed, state: ConsentState | None, topic: str,
    reason: str,
) -> None:  # fmt: skip
    if state is None:
        await _also(diary, school, "p1", DAD, None)
        await diary.post(school, mark("5", pupil={"id": "p1"}))
    else:
        async with diary.db.transaction() as q:
            await set_consent(q, diary.tools, school.id, [mum], state, topic=topic)
        await diary.post(school, mark("5"))
    assert await diary.lines() == [f"silent {reason}"]
    assert diary.channel.sent == []


async def test_a_consent_to_one_topic_is_none_to_another(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.stop(school, mum, topic="absences")
    absence = {"kind": "absence.set", "pupil": {"id": "p0"}, "date": "2026-11-24", "code": "Н"}
    await diary.post(school, mark("5"), absence)
    assert Counter(await diary.lines()) == Counter(["taken", "silent stopped"])


async def test_in_test_mode_only_staff_get_sms(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    dad = await _also(diary, school, "p0", DAD)
    async with diary.db.transaction() as q:
        await schools.set_mode(q, school.id, SchoolMode.TEST)
        await schools.add_staff(q, school.id, dad.number_id)
    await diary.post(school, mark("5"))
    assert [part.number for part in diary.channel.sent] == [DAD]
    assert Counter(await diary.lines()) == Counter(["taken", "silent test-mode"])


async def test_what_the_sender_does_not_want_told_is_told_to_nobody(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.post(school, mark("5", silent=True))
    await diary.post(school, mark("4", subject="Химия"), source="file", silence="first-import")
    assert await diary.lines() == []
    assert diary.channel.sent == []


async def test_both_guardians_are_told_each_once(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await _also(diary, school, "p0", DAD)
    await diary.post(school, mark("5"))
    assert sorted(part.number for part in diary.channel.sent) == [MUM, DAD]
    await diary.channel.accept()
    await diary.post(school, mark("5"))
    assert len(diary.channel.sent) == 2


async def test_the_marks_of_a_day_and_of_two_children_go_in_one_message(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await _also(diary, school, "p1", MUM)
    await diary.post(school, mark("5"), mark("4", subject="Химия"), mark("3", pupil={"id": "p1"}))
    [text] = await column(diary.db, "select text from message")
    [message] = await column(diary.db, "select id from message")
    said = diary.tools.vault.text(text, "message.text", message)
    assert "Дарья Б." in said
    assert "Егор Б." in said
    assert await diary.lines() == ["taken"] * 3


async def test_a_message_never_mixes_schools(
    diary: Diary, tools: Tools, school: School, mum: Subscribed
) -> None:
    async with diary.db.transaction() as q:
        second = await live_school(q, tools, "school-9")
        [class_id] = await classes(q, tools, second, "5А")
        son = await pupil(q, tools, second, class_id, "Белкин Пётр Игоревич", "p0")
        await subscribe(q, tools, second, [(son, MUM)])
    await diary.acceptor.accept_many([
        events(school, "a", mark("5")), events(second, "a", mark("4")),
    ])  # fmt: skip
    await diary.run()
    texts = diary.channel.texts(MUM)
    assert len(texts) == 2
    assert not any("Дарья" in text and "Пётр" in text for text in texts)
    of_message = "select distinct school_id from line where message_id = :id"
    for message_id in await column(diary.db, "select id from message"):
        assert len(await column(diary.db, of_message, id=message_id)) == 1
    # A stop in one school leaves the other alone.
    await diary.stop(school, mum)
    await diary.acceptor.accept_many([
        events(school, "b", mark("3")), events(second, "b", mark("2")),
    ])  # fmt: skip
    await diary.channel.accept()
    await diary.run()
    assert diary.channel.texts(MUM)[2:] == ["Пётр Б. 24.11 алгебра: 2 (было 4)"]


# ---------------------------------------------------------------- corrections


@pytest.fixture
async def slow(db: Database, school: School) -> School:
    """The school, now with five minutes in which a slip can be corrected."""
    async with db.transaction() as q:
        await schools.set_settle(q, school.id, 5 * MINUTE)
    return school


async def test_a_slip_corrected_in_time_is_never_told(
    diary: Diary, slow: School, mum: Subscribed
) -> None:
    await diary.post(slow, mark("4"))
    await diary.wait(4 * MINUTE)
    await diary.post(slow, mark("5"))
    await diary.wait(MINUTE)
    assert diary.channel.sent == []
    await diary.wait(4 * MINUTE)
    assert diary.channel.texts() == ["Дарья Б. 24.11 алгебра: 5"]
    assert await diary.lines() == ["replaced", "taken"]


async def test_a_slip_corrected_with_silence_is_not_told_either(
    diary: Diary, slow: School, mum: Subscribed
) -> None:
    await diary.post(slow, mark("4"))
    await diary.post(slow, mark("5", silent=True))
    await diary.wait(HOUR)
    assert diary.channel.sent == []
    assert await diary.lines() == ["replaced"]


async def test_a_mark_removed_in_time_is_never_told(
    diary: Diary, slow: School, mum: Subscribed
) -> None:
    await diary.post(slow, mark("2"))
    await diary.post(slow, mark(kind="mark.removed", mark=None))
    await diary.wait(HOUR)
    assert diary.channel.sent == []
    assert await diary.lines() == ["replaced", "silent never-told"]


async def test_a_correction_says_what_the_guardian_had_been_told(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.post(school, mark("4"))
    await diary.channel.accept()
    await diary.post(school, mark("5"))
    await diary.channel.accept()
    await diary.post(school, mark(kind="mark.removed", mark=None))
    assert diary.channel.texts() == [
        "Дарья Б. 24.11 алгебра: 4",
        "Дарья Б. 24.11 алгебра: 5 (было 4)",
        "Дарья Б. 24.11 алгебра: отметка снята (было 5)",
    ]


async def test_a_mark_that_goes_back_before_it_is_told_is_no_news(
    diary: Diary, slow: School, mum: Subscribed
) -> None:
    await diary.post(slow, mark("4"))
    await diary.wait(5 * MINUTE)
    await diary.channel.accept()
    await diary.post(slow, mark("5"))
    await diary.post(slow, mark("4"))
    await diary.wait(5 * MINUTE)
    assert diary.channel.texts() == ["Дарья Б. 24.11 алгебра: 4"]
    assert await diary.lines() == ["told", "replaced", "silent same-value"]


async def test_a_correction_to_a_message_in_flight_waits_until_it_settles(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.post(school, mark("4"))
    await diary.post(school, mark("5"))
    assert diary.channel.texts() == ["Дарья Б. 24.11 алгебра: 4"]
    assert await diary.lines() == ["taken", "planned"]
    await diary.channel.accept()
    await diary.run()
    assert diary.channel.texts()[1:] == ["Дарья Б. 24.11 алгебра: 5 (было 4)"]


async def test_a_correction_to_a_message_that_was_refused_says_nothing_of_it(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.post(school, mark("4"))
    await diary.post(school, mark("5"))
    await diary.channel.refuse(Failure.REJECTED)
    await diary.run()
    assert diary.channel.texts()[1:] == ["Дарья Б. 24.11 алгебра: 5"]
    assert await diary.lines() == ["silent not-delivered", "taken"]


async def test_what_was_not_delivered_was_not_told(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.post(school, mark("4"))
    await diary.channel.accept()
    await diary.channel.report(PartState.UNDELIVERED)
    await diary.post(school, mark("5"))
    assert diary.channel.texts()[1:] == ["Дарья Б. 24.11 алгебра: 5"]


async def test_many_corrections_that_wait_hold_up_nobody_else(
    diary: Diary, school: School, mum: Subscribed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_diary.compose.GUARDIANS", 3)
    for number in range(10, 16):
        await _also(diary, school, "p0", phone(number))
    await _also(diary, school, "p1", DAD)
    await diary.post(school, mark("4"))
    await diary.post(school, mark("5"))  # waits for seven guardians
    await diary.post(school, mark("3", pupil={"id": "p1"}))
    assert diary.channel.texts(DAD) == ["Егор Б. 24.11 алгебра: 3"]


# ---------------------------------------------------------------- classes and the school


async def test_an_announcement_makes_one_line_and_one_sms_for_each_guardian(
    diary: Diary, tools: Tools, school: School
) -> None:
    many = 1200
    assert many > 2 * CHUNK
    async with diary.db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        children = await pupils(q, tools, school, class_id, many + 50)
        pairs = [(child, phone(n)) for n, child in enumerate(children[:many])]
        # Fifty of them have a second child in the class.
        pairs += [(child, phone(n)) for n, child in enumerate(children[many:])]
        await subscribe(q, tools, school, pairs)
    said = {"kind": "announcement.posted", "audience": {"classes": ["5А"]}, "text": "Сбор в 9:00"}
    await diary.post(school, said)
    while diary.channel.open:
        await diary.channel.accept()
        await diary.run()
    assert Counter(part.number for part in diary.channel.sent) == Counter(map(phone, range(many)))
    assert len(set(diary.channel.texts())) == 1
    assert Counter(await diary.lines()) == Counter({"told": many})


async def test_homework_goes_to_the_guardians_of_its_class_only(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await _also(diary, school, "p1", MUM)
    await _also(diary, school, "p2", DAD)
    await diary.post(school, {
        "kind": "homework.set", "class": "5А", "subject": "Алгебра", "date": "2026-11-25",
        "text": "№ 5",
    })  # fmt: skip
    [part] = diary.channel.sent
    assert part.number == MUM
    assert "№ 5" in part.text


async def test_an_announcement_to_the_school_reaches_every_class(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await _also(diary, school, "p2", DAD)
    said = {"kind": "announcement.posted", "audience": {"school": True}, "text": "Сбор в 9:00"}
    await diary.post(school, said)
    assert sorted(part.number for part in diary.channel.sent) == [MUM, DAD]


async def test_a_whole_timetable_is_not_told_but_a_change_of_it_is(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.post(
        school,
        {"kind": "timetable.set", "class": "5А", "date": "2026-11-25",
         "lessons": [{"lesson": 1, "subject": "Химия"}]},
        {"kind": "timetable.changed", "class": "5А", "date": "2026-11-25", "lesson": 2,
         "cancelled": True},
    )  # fmt: skip
    assert len(diary.channel.sent) == 1
    assert await diary.lines() == ["taken"]


# ---------------------------------------------------------------- СТОП


async def test_stop_takes_effect_on_what_is_queued_and_is_confirmed_once(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await _also(diary, school, "p1", MUM)
    await _also(diary, school, "p0", DAD)
    request = events(school, "a", mark("5"), mark("4", pupil={"id": "p1"}))
    await diary.acceptor.accept_many([request])
    await diary.plan()
    await diary.channel.hear(MUM, "Стоп!")
    await diary.run()
    assert [part.number for part in diary.channel.sent] == [MUM, DAD]
    assert "отключен" in diary.channel.texts(MUM)[0]
    assert Counter(await diary.lines()) == Counter(["silent stopped"] * 2 + ["taken"])
    await diary.post(school, mark("3"))
    assert len(diary.channel.texts(MUM)) == 1
    assert (await diary.lines()).count("silent stopped") == 3
    async with diary.db.reading() as q:
        assert await ledger.first_broken(q, school.id) is None
    acts = await column(diary.db, "select action from ledger order by id desc limit 2")
    assert acts == ["revoked", "revoked"]


async def test_stop_holds_in_every_school(
    diary: Diary, tools: Tools, school: School, mum: Subscribed
) -> None:
    async with diary.db.transaction() as q:
        second = await live_school(q, tools, "school-9")
        [class_id] = await classes(q, tools, second, "5А")
        son = await pupil(q, tools, second, class_id, "Белкин Пётр Игоревич", "p0")
        await subscribe(q, tools, second, [(son, MUM)])
    await diary.channel.hear(MUM, "СТОП")
    await diary.run()
    await diary.post(school, mark("5"))
    await diary.post(second, mark("5"))
    assert len(diary.channel.texts(MUM)) == 1
    assert await diary.lines() == ["silent stopped"] * 2
    revoked = "select school_id from ledger where action = 'revoked'"
    assert set(await column(diary.db, revoked)) == {school.id, second.id}


async def test_a_repeated_stop_is_confirmed_once_a_day_and_never_more(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    for _ in range(3):
        await diary.channel.hear(MUM, "стоп")
        await diary.wait(6 * MINUTE)
    assert len(diary.channel.sent) == 1
    await diary.wait(DAY)
    for _ in range(3):
        await diary.channel.hear(MUM, "стоп")
        await diary.wait(6 * MINUTE)
    assert len(diary.channel.sent) == 2


async def test_stop_from_a_number_that_nobody_knows_is_obeyed_and_confirmed(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.channel.hear(DAD, "STOP")
    await diary.run()
    assert [part.number for part in diary.channel.sent] == [DAD]
    assert await column(diary.db, "select school_id from ledger where action = 'revoked'") == [0]
    await _also(diary, school, "p0", DAD)
    await diary.post(school, mark("5"))
    assert diary.channel.texts(DAD)[1:] == []


async def test_the_confirmation_of_a_stop_is_of_no_use_after_ten_minutes(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.channel.hear(MUM, "стоп")
    await diary.plan()
    await diary.wait(10 * MINUTE)
    assert diary.channel.sent == []
    assert await diary.parts() == ["expired"]


async def test_any_other_word_stops_nothing_and_waits_for_a_person(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.channel.hear(MUM, "Почему стоп?")
    await diary.post(school, mark("5"))
    answer = RENDERER.say("other", отвечать=True)
    assert diary.channel.texts() == [answer, "Дарья Б. 24.11 алгебра: 5"]
    assert await column(diary.db, "select state from inbound") == ["waiting"]


async def test_the_same_sms_delivered_again_is_kept_once(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    for _ in range(2):
        diary.channel._inbound = 0  # the operator repeats itself, octet by octet
        await diary.channel.hear(MUM, "привет")
    assert len(await column(diary.db, "select id from inbound")) == 1


async def test_a_stop_for_one_child_leaves_the_other_in_the_message(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await _also(diary, school, "p1", MUM)
    request = events(school, "a", mark("5"), mark("4", pupil={"id": "p1"}))
    await diary.acceptor.accept_many([request])
    await diary.plan()
    await diary.stop(school, mum)
    await diary.run()
    assert diary.channel.texts() == ["Егор Б. 24.11 алгебра: 4"]
    assert sorted(await diary.lines()) == ["silent stopped", "taken"]
    assert sorted(await column(diary.db, "select state from message")) == ["open", "withdrawn"]


# ---------------------------------------------------------------- what goes wrong


async def test_nothing_is_sent_after_it_has_expired(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.acceptor.accept_many([events(school, "a", mark("5"))])
    await diary.plan()
    await diary.wait(7 * DAY)
    assert diary.channel.sent == []
    assert await diary.lines() == ["expired expired"]


async def test_what_waits_for_its_time_and_expires_is_not_composed(
    diary: Diary, slow: School, mum: Subscribed
) -> None:
    await diary.post(slow, mark("5"))
    await diary.wait(8 * DAY)
    assert diary.channel.sent == []
    assert await diary.lines() == ["expired expired"]


async def test_a_throttled_part_is_sent_again_a_little_later(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.post(school, mark("5"))
    await diary.channel.refuse(Failure.THROTTLED, code="88")
    await diary.run()
    assert len(diary.channel.sent) == 1
    await diary.wait(SECOND)
    assert len(diary.channel.sent) == 2
    assert await column(diary.db, "select attempts from part") == [1]


async def test_an_outage_of_two_days_loses_nothing_and_doubles_nothing(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.post(school, mark("5"))
    for _ in range(48):
        await diary.channel.refuse(Failure.UNAVAILABLE)
        await diary.wait(HOUR)
    await diary.channel.accept()
    assert await diary.parts() == ["sent"]
    assert await diary.lines() == ["told"]


async def test_a_part_that_surely_did_not_leave_is_queued_again_at_once(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.post(school, mark("5"))
    [part] = diary.channel.sent
    await diary.channel.settle(Result(part.part_id, Outcome.UNSENT))
    await diary.run()
    assert [one.part_id for one in diary.channel.sent] == [part.part_id] * 2
    assert await column(diary.db, "select attempts from part") == [1]


@pytest.mark.parametrize(
    "back",
    [
        {"outcome": Outcome.UNSENT},
        {"outcome": Outcome.FAILED, "failure": Failure.THROTTLED},
    ],
)
async def test_a_part_that_comes_back_after_a_stop_is_withdrawn(
    diary: Diary, school: School, mum: Subscribed, back: dict[str, Any]
) -> None:
    await diary.post(school, mark("5"))
    [part] = diary.channel.sent
    await diary.stop(school, mum)
    assert await diary.parts() == ["sending"]
    await diary.channel.settle(Result(part.part_id, **back))
    await diary.run()
    assert await diary.parts() == ["withdrawn"]
    assert await diary.lines() == ["silent stopped"]
    assert len(diary.channel.sent) == 1


async def test_a_part_in_doubt_is_never_sent_again(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.post(school, mark("5"))
    [part] = diary.channel.sent
    await diary.channel.settle(Result(part.part_id, Outcome.DOUBT))
    for _ in range(80):
        await diary.wait(HOUR)
    assert len(diary.channel.sent) == 1
    assert await diary.parts() == ["unknown"]
    assert await diary.lines() == ["told"]


async def test_a_receipt_that_nobody_claims_resolves_the_doubt(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    await diary.post(school, mark("5"))
    [part] = diary.channel.sent
    await diary.channel.settle(Result(part.part_id, Outcome.DOUBT))
    await diary.channel.report(PartState.DELIVERED)
    await diary.wait(MINUTE)
    assert await diary.parts() == ["delivered"]
    assert await diary.lines() == ["told"]


async def test_outcomes_of_one_batch_do_not_colour_each_other(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    for number in (10, 11, 12):
        await _also(diary, school, "p0", phone(number))
    await diary.post(school, mark("5"))
    first, second, third, fourth = diary.channel.sent
    await diary.channel.settle(
        Result(first.part_id, Outcome.ACCEPTED, provider_id="A1"),
        Result(second.part_id, Outcome.FAILED, failure=Failure.THROTTLED),
        Result(third.part_id, Outcome.FAILED, failure=Failure.BAD_NUMBER),
        Result(fourth.part_id, Outcome.DOUBT),
    )
    by_part = """select line.state from part join line on line.message_id = part.message_id
                 where part.id = :id"""
    states = [(await column(diary.db, by_part, id=part.part_id))[0] for part in diary.channel.sent]
    assert states == ["told", "taken", "silent", "taken"]
    # A stop takes back what was only to be tried again.
    async with diary.db.transaction() as q:
        [number_id] = [
            row["number_id"]
            for row in await q.all("select number_id from part where state = 'retry'")
        ]
    await diary.channel.hear(second.number, "стоп")
    await diary.run()
    by_number = "select state from part where number_id = :id and ground = 'consent'"
    assert await column(diary.db, by_number, id=number_id) == ["withdrawn"]
    assert await column(diary.db, by_part, id=second.part_id) == []


async def test_a_long_text_goes_in_parts_under_one_reference(
    diary: Diary, school: School, mum: Subscribed
) -> None:
    long = {"kind": "announcement.posted", "audience": {"school": True},
            "text": "Собрание родителей пятых классов переносится. " * 6}  # fmt: skip
    await diary.post(school, long)
    await diary.post(school, long | {"text": "Экскурсия в музей отменяется из-за погоды. " * 6})
    by_message = {
        ref: list(parts)
        for ref, parts in itertools.groupby(diary.channel.sent, key=lambda part: part.udh_ref)
    }
    assert len(by_message) >= 2
    for parts in by_message.values():
        assert parts[0].total == len(parts) > 1
        assert [part.seq for part in parts] == list(range(1, len(parts) + 1))
    assert "Собрание родителей" in "".join(part.text for part in diary.channel.sent)


async def test_a_school_with_much_to_say_does_not_hold_up_another(
    diary: Diary, tools: Tools, school: School, mum: Subscribed
) -> None:
    async with diary.db.transaction() as q:
        second = await live_school(q, tools, "school-9")
        [class_id] = await classes(q, tools, second, "5А")
        children = await pupils(q, tools, second, class_id, 200)
        await subscribe(q, tools, second, [(c, phone(100 + n)) for n, c in enumerate(children)])
    many = [mark("4", pupil={"id": f"p{n}"}) for n in range(200)]
    await diary.acceptor.accept_many([events(second, "a", *many)])
    await diary.plan()
    await diary.acceptor.accept_many([events(school, "b", mark("5"))])
    await diary.run()
    assert [part.number for part in diary.channel.sent].index(MUM) < 3


async def test_no_more_is_claimed_than_the_channel_has_room_for(
    db: Database, tools: Tools, clock: ManualClock, school: School, mum: Subscribed
) -> None:
    diary = Diary(db, tools, clock, window=3)
    await diary.start()
    for number in range(10, 20):
        await _also(diary, school, "p0", phone(number))
    await diary.post(school, mark("5"))
    states = [Counter(await diary.parts())]
    while diary.channel.open:
        await diary.channel.accept()
        await diary.run()
        states.append(Counter(await diary.parts()))
    assert max(state["sending"] for state in states) == 3
    assert states[-1] == Counter(sent=11)


async def test_a_channel_that_cannot_be_reached_claims_nothing(
    db: Database, tools: Tools, clock: ManualClock, school: School, mum: Subscribed
) -> None:
    diary = Diary(db, tools, clock)
    await diary.post(school, mark("5"))
    assert await diary.parts() == ["queued"]


# ---------------------------------------------------------------- in the middle of it


async def test_a_dispatch_cut_short_hands_over_what_it_has_claimed(
    diary: Diary, school: School, mum: Subscribed, monkeypatch: pytest.MonkeyPatch
) -> None:
    await diary.acceptor.accept_many([events(school, "a", mark("5"))])
    await diary.plan()
    read = claiming.opened

    def end_the_service(*args: Any, **how: Any) -> list[Outgoing]:
        task.cancel()  # after the claim is committed, before anything is handed over
        return read(*args, **how)

    monkeypatch.setattr(claiming, "opened", end_the_service)
    task = asyncio.create_task(diary.dispatch.step())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await diary.parts() == ["sending"]
    assert len(diary.channel.sent) == 1


class _Between:
    """A database in which something happens between one stage's reading and its writing."""

    def __init__(self, database: Database, happens: Callable[[], Awaitable[None]]) -> None:
        self._database = database
        self._happens = happens
        self.write = database.write

    async def read(self, work: Any) -> Any:
        found = await self._database.read(work)
        await self._happens()
        return found


def _after_reading(
    stage: Fanout | Compose, happens: Callable[[], Awaitable[None]], patch: pytest.MonkeyPatch
) -> None:
    """Once, when the stage has read and not yet written."""

    async def once() -> None:
        patch.undo()
        await happens()

    patch.setattr(stage, "_database", _Between(stage._database, once))


@pytest.mark.parametrize("stage", ["fanout", "compose"])
async def test_a_stop_for_one_child_between_reading_and_writing_does_not_lose_the_other(
    diary: Diary, school: School, mum: Subscribed, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = await _also(diary, school, "p1", MUM)

    async def stopped_meanwhile() -> None:
        await diary.stop(school, other)

    _after_reading(getattr(diary, stage), stopped_meanwhile, monkeypatch)
    await diary.post(school, mark("5"))
    assert diary.channel.texts() == ["Дарья Б. 24.11 алгебра: 5"]


@pytest.mark.parametrize("stage", ["fanout", "compose"])
async def test_a_stop_between_reading_and_writing_is_obeyed(
    diary: Diary, school: School, mum: Subscribed, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _also(diary, school, "p0", DAD)

    async def stopped_meanwhile() -> None:
        await diary.stop(school, mum)

    _after_reading(getattr(diary, stage), stopped_meanwhile, monkeypatch)
    await diary.post(school, mark("5"))
    assert [part.number for part in diary.channel.sent] == [DAD]
    assert Counter(await diary.lines()) == Counter(["taken", "silent stopped"])


@pytest.mark.parametrize("stage", ["fanout", "compose"])
async def test_a_correction_between_reading_and_writing_is_told_alone(
    diary: Diary, school: School, mum: Subscribed, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:

    async def corrected_meanwhile() -> None:
        await diary.acceptor.accept_many([events(school, "meanwhile", mark("5"))])

    _after_reading(getattr(diary, stage), corrected_meanwhile, monkeypatch)
    await diary.post(school, mark("4"))
    await diary.run()
    assert diary.channel.texts() == ["Дарья Б. 24.11 алгебра: 5"]
    assert (await diary.lines())[-1] == "taken"


async def test_a_pause_between_reading_and_writing_leaves_what_was_read_as_lines(
    diary: Diary, school: School, mum: Subscribed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def pause(at: int | None = 5) -> None:
        async with diary.db.transaction() as q:
            await q.run("update school set paused_at = :at where id = :id", at=at, id=school.id)

    _after_reading(diary.compose, pause, monkeypatch)
    await diary.post(school, mark("5"))
    assert (diary.channel.sent, await diary.lines()) == ([], ["planned"])
    await pause(None)
    await diary.run()
    assert diary.channel.texts() == ["Дарья Б. 24.11 алгебра: 5"]


async def test_processes_side_by_side_tell_everything_once_and_in_order(
    db: Database, tools: Tools, clock: ManualClock, school: School
) -> None:
    pupils_, versions = 30, ["2", "3", "4", "5"]
    async with db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        children = await pupils(q, tools, school, class_id, pupils_)
        pairs = [(c, phone(n)) for n, c in enumerate(children)]
        pairs += [(c, phone(100 + n)) for n, c in enumerate(children)]
        subscribed = await subscribe(q, tools, school, pairs)
    several = [Diary(db, tools, clock) for _ in range(3)]
    over = asyncio.Event()

    async def serve(diary: Diary) -> None:
        await diary.start()
        while not over.is_set():
            await diary.run()
            await diary.channel.accept()
            await diary.receipts.sweep()

    async def teach(diary: Diary, own: range) -> None:
        for number, value in enumerate(versions):
            said = [mark(value, pupil={"id": f"p{n}"}) for n in own]
            await diary.acceptor.accept_many([events(school, f"{own.start} {number}", *said)])

    async def leave(diary: Diary) -> None:
        for one in subscribed[:10]:
            await diary.stop(school, one)
            await diary.channel.hear(one.number, "стоп")

    tasks = [asyncio.create_task(serve(diary)) for diary in several]
    step = pupils_ // len(several)
    await asyncio.gather(
        *(teach(d, range(n * step, (n + 1) * step)) for n, d in enumerate(several)),
        leave(several[0]),
    )
    open_ = """select (select count(*) from entry where fan is not null)
                    + (select count(*) from line where state in ('planned', 'taken'))
                    + (select count(*) from inbound where state = 'new')
                    + (select count(*) from part where state = 'queued') as n"""
    while await column(db, open_) != [0]:
        await asyncio.sleep(0.01)  # the others are at work
    over.set()
    await asyncio.gather(*tasks)
    sent = [part for diary in several for part in diary.channel.sent]
    assert len({part.part_id for part in sent}) == len(sent)
    told = Counter(part.number for part in sent)
    last = {n: [p.text for d in several for p in d.channel.sent if p.number == n] for n in told}
    for one in subscribed[10:]:
        texts = last[one.number]
        assert any(text.split("алгебра: ")[1].startswith("5") for text in texts)
        assert len(texts) == len(set(texts)) <= len(versions)
    async with db.reading() as q:
        assert await ledger.first_broken(q, school.id) is None


# ---------------------------------------------------------------- whatever happens

ENDS = {"told", "silent", "replaced", "expired"}
_ANSWERS = ["accept", "throttled", "bad-number", "doubt"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("mark"), st.sampled_from(["2", "5", ""])),
        st.tuples(st.just("settle"), st.sampled_from(_ANSWERS)),
        st.tuples(st.just("report"), st.sampled_from([PartState.DELIVERED, PartState.UNDELIVERED])),
        st.tuples(st.just("consent"), st.sampled_from([ConsentState.STOPPED, ConsentState.ACTIVE])),
        st.tuples(st.just("wait"), st.sampled_from([MINUTE, 6 * MINUTE, DAY])),
        st.tuples(st.just("hear"), st.just("стоп")),
    ),
    min_size=3,
    max_size=9,
)  # fmt: skip


async def _happen(diary: Diary, school: School, mum: Subscribed, what: str, how: Any) -> None:
    match what:
        case "mark":
            said = mark(how) if how else mark(kind="mark.removed", mark=None)
            await diary.post(school, said)
        case "settle" if how == "accept":
            await diary.channel.accept()
        case "settle" if how == "doubt":
            results = [Result(part, Outcome.DOUBT) for part in diary.channel.open]
            await diary.channel.settle(*results)
        case "settle":
            await diary.channel.refuse(Failure(how))
        case "report":
            await diary.channel.report(how)
        case "consent":
            async with diary.db.transaction() as q:
                await set_consent(q, diary.tools, school.id, [mum], how)
        case "wait":
            await diary.wait(how)
        case "hear":
            await diary.channel.hear(MUM, how)
            await diary.run()


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
async def test_every_line_ends_told_or_with_a_reason(
    db: Database, tools: Tools, clock: ManualClock, slow: School, mum: Subscribed,
    steps: list[tuple[str, Any]],
) -> None:  # fmt: skip
    diary = Diary(db, tools, clock)
    async with db.transaction() as q:
        await q.run("delete from line")
        await q.run("delete from part")
        await q.run("delete from entry")
        await q.run("update number set state = 'open'")
    await diary.start()
    for what, how in steps:
        await _happen(diary, slow, mum, what, how)
    await diary.channel.accept()
    for _ in range(20):
        await diary.wait(DAY)
        await diary.channel.accept()
    for line in await diary.lines():
        state, _, reason = line.partition(" ")
        assert state in ENDS
        assert bool(reason) is (state in ("silent", "expired"))
    assert set(await diary.parts()) <= {
        "delivered", "undelivered", "rejected", "expired", "unknown", "withdrawn",
    }  # fmt: skip
    states = await column(db, "select state from message where id in (select message_id from part)")
    assert "open" not in states
