"""Moments, lengths, shares and sums as people read them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from sms_diary.clock import millis
from sms_diary.web import words
from sms_diary.web.words import Times

SAMARA = ZoneInfo("Europe/Samara")
NOW = millis(datetime(2026, 11, 24, 0, 30, tzinfo=SAMARA))


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-24T00:05", "сегодня в 00:05"),
        ("2026-11-23T23:59", "вчера в 23:59"),
        ("2026-11-25T09:00", "завтра в 09:00"),
        ("2026-05-01T09:00", "1 мая в 09:00"),
        ("2025-12-31T09:00", "31 декабря 2025 в 09:00"),
    ],
)
def test_a_moment_is_told_from_where_we_stand(moment: str, said: str) -> None:
    at = millis(datetime.fromisoformat(f"{moment}+04:00"))
    assert Times(SAMARA, NOW).when(at) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (0, 0, "—"), (0, 5, "0 %"), (5, 5, "100 %"), (1, 3, "33 %"), (1, 100_000, "0,1 %"),
        (99_999, 100_000, "99,9 %"), (4, 1000, "0,4 %"), (995, 1000, "99,5 %"),
    ],
)  # fmt: skip
def test_a_share_is_neither_nought_nor_all_unless_it_is(part: int, whole: int, said: str) -> None:
    assert words.share(part, whole).replace("\N{NO-BREAK SPACE}", " ") == said


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (59_999, "меньше минуты"),
        (60_000, "1 минута"),
        (7_200_000, "2 часа"),
        (86_400_000 * 5, "5 дней"),
    ],
)
def test_a_length_is_told_in_its_biggest_unit(length: int, said: str) -> None:
    assert words.lasting(length).replace("\N{NO-BREAK SPACE}", " ") == said


def test_money_has_two_digits_and_does_not_break() -> None:
    assert words.money(123_450).replace("\N{NO-BREAK SPACE}", " ") == "1 234,50 ₽"
