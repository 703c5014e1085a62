"""Schools over HTTP: which there are, and their settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from sms_diary.api.operation import Call, Operation
from sms_diary.api.problem import Problem
from sms_diary.api.shapes import (
    Body,
    Clock,
    Count,
    Day,
    MaybeLine,
    Name,
    Query,
    Said,
    Short,
)
from sms_diary.api.times import iso
from sms_diary.clock import DAY, SECOND
from sms_diary.db import Row
from sms_diary.encoding import Scheme
from sms_diary.ingest.fields import Whole
from sms_diary.model import SchoolMode, Topic
from sms_diary.plan import Naming
from sms_diary.schedule.hours import clock, minutes
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.store import holidays, settings
from sms_diary.store.tokens import ALL_SCHOOLS, Right

_GROUP = "Школы"
_WISH = f"({'|'.join(Topic)})=({'|'.join(Rhythm)})"
_RHYTHMS = f"^({_WISH}( {_WISH})*)?$"


class Holiday(Body):
    """Days without school, both ends included."""

    from_: Day = Field(alias="from")
    to: Day
    name: MaybeLine = ""


class School(Said):
    school: str
    name: str
    short_name: str
    zone: str
    mode: SchoolMode
    paused: bool
    settle_seconds: int
    budget: int
    latin: bool
    scheme: Scheme
    naming: Naming
    sender: str
    route: str
    phone: str
    legal: str
    proof: str
    retention_days: int
    digest_at: str
    digest_day: int
    day_from: str
    day_to: str
    urgent_from: str
    urgent_to: str
    off_days: list[int]
    cap: int
    budget_month: int
    rhythms: str
    told_from: str
    fill_alarm: bool
    holidays: list[Holiday]
    created_at: str


class Schools(Said):
    schools: list[School]
    next: str = ""


class Page(Query):
    limit: Count = Field(50, description="Сколько на странице: от 1 до 200.")
    after: str = Field("", max_length=40, description="Значение next предыдущей страницы.")


class Change(Body):
    """What is not named stays as it is."""

    name: Name | None = None
    short_name: Short | None = None
    mode: SchoolMode | None = None
    paused: bool | None = None
    settle_seconds: Annotated[int, Whole(0, 86_400)] | None = None
    budget: Annotated[int, Whole(1, 10)] | None = None
    latin: bool | None = None
    scheme: Scheme | None = None
    """Of transliteration."""
    naming: Naming | None = None
    """How pupils are called in SMS."""
    sender: Annotated[str, Field(pattern=r"^[0-9A-Za-z+_.-]{0,20}$")] | None = None
    phone: MaybeLine | None = None
    legal: MaybeLine | None = None
    proof: Annotated[Literal["sms", "sms+pd"], Field()] | None = None
    retention_days: Annotated[int, Whole(1, 3650)] | None = None
    digest_at: Clock | None = None
    digest_day: Annotated[int, Whole(1, 7)] | None = None
    day_from: Clock | None = None
    day_to: Clock | None = None
    urgent_from: Clock | None = None
    urgent_to: Clock | None = None
    off_days: Annotated[list[Annotated[int, Whole(1, 7)]], Field(max_length=7)] | None = None
    cap: Annotated[int, Whole(1, 100)] | None = None
    budget_month: Annotated[int, Whole(0, 10_000_000)] | None = None
    """SMS a month, beyond which only urgent ones go; 0: no end."""
    rhythms: Annotated[str, Field(max_length=200, pattern=_RHYTHMS)] | None = None
    """When each topic is told where a parent has not chosen; "" as usual."""
    told_from: Day | None = None
    """The first day of which the school tells."""
    fill_alarm: bool | None = None
    """Whether its staff gets an SMS when a class's journal is silent."""
    holidays: Annotated[list[Holiday], Field(max_length=50)] | None = None
    """All of them: what is not named here is no holiday any more."""


async def list_(call: Call[Page, None]) -> Schools:
    size = max(1, min(call.query.limit, 200))
    only = 0 if call.token.school_id == ALL_SCHOOLS else call.token.school_id
    rows = await settings.page(call.q, only=only, after=call.query.after, limit=size + 1)
    days = await holidays.of_schools(call.q, [row["id"] for row in rows])
    page = [_school(row, days.get(row["id"], ())) for row in rows[:size]]
    return Schools(schools=page, next=page[-1].school) if len(rows) > size else Schools(
        schools=page
    )  # fmt: skip


async def one(call: Call[Query, None]) -> School:
    return await _read(call, await settings.read(call.q, call.school_id))


