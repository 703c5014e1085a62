"""Seals open in their own place only; numbers are found without being read."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.errors import KeyMismatch
from sms_diary.vault import KEY_BYTES, Vault, new_key

PLACE, ROW = "number.sealed", 42


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_again_and_is_not_to_be_seen(value: bytes) -> None:
    vault = Vault(bytes(KEY_BYTES))
    sealed = vault.seal(value, PLACE, ROW)
    assert vault.open(sealed, PLACE, ROW) == value
    assert len(sealed) == len(value) + 29
    assert len(value) < 4 or value not in sealed


def test_texts_come_back_as_texts() -> None:
    vault = Vault(new_key())
    assert vault.text(vault.seal("Дарья: 5", PLACE, ROW), PLACE, ROW) == "Дарья: 5"


def test_the_same_value_is_never_sealed_the_same() -> None:
    vault = Vault(new_key())
    assert len({vault.seal("5", PLACE, ROW) for _ in range(50)}) == 50


@pytest.mark.parametrize(("place", "row"), [("message.text", ROW), (PLACE, ROW + 1)])
def test_a_value_that_was_moved_does_not_open(place: str, row: int) -> None:
    vault = Vault(new_key())
    sealed = vault.seal("+79000000001", PLACE, ROW)
    with pytest.raises(KeyMismatch, match="не открывается"):
        vault.open(sealed, place, row)


def test_another_key_does_not_open() -> None:
    with pytest.raises(KeyMismatch):
        Vault(new_key()).open(Vault(new_key()).seal("a", PLACE, ROW), PLACE, ROW)


def test_an_altered_or_shortened_value_does_not_open() -> None:
    vault = Vault(new_key())
    sealed = vault.seal("+79000000001", PLACE, ROW)
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(KeyMismatch):
            vault.open(bytes(altered), PLACE, ROW)
        with pytest.raises(KeyMismatch):
            vault.open(sealed[:place], PLACE, ROW)


def test_the_fingerprint_tells_keys_apart_and_does_not_give_them_away() -> None:
    key = new_key()
    assert Vault(key).fingerprint == Vault(key).fingerprint
    assert Vault(key).fingerprint != Vault(new_key()).fingerprint
    assert Vault(key).fingerprint not in key.hex()


def test_equal_numbers_have_equal_indexes_under_one_key_only() -> None:
    vault, other = Vault(new_key()), Vault(new_key())
    assert vault.index("+79000000001") == vault.index("+79000000001")
    assert vault.index("+79000000001") != vault.index("+79000000002")
    assert vault.index("+79000000001") != other.index("+79000000001")


def test_a_number_has_another_pseudonym_in_each_school() -> None:
    vault = Vault(new_key())
    assert vault.pseudonym(1, "+79000000001") == vault.pseudonym(1, "+79000000001")
    names = {vault.pseudonym(school, number) for school in (1, 2) for number in ("+7900", "+7901")}
    assert len(names) == 4


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="31 bytes"):
        Vault(bytes(31))


def test_threads_that_seal_at_once_never_share_a_nonce() -> None:
    vault = Vault(new_key())
    with ThreadPoolExecutor(8) as threads:
        sealed = list(threads.map(lambda row: vault.seal("5", PLACE, row), range(20_000)))
    assert len({one[1:13] for one in sealed}) == len(sealed)


def test_a_process_that_was_forked_off_does_not_repeat_our_nonces() -> None:
    vault = Vault(new_key())
    vault.seal("5", PLACE, ROW)  # more are drawn by now than are used
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, vault.seal("5", PLACE, ROW)[1:13])
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 12) not in {vault.seal("5", PLACE, ROW)[1:13] for _ in range(2_000)}
