"""A pupil who has left: the name, and what the diary says of that child, destroyed by the school.

What stays tells of nobody: the row with its id, its classes, and how much was sent to whom.
Marks go as well: a mark with class, subject and day would lead back to the child.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary import consent
from sms_diary.consent import Move
from sms_diary.db import Queries
from sms_diary.model import ConsentState
from sms_diary.store import consents, destruction, numbers
from sms_diary.store.consents import Change, Held
from sms_diary.store.destruction import Counts, Kind, Order, What
from sms_diary.store.ledger import Act, Action
from sms_diary.store.parent import slips
from sms_diary.store.persons import bodies, texts
from sms_diary.store.persons.erase import ENDS, Erased
from sms_diary.store.tools import Tools


async def pupil(
    q: Queries, tools: Tools, school_id: int, pupil_id: int, order: Order, *, now: int
) -> Erased | None:
    """Destroy what is held on a pupil; None if the school has none with this id and a name.

    The guardians stay with their numbers, also one who has no other child here: they are
    persons of their own. Texts that were sent to them go, since they speak of the child.
    """
    row = await q.one(
        """select full_name, external_id from pupil
           where id = :id and school_id = :school_id and full_name is not null""",
        id=pupil_id,
        school_id=school_id,
    )
    if row is None:
        return None
    held = await _held(q, school_id, pupil_id)
    proofs = await texts.proofs(q, school_id, "", [one.subscription_id for one, _ in held])
    evidence = await texts.destroy_proofs(q, proofs)
    await _end(q, tools, school_id, held, order, now=now)
    messages: list[int] = []
    for guardian_id, number_id in sorted({(one.guardian_id, to) for one, to in held}):
        messages += await texts.of_guardian(q, school_id, guardian_id, number_id)
    wanted = bodies.traits(names=_names(row["full_name"], row["external_id"]))
    counts: Counts = {
        What.PUPILS: await _forget(q, school_id, pupil_id),
        What.ENTRIES: await _forget_diary(q, school_id, pupil_id),
        What.MESSAGES: await texts.destroy(q, messages),
        What.RECEIPTS: await texts.destroy_receipts(q, messages),
        What.EVIDENCE: evidence,
        What.BODIES: await bodies.destroy(q, tools, school_id, wanted),
        What.ANSWERS: await bodies.destroy_answers(q, tools, school_id, wanted),
    }
    act = await destruction.record(
        q, tools, school_id, Kind.PUPIL, subject=f"pupil:{pupil_id}", counts=counts, order=order,
        now=now,
    )  # fmt: skip
    return Erased(act, school_id, counts)


def _names(full_name: str, external_id: str | None) -> list[str]:
    """A journal may write «Белкина Д.»: the surname alone tells; so does the journal's own id."""
    return [full_name.split(maxsplit=1)[0], *([external_id] if external_id else [])]


async def _held(q: Queries, school_id: int, pupil_id: int) -> list[tuple[Held, int]]:
    """The subscriptions to the pupil, with the ids of their numbers."""
    rows = await q.all(
        """select distinct g.number_id from subscription s join guardian g on g.id = s.guardian_id
           where s.pupil_id = :pupil_id and s.school_id = :school_id order by g.number_id""",
        pupil_id=pupil_id,
        school_id=school_id,
    )
    return [
        (one, row["number_id"])
        for row in rows
        for one in await consents.of_number(q, row["number_id"])
        if one.pupil_id == pupil_id and one.school_id == school_id
    ]


async def _end(
    q: Queries, tools: Tools, school_id: int, held: Sequence[tuple[Held, int]], order: Order, *,
    now: int,
) -> None:  # fmt: skip
    known = await numbers.read(q, tools, [number_id for _, number_id in held])
    said = {"source": order.ground, "form": order.document}
    changes = [
        Change(
            one.subscription_id, number_id, state,
            Act(
                Action.REVOKED, known[number_id], f"subscription:{one.subscription_id} {topic}",
                order.by, said,
            ),
            topic,
        )
        for one, number_id in held
        for topic in one.topics
        if one.states.get(topic, ConsentState.UNKNOWN) in ENDS
        and (state := consent.moved(one.states.get(topic), Move.SCHOOL_STOP)) is not None
    ]  # fmt: skip
    await consents.change(q, tools, school_id, changes, now=now)


async def _forget(q: Queries, school_id: int, pupil_id: int) -> int:
    await slips.forget_pupil(q, school_id, pupil_id)
    await q.run(
        """update subscription set relation = '', rev = rev + 1
           where pupil_id = :id and school_id = :school_id""",
        id=pupil_id,
        school_id=school_id,
    )
    return await q.run(
        """update pupil set full_name = null, name_key = null, birth_date = null,
                            external_id = null, rev = rev + 1
           where id = :id and school_id = :school_id""",
        id=pupil_id,
        school_id=school_id,
    )


async def _forget_diary(q: Queries, school_id: int, pupil_id: int) -> int:
    """The pupil's entries with the lines made of them; how many entries."""
    await q.run(
        """delete from import_was where entry_id in (
               select id from entry where school_id = :school_id and who = :pupil_id)""",
        school_id=school_id,
        pupil_id=pupil_id,
    )
    await q.run(
        "delete from answer where school_id = :school_id and choice = :pupil_id",
        school_id=school_id,
        pupil_id=pupil_id,
    )
    await q.run(
        """update line set value = '', was = null where entry_id in (
               select id from entry where school_id = :school_id and who = :pupil_id)""",
        school_id=school_id,
        pupil_id=pupil_id,
    )
    return await q.run(
        """update entry set value = '', body = null, ref = '', subject = '', work = '', fan = null
           where school_id = :school_id and who = :pupil_id""",
        school_id=school_id,
        pupil_id=pupil_id,
    )
