"""How the demo is shown: short Russian sentences, and each SMS with its state.

On a terminal what is on its way stands below, moving; elsewhere there are plain lines. Numbers
are masked. Texts are shown, because they are the point: the school is invented.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import IO, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sms_diary import logs
from sms_diary.clock import Clock, local
from sms_diary.demo.watch import Sms
from sms_diary.demo.week import ZONE
from sms_diary.ingest.days import MONTHS
from sms_diary.ingest.files.report import plural
from sms_diary.phone import mask
from sms_diary.simulator import Inbound

_DAYS = ("Понедельник", "Вторник", "Среда", "Четверг", "Пятница", "Суббота", "Воскресенье")
_MOST_FLYING = 8
_WORDS = {
    "events": "событий принято",
    "lines": "строк для родителей",
    "messages": "SMS",
    "parts": "частей SMS",
    "delivered": "из них доставлено",
    "in_doubt": "под сомнением",
    "silent": "строк, о которых промолчали",
    "quarantined": "ждёт решения человека",
}


class Screen:
    """Shows to `file`; use it as a context manager, so that a terminal is left in order."""

    def __init__(self, file: IO[str], clock: Clock) -> None:
        self._clock = clock
        self._moving = file.isatty()
        self._console = Console(
            file=file, force_terminal=self._moving, markup=False, highlight=False, emoji=False,
            soft_wrap=not self._moving,
        )  # fmt: skip
        self._flying: dict[int, Sms] = {}
        self._accepted = self._delivered = 0
        self._below = ""
        self._live = Live(
            console=self._console, get_renderable=self._moment, transient=True,
            refresh_per_second=8, redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip

    def __enter__(self) -> Self:
        if self._moving:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._moving:
            self._live.stop()

    # ------------------------------------------------------------------ sentences

    def step(self, title: str) -> None:
        """A new step of the story, at the diary's time."""
        now = local(self._clock.now(), ZONE)
        day = f"{_DAYS[now.weekday()]}, {now.day} {MONTHS[now.month - 1][1]}, {now:%H:%M}"
        self._console.print()
        self._console.print(Text.assemble((f"{day}. ", "bold cyan"), (title, "bold")))

    def say(self, text: str) -> None:
        self._console.print(Text(f"  {text}"))

    def note(self, text: str) -> None:
        """Something worth a second look."""
        self._console.print(Text(f"  {text}", "yellow"))

    def address(self, what: str, where: str) -> None:
        """An address or a command, on one line, so that it can be copied."""
        self._console.print(Text.assemble(f"  {what}: ", (where, "cyan")), soft_wrap=True)

    def wait_for(self, text: str) -> None:
        """What stands at the bottom of a terminal, and once elsewhere."""
        self._below = text
        if not self._moving:
            self._console.print(Text(text))

    def sums(self, totals: Mapping[str, int]) -> None:
        """The counts of the whole week."""
        self.step("Итог недели")
        grid = Table.grid(padding=(0, 1))
        for name, words in _WORDS.items():
            grid.add_row("", words, Text(str(totals[name]), "bold"))
        self._console.print(grid)
        self._console.print()

    # ------------------------------------------------------------------ SMS

    def accepted(self, sms: Sms) -> None:
        """The operator has all parts of an SMS."""
        self._accepted += 1
        self._flying[id(sms)] = sms
        if not self._moving:
            self._console.print(f"  {_time(sms.at)} принято {_to(sms)}: {_one_line(sms.text)}")

    def delivered(self, sms: Sms) -> None:
        """It is on the phone, and the service knows it."""
        self._delivered += 1
        self._flying.pop(id(sms), None)
        if self._moving:
            self._console.print(_row(sms, "✓ доставлено", "green"))
        else:
            self._console.print(f"  {_time(sms.at)} доставлено {_to(sms)}")

    def answered(self, inbound: Inbound) -> None:
        """A parent has sent an SMS, which may hold a number too."""
        number, text = mask(f"+{inbound.number}"), logs.mask(_one_line(inbound.text))
        self._console.print(
            Text(f"  {_time(inbound.at)} ответ с телефона {number}: {text}", "magenta")
        )

    def _moment(self) -> RenderableType:
        """What stands below on a terminal: SMS on their way, and the sums."""
        flying = list(self._flying.values())
        rows = [_row(sms, "… принято", "yellow") for sms in flying[-_MOST_FLYING:]]
        sums = f"SMS принято оператором: {self._accepted}, доставлено: {self._delivered}"
        return Group(*rows, Text(f"{sums}. {self._below}", "dim"))


def _row(sms: Sms, state: str, colour: str) -> Table:
    grid = Table.grid(padding=(0, 1))
    for _ in range(4):
        grid.add_column(no_wrap=True)
    grid.add_column()
    number, size = mask(f"+{sms.number}"), _size(sms.total)
    grid.add_row(f"  {_time(sms.at)}", number, size, Text(state, colour), Text(sms.text))
    return grid


def _to(sms: Sms) -> str:
    return f"{mask(f'+{sms.number}')} ({_size(sms.total)})"


def _size(parts: int) -> str:
    return f"{parts} {plural(parts, 'часть', 'части', 'частей')}"


def _time(at: int) -> str:
    return f"{local(at, ZONE):%H:%M}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
