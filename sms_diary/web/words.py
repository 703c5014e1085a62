"""Moments, counts and shares as people read them: Russian, in the school's own zone."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from sms_diary.clock import HOUR, MINUTE, local
from sms_diary.render.words import plural
from sms_diary.values import value

_RUSSIAN = Locale("ru")
ZONES = {
    "Europe/Kaliningrad": "Калининград (МСК−1)",
    "Europe/Moscow": "Москва",
    "Europe/Samara": "Самара (МСК+1)",
    "Asia/Yekaterinburg": "Екатеринбург (МСК+2)",
    "Asia/Omsk": "Омск (МСК+3)",
    "Asia/Krasnoyarsk": "Красноярск (МСК+4)",
    "Asia/Irkutsk": "Иркутск (МСК+5)",
    "Asia/Yakutsk": "Якутск (МСК+6)",
    "Asia/Vladivostok": "Владивосток (МСК+7)",
    "Asia/Magadan": "Магадан (МСК+8)",
    "Asia/Kamchatka": "Камчатка (МСК+9)",
}
"""A zone of the country for each of its hours."""
_DAY = 24 * HOUR
_UNITS = (
    (_DAY, ("день", "дня", "дней")),
    (HOUR, ("час", "часа", "часов")),
    (MINUTE, ("минута", "минуты", "минут")),
)


@value
class Times:
    """How one page writes moments (epoch milliseconds): in `zone`, seen at `now`."""

    zone: ZoneInfo
    now: int

    def when(self, moment: int | None) -> str:
        """«сегодня в 9:05», «вчера в 18:00», «24 ноября в 9:05», with the year if another's."""
        if moment is None:
            return "—"
        said, today = local(moment, self.zone), local(self.now, self.zone).date()
        return f"{self._day(said.date() - today, moment)} в {said:%H:%M}"

    def date(self, moment: int | None) -> str:
        """«24 ноября 2026»."""
        if moment is None:
            return "—"
        return format_date(local(moment, self.zone).date(), "d MMMM y", locale=_RUSSIAN)

    def clock(self, moment: int) -> str:
        """«09:05»."""
        return f"{local(moment, self.zone):%H:%M}"

    def iso(self, moment: int) -> str:
        """For `<time datetime>` and files."""
        return local(moment, self.zone).isoformat(timespec="seconds")

    def age(self, since: int | None) -> str:
        """How long ago in one unit: «5 минут», «3 часа»."""
        return "—" if since is None else lasting(max(0, self.now - since))

    def _day(self, apart: timedelta, moment: int) -> str:
        if near := {0: "сегодня", -1: "вчера", 1: "завтра"}.get(apart.days):
            return near
        day, today = local(moment, self.zone).date(), local(self.now, self.zone).date()
        return format_date(day, "d MMMM" if day.year == today.year else "d MMMM y", locale=_RUSSIAN)


def zone(of: ZoneInfo) -> str:
    """A time zone by its city: «Самара (МСК+1)»."""
    return ZONES.get(of.key, of.key)


def lasting(milliseconds: int) -> str:
    """A length of time in its biggest unit; «меньше минуты»."""
    for size, forms in _UNITS:
        if milliseconds >= size:
            return counted(milliseconds // size, *forms)
    return "меньше минуты"


def number(count: float) -> str:
    """«12 345», with a space that does not break."""
    return format_decimal(count, locale=_RUSSIAN)


def counted(count: int, one: str, few: str, many: str) -> str:
    """«21 сообщение»."""
    return f"{number(count)}\N{NO-BREAK SPACE}{plural(count, one, few, many)}"


def share(part: int, whole: int) -> str:
    """«97 %», «0,4 %»; «—» of nothing. Neither a nought nor a hundred that it is not."""
    if not whole:
        return "—"
    percent = 100 * part / whole
    near_an_end = 0 < min(percent, 100 - percent) < 1
    if near_an_end:
        percent = min(max(percent, 0.1), 99.9)
    digits = 1 if near_an_end else 0
    return f"{number(round(percent, digits))}\N{NO-BREAK SPACE}%"


def money(kopecks: int) -> str:
    """«5,20 ₽»."""
    said = format_decimal(kopecks / 100, format="#,##0.00", locale=_RUSSIAN)
    return f"{said}\N{NO-BREAK SPACE}₽"
