"""The papers for parents: what a memo, a form and a register say, and to whom."""

from __future__ import annotations

import hashlib
import html
import re
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary import keywords
from sms_diary.clock import DAY
from sms_diary.encoding import Scheme
from sms_diary.keywords import Meaning
from sms_diary.model import SchoolMode, Topic
from sms_diary.plan import Naming
from sms_diary.reports import paper
from sms_diary.reports.paper import VERSION, Form, Sheet
from sms_diary.reports.paper.sheet import o_clock, telephone
from sms_diary.reports.paper.words import TICKS, WORDS
from sms_diary.schedule.hours import Hours as Window
from sms_diary.schedule.rhythm import USUAL, Calendar
from sms_diary.store.paper import Hours, PaperGuardian, PaperPupil
from sms_diary.store.schools import School

OPEN = Window(ZoneInfo("Europe/Samara"))
SCHOOL = School(
    id=1, slug="school-5", name="МБОУ «Школа № 5»", short_name="Школа 5",
    zone=ZoneInfo("Europe/Samara"), mode=SchoolMode.LIVE, settle=0, budget=2, latin=False,
    scheme=Scheme.MOSMETRO, naming=Naming.INITIAL,
    sender="", route="", phone="8 (846) 000-10-00",
    legal="Бюджетное учреждение «Школа № 5», 443000, г. Примерный, ул. Школьная, д. 1",
    proof="sms+pd", paused=False, retention=90 * DAY, rev=0,
    calendar=Calendar(OPEN, OPEN, 0, 0, 5),
    rhythms=USUAL, told_from=None, cap=6, budget_month=0, fill_alarm=False,
)  # fmt: skip
HOURS = Hours(digest_at=1110, day_from=490, day_to=1250, urgent_from=395, off_days=(6, 7))
SHEET = Sheet(
    school=SCHOOL, hours=HOURS, class_title="5А", year=2026, day=date(2026, 11, 28),
    sender="SHKOLA5", reception="+79000009999",
)  # fmt: skip
DEAF = replace(SHEET, reception="")
MUM = PaperGuardian(1, "Белкина Ольга Ивановна", "мама", "")
DAD = PaperGuardian(2, "", "папа", "+79000001002")
PUPILS = [
    PaperPupil(2, "Белкина Дарья Игоревна", (MUM, DAD)),
    PaperPupil(1, "Уткин Егор Олегович", ()),
]
BOTH = [Form.PERSONAL_DATA, Form.SMS]


