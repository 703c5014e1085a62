"""Not too much to one number on one day, and not the same text twice in a row.

What waits is told later, by another message: its lines get another `due` in compose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sms_diary.clock import DAY, local
from sms_diary.db import Queries
from sms_diary.schedule import end_of_day
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools

_SPARE = 20
"""Messages to a number beyond a cap that are looked through: answers, urgent ones."""


class Spacing:
    """What these numbers have got by now; `until` says if one more may follow, and notes it."""

    def __init__(
        self, counts: dict[tuple[int, int], int], said: dict[tuple[int, str], int], now: int
    ) -> None:
        self._counts = counts
        self._said = said
        self._now = now

    def until(
        self, number_id: int, school: School, text: str, *, urgent: bool, gap: int
    ) -> int | None:
        """When it may be composed (epoch milliseconds); None: now, and it is counted.

        `gap`: milliseconds between two identical texts, by the route.
        """
        key = (number_id, school.id)
        if not urgent and self._counts.get(key, 0) >= school.cap:
            plain = school.calendar.plain
            midnight = end_of_day(local(self._now, school.zone).date(), school.zone)
            return plain.next_open(midnight)
        last = self._said.get((number_id, text))
        if gap and last is not None and last + gap > self._now:
            return last + gap
        self._said[number_id, text] = self._now
        if not urgent:
            self._counts[key] = self._counts.get(key, 0) + 1
        return None


async def read(
    q: Queries, tools: Tools, numbers: Iterable[tuple[int, School]], *, gap: int, now: int
) -> Spacing:
    """What is to be known of these (number, school of a message to it)."""
    wanted = list(numbers)
    counts = await _counts(q, wanted, now)
    said = await _said(q, tools, {number_id for number_id, _ in wanted}, gap, now) if gap else {}
    return Spacing(counts, said, now)


async def _counts(
    q: Queries, numbers: Collection[tuple[int, School]], now: int
) -> dict[tuple[int, int], int]:
    """(number, school) -> messages of the school's today, by consent and not urgent."""
    # Two nested looks: the newest messages of a number by its index, and of those today's.
    schools = {school.id: school for _, school in numbers}
    since = {i: _midnight(school, now) for i, school in schools.items()}
    rows = {(number_id, school.id, since[school.id]) for number_id, school in numbers}
    most = max((school.cap for school in schools.values()), default=0) + _SPARE
    found = await q.over(
        """with rows(number_id bigint, school_id bigint, since bigint)
           select rows.number_id, rows.school_id, (
               select count(*) from (
                   select id, school_id, ground, state, created_at from message
                   where message.number_id = rows.number_id
                   order by message.id desc limit :most) m
               where m.created_at >= rows.since and m.school_id = rows.school_id
                 and m.ground = 'consent' and m.state <> 'withdrawn'
                 and exists (select 1 from part where part.message_id = m.id and part.lane > 0)
               ) as many
           from rows""",
        sorted(rows),
        most=most,
    )
    return {(row["number_id"], row["school_id"]): row["many"] for row in found}


async def _said(
    q: Queries, tools: Tools, number_ids: Iterable[int], gap: int, now: int
) -> dict[tuple[int, str], int]:
    """(number, text) -> when it left; what still waits to leave counts as of now."""
    rows = await q.over(
        """with rows(number_id bigint)
           select message.id, message.number_id, message.text, (
               select max(coalesce(part.claimed_at, :now)) from part
               where part.message_id = message.id) as at
           from rows join message on message.number_id = rows.number_id
           where message.created_at >= :since and message.state <> 'withdrawn'
             and message.text is not null""",
        [(number_id,) for number_id in sorted(number_ids)],
        since=now - gap - DAY,
        now=now,
    )
    found: dict[tuple[int, str], int] = {}
    for row in rows:
        if row["at"] is not None and row["at"] + gap > now:
            text = tools.vault.text(row["text"], "message.text", row["id"])
            key = (row["number_id"], text)
            found[key] = max(found.get(key, 0), row["at"])
    return found


def _midnight(school: School, now: int) -> int:
    return school.calendar.plain.at(local(now, school.zone).date(), 0)
