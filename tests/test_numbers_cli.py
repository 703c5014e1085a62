"""`sms-diary numbers`: whom SMS do not reach, one that is reached again, one that has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sms_diary.app import Base
from sms_diary.store import numbers
from tests.command_line import CommandLine, alone
from tests.seeding import Subscribed, classes, live_school, phone, pupil, subscribe

MUM, DAD, NEW = phone(1), phone(2), phone(3)
WHO = ["--school", "school-5", "--by", "Петрова А. В.", "--source", "звонок 28.11.2026"]
NOW = ["--now", "2026-11-28T10:00+04:00"]


class Desk(CommandLine):
    def __call__(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        """Exit code, output and errors of `sms-diary numbers …`."""
        return self.ran("numbers", *arguments, typed=typed)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A child with two parents; the father's number is suspended."""
    alone(tmp_path, monkeypatch)
    made = Desk(tmp_path)
    made.do(_family)
    return made


async def _family(base: Base) -> list[Subscribed]:
    async with base.database.transaction() as q:
        school = await live_school(q, base.tools, "school-5")
        await live_school(q, base.tools, "gymnasium")
        [class_id] = await classes(q, base.tools, school, "5А")
        child = await pupil(q, base.tools, school, class_id, "Белкина Дарья Игоревна")
        both = await subscribe(q, base.tools, school, [(child, MUM), (child, DAD)])
        await q.run("update number set failing_since = 1 where id = :id", id=both[1].number_id)
        assert await numbers.suspend(q, [both[1].number_id]) == [both[1].number_id]
    return both


def test_whom_sms_do_not_reach_is_shown_by_class_without_the_number(desk: Desk) -> None:
    code, out, _ = desk("problems", "--school", "school-5", "--class", "5А", *NOW)
    assert code == 0
    assert "5А" in out
    assert "Белкина Дарья Игоревна" in out
    assert "рассылка остановлена: ничего не доходит" in out
    assert "+7900***0002" in out
    assert DAD not in out


def test_a_suspended_number_is_opened_and_twice_is_said(desk: Desk) -> None:
    code, out, _ = desk("lift", *WHO, *NOW, typed=f"{DAD}\n")
    assert (code, out) == (0, "Номер снова открыт: SMS пойдут по прежним согласиям.\n")
    assert desk.rows("select state from number order by id") == ["open", "open"]
    code, _, said = desk("lift", *WHO, *NOW, typed=f"{DAD}\n")
    assert (code, said) == (
        1, "Ни отказа у оператора, ни остановки на этом номере нет: снимать нечего.\n",
    )  # fmt: skip


def test_a_changed_number_is_written_down_with_who_said_so_and_inherits_no_consent(
    desk: Desk,
) -> None:
    code, out, _ = desk("change", *WHO, *NOW, typed=f"{MUM}\n8 900 000-00-03\n")
    assert code == 0, out
    assert out.startswith("Номер записан. Прежнему больше ничего не придёт;")
    assert MUM not in out
    assert NEW not in out
    assert sorted(desk.rows("select state from consent")) == ["active", "unknown"]
    changed = "select distinct actor from ledger where action = 'number-changed'"
    assert desk.rows(changed) == ["Петрова А. В."]


@pytest.mark.parametrize(
    ("who", "typed", "code", "said"),
    [
        (WHO, f"{NEW}\n{MUM}\n", 1, "Родителя с таким прежним номером в этой школе нет."),
        (["--school", "gymnasium", *WHO[2:]], f"{MUM}\n{NEW}\n", 1, "в этой школе нет."),
        ([*WHO[:5], " "], "", 2, "Напишите, кто отмечает (--by)"),
        (WHO, "123\n", 2, "Это не номер мобильного"),
    ],
    ids=["nobody", "another school", "without a name", "no number"],
)
def test_what_cannot_be_changed_changes_nothing(
    desk: Desk, who: list[str], typed: str, code: int, said: str
) -> None:
    exit_code, _, errors = desk("change", *who, *NOW, typed=typed)
    assert (exit_code, said in errors) == (code, True), errors
    assert desk.rows("select state from consent") == ["active", "active"]
