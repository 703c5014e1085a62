"""The tally of what messages became, against a recount of the messages themselves."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from sms_diary.clock import DAY, MINUTE, SECOND, millis
from sms_diary.db import Database, Queries
from sms_diary.model import Ground
from sms_diary.store import outbox, schools, tallied, tally
from sms_diary.store.outbox import NewMessage
from sms_diary.store.persons import texts
from sms_diary.store.schools import School
from sms_diary.store.tally import Key, Sums
from sms_diary.store.tools import Tools
from tests import seeding
from tests.seeding import FAR, Subscribed

ZONES = ("Europe/Samara", "Asia/Kamchatka", "Asia/Kolkata")
MIDNIGHT = millis(datetime(2026, 11, 24, tzinfo=ZoneInfo("Europe/Samara")))
EVER = ("0000-00-00", "9999-99-99")
FIRST, LAST = date(2026, 11, 1), date(2026, 11, 30)


@dataclass
class Life:
    """Messages of three schools on their way, moved by chance and by the store's own functions."""

    q: Queries
    tools: Tools
    chance: random.Random
    people: list[tuple[School, Subscribed]]
    on_way: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)

    async def add(self) -> None:
        school, to = self.chance.choice(self.people)
        edge = MIDNIGHT + self.chance.choice([-2, -1, 0, 1]) * DAY
        made = edge + self.chance.choice([-1, 0, 1, MINUTE, 7 * 3_600_000 + 12_345])
        parts = self.chance.randint(1, 3)
        message = NewMessage(
            school_id=school.id, guardian_id=to.guardian_id, number_id=to.number_id, consent_rev=0,
            ground=Ground.CONSENT, ledger_id=to.ledger_id, inbound_id=None, text="5",
            alphabet=self.chance.choice(["ucs2", "gsm7"]), turns=tuple(range(parts)), udh_ref=1,
            level="full", lane=2, route=self.chance.choice(["main", "spare"]), expires=FAR,
            topic=self.chance.choice(["marks", "several"]), class_id=self.chance.choice([0, 7]),
        )  # fmt: skip
        if self.chance.random() < 0.2:
            message = replace(message, turns=(1,), whole=True, segments=parts)
        self.on_way += await outbox.add(self.q, self.tools, [message], now=made)

    async def end(self) -> None:
        if self.on_way:
            message_id = self.on_way.pop(self.chance.randrange(len(self.on_way)))
            state = self.chance.choice(
                ["delivered", "delivered", "undelivered", "rejected", "expired", "withdrawn",
                 "unknown"]
            )  # fmt: skip
            await self._end(message_id, state)
            if state == "unknown":
                self.unknown.append(message_id)

    async def hear(self) -> None:
        """A receipt comes after all."""
        if self.unknown:
            message_id = self.unknown.pop(self.chance.randrange(len(self.unknown)))
            await self._end(message_id, self.chance.choice(["delivered", "undelivered"]))

    async def _end(self, message_id: int, state: str) -> None:
        left = int(state != "withdrawn" and (state != "expired" or self.chance.random() < 0.5))
        row = await self.q.one("select created_at from message where id = :id", id=message_id)
        assert row is not None
        at = row["created_at"]
        await self.q.run(
            """update part set state = :state, attempts = :left, code = :code, sent_at = :sent
               where message_id = :id""",
            state=state, left=left, code=self.chance.choice(["1", "500", None]), id=message_id,
            sent=at if left and state != "rejected" else None,
        )  # fmt: skip
        took = self.chance.choice([SECOND, MINUTE, MINUTE + 1, 10 * MINUTE, DAY])
        assert await outbox.fold(self.q, [message_id], now=at + took) == [message_id]

    async def double(self) -> None:
        """A receipt comes once more, for whatever message: nothing ends twice."""
        rows = await self.q.all(
            "select id from message where state not in ('open', 'unknown') order by id"
        )
        if rows:
            [message_id] = [self.chance.choice(rows)["id"]]
            assert await outbox.fold(self.q, [message_id], now=FAR) == []

    async def erase(self) -> None:
        """A parent demands that what was said be destroyed."""
        school, to = self.chance.choice(self.people)
        ids = await texts.of_guardian(self.q, school.id, to.guardian_id, to.number_id)
        await texts.destroy(self.q, ids)

    async def move(self) -> None:
        """The last school is found to have been in another zone: what waits is withdrawn."""
        school, _ = self.people[-1]
        await seeding.set_up(self.q, school, zone=self.chance.choice(ZONES))
        rows = await self.q.all("select id from message where state = 'open' order by id")
        self.on_way = [row["id"] for row in rows]

    async def count(self) -> None:
        await tally.step(self.q, limit=self.chance.choice([1, 3, 1000]))


async def schools_of(q: Queries, tools: Tools) -> list[tuple[School, Subscribed]]:
    found = []
    for n, zone in enumerate(ZONES):
        school = await seeding.live_school(q, tools, f"school-{n}")
        school = await seeding.set_up(q, school, zone=zone)
        [class_id] = await seeding.classes(q, tools, school, "5А")
        [pupil_id] = await seeding.pupils(q, tools, school, class_id, 1)
        [to] = await seeding.subscribe(q, tools, school, [(pupil_id, seeding.phone(n))])
        found.append((school, to))
    return found


