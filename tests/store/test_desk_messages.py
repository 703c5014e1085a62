"""The desk's lists of messages and of what was not told: filters, pages, and who sees which."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from sms_diary.clock import DAY, HOUR
from sms_diary.db import Database, Queries
from sms_diary.store import tally
from sms_diary.store.desk import edges, funnel, indexed, message, messages, untold
from sms_diary.store.desk.messages import Wanted
from sms_diary.store.desk.own import Own
from sms_diary.store.desk.untold import OLDEST, Key
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests import seeding
from tests.conftest import NOW
from tests.seeding import Subscribed

TODAY = "2026-11-24"
ALL = Own(None, TODAY)
FATES = {
    "delivered": ("delivered", "delivered"), "undelivered": ("undelivered", "undelivered"),
    "unknown": ("unknown", "unknown"), "lost": ("unknown", "unknown"),
    "withdrawn": ("withdrawn", "withdrawn"), "queued": ("open", "queued"),
    "retry": ("open", "retry"), "sending": ("open", "sending"),
    "sent": ("open", "sent"), "doubt": ("open", "doubt"),
}  # fmt: skip
"""What a message and its parts are, by what we call it here; of a lost one nobody knows whether
an operator took it."""


@dataclass
class Two:
    """Two classes: a parent in each, and one with a child in both (the last two)."""

    tools: Tools
    school: School
    a: int
    b: int
    people: list[Subscribed]


@pytest.fixture
async def two(db: Database, tools: Tools, school: School) -> Two:
    async with db.transaction() as q:
        [a] = await seeding.classes(q, tools, school, "5А")
        [b] = await seeding.classes(q, tools, school, "7Б")
        pupils_a = await seeding.pupils(q, tools, school, a, 2)
        pupils_b = [await seeding.pupil(q, tools, school, b, f"Белкин Пётр {n}") for n in (1, 2)]
        pairs = [
            (pupils_a[0], seeding.phone(1)), (pupils_b[0], seeding.phone(2)),
            (pupils_a[1], seeding.phone(3)), (pupils_b[1], seeding.phone(3)),
        ]  # fmt: skip
        return Two(tools, school, a, b, await seeding.subscribe(q, tools, school, pairs))


async def put(
    q: Queries, two: Two, to: Subscribed, fate: str, *, at: int = NOW, lines: tuple[int, ...] = ()
) -> int:
    [message_id] = await seeding.queue(
        q, two.tools, to, two.school.id, fate, now=at, lines=lines, expires=at + DAY
    )
    state, part = FATES[fate]
    await q.run("update message set state = :s where id = :id", s=state, id=message_id)
    left = part not in ("queued", "retry", "withdrawn")
    await q.run(
        """update part set state = :s, attempts = :left, claimed_at = :at, sent_at = :sent
           where message_id = :id""",
        s=part, left=int(left), at=at, id=message_id,
        sent=at if left and part != "sending" and fate not in ("doubt", "lost") else None,
    )  # fmt: skip
    return message_id


async def ids(q: Queries, two: Two, wanted: Wanted, own: Own = ALL, **how: int) -> list[int]:
    page = await messages.page(q, two.tools, two.school.id, wanted, own=own, **how)
    return [one.id for one in page.rows]


# ---------------------------------------------------------------- the list


@pytest.mark.parametrize(
    ("state", "fates"),
    [
        ("waiting", ["queued", "retry"]), ("way", ["sending", "sent"]), ("doubt", ["doubt"]),
        ("delivered", ["delivered"]), ("failed", ["undelivered", "unknown", "lost"]),
        ("withdrawn", ["withdrawn"]), ("", list(FATES)),
    ],
)  # fmt: skip
async def test_each_state_lists_its_messages(
    db: Database, two: Two, state: str, fates: list[str]
) -> None:
    async with db.transaction() as q:
        made = {fate: await put(q, two, two.people[0], fate) for fate in FATES}
        found = await ids(q, two, Wanted(state=state))
        counts = await messages.counts(q, two.school.id)
        elsewhere = await messages.page(q, two.tools, two.school.id + 1, Wanted(), own=ALL)
    assert found == sorted((made[fate] for fate in fates), reverse=True)
    assert elsewhere.rows == []
    if state in counts:
        assert counts[state] == len(fates)
    assert counts.keys() == {"waiting", "way", "doubt", "failed", "withdrawn"}


@pytest.mark.parametrize("counted", [0, 3, 100])
async def test_every_figure_of_the_summary_is_of_the_rows_it_leads_to(
    db: Database, two: Two, counted: int
) -> None:
    async with db.transaction() as q:
        for fate in FATES:
            await put(q, two, two.people[0], fate, at=NOW - 3 * DAY)
            await put(q, two, two.people[1], fate, at=NOW)
        await tally.step(q, limit=counted)
        today = date.fromisoformat(TODAY)
        for since, times in ((NOW - HOUR, 1), (NOW - 6 * DAY, 2)):
            first = today - timedelta(days=(NOW - since) // DAY)
            seen = await funnel.since(q, two.school.id, first, today)
            assert seen.created == times * (len(FATES) - 1)
            for step in ("created", "handed", "accepted", "delivered", "failed"):
                rows = await ids(q, two, Wanted(step=step, since=since))
                assert (step, len(rows)) == (step, getattr(seen, step))
        waiting = await funnel.waiting(q, two.school.id)
        rows = await ids(q, two, Wanted(step="waiting"))
    assert (waiting.messages, waiting.oldest) == (len(rows), NOW - 3 * DAY)


async def test_pages_follow_by_key_and_meet_each_message_once(db: Database, two: Two) -> None:
    async with db.transaction() as q:
        made = [await put(q, two, two.people[n % 3], "delivered") for n in range(7)]
        made += [await put(q, two, two.people[n % 3], "undelivered") for n in range(4)]
        for wanted, expected in (
            (Wanted(), made), (Wanted(state="delivered"), made[:7]),
            (Wanted(state="failed"), made[7:]),
            (Wanted(class_id=two.a), [one for n, one in enumerate(made[:7]) if n % 3 != 1]
             + [made[7], made[9], made[10]]),
        ):  # fmt: skip
            found, before = list[int](), messages.LAST
            while True:
                page = await messages.page(
                    q, two.tools, two.school.id, wanted, own=ALL, before=before, limit=2
                )
                found += [one.id for one in page.rows]
                if page.next is None:
                    break
                before = page.next
            assert found == sorted(expected, reverse=True)


@pytest.mark.parametrize("to", ["0202020202", "0000000022", "2222000000", "0022222220", "000", ""])
async def test_one_who_gets_nearly_all_of_a_class_hides_nobody(
    db: Database, two: Two, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    """A page reads of each number its share, and more where that was not enough."""
    monkeypatch.setattr(indexed, "_FEWEST", 1)
    monkeypatch.setattr(indexed, "_SPARE", 1)
    async with db.transaction() as q:
        made = [await put(q, two, two.people[int(one)], "delivered") for one in to]
        made.reverse()
        for limit in range(1, 6):
            for start in range(len(made)):
                before = made[start - 1] if start else messages.LAST
                found = await ids(
                    q, two, Wanted(class_id=two.a), before=before, limit=limit
                )  # fmt: skip
                assert found == made[start : start + limit]


async def test_a_window_ends_a_page_and_the_next_goes_on(
    db: Database, two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(funnel, "WINDOW", 3)
    async with db.transaction() as q:
        rare = await put(q, two, two.people[0], "queued")
        for _ in range(4):
            await put(q, two, two.people[0], "delivered")
        first = await messages.page(q, two.tools, two.school.id, Wanted(state="waiting"), own=ALL)
        assert first.rows == []
        assert first.next is not None
        assert first.looked_at == 3
        second = await messages.page(
            q, two.tools, two.school.id, Wanted(state="waiting"), own=ALL, before=first.next
        )
    assert [one.id for one in second.rows] == [rare]
    assert second.next is None


@pytest.mark.parametrize("wanted", [
    Wanted(class_id=1, topic="homework"), Wanted(class_id=1, state="failed"),
    Wanted(number_id=1, route="spare"), Wanted(state="failed", ground="staff"),
])  # fmt: skip
async def test_what_is_rare_in_a_class_is_looked_for_window_by_window(
    db: Database, two: Two, monkeypatch: pytest.MonkeyPatch, wanted: Wanted
) -> None:
    """As of all of the school: what one page does not look at the next ones do."""
    monkeypatch.setattr(funnel, "WINDOW", 4)
    class_id, number_id = wanted.class_id and two.a, wanted.number_id and two.people[0].number_id
    wanted = replace(wanted, class_id=class_id, number_id=number_id)
    async with db.transaction() as q:
        rare = await put(q, two, two.people[0], "undelivered")
        await q.run(
            "update message set topic = 'homework', ground = 'staff' where id = :id", id=rare
        )
        await q.run("update part set route = 'spare' where message_id = :id", id=rare)
        for n in range(20):
            common = "delivered" if wanted.state and not wanted.ground else "undelivered"
            await put(q, two, two.people[n % 3], common)
        found, pages, looked_at, before = list[int](), 0, 0, messages.LAST
        while True:
            page = await messages.page(q, two.tools, two.school.id, wanted, own=ALL, before=before)
            found += [one.id for one in page.rows]
            pages += 1
            if page.next is None:
                break
            assert page.next < before
            looked_at += page.looked_at
            before = page.next
    assert found == [rare]
    assert pages > 1
    assert 0 < looked_at <= 20, "each message is counted once, those of others are not"


async def test_a_message_of_several_topics_is_found_by_each(db: Database, two: Two) -> None:
    to = two.people[0]
    async with db.transaction() as q:
        for entry_id in (1, 2):
            await seeding.entry(q, two.school, entry_id)
        lines = (
            await seeding.line(q, two.tools, to, 1, topic="homework"),
            await seeding.line(q, two.tools, to, 2, topic="marks"),
        )
        made = await put(q, two, to, "delivered", lines=lines)
        await q.run("update message set topic = 'several' where id = :id", id=made)
        assert await ids(q, two, Wanted(topic="homework")) == [made]
        assert await ids(q, two, Wanted(topic="marks")) == [made]
        assert await ids(q, two, Wanted(topic="absences")) == []


async def test_days_bound_the_list_from_both_sides(db: Database, two: Two) -> None:
    async with db.transaction() as q:
        moments = [NOW + n * HOUR for n in range(-5, 5)]
        made = [await put(q, two, two.people[0], "delivered", at=at) for at in moments]
        found = await ids(q, two, Wanted(since=moments[3], until=moments[6]))
        assert found == made[5:2:-1]
        assert await ids(q, two, Wanted(until=moments[0])) == []
        assert await ids(q, two, Wanted(since=moments[-1] + 1)) == []


async def test_an_edge_is_found_among_ids_that_are_far_apart(db: Database, two: Two) -> None:
    async with db.transaction() as q:
        made = [await put(q, two, two.people[0], "delivered", at=n * DAY) for n in range(40)]
        for n, message_id in enumerate(made):
            await q.run(
                "update message set id = :own, text = null where id = :id",
                own=(n + 1) << 50, id=message_id,
            )  # fmt: skip
        for n in (0, 1, 17, 39):
            low = await edges.since(q, two.school.id, n * DAY)
            high = await edges.until(q, two.school.id, n * DAY)
            assert n << 50 <= low <= (n + 1) << 50
            assert (n + 1) << 50 < high, "a minute on either side is for clocks that differ"
        assert await edges.since(q, two.school.id + 1, 0) == 0


@pytest.mark.parametrize("wanted", [
    Wanted(topic="homework"), Wanted(ground="staff"), Wanted(route="spare"), Wanted(number_id=1),
])  # fmt: skip
async def test_a_filter_leaves_nothing_else(db: Database, two: Two, wanted: Wanted) -> None:
    async with db.transaction() as q:
        await put(q, two, two.people[0], "delivered")
        assert await ids(q, two, wanted) == []


async def test_each_filter_finds_its_own(db: Database, two: Two) -> None:
    to = two.people[0]
    async with db.transaction() as q:
        await put(q, two, two.people[1], "delivered")
        await seeding.entry(q, two.school, 1)
        line = await seeding.line(q, two.tools, to, 1, topic="homework")
        homework = await put(q, two, to, "delivered", lines=(line,))
        await q.run(
            "update message set ground = 'staff', topic = 'homework' where id = :id", id=homework
        )
        await q.run("update part set route = 'spare' where message_id = :id", id=homework)
        for wanted in (
            Wanted(topic="homework"), Wanted(ground="staff"), Wanted(route="spare"),
            Wanted(number_id=to.number_id), Wanted(class_id=two.a),
            Wanted(topic="homework", ground="staff", route="spare", state="delivered"),
        ):  # fmt: skip
            assert await ids(q, two, wanted) == [homework]
        [row] = (await messages.page(q, two.tools, two.school.id, wanted, own=ALL)).rows
    assert row.pupils == ("Белкина Дарья 0",)
    assert (row.text, row.number, row.state) == ("delivered", "+7900***0001", "delivered")


# ---------------------------------------------------------------- a class teacher's own


async def test_a_class_teacher_sees_nothing_of_another_class(db: Database, two: Two) -> None:
    """A parent of two gets both children into one text: that is neither teacher's to see."""
    own_a, own_b = Own(frozenset({two.a}), TODAY), Own(frozenset({two.b}), TODAY)
    both_a, both_b = two.people[2], two.people[3]
    async with db.transaction() as q:
        for entry_id in (1, 2, 3):
            await seeding.entry(q, two.school, entry_id)
        lines = [
            await seeding.line(q, two.tools, to, entry_id)
            for to, entry_id in ((both_a, 1), (both_b, 2), (both_a, 3))
        ]
        mixed = await put(q, two, both_a, "delivered", lines=(lines[0], lines[1]))
        of_a = await put(q, two, both_a, "delivered", lines=(lines[2],))
        answer = await put(q, two, both_a, "delivered")
        plain = await put(q, two, two.people[0], "delivered")
        assert await ids(q, two, Wanted(), own_a) == [plain, of_a]
        assert await ids(q, two, Wanted(number_id=both_a.number_id), own_a) == [of_a]
        assert await ids(q, two, Wanted(), own_b) == []
        assert await ids(q, two, Wanted(), Own(frozenset(), TODAY)) == []
        assert await ids(q, two, Wanted()) == [plain, answer, of_a, mixed]
        for message_id, seen in ((of_a, True), (plain, True), (mixed, False), (answer, False)):
            card = await message.card(q, two.tools, two.school.id, message_id, own=own_a)
            assert (card is not None) == seen


