"""What is held for a person at the desk: seen by class and kind, told after all, or never."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
from playwright.async_api import expect

from sms_diary.model import LineState
from sms_diary.store import held
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk.conftest import BY_HAND, Running, Scheme, accessible
from tests.desk.test_announcements import plain
from tests.journal_peer import eventually

PAGE = "/desk/school-5/held"
DAY = "2026-11-24"


async def flood(desk: Running) -> int:
    """Twenty marks, as many as are no flood anywhere, then ten more and five absences of 5А, which
    are; the class."""
    school, acceptor = desk.school, desk.door.service.acceptor
    async with desk.door.database.transaction() as q:
        usual = [(school.id, f"2026-11-{n}", 2) for n in (18, 19, 20)]
        await q.insert("told_day", "school_id, day, lines", usual)
        await seeding.classes(q, desk.door.service.base.tools, school, "9В")
        [row] = await q.all(
            "select id from class where school_id = :id and name = '5А'", id=school.id
        )
    usually = [seeding.mark("5", pupil={"id": "p2"}, subject=f"Предмет {n}") for n in range(20)]
    too_much = [seeding.mark("5", subject=f"Предмет {n}") for n in range(10)]
    too_much += [
        {"kind": "absence.set", "pupil": {"id": "p1"}, "date": DAY, "lesson": n, "code": "Н"}
        for n in range(5)
    ]
    for name, said, lines in (("usual", usually, 0), ("flood", too_much, 15)):
        await acceptor.accept_many([seeding.events(school, name, *said)])
        await eventually(partial(_fanned, desk, lines))
    assert set(await states(desk)) == {"held flood"}
    return int(row["id"])


async def _fanned(desk: Running, lines: int) -> bool:
    waiting = await seeding.column(desk.door.database, "select id from entry where fan = 0")
    return not waiting and len(await states(desk)) == lines


async def states(desk: Running) -> list[str]:
    """Of the lines that are too much."""
    return await seeding.column(
        desk.door.database,
        "select state || ' ' || reason as said from line where guardian_id <> :usual",
        usual=desk.door.subscribed[2].guardian_id,
    )


async def test_it_is_seen_by_class_and_kind_with_its_days(desk: Running) -> None:
    await flood(desk)
    said = plain(await (await desk.as_(Role.OBSERVER)).get(PAGE))
    assert "пропуски 5А 24 ноября 5 1" in said
    assert "отметки 5А 24 ноября 10 1" in said
    assert "Рассказать отмеченное" not in said


async def test_nothing_is_done_before_it_was_asked_once_more(desk: Running) -> None:
    class_id = await flood(desk)
    operator = await desk.as_(Role.OPERATOR)
    before = await states(desk)
    question = await operator.post(PAGE, piles=[f"mark:{class_id}"], do="tell")
    assert question.status == 200
    said = plain(question)
    assert "Рассказать родителям? 10 новостей, 1 родитель, 2 SMS" in said
    assert "пропуски" not in said
    assert await states(desk) == before


async def test_what_was_chosen_is_told_and_the_rest_waits_on(desk: Running) -> None:
    class_id = await flood(desk)
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(PAGE, piles=[f"mark:{class_id}"], do="tell", sure="1")
    assert answer.status == 303
    assert "Будет рассказано: 10 новостей" in plain(await operator.get(PAGE))
    counts = Counter(await states(desk))
    assert counts.pop("held flood") == 5
    assert sum(counts.values()) == 10
    assert {said.split()[0] for said in counts} <= {LineState.PLANNED, LineState.TAKEN}


async def test_what_is_not_to_be_told_falls_silent_with_its_reason(desk: Running) -> None:
    class_id = await flood(desk)
    operator = await desk.as_(Role.OPERATOR)
    question = plain(await operator.post(PAGE, piles=[f"absence:{class_id}"], do="drop"))
    assert "вернуть это решение нельзя" in question
    assert "SMS, ≈" not in question
    await operator.post(PAGE, piles=[f"absence:{class_id}"], do="drop", sure="1")
    assert Counter(await states(desk)) == {"held flood": 10, "silent not-released": 5}
    log = plain(await (await desk.as_(Role.SCHOOL_ADMIN)).get("/desk/school-5/audit"))
    assert "не рассказывать: 5 новостей" in log


@pytest.mark.parametrize("piles", [[], ["mark"], ["mark:x"], ["<b>:1"], ["mark:" + "9" * 30]])
async def test_without_a_choice_nothing_is_decided(desk: Running, piles: list[str]) -> None:
    await flood(desk)
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(PAGE, piles=piles, do="drop", sure="1")
    assert (answer.status, "Отметьте, о чём решаете" in plain(answer)) == (422, True)
    assert set(await states(desk)) == {"held flood"}


async def test_another_school_s_piles_are_not_decided_here(desk: Running) -> None:
    class_id = await flood(desk)
    stranger = await desk.as_(Role.DISTRICT_ADMIN)
    other = "/desk/school-7/held"
    await stranger.post(other, piles=[f"mark:{class_id}"], do="drop", sure="1")
    assert set(await states(desk)) == {"held flood"}
    assert "Ничего не задержано" in plain(await stranger.get(other))


async def test_an_estimate_is_scaled_up_from_some(desk: Running) -> None:
    class_id = await flood(desk)
    only = {("mark", class_id), ("absence", class_id)}
    async with desk.door.database.reading() as q:
        some = await held.sample(q, desk.school.id, only, day=DAY, most=1)
    assert (some.lines, some.guardians, len(some.rows)) == (15, 2, 1)


@pytest.mark.browser
@BY_HAND
async def test_it_is_decided_by_hand(
    walker: Running, width: int, scheme: Scheme, javascript: bool
) -> None:
    operator = await walker.as_(Role.OPERATOR)
    async with walker.at(width, scheme, javascript=javascript, someone=operator) as page:
        await page.goto(PAGE)
        await expect(page.get_by_text("Ничего не задержано")).to_be_visible()
        await flood(walker)
        await page.goto(PAGE)
        if javascript:
            await accessible(page)
        await page.get_by_label("пропуски, 5А").uncheck()
        await page.get_by_role("button", name="Рассказать отмеченное").click()
        await expect(page.get_by_text("10 новостей, 1 родитель")).to_be_visible()
        if javascript:
            await accessible(page)
        await page.get_by_role("button", name="Рассказать родителям").click()
        await expect(page.get_by_text("Будет рассказано")).to_be_visible()
        await page.get_by_role("button", name="Не рассказывать").click()
        await page.get_by_role("button", name="Не рассказывать").click()
        await expect(page.get_by_text("Ничего не задержано")).to_be_visible()
