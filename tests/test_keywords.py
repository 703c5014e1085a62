"""A parent's word is known in every disguise; a sentence with it stops nothing and consents to
nothing."""

from __future__ import annotations

import re
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sms_diary.keywords import Meaning, Said, read, understand, whose
from sms_diary.model import Topic

FIXTURES = Path(__file__).parent / "fixtures"


def lines(name: str) -> list[str]:
    text = (FIXTURES / name).read_text(encoding="utf-8")
    return [line for line in text.split("\n") if not line.startswith("# ")]


def spellings() -> list[tuple[str, Meaning]]:
    found: list[tuple[str, Meaning]] = []
    meaning = Meaning.OTHER
    for line in lines("keywords_meanings.txt"):
        if header := re.fullmatch(r"\[([a-z-]+)]", line):
            meaning = Meaning(header[1])
        elif line:
            found.append((line, meaning))
    return found


def objects() -> list[tuple[str, Said]]:
    found = []
    for line in filter(None, lines("keywords_objects.txt")):
        text, meaning, topics, who, number = (cell.strip() for cell in line.split("|"))
        named = tuple(Topic(topic) for topic in topics.split())
        found.append((text, Said(Meaning(meaning), named, who, number)))
    return found


SPELLINGS = spellings()
SENTENCES = lines("keywords_sentences.txt")


@pytest.mark.parametrize(("text", "meaning"), SPELLINGS)
def test_a_word_is_known_however_it_is_spelled(text: str, meaning: Meaning) -> None:
    assert read(text) is meaning


@pytest.mark.parametrize("text", list(filter(None, lines("keywords_forget.txt"))))
def test_who_wants_their_data_destroyed_says_a_stop_and_more(text: str) -> None:
    assert understand(text) == Said(Meaning.STOP, forget=True)


@pytest.mark.parametrize(("text", "said"), objects())
def test_what_a_word_is_about_is_told_with_it(text: str, said: Said) -> None:
    assert understand(text) == said


@pytest.mark.parametrize("text", SENTENCES)
def test_a_sentence_waits_for_a_person(text: str) -> None:
    assert understand(text) == Said(Meaning.OTHER)


def test_the_tables_are_as_long_as_promised_and_know_every_meaning() -> None:
    assert len(set(SPELLINGS)) >= 300
    assert len(set(SENTENCES)) >= 120
    told = {said.meaning for _, said in objects()}
    assert {meaning for _, meaning in SPELLINGS} | told == set(Meaning)


# ---------------------------------------------------------------- disguises, by construction

KEYS = dict(
    zip("йцукенгшщзхъфывапролджэячсмитьбю", "qwertyuiop[]asdfghjkl;'zxcvbnm,.", strict=True)
)
TWINS = {
    "а": "aA", "в": "B", "е": "eE", "к": "K", "м": "M", "н": "H", "о": "oO", "р": "pP",
    "с": "cC", "т": "T", "у": "yY", "х": "xX", "a": "аА", "c": "сС", "e": "еЕ", "o": "оО",
    "p": "рР", "x": "хХ", "y": "уУ", "h": "Н", "t": "Т", "k": "К",
}  # fmt: skip
CYRILLIC = {
    Meaning.STOP: "стоп отписка отписаться отказ отмена откл отключить хватит удалить",
    Meaning.YES: "да ага ок согласен согласна подтверждаю",
    Meaning.NO: "нет",
    Meaning.START: "старт вкл включить подписка подключить",
    Meaning.HELP: "помощь помогите справка инфо",
    Meaning.MARKS: "оценки отметки",
    Meaning.TIMETABLE: "расп расписание уроки",
    Meaning.LATIN: "лат",
    Meaning.CYRILLIC: "рус",
    Meaning.AT_ONCE: "сразу",
    Meaning.DAILY: "день",
    Meaning.WEEKLY: "неделя",
}
LATIN = {
    Meaning.STOP: "stop otpiska otkaz otmena otkl unsubscribe cancel end quit",
    Meaning.YES: "yes ok da soglasen soglasna",
    Meaning.NO: "no net",
    Meaning.START: "start vkl podpiska",
    Meaning.HELP: "help info pomosch pomoshch pomosh spravka",
    Meaning.MARKS: "ocenki otsenki otmetki",
    Meaning.TIMETABLE: "rasp",
    Meaning.LATIN: "lat",
    Meaning.CYRILLIC: "rus",
    Meaning.AT_ONCE: "srazu",
    Meaning.DAILY: "den",
    Meaning.WEEKLY: "nedelya",
}
WORDS = [
    (word, meaning)
    for table in (CYRILLIC, LATIN)
    for meaning, listed in table.items()
    for word in listed.split()
]
AROUND = st.text(alphabet=" .,!\"'«»()-_\r\n…🙂\u200b\u00ad\ufe0f#*", max_size=5)


