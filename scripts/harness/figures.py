"""From what happened to the figures that are printed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scripts.harness.ledger import Record, Verdict
from scripts.harness.load import Course


@dataclass(frozen=True, slots=True)
class Outcome:
    """The figures of one run and the gate's verdict."""

    values: dict[str, Any]
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        gate = {
            "unique": self.verdict.unique,
            "doubled": self.verdict.doubled,
            "lost": self.verdict.lost,
            "malformed": self.verdict.malformed,
            "gate": "green" if self.verdict.green else "red",
        }
        return self.values | gate


def percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of them do not exceed; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * share // 1) - 1)]


def outcome(course: Course, verdict: Verdict, records: Sequence[Record] | None) -> Outcome:
    """Rates per second, latencies in ms, CPU seconds, memory in MiB.

    A message may be at the SMSC before its 202 is read here: such a wait counts as 0.
    """
    waits = [
        max(0.0, record["at"] / 1000 - course.accepted_at[f"+{record['number']}"])
        for record in records or ()
        if f"+{record['number']}" in course.accepted_at
    ]
    whole = max(course.ended - course.started, 1e-9)
    door = max(course.accepted - course.started, 1e-9)
    values = {
        "cores": os.cpu_count(),
        "load_before": round(course.load_before, 2),
        "messages_per_s": round(verdict.unique / whole),
        "events_per_s": round(len(course.accepted_at) / door),
        "seconds": round(whole, 2),
        "p50_202_ms": _ms(percentile(course.latencies, 0.50)),
        "p99_202_ms": _ms(percentile(course.latencies, 0.99)),
        "p50_submit_ms": _ms(percentile(waits, 0.50)),
        "p99_submit_ms": _ms(percentile(waits, 0.99)),
        "cpu_s_per_1000": round(
            (course.after.cpu - course.before.cpu) / max(verdict.unique, 1) * 1000, 3
        ),
        "others_cpu_s_per_1000": round(course.around / max(verdict.unique, 1) * 1000, 3),
        "peak_rss_mib": round(course.after.peak, 1),
        "rss_growth_mib": round(course.after.rss - course.warm.rss, 1),
        "refused": course.refused,
    }
    return Outcome(values, verdict)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
