"""Импорт: three steps, nothing written before «Применить», an undo while nobody was told."""

from __future__ import annotations

import asyncio
import io
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.async_api import expect

from sms_diary.admin.background import Background
from sms_diary.admin.screens.imports.files import UPLOAD
from sms_diary.admin.screens.imports.samples import SAMPLES
from sms_diary.clock import MINUTE
from sms_diary.store import imports
from sms_diary.store.desk.users import Role
from tests.desk import intake
from tests.desk.conftest import BY_HAND, Running, Scheme, Someone, accessible
from tests.journal_peer import Answer, rows_of

BASE = "/desk/school-5/import"
_PLAN = {"import", "import_chunk", "desk_audit"}
"""What a plan may write."""


async def _kept(desk: Running) -> dict[str, int]:
    """Rows of all that is no plan and no sign of who looked."""
    rows = await rows_of(desk.door.database)
    return {name: count for name, count in rows.items() if name not in _PLAN}


async def test_three_steps_write_nothing_before_the_last(desk: Running) -> None:
    admin = await desk.as_(Role.OPERATOR)
    before = await _kept(desk)
    import_id = await intake.planned(desk, admin)
    columns = (await admin.get(f"{BASE}/{import_id}/columns")).body.decode()
    assert "список класса с телефонами" in columns
    assert "кодировка UTF-8, разделитель точка с запятой" in columns
    assert "***01" in columns
    assert "10-01" not in columns, "a sample number is masked"
    paper = {"form": "форма SMS-1, папка 5А", "by": "Петрова А. И."}
    said = await _say(admin, import_id, **paper, **_as_they_are(columns))
    assert said.status == 303
    import_id = int(said.headers["Location"].split("/")[-1])
    page = (await admin.get(f"{BASE}/{import_id}")).body.decode()
    assert _tally(page) == {"добавится": 1, "с ошибкой": 1, "изменится": 0, "без изменений": 0,
                            "в карантин": 0, "всего строк": 2}  # fmt: skip
    assert "строка 3, столбец D</span><br>Белкина Дарья Игоревна, 5А" in page
    assert "Применить только верные" in page
    assert "с ошибкой не запишется, остальное запишется" in page
    assert await _kept(desk) == before
    assert 'class="note">добавится 1, с ошибкой 1<' in (await admin.get(BASE)).body.decode()
    refused = await admin.post(f"{BASE}/{import_id}", do="apply")
    assert (refused.status, "Исправьте их в файле" in refused.body.decode()) == (409, True)
    assert (await admin.post(f"{BASE}/{import_id}", do="good")).status == 303
    after = await _kept(desk)
    # The second pupil comes too: only the contact without a number is refused.
    assert after["pupil"] == before["pupil"] + 2
    assert after["ledger"] == before["ledger"] + 1
    history = (await admin.get(BASE)).body.decode()
    assert "применено" in history
    assert 'class="note">добавлено 1, с ошибкой 1<' in history
    assert "Анна Петровна</td>" in history, "a name, not a login"
    async with desk.door.database.reading() as q:
        [row] = await q.all("select actor from ledger order by seq desc limit 1")
    assert row["actor"] == "desk operator-school-5"


async def test_an_import_is_undone_while_nobody_was_told(desk: Running) -> None:
    admin = await desk.as_(Role.OPERATOR)
    before = await _kept(desk)
    import_id = await intake.planned(desk, admin, intake.LIST.replace(";да;".encode(), b";;"))
    assert (await admin.post(f"{BASE}/{import_id}", do="good")).status == 303
    assert (await _kept(desk))["subscription"] == before["subscription"] + 1
    assert (await admin.post(f"{BASE}/{import_id}", do="undo")).status == 303
    page = (await admin.get(f"{BASE}/{import_id}")).body.decode()
    assert "Контактов убрано: 1. Учеников убрано: 2" in page
    assert 'value="undo"' not in page
    assert (await _kept(desk))["pupil"] == before["pupil"]


