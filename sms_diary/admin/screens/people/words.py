"""How consents and rhythms are said on the pages about people."""

from __future__ import annotations

from collections.abc import Mapping

from sms_diary.model import ALL_TOPICS, ConsentState, NumberState, Topic
from sms_diary.reports import words
from sms_diary.schedule.hours import Hours, clock
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


_DAYS_RU = ("понедельника", "вторника", "среды", "четверга", "пятницы", "субботы", "воскресенья")


def usual(rhythms: Mapping[Topic, Rhythm]) -> list[tuple[str, str]]:
    """What a school tells how often, unless a parent has chosen otherwise: (topics, how often)."""
    found: dict[str, list[str]] = {}
    for topic in Topic:
        found.setdefault(RHYTHM_RU[rhythms[topic]], []).append(TOPIC_RU[topic].lower())
    return [(", ".join(topics), how) for how, topics in found.items()]


def hours(plain: Hours) -> str:
    """When SMS may come: «с 09:00 до 21:00, кроме воскресенья; дальше — тихие часы»."""
    all_day = (plain.opens, plain.closes) == (0, 24 * 60)
    said = "в любой час" if all_day else f"с {clock(plain.opens)} до {clock(plain.closes)}"
    days = [name for day, name in enumerate(_DAYS_RU, 1) if day in plain.off_days]
    said = f"{said}, кроме {' и '.join(days)}" if days else said
    return f"{said}: тихих часов нет" if all_day and not days else f"{said}; дальше — тихие часы"


def badge(state: ConsentState | str) -> tuple[str, str]:
    """What a consent is called, and its tone."""
    state = ConsentState(state)
    return STATE_RU[state], _TONES[state]


VALUES = {"badge": badge, "topics": TOPIC_RU, "rhythms": RHYTHM_RU, "states": STATE_RU}
"""For the templates of all these pages."""
