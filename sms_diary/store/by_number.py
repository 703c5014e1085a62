"""All that is known of the consents of one number: in every school, or in one.

Reading only; nothing is masked here, because whoever asks has named the number.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.db import Queries
from sms_diary.model import ALL_TOPICS, ConsentState, NumberState
from sms_diary.store import entries, numbers
from sms_diary.store.entries import Chain, Entry
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Standing:
    """Where a subscription stands on a topic now; `ledger_id` is the row that made it so."""

    school_id: int
    pupil: str
    relation: str
    topic: str
    state: ConsentState
    since: int | None
    ledger_id: int | None


@value
class NumberProof:
    """`state` is None in a school's view: it comes of what was said to all schools."""

    number: str
    state: NumberState | None
    standings: tuple[Standing, ...]
    entries: tuple[Entry, ...]
    chains: tuple[Chain, ...]


async def of_number(
    q: Queries, tools: Tools, number: str, school_ids: Sequence[int], *, whole: bool
) -> NumberProof | None:
    """All that is known of the consents of a number (E.164) in these schools.

    `whole`: they are all the schools there are, and the number's own state may be told. None
    when nothing is known; in a school's view that is so too when only another school knows it.
    """
    subjects = {tools.vault.pseudonym(one, number): one for one in school_ids}
    found = [
        entry
        for entry in await entries.by_subjects(q, tools, subjects)
        if entry.link.school_id == subjects[entry.link.subject]
    ]
    standings = await _standings(q, tools, number, school_ids)
    row = (await numbers.find(q, tools, [number])).get(number) if whole else None
    if not (found or standings or row):
        return None
    of = {entry.link.school_id for entry in found}
    return NumberProof(
        number, row.state if row else None, tuple(standings), tuple(found),
        tuple(await entries.chains(q, of)),
    )  # fmt: skip


async def _standings(
    q: Queries, tools: Tools, number: str, school_ids: Sequence[int]
) -> list[Standing]:
    rows = await q.all(
        """select s.school_id, s.id, s.relation, p.full_name, c.topic, c.state, c.changed_at,
                  c.ledger_id
           from number n join guardian g on g.number_id = n.id
           join subscription s on s.guardian_id = g.id join pupil p on p.id = s.pupil_id
           left join consent c on c.subscription_id = s.id
           where n.idx = :idx order by s.school_id, s.id, c.topic""",
        idx=tools.vault.index(number),
    )
    return [
        Standing(
            row["school_id"], row["full_name"] or "", row["relation"], row["topic"] or ALL_TOPICS,
            ConsentState(row["state"] or ConsentState.UNKNOWN), row["changed_at"],
            row["ledger_id"],
        )
        for row in rows
        if row["school_id"] in school_ids
    ]  # fmt: skip
