"""СТОП alone stops; a sentence with it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.keywords import Meaning, read

WORDS = ["стоп", "СТОП", "Стоп", "сТоП", "stop", "STOP", "Stop", "CTOП", "cтoп"]


@given(
    st.sampled_from(WORDS),
    st.text(alphabet=" .,!?\"'«»()-_\n\t…🙂", max_size=5),
    st.text(alphabet=" .,!?\"'«»()-_\r\n…🙂", max_size=5),
)
def test_stop_alone_stops_in_any_case_and_punctuation(word: str, before: str, after: str) -> None:
    assert read(before + word + after) is Meaning.STOP


@pytest.mark.parametrize(
    "text",
    [
        "",
        "!",
        "стоп кран",
        "не стоп",
        "Стоп. Не приходите завтра",
        "стопка",
        "stops",
        "с т о п",
        "0",
        "Почему у Дарьи 2? Остановите это",
        "стоп1",
    ],
)
def test_anything_else_waits_for_a_person(text: str) -> None:
    assert read(text) is Meaning.OTHER


@given(st.text(max_size=160))
def test_any_text_can_be_read(text: str) -> None:
    assert read(text) in Meaning
