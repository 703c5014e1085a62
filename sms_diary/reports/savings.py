"""What fewer SMS would have said the same: measured on texts that have gone out, not guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sms_diary.clock import local
from sms_diary.encoding import segments, transliterate
from sms_diary.store.samples import Sample
from sms_diary.store.schools import School
from sms_diary.values import value

MOST = 1000
"""Texts that are measured, the last ones."""


@value
class Savings:
    """SMS that the measured texts took, and would have taken otherwise."""

    texts: int
    took: int
    latin: int
    digest: int
    """Each parent's texts of a day as one."""

    def of(self, saved: int, billed: int) -> int:
        """What the same share of all that was billed comes to."""
        return billed * saved // self.took if self.took else 0


def measured(school: School, samples: Sequence[Sample]) -> Savings:
    by_day: dict[tuple[int, str], list[str]] = {}
    for one in samples:
        day = local(one.at, school.zone).date().isoformat()
        by_day.setdefault((one.guardian_id, day), []).append(one.text)
    return Savings(
        len(samples),
        sum(one.segments for one in samples),
        sum(min(one.segments, segments(transliterate(one.text, school.scheme))) for one in samples),
        sum(_joined(texts) for texts in by_day.values()),
    )


def _joined(texts: Sequence[str], size: Callable[[str], int] = segments) -> int:
    """Never more than apart: nobody joins what joining makes longer."""
    return min(size("\n".join(texts)), sum(map(size, texts)))
