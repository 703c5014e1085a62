"""СТОП, СТАРТ, ДА, НЕТ: what they do to consents, what they are answered, what they never do."""

from __future__ import annotations

import pytest

from sms_diary import keywords
from sms_diary.carrying import USUAL, Carrying
from sms_diary.clock import DAY, HOUR, ManualClock
from sms_diary.db import Database
from sms_diary.inbound import acting
from sms_diary.keywords import Meaning
from sms_diary.model import ALL_TOPICS, ConsentState, Ground
from sms_diary.store import ledger, opt_in, requests, withdraw
from sms_diary.store.ledger import Act
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.asking import RENDERER, Phones, gymnasium, phones
from tests.seeding import (
    Subscribed,
    claim,
    column,
    line,
    phone,
    queue,
    set_consent,
)

__all__ = ["gymnasium", "phones"]  # fixtures

MUM, DAD = phone(1), phone(2)
DARYA, LEV, OLEG = "Белкина Дарья Игоревна", "Белкин Лев Игоревич", "Белкин Олег Игоревич"
C = ConsentState
RECEPTION = "1234"


async def acts(phones: Phones, school_id: int, *, since: int = 1) -> list[tuple[str, str, str]]:
    """(action, scope, actor) of a school's chain, but for what the tests themselves put in."""
    async with phones.db.reading() as q:
        rows = await q.all(
            """select action, scope, actor from ledger
               where school_id = :school_id and at > :since order by seq""",
            school_id=school_id,
            since=since,
        )
    return [(row["action"], row["scope"], row["actor"]) for row in rows]


async def evidence(phones: Phones, one: Subscribed, topic: str = ALL_TOPICS) -> dict[str, object]:
    """What the present state of a subscription rests on."""
    async with phones.db.reading() as q:
        row = await q.one(
            """select c.ledger_id, c.school_id from consent c
               where c.subscription_id = :id and c.topic = :topic""",
            id=one.subscription_id,
            topic=topic,
        )
        assert row is not None
        return await ledger.evidence(q, phones.tools, row["school_id"], row["ledger_id"])


async def ask(
    phones: Phones, school: School, *who: Subscribed, reception: str = RECEPTION
) -> int | None:
    """A question to one guardian about these children, handed over now; None if it must wait."""
    now = phones.clock.now()
    paper = Act("asked", who[0].number, "", "Петрова А. В.", {"source": "форма SMS-1"})
    async with phones.db.transaction() as q:
        ids = [one.subscription_id for one in who]
        request_id = await opt_in.ask(
            q, phones.tools, school.id, who[0].guardian_id, ids, paper, now=now
        )
        assert request_id is not None
        if await requests.open_of_number(q, who[0].number_id) is not None:
            return None
        [message] = await queue(
            q, phones.tools, who[0], school.id, "Включить?", ground=Ground.REQUEST, now=now
        )
        await q.run(
            """update request set state = 'open', message_id = :message, reception = :reception,
                                  asked_at = :now, until = :until where id = :id""",
            message=message,
            reception=reception,
            now=now,
            until=now + requests.ANSWER_WITHIN,
            id=request_id,
        )
    return request_id


# ---------------------------------------------------------------- a parent of two schools


@pytest.fixture
async def family(
    phones: Phones, school: School, gymnasium: School
) -> tuple[Subscribed, Subscribed, Subscribed]:
    """A mother: Дарья and Лев in one school, Олег in another; all three active."""
    return (
        await phones.child(school, "p0", MUM, DARYA),
        await phones.child(school, "p1", MUM, LEV, "7Б"),
        await phones.child(gymnasium, "p0", MUM, OLEG),
    )


