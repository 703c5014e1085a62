"""What schools are called and what their clocks showed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from sms_diary.store.schools import School


class Names:
    """The schools that a report may name; a chain or a message of another has no school."""

    def __init__(self, schools: Iterable[School]) -> None:
        self._schools = {school.id: school for school in schools}

    def slug(self, school_id: int) -> str:
        """The short name that commands take; "" for no school."""
        return self._schools[school_id].slug if school_id in self._schools else ""

    def name(self, school_id: int) -> str:
        school = self._schools.get(school_id)
        if school is not None:
            return f"{school.name} ({school.slug})"
        return f"школа № {school_id}, которой в базе нет" if school_id else "номера без школы"

    def time(self, moment: int | None, school_id: int) -> str:
        """The school's time with its distance from UTC; "" for None."""
        if moment is None:
            return ""
        zone: tzinfo = self._schools[school_id].zone if school_id in self._schools else UTC
        at = datetime.fromtimestamp(moment / 1000, UTC).astimezone(zone)
        away = f"{at:%z}"
        shown = f"{away[:3]}:{away[3:]}" if at.utcoffset() else ""
        return f"{at:%d.%m.%Y %H:%M:%S} UTC{shown}"


def iso(moment: int | None) -> str | None:
    """Epoch milliseconds for programs: ISO 8601, UTC."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")
