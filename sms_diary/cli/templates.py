"""`templates …`: the texts of SMS as files: which there are, how they come out, what is wrong.

What a template may be is `render.templates`' business, the look of a preview `cli.sights`'.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sms_diary.cli.common import ConfigOption, run
from sms_diary.cli.texts import read, shared, source, sources

if TYPE_CHECKING:
    from sms_diary.render import Level

app = typer.Typer(
    help="Тексты SMS: показать, примерить, проверить, выписать для оператора.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(metavar="ШАБЛОН", help="Имя из «templates list».")]
LatinOption = Annotated[bool, typer.Option("--latin", help="Латиницей.")]
PriceOption = Annotated[
    str, typer.Option("--price", help="Рублей за одно SMS: 2.50; обычно — цена маршрута.")
]
_RUBLES = re.compile(r"[0-9]{1,6}([.,][0-9]{1,4})?")


@app.command("list")
def list_templates(config: ConfigOption = None) -> None:
    """Какие тексты есть и о чём каждый."""

    async def work() -> None:
        from sms_diary.render.kinds import TITLES

        names = shared(config).names
        widest = max(map(len, names))
        for name in names:
            print(f"{name:{widest}}  {TITLES.get(name, '')}".rstrip())

    run(work())


@app.command()
def show(name: Name, config: ConfigOption = None) -> None:
    """Показать текст шаблона и значения, которые он получает."""

    async def work() -> None:
        from sms_diary.render.kinds import KINDS, VARIABLES

        print(source(sources(config), name).rstrip("\n"))
        kind = KINDS.get(name)
        for variable in kind.variables if kind else ():
            needed = ", обязательно" if kind and variable in kind.shows else ""
            print(f"  {{{{ {variable} }}}}  {VARIABLES[variable].meaning}{needed}")

    run(work())


@app.command()
def preview(
    name: Name,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="ФАЙЛ", help="Примерить текст из файла.")
    ] = None,
    school: Annotated[
        str, typer.Option("--school", help="С текстами, маршрутом и настройками этой школы.")
    ] = "",
    level: Annotated[
        str, typer.Option("--level", help="Уровень: full … bare; без него — какой влезает.")
    ] = "",
    budget: Annotated[
        int | None, typer.Option("--budget", min=1, max=10, help="Сколько SMS на сообщение.")
    ] = None,
    price: PriceOption = "",
    latin: LatinOption = False,
    config: ConfigOption = None,
) -> None:
    """Примерить шаблон на обычных и на самых длинных значениях: знаки, SMS, цена."""

    async def work() -> None:
        from sms_diary.cli.previews import hand_of, shown

        hand = await hand_of(school, config)
        own = {} if file is None else {name: read(file)}
        for line in shown(hand, name, own, _level(level), budget, rubles(price), latin=latin):
            print(line)

    run(work())


@app.command()
def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[ФАЙЛ]…", help="Файлы; без них — все тексты из настроек."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Проверить шаблоны; код 1 — в каком-то ошибка."""

    async def work() -> int:
        from sms_diary.render import TABLES, templates

        known = sources(config)
        given = {path.stem: read(path) for path in files} if files else known
        wrong = 0
        for name in sorted(given.keys() - set(TABLES)):
            found = [str(one) for one in templates.check(given[name], name)]
            if name not in known:
                found = [f"такого шаблона нет; есть: {', '.join(sorted(known))}"]
            for said in found:
                print(f"{name}: {said}")
            wrong += bool(found)
        if not wrong:
            # What only shows when they stand together: a missing one, two rows of a subject.
            shared(config).of(given if files else {})
            print(f"Ошибок нет. Проверено: {len(given)}.")
        return wrong

    if run(work()):
        raise typer.Exit(1)


@app.command()
def export(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[ШАБЛОН]…", help="Какие; без них — все.")
    ] = None,
    operand: Annotated[
        str,
        typer.Option("--operand", help="Как оператор пишет «от одного до N слов»; N — число слов."),
    ] = "%w{1,N}",
    school: Annotated[str, typer.Option("--school", help="Тексты этой школы.")] = "",
    latin: LatinOption = False,
    config: ConfigOption = None,
) -> None:
    """Выписать неизменные части текстов, чтобы зарегистрировать их у оператора."""

    async def work() -> None:
        from sms_diary.cli.previews import hand_of
        from sms_diary.render import TABLES
        from sms_diary.render.skeletons import skeletons

        hand = await hand_of(school, config)
        known = {name: hand.renderer.source(name) for name in hand.renderer.names}
        in_latin = latin or hand.style.transliterate
        scheme = hand.style.scheme if in_latin else None
        for name in names or sorted(known.keys() - set(TABLES)):
            text = source(known, name)
            for skeleton in skeletons(text, name, operand=operand, scheme=scheme):
                print(f"{name}\t{skeleton}")

    run(work())


def _level(word: str) -> Level | None:
    from sms_diary.errors import ConfigError
    from sms_diary.render.ladder import NAMES, RUSSIAN, named

    if not word:
        return None
    level = named(word)
    if level is None:
        names = ", ".join(f"{name} ({RUSSIAN[one]})" for one, name in NAMES.items())
        raise ConfigError(f"Уровня «{word}» нет. Есть: {names}.")
    return level


def rubles(typed: str) -> Decimal | None:
    """A price as it was typed; None for none. ConfigError for what is no price."""
    from sms_diary.errors import ConfigError

    if not typed:
        return None
    if not _RUBLES.fullmatch(typed):
        raise ConfigError(f"Не понята цена «{typed}»: нужно число рублей, например 2.50.")
    return Decimal(typed.replace(",", "."))
