"""What machines that watch see: alive, ready with its lamps, and figures without names."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sms_diary.clock import ManualClock
from sms_diary.simulator.options import Options
from sms_diary.simulator.smsc import Smsc
from tests.journal_peer import SLUG, Door, at_the_door, eventually, mark, route, settings
from tests.seeding import claim, queue

FREE = 1
"""A port on which nothing listens."""


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    made = Smsc(Options())
    await made.start()
    yield made
    await made.stop()


async def _ready(door: Door) -> tuple[int, dict[str, str]]:
    answer = await door.journal.send("GET", "/readyz")
    assert answer.headers["content-type"].startswith("application/json")
    return answer.status, answer.json["lamps"]


async def test_healthz_answers_while_the_process_lives(tmp_path: Path) -> None:
    async with at_the_door(settings(tmp_path)) as door:
        answer = await door.journal.send("GET", "/healthz")
        assert (answer.status, answer.json) == (200, {"status": "ok"})
        assert (await door.journal.send("HEAD", "/healthz")).status == 200


async def test_without_routes_the_database_alone_decides(tmp_path: Path) -> None:
    async with at_the_door(settings(tmp_path)) as door:
        assert await _ready(door) == (200, {"database": "ok"})


async def test_readyz_is_503_while_the_smsc_is_down_and_200_when_bound(
    tmp_path: Path, smsc: Smsc
) -> None:
    port = smsc.port
    await smsc.stop()
    async with at_the_door(settings(tmp_path, routes=[route(port, name="mts")])) as door:
        status, lamps = await _ready(door)
        assert status == 503
        assert lamps["database"] == "ok"
        assert lamps["route mts"] != "ok"
        assert (await door.journal.send("GET", "/healthz")).status == 200
        await smsc.start(port=port)

        async def bound() -> bool:
            return await _ready(door) == (200, {"database": "ok", "route mts": "ok"})

        await eventually(bound)


async def test_one_route_that_is_bound_is_enough_and_each_has_a_lamp(
    tmp_path: Path, smsc: Smsc
) -> None:
    routes = [route(smsc.port, name="good"), route(FREE, name="dead")]
    async with at_the_door(settings(tmp_path, routes=routes)) as door:

        async def bound() -> bool:
            return (await _ready(door))[0] == 200

        await eventually(bound)
        _, lamps = await _ready(door)
        assert (lamps["route good"], lamps["route dead"] == "ok") == ("ok", False)


async def test_a_lamp_says_in_russian_why_the_operator_does_not_let_us_in(
    tmp_path: Path, smsc: Smsc
) -> None:
    wrong = route(smsc.port, name="mts", password="wrong")  # it must not fit
    async with at_the_door(settings(tmp_path, routes=[wrong, route(FREE, name="dead")])) as door:

        async def refused() -> bool:
            return (await _ready(door))[1]["route mts"].startswith("refused: ")

        await eventually(refused)
        status, lamps = await _ready(door)
        assert status == 503
        assert "ESME_RINVPASWD" in lamps["route mts"]
        assert "Проверьте password" in lamps["route mts"]

        async def waiting() -> bool:
            return (await _ready(door))[1]["route dead"].startswith("waiting: связи с оператором")

        await eventually(waiting)
        assert "ConnectionRefusedError" in (await _ready(door))[1]["route dead"]


async def test_a_route_that_another_process_holds_is_no_fault(tmp_path: Path, smsc: Smsc) -> None:
    made = settings(tmp_path, routes=[route(smsc.port, name="mts")])
    async with at_the_door(made) as door:

        async def bound() -> bool:
            return (await _ready(door))[1]["route mts"] == "ok"

        await eventually(bound)
        async with door.database.transaction() as q:
            await q.run("update lease set holder = 'another' where name = 'route:mts'")
            await q.run("update lease set until = until + 600000 where name = 'route:mts'")

        async def stands_by() -> bool:
            return await _ready(door) == (
                200, {"database": "ok", "route mts": "elsewhere: маршрут держит другой процесс"}
            )  # fmt: skip

        await eventually(stands_by)
        page = (await door.journal.send("GET", "/metrics")).body.decode()
        assert 'sms_diary_route_held{route="mts"} 0.0' in page


async def test_metrics_tell_how_many_parts_are_in_doubt_and_for_how_long(tmp_path: Path) -> None:
    clock = ManualClock(1_800_000_000_000)
    async with at_the_door(settings(tmp_path), clock=clock) as door:
        page = (await door.journal.send("GET", "/metrics")).body.decode()
        assert "sms_diary_parts_in_doubt 0.0" in page
        assert "sms_diary_oldest_doubt_seconds 0.0" in page
        async with door.database.transaction() as q:
            tools = door.service.base.tools
            await queue(q, tools, door.subscribed[0], door.school.id, "один", "два")
            await claim(q, tools, now=clock.now() - 90_000)
            await q.run("update part set state = 'doubt'")
        page = (await door.journal.send("GET", "/metrics")).body.decode()
        assert "sms_diary_parts_in_doubt 2.0" in page
        assert "sms_diary_oldest_doubt_seconds 90.0" in page


async def test_readyz_is_503_when_the_database_file_is_gone(tmp_path: Path) -> None:
    async with at_the_door(settings(tmp_path)) as door:
        (tmp_path / "diary.db").rename(tmp_path / "gone.db")
        status, lamps = await _ready(door)
        assert (status, lamps["database"]) == (503, "FileNotFoundError")
        # A copy put in its place is not the file that is open.
        (tmp_path / "diary.db").write_bytes((tmp_path / "gone.db").read_bytes())
        status, lamps = await _ready(door)
        assert (status, lamps["database"]) == (503, "DatabaseError")
        (tmp_path / "gone.db").rename(tmp_path / "diary.db")
        assert (await _ready(door))[0] == 200


async def test_metrics_are_prometheus_and_count_what_waits(tmp_path: Path) -> None:
    async with at_the_door(settings(tmp_path, routes=[route(FREE, name="mts")])) as door:
        await door.journal.post([mark(0), mark(1)])

        async def queued() -> bool:
            page = (await door.journal.send("GET", "/metrics")).body.decode()
            return 'sms_diary_waiting{stage="queued"} 2.0' in page

        await eventually(queued)
        answer = await door.journal.send("GET", "/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=")
        page = answer.body.decode()
        assert "sms_diary_database_up 1.0" in page
        assert 'sms_diary_route_bound{route="mts"} 0.0' in page
        assert re.search(r"^# HELP sms_diary_waiting [А-Я]", page, re.M)


async def test_no_label_holds_a_phone_a_school_or_an_id(tmp_path: Path) -> None:
    async with at_the_door(settings(tmp_path)) as door:
        await door.journal.post(mark(0), message_id="msg_1")
        await door.journal.get(f"/v1/schools/{SLUG}/events/msg_1")
        await door.journal.get("/v1/messages/12345")
        await door.journal.get("/nowhere/at/all")
        page = (await door.journal.send("GET", "/metrics")).body.decode()
        path = "/v1/schools/{school}/events"
        assert f'sms_diary_http_requests_total{{path="{path}",status="202"}} 1.0' in page
        assert 'sms_diary_http_requests_total{path="?",status="404"} 1.0' in page
        for secret in (SLUG, "msg_1", "12345", "nowhere", door.journal.token):
            assert secret not in page
        labels = "".join(re.findall(r"\{(.*)\}", page))
        assert "path=" in labels
        assert not re.search(r"[0-9]{4}", labels)


async def test_metrics_go_on_without_the_database(tmp_path: Path) -> None:
    async with at_the_door(settings(tmp_path, routes=[route(FREE)])) as door:
        assert "stage=" in (await door.journal.send("GET", "/metrics")).body.decode()
        await door.database.close()
        answer = await door.journal.send("GET", "/metrics")
        page = answer.body.decode()
        assert answer.status == 200
        assert "sms_diary_database_up 0.0" in page
        assert "stage=" not in page
        assert 'sms_diary_route_bound{route="main"} 0.0' in page
