"""From the body of a request to valid events, or to problems in Russian.

Knows JSON and pydantic, no HTTP: the door turns a `Problem` into its answer. No body,
however hostile, makes anything here raise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from sms_diary.ingest.records import KINDS, MAX_EVENTS, RECORDS, Record
from sms_diary.ingest.values import ABSENCES, MARKS_RU

MAX_PROBLEMS = 2000
"""Problems reported for one body: a hostile one must not make an answer larger than itself."""

_LONGEST_TOKEN = 100
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the body.

    `index` is the event's place in the array (0 for a single one), None for the body as a
    whole. `pointer` is an RFC 6901 JSON Pointer into the body, `code` a stable word for
    programs, `message` a Russian sentence. None of them repeats a value of the body.
    """

    index: int | None
    pointer: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """Valid events with their places in the body, and what is wrong with the others.

    `single`: the body was one object, not an array.
    """

    records: list[tuple[int, Record]]
    problems: list[Problem]
    single: bool


def parse(body: bytes, *, lenient: bool = False) -> Parsed:
    """Read one event or an array of up to `MAX_EVENTS` from JSON in UTF-8.

    Strict: any problem leaves `records` empty. Lenient: the good events are returned beside
    the problems of the bad ones; a body that is no list of events gives none either way.
    """
    body = body.removeprefix(_BOM)
    single = body.lstrip(b" \t\r\n")[:1] == b"{"
    array = b"[" + body + b"]" if single else body
    try:
        records = RECORDS.validate_json(array)
    except ValidationError as wrong:
        return _failed(array, wrong, single=single, lenient=lenient)
    if single and len(records) != 1:
        return Parsed([], [_NOT_JSON], single)
    return Parsed(list(enumerate(records)), [], single)


def problems(wrong: ValidationError, *, single: bool = False) -> list[Problem]:
    """Every error of a validation by `RECORDS`; a single event's pointers have no index."""
    return _listed(_errors(wrong), single=single)


def of_object(data: bytes, wrong: ValidationError) -> list[Problem]:
    """The same for one object that was validated by itself, from its bytes."""
    errors = _errors(wrong)
    if errors[0]["type"] == "json_invalid":
        return [_NOT_JSON if _is_utf8(data) else _NOT_UTF8]
    return _listed([{**error, "loc": (0, *error["loc"])} for error in errors], single=True)


def _errors(wrong: ValidationError) -> list[ErrorDetails]:
    return wrong.errors(include_url=False, include_input=False)


def _listed(errors: list[ErrorDetails], *, single: bool) -> list[Problem]:
    found = [_problem(error, single=single) for error in errors[:MAX_PROBLEMS]]
    if len(errors) > MAX_PROBLEMS:
        left = len(errors) - MAX_PROBLEMS
        found.append(Problem(None, "", "too-many-problems", f"показаны не все ошибки, ещё {left}"))
    return found


def _failed(array: bytes, wrong: ValidationError, *, single: bool, lenient: bool) -> Parsed:
    errors = _errors(wrong)
    if whole := _whole_body(array, errors[0], single=single):
        return Parsed([], [whole], single)
    good = _good(array, errors) if lenient else []
    return Parsed(good, _listed(errors, single=single), single)


def _whole_body(array: bytes, first: ErrorDetails, *, single: bool) -> Problem | None:
    """The problem of the body as a whole, if there is one: then no event can be trusted."""
    if first["type"] == "json_invalid":
        return _NOT_JSON if _is_utf8(array) else _NOT_UTF8
    if not first["loc"]:
        code = _WHOLE.get(first["type"], "not-events")
        return Problem(None, "", code, _SENTENCES[code])
    if single and len(from_json(array)) != 1:
        return _NOT_JSON
    return None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _good(array: bytes, errors: list[ErrorDetails]) -> list[tuple[int, Record]]:
    """The events without an error, validated again by themselves; the rare path."""
    bad = {error["loc"][0] for error in errors}
    places = [(i, item) for i, item in enumerate(from_json(array)) if i not in bad]
    if not places:
        return []
    records = RECORDS.validate_json(to_json([item for _, item in places]))
    return [(i, record) for (i, _), record in zip(places, records, strict=True)]


def _problem(error: ErrorDetails, *, single: bool) -> Problem:
    index, *rest = error["loc"]
    if rest and rest[0] in KINDS:  # the tag of the union is pydantic's, not the body's
        rest = rest[1:]
    code, message = _said(error["type"], error.get("ctx", {}))
    if error["type"].startswith("union_tag"):
        rest = ["kind"]
    place = rest if single else [index, *rest]
    pointer = "".join(f"/{_token(piece)}" for piece in place)
    return Problem(int(index), pointer, code, message)


