"""`desk …`: who signs in to the pages. The first admin comes in by a link that is printed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption
from sms_diary.cli.schools import in_database, school_of

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.store.desk.users import User
    from sms_diary.store.tools import Tools

app = typer.Typer(help="Вход на страницы: пригласить, показать, закрыть.", no_args_is_help=True)


@app.command()
def invite(
    login: Annotated[str, typer.Option(help="Логин.")] = "admin",
    name: Annotated[str, typer.Option(help="Как зовут, для журнала действий.")] = "",
    role: Annotated[
        str,
        typer.Option(
            metavar="РОЛЬ",
            help="observer, class-teacher, operator, school-admin, district-admin, "
            "resource-centre. Роль уже известного логина не меняется.",
        ),
    ] = "district-admin",
    school: Annotated[
        str, typer.Option(metavar="ИМЯ", help="Школа; для ролей района не нужна.")
    ] = "",
    config: ConfigOption = None,
) -> None:
    """Выпустить ссылку, по которой один раз задают пароль; прежние ссылки перестают действовать."""

    async def work(q: Queries, tools: Tools) -> None:
        from sms_diary.clock import SystemClock
        from sms_diary.config import load
        from sms_diary.store.desk import audit, sessions
        from sms_diary.store.desk.audit import Note

        settings, now = load(config), SystemClock().now()
        user = await _user(q, tools, login.strip().casefold(), name, role, school, now)
        secret = await sessions.invite(q, tools, user.id, now=now)
        note = Note("invited", "user", user.id)
        await audit.write(q, tools, user.school_id, 0, [note], now=now)
        base = settings.public_url or f"http://{settings.web.host}:{settings.web.port}"
        print(f"login={user.login}")
        print(f"link={base}/desk/-/link/{secret}")
        print("Ссылка действует три дня и один раз: по ней задают пароль.")

    in_database(config, work)


async def _user(
    q: Queries, tools: Tools, login: str, name: str, role: str, school: str, now: int
) -> User:
    """The user of this login, made now if there is none."""
    import re

    from sms_diary.errors import ConfigError
    from sms_diary.store.desk import users
    from sms_diary.store.desk.users import EVERY_SCHOOL, LOGIN, OF_DISTRICT, Role

    known = await users.by_login(q, login)
    if known is not None:
        if known[0].state is not users.UserState.ACTIVE:
            raise ConfigError(f"Вход для «{login}» закрыт. Открыть: sms-diary desk admit {login}")
        return known[0]
    if role not in set(Role):
        raise ConfigError(f"Роли «{role}» нет. Есть: {', '.join(Role)}.")
    if not re.fullmatch(LOGIN, login):
        raise ConfigError("Логин — до 64 знаков: буквы, цифры, точка, дефис, @.")
    if (Role(role) in OF_DISTRICT) == bool(school):
        raise ConfigError(
            "Роли district-admin и resource-centre — для всех школ, без --school; остальным нужна "
            "школа: --school ИМЯ."
        )
    school_id = (await school_of(q, school)).id if school else EVERY_SCHOOL
    user_id = await users.add(
        q, tools, school_id=school_id, login=login, name=name or login, role=Role(role), now=now
    )
    assert user_id is not None
    made = await users.one(q, user_id)
    assert made is not None
    return made


@app.command(name="list")
def list_(config: ConfigOption = None) -> None:
    """Показать, кто входит."""

    async def work(q: Queries, _tools: Tools) -> None:
        from sms_diary.store import schools
        from sms_diary.store.desk import users
        from sms_diary.store.desk.users import EVERY_SCHOOL, ROLE_RU, UserState

        slugs = {EVERY_SCHOOL: "все школы"}
        slugs |= {one.id: one.slug for one in await schools.every(q)}
        for school_id, slug in slugs.items():
            for user in await users.of_school(q, school_id):
                state = "" if user.state is UserState.ACTIVE else "вход закрыт"
                print(f"{user.login}\t{slug}\t{ROLE_RU[user.role]}\t{user.name}\t{state}".rstrip())

    in_database(config, work)


@app.command()
def block(
    login: Annotated[str, typer.Argument(metavar="ЛОГИН")], config: ConfigOption = None
) -> None:
    """Закрыть вход; открытые сеансы кончаются сразу."""
    _set_state(login, "blocked", "Вход закрыт.", config)


@app.command()
def admit(
    login: Annotated[str, typer.Argument(metavar="ЛОГИН")], config: ConfigOption = None
) -> None:
    """Открыть вход снова."""
    _set_state(login, "active", "Вход открыт.", config)


def _set_state(login: str, state: str, said: str, config: ConfigOption) -> None:
    async def work(q: Queries, tools: Tools) -> None:
        from sms_diary.clock import SystemClock
        from sms_diary.errors import ConfigError
        from sms_diary.store.desk import audit, sessions, users
        from sms_diary.store.desk.audit import Note
        from sms_diary.store.desk.users import UserState

        known = await users.by_login(q, login.strip().casefold())
        if known is None:
            raise ConfigError("Такого логина нет. Какие есть: sms-diary desk list")
        user, now = known[0], SystemClock().now()
        await users.set_state(q, user.school_id, user.id, UserState(state))
        await sessions.revoke(q, user.id, now=now)
        note = Note("changed", "user", user.id, said)
        await audit.write(q, tools, user.school_id, 0, [note], now=now)
        print(said)

    in_database(config, work)