@st.composite
def disguised(draw: st.DrawFn) -> tuple[str, Meaning]:
    """A word in any mix of alphabets that look alike, and of cases."""
    word, meaning = draw(st.sampled_from(WORDS))
    letters = (draw(st.sampled_from(char + char.upper() + TWINS.get(char, ""))) for char in word)
    return "".join(letters), meaning


@given(disguised(), AROUND, AROUND)
def test_look_alikes_case_and_edges_change_no_word(
    one: tuple[str, Meaning], before: str, after: str
) -> None:
    assert read(before + one[0] + after) is one[1]


@pytest.mark.parametrize(("word", "meaning"), WORDS)
def test_the_other_keyboard_layout_changes_no_word(word: str, meaning: Meaning) -> None:
    cyrillic = {latin: char for char, latin in KEYS.items()}
    typed = "".join((KEYS if word[0] in KEYS else cyrillic)[char] for char in word)
    assert read(typed) is meaning
    assert read(typed.upper()) is meaning
    assert read(f"«{typed}»!") is meaning


CONSENT = {
    word
    for table in (CYRILLIC, LATIN)
    for meaning in (Meaning.YES, Meaning.START)
    for word in table[meaning].split()
}
# Letters by which a Cyrillic consent may be written in Latin: these spellings, and no others.
SPELLED = re.compile(
    "aga|da|ok|[sc]ogla[sc](?:e|ye|je|yo|jo)n|[sc]ogla[sc]na|podtv(?:e|ye|je|yo|jo)r(?:zh|j|g)da(?:yu|ju|iu|u)"
    "|podtw(?:e|ye|je|yo|jo)r(?:zh|j|g)da(?:yu|ju|iu|u)|yes|[sc]tart|[vw]kl|[vw]kl(?:yu|ju|iu|u)ch?4?[iy]tj?"
    "|podp[iy][sc]ka|podkl(?:yu|ju|iu|u)ch?4?[iy]tj?"
)


def put(table: dict[str, str], text: str) -> str:
    return "".join(table.get(char, char) for char in text)


def looks(text: str) -> set[str]:
    """Every word that a text of letters may be, by this test's own tables."""
    small = unicodedata.normalize("NFKC", text).casefold()
    to_cyrillic = {t.casefold(): char for char, twins in TWINS.items() for t in twins if char > "z"}
    to_latin = {char: twin for twin, char in to_cyrillic.items()}
    cyrillic, latin = put(to_cyrillic, small), put(to_latin, small)
    typed = {key: char for char, key in KEYS.items()}
    return {small, cyrillic, latin, put(typed, small), put(typed, latin), put(KEYS, cyrillic)}


def is_consent(text: str) -> bool:
    return any(look in CONSENT or SPELLED.fullmatch(look) for look in looks(text))


@st.composite
def nearly_consent(draw: st.DrawFn) -> str:
    """A word of consent with up to two letters put in, left out or changed, in any disguise."""
    word = list(draw(st.sampled_from(sorted(CONSENT))))
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(word)))
        some = draw(st.text("абвгдежийклнопрстуфьюяadegiklnoprstvy", max_size=1))
        word[at : at + draw(st.integers(0, 1))] = some
    typed = "".join(draw(st.sampled_from([c, c.upper(), *TWINS.get(c, "")])) for c in word)
    return draw(st.sampled_from([typed, "".join(KEYS.get(c, c) for c in typed.casefold())]))


LETTERS = st.text(st.characters(categories=["Lu", "Ll", "Lt", "Lo", "Lm"]), max_size=12)


@given(st.one_of(nearly_consent(), LETTERS))
def test_no_slip_and_no_other_word_ever_consents(text: str) -> None:
    assume(text.isalpha() and not is_consent(text))
    assert read(text) not in {Meaning.YES, Meaning.START}


@given(
    st.sampled_from(sorted(CONSENT)), st.sampled_from(" \n,.-/"), st.text("абвгдa ,.б5", min_size=1)
)
def test_no_phrase_ever_consents(word: str, between: str, more: str) -> None:
    assume(any(map(str.isalnum, more)))
    for text in (word + between + " " + more, more + " " + between + word):
        assert read(text) not in {Meaning.YES, Meaning.START}


@given(st.sampled_from(sorted(CONSENT)), AROUND, st.sampled_from("??？❓👎❌"))
def test_a_question_or_a_no_beside_a_consent_is_none(word: str, around: str, doubt: str) -> None:
    assert read(word + around + doubt) not in {Meaning.YES, Meaning.START}


