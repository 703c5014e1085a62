"""The field types that operations share, each with the schema that says exactly what is taken.

What a schema cannot say is not checked here: a program that keeps to `/openapi.json` is never
told that its request is malformed.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic import StringConstraints as Text
from pydantic_core import PydanticCustomError

from sms_diary.ingest import values
from sms_diary.ingest.fields import problem
from sms_diary.model import ALL_TOPICS, PERSONAL_DATA, URGENT, Topic
from sms_diary.phone import is_mobile

BIGGEST = 2**63 - 1
ID = r"^([0-9]{1,18}|[1-8][0-9]{18})$"
SLUG = r"^[a-z0-9][a-z0-9-]{0,39}$"
_ID = re.compile(ID[:-1] + r"\Z")


class Query(BaseModel):
    """What may stand behind the question mark; each field has its Russian description."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Body(BaseModel):
    """What a request says, as strict as JSON is."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Said(BaseModel):
    """What an answer says. A field that was not set is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# ---------------------------------------------------------------- numbers and ids


def whole(text: object) -> int:
    """A whole number of 63 bits that came as text; ValueError for anything else."""
    # The length first: reading thousands of digits is slow, and refused by Python in its own way.
    if not isinstance(text, str) or not _ID.match(text):
        raise ValueError
    return int(text)


_MANY = 10**6


def _count(text: object) -> int:
    if (found := whole(text)) > _MANY:
        raise ValueError
    return found


Count = Annotated[
    int,
    BeforeValidator(_count),
    WithJsonSchema({"type": "integer", "minimum": 0, "maximum": _MANY}),
]
Key = Annotated[int, BeforeValidator(whole), WithJsonSchema({"type": "string", "pattern": ID})]
"""An id in a query."""
Id = Annotated[int, BeforeValidator(whole), WithJsonSchema({"type": "string", "pattern": ID})]
"""An id in a body: text, because not every program has whole numbers of 63 bits."""


def _flag(text: object) -> bool:
    found = {"1": True, "true": True, "0": False, "false": False}.get(str(text).lower())
    if found is None:
        raise ValueError
    return found


Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]


# ---------------------------------------------------------------- words

_VISIBLE = "[0-9A-Za-zА-Яа-яЁё]"


def _line(most: int) -> Any:
    return Annotated[
        str, Text(min_length=1, max_length=most, pattern=_VISIBLE),
        AfterValidator(values.clean_line),
    ]  # fmt: skip


Name = _line(200)
Short = _line(20)
Remark = _line(300)
ClassTitle = _line(40)
MaybeLine = Annotated[str, Text(max_length=200), AfterValidator(values.clean_line)]
"""A line that may be empty."""


def _number(text: str) -> str:
    if not is_mobile(text):
        raise PydanticCustomError(
            "said", "{code}",
            {"code": "bad-number", "sentence": "нужен номер мобильного вида +79000001001"},
        )  # fmt: skip
    return text


Number = Annotated[
    str,
    AfterValidator(_number),
    WithJsonSchema({"type": "string", "pattern": r"^\+79([0124-9][0-9]|3[1-9])[0-9]{7}$"}),
]
"""A Russian mobile number in E.164. The schema leaves out the few ranges of 930 0xx."""


class Covers(StrEnum):
    """What a consent can be about: all topics of the diary, one of them, or one of the two boxes
    that a form has of its own."""

    ALL = ALL_TOPICS
    MARKS = Topic.MARKS
    ABSENCES = Topic.ABSENCES
    HOMEWORK = Topic.HOMEWORK
    TIMETABLE = Topic.TIMETABLE
    ANNOUNCEMENTS = Topic.ANNOUNCEMENTS
    URGENT = URGENT
    PERSONAL_DATA = PERSONAL_DATA


# ---------------------------------------------------------------- days and hours


def _day(text: str) -> str:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise problem("bad-date") from None
    return found.isoformat()


Day = Annotated[
    str,
    Text(pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"),
    AfterValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "pattern": "^20[0-9]{2}-"}),
]
_CLOCK = r"^(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)$"
Clock = Annotated[str, Text(pattern=_CLOCK)]
"""A time of the day, «8:30»; «24:00» is its end."""
Slug = Annotated[str, WithJsonSchema({"type": "string", "pattern": SLUG})]
_WHICH = "Короткое имя школы; нужно токену, который открывает все школы."


class OfSchool(Query):
    """For operations whose address names no school."""

    school: Slug | None = Field(None, description=_WHICH)


class OfPage(OfSchool):
    """A list, page by page."""

    limit: Count = Field(50, description="Сколько на странице: от 1 до 200.")
    after: Key = Field(0, description="Значение next предыдущей страницы.")

    @property
    def size(self) -> int:
        return max(1, min(self.limit, 200))
