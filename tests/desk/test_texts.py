"""The texts of SMS at the desk: tried, written, given back, sent to one's own phone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import expect

from sms_diary.admin.screens.templates.versions import difference
from sms_diary.render import Renderer
from sms_diary.resources import templates_dir
from sms_diary.store import schools, settings, staff, templates
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk.conftest import BY_HAND, Running, Scheme, accessible
from tests.desk.examples.templates import OWN
from tests.desk.test_announcements import plain

LIST = "/desk/school-5/templates"
MARK = f"{LIST}/mark"
NASTY = "<script>alert(1)</script>"


async def versions(desk: Running, name: str = "mark") -> list[tuple[str, str]]:
    """(source, who), newest first."""
    async with desk.door.database.reading() as q:
        found = await templates.history(q, desk.school.id, name)
    return [(one.source, one.made_by) for one in found]


async def a_member(desk: Running) -> int:
    """The number of the first parent, who works at the school."""
    number_id = desk.door.subscribed[0].number_id
    async with desk.door.database.transaction() as q:
        await schools.add_staff(q, desk.school.id, number_id)
    return number_id


async def test_every_text_is_listed_with_how_it_comes_and_whose_it_is(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    async with desk.door.database.transaction() as q:
        await templates.save(q, desk.school.id, "mark", OWN, by="desk anna", now=desk.clock.now())
    page = await admin.get(LIST)
    said = plain(page)
    assert "одна отметка Дарья Б.: математика 4 1 свой версия 1, сегодня в 12:00" in said
    assert page.body.count(b'data-label="') >= len(Renderer.from_folder(templates_dir()).names) * 2


async def test_the_list_says_in_which_letters_how_many_sms_and_what_is_not_told(
    desk: Running,
) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    said = plain(await admin.get(LIST))
    assert "Школа пишет русскими буквами" in said
    assert "не сообщается" not in said
    assert re.search(r"отметки за день .*? 1–[2-9] ", said), "usual and longest"
    async with desk.door.database.transaction() as q:
        await seeding.set_up(q, desk.school, latin=1, rhythms="homework=off")
    said = plain(await admin.get(LIST))
    assert "Школа пишет латиницей" in said
    assert said.count("не сообщается") == 1
    assert "домашнее задание не сообщается" in said


async def test_a_text_is_saved_under_the_name_of_who_wrote_it(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    answer = await admin.post(MARK, source=OWN, do="save", version="0")
    assert (answer.status, answer.headers["Location"]) == (303, MARK)
    assert await versions(desk) == [(OWN, "desk school-admin-school-5")]
    assert "Сохранено" in plain(await admin.get(MARK))
    await admin.post(MARK, source=OWN, do="save", version="1")
    assert len(await versions(desk)) == 1, "the same text is no new version"
    log = plain(await admin.get("/desk/school-5/audit"))
    assert "одна отметка, версия 1" in log


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("{{ имя }}", "Строка 1, столбец 1: значение {{ предмет }} должно быть"),
        ("{{ имя }} {{ предмет }}\n {{ отметка }", "Строка 2"),
        ("{{ 'a'*10**9 }}", "вычисления не разрешены"),
        (OWN + " www.school.example", "адреса сайтов в SMS не пишем"),
        ("", "Напишите текст"),
        ("я" * 1001, "шаблон длиннее 1000 знаков"),
    ],
)
async def test_a_faulty_text_is_not_kept_and_its_fault_is_shown(
    desk: Running, source: str, wrong: str
) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    answer = await admin.post(MARK, source=source, do="save", version="0")
    assert answer.status == 422
    assert plain(answer).count(wrong) == 2, "above the form and beside the field"
    assert await versions(desk) == []
    if source:
        preview = await admin.post(f"{MARK}/preview", source=source)
        assert wrong in plain(preview)


async def test_whoever_saves_over_anothers_change_is_shown_it_first(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    await admin.post(MARK, source=OWN, do="save", version="0")
    late = await admin.post(MARK, source=OWN + "!", do="save", version="0")
    assert late.status == 422
    assert "этот текст изменили" in plain(late)
    assert b'name="version" value="1"' in late.body
    assert (await admin.post(MARK, source=OWN + "!", do="save", version="1")).status == 303


async def test_a_text_is_given_back_after_its_difference_was_shown(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    for version, source in enumerate((OWN, OWN + "!")):
        await admin.post(MARK, source=source, do="save", version=str(version))
    question = await admin.get(f"{MARK}/reset?version=1")
    assert b"<del>!</del>" in question.body
    assert (await admin.post(f"{MARK}/reset", version="1")).status == 303
    assert (await versions(desk))[0][0] == OWN
    await admin.post(f"{MARK}/reset", version="0")
    assert (await versions(desk))[0][0] == ""
    assert "стандартный текст" in plain(await admin.get(MARK))
    await admin.post(f"{MARK}/reset", version="0")
    assert len(await versions(desk)) == 4, "it was standard already"
    assert (await admin.get(f"{MARK}/reset?version=9")).status == 404
    assert (await admin.post(f"{MARK}/reset", version="x")).status == 404


async def test_the_standard_text_typed_by_hand_is_the_standard_text(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    await admin.post(MARK, source=OWN, do="save", version="0")
    standard = Renderer.from_folder(templates_dir()).source("mark")
    await admin.post(MARK, source=standard, do="save", version="1")
    assert (await versions(desk))[0][0] == ""


async def test_a_preview_shows_usual_and_longest_values_at_each_level(desk: Running) -> None:
    observer = await desk.as_(Role.OBSERVER)
    said = plain(await observer.post(f"{MARK}/preview", source=OWN))
    assert "Дарья Б.: математика 4" in said
    assert "Самые длинные имена и предметы школы" in said
    assert "Дарья Б.: обзр незач" in said, "the longest name that the school has"
    for level in ("полный", "средний", "краткий", "минимальный", "сжатый", "без украшений"):
        assert level in said
    assert await versions(desk) == []
    assert "Тексты меняет администратор школы" in plain(await observer.get(MARK))


async def test_the_longest_values_are_the_schools_own(desk: Running) -> None:
    tools = desk.door.service.base.tools
    async with desk.door.database.transaction() as q:
        [class_id, _] = await seeding.classes(q, tools, desk.school, "5А", "11АБВГ")
        who = await seeding.pupil(q, tools, desk.school, class_id, "Щукина Александрина Петровна")
        await seeding.entry(q, desk.school, 1)
        await q.run(
            "update entry set kind = 'mark', who = :who, subject = 'Ритмика и танец'", who=who
        )
    observer = await desk.as_(Role.OBSERVER)
    said = plain(await observer.post(f"{MARK}/preview", source=OWN))
    assert "Александрина Щ.: ритмика и танец незач" in said
    assert "ОБЗР" not in said


async def test_signs_that_make_an_sms_dear_are_marked_where_they_stand(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    cyrillic = await admin.post(f"{LIST}/help/preview", source="Помощь № 1 ✓")
    assert b"<mark>" not in cyrillic.body, "it is dear in any case"
    latin = await admin.post(f"{LIST}/unsubscribed/preview", source="Net podpiski ✓ №")
    assert "<mark>✓</mark> <mark>№</mark>" in latin.body.decode()
    assert "Дороже из-за отмеченных знаков: ✓ №" in plain(latin)


async def test_cheaper_latin_letters_lead_to_where_they_are_chosen(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    long = OWN + " за работу на уроке, домашнее задание и участие в олимпиаде"
    page = (await admin.post(f"{MARK}/preview", source=long)).body.decode()
    assert "Латиницей дешевле" in page
    assert 'href="/desk/school-5/settings">в настройках школы' in page
    observer = await desk.as_(Role.OBSERVER)
    assert (
        'settings">в настройках'
        not in (await observer.post(f"{MARK}/preview", source=long)).body.decode()
    )


async def test_a_test_goes_to_a_member_of_staff_and_nobody_else(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    member = await a_member(desk)
    parent = desk.door.subscribed[1].number_id
    refused = await admin.post(MARK, source=OWN, do="try", to=str(parent))
    assert (refused.status, "Выберите номер сотрудника" in plain(refused)) == (422, True)
    sent = await admin.post(MARK, source=OWN, do="try", to=str(member))
    assert (sent.status, "Проверочное SMS отправляется" in plain(sent)) == (200, True)
    async with desk.door.database.reading() as q:
        [row] = await q.all("select id, text, ground, number_id from message")
    tools = desk.door.service.base.tools
    assert (row["ground"], row["number_id"]) == ("staff", member)
    text = tools.vault.text(row["text"], "message.text", row["id"])
    assert text == "Дарья Б.: математика 4"
    assert await versions(desk) == []


async def test_staff_of_another_school_is_no_staff_here(desk: Running) -> None:
    member = await a_member(desk)
    [other] = await seeding.column(
        desk.door.database, "select id from school where id <> :own", own=desk.school.id
    )
    way, now = desk.works_with.ways.of("main"), desk.clock.now()
    tools = desk.door.service.base.tools
    async with desk.door.database.transaction() as q:
        assert await staff.of_school(q, tools, other) == []
        sent = await staff.send(
            q, tools, other, member, "Проверка", way=way, route="main", now=now
        )  # fmt: skip
        assert not sent
        [own] = await staff.of_school(q, tools, desk.school.id)
    assert own.number == "+7900***0000"


async def test_own_words_are_checked_and_kept(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    wrong = await admin.post(f"{LIST}/subjects", source="химия | х", do="save", version="0")
    assert "нужно 4 столбца" in plain(wrong)
    rows = "робототехника | робототехн. | робот. | роб = роботы"
    assert (await admin.post(f"{LIST}/subjects", source=rows, do="save", version="0")).status == 303
    assert (await versions(desk, "subjects"))[0][0] == rows
    assert (await admin.post(f"{LIST}/subjects", source="", do="save", version="1")).status == 303
    assert (await admin.get(f"{LIST}/nothing")).status == 404


async def test_a_hostile_text_is_only_a_text(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    own = OWN + NASTY
    async with desk.door.database.transaction() as q:
        await settings.change(q, desk.school.id, {"short_name": NASTY}, now=1)
        await templates.save(q, desk.school.id, "mark", own, by=NASTY, now=1)
    pages = [await admin.get(path) for path in (LIST, MARK, f"{MARK}/reset?version=0")]
    pages.append(await admin.post(f"{MARK}/preview", source=own))
    for page in pages:
        assert page.status == 200
        assert NASTY.encode() not in page.body
        assert b"alert(1)" in page.body


@given(st.text(max_size=60), st.text(max_size=60))
def test_a_difference_tells_both_texts(before: str, now: str) -> None:
    pieces = list(difference(before, now, by_lines=False))
    assert "".join(one.text for one in pieces if one.how != "ins") == before
    assert "".join(one.text for one in pieces if one.how != "del") == now


def test_of_a_long_table_only_the_changed_lines_are_shown() -> None:
    before = "\n".join(f"предмет {n} | а | б | в" for n in range(2000))
    now = before.replace("предмет 7 |", "предмет семь |")
    pieces: list[Any] = list(difference(before, now, by_lines=True))
    assert [(one.how, one.text.split(" |")[0]) for one in pieces] == [
        ("del", "предмет 7"), ("ins", "предмет семь"),
    ]  # fmt: skip


# ---------------------------------------------------------------- in a browser


@pytest.mark.browser
@BY_HAND
async def test_a_text_is_written_with_its_preview_and_given_back(
    walker: Running, width: int, scheme: Scheme, javascript: bool
) -> None:
    admin = await walker.as_(Role.SCHOOL_ADMIN)
    async with walker.at(width, scheme, javascript=javascript, someone=admin) as page:
        await page.goto(LIST)
        if javascript:
            await accessible(page)
        await expect(page.get_by_text("Школа пишет русскими буквами")).to_be_visible()
        await page.get_by_role("link", name="одна отметка").click()
        await expect(page.locator("#preview")).to_contain_text("Дарья Б. 24.11")
        await expect(page.locator("#preview")).to_contain_text("Самые длинные имена и предметы")
        await expect(page.get_by_text("добавьте номер сотрудника")).to_be_visible()
        if javascript:
            await page.get_by_label("Текст", exact=True).fill("Оценка: ")
            await expect(page.locator("#preview")).to_contain_text("должно быть в тексте")
            await page.get_by_role("button", name="имя", exact=True).click()
            await expect(page.get_by_label("Текст", exact=True)).to_have_value("Оценка: {{ имя }}")
            await accessible(page)
        await page.get_by_label("Текст", exact=True).fill("{{ имя }} {{ предмет }}")
        await page.get_by_role("button", name="Сохранить").click()
        await expect(page.get_by_role("alert")).to_contain_text("{{ отметка }}")
        await page.get_by_label("Текст", exact=True).fill(OWN)
        await page.get_by_role("button", name="Сохранить").click()
        await expect(page.get_by_text("Сохранено.")).to_be_visible()
        await expect(page.locator("#preview")).to_contain_text("Дарья Б.: математика 4")
        if javascript:
            await accessible(page)
        await page.get_by_role("link", name="Вернуть стандартный").click()
        if javascript:
            await accessible(page)
        await page.get_by_role("button", name="Вернуть этот текст").click()
        await expect(page.get_by_text("Текст возвращён.")).to_be_visible()
