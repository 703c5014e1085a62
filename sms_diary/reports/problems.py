"""Whom SMS do not reach, class by class: as lines for a screen and as a page to print (A4).

Values in, words out: what is the matter is found by `store/problems.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from zoneinfo import ZoneInfo

from sms_diary.clock import local
from sms_diary.model import PartState
from sms_diary.phone import mask
from sms_diary.reports.page import Page, Section
from sms_diary.store.problems import KIND_RU, Kind, Problem, Said
from sms_diary.words import PART_RU

Explain = Callable[[Said], str]
"""What an operator's code means, in Russian; "" where nobody knows."""

TO_DO_RU: dict[Kind, str] = {
    Kind.BLOCKED: "Скажите родителю: снять отказ можно в приложении оператора, по телефону его "
    "поддержки или в салоне, словами «снимите запрет массовых SMS-рассылок с моего номера»; это "
    "занимает до суток. Потом родитель пишет СТАРТ с этого телефона. Если отвечать на SMS школы "
    "некуда, отметьте снятый отказ (sms-diary numbers lift) и возьмите согласие на бумаге.",
    Kind.SUSPENDED: "Спросите у родителя, его ли это номер и включён ли телефон. Номер другой — "
    "впишите новый. Номер тот же — родитель пишет СТАРТ или школа отмечает: sms-diary numbers "
    "lift.",
    Kind.WRONG: "Спросите у родителя его номер и впишите другой: на этот больше не пишем.",
    Kind.FAILING: "Спросите у родителя, тот ли это номер и включён ли телефон. Если ничего не "
    "изменится, рассылка на него остановится сама.",
}
"""What a person does about it."""


def page(
    school: str, problems: Sequence[Problem], *, zone: ZoneInfo, now: int, full: bool,
    explain: Explain,
) -> Page:  # fmt: skip
    """All of a school or of a class; numbers whole only where `full` says so."""
    counts = [
        f"{KIND_RU[kind]}: {count}"
        for kind in Kind
        if (count := sum(one.kind is kind for one in problems))
    ]
    kinds = [kind for kind in Kind if any(one.kind is kind for one in problems)]
    classes = tuple(
        Section(title or "Без класса", tuple(_row(one, zone, explain, full=full) for one in own))
        for title, own in groupby(problems, key=lambda one: one.class_name)
    )
    advice = Section("Что делать", tuple((KIND_RU[kind], TO_DO_RU[kind]) for kind in kinds))
    return Page(
        title=f"До кого не доходят SMS: {school}",
        made=f"Составлено {local(now, zone):%d.%m.%Y %H:%M}",
        verdict=tuple(counts) or ("SMS доходят до всех, кому школа пишет.",),
        good=None,
        sections=(*classes, advice) if kinds else (),
    )


def _row(one: Problem, zone: ZoneInfo, explain: Explain, *, full: bool) -> tuple[str, str]:
    number = one.number if full else mask(one.number)
    who = ", ".join(filter(None, [one.guardian, one.relation, number]))
    lines = [who, KIND_RU[one.kind] + since_ru(one.since, zone)]
    if one.said is not None:
        lines.append(f"Оператор: {said_ru(one.said, explain)}")
    return one.pupil or "имя стёрто", "\n".join(lines)


def since_ru(since: int | None, zone: ZoneInfo) -> str:
    """«, с 12.11.2026»; "" where it is not known any more."""
    return "" if since is None else f", с {local(since, zone):%d.%m.%Y}"


def said_ru(said: Said, explain: Explain) -> str:
    """What the operator said last, with its code for whoever asks there."""
    known = explain(said) or f"{PART_RU[PartState(said.state)]}."
    return f"{known} Код {said.code}." if said.code.strip("0") else known
