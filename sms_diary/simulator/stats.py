"""Counters of what the SMSC has done: for the page, for tests, for whoever compares books.

What lives here: the numbers. What does not: who counts.
"""

from dataclasses import dataclass


@dataclass
class Stats:
    """Counters since the start; parts, not messages. `cuts`: connections that the SMSC broke off
    by chance; `noise`: PDUs that mean nothing; `stray`: receipts for ids that nobody knows."""

    submitted: int = 0
    throttled: int = 0
    refused: int = 0
    unanswered: int = 0
    queries: int = 0
    receipts_sent: int = 0
    receipts_acked: int = 0
    receipts_refused: int = 0
    receipts_lost: int = 0
    stray: int = 0
    inbound: int = 0
    inbound_acked: int = 0
    binds: int = 0
    binds_refused: int = 0
    cuts: int = 0
    unbinds: int = 0
    noise: int = 0
