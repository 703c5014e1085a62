"""Every operation with the other school's token: it learns nothing and changes nothing.

The cases are made of the table of operations, so that a new one is tried without being named here.
"""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sms_diary.api import history, imports, roster
from sms_diary.api.operation import Operation
from sms_diary.api.shapes import OfSchool
from sms_diary.api.table import OPERATIONS
from sms_diary.channels.base import InboundReport
from sms_diary.store import inbound, tokens
from sms_diary.store.tokens import Right
from tests import seeding
from tests.journal_peer import CLOCK, OTHER, SLUG, Answer, Door, at_the_door, mark, settings
from tests.test_door import is_problem

PAPER = {"source": "Заявление", "form": "SMS-1", "by": "Петрова А. В.", "date": "2026-09-01"}
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/v1/schools/{school}/events"): mark(0),
    ("PATCH", "/v1/schools/{school}"): {"name": "Чужая"},
    ("POST", "/v1/pupils"): {"full_name": "Лисицын Пётр", "class": "5А"},
    ("PATCH", "/v1/pupils/{id}"): {"full_name": "Лисицын Пётр"},
    ("POST", "/v1/search/number"): {"number": seeding.phone(0)},
    ("POST", "/v1/guardians"): {"number": seeding.phone(77), "full_name": "Лисицына Анна"},
    ("PATCH", "/v1/guardians/{id}"): {"full_name": "Лисицына Анна"},
    ("POST", "/v1/guardians/{id}/number"): {"number": seeding.phone(78), "evidence": PAPER},
    ("POST", "/v1/guardians/{id}/ask"): {"evidence": PAPER},
    ("POST", "/v1/guardians/{id}/lift"): {"evidence": PAPER},
    ("PATCH", "/v1/subscriptions/{id}"): {"relation": "папа"},
    ("POST", "/v1/subscriptions/{id}/stop"): {},
    ("POST", "/v1/subscriptions/{id}/start"): {"evidence": PAPER},
    ("POST", "/v1/tokens"): {"name": "чужой"},
    ("POST", "/v1/schools/{school}/templates"): {
        "name": "mark",
        "source": "{{ имя }} {{ дата }} {{ предмет }}: {{ отметка }}",
    },
}
DAYS = ("2026-11-23", "2026-11-20")
WHOSE = {**mark(0, silent=True), "pupil": {"class": "5А", "name": "Белкина Дарья"}}
IDS = [f"{one.method} {one.path}" for one in OPERATIONS]


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with at_the_door(settings(tmp_path)) as opened:
        yield opened


async def _ids(door: Door, one: Operation[Any, Any] | None = None) -> dict[str, str]:
    """The first school's rows, by the word of their address.

    Imports, which are read by processes of their own, only where that operation (None: any) is
    about them.
    """
    tools, own = door.service.base.tools, door.subscribed[0]
    async with door.database.transaction() as q:
        [message] = await seeding.queue(q, tools, own, door.school.id, "Алгебра 5", now=CLOCK.now())
        report = InboundReport(own.number, "2000", "Кто это?", raw=b"1")
        await inbound.store(q, tools, "main", [report], now=1)
        await q.run("update inbound set state = 'waiting'")
        row = await q.one("select id from inbound")
        token = await q.one("select id from credential where kind = 'token' order by id")
    assert row is not None
    assert token is not None
    # Silent: nothing of it is told while the rows are compared.
    await door.journal.post(mark(0, silent=True), message_id="msg_own")
    await door.journal.post(WHOSE, message_id="msg_whose")
    [question] = (await door.journal.get("/v1/quarantine")).json["questions"]
    of_imports = await _imports(door) if one is None or "/imports" in one.path else {}
    return of_imports | {
        "quarantine": question["id"],
        "pupils": str(own.pupil_id), "guardians": str(own.guardian_id),
        "subscriptions": str(own.subscription_id), "messages": str(message),
        "inbound": str(row["id"]), "tokens": str(token["id"]),
    }  # fmt: skip


async def _imports(door: Door) -> dict[str, str]:
    """One that is planned, and one that is applied and can be taken back."""
    planned, applied = [(await _import(door, door.journal.token, day)).json["id"] for day in DAYS]
    done = await door.journal.send(
        "POST", f"/v1/imports/{applied}/apply", None, door.journal.bearer
    )
    assert done.status == 200, done.body
    return {"imports": planned, "undo": applied}


async def _import(door: Door, token: str, day: str, path: str = "/v1/imports") -> Answer:
    """A mark of the first pupil on a day, as a browser sends a file."""
    lines = f"ФИО;Класс;Предмет;Дата;Отметка\r\nБелкина Дарья 0;5А;Алгебра;{day};5\r\n"
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    form.add_field("file", io.BytesIO(lines.encode()), filename="otmetki.csv")
    return await door.journal.send("POST", path, form, {"authorization": f"Bearer {token}"})


def _address(one: Operation[Any, Any], ids: dict[str, str]) -> str:
    path = one.path.replace("{school}", SLUG).replace("{webhook_id}", "msg_own")
    what = "undo" if path.endswith("/undo") else one.path.split("/")[2]
    path = path.replace("{id}", ids.get(what, ""))
    if path.endswith("/templates/history"):
        return f"{path}?name=mark"
    return path + ("?as=repeat" if path.endswith("/resolve") and "quarantine" not in path else "")


