"""`subscriptions …`: what the admin endpoint does with them, for a person at the server."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, NowOption, clock_of
from sms_diary.cli.schools import in_database, school_of

if TYPE_CHECKING:
    from sms_diary.db import Queries
    from sms_diary.store.subscriptions import Found
    from sms_diary.store.tools import Tools

app = typer.Typer(
    help="Подписки родителей: показать, остановить, включить по бумаге.", no_args_is_help=True
)
SchoolOption = Annotated[str, typer.Option("--school", metavar="ИМЯ", help="Короткое имя школы.")]
IdArgument = Annotated[int, typer.Argument(metavar="ID", min=0, help="ID из subscriptions list.")]
TopicOption = Annotated[
    list[str] | None,
    typer.Option(
        "--topic", metavar="ТЕМА",
        help="marks, absences, homework, timetable, announcements, urgent или pd; "
        "можно несколько раз. Без темы — все.",
    ),
]  # fmt: skip
ByOption = Annotated[
    str,
    typer.Option("--by", help="Кто записывает, для журнала согласий (обычно имя пользователя)."),
]


@app.command(name="list")
def list_(
    school: SchoolOption,
    class_name: Annotated[str, typer.Option("--class", metavar="5А", help="Только класс.")] = "",
    state: Annotated[
        str, typer.Option(help="Только с этим состоянием: unknown, active, stopped …")
    ] = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Показать подписки школы: ID, ученик, номер не целиком, состояние, свои темы."""

    async def work(q: Queries, tools: Tools) -> None:
        from sms_diary.clock import local
        from sms_diary.errors import ConfigError
        from sms_diary.ingest.roster import class_of
        from sms_diary.model import ConsentState
        from sms_diary.store import subscriptions
        from sms_diary.store.subscriptions import Wanted

        if state and state not in set(ConsentState):
            raise ConfigError(f"Состояния «{state}» нет. Есть: {', '.join(ConsentState)}.")
        found = await school_of(q, school)
        day = local(clock_of(now).now(), found.zone).date()
        class_id = await class_of(q, found.id, class_name, day) if class_name else None
        if class_name and class_id is None:
            raise ConfigError(f"Класса «{class_name}» в этом учебном году нет.")
        wanted = Wanted(class_id, state=ConsentState(state) if state else None)
        after: int | None = 0
        while after is not None:
            page = await subscriptions.page(
                q, tools, found.id, wanted, day=day.isoformat(), after=after, limit=_PAGE
            )
            for one in page.subscriptions:
                topics = ", ".join(f"{topic}: {said}" for topic, said in one.topics.items())
                print(f"{one.id}\t{one.pupil}\t{one.number}\t{one.state}\t{topics}".rstrip())
            after = page.next

    in_database(config, work)


_PAGE = 500


@app.command()
def stop(
    subscription: IdArgument,
    school: SchoolOption,
    topic: TopicOption = None,
    reason: Annotated[str, typer.Option(help="Почему, для журнала согласий.")] = "",
    by: ByOption = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Остановить подписку, всю или её темы; действует сразу и на то, что уже в очереди."""

    async def work(q: Queries, tools: Tools) -> None:
        from sms_diary.store import by_school

        found = await school_of(q, school)
        seen = await _seen(q, tools, found.id, subscription)
        actor = by or getpass.getuser()
        moved = await by_school.stop(
            q, tools, found.id, seen, _topics(topic),
            {"by": actor, "way": "command"} | ({"reason": reason} if reason else {}),
            actor=actor, now=clock_of(now).now(),
        )  # fmt: skip
        print("Остановлено." if moved else "Уже было остановлено.")

    in_database(config, work)


@app.command()
def start(
    subscription: IdArgument,
    school: SchoolOption,
    source: Annotated[str, typer.Option(help="Что за бумага: «заявление, папка 5А».")],
    form: Annotated[str, typer.Option(help="Её форма: «SMS-1».")],
    date: Annotated[str, typer.Option(help="Дата подписи: 2026-09-01.")],
    topic: TopicOption = None,
    by: ByOption = "",
    config: ConfigOption = None,
    now: NowOption = None,
) -> None:
    """Записать согласие на бумаге; остановленное самим родителем оно не включает."""

    async def work(q: Queries, tools: Tools) -> None:
        import datetime

        from sms_diary.clock import local
        from sms_diary.errors import ConfigError
        from sms_diary.store import by_school
        from sms_diary.store.by_school import Paper

        found, moment = await school_of(q, school), clock_of(now).now()
        try:
            day = datetime.date.fromisoformat(date)
        except ValueError:
            raise ConfigError(f"Не понята дата «{date}»: нужна вида 2026-09-01.") from None
        if day > local(moment, found.zone).date():
            raise ConfigError("Дата согласия ещё не наступила.")
        actor = by or getpass.getuser()
        seen = await _seen(q, tools, found.id, subscription)
        why = await by_school.start(
            q, tools, found.id, seen, _topics(topic), Paper(source, form, actor, day.isoformat()),
            zone=found.zone, actor=actor, now=moment,
        )  # fmt: skip
        if why:
            raise ConfigError(f"{why[:1].upper()}{why[1:]}.")
        print("Согласие записано.")

    in_database(config, work)


async def _seen(q: Queries, tools: Tools, school_id: int, subscription_id: int) -> Found:
    from sms_diary.errors import ConfigError
    from sms_diary.store import subscriptions

    found = await subscriptions.locked(q, tools, school_id, subscription_id)
    if found is None:
        raise ConfigError("Такой подписки в школе нет. Какие есть: sms-diary subscriptions list")
    return found


def _topics(said: list[str] | None) -> list[str]:
    from sms_diary.errors import ConfigError
    from sms_diary.model import ALL_TOPICS, PERSONAL_DATA, URGENT, Topic

    known = {*map(str, Topic), ALL_TOPICS, PERSONAL_DATA, URGENT}
    for word in said or ():
        if word not in known:
            raise ConfigError(f"Темы «{word}» нет. Есть: {', '.join(sorted(known))}.")
    return sorted(set(said or ()))
