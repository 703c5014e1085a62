"""Every entry is told exactly once per subscribed guardian, or its silence has a recorded reason.

Whatever diaries, corrections, wishes, settings, stops and hours there are: random lives of a small
school through the real store and all stages, under a clock that only the test moves. The operator
takes and delivers everything, sooner or later.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from sms_diary.channels.base import Outgoing
from sms_diary.clock import DAY, HOUR, MINUTE, SECOND, ManualClock, local, millis
from sms_diary.db import Queries, open_database
from sms_diary.ids import Ids
from sms_diary.model import ConsentState, PartState, Silence, Topic
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.store import announcements, held, holidays, rhythms, schools, templates
from sms_diary.store import settings as school_settings
from sms_diary.store.holidays import Holiday
from sms_diary.store.rhythms import Wish
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.vault import Vault, new_key
from tests.recording import RecordingChannel
from tests.seeding import (
    Subscribed,
    classes,
    events,
    live_school,
    phone,
    pupil,
    set_consent,
    subscribe,
)
from tests.test_pipeline import Diary

ENDS = {"told", "silent", "replaced", "expired"}
ZONES = ("Europe/Samara", "Europe/Kaliningrad", "America/New_York")
"""The last one changes its clocks in the nights that are lived through here."""
LONG = "Прочитать параграфы с 12 по 18, выписать даты в тетрадь, " * 4


class Watched(RecordingChannel):
    """Keeps the moment at which each part was handed over."""

    def __init__(self, clock: ManualClock, window: int) -> None:
        super().__init__(window=window)
        self._clock = clock
        self.moments: list[tuple[int, int]] = []

    async def send(self, batch: Sequence[Outgoing]) -> None:
        self.moments += [(part.part_id, self._clock.now()) for part in batch]
        await super().send(batch)


@dataclass
class Life:
    """A small school: 5А with p0 and p1, 9В with p2; a mother of two, a father, a grandmother."""

    diary: Diary
    channel: Watched
    school: School
    family: list[Subscribed]
    caps: list[int] = field(default_factory=list)
    shut: list[tuple[int, int]] = field(default_factory=list)
    """(part, moment) of what was handed over outside of its hours."""
    _seen: int = 0

    @property
    def today(self) -> date:
        return local(self.diary.clock.now(), self.school.zone).date()

    async def look(self) -> None:
        """Note what has left since the last look, while the settings are still the same."""
        fresh, self._seen = self.channel.moments[self._seen :], len(self.channel.moments)
        if not fresh:
            return
        async with self.diary.db.reading() as q:
            school = (await schools.by_ids(q, [self.school.id]))[self.school.id]
            wide = await q.over(
                """with rows(id bigint)
                   select part.id, case when part.lane = 0 and exists (
                       select 1 from guardian join subscription s on s.guardian_id = guardian.id
                       join consent c on c.subscription_id = s.id and c.topic = 'urgent'
                       where guardian.number_id = part.number_id) then 1 else 0 end as wide
                   from rows join part on part.id = rows.id where part.ground = 'consent'""",
                [(part_id,) for part_id, _ in fresh],
            )
        urgent = {row["id"]: bool(row["wide"]) for row in wide}
        for part_id, moment in fresh:
            hours = school.calendar.window(urgent=True, wide=urgent.get(part_id, False))
            if part_id in urgent and not hours.open_at(moment):
                self.shut.append((part_id, moment))

    async def operate(self) -> None:
        """The operator takes and delivers whatever it has; more may follow."""
        for _ in range(50):
            await self.look()
            if not await self.deliver():
                return
            await self.diary.run()

    async def deliver(self) -> bool:
        """All that it has now; whether there was anything."""
        if waiting := tuple(self.channel.open.values()):
            await self.channel.accept(*waiting)
            await self.channel.report(PartState.DELIVERED, *waiting)
        return bool(waiting)

    async def wait(self, milliseconds: int) -> None:
        await self.diary.wait(milliseconds)
        await self.look()


def _moment(wall: str, zone: str) -> int:
    return millis(datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)))


@asynccontextmanager
async def living(zone: str, begins: str, window: int) -> AsyncIterator[Life]:
    with tempfile.TemporaryDirectory(prefix="sms-diary-life-") as folder:
        db, _ = await open_database(f"sqlite:{Path(folder) / 'life.db'}")
        try:
            tools = Tools(Ids(1), Vault(new_key()))
            clock = ManualClock(_moment(begins, zone))
            diary = Diary(db, tools, clock)
            diary.channel = channel = Watched(clock, window)
            diary.dispatch._channel = channel
            async with db.transaction() as q:
                school = await live_school(q, tools, "school-5")
                await q.run("update school set zone = :zone", zone=zone)
                first, second = await classes(q, tools, school, "5А", "9В")
                names = ("Белкина Дарья Игоревна", "Белкин Егор Игоревич", "Уткина Вера Павловна")
                ids = [
                    await pupil(q, tools, school, class_id, name, f"p{n}")
                    for n, (class_id, name) in enumerate(
                        zip((first, first, second), names, strict=True)
                    )
                ]
                pairs = [(ids[0], phone(1)), (ids[1], phone(1)), (ids[0], phone(2)),
                         (ids[2], phone(3))]  # fmt: skip
                family = await subscribe(q, tools, school, pairs)
                school = (await schools.by_ids(q, [school.id]))[school.id]
            await diary.start()
            yield Life(diary, channel, school, family)
            await channel.stop()
        finally:
            await db.close()


# ---------------------------------------------------------------- what can happen

_PUPILS = st.sampled_from(["p0", "p1", "p2"])
_SUBJECTS = st.sampled_from(["Алгебра", "Физика"])
_BEFORE = st.sampled_from([0, 0, 0, 1, 3, 6, 8])
"""Days ago."""
_CLASSES = st.sampled_from(["5А", "9В"])
_AUDIENCES = st.sampled_from([
    {"school": True}, {"parallels": [5]}, {"classes": ["5А", "9В"]}, {"pupils": [{"id": "p1"}]},
])  # fmt: skip
_TOPICS = st.sampled_from(["*", "marks", "urgent", "homework"])
_OPENS = st.sampled_from([0, 480, 540])
_SETTINGS = st.fixed_dictionaries({}, optional={
    "digest_at": st.sampled_from([420, 1080, 1380]),
    "digest_day": st.integers(1, 7),
    "day_from": _OPENS,
    "day_to": st.sampled_from([600, 1260, 1440]),
    "urgent_from": st.just(390),
    "urgent_to": st.just(1320),
    "off_days": st.sampled_from(["", "7", "67"]),
    "cap": st.integers(1, 4),
    "settle": st.sampled_from([0, 5 * MINUTE]),
    "rhythms": st.sampled_from(["", "marks=week homework=day", "marks=now homework=now"]),
    "latin": st.integers(0, 1),
    "naming": st.sampled_from(["name", "surname-name"]),
})  # fmt: skip
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("mark"), _PUPILS, _SUBJECTS, st.sampled_from("2345"), _BEFORE),
        st.tuples(st.just("mark"), _PUPILS, _SUBJECTS, st.sampled_from("2345"), _BEFORE),
        st.tuples(st.just("removed"), _PUPILS, _SUBJECTS, _BEFORE),
        st.tuples(st.just("absence"), _PUPILS, st.sampled_from(["Н", "Б", ""])),
        st.tuples(st.just("homework"), _CLASSES, st.sampled_from(["№ 5", "№ 6", LONG])),
        st.tuples(st.just("change"), _CLASSES, st.integers(1, 3), st.sampled_from(["12", "14"])),
        st.tuples(st.just("announcement"), st.sampled_from(["Собрание", "Мороз"]), st.booleans(),
                  _AUDIENCES),
        st.tuples(st.just("call off")),
        st.tuples(st.just("held"), st.booleans()),
        st.tuples(st.just("holiday"), st.integers(0, 4), st.integers(0, 2)),
        st.tuples(st.just("text"), st.sampled_from(["", "{{ имя }}: {{ предмет }} {{ отметка }}"])),
        st.tuples(st.just("timetable"), _CLASSES),
        st.tuples(st.just("late mark"), _PUPILS, st.sampled_from("2345")),
        st.tuples(st.just("wish"), st.integers(0, 3), st.sampled_from(Topic),
                  st.sampled_from(Rhythm)),
        st.tuples(st.just("settings"), _SETTINGS),
        st.tuples(st.just("consent"), st.integers(0, 3), _TOPICS,
                  st.sampled_from([ConsentState.STOPPED, ConsentState.ACTIVE])),
        st.tuples(st.just("hear"), st.integers(1, 3), st.sampled_from(["стоп", "старт", "неделя"])),
        st.tuples(st.just("operate")),
        st.tuples(st.just("tick"), st.sampled_from([SECOND, 6 * MINUTE, HOUR])),
        st.tuples(st.just("wait"), st.sampled_from(
            [SECOND, 6 * MINUTE, 3 * HOUR, 9 * HOUR, DAY, 3 * DAY])),
    ),
    min_size=4,
    max_size=25,
)  # fmt: skip


def _said(  # noqa: PLR0911  # a kind each
    life: Life, what: str, how: Sequence[Any]
) -> dict[str, Any]:
    """The event of a step."""
    day = life.today
    if what in ("mark", "removed"):
        *named, before = how
        about = {"pupil": {"id": named[0]}, "subject": named[1],
                 "date": (day - timedelta(days=before)).isoformat()}  # fmt: skip
        return {"kind": "mark.removed"} | about if what == "removed" else {
            "kind": "mark.set", "mark": named[2]} | about  # fmt: skip
    tomorrow = (day + timedelta(days=1)).isoformat()
    match what:
        case "absence":
            return {"kind": "absence.set", "pupil": {"id": how[0]}, "date": day.isoformat(),
                    "code": how[1]}  # fmt: skip
        case "homework":
            return {"kind": "homework.set", "class": how[0], "subject": "Физика",
                    "date": tomorrow, "text": how[1]}  # fmt: skip
        case "change":
            return {"kind": "timetable.changed", "class": how[0], "date": tomorrow,
                    "lesson": how[1], "subject": "Химия", "room": how[2]}  # fmt: skip
        case "timetable":
            return {"kind": "timetable.set", "class": how[0], "date": tomorrow, "lessons": []}
        case "announcement":
            return {"kind": "announcement.posted", "audience": how[2], "text": how[0],
                    "urgent": how[1]}  # fmt: skip
    return {"kind": "mark.set", "pupil": {"id": how[0]}, "subject": "Химия", "mark": how[1],
            "date": day.isoformat()}  # fmt: skip


async def happen(life: Life, number: int, what: str, how: Sequence[Any]) -> None:
    diary = life.diary
    match what:
        case "wait":
            await life.wait(how[0])
        case "operate":
            await life.operate()
        case "tick":
            # Whoever sends is quicker than whoever sweeps.
            diary.clock.advance(how[0])
            await life.deliver()
            await diary.dispatch.step()
        case "hear":
            await diary.channel.hear(phone(how[0]), how[1])
            await diary.run()
        case "wish":
            one = life.family[how[0]]
            async with diary.db.transaction() as q:
                wish = Wish(one.subscription_id, life.school.id, how[1], how[2])
                await rhythms.choose(q, [wish], now=diary.clock.now())
        case "settings":
            life.caps.append(how[0].get("cap", 0))
            async with diary.db.transaction() as q:
                values = how[0]
                await school_settings.change(q, life.school.id, values, now=diary.clock.now())
        case "consent" | "call off" | "held" | "holiday" | "text":
            async with diary.db.transaction() as q:
                await _BY_A_PERSON[what](life, q, *how)
        case "late mark":
            # Accepted, and nothing follows of it yet.
            request = events(life.school, f"late-{number}", _said(life, what, how))
            await diary.acceptor.accept_many([request])
        case _:
            await diary.post(life.school, _said(life, what, how))
    await life.look()


async def _consent(life: Life, q: Queries, who: int, topic: str, state: ConsentState) -> None:
    await set_consent(
        q, life.diary.tools, life.school.id, [life.family[who]], state, topic=topic,
        now=life.diary.clock.now(),
    )  # fmt: skip


async def _call_off(life: Life, q: Queries) -> None:
    for one in await announcements.running(q, life.diary.tools, life.school.id):
        await announcements.stop(q, life.school.id, one.id, now=life.diary.clock.now())


async def _held(life: Life, q: Queries, told: bool) -> None:
    if told:
        await held.release(q, life.school.id, now=life.diary.clock.now())
    else:
        await held.drop(q, life.school.id)


async def _holiday(life: Life, q: Queries, ahead: int, days: int) -> None:
    first = life.today + timedelta(days=ahead)
    one = Holiday(first, first + timedelta(days=days), "")
    await holidays.put(q, life.school.id, one, now=life.diary.clock.now())


async def _text(life: Life, q: Queries, source: str) -> None:
    now = life.diary.clock.now()
    await templates.save(q, life.school.id, "mark", source, by="test", now=now)


_BY_A_PERSON: dict[str, Callable[..., Awaitable[None]]] = {
    "consent": _consent,
    "call off": _call_off,
    "held": _held,
    "holiday": _holiday,
    "text": _text,
}


# ---------------------------------------------------------------- what must be so at the end

ALL = """select l.entry_id, l.guardian_id, l.version, l.value, l.state, l.reason, l.message_id
         from line l order by l.entry_id, l.guardian_id, l.version"""
WHO = """select e.id as entry_id, s.guardian_id, e.version, e.silence, e.fan
         from entry e join subscription s on s.pupil_id = e.who or e.kind in
             ('homework', 'timetable', 'timetable_change', 'announcement')
             and (not exists (select 1 from audience a where a.entry_id = e.id)
                  or exists (select 1 from audience a join membership m
                             on m.class_id = a.class_id
                             where a.entry_id = e.id and m.pupil_id = s.pupil_id)
                  or exists (select 1 from audience a
                             where a.entry_id = e.id and a.pupil_id = s.pupil_id))"""
SENT = """select m.id, m.number_id, m.state, m.created_at, min(p.lane) as lane
          from message m join part p on p.message_id = m.id
          where m.ground = 'consent' and m.state <> 'withdrawn' group by m.id"""


async def judge(life: Life) -> None:
    async with life.diary.db.reading() as q:
        lines = [dict(row) for row in await q.all(ALL)]
        wanted = [dict(row) for row in await q.all(WHO)]
        sent = [dict(row) for row in await q.all(SENT)]
    by_key = {(one["entry_id"], one["guardian_id"], one["version"]): one for one in lines}
    for one in lines:
        assert one["state"] in ENDS, one
        assert bool(one["reason"]) is (one["state"] in ("silent", "expired")), one
        if one["reason"]:
            assert one["reason"] in set(Silence)
    for one in wanted:
        assert one["fan"] is None
        key = (one["entry_id"], one["guardian_id"], one["version"])
        assert one["silence"] or key in by_key, f"nobody decided about {key}"
    _told_once(lines)
    told = Counter(one["message_id"] for one in lines if one["state"] == "told")
    for message in sent:
        if message["state"] == "delivered":
            assert told[message["id"]], "a message was sent whose lines were told by another"
    assert {i for i in told if i} <= {one["id"] for one in sent if one["state"] == "delivered"}
    days = Counter(
        (one["number_id"], local(one["created_at"], life.school.zone).date())
        for one in sent
        if one["lane"] > 0
    )
    assert max(days.values(), default=0) <= max(life.caps)
    assert life.shut == []


def _told_once(lines: Sequence[dict[str, Any]]) -> None:
    """No value is told twice in a row, and the last one either was or has its reason."""
    before: dict[tuple[int, int], str | None] = {}
    last: dict[tuple[int, int], dict[str, Any]] = {}
    for one in lines:
        key = (one["entry_id"], one["guardian_id"])
        if one["state"] == "told":
            assert before.get(key) != one["value"], "the same was told twice"
            before[key] = one["value"]
        last[key] = one
    for key, one in last.items():
        assert one["state"] != "replaced", "the newest version was replaced by nothing"
        if one["state"] == "told":
            assert before[key] == one["value"]


BEGINS = st.sampled_from([
    "2026-10-31T20:55", "2026-11-24T12:00", "2026-12-31T20:58", "2026-11-27T17:59",
    "2027-03-13T23:30",
])  # fmt: skip


BY_DAY: dict[str, Any] = {"day_from": 480, "day_to": 1260, "off_days": "7", "cap": 3}
USUAL: dict[str, Any] = {**BY_DAY, "rhythms": "", "told_from": "2026-01-01", "cap": 2}
ORDERS = st.sampled_from([{"cap": 4}, BY_DAY, BY_DAY, USUAL])


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(ZONES), begins=BEGINS, window=st.sampled_from([1, 2, 50]), order=ORDERS,
    steps=STEPS,
)  # fmt: skip
async def test_every_entry_is_told_once_or_its_silence_has_a_reason(
    zone: str, begins: str, window: int, order: dict[str, Any], steps: list[tuple[Any, ...]]
) -> None:
    async with living(zone, begins, window) as life:
        await happen(life, 0, "settings", [order])
        for number, (what, *how) in enumerate(steps):
            await happen(life, number, what, how)
        await life.diary.run()
        for _ in range(70):
            await life.operate()
            await life.wait(8 * HOUR)
        await life.operate()
        await judge(life)