async def test_a_parent_of_two_schools_stops_all_with_one_word_and_one_confirmation(
    phones: Phones, school: School, gymnasium: School,
    family: tuple[Subscribed, Subscribed, Subscribed],
) -> None:  # fmt: skip
    assert await phones.write(MUM, "СТОП") == [
        "SMS-дневник отключен: Дарья Б., Лев Б., Олег Б. Включить снова: СТАРТ"
    ]
    assert await phones.states(*family) == [C.STOPPED] * 3
    assert await phones.number_state(MUM) == "stopped"
    assert [action for action, _, _ in await acts(phones, school.id)] == ["revoked"] * 2
    assert [action for action, _, _ in await acts(phones, gymnasium.id)] == ["revoked"]
    # The one confirmation names the children of both schools: neither may read it.
    assert await column(phones.db, "select school_id from message") == [0]


async def test_a_parent_of_two_schools_starts_all_again_with_one_word(
    phones: Phones, gymnasium: School, family: tuple[Subscribed, Subscribed, Subscribed]
) -> None:
    await phones.write(MUM, "СТОП")
    phones.clock.advance(HOUR)
    assert await phones.write(MUM, "старт") == [
        "SMS-дневник включен: Дарья Б., Лев Б., Олег Б. Отключить: СТОП. Помощь: ПОМОЩЬ"
    ]
    assert await phones.states(*family) == [C.ACTIVE] * 3
    assert await phones.number_state(MUM) == "open"
    given = [one for one in await acts(phones, gymnasium.id) if one[0] == "given"]
    assert given == [("given", f"subscription:{family[2].subscription_id} *", "sms")]


async def test_a_parent_of_two_schools_stops_one_child_and_the_others_go_on(
    phones: Phones, school: School, gymnasium: School,
    family: tuple[Subscribed, Subscribed, Subscribed],
) -> None:  # fmt: skip
    answers = await phones.write(MUM, "стоп олег")
    assert answers == ["Отключено: все SMS, Олег Б. Отключить все: СТОП, включить: СТАРТ"]
    assert await phones.states(*family) == [C.ACTIVE, C.ACTIVE, C.STOPPED]
    assert await phones.number_state(MUM) == "open"
    assert await acts(phones, school.id) == []
    assert await column(phones.db, "select school_id from message") == [gymnasium.id]


async def test_a_parent_of_two_schools_answers_one_question_at_a_time(
    phones: Phones, school: School, gymnasium: School
) -> None:
    first = await phones.child(school, "p0", MUM, DARYA, state=None)
    second = await phones.child(gymnasium, "p0", MUM, OLEG, state=None)
    assert await ask(phones, school, first) is not None
    assert await ask(phones, gymnasium, second) is None
    assert await phones.write(MUM, "да") == [
        "SMS-дневник включен: Дарья Б. Отключить: СТОП. Помощь: ПОМОЩЬ"
    ]
    assert await phones.states(first, second) == [C.ACTIVE, C.ASKED]
    # The other school's question has not been sent yet: another ДА is no answer to it.
    await phones.write(MUM, "да")
    assert await phones.states(second) == [C.ASKED]


async def test_a_child_that_was_never_told_of_is_not_named(
    phones: Phones, school: School, gymnasium: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    unknown = await phones.child(gymnasium, "p0", MUM, OLEG, state=None)
    [answer] = await phones.write(MUM, "СТОП")
    assert answer == "SMS-дневник отключен. Включить снова: СТАРТ"
    assert await phones.states(unknown) == [C.STOPPED]


# ---------------------------------------------------------------- СТОП


async def test_a_stop_of_everything_stops_urgent_hours_and_topics_but_not_the_other_paper(
    phones: Phones, school: School
) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA)
    async with phones.db.transaction() as q:
        for topic in ("urgent", "pd", "marks"):
            await set_consent(q, phones.tools, school.id, [mum], C.ACTIVE, topic=topic)
    await phones.write(MUM, "СТОП")
    found = {t: (await phones.states(mum, topic=t))[0] for t in ("*", "urgent", "marks", "pd")}
    assert found == {"*": C.STOPPED, "urgent": C.STOPPED, "marks": C.STOPPED, "pd": C.ACTIVE}
    await phones.write(MUM, "СТАРТ")
    found = {t: (await phones.states(mum, topic=t))[0] for t in ("*", "urgent", "marks", "pd")}
    assert found == {"*": C.ACTIVE, "urgent": C.STOPPED, "marks": C.ACTIVE, "pd": C.ACTIVE}


