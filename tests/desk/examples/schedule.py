"""The schedule: hours as a school may have them, and a holiday."""

from __future__ import annotations

from typing import Any

from tests.desk.examples import Example

HOURS: dict[str, Any] = {
    "marks": "day", "absences": "now", "homework": "off", "timetable": "now",
    "announcements": "now", "digest_at": "18:00", "digest_day": "5", "day_from": "8:00",
    "day_to": "21:00", "urgent_from": "6:30", "urgent_to": "22:00", "off_days": ["7"],
}  # fmt: skip
BREAK: dict[str, Any] = {"do": "add", "first": "2026-12-28", "last": "2027-01-10", "name": "зимние"}
EXAMPLES = {
    "schedule": Example(form=HOURS),
    "schedule/holidays": Example(form=BREAK),
    "held": Example(form={"piles": ["mark:1"], "do": "tell"}),
}
