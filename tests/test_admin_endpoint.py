"""Messages, their timelines, and subscriptions over HTTP, for those whose token it is."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sms_diary.db import Database
from sms_diary.model import ConsentState, MessageState
from sms_diary.simulator.options import Options
from sms_diary.simulator.smsc import Smsc
from sms_diary.store import ledger, messages, subscriptions, timeline, tokens
from sms_diary.store.tools import Tools
from tests import seeding
from tests.journal_peer import Door, at_the_door, eventually, mark, route, settings
from tests.test_door import CYRILLIC, is_problem


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with at_the_door(settings(tmp_path)) as opened:
        yield opened


async def _walk(door: Door, path: str, key: str, cursor: str) -> list[dict[str, Any]]:
    """Every page from the first to the one without `next`."""
    found: list[dict[str, Any]] = []
    following = ""
    while True:
        answer = await door.journal.get(path + (f"&{cursor}={following}" if following else ""))
        assert answer.status == 200
        found += answer.json[key]
        following = answer.json.get("next", "")
        if not following:
            return found


async def _queue(door: Door, count: int) -> list[int]:
    async with door.database.transaction() as q:
        return await seeding.queue(
            q, door.service.base.tools, door.subscribed[0], door.school.id,
            *(f"Сообщение {n}" for n in range(count)),
        )  # fmt: skip


# ---------------------------------------------------------------- lists


async def test_pages_of_messages_have_no_gaps_and_no_repeats(door: Door) -> None:
    ids = await _queue(door, 250)
    for limit in (7, 50, 125, 200, 999):
        found = await _walk(door, f"/v1/messages?limit={limit}", "messages", "before")
        assert [one["id"] for one in found] == [str(one) for one in reversed(ids)]
    first = await door.journal.get("/v1/messages?limit=999")
    assert len(first.json["messages"]) == 200
    assert len((await door.journal.get("/v1/messages")).json["messages"]) == 50
    exact = await door.journal.get(f"/v1/messages?limit=50&before={ids[50]}")
    assert "next" not in exact.json
    assert (await door.journal.get("/v1/messages?before=0")).json == {"messages": []}


async def test_a_page_does_not_move_when_new_messages_come(door: Door) -> None:
    ids = await _queue(door, 6)
    first = await door.journal.get("/v1/messages?limit=3")
    await _queue(door, 3)
    second = await door.journal.get(f"/v1/messages?limit=3&before={first.json['next']}")
    assert [one["id"] for one in second.json["messages"]] == [str(i) for i in ids[2::-1]]


async def test_messages_are_filtered_by_each_state_they_are_shown_in(door: Door) -> None:
    ids = await _queue(door, len(messages.STATES))
    async with door.database.transaction() as q:
        for message_id, state in zip(ids, messages.STATES, strict=True):
            await q.run("update part set state = :state where message_id = :id",
                        state=state.value, id=message_id)  # fmt: skip
            if state in set(MessageState):
                await q.run("update message set state = :state where id = :id",
                            state=state.value, id=message_id)  # fmt: skip
    for message_id, state in zip(ids, messages.STATES, strict=True):
        [found] = await _walk(door, f"/v1/messages?state={state}", "messages", "before")
        assert (found["id"], found["state"]) == (str(message_id), state.value)
        assert CYRILLIC.search(found["state_ru"])


async def test_what_is_asked_wrongly_is_refused_in_russian(door: Door) -> None:
    for query in ("state=burnt", "limit=x", "limit=-1", "limit=" + "9" * 5000, "before=x",
                  f"before={2**63}", "befor=1", "limit=1&limit=2", "state=queued'--"):  # fmt: skip
        is_problem(await door.journal.get(f"/v1/messages?{query}"), 400)
    for query in ("after=x", "state=queued", "limit=%D9%A1"):
        is_problem(await door.journal.get(f"/v1/subscriptions?{query}"), 400)
    for bad in ("x", "-1", "1e3", "9" * 5000, str(2**63), "%D9%A1", "%00", "%FF"):
        is_problem(await door.journal.get(f"/v1/messages/{bad}"), 404)
        path = f"/v1/subscriptions/{bad}/stop"
        is_problem(await door.journal.send("POST", path, headers=door.journal.bearer), 404)


async def test_pages_of_subscriptions_have_no_gaps_and_no_repeats(tmp_path: Path) -> None:
    async with at_the_door(settings(tmp_path), pupils=250) as door:
        found = await _walk(door, "/v1/subscriptions?limit=100", "subscriptions", "after")
        assert [one["id"] for one in found] == sorted(
            str(one.subscription_id) for one in door.subscribed
        )
        one = found[0]
        assert (one["state"], one["topics"]) == ("active", {})
        assert one["pupil"].startswith("Белкина Дарья")
        assert "***" in one["number"]
        assert door.subscribed[0].number not in str(found)


async def test_another_school_sees_nothing_of_it(door: Door) -> None:
    [message_id] = await _queue(door, 1)
    subscription_id = door.subscribed[0].subscription_id
    other = door.other
    assert (await other.get("/v1/messages")).json == {"messages": []}
    assert (await other.get("/v1/subscriptions")).json == {"subscriptions": []}
    is_problem(await other.get(f"/v1/messages/{message_id}"), 404, "no-message")
    is_problem(await other.get("/v1/messages?school=school-5"), 404, "no-school")
    before = await door.kept()
    path = f"/v1/subscriptions/{subscription_id}/stop"
    for query in ("", "?school=school-5"):
        is_problem(await other.send("POST", path + query, headers=other.bearer), 404)
    assert await door.kept() == before
    assert (await door.journal.get(f"/v1/messages/{message_id}")).status == 200


async def test_a_token_of_all_schools_says_which_one_it_means(door: Door) -> None:
    async with door.database.transaction() as q:
        await tokens.add(q, door.service.base.tools, 0, "sd_of_all", name="all", now=1)
    await _queue(door, 1)
    is_problem(await door.journal.get("/v1/messages", token="sd_of_all"), 400, "which-school")
    for slug, count in (("school-5", 1), ("school-7", 0)):
        page = await door.journal.get(f"/v1/messages?school={slug}", token="sd_of_all")
        assert len(page.json["messages"]) == count
    is_problem(await door.journal.get("/v1/messages?school=none", token="sd_of_all"), 404)


# ---------------------------------------------------------------- the timeline


async def _delivered(tmp_path: Path, smsc: Smsc, event: dict[str, Any]) -> dict[str, Any]:
    """Post the event, wait for the receipts of its one message, and give that."""
    async with at_the_door(settings(tmp_path, routes=[route(smsc.port)])) as door:
        assert (await door.journal.post(event)).status == 202

        async def delivered() -> bool:
            page = await door.journal.get("/v1/messages?state=delivered")
            return len(page.json["messages"]) == 1

        await eventually(delivered)
        [brief] = (await door.journal.get("/v1/messages")).json["messages"]
        whole: dict[str, Any] = (await door.journal.get(f"/v1/messages/{brief['id']}")).json
        assert brief.items() <= whole.items()
        return whole


async def test_the_timeline_tells_a_long_message_from_post_to_receipt(tmp_path: Path) -> None:
    smsc = Smsc(Options())
    await smsc.start()
    try:
        text = "Принести сменную обувь и спортивную форму, сбор у главного входа. " * 2
        audience = {"pupils": [{"id": "p0"}]}
        event = {"kind": "announcement.posted", "audience": audience, "text": text, "urgent": True}
        whole = await _delivered(tmp_path, smsc, event)
    finally:
        await smsc.stop()
    parts = whole["parts"]
    assert parts > 1
    assert (whole["alphabet"], whole["ground"], whole["state"]) == ("ucs2", "consent", "delivered")
    assert whole["ledger_id"].isdigit()
    timeline = whole["timeline"]
    words = [step["what"] for step in timeline]
    assert words[:3] == ["posted", "due", "composed"]
    assert (timeline[0]["source"], timeline[0]["source_ru"]) == ("webhook", "журнал прислал")
    assert words.count("handed over") == words.count("accepted") == parts
    assert words.count("receipt") == words.count("delivered") == parts
    assert words[-1] == "delivered"
    times = [datetime.fromisoformat(step["at"]) for step in timeline]
    assert times == sorted(times)
    for part in range(1, parts + 1):
        own = [step["what"] for step in timeline if step.get("part") == part]
        assert own == ["handed over", "accepted", "receipt", "delivered"]
    assert all(CYRILLIC.search(step["what_ru"]) for step in timeline)
    accepted = {step["provider_id"] for step in timeline if step["what"] == "accepted"}
    assert accepted == {str(one.message_id) for one in smsc.ledger}


async def test_a_withdrawn_message_says_so(door: Door) -> None:
    [message_id] = await _queue(door, 1)
    path = f"/v1/subscriptions/{door.subscribed[0].subscription_id}/stop"
    await door.journal.send("POST", path, headers=door.journal.bearer)
    whole = (await door.journal.get(f"/v1/messages/{message_id}")).json
    assert whole["state"] == "withdrawn"
    assert [step["what"] for step in whole["timeline"]] == ["composed", "withdrawn"]
    assert whole["timeline"][-1]["what_ru"] == "отозвано до отправки"


async def test_doubt_and_a_put_off_attempt_are_told(door: Door) -> None:
    doubtful, put_off = await _queue(door, 2)
    async with door.database.transaction() as q:
        for message_id, state, failure in (
            (doubtful, "doubt", None),
            (put_off, "retry", "balance"),
        ):
            await q.run(
                """update part set state = :state, failure = :failure, claimed_at = 5, attempts = 1
                   where message_id = :id""",
                state=state, failure=failure, id=message_id,
            )  # fmt: skip
    first = (await door.journal.get(f"/v1/messages/{doubtful}")).json
    assert first["state"] == "doubt"
    assert [s["what"] for s in first["timeline"]] == ["composed", "handed over", "in doubt"]
    second = (await door.journal.get(f"/v1/messages/{put_off}")).json
    assert second["state"] == "queued"
    assert second["timeline"][-1]["what"] == "put off"
    assert second["timeline"][-1]["failure"] == "balance"


# ---------------------------------------------------------------- stop


async def test_a_stop_takes_effect_at_once_and_a_second_one_changes_nothing(door: Door) -> None:
    subscribed = door.subscribed[0]
    ids = await _queue(door, 3)
    path = f"/v1/subscriptions/{subscribed.subscription_id}/stop"
    before = await door.kept()
    first = await door.journal.send("POST", path, headers=door.journal.bearer)
    assert (first.status, first.json["state"]) == (200, "stopped")
    after = await door.kept()
    assert after["ledger"] == before["ledger"] + 1
    assert after["evidence"] == before["evidence"] + 1
    withdrawn = await _walk(door, "/v1/messages?state=withdrawn", "messages", "before")
    assert {one["id"] for one in withdrawn} == {str(one) for one in ids}
    again = await door.journal.send("POST", path, headers=door.journal.bearer)
    assert (again.status, again.body) == (200, first.body)
    assert await door.kept() == after
    tools = door.service.base.tools
    async with door.database.reading() as q:
        assert await ledger.first_broken(q, door.school.id) is None
        row = await q.one("select * from ledger order by id desc limit 1")
        assert row is not None
        assert (row["action"], row["actor"]) == ("revoked", "token")
        evidence = await ledger.evidence(q, tools, door.school.id, row["id"])
    assert evidence["number"] == subscribed.number
    every = (await door.journal.get("/v1/subscriptions")).json["subscriptions"]
    stopped = [one["id"] for one in every if one["state"] != "active"]
    assert stopped == [str(subscribed.subscription_id)]


async def test_after_a_stop_the_next_mark_is_silent_and_says_why(door: Door) -> None:
    path = f"/v1/subscriptions/{door.subscribed[0].subscription_id}/stop"
    await door.journal.send("POST", path, headers=door.journal.bearer)
    answer = await door.journal.post(mark(0))
    where = answer.headers["location"]

    async def silent() -> bool:
        [event] = (await door.journal.get(where)).json["events"]
        return [line["state"] for line in event["lines"]] == ["silent"]

    await eventually(silent)
    [event] = (await door.journal.get(where)).json["events"]
    assert event["lines"][0]["reason"] == "stopped"
    assert CYRILLIC.search(event["lines"][0]["reason_ru"])
    assert (await door.journal.get("/v1/messages")).json == {"messages": []}


async def test_a_stop_covers_a_topic_that_was_allowed_by_itself(door: Door) -> None:
    subscribed = door.subscribed[0]
    async with door.database.transaction() as q:
        await seeding.set_consent(
            q, door.service.base.tools, door.school.id, [subscribed],
            ConsentState.ACTIVE, topic="homework",
        )  # fmt: skip
    path = f"/v1/subscriptions/{subscribed.subscription_id}/stop"
    answer = await door.journal.send("POST", path, headers=door.journal.bearer)
    assert (answer.json["state"], answer.json["topics"]) == ("stopped", {"homework": "stopped"})


async def test_nothing_is_shown_or_stopped_without_a_token(door: Door) -> None:
    [message_id] = await _queue(door, 1)
    stop = f"/v1/subscriptions/{door.subscribed[0].subscription_id}/stop"
    before = await door.kept()
    form = {"content-type": "application/x-www-form-urlencoded"}
    page = {"origin": "https://evil.example", "cookie": f"token={door.journal.token}"}
    for headers in ({}, form, page, {"authorization": "Bearer nonsense"}):
        for path in ("/v1/messages", f"/v1/messages/{message_id}", "/v1/subscriptions"):
            is_problem(await door.journal.send("GET", path, headers=headers), 401, "unauthorized")
        for query in ("", f"?token={door.journal.token}"):
            answer = await door.journal.send("POST", stop + query, b"token=1", headers)
            is_problem(answer, 401, "unauthorized")
    for method in ("GET", "PUT", "DELETE"):
        answer = await door.journal.send(method, stop, headers=door.journal.bearer)
        is_problem(answer, 405)
        assert answer.headers["allow"] == "POST"
        assert "access-control-allow-origin" not in answer.headers
    assert await door.kept() == before


async def test_the_row_to_be_stopped_is_found_for_its_school_only(
    db: Database, tools: Tools
) -> None:
    async with db.transaction() as q:
        school = await seeding.live_school(q, tools, "one")
        other = await seeding.live_school(q, tools, "two")
        [class_id] = await seeding.classes(q, tools, school, "5А")
        [pupil_id] = await seeding.pupils(q, tools, school, class_id, 1)
        [own] = await seeding.subscribe(q, tools, school, [(pupil_id, seeding.phone(1))])
        assert await subscriptions.locked(q, tools, other.id, own.subscription_id) is None
        found = await subscriptions.locked(q, tools, school.id, own.subscription_id)
        assert found is not None
        assert (found.view.id, found.number_id) == (own.subscription_id, own.number_id)
        assert found.number == own.number
        [message_id] = await seeding.queue(q, tools, own, school.id, "Математика 5")
        [step] = await timeline.read(q, school.id, message_id)
        assert step["what"] == "composed"
        assert await timeline.read(q, other.id, message_id) == []


# ---------------------------------------------------------------- a big school

MANY = 100_000


async def _many(q: Any, tools: Tools, school_id: int, number_id: int, count: int) -> list[int]:
    """Delivered messages by the thousand; straight into the table, each with one part."""
    sealed = tools.vault.seal("Математика 5", "message.text", 1)
    ids = tools.ids.many(count)
    await q.insert(
        "message",
        "id, school_id, guardian_id, number_id, ground, inbound_id, text, alphabet, parts, level,"
        " state, created_at, expires",
        [(i, school_id, None, number_id, "code", None, sealed, "ucs2", 1, "full", "delivered", 1, 2)
         for i in ids],
    )  # fmt: skip
    return ids


async def _set(q: Any, message_id: int, state: str, tools: Tools) -> None:
    text = tools.vault.seal("Математика 5", "message.text", message_id)
    await q.run("update message set state = :state, text = :text where id = :id",
                state=state, text=text, id=message_id)  # fmt: skip


async def test_a_rare_state_is_found_in_a_big_school_without_reading_all_of_it(
    db: Database, tools: Tools
) -> None:
    async with db.transaction() as q:
        school = await seeding.live_school(q, tools, "big")
        [class_id] = await seeding.classes(q, tools, school, "5А")
        [pupil_id] = await seeding.pupils(q, tools, school, class_id, 1)
        [subscribed] = await seeding.subscribe(q, tools, school, [(pupil_id, seeding.phone(1))])
        ids = await _many(q, tools, school.id, subscribed.number_id, MANY)
        await _set(q, ids[0], "undelivered", tools)
        await _set(q, ids[10], "open", tools)
    async with db.reading() as q:
        began = time.perf_counter()
        page = await messages.page(q, tools, school.id, before=None, state="undelivered", limit=50)
        failed_took = time.perf_counter() - began
        assert [view.id for view in page.messages] == [ids[0]]
        assert page.next is None

        # A state that is read from the parts: a bounded look, and a way on.
        began = time.perf_counter()
        page = await messages.page(q, tools, school.id, before=None, state="sent", limit=50)
        open_took = time.perf_counter() - began
        assert page.messages == []
        looks = 1
        while page.next is not None and not page.messages:
            page = await messages.page(
                q, tools, school.id, before=page.next, state="sent", limit=50
            )
            looks += 1
        assert [view.id for view in page.messages] == [ids[10]]
        assert looks == MANY // messages.WINDOW
    # Far above what it takes, far below what reading all of it would.
    assert failed_took < 0.1
    assert open_took < 0.5


async def test_the_plans_for_a_state_go_by_indexes_only(db: Database, tools: Tools) -> None:
    if db.engine != "sqlite":
        return  # PostgreSQL chooses by its statistics; the test above measures it
    async with db.reading() as q:
        for state in messages.STATES:
            condition = messages._shown_as(state)
            plan = await q.all(
                f"""explain query plan select m.id from message m
                    join number n on n.id = m.number_id
                    where m.school_id = :school_id and m.id < :before and m.id >= :floor {condition}
                    order by m.id desc limit 50""",
                school_id=1, before=2, floor=0,
            )  # fmt: skip
            steps = [row["detail"] for row in plan]
            assert not any(step.startswith("SCAN m") or "TEMP B-TREE" in step for step in steps)
            failed = state in messages._FAILED
            assert any("message_that_failed" in step for step in steps) == failed
