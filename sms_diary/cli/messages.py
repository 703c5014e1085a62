"""`messages doubt` and `messages resolve`: what a person decides where nobody else can."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of, run

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.store.in_doubt import InDoubt

app = typer.Typer(
    help="Сообщения, о которых оператор ничего не ответил: показать, решить.", no_args_is_help=True
)
_MOST = 1000


@app.command("doubt")
def doubt_command(
    school: Annotated[str, typer.Option(help="Только этой школы: её короткое имя.")] = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Показать переданные оператору сообщения, ответ на которые потерян; самые старые сверху."""

    async def work() -> list[str]:
        from sms_diary.app import opened
        from sms_diary.config import load
        from sms_diary.store import in_doubt

        async with opened(load(config)) as base, base.database.reading() as q:
            slugs = await _slugs(q)
            found = await in_doubt.waiting(
                q, base.tools, school_id=_id_of(slugs, school) if school else None, limit=_MOST
            )
        moment = clock_of(now).now()
        return [line for one in found for line in _lines(one, slugs, moment)]

    lines = run(work())
    for line in lines or ["Таких сообщений нет: обо всех оператор ответил."]:
        print(line)
    if lines:
        print("Решить: sms-diary messages resolve ID sent|repeat")


async def _slugs(q: Queries) -> dict[int, str]:
    from sms_diary.store import schools

    return {school.id: school.slug for school in await schools.every(q)}


def _id_of(slugs: dict[int, str], slug: str) -> int:
    from sms_diary.errors import ConfigError

    for school_id, known in slugs.items():
        if known == slug:
            return school_id
    raise ConfigError(f"Школы «{slug}» нет. Какие есть: sms-diary school list")


def _lines(one: InDoubt, slugs: dict[int, str], now: int) -> list[str]:
    from datetime import datetime

    from sms_diary.store.in_doubt import LANE_RU, advice

    since = datetime.fromtimestamp(one.since / 1000).astimezone()
    parts = "" if one.of <= 1 else f", частей {one.parts} из {one.of}"
    kinds = ", ".join(one.kinds) or "ответ на SMS"
    cells = [
        str(one.id),
        slugs.get(one.school_id, "без школы"),
        one.number,
        f"с {since:%d.%m %H:%M} ({_age(now - one.since)})",
        f"маршрут {one.route}",
        f"{LANE_RU[one.lane]}: {kinds}{parts}",
    ]
    return ["\t".join(cells), f"\t{advice(one, now)}"]


def _age(milliseconds: int) -> str:
    minutes = max(milliseconds, 0) // 60_000
    hours, minutes = divmod(minutes, 60)
    return f"{hours} ч {minutes} мин" if hours else f"{minutes} мин"


@app.command()
def resolve(
    message: Annotated[int, typer.Argument(metavar="ID", min=0, help="ID из messages doubt.")],
    decision: Annotated[
        str,
        typer.Argument(metavar="sent|repeat", help="sent — ушло, repeat — послать снова."),
    ],
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Решить, что стало с сообщением: sent — оно ушло, отчёта ждём до 72 часов; repeat — повторить.

    Повтор уходит, только если срок не вышел и согласие действует. Родитель может получить SMS
    дважды, если первая всё-таки дошла. Код 0 — решение записано, 1 — нет.
    """

    async def work() -> bool:
        from sms_diary.app import opened
        from sms_diary.config import load
        from sms_diary.errors import ConfigError
        from sms_diary.store import doubt

        if decision not in set(doubt.Decision):
            raise ConfigError("Решение бывает sent (ушло) или repeat (повторить).")
        async with opened(load(config)) as base, base.database.transaction() as q:
            outcome = await doubt.decide(
                q, base.tools, message, doubt.Decision(decision),
                school_id=None, actor=doubt.Actor.COMMAND, now=clock_of(now).now(),
            )  # fmt: skip
        done = outcome is doubt.Outcome.DONE
        print(doubt.OUTCOME_RU[outcome], file=sys.stdout if done else sys.stderr)
        return done

    raise typer.Exit(0 if run(work()) else 1)