async def test_a_stop_of_topics_stops_each_of_them_for_every_child(
    phones: Phones, family: tuple[Subscribed, Subscribed, Subscribed]
) -> None:
    [answer] = await phones.write(MUM, "стоп оценки и расписание")
    assert answer.startswith("Отключено: оценки, расписание, Дарья Б., Лев Б., Олег Б. Отключить")
    for topic in ("marks", "timetable"):
        assert await phones.states(*family, topic=topic) == [C.STOPPED] * 3
    assert await phones.states(*family) == [C.ACTIVE] * 3
    assert await phones.states(*family, topic="homework") == [None] * 3


async def test_a_stop_of_a_topic_of_one_child_is_of_that_child_only(
    phones: Phones, family: tuple[Subscribed, Subscribed, Subscribed]
) -> None:
    await phones.write(MUM, "стоп оценки лев")
    assert await phones.states(*family, topic="marks") == [None, C.STOPPED, None]
    assert await phones.states(*family) == [C.ACTIVE] * 3


async def test_a_stop_by_number_counts_the_children_that_are_told_of(
    phones: Phones, school: School
) -> None:
    unknown = await phones.child(school, "p9", MUM, "Белкин Глеб Игоревич", state=None)
    first = await phones.child(school, "p0", MUM, DARYA)
    second = await phones.child(school, "p1", MUM, LEV, "7Б")
    assert "Лев Б." in "".join(await phones.write(MUM, "стоп 2"))
    assert await phones.states(unknown, first, second) == [None, C.ACTIVE, C.STOPPED]


async def test_a_stop_with_a_name_that_no_child_has_stops_all(
    phones: Phones, family: tuple[Subscribed, Subscribed, Subscribed]
) -> None:
    await phones.write(MUM, "стоп кирилл")
    assert await phones.states(*family) == [C.STOPPED] * 3
    assert await phones.number_state(MUM) == "stopped"


@pytest.mark.parametrize("text", ["СТОП", "стоп лев", "стоп оценки"])
async def test_a_repeated_stop_is_confirmed_once_a_day(
    phones: Phones, family: tuple[Subscribed, Subscribed, Subscribed], text: str
) -> None:
    answers = [len(await phones.write(MUM, text)) for _ in range(3)]
    phones.clock.advance(DAY)
    answers += [len(await phones.write(MUM, text)) for _ in range(3)]
    assert answers == [1, 0, 0, 1, 0, 0]


async def test_who_wants_their_data_destroyed_is_stopped_at_once_and_waits_for_a_person(
    phones: Phones, school: School
) -> None:
    darya = await phones.child(school, "p0", MUM, DARYA)
    said = "Отзываю согласие на обработку персональных данных"
    assert await phones.write(MUM, said) == ["SMS-дневник отключен. Включить снова: СТАРТ"]
    assert await phones.states(darya) == [C.STOPPED]
    assert (await evidence(phones, darya))["text"] == said
    assert await column(phones.db, "select state from inbound") == ["waiting"]
    # A robot that says so again is not answered, and is seen by the person again.
    assert await phones.write(MUM, "Удалите мои данные") == []
    assert await column(phones.db, "select state from inbound") == ["waiting"] * 2


