"""An announcement from the desk: written, confirmed, sent once, watched, stopped."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from playwright.async_api import expect

from sms_diary.admin.screens.announcements import ready, writing
from sms_diary.clock import HOUR
from sms_diary.model import ConsentState
from sms_diary.store import announcements, schools, settings
from sms_diary.store.desk import announcements as shown
from sms_diary.store.desk import sessions
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk.conftest import BY_HAND, Running, Scheme, Someone, accessible
from tests.desk.examples.announcements import FORM, posted
from tests.journal_peer import Answer, eventually

NEW = "/desk/school-5/announcements/new"
LIST = "/desk/school-5/announcements"
NASTY = "<script>alert(1)</script>"


def plain(answer: Answer) -> str:
    """What a person reads of a page."""
    text = re.sub(r"<[^>]*>", " ", answer.body.decode())
    return re.sub(r"\s+", " ", unescape(text))


async def confirmed(
    someone: Someone, typed: str | None = None, /, **form: Any
) -> tuple[Answer, dict[str, Any]]:
    """The confirmation that a form leads to, and the form that it sends on."""
    form = FORM | form
    page = await someone.post(NEW, **form, do="check")
    assert page.status == 200, plain(page)
    hidden = dict(re.findall(r'name="(once|people)" value="(\d*)"', page.body.decode()))
    typed = hidden["people"] if typed is None else typed
    return page, form | hidden | {"do": "send", "typed": typed}


async def lines(desk: Running) -> list[str]:
    async with desk.door.database.reading() as q:
        rows = await q.all("select state from line where topic = 'announcements'")
    return sorted(row["state"] for row in rows)


async def entries(desk: Running) -> list[Any]:
    return await seeding.column(
        desk.door.database, "select id from entry where kind = 'announcement' order by id"
    )


async def test_it_is_sent_to_all_after_the_count_was_typed(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    page, form = await confirmed(operator)
    assert "3 родителя, 3 SMS" in plain(page)
    answer = await operator.post(NEW, **form)
    [entry_id] = await entries(desk)
    assert (answer.status, answer.headers["Location"]) == (303, f"{LIST}/{entry_id}")

    async def told() -> bool:
        return len(await lines(desk)) == 3

    await eventually(told)
    said = plain(await operator.get(f"{LIST}/{entry_id}"))
    assert "Собрание в четверг" in said
    assert "вся школа" in said
    log = plain(await (await desk.as_(Role.SCHOOL_ADMIN)).get("/desk/school-5/audit"))
    assert "3 родителя, вся школа" in log
    assert "Собрание" not in log
    assert await seeding.column(desk.door.database, "select source from delivery") == ["desk"]


@pytest.mark.parametrize("typed", ["", "2", "33", "три"])
async def test_without_the_right_count_nothing_is_sent_to_the_whole_school(
    desk: Running, typed: str
) -> None:
    operator = await desk.as_(Role.OPERATOR)
    _, form = await confirmed(operator, typed)
    answer = await operator.post(NEW, **form)
    assert answer.status == 422
    assert "Введите число родителей с этой страницы" in plain(answer)
    assert await entries(desk) == []


async def test_many_parents_are_counted_whoever_they_are(
    desk: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = await desk.as_(Role.OPERATOR)
    ids = [str(one.pupil_id) for one in desk.door.subscribed]
    few, form = await confirmed(operator, "", whom="pupils", pupils=ids)
    assert "Сколько родителей" not in plain(few)
    monkeypatch.setattr(writing, "_MANY", 2)
    many, form = await confirmed(operator, "", whom="pupils", pupils=ids)
    assert "Это уйдёт многим. Сколько родителей его получит?" in plain(many)
    assert (await operator.post(NEW, **form)).status == 422
    assert (await operator.post(NEW, **(form | {"typed": "3"}))).status == 303


async def test_a_text_is_begun_with_a_ready_one_and_not_sent_with_its_gaps(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    fresh_page = await operator.get(NEW)
    assert "Начать с готового текста" in plain(fresh_page)
    for name, (title, text) in ready.SAMPLES.items():
        assert f"{NEW}?sample={name}".encode() in fresh_page.body
        assert title in plain(fresh_page)
        begun = await operator.get(f"{NEW}?sample={name}")
        assert begun.body.decode().count(text) == 2, "in the field, and as it would come"
        refused = await operator.post(NEW, **(FORM | {"text": text, "do": "check"}))
        assert (refused.status, "вместо «___»" in plain(refused)) == (422, True)
    assert (await operator.get(f"{NEW}?sample=x&like=x")).status == 200


async def test_an_earlier_text_is_written_anew_by_whoever_may_see_it(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    entry_id = await posted(desk, "Сбор в 9:00", silent=True)
    card = await operator.get(f"{LIST}/{entry_id}")
    assert f"{NEW}?like={entry_id}".encode() in card.body
    observer = await desk.as_(Role.OBSERVER)
    assert b"?like=" not in (await observer.get(f"{LIST}/{entry_id}")).body
    assert "«Сбор в 9:00 (0)»" in plain(await operator.get(NEW))
    begun = (await operator.get(f"{NEW}?like={entry_id}")).body.decode()
    assert ">\nСбор в 9:00 (0)</textarea>" in begun
    admin = await desk.as_(Role.DISTRICT_ADMIN)
    foreign = await admin.get(f"/desk/school-7/announcements/new?like={entry_id}")
    assert (foreign.status, "Сбор" in plain(foreign)) == (404, False)


async def test_pressed_twice_it_is_sent_once(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    _, form = await confirmed(operator)
    first, second = await operator.post(NEW, **form), await operator.post(NEW, **form)
    assert (first.status, second.status) == (303, 303)
    assert "второй раз не уйдёт" in plain(await operator.get(LIST))
    assert len(await entries(desk)) == 1


async def test_the_same_words_to_the_same_people_are_refused_on_one_day(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    await operator.post(NEW, **(await confirmed(operator))[1])
    again = await operator.post(NEW, **(await confirmed(operator))[1])
    assert (again.status, "уже принято" in plain(again)) == (409, True)
    desk.clock.advance(24 * HOUR)
    operator = await fresh(desk, operator)
    assert (await operator.post(NEW, **(await confirmed(operator))[1])).status == 303
    assert len(await entries(desk)) == 2


async def fresh(desk: Running, someone: Someone) -> Someone:
    """Signed in anew: sessions end while a clock is moved on."""
    async with desk.door.database.transaction() as q:
        secret = await sessions.begin(
            q, desk.door.service.base.tools, someone.user_id, agent="", now=desk.clock.now()
        )
    return replace(someone, secret=secret)


async def test_whoever_reads_while_a_parent_stops_is_asked_again(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    _, form = await confirmed(operator)
    async with desk.door.database.transaction() as q:
        await seeding.set_consent(
            q, desk.door.service.base.tools, desk.school.id, desk.door.subscribed[:1],
            ConsentState.STOPPED,
        )  # fmt: skip
    answer = await operator.post(NEW, **form)
    assert answer.status == 422
    said = plain(answer)
    assert "число родителей изменилось" in said
    assert "2 родителя" in said
    assert "1 родитель отключил SMS словом СТОП" in said
    assert await entries(desk) == []


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"text": " "}, "Напишите текст объявления"),
        ({"text": "я" * 2001}, "Не длиннее 2000 знаков"),
        ({"whom": "classes"}, "Отметьте хотя бы один класс"),
        ({"whom": "parallels"}, "Отметьте хотя бы одну параллель"),
        ({"whom": "pupils"}, "Выберите класс"),
        ({"whom": "everybody"}, "Выберите из предложенного"),
        ({"when": "later"}, "Укажите день и время"),
        ({"when": "later", "day": "2026-11-24", "at": "11:59"}, "Это время уже прошло"),
        ({"when": "later", "day": "в среду", "at": "9:00"}, "Нужна дата"),
        ({"when": "later", "day": "2026-11-25", "at": "девять"}, "Нужно время вида 9:00"),
    ],
)
async def test_what_cannot_be_sent_is_said_beside_the_field(
    desk: Running, form: dict[str, Any], wrong: str
) -> None:
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(NEW, **(FORM | form | {"do": "check"}))
    assert answer.status == 422
    assert wrong in plain(answer)


async def test_it_waits_for_its_moment_in_the_school_s_own_zone(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    page, form = await confirmed(operator, when="later", day="2026-11-25", at="09:30")
    assert "начнёт уходить завтра в 09:30" in plain(page)
    await operator.post(NEW, **form)
    [moment] = await seeding.column(desk.door.database, "select not_before from entry")
    assert moment == desk.clock.now() + 21 * HOUR + HOUR // 2
    assert "начнётся завтра в 09:30" in plain(await operator.get(LIST))


async def test_it_is_for_a_class_a_parallel_or_one_child(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    [class_id] = await seeding.column(
        desk.door.database, "select id from class where school_id = :s", s=desk.school.id
    )
    child = desk.door.subscribed[0].pupil_id
    forms: list[tuple[dict[str, Any], str, int]] = [
        ({"whom": "classes", "classes": [str(class_id)]}, "5А:", 3),
        ({"whom": "parallels", "parallels": ["5"]}, "5А:", 3),
        ({"whom": "pupils", "pupils": [str(child)]}, "Дарья Б.:", 1),
    ]
    for form, words, people in forms:
        page, sent = await confirmed(operator, text=f"Сбор: {form['whom']}", **form)
        assert words in plain(page)
        assert sent["people"] == str(people)
        assert (await operator.post(NEW, **sent)).status == 303

    async def told() -> bool:
        return len(await lines(desk)) == 7

    await eventually(told)


async def test_classes_and_children_of_another_school_are_nobody(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    tools = desk.door.service.base.tools
    async with desk.door.database.transaction() as q:
        [row] = await q.all("select id from school where id <> :own", own=desk.school.id)
        [klass] = await q.all("select id from class where school_id = :id", id=row["id"])
        [other] = [s for s in await schools.every(q) if s.id == row["id"]]
        stranger = await seeding.pupil(q, tools, other, klass["id"], "Чужой Иван Петрович")
        await seeding.subscribe(q, tools, other, [(stranger, seeding.phone(77))])
    forms: list[dict[str, Any]] = [
        {"whom": "classes", "classes": [str(klass["id"])]},
        {"whom": "pupils", "pupils": [str(stranger)], "roster": str(klass["id"])},
    ]
    for form in forms:
        page, _ = await confirmed(operator, **form)
        assert "Сейчас не получит никто" in plain(page)
        assert "Чужой" not in plain(page)


async def test_stopped_it_goes_to_nobody_else(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    entry_id = await posted(desk, not_before="2026-11-25T10:00:00+04:00")

    async def planned() -> bool:
        return await lines(desk) == ["planned"] * 3

    await eventually(planned)
    answer = await operator.post(f"{LIST}/{entry_id}")
    assert answer.status == 303
    said = plain(await operator.get(f"{LIST}/{entry_id}"))
    assert "Ещё не ушло и уже не уйдёт: 3 родителя" in said
    assert "3 рассылку объявления остановили" in said
    assert await lines(desk) == ["silent"] * 3
    assert "остановлено" in plain(await operator.get(LIST))
    assert (await operator.post(f"{LIST}/{entry_id + 1}")).status == 404


async def test_a_hostile_text_is_only_a_text(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    async with desk.door.database.transaction() as q:
        await settings.change(q, desk.school.id, {"short_name": NASTY}, now=1)
    pages = [(await confirmed(operator, text=NASTY))[0]]
    pages.append(await operator.post(f"{LIST}/preview", **(FORM | {"text": NASTY})))
    await operator.post(NEW, **(await confirmed(operator, text=NASTY))[1])
    [entry_id] = await entries(desk)
    pages += [await operator.get(LIST), await operator.get(f"{LIST}/{entry_id}")]
    pages += [await operator.get(NEW), await operator.get(f"{NEW}?like={entry_id}")]
    for page in pages:
        assert NASTY.encode() not in page.body
        assert b"alert(1)" in page.body


async def test_the_list_goes_on_by_its_key(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    tools = desk.door.service.base.tools
    for _ in range(21):
        await posted(desk, silent=True)
    first = await operator.get(LIST)
    more = re.search(r'href="([^"]*before=\d+)"', first.body.decode())
    assert more
    second = await operator.get(unescape(more[1]))
    assert first.body.count(b'data-label="') == 20 * 5
    assert second.body.count(b'data-label="') == 5
    async with desk.door.database.reading() as q:
        assert len(await shown.page(q, tools, desk.school.id, before=2**63 - 1, limit=50)) == 21


async def test_the_estimate_is_of_those_who_may_be_told(desk: Running) -> None:
    async with desk.door.database.reading() as q:
        ids = [one.pupil_id for one in desk.door.subscribed[:2]]
        found = await announcements.reach(q, desk.school, [], day="2026-11-24", pupil_ids=ids)
    assert (found.told, found.duplicates, found.silent) == (2, 0, {})


# ---------------------------------------------------------------- in a browser


@pytest.mark.browser
@BY_HAND
async def test_it_is_written_confirmed_and_stopped_by_hand(
    walker: Running, width: int, scheme: Scheme, javascript: bool
) -> None:
    operator = await walker.as_(Role.OPERATOR)
    async with walker.at(width, scheme, javascript=javascript, someone=operator) as page:
        page.on("dialog", lambda dialog: dialog.accept())
        await page.goto(LIST)
        await expect(page.get_by_text("Объявлений ещё не было")).to_be_visible()
        await page.locator("#content").get_by_role("link", name="Новое объявление").first.click()
        await page.get_by_text("Начать с готового текста").click()
        await page.get_by_role("link", name="Короткий день").click()
        await expect(page.get_by_label("Текст", exact=True)).to_have_value("___ уроки до ___: ___")
        await page.get_by_label("Текст", exact=True).fill("Завтра приходим к 9:00")
        if javascript:
            preview = page.locator("#preview")
            await expect(preview).to_contain_text("3 родителя, 3 SMS")
            await expect(preview).to_contain_text("Кириллица · 32 знака · 1 SMS")
            await accessible(page)
        await page.get_by_role("radio", name="отдельные ученики").check()
        await page.get_by_label("Класс", exact=True).select_option("5А")
        await page.get_by_role("button", name="Показать учеников").click()
        await page.get_by_label("Белкина Дарья 0, 5А").check()
        await page.get_by_role("radio", name="в день и час").check()
        await page.get_by_label("День", exact=True).fill("2026-11-25")
        await page.get_by_label("Время школы").fill("09:00")
        await page.get_by_role("button", name="Дальше: проверить").click()
        await expect(page.locator("#content")).to_contain_text("1 родитель, 1 SMS")
        await expect(page.get_by_text("Дарья Б.: Завтра приходим к 9:00")).to_be_visible()
        if javascript:
            await accessible(page)
        await page.get_by_role("button", name="Вернуться и исправить").click()
        await expect(page.get_by_label("Белкина Дарья 0, 5А")).to_be_checked()
        await page.get_by_role("button", name="Дальше: проверить").click()
        await page.get_by_role("button", name="Отправить объявление").click()
        await expect(page.get_by_text("Объявление принято")).to_be_visible()
        if javascript:
            await accessible(page)
        await page.get_by_role("button", name="Остановить рассылку").click()
        await expect(page.get_by_text("Остановлено.")).to_be_visible()
        await page.goto(LIST)
        await expect(page.locator("table")).to_contain_text("Завтра приходим к 9:00")
        if javascript:
            await accessible(page)
