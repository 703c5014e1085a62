"""A message that did not arrive is told once more, if all still holds. On both engines."""

from __future__ import annotations

import pytest

from sms_diary.db import Database, Queries
from sms_diary.model import ConsentState, PartState, SchoolMode, Silence
from sms_diary.store import outbox, repeating, schools
from sms_diary.store.repeating import Outcome
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests import seeding
from tests.seeding import FAR, Subscribed, column

ENTRY = 7
LINES = "select state || ' ' || reason as said from line"


class _Undone(Exception):
    """The transaction is given up, as a refusal on a page does."""


async def lines_of(q: Queries) -> list[str]:
    return [row["said"] for row in await q.all(LINES)]


async def failed(
    q: Queries, tools: Tools, school: School, to: Subscribed, *, end: str = "undelivered",
    expires: int = FAR,
) -> int:  # fmt: skip
    """A message that told one mark and came to this end."""
    await seeding.entry(q, school, ENTRY)
    line_id = await seeding.line(q, tools, to, ENTRY, expires=expires)
    [message_id] = await seeding.queue(q, tools, to, school.id, "5", lines=(line_id,))
    part_ids = [part.part_id for part in await seeding.claim(q, tools)]
    await outbox.mark_told(q, part_ids)
    await q.run("update part set state = :end, done_at = 3", end=end)
    await outbox.close(q, [(message_id, PartState(end))], now=3)
    return message_id


@pytest.mark.parametrize("end", ["undelivered", "rejected"])
async def test_what_did_not_arrive_waits_again_and_another_message_tells_it(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], end: str
) -> None:
    async with db.transaction() as q:
        message_id = await failed(q, tools, school, guardians[0], end=end)
        assert len(await repeating.worth_telling(q, school.id, message_id, now=9)) == 1
        assert await repeating.again(q, school.id, message_id, now=9) is Outcome.DONE
    assert await column(db, LINES) == ["planned "]
    assert await column(db, "select reason from message") == ["repeated"]
    assert await column(db, "select ledger_id from line") == [guardians[0].ledger_id]
    async with db.transaction() as q:
        assert await repeating.again(q, school.id, message_id, now=9) is Outcome.NOTHING


@pytest.mark.parametrize("end", ["delivered", "unknown", "expired"])
async def test_other_ends_are_not_repeated(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], end: str
) -> None:
    async with db.transaction() as q:
        message_id = await failed(q, tools, school, guardians[0], end=end)
        before = await lines_of(q)
        assert await repeating.again(q, school.id, message_id, now=9) is Outcome.NOTHING
        assert await lines_of(q) == before


@pytest.mark.parametrize(
    "since",
    [
        "update line set expires = 9",
        "update entry set version = 2",
        f"update entry set silence = '{Silence.CALLED_OFF}'",
    ],
)
async def test_what_is_late_corrected_or_called_off_stays_untold(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], since: str
) -> None:
    async with db.transaction() as q:
        message_id = await failed(q, tools, school, guardians[0])
        await q.run(since)
        assert await repeating.again(q, school.id, message_id, now=9) is Outcome.NOTHING
        assert await lines_of(q) == [f"silent {Silence.NOT_DELIVERED}"]


@pytest.mark.parametrize("state", [ConsentState.STOPPED, ConsentState.REFUSED])
async def test_nobody_who_has_said_no_since_is_written_to(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], state: ConsentState
) -> None:
    async with db.transaction() as q:
        message_id = await failed(q, tools, school, guardians[0])
        await seeding.set_consent(q, tools, school.id, guardians[:1], state, now=5)
        assert await repeating.again(q, school.id, message_id, now=9) is Outcome.NOT_ALLOWED
        assert await lines_of(q) == [f"silent {Silence.STOPPED}"]


async def test_a_closed_number_a_school_on_trial_and_an_unwanted_topic_get_nothing(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        message_id = await failed(q, tools, school, guardians[0])
    for before, after in (
        ("update number set state = 'suspended'", "update number set state = 'open'"),
        (f"update school set mode = '{SchoolMode.TEST}'",
         f"update school set mode = '{SchoolMode.LIVE}'"),
    ):  # fmt: skip
        async with db.transaction() as q:
            await q.run(before)
        with pytest.raises(_Undone):
            async with db.transaction() as q:
                found = await repeating.again(q, school.id, message_id, now=9)
                assert found is Outcome.NOT_ALLOWED, before
                raise _Undone
        async with db.transaction() as q:
            await q.run(after)
    async with db.transaction() as q:
        await seeding.set_up(q, school, rhythms="marks=off")
        assert await repeating.again(q, school.id, message_id, now=9) is Outcome.NOT_ALLOWED


async def test_staff_are_told_again_while_the_school_is_on_trial(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        message_id = await failed(q, tools, school, guardians[0])
        await schools.set_mode(q, school.id, SchoolMode.TEST)
        await schools.add_staff(q, school.id, guardians[0].number_id)
        assert await repeating.again(q, school.id, message_id, now=9) is Outcome.DONE


async def test_another_schools_message_is_none(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    async with db.transaction() as q:
        other = await seeding.live_school(q, tools, "school-7")
        message_id = await failed(q, tools, school, guardians[0])
        assert await repeating.worth_telling(q, other.id, message_id, now=9) == []
        assert await repeating.again(q, other.id, message_id, now=9) is Outcome.NOT_ALLOWED
        assert await lines_of(q) == [f"silent {Silence.NOT_DELIVERED}"]
