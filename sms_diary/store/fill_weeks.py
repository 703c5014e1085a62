"""How a school's journals were filled, week by week: looked at anew, or kept as it was reported.

Derivation is `filled`'s. A kept week is dated and never changes; nothing here is about a person.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from sms_diary.clock import local
from sms_diary.db import Queries, Row
from sms_diary.filled import (
    LOOKS_BACK,
    Cell,
    Silence,
    Verdict,
    due,
    impersonal,
    monday,
    silent,
    week,
)
from sms_diary.filling import Calendar, Diary
from sms_diary.ingest.days import school_year
from sms_diary.store import away, filling, holidays
from sms_diary.store.away import WHY_RU, Away
from sms_diary.store.holidays import Holiday
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.values import value

_WEEK = timedelta(days=7)
_EN_DASH = "\N{EN DASH}"
CATCHES_UP = 4
"""Weeks that are reported afterwards, when the log that tells of them comes late."""


@value
class Week:
    """`known`: up to which day something is known; `made_at`: when it was kept (epoch ms).

    `free`: its days that count for nobody, or not for a class, in Russian.
    """

    first: date
    known: date
    cells: tuple[Cell, ...]
    silent: tuple[Silence, ...]
    free: tuple[str, ...] = ()
    made_at: int | None = None

    @property
    def last(self) -> date:
        return self.first + timedelta(days=6)

    @property
    def due(self) -> list[Cell]:
        return due(self.cells)

    @property
    def filled(self) -> int:
        return sum(one.verdict is Verdict.FILLED for one in self.cells)


@value
class Sum:
    """A kept week in figures, of one school."""

    school_id: int
    first: date
    made_at: int
    due: int
    filled: int
    lessons: int
    unmarked: int
    silent: int


@value
class View:
    """What is known of a school, to look at several weeks of it."""

    diary: Diary
    calendar: Calendar
    known: date
    holidays: Sequence[Holiday]
    away: Sequence[Away]

    def week(self, first: date) -> Week:
        last = first + timedelta(days=6)
        known = min(self.known, last)
        return Week(
            first, self.known, tuple(week(self.diary, self.calendar, first, today=self.known)),
            tuple(silent(self.diary, self.calendar, today=known)),
            tuple(_free(self.holidays, self.away, first, last)),
        )  # fmt: skip


async def view(q: Queries, tools: Tools, school: School, earliest: date, *, now: int) -> View:
    """Enough to look at the weeks from `earliest`, a Monday, up to now."""
    today = local(now, school.zone).date()
    diary = await filling.diary(
        q, tools, school, year=school_year(today).first.year, first=earliest - LOOKS_BACK,
        today=today,
    )  # fmt: skip
    known = await filling.known_to(q, school.id, diary, today=today)
    return View(
        diary, await filling.calendar(q, school), known,
        await holidays.of_school(q, school.id), await away.of_school(q, school.id),
    )  # fmt: skip


def _free(free: Iterable[Holiday], gone: Iterable[Away], first: date, last: date) -> Iterator[str]:
    """«осенние каникулы 26.10–01.11»; «карантин, 7В, 16.11»."""
    for one in free:
        if one.first <= last and one.last >= first:
            yield f"{impersonal(one.name) or 'каникулы'} {_within(one.first, one.last, first)}"
    for it in gone:
        if it.first <= last and it.last >= first:
            whose = it.class_name or "вся школа"
            yield f"{WHY_RU[it.why]}, {whose}, {_within(it.first, it.last, first)}"


def _within(first: date, last: date, monday_: date) -> str:
    a, b = max(first, monday_), min(last, monday_ + timedelta(days=6))
    return f"{a:%d.%m}" if a == b else f"{a:%d.%m}{_EN_DASH}{b:%d.%m}"


def week_of(school: School, day: date | None, *, now: int) -> date:
    """The Monday of the week of this day; without one, of the last week that is over."""
    today = local(now, school.zone).date()
    return monday(min(day, today)) if day else monday(today) - _WEEK


# ---------------------------------------------------------------- what was reported


async def reported(q: Queries, tools: Tools, school: School, first: date, *, now: int) -> Week:
    """The week as it was reported; if it was not, as it is known now."""
    week_ = await kept(q, school.id, first)
    return week_ or (await view(q, tools, school, first, now=now)).week(first)


async def missing(q: Queries, school: School, *, now: int) -> list[date]:
    """Mondays of the last weeks that are over and were not reported yet, the oldest first."""
    this = monday(local(now, school.zone).date())
    wanted = [this - n * _WEEK for n in range(CATCHES_UP, 0, -1)]
    kept = {one.first for one in await sums(q, school.id, limit=CATCHES_UP)}
    return [one for one in wanted if one not in kept]


async def keep(q: Queries, school_id: int, one: Week, *, now: int) -> bool:
    """Keep a week as it is known now; False if it was reported already."""
    told = one.due
    added = await q.run(
        """insert into fill_report (school_id, week, made_at, due, filled, lessons, unmarked,
                                    silent, details)
           values (:school_id, :week, :now, :due, :filled, :lessons, :unmarked, :silent, :details)
           on conflict do nothing""",
        school_id=school_id,
        week=one.first.isoformat(),
        now=now,
        due=len(told),
        filled=one.filled,
        lessons=sum(cell.held for cell in told),
        unmarked=sum(cell.unmarked for cell in told),
        silent=len(one.silent),
        details=_written(one),
    )
    return added == 1


async def kept(q: Queries, school_id: int, first: date) -> Week | None:
    """The week as it was reported."""
    row = await q.one(
        """select week, made_at, details from fill_report
           where school_id = :school_id and week = :week""",
        school_id=school_id,
        week=first.isoformat(),
    )
    return _read(row) if row else None


async def sums(q: Queries, school_id: int, *, limit: int) -> list[Sum]:
    """The last weeks that were reported, the latest first."""
    rows = await q.all(
        """select school_id, week, made_at, due, filled, lessons, unmarked, silent
           from fill_report where school_id = :school_id order by week desc limit :limit""",
        school_id=school_id,
        limit=limit,
    )
    return [_sum(row) for row in rows]


async def of_week(q: Queries, school_ids: Iterable[int], first: date) -> dict[int, Sum]:
    """What these schools reported of one week, by school."""
    rows = await q.over(
        """with rows(id bigint)
           select r.school_id, r.week, r.made_at, r.due, r.filled, r.lessons, r.unmarked, r.silent
           from rows join fill_report r on r.school_id = rows.id where r.week = :week""",
        [(one,) for one in sorted(set(school_ids))],
        week=first.isoformat(),
    )
    return {row["school_id"]: _sum(row) for row in rows}


def _sum(row: Row) -> Sum:
    return Sum(row["school_id"], date.fromisoformat(row["week"]), row["made_at"], row["due"],
               row["filled"], row["lessons"], row["unmarked"], row["silent"])  # fmt: skip


def _written(one: Week) -> str:
    return json.dumps(
        {"known": one.known.isoformat(), "cells": [_plain(cell) for cell in one.cells],
         "silent": [_plain_silence(it) for it in one.silent], "free": one.free},
        ensure_ascii=False,
    )  # fmt: skip


def _plain(cell: Cell) -> Sequence[object]:
    return (cell.class_key, cell.class_name, cell.subject_key, cell.subject, cell.held,
            cell.unmarked, cell.last and cell.last.isoformat(), cell.since,
            str(cell.verdict))  # fmt: skip


def _plain_silence(one: Silence) -> Sequence[object]:
    return one.class_key, one.class_name, one.last and one.last.isoformat(), one.since


def _read(row: Row) -> Week:
    said = json.loads(row["details"])
    cells = tuple(
        Cell(a, b, c, d, held, unmarked, _day(last), since, Verdict(verdict))
        for a, b, c, d, held, unmarked, last, since, verdict in said["cells"]
    )
    quiet = tuple(Silence(one[0], one[1], _day(one[2]), one[3]) for one in said["silent"])
    first = date.fromisoformat(row["week"])
    return Week(first, date.fromisoformat(said["known"]), cells, quiet, tuple(said["free"]),
                row["made_at"])  # fmt: skip


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None
