"""What a template may be, what is said of a wrong one, and a school's own texts."""

from __future__ import annotations

import re
import timeit
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sms_diary.encoding import Alphabet, Scheme, choose
from sms_diary.errors import ConfigError
from sms_diary.render import TEMPLATES, Level, Style, sources_in, templates
from sms_diary.render.examples import EXAMPLES
from sms_diary.render.kinds import KINDS, VARIABLES
from sms_diary.render.ladder import NAMES, RUSSIAN, named
from sms_diary.render.preview import preview
from sms_diary.render.skeletons import skeletons
from sms_diary.resources import templates_dir
from tests.telling import MAT, RENDERER, RUS, mark, numbered

SHIPPED = {
    name: source
    for name, source in sources_in(templates_dir()).items()
    if name not in ("subjects", "works")
}
TOLD = sorted(TEMPLATES)
"""Templates of what the diary tells; the others are replies."""
STYLE = Style("Школа Пример", phone="000-10-00")
FINE = "{{ имя }} {{ предмет }}: {{ отметка }}"


def said(source: str, kind: str = "mark") -> list[str]:
    return [str(finding) for finding in templates.check(source, kind)]


# What is refused

HOSTILE = [
    "{{ 'a'*10**9 }}", "{{ '%1000000000d' % 1 }}", "{% for i in range(10**9) %}x{% endfor %}",
    "{{ имя * имя }}", "{{ имя % имя }}", "{{ имя + имя }}", "{% for x in имя %}{% endfor %}",
    "{{ [1]*10**9 }}", "{{ 'a' ~ 'a' }}", "{{ -имя }}", "{{ имя.__class__ }}",
    "{{ имя['__class__'] }}", "{{ имя[0:2] }}", "{{ имя|attr('__class__') }}",
    "{{ имя|replace('а', 'б'*10**9) }}", "{{ имя|center(10**9) }}", "{{ имя|upper(1) }}",
    "{{ имя.join(['x']) }}", "{{ имя() }}", "{{ lipsum() }}", "{{ cycler }}", "{{ self }}",
    "{{ self.mark() }}", "{{ range(9) }}", "{% include 'mark' %}", "{% extends 'mark' %}",
    "{% import 'mark' as m %}", "{% from 'mark' import m %}",
    "{% block имя %}{{ self.имя() }}{% endblock %}", "{% set x = имя %}",
    "{% set x %}{% endset %}", "{% with x = 1 %}{% endwith %}",
    "{% macro m() %}{{ m() }}{% endmacro %}", "{% call имя() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}", "{{ {'a': 1} }}", "{{ [имя] }}", "{{ (имя, имя) }}",
    "{{ 1 }}", "{{ 9" + "9" * 900 + " }}", "{{ '" + "я" * 2_000 + "' }}", "{{ 1.5 }}",
    "{{ true }}", "{{ имя > 'а' }}", "{% if имя in предмет %}{% endif %}", "{{ not имя }}",
    "{{ имя == предмет }}", "{% if имя is defined %}x{% endif %}" + FINE,
    "{% if имя is divisibleby 3 %}{% endif %}",
    "{{ имя if предмет }}", "{% if имя %}" * 40 + "{% endif %}" * 40, "{{ " + "(" * 400,
    "{{ " + "not " * 240 + "имя }}", "{{ " + "имя or " * 140 + "имя }}", "x" * 3_000_000,
    "{{ " + "(" * 70 + "имя" + ")" * 70 + " }}", "{% if имя %}x{% endif %}" * 20, "{{" * 400,
    "{% raw %}" * 100, "{#" * 400,
]  # fmt: skip


@pytest.mark.parametrize("kind", ["request", "request_reminder", "welcome"])
def test_what_goes_to_a_number_that_may_be_a_strangers_cannot_name_a_child(kind: str) -> None:
    assert any("нет значения «имя»" in one for one in said("{{ школа }}: {{ имя }}?", kind))


