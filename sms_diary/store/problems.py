"""Whom of a school no SMS reaches, and what the operator said of it. Reading only.

A school sees its own guardians, its own consents and what became of its own SMS; that an operator
refuses a number is the same for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from sms_diary.clock import DAY
from sms_diary.db import Queries, Row
from sms_diary.store import numbers
from sms_diary.store.tools import Tools
from sms_diary.values import value

FAILING_FOR = 3 * DAY
"""A number that is still written to is worth a school's while after so long without a delivery."""


class Kind(StrEnum):
    """What is the matter with a number."""

    BLOCKED = "blocked-by-operator"
    SUSPENDED = "suspended"
    WRONG = "wrong-number"
    FAILING = "failing"
    """Nothing arrives, and it is still tried."""


KIND_RU: dict[Kind, str] = {
    Kind.BLOCKED: "отказ от рассылок у оператора",
    Kind.SUSPENDED: "рассылка остановлена: ничего не доходит",
    Kind.WRONG: "номер чужой",
    Kind.FAILING: "не доходит, пока пробуем",
}


@value
class Said:
    """The latest SMS of the school that did not arrive at a number, in the operator's words."""

    route: str
    code: str
    failure: str
    """One of `Failure` where the operator did not take it; "" where a receipt said so."""
    state: str
    """Of the part."""
    at: int


@value
class Problem:
    """One pupil's guardian whom SMS do not reach. Names are "" where nobody told them, or they were
    erased; `class_name` is "" for who is in no class on that day."""

    guardian_id: int
    class_name: str
    pupil: str
    guardian: str
    relation: str
    number: str
    """E.164."""
    kind: Kind
    since: int | None
    said: Said | None


async def of_school(
    q: Queries, tools: Tools, school_id: int, *, day: str, now: int
) -> list[Problem]:
    """By class, pupil and the order in which guardians were made known; `day` (ISO date) decides
    who is in which class."""
    rows = await q.all(
        """select s.id, g.id as guardian_id, p.full_name as pupil, g.full_name as guardian,
                  s.relation, n.id as number_id, n.state, n.failing_since, n.stopped_at,
                  c.name as class_name,
                  (select max(k.changed_at) from consent k where k.subscription_id = s.id
                   and k.state = 'blocked-by-operator') as blocked_at
           from guardian g join number n on n.id = g.number_id
           join subscription s on s.guardian_id = g.id join pupil p on p.id = s.pupil_id
           left join membership m on m.pupil_id = p.id and m.from_day <= :day
             and (m.to_day is null or m.to_day >= :day)
           left join class c on c.id = m.class_id
           where g.school_id = :school_id and n.state <> 'stopped' and n.erased_at is null
             and (n.state <> 'open' or n.failing_since <= :before or exists (
               select 1 from consent k where k.subscription_id = s.id
               and k.state = 'blocked-by-operator'))
           order by s.id""",
        school_id=school_id,
        day=day,
        before=now - FAILING_FOR,
    )
    found = {row["number_id"] for row in rows}
    texts = await numbers.read(q, tools, found)
    said = await _said(q, school_id, found)
    problems = [_problem(row, texts, said) for row in rows]
    return sorted(problems, key=lambda one: (_in_order(one.class_name), one.pupil))


def _in_order(title: str) -> tuple[int, str]:
    """5А before 10А; who is in no class comes last."""
    digits = title[: len(title) - len(title.lstrip("0123456789"))]
    return (int(digits or 99), title)


def _problem(row: Row, texts: Mapping[int, str], said: Mapping[int, Said]) -> Problem:
    kind, since = _kind(row)
    return Problem(
        row["guardian_id"], row["class_name"] or "", row["pupil"] or "", row["guardian"] or "",
        row["relation"], texts[row["number_id"]], kind, since, said.get(row["number_id"]),
    )  # fmt: skip


def _kind(row: Row) -> tuple[Kind, int | None]:
    """What is the matter, and since when (epoch milliseconds), where that is known."""
    if row["state"] == Kind.WRONG:
        return Kind.WRONG, row["stopped_at"]
    if row["state"] == Kind.BLOCKED or row["blocked_at"] is not None:
        return Kind.BLOCKED, row["blocked_at"] or row["failing_since"]
    kind = Kind.SUSPENDED if row["state"] == Kind.SUSPENDED else Kind.FAILING
    return kind, row["failing_since"]


async def _said(q: Queries, school_id: int, number_ids: Iterable[int]) -> dict[int, Said]:
    rows = await q.over(
        """with rows(number_id bigint)
           select m.number_id, p.route, p.code, p.failure, p.state, p.done_at
           from rows join message m on m.id = (
               select max(x.id) from message x where x.number_id = rows.number_id
                 and x.school_id = :school_id
                 and x.state in ('undelivered', 'expired', 'rejected'))
           join part p on p.message_id = m.id and p.state in ('undelivered', 'expired', 'rejected')
           order by m.number_id, p.seq""",
        [(number_id,) for number_id in sorted(set(number_ids))],
        school_id=school_id,
    )
    return {
        row["number_id"]: Said(
            row["route"], row["code"] or "", row["failure"] or "", row["state"], row["done_at"] or 0
        )
        for row in reversed(rows)
    }
