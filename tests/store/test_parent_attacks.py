"""Guessing, flooding and swapping codes, on both engines: many addresses, processes, at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sms_diary.clock import HOUR
from sms_diary.db import Database, Queries, open_database
from sms_diary.ids import Ids
from sms_diary.model import NumberState
from sms_diary.store import moving
from sms_diary.store.parent import codes, family, slips
from sms_diary.store.parent.codes import TO_COME_IN, Answer
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests import seeding
from tests.seeding import Subscribed, phone
from tests.store.test_parent import (
    MUM,
    NEW,
    NOBODY,
    Phone,
    at,
    entered,
    holders,
    mum,
    set_number,
    slip,
    wrong,
)  # fmt: skip

__all__ = ["at", "mum"]


class Noted:
    """Queries whose statements are written down."""

    def __init__(self, q: Queries) -> None:
        self._q = q
        self.statements: list[str] = []

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._q, name)
        if name not in ("all", "one", "run", "insert", "over"):
            return asked

        def note(sql: str, *rest: Any, **params: Any) -> Any:
            self.statements.append(sql)
            return asked(sql, *rest, **params)

        return note


async def test_every_number_costs_the_same_statements(
    at: Phone, guardians: list[Subscribed]
) -> None:
    """What an answer takes does not depend on whether an SMS was queued: all that differs is done
    by a loop, afterwards."""
    blocked, stopped = guardians[1].number, guardians[2].number
    await set_number(at, blocked, NumberState.BLOCKED)
    await set_number(at, stopped, NumberState.STOPPED)
    spent: list[tuple[list[str], list[str], list[tuple[Answer, int]]]] = []
    for number in (MUM, blocked, stopped, NOBODY):
        of, now = {"session_id": TO_COME_IN}, at.clock.now()
        address = f"203.0.113.{len(spent)}"
        async with at.db.transaction() as q:
            noted: Any = Noted(q)
            secret = await codes.ask(noted, at.tools, number, **of, address=address, now=now)
        assert secret
        while await at.loop.step():
            pass
        async with at.db.transaction() as q:
            more: Any = Noted(q)
            assert await codes.is_asked(more, secret, **of, now=now)
            said = [
                await codes.check(more, at.tools, secret, "x", **of, address=address, now=now)
                for _ in range(6)
            ]
        spent.append((noted.statements, more.statements, said))
    assert len(await at.sms()) == 2, "to the known and to the stopped one"
    assert spent[0] == spent[1] == spent[2] == spent[3]


async def test_of_many_who_guess_one_code_at_once_five_are_looked_at(
    at: Phone, mum: Subscribed
) -> None:
    secret = await at.ask()
    [code] = await at.sms()
    said = await asyncio.gather(
        *(at.check(secret, wrong(code), address=f"203.0.113.{n}") for n in range(12))
    )
    answers = [answer for answer, _ in said]
    assert answers.count(Answer.WRONG) == codes.TRIES - 1
    assert answers.count(Answer.OVER) == 12 - answers.count(Answer.WRONG)
    assert (await at.check(secret, code))[0] is Answer.OVER, "and the right one is too late"


@pytest.mark.parametrize(("what", "most"), [("code", 2_000), ("try", 1_000)])
async def test_however_many_addresses_and_numbers_there_is_a_sum_in_all(
    at: Phone, mum: Subscribed, what: str, most: int
) -> None:
    secret = await at.ask(address="198.51.100.1")
    [code] = await at.sms()
    digest = at.tools.vault.digest(f"parent {what}: all ".encode())
    spent = await seeding.column(at.db, "select digest from parent_attempt")
    left = most - 1 - sum(bytes(one) == digest for one in spent)
    async with at.db.transaction() as q:
        rows = [(at.tools.ids.new(), digest, at.clock.now()) for _ in range(left)]
        await q.insert("parent_attempt", "id, digest, at", rows)

    async def one_more(n: int) -> bool:
        if what == "code":
            return await at.ask(phone(30 + n), address=f"203.0.113.{n}") is not None
        answer, _ = await at.check(secret, wrong(code), address=f"203.0.113.{n}")
        return answer is Answer.WRONG

    assert [await one_more(n) for n in range(3)] == [True, False, False]
    if what == "try":
        assert await at.check(secret, code) == (Answer.TOO_MANY, 0), "nothing is looked at"
    at.clock.advance(HOUR)
    assert await at.ask(address="198.51.100.2") is not None, "the door opens again"


async def test_two_processes_and_one_that_was_restarted_count_together(
    at: Phone, mum: Subscribed, prepared_url: str
) -> None:
    async def elsewhere(node: int) -> tuple[Database, Tools]:
        database, _ = await open_database(prepared_url)
        return database, Tools(Ids(node), at.tools.vault)

    async def ask(database: Database, tools: Tools, n: int) -> str | None:
        async with database.transaction() as q:
            return await codes.ask(
                q, tools, MUM, session_id=TO_COME_IN, address=f"203.0.113.{n}", now=at.clock.now()
            )

    async def guess(database: Database, tools: Tools, secret: str) -> Answer:
        async with database.transaction() as q:
            answer, _ = await codes.check(
                q, tools, secret, "x", session_id=TO_COME_IN, address="203.0.113.9",
                now=at.clock.now(),
            )  # fmt: skip
        return answer

    second = await elsewhere(2)
    try:
        asked = [await ask(at.db, at.tools, 1), await ask(*second, 2)]
    finally:
        await second[0].close()
    third = await elsewhere(3)
    try:
        asked += [await ask(*third, 3), await ask(at.db, at.tools, 4), await ask(*third, 5)]
        assert [one is not None for one in asked] == [True, True, True, False, False]
        last = asked[2] or ""
        said = [await guess(at.db, at.tools, last) for _ in range(3)]
        said += [await guess(*third, last) for _ in range(3)]
    finally:
        await third[0].close()
    assert said == [Answer.WRONG] * 4 + [Answer.OVER] * 2


async def test_the_code_of_one_number_does_not_fit_anothers_browser(
    at: Phone, guardians: list[Subscribed]
) -> None:
    first, second = await at.ask(MUM), await at.ask(guardians[1].number)
    mums, dads = await at.sms()
    assert (await at.check(second, mums))[0] is Answer.WRONG
    assert (await at.check(first, dads))[0] is Answer.WRONG
    assert await at.check(first, mums) == (Answer.RIGHT, guardians[0].number_id)


async def test_a_code_for_a_number_that_has_changed_hands_shows_nobody(
    at: Phone, mum: Subscribed, school: School
) -> None:
    before = await entered(at, mum.number_id)
    secret = await at.ask()
    [code] = await at.sms()
    async with at.db.transaction() as q:
        assert await moving.change_number(
            q, at.tools, school.id, mum.guardian_id, NEW, by="desk x", evidence={}, now=1
        )
    answer, number_id = await at.check(secret, code)
    assert (answer, number_id) == (Answer.RIGHT, mum.number_id)
    async with at.db.reading() as q:
        assert await family.of_number(q, number_id) == []
        assert (await family.of_session(q, at.tools, before)).children == ()
        row = await q.one("select ended_at from parent_session where id = :id", id=before.id)
    assert row is not None
    assert row["ended_at"] is not None, "whoever has the number next finds nobody's page open"
    await at.ask()
    assert len(await at.sms()) == 0, "and no further one goes there"


async def test_a_password_that_was_changed_while_it_was_compared_lets_nobody_in(
    at: Phone, mum: Subscribed, school: School
) -> None:
    [holder] = [one for one in await holders(at, school) if one.guardian_id == mum.guardian_id]
    made = await slip(at, school, holder)
    own, other = await entered(at, slip_id=made.id), await entered(at, slip_id=made.id)
    async with at.db.transaction() as q:
        assert await slips.still(q, made.id, "$hash")
        assert await slips.set_password(q, made.id, "$own", session_id=own.id, now=at.clock.now())
        assert not await slips.still(q, made.id, "$hash")
        assert await slips.still(q, made.id, "$own")
        ended = await q.all("select id from parent_session where ended_at is not null")
        assert [row["id"] for row in ended] == [other.id]
        assert await slips.revoke(q, school.id, made.login, now=1)
        assert not await slips.still(q, made.id, "$own")