async def test_a_column_is_read_as_a_person_says_and_so_is_the_next_file(desk: Running) -> None:
    admin = await desk.as_(Role.OPERATOR)
    strange = "Класс;Кого учим;Куда слать\n5А;Авдеев Тимур Олегович;+7 900 000-10-01\n".encode()
    import_id = await intake.planned(desk, admin, strange)
    columns = (await admin.get(f"{BASE}/{import_id}/columns")).body.decode()
    assert "Не хватает столбцов" in columns
    assert "не загружается" in columns
    fields = {"map-0-0": "Класс", "map-0-1": "Ученик (ФИО)", "map-0-2": "Телефон"}
    said = await _say(admin, import_id, **fields)
    assert said.status == 303
    page = (await admin.get(said.headers["Location"])).body.decode()
    assert _tally(page)["добавится"] == 1
    assert (await admin.get(f"{BASE}/{import_id}")).status == 404, "the plan before it is gone"
    assert (await admin.post(said.headers["Location"], do="apply")).status == 303
    again = await intake.planned(desk, admin, strange)
    columns = (await admin.get(f"{BASE}/{again}/columns")).body.decode()
    assert "Кого учим" in columns, "headings are the file's own"
    assert 'value="Телефон" selected' in columns
    page = (await admin.get(f"{BASE}/{again}")).body.decode()
    assert "Всё это уже загружено" in page
    assert "Эти же файлы уже загружали" in page


async def test_columns_that_are_read_as_one_are_told_of(desk: Running) -> None:
    admin = await desk.as_(Role.OPERATOR)
    twice = "Класс;Ученик;Класс;Телефон;Телефон\n5А;Авдеев Тимур Олегович;5Б;;\n".encode()
    import_id = await intake.planned(desk, admin, twice)
    columns = (await admin.get(f"{BASE}/{import_id}/columns")).body.decode()
    assert "несколько столбцов читаются как «Класс»." in columns, "two parents have two phones"
    said = await _say(admin, import_id, **{"map-0-2": ""}, again="1")
    columns = (await admin.get(said.headers["Location"])).body.decode()
    assert "несколько столбцов" not in columns


async def test_a_file_that_was_guessed_wrong_is_read_as_a_person_says(desk: Running) -> None:
    admin = await desk.as_(Role.OPERATOR)
    body = "Класс|Ученик|Телефон\n5А|Авдеев Тимур Олегович|+7 900 000-10-01\n"
    import_id = await intake.planned(desk, admin, body.replace("|", ",").encode("koi8_r"))
    columns = (await admin.get(f"{BASE}/{import_id}/columns")).body.decode()
    assert "кодировка KOI8-R, разделитель запятая" in columns
    said = await _say(admin, import_id, **{"encoding-0": "cp1251", "delimiter-0": ";"}, again="1")
    where = said.headers["Location"]
    assert where.endswith("/columns"), "to be looked at before the check"
    columns = (await admin.get(where)).body.decode()
    assert "кодировка Windows-1251, разделитель точка с запятой" in columns
    assert "Авдеев" not in columns
    assert 'value="cp1251" selected' in columns
    import_id = int(where.split("/")[-2])
    said = await _say(admin, import_id, **{"encoding-0": "", "delimiter-0": ""})
    page = (await admin.get(said.headers["Location"])).body.decode()
    assert _tally(page)["добавится"] == 1
    assert "строка 2" not in page
    wrong = await _say(admin, int(said.headers["Location"].split("/")[-1]), **{"encoding-0": "x"})
    assert wrong.headers["Location"] == said.headers["Location"], "nothing is read anew"


async def test_a_sheet_that_is_left_out_is_not_loaded_and_can_be_taken_back(desk: Running) -> None:
    admin = await desk.as_(Role.OPERATOR)
    book = openpyxl.Workbook()
    for at, (title, name) in enumerate(
        [("5А", "Авдеев Тимур Олегович"), ("Черновик", "Старый Иван Петрович")]
    ):
        sheet = book.create_sheet(title, at)
        sheet.append(["Класс", "Ученик (ФИО)", "Телефон"])
        sheet.append(["5А", name, "+7 900 000-10-01"])
    del book["Sheet"]
    packed = io.BytesIO()
    book.save(packed)
    import_id = await intake.planned(desk, admin, packed.getvalue())
    columns = (await admin.get(f"{BASE}/{import_id}/columns")).body.decode()
    assert "Какие листы загрузить" in columns
    said = await _say(admin, import_id, sheets="1", sheet="0")
    page = (await admin.get(said.headers["Location"])).body.decode()
    assert _tally(page)["всего строк"] == 1
    import_id = int(said.headers["Location"].split("/")[-1])
    columns = (await admin.get(f"{BASE}/{import_id}/columns")).body.decode()
    assert "Лист «Черновик» не загружается: так выбрано" in columns
    assert "Старый" not in columns
    said = await _say(admin, import_id, sheets="1", sheet=["0", "1"])
    page = (await admin.get(said.headers["Location"])).body.decode()
    assert _tally(page)["всего строк"] == 2


