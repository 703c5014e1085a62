"""A preview of a template as lines for a person. What is in it is `render.preview`'s business."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sms_diary.encoding import SINGLE, Alphabet
from sms_diary.render.ladder import RUSSIAN, named
from sms_diary.render.preview import Sight, View
from sms_diary.render.words import plural

_ALPHABET = {Alphabet.GSM7: "латиница, GSM-7", Alphabet.UCS2: "кириллица, UCS-2"}


def lines(views: Sequence[View], price: Decimal | None) -> Iterator[str]:
    """What each view looks like and costs; without a price, in SMS only."""
    for view in views:
        yield "Самые длинные значения" if view.longest else "Обычные значения"
        for sight in view.sights:
            yield f"  «{sight.text}»"
            yield f"    {_cost(sight.segments, price)} · {_measures(sight)}"
            if sight.alphabet is Alphabet.UCS2:
                yield f"    UCS-2, {SINGLE[Alphabet.UCS2]} знаков в SMS, из-за: {_forcing(sight)}"
        if view.saved > 0:
            yield f"  Латиницей вышло бы дешевле на {_cost(view.saved, price)}"


def _measures(sight: Sight) -> str:
    level = named(sight.level)
    known = RUSSIAN[level] if level is not None else "?"
    return (
        f"{sight.units} {plural(sight.units, 'знак', 'знака', 'знаков')} из {sight.room} · "
        f"{_ALPHABET[sight.alphabet]} · уровень {known} ({sight.level})"
    )


def _cost(segments: int, price: Decimal | None) -> str:
    if price is None:
        return f"{segments} SMS"
    return f"{segments} SMS, {money(segments * price)}"


def _forcing(sight: Sight) -> str:
    letters = ["русские буквы"] if sight.cyrillic else []
    # Where it is no character of the text, it is the route, which knows no other alphabet.
    return ", ".join([*letters, *sight.forcing]) or "маршрут иначе не умеет"


def money(roubles: Decimal) -> str:
    """«2,50 ₽»."""
    return f"{roubles:.2f} ₽".replace(".", ",")
