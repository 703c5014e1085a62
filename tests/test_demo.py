"""The demo: a week over real HTTP and SMPP, the same counts on any date, nothing left behind."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from sms_diary.clock import millis
from sms_diary.demo.play import LOG, logs_in, perform
from sms_diary.demo.story import Story
from sms_diary.demo.week import FRI, MON, SAT, THU, TUE, WED, ZONE, Week
from sms_diary.errors import SmsDiaryError
from sms_diary.ingest.days import school_year
from sms_diary.ingest.files.contacts import read_contacts
from sms_diary.ingest.files.text import read_csv
from sms_diary.simulator import Options, Submitted

ROOT = Path(__file__).resolve().parent.parent
COUNTED = {"events", "lines", "messages", "parts", "delivered", "in_doubt", "silent", "quarantined"}
FULL_NUMBER = "+7900000"
ON, WORDS = "SMS-дневник включен: ", "Отключить: СТОП. Помощь: ПОМОЩЬ"
DEMO = [sys.executable, "-m", "sms_diary", "demo"]


def environment(temporary: Path) -> dict[str, str]:
    temporary.mkdir()
    return {**os.environ, "TMPDIR": str(temporary), "PYTHONIOENCODING": "utf-8"}


def demo(place: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`demo` as a process of its own, with a directory for temporary files of its own."""
    env = environment(place / "tmp")
    done = subprocess.run(
        [*DEMO, *options], cwd=ROOT, env=env, capture_output=True, text=True, check=False,
        encoding="utf-8", timeout=55,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert list((place / "tmp").iterdir()) == []
    return done


def counts_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The last line, without what differs from run to run."""
    assert done.returncode == 0, done.stderr
    counts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert 0 < counts.pop("seconds") < 55
    return counts


# --- the command -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """One run as it is started by hand."""
    return demo(tmp_path_factory.mktemp("usual"), "--once")


def test_once_delivers_all_and_ends_with_a_line_of_json(
    usual: subprocess.CompletedProcess[str],
) -> None:
    counts = counts_of(usual)
    assert set(counts) == COUNTED
    assert counts["parts"] > 50
    assert counts["delivered"] == counts["parts"]
    assert counts["in_doubt"] == 0
    assert counts["silent"] > 0
    assert counts["quarantined"] > 0
    # 339 marks, Wednesday once more, a change, an announcement, the marks after СТОП and after
    # the change of a number (of the 339 one is no mark); of the other schools a day and a flood.
    assert counts["events"] == 338 + 59 + 4 + 6 + 2 + 90


def test_once_tells_the_story_without_a_full_number(
    usual: subprocess.CompletedProcess[str],
) -> None:
    shown = usual.stdout
    assert FULL_NUMBER not in shown
    assert "+7900***1006" in shown
    assert "Тимур А. 16-18.11" in shown
    assert "родитель отключил SMS словом СТОП" in shown
    assert "нет доказанного согласия родителя на SMS" in shown
    assert "в классе несколько учеников, подходящих под это имя" in shown
    assert "новых SMS родителям: 0." in shown
    assert "/readyz" in shown
    assert "/metrics" in shown
    assert usual.stderr == ""


def test_once_shows_a_consent_a_question_a_stop_and_a_change_of_number(
    usual: subprocess.CompletedProcess[str],
) -> None:
    said = [line.strip() for line in usual.stdout.splitlines()]
    wanted = [
        "09:00 ответ с телефона +7900***1009: ДА",
        f"09:00 принято +7900***1009 (1 часть): {ON}Алиса З. {WORDS}",
        "17:00 ответ с телефона +7900***1001: ОЦЕНКИ",
        "17:30 ответ с телефона +7900***1006: CNJG",
        "17:30 принято +7900***1006 (1 часть): SMS-дневник отключен. Включить снова: СТАРТ",
        "На телефон +7900***1006 пришло частей SMS: 0.",
        "18:30 ответ с телефона +7900***1004: Новый номер +7900***04",
        "18:30 ответ с телефона +7900***2004: СТАРТ",
        f"18:30 принято +7900***2004 (1 часть): {ON}Артём В. {WORDS}",
        "На телефон +7900***1004 пришло частей SMS: 0.",
        "На телефон +7900***2004 пришло частей SMS: 1.",
    ]
    places = [said.index(line) for line in wanted]
    assert places == sorted(places)
    [marks] = [line for line in said if line.startswith("17:00 принято +7900***1001")]
    assert "Тимур А. 16-21.11: " in marks


@pytest.mark.parametrize(
    "now",
    [
        "2027-07-11T03:00",
        *(
            pytest.param(now, marks=pytest.mark.long)
            for now in ("", "2027-09-01T08:00", "2028-02-29", "2026-12-31T23:59")
        ),
    ],
)
def test_the_counts_are_the_same_on_any_date_and_with_any_settings_around(
    usual: subprocess.CompletedProcess[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    now: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("SMS_DIARY_DATABASE", f"sqlite:{tmp_path / 'mine.db'}")
    monkeypatch.setenv("SMS_DIARY_WEB__HOST", "192.0.2.1")
    monkeypatch.setenv("SMS_DIARY_TEMPLATES", str(tmp_path))
    done = demo(tmp_path, "--once", *(["--now", now] if now else []))
    assert counts_of(done) == counts_of(usual)
    assert ("16-18.11" in done.stdout) == (now == "")
    assert not (tmp_path / "mine.db").exists()


def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = demo(tmp_path, "--once", "--port", str(other.getsockname()[1]))
    assert done.returncode == 2
    assert done.stderr.startswith("Не получилось: ")


def test_a_year_that_the_sample_cannot_be_moved_to_is_refused(tmp_path: Path) -> None:
    done = demo(tmp_path, "--once", "--now", "1999-05-05")
    assert done.returncode == 1
    assert "а не 1999" in done.stderr


@pytest.mark.parametrize(
    ("options", "number", "code"),
    [
        ([], signal.SIGINT, 0),
        ([], signal.SIGTERM, 0),
        (["--once"], signal.SIGINT, 130),
    ],
)
def test_an_interruption_ends_it_at_once_and_leaves_no_file(
    tmp_path: Path, options: list[str], number: signal.Signals, code: int
) -> None:
    env = environment(tmp_path / "tmp")
    with subprocess.Popen(
        [*DEMO, *options], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        assert process.stdout is not None
        line = next(line for line in process.stdout if "принято +" in line)
        assert list((tmp_path / "tmp").iterdir()) != []
        process.send_signal(number)
        rest, errors = process.communicate(timeout=15)
    assert process.returncode == code
    assert "временные файлы убраны" in rest, line
    assert errors == ""
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_reader_who_leaves_does_not_leave_files_behind(tmp_path: Path) -> None:
    env = environment(tmp_path / "tmp")
    with subprocess.Popen(
        [*DEMO, "--once"], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        errors = process.stderr.read()
        process.wait(timeout=50)
    assert b"Traceback" not in errors
    assert list((tmp_path / "tmp").iterdir()) == []


# --- what happens in it ------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Told:
    """The story told to its end on a terminal: what it came to, and what it left."""

    week: Week
    totals: dict[str, int]
    ledger: list[Submitted]
    shown: str
    wednesday: tuple[list[dict[str, Any]], list[dict[str, Any]]]
    """Of its file: outcomes of events, and lines by entry and guardian; both with `n`."""
    after: dict[str, dict[str, Any]]
    """What became of the event after СТОП (`stop`) and after the change of a number (`move`)."""
    running: dict[str, bytes]
    """The files, by name, while everything runs."""
    ended: dict[str, bytes]
    """And when it has ended."""

    def got(self, phone: str) -> list[str]:
        return [part.fragment.text for part in self.ledger if part.number == phone]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    with pytest.MonkeyPatch.context() as around:
        around.setenv("COLUMNS", "200")
        around.setenv("TERM", "xterm-256color")
        return asyncio.run(telling(tmp_path_factory.mktemp("told")))


async def telling(folder: Path) -> Told:
    async def no_pause() -> None:
        await asyncio.sleep(0)

    week, out = Week.around(None), Terminal()
    with logs_in(folder / LOG):
        async with perform(folder, week, out, no_pause) as story:
            totals = await story.tell()
            outcomes, lines = await of_wednesday(story)
            after = {
                name: (await story.stage.journal.became(f"after-{name}"))[0]
                for name in ("stop", "move")
            }
            # Nothing goes wrong in a demo, so nothing is logged: two records that want masking.
            structlog.get_logger("test").warning("inbound", number="+79000001006")
            logging.getLogger("library").warning("to %s", "8 (900) 000-10-06")
            running, ledger = files(folder), list(story.stage.smsc.ledger)
    return Told(
        week, totals, ledger, out.getvalue(), (outcomes, lines), after, running, files(folder)
    )


async def of_wednesday(story: Story) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    async with story.stage.service.base.database.reading() as q:
        outcomes = await q.all(
            """select event.outcome, count(*) as n from event
               join delivery on delivery.id = event.delivery_id
               where delivery.request_id = 'wednesday' group by event.outcome"""
        )
        lines = await q.all(
            """select count(*) as n from line join entry on entry.id = line.entry_id
               where entry.day = :day and line.state <> 'replaced'
               group by line.entry_id, line.guardian_id""",
            day=story.week.day(WED).isoformat(),
        )
    return [dict(row) for row in outcomes], [dict(row) for row in lines]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_came_by_both_doors_is_told_once(told: Told) -> None:
    outcomes, lines = told.wednesday
    assert {row["outcome"]: row["n"] for row in outcomes} == {"unchanged": 57, "quarantined": 2}
    assert len(lines) > 50
    assert {row["n"] for row in lines} == {1}


def test_after_stop_a_parent_gets_the_confirmation_and_nothing_more(told: Told) -> None:
    phone, _ = told.week.says("stop")
    got, event = told.got(phone), told.after["stop"]
    assert len(got) > 3
    assert got[-1].startswith("SMS-дневник отключен")
    assert sum("отключен" in text for text in got) == 1
    assert event["outcome"] == "created"
    assert [(line["state"], line["reason"]) for line in event["lines"]] == [("silent", "stopped")]


def test_a_number_that_was_given_up_gets_its_answer_and_nothing_more(told: Told) -> None:
    (old, _), (new, _) = told.week.says("new_number"), told.week.start()
    assert "".join(told.got(old)[-2:]).startswith("Новый номер записан, на этот больше не пишем.")
    assert [text[:11] for text in told.got(new)] == ["SMS-дневник", "Артём В. 21"]
    assert [line["state"] for line in told.after["move"]["lines"]] == ["told"]


def test_on_a_terminal_each_sms_is_shown_with_its_state_and_a_masked_number(told: Told) -> None:
    assert told.shown.count("✓ доставлено") == told.totals["messages"]
    assert FULL_NUMBER not in told.shown
    assert "\x1b[?25h" in told.shown, "the cursor is given back"


# --- what is left of it ------------------------------------------------------------------------


def spellings(number: str) -> Iterator[str]:
    """A number (E.164) as people and programs write it; ten digits cover +7, 7 and 8."""
    ten = number.removeprefix("+7")
    code, first, second, third = ten[:3], ten[3:6], ten[6:8], ten[8:]
    yield ten
    yield f"{code} {first}-{second}-{third}"
    yield f"({code}) {first}-{second}-{third}"
    yield f"({code}){first}{second}{third}"
    yield f"{code} {first} {second} {third}"
    yield f"{code}-{first}-{second}-{third}"


def windows(text: str, length: int = 25) -> Iterator[str]:
    return (text[at : at + length] for at in range(len(text) - length + 1))


def secrets_of(week: Week, ledger: Iterable[Submitted]) -> set[str]:
    """All that may not be read on the disk: numbers, SMS, what the announcement says."""
    rows = read_contacts(read_csv(week.class_list()).rows, today=week.day(SAT)).rows
    listed = {number for row in rows for number in row.numbers}
    assert len(listed) == 24
    ledger = list(ledger)
    found = {one for number in listed for one in spellings(number)}
    found |= {f"{part.number.removeprefix('7')}" for part in ledger}
    # Where to answer is no secret; a part may hold nothing but its end.
    reception = Options().reply_to
    found |= {part.fragment.text for part in ledger if part.fragment.text not in reception}
    found |= {week.says("new_number")[1]}
    announcement = week.announcement()
    found |= set(windows(announcement["text"])) | {announcement["title"], "Пересдача"}
    return found


def forms(secret: str) -> set[bytes]:
    return {secret.encode(coding) for coding in ("utf-8", "utf-16-be", "utf-16-le")} | {
        secret.encode("cp1251", "replace")
    }


def words(content: bytes) -> frozenset[int]:
    """Its groups of four bytes."""
    return frozenset(memoryview(content.ljust(-(-len(content) // 4) * 4, b"\0")).cast("I"))


def may_hold(there: frozenset[int], form: bytes) -> bool:
    """Whether all its whole groups are there, for one of the places in a group at which it begins.

    A thousand searches through ten megabytes are long; this leaves few of them.
    """
    return any(
        all(
            int.from_bytes(form[at : at + 4], sys.byteorder) in there
            for at in range(start, len(form) - 3, 4)
        )
        for start in range(4)
    )


def leaks(files: dict[str, bytes], secrets: Iterable[str]) -> list[tuple[str, str]]:
    """(file, secret) for each secret that stands in one of these files."""
    searched = [(name, content, words(content)) for name, content in files.items()]
    return [
        (name, secret)
        for secret in secrets
        for form in forms(secret)
        for name, content, there in searched
        if may_hold(there, form) and form in content
    ]


@pytest.mark.parametrize("place", range(9))
def test_the_search_finds_a_secret_wherever_it_begins(place: int) -> None:
    for form in forms("9000001006"):
        content = b"\xd0" * place + form + b"\xd0" * (9 - place)
        assert leaks({"file": content, "other": b"nothing"}, ["9000001006", "x"]) == [
            ("file", "9000001006")
        ]


def test_after_a_demo_no_file_shows_a_number_or_a_text(told: Told) -> None:
    secrets, running = secrets_of(told.week, told.ledger), told.running
    assert {"sms-diary.db", "sms-diary.db-wal", "sms-diary.db-shm", LOG} <= set(running)
    assert len(running["sms-diary.db-wal"]) > 0
    assert leaks(running, secrets) == []
    # The search finds what may stand there: names are matched, so they are not sealed.
    in_clear = {name for name, _ in leaks(running, ["Дёмин Пётр Ильич"])}
    assert in_clear & {"sms-diary.db", "sms-diary.db-wal"}
    assert len(secrets) > 300
    assert told.totals["parts"] == told.totals["delivered"]
    assert len(told.ended[LOG]) > 100, "the logs did not come to the file"
    assert leaks(told.ended, secrets) == []


# --- the week ----------------------------------------------------------------------------------


def every_day(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def at_three(day: date) -> int:
    return millis(datetime.combine(day, time(3), ZONE))


def test_the_story_lies_in_one_month_and_one_school_year_near_the_given_day() -> None:
    for day in every_day(date(2026, 8, 1), date(2028, 9, 30)):
        week = Week.around(at_three(day))
        assert week.monday.weekday() == MON
        assert timedelta(0) <= day - week.monday < timedelta(days=21)
        first, last = week.monday, date.fromisoformat(week.announcement()["until"])
        assert (first.year, first.month) == (last.year, last.month)
        assert str(school_year(first)) == str(school_year(last))


def test_without_a_moment_the_files_are_the_samples_to_the_byte() -> None:
    week, data = Week.around(None), ROOT / "tests" / "samples"
    whole = week.marks([MON, TUE, WED, THU, FRI, SAT])
    assert whole == (data / "otmetki_5A_2026-11-16_utf8bom.csv").read_bytes()
    assert week.class_list() == (data / "spisok_5A_cp1251.csv").read_bytes()
    assert week.consent_source() == "форма SMS-1 от 01.09.2026, папка 5А"


def test_a_moved_week_keeps_the_quirks_of_the_file() -> None:
    week = Week.around(at_three(date(2028, 2, 29)))
    assert week.monday == date(2028, 2, 14)
    marks = week.marks([TUE, FRI]).decode("utf-8")
    assert marks.startswith("\ufeffДата;Класс;Ученик")
    assert "\r\n15.02.28;5А;Ушаков Марк;Биология;Лабораторная работа;5;1;\r\n" in marks
    assert ";05.апр;2;" in marks
    assert "Пересдача до 23.02" in marks
    assert "2026" not in marks


def test_no_consent_is_dated_after_the_story_in_any_week() -> None:
    for day in (date(2027, 9, 1), date(2028, 2, 29), date(2026, 12, 31)):
        week = Week.around(at_three(day))
        rows = read_contacts(read_csv(week.class_list()).rows, today=week.monday).rows
        dated = [row.consent_day for row in rows if row.consent_day]
        assert len(dated) == 19
        assert max(dated) < week.monday
        assert {row.birth.year for row in rows if row.birth} == {2015, 2016}


def test_the_days_together_are_the_whole_file() -> None:
    week = Week.around(None)
    by_day = [len(week.events(day)) for day in (MON, TUE, WED, THU, FRI, SAT)]
    assert sum(by_day) == 339
    assert by_day[WED] == 59
    assert min(by_day) > 20


def test_a_year_with_another_century_in_two_digits_is_refused() -> None:
    with pytest.raises(SmsDiaryError, match="а не 2104"):
        Week.around(at_three(date(2104, 5, 5)))
