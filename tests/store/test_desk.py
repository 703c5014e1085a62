"""Users of the desk, their sessions and links, attempts to sign in, the audit log: both engines."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import date

import pytest

from sms_diary.clock import DAY, HOUR, MINUTE, ManualClock
from sms_diary.db import Database
from sms_diary.store.desk import attempts, audit, funnel, sessions, users
from sms_diary.store.desk.audit import Note, Wanted
from sms_diary.store.desk.users import EVERY_SCHOOL, Role, UserState
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests import seeding
from tests.conftest import NOW


@pytest.fixture
async def teacher(db: Database, tools: Tools, school: School, clock: ManualClock) -> int:
    async with db.transaction() as q:
        made = await users.add(
            q, tools, school_id=school.id, login="ivanova", name="Иванова А. П.",
            role=Role.CLASS_TEACHER, classes=[7, 3, 7], now=clock.now(),
        )  # fmt: skip
    assert made is not None
    return made


async def found(db: Database, secret: str, clock: ManualClock) -> sessions.Session | None:
    async with db.reading() as q:
        return await sessions.find(q, secret, now=clock.now())


async def begun(db: Database, tools: Tools, user_id: int, clock: ManualClock) -> str:
    async with db.transaction() as q:
        return await sessions.begin(q, tools, user_id, agent="Firefox", now=clock.now())


# ---------------------------------------------------------------- users


async def test_a_user_is_read_as_it_was_written(
    db: Database, tools: Tools, school: School, clock: ManualClock, teacher: int
) -> None:
    async with db.transaction() as q:
        again = await users.add(
            q, tools, school_id=EVERY_SCHOOL, login="ivanova", name="Другая",
            role=Role.DISTRICT_ADMIN, now=clock.now(),
        )  # fmt: skip
        await users.set_password(q, teacher, "$argon2id$…")
        known = await users.by_login(q, "ivanova")
        listed = await users.of_school(q, school.id)
    assert again is None, "one login, one user"
    assert known is not None
    user, password = known
    assert (user.role, user.classes, password) == (
        Role.CLASS_TEACHER,
        frozenset({3, 7}),
        "$argon2id$…",
    )
    assert (user.has_password, user.seen_at) == (True, None)
    assert listed == [user]


async def test_another_school_changes_no_user(db: Database, school: School, teacher: int) -> None:
    async with db.transaction() as q:
        changed = await users.change(
            q, school.id + 1, teacher, name="Х", role=Role.OBSERVER, classes=[]
        )
        blocked = await users.set_state(q, school.id + 1, teacher, UserState.BLOCKED)
        user = await users.one(q, teacher)
    assert (changed, blocked) == (False, False)
    assert user is not None
    assert (user.name, user.state) == ("Иванова А. П.", UserState.ACTIVE)


@pytest.mark.parametrize(
    ("role", "school_id"),
    [(Role.DISTRICT_ADMIN, 5), (Role.RESOURCE_CENTRE, 5), (Role.OPERATOR, EVERY_SCHOOL)],
)
async def test_a_role_goes_with_its_kind_of_school(
    db: Database, tools: Tools, role: Role, school_id: int
) -> None:
    async with db.transaction() as q:
        with pytest.raises(ValueError, match="does not go"):
            await users.add(q, tools, school_id=school_id, login="x", name="x", role=role, now=1)


# ---------------------------------------------------------------- sessions


async def test_a_session_ends_when_nobody_uses_it(
    db: Database, tools: Tools, clock: ManualClock, teacher: int
) -> None:
    secret = await begun(db, tools, teacher, clock)
    clock.advance(sessions.IDLE - 1)
    session = await found(db, secret, clock)
    assert session is not None
    async with db.transaction() as q:
        await sessions.note(q, session.id, now=clock.now())
    clock.advance(sessions.IDLE - 1)
    assert await found(db, secret, clock) is not None
    clock.advance(1)
    assert await found(db, secret, clock) is None


async def test_a_session_ends_after_a_working_day_however_it_is_used(
    db: Database, tools: Tools, clock: ManualClock, teacher: int
) -> None:
    secret = await begun(db, tools, teacher, clock)
    for _ in range(8 * 3 - 1):
        clock.advance(HOUR // 3)
        session = await found(db, secret, clock)
        assert session is not None
        async with db.transaction() as q:
            await sessions.note(q, session.id, now=clock.now())
    clock.advance(HOUR // 3)
    assert await found(db, secret, clock) is None


async def test_a_session_is_known_by_its_secret_alone(
    db: Database, tools: Tools, clock: ManualClock, teacher: int
) -> None:
    secret = await begun(db, tools, teacher, clock)
    assert await found(db, secret + "x", clock) is None
    [kept] = await seeding.column(db, "select token_hash from desk_session")
    assert bytes(kept) == hashlib.sha256(secret.encode()).digest()


async def test_a_blocked_or_revoked_user_is_out_at_once(
    db: Database, tools: Tools, school: School, clock: ManualClock, teacher: int
) -> None:
    one, two = [await begun(db, tools, teacher, clock) for _ in range(2)]
    first = await found(db, one, clock)
    assert first is not None
    async with db.transaction() as q:
        assert len(await sessions.live(q, teacher, now=clock.now())) == 2
        assert await sessions.revoke(q, teacher, only=first.id, now=clock.now()) == 1
    assert await found(db, one, clock) is None
    assert await found(db, two, clock) is not None
    async with db.transaction() as q:
        assert await users.set_state(q, school.id, teacher, UserState.BLOCKED)
    assert await found(db, two, clock) is None


async def test_what_is_to_be_said_is_said_once(
    db: Database, tools: Tools, clock: ManualClock, teacher: int
) -> None:
    secret = await begun(db, tools, teacher, clock)
    session = await found(db, secret, clock)
    assert session is not None
    assert not session.to_be_noted(clock.now())
    async with db.transaction() as q:
        await sessions.say(q, session.id, "Сохранено.")
    session = await found(db, secret, clock)
    assert session is not None
    assert (session.said, session.to_be_noted(clock.now())) == ("Сохранено.", True)
    async with db.transaction() as q:
        await sessions.note(q, session.id, now=clock.now())
    session = await found(db, secret, clock)
    assert session is not None
    assert session.said == ""


# ---------------------------------------------------------------- links


async def test_a_link_is_followed_once_by_whoever_is_first(
    db: Database, tools: Tools, clock: ManualClock, teacher: int
) -> None:
    async with db.transaction() as q:
        secret = await sessions.invite(q, tools, teacher, now=clock.now())

    async def follow() -> bool:
        async with db.transaction() as q:
            return await sessions.follow(q, secret, now=clock.now())

    assert sorted(await asyncio.gather(*(follow() for _ in range(4)))) == [
        False,
        False,
        False,
        True,
    ]
    async with db.reading() as q:
        assert await sessions.invited(q, secret, now=clock.now()) is None


async def test_a_new_link_ends_the_earlier_one_and_time_ends_both(
    db: Database, tools: Tools, clock: ManualClock, teacher: int
) -> None:
    async with db.transaction() as q:
        first = await sessions.invite(q, tools, teacher, now=clock.now())
        second = await sessions.invite(q, tools, teacher, now=clock.now())
        assert await sessions.invited(q, first, now=clock.now()) is None
        assert await sessions.invited(q, second, now=clock.now()) is not None
        clock.advance(sessions.LINK_HOLDS)
        assert await sessions.invited(q, second, now=clock.now()) is None
        assert not await sessions.follow(q, second, now=clock.now())


# ---------------------------------------------------------------- attempts


async def tried(db: Database, tools: Tools, clock: ManualClock, login: str, address: str) -> bool:
    async with db.transaction() as q:
        begun = await attempts.begin(q, tools, login, address, now=clock.now())
    assert begun.opens is None or (begun.left == 0 and clock.now() < begun.opens)
    return begun.opens is None


async def test_guessing_is_stopped_and_let_on_later(
    db: Database, tools: Tools, clock: ManualClock
) -> None:
    answers = [await tried(db, tools, clock, "admin", "10.0.0.1") for _ in range(7)]
    assert answers == [True] * 5 + [False] * 2
    assert await tried(db, tools, clock, "admin", "10.0.0.2"), "its owner is elsewhere"
    assert await tried(db, tools, clock, "other", "10.0.0.1"), "a school stands behind one address"
    clock.advance(attempts.SPAN + MINUTE)
    assert await tried(db, tools, clock, "admin", "10.0.0.1")


async def test_it_is_known_how_many_attempts_are_left_and_when_there_are_more(
    db: Database, tools: Tools, clock: ManualClock
) -> None:
    first, seen = clock.now(), []
    for _ in range(6):
        async with db.transaction() as q:
            seen.append(await attempts.begin(q, tools, "admin", "10.0.0.1", now=clock.now()))
        clock.advance(MINUTE)
    assert [one.left for one in seen] == [4, 3, 2, 1, 0, 0]
    assert [one.opens for one in seen] == [None] * 5 + [first + attempts.SPAN]
    clock.advance(attempts.SPAN - 6 * MINUTE - 1)
    assert not await tried(db, tools, clock, "admin", "10.0.0.1")
    clock.advance(1)
    assert await tried(db, tools, clock, "admin", "10.0.0.1")


async def test_guessing_from_many_addresses_is_stopped_too(
    db: Database, tools: Tools, clock: ManualClock
) -> None:
    answers = [await tried(db, tools, clock, "admin", f"10.0.0.{n}") for n in range(32)]
    assert answers == [True] * 30 + [False] * 2


async def test_who_has_come_in_begins_anew(db: Database, tools: Tools, clock: ManualClock) -> None:
    for _ in range(4):
        await tried(db, tools, clock, "admin", "10.0.0.1")
    async with db.transaction() as q:
        await attempts.succeeded(q, tools, "admin", "10.0.0.1")
    assert [await tried(db, tools, clock, "admin", "10.0.0.1") for _ in range(6)].count(True) == 5


async def test_no_login_and_no_address_is_kept(
    db: Database, tools: Tools, clock: ManualClock
) -> None:
    await tried(db, tools, clock, "admin", "10.0.0.1")
    kept = [bytes(one) for one in await seeding.column(db, "select digest from desk_attempt")]
    assert len(kept) == 3
    assert not any(b"admin" in one or b"10.0" in one for one in kept)


# ---------------------------------------------------------------- the audit log


async def test_the_log_is_read_page_by_page_and_school_by_school(
    db: Database, tools: Tools, school: School, clock: ManualClock, teacher: int
) -> None:
    async with db.transaction() as q:
        for n in range(5):
            action = "saw" if n % 2 else "changed"
            await audit.write(
                q, tools, school.id, teacher, [Note(action, "pupil", n)], now=clock.now() + n
            )
        await audit.write(q, tools, school.id, 0, [Note("invited")], now=clock.now())
        await audit.write(q, tools, school.id + 1, teacher, [Note("saw")], now=clock.now())
        page = await audit.page(q, school.id, limit=4)
        rest = await audit.page(q, school.id, before=page[-1].id)
        seen = await audit.page(q, school.id, Wanted(action="saw", user_id=teacher))
    assert [(one.action, one.object_id) for one in page + rest] == [
        ("invited", 0), ("changed", 4), ("saw", 3), ("changed", 2), ("saw", 1), ("changed", 0),
    ]  # fmt: skip
    assert [one.user for one in page[:2]] == ["", "Иванова А. П."]
    assert [one.object_id for one in seen] == [3, 1]


async def test_the_log_of_some_days_holds_no_other(
    db: Database, tools: Tools, school: School, clock: ManualClock, teacher: int
) -> None:
    first = clock.now()
    async with db.transaction() as q:
        for n in range(6):
            await audit.write(
                q, tools, school.id, teacher, [Note("saw", "pupil", n)], now=first + n * DAY
            )
        for since, until, found in (
            (None, None, [5, 4, 3, 2, 1, 0]), (first + DAY, None, [5, 4, 3, 2, 1]),
            (None, first + DAY, [0]), (first + 2 * DAY, first + 4 * DAY, [3, 2]),
            (first + 9 * DAY, None, []), (None, first, []),
        ):  # fmt: skip
            page = await audit.page(q, school.id, Wanted(since=since, until=until))
            assert [one.object_id for one in page] == found


# ---------------------------------------------------------------- the funnel


async def test_each_step_of_the_funnel_holds_the_next(
    db: Database, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "5А")
        [pupil_id] = await seeding.pupils(q, tools, school, class_id, 1)
        [to] = await seeding.subscribe(q, tools, school, [(pupil_id, seeding.phone(1))])
        await seeding.queue(q, tools, to, school.id, "старое", now=NOW - DAY)
        ids = await seeding.queue(q, tools, to, school.id, *"абвгд", now=NOW, parts=2)
        done = {ids[0]: "delivered", ids[1]: "undelivered", ids[2]: "withdrawn"}
        for message_id, state in done.items():
            await q.run("update message set state = :s where id = :id", s=state, id=message_id)
            await q.run(
                "update part set state = :s, attempts = 1 where message_id = :id",
                s=state, id=message_id,
            )  # fmt: skip
        await q.run(
            "update part set state = 'sending', attempts = 1 where message_id = :id", id=ids[3]
        )
        today = date(2026, 11, 24)
        seen = await funnel.since(q, school.id, today, today)
        waiting = await funnel.waiting(q, school.id)
        other = await funnel.since(q, school.id + 1, today, today)
    assert seen == funnel.Funnel(created=4, handed=3, accepted=2, delivered=1, failed=1)
    assert waiting == funnel.Waiting(2, NOW - DAY)
    assert other == funnel.Funnel(0, 0, 0, 0, 0)
