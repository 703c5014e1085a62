"""Events from bytes: what is accepted, what is refused and how it is said."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.ingest import parsing, values
from sms_diary.ingest.drafts import AudienceRef, Draft, PupilRef, to_draft
from sms_diary.ingest.parsing import MAX_PROBLEMS, Parsed, Problem, parse
from sms_diary.ingest.records import KINDS, MAX_EVENTS, RECORDS
from sms_diary.model import Kind

MARK: dict[str, Any] = {
    "kind": "mark.set",
    "at": "2026-11-24T10:15:00+04:00",
    "pupil": {"class": "5А", "name": "Авдеев Тимур Олегович"},
    "subject": "Математика",
    "date": "2026-11-24",
    "mark": "5",
}


def read(*events: object, lenient: bool = False) -> Parsed:
    return parse(json.dumps(events, ensure_ascii=False).encode(), lenient=lenient)


def draft(event: dict[str, Any]) -> Draft:
    parsed = read(event)
    assert parsed.problems == []
    return to_draft(parsed.records[0][1])


def faults(event: object) -> list[tuple[str, str]]:
    """Pointers within the one event, and codes."""
    parsed = parse(json.dumps(event).encode())
    assert parsed.records == []
    return [(problem.pointer, problem.code) for problem in parsed.problems]


def test_a_mark_becomes_a_draft_with_all_that_was_said() -> None:
    event = MARK | {
        "ref": "j-1",
        "lesson": 3.0,
        "work": "Контр. раб.",
        "n": 2,
        "weight": 2,
        "comment": "Пересдача\n до\t25.11\u200b",
        "silent": True,
    }
    assert draft(event) == Draft(
        kind=Kind.MARK,
        at=datetime(2026, 11, 24, 6, 15, tzinfo=UTC),
        pupil=PupilRef(class_name="5А", name="Авдеев Тимур Олегович"),
        ref="j-1",
        subject="Математика",
        subject_key="математика",
        day=date(2026, 11, 24),
        lesson=3,
        work="Контр. раб.",
        work_key="контрольная работа",
        ordinal=2,
        value="5",
        body="Пересдача до 25.11",
        silent=True,
    )


def test_a_moment_without_a_zone_stays_without_one() -> None:
    found = draft(MARK | {"at": "2026-11-24T10:15:00.99"}).at
    assert found is not None
    assert found.tzinfo is None


def test_a_pupil_is_named_by_id_or_by_class_and_name() -> None:
    assert draft(MARK | {"pupil": {"id": "p-17"}}).pupil == PupilRef(id="p-17")


def test_a_removal_has_the_key_and_no_value() -> None:
    event = {key: value for key, value in MARK.items() if key != "mark"}
    found = draft(event | {"kind": "mark.removed", "work": "Тест"})
    assert (found.kind, found.removal, found.value, found.work_key) == (
        Kind.MARK,
        True,
        "",
        "тест",
    )


def test_an_empty_code_withdraws_an_absence() -> None:
    event = {"kind": "absence.set", "pupil": {"id": "1"}, "date": "2026-11-24"}
    there, gone = draft(event | {"code": "уп"}), draft(event | {"code": ""})
    assert (there.value, there.removal) == ("УП", False)
    assert (gone.value, gone.removal) == ("", True)


def test_a_term_mark_keeps_its_term_as_the_work() -> None:
    event = {"kind": "term_mark.set", "pupil": {"id": "1"}, "subject": "Физика", "mark": 4}
    found = draft(event | {"term": "II четв."})
    assert (found.kind, found.work_key, found.value, found.day) == (
        Kind.TERM_MARK,
        "2 четверть",
        "4",
        None,
    )


def test_timetables_have_canonical_bodies() -> None:
    lessons = [{"lesson": 2, "subject": "Музыка"}, {"lesson": 1, "subject": "Химия", "room": "М1"}]
    event = {"kind": "timetable.set", "class": "5А", "date": "2026-11-25"}
    first, second = draft(event | {"lessons": lessons}), draft(event | {"lessons": lessons[::-1]})
    assert first.body == second.body
    assert json.loads(first.body)[0] == {"lesson": 1, "subject": "Химия", "room": "М1"}


def test_a_change_of_timetable_keeps_only_what_was_said() -> None:
    event = {"kind": "timetable.changed", "class": "5А", "date": "2026-11-25", "lesson": 6}
    found = draft(event | {"cancelled": True, "room": None})
    assert (found.lesson, json.loads(found.body)) == (6, {"cancelled": True})
    assert faults(event) == [("", "empty-change")]


def test_an_announcement_knows_its_audience() -> None:
    event = {"kind": "announcement.posted", "text": "Собрание\nв 18:00", "until": "2026-11-26"}
    pupils = [{"id": "1"}, {"class": "5А", "name": "Авдеев Т.О."}]
    for said, expected in (
        ({"school": True}, AudienceRef(school=True)),
        ({"classes": ["5А", "5Б"]}, AudienceRef(classes=("5А", "5Б"))),
        ({"parallels": [5, 6.0]}, AudienceRef(parallels=(5, 6))),
        (
            {"pupils": pupils},
            AudienceRef(pupils=(PupilRef("1"), PupilRef("", "5А", "Авдеев Т.О."))),
        ),
    ):
        found = draft(event | {"audience": said, "urgent": True})
        assert (found.audience, found.body, found.urgent) == (expected, "Собрание\nв 18:00", True)
    both = event | {"audience": {"school": True, "classes": ["5А"]}}
    assert faults(both) == [("/audience", "audience-ways")]
    for wrong in ([], [0], [13], ["5"]):
        ((pointer, _),) = faults(event | {"audience": {"parallels": wrong}})
        assert pointer.startswith("/audience/parallels")


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (5, "5"),
        (5.0, "5"),
        ("5.0", "5"),
        ("5,0", "5"),
        (" 4 ", "4"),
        ("5-", "5-"),
        ("4+", "4+"),
        ("5/4", "5/4"),
        ("5 / 4", "5/4"),
        ("Зачёт", "зач"),
        ("НЕЗАЧЕТ", "незач"),
        ("осв.", "осв"),
        ("Н/A", "н/а"),
        (".", "."),
    ],
)
def test_a_mark_is_read_as_a_file_reads_it(written: object, canonical: str) -> None:
    assert draft(MARK | {"mark": written}).value == canonical


@pytest.mark.parametrize(
    "mark", ["6", "0", 0, 6, 5.5, True, None, "", "5/6", "пять", [], {}, "5 4"]
)
def test_what_is_no_mark_is_refused(mark: object) -> None:
    assert faults(MARK | {"mark": mark}) == [("/mark", "bad-mark")]


@pytest.mark.parametrize("code", ["Н", "УП", "б", "H"])
def test_an_absence_sent_as_a_mark_is_told_where_to_go(code: str) -> None:
    parsed = read(MARK | {"mark": code})
    assert [problem.code for problem in parsed.problems] == ["absence-as-mark"]
    assert "absence.set" in parsed.problems[0].message


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"kind": "mark.sett"}, "/kind", "unknown-kind"),
        ({"kind": 5}, "/kind", "unknown-kind"),
        ({"marks": "5"}, "/marks", "unknown-field"),
        ({"a/b~c": "5"}, "/a~1b~0c", "unknown-field"),
        ({"pupil": {"class": "5А"}}, "/pupil", "pupil-ways"),
        ({"pupil": {"id": "1", "class": "5А", "name": "А Б"}}, "/pupil", "pupil-ways"),
        ({"pupil": {"class": "5А", "name": "x" * 201}}, "/pupil/name", "too-long"),
        ({"pupil": {"class": "5А", "name": "\u200b"}}, "/pupil/name", "empty"),
        ({"pupil": 5}, "/pupil", "not-object"),
        ({"subject": ""}, "/subject", "empty"),
        ({"subject": 5}, "/subject", "not-string"),
        ({"date": "24.11.2026"}, "/date", "bad-date"),
        ({"date": "2026-02-30"}, "/date", "bad-date"),
        ({"date": "0001-01-01"}, "/date", "too-small"),
        ({"at": "вчера"}, "/at", "bad-moment"),
        ({"at": "9999-12-31T23:59:59-14:00"}, "/at", "too-large"),
        ({"lesson": "3"}, "/lesson", "not-number"),
        ({"lesson": True}, "/lesson", "not-number"),
        ({"lesson": 2.5}, "/lesson", "not-whole"),
        ({"lesson": 21}, "/lesson", "too-large"),
        ({"lesson": float("nan")}, "/lesson", "not-number"),
        ({"lesson": float("inf")}, "/lesson", "not-number"),
        ({"n": 0}, "/n", "too-small"),
        ({"comment": "x" * 301}, "/comment", "too-long"),
        ({"ref": "x" * 101}, "/ref", "too-long"),
        ({"silent": "да"}, "/silent", "not-bool"),
    ],
)
def test_a_fault_is_pointed_at(change: dict[str, Any], pointer: str, code: str) -> None:
    assert faults(MARK | change) == [(pointer, code)]
    parsed = read(MARK, MARK | change)
    assert [(p.index, p.pointer) for p in parsed.problems] == [(1, "/1" + pointer)]


def test_a_missing_field_is_pointed_at_where_it_should_be() -> None:
    assert faults({"kind": "mark.removed", "pupil": {"id": "1"}, "date": "2026-11-24"}) == [
        ("/subject", "missing")
    ]
    assert faults({}) == [("/kind", "missing-kind")]


def test_problems_deep_in_a_list_have_a_whole_pointer() -> None:
    event = {
        "kind": "timetable.set",
        "class": "5А",
        "date": "2026-11-25",
        "lessons": [
            {"lesson": 1, "subject": "Химия"},
            {"lesson": 2, "subject": "", "start": "8.30"},
        ],
    }
    assert faults(event) == [("/lessons/1/subject", "empty"), ("/lessons/1/start", "bad-time")]


def test_problems_are_said_in_russian_and_never_repeat_a_value() -> None:
    secret = "Секретов Секрет"
    parsed = read(MARK | {"pupil": {"name": secret, "x": secret}, "mark": secret, "date": secret})
    assert len(parsed.problems) == 3
    for problem in parsed.problems:
        assert re.search("[а-я]", problem.message)
        assert secret not in problem.message


def test_strict_reading_returns_nothing_beside_a_problem() -> None:
    assert read(MARK, MARK | {"mark": 6}).records == []


def test_lenient_reading_returns_the_good_ones_with_their_places() -> None:
    bad = MARK | {"mark": 6}
    parsed = read(bad, MARK, bad, MARK | {"mark": 4}, lenient=True)
    assert [(place, to_draft(record).value) for place, record in parsed.records] == [
        (1, "5"),
        (3, "4"),
    ]
    assert [problem.index for problem in parsed.problems] == [0, 2]
    assert read(bad, lenient=True).records == []


def test_one_object_is_an_event_and_an_array_is_events() -> None:
    body = json.dumps(MARK).encode()
    assert parse(body).single
    assert len(parse(b" \r\n" + body + b" ").records) == 1
    assert len(parse(b"\xef\xbb\xbf[" + body + b"]").records) == 1
    assert not parse(b"[" + body + b"]").single


NOT_EVENTS = [
    (b"", "not-json"),
    (b"{", "not-json"),
    (b"{},{}", "not-json"),
    (b"{}]", "not-json"),
    (b'{"kind":1}],[{}', "not-json"),
    (b"\xff\xfe", "not-utf8"),
    (b'"\xd0"', "not-utf8"),
    ('"Авдеев"'.encode("cp1251"), "not-utf8"),
    (b'["\\ud800"]', "not-json"),
    (b"null", "not-events"),
    (b"5", "not-events"),
    (b"NaN", "not-events"),
    (b'"x"', "not-events"),
    (b"[]", "no-events"),
    (b"[" * 1_000_000, "not-json"),
    (b'{"a":' * 200_000, "not-json"),
    (b"[" + b"[]," * 349_000 + b"[]]", "too-many-events"),
    (b"[" + b"9" * 1_000_000 + b"]", "not-json"),
]


@pytest.mark.parametrize(("body", "code"), NOT_EVENTS, ids=range(len(NOT_EVENTS)))
@pytest.mark.parametrize("lenient", [False, True])
def test_a_body_that_is_no_events_is_one_problem(body: bytes, code: str, lenient: bool) -> None:
    parsed = parse(body, lenient=lenient)
    assert (parsed.records, [(p.index, p.pointer, p.code) for p in parsed.problems]) == (
        [],
        [(None, "", code)],
    )


def test_two_good_objects_side_by_side_are_no_json() -> None:
    body = json.dumps(MARK).encode()
    assert [problem.code for problem in parse(body + b"," + body).problems] == ["not-json"]


def test_of_a_doubled_key_the_last_one_counts() -> None:
    body = json.dumps(MARK).encode()[:-1] + b', "mark": "2"}'
    assert to_draft(parse(body).records[0][1]).value == "2"


def test_a_thousand_events_are_read_and_one_more_is_too_many() -> None:
    assert len(read(*[MARK] * MAX_EVENTS).records) == MAX_EVENTS
    parsed = read(*[MARK] * (MAX_EVENTS + 1), lenient=True)
    assert (parsed.records, [p.code for p in parsed.problems]) == ([], ["too-many-events"])


def test_a_flood_of_problems_is_cut_and_said_to_be() -> None:
    parsed = read(MARK | {f"x{i}": 1 for i in range(MAX_PROBLEMS + 7)})
    assert len(parsed.problems) == MAX_PROBLEMS + 1
    assert parsed.problems[-1] == Problem(
        None, "", "too-many-problems", "показаны не все ошибки, ещё 7"
    )


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*MARK, "x", "id", "class", "code"]), inner, max_size=6)
    ),
)


_FIELDS = ("pupil", "subject", "date", "mark", "audience", "lessons", "text", "at")
_events = st.fixed_dictionaries(
    {"kind": st.sampled_from(KINDS)}, optional=dict.fromkeys(_FIELDS, _json)
)


@given(st.lists(_events | _json, max_size=4), st.booleans())
def test_no_json_makes_the_parser_raise(events: list[Any], lenient: bool) -> None:
    parsed = parse(json.dumps(events).encode("utf-8", "surrogatepass"), lenient=lenient)
    places = {place for place, _ in parsed.records}
    assert places.isdisjoint(problem.index for problem in parsed.problems)
    assert parsed.records or parsed.problems


@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_make_the_parser_raise(body: bytes, lenient: bool) -> None:
    assert parse(body, lenient=lenient).problems


@given(st.text(max_size=300))
def test_a_cleaned_line_has_no_hidden_characters_and_stays_cleaned(text: str) -> None:
    cleaned = values.clean_line(text)
    assert values.clean_line(cleaned) == cleaned
    assert not re.search(r"[\x00-\x1f\x7f\u200b\ufeff]", cleaned)


def test_the_schema_knows_every_kind() -> None:
    schema = RECORDS.json_schema()
    assert set(schema["items"]["discriminator"]["mapping"]) == set(KINDS)
    mark = schema["$defs"]["MarkSet"]["properties"]
    assert mark["lesson"]["anyOf"][0] == {"type": "integer", "minimum": 0, "maximum": 20}


def test_every_example_of_the_docs_is_accepted() -> None:
    docs = Path(__file__).resolve().parent.parent / "docs" / "events.md"
    blocks = re.findall(r"```json\n(.*?)```", docs.read_text("utf-8"), re.DOTALL)
    events = [block for block in blocks if '"kind"' in block]
    assert {json.loads(block)["kind"] for block in events} == set(KINDS)
    for block in events:
        assert parse(block.encode()).problems == []


def test_every_code_of_a_problem_is_in_the_docs() -> None:
    docs = (Path(__file__).resolve().parent.parent / "docs" / "events.md").read_text("utf-8")
    codes = {*parsing._SENTENCES, "too-many-problems"}
    assert {code for code in codes if f"`{code}`" not in docs} == set()


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("2 четв", "2 четверть"),
        ("2-я четверть", "2 четверть"),
        ("IV четверть", "4 четверть"),
        ("1 полугодие", "1 полугодие"),
        ("II п/г", "2 полугодие"),
        ("3 трим.", "3 триместр"),
        ("Год", "год"),
        ("5 четверть", None),
        ("3 полугодие", None),
        ("четверть", None),
    ],
)
def test_terms_are_read_in_all_spellings(written: str, canonical: str | None) -> None:
    assert values.term(written) == canonical


def test_reading_is_quick_enough_for_the_door() -> None:
    """A floor far below the measured 150,000 a second, to catch a slip into a slow path."""
    body = json.dumps([MARK] * 500).encode()
    start = datetime.now(UTC)
    for _ in range(10):
        assert len(parse(body).records) == 500
    assert datetime.now(UTC) - start < timedelta(seconds=0.5)
