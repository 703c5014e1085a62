"""Lines and values to try a template with: as they usually are, and as long as they get.

Everybody here is invented; the longest values are those of real journals: the longest first
names, subjects and kinds of work, a full day of lessons.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sms_diary.model import Kind, Told
from sms_diary.values import value

Values = Mapping[str, object]
_DAY = date(2026, 11, 24)
_NEXT = date(2026, 11, 25)
_HERS = "Александра Щ."
_BOTH = f"{_HERS}, Константин Щ."
_SCHOOL = {"школа": "Школа Пример", "телефон": "000-10-00"}
_LONG_ONE = {
    "школа": "Гимназия № 11 Пример", "телефон": "8 (846) 000-10-00", "номер": "+79000000000",
}  # fmt: skip
_LONG = (
    "Основы безопасности и защиты Родины", "Вероятность и статистика",
    "Иностранный язык (английский)", "Изобразительное искусство", "Физическая культура",
    "История нашего края",
)  # fmt: skip
_PROOF = "Всероссийская проверочная работа"


@value
class Example:
    """What a template is tried with: lines of the diary, or the values of a reply."""

    usual: tuple[Told, ...] | Values
    longest: tuple[Told, ...] | Values


_USUAL = Told(line_id=0, kind=Kind.MARK, pupil="Дарья Б.", class_name="5А", day=_DAY)


def _mark(subject: str, said: str, **more: Any) -> Told:
    return replace(_USUAL, subject=subject, value=said, **more)


def _absence(code: str, subject: str = "", **more: Any) -> Told:
    return _mark(subject, code, kind=Kind.ABSENCE, **more)


def _of_class(kind: Kind, body: object, **more: Any) -> Told:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return replace(_USUAL, kind=kind, pupil="", day=_NEXT, body=text, **more)


def _lessons(*subjects: str) -> Told:
    said = [
        {"lesson": number, "subject": subject, "start": "08:30"}
        for number, subject in enumerate(subjects, start=1)
    ]
    return _of_class(Kind.TIMETABLE, said)


_WEEK = tuple(date(2026, 11, day) for day in range(16, 21))
_CHANGE = {"subject": "Русский язык", "instead_of": "География", "room": "12"}
_LONG_CHANGE = {"subject": _LONG[0], "instead_of": _LONG[1], "room": "41/43"}
_NOTICE = (
    "24.11 в 18:00 общешкольное родительское собрание в актовом зале. Повестка: итоги четверти, "
    "питание, безопасность на дорогах. Просим быть без опозданий"
)


def _asks(**values: str) -> Values:
    """A question is answered by «ДА» or «НЕТ», and needs no telephone."""
    return {name: said for name, said in values.items() if name != "телефон"}


def _can_answer(**values: str) -> Values:
    return {**values, "отвечать": "да"}


EXAMPLES: Mapping[str, Example] = {
    "mark": Example(
        (_mark("Математика", "4", work="Контрольная работа"),),
        (_mark(_LONG[0], "незач", pupil=_HERS, work=_PROOF, body="Пересдача 01.12 после уроков"),),
    ),
    "mark_changed": Example(
        (_mark("История", "5", was="4"),),
        (_mark(_LONG[0], "незач", was="зач", pupil=_HERS, body="Ошибка при переносе из работы"),),
    ),
    "mark_removed": Example(
        (_mark("История", "", was="4"),), (_mark(_LONG[0], "", was="незач", pupil=_HERS),)
    ),
    "debt": Example(
        (_mark("Русский язык", ".", work="Домашняя работа"),),
        (_mark(_LONG[0], ".", pupil=_HERS, work=_PROOF, body="Сдать до 01.12"),),
    ),
    "marks_day": Example(
        (_mark("Русский язык", "5"), _mark("Математика", "4"), _mark("Физическая культура", "зач")),
        tuple(_mark(subject, "незач", pupil=_HERS) for subject in _LONG),
    ),
    "marks_week": Example(
        tuple(
            _mark(subject, said, day=day)
            for subject, said, day in zip(
                ("Русский язык", "Математика", "Математика", "Литература"), "4345", _WEEK,
                strict=False,
            )
        ),
        tuple(_mark(subject, "4", pupil=_HERS, day=day) for subject in _LONG for day in _WEEK),
    ),
    "term_marks": Example(
        tuple(
            _mark(subject, "4", kind=Kind.TERM_MARK, work="2 четверть", day=None)
            for subject in ("Русский язык", "Литература", "Математика", "История")
        ),
        tuple(
            _mark(subject, "осв", kind=Kind.TERM_MARK, work="1 полугодие", day=None, pupil=_HERS)
            for subject in (*_LONG, "Родная литература", "Информатика", "География", "Биология")
        ),
    ),
    "absence": Example(
        tuple(_absence("Н", lesson=lesson) for lesson in (1, 2, 3)),
        (
            _absence("Н", pupil=_HERS, lesson=1), _absence("УП", pupil=_HERS, lesson=3),
            _absence("ОП", pupil=_HERS, subject=_LONG[0]),
            _absence("ОСВ", pupil=_HERS, subject=_LONG[4]),
        ),
    ),
    "homework": Example(
        (_of_class(Kind.HOMEWORK, "упр.215", subject="Русский язык"),
         _of_class(Kind.HOMEWORK, "№412,413", subject="Математика")),
        tuple(
            _of_class(Kind.HOMEWORK, "§12-13, вопросы 1-4, конспект", subject=subject)
            for subject in _LONG
        ),
    ),
    "timetable": Example(
        (_lessons("Русский язык", "Математика", "Русский язык", "Музыка", "Физическая культура"),),
        (_lessons(*_LONG, "Разговоры о важном"),),
    ),
    "timetable_change": Example(
        (_of_class(Kind.TIMETABLE_CHANGE, _CHANGE, lesson=3),
         _of_class(Kind.TIMETABLE_CHANGE, {"cancelled": True}, lesson=6)),
        tuple(_of_class(Kind.TIMETABLE_CHANGE, _LONG_CHANGE, lesson=n) for n in (1, 2, 3)),
    ),
    "announcement": Example(
        (_of_class(Kind.ANNOUNCEMENT, "род. собрание чт 26.11 в 18:00, каб.24"),),
        (_of_class(Kind.ANNOUNCEMENT, _NOTICE, class_name=""),),
    ),
    "request": Example(_asks(**_SCHOOL), _asks(**_LONG_ONE)),
    "request_reminder": Example(_asks(**_SCHOOL), _asks(**_LONG_ONE)),
    "welcome": Example(_can_answer(**_SCHOOL), _can_answer(**_LONG_ONE)),
    "started": Example(_can_answer(имя="Дарья Б."), _can_answer(имя=_BOTH)),
    "started_later": Example({}, _can_answer()),
    "refused": Example({}, _can_answer()),
    "stopped": Example({"старт": "СТАРТ"}, {"старт": ""}),
    "stopped_children": Example(_can_answer(имя="Дарья Б."), _can_answer(имя=_BOTH)),
    "stopped_some": Example(
        _can_answer(имя="Дарья Б.", темы=""),
        _can_answer(имя=_BOTH, темы="оценки, пропуски, домашние задания, расписание, объявления"),
    ),
    "help": Example(_can_answer(**_SCHOOL), _can_answer(**_LONG_ONE)),
    "no_marks": Example({"имена": "Дарья Б."}, {"имена": _BOTH}),
    "more_marks": Example({}, _can_answer(по_имени="да")),
    "no_timetable": Example({"имена": "Дарья Б."}, {"имена": _BOTH}),
    "more_timetables": Example({}, _can_answer()),
    "enough": Example({"раз": "5"}, _can_answer(раз="5")),
    "alphabet": Example({"латиница": "да"}, _can_answer(латиница="")),
    "rhythm": Example(
        _can_answer(темы="Оценки", имена="", когда="раз в день"),
        _can_answer(темы="Оценки, домашние задания", имена=_BOTH, когда="раз в неделю"),
    ),
    "new_number": Example({}, _can_answer()),
    "wrong_number": Example({}, {}),
    "unsubscribed": Example({}, {}),
    "other": Example({}, _can_answer()),
    "code": Example(
        {"код": "123456", "школа": "Школа Пример"},
        {"код": "123456", "школа": _LONG_ONE["школа"]},
    ),
    "route_test": Example({}, {}),
    "fill_alarm": Example(
        {"классы": "7В"}, {"классы": "10Б (хим-бил), 11А (физ-мат), 11Б и ещё 12"}
    ),
}  # fmt: skip
