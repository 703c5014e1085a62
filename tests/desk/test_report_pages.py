"""The pages of delivery, reach and cost, and the schools side by side: who sees what, and how."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook

from sms_diary.store import settings
from sms_diary.store.desk.users import Role
from tests import fates, seeding
from tests.conftest import NOW
from tests.desk.conftest import NARROW, WIDE, Running, accessible
from tests.journal_peer import OTHER, text

BASE = "/desk/school-5/"
PAGES = ["reports/delivery", "reports/reach", "reports/cost"]
SCRIPT = "<script>alert(1)</script>"
each_page = pytest.mark.parametrize("path", PAGES)


async def lived(desk: Running, count: int = 60) -> None:
    """A class with a hostile title, and what its parents got."""
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "6А")
        await q.run("update class set name = :name where id = :id", name=SCRIPT, id=class_id)
        ids = [await seeding.pupil(q, tools, school, class_id, f"Зайцев Олег {n}")
               for n in range(7)]  # fmt: skip
        pairs = [(one, seeding.phone(8000 + n)) for n, one in enumerate(ids)]
        people = [(one, class_id) for one in await seeding.subscribe(q, tools, school, pairs)]
        await fates.live_through(q, tools, school.id, people, count, now=NOW)
        await q.run("update part set code = :code where code is not null", code=SCRIPT)


@each_page
async def test_whoever_may_see_sums_gets_the_page_and_the_files(desk: Running, path: str) -> None:
    await lived(desk)
    for role in (Role.OBSERVER, Role.RESOURCE_CENTRE):
        someone = await desk.as_(role)
        page = await someone.get(BASE + path)
        assert page.status == 200
        assert "составлено 24 ноября 2026" in text(page), "on paper it is dated"
        assert "<script>alert" not in page.body.decode()
        for kind, file in re.findall(r'href="([^"]*file=(xlsx|csv)[^"]*)"', text(page)):
            answer = await someone.get(kind)
            assert (answer.status, file in answer.headers["Content-Disposition"]) == (200, True)
    teacher = await desk.as_(Role.CLASS_TEACHER)
    assert (await teacher.get(BASE + path)).status == 403


@each_page
async def test_the_resource_centre_sees_no_name_and_no_number(desk: Running, path: str) -> None:
    await lived(desk)
    someone = await desk.as_(Role.RESOURCE_CENTRE)
    said = text(await someone.get(BASE + path))
    book = await someone.get(BASE + path + "?file=xlsx")
    cells = [
        str(cell) for sheet in load_workbook(io.BytesIO(book.body))
        for row in sheet.iter_rows(values_only=True) for cell in row
    ]  # fmt: skip
    for seen in (said, text(await someone.get(BASE + path + "?file=csv")), " ".join(cells)):
        assert "Зайцев" not in seen
        assert "79000" not in seen
        assert "900" not in re.sub(r"\d{4}-\d\d-\d\d", "", seen)


async def test_days_are_asked_for_and_kept_in_the_links(desk: Running) -> None:
    await lived(desk)
    someone = await desk.as_(Role.OBSERVER)
    days = "since=2026-11-01&until=2026-11-10"
    said = text(await someone.get(f"{BASE}reports/delivery?{days}"))
    assert 'value="2026-11-01"' in said
    assert f"reports/delivery?{days}&file=xlsx" in said
    for wrong in ("since=x", "until=9999-01-01", "since=2026-11-10&until=2026-11-01"):
        assert (await someone.get(f"{BASE}reports/delivery?{wrong}")).status == 200


async def test_the_district_has_its_schools_and_a_school_its_own(desk: Running) -> None:
    await lived(desk)
    centre = await desk.as_(Role.RESOURCE_CENTRE)
    both = text(await centre.get("/desk/-/reports"))
    assert desk.school.name in both
    assert OTHER in both
    assert f'<a href="{BASE}reports/delivery">{desk.school.name}</a>' in both
    own = text(await (await desk.as_(Role.OBSERVER)).get("/desk/-/reports"))
    assert desk.school.name in own
    assert OTHER not in own


async def test_a_used_up_budget_is_said_where_everybody_looks(desk: Running) -> None:
    [one, *_] = desk.door.subscribed
    async with desk.door.database.transaction() as q:
        await seeding.entry(q, desk.school, 77)
        line = await seeding.line(q, desk.door.service.base.tools, one, 77)
        await q.run("update line set state = 'held', reason = 'budget' where id = :id", id=line)
        await settings.change(q, desk.school.id, {"budget_month": 10}, now=1)
    said = text(await (await desk.as_(Role.OBSERVER)).get(BASE))
    assert "SMS на этот месяц израсходованы, ждут: 1\N{NO-BREAK SPACE}новость" in said
    assert f'href="{BASE}reports/cost"' in said


async def test_the_budget_is_set_among_the_settings(desk: Running) -> None:
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    page = text(await admin.get(BASE + "settings"))
    found = re.findall(r'name="(budget_month)" type="number" value="(\d+)"', page)
    assert found == [("budget_month", "0")]


@pytest.mark.browser
@each_page
async def test_a_report_reads_well_at_any_width(walker: Running, path: str) -> None:
    await lived(walker)
    someone = await walker.as_(Role.OBSERVER)
    for width in (WIDE, NARROW):
        async with walker.at(width, "dark" if width == NARROW else "light",
                             someone=someone) as page:  # fmt: skip
            await page.goto(BASE + path)
            await accessible(page)
            assert await page.locator("h2").count() >= 1
            assert await page.locator("table.sums").first.is_visible()
            assert await page.get_by_role("link", name="XLSX").is_visible()


@pytest.mark.browser
async def test_the_district_reads_well_at_any_width(walker: Running) -> None:
    await lived(walker)
    someone = await walker.as_(Role.RESOURCE_CENTRE)
    for width in (WIDE, NARROW):
        async with walker.at(width, someone=someone) as page:
            await page.goto("/desk/-/reports")
            await accessible(page)
            assert await page.locator("table.sums").is_visible()
