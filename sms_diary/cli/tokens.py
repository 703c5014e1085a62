"""`token …`: give, show and revoke bearer tokens of the admin endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption
from sms_diary.cli.schools import in_database, school_of

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.store.tools import Tools

app = typer.Typer(help="Токены для программ: выдать, показать, отозвать.", no_args_is_help=True)


@app.command()
def add(
    school: Annotated[
        str, typer.Option("--school", metavar="ИМЯ", help="Школа; без неё — для всех школ.")
    ] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(
            "--scope", metavar="ПРАВО",
            help="read, write, consents, send, admin; можно несколько раз. Без него — все.",
        ),
    ] = None,
    name: Annotated[str, typer.Option(help="Кому выдан, для списка и журнала согласий.")] = "",
    config: ConfigOption = None,
) -> None:  # fmt: skip
    """Выдать токен; он показывается один раз."""

    async def work(q: Queries, tools: Tools) -> None:
        from sms_diary.clock import SystemClock
        from sms_diary.errors import ConfigError
        from sms_diary.store import tokens
        from sms_diary.store.tokens import Right

        wanted = scope or []
        if strange := [word for word in wanted if word not in set(Right)]:
            raise ConfigError(f"Права «{strange[0]}» нет. Есть: {', '.join(Right)}.")
        school_id = (await school_of(q, school)).id if school else tokens.ALL_SCHOOLS
        secret = tokens.made()
        token_id = await tokens.add(
            q, tools, school_id, secret, name=name, rights=map(Right, wanted),
            now=SystemClock().now(),
        )  # fmt: skip
        print(f"id={token_id}")
        print(f"token={secret}")
        print("Токен показан один раз: сохраните его.")

    in_database(config, work)


@app.command(name="list")
def list_(config: ConfigOption = None) -> None:
    """Показать действующие токены: без них самих, они не хранятся."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.store import schools, tokens

        slugs = {one.id: one.slug for one in await schools.every(q)}
        for token in await tokens.live(q):
            whose = slugs.get(token.school_id, "все школы")
            rights = ", ".join(sorted(token.rights))
            print(f"{token.id}\t{whose}\t{rights}\t{token.name}")

    in_database(config, work)


@app.command()
def revoke(
    token: Annotated[int, typer.Argument(metavar="ID", min=0, help="ID из token list.")],
    config: ConfigOption = None,
) -> None:
    """Отозвать токен: за секунду он перестанет действовать."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.clock import SystemClock
        from sms_diary.errors import ConfigError
        from sms_diary.store import tokens

        if not await tokens.revoke(q, token, now=SystemClock().now()):
            raise ConfigError("Такого действующего токена нет. Какие есть: sms-diary token list")
        print("Токен отозван.")

    in_database(config, work)
