"""One phone, two schools, of which neither learns of the other: what the parent gets and each sees.

СТОП, two questions, ОЦЕНКИ, a digest, and the SMS that the parent writes. What a single word does
at length stands in `test_words_consent`, `test_questions` and `test_requests`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sms_diary.clock import HOUR, ManualClock
from sms_diary.db import Database
from sms_diary.keywords import whom
from sms_diary.keywords.whom import Party
from sms_diary.model import ConsentState
from sms_diary.store import consents, mailbox, schools, waiting
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.asking import Phones
from tests.seeding import (
    Subscribed,
    classes,
    column,
    live_school,
    mark,
    phone,
    pupil,
    set_up,
    subscribe,
)
from tests.test_requests import House

MUM, DAD = phone(1), phone(2)
DARYA, OLEG = "Белкина Дарья Игоревна", "Белкин Олег Игоревич"
FAR = 2**63 - 1
C = ConsentState


@pytest.fixture
async def gymnasium(db: Database, tools: Tools, school: School) -> School:
    assert school.id
    async with db.transaction() as q:
        made = await live_school(q, tools, "gymnasium")
        await q.run(
            "update school set name = 'Гимназия № 7', short_name = 'Гимн. 7' where id = :id",
            id=made.id,
        )
        return (await schools.by_ids(q, [made.id]))[made.id]


async def child(db: Database, tools: Tools, school: School, name: str, number: str) -> Subscribed:
    """A pupil p0 whom this number follows; nothing is known of its consent."""
    async with db.transaction() as q:
        [class_id] = await classes(q, tools, school, "5А")
        pupil_id = await pupil(q, tools, school, class_id, name, "p0")
        [made] = await subscribe(q, tools, school, [(pupil_id, number)], state=None, welcomed=False)
    return made


# ---------------------------------------------------------------- what the parent gets


@pytest.fixture
async def house(db: Database, tools: Tools, clock: ManualClock) -> AsyncIterator[House]:
    made = House(db, tools, clock)
    await made.start()
    yield made
    await made.channel.stop()


async def states(house: House, *who: Subscribed) -> list[str | None]:
    async with house.db.reading() as q:
        found = await consents.states(q, [one.subscription_id for one in who])
    return [found.get((one.subscription_id, "*")) for one in who]


async def told(house: House) -> list[tuple[int, str]]:
    """School and text of what was handed over since the last time; all of it arrives."""
    new = tuple(house.channel.open.values())
    async with house.db.reading() as q:
        owners = {row["id"]: row["school_id"] for row in await q.all("select * from part")}
    await house.deliver()
    return [(owners[part.part_id], part.text) for part in new]


async def test_a_parent_of_two_schools_from_two_questions_to_one_stop(
    house: House, school: School, gymnasium: School, db: Database, tools: Tools
) -> None:
    both = (
        await child(db, tools, school, DARYA, MUM),
        await child(db, tools, gymnasium, OLEG, MUM),
    )
    here, there = school.id, gymnasium.id
    async with db.transaction() as q:
        for one in (school, gymnasium):
            await set_up(q, one, rhythms="marks=day", digest_at=18 * 60)

    # Two requests: never two open questions at once, and each ДА is for one school.
    await house.ask(school, both[0])
    await house.ask(gymnasium, both[1])
    assert await told(house) == [(here, "Школа 5: включить SMS-дневник? Ответьте ДА или НЕТ")]
    await house.said(MUM, "Да")
    assert await states(house, *both) == [C.ACTIVE, C.ASKED]
    assert await told(house) == [
        (here, "SMS-дневник включен: Дарья Б. Отключить: СТОП. Помощь: ПОМОЩЬ"),
        (there, "Гимн. 7: включить SMS-дневник? Ответьте ДА или НЕТ"),
    ]
    await house.said(MUM, "да")
    assert await states(house, *both) == [C.ACTIVE, C.ACTIVE]
    assert await told(house) == [
        (there, "SMS-дневник включен: Олег Б. Отключить: СТОП. Помощь: ПОМОЩЬ")
    ]

    # The digest: a message of each school, never one of both.
    for one, value in ((school, "5"), (gymnasium, "4")):
        await house.post(one, mark(value))
    assert await told(house) == []
    await house.wait(6 * HOUR)
    marks = [(here, "Дарья Б. 24.11 алгебра: 5"), (there, "Олег Б. 24.11 алгебра: 4")]
    assert sorted(await told(house)) == sorted(marks)

    # ОЦЕНКИ: an answer of each.
    await house.said(MUM, "оценки")
    assert sorted(await told(house)) == sorted(marks)

    # СТОП: all of it, confirmed once, in the name of neither.
    await house.said(MUM, "СТОП")
    assert await states(house, *both) == [C.STOPPED, C.STOPPED]
    assert await told(house) == [
        (0, "SMS-дневник отключен: Дарья Б., Олег Б. Включить снова: СТАРТ")
    ]
    for one in (school, gymnasium):
        await house.post(one, mark("3", work="Диктант"))
    await house.wait(24 * HOUR)
    assert await told(house) == []
    reasons = await column(db, "select reason from line where value = '3' order by id")
    assert reasons == ["stopped", "stopped"]


# ---------------------------------------------------------------- what each school sees


@pytest.fixture
async def phones(
    db: Database, tools: Tools, clock: ManualClock, school: School, gymnasium: School
) -> Phones:
    """The mother of a child in each school writes; both are told of."""
    made = Phones(db, tools, clock)
    await made.child(school, "p0", MUM, DARYA)
    await made.child(gymnasium, "p0", MUM, OLEG)
    return made


async def seen(phones: Phones, *who: School) -> list[list[str]]:
    """The texts that each of these schools reads, in the endpoint's view."""
    found = []
    for school in who:
        async with phones.db.reading() as q:
            page = await mailbox.page(q, phones.tools, school.id, state="", before=FAR, limit=50)
            for one in page.inbound:
                again = await mailbox.one(q, phones.tools, school.id, one.id)
                assert again == one
        found.append([one.text for one in page.inbound])
    return found