@pytest.mark.parametrize("source", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_text_is_refused_at_once(source: str) -> None:
    # The best of three: the machine may be busy with something else.
    took = timeit.repeat(lambda: templates.check(source, "mark"), number=1, repeat=3)
    assert min(took) < 0.05
    assert templates.check(source, "mark")
    with pytest.raises(ConfigError, match="шаблон mark, строка 1, столбец"):
        RENDERER.of({"mark": source})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("{{ 'www.school.ru' }}", "адреса сайтов"), ("ww{# x #}w.school.ru", "адреса сайтов"),
        ("school{{ '.ru' }}", "адреса сайтов"), ("school.{% if дата %}ru{% endif %}", "адреса"),
        ("{{ дата or 'https://x' }}", "адреса сайтов"), ("{{ предмет }}.рф", "адреса сайтов"),
        ("{{ 'WWW.'|lower }}school", "адреса сайтов"), ("бо{{ 'лен' }}", "о болезни"),
        ("{{ 'справка' if дата else '' }}", "о болезни"),
        ("{{ '\\xa0' }}", "невидимый знак U+00A0"),
    ],
)  # fmt: skip
def test_what_no_sms_may_say_is_not_put_together_of_pieces_either(more: str, message: str) -> None:
    assert any(message in one for one in said(f"{FINE} {more}"))


@pytest.mark.parametrize(
    ("source", "line", "column", "message"),
    [
        (f"{FINE} {{{{ предмт }}}}", 1, 43, "нет значения «предмт»; может быть, «предмет»?"),
        (f"{FINE}\n  {{{{ имя }}}} {{{{ xyz }}}}", 2, 16, "нет значения «xyz»; есть: имя, "),
        (f"{FINE}\r\n{{{{ имя.x }}}}", 2, 7, "к частям значения обращаться нельзя"),
        (f"{FINE}{{{{ имя ", 1, 42, "тег не закрыт"),
        (f"{FINE}{{% if имя %}}", 1, 49, "тег не закрыт"),
        (f"{FINE} {{% fi %}}", 1, 43, "нет такого тега: «fi»"),
        (f"{FINE} {{{{ имя предмет }}}}", 1, 47, "здесь нужно «}}»"),
        (f"{FINE} {{% if имя предмет %}}{{% endif %}}", 1, 50, "здесь нужно «%}»"),
        (f"{FINE} {{{{ $ }}}}", 1, 43, "лишний знак «$»"),
        (f"{FINE} {{{{ ) }}}}", 1, 43, "лишнее «)»"),
        (f"{FINE} {{{{ имя|trim }}}}", 1, 47, "после «|» может стоять только capitalize"),
        (f"{FINE} {{{{ имя if дата }}}}", 1, 43, "после if нужно else"),
        (f"{FINE}\n\n  см. www.school.ru", 3, 7, "адреса сайтов в SMS не пишем"),
        (f"{FINE}, был болен", 1, 45, "о болезни в SMS не пишем"),
        (f"{FINE}\n руб.\u00a05", 2, 6, "невидимый знак U+00A0: наберите это место заново"),
        (f"{FINE}\u200b.", 1, 39, "невидимый знак U+200B"),
        (f"{FINE}{'{% if дата %}x{% endif %}' * 7}", 1, 1, "слишком много условий"),
        ("{{ имя }}: {{ отметка }}", 1, 1, "значение {{ предмет }} должно быть в тексте"),
        ("{{ имя }} {{ предмет }}{% if дата %}{{ отметка }}{% endif %}", 1, 1,
         "значение {{ отметка }} должно быть в тексте при любых условиях"),
        ("", 1, 1, "значение {{ имя }} должно быть"),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_in_russian_where_it_stands(
    source: str, line: int, column: int, message: str
) -> None:
    finding = templates.check(source, "mark")[0]
    assert (finding.line, finding.column) == (line, column)
    assert finding.message.startswith(message)


def test_several_mistakes_are_all_told_in_order() -> None:
    source = "{{ имя.x }}\n{{ предмет() }} {{ отм }}"
    places = [(one.line, one.column) for one in templates.check(source, "mark")]
    assert places == [(1, 7), (2, 11), (2, 20)]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from([
            "{{", "}}", "{%", "%}", "{#", "#}", " ", "\n", "\r\n", "имя", "предмет", "if", "else",
            "elif", "endif", "for", "in", "raw", "endraw", "-", "+", "|", "(", ")", "[", "]", "'",
            '"', ".", "~", "==", "1", "is", "defined", "not", "текст", "€", "\0", "\\", "№",
        ]),
        max_size=25,
    )
)  # fmt: skip
def test_whatever_is_written_is_either_refused_with_a_place_or_can_be_filled(
    words: list[str],
) -> None:
    source = "".join(words) + FINE
    found = templates.check(source, "mark")
    lines = re.split(r"\r\n|\r|\n", source)
    for finding in found:
        assert 1 <= finding.line <= len(lines)
        assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1
    if not found:
        (text,) = RENDERER.of({"mark": source}).tell([mark(MAT, "4")], STYLE)
        assert "Дарья Б." in text.text


