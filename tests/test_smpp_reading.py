"""Addresses: what goes out by the form of a sender, and the phone in whatever form it comes."""

from __future__ import annotations

import pytest

from sms_diary.channels.smpp.address import e164, sender_form
from sms_diary.errors import PduError


@pytest.mark.parametrize(
    ("sender", "form"),
    [
        ("SHKOLA 5", (5, 0, "SHKOLA 5")),
        ("1234", (3, 0, "1234")),
        ("+79000000001", (1, 1, "79000000001")),
        ("79000000001", (1, 1, "79000000001")),
        ("", (0, 0, "")),
    ],
)
def test_type_and_plan_follow_the_form_of_the_sender(
    sender: str, form: tuple[int, int, str]
) -> None:
    assert sender_form(sender) == form


def test_a_name_over_eleven_characters_is_refused() -> None:
    with pytest.raises(PduError):
        sender_form("SHKOLA NOMER")


@pytest.mark.parametrize(
    ("ton", "text", "number"),
    [
        (1, "79000000001", "+79000000001"),
        (1, "+79000000001", "+79000000001"),
        (2, "89000000001", "+79000000001"),
        (1, "89000000001", "+79000000001"),
        (0, "9000000001", "+79000000001"),
        (0, "84950000001", "+74950000001"),
        (1, "84900000001", "+84900000001"),  # Vietnam
        (1, "77010000001", "+77010000001"),
        (1, "375290000001", "+375290000001"),
        (0, "375290000001", "+375290000001"),
        (3, "1234", "1234"),
        (5, "SHKOLA", "SHKOLA"),
        (0, "", ""),
    ],
)
def test_a_phone_is_known_in_every_form_that_operators_send(
    ton: int, text: str, number: str
) -> None:
    assert e164(ton, text) == number
