"""The events door over HTTP: what is accepted, what is refused, and that refusals keep nothing."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import hmac
import json
import re
import sqlite3
import time
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from sms_diary.api.auth import REMEMBERED
from sms_diary.simulator.options import Options
from sms_diary.simulator.smsc import Smsc
from sms_diary.store import schools, tokens
from tests.journal_peer import (
    OTHER,
    SLUG,
    Answer,
    Door,
    at_the_door,
    encoded,
    eventually,
    mark,
    route,
    settings,
)

CYRILLIC = re.compile(r"[а-яё]{3}", re.I)
EVENTS = f"/v1/schools/{SLUG}/events"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with at_the_door(settings(tmp_path)) as opened:
        yield opened


def is_problem(answer: Answer, status: int, slug: str = "") -> None:
    """RFC 9457, in Russian, and never about what was sent."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"].startswith("application/problem+json")
    body = answer.json
    assert body["status"] == status
    assert body["type"].startswith("/problems/")
    assert CYRILLIC.search(body["title"])
    assert CYRILLIC.search(body["detail"])
    if slug:
        assert body["type"] == f"/problems/{slug}"


def signature(secret: str, message_id: str, stamp: str, body: bytes) -> str:
    """What the reference client cannot make: over any stamp and any bytes."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


# ---------------------------------------------------------------- accepted


async def test_a_webhook_signed_by_the_reference_client_is_accepted_with_counts(door: Door) -> None:
    unknown = mark() | {"pupil": {"class": "5А", "name": "Никто Никита Никитич"}}
    answer = await door.journal.post([mark(0), mark(1), unknown], message_id="msg_1")
    assert answer.status == 202
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["location"] == f"{EVENTS}/msg_1"
    body = answer.json
    held = body.pop("quarantined")
    assert body == {"accepted": 2, "created": 2, "changed": 0, "unchanged": 0, "stale": 0}
    assert [one["index"] for one in held] == [2]
    assert CYRILLIC.search(held[0]["detail"])
    kept = await door.kept()
    assert (kept["delivery"], kept["event"], kept["entry"], kept["quarantine"]) == (1, 3, 2, 1)


async def test_one_event_needs_no_array(door: Door) -> None:
    assert (await door.journal.post(mark())).json["created"] == 1


async def test_a_bearer_token_serves_a_client_that_cannot_sign(door: Door) -> None:
    headers = door.journal.bearer | {"content-type": "application/json"}
    body = encoded(mark())
    first = await door.journal.send("POST", EVENTS, body, headers)
    assert (first.status, first.json["created"]) == (202, 1)
    again = await door.journal.send("POST", EVENTS, body, headers)
    assert (again.status, again.body) == (202, first.body)
    assert again.headers["idempotent-replay"] == "true"
    found = await door.journal.get(first.headers["location"])
    assert found.json["events"][0]["outcome"] == "created"


async def test_while_secrets_are_rotated_each_of_them_signs(door: Door) -> None:
    second = "whsec_" + base64.b64encode(b"another secret of 32 bytes, new!").decode().rstrip("=")
    async with door.database.transaction() as q:
        await schools.add_webhook_secret(
            q, door.service.base.tools, door.school.id, second, name="new", now=2
        )

    async def new_one_works() -> bool:
        return (await door.journal.post(mark(0), secret=second)).status == 202

    await eventually(new_one_works)
    assert (await door.journal.post(mark(1))).status == 202


async def test_one_good_signature_among_several_is_enough(door: Door) -> None:
    body = encoded(mark())
    headers = door.journal.signed(body, "msg_1")
    others = f"v1a,{'A' * 88} v1,!!! v1,{base64.b64encode(b'x' * 32).decode()} junk "
    headers["webhook-signature"] = others + headers["webhook-signature"]
    assert (await door.journal.send("POST", EVENTS, body, headers)).status == 202


async def test_the_same_request_again_gets_the_same_answer_and_no_second_sms(
    tmp_path: Path,
) -> None:
    smsc = Smsc(Options())
    await smsc.start()
    try:
        async with at_the_door(settings(tmp_path, routes=[route(smsc.port)])) as door:
            first = await door.journal.post(mark(), message_id="msg_1")
            again = [await door.journal.post(mark(), message_id="msg_other")]
            event = mark()
            once = await door.journal.post(event, message_id="msg_2")
            again += [await door.journal.post(event, message_id="msg_2") for _ in range(3)]
            assert [first.status, once.status] == [202, 202]
            assert "idempotent-replay" not in once.headers
            assert [a.body for a in again[1:]] == [once.body] * 3
            assert {a.headers["idempotent-replay"] for a in again[1:]} == {"true"}

            async def told() -> bool:
                page = await door.journal.get("/v1/messages?state=delivered")
                return len(page.json["messages"]) == 1

            await eventually(told)
            # A second mark goes the whole way behind it: whatever the repeats made is out by then.
            await door.journal.post(mark(1), message_id="msg_3")

            async def both() -> bool:
                page = await door.journal.get("/v1/messages?state=delivered")
                return len(page.json["messages"]) == 2

            await eventually(both)
            assert (await door.kept())["entry"] == 2
        assert len(smsc.ledger) == 2
    finally:
        await smsc.stop()


async def test_fifty_identical_posts_at_once_have_one_effect_and_one_answer(door: Door) -> None:
    body = encoded([mark(0), mark(1)])
    answers = await asyncio.gather(
        *(door.journal.post(body, message_id="msg_1") for _ in range(50))
    )
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body for answer in answers}) == 1
    assert sum("idempotent-replay" not in answer.headers for answer in answers) == 1
    kept = await door.kept()
    assert (kept["delivery"], kept["event"], kept["entry"]) == (1, 2, 2)


async def test_the_same_id_for_another_body_is_a_conflict_also_at_once(door: Door) -> None:
    answers = await asyncio.gather(
        *(door.journal.post(mark(n % 2), message_id="msg_1") for n in range(2))
    )
    assert sorted(answer.status for answer in answers) == [202, 409]
    later = await door.journal.post(mark(2), message_id="msg_1")
    is_problem(later, 409, "id-reused")
    kept = await door.kept()
    assert (kept["delivery"], kept["event"]) == (1, 1)


async def test_another_school_may_use_the_same_id(door: Door) -> None:
    assert (await door.journal.post(mark(), message_id="msg_1")).status == 202
    assert (await door.other.post(mark(), message_id="msg_1")).status == 202


async def test_after_a_refusal_the_id_is_still_free(door: Door) -> None:
    assert (await door.journal.post(mark(value="17"), message_id="msg_1")).status == 422
    assert (await door.journal.post(mark(), message_id="msg_1")).status == 202


@pytest.mark.parametrize(
    "prefer",
    ["handling=lenient", "respond-async, handling=lenient", 'Handling="lenient"; wait=10'],
)
async def test_lenient_handling_keeps_the_good_and_returns_the_bad(door: Door, prefer: str) -> None:
    events = [mark(0), mark(1, value="17"), mark(2)]
    answer = await door.journal.post(events, headers={"prefer": prefer})
    assert answer.status == 202
    assert answer.json["created"] == 2
    [bad] = answer.json["rejected"]
    assert (bad["index"], bad["pointer"], bad["code"]) == (1, "/1/mark", "bad-mark")
    assert CYRILLIC.search(bad["message"])
    assert (await door.kept())["entry"] == 2


async def test_strict_handling_is_what_other_words_mean(door: Door) -> None:
    for prefer in ("handling=strict", "handling=lenientish", "nothandling=lenient"):
        answer = await door.journal.post([mark(0), mark(1, value="17")], headers={"prefer": prefer})
        is_problem(answer, 422)


async def test_lenient_handling_of_nothing_but_bad_events_refuses_them(door: Door) -> None:
    before = await door.kept()
    answer = await door.journal.post(
        [mark(value="17"), mark(value="18")], headers={"prefer": "handling=lenient"}
    )
    is_problem(answer, 422, "invalid-events")
    assert len(answer.json["errors"]) == 2
    assert await door.kept() == before


async def test_a_dry_run_says_what_would_happen_and_keeps_nothing(door: Door) -> None:
    await door.journal.post(mark(0, value="4"))

    async def settled() -> bool:
        async with door.database.reading() as q:
            return len(await q.all("select id from message")) == 1

    await eventually(settled)
    before = await door.kept()
    unknown = mark() | {"pupil": {"id": "p-none"}}
    body = [mark(0, value="5"), mark(1), unknown]
    answer = await door.journal.post(body, message_id="msg_9", query="?dry_run=1")
    assert answer.status == 200
    said = answer.json
    assert (said["dry_run"], said["created"], said["changed"]) == (True, 1, 1)
    assert [one["index"] for one in said["quarantined"]] == [2]
    assert await door.kept() == before
    assert (await door.journal.get(f"{EVENTS}/msg_9")).status == 404
    real = await door.journal.post(body, message_id="msg_9")
    assert {**real.json, "dry_run": True} == said


async def test_a_dry_run_under_a_used_id_is_a_conflict_too(door: Door) -> None:
    await door.journal.post(mark(0), message_id="msg_1")
    answer = await door.journal.post(mark(1), message_id="msg_1", query="?dry_run=1")
    is_problem(answer, 409)


async def test_a_misspelt_dry_run_does_not_send_for_good(door: Door) -> None:
    cases = ["?dryrun=1", "?dry_run=yes", "?dry_run=1&dry_run=0", "?x=1"]
    for query in cases:
        before = await door.kept()
        is_problem(await door.journal.post(mark(), query=query), 400, "bad-parameter")
        assert await door.kept() == before


async def test_the_look_up_says_in_words_what_became_of_each_event(tmp_path: Path) -> None:
    smsc = Smsc(Options())
    await smsc.start()
    try:
        async with at_the_door(settings(tmp_path, routes=[route(smsc.port)])) as door:
            unknown = mark() | {"pupil": {"id": "p-none"}}
            silent = mark(1) | {"silent": True}
            await door.journal.post([mark(0), silent, unknown], message_id="msg/1")
            path = f"{EVENTS}/msg%2F1"

            async def told() -> bool:
                found = (await door.journal.get(path)).json["events"]
                return [line["state"] for line in found[0]["lines"]] == ["told"]

            await eventually(told)
            answer = await door.journal.get(path)
            assert answer.headers["cache-control"] == "no-store"
            first, second, third = answer.json["events"]
            assert answer.json["answer"]["created"] == 2
            assert (first["outcome"], first["outcome_ru"]) == ("created", "записано в дневник")
            assert first["lines"][0]["count"] == 1
            assert "сообщено" in first["lines"][0]["state_ru"]
            said = json.dumps(second, ensure_ascii=False)
            assert "просил не сообщать" in said
            assert third["outcome"] == "quarantined"
            assert CYRILLIC.search(third["detail"])
            phones = [subscribed.number for subscribed in door.subscribed]
            assert not any(phone.strip("+").encode() in answer.body for phone in phones)
    finally:
        await smsc.stop()


async def test_only_the_school_itself_may_look_up_its_requests(door: Door) -> None:
    await door.journal.post(mark(), message_id="msg_1")
    path = f"{EVENTS}/msg_1"
    is_problem(await door.journal.send("GET", path), 401)
    is_problem(await door.journal.get(path, token=door.other.token), 404, "no-school")
    own = f"/v1/schools/{OTHER}/events/msg_1"
    is_problem(await door.other.get(own), 404, "no-request")
    for absurd in ("%00", "%FF%FE", "msg_2", "%D1%8F", "a" * 4000):
        is_problem(await door.journal.get(f"{EVENTS}/{absurd}"), 404)


# ---------------------------------------------------------------- who is calling


async def test_a_time_stamp_that_is_five_minutes_off_is_refused(door: Door) -> None:
    cases = [-301, 301, -86400, 86400]
    for shift in cases:
        body = encoded(mark())
        before = await door.kept()
        headers = door.journal.signed(body, "msg_1", shift=shift)
        answer = await door.journal.send("POST", EVENTS, body, headers)
        is_problem(answer, 401, "unauthorized")
        assert "часами" in answer.json["detail"]
        assert await door.kept() == before


async def test_a_clock_that_is_a_little_off_is_no_obstacle(door: Door) -> None:
    cases = [-290, 290]
    for shift in cases:
        body = encoded(mark())
        headers = door.journal.signed(body, f"msg_{shift}", shift=shift)
        assert (await door.journal.send("POST", EVENTS, body, headers)).status == 202


async def test_a_time_stamp_that_is_no_whole_number_is_refused(door: Door) -> None:
    cases = [
        "NaN",
        "inf",
        "-inf",
        "1e400",
        "1e9",
        "",
        " ",
        "0x10",
        "-1",
        "1.5",
        "９９",
        "1" * 400,
        "²",
    ]
    for stamp in cases:
        body = encoded(mark())
        before = await door.kept()
        sign = signature(door.journal.secret, "msg_1", stamp, body)
        headers = door.journal.signed(body, "msg_1") | {
            "webhook-timestamp": stamp,
            "webhook-signature": sign,
        }
        is_problem(await door.journal.send("POST", EVENTS, body, headers), 401, "unauthorized")
        assert await door.kept() == before


async def test_a_malformed_or_wrong_signature_is_refused(door: Door) -> None:
    cases = [
        "",
        " ",
        "v1",
        "v1,",
        ",",
        "v1,,,",
        "v1,%%%",
        "v1,AAAA",
        "v1,подпись",
        "v2,AAAA",
        "AAAA",
        "v1," + "A" * 5000,
        "v1,AAA",
        "v1 " * 2000,
    ]
    for given in cases:
        body = encoded(mark())
        before = await door.kept()
        headers = door.journal.signed(body, "msg_1") | {"webhook-signature": given}
        is_problem(await door.journal.send("POST", EVENTS, body, headers), 401, "unauthorized")
        assert await door.kept() == before


async def test_a_signature_is_over_every_byte_the_id_and_the_time(door: Door) -> None:
    body = encoded(mark())
    good = door.journal.signed(body, "msg_1")
    before = await door.kept()
    later = str(int(good["webhook-timestamp"]) + 1)
    for change, sent in (
        ({}, body + b" "),
        ({"webhook-id": "msg_2"}, body),
        ({"webhook-timestamp": later}, body),
        (door.journal.signed(body, "msg_1", secret=door.other.secret), body),
    ):
        answer = await door.journal.send("POST", EVENTS, sent, good | change)
        is_problem(answer, 401, "unauthorized")
    assert await door.kept() == before


async def test_a_missing_header_is_named(door: Door) -> None:
    cases = ["webhook-id", "webhook-timestamp", "webhook-signature"]
    for name in cases:
        body = encoded(mark())
        before = await door.kept()
        headers = door.journal.signed(body, "msg_1")
        del headers[name]
        answer = await door.journal.send("POST", EVENTS, body, headers)
        is_problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
        if name != "webhook-signature":
            assert name in answer.json["detail"]
        assert await door.kept() == before


async def test_an_absurd_webhook_id_is_refused(door: Door) -> None:
    cases = ["a.b", "x" * 201, "x" * 7000, "номер", "two words", "tab\there", "caf\xe9"]
    for message_id in cases:
        body = encoded(mark())
        before = await door.kept()
        headers = door.journal.signed(body, message_id)
        for sent in (headers, headers | door.journal.bearer):
            answer = await door.journal.send("POST", EVENTS, body, sent)
            is_problem(answer, 400, "bad-id")
        assert await door.kept() == before


async def test_a_webhook_id_of_full_length_is_accepted(door: Door) -> None:
    message_id = "".join(chr(33 + n % 94) for n in range(200)).replace(".", "-")
    answer = await door.journal.post(mark(), message_id=message_id)
    assert answer.status == 202
    found = await _by_location(door, answer)
    assert found.json["events"][0]["outcome"] == "created"


async def _by_location(door: Door, answer: Answer) -> Answer:
    raw = await door.journal.raw(
        f"GET {answer.headers['location']} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        f"Authorization: Bearer {door.journal.token}\r\n\r\n".encode()
    )
    head, _, body = raw.partition(b"\r\n\r\n")
    return Answer(int(head.split()[1]), {}, body)


async def test_an_unknown_token_is_refused(door: Door) -> None:
    cases = [
        "",
        "Bearer",
        "Bearer ",
        "Basic c2Nob29sOjE=",
        "Bearer sd_unknown",
        "Bearer токен",
        "Bearer " + "x" * 5000,
        "sd_x",
        "Bearer \udcff\udcfe",
    ]
    for authorization in cases:
        before = await door.kept()
        raw = await door.journal.raw(
            f"POST {EVENTS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n"
            "Content-Type: application/json\r\nAuthorization: ".encode()
            + authorization.encode(errors="surrogateescape")
            + b"\r\n\r\n[]"
        )
        assert raw.startswith(b"HTTP/1.1 401 ")
        assert b"application/problem+json" in raw
        assert await door.kept() == before


async def test_a_token_of_another_school_finds_no_school(door: Door) -> None:
    before = await door.kept()
    headers = door.other.bearer | {"content-type": "application/json"}
    answer = await door.journal.send("POST", EVENTS, encoded(mark()), headers)
    nowhere = await door.journal.send("POST", "/v1/schools/none/events", encoded(mark()), headers)
    is_problem(answer, 404, "no-school")
    assert answer.body == nowhere.body
    assert await door.kept() == before


async def test_a_token_of_all_schools_opens_each(door: Door) -> None:
    async with door.database.transaction() as q:
        await tokens.add(q, door.service.base.tools, 0, "sd_of_all", name="all", now=1)
    headers = {"authorization": "bearer sd_of_all", "content-type": "application/json"}
    for slug in (SLUG, OTHER):
        path = f"/v1/schools/{slug}/events"
        assert (await door.journal.send("POST", path, encoded(mark()), headers)).status == 202


async def test_revoked_credentials_end_within_the_promised_second(door: Door) -> None:
    headers = door.journal.bearer | {"content-type": "application/json"}
    assert (await door.journal.post(mark(0))).status == 202
    assert (await door.journal.send("POST", EVENTS, encoded(mark(1)), headers)).status == 202
    async with door.database.transaction() as q:
        assert await schools.revoke_credentials(q, door.school.id, now=2) == 2
    revoked = time.monotonic()

    async def both_refused() -> bool:
        signed = await door.journal.post(mark(0))
        by_token = await door.journal.send("POST", EVENTS, encoded(mark(1)), headers)
        return (signed.status, by_token.status) == (401, 401)

    await eventually(both_refused)
    assert time.monotonic() - revoked < REMEMBERED + 1
    assert (await door.other.post(mark())).status == 202


async def test_an_unknown_school_is_not_found(door: Door) -> None:
    cases = ["none", "%FF", "%00", "..", "school-5%2F", "SCHOOL-5", "'--", "я" * 50, "x" * 3000]
    for slug in cases:
        before = await door.kept()
        body = encoded(mark())
        answer = await door.journal.send(
            "POST", f"/v1/schools/{slug}/events", body, door.journal.signed(body, "msg_1")
        )
        is_problem(answer, 404)
        assert await door.kept() == before


# ---------------------------------------------------------------- bodies


async def _refused(door: Door, body: bytes, status: int, slug: str, **headers: str) -> Answer:
    """Post the body with a good signature over it, whatever its bytes."""
    before = await door.kept()
    stamp = str(int(time.time()))
    made = {
        "content-type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": signature(door.journal.secret, "msg_1", stamp, body),
    }
    answer = await door.journal.send("POST", EVENTS, body, made | headers)
    is_problem(answer, status, slug)
    assert await door.kept() == before
    return answer


async def test_a_body_that_is_no_list_of_events_is_refused(door: Door) -> None:
    cases = [
        (b"", 400, "not-json"),
        (b"{", 400, "not-json"),
        (b"null", 422, "invalid-events"),
        (b"[]", 422, "invalid-events"),
        (b'"mark"', 422, "invalid-events"),
        (b"[1, null]", 422, "invalid-events"),
        (b'[{"kind": "\xff\xfe"}]', 400, "not-utf8"),
        (encoded(mark()).decode().encode("utf-16"), 400, ""),
        (encoded(mark()).decode().encode("cp1251"), 400, "not-utf8"),
        (b"[" * 100_000, 400, "not-json"),
        (b'{"a":' * 50_000, 400, "not-json"),
        (b"\x00" * 1000, 400, "not-json"),
        (encoded(mark()) + b"\x00", 400, "not-json"),
        (encoded(mark()) + encoded(mark()), 400, "not-json"),
        (b'{"kind":"mark.set","kind"', 400, "not-json"),
        (b"[NaN]", 422, "invalid-events"),
        (b'[{"kind": 1e400}]', 422, "invalid-events"),
        (b"\xef\xbb\xbf", 400, "not-json"),
    ]
    for body, status, slug in cases:
        await _refused(door, body, status, slug)


async def test_what_is_wrong_with_an_event_is_said_by_index_and_pointer(door: Door) -> None:
    cases = [
        (mark(extra=1), "/0/extra", "unknown-field"),
        (mark() | {"kind": "mark.burnt"}, "/0/kind", "unknown-kind"),
        ({"mark": "5"}, "/0/kind", "missing-kind"),
        (mark() | {"lesson": "three"}, "/0/lesson", "not-number"),
        (mark() | {"pupil": 7}, "/0/pupil", "not-object"),
        (mark() | {"date": "yesterday"}, "/0/date", "bad-date"),
        (mark() | {"at": "noon"}, "/0/at", "bad-moment"),
        (mark() | {"subject": "x" * 5000}, "/0/subject", "too-long"),
        (mark() | {"pupil": {"id": "p1", "name": "Белкина Дарья"}}, "/0/pupil", "pupil-ways"),
    ]
    for event, pointer, code in cases:
        answer = await _refused(door, encoded([event]), 422, "invalid-events")
        [error] = answer.json["errors"]
        assert (error["index"], error["pointer"], error["code"]) == (0, pointer, code)
        assert CYRILLIC.search(error["message"])


async def test_every_error_of_every_event_is_reported_at_once(door: Door) -> None:
    answer = await _refused(
        door, encoded([mark(value="17"), mark(), mark(lesson="x", extra=1)]), 422, "invalid-events"
    )
    assert [(e["index"], e["code"]) for e in answer.json["errors"]] == [
        (0, "bad-mark"), (2, "not-number"), (2, "unknown-field"),
    ]  # fmt: skip


async def test_an_answer_never_repeats_what_was_sent(door: Door) -> None:
    secret = "Тайнова Мария"
    phone = "+79000000077"
    body = mark() | {"pupil": {"id": phone, "name": secret}, "work": ["Тайнова"], phone: 1}
    answer = await _refused(door, encoded([body]), 422, "invalid-events")
    text = answer.body.decode()
    assert secret not in text
    # The name of an unknown field is the pointer to it: the sender must learn which it is.
    assert [e["pointer"] for e in answer.json["errors"] if phone in e["pointer"]] == [f"/0/{phone}"]
    assert text.count(phone) == 1


async def test_a_thousand_events_are_accepted_and_one_more_is_too_many(door: Door) -> None:
    many = [
        mark(0) | {"lesson": 1 + n % 20, "n": 1 + n // 20 % 20, "subject": f"Предмет {n // 400}"}
        for n in range(1001)
    ]
    answer = await _refused(door, encoded(many), 413, "too-many-events")
    assert "1000" in answer.json["detail"]
    assert (await door.journal.post(many[:1000])).json["created"] == 1000


async def test_a_hostile_body_gets_no_answer_larger_than_itself(door: Door) -> None:
    event = mark() | {f"x{n}": 0 for n in range(60_000)}
    body = encoded([event])
    answer = await _refused(door, body, 422, "invalid-events")
    assert len(answer.json["errors"]) <= 2001
    assert len(answer.body) < len(body)


async def test_two_megabytes_are_too_large_however_they_come(door: Door) -> None:
    body = b"[" + b" " * (2 * 1024 * 1024) + b"]"
    before = await door.kept()
    headers = door.journal.signed(body, "msg_1")
    is_problem(await door.journal.send("POST", EVENTS, body, headers), 413, "too-large")

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    is_problem(await door.journal.send("POST", EVENTS, chunks(), headers), 413, "too-large")
    is_problem(
        await door.journal.send("POST", EVENTS, chunks(), headers | door.journal.bearer), 413
    )
    assert await door.kept() == before


async def test_a_body_of_exactly_one_megabyte_is_read(door: Door) -> None:
    event = encoded([mark()])
    whole = event + b" " * (1024 * 1024 - len(event))
    assert (await door.journal.post(whole)).status == 202
    is_problem(await door.journal.post(whole + b" "), 413, "too-large")


async def test_a_compressed_body_is_refused_and_never_unpacked(door: Door) -> None:
    bomb = zlib.compress(b" " * (200 * 1024 * 1024), 9)
    assert len(bomb) < 1024 * 1024
    spent = time.process_time()
    await _refused(door, bomb, 415, "encoded", **{"content-encoding": "deflate"})
    packed = gzip.compress(encoded(mark()))
    for encoding in ("gzip", "GZIP", "br", "zstd", "identity, gzip", "nonsense"):
        await _refused(door, packed, 415, "encoded", **{"content-encoding": encoding})
    assert time.process_time() - spent < 2
    answer = await door.journal.post(mark(), headers={"content-encoding": "identity"})
    assert answer.status == 202


async def test_a_body_that_does_not_say_it_is_json_is_refused(door: Door) -> None:
    cases = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=cp1251",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "",
        ";;;",
        "*/*",
    ]
    for content_type in cases:
        await _refused(
            door, encoded(mark()), 415, "not-json-type", **{"content-type": content_type}
        )


async def test_json_may_say_that_it_is_utf_8(door: Door) -> None:
    headers = {"content-type": "Application/JSON; charset=UTF-8"}
    assert (await door.journal.post(mark(), headers=headers)).status == 202


# ---------------------------------------------------------------- HTTP itself


async def test_another_method_is_refused_and_told_what_is_allowed(door: Door) -> None:
    before = await door.kept()
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = await door.journal.send(method, EVENTS, headers=door.journal.bearer)
        is_problem(answer, 405, "http-405")
        assert answer.headers["allow"] == "POST"
    assert await door.kept() == before


async def test_an_unknown_address_is_not_found(door: Door) -> None:
    cases = ["/v1", "//", "/v1/schools//events", "/%00"]
    for path in cases:
        is_problem(await door.journal.send("GET", path), 404)


_HEAD = f"POST {EVENTS} HTTP/1.1\r\nHost: x\r\n".encode()
_NEXT = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


async def test_malformed_http_and_smuggling_get_a_russian_problem_and_no_second_answer(
    door: Door,
) -> None:
    cases = [
        _HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + _NEXT,
        _HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + _NEXT,
        _HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n[]   " + _NEXT,
        _HEAD + b"Content-Length: 2, 2\r\n\r\n[]" + _NEXT,
        _HEAD + b"Content-Length: +2\r\n\r\n[]" + _NEXT,
        _HEAD + b"Content-Length: -2\r\n\r\n[]" + _NEXT,
        _HEAD + b"Content-Length : 2\r\n\r\n[]" + _NEXT,
        _HEAD + b"Content-Length: 1e1\r\n\r\n[]" + _NEXT,
        _HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + _NEXT,
        _HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + _NEXT,
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n" + _NEXT,
        _HEAD + b"X: a\x00b\r\n\r\n" + _NEXT,
        _HEAD + b"X: a\rContent-Length: 0\r\n\r\n" + _NEXT,
        _HEAD + b"X" * 20_000 + b": y\r\n\r\n",
        _HEAD + b"X: " + b"y" * 20_000 + b"\r\n\r\n",
        _HEAD + b"".join(b"X%d: y\r\n" % n for n in range(500)) + b"\r\n",
        b"POST /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
        "ПРИВЕТ / HTTP/1.1\r\n\r\n".encode(),
        b"POST " + EVENTS.encode() + b" HTTP/9.9\r\nHost: x\r\n\r\n",
        b"hello\r\n\r\n",
    ]
    for data in cases:
        before = await door.kept()
        raw = await door.journal.raw(data)
        head, _, body = raw.partition(b"\r\n\r\n")
        assert re.match(rb"HTTP/1\.[01] 4\d\d ", raw), raw
        assert b"application/problem+json" in head
        assert CYRILLIC.search(json.loads(body)["detail"])
        assert raw.count(b"HTTP/1.") == 1
        assert b'"status": "ok"' not in raw
        assert await door.kept() == before


async def test_a_header_that_says_who_calls_may_not_come_twice(door: Door) -> None:
    cases = ["Authorization", "webhook-id", "webhook-timestamp", "webhook-signature"]
    for name in cases:
        before = await door.kept()
        body = encoded(mark())
        headers = door.journal.signed(body, "msg_1") | {
            "Authorization": f"Bearer {door.journal.token}",
            "content-length": str(len(body)),
            "connection": "close",
        }
        lines = [f"{key}: {value}\r\n" for key, value in headers.items()]
        lines.append(f"{name}: {headers[name]}\r\n")
        raw = await door.journal.raw(_HEAD + "".join(lines).encode() + b"\r\n" + body)
        assert raw.startswith(b"HTTP/1.1 400 ")
        assert b"/problems/repeated-header" in raw
        assert await door.kept() == before


async def test_a_strange_host_changes_nothing(door: Door) -> None:
    body = encoded(mark())
    for host in ("evil.example", "a:b:c", "", "x" * 5000):
        headers = door.journal.signed(body, "msg_1") | {
            "content-length": str(len(body)), "connection": "close", "host": host,
        }  # fmt: skip
        lines = "".join(f"{key}: {value}\r\n" for key, value in headers.items())
        raw = await door.journal.raw(f"POST {EVENTS} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        assert raw.startswith(b"HTTP/1.1 202 ")
        assert b"evil" not in raw


async def test_an_expectation_is_met_or_refused_in_russian(door: Door) -> None:
    body = encoded(mark())
    headers = door.journal.signed(body, "msg_1")
    met = await door.journal.send("POST", EVENTS, body, headers | {"expect": "100-continue"})
    assert met.status == 202
    strange = await door.journal.send("POST", EVENTS, body, headers | {"expect": "77-wonder"})
    is_problem(strange, 417)
    assert b"77-wonder" not in strange.body


async def test_answers_tell_no_versions_and_are_not_kept_by_proxies(door: Door) -> None:
    for answer in (await door.journal.post(mark()), await door.journal.get("/nowhere")):
        assert answer.headers["server"] == "sms-diary"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


# ---------------------------------------------------------------- when the database cannot


@pytest.fixture
def hold(tmp_path: Path) -> Callable[[], sqlite3.Connection]:
    """Take the write lock of the diary's file, as another program would."""

    def take() -> sqlite3.Connection:
        connection = sqlite3.connect(tmp_path / "diary.db", timeout=20, isolation_level=None)
        connection.execute("begin immediate")
        return connection

    return take


