"""The texts that the project was given as samples: each comes out of the shipped templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import pytest

from sms_diary.encoding import segments
from sms_diary.model import Gender, Kind, Told
from sms_diary.render import Level, Style
from tests.telling import (
    CHANGES,
    DAY,
    FROST,
    HIST,
    HOMEWORK,
    LESSONS,
    MAT,
    RENDERER,
    RUS,
    TERM,
    WEEK,
    YEAR,
    absence,
    mark,
    numbered,
    of_class,
)

STYLE = Style("Школа Пример", phone="000-10-00")
LATIN = replace(STYLE, transliterate=True)
NOVEMBER_20 = date(2026, 11, 20)


@dataclass(frozen=True)
class Sample:
    """A sample with its lengths; `level` says it so, `usual` is what the renderer takes."""

    given: Sequence[Told] | tuple[str, Mapping[str, object]]
    level: Level
    text: str
    length: int
    latin: str
    latin_length: int
    usual_level: str
    usual: str


def said(name: str, **values: object) -> tuple[str, Mapping[str, object]]:
    return name, values


note = partial(of_class, Kind.ANNOUNCEMENT)
SAMPLES = {
    "день": Sample(
        DAY, Level.MINIMAL,
        "Дарья Б. 24.11: рус 5,4; мат 4; англ н; физ-ра зач", 50,
        "Darya B. 24.11: rus 5,4; mat 4; angl n; fiz-ra zach", 51,
        "short", "Дарья Б. 24.11: рус. яз. 5,4; матем. 4; англ. яз. н; физ-ра зач",
    ),
    "одна отметка": Sample(
        [mark(MAT, "4", pupil="Тимур А.", work="Контрольная работа")], Level.MINIMAL,
        "Тимур А. 24.11 мат: 4 (контр. работа)", 37,
        "Timur A. 24.11 mat: 4 (kontr. rabota)", 37,
        "full", "Тимур А. 24.11 математика: 4 (контрольная работа)",
    ),
    "низкая": Sample(
        [mark(MAT, "2", pupil="Глеб К.", work="Самост. раб.", body="Пересдача до 01.12")],
        Level.COMPACT,
        "Глеб К. 24.11 мат: 2 (самост.). Пересдача до 01.12", 50,
        "Gleb K. 24.11 mat: 2 (samost.). Peresdacha do 01.12", 51,
        "medium", "Глеб К. 24.11 математика: 2 (самост. работа). Пересдача до 01.12",
    ),
    "долг": Sample(
        [mark(RUS, ".", pupil="Кира Е.", work="Домашняя работа", day=NOVEMBER_20)], Level.COMPACT,
        "Кира Е. рус: долг - дом. раб. за 20.11 не сдана", 47,
        "Kira E. rus: dolg - dom. rab. za 20.11 ne sdana", 47,
        "full", "Кира Е. русский язык: долг - домашняя работа за 20.11 не сдана",
    ),
    "исправление": Sample(
        [mark(HIST, "5", was="4", day=NOVEMBER_20)], Level.FULL,
        "Дарья Б. 20.11 история: 5 (было 4)", 34,
        "Darya B. 20.11 istoriya: 5 (bylo 4)", 35,
        "full", "Дарья Б. 20.11 история: 5 (было 4)",
    ),
    "пропуск": Sample(
        [absence("Н", lesson=lesson) for lesson in (1, 2, 3)], Level.FULL,
        "Лев Ж. 24.11 нет на уроках 1-3. Причина? Тел. школы 000-10-00", 61,
        "Lev Zh. 24.11 net na urokakh 1-3. Prichina? Tel. shkoly 000-10-00", 65,
        "full", "Лев Ж. 24.11 нет на уроках 1-3. Причина? Тел. школы 000-10-00",
    ),
    "опоздание": Sample(
        [absence("ОП", MAT, lesson=1, pupil="Марк У.", gender=Gender.MALE)], Level.MINIMAL,
        "Марк У. 24.11: опоздал на 1 урок (мат)", 38,
        "Mark U. 24.11: opozdal na 1 urok (mat)", 38,
        "full", "Марк У. 24.11: опоздал на 1 урок (математика)",
    ),
    "неделя": Sample(
        WEEK, Level.MINIMAL,
        "Ева О. 16-21.11: рус 4,5; мат 3,4,4; лит 5; ист 4. Пропусков: 2", 63,
        "Eva O. 16-21.11: rus 4,5; mat 3,4,4; lit 5; ist 4. Propuskov: 2", 63,
        "minimal", "Ева О. 16-21.11: рус 4,5; мат 3,4,4; лит 5; ист 4. Пропусков: 2",
    ),
    "четверть": Sample(
        TERM, Level.MINIMAL,
        "Фёдор М. 2 четв: рус 4, лит 5, мат 4, англ 5, ист 5", 51,
        "Fedor M. 2 chetv: rus 4, lit 5, mat 4, angl 5, ist 5", 52,
        "minimal", "Фёдор М. 2 четв: рус 4, лит 5, мат 4, англ 5, ист 5",
    ),
    "год": Sample(
        YEAR, Level.COMPACT,
        "Яна П. год: рус 4, лит 5, мат 4, англ 5, биол 5, геог 4, ист 5", 62,
        "Yana P. god: rus 4, lit 5, mat 4, angl 5, biol 5, geog 4, ist 5", 63,
        "minimal", "Яна П. год: рус 4, лит 5, мат 4, англ 5, биол 5, геогр 4, ист 5",
    ),
    "расписание": Sample(
        [LESSONS], Level.MINIMAL,
        "5А ср 25.11: рус,мат,рус,муз,физ-ра. Начало 8:30", 48,
        "5A sr 25.11: rus,mat,rus,muz,fiz-ra. Nachalo 8:30", 49,
        "short", "5А ср 25.11: рус. яз., матем., рус. яз., музыка, физ-ра. Начало 8:30",
    ),
    "замена": Sample(
        CHANGES, Level.MINIMAL,
        "5А ср 25.11: 3 ур. рус вместо геогр, каб.12; 6 ур. нет", 54,
        "5A sr 25.11: 3 ur. rus vmesto geogr, kab.12; 6 ur. net", 54,
        "full", "5А ср 25.11: 3 ур. русский язык, а не география, каб.12; 6 ур. нет",
    ),
    "ДЗ": Sample(
        HOMEWORK, Level.MINIMAL,
        "5А на 25.11: рус упр.215; мат №412,413; геогр §14", 49,
        "5A na 25.11: rus upr.215; mat N412,413; geogr §14", 49,
        "full", "5А на 25.11: русский язык упр.215; математика №412,413; география §14",
    ),
    "собрание": Sample(
        [note("род. собрание чт 26.11 в 18:00, каб.24")], Level.FULL,
        "5А: род. собрание чт 26.11 в 18:00, каб.24", 42,
        "5A: rod. sobranie cht 26.11 v 18:00, kab.24", 43,
        "full", "5А: род. собрание чт 26.11 в 18:00, каб.24",
    ),
    "отмена": Sample(
        [note(FROST, class_name="")], Level.BARE,
        FROST, 64,
        "24.11 zanyatiya 1-4 kl. otmeneny (moroz). 5-11 kl. - po raspisaniyu", 67,
        "bare", FROST,
    ),
    "каникулы": Sample(
        [note("Каникулы 31.12-11.01. В школу 12.01 (вт) к 8:30", class_name="")], Level.BARE,
        "Каникулы 31.12-11.01. В школу 12.01 (вт) к 8:30", 47,
        "Kanikuly 31.12-11.01. V shkolu 12.01 (vt) k 8:30", 48,
        "full", "Школа Пример: Каникулы 31.12-11.01. В школу 12.01 (вт) к 8:30",
    ),
    "запрос согласия": Sample(
        said("request", школа="Школа Пример", номер=""), Level.FULL,
        "Школа Пример: включить SMS-дневник? Ответьте ДА или НЕТ", 55,
        "Shkola Primer: vklyuchit SMS-dnevnik? Otvette DA ili NET", 56,
        "full", "Школа Пример: включить SMS-дневник? Ответьте ДА или НЕТ",
    ),
    "принято": Sample(
        said("started", имя="Дарья Б.", отвечать=True), Level.FULL,
        "SMS-дневник включен: Дарья Б. Отключить: СТОП. Помощь: ПОМОЩЬ", 61,
        "SMS-dnevnik vklyuchen: Darya B. Otklyuchit: STOP. Pomosch: POMOSCH", 66,
        "full", "SMS-дневник включен: Дарья Б. Отключить: СТОП. Помощь: ПОМОЩЬ",
    ),
    "отписка": Sample(
        said("stopped", старт="СТАРТ"), Level.FULL,
        "SMS-дневник отключен. Включить снова: СТАРТ", 43,
        "SMS-dnevnik otklyuchen. Vklyuchit snova: START", 46,
        "full", "SMS-дневник отключен. Включить снова: СТАРТ",
    ),
    "помощь": Sample(
        said("help", отвечать=True, школа="Школа Пример", телефон="000-10-00"), Level.FULL,
        "Команды: СТОП, СТАРТ, ОЦЕНКИ, РАСП. Школа Пример, т.000-10-00", 61,
        "Komandy: STOP, START, OTSENKI, RASP. Shkola Primer, t.000-10-00", 63,
        "full", "Команды: СТОП, СТАРТ, ОЦЕНКИ, РАСП. Школа Пример, т.000-10-00",
    ),
}  # fmt: skip
each = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)


def worded(sample: Sample, style: Style, level: Level) -> str:
    if isinstance(sample.given, tuple):
        name, values = sample.given
        return RENDERER.say(name, style, **values).text
    (text,) = RENDERER.tell_at(numbered(sample.given), style, level)
    return text


def taken(sample: Sample, style: Style) -> tuple[str, str]:
    if isinstance(sample.given, tuple):
        name, values = sample.given
        text = RENDERER.say(name, style, **values)
    else:
        (text,) = RENDERER.tell(numbered(sample.given), style)
    assert text.segments == 1
    return text.level, text.text


@each
def test_each_sample_is_the_wording_of_a_named_level(sample: Sample) -> None:
    assert worded(sample, STYLE, sample.level) == sample.text
    assert (len(sample.text), segments(sample.text)) == (sample.length, 1)


@each
def test_each_sample_in_latin_is_of_its_length_within_two_characters(sample: Sample) -> None:
    assert worded(sample, LATIN, sample.level) == sample.latin
    assert abs(len(sample.latin) - sample.latin_length) <= 2
    assert segments(sample.latin) == 1


@each
def test_by_default_the_longest_wording_that_costs_no_more_is_taken(sample: Sample) -> None:
    assert taken(sample, STYLE) == (sample.usual_level, sample.usual)
    assert len(sample.usual) >= len(sample.text)


def test_a_level_longer_than_the_one_taken_would_cost_more() -> None:
    for sample in SAMPLES.values():
        if not isinstance(sample.given, tuple):
            level = Level[sample.usual_level.upper()]
            longer = [worded(sample, STYLE, one) for one in Level if one < level]
            assert all(segments(text) > 1 for text in longer)
