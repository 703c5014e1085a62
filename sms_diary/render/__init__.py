"""What a guardian must learn, put into words that fit SMS segments.

`Renderer` is the whole interface. Values in, texts out: no clock, no database. When lines
are told is `plan`'s business, who may get them `consent`'s.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import overload

from sms_diary.carrying import USUAL, Carrying
from sms_diary.encoding import Scheme
from sms_diary.errors import ConfigError
from sms_diary.model import Told
from sms_diary.render.blocks import Arranger, Block
from sms_diary.render.filling import Filling
from sms_diary.render.fit import fitted, pack
from sms_diary.render.ladder import NAMES, Level
from sms_diary.render.notices import Notices
from sms_diary.render.plain import plain
from sms_diary.render.sentences import Sentences
from sms_diary.render.subjects import Subjects
from sms_diary.render.templates import check
from sms_diary.values import value

__all__ = ["TABLES", "Level", "Renderer", "Style", "Subjects", "Text"]

TEMPLATES = frozenset({
    "absence", "announcement", "debt", "homework", "mark", "mark_changed", "mark_removed",
    "marks_day", "marks_week", "term_marks", "timetable", "timetable_change",
})  # fmt: skip
"""Without these no line can be told; replies (`stopped`, `route_test`) are asked for by name."""

TABLES = ("subjects", "works")
"""Tables of words, which stand beside the templates."""
_STYLES = 1000
"""Styles, and sets of own texts, that are remembered: about one a school."""


@value
class Style:
    """How one school talks: `budget` is the most segments of one message."""

    school: str
    """Short name, put before announcements to the whole school."""
    budget: int = 2
    transliterate: bool = False
    phone: str = ""
    """If given, an unexplained absence asks to ring it."""
    way: Carrying = USUAL
    """How the route it leaves by carries texts."""
    scheme: Scheme = Scheme.MOSMETRO
    """By which it is transliterated, if it is."""


@value
class Text:
    """One message: which lines it tells, at which level (a name of `Level` in lower case)."""

    text: str
    line_ids: tuple[int, ...]
    level: str
    segments: int
    moved: tuple[int, ...] = ()
    """Lines whose sentence began in the message before, and for which that had no room."""


class Renderer:
    """The templates, compiled once, and the words they are filled with."""

    def __init__(self, templates: Mapping[str, str], subjects: Subjects) -> None:
        """`templates`: name → source. Raises ConfigError (Russian) for one missing or faulty."""
        self._subjects = subjects
        self._templates = {name: Filling(name, source) for name, source in templates.items()}
        self._arrangers: dict[Style, Arranger] = {}
        self._own: dict[frozenset[tuple[str, str]], Renderer] = {}
        if missing := sorted(TEMPLATES - self._templates.keys()):
            raise ConfigError(f"нет шаблонов SMS: {', '.join(missing)}")

    @classmethod
    def from_folder(cls, folder: Path) -> Renderer:
        """The renderer of a folder of `*.txt` templates with the two tables of words in it."""
        sources = sources_in(folder)
        if missing := [f"{name}.txt" for name in TABLES if name not in sources]:
            raise ConfigError(f"в папке шаблонов нет {', '.join(missing)}")
        subjects = Subjects(*(sources.pop(name) for name in TABLES))
        return cls(sources, subjects)

    def tell(self, items: Sequence[Told], style: Style) -> list[Text]:
        """Messages for all due lines of one guardian of one school; each line is in exactly one.

        No message is over `style.budget` segments, but for a single line that is longer.
        Within the fewest segments the longest wording is taken, at one level for a message.
        """
        blocks = self._arranger(style).blocks(items)
        return [
            Text(
                message.text,
                tuple(item.line_id for block in message.blocks for item in block.items),
                NAMES[message.level],
                message.segments,
                tuple(
                    item.line_id for block in message.blocks if block.moved for item in block.items
                ),
            )
            for message in pack(blocks, style.budget, style.way.segments)
        ]

    def tell_at(self, items: Sequence[Told], style: Style, level: Level) -> list[str]:
        """The same blocks worded at a given level, whatever they cost: for previews."""
        return [block.text(level) for block in self._arranger(style).blocks(items)]

    @overload
    def say(self, name: str, /, **values: object) -> str: ...
    @overload
    def say(self, name: str, style: Style, /, **values: object) -> Text: ...
    def say(self, name: str, style: Style | None = None, /, **values: object) -> str | Text:
        """A text that is no diary line: a reply, a route's test. `name` is a template's.

        With a style it walks down the ladder as lines do, in the style's alphabet; a value that is
        a function is asked for its wording at a `Level`.
        """
        at = partial(self._said, name, values)
        if style is None:
            return at(Level.FULL)
        block = Block((), lambda _: at, 0, scheme=_scheme(style))
        found = fitted((block,), style.way.segments)
        return Text(found.text, (), NAMES[found.level], found.segments)

    def of(self, own: Mapping[str, str]) -> Renderer:
        """This renderer with a school's own sources (name → text) in place of its own; remembered.

        `subjects` and `works` are rows beside those there are. Raises ConfigError (Russian) for
        one that is faulty.
        """
        if not own:
            return self
        key = frozenset(own.items())
        known = self._own.get(key)
        if known is None:
            if len(self._own) >= _STYLES:
                self._own.clear()
            known = self._own[key] = self._with(own)
        return known

    def faults(self, name: str, source: str) -> list[str]:
        """What is wrong with a school's own text of that name, in Russian; empty: it may be kept.

        `source` of `subjects` and `works` are rows beside those there are.
        """
        if name in self._templates and (found := check(source, name)):
            return [str(one) for one in found]
        try:
            self._with({name: source})
        except ConfigError as wrong:
            return [str(wrong)]
        return []

    @property
    def names(self) -> tuple[str, ...]:
        """All texts that a school may have its own of, the two tables of words included."""
        return (*sorted(self._templates), *TABLES)

    def source(self, name: str) -> str:
        """What it is filled from; "" for a table of words, which only has a school's own rows."""
        return self._templates[name].source if name in self._templates else ""

    def _with(self, own: Mapping[str, str]) -> Renderer:
        if strange := sorted(own.keys() - self._templates.keys() - set(TABLES)):
            raise ConfigError(f"нет такого шаблона SMS: {', '.join(strange)}")
        other = copy.copy(self)
        other._subjects = self._subjects.extended(*(own.get(name, "") for name in TABLES))
        other._templates = self._templates | {
            name: Filling(name, source) for name, source in own.items() if name not in TABLES
        }
        other._arrangers, other._own = {}, {}
        return other

    def _said(self, name: str, values: Mapping[str, object], level: Level) -> str:
        return self._fill(name, {key: _plain_value(one, level) for key, one in values.items()})

    def _arranger(self, style: Style) -> Arranger:
        known = self._arrangers.get(style)
        if known is None:
            if len(self._arrangers) >= _STYLES:
                self._arrangers.clear()
            known = self._arrangers[style] = self._made(style)
        return known

    def _made(self, style: Style) -> Arranger:
        sentences = Sentences(self._fill, self._subjects, style.phone)
        notices = Notices(self._fill, self._subjects, style.school)
        return Arranger(
            sentences, notices, budget=style.budget,
            scheme=_scheme(style), segments=style.way.segments,
        )  # fmt: skip

    def _fill(self, name: str, values: Mapping[str, object]) -> str:
        return self._templates[name](values)


def sources_in(folder: Path) -> dict[str, str]:
    """Every text of a folder by its name: templates, and the two tables of words."""
    return {path.stem: path.read_text(encoding="utf-8-sig") for path in folder.glob("*.txt")}


def _scheme(style: Style) -> Scheme | None:
    return style.scheme if style.transliterate else None


def _plain_value(one: object, level: Level) -> object:
    one = one(level) if callable(one) else one
    return plain(one) if isinstance(one, str) else one
