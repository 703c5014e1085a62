"""How consents and rhythms are said on the pages about people."""

from __future__ import annotations

from collections.abc import Mapping

from sms_diary.model import ALL_TOPICS, ConsentState, NumberState
from sms_diary.reports import words
from sms_diary.schedule.rhythm import Rhythm

STATE_RU: Mapping[ConsentState, str] = {
    ConsentState.UNKNOWN: "не спрошен",
    ConsentState.ASKED: "спрошен",
    ConsentState.ACTIVE: "активна",
    ConsentState.STOPPED: "остановлена",
    ConsentState.REFUSED: "отказ",
    ConsentState.BLOCKED: "заблокирован оператором",
    ConsentState.WRONG_NUMBER: "чужой номер",
}
"""In the order of the funnel."""
_TONES = {
    ConsentState.UNKNOWN: "off",
    ConsentState.ASKED: "wait",
    ConsentState.ACTIVE: "good",
    ConsentState.STOPPED: "off",
    ConsentState.REFUSED: "off",
    ConsentState.BLOCKED: "bad",
    ConsentState.WRONG_NUMBER: "bad",
}
NUMBER_RU: Mapping[NumberState, str] = {
    NumberState.STOPPED: "Родитель отключил SMS словом СТОП. Включить их может только он сам: "
    "словом СТАРТ с этого телефона.",
    NumberState.BLOCKED: "Оператор не пропускает массовые рассылки на этот номер: так решил сам "
    "абонент. Отказ он снимает у оператора.",
    NumberState.WRONG: "Владелец номера написал, что номер чужой. Узнайте у родителя его номер и "
    "запишите другой.",
    NumberState.SUSPENDED: "SMS на этот номер давно не доходят, поэтому на него больше не пишут. "
    "Уточните номер у родителя.",
}
"""Why a number is not written to; an open one is not here."""
RHYTHM_RU: Mapping[Rhythm, str] = {
    Rhythm.NOW: "сразу",
    Rhythm.DAY: "сводкой раз в день",
    Rhythm.WEEK: "сводкой раз в неделю",
    Rhythm.OFF: "не сообщать",
}
TOPIC_RU: Mapping[str, str] = {
    topic: said[:1].upper() + said[1:]
    for topic, said in words.TOPIC_RU.items()
    if topic != ALL_TOPICS
}
"""As a line of a form begins."""


def badge(state: ConsentState | str) -> tuple[str, str]:
    """What a consent is called, and its tone."""
    state = ConsentState(state)
    return STATE_RU[state], _TONES[state]


VALUES = {"badge": badge, "topics": TOPIC_RU, "rhythms": RHYTHM_RU, "states": STATE_RU}
"""For the templates of all these pages."""