async def test_a_locked_database_is_a_503_and_the_same_request_works_afterwards(
    tmp_path: Path, hold: Callable[[], sqlite3.Connection]
) -> None:
    async with at_the_door(settings(tmp_path, database_wait=0.2)) as door:
        before = await door.kept()
        other = hold()
        started = time.monotonic()
        events = [mark(n % 3, value=str(2 + n % 4)) for n in range(20)]
        answers = await asyncio.gather(
            *(door.journal.post(event, message_id=f"msg_{n}") for n, event in enumerate(events)),
        )
        # All of them waited for the lock once, together: not one after the other.
        assert time.monotonic() - started < 5
        for answer in answers:
            is_problem(answer, 503, "unavailable")
            assert answer.headers["retry-after"] == "10"
        stop = f"/v1/subscriptions/{door.subscribed[0].subscription_id}/stop"
        is_problem(await door.journal.send("POST", stop, headers=door.journal.bearer), 503)
        # Reading goes on meanwhile, and so does what only reads.
        assert (await door.journal.post(mark(), query="?dry_run=1")).json["dry_run"] is True
        assert (await door.journal.get("/v1/messages")).status == 200
        assert await door.kept() == before
        other.rollback()
        other.close()
        again = [
            await door.journal.post(event, message_id=f"msg_{n}")
            for n, event in enumerate(events[:3])
        ]
        assert [answer.json["created"] for answer in again] == [1, 1, 1]
        assert all("idempotent-replay" not in answer.headers for answer in again)
        assert (await door.kept())["entry"] == 3
