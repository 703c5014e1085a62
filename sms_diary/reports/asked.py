"""What a report is asked for: the school, the days, who looks, and what codes and prices mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from babel.dates import format_date

from sms_diary.clock import millis
from sms_diary.store.schools import School
from sms_diary.store.tallied import Cell
from sms_diary.values import value

_LONGEST = timedelta(days=370)
_USUAL = timedelta(days=29)


def _nobody_knows(_route: str, _code: str) -> str:
    return ""


@value
class Asked:
    school: School
    first: date
    last: date
    now: int
    """Epoch milliseconds."""
    outside: bool = False
    """Whether somebody looks who may see no small groups: the resource centre."""
    explain: Callable[[str, str], str] = _nobody_knows
    """A refusal's code in Russian, by route and code; "" when nobody knows."""
    explain_receipt: Callable[[str, str], str] = _nobody_knows
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    """Roubles for one SMS, of the routes of which somebody has said."""

    @property
    def about(self) -> str:
        return f"{self.school.name}, {days(self.first, self.last)}"

    @property
    def moments(self) -> tuple[int, int]:
        """When the days begin and end (epoch milliseconds)."""
        begins, ends = self.first, self.last + timedelta(days=1)
        first, last = (datetime.combine(one, time(), self.school.zone) for one in (begins, ends))
        return millis(first), millis(last)

    def kopecks(self, cells: list[Cell]) -> int | None:
        """What these cost, by their routes; None where one has no price."""
        if any(cell.sums.billed and cell.route not in self.prices for cell in cells):
            return None
        cost = sum(
            (self.prices[cell.route] * cell.sums.billed for cell in cells if cell.sums.billed),
            Decimal(0),
        )
        return round(100 * cost)


def span(today: date, first: date | None, last: date | None) -> tuple[date, date]:
    """The days that are meant: the last thirty where none are named, a year at most."""
    last = last or today
    first = first or last - _USUAL
    first, last = min(first, last), max(first, last)
    return max(first, last - _LONGEST), last


def days(first: date, last: date) -> str:
    """«1 ноября – 30 ноября 2026»."""
    end = format_date(last, "d MMMM y", locale="ru")
    if first == last:
        return end
    form = "d MMMM" if first.year == last.year else "d MMMM y"
    return f"{format_date(first, form, locale='ru')} \N{EN DASH} {end}"


def short(day: str | date) -> str:
    """«24.11»."""
    one = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{one:%d.%m}"
