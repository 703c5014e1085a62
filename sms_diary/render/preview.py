"""How the texts of one template come out, what they cost and why.

Pure: a renderer and a template's name in, what a person wants to see out. Money is the caller's,
who multiplies segments by a price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sms_diary.encoding import PART, SINGLE, Alphabet, beyond_gsm7, units
from sms_diary.model import Told
from sms_diary.render import Renderer, Style, real
from sms_diary.render.examples import EXAMPLES, Values
from sms_diary.render.ladder import NAMES, Level
from sms_diary.render.real import Real
from sms_diary.values import value


@value
class Sight:
    """One text: `units` are UTF-16 units or septets, `segments` SMS."""

    text: str
    level: str
    characters: int
    units: int
    alphabet: Alphabet
    segments: int
    room: int
    """Units that so many SMS hold."""
    forcing: str
    """The characters that make it UCS-2, each once, in order; letters of Russian apart."""
    cyrillic: bool
    """Whether Russian letters alone make it UCS-2."""


@value
class View:
    """A template tried with usual values or the longest: as it is sent, and in Latin."""

    longest: bool
    sights: tuple[Sight, ...]
    in_latin: tuple[Sight, ...]

    @property
    def segments(self) -> int:
        return sum(sight.segments for sight in self.sights)

    @property
    def saved(self) -> int:
        """Segments that transliteration saves."""
        return self.segments - sum(sight.segments for sight in self.in_latin)


def preview(
    renderer: Renderer, name: str, style: Style, level: Level | None = None,
    own: Real | None = None,
) -> list[View]:  # fmt: skip
    """The template with usual values and with the longest; empty where there are none to try.

    Without a level, the one that the renderer takes within the style's budget. `own`: the longest
    that a school has, in the place of the longest of all.
    """
    example = EXAMPLES.get(name)
    if example is None:
        return []
    longest = example.longest if own is None else _own(example.longest, own)
    latin = replace(style, transliterate=True)
    return [
        View(
            longest,
            _sights(renderer, name, given, style, level),
            _sights(renderer, name, given, latin, level),
        )
        for longest, given in ((False, example.usual), (True, longest))
    ]


def _own(given: tuple[Told, ...] | Values, own: Real) -> tuple[Told, ...] | Values:
    return real.values(given, own) if isinstance(given, Mapping) else real.lines(given, own)


def _sights(
    renderer: Renderer, name: str, given: tuple[Told, ...] | Values, style: Style,
    level: Level | None,
) -> tuple[Sight, ...]:  # fmt: skip
    if isinstance(given, Mapping):
        text = renderer.say(name, style, **given)
        return (sight(text.text, text.level, style),)
    lines = [replace(line, line_id=number) for number, line in enumerate(given, start=1)]
    if level is None:
        texts = renderer.tell(lines, style)
        return tuple(sight(text.text, text.level, style) for text in texts)
    return tuple(sight(text, NAMES[level], style) for text in renderer.tell_at(lines, style, level))


def sight(text: str, level: str, style: Style) -> Sight:
    """One message as the style's route would carry it."""
    strange, alphabet = beyond_gsm7(text), style.way.choose(text)
    segments = style.way.segments(text)
    return Sight(
        text=text,
        level=level,
        characters=len(text),
        units=units(text),
        alphabet=alphabet,
        segments=segments,
        room=SINGLE[alphabet] if segments == 1 else segments * (PART[alphabet] - style.way.header),
        forcing="".join(char for char in strange if not "\u0400" <= char <= "\u04ff"),
        cyrillic=any("\u0400" <= char <= "\u04ff" for char in strange),
    )