def said(page: str) -> str:
    """What a reader sees: no style, no tags, one space between words."""
    body = re.sub(r"<style>.*?</style>", " ", page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def sections(page: str) -> list[str]:
    return re.findall(r'<section class="form[^"]*">.*?</section>', page, re.S)


def one_form(form: Form, sheet: Sheet = SHEET) -> str:
    [found] = sections(paper.consents(sheet, PUPILS[1:], [form]))
    return said(found)


# ---------------------------------------------------------------- the memo

EXAMPLES = {
    "СТОП": ["СТОП"], "СТОП ОЦЕНКИ": ["СТОП ОЦЕНКИ", "СТОП РАСП", "СТОП ДЗ", "СТОП ПРОПУСКИ"],
    "СТОП ДАРЬЯ": ["СТОП ДАРЬЯ"], "СТАРТ": ["СТАРТ"], "ДА или НЕТ": ["ДА", "НЕТ"],
    "ОЦЕНКИ": ["ОЦЕНКИ"], "РАСП": ["РАСП"], "СРАЗУ, ДЕНЬ, НЕДЕЛЯ": ["СРАЗУ", "ДЕНЬ", "НЕДЕЛЯ"],
    "ЛАТ, РУС": ["ЛАТ", "РУС"], "ПОМОЩЬ": ["ПОМОЩЬ"],
    "НОВЫЙ НОМЕР и номер": ["НОВЫЙ НОМЕР +7 900 000-10-02"], "НЕ ТОТ НОМЕР": ["НЕ ТОТ НОМЕР"],
}  # fmt: skip
MEANINGS = {
    "СТОП": {Meaning.STOP}, "СТОП ОЦЕНКИ": {Meaning.STOP}, "СТОП ДАРЬЯ": {Meaning.STOP},
    "СТАРТ": {Meaning.START}, "ДА или НЕТ": {Meaning.YES, Meaning.NO}, "ОЦЕНКИ": {Meaning.MARKS},
    "РАСП": {Meaning.TIMETABLE},
    "СРАЗУ, ДЕНЬ, НЕДЕЛЯ": {Meaning.AT_ONCE, Meaning.DAILY, Meaning.WEEKLY},
    "ЛАТ, РУС": {Meaning.LATIN, Meaning.CYRILLIC}, "ПОМОЩЬ": {Meaning.HELP},
    "НОВЫЙ НОМЕР и номер": {Meaning.NEW_NUMBER}, "НЕ ТОТ НОМЕР": {Meaning.WRONG_NUMBER},
}  # fmt: skip


@pytest.mark.parametrize("word", [word for word, _ in WORDS])
def test_a_word_of_the_memo_does_what_the_memo_tells(word: str) -> None:
    assert {keywords.read(text) for text in EXAMPLES[word]} == MEANINGS[word]


def test_every_meaning_that_a_parent_may_need_is_in_the_memo() -> None:
    told = set().union(*MEANINGS.values())
    assert told == set(Meaning) - {Meaning.OTHER}
    assert [word for word, _ in WORDS] == list(MEANINGS)


def test_words_that_the_memo_names_in_passing_stop_one_topic_or_one_child() -> None:
    stops = {text: keywords.understand(text) for text in EXAMPLES["СТОП ОЦЕНКИ"]}
    assert [one.topics for one in stops.values()] == [
        (Topic.MARKS,), (Topic.TIMETABLE,), (Topic.HOMEWORK,), (Topic.ABSENCES,),
    ]  # fmt: skip
    explained = dict(WORDS)["СТОП ОЦЕНКИ"]
    assert all(text in explained for text in list(stops)[1:])
    assert keywords.understand("СТОП ДАРЬЯ").who == "дарья"


def test_the_memo_says_where_to_answer_and_what_an_answer_costs() -> None:
    text = said(paper.memo(SHEET))
    assert "на номер +7 900 000-99-99" in text
    assert "SMS от школы для вас бесплатны" in text
    assert "Ваш ответ стоит столько, сколько обычное SMS по вашему тарифу" in text
    assert all(word in text and does in text for word, does in WORDS)
    assert "Отправитель — SHKOLA5" in text
    assert "телефон школы 8 (846) 000-10-00" in text


def test_the_memo_tells_the_hours_of_this_school() -> None:
    text = said(paper.memo(SHEET))
    assert "сводкой в день, в 18:30" in text
    assert "с 8:10 до 20:50, кроме субботы и воскресенья" in text
    assert "— с 6:35, если вы отметили это в бланке" in text
    assert "не дольше 90 суток" in text


def test_the_memo_tells_of_rights_refusals_and_a_new_number() -> None:
    text = said(paper.memo(SHEET))
    for needed in ("152-ФЗ", "отозвать согласие", "уничтожить данные", "10 рабочих дней",
                   "Роскомнадзор", "необязательно", "отказ от массовых рассылок",
                   "Для нового номера нужно новое согласие"):  # fmt: skip
        assert needed in text


def test_a_memo_for_everybody_names_no_class_and_needs_no_telephone() -> None:
    bare = replace(SHEET, class_title="", school=replace(SCHOOL, phone=""), sender="")
    text = said(paper.memo(bare))
    assert text.count("памятка родителям МБОУ") == 1
    assert "телефон школы ____" in text
    assert "Отправитель" not in text


@pytest.mark.parametrize("phone", ["", "8 (846) 000-10-00"])
def test_where_a_route_cannot_receive_no_paper_asks_for_an_answer(phone: str) -> None:
    deaf = replace(DEAF, school=replace(SCHOOL, phone=phone))
    pages = [paper.memo(deaf), paper.consents(deaf, PUPILS, BOTH), paper.register(deaf, PUPILS)]
    text = " ".join(map(said, pages))
    spoken = [*(one for many in EXAMPLES.values() for one in many), "НОВЫЙ НОМЕР", "«ДА»"]
    assert [word for word in spoken if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)] == []
    assert not re.search(r"ответьте|пошлите|мой ответ|ваш ответ|тарифу", text, re.I)
    assert "Согласие даётся на бумажном бланке" in text


# ---------------------------------------------------------------- the forms


