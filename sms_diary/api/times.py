"""Moments as the answers of the admin endpoint write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload


@overload
def iso(moment: int) -> str: ...


@overload
def iso(moment: int | None) -> str | None: ...


def iso(moment: int | None) -> str | None:
    """Epoch milliseconds as ISO 8601 in UTC; None stays None."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")
