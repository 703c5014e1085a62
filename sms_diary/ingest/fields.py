"""Field types of the events: strings with limits, whole numbers, dates, journal words.

Each is what a schema can say (length, range) plus our own reading of a value. Errors are
raised by code only; `parsing` has the Russian sentence of every code.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from sms_diary.ingest import values


def problem(code: str) -> PydanticCustomError:
    """An error of our own, known to `parsing` by its code."""
    return PydanticCustomError("ours", "{code}", {"code": code})


def _filled(clean: Callable[[str], str]) -> AfterValidator:
    def check(text: str) -> str:
        cleaned = clean(text)
        if not cleaned:
            raise problem("empty")
        return cleaned

    return AfterValidator(check)


def _mark(value: object) -> str:
    found = values.mark(value)
    if found is not None:
        return found
    is_absence = isinstance(value, str) and values.absence(value) is not None
    raise problem("absence-as-mark" if is_absence else "bad-mark")


def _absence(value: str) -> str:
    code = values.absence(value) if value else ""
    if code is None:
        raise problem("bad-absence")
    return code


def _term(value: str) -> str:
    found = values.term(value)
    if found is None:
        raise problem("bad-term")
    return found


def _whole(value: float) -> int:
    if not value.is_integer():
        raise problem("not-whole")
    return int(value)


@dataclass(frozen=True, slots=True)
class Whole:
    """Metadata: a whole number in a range; 2.0 is 2, but "2" and true are no numbers."""

    least: int
    most: int

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        number = core_schema.float_schema(
            strict=True, ge=self.least, le=self.most, allow_inf_nan=False
        )
        return core_schema.no_info_after_validator_function(_whole, number)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


def _plain_hour(value: str) -> str:
    """«08:30» is «8:30», as the files have it."""
    return value[1:] if len(value) == len("08:30") and value[0] == "0" else value


def _length(most: int, least: int = 1) -> StringConstraints:
    return StringConstraints(strict=True, strip_whitespace=True, min_length=least, max_length=most)


_FILLED_LINE = _filled(values.clean_line)
_CLEAN_LINE = AfterValidator(values.clean_line)

Ref = Annotated[str, _length(100), _FILLED_LINE]
Name = Annotated[str, _length(200), _FILLED_LINE]
ClassName = Annotated[str, _length(40), _FILLED_LINE]
Subject = Annotated[str, _length(200), _FILLED_LINE]
AnySubject = Annotated[str, _length(200, 0), _CLEAN_LINE]
Work = Annotated[str, _length(100, 0), _CLEAN_LINE]
Comment = Annotated[str, _length(300, 0), _CLEAN_LINE]
Title = Annotated[str, _length(200, 0), _CLEAN_LINE]
Room = Annotated[str, _length(20, 0), _CLEAN_LINE]
Text = Annotated[str, _length(2000), _filled(values.clean_text)]
Start = Annotated[
    str,
    StringConstraints(strict=True, pattern=r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$"),
    AfterValidator(_plain_hour),
]

LessonNumber = Annotated[int, Whole(0, 20)]
Ordinal = Annotated[int, Whole(1, 20)]
Parallel = Annotated[int, Whole(1, 12)]
Weight = Annotated[int, Whole(0, 100)]

_MARK_SCHEMA: dict[str, Any] = {
    "anyOf": [{"type": "integer", "minimum": 1, "maximum": 5}, {"type": "string"}],
    "description": values.MARKS_RU,
}
Mark = Annotated[str, PlainValidator(_mark), WithJsonSchema(_MARK_SCHEMA)]
Absence = Annotated[str, _length(30, 0), AfterValidator(_absence)]
Term = Annotated[str, _length(40), AfterValidator(_term)]

_FIRST = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
_AFTER = datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC)
Day = Annotated[datetime.date, Field(strict=True, ge=_FIRST.date(), lt=_AFTER.date())]
Moment = Annotated[datetime.datetime, Field(strict=True, ge=_FIRST, lt=_AFTER)]
