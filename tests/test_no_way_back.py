"""Where a route cannot receive (`reply_to = none`) no text asks for an answer: every template.

What the service then does instead of asking stands in `test_requests`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest
from jinja2 import meta

from sms_diary import keywords
from sms_diary.keywords import Meaning
from sms_diary.render.templates import ENVIRONMENT
from sms_diary.resources import templates_dir

TABLES = {"subjects", "works"}
TEMPLATES = {
    path.stem: path.read_text(encoding="utf-8")
    for path in sorted(templates_dir().glob("*.txt"))
    if path.stem not in TABLES
}
QUESTIONS = {"request", "request_reminder"}
"""They do nothing but ask: by such a route they are never sent."""
ASKS = re.compile(r"(?i)\b(ответьте|отвечайте|отправьте|пришлите|напишите|отвечать на)\b")
ANSWERABLE = {"отвечать", "старт"}
"""What tells a template that one can answer: there is nothing in either."""


def texts(source: str) -> Iterator[str]:
    """The template with every value there and not there, where nobody can answer."""
    names = sorted(meta.find_undeclared_variables(ENVIRONMENT.parse(source)) - ANSWERABLE)
    template = ENVIRONMENT.from_string(source)
    for values in itertools.product(("", "нечто"), repeat=len(names)):
        yield template.render(dict(zip(names, values, strict=True)) | dict.fromkeys(ANSWERABLE, ""))


def orders(text: str) -> list[str]:
    """Words in capitals that would be obeyed if they were sent."""
    words = re.findall(r"\b[А-ЯЁ]{2,}\b", text)
    return [word for word in words if keywords.read(word) is not Meaning.OTHER]


@pytest.mark.parametrize("name", sorted(TEMPLATES.keys() - QUESTIONS))
def test_no_text_of_any_template_asks_for_an_answer(name: str) -> None:
    for text in texts(TEMPLATES[name]):
        assert orders(text) == []
        assert ASKS.search(text) is None


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_what_is_looked_for_is_found_in_a_question(name: str) -> None:
    for text in texts(TEMPLATES[name]):
        assert orders(text) == ["ДА", "НЕТ"]


def test_where_one_can_answer_the_same_templates_name_the_words() -> None:
    """So it is the way back that decides, not a text without words."""
    source = TEMPLATES["started"]
    said = ENVIRONMENT.from_string(source).render({"имя": "Дарья Б.", "отвечать": "да"})
    assert orders(said) == ["СТОП", "ПОМОЩЬ"]
