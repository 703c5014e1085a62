"""The command: a temporary folder, signals, logs aside, the story, and its end.

`main` is for the command line; `perform` plays in a folder that the caller keeps.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from sms_diary import logs
from sms_diary.clock import ShiftedClock
from sms_diary.demo.district import invited
from sms_diary.demo.screen import Screen
from sms_diary.demo.stage import SLUG, stage
from sms_diary.demo.story import Story
from sms_diary.demo.watch import Watch
from sms_diary.demo.week import MON, Week
from sms_diary.errors import SmsDiaryError

LOG = "sms-diary.log"
_BEGINS = "07:55"
_PAUSE = 1.5
"""Seconds between two steps for those who watch; `--once` does not wait."""
_TAIL = 10
_FAILED, _IMPOSSIBLE, _INTERRUPTED = 1, 2, 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(*, once: bool, port: int, now: int | None) -> int:
    """Play the demo; the exit code.

    `now` (epoch milliseconds) chooses the week of the story, None is that of the sample. `once`:
    end by itself with a line of JSON, 0 when all was delivered, 1 when not. Else it stays open
    until it is interrupted, which is 0; an interrupted `--once` is 130.
    """
    for out in (sys.stdout, sys.stderr):
        if isinstance(out, io.TextIOWrapper):
            out.reconfigure(errors="replace")  # a terminal in another encoding is no reason to end
    try:
        week = Week.around(now)
        with tempfile.TemporaryDirectory(prefix="sms-diary-demo-") as folder:
            return asyncio.run(_play(Path(folder), week, once=once, port=port))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except SmsDiaryError as error:
        _say(str(error), sys.stderr)
        return _FAILED
    except OSError as error:
        _say(f"Не получилось: {error.strerror or error}", sys.stderr)
        return _IMPOSSIBLE


async def _play(folder: Path, week: Week, *, once: bool, port: int) -> int:
    began = time.monotonic()
    stop = asyncio.Event()
    with _signals(stop), logs_in(folder / LOG), _log_shown(folder / LOG):
        async with perform(folder, week, sys.stdout, _pause(stop, once=once), port=port) as story:
            tell_addresses(story)
            totals = await _unless(stop, story.tell())
            if totals is not None:
                story.screen.sums(totals)
            if totals is not None and not once:
                tell_addresses(story)
                await tell_login(story)
                story.screen.wait_for("Можно отвечать с телефонов; закончить: Ctrl-C")
                await stop.wait()
    if totals is None or not once:
        _say("Демонстрация закончена, временные файлы убраны.", sys.stdout)
        return _INTERRUPTED if once else 0
    _say(json.dumps({**totals, "seconds": round(time.monotonic() - began, 1)}), sys.stdout)
    return 0


@asynccontextmanager
async def perform(
    folder: Path, week: Week, out: IO[str], pause: Callable[[], Awaitable[None]], *, port: int = 0
) -> AsyncIterator[Story]:
    """The story on its stage, on the Monday morning; its data stay in `folder`."""
    clock = ShiftedClock(week.at(MON, _BEGINS))
    with Screen(out, clock) as screen:
        async with stage(folder, clock, port) as on_stage:
            with on_stage.smsc.listen() as queue:
                async with Watch(queue, screen) as watch:
                    yield Story(on_stage, week, screen, watch, pause)


async def tell_login(story: Story) -> None:
    """How to come to the pages; at the end, for the link holds but three days of the story's."""
    on_stage, say = story.stage, story.screen.address
    say("Войти на страницы (ссылка на один раз)", await invited(on_stage.service, on_stage.clock))
    say("Потом: логин admin и пароль, который вы придумали", f"{on_stage.service.address}/desk/")


def tell_addresses(story: Story) -> None:
    """Where to look, and commands that work as they stand."""
    on_stage, say = story.stage, story.screen.address
    base = on_stage.service.address
    token = f"-H {shlex.quote(f'Authorization: Bearer {on_stage.token}')}"
    event = shlex.quote(json.dumps(story.week.try_it(), ensure_ascii=False))
    say("Телефоны родителей", on_stage.phones)
    say("Готов ли сервис", f"{base}/readyz")
    say("Показатели", f"{base}/metrics")
    say("Последние SMS школы", f"curl -sS {token} '{base}/v1/messages?limit=3'")
    say(
        "Поставить отметку самому",
        f"curl -sS {token} -H 'Content-Type: application/json' -d {event} "
        f"{base}/v1/schools/{SLUG}/events",
    )


def _pause(stop: asyncio.Event, *, once: bool) -> Callable[[], Awaitable[None]]:
    """A pause that an interruption ends."""

    async def pause() -> None:
        if not once:
            with suppress(TimeoutError):
                async with asyncio.timeout(_PAUSE):
                    await stop.wait()

    return pause


async def _unless(
    stop: asyncio.Event, work: Coroutine[Any, Any, dict[str, int]]
) -> dict[str, int] | None:
    """The result of the work, or None when it was stopped before its end."""
    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        stopping.cancel()
        await asyncio.gather(task, stopping, return_exceptions=True)


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """Ctrl-C, a closed terminal and `kill` ask for the end; nothing is torn off."""
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


@contextmanager
def logs_in(file: Path) -> Iterator[None]:
    """The service's logs, as `serve` writes them, go to a file: the screen is for the story."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    with file.open("w", encoding="utf-8") as out:
        logs.set_up("json")
        for handler in root.handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.setStream(out)
        try:
            yield
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)


@contextmanager
def _log_shown(file: Path) -> Iterator[None]:
    """When the demo fails, the end of the log is shown before its folder goes."""
    try:
        yield
    except SmsDiaryError:
        for line in file.read_text(encoding="utf-8").splitlines()[-_TAIL:]:
            _say(line, sys.stderr)
        raise


def _say(line: str, to: IO[str]) -> None:
    to.write(f"{line}\n")
    to.flush()
