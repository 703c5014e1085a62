"""Parts in doubt: resolved where it is certain, by a person, or by the policy of their class."""

from __future__ import annotations

import asyncio

import pytest

from sms_diary.channels.base import Asked, ReceiptReport
from sms_diary.db import Database
from sms_diary.model import ConsentState, Ground, PartState
from sms_diary.provider_id import reference_of
from sms_diary.schedule import DIGEST_LANE, PROMPT_LANE, URGENT_LANE
from sms_diary.store import (
    asking,
    counts,
    doubt,
    in_doubt,
    outbox,
    receipt_parts,
    receipts,
    timeline,
    withdraw,
)
from sms_diary.store.doubt import Actor, Decision, Outcome
from sms_diary.store.outbox import Settled
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests.seeding import (
    FAR,
    ROUTE,
    Subscribed,
    claim,
    column,
    entry,
    line,
    phone,
    queue,
    set_consent,
)

PARTS = "select state from part order by id"
OWNERS = "select part_id from receipt order by id"
DECISIONS = "select decision || ' ' || actor as made from decision order by id"


async def _in_doubt(
    db: Database, tools: Tools, school: School, to: Subscribed, *, lane: int = DIGEST_LANE,
    parts: int = 1, expires: int = FAR, ground: Ground = Ground.CONSENT, now: int = 10,
) -> tuple[int, list[int]]:  # fmt: skip
    """A message with one line, handed over and never answered; its id and those of its parts."""
    async with db.transaction() as q:
        about = tools.ids.new()
        await entry(q, school, about)
        own = await line(q, tools, to, about)
        [message_id] = await queue(
            q, tools, to, school.id, "5", lane=lane, parts=parts, lines=(own,), expires=expires,
            ground=ground,
        )  # fmt: skip
        taken = [part.part_id for part in await claim(q, tools, now=now)]
        await outbox.settle(
            q, [Settled(part, PartState.DOUBT) for part in taken], owner="worker", now=now + 5
        )
    return message_id, taken


async def _store(
    db: Database, tools: Tools, provider_id: str, reference: int | None, *, number: str = phone(0),
    state: PartState = PartState.DELIVERED, now: int = 30,
) -> None:  # fmt: skip
    report = ReceiptReport(provider_id, state, number, "", None, b"receipt", reference)
    async with db.transaction() as q:
        await receipts.store(q, tools, ROUTE, [report], now=now)


async def _resolve(db: Database, tools: Tools) -> int:
    async with db.transaction() as q:
        return await doubt.resolve(q, tools, now=2000, before=1000)


async def _decide(
    db: Database, tools: Tools, message_id: int, decision: Decision, *,
    school_id: int | None = None, now: int = 50,
) -> Outcome:  # fmt: skip
    async with db.transaction() as q:
        return await doubt.decide(
            q, tools, message_id, decision, school_id=school_id, actor=Actor.COMMAND, now=now
        )


async def _repeat(db: Database, tools: Tools, *, before: int = 100, now: int = 200) -> int:
    async with db.transaction() as q:
        return await doubt.repeat_urgent(q, tools, route=ROUTE, before=before, now=now)


async def _asked(
    db: Database, tools: Tools, now: int, *, before: int = 1000, limit: int = 9
) -> list[Asked]:
    async with db.transaction() as q:
        return await asking.due(q, tools, route=ROUTE, before=before, now=now, limit=limit)


# ---------------------------------------------------------------- our reference


