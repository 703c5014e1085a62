"""The summary: what of the operators' lines and of files wants a person's eye."""

from __future__ import annotations

from pathlib import Path

import pytest

from sms_diary.admin.screens import summary
from sms_diary.clock import DAY, HOUR, MINUTE, ManualClock
from sms_diary.store.desk.users import Role
from tests.conftest import NOW
from tests.desk.conftest import Running
from tests.http_peer import serving
from tests.journal_peer import at_the_door, eventually
from tests.test_http_service import settings_of

HOME = "/desk/school-5/"


async def seen(desk: Running, role: Role = Role.OPERATOR) -> str:
    answer = await (await desk.as_(role)).get(HOME)
    assert answer.status == 200
    return answer.body.decode()


async def test_money_is_shown_and_that_there_is_little_of_it_is_no_broken_line(
    tmp_path: Path,
) -> None:
    async with serving() as provider:  # it has 41.50
        made = settings_of(tmp_path, provider)
        [main] = made.routes
        poor = main.model_copy(update={"balance_low": 50.0})
        rich = main.model_copy(update={"name": "rich"})
        made = made.model_copy(update={"routes": (poor, rich), "public_url": ""})
        clock = ManualClock(NOW)
        async with at_the_door(made, clock=clock) as door:
            desk = Running(door, clock)

            async def told() -> bool:
                return (await seen(desk)).count("на счёте 41,5") == 2

            await eventually(told)
            page = await seen(desk)
    assert "На счёте провайдера мало денег: main" in page
    assert page.count("мало денег</span>") == 1
    assert "Нет связи" not in page


@pytest.mark.parametrize(
    ("lamp", "line"),
    [
        ("ok", summary.Line("mts", money="7")),
        ("low: на счёте мало (осталось 7)", summary.Line("mts", low="на счёте мало", money="7")),
        ("elsewhere: держит другой процесс",
         summary.Line("mts", "держит другой процесс", elsewhere=True, money="7")),
        ("refused: не пустил (ESME_RINVPASWD)", summary.Line("mts", "не пустил", money="7")),
    ],
)  # fmt: skip
def test_a_lamp_is_read(lamp: str, line: summary.Line) -> None:
    assert summary.line("mts", lamp, "7") == line


async def put(desk: Running, state: str, *, ago: int) -> None:
    async with desk.door.database.transaction() as q:
        await q.run(
            """insert into import (id, school_id, state, digest, options, body, at, by)
               values (:id, :school_id, :state, :body, '{}', :body, :at, 'папка')""",
            id=desk.door.service.base.tools.ids.new(), school_id=desk.school.id, state=state,
            body=b"x", at=desk.clock.now() - ago,
        )  # fmt: skip


async def test_files_that_wait_or_were_not_read_want_an_eye_for_three_days(desk: Running) -> None:
    for state in ("planned", "applied", "undone", "failed", "applying"):
        await put(desk, state, ago=HOUR)
        await put(desk, state, ago=5 * MINUTE)
        await put(desk, state, ago=4 * DAY)
    page = await seen(desk)
    one = "1\N{NO-BREAK SPACE}загрузка"
    for said in ("Файлы не прочитаны", "Запись файлов прервалась",
                 "Файлы проверены, но не записаны"):  # fmt: skip
        assert f"{said}: {one}" in page
    assert page.count(f'href="{HOME}import">Импорт') == 3 + 1, "and the menu"
    assert 'import">Импорт' not in await seen(desk, Role.OBSERVER)
    other = await (await desk.as_(Role.DISTRICT_ADMIN)).get("/desk/school-7/")
    assert "Файлы не прочитаны" not in other.body.decode()
