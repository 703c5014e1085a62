"""From events to the diary: one entry, one version per change, one answer per request."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sms_diary.clock import HOUR, ManualClock
from sms_diary.db import Database
from sms_diary.ingest.accept import Accepted, Acceptor, Request
from sms_diary.store import diary
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes
from tests.seeding import classes, column, events, live_school, mark, pupil

VALUES = "select value || ' v' || version as entry from entry order by id"
EIGHT, NINE, TEN = (f"2026-11-24T{hour}:00:00+04:00" for hour in ("08", "09", "10"))


@pytest.fixture
async def acceptor(db: Database, tools: Tools, school: School, clock: ManualClock) -> Acceptor:
    """Of a school with the pupils p0 and p1 in 5А, two namesakes, and the classes 5Б and 9В."""
    async with db.transaction() as q:
        first, *_ = await classes(q, tools, school, "5А", "5Б", "9В")
        await pupil(q, tools, school, first, "Белкина Дарья Игоревна", "p0")
        await pupil(q, tools, school, first, "Ким Егор Олегович", "p1")
        await pupil(q, tools, school, first, "Иванова Анна Петровна", "p2")
        await pupil(q, tools, school, first, "Иванова Анна Сергеевна", "p3")
    return Acceptor(db, tools, clock, Wakes())


async def _accept(acceptor: Acceptor, *requests: Request) -> list[Accepted]:
    return await acceptor.accept_many(requests)


async def _say(
    acceptor: Acceptor, school: School, request_id: str, *said: dict[str, Any], **how: Any
) -> list[str]:
    """What became of each event of one request."""
    [accepted] = await _accept(acceptor, events(school, request_id, *said, **how))
    return [f"{one.word} {one.reason}".strip() for one in accepted.outcomes]


async def test_a_late_retry_of_an_old_mark_changes_nothing(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    assert await _say(acceptor, school, "a", mark("4", at=EIGHT)) == ["created"]
    assert await _say(acceptor, school, "b", mark("5", at=NINE)) == ["changed"]
    assert await _say(acceptor, school, "c", mark("4", at=EIGHT)) == ["stale"]
    assert await column(db, VALUES) == ["5 v2"]
    assert await column(db, "select outcome from event order by id") == [
        "created", "changed", "stale",
    ]  # fmt: skip


async def test_an_equal_value_makes_no_new_version_but_is_the_newer_word(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    await _say(acceptor, school, "a", mark("4", at=EIGHT))
    assert await _say(acceptor, school, "b", mark("4", at=TEN)) == ["unchanged"]
    assert await _say(acceptor, school, "c", mark("3", at=NINE)) == ["stale"]
    assert await column(db, VALUES) == ["4 v1"]


async def test_an_equal_value_does_not_make_it_told_again(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    await _say(acceptor, school, "a", mark("4"))
    request = events(school, "b", mark("4"))
    async with db.reading() as q:
        [entry] = await diary.to_fan(q, 10)
        await asyncio.sleep(0)
    # Fanned out by another process while this request is being read.
    original = acceptor._keep

    async def fanned_first(q: Any, plan: Any) -> None:
        await diary.fanned(q, [(entry.id, entry.version, entry.fan, None)])
        await original(q, plan)

    acceptor._keep = fanned_first  # type: ignore[method-assign]
    await _accept(acceptor, request)
    assert await column(db, "select fan from entry") == [None]


async def test_a_removal_is_a_version_and_of_nothing_it_is_nothing(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    removed = mark(kind="mark.removed", mark=None)
    assert await _say(acceptor, school, "a", removed) == ["unchanged"]
    assert await _say(acceptor, school, "b", mark("2")) == ["created"]
    assert await _say(acceptor, school, "c", removed) == ["changed"]
    assert await column(db, VALUES) == [" v2"]
    assert await _say(acceptor, school, "d", mark("4")) == ["changed"]
    assert await column(db, VALUES) == ["4 v3"]


async def test_two_lessons_works_or_ordinals_are_two_entries(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    said = [mark("5", lesson=1), mark("4", lesson=2), mark("3", lesson=2, work="Контрольная"),
            mark("2", lesson=2, n=2)]  # fmt: skip
    assert await _say(acceptor, school, "a", *said[:2]) == ["created", "created"]
    assert await _say(acceptor, school, "b", mark("3", lesson=1)) == ["changed"]
    assert await column(db, VALUES) == ["3 v2", "4 v1"]
    assert await _say(acceptor, school, "c", said[3]) == ["created"]


async def test_the_zeroth_lesson_is_a_lesson_of_its_own(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    assert await _say(acceptor, school, "a", mark("5", lesson=0)) == ["created"]
    assert await _say(acceptor, school, "b", mark("4", lesson=1)) == ["created"]
    assert await _say(acceptor, school, "c", mark("3", lesson=0)) == ["changed"]
    assert await column(db, VALUES) == ["3 v2", "4 v1"]


async def test_a_mark_that_could_be_of_several_lessons_waits_for_a_person(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    await _say(acceptor, school, "a", mark("5", lesson=1), mark("4", lesson=2))
    assert await _say(acceptor, school, "b", mark("3")) == ["quarantined ambiguous-lesson"]
    assert await column(db, VALUES) == ["5 v1", "4 v1"]
    [candidates] = await column(db, "select candidates from quarantine where state = 'open'")
    entries = await column(db, "select id from entry")
    assert sorted(map(int, candidates.split(","))) == sorted(entries)


async def test_a_file_and_a_webhook_meet_in_one_entry(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    named = {"class": "5 «а»", "name": "Белкина Дарья"}
    assert await _say(acceptor, school, "f", mark("4", pupil=named), source="file") == ["created"]
    said = mark("4", ref="gb-1", lesson=3, work="Контрольная работа")
    assert await _say(acceptor, school, "a", said) == ["unchanged"]
    async with db.reading() as q:
        [row] = await q.all("select lesson, work, ref from entry")
    assert (row["lesson"], row["work"], row["ref"]) == (3, "Контрольная работа", "gb-1")
    # Known by its ref now, whatever else is said of it.
    assert await _say(acceptor, school, "b", mark("5", ref="gb-1")) == ["changed"]
    assert await column(db, VALUES) == ["5 v2"]


async def test_a_ref_of_another_pupil_waits_for_a_person(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    await _say(acceptor, school, "a", mark("4", ref="gb-1"))
    other = mark("5", ref="gb-1", pupil={"id": "p1"})
    assert await _say(acceptor, school, "b", other) == ["quarantined ref-conflict"]
    assert await column(db, VALUES) == ["4 v1"]


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"pupil": {"id": "p9"}}, "quarantined unknown-pupil"),
        ({"pupil": {"class": "5А", "name": "Орлов Пётр"}}, "quarantined unknown-pupil"),
        ({"pupil": {"class": "5А", "name": "Иванова Анна"}}, "quarantined ambiguous-pupil"),
        ({"pupil": {"class": "5А", "name": "Иванова А. П."}}, "created"),
        ({"pupil": {"class": "7А", "name": "Белкина Дарья"}}, "quarantined unknown-class"),
        ({"pupil": {"class": "5B", "name": "Белкина Дарья"}}, "quarantined unknown-pupil"),
    ],
)
async def test_what_cannot_be_matched_waits_for_a_person(
    db: Database, acceptor: Acceptor, school: School, fields: dict[str, Any], outcome: str
) -> None:
    assert await _say(acceptor, school, "a", mark(**fields)) == [outcome]
    held = await column(db, "select detail from quarantine")
    assert len(held) == outcome.startswith("quarantined")
    assert not any("Иванова" in one or "Дарья" in one for one in held)


async def test_a_class_title_that_fits_two_classes_is_ambiguous(
    db: Database, acceptor: Acceptor, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        await classes(q, tools, school, "5В")
    homework = _homework("5B")
    assert await _say(acceptor, school, "a", homework) == ["quarantined ambiguous-class"]


def _homework(title: str = "5А", **fields: Any) -> dict[str, Any]:
    return {"kind": "homework.set", "class": title, "subject": "Алгебра", "date": "2026-11-25",
            "text": "№ 5"} | fields  # fmt: skip


async def test_the_same_request_twice_gets_the_same_answer_and_has_one_effect(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    request = events(school, "a", mark("4"), mark("5", pupil={"id": "p9"}))
    [first] = await _accept(acceptor, request)
    await _say(acceptor, school, "b", mark("3"))
    [again] = await _accept(acceptor, request)
    assert (first.repeated, again.repeated, again.conflict) == (False, True, False)
    assert again.answer == first.answer
    assert first.answer["created"] == 1
    assert [held["reason"] for held in first.answer["quarantined"]] == ["unknown-pupil"]
    assert await column(db, VALUES) == ["3 v2"]
    assert len(await column(db, "select id from delivery")) == 2


async def test_the_same_id_with_another_body_is_a_conflict(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    await _say(acceptor, school, "a", mark("4"))
    [other] = await _accept(acceptor, events(school, "a", mark("5")))
    assert other.conflict
    assert await column(db, VALUES) == ["4 v1"]
    # A file may bear the name of a webhook's request: they are counted apart.
    [file] = await _accept(acceptor, events(school, "a", mark("5"), source="file"))
    assert not file.conflict


@pytest.mark.parametrize("same", [True, False])
async def test_both_copies_in_one_batch_get_the_answer_of_the_first(
    db: Database, acceptor: Acceptor, school: School, same: bool
) -> None:
    copy = events(school, "a", mark("4" if same else "5"))
    first, second = await _accept(acceptor, events(school, "a", mark("4")), copy)
    assert (first.repeated, second.repeated, second.conflict) == (False, True, not same)
    assert second.answer == first.answer
    assert await column(db, VALUES) == ["4 v1"]


async def test_the_same_request_through_two_processes_at_once_has_one_effect(
    db: Database, acceptor: Acceptor, tools: Tools, clock: ManualClock, school: School
) -> None:
    other = Acceptor(db, tools, clock, Wakes())
    request = events(school, "a", mark("4"))
    answers = await asyncio.gather(*(_accept(each, request) for each in (acceptor, other) * 3))
    assert sorted(one.repeated for [one] in answers) == [False] + [True] * 5
    assert len({str(one.answer) for [one] in answers}) == 1
    assert await column(db, VALUES) == ["4 v1"]


async def test_marks_for_one_entry_from_two_processes_at_once_are_one_entry(
    db: Database, acceptor: Acceptor, tools: Tools, clock: ManualClock, school: School
) -> None:
    other = Acceptor(db, tools, clock, Wakes())
    await asyncio.gather(*(
        _say(each, school, f"r{n}", mark(str(2 + n % 4), at=f"2026-11-24T08:00:{n:02}+04:00"))
        for n, each in enumerate((acceptor, other) * 6)
    ))  # fmt: skip
    assert [entry[0] for entry in await column(db, VALUES)] == ["5"]


async def test_a_dry_run_answers_and_keeps_nothing(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    tried = await acceptor.try_out(events(school, "a", mark("4"), mark(pupil={"id": "p9"})))
    assert [one.word for one in tried.outcomes] == ["created", "quarantined"]
    for table in ("delivery", "event", "entry", "quarantine"):
        assert await column(db, f"select count(*) as n from {table}") == [0]
    [real] = await _accept(acceptor, events(school, "a", mark("4"), mark(pupil={"id": "p9"})))
    assert real.answer == tried.answer


async def test_requests_of_two_schools_in_one_batch_stay_apart(
    db: Database, acceptor: Acceptor, tools: Tools, school: School
) -> None:
    async with db.transaction() as q:
        second = await live_school(q, tools, "school-9")
        [class_id] = await classes(q, tools, second, "5А")
        await pupil(q, tools, second, class_id, "Белкина Дарья Игоревна", "p0")
        await pupil(q, tools, second, class_id, "Орлов Пётр Ильич", "orlov")
    named = {"class": "5А", "name": "Белкина Дарья"}
    first, other, foreign = await _accept(
        acceptor,
        events(school, "a", mark("4", ref="r"), mark("3", pupil=named, subject="Химия")),
        events(second, "a", mark("5", ref="r"), mark("2", pupil=named, subject="Химия")),
        events(school, "b", mark("5", pupil={"id": "orlov"})),
    )
    assert (first.answer["created"], other.answer["created"]) == (2, 2)
    assert [one.reason for one in foreign.outcomes] == ["unknown-pupil"]
    by_school = "select value from entry where school_id = :id order by id"
    assert await column(db, by_school, id=school.id) == ["4", "3"]
    assert await column(db, by_school, id=second.id) == ["5", "2"]


async def test_a_change_that_is_not_to_be_told_is_kept_with_its_reason(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    await _say(acceptor, school, "a", mark("4"))
    assert await _say(acceptor, school, "b", mark("5", silent=True)) == ["changed"]
    assert await column(db, "select silence from entry") == ["sender-asked"]
    assert await column(db, "select fan from entry") == [None]


async def test_a_first_load_is_kept_and_told_to_nobody(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    await _say(acceptor, school, "f", mark("4"), source="file", silence="first-import")
    assert await column(db, "select silence from entry where fan is null") == ["first-import"]


async def test_kinds_of_a_class_are_entries_of_that_class(
    db: Database, acceptor: Acceptor, school: School, clock: ManualClock
) -> None:
    change = {"kind": "timetable.changed", "class": "5А", "date": "2026-11-25", "lesson": 2,
              "cancelled": True}  # fmt: skip
    table = {"kind": "timetable.set", "class": "5А", "date": "2026-11-25",
             "lessons": [{"lesson": 1, "subject": "Химия", "start": "08:30"}]}  # fmt: skip
    said = [_homework(), _homework("5Б"), change, table]
    assert await _say(acceptor, school, "a", *said) == ["created"] * 4
    clock.advance(HOUR)
    table["lessons"] = [{"lesson": 1, "subject": "Химия", "start": "8:30"}]
    assert await _say(acceptor, school, "b", *said) == ["unchanged"] * 4
    assert await _say(acceptor, school, "c", _homework(text="№ 6")) == ["changed"]
    async with db.reading() as q:
        rows = await q.all(
            """select kind, version, fan, (select name from class where id = who) as class,
                      (select count(*) from audience where entry_id = entry.id) as audience
               from entry order by id"""
        )
    assert [tuple(row.values()) for row in rows] == [
        ("homework", 2, 0, "5А", 1),
        ("homework", 1, 0, "5Б", 1),
        ("timetable_change", 1, 0, "5А", 1),
        ("timetable", 1, None, "5А", 1),  # kept to be asked for, not told
    ]


def _announcement(text: str = "Собрание в 18:00", **fields: Any) -> dict[str, Any]:
    return {"kind": "announcement.posted", "audience": {"school": True}, "text": text} | fields


async def test_an_announcement_is_for_the_school_some_classes_or_some_pupils(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    said = [
        _announcement(),
        _announcement(audience={"classes": ["5А", "9в"]}),
        _announcement(audience={"pupils": [{"id": "p0"}, {"class": "5А", "name": "Ким Егор"}]}),
        _announcement(audience={"classes": ["5А", "7Я"]}),
    ]
    assert await _say(acceptor, school, "a", *said) == [
        "created", "created", "created", "quarantined unknown-class",
    ]  # fmt: skip
    async with db.reading() as q:
        rows = await q.all(
            """select e.id, count(distinct nullif(a.class_id, 0)) as classes,
                      count(distinct nullif(a.pupil_id, 0)) as pupils
               from entry e left join audience a on a.entry_id = e.id group by e.id order by e.id"""
        )
    assert [(row["classes"], row["pupils"]) for row in rows] == [(0, 0), (2, 0), (0, 2)]
    assert await _say(acceptor, school, "b", _announcement()) == ["unchanged"]
    assert await _say(acceptor, school, "c", _announcement("Другое")) == ["created"]
    otherwise = _announcement(audience={"classes": ["9В", "5А", "5А"]})
    assert await _say(acceptor, school, "d", otherwise) == ["unchanged"]


async def test_an_announcement_that_gets_another_audience_is_for_that_one(
    db: Database, acceptor: Acceptor, school: School
) -> None:
    await _say(acceptor, school, "a", _announcement(ref="n1", audience={"classes": ["5А", "5Б"]}))
    narrower = _announcement(ref="n1", audience={"classes": ["9В"]})
    assert await _say(acceptor, school, "b", narrower) == ["changed"]
    titles = "select name from class join audience on class_id = class.id order by name"
    assert await column(db, titles) == ["9В"]
    assert await _say(acceptor, school, "c", _announcement(ref="n1")) == ["changed"]
    assert await column(db, titles) == []


async def test_what_is_written_of_a_child_is_sealed(
    db: Database, acceptor: Acceptor, tools: Tools, school: School
) -> None:
    await _say(acceptor, school, "a", mark("4", comment="не сдал тетрадь"), _homework())
    async with db.reading() as q:
        entries = await q.all("select id, body from entry order by id")
        [kept] = await q.all("select id, body from delivery")
    texts = [tools.vault.text(row["body"], "entry.body", row["id"]) for row in entries]
    assert texts == ["не сдал тетрадь", "№ 5"]
    assert "тетрадь".encode() not in kept["body"]
    assert "тетрадь" in tools.vault.text(kept["body"], "delivery.body", kept["id"])
