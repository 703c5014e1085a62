"""The state of the service, the file for support, the list of schools and the help."""

from __future__ import annotations

import json
import re

from sms_diary.admin import layout
from sms_diary.admin.roles import ROLE_MEANS
from sms_diary.admin.screens.guide import CASES, CONSENT_MEANS, STATE_MEANS
from sms_diary.admin.screens.messages.words import STATE_RU
from sms_diary.admin.screens.state import BACKUP_EVERY
from sms_diary.admin.table import SCREENS
from sms_diary.clock import HOUR, MINUTE
from sms_diary.db.schema import VERSION
from sms_diary.model import ConsentState
from sms_diary.store import backups, settings
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk.conftest import Running

NAMES = ("Белкина", "Дарья", "Анна Петровна")


async def wait(desk: Running) -> None:
    """A message that stands in the queue: the tests' service has no route."""
    async with desk.door.database.transaction() as q:
        await seeding.queue(
            q, desk.door.service.base.tools, desk.door.subscribed[0], desk.school.id, "5",
            now=desk.clock.now(),
        )  # fmt: skip


async def test_the_state_says_what_the_service_is_and_what_waits(desk: Running) -> None:
    admin = await desk.as_(Role.DISTRICT_ADMIN)
    await wait(desk)
    page = (await admin.get("/desk/-/state")).body.decode()
    schema = f"{VERSION} из {VERSION}"
    for text in ("SQLite", schema, "Служба работает", "процесс № 0", "/metrics", "«school-5»"):
        assert text in page
    row = page.split("Части SMS в очереди к оператору")[1]
    assert '<td data-label="Сколько" class="num">1</td>' in row.split("</tr>")[0]


async def test_the_state_says_how_old_what_waits_is_and_when_a_copy_was_made(
    desk: Running,
) -> None:
    admin = await desk.as_(Role.DISTRICT_ADMIN)
    await wait(desk)
    desk.clock.advance(5 * MINUTE)
    page = (await admin.get("/desk/-/state")).body.decode()
    row = page.split("Части SMS в очереди к оператору")[1].split("</tr>")[0]
    assert re.search(r'data-label="Самое старое">5\sминут<', row)
    assert "Копии базы ещё нет" in page
    assert "sms-diary backup make" in page
    async with desk.door.database.transaction() as q:
        await backups.note(q, now=desk.clock.now() - BACKUP_EVERY - 1)
    assert "Копия базы старая" in (await admin.get("/desk/-/state")).body.decode()
    async with desk.door.database.transaction() as q:
        await backups.note(q, now=desk.clock.now())
    page = (await admin.get("/desk/-/state")).body.decode()
    assert "<dt>Последняя копия базы</dt><dd>сегодня в" in page
    assert "sms-diary backup" not in page
    said = json.loads((await admin.get("/desk/-/state/bundle")).body)
    assert said["backup_at"].startswith("2026-11-24T")
    assert said["oldest"]["queued"].startswith("2026-11-24T")


async def test_the_file_for_support_holds_no_person(desk: Running) -> None:
    admin = await desk.as_(Role.DISTRICT_ADMIN)
    await wait(desk)
    answer = await admin.get("/desk/-/state/bundle")
    said = json.loads(answer.body)
    assert (said["engine"], said["queues"]["queued"], said["schools"]) == (
        "sqlite", 1, {"live": 2},
    )  # fmt: skip
    text = answer.body.decode()
    numbers = [one.number.removeprefix("+7") for one in desk.door.subscribed]
    assert numbers
    for secret in (*numbers, *NAMES, "school-5", "Школа", desk.door.journal.token):
        assert secret not in text
    assert await seeding.column(desk.door.database, "select action from desk_audit") == ["exported"]


async def test_a_school_where_something_stands_comes_first(desk: Running) -> None:
    admin = await desk.as_(Role.DISTRICT_ADMIN)
    page = (await admin.get("/desk/-/schools")).body.decode()
    assert page.count("спокойно") == 2
    await wait(desk)
    desk.clock.advance(HOUR + 1)
    async with desk.door.database.transaction() as q:
        user = await q.run(
            "update desk_session set seen_at = :now, ends_at = :later",
            now=desk.clock.now(), later=desk.clock.now() + HOUR,
        )  # fmt: skip
        assert user
    page = (await admin.get("/desk/-/schools")).body.decode()
    assert "SMS ждут больше часа" in page
    assert page.index("/desk/school-5/") < page.index("/desk/school-7/")
    async with desk.door.database.transaction() as q:
        [other] = await q.all("select id from school where slug = 'school-7'")
        await settings.change(q, other["id"], {"paused_at": 5}, now=desk.clock.now())
    assert "рассылка приостановлена" in (await admin.get("/desk/-/schools")).body.decode()


async def test_the_help_explains_every_state_and_role(desk: Running) -> None:
    teacher = await desk.as_(Role.CLASS_TEACHER)
    page = (await teacher.get("/desk/school-5/help")).body.decode()
    assert STATE_MEANS.keys() == STATE_RU.keys()
    assert ROLE_MEANS.keys() == set(Role)
    assert CONSENT_MEANS.keys() == set(ConsentState)
    assert len(CASES) == 10
    for text in (
        *STATE_MEANS.values(),
        *CONSENT_MEANS.values(),
        *ROLE_MEANS.values(),
        *(one.title for one in CASES),
    ):
        assert text in page.replace("&#34;", '"')
    assert "/desk/school-5/people" in page
    assert 'href="/desk/school-5/import"' not in page, "a teacher may not open it"


def test_every_case_of_the_help_begins_at_a_page_that_is_there() -> None:
    assert {one.path for one in CASES} <= {one.path for one in SCREENS}
    assert len({one.name for one in CASES}) == len(CASES)


def test_each_empty_table_leads_to_a_place_of_the_help_that_is_there() -> None:
    text = {one.name: one for one in layout.templates()}["help.html"].read_text(encoding="utf-8")
    there = {one.name for one in CASES} | set(re.findall(r'id="([a-z-]+)"', text))
    whole = "".join(one.read_text(encoding="utf-8") for one in layout.templates())
    led = set(re.findall(r'about="([a-z-]+)"', whole))
    assert len(led) > 4
    assert led - there == set()
