"""What all commands share: options, and our errors shown as one Russian sentence."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from zoneinfo import ZoneInfo

import typer

from sms_diary.clock import Clock, ShiftedClock, SystemClock, millis
from sms_diary.errors import SmsDiaryError

if TYPE_CHECKING:
    from sms_diary.config import Settings

Result = TypeVar("Result")
ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", help="Файл настроек (обычно ./sms-diary.toml).")
]
NowOption = Annotated[
    str | None,
    typer.Option("--now", help="Работать так, будто сейчас это время: 2026-11-24T10:00+04:00."),
]


def run(work: Coroutine[None, None, Result]) -> Result:
    """Run a command's work; our own errors end it with their text and code 2."""
    try:
        return asyncio.run(work)
    except SmsDiaryError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    except OSError as error:
        print(f"Не получилось: {error.strerror or error}", file=sys.stderr)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def about_key(settings: Settings) -> str:
    """What whoever makes the first key must know; said by the command that made it."""
    return (
        f"Создан ключ шифрования: {settings.key_file}. Сохраните его копию отдельно от копии базы: "
        "без него резервная копия базы бесполезна, а вместе с ним она раскрывает номера."
    )


def write_own(file: Path, text: str, *, append: bool = False) -> None:
    """Write a file that only its owner can read: numbers and names may stand in it."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600)

    try:
        with open(file, "a" if append else "w", encoding="utf-8", opener=opener) as out:
            out.write(text)
    except OSError as error:
        print(f"Файл «{file}» не записан: {error.strerror}", file=sys.stderr)
        raise typer.Exit(2) from None


def write_bytes(file: Path, body: bytes) -> None:
    """The same for what is no text."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600)

    try:
        with open(file, "wb", opener=opener) as out:
            out.write(body)
    except OSError as error:
        print(f"Файл «{file}» не записан: {error.strerror}", file=sys.stderr)
        raise typer.Exit(2) from None


def clock_of(now: str | None) -> Clock:
    """The diary's clock: the machine's, or one that starts at `--now` (no zone: Samara's)."""
    if now is None:
        return SystemClock()
    try:
        moment = datetime.fromisoformat(now)
    except ValueError:
        print(f"Не понято время «{now}»: нужно вида 2026-11-24T10:00+04:00.", file=sys.stderr)
        raise typer.Exit(2) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo("Europe/Samara"))
    return ShiftedClock(millis(moment))


def user() -> str:
    """The name of the system's user, if it tells one."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def fast_loop() -> None:
    """Take uvloop for what runs for long, where it is installed (`sms-diary[fast]`)."""
    try:
        import uvloop
    except ImportError:
        return
    uvloop.install()