@pytest.mark.parametrize("seed", range(6))
async def test_the_tally_is_what_a_recount_finds(db: Database, tools: Tools, seed: int) -> None:
    chance = random.Random(seed)
    async with db.transaction() as q:
        life = Life(q, tools, chance, await schools_of(q, tools))
        moves = [life.add, life.add, life.end, life.end, life.hear, life.count] * 3
        moves += [life.double, life.erase, life.move]
        for _ in range(200):
            await chance.choice(moves)()
        while await tally.step(q, limit=50):
            pass
        for school, _ in life.people:
            kept = await tally.kept(q, school.id, *EVER)
            recount = await tally.recount(q, school.id, *EVER)
            if school == life.people[-1][0]:  # its days are those of the zones that it had
                assert of_any_day(kept) == of_any_day(recount)
            else:
                assert kept == recount
            assert len(kept) > 5
            assert {one.messages > 0 for one in kept.values()} == {True}


def of_any_day(found: Mapping[Key, Sums]) -> dict[tuple[object, ...], Sums]:
    sums: dict[tuple[object, ...], Sums] = {}
    for (school_id, _, *rest), one in found.items():
        sums[school_id, *rest] = sums.get((school_id, *rest), Sums()) + one
    return sums


@pytest.mark.parametrize("seed", range(4))
async def test_a_report_holds_each_message_once_whenever_it_is_made(
    db: Database, tools: Tools, seed: int
) -> None:
    """Counted or not, on its way or ended anew: the sum is of all there are."""
    chance = random.Random(seed)
    async with db.transaction() as q:
        life = Life(q, tools, chance, await schools_of(q, tools))
        for _ in range(60):
            await chance.choice([life.add, life.add, life.end, life.hear, life.count])()
            school, _ = chance.choice(life.people)
            cells = await tallied.cells(q, school.id, FIRST, LAST)
            row = await q.one(
                "select count(*) as n from message where school_id = :id", id=school.id
            )
            assert row is not None
            assert sum(cell.sums.messages for cell in cells) == row["n"]


async def one(q: Queries, tools: Tools, state: str, **part: object) -> dict[Key, Sums]:
    """The tally after a message of two parts has ended so."""
    [(school, to), *_] = await schools_of(q, tools)
    [message_id] = await seeding.queue(q, tools, to, school.id, "5", parts=2, now=MIDNIGHT - 1)
    sets = "".join(f", {name} = :{name}" for name in part)
    await q.run(
        f"update part set state = :state{sets} where message_id = :id",
        state=state, id=message_id, **part,
    )  # fmt: skip
    await outbox.fold(q, [message_id], now=MIDNIGHT - 1 + 90 * SECOND)
    assert not await tally.step(q, limit=10)
    return await tally.kept(q, school.id, *EVER)


@pytest.mark.parametrize(("state", "part", "code", "sums"), [
    ("delivered", {"attempts": 1, "sent_at": 1, "code": "0"}, "",
     Sums(1, 2, 1, 1, 2, 90_000, 0, 1)),
    ("undelivered", {"attempts": 1, "sent_at": 1, "code": "5"}, "5", Sums(1, 2, 1, 1, 2)),
    ("rejected", {"attempts": 1, "code": "88"}, "88", Sums(1, 2, 1)),
    ("expired", {}, "", Sums(1, 2)),
    ("withdrawn", {"code": "9"}, "", Sums(1, 2)),
])  # fmt: skip
async def test_each_end_is_counted_for_what_it_was(
    db: Database, tools: Tools, state: str, part: dict[str, object], code: str, sums: Sums
) -> None:
    async with db.transaction() as q:
        found = await one(q, tools, state, **part)
    assert [(key[1], *key[-2:], one) for key, one in found.items()] == [
        ("2026-11-23", state, code, sums)
    ]


async def test_a_message_is_counted_once_however_often_the_loop_looks(
    db: Database, tools: Tools
) -> None:
    async with db.transaction() as q:
        found = await one(q, tools, "delivered", attempts=1, sent_at=1)
        assert not await tally.step(q, limit=10)
        [key] = found
        assert await tally.kept(q, key[0], *EVER) == found


@pytest.mark.parametrize(("zone", "day"), [
    ("Europe/Samara", "2026-11-23"), ("Asia/Kamchatka", "2026-11-24"),
])  # fmt: skip
async def test_what_a_late_receipt_tells_is_counted_in_place_of_the_doubt(
    db: Database, tools: Tools, zone: str, day: str
) -> None:
    """On the day of the zone that the school has by then, which may be another."""
    async with db.transaction() as q:
        [(key, _)] = (await one(q, tools, "unknown", attempts=1, sent_at=1)).items()
        assert key[-2:] == ("unknown", "")
        await seeding.set_up(q, (await schools.by_ids(q, [key[0]]))[key[0]], zone=zone)
        row = await q.one("select id from message where state = 'unknown'")
        assert row is not None
        await q.run("update part set state = 'delivered' where message_id = :id", id=row["id"])
        await outbox.fold(q, [row["id"]], now=MIDNIGHT + DAY)
        await tally.step(q, limit=10)
        kept = await tally.kept(q, key[0], *EVER)
    assert [(key[1], key[-2], sums.messages) for key, sums in kept.items()] == [
        (day, "delivered", 1)
    ]


async def test_a_part_in_doubt_of_a_message_that_is_counted_adds_nothing(
    db: Database, tools: Tools
) -> None:
    async with db.transaction() as q:
        [key] = await one(q, tools, "delivered", attempts=1, sent_at=1)
        await q.run("update part set state = 'doubt' where seq = 2")
        cells = await tallied.cells(q, key[0], FIRST, LAST, "state")
    assert [(cell.state, cell.sums.messages) for cell in cells] == [("delivered", 1)]
