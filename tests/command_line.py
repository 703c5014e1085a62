"""The command line on a database of its own on the disk: for the tests of its commands."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from typer.testing import CliRunner

from sms_diary.app import Base, opened
from sms_diary.cli import app
from sms_diary.config import Settings
from tests import seeding

T = TypeVar("T")


class CommandLine:
    def __init__(self, folder: Path) -> None:
        self._settings = Settings(
            database=f"sqlite:{folder / 'data' / 'sms-diary.db'}",
            key_file=folder / "data" / "sms-diary.key",
        )

    def do(self, work: Callable[[Base], Awaitable[T]]) -> T:
        """What the commands have no part in."""

        async def whole() -> T:
            async with opened(self._settings) as base:
                return await work(base)

        return asyncio.run(whole())

    def rows(self, sql: str) -> list[str]:
        """The one column of a query."""
        return self.do(lambda base: seeding.column(base.database, sql))

    def ran(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        """Exit code, output and errors of `sms-diary …`."""
        result = CliRunner().invoke(app, list(arguments), input=typed)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.stdout, result.stderr


def alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands find nothing but this folder, and a wide terminal."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    for name in [name for name in os.environ if name.startswith("SMS_DIARY_")]:
        monkeypatch.delenv(name)
