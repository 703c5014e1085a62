"""Rows of the ledger with what they rest on and whom they are about, read to be shown.

What they prove is `proofs.py`'s; nothing is masked here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from sms_diary.db import Queries, Row
from sms_diary.store import ledger
from sms_diary.store.chain import Broken, Head, Link
from sms_diary.store.tools import Tools
from sms_diary.store.verify import EVIDENCE, opened
from sms_diary.values import value

SCOPE = re.compile(r"subscription:([0-9]{1,19}) (\S+)")
"""The scope of an act about one subscription: its id, and the topic."""


class Kept(StrEnum):
    """Where the evidence of a row is."""

    KEPT = "kept"
    ERASED = "erased"
    FALSE = "false"
    """It does not open, or is not what the row commits to."""


@value
class About:
    """Whom a row is about, by its scope; names are "" where they were erased."""

    pupil: str
    guardian: str
    relation: str
    topic: str


@value
class Entry:
    """A row of the ledger with what it rests on."""

    link: Link
    kept: Kept
    salt: bytes
    proof: bytes
    """The exact bytes that the row commits to, a JSON object; b"" when they are not kept."""
    about: About | None

    def evidence(self) -> dict[str, Any]:
        return dict(json.loads(self.proof)) if self.proof else {}


@value
class Chain:
    """The chain that entries stand in: its end, and its first broken link."""

    school_id: int
    head: Head | None
    broken: Broken | None


async def by_ids(q: Queries, tools: Tools, ledger_ids: Iterable[int]) -> list[Entry]:
    """Those of the rows that there are, in the order of their chains."""
    rows = await q.over(
        f"""with rows(key bigint)
            select {ledger.columns(q, "ledger")}, {EVIDENCE}
            from rows join ledger on ledger.id = rows.key
            left join evidence on evidence.ledger_id = ledger.id""",
        [(ledger_id,) for ledger_id in sorted(set(ledger_ids))],
    )
    return await _entries(q, tools, rows)


async def by_subjects(q: Queries, tools: Tools, subjects: Iterable[str]) -> list[Entry]:
    """Every row about these pseudonyms, in the order of their chains."""
    rows = await q.over(
        f"""with rows(key text)
            select {ledger.columns(q, "ledger")}, {EVIDENCE}
            from rows join ledger on ledger.subject = rows.key
            left join evidence on evidence.ledger_id = ledger.id""",
        [(subject,) for subject in sorted(set(subjects))],
    )
    return await _entries(q, tools, rows)


async def chains(q: Queries, school_ids: Iterable[int]) -> list[Chain]:
    """The chains of these schools, each checked from its first row to its last."""
    return [
        Chain(one, await ledger.head(q, one), await ledger.first_broken(q, one))
        for one in sorted(set(school_ids))
    ]


async def _entries(q: Queries, tools: Tools, rows: Sequence[Row]) -> list[Entry]:
    links = [ledger.link(q, row) for row in rows]
    people = await _people(q, links)
    found = [
        _entry(tools, row, link, people.get(link.id)) for row, link in zip(rows, links, strict=True)
    ]
    return sorted(found, key=lambda entry: (entry.link.school_id, entry.link.seq))


def _entry(tools: Tools, row: Row, link: Link, about: About | None) -> Entry:
    if row["ledger_id"] is None:
        return Entry(link, Kept.ERASED, b"", b"", about)
    proof = opened(tools, row, link.school_id, link.commitment)
    if proof is None:
        return Entry(link, Kept.FALSE, b"", b"", about)
    return Entry(link, Kept.KEPT, row["salt"], proof, about)


async def _people(q: Queries, links: Sequence[Link]) -> dict[int, About]:
    """Ledger id -> whom the row is about, where its scope names a subscription of its school."""
    scopes = {link.id: SCOPE.fullmatch(link.scope or "") for link in links}
    rows = await q.over(
        """with rows(id bigint)
           select rows.id, s.school_id, s.relation, p.full_name as pupil, g.full_name as guardian
           from rows left join joined j on j.id = rows.id
           join subscription s on s.id = coalesce(j.into_id, rows.id)
           join pupil p on p.id = s.pupil_id join guardian g on g.id = s.guardian_id""",
        sorted({(int(scope[1]),) for scope in scopes.values() if scope}),
    )
    known = {(row["school_id"], row["id"]): row for row in rows}
    found = {}
    for link in links:
        scope = scopes[link.id]
        row = known.get((link.school_id, int(scope[1]))) if scope else None
        if scope and row:
            found[link.id] = About(
                row["pupil"] or "", row["guardian"] or "", row["relation"], scope[2]
            )
    return found