# What is allowed


@pytest.mark.parametrize(
    "source",
    [
        FINE,
        "{{ имя }} {{ предмет|capitalize }} {{ отметка }}",
        "{% if дата %}{{ дата }} {% elif работа %}x{% else %}y{% endif %}" + FINE,
        "{{ имя }} {{ предмет }} {{ отметка if отметка != '.' else отметка }}",
        "{# о чём #}{{ имя }}\n{{- предмет }} {{ работа or 'урок' }} {{ отметка }}",
        "{% raw %}{{ так }}{% endraw %} " + FINE,
        "{% if было and not дата %}да{% endif %} " + FINE,
    ],
)
def test_text_values_and_choices_are_all_that_is_needed(source: str) -> None:
    assert said(source) == []
    (text,) = RENDERER.of({"mark": source}).tell([mark(MAT, ".")], STYLE)
    assert "Дарья Б." in text.text
    assert "  " not in text.text


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_template_is_right(name: str) -> None:
    assert said(SHIPPED[name], name) == []


def test_the_table_of_kinds_knows_the_shipped_templates_and_their_values() -> None:
    assert KINDS.keys() == SHIPPED.keys()
    assert EXAMPLES.keys() == KINDS.keys()
    assert {name for kind in KINDS.values() for name in kind.variables} <= VARIABLES.keys()


@pytest.mark.parametrize("name", TOLD)
def test_every_value_that_a_template_may_use_is_given_to_it(name: str) -> None:
    """A school's own text never meets an undefined value, which would be an error."""
    every = " ".join(f"{{{{ {value} }}}}" for value in KINDS[name].variables)
    assert preview(RENDERER.of({name: every}), name, STYLE)


# A school's own


def test_a_school_s_own_text_takes_the_place_of_the_shipped_one() -> None:
    own = RENDERER.of({"mark": "{{ предмет }} = {{ отметка }} ({{ имя }})"})
    line = [mark(MAT, "4")]
    assert own.tell(line, STYLE)[0].text == "математика = 4 (Дарья Б.)"
    assert RENDERER.tell(line, STYLE)[0].text == "Дарья Б. 24.11 математика: 4"
    assert own.say("route_test") == RENDERER.say("route_test")


def test_a_school_s_own_texts_are_compiled_once() -> None:
    own = {"mark": FINE}
    assert RENDERER.of(own) is RENDERER.of(dict(own))
    assert RENDERER.of({}) is RENDERER
    assert RENDERER.of(own) is not RENDERER.of({"mark": FINE + "."})


def test_a_school_adds_subjects_and_other_words_for_them() -> None:
    rows = "робототехника | робототехн. | робот. | роб = Роботы\nматематика | математ. | мт | мт\n"
    own = RENDERER.of({"subjects": rows})
    lines = numbered([mark("роботы", "5"), mark(MAT, "4"), mark(RUS, "3")])
    assert own.tell_at(lines, STYLE, Level.MINIMAL) == ["Дарья Б. 24.11: роб 5; мт 4; рус 3"]
    with pytest.raises(ConfigError, match=r"subjects\.txt, строка 1"):
        RENDERER.of({"subjects": "химия | х\n"})


def test_a_text_of_no_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="нет такого шаблона SMS: mrak"):
        RENDERER.of({"mrak": "x"})


def test_a_reply_may_use_only_the_values_of_its_kind() -> None:
    with pytest.raises(ConfigError, match="нет значения «чужое»"):
        RENDERER.of({"other": "{{ чужое }}"})
    assert RENDERER.of({"other": SHIPPED["other"] + "!"}) is not RENDERER


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_value_that_nobody_gives_is_empty_and_no_mistake(name: str) -> None:
    every = " ".join(f"{{{{ {value} }}}}" for value in KINDS[name].variables)
    assert RENDERER.of({name: f"Школа. {every}"}).say(name) == "Школа."


# Replies


def test_a_reply_walks_down_the_ladder_in_the_alphabet_of_its_style() -> None:
    values = {"текст": lambda level: "я" * (90 - 10 * level), "кому": ""}
    text = RENDERER.say("announcement", STYLE, **values)
    assert (text.level, len(text.text), text.segments) == ("short", 70, 1)
    latin = RENDERER.say("announcement", Style("x", transliterate=True), **values)
    assert (latin.level, latin.segments, choose(latin.text)) == ("medium", 1, Alphabet.GSM7)


