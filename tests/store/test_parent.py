"""The parent's page in the database, on both engines: codes, limits, slips, sessions, visits."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date

import pytest

from sms_diary.carrying import Ways
from sms_diary.clock import DAY, HOUR, MINUTE, ManualClock
from sms_diary.codes import Codes
from sms_diary.db import Database, Queries
from sms_diary.model import ALL_TOPICS, Ground, NumberState
from sms_diary.store import (
    by_parent,
    by_school,
    consents,
    ledger,
    messages,
    numbers,
    retention,
    schools,
    subscriptions,
)
from sms_diary.store.by_parent import Said
from sms_diary.store.by_school import Paper
from sms_diary.store.destruction import Order
from sms_diary.store.parent import codes, family, limits, sessions, slips, visits
from sms_diary.store.parent.codes import TO_COME_IN, Answer
from sms_diary.store.parent.family import Family
from sms_diary.store.parent.limits import Limit
from sms_diary.store.parent.sessions import Session
from sms_diary.store.persons import erase, held
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests import seeding
from tests.asking import RENDERER
from tests.seeding import ROUTE, Subscribed, phone

MUM, NEW, NOBODY = phone(0), phone(70), phone(99)
ELSEWHERE = "203.0.113.9"
_CODE = re.compile(r"(\d{6})")


@dataclass
class Phone:
    """Somebody at a browser, and the phones that codes come to."""

    db: Database
    tools: Tools
    clock: ManualClock
    loop: Codes

    async def ask(self, number: str = MUM, *, session_id: int = TO_COME_IN,
                  address: str = ELSEWHERE) -> str | None:  # fmt: skip
        """Ask for a code, and let the loop see to it."""
        async with self.db.transaction() as q:
            secret = await codes.ask(
                q, self.tools, number, session_id=session_id, address=address, now=self.clock.now()
            )
        while await self.loop.step():
            pass
        return secret

    async def sms(self) -> list[str]:
        """The codes that are queued, in order."""
        return [_CODE.findall(text)[-1] for text in await self.texts()]

    async def texts(self) -> list[str]:
        async with self.db.reading() as q:
            rows = await q.all(
                """select id, text from message where ground = 'code' and text is not null
                   order by id"""
            )
        return [self.tools.vault.text(row["text"], "message.text", row["id"]) for row in rows]

    async def check(
        self, secret: str | None, code: str, *, session_id: int = TO_COME_IN,
        address: str = ELSEWHERE,
    ) -> tuple[Answer, int]:  # fmt: skip
        async with self.db.transaction() as q:
            return await codes.check(
                q, self.tools, secret or "", code, session_id=session_id, address=address,
                now=self.clock.now(),
            )  # fmt: skip


@pytest.fixture
def at(db: Database, tools: Tools, clock: ManualClock) -> Phone:
    loop = Codes(db, tools, clock, Wakes(), RENDERER, Ways(ROUTE, {}))
    return Phone(db, tools, clock, loop)


@pytest.fixture
async def mum(guardians: list[Subscribed]) -> Subscribed:
    assert guardians[0].number == MUM
    return guardians[0]


async def state(db: Database, number: str, tools: Tools) -> NumberState:
    async with db.reading() as q:
        return (await numbers.find(q, tools, [number]))[number].state


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


# ---------------------------------------------------------------- codes


async def test_the_code_that_came_lets_in_once(at: Phone, mum: Subscribed, school: School) -> None:
    secret = await at.ask()
    [text] = await at.texts()
    assert text.startswith(f"{school.short_name}: код для входа ")
    [code] = await at.sms()
    assert await at.check(secret, code) == (Answer.RIGHT, mum.number_id)
    assert await at.check(secret, code) == (Answer.OVER, 0)


async def test_only_a_digest_of_a_code_is_kept(at: Phone, mum: Subscribed) -> None:
    secret = await at.ask()
    [code] = await at.sms()
    async with at.db.reading() as q:
        [row] = await q.all("select * from parent_code")
        said = " ".join(map(str, dict(row).values()))
    assert code not in said
    assert row["sealed"] is None, "the number is needed no more"
    await at.check(secret, code)
    assert await at.texts() == [], "and the text of the SMS goes with its use"


async def test_of_two_who_bring_a_code_at_once_one_is_let_in(at: Phone, mum: Subscribed) -> None:
    secret = await at.ask()
    [code] = await at.sms()
    answers = await asyncio.gather(*(at.check(secret, code) for _ in range(4)))
    assert sorted(answer.value for answer, _ in answers) == ["over", "over", "over", "right"]


async def test_a_code_opens_nothing_for_another_browser_or_another_purpose(
    at: Phone, mum: Subscribed
) -> None:
    secret = await at.ask()
    [code] = await at.sms()
    assert (await at.check("another", code))[0] is Answer.OVER
    assert (await at.check(secret, code, session_id=7))[0] is Answer.OVER
    assert (await at.check(secret, code))[0] is Answer.RIGHT


async def test_a_code_holds_for_ten_minutes(at: Phone, mum: Subscribed) -> None:
    secret = await at.ask()
    [code] = await at.sms()
    at.clock.advance(10 * MINUTE)
    assert (await at.check(secret, code))[0] is Answer.OVER


async def test_a_new_code_ends_the_earlier_one(at: Phone, mum: Subscribed) -> None:
    first = await at.ask()
    second = await at.ask()
    one, two = await at.sms()
    assert (await at.check(first, one))[0] is Answer.OVER
    assert (await at.check(second, two))[0] is Answer.RIGHT


async def test_five_wrong_ones_end_a_code(at: Phone, mum: Subscribed) -> None:
    secret = await at.ask()
    [code] = await at.sms()
    said = [(await at.check(secret, wrong(code)))[0] for _ in range(5)]
    assert said == [Answer.WRONG] * 4 + [Answer.OVER]
    assert (await at.check(secret, code))[0] is Answer.OVER


async def test_no_more_than_three_codes_an_hour_and_ten_a_day_go_to_a_number(
    at: Phone, mum: Subscribed
) -> None:
    for number in (MUM, NOBODY):
        asked = [await at.ask(number, address=f"203.0.113.{n}") for n in range(5)]
        assert [one is not None for one in asked] == [True, True, True, False, False]
    assert len(await at.sms()) == 3
    for hour in range(1, 23):
        at.clock.advance(HOUR)
        await at.ask(address=f"198.51.100.{hour}")
    assert len(await at.sms()) == 10


async def test_those_who_ask_at_once_are_counted_one_by_one(at: Phone, mum: Subscribed) -> None:
    asked = await asyncio.gather(*(at.ask(address=f"203.0.113.{n}") for n in range(6)))
    assert sum(one is not None for one in asked) == 3
    assert len(await at.sms()) <= 3, "and of those replaced at once none need be sent"


async def test_an_address_that_asks_for_many_numbers_is_stopped(at: Phone) -> None:
    asked = [await at.ask(phone(n)) for n in range(31)]
    assert [one is not None for one in asked].index(False) == 30
    assert await at.ask(phone(50), address="198.51.100.1") is not None


@pytest.mark.parametrize("number", [MUM, NOBODY])
async def test_a_known_and_an_unknown_number_leave_the_same_row(
    at: Phone, mum: Subscribed, number: str
) -> None:
    """Whoever asks is answered before anybody has looked whose number it is."""
    async with at.db.transaction() as q:
        await codes.ask(
            q, at.tools, number, session_id=TO_COME_IN, address=ELSEWHERE, now=at.clock.now()
        )
        [row] = await q.all("select * from parent_code")
        said = {
            name: held for name, held in dict(row).items()
            if name not in ("id", "idx", "sealed", "token_hash")
        }  # fmt: skip
        assert said == {
            "session_id": 0, "state": "new", "digest": None, "tries": 0, "number_id": None,
            "message_id": None, "created_at": at.clock.now(),
            "ends_at": at.clock.now() + 10 * MINUTE,
        }  # fmt: skip
        assert await q.all("select 1 as one from message") == []


async def test_no_code_fits_where_nobody_was_sent_one(at: Phone, mum: Subscribed) -> None:
    secret = await at.ask(NOBODY)
    assert await at.sms() == []
    assert [(await at.check(secret, "000000"))[0] for _ in range(5)] == [Answer.WRONG] * 4 + [
        Answer.OVER
    ]


async def claimed_now(at: Phone) -> list[str]:
    """The phones to which something leaves at this moment."""
    async with at.db.transaction() as q:
        return [one.number for one in await seeding.claim(q, at.tools, now=at.clock.now())]


async def set_number(at: Phone, number: str, to: NumberState) -> None:
    async with at.db.transaction() as q:
        await q.run(
            "update number set state = :state where idx = :idx",
            state=to.value, idx=at.tools.vault.index(number),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("to", "sent"),
    [
        (NumberState.OPEN, 1), (NumberState.STOPPED, 1), (NumberState.BLOCKED, 0),
        (NumberState.WRONG, 0), (NumberState.SUSPENDED, 0),
    ],
)  # fmt: skip
async def test_a_code_goes_after_a_stop_and_never_past_the_operator_or_to_a_stranger(
    at: Phone, mum: Subscribed, to: NumberState, sent: int
) -> None:
    await set_number(at, MUM, to)
    await at.ask()
    assert len(await at.sms()) == sent
    assert len(await claimed_now(at)) == sent, "and it leaves"


@pytest.mark.parametrize(
    ("to", "sent"),
    [(NumberState.BLOCKED, 0), (NumberState.WRONG, 0), (NumberState.STOPPED, 1)],
)
async def test_a_number_that_is_to_be_taken_over_is_asked_by_the_same_rule(
    at: Phone, guardians: list[Subscribed], to: NumberState, sent: int
) -> None:
    session = await entered(at, guardians[0].number_id)
    await set_number(at, guardians[1].number, to)
    await at.ask(guardians[1].number, session_id=session.id)
    assert len(await at.sms()) == sent


async def unwelcomed(q: Queries, mum: Subscribed) -> None:
    await q.run("update guardian set welcomed_at = null where id = :id", id=mum.guardian_id)


async def tried_out(q: Queries, mum: Subscribed) -> None:
    await q.run("update school set mode = 'test'")


async def disowned(q: Queries, mum: Subscribed) -> None:
    await q.run(
        "update consent set state = 'wrong-number' where subscription_id = :id",
        id=mum.subscription_id,
    )


@pytest.mark.parametrize("spoil", [unwelcomed, tried_out, disowned])
async def test_a_number_that_may_be_a_strangers_is_sent_none(
    at: Phone, mum: Subscribed, spoil: Callable[[Queries, Subscribed], Awaitable[None]]
) -> None:
    async with at.db.transaction() as q:
        await spoil(q, mum)
    await at.ask()
    assert await at.sms() == []


async def test_several_schools_are_not_named_and_own_no_code(
    at: Phone, mum: Subscribed, school: School
) -> None:
    async with at.db.transaction() as q:
        other = await seeding.live_school(q, at.tools, "school-9")
        [class_id] = await seeding.classes(q, at.tools, other, "9В")
        [pupil_id] = await seeding.pupils(q, at.tools, other, class_id, 1)
        await seeding.subscribe(q, at.tools, other, [(pupil_id, MUM)])
    await at.ask()
    [text] = await at.texts()
    assert text.startswith("код для входа")
    assert school.short_name not in text
    assert await seeding.column(at.db, "select school_id from message") == [0]


async def test_the_school_never_reads_a_code(at: Phone, mum: Subscribed, school: School) -> None:
    await at.ask()
    [code] = await at.sms()
    async with at.db.reading() as q:
        [message_id] = await seeding.column(at.db, "select id from message")
        view = await messages.one(q, at.tools, school.id, message_id)
    assert view is not None
    assert (view.ground, view.text) == (Ground.CODE, messages.CODE_HIDDEN)
    assert code not in str(view)


@pytest.mark.parametrize(
    ("database_url", "tried"),
    [
        ("sqlite", 2_000),
        ("postgresql", 2_000),
        # PostgreSQL takes a round trip a statement.
        pytest.param("sqlite", 100_000, marks=pytest.mark.long),
    ],
    indirect=["database_url"],
)
async def test_thousands_of_wrong_codes_do_not_get_in(
    at: Phone, mum: Subscribed, tried: int
) -> None:
    """Spread over a day, three codes an hour and two thousand addresses; few are looked at."""
    each = tried // 72
    answers: Counter[Answer] = Counter()
    for turn in range(72):
        if turn % 3 == 0:
            at.clock.advance(HOUR)
        secret = await at.ask(address=f"10.0.{turn}.1")
        right = (await at.sms() or [""])[-1]
        wrong_ones = [f"{n:06}" for n in range(turn * each, (turn + 1) * each)]

        async def guess(
            q: Queries, secret: str = secret or "", turn: int = turn, right: str = right,
            wrong_ones: Sequence[str] = wrong_ones,
        ) -> None:  # fmt: skip
            for n, code in enumerate(one for one in wrong_ones if one != right):
                answer, _ = await codes.check(
                    q, at.tools, secret, code, session_id=TO_COME_IN,
                    address=f"10.{turn}.{n // 50}.1", now=at.clock.now(),
                )  # fmt: skip
                answers[answer] += 1

        await at.db.write(guess)
    assert sum(answers.values()) >= 72 * (each - 1)
    assert answers[Answer.RIGHT] == 0
    assert 0 < answers[Answer.WRONG] <= 10 * (codes.TRIES - 1), "ten codes a day, few tries each"


async def test_whoever_has_tried_too_often_is_not_let_in_with_the_right_one(
    at: Phone, mum: Subscribed
) -> None:
    for n in range(12):
        other = await at.ask(phone(n), address=f"10.0.0.{n}")
        for _ in range(5):
            await at.check(other, "000000")
    secret = await at.ask(phone(13))
    code = (await at.sms())[-1]
    assert await at.check(secret, code) == (Answer.TOO_MANY, 0)
    answer, _ = await at.check(secret, code, address="198.51.100.1")
    assert answer is Answer.RIGHT, "from elsewhere it is"


async def test_tries_are_counted_over_all_codes_together(at: Phone) -> None:
    async with at.db.transaction() as q:
        full = [Limit("x", 2, HOUR), Limit("y", 1, DAY)]
        first = await limits.take(q, at.tools, full, now=at.clock.now())
        assert first is not None
        assert await limits.take(q, at.tools, full, now=at.clock.now()) is None
        await limits.give_back(q, first)
        assert await limits.take(q, at.tools, full, now=at.clock.now()) is not None
        one = [Limit("x", 2, HOUR)]
        assert await limits.take(q, at.tools, one, now=at.clock.now()) is not None
        assert await limits.take(q, at.tools, one, now=at.clock.now()) is None
        assert await limits.take(q, at.tools, one, now=at.clock.now() + HOUR) is not None
    kept = await seeding.column(at.db, "select digest from parent_attempt")
    assert b"x" not in {bytes(one) for one in kept}


# ---------------------------------------------------------------- sessions and what they see


async def entered(at: Phone, number_id: int = 0, slip_id: int = 0) -> Session:
    async with at.db.transaction() as q:
        secret = await sessions.begin(
            q, at.tools, number_id=number_id, slip_id=slip_id, now=at.clock.now()
        )
        found = await sessions.find(q, secret, now=at.clock.now())
    assert found is not None
    return found


async def test_a_session_ends_when_idle_and_after_an_hour(at: Phone) -> None:
    async with at.db.transaction() as q:
        secret = await sessions.begin(q, at.tools, number_id=5, now=at.clock.now())
        for _ in range(4):
            at.clock.advance(15 * MINUTE - 1)
            found = await sessions.find(q, secret, now=at.clock.now())
            assert found is not None
            await sessions.note(q, found.id, now=at.clock.now())
        at.clock.advance(4)
        assert await sessions.find(q, secret, now=at.clock.now()) is None, "an hour is over"
        other = await sessions.begin(q, at.tools, number_id=5, now=at.clock.now())
        at.clock.advance(15 * MINUTE)
        assert await sessions.find(q, other, now=at.clock.now()) is None, "nobody was there"


async def seen(at: Phone, session: Session) -> Family:
    async with at.db.reading() as q:
        return await family.of_session(q, at.tools, session)


async def test_a_number_that_is_blocked_meanwhile_sees_nobody(at: Phone, mum: Subscribed) -> None:
    session = await entered(at, mum.number_id)
    assert [one.pupil_id for one in (await seen(at, session)).children] == [mum.pupil_id]
    await set_number(at, MUM, NumberState.SUSPENDED)
    assert (await seen(at, session)).children == ()


async def test_visits_are_counted_by_school_and_day(at: Phone, school: School) -> None:
    async with at.db.transaction() as q:
        for _ in range(3):
            await visits.count(q, [school], now=at.clock.now())
        at.clock.advance(DAY)
        await visits.count(q, [school], now=at.clock.now())
        found = await visits.of_school(q, school.id, date(2026, 11, 24), date(2026, 11, 30))
        assert await visits.of_school(q, school.id + 1, date(2026, 1, 1), date(2026, 12, 1)) == {}
    assert found == {date(2026, 11, 24): 3, date(2026, 11, 25): 1}


# ---------------------------------------------------------------- slips


async def holders(at: Phone, school: School) -> list[slips.Holder]:
    async with at.db.reading() as q:
        [class_id] = [row["id"] for row in await q.all("select id from class")]
        return await slips.holders(q, school.id, class_id, "2026-11-24")


async def slip(at: Phone, school: School, holder: slips.Holder) -> slips.Slip:
    async with at.db.transaction() as q:
        login = await slips.make(
            q, at.tools, school.id, holder, "$hash", by="Петрова", now=at.clock.now()
        )
        known = await slips.by_login(q, login)
    assert known is not None
    return known[0]


async def test_a_slip_shows_its_own_schools_children_alone(
    at: Phone, mum: Subscribed, school: School
) -> None:
    async with at.db.transaction() as q:
        other = await seeding.live_school(q, at.tools, "school-9")
        [class_id] = await seeding.classes(q, at.tools, other, "9В")
        [pupil_id] = await seeding.pupils(q, at.tools, other, class_id, 1)
        await seeding.subscribe(q, at.tools, other, [(pupil_id, MUM)])
        [first] = [
            one
            for one in await slips.holders(
                q, school.id, (await q.all("select id from class order by id"))[0]["id"],
                "2026-11-24",
            )
            if one.guardian_id == mum.guardian_id
        ]  # fmt: skip
    by_slip = await entered(at, slip_id=(await slip(at, school, first)).id)
    assert [one.school_id for one in (await seen(at, by_slip)).children] == [school.id]
    by_code = await entered(at, mum.number_id)
    assert {one.school_id for one in (await seen(at, by_code)).children} == {school.id, other.id}


async def test_a_family_without_a_number_has_a_slip_for_the_pupil(
    at: Phone, guardians: list[Subscribed], school: School
) -> None:
    async with at.db.transaction() as q:
        await q.run(
            "delete from consent where subscription_id = :id", id=guardians[3].subscription_id
        )
        await q.run("delete from subscription where id = :id", id=guardians[3].subscription_id)
    [alone] = [one for one in await holders(at, school) if not one.guardian_id]
    made = await slip(at, school, alone)
    found = await seen(at, await entered(at, slip_id=made.id))
    assert [(one.pupil_id, one.subscription_id) for one in found.children] == [
        (guardians[3].pupil_id, 0)
    ]
    assert (found.number, found.held) == ("", ())


async def test_a_new_slip_and_a_revoked_one_end_what_was(
    at: Phone, mum: Subscribed, school: School
) -> None:
    [holder] = [one for one in await holders(at, school) if one.guardian_id == mum.guardian_id]
    first = await slip(at, school, holder)
    session = await entered(at, slip_id=first.id)
    second = await slip(at, school, holder)
    async with at.db.transaction() as q:
        assert await slips.by_login(q, first.login) is None
        assert (await q.all("select ended_at from parent_session"))[0]["ended_at"] is not None
        assert (await family.of_session(q, at.tools, session)).children == ()
        assert not await slips.revoke(q, school.id + 1, second.login, now=1), "another school's"
        assert await slips.revoke(q, school.id, second.login.upper(), now=1)
        assert not await slips.revoke(q, school.id, second.login, now=1)
        assert await slips.one(q, second.id) is None


async def test_the_printed_password_is_changed_once_and_does_not_hold_for_ever(
    at: Phone, mum: Subscribed, school: School
) -> None:
    [holder] = [one for one in await holders(at, school) if one.guardian_id == mum.guardian_id]
    made = await slip(at, school, holder)
    assert made.stands(at.clock.now())
    assert not made.stands(at.clock.now() + slips.HOLDS)
    async with at.db.transaction() as q:
        assert await slips.in_use(q, school.id, [mum.pupil_id]) == set()
        assert await slips.set_password(q, made.id, "$own", now=at.clock.now())
        assert not await slips.set_password(q, made.id, "$other", now=at.clock.now())
        own = await slips.one(q, made.id)
        assert await slips.in_use(q, school.id, [mum.pupil_id]) == {(mum.pupil_id, mum.guardian_id)}
    assert own is not None
    assert own.stands(at.clock.now() + 10 * slips.HOLDS)


# ---------------------------------------------------------------- acts


async def act(at: Phone, session: Session, words: str = "Кнопка") -> Said:
    return Said(session, await seen(at, session), words, bool(session.number_id))


async def states(at: Phone, of: Subscribed) -> dict[str, str]:
    async with at.db.reading() as q:
        found = await consents.states(q, [of.subscription_id])
    return {topic: state.value for (_, topic), state in found.items()}


async def evidence(at: Phone, school_id: int) -> list[tuple[str, str, dict[str, str]]]:
    """(action, actor, evidence) of the last row of a chain."""
    async with at.db.reading() as q:
        [*_, last] = await ledger.page(q, school_id, None)
        return [(last.action, last.actor, await ledger.evidence(q, at.tools, school_id, last.id))]


async def test_a_stop_on_the_page_is_a_stop_with_its_words_in_the_ledger(
    at: Phone, mum: Subscribed, school: School
) -> None:
    said = await act(at, await entered(at, mum.number_id), "Отключить все SMS")
    async with at.db.transaction() as q:
        await by_parent.stop_everything(q, at.tools, said, now=at.clock.now())
    assert await states(at, mum) == {"*": "stopped"}
    assert await state(at.db, MUM, at.tools) is NumberState.STOPPED
    assert await evidence(at, school.id) == [
        ("revoked", "parent, page",
         {"number": MUM, "shown": "Отключить все SMS", "way": "страница родителя: код по SMS"})
    ]  # fmt: skip
    async with at.db.reading() as q:
        assert await ledger.first_broken(q, school.id) is None


async def test_who_came_with_a_code_may_start_again_and_no_welcome_is_needed(
    at: Phone, mum: Subscribed
) -> None:
    session = await entered(at, mum.number_id)
    async with at.db.transaction() as q:
        await by_parent.stop_everything(q, at.tools, await act(at, session), now=at.clock.now())
    said = await act(at, session)
    async with at.db.transaction() as q:
        wanted = [(one, by_parent.of_sms(one)) for one in said.family.held]
        assert await by_parent.start(q, at.tools, said, wanted, now=at.clock.now())
        assert await q.all("select 1 as one from request") == []
    assert await states(at, mum) == {"*": "active"}
    assert await state(at.db, MUM, at.tools) is NumberState.OPEN


async def test_a_slip_ends_consents_and_gives_none(
    at: Phone, mum: Subscribed, school: School
) -> None:
    [holder] = [one for one in await holders(at, school) if one.guardian_id == mum.guardian_id]
    session = await entered(at, slip_id=(await slip(at, school, holder)).id)
    said = await act(at, session)
    async with at.db.transaction() as q:
        await by_parent.stop_everything(q, at.tools, said, now=at.clock.now())
    assert await states(at, mum) == {"*": "stopped"}
    assert await state(at.db, MUM, at.tools) is NumberState.OPEN, "other schools have their own"
    said = await act(at, session)
    async with at.db.transaction() as q:
        wanted = [(one, by_parent.of_sms(one)) for one in said.family.held]
        assert not await by_parent.start(q, at.tools, said, wanted, now=at.clock.now())
    assert await states(at, mum) == {"*": "stopped"}


async def test_one_topic_is_stopped_by_itself(at: Phone, mum: Subscribed) -> None:
    said = await act(at, await entered(at, mum.number_id))
    async with at.db.transaction() as q:
        wanted = [(one, ["marks"]) for one in said.family.held]
        assert await by_parent.stop(q, at.tools, said, wanted, now=at.clock.now()) == 1
    assert await states(at, mum) == {"*": "active", "marks": "stopped"}


async def test_a_paper_of_the_school_does_not_lift_a_stop_from_the_page(
    at: Phone, mum: Subscribed
) -> None:
    assert ledger.BY_PAGE in ledger.BY_PARENT
    said = await act(at, await entered(at, mum.number_id))
    async with at.db.transaction() as q:
        wanted = [(one, [ALL_TOPICS]) for one in said.family.held]
        await by_parent.stop(q, at.tools, said, wanted, now=at.clock.now())
    school = said.family.children[0].school_id
    async with at.db.transaction() as q:
        found = await subscriptions.locked(q, at.tools, school, mum.subscription_id)
        assert found is not None
        [row] = (await schools.by_ids(q, [school])).values()
        why = await by_school.start(
            q, at.tools, school, found, [], Paper("форма", "SMS-1", "Петрова", "2027-01-10"),
            zone=row.zone, actor="desk x", now=at.clock.now() + 60 * DAY,
        )  # fmt: skip
    assert why
    assert (await states(at, mum))["*"] == "stopped"


@pytest.mark.parametrize("again", [True, False])
async def test_a_number_is_changed_in_every_school_at_once(
    at: Phone, mum: Subscribed, school: School, *, again: bool
) -> None:
    async with at.db.transaction() as q:
        other = await seeding.live_school(q, at.tools, "school-9")
        [class_id] = await seeding.classes(q, at.tools, other, "9В")
        [pupil_id] = await seeding.pupils(q, at.tools, other, class_id, 1)
        [there] = await seeding.subscribe(q, at.tools, other, [(pupil_id, MUM)])
    session, second = await entered(at, mum.number_id), await entered(at, mum.number_id)
    secret = await at.ask(NEW, session_id=session.id)
    [code] = await at.sms()
    answer, number_id = await at.check(secret, code, session_id=session.id)
    assert answer is Answer.RIGHT
    said = await act(at, session)
    async with at.db.transaction() as q:
        await by_parent.change_number(q, at.tools, said, NEW, again=again, now=at.clock.now())
        row = await sessions.one(q, session.id)
        assert row is not None
        assert row.number_id == number_id
        ended = {
            row["id"]: row["ended_at"] is not None
            for row in await q.all("select id, ended_at from parent_session")
        }
        assert ended == {session.id: False, second.id: True}
        assert len(await family.of_number(q, number_id)) == 2
        assert await family.of_number(q, mum.number_id) == []
        assert await q.all("select 1 as one from request") == [], "no welcome: a code came there"
    expected = "active" if again else "unknown"
    assert await states(at, mum) == {"*": expected}
    assert await states(at, there) == {"*": expected}
    assert await state(at.db, MUM, at.tools) is NumberState.STOPPED
    for chain in (school.id, other.id):
        async with at.db.reading() as q:
            assert await ledger.first_broken(q, chain) is None
        [(action, actor, _)] = await evidence(at, chain)
        assert (action, actor) == ("given" if again else "number-changed", "parent, page")


async def test_a_slip_follows_its_children_to_the_guardian_who_has_the_number(
    at: Phone, guardians: list[Subscribed], school: School
) -> None:
    mum, dad = guardians[:2]
    [holder] = [one for one in await holders(at, school) if one.guardian_id == mum.guardian_id]
    made = await slip(at, school, holder)
    said = await act(at, await entered(at, slip_id=made.id))
    async with at.db.transaction() as q:
        await by_parent.change_number(q, at.tools, said, dad.number, again=False, now=5)
        kept = await slips.one(q, made.id)
    assert kept is not None
    assert kept.guardian_id == dad.guardian_id


# ---------------------------------------------------------------- what time destroys


async def test_codes_sessions_and_tries_go_with_their_day(
    at: Phone, mum: Subscribed, school: School
) -> None:
    await at.ask()
    await entered(at, mum.number_id)
    [holder] = [one for one in await holders(at, school) if one.guardian_id == mum.guardian_id]
    await slip(at, school, holder)
    tables = ("parent_code", "parent_session", "parent_attempt", "parent_slip")

    async def left() -> Sequence[int]:
        async with at.db.transaction() as q:
            [period, *_] = await retention.periods(q)
            await retention.step(q, at.tools, period, now=at.clock.now())
            return [(await q.all(f"select count(*) as n from {one}"))[0]["n"] for one in tables]

    at.clock.advance(DAY - 1)
    assert min(await left()) >= 1
    at.clock.advance(2)
    assert await left() == [0, 0, 0, 1]
    assert await at.texts() == []
    at.clock.advance(2 * slips.HOLDS)
    assert await left() == [0, 0, 0, 0]


async def test_who_demands_that_all_be_destroyed_has_no_way_in_left(
    at: Phone, mum: Subscribed, school: School
) -> None:
    await at.ask()
    await entered(at, mum.number_id)
    [holder] = [one for one in await holders(at, school) if one.guardian_id == mum.guardian_id]
    made = await slip(at, school, holder)
    await entered(at, slip_id=made.id)
    async with at.db.transaction() as q:
        person = await held.on_number(q, at.tools, MUM, [school.id], whole=True)
        assert person is not None
        assert [one.login for one in person.slips] == [made.login]
        assert [one.text for one in person.sent] == [None], "a code is shown to nobody"
        order = Order("Петрова", "отзыв согласия", "вх. 1")
        await erase.number(q, at.tools, MUM, [school.id], order, whole=True, now=at.clock.now())
        for table in ("parent_code", "parent_session", "parent_slip"):
            assert await q.all(f"select 1 as one from {table}") == [], table


async def test_a_pupil_who_is_destroyed_has_no_slip(
    at: Phone, mum: Subscribed, school: School
) -> None:
    [holder] = [one for one in await holders(at, school) if one.guardian_id == mum.guardian_id]
    await slip(at, school, holder)
    async with at.db.transaction() as q:
        await slips.forget_pupil(q, school.id + 1, mum.pupil_id)
        assert len(await q.all("select 1 as one from parent_slip")) == 1, "another school's word"
        await slips.forget_pupil(q, school.id, mum.pupil_id)
        assert await q.all("select 1 as one from parent_slip") == []
