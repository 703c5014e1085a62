"""A school whose journals are known: timetables, marks and changes, by the door's own events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sms_diary.ingest.accept import Acceptor
from sms_diary.store.schools import School
from tests import seeding

WEEK = date(2026, 11, 16)
"""The Monday of the week that the tests look at; they stand in the Tuesday after it."""


def lessons(name: str, day: date, *subjects: str) -> dict[str, Any]:
    """The timetable of a class on a day."""
    said = [{"lesson": n, "subject": one} for n, one in enumerate(subjects, 1)]
    return {"kind": "timetable.set", "class": name, "date": day.isoformat(), "lessons": said}


def week_of(name: str, first: date, days: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """The timetable of a week: the subjects of Monday, of Tuesday …"""
    return [lessons(name, first + timedelta(days=n), *own) for n, own in enumerate(days)]


def cancelled(name: str, day: date, lesson: int) -> dict[str, Any]:
    return {"kind": "timetable.changed", "class": name, "date": day.isoformat(), "lesson": lesson,
            "cancelled": True}  # fmt: skip


def marks(pupil: str, said: Mapping[str, Iterable[date]]) -> list[dict[str, Any]]:
    """Subject -> days on which this pupil got a mark in it."""
    return [
        seeding.mark(pupil={"id": pupil}, subject=subject, date=day.isoformat())
        for subject, days in said.items() for day in days
    ]  # fmt: skip


async def taken(acceptor: Acceptor, school: School, *said: dict[str, Any]) -> None:
    """The service has taken all of these."""
    for at in range(0, len(said), 400):
        piece = said[at : at + 400]
        name = f"journals {at} {piece[0]['kind']} {piece[0].get('class')} {piece[0]['date']}"
        answers = await acceptor.accept_many([seeding.events(school, name, *piece)])
        assert not getattr(answers[0], "problems", ()), answers
