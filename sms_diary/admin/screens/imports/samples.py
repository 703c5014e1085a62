"""Files to begin with: the headings that we know, and rows of people whom nobody knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sms_diary.admin import downloads
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Missing, Screen, Visit
from sms_diary.values import value


@value
class Sample:
    title: str
    rows: Sequence[Sequence[str]]


SAMPLES: Mapping[str, Sample] = {
    "class": Sample("Список класса", (
        ("Класс", "Ученик (ФИО)", "Дата рождения", "ФИО родителя", "Степень родства", "Телефон",
         "Согласие на SMS", "Дата согласия", "Источник согласия"),
        ("5А", "Авдеев Тимур Олегович", "24.12.2015", "Авдеева Нина Павловна", "мать",
         "+7 900 000-10-01", "да", "15.09.2026", "бланк SMS-1, папка 5А"),
        ("5А", "Белкина Дарья Игоревна", "25.07.2015", "Белкин Игорь Петрович", "отец",
         "+7 900 000-10-02", "да", "15.09.2026", "бланк SMS-1, папка 5А"),
    )),
    "marks": Sample("Отметки", (
        ("Дата", "Класс", "Ученик (ФИО)", "Предмет", "Вид работы", "Отметка", "Комментарий"),
        ("16.11.2026", "5А", "Авдеев Тимур Олегович", "Математика", "Контрольная работа", "5", ""),
        ("16.11.2026", "5А", "Белкина Дарья Игоревна", "Русский язык", "Диктант", "4/5", ""),
    )),
    "announcements": Sample("Объявления", (
        ("Дата", "Кому", "Заголовок", "Текст"),
        ("16.11.2026", "5А", "Родительское собрание",
         "Собрание 5А в четверг в 18:00, кабинет 31."),
    )),
}  # fmt: skip


async def show(visit: Visit) -> Answer:
    """One of the samples as a workbook."""
    sample = SAMPLES.get(visit.ids["name"])
    if sample is None:
        raise Missing
    return downloads.xlsx(f"Образец — {sample.title}", sample.title, sample.rows)


SCREENS = (Screen(path="import/sample/{name}", title="Образец", right=Right.IMPORT, show=show),)
