"""What a parent may answer with, and what may be ticked on a form, as papers say it.

The words are those that `keywords` understands; here they are only told.
"""

from __future__ import annotations

from sms_diary.model import Topic

WORDS: tuple[tuple[str, str], ...] = (
    ("СТОП", "больше не присылать ничего: ни об одном ребёнке, ни из одной школы"),
    ("СТОП ОЦЕНКИ", "не присылать одно. Так же: СТОП РАСП, СТОП ДЗ, СТОП ПРОПУСКИ"),
    ("СТОП ДАРЬЯ", "не присылать об одном ребёнке: назовите его имя"),
    ("СТАРТ", "включить снова: это ваше новое согласие"),
    ("ДА или НЕТ", "ответ на вопрос школы, присылать ли SMS; «да» действует трое суток"),
    ("ОЦЕНКИ", "прислать последние отметки"),
    ("РАСП", "прислать расписание на завтра"),
    ("СРАЗУ, ДЕНЬ, НЕДЕЛЯ", "отметки: сразу, сводкой раз в день или раз в неделю"),
    ("ЛАТ, РУС", "писать латинскими или русскими буквами"),
    ("ПОМОЩЬ", "прислать эти слова и телефон школы"),
    ("НОВЫЙ НОМЕР и номер", "вы сменили номер: пошлите со старого"),
    ("НЕ ТОТ НОМЕР", "SMS о чужом ребёнке: писать перестанем"),
)
"""A word, or several that are said of in one breath; what it does."""

TICKS: dict[Topic, str] = {
    Topic.MARKS: "отметки",
    Topic.ABSENCES: "пропуски и опоздания",
    Topic.HOMEWORK: "домашние задания",
    Topic.TIMETABLE: "замены и изменения в расписании",
    Topic.ANNOUNCEMENTS: "объявления школы и класса",
}
"""One box a topic: an empty one is no consent."""
