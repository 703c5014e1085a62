"""A school's settings as an admin sees and changes them. What the stages need of them they read
by `schools`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sms_diary.db import Queries, Row
from sms_diary.model import Topic
from sms_diary.store import holidays, replan, tally, withdraw

HOLIDAYS = "holidays"
"""What `change` takes beside columns: all of a school's holidays (`holidays.Holiday`)."""

CHANGEABLE = frozenset({
    "name", "short_name", "mode", "settle", "budget", "latin", "sender", "phone", "legal", "proof",
    "paused_at", "retention", "ledger_retention", "digest_at", "digest_day", "day_from", "day_to",
    "urgent_from", "urgent_to", "off_days", "cap", "rhythms", "told_from", "scheme", "naming",
    "zone", "budget_month", "fill_alarm",
})  # fmt: skip
"""The columns that `change` takes, in the units of the schema."""
_WHEN = frozenset({
    "settle", "digest_at", "digest_day", "day_from", "day_to", "urgent_from", "urgent_to",
    "off_days", "rhythms", "zone", HOLIDAYS,
})  # fmt: skip
"""Those that say when a thing is told."""
_HOW = frozenset({"short_name", "budget", "latin", "scheme", "naming", "phone"})
"""Those that say in which words."""
AT_ONCE = " ".join(f"{topic}=now" for topic in Topic)
"""As `rhythms`: everything is told as it comes."""
ANY_HOUR: Mapping[str, Any] = {
    "rhythms": AT_ONCE, "day_from": 0, "day_to": 1440, "urgent_from": 0, "urgent_to": 1440,
    "off_days": "", "told_from": "2000-01-01", "cap": 100_000,
}  # fmt: skip
"""For demonstrations and trials: the same happens at whatever hour of whatever day."""


async def page(q: Queries, *, only: int, after: str, limit: int) -> list[Row]:
    """Schools in the order of their slugs, from the one after `after`; `only` one, or 0 for all."""
    return list(
        await q.all(
            f"""select * from school where slug > :after {"and id = :only" if only else ""}
                order by slug limit :limit""",
            after=after,
            limit=limit,
            **({"only": only} if only else {}),
        )
    )


async def read(q: Queries, school_id: int, *, lock: bool = False) -> Row:
    """The school's row; with `lock`, nobody else changes it until the transaction ends."""
    hint = q.only(postgresql="for update") if lock else ""
    row = await q.one(f"select * from school where id = :id {hint}", id=school_id)
    assert row is not None
    return row


async def change(q: Queries, school_id: int, values: Mapping[str, Any], *, now: int) -> None:
    """Set these columns, and all holidays; what waits is planned anew.

    KeyError for what is neither in `CHANGEABLE` nor `HOLIDAYS`.
    """
    columns = {name: one for name, one in values.items() if name != HOLIDAYS}
    if strange := columns.keys() - CHANGEABLE:
        raise KeyError(*sorted(strange))
    if "zone" in columns:
        await tally.uncount(q, school_id)
    if columns:
        sets = ", ".join(f"{name} = :{name}" for name in sorted(columns))
        await q.run(f"update school set {sets} where id = :id", id=school_id, **columns)
    if HOLIDAYS in values:
        await holidays.write(q, school_id, values[HOLIDAYS])
    if values.get("paused_at") or not _HOW.isdisjoint(values):
        await withdraw.of_school(q, school_id, now=now)
    if not _WHEN.isdisjoint(values):
        await replan.of_school(q, school_id, now=now)
