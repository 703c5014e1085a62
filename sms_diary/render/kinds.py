"""What each template is for, which values it gets, and which of them it must show.

The table that checking, preview and registration share; every text that ships is in it. How values
of the diary are made is `sentences`' and `notices`' business, those of questions and answers come
from whoever says them.
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
    several: str = ""
    """The value that names several children here."""

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.shows + self.may_show))


SEVERAL = 24
"""Words that the names of several children take at most: no more fit the two SMS of an answer."""

VARIABLES: Mapping[str, Variable] = {
    "имя": Variable("имя ребёнка: «Дарья Б.»", 3),
    "дата": Variable("дата: «24.11»"),
    "даты": Variable("даты недели: «16-21.11»"),
    "день": Variable("день недели: «ср»"),
    "класс": Variable("класс: «5А»", 2),
    "предмет": Variable("предмет: «мат», «математика»", 8),
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
    "телефон": Variable("телефон школы: «000-10-00»", 4),
    "задания": Variable("задания: «рус упр.215; мат №412,413»", 60),
    "уроки": Variable("уроки по порядку: «рус,мат,муз»", 20),
    "начало": Variable("начало уроков: «8:30»"),
    "замены": Variable("замены: «3 ур. рус вместо геогр»", 40),
    "кому": Variable("класс, имя или школа, о ком объявление", 7),
    "текст": Variable("объявление", 60),
    "школа": Variable("школа: «Школа Пример»", 7),
    "номер": Variable("номер, на который отвечают; пусто — на это же SMS"),
    "отвечать": Variable("можно ли ответить на это SMS: для условий", 1, ("да", "")),
    "старт": Variable("слово, которым включают снова: «СТАРТ»; пусто, если ответить нельзя"),
    "имена": Variable("имена детей: «Дарья Б., Егор Б.»", SEVERAL),
    "темы": Variable("о чём речь: «оценки, пропуски»", 6),
    "когда": Variable("как часто", 3, ("сразу", "раз в день", "раз в неделю")),
    "раз": Variable("сколько раз в сутки отвечаем"),
    "классы": Variable("классы, журнал которых молчит: «7В, 10Б и ещё 3»", 12),
    "код": Variable("код для входа: «123456»"),
    "латиница": Variable("выбрана ли латиница: для условий", 1, ("да", "")),
    "по_имени": Variable("можно ли спросить по имени: для условий", 1, ("да", "")),
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
    "request": TextKind("вопрос о согласии", ("школа",), ("номер",)),
    "request_reminder": TextKind("напоминание о вопросе", ("школа",), ("номер",)),
    "welcome": TextKind(
        "первое SMS после согласия на бумаге", ("школа",), ("отвечать", "номер", "телефон")
    ),
    "started": TextKind("ответ на ДА и СТАРТ", ("имя",), ("отвечать",), "имя"),
    "started_later": TextKind("ответ на СТАРТ, пока школа не начала", (), ("отвечать",)),
    "refused": TextKind("ответ на НЕТ", (), ("отвечать",)),
    "stopped": TextKind("ответ на СТОП", (), ("старт", "отвечать")),
    "stopped_children": TextKind(
        "ответ на СТОП: дети из разных школ", ("имя",), ("отвечать",), "имя"
    ),
    "stopped_some": TextKind(
        "ответ на СТОП с темой или именем", (), ("имя", "темы", "отвечать"), "имя"
    ),
    "help": TextKind("ответ на ПОМОЩЬ", (), ("школа", "телефон", "отвечать")),
    "no_marks": TextKind("ответ на ОЦЕНКИ: отметок нет", ("имена",), ("отвечать",)),
    "more_marks": TextKind("ответ на ОЦЕНКИ: поместились не все", (), ("отвечать", "по_имени")),
    "no_timetable": TextKind("ответ на РАСП: расписания нет", ("имена",), ("отвечать",)),
    "more_timetables": TextKind("ответ на РАСП: поместилось не всё", (), ("отвечать",)),
    "enough": TextKind("на сегодня ответов хватит", ("раз",), ("отвечать",)),
    "alphabet": TextKind("ответ на ЛАТ и РУС", (), ("латиница", "отвечать")),
    "rhythm": TextKind(
        "ответ на СРАЗУ, ДЕНЬ, НЕДЕЛЯ", ("темы", "когда"), ("имена", "отвечать")
    ),
    "new_number": TextKind("родитель назвал новый номер", (), ("отвечать",)),
    "wrong_number": TextKind("ответ на «не тот номер»", (), ("отвечать",)),
    "unsubscribed": TextKind("этот номер ни на что не подписан", (), ("отвечать",)),
    "other": TextKind("SMS прочитает человек", (), ("отвечать",)),
    "code": TextKind("код для входа на страницу родителя", ("код",), ("школа",)),
    "route_test": TextKind("проверка маршрута"),
    "fill_alarm": TextKind("сотрудникам: журнал класса молчит", ("классы",)),
}  # fmt: skip
TITLES: Mapping[str, str] = {
    **{name: kind.title for name, kind in KINDS.items()},
    "subjects": "словарь: предметы", "works": "словарь: виды работ",
}  # fmt: skip
"""What each text is, for people; the two tables of words included."""