@pytest.mark.parametrize(("who", "audience", "seen"), [
    ("a", None, True), ("b", None, False), ("", None, True), ("", "a", True), ("", "b", False),
])  # fmt: skip
async def test_news_of_a_class_are_its_teachers(
    db: Database, two: Two, who: str, audience: str | None, *, seen: bool
) -> None:
    classes = {"a": two.a, "b": two.b, "": 0}
    to = two.people[2]
    async with db.transaction() as q:
        await seeding.entry(q, two.school, 1)
        await q.run("update entry set who = :who where id = 1", who=classes[who])
        if audience:
            await q.run(
                "insert into audience (entry_id, class_id) values (1, :id)", id=classes[audience]
            )
        line = await seeding.line(q, two.tools, to, 1, pupil_id=0)
        made = await put(q, two, to, "delivered", lines=(line,))
        found = await ids(q, two, Wanted(), Own(frozenset({two.a}), TODAY))
    assert found == ([made] if seen else [])


async def test_a_number_is_known_where_it_belongs_and_nowhere_else(db: Database, two: Two) -> None:
    phone, own = seeding.phone(2), Own(frozenset({two.a}), TODAY)
    async with db.transaction() as q:
        here = await message.number_here(q, two.tools, two.school.id, phone, own=ALL)
        assert here == two.people[1].number_id
        for school_id, seen in ((two.school.id + 1, ALL), (two.school.id, own)):
            args = (q, two.tools, school_id)
            assert await message.number_here(*args, phone, own=seen) is None
            assert await message.masked(*args, two.people[1].number_id, own=seen) == ""
        shown = await message.masked(q, two.tools, two.school.id, here, own=ALL)
    assert shown == "+7900***0002"


