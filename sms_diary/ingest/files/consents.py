"""What the consent of a contact row is worth, and why.

A row proves a consent only with «да», a date that is not in the future and a source; and
of two numbers in a cell neither has it until a person says which. The row gives the
evidence; the ledger is kept elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sms_diary.ingest.files.contacts import ContactRow
from sms_diary.phone import Found, Problem


class Worth(StrEnum):
    """`choose`: a consent that waits for a person to say which number it belongs to."""

    PROVEN = "proven"
    REFUSED = "refused"
    UNPROVEN = "unproven"
    CHOOSE = "choose"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is Russian and empty only for a proven consent; `source` as it will be kept."""

    worth: Worth
    reason: str = ""
    source: str = ""


NO_SOURCE = "не назван источник согласия (бланк, папка)"

_NO_RIVALS = frozenset({Problem.NONE, Problem.CITY, Problem.NOT_MOBILE, Problem.VERY_SHORT})
"""A landline beside a mobile leaves no doubt; a misspelt mobile does."""


def judge(row: ContactRow, *, today: date, stated_source: str = "") -> Verdict:
    """What the row's consent is worth today.

    `stated_source` is the one named for the whole file; a column of its own goes first.
    """
    if row.consent is None:
        return Verdict(Worth.UNKNOWN, "согласие не указано")
    if not row.consent:
        return Verdict(Worth.REFUSED, "родитель не согласен")
    if not row.numbers:
        return Verdict(Worth.UNPROVEN, "нет пригодного номера: согласие не к чему отнести")
    if sum(map(_may_be_meant, row.phones)) > 1:
        reason = "в ячейке несколько номеров: выберите, к какому относится согласие"
        return Verdict(Worth.CHOOSE, reason, _source(row, stated_source))
    return _dated(row, today, _source(row, stated_source))


def _dated(row: ContactRow, today: date, source: str) -> Verdict:
    if row.consent_day is None:
        return Verdict(Worth.UNPROVEN, "нет даты согласия", source)
    if row.consent_day > today:
        return Verdict(Worth.UNPROVEN, "дата согласия в будущем", source)
    if not source:
        return Verdict(Worth.UNPROVEN, NO_SOURCE)
    return Verdict(Worth.PROVEN, "", source)


def _source(row: ContactRow, stated: str) -> str:
    return row.consent_source or stated.strip()


def _may_be_meant(found: Found) -> bool:
    return found.number is not None or found.problem not in _NO_RIVALS
