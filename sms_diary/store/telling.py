"""A line's row as the renderer takes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache

from sms_diary import plan
from sms_diary.db import Row
from sms_diary.model import Kind, Told, kind_of
from sms_diary.store.diary import NO_LESSON
from sms_diary.store.tools import Tools

_date = lru_cache(maxsize=1024)(date.fromisoformat)


def told(tools: Tools, row: Row, was: str | None, called: Callable[[str], str]) -> Told:
    """`row` as `lines.due` gives it; `was`: what its guardian had been told before; `called`:
    how the school calls a pupil of this full name."""
    body, kind = row["body"], kind_of(row["kind"])
    return Told(
        line_id=row["id"],
        kind=kind,
        pupil=called(row["pupil"] or ""),
        class_name=row["class_name"] or "",
        day=_date(row["day"]) if row["day"] else None,
        subject=row["subject"],
        lesson=None if row["lesson"] == NO_LESSON else row["lesson"],
        work=row["work"],
        value=row["value"],
        was=was,
        body=tools.vault.text(body, "entry.body", row["entry_id"]) if body else "",
        urgent=bool(row["urgent"]),
        gender=plan.gender(row["pupil"] or "") if kind is Kind.ABSENCE else None,
    )
