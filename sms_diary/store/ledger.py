"""The consent ledger: append-only, one chain of hashes per school, evidence apart.

A row commits to its evidence by `sha256(salt || evidence)`; salt and evidence (sealed) stand in
a table of their own and can be erased without breaking the chain. What makes a chain whole is
`chain.py`'s; what its rows prove is `proofs.py`'s.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sms_diary.db import Queries, Row
from sms_diary.store.chain import GENESIS, Broken, Head, Link, Walk, committed, digest, hashed
from sms_diary.store.tools import Tools

NO_SCHOOL = 0
"""The chain of numbers that no school knows."""
BY_SMS = "sms"
"""The actor of what the number itself said."""
BY_PAGE = "parent, page"
"""The actor of what a parent did on the parent's page."""
BY_PARENT = frozenset({BY_SMS, BY_PAGE})
"""What the parents themselves have said: no paper of the school takes it back."""
BY_ROUTE = "route:"
"""How the actor of what an operator said begins; the route's name follows."""
PAGE = 1000
"""Rows of a chain that are in memory at once while it is read."""


class Action(StrEnum):
    """Everything that can be done about consent; the schema refuses other words."""

    ASKED = "asked"
    GIVEN = "given"
    REFUSED = "refused"
    REVOKED = "revoked"
    NUMBER_CHANGED = "number-changed"
    OPERATOR_REFUSAL = "operator-refusal"
    OPERATOR_LIFTED = "operator-lifted"
    IMPORTED = "imported"
    JOINED = "joined"
    """Its pupil was written twice: the subscription follows the record that is left."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done about consent."""

    action: str
    """One of `Action`."""
    number: str
    """E.164; the ledger keeps its pseudonym only."""
    scope: str
    """What it covers: `subscription:ID topic`, or `number` for all of it."""
    actor: str
    """Who did it: the parent's SMS, a person named at import, a token."""
    evidence: Mapping[str, Any]
    """The exact text shown or received, source, file hash, row …"""


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
        proof = json.dumps(dict(act.evidence), ensure_ascii=False, sort_keys=True).encode()
        subject = tools.vault.pseudonym(school_id, act.number)
        fields = (
            ledger_id, school_id, seq, now, str(act.action), subject, act.scope, act.actor,
            committed(salt, proof), prev,
        )  # fmt: skip
        prev = digest(hashed(fields))
        rows.append((*fields, prev))
        sealed = tools.vault.seal(proof, "evidence.sealed", ledger_id)
        proofs.append((ledger_id, school_id, salt, sealed))
    await q.insert("ledger", ", ".join((*_NUMBERS, *_WORDS)), rows)
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


# ---------------------------------------------------------------- reading a chain

_NUMBERS = ("id", "school_id", "seq", "at")
_WORDS = ("action", "subject", "scope", "actor", "commitment", "prev", "hash")


def columns(q: Queries, table: str, names: Iterable[str] = (*_NUMBERS, *_WORDS)) -> str:
    """These columns of a ledger row or a head row to select, whatever may stand in them.

    SQLite keeps any bytes in any column, and neither JSON nor the driver can bring all of them:
    words come as hex, and what is not of the column's type comes as null. `words` reads them.
    """
    if q.engine == "postgresql":
        return ", ".join(f"{table}.{name}" for name in names)
    return ", ".join(
        f"case typeof({table}.{name}) when 'text' then hex({table}.{name}) end as {name}"
        if name in _WORDS
        else f"case typeof({table}.{name}) when 'integer' then {table}.{name} end as {name}"
        for name in names
    )


def words(q: Queries, row: Row, *names: str) -> list[Any]:
    """The values of word columns that were selected by `columns`."""
    taken = [row[name] for name in names]
    if q.engine == "postgresql":
        return taken
    return [None if one is None else bytes.fromhex(one).decode("utf-8", "replace") for one in taken]


def link(q: Queries, row: Row) -> Link:
    """The ledger row among what was selected by `columns`."""
    return Link(*(row[name] for name in _NUMBERS), *words(q, row, *_WORDS))


async def page(q: Queries, school_id: int, after: Link | None) -> list[Link]:
    """The next rows of a chain in their order; [] at its end."""
    rows = await q.all(
        f"""select {columns(q, "ledger")} from ledger
            where ledger.school_id = :school_id
              and ledger.seq >= :seq and (ledger.seq > :seq or ledger.id > :id)
            order by ledger.seq, ledger.id limit :limit""",
        school_id=school_id,
        seq=-(2**63) if after is None else after.seq,
        id=-(2**63) if after is None else after.id,
        limit=PAGE,
    )
    return [link(q, row) for row in rows]


async def head(q: Queries, school_id: int) -> Head | None:
    """Where the chain ends by its head row; None for a school without one."""
    row = await q.one(
        f"""select {columns(q, "ledger_head", ("seq", "hash"))} from ledger_head
            where school_id = :school_id""",
        school_id=school_id,
    )
    return Head(school_id, row["seq"], *words(q, row, "hash")) if row else None


async def checkpoint(q: Queries, school_id: int) -> Head | None:
    """The last row of the beginning that was destroyed; None for a chain with its first row."""
    row = await q.one(
        f"""select {columns(q, "ledger_checkpoint", ("seq", "hash"))} from ledger_checkpoint
            where school_id = :school_id order by ledger_checkpoint.seq desc limit 1""",
        school_id=school_id,
    )
    return Head(school_id, row["seq"], *words(q, row, "hash")) if row else None


async def chains(q: Queries) -> list[int]:
    """The schools that have a chain, or what somebody left of one."""
    rows = await q.all(
        """select school_id from ledger_head union select school_id from ledger
           order by school_id"""
    )
    return [row["school_id"] for row in rows]


async def heads(q: Queries) -> list[Head]:
    """The ends of all chains that have rows, to be published."""
    rows = await q.all(
        "select school_id, seq, hash from ledger_head where seq > 0 order by school_id"
    )
    return [Head(row["school_id"], row["seq"], row["hash"]) for row in rows]


async def first_broken(q: Queries, school_id: int, published: Iterable[Head] = ()) -> Broken | None:
    """The first link of the chain that does not hold; None if it is whole. Needs no key.

    A chain alone shows neither a tail that was cut off together with its head row, nor that all
    of it was made anew: `published` are heads, of any schools, that were kept elsewhere.
    """
    walk = Walk(school_id, published, await checkpoint(q, school_id))
    last: Link | None = None
    broken = walk.begin()
    if broken is not None:
        return broken
    while rows := await page(q, school_id, last):
        for last in rows:
            broken = walk.step(last)
            if broken is not None:
                return broken
    return walk.end(await head(q, school_id))