def test_each_guardian_gets_two_documents_with_numbers_of_their_own() -> None:
    found = sections(paper.consents(SHEET, PUPILS, BOTH))
    numbers = [re.findall(r"Бланк (\S+?)</b>", one) for one in found]
    assert numbers == [
        ["ПД-5А-2026-002"], ["SMS-5А-2026-002"],
        ["ПД-5А-2026-002-2"], ["SMS-5А-2026-002-2"],
        ["ПД-5А-2026-001"], ["SMS-5А-2026-001"],
    ]  # fmt: skip
    assert all(f"версия бланка {VERSION}" in one for one in found)
    mother, father = said(found[1]), said(found[3])
    assert "Белкина Ольга Ивановна" in mother
    assert "мама" in mother
    assert "Белкина Ольга" not in father
    assert all("Белкина Дарья Игоревна" in said(one) for one in found[:4])


def test_one_form_alone_can_be_printed() -> None:
    assert "Согласие на получение SMS" in one_form(Form.SMS)
    assert "Согласие на обработку персональных данных" in one_form(Form.PERSONAL_DATA)


@pytest.mark.parametrize(
    "field",
    [
        "фамилия, имя, отчество", "адрес", "паспорт: серия, номер", "кем и когда выдан",
        "чем подтверждены полномочия представителя", "Кому (оператор)", SCHOOL.legal, "Цель.",
        "Какие данные.", "Кто обрабатывает по поручению школы", "Что с ними делают.",
        "Срок.", "Отзыв.", "подпись родителя", "дата",
    ],
)  # fmt: skip
def test_the_consent_to_processing_has_every_field_of_the_law(field: str) -> None:
    # 152-ФЗ ст. 9 ч. 4, п. 1–9.
    assert field in one_form(Form.PERSONAL_DATA).replace("\xa0", " ")


def test_neither_consent_contains_the_other() -> None:
    # 152-ФЗ ст. 9 ч. 1 as of 156-ФЗ: a document of its own.
    data, sms = one_form(Form.PERSONAL_DATA), one_form(Form.SMS)
    assert "44.1" in sms
    assert "44.1" not in data
    assert "152-ФЗ" in data
    assert "152-ФЗ" not in sms
    assert "получать на этот номер SMS" not in data
    assert "даю согласие на обработку" not in sms


def test_topics_and_early_hours_are_ticked_by_hand_one_by_one() -> None:
    page = sections(paper.consents(SHEET, PUPILS, [Form.SMS]))[0]
    assert set(TICKS) == set(Topic)
    assert page.count('<span class="box"></span>') == len(Topic) + 1
    text = said(page)
    assert all(tick in text for tick in TICKS.values())
    assert "писать с 6:35. Без этой отметки — не раньше 8:10" in text


def test_a_number_is_printed_only_where_it_was_given() -> None:
    mother, father = sections(paper.consents(SHEET, PUPILS, [Form.SMS]))[:2]
    assert mother.count("<i") == 10
    assert "+7 900 000-10-02" not in mother
    assert "+7 900 000-10-02" in father
    assert "<i" not in father
    assert "000-10-02" not in paper.consents(SHEET, PUPILS, [Form.PERSONAL_DATA])


def test_a_school_that_gave_no_legal_name_gets_a_line_to_write_it_on() -> None:
    unknown = replace(SHEET, school=replace(SCHOOL, legal="", phone=""))
    for form in Form:
        text = one_form(form, unknown)
        assert "полное наименование и адрес школы, телефон" in text
        assert SCHOOL.name in text
        assert "полное наименование" not in one_form(form)


def test_what_comes_from_a_list_is_text_and_never_markup() -> None:
    nasty = "<script>alert('&')</script>"
    school = replace(SCHOOL, name=nasty, legal=nasty, phone=nasty)
    sheet = replace(SHEET, school=school, class_title=nasty, sender=nasty, reception=nasty)
    pupils = [PaperPupil(1, nasty, (PaperGuardian(1, nasty, nasty, nasty),))]
    for page in (paper.memo(sheet), paper.consents(sheet, pupils, BOTH),
                 paper.register(sheet, pupils)):  # fmt: skip
        assert "<script" not in page
        assert nasty in said(page.replace("№\xa0", "№ "))


def test_a_page_needs_nothing_but_itself() -> None:
    for page in (paper.memo(SHEET), paper.consents(SHEET, PUPILS, BOTH),
                 paper.register(SHEET, PUPILS)):  # fmt: skip
        assert not re.search(r"https?:|//|src=|href=|url\(|@import|<script|\son\w+=", page)
        assert '<meta name="viewport"' in page


