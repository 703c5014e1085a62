"""What each template is for, which values it gets, and which of them it must show.

The table that checking, preview and registration share. How values are made is `sentences`'
and `notices`' business. A template that is not here (a reply, say) may use any values.
"""

from __future__ import annotations

from collections.abc import Mapping

from sms_diary.values import value


@value
class Variable:
    """A value of templates: what it is, and how many words it may have at most."""

    meaning: str
    words: int = 1
    choices: tuple[str, ...] = ()
    """All that it can be, where these are few."""


@value
class TextKind:
    """One template: `shows` are the values without which its text would say nothing."""

    title: str
    shows: tuple[str, ...] = ()
    may_show: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        return self.shows + self.may_show


VARIABLES: Mapping[str, Variable] = {
    "имя": Variable("имя ребёнка: «Дарья Б.»", 3),
    "дата": Variable("дата: «24.11»"),
    "даты": Variable("даты недели: «16-21.11»"),
    "день": Variable("день недели: «ср»"),
    "класс": Variable("класс: «5А»", 2),
    "предмет": Variable("предмет: «мат», «математика»", 6),
    "отметка": Variable("отметка: «5», «5/4», «зач»", 2),
    "отметки": Variable("отметки по предметам: «рус 5,4; мат 4»", 60),
    "было": Variable("прежняя отметка: «4»", 2),
    "работа": Variable("вид работы: «контр. работа»", 4),
    "комментарий": Variable("слова учителя: «Пересдача до 01.12»", 30),
    "сдана": Variable("«сдана», «сдан» или «сдано»", 1, ("сдана", "сдан", "сдано")),
    "период": Variable("четверть или год: «2 четв»", 2),
    "пропуски": Variable("что пропущено: «нет на уроках 1-3»; в неделе — сколько уроков", 20),
    "опоздания": Variable("сколько опозданий за неделю"),
    "двоеточие": Variable("двоеточие, если оно нужно перед пропусками", 1, (":", "")),
    "телефон": Variable("телефон школы: «000-10-00»"),
    "задания": Variable("задания: «рус упр.215; мат №412,413»", 60),
    "уроки": Variable("уроки по порядку: «рус,мат,муз»", 20),
    "начало": Variable("начало уроков: «8:30»"),
    "замены": Variable("замены: «3 ур. рус вместо геогр»", 40),
    "кому": Variable("класс, имя или школа, о ком объявление", 4),
    "текст": Variable("объявление", 60),
    "школа": Variable("школа: «Школа Пример»", 4),
    "номер": Variable("номер, на который отвечают; пусто — на это же SMS"),
    "отвечать": Variable("можно ли ответить на это SMS: для условий", 1, ("да", "")),
    "старт": Variable("слово, которым включают снова: «СТАРТ»"),
}

_OF_MARK = ("дата", "работа", "комментарий", "было")
_OF_CLASS = ("класс", "день", "дата")

KINDS: Mapping[str, TextKind] = {
    "mark": TextKind("одна отметка", ("имя", "предмет", "отметка"), _OF_MARK),
    "mark_changed": TextKind(
        "исправленная отметка", ("имя", "предмет", "отметка", "было"),
        ("дата", "работа", "комментарий"),
    ),
    "mark_removed": TextKind(
        "снятая отметка", ("имя", "предмет"), (*_OF_MARK, "отметка")
    ),
    "debt": TextKind(
        "несданная работа", ("имя", "предмет", "работа"), (*_OF_MARK, "отметка", "сдана")
    ),
    "marks_day": TextKind("отметки за день", ("имя", "отметки"), ("дата",)),
    "marks_week": TextKind(
        "отметки за неделю", ("имя", "отметки"), ("даты", "пропуски", "опоздания")
    ),
    "term_marks": TextKind("итоги четверти или года", ("имя", "период", "отметки")),
    "absence": TextKind("пропуски", ("имя", "пропуски"), ("дата", "двоеточие", "телефон")),
    "homework": TextKind("домашнее задание", ("задания",), _OF_CLASS),
    "timetable": TextKind("расписание на день", ("уроки",), (*_OF_CLASS, "начало")),
    "timetable_change": TextKind("замены в расписании", ("замены",), _OF_CLASS),
    "announcement": TextKind("объявление", ("текст",), ("кому",)),
    "request": TextKind("вопрос о согласии", ("школа", "имя"), ("номер",)),
    "started": TextKind("SMS-дневник включён", ("имя",), ("отвечать",)),
    "help": TextKind("ответ на ПОМОЩЬ", (), ("школа", "телефон", "отвечать")),
    "stopped": TextKind("ответ на СТОП", (), ("старт",)),
    "route_test": TextKind("проверка маршрута"),
}  # fmt: skip
