"""Chaos in short, and that its judges see what they are there for.

The long runs are `scripts/chaos --rounds 100`; docs/chaos.md has their figures.
"""

from __future__ import annotations

import ast
import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.harness import books, web
from scripts.harness.books import Books, Findings
from scripts.harness.ledger import Record
from scripts.harness.processes import ROOT
from scripts.harness.seeding import Pupil, SeededSchool
from scripts.harness.states import Line, Part
from scripts.harness.story import Said, Stop, Story, story
from sms_diary.crash import POINTS, SWITCH

NUMBER, TEXT = "+79000000001", "Вера Б. 24.11 физика: 5"
STOPPED = "SMS-дневник отключен"


async def run(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """`python …` in the checkout; its exit code, output and errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, env=environment or None,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode(), errors.decode()


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("engine", "seed", "route"),
    [
        ("sqlite", 4, "smpp"),
        pytest.param("postgres", 25, "smpp", marks=pytest.mark.long),
        pytest.param("sqlite", 12, "http", marks=pytest.mark.long),
    ],
)
async def test_nothing_is_lost_or_doubled_while_everything_dies(
    engine: str, seed: int, route: str
) -> None:
    code, said, progress = await run(
        "-m", "scripts.chaos", "--rounds", "1", "--seed", str(seed), "--engine", engine,
        "--route", route,
    )  # fmt: skip
    assert code == 0, progress
    figures = json.loads(said.splitlines()[-1])
    assert (figures["lost"], figures["doubled"], figures["wrong_state"]) == (0, 0, 0)
    assert figures["delivered"] > 200
    assert sum(figures["kills"].values()) > 1, "nothing died: the test shows nothing"


# ---------------------------------------------------------------- the named points


def test_each_point_stands_in_the_program_once_whatever_a_route_speaks() -> None:
    over_http = set((ROOT / "sms_diary" / "channels" / "http").glob("*.py"))
    everywhere = set((ROOT / "sms_diary").rglob("*.py"))
    assert _points(everywhere - over_http) == Counter(POINTS)
    assert _points(over_http) == Counter({"answer.read"})


def test_over_http_nobody_waits_for_a_point_that_smpp_alone_has() -> None:
    channels = ROOT / "sms_diary" / "channels"
    smpp, http = (_points((channels / wire).glob("*.py")) for wire in ("smpp", "http"))
    assert set(smpp) - set(http) == web.OF_SMPP
    assert web.operator(0).points == POINTS - web.OF_SMPP


def _points(programs: Iterable[Path]) -> Counter[str]:
    return Counter(
        str(node.args[0].value)
        for path in programs
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "passing"
        and isinstance(node.args[0], ast.Constant)
    )


PASSING = """
from sms_diary import crash
for time in range(5):
    print(time, flush=True)
    crash.passing("claim.written")
    crash.passing("claim.committed")
"""


async def test_a_process_is_killed_when_it_passes_its_point_as_often_as_said() -> None:
    code, said, _ = await run("-c", PASSING, **{SWITCH: "claim.committed:3"})
    assert (code, said.split()) == (-signal.SIGKILL, ["0", "1", "2"])


async def test_without_the_switch_no_point_does_anything() -> None:
    code, said, _ = await run("-c", PASSING, PATH="")
    assert (code, len(said.split())) == (0, 5)


async def test_a_point_that_there_is_not_is_refused() -> None:
    code, _, errors = await run("-c", PASSING, **{SWITCH: "claim.comitted"})
    assert code == 1
    assert "claim.committed" in errors


# ---------------------------------------------------------------- the stories


def school(place: int) -> SeededSchool:
    pupils = tuple(Pupil(f"p{place}{i}", f"+7900{place:03d}{i:04d}", "Вера") for i in range(100))
    return SeededSchool(f"school-{place}", "whsec_" + "A" * 32, "token", pupils)


def test_a_round_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    schools = [school(1), school(2)]
    told = [story(seed, schools, workers=3, postgres=True) for seed in (7, 7, 8)]
    assert told[0] == told[1] != told[2]
    assert {said.number for post in told[0].posts for said in post.said} == {
        pupil.number for one in schools for pupil in one.pupils
    }


def test_a_hundred_rounds_come_by_every_point() -> None:
    told = [story(seed, [school(1)], workers=3, postgres=True) for seed in range(100)]
    points = {death.point.partition(":")[0] for one in told for own in one.deaths for death in own}
    assert points == POINTS | {""}


# ---------------------------------------------------------------- the judges


def record(text: str = TEXT, *, outcome: str = "DELIVRD", at: int = 0) -> Record:
    return {"number": NUMBER[1:], "text": text, "udh": None, "outcome": outcome, "at": at}


PART = Part(1, NUMBER, "open", 1, 1, "delivered", TEXT, "delivered", "consent", 0)
LINE = Line(NUMBER, "Физика", 1, "5", "told", "", 1)
SAID = Said(NUMBER, "Физика", 1, "5")
ANSWER = replace(PART, message=2, number_state="stopped", text=STOPPED, ground="reply")
QUIET = Story(1, (), (), (), (), (), {})
STOPS = replace(QUIET, stops=(Stop(0.0, NUMBER, "СТОП"),))
GOOD = Books(QUIET, [SAID], [record()], [PART], [LINE], 0)


def found(told: Books) -> dict[str, int]:
    findings: Findings = books.compare(told)
    return {
        name: getattr(findings, name)
        for name in ("lost", "doubled", "wrong_state", "in_doubt")
        if getattr(findings, name)
    }


def test_books_that_agree_have_no_faults() -> None:
    assert found(GOOD) == {}


DOUBT = replace(PART, state="doubt", message_state="open")
TAKEN = replace(LINE, state="taken")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (replace(GOOD, records=[record(), record()]), {"doubled": 1}),
        (replace(GOOD, parts=[replace(PART, repeats=1)], records=[record()] * 2), {}),
        (replace(GOOD, records=[]), {"lost": 1, "wrong_state": 1}),
        (replace(GOOD, parts=[], lines=[], records=[]), {"lost": 1}),
        (replace(GOOD, parts=[DOUBT], lines=[TAKEN]), {"in_doubt": 1}),
        (replace(GOOD, parts=[DOUBT], lines=[TAKEN], records=[]), {"in_doubt": 1}),
        (
            replace(GOOD, parts=[replace(DOUBT, state="queued")], lines=[TAKEN], records=[]),
            {"lost": 1, "wrong_state": 1},
        ),
        (replace(GOOD, records=[record(outcome="UNDELIV")]), {"wrong_state": 1}),
        (replace(GOOD, parts=[replace(PART, message_state="open")]), {"wrong_state": 1}),
        (
            replace(GOOD, parts=[replace(PART, state="sent", message_state="open")]),
            {"wrong_state": 1},
        ),
        (
            replace(
                GOOD, parts=[replace(PART, state="sent", message_state="open")], lost_receipts=1
            ),
            {},
        ),
        (
            replace(GOOD, told=[SAID, replace(SAID, version=2, value="4")]),
            {"lost": 1},
        ),
        (
            replace(
                GOOD,
                parts=[PART, replace(PART, message=3, text=f"{TEXT}; химия: 4")],
                records=[record(), record(f"{TEXT}; химия: 4")],
            ),
            {"doubled": 1},
        ),
        (replace(GOOD, parts=[PART, ANSWER], story=STOPS), {"lost": 1, "wrong_state": 1}),
    ],
)
def test_a_fault_in_the_books_is_seen(told: Books, expected: dict[str, int]) -> None:
    assert found(told) == expected


STOPPING = replace(
    GOOD, story=STOPS, parts=[replace(PART, number_state="stopped"), ANSWER],
    records=[record(), record(STOPPED, at=1000)],
)  # fmt: skip


def test_a_stop_that_was_obeyed_and_answered_is_no_fault() -> None:
    assert found(STOPPING) == {}


def test_what_comes_after_a_confirmed_stop_is_seen() -> None:
    late = replace(STOPPING, records=[record(STOPPED, at=1000), record(at=9000)])
    assert found(late) == {"wrong_state": 1}


def test_a_stop_that_nobody_obeyed_is_seen() -> None:
    assert found(replace(GOOD, story=STOPS)) == {"lost": 1}
