"""What an import has ended brought back when it is undone: consents, and numbers that it changed.

Only where nobody has acted since: a consent that was changed later, a number that wrote or was
written to, or one that is closed, stays as it is. A consent comes back on the proof it had.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sms_diary.db import Queries, Row
from sms_diary.model import PERSONAL_DATA, ConsentState
from sms_diary.store import consents, ledger, numbers, requests
from sms_diary.store.consents import Change
from sms_diary.store.ledger import Act, Action
from sms_diary.store.people import Contact
from sms_diary.store.tools import Tools
from sms_diary.values import value

_ACTIONS = {
    ConsentState.ACTIVE: Action.IMPORTED, ConsentState.STOPPED: Action.REVOKED,
    ConsentState.REFUSED: Action.REFUSED, ConsentState.BLOCKED: Action.OPERATOR_REFUSAL,
}  # fmt: skip
"""How the ledger says that a state is back; others are no state worth bringing back."""


@value
class Undoing:
    """Who undoes which import, when, and the words for the ledger."""

    school_id: int
    import_id: int
    by: str
    now: int
    why: str


async def held(q: Queries, subscription_ids: Iterable[int], *, now: int) -> dict[int, str]:
    """Subscription → what it holds before an import ends it at this moment, to be noted (JSON)."""
    rows = await q.over(
        """with rows(id bigint)
           select c.subscription_id, c.topic, c.state, c.ledger_id
           from rows join consent c on c.subscription_id = rows.id""",
        [(one,) for one in sorted(set(subscription_ids))],
    )
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        if row["topic"] != PERSONAL_DATA:
            said = found.setdefault(row["subscription_id"], {})
            said[row["topic"]] = [row["state"], row["ledger_id"]]
    return {one: json.dumps({"at": now, "topics": said}) for one, said in found.items()}


async def before_number(q: Queries, contact: Contact, *, now: int) -> tuple[str, dict[int, str]]:
    """A guardian's number before an import changes it at this moment, and what ends by that."""
    row = await q.one("select welcomed_at from guardian where id = :id", id=contact.guardian_id)
    assert row is not None
    was = {"at": now, "number": contact.number_id, "welcomed": row["welcomed_at"]}
    known = await consents.of_number(q, contact.number_id)
    own = [one.subscription_id for one in known if one.guardian_id == contact.guardian_id]
    return json.dumps(was), await held(q, own, now=now)


async def give_back(
    q: Queries, tools: Tools, undoing: Undoing, noted: Mapping[int, str]
) -> tuple[int, int]:
    """Bring back what subscriptions held; how many of them, and how many have to stay."""
    was = {one: json.loads(said) for one, said in noted.items()}
    rows = await q.over(
        """with rows(id bigint, at bigint)
           select rows.id, rows.at, g.number_id, n.state as number_state, n.sealed,
                  c.topic, c.state, c.changed_at, exists (
                      select 1 from inbound i where i.number_id = g.number_id and i.at > rows.at
                  ) as wrote
           from rows join subscription s on s.id = rows.id and s.school_id = :school_id
           join guardian g on g.id = s.guardian_id join number n on n.id = g.number_id
           join consent c on c.subscription_id = s.id where n.erased_at is null""",
        sorted((one, said["at"]) for one, said in was.items()),
        school_id=undoing.school_id,
    )
    wanted = [
        (row, ConsentState(said[0]), said[1])
        for row in rows
        if (said := was[row["id"]]["topics"].get(row["topic"])) and said[0] != row["state"]
        and ConsentState(said[0]) in _ACTIONS
    ]  # fmt: skip
    free = [each for each in wanted if _is_untouched(each[0], undoing)]
    proofs = await _proofs(q, tools, [proof for _, _, proof in free if proof])
    changes = [
        Change(row["id"], row["number_id"], state,
               _act(tools, undoing, row, state, proofs.get(proof or 0, {})), row["topic"])
        for row, state, proof in free
    ]  # fmt: skip
    await consents.change(q, tools, undoing.school_id, changes, now=undoing.now)
    done = {row["id"] for row, _, _ in free}
    return len(done), len({row["id"] for row, _, _ in wanted} - done)


def _is_untouched(row: Row, undoing: Undoing) -> bool:
    """Nobody has said anything since the import, but what this undoing has just taken back."""
    by_us = row["changed_at"] in (row["at"], undoing.now)
    return by_us and not row["wrote"] and row["number_state"] == "open"


async def _proofs(q: Queries, tools: Tools, ledger_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    rows = await q.over(
        """with rows(id bigint)
           select e.ledger_id, e.sealed from rows join evidence e on e.ledger_id = rows.id""",
        [(one,) for one in sorted(set(ledger_ids))],
    )
    return {
        row["ledger_id"]: json.loads(
            tools.vault.open(row["sealed"], "evidence.sealed", row["ledger_id"])
        )
        for row in rows
    }


def _act(
    tools: Tools, undoing: Undoing, row: Row, state: ConsentState, proof: Mapping[str, Any]
) -> Act:
    """The old proof with why it holds again."""
    number = tools.vault.text(row["sealed"], "number.sealed", row["number_id"])
    said = {**proof, "number": number, "restored": undoing.why, "import": str(undoing.import_id)}
    scope = f"subscription:{row['id']} {row['topic']}"
    return Act(_ACTIONS[state], number, scope, undoing.by, said)


async def number_back(
    q: Queries, tools: Tools, undoing: Undoing, guardian_id: int, noted: str
) -> bool:
    """Give a guardian the number from before; False where that cannot be done any more.

    The old number must be nobody else's in the school and closed by nothing but that change, and
    nothing may have gone to the new one.
    """
    was = json.loads(noted)
    row = await q.one(
        """select g.number_id, exists (
                  select 1 from message m where m.guardian_id = g.id and m.created_at >= :at
                    and m.state <> 'withdrawn') as told,
                  exists (select 1 from guardian o where o.school_id = g.school_id
                    and o.number_id = :old and o.id <> g.id) as taken,
                  n.state, n.stopped_at
           from guardian g join number n on n.id = :old and n.erased_at is null
           where g.id = :id and g.school_id = :school_id""",
        id=guardian_id,
        school_id=undoing.school_id,
        old=was["number"],
        at=was["at"],
    )
    if row is None or row["number_id"] == was["number"] or row["told"] or row["taken"]:
        return False
    closed_by_it = row["state"] == "stopped" and row["stopped_at"] == was["at"]
    if not (row["state"] == "open" or closed_by_it):
        return False
    phones = await numbers.read(q, tools, [was["number"], row["number_id"]])
    await requests.drop_of_guardian(q, guardian_id, now=undoing.now)
    await q.run(
        """update guardian set number_id = :old, welcomed_at = :welcomed, rev = rev + 1
           where id = :id and school_id = :school_id""",
        old=was["number"],
        welcomed=was["welcomed"],
        id=guardian_id,
        school_id=undoing.school_id,
    )
    if closed_by_it:
        await numbers.reopen(q, was["number"])
    said = {"source": undoing.why, "import": str(undoing.import_id)}
    acts = [
        Act(Action.NUMBER_CHANGED, phone, "number", undoing.by, {**said, "number": phone})
        for phone in phones.values()
    ]
    await ledger.append(q, tools, undoing.school_id, acts, now=undoing.now)
    return True
