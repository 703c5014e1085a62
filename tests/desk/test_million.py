"""A school with a million messages: every list opens at once, at its beginning and deep in it.

What is measured is the whole answer over HTTP, on SQLite, in seconds of work. Beside it stands
another school with a third as many.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, time
from time import process_time

import pytest
import pytest_asyncio

from sms_diary.app import running
from sms_diary.clock import DAY, ManualClock, local, millis
from sms_diary.db import Queries
from sms_diary.store import schools, tallied, tally
from sms_diary.store.desk import funnel, messages, sessions, users
from sms_diary.store.desk.messages import Wanted
from sms_diary.store.desk.own import Own
from sms_diary.store.desk.users import Role
from sms_diary.store.schools import School
from tests import seeding
from tests.conftest import NOW
from tests.desk import million
from tests.desk.conftest import Running, Someone
from tests.desk.million import (
    INBOUND,
    MESSAGES,
    OTHERS,
    PER_ENTRY,
    Full,
    moment,
    own_id,
)
from tests.journal_peer import OTHER, Door, at_the_door, settings

pytestmark = [pytest.mark.long, pytest.mark.timeout(1_800)]
FAMILIES, OTHER_FAMILIES, SHARED = 1_000, 300, 100
"""Of the second school's families some are the first's too, by their numbers."""
LIMIT = 0.3
"""Seconds."""
REPORT_LIMIT = 1.0
EXPORT_LIMIT = 2.5


@dataclass
class People:
    """Who is signed in to the service over the full database."""

    desk: Running
    full: Full

    async def at(self, path: str) -> Someone:
        """An operator; where that is not enough, the school's administrator."""
        rare = path.split("?", maxsplit=1)[0] in {"keys", "audit"}
        return await self.desk.as_(Role.SCHOOL_ADMIN if rare else Role.OPERATOR)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def people(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[People]:
    folder, clock = tmp_path_factory.mktemp("million"), ManualClock(NOW)
    async with at_the_door(settings(folder), pupils=FAMILIES, clock=clock) as door:
        full, second = await in_classes(door), await another(door)
        tools, school, other = door.service.base.tools, door.school, door.other
    million.fill(folder / "diary.db", tools, full, second)
    async with running(settings(folder), clock) as service:
        again = Door(service, door.journal, other, school, list(full.subscribed))
        yield People(Running(again, clock), full)


async def in_classes(door: Door) -> Full:
    """The school's pupils, 25 in a class; some numbers fail."""
    titles = [f"{year}{letter}" for year in range(1, 11) for letter in "АБВГ"]
    async with door.database.transaction() as q:
        classes = await seeding.classes(q, door.service.base.tools, door.school, *titles)
        for n, one in enumerate(door.subscribed):
            await q.run(
                "update membership set class_id = :class_id where pupil_id = :pupil_id",
                class_id=classes[n % len(classes)], pupil_id=one.pupil_id,
            )  # fmt: skip
            if n % 21 == 0:
                await q.run(
                    "update number set failing_since = :at where id = :id",
                    at=NOW - 10 * DAY, id=one.number_id,
                )  # fmt: skip
    return Full(door.school.id, door.subscribed, classes, MESSAGES)


async def another(door: Door) -> Full:
    tools = door.service.base.tools
    async with door.database.transaction() as q:
        school = await second_of(q)
        classes = await seeding.classes(q, tools, school, "5А")
        ids = await seeding.pupils(q, tools, school, classes[0], OTHER_FAMILIES)
        pairs = [(one, seeding.phone(FAMILIES - SHARED + n)) for n, one in enumerate(ids)]
        subscribed = await seeding.subscribe(q, tools, school, pairs)
    return Full(school.id, subscribed, classes, OTHERS, first=MESSAGES * 3 // 2)


async def second_of(q: Queries) -> School:
    found = await schools.by_slug(q, OTHER)
    assert found is not None
    return found


async def opened(someone: Someone, path: str, *, limit: float = LIMIT) -> str:
    """The page, which came in time: the best of three.

    Counted is what all threads of the process took, service and test: what an idle machine would
    take by the clock. A busy one says nothing of a page.
    """
    took, page = list[float](), ""
    for _ in range(3):
        began = process_time()
        answer = await someone.get(f"/desk/school-5/{path}")
        took.append(process_time() - began)
        assert answer.status == 200
        page = answer.body.decode()
    assert min(took) < limit, f"{path}: {[round(one, 3) for one in took]}"
    return page


DEEP = own_id(moment(MESSAGES // 10, MESSAGES), 0)
DEEP_INBOUND = own_id(moment(INBOUND // 10, INBOUND), 0)
LISTS = [
    "messages", f"messages?before={DEEP}",
    "messages?state=waiting", "messages?state=way", "messages?state=doubt",
    "messages?state=delivered", f"messages?state=delivered&before={DEEP}",
    "messages?state=failed", f"messages?state=failed&before={DEEP}", "messages?state=withdrawn",
    "messages?state=failed&topic=timetable", "messages?state=withdrawn&ground=staff",
    "messages?topic=timetable", f"messages?topic=timetable&before={DEEP}",
    "messages?route=spare", "messages?ground=staff", "messages?ground=reply",
    "messages?since=2026-08-03&until=2026-08-03", "messages?until=2026-06-10",
    "messages?since=2026-08-03&until=2026-08-09&state=failed&topic=marks",
    *(f"messages?step={step}&days={days}" for days in (1, 7)
      for step in ("created", "handed", "accepted", "delivered", "failed")),
    "messages?step=waiting",
    "untold", f"untold?before={moment(40_000, 400_000)}-1", "untold?day=2026-08-03",
    "untold?reason=stopped", "untold?day=2026-08-03&reason=stopped", "untold?what=waiting",
    "people", "consents", "consents?state=active", "consents?state=unknown",
    "consents/words", "problems?kind=opted-out",
    "inbound", "inbound?state=waiting", f"inbound?before={DEEP_INBOUND}", "problems",
    "quarantine", "quarantine?reason=unknown-pupil", "import", f"import?before={DEEP}",
    "announcements", f"announcements?before={DEEP}", "channels",
    "audit", "audit?since=2026-08-03&until=2026-08-03", "audit?action=forgot",
    "audit?action=decided", f"audit?before={DEEP}", "keys",
]  # fmt: skip
EMPTY = {
    "messages?ground=reply",
    "untold?what=waiting",
    "consents?state=unknown",
    "audit?action=decided",
    "problems?kind=opted-out",
}
CARDS = {"quarantine", "quarantine?reason=unknown-pupil"}
"""Lists that are no tables."""


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_opens_at_once(people: People, path: str) -> None:
    page = await opened(await people.at(path), path)
    assert ("<tbody>" in page) == (path not in EMPTY | CARDS), path
    if path in CARDS:
        assert "Ученик не найден" in page


@pytest.mark.parametrize(("more", "common"), [
    ("", True), (f"&before={DEEP}", True), ("&state=delivered", True), ("&state=failed", True),
    ("&state=waiting", False), ("&topic=timetable", False),
    (f"&topic=timetable&before={DEEP}", False), ("&ground=staff", False), ("&route=spare", False),
    ("&step=failed&days=7", True),
])  # fmt: skip
async def test_a_class_opens_at_once(people: People, more: str, *, common: bool) -> None:
    for class_id in people.full.classes[:3]:
        path = f"messages?class_id={class_id}{more}"
        page = await opened(await people.at(path), path)
        assert "<tbody>" in page or not common, path


async def test_a_class_is_taken_away_at_once(people: People) -> None:
    """Ten thousand rows, looked for number by number."""
    path = f"messages/export?class_id={people.full.classes[1]}"
    file = await opened(await people.at(path), path, limit=EXPORT_LIMIT)
    assert file.count("\n") > 10_000


@pytest.mark.parametrize("more", ["", "&reason=stopped", "&day=2026-08-03", "&what=waiting"])
async def test_what_a_class_was_not_told_opens_at_once(people: People, more: str) -> None:
    path = f"untold?class_id={people.full.classes[1]}{more}"
    page = await opened(await people.at(path), path)
    assert "<tbody>" in page or more in {"&reason=stopped", "&what=waiting"}


async def test_the_people_and_consents_of_a_class_open_at_once(people: People) -> None:
    for path in ("people?class={}", "consents?class={}&state=active"):
        own = path.format(people.full.classes[1])
        assert "<tbody>" in await opened(await people.at(own), own)


async def test_the_messages_to_one_phone_open_at_once(people: People) -> None:
    one, someone = people.full.subscribed[3], await people.at("messages")
    page = await opened(someone, f"messages?number_id={one.number_id}")
    assert page.count("<tr>") > PER_ENTRY
    await opened(someone, f"messages?number_id={one.number_id}&topic=timetable")
    assert "<tbody>" in await opened(someone, f"untold?guardian_id={one.guardian_id}")


async def teacher(people: People) -> Someone:
    """Of one class only."""
    tools = people.desk.door.service.base.tools
    async with people.desk.door.database.transaction() as q:
        user_id = await users.add(
            q, tools, school_id=people.full.id, login="teacher", name="Анна Петровна",
            role=Role.CLASS_TEACHER, classes=people.full.classes[1:2], now=NOW,
        )  # fmt: skip
        assert user_id is not None
        secret = await sessions.begin(q, tools, user_id, agent="", now=NOW)
    return Someone(people.desk, Role.CLASS_TEACHER, user_id, secret)


async def test_a_class_teacher_sees_their_own_at_once(people: People) -> None:
    someone = await teacher(people)
    for path in ("messages", "messages?state=failed", "untold", "people", "problems"):
        assert "<tbody>" in await opened(someone, path), path
    for rare in ("messages?topic=timetable", "messages?route=spare", "untold?reason=stopped"):
        assert "ранние" in await opened(someone, rare), rare


async def test_the_summary_does_not_read_history(people: People) -> None:
    assert "Требует внимания" in await opened(await people.at(""), "")


async def test_the_lists_hold_what_the_summary_counts(people: People) -> None:
    """Page by page, over all the windows that a figure takes."""
    async with people.desk.door.database.reading() as q:
        today = local(NOW, people.desk.school.zone).date()
        since = millis(datetime.combine(today, time(), people.desk.school.zone))
        figures = await funnel.since(q, people.full.id, today, today)
        for step in ("created", "handed", "accepted", "delivered", "failed"):
            found = [one.id async for one in listed(q, people, step, since)]
            assert len(set(found)) == len(found) == getattr(figures, step), step


async def listed(
    q: Queries, people: People, step: str, since: int
) -> AsyncIterator[messages.Listed]:
    before: int | None = messages.LAST
    while before is not None:
        page = await messages.page(
            q, people.desk.door.service.base.tools, people.full.id,
            Wanted(step=step, since=since), own=Own(None, ""), before=before, limit=1_000,
        )  # fmt: skip
        for one in page.rows:
            yield one
        before = page.next


async def test_a_card_opens_at_once(people: People) -> None:
    await opened(await people.at("messages"), f"messages/{people.full.message_id(5)}")


@pytest.mark.parametrize("path", ["delivery", "reach", "cost", "visits", "introduction"])
@pytest.mark.parametrize("days", ["", "?since=2026-05-01&until=2026-11-24"])
async def test_a_report_opens_in_a_second(people: People, path: str, days: str) -> None:
    page = await opened(await people.at(""), f"reports/{path}{days}", limit=REPORT_LIMIT)
    assert "<tbody>" in page


async def test_reports_hold_what_a_recount_finds(people: People) -> None:
    """The tally was made by other SQL than the pipeline's; and no message is left out of both."""
    ever, school_id = ("0000", "9999"), people.full.id
    async with people.desk.door.database.reading() as q:
        kept = await tally.kept(q, school_id, *ever)
        recount = await tally.recount(q, school_id, *ever)
        first, last = date(2026, 1, 1), date(2026, 12, 31)
        cells = await tallied.cells(q, school_id, first, last, "state")
    assert {key: (one.messages, one.segments) for key, one in kept.items()} == {
        key: (one.messages, one.segments) for key, one in recount.items()
    }
    assert len(kept) > 1_000
    assert sum(cell.sums.messages for cell in cells) == MESSAGES
