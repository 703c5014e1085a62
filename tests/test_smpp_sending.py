"""What goes to an SMSC, made without a network: submit_sm, settings."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.channels.smpp.link import Backoff
from sms_diary.channels.smpp.submit import SubmitBuilder, relative_time, user_data_header
from sms_diary.encoding import Alphabet, choose, split
from sms_diary.errors import ConfigError, PduError
from tests.smpp_peer import part, read_submit, settings


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


def test_addresses_follow_the_routes_settings() -> None:
    route = {"destination_plus": True, "source_ton": 5, "source_npi": 1, "dest_npi": 0}
    sent = built(route=route)
    assert sent.source == (5, 1, b"SHKOLA")
    assert sent.destination == (1, 0, b"+79000000001")
    assert built(sender="1234").source == (3, 0, b"1234")


@pytest.mark.parametrize(
    ("sender", "source"),
    [
        ("SHKOLA 5", (5, 0, b"SHKOLA 5")),
        ("1234", (3, 0, b"1234")),
        ("+1234", (3, 0, b"1234")),
        ("79000000001", (1, 1, b"79000000001")),
        ("+79000000001", (1, 1, b"79000000001")),
        ("89000000001", (1, 1, b"79000000001")),  # typed as it is dialled
        ("9000000001", (2, 1, b"9000000001")),
        ("+375290000001", (1, 1, b"375290000001")),
    ],
)
def test_the_form_of_the_sender_says_its_type(sender: str, source: tuple[int, int, bytes]) -> None:
    assert built(sender=sender).source == source
    # Whoever knows better wins, whatever the form.
    assert built(sender=sender, route={"source_ton": 0, "source_npi": 9}).source[:2] == (0, 9)


@pytest.mark.parametrize("sender", ["TwelveLetter", "Школа", "7900000000100000"])
def test_a_sender_that_no_operator_takes_is_refused_before_it_leaves(sender: str) -> None:
    with pytest.raises(PduError) as refused:
        built(sender=sender)
    assert refused.value.status == 0x0A


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


def test_backoff_doubles_to_its_most_and_starts_again() -> None:
    backoff = Backoff(0.5, 3)
    assert [backoff.grow() for _ in range(5)] == [0.5, 1, 2, 3, 3]
    backoff.reset()
    assert backoff.grow() == 0.5
