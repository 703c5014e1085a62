"""Lines put into words that fit their segments."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from sms_diary.encoding import Alphabet, Scheme, choose, segments
from sms_diary.errors import ConfigError
from sms_diary.model import Gender, Kind, Told
from sms_diary.render import Level, Renderer, Style, Subjects, Text, words
from sms_diary.resources import templates_dir
from tests.telling import (
    BIO,
    DAY,
    ENG,
    GEO,
    HIST,
    LIT,
    MAT,
    PE,
    RENDERER,
    RUS,
    TERM,
    TUESDAY,
    WEEK,
    absence,
    mark,
    numbered,
    of_class,
    term,
)

STYLE = Style("Школа Пример")


def tell(*items: Told, style: Style = STYLE) -> list[Text]:
    return RENDERER.tell(numbered(items), style)


def one(*items: Told, style: Style = STYLE) -> str:
    (text,) = tell(*items, style=style)
    return text.text


def at(level: Level, *items: Told) -> str:
    (text,) = RENDERER.tell_at(numbered(items), STYLE, level)
    return text


def test_all_subjects_of_a_text_stand_at_one_level() -> None:
    (text,) = tell(*DAY)
    names = [forms[Level[text.level.upper()]] for forms in map(subjects().forms, (RUS, MAT, PE))]
    assert all(name in text.text for name in names)


# Marks


def test_a_double_mark_and_a_word_stay_as_they_are() -> None:
    assert at(Level.MINIMAL, mark(RUS, "5/4"), mark(PE, "осв"), mark("Химия", "незач")) == (
        "Дарья Б. 24.11: рус 5/4; физ-ра осв; хим незач"
    )


def test_a_dot_is_told_as_a_debt() -> None:
    assert one(mark(MAT, ".")) == "Дарья Б. 24.11 математика: долг"
    assert at(Level.MINIMAL, mark(MAT, "."), mark(RUS, "5")) == "Дарья Б. 24.11: мат долг; рус 5"


def test_a_debt_agrees_with_the_gender_of_the_work() -> None:
    assert one(mark(MAT, ".", work="Тест")).endswith("долг - тест за 24.11 не сдан")
    assert one(mark(MAT, ".", work="ДЗ")).endswith("долг - домашнее задание за 24.11 не сдано")


def test_a_removed_mark_says_what_it_was() -> None:
    assert one(mark(HIST, "", was="4")) == "Дарья Б. 24.11 история: отметка снята (было 4)"


def test_a_correction_among_other_marks_stands_alone() -> None:
    items = [mark(HIST, "4"), mark(HIST, "5", was="3"), mark(RUS, "", was="2"), mark(MAT, "4")]
    assert at(Level.MINIMAL, *items) == (
        "Дарья Б. 24.11: ист 4; ист 5 (было 3); рус: отметка снята (было 2); мат 4"
    )


def test_marks_stand_in_the_order_of_lessons() -> None:
    items = [mark(MAT, "4", lesson=5), mark(RUS, "3", lesson=1), mark(RUS, "5", lesson=6)]
    assert at(Level.MINIMAL, *items) == "Дарья Б. 24.11: рус 3,5; мат 4"


def test_one_subject_written_in_two_ways_is_one() -> None:
    items = [mark("Русский язык", "5"), mark(MAT, "4"), mark("Рус. яз. (1 гр.)", "3")]
    assert at(Level.MINIMAL, *items) == "Дарья Б. 24.11: рус 5,3; мат 4"


def test_a_comment_is_kept_beside_its_mark() -> None:
    items = [mark(MAT, "2", body="Пересдача до 25.11."), mark(RUS, "5")]
    assert at(Level.BARE, *items) == "Дарья Б. 24.11: мат 2 (Пересдача до 25.11) рус 5"


@pytest.mark.parametrize(
    "said", ["Был болен", "болела ОРВИ", "по болезни", "нужна справка", "приболел, сдаст позже"]
)
def test_a_comment_about_an_illness_is_not_told(said: str) -> None:
    assert one(mark(MAT, "4", body=said)) == "Дарья Б. 24.11 математика: 4"
    assert one(absence("Н", MAT, body=said)) == "Лев Ж. 24.11: нет на уроке (математика)"


def test_more_effort_is_no_illness() -> None:
    assert one(mark(MAT, "4", body="Больше читать, более внимательно")).endswith("внимательно")


def test_a_mark_without_a_day_or_a_name_leaves_no_gap() -> None:
    assert one(mark(MAT, "4", day=None)) == "Дарья Б. математика: 4"
    assert one(mark(MAT, "4", day=None), mark(RUS, "5", day=None)) == (
        "Дарья Б.: математика 4; русский язык 5"
    )
    assert one(mark(MAT, "4", pupil="")) == "24.11 математика: 4"
    assert one(mark("", "4")) == "Дарья Б. 24.11: 4"


# Several days, several children


def test_marks_of_a_week_become_one_sentence() -> None:
    items = [mark(MAT, str(n), day=TUESDAY - timedelta(days=1 - n % 2)) for n in (2, 3, 4)]
    assert one(*items) == "Дарья Б. 23-24.11: математика 2,4,3"


def test_two_weeks_are_two_sentences() -> None:
    days = (date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 23), TUESDAY)
    items = [mark(MAT, "4", day=day) for day in days]
    assert one(*items) == "Дарья Б. 19-20.11: математика 4,4\nДарья Б. 23-24.11: математика 4,4"


def test_a_week_that_does_not_fit_its_budget_is_told_by_days() -> None:
    subjects_of_a_day = (RUS, MAT, ENG, HIST, BIO, GEO, LIT)
    items = [
        mark(subject, "5", day=TUESDAY - timedelta(days=n // 5), body="хорошо")
        for n, subject in enumerate(subjects_of_a_day)
    ]
    texts = tell(*items, style=Style("Ш", budget=1))
    assert all(text.segments == 1 for text in texts)
    assert {text.text[:14] for text in texts} == {"Дарья Б. 23.11", "Дарья Б. 24.11"}


def test_a_correction_keeps_its_own_date_beside_a_week() -> None:
    items = [*WEEK, mark(GEO, "5", was="4", pupil="Ева О.", day=date(2026, 11, 16))]
    assert [text.text for text in tell(*items)] == [
        "Ева О. 16-21.11: рус 4,5; мат 3,4,4; лит 5; ист 4. Пропусков: 2",
        "Ева О. 16.11 география: 5 (было 4)",
    ]


def test_children_are_told_apart_by_name_and_share_a_message_to_save_a_segment() -> None:
    (text,) = tell(mark(MAT, "4"), mark(RUS, "5", pupil="Марк Б."))
    assert text.text == "Дарья Б. 24.11 математика: 4\nМарк Б. 24.11 русский язык: 5"
    assert text.segments == 1


def test_kinds_stand_in_the_order_of_their_weight() -> None:
    items = [
        of_class(Kind.ANNOUNCEMENT, "Г"), of_class(Kind.TIMETABLE_CHANGE, {"cancelled": True}),
        of_class(Kind.HOMEWORK, "В", subject="Химия"), term("Химия", "5", "год"),
        mark("Химия", "4"), absence("Н"),
    ]  # fmt: skip
    lines = "\n".join(text.text for text in tell(*items)).split("\n")
    assert [line.split(" ")[0] for line in lines] == ["Лев", "Дарья", "Дарья", "5А", "5А", "5А:"]


def test_what_saves_nothing_by_sharing_goes_alone() -> None:
    texts = tell(*DAY, *TERM)
    assert [text.segments for text in texts] == [1, 1]
    assert [text.line_ids for text in texts] == [(1, 2, 3, 4, 5), (6, 7, 8, 9, 10)]


def test_urgent_lines_go_first_and_share_no_message_with_others() -> None:
    urgent = of_class(Kind.ANNOUNCEMENT, "Нет воды", urgent=True)
    texts = tell(mark(MAT, "4"), urgent)
    assert [text.line_ids for text in texts] == [(2,), (1,)]


# Absences


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([absence("Н", RUS)], "Лев Ж. 24.11: нет на уроке (русский язык)"),
        ([absence("Н", RUS), absence("НП", MAT)],
         "Лев Ж. 24.11: нет на уроках (русский язык, математика)"),
        ([absence("Н")], "Лев Ж. 24.11 нет в школе"),
        ([absence("Б")], "Лев Ж. 24.11 нет в школе (ув)"),
        ([absence("ОТ", MAT, lesson=2)], "Лев Ж. 24.11 нет на уроке 2 (математика)"),
        ([absence("Н", lesson=n) for n in (5, 0, 1, 3)], "Лев Ж. 24.11 нет на уроках 0-1,3,5"),
        ([absence("УП", lesson=n) for n in (1, 2)], "Лев Ж. 24.11 нет на уроках 1-2 (ув)"),
        ([absence("Б", MAT)], "Лев Ж. 24.11: нет на уроке (математика, ув)"),
        ([absence("ОП", MAT)], "Лев Ж. 24.11: опоздание (математика)"),
        ([absence("ОП", MAT, lesson=1)], "Лев Ж. 24.11: опоздание на 1 урок (математика)"),
        ([absence("ОСВ", PE)], "Лев Ж. 24.11: освобождение (физическая культура)"),
        ([absence("Н", lesson=1), absence("ОП", lesson=2)],
         "Лев Ж. 24.11 нет на уроке 1; опоздание на 2 урок"),
        ([absence("", MAT, was="Н")], "Лев Ж. 24.11: математика: пропуск снят"),
        ([absence("", was="ОП", lesson=2)], "Лев Ж. 24.11: 2 урок: опоздание снято"),
        ([absence("ОП", MAT, was="Н")], "Лев Ж. 24.11: математика: опозд (было н)"),
        ([absence("Б", MAT, was="УП")], "Лев Ж. 24.11: математика: н(ув)"),
    ],
)  # fmt: skip
def test_an_absence_in_words(items: list[Told], text: str) -> None:
    assert one(*items) == text


def test_an_unexplained_absence_asks_to_ring_the_school() -> None:
    style = Style("Школа Пример", phone="000-10-00")
    items = [absence("Н", lesson=lesson) for lesson in (1, 2, 3)]
    assert one(*items, style=style) == (
        "Лев Ж. 24.11 нет на уроках 1-3. Причина? Тел. школы 000-10-00"
    )
    assert "Причина" not in one(absence("УП", lesson=1), style=style)
    assert "Причина" not in one(absence("ОП", lesson=1), style=style)


def test_the_call_to_ring_goes_before_a_second_segment_is_paid() -> None:
    style = Style("Школа Пример", phone="000-10-00")
    items = [absence("Н", lesson=1), absence("ОП", MAT), absence("ОСВ", PE)]
    (text,) = tell(*items, style=style)
    assert (text.level, text.segments) == ("bare", 1)
    assert text.text == ("Лев Ж. 24.11 нет на ур. 1; опоздание (мат); освобождение (физ-ра)")


def test_an_illness_looks_like_any_good_reason() -> None:
    for more in ({}, {"subject": MAT}, {"subject": MAT, "lesson": 2}):
        assert one(absence("Б", **more)) == one(absence("УП", **more))
    both = [mark(RUS, "5"), absence("Б", MAT, pupil="Дарья Б.")]
    assert at(Level.MINIMAL, *both) == "Дарья Б. 24.11: рус 5; мат н(ув)"


def test_missed_lessons_in_a_row_are_told_by_numbers_among_marks() -> None:
    items = [absence("Н", name, pupil="Дарья Б.", lesson=n) for n, name in ((1, RUS), (2, MAT))]
    assert at(Level.MINIMAL, mark(HIST, "5", lesson=4), *items) == (
        "Дарья Б. 24.11: нет на ур. 1-2; ист 5"
    )


# Classes and the school


def test_homework_that_was_taken_back_says_so() -> None:
    gone = of_class(Kind.HOMEWORK, "", subject="Химия", was="digest")
    assert one(gone) == "5А на 25.11: химия задание снято"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"subject": "Физика"}, "5А ср 25.11: 3 ур. физика"),
        ({"room": "с/з"}, "5А ср 25.11: 3 ур. с/з"),
        ({"room": "М1"}, "5А ср 25.11: 3 ур. каб.М1"),
        ({"cancelled": True, "text": "к 1 ур. не приходить"},
         "5А ср 25.11: 3 ур. нет (к 1 ур. не приходить)"),
        ({"text": "Перенос на пт"}, "5А ср 25.11: 3 ур. Перенос на пт"),
        ({}, "5А ср 25.11: 3 ур. замена отменена"),
        ("просто текст", "5А ср 25.11: 3 ур. просто текст"),
        ("[" * 2000, None),
        ({"subject": None, "room": 12, "text": ["x"], "lesson": "x"},
         "5А ср 25.11: 3 ур. замена отменена"),
    ],
)  # fmt: skip
def test_a_change_of_the_timetable_in_words(body: object, text: str | None) -> None:
    said = one(of_class(Kind.TIMETABLE_CHANGE, body, lesson=3))
    assert said == text or (text is None and said.startswith("5А ср 25.11: 3 ур. ["))


def test_a_day_without_lessons_and_a_broken_timetable_are_told_alike() -> None:
    for body in ([], "не JSON", [1, {"lesson": "x"}], {"lesson": 1}):
        assert one(of_class(Kind.TIMETABLE, body)) == "5А ср 25.11: уроков нет"


def test_subgroups_of_one_lesson_share_its_place() -> None:
    lessons = [{"lesson": 1, "subject": ENG}, {"lesson": 1, "subject": "Немецкий язык"},
               {"lesson": 2, "subject": MAT, "start": "09:20"}]  # fmt: skip
    assert at(Level.MINIMAL, of_class(Kind.TIMETABLE, lessons)) == "5А ср 25.11: англ/нем,мат"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>Уважаемые родители!</p><p>Собрание <b>26.11 (чт) в 18:00</b>, каб. 24.</p>",
         "5А: Уважаемые родители! Собрание 26.11 (чт) в 18:00, каб. 24."),
        ("Занятия 1–4 классов отменяются.&nbsp;", "5А: Занятия 1–4 классов отменяются."),
        ('<p>Сдайте согласия.</p><p>Подробнее: <a href="https://example.invalid/doc">ссылка</a></p>',
         "5А: Сдайте согласия."),
        ('Опрос <a href="http://x.invalid">о питании</a> до пт', "5А: Опрос о питании до пт"),
        ("Смотрите https://example.invalid/a?b=1, завтра", "5А: Смотрите, завтра"),
        ("Запись на www.example.ru или gosuslugi.ru/600 до пт", "5А: Запись на или до пт"),
        ("Адрес ht\u200btps://example.invalid/x закрыт", "5А: Адрес закрыт"),
        ("Пишите на school@example.ru", "5А: Пишите на school@example.ru"),
        ("<script>alert(1)</script>Привет<!-- x -->", "5А: Привет"),
        ("в 8.30, каб.24, 2&lt;3", "5А: в 8.30, каб.24, 2<3"),
        ("https://example.invalid", "5А: см. электронный журнал"),
    ],
)  # fmt: skip
def test_an_announcement_is_told_without_markup_and_addresses(body: str, text: str) -> None:
    assert one(of_class(Kind.ANNOUNCEMENT, body)) == text


@pytest.mark.parametrize(
    "address",
    [
        "HTTP://SCHOOL.RU", "http:\\\\school.ru\\x", "https:/school.ru", "https:// school.ru",
        "http://", "hxxp://school.ru", "//school.ru/x", "&#104;ttps://x.ru", "ht<b></b>tps://x.ru",
        "youtu.be/a", "forms.gle/a", "t.co/a", "u.to/a", "zoom.us", "школа5.рф", "мойсайт.дети",
        "портал.рус/вход",
        "xn--80ak6.xn--p1ai/news", "school.ru:8080/путь", "tg://resolve?domain=x", "vk.com/club1",
        "docs.google.com/forms/d/e/1FAI", "<a href='http://x.ru'>тут</a>", "a://b",
    ],
)  # fmt: skip
def test_no_form_of_an_address_is_told(address: str) -> None:
    assert one(of_class(Kind.ANNOUNCEMENT, f"Анкета {address} до пятницы")) == (
        "5А: Анкета до пятницы"
    )


@pytest.mark.parametrize(
    "text", ["Цирк.Дети бесплатно", "стр.12.Нет задания", "8.30-9.15 и т.д.", "м.б. к 5.Онлайн"]
)
def test_a_space_that_was_forgotten_makes_no_address(text: str) -> None:
    assert one(of_class(Kind.ANNOUNCEMENT, text)) == f"5А: {text}"


def test_no_address_comes_of_latin_letters() -> None:
    latin = Style("x", transliterate=True)
    said = one(of_class(Kind.ANNOUNCEMENT, "Сдать упр.Нет - школа.ру, стр.5"), style=latin)
    assert said == "5A: Sdat upr. Net - shkola. ru, str.5"


def test_the_illness_of_a_teacher_is_not_told_either() -> None:
    body = {"cancelled": True, "text": "учитель заболел"}
    assert one(of_class(Kind.TIMETABLE_CHANGE, body, lesson=3)) == "5А ср 25.11: 3 ур. нет"


def test_an_announcement_names_its_class_or_the_school() -> None:
    assert one(of_class(Kind.ANNOUNCEMENT, "Собрание", class_name="")) == "Школа Пример: Собрание"
    assert one(of_class(Kind.ANNOUNCEMENT, "Собрание")) == "5А: Собрание"


# Budget


def test_what_does_not_fit_goes_into_further_messages_line_by_line() -> None:
    names = [line.split("|")[0].strip() for line in table("subjects.txt")][:40]
    items = [mark(name, "5", body=f"замечание {n}") for n, name in enumerate(names)]
    texts = tell(*items)
    assert len(texts) > 1
    assert [text.segments for text in texts[:-1]] == [STYLE.budget] * (len(texts) - 1)
    assert all(len(text.text) > 100 for text in texts[:-1])
    assert sorted(line for text in texts for line in text.line_ids) == list(range(1, 41))
    for n in range(40):
        assert sum(f"5 (замечание {n})" in text.text for text in texts) == 1


def test_a_single_line_longer_than_the_budget_goes_whole() -> None:
    body = "Очень важное объявление. " * 20
    (text,) = tell(of_class(Kind.ANNOUNCEMENT, body))
    assert text.text == f"5А: {body.strip()}"
    assert text.segments > STYLE.budget


def test_the_kind_of_work_goes_before_a_second_segment_is_paid() -> None:
    item = mark(MAT, "4", work="Проверочная работа", body="Разобрать дома задачи 5 и 6, с. 48, 49")
    (text,) = tell(item)
    assert text.segments == 1
    assert "4. Разобрать" in text.text


# Latin


def test_latin_gives_room_for_longer_names() -> None:
    (text,) = tell(*DAY, style=Style("Школа", transliterate=True))
    assert (text.level, text.segments, choose(text.text)) == ("full", 1, Alphabet.GSM7)


def test_a_text_of_which_latin_leaves_nothing_points_at_the_journal() -> None:
    smile = of_class(Kind.ANNOUNCEMENT, "😀", class_name="")
    assert one(smile, style=Style("", transliterate=True)) == "sm. elektronny zhurnal"


# Subjects


def table(name: str) -> list[str]:
    lines = (templates_dir() / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def subjects() -> Subjects:
    texts = [(templates_dir() / f"{name}.txt").read_text("utf-8") for name in ("subjects", "works")]
    return Subjects(*texts)


def test_every_subject_is_found_by_each_of_its_names_and_never_grows_when_shortened() -> None:
    known = subjects()
    for line in table("subjects.txt"):
        left, _, right = line.partition("=")
        full = left.split("|")[0].strip()
        forms = known.forms(full)
        assert forms[Level.FULL] == full
        assert [len(form) for form in forms] == sorted(map(len, forms), reverse=True), full
        for other in filter(None, (name.strip() for name in right.split(","))):
            assert known.forms(other.upper()) == forms, other


def test_no_two_subjects_look_alike_at_the_shortest() -> None:
    shortest = [
        subjects().forms(line.split("|")[0])[Level.MINIMAL] for line in table("subjects.txt")
    ]
    assert len(shortest) == len(set(shortest))


@pytest.mark.parametrize(
    ("name", "minimal"),
    [
        ("РУССКИЙ  ЯЗЫК", "рус"), ("Англ.яз./2 гр.", "англ"), ("Английский язык (углубл.)", "англ"),
        ("Физическая культура (дев.)", "физ-ра"), ("физра", "физ-ра"), ("Физика", "физ"),
        ("Труд (технология)", "труд"), ("Технология", "техн"), ("ОБЖ", "обж"), ("обзр", "обзр"),
        ("Россия – мои горизонты", "рмг"), ("История (1 гр.)", "ист"), ("Родной язык", "родн"),
        ("Робототехника", "робототе."), ("Шахматы", "шахматы"), ("Основы логики", "основы."),
        ("ТРИЗ", "ТРИЗ"), ("", ""), ("!!!", "!!!"),
    ],
)  # fmt: skip
def test_a_subject_is_recognised_and_an_unknown_one_is_cut(name: str, minimal: str) -> None:
    assert subjects().forms(name)[Level.MINIMAL] == minimal


def test_a_faulty_table_of_subjects_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError, match="строка 2"):
        Subjects("# предметы\nхимия | химия\n")
    with pytest.raises(ConfigError, match="строка 2: «химия» уже есть"):
        Subjects("химия | химия | хим. | хим\nхимия | х | х | х\n")


# Templates


def test_the_reply_to_stop_is_one_segment_and_names_no_word() -> None:
    text = RENDERER.say("stopped")
    assert text.startswith("SMS-дневник отключен.")
    assert segments(text) == 1
    assert not re.search(r"\b[А-ЯЁ]{2,}\b", text)


def test_the_test_of_a_route_is_one_segment() -> None:
    assert segments(RENDERER.say("route_test")) == 1


def sources() -> dict[str, str]:
    return {
        path.stem: path.read_text("utf-8")
        for path in templates_dir().glob("*.txt")
        if path.stem not in ("subjects", "works")
    }


def test_a_missing_or_broken_template_is_refused_at_the_start() -> None:
    few = sources()
    del few["mark"]
    with pytest.raises(ConfigError, match="mark"):
        Renderer(few, subjects())
    with pytest.raises(ConfigError, match="mark, строка 1"):
        Renderer(sources() | {"mark": "{{ имя "}, subjects())


def test_a_template_of_the_school_s_own_is_used() -> None:
    own = Renderer(sources() | {"mark": "{{ предмет }} = {{ отметка }} ({{ имя }})\n"}, subjects())
    assert own.tell([mark(MAT, "4")], STYLE)[0].text == "математика = 4 (Дарья Б.)"


def test_braces_in_a_value_are_told_as_they_are() -> None:
    hostile = "{{ 7*7 }} {% for x in range(9) %}x{% endfor %} {{ имя.__class__ }}"
    assert one(of_class(Kind.ANNOUNCEMENT, hostile)) == f"5А: {hostile}"
    assert hostile in one(mark(hostile, "4", body=hostile, work=hostile, pupil=hostile))


# Messages


def test_neighbours_share_messages_in_the_way_that_costs_least() -> None:
    """Any two of these save nothing by sharing, all three take two SMS and not three."""
    items = [
        mark(MAT, "4", pupil=pupil, body="Так держать, молодец")
        for pupil in ("Анна Б.", "Марк Б.", "Ольга Б.")
    ]
    assert [text.segments for text in tell(*items[:2])] == [1, 1]
    assert [text.segments for text in tell(*items[1:])] == [1, 1]
    assert [(text.line_ids, text.segments) for text in tell(*items)] == [((1, 2, 3), 2)]


def test_lines_that_had_no_room_in_the_message_before_are_named() -> None:
    items = [mark(MAT, "4", body=f"замечание учителя {n}") for n in range(9)]
    first, *others = tell(*items)
    assert first.moved == ()
    assert others
    assert [text.moved for text in others] == [text.line_ids for text in others]


def test_nothing_has_moved_where_everything_fits() -> None:
    assert all(text.moved == () for text in tell(*DAY, *TERM))


def test_typography_gives_way_only_where_it_costs_a_segment() -> None:
    short, long = "Olympiad “Kangaroo” — 26.11", "Olympiad “Kangaroo” — 26.11, " + "room 24, " * 6
    assert one(of_class(Kind.ANNOUNCEMENT, short, class_name="10-B")) == f"10-B: {short}"
    (text,) = tell(of_class(Kind.ANNOUNCEMENT, long, class_name="10-B"))
    assert text.text.startswith('10-B: Olympiad "Kangaroo" - 26.11, room')
    assert (text.segments, choose(text.text)) == (1, Alphabet.GSM7)


def test_typography_of_a_russian_text_costs_nothing_and_stays() -> None:
    body = "Олимпиада «Кенгуру» — 26.11, " + "кабинет №24, " * 6
    (text,) = tell(of_class(Kind.ANNOUNCEMENT, body))
    assert "«Кенгуру» — 26.11, кабинет №24" in text.text


def test_a_school_chooses_its_scheme_of_transliteration() -> None:
    item = mark("Химия", "5", pupil="Юлия Щ.")
    for scheme, text in (
        ("mosmetro", "Yuliya Sch. 24.11 khimiya: 5"),
        ("icao_doc_9303", "Iuliia Shch. 24.11 khimiia: 5"),
        ("gost_7034", "Yuliya Shh. 24.11 ximiya: 5"),
    ):
        assert one(item, style=Style("Ш", transliterate=True, scheme=Scheme(scheme))) == text


@pytest.mark.parametrize(
    ("items", "text"),
    [
        ([absence("ОП", MAT, gender=Gender.FEMALE)], "Лев Ж. 24.11: опоздала (математика)"),
        ([absence("ОП", gender=Gender.MALE)], "Лев Ж. 24.11: опоздал"),
        ([absence("ОП", lesson=n, gender=Gender.MALE) for n in (1, 3)],
         "Лев Ж. 24.11: опоздал на уроки 1,3"),
        ([absence("ОП", lesson=n) for n in (1, 3)], "Лев Ж. 24.11: опоздания на уроки 1,3"),
    ],
)  # fmt: skip
def test_who_is_known_was_late_and_of_others_a_noun_is_said(items: list[Told], text: str) -> None:
    assert one(*items) == text


def test_a_kind_of_work_that_speaks_of_an_illness_is_not_told() -> None:
    assert one(mark(MAT, "4", work="Сдано по болезни")) == "Дарья Б. 24.11 математика: 4"


@pytest.mark.parametrize(
    ("count", "word"),
    [(0, "частей"), (1, "часть"), (2, "части"), (5, "частей"), (11, "частей"), (12, "частей"),
     (21, "часть"), (104, "части"), (112, "частей")],
)  # fmt: skip
def test_a_noun_goes_with_its_number(count: int, word: str) -> None:
    assert words.plural(count, "часть", "части", "частей") == word
