"""`consents …`: check the ledger's chains, publish their ends, show what allowed an SMS."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sms_diary.cli.common import ConfigOption, NowOption, about_key, clock_of, run, write_own

if TYPE_CHECKING:
    from sms_diary.db import Database, Queries
    from sms_diary.reports.names import Names
    from sms_diary.reports.page import Page
    from sms_diary.store.chain import Head
    from sms_diary.store.tools import Tools
    from sms_diary.store.verify import Verdict

app = typer.Typer(
    help="Согласия: проверить журнал, показать, что разрешило SMS.", no_args_is_help=True
)
SchoolOption = Annotated[
    str, typer.Option("--school", metavar="ИМЯ", help="Только эта школа; без неё — все.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Показать как JSON, для программ.")]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="ФАЙЛ", help="Записать страницу для печати (A4).")
]


@dataclass(frozen=True, slots=True)
class Asked:
    """An open database and the schools that are asked about; `alone`: one was named."""

    database: Database
    tools: Tools
    names: Names
    school_ids: list[int]
    alone: bool


@asynccontextmanager
async def asked_about(config: Path | None, slug: str) -> AsyncIterator[Asked]:
    from sms_diary.app import opened
    from sms_diary.config import load
    from sms_diary.errors import ConfigError
    from sms_diary.reports.names import Names
    from sms_diary.store import ledger, schools

    settings = load(config)
    async with opened(settings) as base:
        if base.key_made:
            print(about_key(settings), file=sys.stderr)
        async with base.database.reading() as q:
            found = await schools.every(q)
        if slug:
            found = [one for one in found if one.slug == slug]
            if not found:
                raise ConfigError(f"Школы «{slug}» нет. Какие есть: sms-diary school list")
        ids = [one.id for one in found] + ([] if slug else [ledger.NO_SCHOOL])
        yield Asked(base.database, base.tools, Names(found), sorted(ids), bool(slug))


# ---------------------------------------------------------------- chains


@app.command()
def verify(
    head: Annotated[
        Path | None,
        typer.Option("--head", metavar="ФАЙЛ", help="Сверить с опубликованными концами цепочек."),
    ] = None,
    school: SchoolOption = "",
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Проверить цепочки журнала согласий; код 1 — цепочка нарушена."""

    async def work() -> bool:
        from sms_diary.reports import verdicts

        published = None if head is None else _published(head)
        async with asked_about(config, school) as asked:
            if published is not None and asked.alone:
                published = [one for one in published if one.school_id in asked.school_ids]
            compared = None if published is None else len(published)
            found = await _verdicts(asked, published or [])
            if as_json:
                _print_json(verdicts.as_json(found, asked.names, compared=compared))
            else:
                print("\n".join(verdicts.lines(found, asked.names, compared=compared)))
        return all(one.broken is None for one in found)

    if not run(work()):
        raise typer.Exit(1)


def _published(file: Path) -> list[Head]:
    from sms_diary.errors import FileProblem
    from sms_diary.reports import heads

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise FileProblem(f"Файл «{file}» не читается: проверьте имя и права.") from None
    return heads.read(text)


async def _verdicts(asked: Asked, published: list[Head]) -> list[Verdict]:
    from sms_diary.store import ledger
    from sms_diary.store.verify import verify

    async with asked.database.reading() as q:
        there = set(await ledger.chains(q)) | {one.school_id for one in published}
    # Also chains of schools that are in no list any more, unless one school was asked about.
    chosen = there.intersection(asked.school_ids) if asked.alone else there
    found = []
    for school_id in sorted(chosen):
        async with asked.database.reading() as q:
            found.append(await verify(q, asked.tools, school_id, published))
    return found


