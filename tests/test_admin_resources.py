"""Schools, pupils, guardians, subscriptions and tokens over HTTP, as an admin uses them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sms_diary.api.serving import KEY
from sms_diary.clock import DAY, HOUR, ManualClock
from sms_diary.db import Database
from sms_diary.model import ConsentState, NumberState
from sms_diary.store import (
    consents,
    idempotency,
    ledger,
    numbers,
    schools,
    subscriptions,
    tokens,
)
from sms_diary.store.consents import Change
from sms_diary.store.subscriptions import Wanted
from sms_diary.store.tools import Tools
from tests import seeding
from tests.conftest import NOW
from tests.journal_peer import Answer, Door, at_the_door, settings
from tests.test_door import CYRILLIC, is_problem

PAPER = {"source": "Заявление", "form": "SMS-1", "by": "Петрова А. В.", "date": "2026-11-20"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def door(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Door]:
    async with at_the_door(settings(tmp_path), clock=clock) as opened:
        yield opened


async def _send(
    door: Door, method: str, path: str, body: Any = None, *, token: str = "", **headers: str
) -> Answer:
    named = {name.replace("_", "-"): said for name, said in headers.items()}
    sent = {"authorization": f"Bearer {token or door.journal.token}"} | named
    data = None
    if body is not None:
        data, sent["content-type"] = json.dumps(body).encode(), "application/json"
    return await door.journal.send(method, path, data, sent)


async def _all_schools(door: Door) -> str:
    async with door.database.transaction() as q:
        await tokens.add(q, door.service.base.tools, 0, "sd_of_all", name="all", now=1)
    return "sd_of_all"


# ---------------------------------------------------------------- schools


async def test_the_settings_of_a_school_are_changed_and_read_back(door: Door) -> None:
    path = "/v1/schools/school-5"
    change = {
        "name": "Школа № 5", "short_name": "Шк. 5", "mode": "test", "paused": True, "budget": 3,
        "settle_seconds": 90, "latin": True, "phone": "8 (846) 000-00-00", "proof": "sms+pd",
        "retention_days": 30, "digest_at": "17:30", "digest_day": 6, "day_from": "09:00",
        "day_to": "20:00", "urgent_from": "07:00", "urgent_to": "21:30", "off_days": [7, 6],
        "cap": 4,
    }  # fmt: skip
    before = await _send(door, "GET", path)
    answer = await _send(door, "PATCH", path, change)
    assert answer.status == 200
    after = (await _send(door, "GET", path)).json
    assert after == answer.json == before.json | change | {"off_days": [6, 7]}
    async with door.database.reading() as q:
        school = await schools.by_slug(q, "school-5")
    assert school is not None
    assert (school.paused, school.settle, school.mode) == (True, 90_000, "test")
    resumed = await _send(door, "PATCH", path, {"paused": False, "mode": "live"})
    assert (resumed.json["paused"], resumed.json["mode"]) == (False, "live")
    assert resumed.json["name"] == "Школа № 5"


async def test_hours_that_never_come_are_refused(door: Door) -> None:
    path = "/v1/schools/school-5"
    before = (await _send(door, "GET", path)).json
    for hours in ({"day_from": "22:00", "day_to": "21:00"}, {"urgent_to": "00:00"},
                  {"day_to": "00:00"}):  # fmt: skip
        is_problem(await _send(door, "PATCH", path, hours), 409, "bad-hours")
    assert (await _send(door, "GET", path)).json == before


async def test_a_misspelt_field_or_a_wrong_value_is_named_by_a_pointer(door: Door) -> None:
    body = {"bugdet": 3, "cap": 0, "day_from": "8.00", "off_days": [1, 9], "mode": "alive"}
    answer = await _send(door, "PATCH", "/v1/schools/school-5", body)
    is_problem(answer, 422, "invalid-body")
    pointers = {one["pointer"]: one["code"] for one in answer.json["errors"]}
    assert pointers == {
        "/bugdet": "unknown-field", "/cap": "too-small", "/day_from": "bad-time",
        "/off_days/1": "too-large", "/mode": "wrong-value",
    }  # fmt: skip
    assert all(CYRILLIC.search(one["message"]) for one in answer.json["errors"])
    assert "alive" not in answer.body.decode()
    for data in (b"{", b'{"cap": 1},{"cap": 2}', b"\xff"):
        headers = door.journal.bearer | {"content-type": "application/json"}
        is_problem(await door.journal.send("PATCH", "/v1/schools/school-5", data, headers), 400)


async def test_a_token_sees_the_schools_that_it_opens(door: Door) -> None:
    own = (await _send(door, "GET", "/v1/schools")).json
    assert [one["school"] for one in own["schools"]] == ["school-5"]
    token = await _all_schools(door)
    first = (await _send(door, "GET", "/v1/schools?limit=1", token=token)).json
    second = (await _send(door, "GET", f"/v1/schools?after={first['next']}", token=token)).json
    found = [*first["schools"], *second["schools"]]
    assert [one["school"] for one in found] == ["school-5", "school-7"]
    assert "next" not in second


# ---------------------------------------------------------------- tokens


async def test_a_token_is_shown_once_and_may_what_was_said_until_it_is_revoked(
    door: Door,
) -> None:
    every = await _all_schools(door)
    new = {"name": "Журнал", "school": "school-5", "rights": ["read"]}
    made = await _send(door, "POST", "/v1/tokens", new, token=every)
    assert made.status == 201
    secret = made.json["token"]
    assert (await _send(door, "GET", "/v1/pupils", token=secret)).status == 200
    denied = await _send(door, "PATCH", "/v1/schools/school-5", {"cap": 3}, token=secret)
    is_problem(denied, 403, "no-right")
    listed = await _send(door, "GET", "/v1/tokens", token=every)
    shown = {one["id"]: one for one in listed.json["tokens"]}[made.json["id"]]
    assert (shown["name"], shown["school"], shown["rights"]) == ("Журнал", "school-5", ["read"])
    assert secret not in listed.body.decode()
    async with door.database.reading() as q:
        for row in await q.all("select * from credential"):
            assert secret not in str(dict(row))
    path = f"/v1/tokens/{made.json['id']}"
    assert (await _send(door, "DELETE", path, token=every)).status == 200
    is_problem(await _send(door, "DELETE", path, token=every), 404, "no-token")
    async with asyncio.timeout(5):
        while (await _send(door, "GET", "/v1/pupils", token=secret)).status != 401:
            await asyncio.sleep(0.05)


async def test_the_answer_with_a_secret_is_not_kept_to_be_given_again(door: Door) -> None:
    every = await _all_schools(door)
    answer = await _send(door, "POST", "/v1/tokens", {"name": "x"}, token=every, **{KEY: "k1"})
    is_problem(answer, 400, "no-key-here")


# ---------------------------------------------------------------- pupils and guardians


async def test_a_pupil_is_added_renamed_and_moved_to_another_class(
    door: Door, clock: ManualClock
) -> None:
    new = {"full_name": "Лисицын  Пётр Ильич", "class": "7 б", "external_id": "x1"}
    made = await _send(door, "POST", "/v1/pupils", new)
    assert made.status == 201
    assert made.json["full_name"] == "Лисицын Пётр Ильич"
    path = f"/v1/pupils/{made.json['id']}"
    is_problem(await _send(door, "POST", "/v1/pupils", new), 409, "id-taken")
    found = await _send(door, "GET", "/v1/pupils?class=7Б")
    assert [one["id"] for one in found.json["pupils"]] == [made.json["id"]]
    clock.advance(DAY)
    moved = await _send(door, "PATCH", path, {"class": "7В", "birth_date": "2013-02-03"})
    assert (moved.json["class"], moved.json["birth_date"], moved.json["rev"]) == (
        "7В", "2013-02-03", 1,
    )  # fmt: skip
    assert (await _send(door, "GET", "/v1/pupils?class=7Б")).json == {"pupils": []}
    assert (await _send(door, "PATCH", path, {"class": "7Г"})).json["class"] == "7Г"
    days = await seeding.column(
        door.database,
        "select from_day || '/' || coalesce(to_day, '') as days from membership"
        " where pupil_id = :id"
        " order by from_day",
        id=int(made.json["id"]),
    )
    assert days == ["2026-09-01/2026-11-24", "2026-11-25/"]
    is_problem(await _send(door, "PATCH", path, {"class": "лагерь"}), 404, "no-class")
    is_problem(await _send(door, "PATCH", path, {"external_id": "p0"}), 409, "id-taken")
    gone = await _send(door, "PATCH", path, {"birth_date": None})
    assert gone.json["birth_date"] is None


async def test_a_pupil_who_was_added_over_http_gets_marks_at_once(door: Door) -> None:
    await door.journal.post(seeding.mark())
    await _send(door, "POST", "/v1/pupils", {"full_name": "Лисицын Пётр", "class": "7Б",
                                             "external_id": "x1"})  # fmt: skip
    answer = await door.journal.post(seeding.mark(pupil={"id": "x1"}, at="2026-11-24T08:00:00Z"))
    assert answer.json["created"] == 1


async def test_a_guardian_is_found_by_number_in_a_body_and_never_shown_whole(door: Door) -> None:
    new = {"number": seeding.phone(50), "full_name": "Лисицына Анна"}
    made = await _send(door, "POST", "/v1/guardians", new)
    assert made.status == 201
    is_problem(await _send(door, "POST", "/v1/guardians", new), 409, "number-taken")
    found = await _send(door, "POST", "/v1/search/number", {"number": seeding.phone(50)})
    assert found.json == {"guardians": [made.json]}
    nobody = await _send(door, "POST", "/v1/search/number", {"number": seeding.phone(51)})
    assert nobody.json == {"guardians": []}
    changed = await _send(door, "PATCH", f"/v1/guardians/{made.json['id']}", {"latin": True})
    assert (changed.json["latin"], changed.json["full_name"]) == (True, "Лисицына Анна")
    assert seeding.phone(50) not in made.body.decode() + found.body.decode()
    wrong = await _send(door, "POST", "/v1/search/number", {"number": "8 900 000-00-50"})
    is_problem(wrong, 422, "invalid-body")
    assert wrong.json["errors"][0]["code"] == "bad-number"


async def test_another_number_ends_the_consent_and_begins_none(door: Door) -> None:
    own = door.subscribed[0]
    change = {"number": seeding.phone(60), "evidence": PAPER}
    answer = await _send(door, "POST", f"/v1/guardians/{own.guardian_id}/number", change)
    assert answer.status == 200
    assert answer.json["number"] == "+7900***0060"
    seen = await _send(door, "GET", f"/v1/subscriptions/{own.subscription_id}")
    assert (seen.json["state"], seen.json["number"]) == ("unknown", "+7900***0060")
    acts = (await _send(door, "GET", f"/v1/subscriptions/{own.subscription_id}/history")).json
    assert "number-changed" in [act["action"] for act in acts["acts"]]


async def test_a_question_is_asked_once_and_only_where_nothing_is_known(door: Door) -> None:
    own = door.subscribed[0]
    path = f"/v1/guardians/{own.guardian_id}/ask"
    is_problem(await _send(door, "POST", path, {"evidence": PAPER}), 409, "not-asked")
    change = {"number": seeding.phone(61), "evidence": PAPER}
    await _send(door, "POST", f"/v1/guardians/{own.guardian_id}/number", change)
    others = {"evidence": PAPER, "subscription_ids": [str(door.subscribed[1].subscription_id)]}
    is_problem(await _send(door, "POST", path, others), 404, "no-subscription")
    assert (await _send(door, "POST", path, {"evidence": PAPER})).status == 202
    is_problem(await _send(door, "POST", path, {"evidence": PAPER}), 409, "not-asked")
    seen = await _send(door, "GET", f"/v1/subscriptions/{own.subscription_id}")
    assert seen.json["state"] == "asked"


# ---------------------------------------------------------------- subscriptions


async def test_a_subscription_is_made_without_a_consent_and_only_once(door: Door) -> None:
    new = {
        "guardian_id": str(door.subscribed[0].guardian_id),
        "pupil_id": str(door.subscribed[1].pupil_id), "relation": "мама",
    }  # fmt: skip
    made = await _send(door, "POST", "/v1/subscriptions", new)
    assert (made.status, made.json["state"], made.json["relation"]) == (201, "unknown", "мама")
    is_problem(await _send(door, "POST", "/v1/subscriptions", new), 409, "subscribed")


async def test_rhythms_are_set_and_taken_back_by_topic(door: Door) -> None:
    path = f"/v1/subscriptions/{door.subscribed[0].subscription_id}"
    said = {"rhythm": {"marks": "week", "homework": "off"}, "relation": "бабушка"}
    answer = await _send(door, "PATCH", path, said)
    assert (answer.json["rhythm"], answer.json["relation"]) == (said["rhythm"], "бабушка")
    answer = await _send(door, "PATCH", path, {"rhythm": {"marks": None}})
    assert (answer.json["rhythm"], answer.json["relation"]) == ({"homework": "off"}, "бабушка")
    for wrong in ({"rhythm": {"weather": "day"}}, {"rhythm": {"marks": "often"}}):
        is_problem(await _send(door, "PATCH", path, wrong), 422)


async def test_a_topic_is_stopped_and_started_again_on_a_later_paper(
    door: Door, clock: ManualClock
) -> None:
    path = f"/v1/subscriptions/{door.subscribed[0].subscription_id}"
    stopped = await _send(door, "POST", f"{path}/stop", {"topics": ["homework"], "by": "Завуч"})
    assert (stopped.json["state"], stopped.json["topics"]) == ("active", {"homework": "stopped"})
    clock.advance(3 * DAY)
    start = {"topics": ["homework"], "evidence": PAPER}
    is_problem(await _send(door, "POST", f"{path}/start", start), 409, "stop-holds")
    later = start | {"evidence": PAPER | {"date": "2026-11-26"}}
    started = await _send(door, "POST", f"{path}/start", later)
    assert (started.status, started.json["topics"]) == (200, {"homework": "active"})
    future = start | {"evidence": PAPER | {"date": "2026-12-01"}}
    is_problem(await _send(door, "POST", f"{path}/start", future), 409, "not-yet")
    acts = (await _send(door, "GET", f"{path}/history")).json["acts"]
    assert [act["action"] for act in acts] == ["revoked", "given"]
    assert acts[1]["evidence"]["source"] == "Заявление"
    assert acts[1]["evidence"]["number"] == "+7900***0000"
    assert acts[1]["kept"] == "kept"
    async with door.database.reading() as q:
        assert await ledger.first_broken(q, door.school.id) is None


async def test_no_paper_lifts_what_the_parent_stopped_by_sms(
    door: Door, clock: ManualClock
) -> None:
    own, other = door.subscribed[0], door.subscribed[1]
    async with door.database.transaction() as q:
        tools = door.service.base.tools
        await numbers.stop(q, own.number_id, now=1)
        row = await q.one("select state from number where id = :id", id=own.number_id)
        assert row is not None
        assert row["state"] == NumberState.STOPPED
        act = ledger.Act("revoked", other.number, "subscription", ledger.BY_SMS, {"text": "СТОП"})
        await consents.change(q, tools, door.school.id, [
            Change(other.subscription_id, other.number_id, ConsentState.STOPPED, act)
        ], now=1)  # fmt: skip
    clock.advance(30 * DAY)
    for one in (own, other):
        path = f"/v1/subscriptions/{one.subscription_id}/start"
        later = {"evidence": PAPER | {"date": "2026-12-20"}}
        is_problem(await _send(door, "POST", path, later), 409, "stop-holds")


async def test_a_paper_without_its_source_form_person_or_date_starts_nothing(door: Door) -> None:
    path = f"/v1/subscriptions/{door.subscribed[0].subscription_id}/start"
    for missing in PAPER:
        paper = {name: said for name, said in PAPER.items() if name != missing}
        answer = await _send(door, "POST", path, {"evidence": paper})
        is_problem(answer, 422, "invalid-body")
        assert answer.json["errors"][0]["pointer"] == f"/evidence/{missing}"
    is_problem(await _send(door, "POST", path), 415)


@pytest.mark.parametrize("topic", ["*", "marks", "homework"])
async def test_the_page_of_a_state_is_what_a_look_at_each_subscription_gives(
    db: Database, tools: Tools, topic: str
) -> None:
    states = [None, ConsentState.ACTIVE, ConsentState.STOPPED, ConsentState.REFUSED]
    async with db.transaction() as q:
        school = await seeding.live_school(q, tools, "one")
        [own, other] = await seeding.classes(q, tools, school, "5А", "6А")
        pupils = await seeding.pupils(q, tools, school, own, 24)
        far = await seeding.pupil(q, tools, school, other, "Лисицын Пётр")
        pairs = [(pupil, seeding.phone(n)) for n, pupil in enumerate([*pupils, far])]
        made = await seeding.subscribe(q, tools, school, pairs, state=None)
        for n, one in enumerate(made):
            for about, state in (("*", states[n % 4]), ("marks", states[n // 4 % 4])):
                if state is not None:
                    await seeding.set_consent(q, tools, school.id, [one], state, topic=about)
    async with db.reading() as q:
        everyone = await subscriptions.page(
            q, tools, school.id, Wanted(), day="2026-11-24", after=0, limit=100
        )
        assert len(everyone.subscriptions) == 25
        stands = {
            one.id: one.topics.get(topic, one.state) if topic != "*" else one.state
            for one in everyone.subscriptions
        }
        for state in (*states[1:], ConsentState.UNKNOWN):
            assert state is not None
            right = [one for one, held in stands.items() if held == state]
            for wanted, expected in (
                (Wanted(state=state, topic=topic), right),
                (Wanted(class_id=own, state=state, topic=topic),
                 [one for one in right if one != made[-1].subscription_id]),
                (Wanted(guardian_id=made[0].guardian_id, state=state, topic=topic),
                 [one for one in right if one == made[0].subscription_id]),
            ):  # fmt: skip
                found: list[int] = []
                after: int | None = 0
                while after is not None:
                    page = await subscriptions.page(
                        q, tools, school.id, wanted, day="2026-11-24", after=after, limit=3
                    )
                    found += [one.id for one in page.subscriptions]
                    after = page.next
                assert found == expected


# ---------------------------------------------------------------- what was seen, what was said


async def test_a_change_is_refused_when_what_was_read_has_changed(door: Door) -> None:
    path = f"/v1/subscriptions/{door.subscribed[0].subscription_id}"
    seen = (await _send(door, "GET", path)).headers["etag"]
    assert seen == (await _send(door, "GET", path)).headers["etag"]
    # Not by this endpoint: a parent's own word is seen too.
    async with door.database.transaction() as q:
        await seeding.set_consent(
            q, door.service.base.tools, door.school.id, [door.subscribed[0]], ConsentState.STOPPED
        )
    for method, way, body in (
        ("PATCH", path, {"relation": "папа"}),
        ("POST", f"{path}/stop", {}),
        ("POST", f"{path}/start", {"evidence": PAPER}),
    ):
        is_problem(await _send(door, method, way, body, if_match=seen), 412, "changed")
    fresh = (await _send(door, "GET", path)).headers["etag"]
    assert fresh != seen
    changed = await _send(door, "PATCH", path, {"relation": "папа"}, if_match=f'"x", {fresh}')
    assert changed.status == 200
    assert changed.headers["etag"] == (await _send(door, "GET", path)).headers["etag"] != fresh
    assert (await _send(door, "PATCH", path, {"relation": "мама"}, if_match="*")).status == 200


@pytest.mark.parametrize("path", ["/v1/schools/school-5", "/v1/pupils/{p}", "/v1/guardians/{g}"])
async def test_two_who_change_the_same_thing_do_not_overwrite_one_another(
    door: Door, path: str
) -> None:
    own = door.subscribed[0]
    path = path.format(p=own.pupil_id, g=own.guardian_id)
    seen = (await _send(door, "GET", path)).headers["etag"]
    names = [{"name" if "schools" in path else "full_name": f"Имя {n}"} for n in range(5)]
    answers = await asyncio.gather(
        *(_send(door, "PATCH", path, name, if_match=seen) for name in names)
    )
    assert sorted(answer.status for answer in answers) == [200, 412, 412, 412, 412]


async def test_a_repeated_post_does_its_work_once_and_answers_the_same(
    door: Door, clock: ManualClock
) -> None:
    new = {"full_name": "Лисицын Пётр", "class": "7Б"}
    first = await _send(door, "POST", "/v1/pupils", new, **{KEY: "k1"})
    assert first.status == 201
    clock.advance(HOUR)
    answers = await asyncio.gather(
        *(_send(door, "POST", "/v1/pupils", new, **{KEY: "k1"}) for _ in range(4))
    )
    for again in answers:
        assert (again.status, again.body) == (201, first.body)
        assert again.headers["idempotent-replay"] == "true"
        assert again.headers["etag"] == first.headers["etag"]
    assert "idempotent-replay" not in first.headers
    found = (await _send(door, "GET", "/v1/pupils?class=7Б")).json["pupils"]
    assert len(found) == 1
    for body, path in ((new | {"class": "7В"}, "/v1/pupils"), (new, "/v1/guardians")):
        refused = await _send(door, "POST", path, body, **{KEY: "k1"})
        assert refused.status in (409, 422)
        assert refused.status == 422 or refused.json["type"] == "/problems/key-reused"
    assert (await _send(door, "POST", "/v1/pupils", new, **{KEY: "k2"})).status == 201
    other = await _send(door, "POST", "/v1/pupils", new, token=door.other.token, **{KEY: "k1"})
    assert "idempotent-replay" not in other.headers
    async with door.database.reading() as q:
        kept = await q.one("select * from idempotency order by id")
    assert kept is not None
    assert "Лисицын".encode() not in bytes(kept["answer"])


async def test_a_post_that_was_refused_leaves_its_key_free(door: Door) -> None:
    stop = f"/v1/subscriptions/{door.subscribed[0].subscription_id}/start"
    future = {"evidence": PAPER | {"date": "2099-01-01"}}
    is_problem(await _send(door, "POST", stop, future, **{KEY: "k1"}), 409, "not-yet")
    good = await _send(door, "POST", stop, {"evidence": PAPER}, **{KEY: "k1"})
    assert (good.status, "idempotent-replay" in good.headers) == (200, False)
    for bad in ("", "x" * 201, "ключ"):
        headers = {KEY: bad.encode().decode("latin-1")}
        is_problem(await _send(door, "POST", stop, {"evidence": PAPER}, **headers), 400, "bad-key")


async def test_kept_answers_are_forgotten_after_a_week(db: Database, tools: Tools) -> None:
    async with db.transaction() as q:
        for n, at in enumerate((NOW - idempotency.KEPT - 1, NOW - idempotency.KEPT, NOW)):
            row_id = await idempotency.begin(q, tools, 1, f"k{n}", b"x", now=at)
            assert isinstance(row_id, int)
            await idempotency.finish(q, tools, row_id, 200, b"{}")
        assert await idempotency.sweep(q, now=NOW) == 1
        again = await idempotency.begin(q, tools, 1, "k1", b"x", now=NOW)
        assert again == idempotency.Before(True, 200, b"{}")
        other = await idempotency.begin(q, tools, 1, "k1", b"y", now=NOW)
        assert other == idempotency.Before(False, 200, b"{}")


async def test_a_body_that_nobody_reads_is_refused(door: Door) -> None:
    path = f"/v1/messages/{1}/resolve?as=sent"
    is_problem(await _send(door, "POST", path, {"as": "sent"}), 400, "no-body")


async def test_the_document_is_open_and_the_same_bytes_each_time(door: Door) -> None:
    first = await door.journal.send("GET", "/openapi.json")
    assert first.status == 200
    assert first.json["openapi"].startswith("3.1")
    assert first.body == (await door.journal.send("GET", "/openapi.json")).body
