"""Whether a raw request or file may speak of a person: found however it is written."""

from __future__ import annotations

import json

import pytest

from sms_diary.store.persons.bodies import speaks_of, traits

ANNA = traits(numbers=["+79000001001"], names=["Журавлёва Анна Петровна"])
NAMED = {"pupil": {"class": "5А", "name": "Журавлева  АННА Петровна"}}


@pytest.mark.parametrize(
    "body",
    [
        b"+79000001001",
        b"8 (900) 000-10-01",
        "7\u00a0900\u2013000\u201310\u201301".encode(),
        b'{"phone": 89000001001}',
        "Журавлёва Анна Петровна".encode(),
        "Анна Петровна Журавлева".encode("cp1251"),
        json.dumps(NAMED).encode(),  # escaped
        json.dumps(NAMED, ensure_ascii=False).encode(),
        b"\xef\xbb\xbf" + "ЖУРАВЛЕВА АННА ПЕТРОВНА".encode(),
        b"PK\x03\x04\x00 a workbook, whatever is in it",
        "Журавлёва Анна Петровна".encode("utf-16"),
    ],
)
def test_a_body_that_may_speak_of_the_person_is_found(body: bytes) -> None:
    assert speaks_of(body, ANNA)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"+79000001002",
        "Журавлёва Дарья Игоревна".encode(),
        "Анна Петровна".encode("cp1251"),
        json.dumps([{"pupil": {"id": "p1"}, "mark": "5"}]).encode(),
    ],
)
def test_a_body_of_others_is_left_alone(body: bytes) -> None:
    assert not speaks_of(body, ANNA)


def test_a_person_without_a_name_is_found_by_the_number_only() -> None:
    nameless = traits(numbers=["+79000001001"], names=["", " "])
    assert not speaks_of("Журавлёва Анна".encode(), nameless)
    assert speaks_of(b"9000001001", nameless)
