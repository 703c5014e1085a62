"""In whose hand texts are tried: a school's own, or an invented one's with the shared texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from sms_diary.values import value

if TYPE_CHECKING:
    from sms_diary.carrying import Carrying
    from sms_diary.db import Queries
    from sms_diary.render import Level, Renderer, Style
    from sms_diary.store.schools import School

_PHONE = "000-10-00"


@value
class Hand:
    """Texts, style and route. `price`: roubles for one SMS, where that is known."""

    renderer: Renderer
    style: Style
    price: Decimal | None = None


async def hand_of(slug: str, config: Path | None) -> Hand:
    """That of a school, or of «Школа Пример» for "". ConfigError where there is no such school."""
    from sms_diary.app import opened
    from sms_diary.cli.schools import school_of
    from sms_diary.cli.texts import shared
    from sms_diary.config import load
    from sms_diary.render import Style

    if not slug:
        return Hand(shared(config), Style("Школа Пример", phone=_PHONE))
    async with opened(load(config)) as base, base.database.reading() as q:
        return await of_school(q, await school_of(q, slug), config)


async def of_school(q: Queries, school: School, config: Path | None) -> Hand:
    """As its texts are written and carried now."""
    from sms_diary import voices
    from sms_diary.cli.texts import shared

    way, price = _route(school, config)
    voice = await voices.of_one(q, school.id, shared(config))
    return Hand(voice.renderer, voices.style(school, None, way), price)


def _route(school: School, config: Path | None) -> tuple[Carrying, Decimal | None]:
    """The way and the price of the route by which a school's texts go."""
    from sms_diary.app.routes import of_settings, ways
    from sms_diary.config import load

    routes = of_settings(load(config))
    all_ways = ways(routes)
    name = all_ways.route(school.route)
    price = next((route.price for route in routes if route.name == name), None)
    return all_ways.of(name), price or None


def shown(
    hand: Hand, name: str, own: Mapping[str, str], level: Level | None, budget: int | None,
    price: Decimal | None, *, latin: bool,
) -> list[str]:  # fmt: skip
    """A template as it comes out, line by line; `own` are texts that are only files yet."""
    from sms_diary.cli.sights import lines
    from sms_diary.errors import ConfigError
    from sms_diary.render import TABLES
    from sms_diary.render.kinds import TITLES
    from sms_diary.render.preview import preview

    if name not in hand.renderer.names or name in TABLES:
        raise ConfigError(f"Шаблона «{name}» нет. Какие есть: sms-diary templates list")
    style = replace(
        hand.style,
        budget=budget or hand.style.budget,
        transliterate=latin or hand.style.transliterate,
    )
    views = preview(hand.renderer.of(own), name, style, level)
    return [f"{name}: {TITLES[name]}", *lines(views, price or hand.price)]
