"""Names, classes, subjects and entries: exact rules, and doubt where there is doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.ingest.drafts import Draft
from sms_diary.ingest.matching import (
    AMBIGUOUS_CLASS,
    NAMESAKES,
    NOT_A_NAME,
    UNKNOWN_CLASS,
    UNKNOWN_PUPIL,
    ClassIndex,
    NameIndex,
    class_key,
    class_keys,
    name_key,
)
from sms_diary.ingest.slots import Slot, SlotMatch, find_slot
from sms_diary.ingest.subjects import subject_key, work_key
from sms_diary.model import Kind

ROSTER = [
    (1, "Авдеев Тимур Олегович"),
    (2, "Иванова Мария Сергеевна"),
    (3, "Иванова Мария Андреевна"),
    (4, "Королёв Семён Вадимович"),
    (5, "Ушаков Марк"),
    (6, "Шевцова-Горина Майя Дмитриевна"),
    (7, "Юсупов Данияр Рустам оглы"),
    (8, "Орлов Дмитрий Алексеевич"),
    (9, "Орлова Дарья Алексеевна"),
    (10, "Ким Ю На"),
]
PUPILS = NameIndex(ROSTER)


@pytest.mark.parametrize(
    ("written", "pupil_id"),
    [
        ("Авдеев Тимур Олегович", 1),
        ("АВДЕЕВ  ТИМУР\u00a0ОЛЕГОВИЧ ", 1),
        ("Авдеев Тимур", 1),
        ("Авдеев Т.О.", 1),
        ("Авдеев Т. О.", 1),
        ("Авдеев Т О", 1),
        ("Авдеев Т.", 1),
        ("Авдеев, Тимур", 1),
        ("Т.О. Авдеев", 1),
        ("Т. Авдеев", 1),
        ("Тимур Авдеев", 1),
        ("Тимур Олегович Авдеев", 1),
        ("Авдеев Тимур О.", 1),
        ("Aвдeeв Тимур", 1),  # Latin look-alikes among the Cyrillic letters
        ("Иванова Мария Сергеевна", 2),
        ("Иванова М.С.", 2),
        ("Иванова М. А.", 3),
        ("Мария Андреевна Иванова", 3),
        ("Королев Семен", 4),
        ("Королев Семе\u0308н Вадимович", 4),  # ё in two characters, as one system writes it
        ("Ушаков Марк", 5),
        ("Ушаков М.", 5),
        ("Ушаков Марк Ильич", 5),
        ("Шевцова - Горина Майя", 6),
        ("Шевцова–Горина М.Д.", 6),
        ("Юсупов Данияр Рустам оглы", 7),
        ("Юсупов Данияр Рустам-оглы", 7),
        ("Юсупов Данияр Рустам", 7),
        ("Юсупов Д.Р.", 7),
        ("Данияр Рустам оглы Юсупов", 7),
        ("Орлов Д.А.", 8),
        ("Орлова Д.А.", 9),
        ("Ким Ю На", 10),
    ],
)
def test_a_pupil_is_found_in_every_spelling(written: str, pupil_id: int) -> None:
    assert PUPILS.find(written).pupil_id == pupil_id


@pytest.mark.parametrize(
    "written", ["Иванова Мария", "Иванова М.", "Мария Иванова", "М. Иванова", "ИВАНОВА М"]
)
def test_two_who_fit_are_a_question_and_not_an_answer(written: str) -> None:
    found = PUPILS.find(written)
    assert (found.pupil_id, found.candidates, found.reason) == (None, (2, 3), NAMESAKES)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("Петров Пётр", UNKNOWN_PUPIL),
        ("Авдеев Тимур Игоревич", UNKNOWN_PUPIL),
        ("Авдеев Т.И.", UNKNOWN_PUPIL),
        ("Авдеев П.", UNKNOWN_PUPIL),
        ("Авдеева Тимур", UNKNOWN_PUPIL),
        ("Авдееев Тимур", UNKNOWN_PUPIL),  # a slip of the pen is not guessed at
        ("Горина Майя", UNKNOWN_PUPIL),
        ("Иванова Мария Петровна", UNKNOWN_PUPIL),
        ("Авдеев", NOT_A_NAME),
        ("", NOT_A_NAME),
        (" . ", NOT_A_NAME),
    ],
)
def test_nobody_is_found_by_a_name_that_contradicts(written: str, reason: str) -> None:
    found = PUPILS.find(written)
    assert (found.pupil_id, found.candidates, found.reason) == (None, (), reason)


def test_a_missing_patronymic_in_the_roster_leaves_a_doubt() -> None:
    pupils = NameIndex([(1, "Иванова Мария"), (2, "Иванова Мария Сергеевна")])
    assert pupils.find("Иванова Мария").candidates == (1, 2)
    assert pupils.find("Иванова М.С.").candidates == (1, 2)
    assert pupils.find("Иванова Мария Сергеевна").pupil_id == 2
    assert pupils.find("Иванова Мария Андреевна").pupil_id == 1


def test_full_namesakes_cannot_be_told_apart() -> None:
    pupils = NameIndex([(1, "Иванова Мария Сергеевна"), (2, "Иванова Мария Сергеевна")])
    assert pupils.find("Иванова Мария Сергеевна").candidates == (1, 2)


def test_a_name_that_fits_two_pupils_in_two_orders_is_a_question() -> None:
    pupils = NameIndex([(1, "Тимур Максим Ильич"), (2, "Максим Тимур Олегович")])
    assert pupils.find("Тимур Максим").candidates == (1, 2)


def test_brother_and_sister_of_oglu_and_kyzy_are_two() -> None:
    pupils = NameIndex([(1, "Мамедов Али Вели оглы"), (2, "Мамедова Лейла Вели кызы")])
    assert pupils.find("Мамедов А.В.").pupil_id == 1
    assert pupils.find("Мамедова Лейла Вели").pupil_id == 2


_letters = st.text("абвгдежзийклмноп", min_size=2, max_size=6)
_full_names = st.tuples(_letters, _letters, _letters).map(" ".join)


@given(st.lists(_full_names, min_size=1, max_size=8, unique_by=name_key), st.data())
def test_a_found_pupil_never_contradicts_the_name(names: list[str], data: st.DataObject) -> None:
    pupils = NameIndex(enumerate(names))
    chosen = data.draw(st.sampled_from(names))
    surname, first, patronymic = chosen.split()
    spelling = data.draw(
        st.sampled_from(
            [
                chosen,
                f"{surname} {first}",
                f"{surname} {first[0]}.{patronymic[0]}.",
                f"{first} {surname}",
            ]
        )
    )
    found = pupils.find(spelling)
    assert names.index(chosen) in found.candidates
    if found.pupil_id is not None:
        assert names[found.pupil_id] == chosen


@given(st.text(max_size=40))
def test_a_name_key_is_its_own_key(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)
    PUPILS.find(text)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("5А", "5А"),
        ("5а", "5А"),
        ("5 А", "5А"),
        ("5-А", "5А"),
        ("5 - а", "5А"),
        ('5 "А"', "5А"),
        ("5«А»", "5А"),
        ("5“А”", "5А"),
        ("5A", "5А"),
        ("5a", "5А"),
        ("05А", "5А"),
        ("V А", "5А"),
        ("VА", "5А"),
        ("VA", "5А"),
        ("XI Б", "11Б"),
        ("5 А класс", "5А"),
        ("5 кл. А", "5А"),
        ("11", "11"),
        ("10Б (хим-био)", "10Б(ХИМ-БИО)"),
        ("1 доп.", "1ДОП"),
        ("1-4", "1-4"),
        ("1 – 4", "1-4"),
        ("8 Кадетский", "8КАДЕТСКИЙ"),
        ("7Lab", "7LAB"),
        ("", ""),
    ],
)
def test_a_class_has_one_key_in_every_spelling(written: str, key: str) -> None:
    assert class_key(written) == key


def test_latin_b_is_the_shape_or_the_letter() -> None:
    assert class_keys("5B") == ("5В", "5Б")
    assert ClassIndex([(1, "5А"), (2, "5Б")]).find("5B").class_id == 2
    assert ClassIndex([(1, "5А"), (3, "5В")]).find("5b").class_id == 3
    both = ClassIndex([(2, "5Б"), (3, "5В")]).find("5B")
    assert (both.class_id, set(both.candidates), both.reason) == (None, {2, 3}, AMBIGUOUS_CLASS)


def test_a_remark_in_brackets_matters_only_where_it_tells_classes_apart() -> None:
    one = ClassIndex([(1, "10А"), (2, "10Б")])
    assert one.find("10Б (хим-био)").class_id == 2
    two = ClassIndex([(1, "10Б (хим-био)"), (2, "10Б (физ-мат)")])
    assert two.find("10 Б(хим - био)").class_id == 1
    assert two.find("10Б").candidates == (1, 2)
    assert ClassIndex([(1, "10Б (хим-био)")]).find("10б").class_id == 1


def test_an_unknown_class_is_said_to_be_unknown() -> None:
    found = ClassIndex([(1, "5А")]).find("6А")
    assert (found.class_id, found.candidates, found.reason) == (None, (), UNKNOWN_CLASS)


@given(st.text(max_size=20))
def test_no_title_of_a_class_is_too_odd(text: str) -> None:
    assert len(class_keys(text)) <= 2
    ClassIndex([(1, "5А"), (2, text)]).find(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Русский язык", "Рус. яз."),
        ("русский  язык (1 гр.)", "РУССКИЙ ЯЗЫК/2 гр."),
        ("Математика (углубл.)", "Матем."),
        ("Физ-ра", "Физическая культура (дев.)"),
        ("Английский язык", "Иностранный язык (английский)"),
        ("ОБЖ", "Основы безопасности и защиты Родины"),
        ("Технология", "Труд (технология)"),
        ("Ритмика", "ритмика."),
        ("Что-то своё", "что - то  свое"),
    ],
)
def test_a_subject_has_one_key_in_every_spelling(one: str, other: str) -> None:
    assert subject_key(one) == subject_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Физика", "Физическая культура"),
        ("История", "История России"),
        ("Иностранный язык (английский)", "Иностранный язык (немецкий)"),
        ("Литература", "Литературное чтение"),
        ("Русский язык", "Родной язык (русский)"),
    ],
)
def test_neighbours_among_subjects_stay_apart(one: str, other: str) -> None:
    assert subject_key(one) != subject_key(other)


def test_a_kind_of_work_has_one_key_in_every_spelling() -> None:
    assert work_key("К/р") == work_key("Контр. раб.") == work_key("Контрольная работа")
    assert work_key("Диктант") != work_key("Словарный диктант")
    assert work_key("") == ""


def mark(lesson: int | None = None, work: str = "", value: str = "5", n: int = 1) -> Draft:
    return Draft(Kind.MARK, lesson=lesson, work=work, work_key=work, ordinal=n, value=value)


def slot(
    entry_id: int, lesson: int | None = None, work: str = "", value: str = "5", n: int = 1
) -> Slot:
    return Slot(entry_id, lesson, work, n, value)


NEW = SlotMatch()


@pytest.mark.parametrize(
    ("draft", "existing", "entry_id"),
    [
        (mark(3, "тест"), [], None),
        (mark(3, "тест", "2"), [slot(1, 3, "тест"), slot(2, None, "тест", "2")], 1),
        (mark(3, "тест"), [slot(1, None, "тест", "4")], 1),
        (mark(None, "тест"), [slot(1, 3, "тест", "4")], 1),
        (mark(3, "тест"), [slot(1, 3, "", "4")], 1),
        (mark(3), [slot(1, 3, "тест", "4"), slot(2, 4, "тест")], 1),
        (mark(), [slot(1, 3, "тест", "4")], 1),
        (mark(3, "тест"), [slot(1, None, "", "4")], 1),
        (mark(), [slot(1, 3, "тест", "4"), slot(2, 4, "", "5")], 2),
        (mark(None, "тест"), [slot(1, 3, "тест", "4"), slot(2, 4, "тест", "5")], 2),
        (mark(None, "тест"), [slot(1, 3, "", "5")], 1),
        (mark(3), [slot(1, 4)], None),
        (mark(3, "тест"), [slot(1, 4, "тест")], None),
        (mark(None, "тест"), [slot(1, None, "диктант")], None),
        (mark(3, "тест", n=2), [slot(1, 3, "тест")], None),
        (mark(3, "тест", n=2), [slot(1, 3, "тест"), slot(2, 3, "тест", n=2)], 2),
    ],
)
def test_an_entry_is_found_by_what_both_sides_know(
    draft: Draft, existing: list[Slot], entry_id: int | None
) -> None:
    found = find_slot(draft, existing)
    assert (found.entry_id, found.ambiguous) == (entry_id, False)


@pytest.mark.parametrize(
    ("draft", "existing"),
    [
        (mark(), [slot(1, 3, "", "4"), slot(2, 4, "", "3")]),
        (mark(), [slot(1, 3), slot(2, 4)]),
        (mark(None, "тест"), [slot(1, 3, "тест"), slot(2, 4, "тест")]),
        (mark(None, "тест"), [slot(1, 3, "", "4"), slot(2, 4, "", "3")]),
        (mark(None, "тест", "5"), [slot(1, 3, "", "4"), slot(2, 4, "", "3")]),
    ],
)
def test_several_entries_that_fit_are_a_question(draft: Draft, existing: list[Slot]) -> None:
    found = find_slot(draft, existing)
    assert (found.entry_id, found.ambiguous) == (None, True)
    assert found.candidates == (1, 2)


_lessons = st.none() | st.integers(1, 3)
_works = st.sampled_from(["", "тест", "диктант"])
_values = st.sampled_from(["4", "5"])
_drafts = st.builds(mark, _lessons, _works, _values, st.integers(1, 2))
_slots = st.lists(
    st.builds(slot, st.just(0), _lessons, _works, _values, st.integers(1, 2)),
    max_size=5,
    unique_by=lambda s: (s.lesson, s.work_key, s.ordinal),
).map(lambda found: [replace(s, entry_id=i) for i, s in enumerate(found)])


@given(_drafts, _slots)
def test_an_entry_with_another_lesson_work_or_ordinal_is_never_meant(
    draft: Draft, existing: list[Slot]
) -> None:
    found = find_slot(draft, existing)
    meant = found.candidates if found.ambiguous else (found.entry_id,)
    for entry_id in meant:
        if entry_id is None:
            continue
        known = existing[entry_id]
        assert known.ordinal == draft.ordinal
        assert None in (known.lesson, draft.lesson) or known.lesson == draft.lesson
        assert "" in (known.work_key, draft.work_key) or known.work_key == draft.work_key


@given(_drafts, _slots)
def test_the_order_of_entries_decides_nothing(draft: Draft, existing: list[Slot]) -> None:
    shuffled = existing[::-1]
    one, other = find_slot(draft, existing), find_slot(draft, shuffled)
    assert (one.entry_id, one.ambiguous) == (other.entry_id, other.ambiguous)
    assert set(one.candidates) == set(other.candidates)


@given(_drafts, _slots)
def test_the_same_draft_again_means_the_entry_it_made(draft: Draft, existing: list[Slot]) -> None:
    if find_slot(draft, existing) == NEW:
        made = Slot(99, draft.lesson, draft.work_key, draft.ordinal, draft.value)
        assert find_slot(draft, [*existing, made]).entry_id == 99


def test_a_parallel_is_the_classes_of_one_number() -> None:
    titles = ["5А", "05 «б»", "V В", "15А", "5-9", "1-5", "Подготовительный", "11А (хим.)"]
    index = ClassIndex(enumerate(titles, start=1))
    assert [index.parallel(number) for number in (5, 15, 11, 1, 9)] == [
        (1, 2, 3), (4,), (8,), (), (),
    ]  # fmt: skip
