"""When a thing is told, and until when it is worth telling."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from sms_diary import schedule
from sms_diary.clock import DAY, millis
from sms_diary.model import Kind

SAMARA = ZoneInfo("Europe/Samara")
KAMCHATKA = ZoneInfo("Asia/Kamchatka")
FRIDAY = millis(datetime(2026, 11, 27, 17, 30, tzinfo=SAMARA))


def _utc(moment: int) -> datetime:
    return datetime.fromtimestamp(moment / 1000, UTC)


def test_marks_filled_in_on_friday_are_told_although_they_are_of_monday() -> None:
    told_until = schedule.expires(Kind.MARK, FRIDAY, "2026-11-23", None, SAMARA)
    assert told_until == FRIDAY + 7 * DAY


def test_homework_is_told_until_the_lessons_of_its_day_begin() -> None:
    told_until = schedule.expires(Kind.HOMEWORK, FRIDAY, "2026-11-30", None, SAMARA)
    assert _utc(told_until) == datetime(2026, 11, 30, 4, 0, tzinfo=UTC)


def test_a_change_of_the_timetable_is_told_until_its_day_ends_where_the_school_is() -> None:
    there = schedule.expires(Kind.TIMETABLE_CHANGE, FRIDAY, "2026-11-30", None, KAMCHATKA)
    assert _utc(there) == datetime(2026, 11, 30, 4, 0, tzinfo=UTC)


def test_the_senders_own_limit_goes_before_the_kinds() -> None:
    until = schedule.end_of_day(date(2026, 12, 1), SAMARA)
    assert _utc(until) == datetime(2026, 12, 1, 20, 0, tzinfo=UTC)
    assert schedule.expires(Kind.ANNOUNCEMENT, FRIDAY, "", until, SAMARA) == until


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("day", ["", "2026-12-31"])
def test_every_kind_is_worth_telling_for_a_while(kind: Kind, day: str) -> None:
    assert schedule.expires(kind, FRIDAY, day, None, SAMARA) > FRIDAY


def test_what_is_urgent_leaves_before_what_is_new_and_that_before_the_marks() -> None:
    lanes = [
        schedule.lane(Kind.MARK, urgent=True),
        schedule.lane(Kind.ABSENCE, urgent=False),
        schedule.lane(Kind.MARK, urgent=False),
    ]
    assert lanes == sorted(set(lanes))
