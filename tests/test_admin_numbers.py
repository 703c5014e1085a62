"""Over HTTP: whom SMS do not reach and a number that is reached again; a school's calendar."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sms_diary.channels.smpp.results import reason
from sms_diary.clock import DAY, ManualClock
from sms_diary.model import ConsentState
from sms_diary.store import ledger, numbers, schools
from tests import seeding
from tests.conftest import NOW
from tests.journal_peer import Answer, Door, at_the_door, eventually, settings
from tests.seeding import column
from tests.test_door import is_problem

PAPER = {"source": "Звонок родителя", "form": "SMS-1", "by": "Петрова А. В.", "date": "2026-11-20"}
SCHOOL = "/v1/schools/school-5"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with at_the_door(settings(tmp_path), clock=ManualClock(NOW)) as opened:
        yield opened


async def ask(door: Door, method: str, path: str, body: Any = None) -> Answer:
    headers = dict(door.journal.bearer)
    if body is None:
        return await door.journal.send(method, path, None, headers)
    headers["content-type"] = "application/json"
    return await door.journal.send(method, path, json.dumps(body).encode(), headers)


async def trouble(door: Door) -> None:
    """The first number refuses at its operator, the second is suspended; the third is well."""
    blocked, dead, _ = door.subscribed
    async with door.database.transaction() as q:
        tools = door.service.base.tools
        await seeding.set_consent(
            q, tools, door.school.id, [blocked], ConsentState.BLOCKED, now=NOW - 5 * DAY
        )
        await q.run(
            "update number set state = 'blocked-by-operator' where id = :id", id=blocked.number_id
        )
        await q.run(
            "update number set failing_since = :at where id = :id", at=NOW - 20 * DAY,
            id=dead.number_id,
        )  # fmt: skip
        assert await numbers.suspend(q, [dead.number_id]) == [dead.number_id]


# ---------------------------------------------------------------- whom SMS do not reach


async def test_whom_sms_do_not_reach_is_listed_with_the_reason_and_a_masked_number(
    door: Door,
) -> None:
    await trouble(door)
    found = (await ask(door, "GET", "/v1/problems")).json["problems"]
    assert [(one["class"], one["kind"], one["number"]) for one in found] == [
        ("5А", "blocked-by-operator", "+7900***0000"), ("5А", "suspended", "+7900***0001"),
    ]  # fmt: skip
    assert [one["guardian_id"] for one in found] == [
        str(one.guardian_id) for one in door.subscribed[:2]
    ]
    assert found[0]["kind_ru"] == "отказ от рассылок у оператора"
    assert found[1]["since"].startswith("2026-11-04")
    assert found[1]["said"] is None


async def test_the_operators_last_word_is_shown_with_its_meaning(door: Door) -> None:
    await trouble(door)
    _, dead, _ = door.subscribed
    async with door.database.transaction() as q:
        tools = door.service.base.tools
        [message] = await seeding.queue(q, tools, dead, door.school.id, "Алгебра 5")
        await q.run("update message set state = 'rejected' where id = :id", id=message)
        await q.run(
            """update part set state = 'rejected', failure = 'bad-number', code = '0x0000000B',
               done_at = :now where message_id = :id""",
            now=NOW,
            id=message,
        )
    [one] = (await ask(door, "GET", "/v1/problems?kind=suspended")).json["problems"]
    said = one["said"]
    assert (said["route"], said["code"], said["failure"]) == ("main", "0x0000000B", "bad-number")
    assert said["code_ru"] == reason("0x0000000B") != ""


async def test_problems_are_filtered_by_class_and_kind(door: Door) -> None:
    await trouble(door)
    for query, count in (
        ("?class=5%D0%90", 2), ("?kind=blocked-by-operator", 1), ("?kind=failing", 0),
    ):  # fmt: skip
        answer = await ask(door, "GET", f"/v1/problems{query}")
        assert len(answer.json["problems"]) == count
    is_problem(await ask(door, "GET", "/v1/problems?class=9%D0%90"), 404, "no-class")
    is_problem(await ask(door, "GET", "/v1/problems?kind=bored"), 400, "bad-parameter")


# ---------------------------------------------------------------- reached again


async def test_a_lifted_refusal_leaves_its_evidence_in_the_ledger_and_needs_a_new_consent(
    door: Door,
) -> None:
    await trouble(door)
    path = f"/v1/guardians/{door.subscribed[0].guardian_id}/lift"
    answer = await ask(door, "POST", path, {"evidence": PAPER})
    assert (answer.status, answer.json["outcome"]) == (200, "consent-needed")
    assert answer.json["outcome_ru"].startswith("Отказ у оператора снят.")
    async with door.database.reading() as q:
        row = await q.one("select id, actor from ledger where action = 'operator-lifted'")
        assert row is not None
        tools = door.service.base.tools
        proof = await ledger.evidence(q, tools, door.school.id, row["id"])
    assert proof == {**PAPER, "number": seeding.phone(0)}
    assert row["actor"] == "token"
    sql = "select state from consent where subscription_id = :id"
    own = door.subscribed[0].subscription_id
    assert await column(door.database, sql, id=own) == ["unknown"]
    again = await ask(door, "POST", path, {"evidence": PAPER})
    assert (again.status, again.json["outcome"]) == (200, "nothing-held")


async def test_a_suspended_number_is_written_to_again_under_its_consents(door: Door) -> None:
    await trouble(door)
    path = f"/v1/guardians/{door.subscribed[1].guardian_id}/lift"
    is_problem(await ask(door, "POST", path, {}), 422, "invalid-body")
    answer = await ask(door, "POST", path, {"evidence": PAPER})
    assert answer.json["outcome"] == "open"
    [kind] = [one["kind"] for one in (await ask(door, "GET", "/v1/problems")).json["problems"]]
    assert kind == "blocked-by-operator"


async def test_a_stop_is_not_lifted(door: Door) -> None:
    stopped = door.subscribed[2]
    async with door.database.transaction() as q:
        await numbers.stop(q, stopped.number_id, now=NOW)
    path = f"/v1/guardians/{stopped.guardian_id}/lift"
    answer = await ask(door, "POST", path, {"evidence": PAPER})
    assert (answer.status, answer.json["outcome"]) == (200, "stopped")
    assert await column(
        door.database, "select state from number where id = :id", id=stopped.number_id
    ) == ["stopped"]


# ---------------------------------------------------------------- the calendar


AUTUMN = {"from": "2026-10-26", "to": "2026-11-03", "name": "осенние"}
WINTER = {"from": "2026-12-31", "to": "2027-01-10", "name": ""}


async def test_holidays_rhythms_and_the_first_day_are_set_and_read_back(door: Door) -> None:
    change = {
        "holidays": [WINTER, AUTUMN], "rhythms": "marks=week homework=day",
        "told_from": "2026-09-02",
    }  # fmt: skip
    before = (await ask(door, "GET", SCHOOL)).json
    answer = await ask(door, "PATCH", SCHOOL, change)
    assert answer.status == 200, answer.body
    assert answer.json == before | change | {"holidays": [AUTUMN, WINTER]}
    assert (await ask(door, "GET", SCHOOL)).json == answer.json
    listed = (await ask(door, "GET", "/v1/schools")).json["schools"]
    assert [one["holidays"] for one in listed] == [[AUTUMN, WINTER]]
    async with door.database.reading() as q:
        school = await schools.by_slug(q, "school-5")
    assert school is not None
    assert school.calendar.plain.is_off(date(2026, 10, 30))
    assert school.told_from == date(2026, 9, 2)
    rest = await ask(door, "PATCH", SCHOOL, {"holidays": [AUTUMN]})
    assert rest.json["holidays"] == [AUTUMN]
    assert (await ask(door, "PATCH", SCHOOL, {"cap": 5})).json["holidays"] == [AUTUMN]
    assert (await ask(door, "PATCH", SCHOOL, {"holidays": []})).json["holidays"] == []


@pytest.mark.parametrize(
    "days",
    [
        [{"from": "2026-11-03", "to": "2026-10-26", "name": "назад"}],
        [AUTUMN, {"from": "2026-11-03", "to": "2026-11-05", "name": "ещё"}],
        [AUTUMN, AUTUMN],
    ],
)
async def test_holidays_that_end_early_or_overlap_are_refused(
    door: Door, days: list[dict[str, str]]
) -> None:
    before = (await ask(door, "PATCH", SCHOOL, {"holidays": [WINTER]})).json
    is_problem(await ask(door, "PATCH", SCHOOL, {"holidays": days}), 409, "bad-hours")
    assert (await ask(door, "GET", SCHOOL)).json == before


async def test_what_waits_is_planned_anew_when_holidays_are_set(door: Door) -> None:
    async with door.database.transaction() as q:
        await seeding.set_up(q, door.school, rhythms="marks=day", digest_at=1080)
    await door.journal.post(seeding.mark("5"))
    sql = "select due from line where state = 'planned'"

    async def due() -> list[int]:
        return await column(door.database, sql)

    async def planned() -> bool:
        return bool(await due())

    await eventually(planned)
    [before] = await due()
    await ask(door, "PATCH", SCHOOL, {"holidays": [{"from": "2026-11-24", "to": "2026-11-27"}]})
    [after] = await due()
    assert after - before == 4 * DAY