SLIP_LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
# Within one slip of СТОП, and words of their own.
REAL = """своп скоп сноп степ сто стоа стог стой сток стол столп стом стомп стон стопа стопе стопи
стопу стопы стою стоя строп ступ топ утоп"""


def one_slip(word: str) -> set[str]:
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    found = {a + c + b for a, b in cuts for c in SLIP_LETTERS}
    found |= {a + c + b[1:] for a, b in cuts if b for c in ["", *SLIP_LETTERS]}
    found |= {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    return found - {word}


def test_every_slip_of_stop_stops_unless_it_made_another_word() -> None:
    slips = one_slip("стоп")
    assert slips >= set(REAL.split())
    assert {slip for slip in slips if read(slip) is not Meaning.STOP} == set(REAL.split())


def test_every_slip_of_help_helps_unless_it_made_another_word() -> None:
    others = {"помочь", "помощью", "поморщь"}
    assert {s for s in one_slip("помощь") if read(s) is not Meaning.HELP} == others


@pytest.mark.parametrize("word", ["нет", "старт", "оценки", "отказ", "согласна", "неделя"])
def test_no_other_word_forgives_a_slip(word: str) -> None:
    # Short words have neighbours that are listed themselves; these have none.
    assert {read(slip) for slip in one_slip(word) if slip not in LISTED} == {Meaning.OTHER}


LISTED = {"неа", "оценка", "оценки", "неделю", "отказа"}


# ---------------------------------------------------------------- any text


@given(st.text(max_size=160))
def test_any_text_can_be_read(text: str) -> None:
    assert read(text) in Meaning


PIECES = [word for word, _ in WORDS] + [
    "не", "у", "меня", "номер", "пожалуйста", "?", "-", ".", "Дарья", "Б.", "1", "смс", "все",
    "тот", "cnjg", "lfhmz", "завтра", "🙂", "89000000005", "новый", "ребенок", "мой", "шлите", "№",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=20).map(" ".join))
def test_any_words_can_be_read_and_two_of_them_never_consent(text: str) -> None:
    said = understand(text)
    if said.meaning in {Meaning.YES, Meaning.START}:
        assert is_consent("".join(filter(str.isalpha, text)))
    if said.meaning not in {Meaning.STOP, Meaning.MARKS, Meaning.TIMETABLE}:
        assert said.who == ""
    assert bool(said.number) is (said.meaning is Meaning.NEW_NUMBER)


@pytest.mark.parametrize(
    "text", ["стоп " * 9000, "а," * 20000, "стоп" * 9000, "о" * 39000, "стоп" + "п" * 400]
)
def test_a_letter_is_left_to_a_person_at_once(text: str) -> None:
    assert read(text) is Meaning.OTHER


@pytest.mark.parametrize(
    "text", ["а " * 150, "z," * 150, "хватит " + "смс " * 70 + "ю", "[]" * 140]
)
def test_many_words_are_read_in_no_time(text: str) -> None:
    before = time.process_time()
    assert read(text) is Meaning.OTHER
    assert time.process_time() - before < 2


# ---------------------------------------------------------------- whose

CHILDREN = ["Белова Дарья Игоревна", "Белов Артём Игоревич", "Петрова Дарья Олеговна"]


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("", (0, 1, 2)),
        ("1", (0,)),
        ("3", (2,)),
        ("0", ()),
        ("4", ()),
        ("дарья", (0, 2)),
        ("дарью", (0, 2)),
        ("дарьи", (0, 2)),
        ("дарье", (0, 2)),
        ("darya", (0, 2)),
        ("daria", (0, 2)),
        ("артем", (1,)),
        ("артема", (1,)),
        ("artyom", (1,)),
        ("artem", (1,)),
        ("дарья белова", (0,)),
        ("белова дарья", (0,)),
        ("дарья п", (2,)),
        ("darya b", (0,)),
        ("белова", (0, 1)),
        ("мария", ()),
        ("дарья дарья", (0, 2)),
        ("дарья артем", (0, 1, 2)),
        ("артем олеговна", (1, 2)),
        ("дарья мария", ()),
        ("дарья д", ()),
        ("белова дарья игоревна", (0,)),
    ],
)
def test_a_child_is_found_by_name_family_name_initial_or_number(
    who: str, expected: tuple[int, ...]
) -> None:
    assert whose(who, CHILDREN) == expected


def test_a_name_typed_on_the_other_layout_is_found() -> None:
    assert whose(understand("CNJG FHN`V").who, CHILDREN) == (1,)
    assert whose(understand("СТОП Aртём").who, CHILDREN) == (1,)
    assert whose(understand("stop Artem").who, CHILDREN) == (1,)
