"""Passwords cost what RFC 9106 asks for, whoever has them; other tests make cheap ones."""

from __future__ import annotations

from argon2 import PasswordHasher, extract_parameters, profiles

from sms_diary.web import passwords


def test_a_password_is_as_dear_as_the_rfc_says(dear_passwords: PasswordHasher) -> None:
    assert extract_parameters(dear_passwords.hash("x")) == profiles.RFC_9106_LOW_MEMORY


def test_an_unknown_login_costs_as_much_as_a_known_one() -> None:
    assert extract_parameters(passwords._NOBODY) == profiles.RFC_9106_LOW_MEMORY


async def test_a_password_fits_its_own_hash_and_nobodys_fits_none() -> None:
    kept = await passwords.hashed("четыре простых слова")
    assert await passwords.fits("четыре простых слова", kept)
    assert not await passwords.fits("четыре других слова", kept)
    assert not await passwords.fits("четыре простых слова", "")
    assert not await passwords.fits("четыре простых слова", "$own")
