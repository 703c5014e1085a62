"""How journals are filled and visited, at the desk: what each role sees, and what nobody sees."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from urllib.parse import unquote_plus

import pytest
from openpyxl import load_workbook
from playwright.async_api import expect

from sms_diary.clock import DAY
from sms_diary.journals import Journals
from sms_diary.store import away, fill_alarms, fill_weeks, filling, introducing, schools, settings
from sms_diary.store.desk.users import Role
from sms_diary.store.filling import Fill, Visits
from sms_diary.store.introducing import Step
from tests import journals as journal
from tests import seeding
from tests.desk.conftest import BOTH, Running, Scheme, accessible
from tests.desk.examples.journals import AWAY
from tests.desk.test_announcements import plain

FILL = "/desk/school-5/reports/fill"
NASTY = "<script>alert(1)</script>"
NAMES = ("Ивушкин", "Белкина", "Тайнов", "7900", "+7 900", "000-10-01")
PAGES = (
    FILL, f"{FILL}?week=2026-11-16", f"{FILL}?class=5А", f"{FILL}/week", f"{FILL}/away",
    "/desk/school-5/reports/visits", "/desk/school-5/reports/introduction",
    "/desk/-/reports/district", "/desk/school-5/",
)  # fmt: skip


async def filled(desk: Running) -> None:
    """5А is filled in one of two subjects; a log with teachers' names in it; statistics."""
    service = desk.door.service
    first = journal.WEEK - timedelta(weeks=1)
    days = [["Русский язык", "Математика"]] * 5
    every = [first + timedelta(days=n) for n in range(14) if n % 7 < 5]
    await journal.taken(
        service.acceptor, desk.school, *journal.week_of("5А", first, days),
        *journal.marks("p0", {"Русский язык": every}),
    )  # fmt: skip
    async with desk.door.database.transaction() as q:
        acts = [
            Fill("9А", "Химия (Ивушкина А. П.)", "2026-11-17", "2026-11-17", "Отметка", ""),
            Fill("9А", f"=1+1 {NASTY}", "2026-11-17", "", "Тема", ""),
            Fill("9Г (Ивушкина А.П.)", "Физика", "2026-11-17", "", "Т", ""),
            Fill("9Б кл. рук. Ивушкин П.А. +7 900 000-10-01", "Физика", "2026-10-12", "", "Т", ""),
        ]
        await filling.add_fills(q, desk.school.id, 1, acts, as_of="2026-11-24")
        counted = [
            Visits("01.11.2026 - 23.11.2026, Тайнов Т.Т.", "Родитель", 640, 638, 1876),
            Visits("01.11.2026 - 23.11.2026", "Тайнов Егор Петрович", 3, 3, 12),
        ]
        await filling.add_visits(q, desk.school.id, 1, counted, as_of="2026-11-24")


async def test_the_resource_centre_sees_no_name_and_no_number_anywhere(desk: Running) -> None:
    await filled(desk)
    await watched(desk)
    centre = await desk.as_(Role.RESOURCE_CENTRE)
    for path in PAGES:
        answer = await centre.get(path)
        assert answer.status == 200
        said = unquote_plus(answer.body.decode()).upper()
        assert [name for name in NAMES if name.upper() in said] == [], path
    for path in (f"{FILL}/week", "/desk/-/reports/district", "/desk/school-5/reports/visits",
                 "/desk/school-5/reports/introduction"):  # fmt: skip
        as_csv = (await centre.get(f"{path}?file=csv")).body.decode("utf-8-sig")
        book = (await centre.get(f"{path}?file=xlsx")).body
        inside = zipfile.ZipFile(io.BytesIO(book)).read("xl/sharedStrings.xml").decode()
        for said in (as_csv, inside):
            assert [name for name in NAMES if name in said] == [], path
    for path in (f"{FILL}?class=Ивушкин", f"{FILL}/week?week=Белкина"):
        assert "Ивушкин" not in plain(await centre.get(path))


async def test_few_people_are_hidden_from_the_resource_centre_alone(desk: Running) -> None:
    await filled(desk)
    path = "/desk/school-5/reports/visits"
    operator = plain(await (await desk.as_(Role.OPERATOR)).get(path))
    centre = plain(await (await desk.as_(Role.RESOURCE_CENTRE)).get(path))
    assert "остальные 3 100" in operator
    assert "остальные меньше 5 человек — —" in centre
    # Two of 640 have not come: their number is not told either.
    assert "родители 640 99,7 % 1 876" in operator.replace("\xa0", " ")
    assert "родители 640 — 1 876" in centre.replace("\xa0", " ")
    plan = "/desk/school-5/reports/introduction"
    assert "5А меньше 5 0 меньше 5" in plain(
        await (await desk.as_(Role.RESOURCE_CENTRE)).get(plan)
    ).replace("\xa0", " ")