def _token(piece: int | str) -> str:
    return str(piece)[:_LONGEST_TOKEN].replace("~", "~0").replace("/", "~1")


def _said(kind: str, context: Mapping[str, Any]) -> tuple[str, str]:
    if kind == "said":  # whoever raised it knows more than this page
        return context["code"], context["sentence"]
    code = context["code"] if kind == "ours" else _CODES.get(kind, "wrong-value")
    if code == "bad-time" and ":" not in context["pattern"]:
        code = "wrong-value"
    return code, _SENTENCES[code].format_map(_Context(context))


class _Context(dict[str, Any]):
    """The limits that a sentence names, under the words that the sentences use."""

    def __missing__(self, key: str) -> object:
        limit = next((self[name] for name in _LIMITS[key] if name in self), "?")
        return int(limit) if isinstance(limit, float) else limit


_LIMITS = {
    "most": ("max_length", "le", "lt"),
    "least": ("min_length", "ge", "gt"),
}
_WHOLE = {"too_long": "too-many-events", "too_short": "no-events"}
_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown-field",
    "union_tag_invalid": "unknown-kind",
    "union_tag_not_found": "missing-kind",
    "dict_type": "not-object",
    "model_type": "not-object",
    "model_attributes_type": "not-object",
    "string_type": "not-string",
    "string_too_long": "too-long",
    "string_too_short": "empty",
    "string_pattern_mismatch": "bad-time",
    "float_type": "not-number",
    "finite_number": "not-number",
    "greater_than_equal": "too-small",
    "less_than_equal": "too-large",
    "less_than": "too-large",
    "int_type": "not-number",
    "int_from_float": "not-whole",
    "bool_type": "not-bool",
    "literal_error": "not-true",
    "list_type": "not-list",
    "too_long": "too-many-items",
    "too_short": "no-items",
    "date_type": "bad-date",
    "date_parsing": "bad-date",
    "date_from_datetime_parsing": "bad-date",
    "datetime_type": "bad-moment",
    "datetime_parsing": "bad-moment",
}
"""pydantic's error types → our stable codes; several of theirs may be one of ours."""

_SENTENCES = {
    "not-utf8": "тело запроса — не UTF-8",
    "not-json": "тело запроса — не JSON или вложено слишком глубоко",
    "not-events": "нужно одно событие (объект) или массив событий",
    "no-events": "в массиве нет ни одного события",
    "too-many-events": f"в одном запросе не больше {MAX_EVENTS} событий",
    "missing": "нет обязательного поля",
    "unknown-field": "неизвестное поле",
    "unknown-kind": "неизвестный вид события; есть: " + ", ".join(KINDS),
    "missing-kind": "не указан вид события (kind); есть: " + ", ".join(KINDS),
    "not-object": "нужен объект",
    "not-string": "нужна строка",
    "not-number": "нужно целое число",
    "not-whole": "нужно целое число",
    "not-bool": "нужно true или false",
    "not-true": "бывает только true; иначе поле не указывают",
    "not-list": "нужен массив",
    "too-long": "слишком длинная строка: не больше {most} знаков",
    "empty": "строка пустая",
    "too-small": "слишком малое значение: не меньше {least}",
    "too-large": "слишком большое значение: предел {most}",
    "too-many-items": "слишком много элементов: не больше {most}",
    "no-items": "массив пуст",
    "bad-date": "нужна дата вида 2026-11-24",
    "bad-moment": "нужны дата и время вида 2026-11-24T10:15:00+04:00",
    "bad-time": "нужно время вида 8:30",
    "bad-mark": f"такой отметки нет: {MARKS_RU}",
    "absence-as-mark": "это пропуск, а не отметка: пришлите событие absence.set",
    "bad-absence": "такого кода пропуска нет; есть: " + ", ".join(ABSENCES) + " или пустая строка",
    "bad-term": "нужен период вида «1 четверть», «2 полугодие», «3 триместр» или «год»",
    "pupil-ways": "ученик задаётся либо полем id, либо полями class и name",
    "audience-ways": "нужно ровно одно из полей: school, parallels, classes, pupils",
    "empty-change": "не сказано, что изменилось: нужно subject, room, cancelled или text",
    "wrong-value": "значение не подходит",
}
_NOT_JSON = Problem(None, "", "not-json", _SENTENCES["not-json"])
_NOT_UTF8 = Problem(None, "", "not-utf8", _SENTENCES["not-utf8"])