# ---------------------------------------------------------------- what was not told


async def silent(q: Queries, two: Two, to: Subscribed, n: int, due: int, reason: str) -> int:
    await seeding.entry(q, two.school, n)
    line = await seeding.line(q, two.tools, to, n, due=due)
    if reason:
        await q.run(
            "update line set state = 'silent', reason = :why where id = :id", why=reason, id=line
        )
    return line


async def test_what_was_not_told_is_listed_by_day_with_its_reasons(db: Database, two: Two) -> None:
    school_id = two.school.id
    async with db.transaction() as q:
        old = await silent(q, two, two.people[0], 1, NOW - DAY, "stopped")
        first = await silent(q, two, two.people[0], 2, NOW, "no-consent")
        second = await silent(q, two, two.people[1], 3, NOW, "no-consent")
        planned = await silent(q, two, two.people[0], 4, NOW + HOUR, "")

        async def found(wanted: untold.Wanted, own: Own = ALL) -> list[int]:
            return [one.id for one in (await untold.page(q, school_id, wanted, own=own)).rows]

        assert await found(untold.Wanted()) == [second, first, old]
        assert await found(untold.Wanted(since=NOW - HOUR)) == [second, first]
        assert await found(untold.Wanted(until=NOW)) == [old]
        assert await found(untold.Wanted(reason="stopped")) == [old]
        assert await found(untold.Wanted(class_id=two.b)) == [second]
        assert await found(untold.Wanted(guardian_id=two.people[0].guardian_id)) == [first, old]
        assert await found(untold.Wanted(), Own(frozenset({two.a}), TODAY)) == [first, old]
        counts = await untold.reasons(q, school_id, untold.Wanted(), own=ALL)
        assert counts == [("no-consent", 2), ("stopped", 1)]
        waiting = await untold.waiting(q, school_id, untold.Wanted(), own=ALL)
        assert [one.id for one in waiting.rows] == [planned]
        assert (await untold.page(q, school_id + 1, untold.Wanted(), own=ALL)).rows == []


@pytest.mark.parametrize("reason", ["no-consent", ""])
async def test_pages_of_what_was_not_told_follow_by_key(
    db: Database, two: Two, reason: str
) -> None:
    async with db.transaction() as q:
        made = [
            await silent(q, two, two.people[0], n, NOW + n // 3 * HOUR, reason) for n in range(1, 8)
        ]
        read = untold.page if reason else untold.waiting
        found, after = list[int](), untold.NEWEST if reason else OLDEST
        while True:
            page = await read(q, two.school.id, untold.Wanted(), own=ALL, after=after, limit=2)
            found += [one.id for one in page.rows]
            if page.next is None:
                break
            after = page.next
    assert found == (made[::-1] if reason else made)


@pytest.mark.parametrize(
    "text", ["", "1", "1-2-3", "a-1", "-1-2", "1-²", "9999999999999999999-1", "1-"]
)
def test_only_a_key_of_ours_is_read(text: str) -> None:
    assert Key.read(text) is None
    assert Key.read(str(Key(5, 7))) == Key(5, 7)
