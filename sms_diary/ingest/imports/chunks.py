"""Rows that were read, as they wait to be applied: values, and their JSON.

A chunk holds all that one import says of some classes and subjects, so that rows about one entry
stand in one chunk and chunks can be applied one by one. No file's name is in it: the same rows of
another file are the same chunk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from pydantic_core import from_json, to_json

from sms_diary.ingest.draft_json import packed, unpacked
from sms_diary.ingest.drafts import Draft
from sms_diary.ingest.files.contacts import ContactRow
from sms_diary.ingest.kinds.facts import Contact, FillRecord, VisitsFact
from sms_diary.ingest.kinds.result import Issue, Level
from sms_diary.model import Topic
from sms_diary.phone import Found, Problem
from sms_diary.values import value

CONTACTS, EVENTS = "contacts", "events"


@value
class ReadRow:
    """One row of data. `file` counts the tables' files from 0; `row` as Excel counts.

    `kind` and `verdict` are words of `kinds`; `cells` of a contact are what its consent rests on,
    as written. `into`: the row whose fate it shares, or 0.
    """

    kind: str
    file: int
    sheet: str
    row: int
    verdict: str
    issues: tuple[Issue, ...] = ()
    drafts: tuple[Draft, ...] = ()
    contacts: tuple[Contact, ...] = ()
    cells: Mapping[str, str] | None = None
    into: int = 0
    facts: tuple[FillRecord | VisitsFact, ...] = ()


@value
class Chunk:
    """`kind` is `CONTACTS` or `EVENTS`; `body` the JSON of its rows."""

    kind: str
    body: bytes


def pack(rows: Iterable[ReadRow]) -> bytes:
    """The body of a chunk."""
    return to_json([_row(row) for row in rows])


def unpack(body: bytes) -> list[ReadRow]:
    """The rows of a chunk's body. Raises `ValueError` for what `pack` did not make."""
    try:
        said = from_json(body)
        if not isinstance(said, list):
            raise TypeError
        return [_read(one) for one in said]
    except (KeyError, TypeError, AttributeError) as wrong:
        raise ValueError("no chunk of an import") from wrong


def _row(row: ReadRow) -> dict[str, Any]:
    said: dict[str, Any] = {"k": row.kind, "f": row.file, "s": row.sheet, "r": row.row,
                            "v": row.verdict}  # fmt: skip
    if row.issues:
        said["i"] = [_issue(one) for one in row.issues]
    if row.drafts:
        said["d"] = [packed(one) for one in row.drafts]
    if row.contacts:
        said["c"] = [_contact(one) for one in row.contacts]
        said["w"] = row.cells
    if row.into:
        said["n"] = row.into
    if row.facts:
        said["a"] = [asdict(one) for one in row.facts]
    return said


def _read(said: Mapping[str, Any]) -> ReadRow:
    return ReadRow(
        said["k"], said["f"], said["s"], said["r"], said["v"],
        tuple(_as_issue(one) for one in said.get("i", ())),
        tuple(unpacked(one) for one in said.get("d", ())),
        tuple(_as_contact(one) for one in said.get("c", ())),
        said.get("w"), said.get("n", 0),
        tuple(_as_fact(one) for one in said.get("a", ())),
    )  # fmt: skip


def _as_fact(said: Mapping[str, Any]) -> FillRecord | VisitsFact:
    if "role" in said:
        return VisitsFact(**said)
    lesson = said["lesson"]
    days = {"done": date.fromisoformat(said["done"]),
            "lesson": date.fromisoformat(lesson) if lesson else None}  # fmt: skip
    return FillRecord(**(dict(said) | days))


def _issue(issue: Issue) -> list[Any]:
    return [issue.text, str(issue.level), issue.column, issue.said, issue.expected, issue.mend,
            list(issue.candidates)]  # fmt: skip


def _as_issue(said: Sequence[Any]) -> Issue:
    text, level, column, cell, expected, mend, candidates = said
    return Issue(text, Level(level), column, cell, expected, mend, tuple(candidates))


def _contact(one: Contact) -> dict[str, Any]:
    row = asdict(one.row)
    for name in ("birth", "consent_day"):
        row[name] = row[name].isoformat() if row[name] else None
    return {"row": row, "topics": one.topics, "urgent": one.urgent,
            "personal_data": one.personal_data, "ref": one.ref}  # fmt: skip


def _as_contact(said: Mapping[str, Any]) -> Contact:
    data = dict(said["row"])
    for name in ("birth", "consent_day"):
        data[name] = date.fromisoformat(data[name]) if data[name] else None
    for name in ("problems", "warnings"):
        data[name] = tuple(data[name])
    data["phones"] = tuple(_found(one) for one in data["phones"])
    topics = None if said["topics"] is None else tuple(map(Topic, said["topics"]))
    return Contact(ContactRow(**data), topics, said["urgent"], said["personal_data"], said["ref"])


def _found(said: Mapping[str, Any]) -> Found:
    problem = Problem(said["problem"]) if said["problem"] else None
    return Found(said["raw"], said["number"], problem, said["note"])


def numbered(rows: Sequence[ReadRow]) -> list[tuple[int, Contact]]:
    """The contacts of a chunk, each with its row's place in it, renumbered so that none is twice.

    A number is ten times the place and which of the row's guardians it is.
    """
    return [
        (place, replace(one, row=replace(one.row, row=place * GUARDIANS + at)))
        for place, row in enumerate(rows)
        for at, one in enumerate(row.contacts[:GUARDIANS])
    ]


GUARDIANS = 10
"""More guardians than this no row has."""
