"""What goes to an SMSC, made without a network: submit_sm, pace, settings."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.channels.smpp.link import Backoff
from sms_diary.channels.smpp.pacing import Pacer
from sms_diary.channels.smpp.submit import SubmitBuilder, relative_time, user_data_header
from sms_diary.encoding import Alphabet, choose, split
from sms_diary.errors import ConfigError, PduError
from tests.smpp_peer import HandClock, part, read_submit, settings


def built(*args: Any, route: dict[str, Any] | None = None, **changes: Any) -> Any:
    return read_submit(SubmitBuilder(settings(1, **(route or {}))).build(part(*args, **changes)))


@given(st.text(st.characters(codec="utf-16", exclude_categories=["Cs"]), min_size=1, max_size=400))
def test_whatever_is_split_can_be_built_and_joins_to_the_text(text: str) -> None:
    alphabet = choose(text)
    texts = split(text)
    if len(texts) > 255:
        return
    joined = ""
    for seq, one in enumerate(texts, 1):
        sent = built(text=one, alphabet=alphabet, total=len(texts), seq=seq, udh_ref=7)
        message = sent.message
        if len(texts) > 1:
            assert message[:6] == bytes((5, 0, 3, 7, len(texts), seq))
            message = message[6:]
        octets = len(sent.message)
        assert octets <= (140 if alphabet is Alphabet.UCS2 else 159 if len(texts) > 1 else 160)
        joined += message.decode("utf-16-be") if alphabet is Alphabet.UCS2 else one
    assert joined == text


def test_a_wide_reference_takes_the_wide_header_and_its_room() -> None:
    assert user_data_header(256, 3, 2) == b"\6\x08\4\1\0\3\2"
    assert user_data_header(255, 3, 2) == b"\5\0\3\xff\3\2"
    assert len(built(text="я" * 66, total=2, udh_ref=256).message) == 139
    with pytest.raises(PduError):
        built(text="я" * 67, total=2, udh_ref=256)


@pytest.mark.parametrize(
    ("seconds", "period"),
    [
        (1, b"000000000100000R"),
        (90, b"000000000130000R"),
        (3 * 3600 + 62, b"000000030102000R"),
        (86_400, b"000001000000000R"),
        (10**9, b"000002000000000R"),
    ],
)
def test_validity_is_relative_and_within_what_an_smsc_takes(seconds: int, period: bytes) -> None:
    assert relative_time(seconds) == period
    assert len(period) == 16


def test_a_route_that_trusts_ucs2_only_sends_latin_as_ucs2() -> None:
    sent = built(text="ok", alphabet=Alphabet.GSM7, route={"default_alphabet": "ucs2-only"})
    assert (sent.coding, sent.message) == (8, "ok".encode("utf-16-be"))


def test_addresses_follow_the_routes_settings() -> None:
    route = {"destination_plus": True, "source_ton": 5, "source_npi": 1, "dest_npi": 0}
    sent = built(route=route)
    assert sent.source == (5, 1, b"SHKOLA")
    assert sent.destination == (1, 0, b"+79000000001")
    assert built(sender="1234").source == (3, 0, b"1234")


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "longer than eight"}, {"system_id": "x" * 16}, {"bind": "receiver"},
        {"window": 0}, {"rate": -1.0}, {"receipt_zone": "Mars/Olympus"}, {"receipt_zone": "+x"},
        {"default_alphabet": "koi8"}, {"system_id": "школа"}, {"source": "TwelveLetter"},
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_with_the_routes_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="Маршрут test"):
        settings(1, **wrong)


def test_the_password_is_in_no_representation() -> None:
    assert "secret" not in repr(settings(1))


def test_an_unreadable_ca_file_is_a_setting_that_is_wrong() -> None:
    with pytest.raises(ConfigError, match="ca_file"):
        settings(1, tls=True, ca_file="/nowhere/ca.pem").tls_context()


# --- pace


@given(
    rate=st.floats(0.1, 2000),
    steps=st.lists(st.tuples(st.floats(0, 3), st.integers(0, 500)), max_size=40),
)
def test_no_second_ever_sees_more_than_the_rate_and_a_small_burst(
    rate: float, steps: list[tuple[float, int]]
) -> None:
    time = HandClock()
    pacer = Pacer(rate, time)
    taken: list[tuple[float, int]] = []
    for passed, wanted in steps:
        time.now += passed
        taken.append((time.now, pacer.take(wanted)))
    for at, _ in taken:
        within = sum(count for moment, count in taken if at <= moment < at + 1)
        assert within <= rate + max(1.0, rate * 0.05) + 1e-6


def test_a_part_every_two_seconds_is_a_pace_too() -> None:
    time = HandClock()
    pacer = Pacer(0.5, time)
    assert pacer.take(5) == 1
    assert pacer.allowance(1.0) == 0
    assert pacer.wait() == pytest.approx(2.0)
    time.now += 2.0
    assert pacer.take(5) == 1


def test_without_a_limit_nothing_is_held_back() -> None:
    pacer = Pacer(0, HandClock())
    assert pacer.take(10_000) == 10_000
    assert pacer.allowance(1.0) > 1_000_000
    assert pacer.wait() == 0


def test_a_burst_of_refusals_is_one_cut_and_the_pace_comes_back() -> None:
    time = HandClock()
    pacer = Pacer(100, time)
    for _ in range(50):
        pacer.throttled()
    assert pacer.rate == pytest.approx(85)
    assert pacer.take(10) == 0
    for _ in range(20):
        time.now += 1.0
        pacer.take(1000)
    assert pacer.rate == 100


def test_an_unlimited_route_that_is_throttled_starts_from_what_it_really_sent() -> None:
    time = HandClock()
    pacer = Pacer(0, time)
    for _ in range(30):
        pacer.take(20)
        time.now += 0.1
    pacer.throttled()
    assert pacer.rate == pytest.approx(200 * 0.85, rel=0.15)


def test_under_a_real_limit_the_pace_settles_just_below_it() -> None:
    time = HandClock()
    pacer = Pacer(1000, time)
    second, in_second, passed_last_minute = 0, 0, 0
    for step in range(120 * 50):
        time.now += 0.02
        if step // 50 != second:
            second, in_second = step // 50, 0
        for _ in range(pacer.take(100)):
            in_second += 1
            if in_second > 100:
                pacer.throttled()
            elif second >= 60:
                passed_last_minute += 1
    assert 90 <= passed_last_minute / 60 <= 100


def test_a_pause_of_hours_does_not_break_the_arithmetic() -> None:
    time = HandClock()
    pacer = Pacer(0, time)
    pacer.take(10)
    pacer.throttled()
    time.now += 10**7
    assert pacer.take(10**6) == 10**6


def test_backoff_doubles_to_its_most_and_starts_again() -> None:
    backoff = Backoff(0.5, 3)
    assert [backoff.grow() for _ in range(5)] == [0.5, 1, 2, 3, 3]
    backoff.reset()
    assert backoff.grow() == 0.5