@app.command(name="head")
def head_(
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="ФАЙЛ", help="Дописать в файл, который хранят отдельно."),
    ] = None,
    school: SchoolOption = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Показать концы цепочек, чтобы опубликовать их: строка JSON на школу."""
    clock = clock_of(now)

    async def work() -> list[str]:
        from sms_diary.reports import heads

        async with asked_about(config, school) as asked, asked.database.reading() as q:
            found = await heads.published(q, now=clock.now())
            own = {str(one) for one in asked.school_ids}
            return [heads.line(one) for one in found if not asked.alone or one["school_id"] in own]

    lines = run(work())
    if not lines:
        print("Записей о согласиях ещё нет: публиковать нечего.", file=sys.stderr)
    elif to is None:
        print("\n".join(lines))
    else:
        write_own(to, "".join(f"{line}\n" for line in lines), append=True)
        print(f"Дописано в {to}: {len(lines)}. Храните файл там, где его не изменит владелец базы.")


# ---------------------------------------------------------------- proofs


@app.command()
def prove(
    message: Annotated[
        str, typer.Option("--message", metavar="НОМЕР", help="Что разрешило это сообщение.")
    ] = "",
    number: Annotated[
        bool,
        typer.Option("--number", help="Все согласия номера телефона; номер будет спрошен."),
    ] = False,
    school: SchoolOption = "",
    as_json: JsonOption = False,
    html: HtmlOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Показать, что разрешило SMS; код 1 — основание не доказано, 2 — нечего показать."""
    clock = clock_of(now)

    async def work() -> tuple[Page, dict[str, Any]]:
        from sms_diary.errors import ConfigError

        if bool(message) == number:
            raise ConfigError("Назовите что-то одно: --message НОМЕР или --number.")
        wanted = asked_number() if number else _message_id(message)
        async with asked_about(config, school) as asked, asked.database.reading() as q:
            if isinstance(wanted, str):
                return await _about_number(q, asked, wanted, clock.now())
            return await _about_message(q, asked, wanted, clock.now())

    page, shown = run(work())
    _show(page, shown, as_json=as_json, file=html)
    if page.good is False:
        raise typer.Exit(1)


def _message_id(typed: str) -> int:
    from sms_diary.errors import ConfigError

    if typed.isascii() and typed.isdigit() and int(typed[:20]) < 2**63:
        return int(typed)
    raise ConfigError("Номер сообщения — целое число, как в /v1/messages.")


def asked_number(what: str = "Номер") -> str:
    """Asked for, so that it does not stay in the history of commands."""
    from sms_diary.errors import ConfigError
    from sms_diary.phone import normalise

    typed = typer.prompt(what) if sys.stdin.isatty() else sys.stdin.readline()
    number = normalise(typed.strip())
    if number is None:
        raise ConfigError("Это не номер мобильного: нужно вида +7 900 000-10-01.")
    return number


async def _about_message(
    q: Queries, asked: Asked, message_id: int, now: int
) -> tuple[Page, dict[str, Any]]:
    from sms_diary.errors import ConfigError
    from sms_diary.reports import proof_json, proof_page
    from sms_diary.store import proofs

    own = asked.school_ids[0] if asked.alone else None
    proof = await proofs.of_message(q, asked.tools, message_id, own)
    if proof is None:
        where = f"в школе {asked.names.name(own)}" if own else "в базе"
        raise ConfigError(
            f"Сообщения {message_id} {where} нет. Номера сообщений показывает /v1/messages."
        )
    return (
        proof_page.of_message(proof, asked.names, now=now),
        proof_json.of_message(proof, asked.names, now=now),
    )


async def _about_number(
    q: Queries, asked: Asked, number: str, now: int
) -> tuple[Page, dict[str, Any]]:
    from sms_diary.errors import ConfigError
    from sms_diary.phone import mask
    from sms_diary.reports import proof_json, proof_page
    from sms_diary.store import by_number

    proof = await by_number.of_number(
        q, asked.tools, number, asked.school_ids, whole=not asked.alone
    )
    if proof is None:
        where = f"В школе {asked.names.name(asked.school_ids[0])}" if asked.alone else "В базе"
        raise ConfigError(f"{where} о номере {mask(number)} ничего нет.")
    return (
        proof_page.of_number(proof, asked.names, now=now),
        proof_json.of_number(proof, asked.names, now=now),
    )


def _show(page: Page, shown: dict[str, Any], *, as_json: bool, file: Path | None) -> None:
    from sms_diary.reports.page import html, text

    if file is not None:
        write_own(file, html(page))
        if not as_json:
            print(f"Страница для печати: {file}")
    if as_json:
        _print_json(shown)
    elif file is None:
        print(text(page))


def _print_json(shown: dict[str, Any]) -> None:
    print(json.dumps(shown, ensure_ascii=False, indent=2))
