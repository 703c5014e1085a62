"""Whatever is due, texts keep their promises; segments are counted without our own encoding."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import cache
from pathlib import Path

import gsm0338
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_diary.encoding import Alphabet, Scheme, choose
from sms_diary.model import Gender, Kind, Told
from sms_diary.render import TEMPLATES, Level, Style
from sms_diary.render.kinds import KINDS, VARIABLES
from tests.telling import ENG, GEO, HIST, MAT, PE, RENDERER, RUS, numbered

FIXTURE = Path(__file__).parent / "fixtures" / "segments.json"
OTHER_SCHOOL = "Гимназия Соседняя"
ILLNESS = ("Болел ОРВИ", "не был по болезни", "грипп, нужна справка", "температура 38")
AILING = re.compile(r"болел|орви|болезн|грипп|справк|температур", re.IGNORECASE)


def counted(text: str) -> int:
    """SMS that a text takes, by octets of another library and by UTF-16 units."""
    septets = [octets(char) for char in text]
    if all(septets):
        return _parts(septets, 160, 153)
    return _parts([len(char.encode("utf-16-be", "replace")) // 2 for char in text], 70, 67)


@cache
def octets(char: str) -> int:
    """In GSM 03.38; 0 for what it does not have."""
    try:
        return len(gsm0338.Codec().encode(char)[0])
    except UnicodeEncodeError:
        return 0


def _parts(costs: list[int], alone: int, part: int) -> int:
    if sum(costs) <= alone:
        return int(bool(costs))
    count, used = 1, 0
    for cost in costs:
        count, used = (count + 1, cost) if used + cost > part else (count, used + cost)
    return count


def test_our_counting_here_agrees_with_the_independent_calculator() -> None:
    for pieces, _, count in json.loads(FIXTURE.read_text(encoding="utf-8"))[:500]:
        text = before = ""
        for piece in pieces:
            text += before * (piece - 1) if isinstance(piece, int) else piece
            before = before if isinstance(piece, int) else piece
        assert counted(text) == count


VALUES = {
    Kind.MARK: ["1", "2", "3", "4", "5", "5/4", "зач", "незач", "осв", ".", "н/а", "5-"],
    Kind.ABSENCE: ["Н", "НП", "УП", "Б", "ОП", "ОТ", "ОСВ"],
}
# «None» in a text must mean that we wrote it: nobody types it here.
TYPED = st.text(max_size=30).filter(lambda text: "None" not in text)
FREE = st.one_of(
    st.sampled_from(["", "упр. 5", "Пересдача до 25.11", "https://a.invalid/x", "<b>x</b>",
                     "{{ x }}", "а\nб\x00  в", "www.x.ru", "😀" * 5, "д" * 200]),
    TYPED,
)  # fmt: skip
AILMENTS = st.one_of(FREE, st.sampled_from(ILLNESS))
NAMES = st.one_of(
    st.sampled_from([RUS, MAT, ENG, PE, HIST, GEO, "Робототехника и схемы", ""]),
    TYPED,
)
CHANGE = st.fixed_dictionaries(
    {}, optional={"subject": NAMES, "instead_of": NAMES, "room": FREE, "cancelled": st.booleans()}
).map(lambda said: json.dumps(said, ensure_ascii=False))


@st.composite
def lines(draw: st.DrawFn) -> Told:
    kind = draw(st.sampled_from(list(Kind)))
    of_pupil = kind in (Kind.MARK, Kind.ABSENCE, Kind.TERM_MARK)
    values = VALUES.get(kind, ["4", "5"])
    return Told(
        line_id=0,
        kind=kind,
        pupil=draw(st.sampled_from(["Дарья Б.", "Марк Б.", "Юлия  Щ.", ""])),
        class_name=draw(st.sampled_from(["5А", "10-Б", ""])),
        day=draw(st.one_of(st.none(), st.dates(date(2026, 11, 16), date(2026, 11, 25)))),
        subject=draw(NAMES),
        lesson=draw(st.one_of(st.none(), st.integers(0, 8))),
        work=draw(st.sampled_from(["2 четверть", "Контрольная работа", "Тест", "", *ILLNESS[:2]])),
        value=draw(st.sampled_from(["", *values])),
        was=draw(st.one_of(st.none(), st.sampled_from(["", *values]))),
        body=draw(CHANGE if kind is Kind.TIMETABLE_CHANGE else AILMENTS if of_pupil else FREE),
        urgent=draw(st.booleans()),
        gender=draw(st.sampled_from([None, *Gender])),
    )


STYLES = st.builds(
    Style,
    school=st.sampled_from(["Школа Пример", ""]),
    budget=st.integers(1, 4),
    transliterate=st.booleans(),
    phone=st.sampled_from(["", "000-10-00"]),
    scheme=st.sampled_from(list(Scheme)),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(lines(), max_size=14), STYLES)
def test_whatever_is_due_is_told_once_within_its_segments(items: list[Told], style: Style) -> None:
    items = numbered(items)
    texts = RENDERER.tell(items, style)
    assert sorted(n for text in texts for n in text.line_ids) == [item.line_id for item in items]
    for text in texts:
        assert text.text
        assert text.segments == counted(text.text)
        assert text.segments <= style.budget or len(text.line_ids) == 1
        assert "  " not in text.text
        # A subject may be called so, though none is: what is drawn knows our code's own words.
        given = " ".join(f"{one.subject} {one.body} {one.work}" for one in items)
        assert "None" not in text.text or "None" in given
        assert "undefined" not in text.text.lower() or "undefined" in given.lower()
        assert not AILING.search(text.text)
        assert set(text.moved) <= set(text.line_ids)
        assert not re.search(r"https?://|www\.", text.text, re.IGNORECASE)
        assert all(line == line.strip() for line in text.text.split("\n"))
        assert not style.transliterate or choose(text.text) is Alphabet.GSM7


@settings(max_examples=100, deadline=None)
@given(st.lists(lines(), min_size=1, max_size=8), STYLES)
def test_no_wording_is_cheaper_than_the_one_taken(items: list[Told], style: Style) -> None:
    for item in numbered(items):
        (text,) = RENDERER.tell([item], style)
        wordings = [RENDERER.tell_at([item], style, level)[0] for level in Level]
        cheapest = min(map(counted, (wordings[Level.FULL], wordings[Level.BARE])))
        assert text.segments == cheapest
        longer = wordings[: Level[text.level.upper()]]
        assert all(counted(wording) > cheapest for wording in longer)


@settings(max_examples=100, deadline=None)
@given(st.lists(lines(), min_size=1, max_size=8), STYLES)
def test_what_one_school_is_told_does_not_depend_on_another(
    items: list[Told], style: Style
) -> None:
    before = RENDERER.tell(numbered(items), style)
    other = Style(OTHER_SCHOOL, budget=style.budget, transliterate=style.transliterate)
    RENDERER.of({"announcement": f"{OTHER_SCHOOL} {{{{ текст }}}}"}).tell(numbered(items), other)
    assert RENDERER.tell(numbered(items), style) == before
    assert not any(OTHER_SCHOOL in text.text for text in before)


ANSWERS = sorted(KINDS.keys() - TEMPLATES)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(ANSWERS), st.dictionaries(st.sampled_from(sorted(VARIABLES)), FREE), STYLES)
def test_an_answer_says_nothing_either_that_no_sms_may(
    name: str, values: dict[str, str], style: Style
) -> None:
    text = RENDERER.say(name, style, **values)
    assert text.text
    assert text.segments == counted(text.text)
    assert "  " not in text.text
    assert "None" not in text.text
    assert not re.search(r"https?://|www\.", text.text, re.IGNORECASE)
    assert not style.transliterate or choose(text.text) is Alphabet.GSM7