@pytest.mark.parametrize(
    "text",
    [
        "Когда собрание?",
        "СТОП",
        "не тот номер",
        "ОЦЕНКИ",
        "Мы были в школе, Белкины",
        "5 по химии?",
    ],
)
async def test_what_tells_of_neither_school_is_read_by_both(
    phones: Phones, school: School, gymnasium: School, text: str
) -> None:
    await phones.write(MUM, text)
    assert await seen(phones, school, gymnasium) == [[text], [text]]


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        ("Олег заболел", "there"),
        ("Дашу не ругайте, Дарье тяжело", "here"),
        ("oleg ne pridet", "there"),
        ("СТОП ОЛЕГ", "there"),
        ("оценки дарья", "here"),
        ("Когда собрание в гимназии?", "there"),
        ("это школа 5?", "here"),
        ("шк. №7 закрыта?", "there"),
        ("Олег и Дарья заболели", ""),
        ("Дарья переходит в гимназию", ""),
    ],
)
async def test_a_school_does_not_read_what_names_the_other_or_its_child(
    phones: Phones, school: School, gymnasium: School, text: str, whose: str
) -> None:
    await phones.write(MUM, text)
    here, there = await seen(phones, school, gymnasium)
    assert (here, there) == ([text] * (whose == "here"), [text] * (whose == "there"))


async def test_what_no_school_may_read_waits_for_who_runs_the_service(
    phones: Phones, school: School, gymnasium: School
) -> None:
    await phones.write(MUM, "Олег и Дарья заболели")
    async with phones.db.transaction() as q:
        tools = phones.tools
        [letter] = await waiting.waiting(q, tools, school_id=None, limit=10)
        for one in (school, gymnasium):
            assert await waiting.waiting(q, tools, school_id=one.id, limit=10) == []
            assert await waiting.find(q, tools, letter.id, school_id=one.id) is None
            assert not await waiting.done(q, tools, letter.id, school_id=one.id, by="А", now=1)
        assert await waiting.done(q, tools, letter.id, school_id=None, by="А", now=1)


async def test_the_answer_to_one_schools_question_is_not_shown_to_the_other(
    house: House, school: School, gymnasium: School, db: Database, tools: Tools
) -> None:
    await child(db, tools, school, DARYA, MUM)
    asked = await child(db, tools, gymnasium, OLEG, MUM)
    await house.ask(gymnasium, asked)
    await house.deliver()
    await house.said(MUM, "нет")
    phones = Phones(db, tools, house.clock)
    assert await seen(phones, school, gymnasium) == [[], ["нет"]]


async def test_a_route_of_its_own_tells_whom_a_parent_writes_to(
    phones: Phones, school: School, gymnasium: School
) -> None:
    async with phones.db.transaction() as q:
        await q.run("update school set route = 'south' where id = :id", id=gymnasium.id)
    await phones.write(MUM, "Кто это?")
    assert await seen(phones, school, gymnasium) == [["Кто это?"], []]
    async with phones.db.transaction() as q:
        await q.run("update inbound set route = 'south'")
    assert await seen(phones, school, gymnasium) == [[], ["Кто это?"]]


async def test_a_parent_of_one_school_is_read_by_it_whatever_is_named(
    phones: Phones, school: School, gymnasium: School
) -> None:
    await phones.child(school, "p1", DAD, "Котова Вера Ильинична")
    await phones.write(DAD, "Олег из гимназии обижает Веру")
    assert await seen(phones, school, gymnasium) == [["Олег из гимназии обижает Веру"], []]


async def test_a_page_that_is_cut_by_the_others_sms_goes_on(
    phones: Phones, school: School, gymnasium: School
) -> None:
    for text in ("Кто это?", *["Олег заболел"] * 3, "Алло"):
        await phones.hear(MUM, text)
    while await phones.loop.step():
        pass
    texts: list[list[str]] = []
    before: int | None = FAR
    async with phones.db.reading() as q:
        while before is not None:
            page = await mailbox.page(q, phones.tools, school.id, state="", before=before, limit=2)
            texts.append([one.text for one in page.inbound])
            before = page.next
    assert [text for page in texts for text in page] == ["Алло", "Кто это?"]
    assert len(await seen(phones, gymnasium)) == 1


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("", None),
        ("Белкин", None),
        ("Белкиной", None),
        ("Игоревна ведёт?", None),
        ("ОЛЕГУ плохо", {1}),
        ("школа", None),
        ("школа 5", {0}),
        ("5", None),
        ("гимназия", {1}),
        ("лицей", None),
        ("д", None),
    ],
)
def test_names_tell_of_a_school_where_they_fit_only_one(text: str, places: set[int] | None) -> None:
    parties = [Party(("Школа № 5", "Шк. 5"), (DARYA,)), Party(("Гимназия № 7", ""), (OLEG,))]
    assert whom.concerns(text, parties) == places
