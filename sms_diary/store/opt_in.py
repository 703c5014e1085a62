"""Asking for consent by SMS: how a question begins on paper, and how it ends without an answer.

Only a number that stands on a paper for this purpose may be asked (school.md §5.4: the question is
itself a mailing). Each beginning and end is an act in the ledger. What «ДА» and «НЕТ» do is the
inbound loop's, the question's row `requests.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sms_diary import consent
from sms_diary.consent import Move
from sms_diary.db import Queries, Row
from sms_diary.model import ALL_TOPICS, ConsentState
from sms_diary.store import consents, ledger, numbers, requests
from sms_diary.store.consents import Change
from sms_diary.store.ledger import Act
from sms_diary.store.tools import Tools
from sms_diary.values import value

BY_SERVICE = "service"
"""The actor of what time alone has done."""


async def ask(
    q: Queries, tools: Tools, school_id: int, guardian_id: int, subscription_ids: Sequence[int],
    act: Act, *, now: int,
) -> int | None:  # fmt: skip
    """Note the paper and let the loop ask once about all these children; the request's id.

    `act` is the paper on which the number was left for this purpose: its source, form, who
    brought it. Its scope is filled in here. None where nobody may be asked: the number is closed,
    a question is under way, or no child of these stands at «unknown» (asking revives no stop).
    """
    rows = await _to_ask(q, school_id, guardian_id, subscription_ids)
    if not rows:
        return None
    number_id = rows[0]["number_id"]
    acts = {
        row["id"]: replace(act, action=ledger.Action.ASKED, scope=_scope(row["id"])) for row in rows
    }
    changes = [Change(i, number_id, ConsentState.ASKED, one) for i, one in acts.items()]
    papers = await consents.change(q, tools, school_id, changes, now=now)
    request_id = tools.ids.new()
    await q.run(
        """insert into request (id, school_id, guardian_id, number_id, kind, state, ledger_id, due,
                                created_at)
           values (:id, :school_id, :guardian_id, :number_id, 'question', 'waiting', :ledger_id,
                   :now, :now)""",
        id=request_id,
        school_id=school_id,
        guardian_id=guardian_id,
        number_id=number_id,
        ledger_id=papers[0],
        now=now,
    )
    pairs = [(request_id, row["id"]) for row in rows]
    await q.insert("request_pupil", "request_id, subscription_id", pairs)
    return request_id


def _scope(subscription_id: int) -> str:
    return f"subscription:{subscription_id} {ALL_TOPICS}"


async def _to_ask(
    q: Queries, school_id: int, guardian_id: int, subscription_ids: Sequence[int]
) -> list[Row]:
    rows = await q.over(
        """with rows(id bigint)
           select s.id, g.number_id, c.state
           from rows join subscription s on s.id = rows.id and s.school_id = :school_id
                                        and s.guardian_id = :guardian_id
           join guardian g on g.id = s.guardian_id
           join number n on n.id = g.number_id and n.state = 'open'
           left join consent c on c.subscription_id = s.id and c.topic = '*'
           where not exists (select 1 from request r where r.guardian_id = s.guardian_id
                             and r.kind = 'question' and r.state in ('waiting', 'open'))
           order by s.id""",
        [(subscription_id,) for subscription_id in sorted(set(subscription_ids))],
        school_id=school_id,
        guardian_id=guardian_id,
    )
    return [row for row in rows if _moved(row["state"], Move.ASKED)]


def _moved(state: str | None, move: Move) -> ConsentState | None:
    return consent.moved(ConsentState(state) if state else None, move)


async def shown(
    q: Queries, tools: Tools, school_id: int, texts: Sequence[tuple[int, str, int, str]], *,
    now: int,
) -> None:  # fmt: skip
    """Keep with the ledger which words were sent: (subscription, number, request, text)."""
    acts = [
        Act(
            ledger.Action.ASKED, number, _scope(subscription_id), BY_SERVICE,
            {"shown": text, "request": str(request_id)},
        )
        for subscription_id, number, request_id, text in texts
    ]  # fmt: skip
    if acts:
        await ledger.append(q, tools, school_id, acts, now=now)


async def lapse(
    q: Queries, tools: Tools, request_id: int, state: str, outcome: str, *, now: int
) -> bool:
    """End a question that nobody answered with `late` or `dropped`; False if it had ended.

    Its children that are still asked about are unknown again; `outcome` (Russian) says why, in the
    ledger.
    """
    if not await requests.close(q, request_id, state, now=now):
        return False
    rows = await q.all(
        """select s.id, s.school_id, r.number_id, c.state
           from request r join request_pupil p on p.request_id = r.id
           join subscription s on s.id = p.subscription_id
           join consent c on c.subscription_id = s.id and c.topic = '*'
           where r.id = :id order by s.id""",
        id=request_id,
    )
    if rows:
        number_id, school_id = rows[0]["number_id"], rows[0]["school_id"]
        number = (await numbers.read(q, tools, [number_id]))[number_id]
        said = {"outcome": outcome, "request": str(request_id)}
        changes = [
            Change(
                row["id"], number_id, left,
                Act(ledger.Action.ASKED, number, _scope(row["id"]), BY_SERVICE, said),
            )
            for row in rows
            if (left := _moved(row["state"], Move.UNANSWERED))
        ]  # fmt: skip
        await consents.change(q, tools, school_id, changes, now=now)
    return True


# ---------------------------------------------------------------- whom to ask


@value
class Askable:
    """A guardian with children about whom nothing is known; `number_id`'s row is open."""

    guardian_id: int
    number_id: int
    subscription_ids: tuple[int, ...]


async def askable(q: Queries, school_id: int, class_id: int | None, day: str) -> list[Askable]:
    """Guardians of a class (None: of the school) on a day (ISO date) who may be asked.

    With all their children in the school about whom nothing is known, not only those in that class.
    """
    rows = await q.all(
        """select s.id, s.guardian_id, g.number_id
           from subscription s join guardian g on g.id = s.guardian_id
           join number n on n.id = g.number_id and n.state = 'open'
           left join consent c on c.subscription_id = s.id and c.topic = '*'
           where s.school_id = :school_id and coalesce(c.state, 'unknown') = 'unknown'
             and s.guardian_id in (
               select x.guardian_id from subscription x
               join membership m on m.pupil_id = x.pupil_id
               where m.school_id = :school_id and m.from_day <= :day
                 and (m.to_day is null or m.to_day >= :day)
                 and (m.class_id = :class_id or :class_id = 0))
             and not exists (select 1 from request r where r.guardian_id = s.guardian_id
                             and r.kind = 'question' and r.state in ('waiting', 'open'))
           order by s.guardian_id, s.id""",
        school_id=school_id,
        class_id=class_id or 0,
        day=day,
    )
    found: dict[int, Askable] = {}
    for row in rows:
        own = found.get(row["guardian_id"])
        before = own.subscription_ids if own else ()
        found[row["guardian_id"]] = Askable(
            row["guardian_id"], row["number_id"], (*before, row["id"])
        )
    return list(found.values())
