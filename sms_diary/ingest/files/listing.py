"""What goes into the loading of a class list and what it has made: values only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sms_diary.ingest.files.contacts import ContactRow
from sms_diary.ingest.files.proofs import Listed


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a list as they were read, and the school's date.

    `cells` gives what a row (by its number) says of phone and consent, as it was written.
    """

    rows: Sequence[ContactRow]
    cells: Callable[[int], Mapping[str, str]]
    today: date


@dataclass(frozen=True, slots=True)
class Said:
    """What who loads the file says of it, where its rows do not."""

    source: str = ""
    numbers_changed: bool = False


@dataclass(slots=True)
class Made:
    """What a list has made: ids of pupils and subscriptions; consents with their former state."""

    pupils: list[int] = field(default_factory=list)
    subscriptions: list[int] = field(default_factory=list)
    consents: dict[int, str] = field(default_factory=dict)
    numbers: dict[int, str] = field(default_factory=dict)
    """Guardians whose number was changed, with the one before (`store.restoring`)."""
    stopped: dict[int, str] = field(default_factory=dict)
    """Subscriptions whose consents ended by that, with what they held."""
    listed: Sequence[Listed] = ()
    pupil_of: Mapping[int, int] = field(default_factory=dict)
