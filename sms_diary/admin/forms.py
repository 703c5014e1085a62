"""What a person typed: checked by a pydantic model, errors beside the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar, get_origin

from multidict import MultiMapping
from pydantic import BaseModel, ConfigDict, ValidationError

from sms_diary.fields import sentence
from sms_diary.values import value
from sms_diary.web.posted import NOTHING, File, Posted, Unreadable, read, received

__all__ = [
    "NOTHING", "File", "Filled", "Form", "Posted", "Unreadable", "filled", "read", "received",
    "said", "tolerant",
]  # fmt: skip

_SEVERAL = (list, tuple, frozenset)
_SENTENCES = {
    "missing": "Заполните это поле",
    "string_too_short": "Заполните это поле",
    "string_pattern_mismatch": "Здесь есть недопустимые знаки",
    "int_parsing": "Нужно целое число",
    "date_from_datetime_parsing": "Нужна дата: день, месяц, год",
    "date_parsing": "Нужна дата: день, месяц, год",
    "time_parsing": "Нужно время вида 9:00",
    "literal_error": "Выберите из предложенного",
    "enum": "Выберите из предложенного",
}


class Form(BaseModel):
    """The fields of a form or of a filter; a list or tuple is what may come several times."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)


F = TypeVar("F", bound=Form)


@value
class Filled(Generic[F]):
    """A form as it came: `read` is None where `errors` (field → Russian) has any."""

    read: F | None
    errors: Mapping[str, str]
    typed: Mapping[str, Any]

    def but(self, **errors: str) -> Filled[F]:
        """The same, refused for what only the database knows."""
        return Filled(None, {**self.errors, **errors}, self.typed)


def filled(model: type[F], given: Mapping[str, Sequence[str]]) -> Filled[F]:
    """The form as `model` reads it."""
    typed = _typed(model, given)
    try:
        return Filled(model.model_validate(typed), {}, typed)
    except ValidationError as wrong:
        errors = {
            str(error["loc"][0]) if error["loc"] else "": said(error)
            for error in wrong.errors(include_input=False)
        }
        return Filled(None, errors, typed)


def tolerant(model: type[F], asked: MultiMapping[str]) -> F:
    """The filters of an address: a value that cannot be counts as not given."""
    given = {name: asked.getall(name) for name in asked}
    found = filled(model, given)
    if found.read is None:
        kept = {name: said for name, said in given.items() if name not in found.errors}
        found = filled(model, kept)
    return found.read if found.read is not None else model()


def said(error: Any) -> str:
    """One of pydantic's errors as a sentence for whoever fills in a form."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "string_too_long":
        return f"Не длиннее {context['max_length']} знаков"
    if kind in ("greater_than_equal", "less_than_equal"):
        least = kind == "greater_than_equal"
        return f"Не {'меньше' if least else 'больше'} {context['ge' if least else 'le']}"
    known = _SENTENCES.get(kind) or sentence(error)
    return known[:1].upper() + known[1:]


def _typed(model: type[Form], given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    typed: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        said = given.get(field.alias or name)
        if said is not None:
            several = get_origin(field.annotation) in _SEVERAL
            typed[field.alias or name] = list(said) if several else said[-1]
    return typed
