"""A preview of a template as lines for a person. What is in it is `render.preview`'s business."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from sms_diary.encoding import Alphabet
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
            yield f"    {_measures(sight)} · {_cost(sight.segments, price)}"
            if sight.alphabet is Alphabet.UCS2:
                yield f"    UCS-2 из-за знаков: {_forcing(sight)}"
        if view.saved > 0:
            yield f"  Транслит сберёг бы {_cost(view.saved, price)}"


def _measures(sight: Sight) -> str:
    level = named(sight.level)
    units = "" if sight.units == sight.characters else f" (счёт оператора: {sight.units})"
    return (
        f"уровень {sight.level} ({RUSSIAN[level] if level is not None else '?'}) · "
        f"{sight.characters} {plural(sight.characters, 'знак', 'знака', 'знаков')}{units} · "
        f"{_ALPHABET[sight.alphabet]}"
    )


def _cost(segments: int, price: Decimal | None) -> str:
    if price is None:
        return f"{segments} SMS"
    return f"{segments} SMS, {segments * price:.2f} ₽".replace(".", ",")


def _forcing(sight: Sight) -> str:
    letters = ["русские буквы"] if sight.cyrillic else []
    return ", ".join([*letters, *sight.forcing])