@pytest.mark.parametrize("name", SAMPLES)
async def test_a_sample_is_loaded_without_a_remark(desk: Running, name: str) -> None:
    admin = await desk.as_(Role.OPERATOR)
    first = await intake.planned(desk, admin, await _sample(desk, "class"))
    await admin.post(f"{BASE}/{first}", do="apply")
    import_id = await intake.planned(desk, admin, await _sample(desk, name))
    page = (await admin.get(f"{BASE}/{import_id}")).body.decode()
    tally = _tally(page)
    assert tally["добавится"] + tally["без изменений"] == tally["всего строк"] > 0
    assert "Замечания" not in page


async def _sample(desk: Running, name: str) -> bytes:
    answer = await (await desk.as_(Role.OPERATOR)).get(f"{BASE}/sample/{name}")
    assert answer.status == 200
    return answer.body


async def test_what_a_file_says_is_never_a_script_nor_a_formula(desk: Running) -> None:
    admin = await desk.as_(Role.OPERATOR)
    evil = "<script src=evil.js>"
    rows = [
        f"Дата;Класс;Ученик;Предмет;Отметка;{evil}",
        f"16.11.2026;5А;{evil};=HYPERLINK(1);=1+1;{evil}",
    ]
    answer = await intake.upload(desk, admin, {evil: "\n".join(rows).encode()})
    where = answer.headers["Location"].removesuffix("/columns")
    for path in (f"{where}/columns", where, BASE):
        page = (await admin.get(path)).body.decode()
        assert evil not in page
        assert "&lt;script src=evil.js&gt;" in page
    book = zipfile.ZipFile(io.BytesIO((await admin.get(f"{where}/errors")).body))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "=1+1" in book.read("xl/sharedStrings.xml").decode()