async def change(call: Call[Query, Change]) -> School:
    row = await settings.read(call.q, call.school_id, lock=True)
    call.matched(await _read(call, row))
    values = changes(call.body, row, now=call.now)
    if wrong := crossed({**row} | values):
        raise Problem(409, "bad-hours", wrong)
    await settings.change(call.q, call.school_id, values, now=call.now)
    return await _read(call, await settings.read(call.q, call.school_id))


async def _read(call: Call[Any, Any], row: Row) -> School:
    return _school(row, await holidays.of_school(call.q, call.school_id))


def changes(body: Change, row: Row, *, now: int) -> dict[str, Any]:
    """What is asked for, as `settings.change` takes it."""
    given = {name: one for name, one in body.model_dump(exclude_unset=True).items()
             if one is not None}  # fmt: skip
    values: dict[str, Any] = {}
    for name, said in given.items():
        column, read = _COLUMNS.get(name, (name, _same))
        values[column] = read(said)
    if "paused" in given:
        # Since when it rests stays what it was.
        values["paused_at"] = (row["paused_at"] or now) if given["paused"] else None
    return values


def crossed(row: dict[str, Any]) -> str:
    """What is wrong with hours and holidays of a school together, in Russian; "" if nothing is."""
    if row["day_from"] >= row["day_to"]:
        return "day_from должно быть раньше, чем day_to: иначе SMS не уйдут никогда."
    if row["urgent_from"] >= row["urgent_to"]:
        return "urgent_from должно быть раньше, чем urgent_to."
    days = sorted((one.first, one.last) for one in row.get(settings.HOLIDAYS, ()))
    if any(last < first for first, last in days):
        return "holidays: from должно быть не позже, чем to."
    if holidays.crossing(row.get(settings.HOLIDAYS, ())):
        return "holidays: каникулы не должны пересекаться."
    return ""


def _same(said: Any) -> Any:
    return said


_HOURS = ("digest_at", "day_from", "day_to", "urgent_from", "urgent_to")
_COLUMNS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "settle_seconds": ("settle", lambda seconds: seconds * SECOND),
    "retention_days": ("retention", lambda days: days * DAY),
    "latin": ("latin", int),
    "fill_alarm": ("fill_alarm", int),
    "scheme": ("scheme", str),
    "naming": ("naming", str),
    "mode": ("mode", str),
    "paused": ("paused_at", _same),
    "told_from": ("told_from", str),
    "holidays": (
        settings.HOLIDAYS,
        lambda days: [
            holidays.Holiday(
                date.fromisoformat(one["from_"]),
                date.fromisoformat(one["to"]),
                one.get("name", ""),
            )
            for one in days
        ],
    ),
    "off_days": ("off_days", lambda days: "".join(map(str, sorted(set(days))))),
    **{name: (name, minutes) for name in _HOURS},
}


def _school(row: Row, days: Sequence[holidays.Holiday]) -> School:
    return School(
        school=row["slug"],
        mode=SchoolMode(row["mode"]),
        paused=row["paused_at"] is not None,
        settle_seconds=row["settle"] // SECOND,
        latin=bool(row["latin"]),
        fill_alarm=bool(row["fill_alarm"]),
        retention_days=row["retention"] // DAY,
        off_days=[int(day) for day in re.findall("[1-7]", row["off_days"])],
        holidays=[
            Holiday.model_validate(
                {"from": one.first.isoformat(), "to": one.last.isoformat(), "name": one.name}
            )
            for one in days
        ],
        created_at=iso(row["created_at"]),
        **{name: clock(row[name]) for name in _HOURS},
        **{name: row[name] for name in _PLAIN},
    )


_PLAIN = (
    "name", "short_name", "zone", "budget", "scheme", "naming", "sender", "route", "phone", "legal",
    "proof", "digest_day", "cap", "rhythms", "told_from",
    "budget_month",
)  # fmt: skip
OPERATIONS: list[Operation[Any, Any]] = [
    Operation(
        method="GET", path="/v1/schools", group=_GROUP, right=Right.READ, query=Page,
        answer=Schools, do=list_, summary="Школы, которые открывает токен",
    ),
    Operation(
        method="GET", path="/v1/schools/{school}", group=_GROUP, right=Right.READ, query=Query,
        answer=School, do=one, tagged=True, summary="Настройки школы",
    ),
    Operation(
        method="PATCH", path="/v1/schools/{school}", group=_GROUP, right=Right.ADMIN, query=Query,
        body=Change, answer=School, do=change, tagged=True, conflicts=True,
        summary="Изменить настройки школы: режим, паузу, часы, бюджет",
    ),
]  # fmt: skip
