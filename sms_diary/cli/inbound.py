"""`inbound …`: what parents wrote that no word answers, for a person to read and to settle."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of, run
from sms_diary.encoding import clean
from sms_diary.logs import mask

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.store.tools import Tools
    from sms_diary.store.waiting import Waiting

app = typer.Typer(
    help="SMS от родителей, которые ждут человека: показать, отметить.", no_args_is_help=True
)
SchoolOption = Annotated[
    str, typer.Option("--school", metavar="ИМЯ", help="Только номера этой школы; без неё — все.")
]
FullOption = Annotated[bool, typer.Option("--full", help="Показать номер целиком.")]
IdArgument = Annotated[int, typer.Argument(metavar="ID", min=0, help="ID из inbound list.")]
_MOST = 1000
_NONE = "Такого SMS нет среди тех, что ждут. Какие ждут: sms-diary inbound list"


@dataclass(frozen=True, slots=True)
class _Asked:
    q: Queries
    tools: Tools
    school_id: int | None


@asynccontextmanager
async def _asked(config: Path | None, slug: str) -> AsyncIterator[_Asked]:
    from sms_diary.app import opened
    from sms_diary.config import load
    from sms_diary.errors import ConfigError
    from sms_diary.store import schools

    async with opened(load(config)) as base, base.database.transaction() as q:
        school = await schools.by_slug(q, slug) if slug else None
        if slug and school is None:
            raise ConfigError(f"Школы «{slug}» нет. Какие есть: sms-diary school list")
        yield _Asked(q, base.tools, school.id if school else None)


@app.command("list")
def list_command(
    school: SchoolOption = "", full: FullOption = False, config: ConfigOption = None
) -> None:
    """Показать SMS, которые ещё никто не прочитал; самые старые сверху."""

    async def work() -> list[Waiting]:
        from sms_diary.store import waiting

        async with _asked(config, school) as asked:
            return await waiting.waiting(
                asked.q, asked.tools, school_id=asked.school_id, limit=_MOST
            )

    found = run(work())
    for one in found:
        print("\t".join([*_cells(one, full), clean(one.text)]))
    print(
        "Прочитано? sms-diary inbound done ID --by КТО" if found else "Никто не ждёт ответа.",
    )


@app.command()
def show(
    inbound_id: IdArgument,
    school: SchoolOption = "",
    full: FullOption = False,
    config: ConfigOption = None,
) -> None:
    """Показать одно SMS. Код 0 — показано, 1 — такого среди ждущих нет."""

    async def work() -> Waiting | None:
        from sms_diary.store import waiting

        async with _asked(config, school) as asked:
            return await waiting.find(asked.q, asked.tools, inbound_id, school_id=asked.school_id)

    found = run(work())
    if found is None:
        print(_NONE, file=sys.stderr)
        raise typer.Exit(1)
    print("\t".join([*_cells(found, full), f"на номер {found.reception}"]))
    print(clean(found.text))


@app.command()
def done(
    inbound_id: IdArgument,
    by: Annotated[str, typer.Option("--by", metavar="КТО", help="Кто прочитал и решил.")],
    school: SchoolOption = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Отметить, что SMS прочитано и решено. Код 0 — отмечено, 1 — такого среди ждущих нет."""

    async def work() -> bool:
        from sms_diary.errors import ConfigError
        from sms_diary.store import waiting

        if not by.strip():
            raise ConfigError("Напишите, кто прочитал: --by «Петрова А. В.»")
        async with _asked(config, school) as asked:
            return await waiting.done(
                asked.q, asked.tools, inbound_id, school_id=asked.school_id, by=by.strip(),
                now=clock_of(now).now(),
            )  # fmt: skip

    if not run(work()):
        print(_NONE, file=sys.stderr)
        raise typer.Exit(1)
    print("Отмечено.")


def _cells(one: Waiting, full: bool) -> list[str]:
    from datetime import datetime

    at = datetime.fromtimestamp(one.at / 1000).astimezone()
    return [str(one.id), f"{at:%d.%m.%Y %H:%M}", one.number if full else mask(one.number)]
