"""What is ticked beside a consent in a list: urgent hours, personal data, topics.

They count with the consent that the same row proves, and only then; a topic that is not ticked is
switched off, as a wish that the guardian may change.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.db import Queries
from sms_diary.ingest.files.consents import Worth
from sms_diary.ingest.files.listing import Made
from sms_diary.ingest.files.proofs import UNDECIDED, Link, Listed, Origin
from sms_diary.ingest.imports.request import Job
from sms_diary.ingest.kinds.facts import Contact
from sms_diary.model import PERSONAL_DATA, URGENT, ConsentState, NumberState, Topic
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.store import consents, rhythms
from sms_diary.store.consents import Change
from sms_diary.store.ledger import Act
from sms_diary.store.rhythms import Wish
from sms_diary.store.tools import Tools


async def count_ticks(
    q: Queries, tools: Tools, job: Job, contacts: Sequence[Contact], made: Made, origin: Origin
) -> None:
    """Write what is new of it."""
    by_row = {one.row.row: one for one in contacts}
    proven = [one for one in made.listed if one.verdict.worth is Worth.PROVEN]
    pairs = [(one, link, by_row[one.row.row]) for one in proven for link in one.links
             if link.number_state is NumberState.OPEN]  # fmt: skip
    known = await consents.states(q, [link.subscription_id for _, link, _ in pairs])
    changes = []
    for one, link, contact in pairs:
        for topic, said in ((URGENT, contact.urgent), (PERSONAL_DATA, contact.personal_data)):
            if said and known.get((link.subscription_id, topic)) in UNDECIDED:
                changes.append(_change(one, link, topic, origin))
    await consents.change(q, tools, job.school.id, changes, now=job.now)
    wishes = {
        (link.subscription_id, topic): Wish(link.subscription_id, job.school.id, topic, Rhythm.OFF)
        for _, link, contact in pairs
        # Only with the consent itself: later it is the guardian's own choice.
        if contact.topics is not None and link.subscription_id in made.consents
        for topic in Topic
        if topic not in contact.topics
    }
    if wishes:
        await rhythms.choose(q, wishes.values(), now=job.now)


def _change(one: Listed, link: Link, topic: str, origin: Origin) -> Change:
    day = one.row.consent_day
    evidence = {
        "number": link.number, "pupil": str(link.pupil_id), "source": one.verdict.source,
        "date": day.isoformat() if day else "", **origin.evidence(one.row.row),
    }  # fmt: skip
    scope = f"subscription:{link.subscription_id} {topic}"
    act = Act("imported", link.number, scope, origin.by, evidence)
    return Change(link.subscription_id, link.number_id, ConsentState.ACTIVE, act, topic, since=day)