async def test_what_a_log_holds_is_harmless_on_pages_and_in_files(desk: Running) -> None:
    await filled(desk)
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    page = (await admin.get(f"{FILL}?week=2026-11-16")).body.decode()
    assert NASTY not in page
    assert "&lt;script&gt;" in page
    said = (await admin.get(f"{FILL}/week?week=2026-11-16&file=csv")).body.decode("utf-8-sig")
    assert ";'=1+1 " in said
    book = load_workbook(
        io.BytesIO((await admin.get(f"{FILL}/week?week=2026-11-16&file=xlsx")).body)
    )
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    evil = [cell for cell in cells if str(cell.value).startswith("=1+1")]
    assert evil
    assert {cell.data_type for cell in evil} == {"s"}


async def test_a_week_shows_what_is_filled_and_what_is_not(desk: Running) -> None:
    await filled(desk)
    observer = await desk.as_(Role.OBSERVER)
    said = plain(await observer.get(f"{FILL}?week=2026-11-16"))
    assert "Математика не заполнено записей нет без отметок 5 из 5" in said
    assert "Русский язык заполнено 20.11" in said
    assert "Присылать SMS" not in said
    printed = (await observer.get(FILL)).body.decode()
    assert "<span>24 ноября 2026</span>" in printed
    class_page = plain(await observer.get(f"{FILL}?class=5А"))
    assert "09.11–15.11 16.11–22.11 23.11–29.11" in class_page
    assert (await observer.get(f"{FILL}?class=5Я")).status == 404


async def test_a_week_that_was_reported_is_shown_as_it_was(desk: Running) -> None:
    await filled(desk)
    observer = await desk.as_(Role.OBSERVER)
    assert "предварительный вид" in plain(await observer.get(f"{FILL}/week"))
    unknown = plain(await observer.get(f"{FILL}/week?week=2026-09-07"))
    assert unknown.count("За эту неделю сведений нет.") == 2
    assert "заполнено всё" not in unknown
    await watched(desk)
    before = plain(await observer.get(f"{FILL}/week"))
    assert "предварительный" not in before
    assert "16.11–22.11.2026" in before
    await journal.taken(
        desk.door.service.acceptor, desk.school,
        *journal.marks("p0", {"Математика": [journal.WEEK]}),
    )  # fmt: skip
    assert plain(await observer.get(f"{FILL}/week")) == before
    assert "5А не заполнено 2 1 1" in before
    sheet = (await observer.get(f"{FILL}/week")).body.decode()
    assert f'<a href="{FILL}?week=2026-11-16&amp;class=5%D0%90">5А</a>' in sheet
    district = plain(await (await desk.as_(Role.RESOURCE_CENTRE)).get("/desk/-/reports/district"))
    assert "1 из 2" in district
    assert "сводки нет" in district


async def watched(desk: Running) -> None:
    """The loop's work, once."""
    service, works = desk.door.service, desk.works_with
    watching = Journals(
        desk.door.database, service.base.tools, desk.clock, service.wakes, works.renderer,
        works.ways,
    )  # fmt: skip
    await watching.report(desk.school, desk.clock.now())
    await watching.look(desk.school, desk.clock.now())


async def test_a_silent_class_is_a_matter_of_the_summary_until_it_is_filled(desk: Running) -> None:
    await filled(desk)
    await watched(desk)
    observer = await desk.as_(Role.OBSERVER)
    silent = "Журнал не заполняют дольше недели: 9Б"
    assert silent in plain(await observer.get("/desk/school-5/"))
    async with desk.door.database.transaction() as q:
        assert [one.class_name for one in await fill_alarms.now_silent(q, desk.school.id)] != []
        await q.run("update journal_fill set done = '2026-11-23'")
    await watched(desk)
    assert silent not in plain(await observer.get("/desk/school-5/"))