async def test_an_echoed_reference_tells_two_parts_of_one_number_apart(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    _, (first, second) = await _in_doubt(db, tools, school, guardians[0], parts=2)
    await _store(db, tools, "A2", reference_of(second), state=PartState.UNDELIVERED)
    assert await _resolve(db, tools) == 1
    assert await column(db, PARTS) == ["doubt", "undelivered"]
    assert await column(db, "select provider_key from part order by id") == [None, "a2"]
    await _store(db, tools, "A1", reference_of(first))
    assert await _resolve(db, tools) == 1
    assert await column(db, PARTS) == ["delivered", "undelivered"]
    assert await column(db, OWNERS) == [second, first]


async def test_a_receipt_with_another_reference_is_not_of_the_only_part_in_doubt(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    _, [part] = await _in_doubt(db, tools, school, guardians[0])
    await _store(db, tools, "A1", reference_of(part + 1))
    assert await _resolve(db, tools) == 0
    assert await column(db, PARTS) == ["doubt"]


async def test_a_reference_is_believed_while_another_part_of_that_number_is_on_its_way(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    _, [part] = await _in_doubt(db, tools, school, guardians[0])
    async with db.transaction() as q:
        await queue(q, tools, guardians[0], school.id, "ещё одно")
        await claim(q, tools)
    await _store(db, tools, "without", None)
    assert await _resolve(db, tools) == 0
    await _store(db, tools, "with", reference_of(part))
    assert await _resolve(db, tools) == 1
    assert await column(db, PARTS) == ["delivered", "sending"]


async def test_a_reference_under_another_number_or_before_the_attempt_says_nothing(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    _, [part] = await _in_doubt(db, tools, school, guardians[0], now=25)
    await _store(db, tools, "A1", reference_of(part), number=guardians[1].number)
    await _store(db, tools, "A2", reference_of(part), now=24)
    assert await _resolve(db, tools) == 0
    assert await column(db, PARTS) == ["doubt"]


async def test_receipts_of_both_copies_of_a_part_bring_the_same_reference_and_resolve_it(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    _, [part] = await _in_doubt(db, tools, school, guardians[0])
    await _store(db, tools, "A1", reference_of(part))
    await _store(db, tools, "A2", reference_of(part))
    assert await _resolve(db, tools) == 1
    assert await column(db, PARTS) == ["delivered"]
    assert await column(db, OWNERS) == [part, part]


# ---------------------------------------------------------------- a person decides


async def test_what_a_person_says_was_sent_is_told_and_waits_for_its_receipt(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    message_id, [part] = await _in_doubt(db, tools, school, guardians[0])
    assert await _decide(db, tools, message_id, Decision.SENT) is Outcome.DONE
    assert await column(db, PARTS) == ["sent"]
    assert await column(db, "select state from line") == ["told"]
    assert await column(db, "select sent_at from part") == [10]
    assert await column(db, DECISIONS) == ["sent command"]
    assert await _asked(db, tools, 900) == []
    # The operator's id is not known, and yet the receipt finds it.
    await _store(db, tools, "A1", None)
    assert await _resolve(db, tools) == 1
    assert await column(db, PARTS) == ["delivered"]
    assert await column(db, OWNERS) == [part]


async def test_what_a_person_repeats_leaves_once_whoever_decides_again(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    message_id, parts = await _in_doubt(db, tools, school, guardians[0], parts=2)
    outcomes = await asyncio.gather(
        *(_decide(db, tools, message_id, Decision.REPEAT) for _ in range(4))
    )
    assert sorted(outcomes) == [Outcome.DONE, *[Outcome.NOT_IN_DOUBT] * 3]
    async with db.transaction() as q:
        again = await claim(q, tools, now=60)
    assert [part.part_id for part in again] == parts
    assert await _decide(db, tools, message_id, Decision.REPEAT) is Outcome.NOT_IN_DOUBT
    assert await _decide(db, tools, message_id, Decision.SENT) is Outcome.NOT_IN_DOUBT
    assert await column(db, "select attempts from part order by id") == [2, 2]
    assert await column(db, DECISIONS) == ["repeat command"] * 2


async def test_nothing_is_repeated_that_the_claim_would_not_let_go(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    late, _ = await _in_doubt(db, tools, school, guardians[0], expires=50)
    stopped, _ = await _in_doubt(db, tools, school, guardians[1])
    async with db.transaction() as q:
        await set_consent(q, tools, school.id, [guardians[1]], ConsentState.STOPPED)
    assert await _decide(db, tools, late, Decision.REPEAT, now=50) is Outcome.TOO_LATE
    assert await _decide(db, tools, stopped, Decision.REPEAT) is Outcome.NO_CONSENT
    assert await column(db, PARTS) == ["doubt", "doubt"]
    assert await column(db, DECISIONS) == []
    for message_id in (late, stopped):
        assert await _decide(db, tools, message_id, Decision.SENT, now=60) is Outcome.DONE


async def test_a_school_decides_of_its_own_messages_only(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    message_id, _ = await _in_doubt(db, tools, school, guardians[0])
    other = school.id + 1
    refused = await _decide(db, tools, message_id, Decision.SENT, school_id=other)
    assert refused is Outcome.NO_MESSAGE
    assert await _decide(db, tools, 1, Decision.SENT) is Outcome.NO_MESSAGE
    async with db.reading() as q:
        assert await in_doubt.waiting(q, tools, school_id=other, limit=9) == []
        assert await in_doubt.total(q, other) == (0, None)
    assert await column(db, PARTS) == ["doubt"]
    done = await _decide(db, tools, message_id, Decision.SENT, school_id=school.id)
    assert done is Outcome.DONE


async def test_a_decision_stands_in_the_timeline_with_who_made_it(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    message_id, _ = await _in_doubt(db, tools, school, guardians[0])
    await _decide(db, tools, message_id, Decision.REPEAT)
    async with db.transaction() as q:
        await claim(q, tools, now=60)
        steps = await timeline.read(q, school.id, message_id)
    told = [(step["at"], step["what"]) for step in steps if "part" in step]
    assert told == [(10, "in doubt"), (50, "to be repeated"), (60, "handed over")]
    [decided] = [step for step in steps if step["what"] == "to be repeated"]
    assert (decided["actor"], decided["part"], decided["of"]) == ("command", 1, 1)


# ---------------------------------------------------------------- the policy


async def test_urgent_news_is_repeated_once_and_never_again(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    _, [part] = await _in_doubt(db, tools, school, guardians[0], lane=URGENT_LANE)
    assert await _repeat(db, tools, before=9) == 0
    assert await _repeat(db, tools, before=10) == 1
    async with db.transaction() as q:
        [again] = await claim(q, tools, now=210)
        assert again.part_id == part
        await outbox.settle(q, [Settled(part, PartState.DOUBT)], owner="worker", now=220)
    assert await _repeat(db, tools, before=500, now=600) == 0
    assert await column(db, PARTS) == ["doubt"]
    assert await column(db, DECISIONS) == ["repeat policy"]


async def test_two_who_repeat_at_once_repeat_once(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    for to in guardians[:5]:
        await _in_doubt(db, tools, school, to, lane=URGENT_LANE)
    assert sum(await asyncio.gather(*(_repeat(db, tools) for _ in range(4)))) == 5
    assert await column(db, DECISIONS) == ["repeat policy"] * 5


@pytest.mark.parametrize("lane", [PROMPT_LANE, DIGEST_LANE])
async def test_marks_and_digests_are_not_repeated(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed], lane: int
) -> None:
    await _in_doubt(db, tools, school, guardians[0], lane=lane)
    assert await _repeat(db, tools) == 0


async def test_an_answer_is_not_repeated(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    await _in_doubt(db, tools, school, guardians[0], lane=URGENT_LANE, ground=Ground.STAFF)
    assert await _repeat(db, tools) == 0


async def test_urgent_news_that_is_late_stopped_or_perhaps_reported_is_not_repeated(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    await _in_doubt(db, tools, school, guardians[0], lane=URGENT_LANE, expires=200)
    await _in_doubt(db, tools, school, guardians[1], lane=URGENT_LANE)
    await _in_doubt(db, tools, school, guardians[2], lane=URGENT_LANE)
    await _in_doubt(db, tools, school, guardians[2], lane=URGENT_LANE)
    async with db.transaction() as q:
        await set_consent(q, tools, school.id, [guardians[1]], ConsentState.STOPPED)
    # It is of one of the two, nobody knows of which.
    await _store(db, tools, "A1", None, number=guardians[2].number)
    assert await _resolve(db, tools) == 0
    assert await _repeat(db, tools, now=200) == 0
    assert await column(db, PARTS) == ["doubt"] * 4


async def test_what_another_route_handed_over_is_not_repeated_by_this_one(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    await _in_doubt(db, tools, school, guardians[0], lane=URGENT_LANE)
    async with db.transaction() as q:
        assert await doubt.repeat_urgent(q, tools, route="other", before=100, now=200) == 0


# ---------------------------------------------------------------- what people see


async def test_messages_in_doubt_are_shown_oldest_first_without_numbers(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    young, _ = await _in_doubt(db, tools, school, guardians[0], now=40, parts=2)
    old, _ = await _in_doubt(db, tools, school, guardians[1], now=20, lane=URGENT_LANE, expires=900)
    async with db.reading() as q:
        first, second = await in_doubt.waiting(q, tools, school_id=None, limit=9)
        assert await in_doubt.total(q, school.id) == (3, 20)
        assert await in_doubt.messages(q, school.id) == (2, 20)
        queues = await counts.queues(q)
    assert (queues.doubt, queues.oldest_doubt) == (3, 20)
    assert [first.id, second.id] == [old, young]
    assert (first.since, first.parts, first.of, first.kinds) == (20, 1, 1, ("homework",))
    assert (second.parts, second.of, second.route, second.school_id) == (2, 2, ROUTE, school.id)
    assert guardians[1].number not in repr(first)
    assert "***" in first.number
    assert (first.repeats, second.repeats) == (True, False)
    assert "повторится само" in in_doubt.advice(first, 30)
    assert "поздно" in in_doubt.advice(first, 900)
    assert "repeat" in in_doubt.advice(second, 30)


# ---------------------------------------------------------------- asking the operator


async def _sent(
    db: Database, tools: Tools, school: School, to: Subscribed, name: str, *, now: int
) -> int:
    async with db.transaction() as q:
        await queue(q, tools, to, school.id, "5")
        [part] = await claim(q, tools, now=now)
        settled = [Settled(part.part_id, PartState.SENT, provider_id=name)]
        await outbox.settle(q, settled, owner="worker", now=now)
    return part.part_id


async def test_parts_without_a_receipt_are_asked_for_oldest_first_and_few_at_a_time(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    late = await _sent(db, tools, school, guardians[0], "A1", now=100)
    early = await _sent(db, tools, school, guardians[1], "A2", now=50)
    await _sent(db, tools, school, guardians[2], "A3", now=201)
    await _in_doubt(db, tools, school, guardians[3], now=10)
    first = await _asked(db, tools, 400, before=200, limit=1)
    assert first == [Asked(early, "A2", guardians[1].number, "")]
    second = await _asked(db, tools, 400, before=200)
    assert second == [Asked(late, "A1", guardians[0].number, "")]
    assert await _asked(db, tools, 400, before=200) == []
    await _store(db, tools, "A2", None, number=guardians[1].number)
    assert [asked.part_id for asked in await _asked(db, tools, 9000, before=200)] == [late]


async def test_each_pause_between_two_questions_is_twice_as_long(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    await _sent(db, tools, school, guardians[0], "A1", now=100)
    moments = [now for now in range(200, 2000, 10) if await _asked(db, tools, now, before=now - 50)]
    assert moments == [200, 300, 500, 900, 1700]


async def test_a_copy_of_a_receipt_in_another_base_is_not_of_the_part_in_doubt(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    await _in_doubt(db, tools, school, guardians[0])
    async with db.transaction() as q:
        await queue(q, tools, guardians[0], school.id, "ещё одно")
        [taken] = await claim(q, tools)
        accepted = Settled(taken.part_id, PartState.SENT, provider_id="1795551125463672")
        await outbox.settle(q, [accepted], owner="worker", now=15)
    await _store(db, tools, "6610b53026278", None)
    assert await column(db, OWNERS) == [taken.part_id]
    [number_id] = await column(db, "select distinct number_id from part")
    async with db.transaction() as q:
        # As if it had come before the answer: the sweep goes round many such, some at a time.
        await q.run("update receipt set part_id = null, number_id = :number", number=number_id)
    assert await _resolve(db, tools) == 0
    assert await column(db, PARTS) == ["doubt", "delivered"]


async def test_a_notice_on_the_way_resolves_a_doubt_and_leaves_the_end_open(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    await _in_doubt(db, tools, school, guardians[0])
    await _store(db, tools, "A1", None, state=PartState.SENT)
    assert await _resolve(db, tools) == 1
    assert await column(db, PARTS) == ["sent"]
    assert await column(db, "select state from message") == ["open"]
    assert await column(db, "select done_at from part") == [None]
    await _store(db, tools, "A1", None, now=40)
    assert await column(db, PARTS) == ["delivered"]
    assert await column(db, "select state from message") == ["delivered"]
    assert await column(db, "select done_at from part") == [40]


async def test_an_id_known_from_a_receipt_alone_tells_nothing_of_the_base(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    for place, to in enumerate(guardians):
        await _in_doubt(db, tools, school, to)
        await _store(db, tools, f"6610b5302627{place}", None, number=to.number)
    assert await _resolve(db, tools) == len(guardians)
    for place, to in enumerate(guardians):
        await _store(db, tools, f"6610b5302627{place}", None, number=to.number, now=40)
    assert None not in await column(db, OWNERS)
    async with db.reading() as q:
        assert await receipt_parts.spoken(q, ROUTE) is None


async def test_what_is_repeated_after_a_doubt_is_not_made_anew(
    db: Database, tools: Tools, school: School, guardians: list[Subscribed]
) -> None:
    """It may have arrived: its receipt must find it, and its text must not go out once more."""
    repeated, fresh = guardians[:2]
    async with db.transaction() as q:
        for one in (repeated, fresh):
            await queue(q, tools, one, school.id, "Завтра уроков нет")
        row = await q.one("select id from part where number_id = :id", id=repeated.number_id)
        assert row is not None
        await q.run("update part set attempts = 1 where id = :id", id=row["id"])
        await q.run(
            """insert into decision (id, school_id, part_id, decision, actor, claimed_at, at)
               values (1, :school_id, :part_id, 'repeat', 'policy', 1, 1)""",
            school_id=school.id,
            part_id=row["id"],
        )
        await withdraw.withdraw(q, [repeated.number_id, fresh.number_id], now=2)
    states = "select state from part where number_id = :id"
    assert await column(db, states, id=repeated.number_id) == ["queued"]
    assert await column(db, states, id=fresh.number_id) == ["withdrawn"]