async def test_after_a_stop_nothing_leaves_for_that_number_but_its_confirmation(
    phones: Phones, school: School, family: tuple[Subscribed, Subscribed, Subscribed]
) -> None:
    mum, lev, _ = family
    dad = await phones.child(school, "p2", DAD, OLEG)
    asked = await phones.child(school, "p3", MUM, "Белкина Анна Игоревна", state=None)
    await ask(phones, school, asked)
    async with phones.db.transaction() as q:
        told = await line(q, phones.tools, mum, 1)
        await queue(q, phones.tools, mum, school.id, "отметка", lines=(told,))
        await queue(q, phones.tools, mum, school.id, "код", ground=Ground.CODE)
        await queue(q, phones.tools, dad, school.id, "отцу")
    before = await phones.write(MUM, "ПОМОЩЬ")
    phones.clock.advance(1)
    [confirmation] = await phones.write(MUM, "СТОП")
    async with phones.db.transaction() as q:
        claimed = await claim(q, phones.tools, now=phones.clock.now())
    assert [(part.number, part.text) for part in claimed] == [(MUM, confirmation), (DAD, "отцу")]
    assert len(before) == 1
    assert await column(phones.db, "select state from request") == ["dropped"]
    assert await column(phones.db, "select state || ' ' || reason as s from line") == [
        "silent stopped"
    ]
    await phones.write(MUM, "да")
    assert await phones.states(asked, lev) == [C.STOPPED] * 2


async def test_what_was_on_its_way_and_comes_back_after_a_stop_does_not_leave(
    phones: Phones, school: School
) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA)
    async with phones.db.transaction() as q:
        await queue(q, phones.tools, mum, school.id, "код", ground=Ground.CODE)
        [part] = await claim(q, phones.tools)
    [confirmation] = await phones.write(MUM, "СТОП")
    async with phones.db.transaction() as q:
        await q.run("update part set state = 'queued' where id = :id", id=part.part_id)
        await withdraw.come_back(q, [part.part_id], now=phones.clock.now())
        claimed = await claim(q, phones.tools, now=phones.clock.now())
    assert [one.text for one in claimed] == [confirmation]


# ---------------------------------------------------------------- СТАРТ


@pytest.mark.parametrize("held", [None, C.ASKED, C.STOPPED, C.REFUSED, C.BLOCKED])
async def test_a_start_is_a_new_consent_with_the_words_that_made_it(
    phones: Phones, school: School, held: ConsentState | None
) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA, state=held)
    await phones.write(MUM, " Старт! ")
    assert await phones.states(mum) == [C.ACTIVE]
    proof = await evidence(phones, mum)
    [inbound] = await column(phones.db, "select id from inbound")
    assert proof == {
        "number": MUM, "text": " Старт! ", "inbound": str(inbound), "reception": RECEPTION,
        "at": phones.clock.now(),
    }  # fmt: skip
    assert await acts(phones, school.id) == [
        ("given", f"subscription:{mum.subscription_id} *", "sms")
    ]


@pytest.mark.parametrize(
    ("state", "after"),
    [
        ("stopped", "open"), ("blocked-by-operator", "open"), ("suspended", "open"),
        ("open", "open"), ("wrong-number", "wrong-number"),
    ],
)  # fmt: skip
async def test_a_start_opens_the_number_unless_it_was_called_a_strangers(
    phones: Phones, school: School, state: str, after: str
) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA, state=C.STOPPED)
    async with phones.db.transaction() as q:
        await q.run(
            "update number set state = :s, failing_since = 5 where id = :i",
            s=state,
            i=mum.number_id,
        )
    [answer] = await phones.write(MUM, "СТАРТ")
    assert await phones.number_state(MUM) == after
    assert ("Дарья" in answer) is (after == "open")
    expected = (C.ACTIVE, "done") if after == "open" else (C.STOPPED, "waiting")
    assert (*await phones.states(mum), await phones.one("select state from inbound")) == expected


async def test_whoever_starts_has_shown_whose_number_it_is_and_hears_what_was_held(
    phones: Phones, school: School
) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA)
    async with phones.db.transaction() as q:
        await q.run("update guardian set welcomed_at = null")
        await line(q, phones.tools, mum, 1)
        await q.run("update line set state = 'held', reason = 'welcome'")
    await phones.write(MUM, "СТАРТ")
    assert await column(phones.db, "select welcomed_at from guardian") == [phones.clock.now()]
    assert await column(phones.db, "select state from line") == ["planned"]


