"""Every command is there under its name and says in Russian what it does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from sms_diary.cli import app


def commands(group: TyperGroup, *names: str) -> Iterator[tuple[str, Any]]:
    for name, one in group.commands.items():
        if isinstance(one, TyperGroup):
            yield " ".join((*names, name)), one
            yield from commands(one, *names, name)
        else:
            yield " ".join((*names, name)), one


ROOT = typer.main.get_command(app)
assert isinstance(ROOT, TyperGroup)
ALL = dict(commands(ROOT))
CONSENTS = {
    "consents verify", "consents head", "consents prove", "consents ask", "consents unreached",
    "inbound list", "inbound show", "inbound done", "numbers problems", "numbers lift",
    "numbers change",
    "forms memo", "forms consents", "forms register", "person export", "person erase",
    "person act", "person periods", "person purge", "subscriptions list", "subscriptions stop",
    "subscriptions start", "token add", "token list", "token revoke", "school set",
    "import contacts", "demo",
}  # fmt: skip
"""What a school does about consents from the command line."""


def test_the_commands_about_consents_are_reachable() -> None:
    assert ALL.keys() >= CONSENTS


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_command_says_in_russian_what_it_does(name: str) -> None:
    said = ALL[name].help or ""
    assert re.match(r"[А-ЯЁ]|SMS ", said), said
    assert said.split("\n")[0].rstrip().endswith((".", ":", ";", ","))
    for option in ALL[name].params:
        meaning = getattr(option, "help", None)
        if meaning and option.name != "help":
            assert re.search("[а-яё]", meaning), (option.name, meaning)
