"""What was said of an import when it was given, and a chunk of it as `accept` takes it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sms_diary.clock import local
from sms_diary.ingest.accept import Request
from sms_diary.ingest.drafts import Draft
from sms_diary.ingest.files.proofs import Origin
from sms_diary.ingest.imports.chunks import GUARDIANS, ReadRow
from sms_diary.ingest.imports.reading_as import ReadAs
from sms_diary.model import Silence, Source
from sms_diary.store.imports import request_id
from sms_diary.store.schools import School
from sms_diary.values import value

SILENT, NEWS, ALL = "", "news", "all"
"""Nobody is told; what is news by the school's own rules; whatever a person gave with --tell."""


@value
class Options:
    """`source`: on what the consents of rows stand that do not say it themselves.

    `numbers_changed`: another number of a guardian replaces the old one. `year_start`: the list
    is a new school year's; `end_missing`: who is not in it any more has left. `columns`: headings
    with what they are to be read as; `forget_columns`: what was remembered of these is dropped.
    """

    files: tuple[str, ...] = ()
    source: str = ""
    default_class: str = ""
    tell: str = SILENT
    numbers_changed: bool = False
    year_start: bool = False
    end_missing: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    forget_columns: bool = False
    read_as: ReadAs = ReadAs()

    def as_data(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _NAMES} | self.read_as.as_data()

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Options:
        known = {name: data[name] for name in _NAMES if name in data}
        files = tuple(data.get("files", ()))
        return cls(**(known | {"files": files, "read_as": ReadAs.from_data(data)}))


_NAMES = ("files", "source", "default_class", "tell", "numbers_changed", "year_start",
          "end_missing", "columns", "forget_columns")  # fmt: skip


@value
class Job:
    """An import of a school at a moment; `by` is who does it."""

    school: School
    import_id: int
    options: Options
    by: str
    now: int

    @property
    def today(self) -> date:
        return local(self.now, self.school.zone).date()


@value
class Part:
    """One chunk of it, as kept and as read."""

    seq: int
    body: bytes
    rows: Sequence[ReadRow]


@dataclass(frozen=True, slots=True)
class Places(Origin):
    """Where each contact of an import stands, for the evidence of its consent."""

    names: Sequence[str] = ()
    rows: Sequence[ReadRow] = ()

    def evidence(self, row: int) -> dict[str, str | int]:
        """`row` as `chunks.numbered` counts."""
        said = self.rows[row // GUARDIANS]
        name = self.names[said.file] if said.file < len(self.names) else self.file_name
        own: dict[str, str | int] = {
            "file": name, "sha256": self.sha256, "row": said.row, "by": self.by,
        }  # fmt: skip
        if said.sheet:
            own["sheet"] = said.sheet
        return own


def drafts_of(rows: Iterable[ReadRow]) -> list[tuple[int, Draft]]:
    """Each draft with its row's place in the chunk."""
    return [(place, draft) for place, row in enumerate(rows) for draft in row.drafts]


def request_of(job: Job, part: Part) -> Request:
    """A chunk of events as one request."""
    drafts, tell = drafts_of(part.rows), job.options.tell
    return Request(
        school_id=job.school.id,
        source=Source.FILE,
        request_id=request_id(job.import_id, part.seq),
        body=part.body,
        drafts=drafts,
        silence=Silence.FIRST_IMPORT.value if tell == SILENT else "",
        told_from=first_day(drafts) if tell == ALL else "",
    )


def first_day(drafts: Iterable[tuple[int, Draft]]) -> str:
    """Who says `--tell` wants all of the file told, whatever the school tells from."""
    days = [draft.day for _, draft in drafts if draft.day]
    return min(days).isoformat() if days else ""
