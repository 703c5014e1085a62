"""Telling a database that cannot work now from a statement that cannot work ever."""

from __future__ import annotations

import sqlite3

# PostgreSQL: connection exception, insufficient resources, operator intervention, system error.
_STATES = frozenset({"08", "53", "57", "58"})


def is_outage(error: BaseException) -> bool:
    """Locked, full, out of reach: the same work done alone would fail in the same way.

    Knows asyncpg's errors by their SQLSTATE: the driver itself is an extra.
    """
    if isinstance(error, sqlite3.OperationalError | OSError):  # TimeoutError is an OSError
        return True
    return str(getattr(error, "sqlstate", None) or "")[:2] in _STATES
