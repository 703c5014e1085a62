"""Counts for metrics, readiness and the demo's last line. Small or indexed queries only."""

from __future__ import annotations

from dataclasses import dataclass

from sms_diary.db import Queries


@dataclass(frozen=True, slots=True)
class Queues:
    """What waits now; ages in milliseconds are of the oldest."""

    to_fan: int
    planned: int
    queued: int
    sending: int
    doubt: int
    requests: int
    """Questions and welcomes that have not been sent yet."""
    failing: int
    """Numbers at which something has not arrived since the last delivery."""
    oldest_due: int | None
    oldest_doubt: int | None


async def queues(q: Queries) -> Queues:
    """From the partial indexes alone."""
    row = await q.one(
        """select (select count(*) from entry where fan is not null) as to_fan,
                  (select count(*) from line where state = 'planned') as planned,
                  (select count(*) from part where state = 'queued') as queued,
                  (select count(*) from part where state = 'sending') as sending,
                  (select count(*) from part
                   where provider_key is null and state = 'doubt') as doubt,
                  (select count(*) from request where state = 'waiting') as requests,
                  (select count(*) from number where failing_since is not null) as failing,
                  (select min(due) from line where state = 'planned') as oldest_due,
                  (select min(claimed_at) from part
                   where provider_key is null and state = 'doubt') as oldest_doubt"""
    )
    assert row is not None
    return Queues(**row)


async def totals(q: Queries) -> dict[str, int]:
    """Everything counted whole: for the demo and tests, not for a big database."""
    found: dict[str, int] = {}
    for name, sql in {
        "events": "select count(*) as n from event",
        "lines": "select count(*) as n from line",
        "messages": "select count(*) as n from message where state <> 'withdrawn'",
        "parts": "select count(*) as n from part where state <> 'withdrawn'",
        "delivered": "select count(*) as n from part where state = 'delivered'",
        "in_doubt": "select count(*) as n from part where state = 'doubt'",
        "silent": "select count(*) as n from line where state = 'silent'",
        "quarantined": "select count(*) as n from quarantine where state = 'open'",
    }.items():
        row = await q.one(sql)
        assert row is not None
        found[name] = int(row["n"])
    return found
