"""What people once answered to questions of who or what is meant, so that nobody asks again.

A question is kept as a keyed digest of its words: it may hold a child's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sms_diary.db import Queries
from sms_diary.store.tools import Tools

NEW = 0
"""The choice that says: none of the candidates, a new entry."""


class Answers:
    """The answers of some schools, looked up by the words of the question."""

    def __init__(self, tools: Tools, known: Mapping[tuple[int, str], int]) -> None:
        self._tools = tools
        self._known = known

    def key(self, question: str) -> str:
        """The question as `quarantine.ask` and `answer.ask` keep it."""
        return self._tools.vault.digest(question.encode()).hex()

    def choice(self, school_id: int, question: str) -> int | None:
        """What was answered; None: nobody has been asked yet."""
        # Most schools have no answer at all, and a digest a row is dear.
        return self._known.get((school_id, self.key(question))) if self._known else None


async def of_schools(q: Queries, tools: Tools, school_ids: Iterable[int]) -> Answers:
    """All answers of these schools."""
    rows = await q.over(
        """with rows(p_school bigint)
           select answer.school_id, answer.ask, answer.choice
           from rows join answer on answer.school_id = rows.p_school""",
        [(one,) for one in sorted(set(school_ids))],
    )
    return Answers(tools, {(row["school_id"], row["ask"]): row["choice"] for row in rows})


async def remember(q: Queries, school_id: int, ask: str, choice: int, *, by: str, now: int) -> None:
    """Keep an answer; a later one to the same question takes its place."""
    await q.run(
        """insert into answer (school_id, ask, choice, at, by)
           values (:school_id, :ask, :choice, :now, :by)
           on conflict (school_id, ask) do update
           set choice = excluded.choice, at = excluded.at, by = excluded.by""",
        school_id=school_id,
        ask=ask,
        choice=choice,
        now=now,
        by=by,
    )
