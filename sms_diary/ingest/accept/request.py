"""What comes to be accepted, and what became of it: values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sms_diary.ingest.accept.roll import Whom
from sms_diary.ingest.drafts import Draft
from sms_diary.model import Source
from sms_diary.values import value


@value
class Request:
    """What one webhook call, one file or one form of the desk says. `pos` counts events from 0,
    or rows of a file."""

    school_id: int
    source: Source
    request_id: str
    body: bytes
    drafts: Sequence[tuple[int, Draft]]
    silence: str = ""
    """A reason to tell nobody of any of it: the first load of a journal's history."""
    told_from: str = ""
    """The first day (ISO date) that a person wants told; "": the school tells from its own on."""
    rejected: Sequence[dict[str, Any]] = ()
    """What the door has left out already (lenient handling), for the answer."""


@value
class Outcome:
    """What became of one draft: created, changed, unchanged, stale or quarantined."""

    pos: int
    word: str
    reason: str = ""
    detail: str = ""
    candidates: tuple[int, ...] = ()
    entry_id: int | None = None
    whom: Whom | None = None
    ask: str = ""
    class_name: str = ""
    """Of a draft about a class, as the file has it."""


@dataclass(slots=True)
class Accepted:
    """The answer to a request. `conflict`: its id was used before for another body."""

    answer: dict[str, Any] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    repeated: bool = False
    conflict: bool = False