WORDING = {"2026-1": "06c5438686fde35e"}
"""What each version of the forms says. A new wording is a new line here, never a changed one."""


def test_a_version_of_the_forms_means_one_wording() -> None:
    page = said(paper.consents(SHEET, PUPILS[1:], BOTH)) + said(
        paper.consents(DEAF, PUPILS[1:], BOTH)
    )
    assert hashlib.sha256(page.encode()).hexdigest()[:16] == WORDING[VERSION]


# ---------------------------------------------------------------- the register


def test_the_register_lists_every_form_that_was_printed() -> None:
    page = paper.register(SHEET, PUPILS)
    forms = re.findall(r"Бланк (\S+?)</b>", paper.consents(SHEET, PUPILS, BOTH))
    assert sorted(re.findall(r"(?:SMS|ПД)-5А-\d{4}-[\d-]+", page)) == sorted(forms)
    text = said(page)
    for column in ("дата", "Подпись родителя", "Кто принял", "Источник согласия"):
        assert column in text
    assert "2026/2027 учебный год; составлен 28.11.2026" in text
    assert f"версия бланков {VERSION}" in text
    assert "000-10-02" not in text


@given(
    st.lists(
        st.tuples(st.integers(1, 999), st.integers(0, 4)), unique_by=lambda one: one[0], max_size=40
    )
)
def test_no_two_forms_have_one_number(listed: list[tuple[int, int]]) -> None:
    pupils = [
        PaperPupil(place, "Имя", tuple(PaperGuardian(n + 1, "", "", "") for n in range(count)))
        for place, count in listed
    ]
    page = paper.register(SHEET, pupils)
    numbers = re.findall(r"(?:SMS|ПД)-5А-2026-[\d-]+", page)
    assert len(numbers) == len(set(numbers)) == 2 * sum(max(count, 1) for _, count in listed)


# ---------------------------------------------------------------- how things are said


@pytest.mark.parametrize(
    ("days", "text"),
    [
        ((), ""), ((7,), "кроме воскресенья"), ((6, 7), "кроме субботы и воскресенья"),
        ((1, 6, 7), "кроме понедельника, субботы и воскресенья"),
    ],
)  # fmt: skip
def test_days_without_sms_are_named(days: tuple[int, ...], text: str) -> None:
    assert replace(SHEET, hours=replace(HOURS, off_days=days)).except_days == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("+79000009999", "+7 900 000-99-99"), ("79000009999", "+7 900 000-99-99"),
        ("7000", "7000"), ("SHKOLA5", "SHKOLA5"), ("", ""),
    ],
)  # fmt: skip
def test_a_number_is_written_as_people_write_it(number: str, text: str) -> None:
    assert telephone(number) == text


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "0:00"), (390, "6:30"), (485, "8:05"), (1260, "21:00")]
)
def test_a_time_is_written_as_on_a_clock(minutes: int, text: str) -> None:
    assert o_clock(minutes) == text


# ---------------------------------------------------------------- on paper


@pytest.mark.browser
@pytest.mark.parametrize("legal", ["", f"{SCHOOL.legal}, {SCHOOL.legal}"], ids=["blank", "long"])
def test_each_form_and_the_memo_take_one_sheet(tmp_path: Path, legal: str) -> None:
    sheet = replace(SHEET, school=replace(SCHOOL, legal=legal))
    long = PaperGuardian(1, "Константинопольская-Рождественская Александра Константиновна",
                         "законный представитель", "")  # fmt: skip
    pupils = [*PUPILS, *(PaperPupil(place, long.name, (long,)) for place in range(3, 10))]
    assert sheets(tmp_path, paper.consents(sheet, pupils, BOTH)) == 2 * 10
    assert sheets(tmp_path, paper.memo(sheet)) == 1


def sheets(folder: Path, page: str) -> int:
    """How many sheets of paper a browser prints the page on."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
         f"--user-data-dir={folder / 'browser'}", f"--print-to-pdf={folder / 'page.pdf'}",
         file.as_uri()],
        check=True, capture_output=True, timeout=50,
    )  # fmt: skip
    return len(re.findall(rb"/Type /Page\b(?!s)", (folder / "page.pdf").read_bytes()))
