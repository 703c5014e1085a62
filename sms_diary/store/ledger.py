"""The consent ledger: append-only, one chain of hashes per school, evidence apart.

A row commits to its evidence by `sha256(salt || evidence)`; salt and evidence (sealed) stand in
a table of their own and can be erased without breaking the chain.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sms_diary.db import Queries
from sms_diary.store.tools import Tools

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done about consent."""

    action: str
    """asked, given, refused, revoked, imported …"""
    number: str
    """E.164; the ledger keeps its pseudonym only."""
    scope: str
    """What it covers: `subscription:ID topic`, or `number` for all of it."""
    actor: str
    """Who did it: the parent's SMS, a person named at import, a token."""
    evidence: Mapping[str, Any]
    """The exact text shown or received, source, file hash, row …"""


def _digest(fields: Sequence[object]) -> str:
    text = json.dumps(list(fields), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


async def append(
    q: Queries, tools: Tools, school_id: int, acts: Sequence[Act], *, now: int
) -> list[int]:
    """Add the acts to the school's chain; the ids of their rows, in order."""
    seq, prev = await _locked_head(q, school_id)
    rows: list[tuple[Any, ...]] = []
    proofs: list[tuple[Any, ...]] = []
    for act in acts:
        seq += 1
        ledger_id = tools.ids.new()
        salt = os.urandom(16)
        evidence = json.dumps(dict(act.evidence), ensure_ascii=False, sort_keys=True).encode()
        commitment = hashlib.sha256(salt + evidence).hexdigest()
        subject = tools.vault.pseudonym(school_id, act.number)
        fields = (ledger_id, school_id, seq, now, act.action, subject, act.scope, act.actor)
        hashed = _digest((*fields, commitment, prev))
        rows.append((*fields, commitment, prev, hashed))
        sealed = tools.vault.seal(evidence, "evidence.sealed", ledger_id)
        proofs.append((ledger_id, school_id, salt, sealed))
        prev = hashed
    await q.insert(
        "ledger",
        "id, school_id, seq, at, action, subject, scope, actor, commitment, prev, hash",
        rows,
    )
    await q.insert("evidence", "ledger_id, school_id, salt, sealed", proofs)
    await q.run(
        "update ledger_head set seq = :seq, hash = :hash where school_id = :school_id",
        seq=seq,
        hash=prev,
        school_id=school_id,
    )
    return [row[0] for row in rows]


async def _locked_head(q: Queries, school_id: int) -> tuple[int, str]:
    await q.run(
        """insert into ledger_head (school_id, seq, hash) values (:school_id, 0, :genesis)
           on conflict (school_id) do nothing""",
        school_id=school_id,
        genesis=GENESIS,
    )
    row = await q.one(
        f"""select seq, hash from ledger_head where school_id = :school_id
            {q.only(postgresql="for update")}""",
        school_id=school_id,
    )
    assert row is not None
    return row["seq"], row["hash"]


async def first_broken(q: Queries, school_id: int) -> int | None:
    """The `seq` of the first row whose hash or link is wrong; None if the chain is whole."""
    prev = GENESIS
    expected = 0
    rows = await q.all(
        "select * from ledger where school_id = :school_id order by seq", school_id=school_id
    )
    for row in rows:
        expected += 1
        fields = [row[name] for name in ("id", "school_id", "seq", "at", "action", "subject")]
        fields += [row[name] for name in ("scope", "actor", "commitment", "prev")]
        if row["seq"] != expected or row["prev"] != prev or row["hash"] != _digest(fields):
            return expected
        prev = row["hash"]
    head = await q.one("select * from ledger_head where school_id = :id", id=school_id)
    end = (head["seq"], head["hash"]) if head is not None else (0, GENESIS)
    return None if end == (expected, prev) else expected + 1


async def evidence(q: Queries, tools: Tools, school_id: int, ledger_id: int) -> dict[str, Any]:
    """What a ledger row rests on; {} when it was erased."""
    row = await q.one(
        "select sealed from evidence where ledger_id = :id and school_id = :school_id",
        id=ledger_id,
        school_id=school_id,
    )
    if row is None:
        return {}
    opened = tools.vault.open(row["sealed"], "evidence.sealed", ledger_id)
    return dict(json.loads(opened))
