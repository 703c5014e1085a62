"""What was typed into the form of an announcement, and what is wrong with it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sms_diary.admin.forms import Form
from sms_diary.admin.screen import Visit
from sms_diary.admin.screens.announcements.ready import GAP
from sms_diary.clock import millis


def _or_none(typed: Any) -> Any:
    return typed or None


class Wanted(Form):
    """`do`: `write` goes on writing, `check` asks for the confirmation, `send` is confirmed."""

    whom: Literal["school", "parallels", "classes", "pupils"] = "school"
    parallels: list[int] = Field(default_factory=list)
    classes: list[int] = Field(default_factory=list)
    roster: int = 0
    """The class whose pupils are offered."""
    pupils: list[int] = Field(default_factory=list)
    text: Annotated[str, Field(max_length=2000)] = ""
    urgent: bool = False
    when: Literal["now", "later"] = "now"
    day: Annotated[date | None, BeforeValidator(_or_none)] = None
    at: Annotated[time | None, BeforeValidator(_or_none)] = None
    do: Literal["write", "check", "send"] = "check"
    once: Annotated[str, Field(pattern=r"^[0-9]{0,19}$")] = ""
    """Names what was confirmed, so that it is sent once however often the button is pressed."""
    people: int = -1
    """How many parents the confirmation spoke of."""
    typed: str = ""
    """The same number, as it was typed for the whole school."""


def not_before(visit: Visit, wanted: Wanted) -> int | None:
    """The moment that was asked for (epoch milliseconds); None: now."""
    if wanted.when == "now" or wanted.day is None or wanted.at is None:
        return None
    return millis(datetime.combine(wanted.day, wanted.at, visit.school.zone))


def faults(visit: Visit, wanted: Wanted) -> dict[str, str]:
    """Field -> what is wrong with it, in Russian."""
    found = {}
    if not wanted.text:
        found["text"] = "Напишите текст объявления"
    elif GAP in wanted.text:
        found["text"] = f"Впишите слова и числа вместо «{GAP}»"
    chosen = {"parallels": wanted.parallels, "classes": wanted.classes, "pupils": wanted.pupils}
    if wanted.whom in chosen and not chosen[wanted.whom]:
        found["whom"] = _NOBODY[wanted.whom]
    if wanted.when == "later":
        moment = not_before(visit, wanted)
        if moment is None:
            found["day"] = "Укажите день и время"
        elif moment <= visit.now:
            found["day"] = "Это время уже прошло"
    return found


_NOBODY = {
    "parallels": "Отметьте хотя бы одну параллель",
    "classes": "Отметьте хотя бы один класс",
    "pupils": "Выберите класс, нажмите «Показать учеников» и отметьте, кому",
}
