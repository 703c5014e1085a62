"""When a thing is told: hours, days off, holidays, digests, and clocks that are changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.clock import DAY, HOUR, MINUTE, SECOND, local, millis
from sms_diary.model import Kind
from sms_diary.schedule.hours import Hours
from sms_diary.schedule.rhythm import Calendar, Rhythm, due

SAMARA, KALININGRAD = ZoneInfo("Europe/Samara"), ZoneInfo("Europe/Kaliningrad")
BERLIN = ZoneInfo("Europe/Berlin")  # its clocks are changed; Russian ones have not been since 2014
AUTUMN = (date(2026, 10, 24), date(2026, 11, 1))
SCHOOL = Calendar(
    plain=Hours(SAMARA, 8 * 60, 21 * 60, frozenset({7}), (AUTUMN,)),
    urgent=Hours(SAMARA, 6 * 60 + 30, 22 * 60),
    settle=10 * MINUTE,
    digest_at=18 * 60,
    digest_day=5,
)


def at(when: str, zone: ZoneInfo = SAMARA) -> int:
    return millis(datetime.fromisoformat(when).replace(tzinfo=zone))


def told(
    arrived: str, rhythm: Rhythm = Rhythm.NOW, kind: Kind = Kind.MARK, *,
    calendar: Calendar = SCHOOL, urgent: bool = False,
) -> str:  # fmt: skip
    zone = calendar.plain.zone
    moment = due(kind, rhythm, at(arrived, zone), calendar, urgent=urgent)
    return local(moment, zone).strftime("%a %d.%m.%Y %H:%M:%S")


@pytest.mark.parametrize(
    ("arrived", "rhythm", "expected"),
    [
        ("2026-11-24T12:00", Rhythm.NOW, "Tue 24.11.2026 12:10:00"),
        ("2026-11-24T20:49:59", Rhythm.NOW, "Tue 24.11.2026 20:59:59"),
        ("2026-11-24T20:50", Rhythm.NOW, "Wed 25.11.2026 08:00:00"),
        ("2026-11-24T03:00", Rhythm.NOW, "Tue 24.11.2026 08:00:00"),
        ("2026-11-28T21:00", Rhythm.NOW, "Mon 30.11.2026 08:00:00"),  # not on Sunday
        ("2026-10-23T23:00", Rhythm.NOW, "Mon 02.11.2026 08:00:00"),  # nor in the holidays
        ("2026-11-24T12:00", Rhythm.DAY, "Tue 24.11.2026 18:00:00"),
        ("2026-11-24T17:50", Rhythm.DAY, "Tue 24.11.2026 18:00:00"),
        ("2026-11-24T17:50:01", Rhythm.DAY, "Wed 25.11.2026 18:00:00"),
        ("2026-11-28T19:00", Rhythm.DAY, "Mon 30.11.2026 18:00:00"),
        ("2026-12-31T19:00", Rhythm.DAY, "Fri 01.01.2027 18:00:00"),
        ("2026-11-24T12:00", Rhythm.WEEK, "Fri 27.11.2026 18:00:00"),
        ("2026-11-27T17:49", Rhythm.WEEK, "Fri 27.11.2026 18:00:00"),
        ("2026-11-27T18:00", Rhythm.WEEK, "Fri 04.12.2026 18:00:00"),
        ("2026-10-26T12:00", Rhythm.WEEK, "Mon 02.11.2026 08:00:00"),  # no week is left out
    ],
)
def test_each_rhythm_has_its_moment(arrived: str, rhythm: Rhythm, expected: str) -> None:
    assert told(arrived, rhythm) == expected


@pytest.mark.parametrize(
    ("arrived", "expected"),
    [
        ("2026-11-29T07:00", "Sun 29.11.2026 07:00:00"),
        ("2026-11-29T05:00", "Sun 29.11.2026 06:30:00"),
        ("2026-11-29T22:00", "Mon 30.11.2026 06:30:00"),
    ],
)
def test_what_is_urgent_has_hours_of_its_own_and_does_not_settle(
    arrived: str, expected: str
) -> None:
    assert told(arrived, kind=Kind.ANNOUNCEMENT, urgent=True) == expected


def test_a_digest_slot_inside_quiet_hours_is_told_when_they_end() -> None:
    late = replace(SCHOOL, digest_at=22 * 60)
    assert told("2026-11-24T12:00", Rhythm.DAY, calendar=late) == "Wed 25.11.2026 08:00:00"
    early = replace(SCHOOL, digest_at=7 * 60)
    assert told("2026-11-24T12:00", Rhythm.DAY, calendar=early) == "Wed 25.11.2026 08:00:00"


@pytest.mark.parametrize(
    ("arrived", "expected"),
    [
        ("2026-10-19T12:00", "Fri 23.10.2026 18:00:00"),  # its last day before the holidays
        ("2026-10-23T17:55", "Mon 02.11.2026 18:00:00"),  # too late for that day
        ("2026-09-24T12:00", "Thu 24.09.2026 18:00:00"),  # no end is near
    ],
)
def test_marks_for_a_term_are_told_when_it_ends(arrived: str, expected: str) -> None:
    assert told(arrived, Rhythm.DAY, Kind.TERM_MARK) == expected


def test_the_same_moment_is_evening_in_samara_and_afternoon_in_kaliningrad() -> None:
    moment = at("2026-11-24T21:00")
    there = Hours(KALININGRAD, 8 * 60, 21 * 60)
    assert not SCHOOL.plain.open_at(moment)
    assert there.open_at(moment)
    assert there.next_at(moment, 20 * 60) - moment == HOUR


@pytest.mark.parametrize("night", ["2026-03-28T22:00", "2026-10-24T22:00"])
def test_eight_stays_eight_on_the_night_when_clocks_are_changed(night: str) -> None:
    hours = Hours(BERLIN, 8 * 60, 21 * 60)
    opens = hours.next_open(at(night, BERLIN))
    assert local(opens, BERLIN).strftime("%H:%M") == "08:00"
    assert opens - at(night, BERLIN) != 10 * HOUR  # the night is shorter or longer by an hour


def test_a_slot_in_the_hour_that_is_left_out_comes_after_it() -> None:
    hours = Hours(BERLIN)
    slot = hours.next_at(at("2026-03-29T01:00", BERLIN), 2 * 60 + 30)
    assert local(slot, BERLIN).strftime("%d.%m %H:%M") == "29.03 03:30"


def test_a_correction_is_before_due_or_after_it_by_the_second() -> None:
    slot = due(Kind.MARK, Rhythm.DAY, at("2026-11-24T12:00"), SCHOOL, urgent=False)
    before, after = slot - SCHOOL.settle - SECOND, slot - SCHOOL.settle + SECOND
    assert due(Kind.MARK, Rhythm.DAY, before, SCHOOL, urgent=False) == slot
    assert due(Kind.MARK, Rhythm.DAY, after, SCHOOL, urgent=False) == slot + DAY


def test_holidays_without_end_do_not_keep_a_thing_for_ever() -> None:
    hours = Hours(SAMARA, holidays=((date(2020, 1, 1), date(2040, 1, 1)),))
    now = at("2026-11-24T12:00")
    assert hours.next_open(now) == now
    assert hours.next_at(now, 60) == now


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001
    lambda moment: millis(moment.replace(tzinfo=UTC))
)
ZONES = st.sampled_from([SAMARA, KALININGRAD, BERLIN, ZoneInfo("Asia/Kamchatka")])


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    zone = draw(ZONES)
    opens = draw(st.integers(0, 1000))
    first = date(2020, 1, 1) + timedelta(days=draw(st.integers(0, 7000)))
    holidays = ((first, first + timedelta(days=draw(st.integers(0, 100)))),)
    off = frozenset(draw(st.sets(st.integers(1, 7), max_size=6)))
    plain = Hours(zone, opens, draw(st.integers(opens + 1, 1440)), off, holidays)
    settle, digest_at = draw(st.integers(0, HOUR)), draw(st.integers(0, 1439))
    return Calendar(plain, Hours(zone, 390, 1320), settle, digest_at, draw(st.integers(1, 7)))


@given(MOMENTS, calendars(), st.sampled_from(Kind), st.sampled_from(Rhythm), st.booleans())
def test_nothing_is_told_outside_its_hours_or_before_it_has_settled(
    moment: int, calendar: Calendar, kind: Kind, rhythm: Rhythm, urgent: bool
) -> None:
    when = due(kind, rhythm, moment, calendar, urgent=urgent)
    hours = calendar.urgent if urgent else calendar.plain
    there = local(when, hours.zone)
    assert when >= moment + (0 if urgent else calendar.settle)
    assert not hours.is_off(there.date())
    assert when < hours.at(there.date(), hours.closes)
    assert when >= hours.at(there.date(), hours.opens)
    assert due(kind, rhythm, moment, calendar, urgent=urgent) == when