async def test_days_at_home_are_written_down_and_taken_back(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    page = f"{FILL}/away"
    assert (await operator.post(page, **AWAY)).status == 303
    assert "16–18 ноября вся школа карантин" in plain(await operator.get(page))
    for wrong, said in (
        ({"last": "2026-11-15"}, "Последний день раньше первого"),
        ({"last": "2027-11-15"}, "проверьте год"),
        ({"class": "5Я"}, "Выберите класс из списка"),
        ({"why": "лень"}, "Выберите из предложенного"),
    ):
        answer = await operator.post(page, **(AWAY | wrong))
        assert (answer.status, said in plain(answer)) == (422, True)
    async with desk.door.database.transaction() as q:
        [own] = await away.of_school(q, desk.school.id)
        [other] = [one for one in await schools.every(q) if one.id != desk.school.id]
        theirs = await away.add(
            q, desk.door.service.base.tools, other.id, class_name="", first=own.first,
            last=own.last, why=own.why,
        )  # fmt: skip
    assert (await operator.post(page, do="remove", entry=theirs)).status == 404
    assert (await operator.post(page, do="remove", entry=own.id)).status == 303
    assert "Таких дней в этом году не было" in plain(await operator.get(page))


async def test_sms_about_silence_are_the_schools_choice(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    for on, flag in (("true", 1), ("false", 0)):
        assert (await admin.post(f"{FILL}/alarm", on=on)).status == 303
        async with desk.door.database.reading() as q:
            assert (await settings.read(q, desk.school.id))["fill_alarm"] == flag
    assert (await (await desk.as_(Role.OPERATOR)).post(f"{FILL}/alarm", on="true")).status == 403


async def test_the_plan_of_introduction_shows_how_far_each_step_is(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    page = "/desk/school-5/reports/introduction"
    async with desk.door.database.transaction() as q:
        rows = await q.all("select id, school_id from class order by id")
        staff = seeding.phone(9)
        await seeding.pupil(
            q, desk.door.service.base.tools, desk.school, rows[0]["id"], "Белкина Анна", "p9"
        )
    own, other = (
        next(row["id"] for row in rows if (row["school_id"] == desk.school.id) is mine)
        for mine in (True, False)
    )
    assert staff
    assert (await operator.post(page, do="handed", **{"class": own, "forms": "4"})).status == 303
    foreign = await operator.post(page, do="handed", **{"class": other, "forms": "4"})
    assert (foreign.status, "Выберите класс" in plain(foreign)) == (422, True)
    assert (await operator.post(page, do="plan", returned="2026-11-20")).status == 303
    said = plain(await operator.get(page)).replace("\xa0", " ")
    assert "Бланки согласий розданы ученики, чьим родителям дали бланк не назначен сделано" in said
    assert "20.11.2026 просрочено 75 %" in said
    assert "5А 4 4 3 3 3" in said
    async with desk.door.database.reading() as q:
        assert list(await introducing.plan(q, desk.school.id)) == [Step.RETURNED]
        assert await fill_weeks.sums(q, desk.school.id, limit=1) == []
    wrong = await operator.post(page, do="plan", returned="31.02.2026")
    assert (wrong.status, "Нужна дата" in plain(wrong)) == (422, True)
    observer = (await (await desk.as_(Role.OBSERVER)).get(page)).body.decode()
    assert '<a href="/desk/school-5/consents/papers">Бланки согласий розданы</a>' in observer
    assert '">Списки классов загружены</a>' not in observer, "an observer loads nothing"


@pytest.mark.browser
@BOTH
async def test_every_page_is_readable_on_a_desk_and_on_a_phone(
    walker: Running, width: int, scheme: Scheme
) -> None:
    await filled(walker)
    await watched(walker)
    walker.clock.advance(DAY)
    admin = await walker.as_(Role.DISTRICT_ADMIN)
    async with walker.at(width, scheme, someone=admin) as page:
        for path in PAGES:
            await page.goto(path)
            await accessible(page)
        await page.goto(f"{FILL}?week=2026-11-16")
        await expect(page.get_by_role("heading", name="5-е классы")).to_be_visible()
        await page.get_by_role("link", name="Дни дома").click()
        await page.get_by_label("Первый день").fill("2026-11-16")
        await page.get_by_label("Последний день").fill("2026-11-20")
        await page.get_by_label("Почему").select_option("quarantine")
        await page.get_by_role("button", name="Записать дни").click()
        await expect(page.get_by_role("status").first).to_contain_text("Записано")
        await page.goto(f"{FILL}?week=2026-11-16")
        await expect(page.get_by_text("Не считаются: карантин, вся школа")).to_be_visible()