async def test_what_cannot_be_loaded_says_what_to_do_and_leaves_no_file_behind(
    desk: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    admin = await desk.as_(Role.OPERATOR)
    answer = await intake.upload(desk, admin, {})
    assert (answer.status, "Выберите один или несколько" in answer.body.decode()) == (422, True)
    answer = await intake.upload(desk, admin, {"broken": b"PK\3\4 no archive at all"})
    page = (await admin.get(answer.headers["Location"])).body.decode()
    assert "не загружается" in page
    assert "sms-diary" not in page, "whoever reads a page has no commands"
    answer = await intake.upload(desk, admin, {"half": bytes(UPLOAD // 2), "more": bytes(UPLOAD)})
    assert (answer.status, "Файлы слишком большие" in answer.body.decode()) == (400, True)
    assert not [name for name in os.listdir(tmp_path) if name.startswith("sms-diary-")]


async def test_files_that_are_gone_cannot_be_read_otherwise(desk: Running) -> None:
    admin = await desk.as_(Role.OPERATOR)
    import_id = await intake.planned(desk, admin)
    async with desk.door.database.transaction() as q:
        await q.run("delete from import_chunk where kind = 'file'")
    answer = await _say(admin, import_id, **{"class": "5А"})
    assert (answer.status, "Загрузите их снова" in answer.body.decode()) == (409, True)


async def test_a_check_under_way_reloads_itself_and_one_that_broke_off_says_so(
    desk: Running,
) -> None:
    admin = await desk.as_(Role.OPERATOR)
    async with desk.door.database.transaction() as q:
        await imports.add(
            q, desk.school.id, 5, digest=b"d", options={"files": ["а.csv"]}, by="desk anna",
            now=desk.clock.now(),
        )  # fmt: skip
    page = (await admin.get(f"{BASE}/5")).body.decode()
    assert 'http-equiv="refresh"' in page
    assert "Проверяем файлы" in page
    desk.clock.advance(11 * MINUTE)
    page = (await admin.get(f"{BASE}/5")).body.decode()
    assert "Проверка прервалась" in page
    assert 'http-equiv="refresh"' not in page


async def test_a_record_that_broke_off_goes_on_from_where_it_stood(desk: Running) -> None:
    admin = await desk.as_(Role.OPERATOR)
    import_id = await intake.planned(desk, admin)
    async with desk.door.database.transaction() as q:
        await q.run("update import set state = 'applying' where id = :id", id=import_id)
    page = (await admin.get(f"{BASE}/{import_id}")).body.decode()
    assert "Запись прервалась" in page
    assert "Продолжить запись" in page
    before = await _kept(desk)
    assert (await admin.post(f"{BASE}/{import_id}", do="good")).status == 303
    assert (await _kept(desk))["pupil"] == before["pupil"] + 2


async def test_a_plan_that_nobody_wants_leaves_nothing(desk: Running) -> None:
    admin = await desk.as_(Role.OPERATOR)
    before = await rows_of(desk.door.database)
    import_id = await intake.planned(desk, admin)
    columns = (await admin.get(f"{BASE}/{import_id}/columns")).body.decode()
    assert "Это списки нового учебного года" in columns
    said = await _say(admin, import_id, year_start="1", **_as_they_are(columns))
    import_id = int(said.headers["Location"].split("/")[-1])
    page = (await admin.get(f"{BASE}/{import_id}")).body.decode()
    assert "Нет в новом списке: 3" in page
    assert "отметка «Кого нет в новых списках, те выбыли»" in page
    assert "--" not in page.partition("<main")[2], "no commands"
    assert (await admin.post(f"{BASE}/{import_id}", do="discard")).status == 303
    after = await rows_of(desk.door.database)
    assert {name for name in after if after[name] != before[name]} == {"desk_audit"}


async def test_work_behind_the_pages_ends_with_the_service() -> None:
    background, begun, ended = Background(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            ended.set()

    background.begin("key", work())
    background.say("key", "Чтение", 1, 3)
    await begun.wait()
    assert not await background.wait("key", 0)
    assert (background.running("key"), background.said("key")) == (True, ("Чтение", 1, 3))
    await background.stop()
    assert ended.is_set()
    assert (background.running("key"), background.said("key")) == (False, ("", 0, 0))


@pytest.mark.browser
@BY_HAND
async def test_a_class_list_is_loaded_by_hand(
    walker: Running, width: int, scheme: Scheme, javascript: bool
) -> None:
    admin = await walker.as_(Role.OPERATOR)
    async with walker.at(width, scheme, javascript=javascript, someone=admin) as page:
        await page.goto(BASE)
        await expect(page.get_by_text("Загрузок ещё не было")).to_be_visible()
        await page.get_by_label("Файлы школы").set_input_files(
            {"name": "5А.csv", "mimeType": "text/csv", "buffer": intake.LIST}
        )
        if javascript:
            await accessible(page)
        await page.get_by_role("button", name="Проверить файлы").click()
        await expect(page.get_by_role("heading", name="5А.csv")).to_be_visible()
        await page.get_by_text("Буквы не те или столбцы слиплись?").click()
        await page.get_by_label("Кодировка").select_option("UTF-8")
        await page.get_by_role("button", name="Прочитать так").click()
        await expect(page.get_by_label("Кодировка")).to_have_value("utf-8")
        await page.get_by_label("Документ").fill("форма SMS-1")
        if javascript:
            await accessible(page)
        await page.get_by_role("button", name="Дальше: проверка").click()
        await expect(page.get_by_role("heading", name="Замечания")).to_be_visible()
        if javascript:
            await accessible(page)
        await page.get_by_role("button", name="Применить только верные").click()
        await expect(page.get_by_role("button", name="Отменить загрузку")).to_be_visible()
        await expect(page.get_by_role("link", name="Кто согласен получать SMS")).to_be_visible()
        await page.get_by_role("link", name="К загрузкам").click()
        await expect(page.get_by_role("link", name="5А.csv")).to_be_visible()
        await expect(page.get_by_text("добавлено 1, с ошибкой 1")).to_be_visible()
        if javascript:
            await accessible(page)


async def _say(someone: Someone, import_id: int, **form: Any) -> Answer:
    """Send the second step's form."""
    return await someone.post(f"{BASE}/{import_id}/columns", None, **form)


def _tally(page: str) -> dict[str, int]:
    """The counts of the third step, by their words."""
    part = page.partition('<dl class="tally">')[2].partition("</dl>")[0]
    pieces = part.split("<dt>")[1:]
    return {
        one.partition("</dt>")[0]: int(one.partition("<dd>")[2].partition("</dd>")[0])
        for one in pieces
    }


def _as_they_are(page: str) -> Mapping[str, str]:
    """The choices of columns as the form has them."""
    found = {}
    for piece in page.split('<select name="')[1:]:
        name, _, rest = piece.partition('"')
        options = rest.partition("</select>")[0].split("<option ")[1:]
        chosen = next((one for one in options if "selected" in one), options[0])
        found[name] = chosen.partition('value="')[2].partition('"')[0]
    return found
