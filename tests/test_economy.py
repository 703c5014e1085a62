"""A month of a school in segments: the model itself, and that the texts are as thrifty as said."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from scripts.economy import CASES, Account, Bill, account_of, missed
from scripts.harness import roll
from scripts.harness.bound import Bound
from scripts.harness.month import DAYS, Month, month
from sms_diary.encoding import segments
from sms_diary.model import Kind
from sms_diary.resources import templates_dir
from tests.telling import RENDERER

SEED = 5
SLOTS = 1_000


@pytest.fixture(scope="module")
def story() -> Month:
    return month(SEED, every_topic=True)


@pytest.fixture(scope="module")
def accounts() -> dict[str, Account]:
    return {case.name: account_of(case, RENDERER, SEED, SLOTS) for case in CASES}


def test_the_school_is_as_large_as_it_is_said_to_be(story: Month) -> None:
    assert (len(roll.forms()), len(DAYS)) == (36, 20)
    guardians = len({slot.guardian for slot in story.slots})
    assert guardians == roll.GUARDIANS == 1204
    marks = Counter(
        line.kind for slot in story.slots for line in slot.lines if line.was is None
    )  # fmt: skip
    told_of = roll.SUBSCRIPTIONS * len(DAYS)
    assert marks[Kind.ABSENCE] / told_of == pytest.approx(0.2, abs=0.02)
    # First grades, four classes of 36, have no marks.
    assert marks[Kind.MARK] / told_of == pytest.approx(2.5 * 32 / 36, abs=0.05)
    assert marks[Kind.HOMEWORK] / told_of == pytest.approx(5 * roll.WANT_HOMEWORK, abs=0.15)
    corrections = len(story.corrections) / marks[Kind.MARK]
    assert corrections == pytest.approx(0.01, abs=0.003)


def test_the_same_seed_gives_the_same_marks_whatever_else_is_told(story: Month) -> None:
    alone = month(SEED, every_topic=False)
    assert _marks(alone) == _marks(story)
    assert _marks(month(SEED + 1, every_topic=False)) != _marks(alone)


def _marks(story: Month) -> list[tuple[object, ...]]:
    return [
        (slot.guardian, slot.day, line.pupil, line.subject, line.value)
        for slot in story.slots
        for line in slot.lines
        if line.kind is Kind.MARK
    ]


def test_on_friday_all_marks_of_a_week_come_at_once() -> None:
    friday = month(SEED, every_topic=False, on_friday=True)
    days = {
        slot.day.weekday()
        for slot in friday.slots
        if any(line.kind is Kind.MARK for line in slot.lines)
    }
    assert days == {4}


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_every_entry_is_told_and_nothing_costs_less_than_the_bound(
    accounts: dict[str, Account], name: str
) -> None:
    bill = accounts[name].bill
    assert bill.told == bill.entries > 0
    assert bill.lower_bound <= bill.segments <= bill.naive_digest
    assert bill.segments <= bill.per_event


def test_the_targets_are_reached(accounts: dict[str, Account]) -> None:
    """By the first thousand slots; `scripts/economy` shows the whole month."""
    assert list(missed({name: account.bill for name, account in accounts.items()})) == []


def test_a_missed_target_is_named() -> None:
    good = Bill(100, 300, 150, 100, 0.95, 10, 10)
    names = [case.name for case in CASES]
    assert list(missed(dict.fromkeys(names, good))) == []
    for worse, named in (
        (replace(good, one_segment_days=0.89), "89.0%"),
        (replace(good, segments=121), "1.210 of the bound"),
        (replace(good, per_event=200), "0.500 of one SMS an event"),
    ):
        bills = dict.fromkeys(names, good) | {"marks-latin": worse}
        (said,) = missed(bills)
        assert said.startswith("marks-latin: ")
        assert named in said
    (said,) = missed(dict.fromkeys(names, good) | {"all-latin": replace(good, segments=126)})
    assert said == "all-latin: 1.260 of the bound"


def test_the_bound_is_never_above_what_the_shortest_wordings_take(story: Month) -> None:
    """Its skeletons, made without the renderer, are no longer than those of the shortest level."""
    bound = Bound(templates_dir() / "subjects.txt", latin=False)
    for slot in story.slots[:SLOTS]:
        assert bound.segments(slot.lines) <= segments("\n".join(bound.sentences(slot.lines)))
        assert all(len(text) > 2 for text in bound.sentences(slot.lines))