async def _ask(
    door: Door, one: Operation[Any, Any], path: str, ids: dict[str, str], token: str
) -> Answer:
    body = BODIES.get((one.method, one.path))
    if (one.method, one.path) == ("POST", "/v1/subscriptions"):
        body = {"guardian_id": ids["guardians"], "pupil_id": ids["pupils"]}
    if one.path.endswith("/quarantine/{id}/resolve"):
        body = {"choice": ids["pupils"]}
    headers = {"authorization": f"Bearer {token}"}
    if one is imports.PLAN:
        return await _import(door, token, DAYS[0], path)
    data = None
    if body is not None:
        data, headers["content-type"] = json.dumps(body).encode(), "application/json"
    if one is roster.LOAD:
        data, headers["content-type"] = b"{}\n", roster.LINES
    return await door.journal.send(one.method, path, data, headers)


@pytest.mark.parametrize("one", OPERATIONS, ids=IDS)
async def test_the_other_schools_token_learns_and_changes_nothing(
    door: Door, one: Operation[Any, Any]
) -> None:
    ids = await _ids(door, one)
    async with door.database.transaction() as q:
        [pupil] = await q.all("select full_name from pupil order by id limit 1")
    path, before = _address(one, ids), await _rows(door)
    secrets = {*ids.values(), pupil["full_name"], door.school.name, "***0000"}
    ways = [path]
    if issubclass(one.query, OfSchool):
        ways.append(f"{path}{'&' if '?' in path else '?'}school={SLUG}")
    for way in ways:
        answer = await _ask(door, one, way, ids, door.other.token)
        if one.all_schools:
            is_problem(answer, 403)
        elif "{" in one.path or way != path or "guardian_id" in answer.body.decode():
            is_problem(answer, 404)
        elif one.status == 200:
            # A list of its own, where nothing of the first school stands.
            assert answer.status == 200
            assert not [word for word in secrets if word in answer.body.decode()]
        else:
            # What it makes, it makes in its own school; of another's people it knows none.
            assert answer.status in (201, 404)
    if "{" in one.path or one.method == "GET" or one.path.startswith("/v1/search"):
        assert await _rows(door) == before
    else:
        assert {row for row in await _rows(door) if row[1] == door.school.id} == {
            row for row in before if row[1] == door.school.id
        }


async def _rows(door: Door) -> set[tuple[Any, ...]]:
    """Everything of these tables that has a school, so that a changed row is seen too."""
    found: set[tuple[Any, ...]] = set()
    async with door.database.reading() as q:
        for table in ("pupil", "guardian", "subscription", "consent", "ledger", "message",
                      "request", "credential", "membership", "delivery"):  # fmt: skip
            for row in await q.all(f"select * from {table}"):
                columns = dict(row)
                if table == "credential" and columns["revoked_at"] is None:
                    columns.pop("revoked_at")
                found.add((table, columns["school_id"], *map(repr, columns.values())))
        for row in await q.all("select * from school"):
            columns = {name: said for name, said in dict(row).items() if name != "rev"}
            found.add(("school", columns["id"], *map(repr, columns.values())))
        for row in await q.all("select id, state, handled_by from inbound"):
            found.add(("inbound", 0, *dict(row).values()))
    return found


@pytest.mark.parametrize("one", OPERATIONS, ids=IDS)
async def test_its_own_school_is_served_and_only_with_the_right(
    door: Door, one: Operation[Any, Any]
) -> None:
    """The same requests are good ones: so the test above refuses them for whose they are."""
    ids = await _ids(door, one)
    tools = door.service.base.tools
    school_id = 0 if one.all_schools else door.school.id
    async with door.database.transaction() as q:
        for right in Right:
            await tokens.add(q, tools, school_id, f"sd_{right}", name="", rights=[right], now=1)
    path = _address(one, ids)
    for right in Right:
        if right is not one.right:
            is_problem(await _ask(door, one, path, ids, f"sd_{right}"), 403, "no-right")
    answer = await _ask(door, one, path, ids, f"sd_{one.right}")
    # A question is asked, a consent recorded, a pair subscribed only once.
    stands = {"/v1/guardians/{id}/ask", "/v1/subscriptions"}
    good = {200, 201, 202} | ({409} if one.path in stands else set())
    assert answer.status in good, answer.body


async def test_without_a_token_nothing_is_served(door: Door) -> None:
    ids = await _ids(door)
    for one in OPERATIONS:
        answer = await _ask(door, one, _address(one, ids), ids, "nonsense")
        is_problem(answer, 401, "unauthorized")


async def test_a_token_of_all_schools_names_one_for_every_operation_about_one(door: Door) -> None:
    ids = await _ids(door)
    async with door.database.transaction() as q:
        await tokens.add(q, door.service.base.tools, 0, "sd_of_all", name="all", now=1)
    for one in OPERATIONS:
        if issubclass(one.query, OfSchool):
            path = _address(one, ids)
            is_problem(await _ask(door, one, path, ids, "sd_of_all"), 400, "which-school")
            other = f"{path}{'&' if '?' in path else '?'}school={OTHER}"
            answer = await _ask(door, one, other, ids, "sd_of_all")
            assert answer.status == (404 if "{id}" in path or "{id}" in one.path else answer.status)
    assert history.OPERATIONS[0] in OPERATIONS
