"""`sms-diary desk …`: the first admin's link, and closing and opening the way in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_admin_cli import Desk


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def test_the_first_admin_is_given_a_link_that_can_be_followed(command: Desk) -> None:
    code, out = command("desk", "invite")
    assert code == 0
    assert "login=admin" in out
    assert re.search(r"^link=http://127\.0\.0\.1:8080/desk/-/link/[\w-]{43}$", out, re.M)
    teacher = ("desk", "invite", "--login", "Ivanova", "--role", "observer", "--name", "Иванова")
    code, out = command(*teacher)
    assert (code, "--school" in out) == (2, True), "an observer is of a school"
    assert command(*teacher, "--school", "school-5")[0] == 0
    assert command("desk", "invite", "--login", "x", "--role", "king")[0] == 2
    assert command("desk", "list")[1].splitlines() == [
        "admin\tвсе школы\tадминистратор района\tadmin",
        "ivanova\tschool-5\tнаблюдатель\tИванова",
    ]


def test_a_way_in_is_closed_and_opened_by_its_login(command: Desk) -> None:
    command("desk", "invite")
    assert command("desk", "block", "nobody")[0] == 2
    assert command("desk", "block", "admin")[0] == 0
    code, out = command("desk", "invite")
    assert (code, "desk admit admin" in out) == (2, True)
    assert "вход закрыт" in command("desk", "list")[1]
    assert command("desk", "admit", "admin")[0] == 0
    assert command("desk", "invite")[0] == 0
