"""Whom a report of one pupil is about: «Ученик: …», «Класс: …» above its table."""

from __future__ import annotations

from collections.abc import Mapping

from sms_diary.ingest.kinds import about
from sms_diary.ingest.kinds.result import Context, Issue
from sms_diary.ingest.reading.values.names import read_name


def pupil_of(said: Mapping[str, str], context: Context) -> dict[str, str] | Issue:
    """The pupil by class and name, or why nobody is meant."""
    if problem := about.other_year(said, context.year):
        return Issue(problem, mend="выгрузите отчёт за этот учебный год")
    name = read_name(said.get("ученик", ""))
    class_name = said.get("класс", context.default_class)
    if name.said is None:
        return Issue(f"не видно, чей это отчёт: {name.problem or 'имя ученика не указано'}",
                     expected="строка «Ученик: Фамилия Имя» над таблицей",
                     mend="выгрузите отчёт вместе с его заголовком")  # fmt: skip
    if not class_name:
        return Issue("не видно, из какого класса ученик", expected="строка «Класс: 5А»",
                     mend="укажите класс при загрузке")  # fmt: skip
    return {"class": class_name, "name": name.said.shown}