async def test_a_start_from_a_number_that_nobody_knows_makes_no_consent(
    phones: Phones, school: School
) -> None:
    answers = [await phones.write(DAD, "СТАРТ") for _ in range(3)]
    assert answers == [[RENDERER.say("unsubscribed")], [], []]
    assert await column(phones.db, "select id from ledger") == []
    # The number is on a list only later: it is asked, or brings its paper, as any other.
    dad = await phones.child(school, "p0", DAD, DARYA, state=None)
    assert await phones.states(dad) == [None]


async def test_a_start_of_what_is_on_is_confirmed_once_a_day_and_changes_nothing(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    assert [len(await phones.write(MUM, "СТАРТ")) for _ in range(3)] == [1, 0, 0]
    assert await acts(phones, school.id) == []


async def test_a_start_answers_the_open_question_too(phones: Phones, school: School) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA, state=None)
    await ask(phones, school, mum)
    await phones.write(MUM, "СТАРТ")
    assert await column(phones.db, "select state from request") == ["answered"]
    assert await phones.states(mum) == [C.ACTIVE]


async def test_a_start_names_no_child_while_the_school_waits_for_the_other_paper(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA, state=None)
    async with phones.db.transaction() as q:
        await q.run("update school set proof = 'sms+pd'")
    assert await phones.write(MUM, "СТАРТ") == [
        "Согласие записано. SMS придут, когда школа начнет рассылку. Отключить: СТОП"
    ]


# ---------------------------------------------------------------- ДА and НЕТ


async def test_a_yes_counts_for_the_children_of_the_question_and_for_no_others(
    phones: Phones, school: School
) -> None:
    first = await phones.child(school, "p0", MUM, DARYA, state=None)
    second = await phones.child(school, "p1", MUM, LEV, state=None)
    other = await phones.child(school, "p2", MUM, OLEG, state=None)
    await ask(phones, school, first, second)
    phones.clock.advance(72 * HOUR)
    assert await phones.write(MUM, "Да.") == [
        "SMS-дневник включен: Дарья Б., Лев Б. Отключить: СТОП. Помощь: ПОМОЩЬ"
    ]
    assert await phones.states(first, second, other) == [C.ACTIVE, C.ACTIVE, None]
    assert (await evidence(phones, first))["text"] == "Да."
    assert await column(phones.db, "select state from request") == ["answered"]
    # The question itself needs no sending any more.
    assert await column(phones.db, "select state from part where ground = 'request'") == [
        "withdrawn"
    ]


async def test_a_yes_without_a_question_makes_no_consent(phones: Phones, school: School) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA, state=None)
    answers = [await phones.write(MUM, "ДА") for _ in range(3)]
    assert [len(one) for one in answers] == [1, 0, 0]
    assert await phones.states(mum) == [None]
    assert await column(phones.db, "select id from ledger") == []
    assert set(await column(phones.db, "select state from inbound")) == {"waiting"}


async def test_a_yes_from_another_number_makes_no_consent(phones: Phones, school: School) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA, state=None)
    dad = await phones.child(school, "p1", DAD, LEV, state=None)
    await ask(phones, school, mum)
    await phones.write(DAD, "ДА")
    assert await phones.states(mum, dad) == [C.ASKED, None]
    assert await column(phones.db, "select state from request") == ["open"]


async def test_a_late_yes_makes_no_consent(phones: Phones, school: School) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA, state=None)
    await ask(phones, school, mum)
    phones.clock.advance(72 * HOUR + 1)
    await phones.write(MUM, "ДА")
    assert await phones.states(mum) == [C.ASKED]
    assert "given" not in await column(phones.db, "select action from ledger")