def test_a_reply_without_a_style_is_its_fullest_wording() -> None:
    assert RENDERER.say("announcement", текст=" а\u00a0 б ", кому="Всем") == "Всем: а б"


# Preview and registration


def test_a_preview_says_what_a_text_costs_and_why() -> None:
    usual, longest = preview(RENDERER, "homework", STYLE)
    (sight,) = usual.sights
    assert sight.text == "5А на 25.11: русский язык упр.215; математика №412,413"
    assert (sight.characters, sight.units, sight.segments) == (54, 54, 1)
    assert (sight.alphabet, sight.forcing, sight.cyrillic) == (Alphabet.UCS2, "№", True)
    assert (usual.longest, longest.longest) == (False, True)
    assert (longest.segments, longest.saved) == (4, 2)


def test_a_preview_at_a_level_shows_that_level() -> None:
    usual, _ = preview(RENDERER, "marks_day", STYLE, Level.MINIMAL)
    assert [sight.text for sight in usual.sights] == ["Дарья Б. 24.11: рус 5; мат 4; физ-ра зач"]
    assert usual.sights[0].level == "minimal"


def test_every_kind_of_text_can_be_tried() -> None:
    for name in KINDS:
        views = preview(RENDERER, name, STYLE)
        assert [view.longest for view in views] == [False, True], name
        usual, longest = (sum(len(sight.text) for sight in view.sights) for view in views)
        assert usual > 0, name
        assert usual <= longest or name == "stopped", name


def test_levels_are_called_by_their_english_and_russian_names() -> None:
    for level in Level:
        assert named(NAMES[level]) is named(RUSSIAN[level].upper()) is level
    assert named("longest") is None


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("{{ имя }} {{ дата }} {{ предмет }}: {{ отметка }}", ["%w{1,12}: %w{1,2}"]),
        ("{{ имя }}{% if дата %} за {{ дата }}{% endif %}", ["%w{1,3} за %w{1,1}", "%w{1,3}"]),
        ("{{ имя }}{{ двоеточие }} {{ дата }}", ["%w{1,3}: %w{1,1}", "%w{1,4}"]),
        ("Ответ {{ 'А' if имя else 'Б' }}", ["Ответ А", "Ответ Б"]),
        ("Всё", ["Всё"]),
    ],
)
def test_skeletons_have_operands_for_what_varies(source: str, found: list[str]) -> None:
    assert skeletons(source) == found


def test_skeletons_speak_latin_and_an_operator_s_own_operands() -> None:
    found = skeletons("{{ имя }}: № {{ класс }}", operand="<N>", scheme=Scheme.MOSMETRO)
    assert found == ["<3>: N <2>"]


def test_no_skeleton_begins_or_ends_with_a_space_or_has_two_operands_in_a_row() -> None:
    for name, source in SHIPPED.items():
        for skeleton in skeletons(source, operand="⟨N⟩"):
            assert skeleton == skeleton.strip(), name
            assert not re.search(r"⟩ ?⟨|  ", skeleton), (name, skeleton)


def like(text: str, skeleton: str) -> bool:
    """Whether the text is the skeleton, each operand being one word at least and N at most."""
    shape = re.sub(
        r"⟨(\d+)⟩",
        lambda gap: rf"\S+(?: \S+){{0,{int(gap[1]) - 1}}}",
        re.escape(skeleton).replace("\\ ", " "),
    )
    return re.fullmatch(shape, text) is not None


@settings(max_examples=100, deadline=None)
@given(st.sampled_from("12345"), st.sampled_from([MAT, RUS]), st.sampled_from(["", "Тест"]))
def test_a_text_has_one_of_the_skeletons_of_its_template(
    value: str, subject: str, work: str
) -> None:
    text = RENDERER.tell([mark(subject, value, work=work)], STYLE)[0].text
    shapes = skeletons(SHIPPED["mark"], "mark", operand="⟨N⟩")
    assert any(like(text, shape) for shape in shapes), (text, shapes)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_what_is_registered_fits_the_longest_real_values(name: str) -> None:
    for latin in (False, True):
        style = replace(STYLE, transliterate=latin, phone="8 (846) 000-10-00")
        scheme = style.scheme if latin else None
        shapes = skeletons(SHIPPED[name], name, operand="⟨N⟩", scheme=scheme)
        for view in preview(RENDERER, name, style):
            for sight in view.sights:
                assert any(like(sight.text, shape) for shape in shapes), (sight.text, shapes)
