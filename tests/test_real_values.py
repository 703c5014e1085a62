"""A school's own longest values in the place of the longest of all."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from sms_diary.render import Renderer, Style
from sms_diary.render.examples import EXAMPLES
from sms_diary.render.preview import preview
from sms_diary.render.real import Real, lines, values
from sms_diary.resources import templates_dir

OWN = Real(
    ("Добрыня Щ.", "Ян К."), ("Хореография", "Музыка", "ИЗО", "А", "Б", "В", "Г", "Д", "Е", "Ж"),
    "11Ю", "Школа на горе", "8 (999) 000-00-00",
)  # fmt: skip
NOTHING = Real()


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_text_is_tried_with_what_the_school_has(name: str) -> None:
    given = EXAMPLES[name].longest
    if isinstance(given, Mapping):
        found = values(given, OWN)
        assert found.keys() == given.keys()
        assert values(given, NOTHING) == given
        assert [one for one in given if given[one] and not found[one]] == []
        assert "Александра" not in str(found)
        return
    told = lines(given, OWN)
    assert lines(given, NOTHING) == given
    assert len(told) == len(given)
    assert {line.pupil for line in told} <= {"", "Добрыня Щ."}
    assert {line.class_name for line in told} <= {"", "11Ю"}
    assert {line.subject for line in told} <= {"", *OWN.subjects}
    assert "безопасности" not in "".join(line.body for line in told if line.kind != "announcement")


def test_the_longest_subject_takes_the_place_of_the_longest() -> None:
    given = EXAMPLES["marks_day"].longest
    assert not isinstance(given, Mapping)
    found = lines(given, Real(subjects=("Хореография",)))
    changed = [(a.subject, b.subject) for a, b in zip(given, found, strict=True) if a != b]
    assert changed == [("Основы безопасности и защиты Родины", "Хореография")]


def test_a_subject_with_a_quote_in_its_name_breaks_no_timetable() -> None:
    given = EXAMPLES["timetable"].longest
    assert not isinstance(given, Mapping)
    [found] = lines(given, Real(subjects=('Курс "Мой\\край"',)))
    assert 'Курс "Мой\\край"' in [one["subject"] for one in json.loads(found.body)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_text_comes_out_with_them(name: str) -> None:
    renderer = Renderer.from_folder(templates_dir())
    style = Style(school="Школа")
    usual, longest = preview(renderer, name, style, own=OWN)
    assert (usual.longest, longest.longest) == (False, True)
    assert longest.sights