@pytest.mark.parametrize(
    ("asked_for", "counts"), [("1234", True), ("+1234", True), ("", True), ("5678", False)]
)
async def test_a_yes_counts_at_the_reception_number_of_its_question_only(
    phones: Phones, school: School, asked_for: str, counts: bool
) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA, state=None)
    await ask(phones, school, mum, reception=asked_for)
    await phones.write(MUM, "ДА")
    assert await phones.states(mum) == [C.ACTIVE if counts else C.ASKED]


async def test_a_yes_after_a_stop_makes_no_consent(phones: Phones, school: School) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA, state=None)
    await ask(phones, school, mum)
    await phones.write(MUM, "стоп")
    await phones.write(MUM, "да")
    assert await phones.states(mum) == [C.STOPPED]


async def test_a_no_to_the_question_is_a_refusal_that_is_confirmed_without_a_name(
    phones: Phones, school: School
) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA, state=None)
    await ask(phones, school, mum)
    answer = await phones.write(MUM, "нет")
    assert answer == ["Ваш отказ записан, SMS-дневник не включен. Если передумаете: СТАРТ"]
    assert await phones.states(mum) == [C.REFUSED]
    assert (await acts(phones, school.id))[-1] == (
        "refused", f"subscription:{mum.subscription_id} *", "sms",
    )  # fmt: skip
    await phones.write(MUM, "да")
    assert await phones.states(mum) == [C.REFUSED]


async def test_a_no_without_a_question_refuses_nothing_and_tells_the_words(
    phones: Phones, school: School
) -> None:
    mum = await phones.child(school, "p0", MUM, DARYA)
    [answer] = await phones.write(MUM, "нет")
    assert answer.startswith("Команды: СТОП")
    assert await phones.states(mum) == [C.ACTIVE]


# ---------------------------------------------------------------- the answers themselves

_VALUES = {"имя": "Дарья Б.", "темы": "оценки", "старт": "СТАРТ"}
ANSWERS = ("stopped", "stopped_children", "stopped_some", "started", "started_later", "refused",
           "wrong_number", "new_number")  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_comes_back_from_a_robot_moves_no_consent(name: str) -> None:
    text = RENDERER.say(name, отвечать=True, **_VALUES)
    assert keywords.read(text) is Meaning.OTHER
    assert USUAL.segments(text) <= acting.SEGMENTS


@pytest.mark.parametrize("text", ["СТОП", "СТАРТ", "стоп лев", "не тот номер"])
async def test_where_nothing_can_be_answered_no_answer_names_a_word(
    db: Database, tools: Tools, clock: ManualClock, school: School, gymnasium: School, text: str
) -> None:
    phones = Phones(db, tools, clock, Carrying(reply_to=""))
    await phones.child(school, "p0", MUM, DARYA)
    await phones.child(gymnasium, "p0", MUM, LEV)
    [answer] = await phones.write(MUM, text)
    assert not {"СТОП", "СТАРТ", "ПОМОЩЬ"} & set(answer.replace(".", " ").split())


async def test_an_answer_that_would_be_too_long_counts_the_children_it_does_not_name(
    phones: Phones, school: School, gymnasium: School
) -> None:
    for n in range(12):
        where = gymnasium if n % 2 else school
        await phones.child(where, f"x{n}", MUM, f"Белкина Александрина{n} Игоревна")
    [answer] = await phones.write(MUM, "СТОП")
    assert USUAL.segments(answer) == acting.SEGMENTS
    assert " и еще " in answer
    assert answer.endswith("Включить снова: СТАРТ")


async def test_the_answer_is_in_the_alphabet_that_was_chosen(
    phones: Phones, school: School
) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    await phones.write(MUM, "ЛАТ")
    assert await phones.write(MUM, "СТОП") == ["SMS-dnevnik otklyuchen. Vklyuchit snova: START"]


async def test_two_robots_do_not_talk_for_ever(phones: Phones, school: School) -> None:
    await phones.child(school, "p0", MUM, DARYA)
    answers = [len(await phones.write(MUM, text)) for text in ["СТОП", "СТАРТ"] * 30]
    assert sum(answers[-20:]) <= 10
