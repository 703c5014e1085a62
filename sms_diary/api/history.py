"""How the consents of a subscription came to be, over HTTP: rows of the ledger with evidence."""

from __future__ import annotations

from typing import Any

from sms_diary.api import subscriptions
from sms_diary.api.operation import Call, Operation
from sms_diary.api.shapes import OfSchool, Said
from sms_diary.api.times import iso
from sms_diary.phone import mask
from sms_diary.store import history
from sms_diary.store.entries import Entry, Kept
from sms_diary.store.tokens import Right


class Act(Said):
    ledger_id: str
    seq: int
    at: str
    action: str
    scope: str
    actor: str
    commitment: str
    hash: str
    kept: Kept
    evidence: dict[str, Any]


class History(Said):
    acts: list[Act]


async def read(call: Call[OfSchool, None]) -> History:
    found = await subscriptions.found(call)
    rows = await history.of_subscription(call.q, call.tools, call.school_id, found)
    return History(acts=[_act(entry) for entry in rows])


def _act(entry: Entry) -> Act:
    evidence = entry.evidence()
    if isinstance(evidence.get("number"), str):
        evidence["number"] = mask(evidence["number"])
    link = entry.link
    return Act(
        ledger_id=str(link.id), seq=link.seq, at=iso(link.at), action=link.action,
        scope=link.scope, actor=link.actor, commitment=link.commitment, hash=link.hash,
        kept=entry.kept, evidence=evidence,
    )  # fmt: skip


OPERATIONS: list[Operation[Any, Any]] = [
    Operation(
        method="GET", path="/v1/subscriptions/{id}/history", group="Согласия",
        right=Right.CONSENTS, query=OfSchool, answer=History, do=read,
        summary="Все записи журнала согласий о подписке, с доказательствами",
    ),
]  # fmt: skip
