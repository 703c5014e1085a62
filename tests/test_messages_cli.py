"""`sms-diary messages`: what is in doubt, and what a person decides of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sms_diary.app import Base
from sms_diary.clock import MINUTE
from sms_diary.model import PartState
from sms_diary.schedule import URGENT_LANE
from sms_diary.store import outbox
from sms_diary.store.outbox import Settled
from tests import seeding
from tests.command_line import CommandLine, alone
from tests.conftest import NOW

AT = ("--now", "2026-11-24T12:00+04:00")
CLAIMED = NOW - 75 * MINUTE
SCHOOLS = ("school-5", "school-7")


class Diary(CommandLine):
    def states(self) -> list[str]:
        return self.rows("select state from part")

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, output and errors of `sms-diary messages …` at noon."""
        return self.ran("messages", *arguments, *AT)


@pytest.fixture
def diary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Diary:
    alone(tmp_path, monkeypatch)
    return Diary(tmp_path)


async def _in_doubt(base: Base, slug: str, number: str, **how: Any) -> int:
    """One message to one guardian of a new school, in doubt for an hour and a quarter."""
    tools = base.tools
    async with base.database.transaction() as q:
        school = await seeding.live_school(q, tools, slug)
        [class_id] = await seeding.classes(q, tools, school, "5А")
        [pupil_id] = await seeding.pupils(q, tools, school, class_id, 1)
        [mum] = await seeding.subscribe(q, tools, school, [(pupil_id, number)])
        about = tools.ids.new()
        await seeding.entry(q, school, about)
        own = await seeding.line(q, tools, mum, about)
        [message_id] = await seeding.queue(
            q, tools, mum, school.id, "Секретный текст", lines=(own,), **how
        )
        parts = await seeding.claim(q, tools, now=CLAIMED)
        settled = [Settled(part.part_id, PartState.DOUBT) for part in parts]
        await outbox.settle(q, settled, owner="worker", now=CLAIMED)
    return message_id


def test_where_nothing_is_in_doubt_it_says_so(diary: Diary) -> None:
    assert diary("doubt") == (0, "Таких сообщений нет: обо всех оператор ответил.\n", "")


def test_each_message_in_doubt_is_shown_with_its_age_and_what_to_do(diary: Diary) -> None:
    numbers = [seeding.phone(n) for n in range(2)]
    usual = diary.do(lambda base: _in_doubt(base, SCHOOLS[0], numbers[0], parts=2))
    urgent = diary.do(lambda base: _in_doubt(base, SCHOOLS[1], numbers[1], lane=URGENT_LANE))
    code, out, errors = diary("doubt")
    assert (code, errors) == (0, "")
    first, advice, second, urgent_advice, how = out.splitlines()
    cells = first.split("\t")
    assert (cells[0], cells[1], cells[2]) == (str(usual), "school-5", "+7900***0000")
    assert "1 ч 15 мин" in cells[3]
    assert cells[4] == "маршрут main"
    assert cells[5] == "обычное: homework, частей 2 из 2"
    assert "подождите отчёта" in advice
    assert second.startswith(f"{urgent}\tschool-7\t")
    assert "повторится само" in urgent_advice
    assert how == "Решить: sms-diary messages resolve ID sent|repeat"
    for secret in (*numbers, "Секретный", "Белкина"):
        assert secret not in out
    only = diary("doubt", "--school", "school-7")[1]
    assert (str(usual) in only, str(urgent) in only) == (False, True)
    assert diary("doubt", "--school", "none")[0] == 2


def test_what_is_decided_is_done_once(diary: Diary) -> None:
    message_id = diary.do(lambda base: _in_doubt(base, SCHOOLS[0], seeding.phone(0)))
    assert diary("resolve", str(message_id), "repeat") == (0, "Решение записано.\n", "")
    assert diary.states() == ["queued"]
    code, out, errors = diary("resolve", str(message_id), "repeat")
    assert (code, out) == (1, "")
    assert errors.startswith("Решать нечего")
    assert diary.states() == ["queued"]


def test_what_was_sent_waits_for_its_receipt(diary: Diary) -> None:
    message_id = diary.do(lambda base: _in_doubt(base, SCHOOLS[0], seeding.phone(0)))
    assert diary("resolve", str(message_id), "sent")[0] == 0
    assert diary.states() == ["sent"]


def test_a_repeat_that_is_too_late_is_refused_in_words(diary: Diary) -> None:
    message_id = diary.do(
        lambda base: _in_doubt(base, SCHOOLS[0], seeding.phone(0), expires=NOW - MINUTE)
    )
    assert "повторять поздно" in diary("doubt")[1]
    code, _, errors = diary("resolve", str(message_id), "repeat")
    assert (code, "срок сообщения вышел" in errors) == (1, True)
    assert diary.states() == ["doubt"]


def test_a_word_or_an_id_that_is_none_changes_nothing(diary: Diary) -> None:
    message_id = diary.do(lambda base: _in_doubt(base, SCHOOLS[0], seeding.phone(0)))
    code, _, errors = diary("resolve", str(message_id), "maybe")
    assert (code, "sent (ушло) или repeat" in errors) == (2, True)
    code, _, errors = diary("resolve", "1", "sent")
    assert (code, errors) == (1, "Такого сообщения нет.\n")
    assert diary.states() == ["doubt"]
