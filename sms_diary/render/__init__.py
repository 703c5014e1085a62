"""What a guardian must learn, put into words that fit SMS segments.

`Renderer` is the whole interface. Values in, texts out: no clock, no database. When lines
are told is `plan`'s business, who may get them `consent`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import StrictUndefined, Template, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sms_diary.carrying import USUAL, Carrying
from sms_diary.encoding import clean
from sms_diary.errors import ConfigError
from sms_diary.model import Told
from sms_diary.render.blocks import Arranger
from sms_diary.render.fit import pack
from sms_diary.render.notices import Notices
from sms_diary.render.sentences import Sentences
from sms_diary.render.subjects import Level, Subjects
from sms_diary.values import value

__all__ = ["Level", "Renderer", "Style", "Subjects", "Text"]

TEMPLATES = frozenset({
    "absence", "announcement", "debt", "homework", "mark", "mark_changed", "mark_removed",
    "marks_day", "marks_week", "term_marks", "timetable", "timetable_change",
})  # fmt: skip
"""Without these no line can be told; replies (`stopped`, `route_test`) are asked for by name."""

_TABLES = ("subjects", "works")
_LEVEL_NAMES = {level: level.name.lower() for level in Level}
_STYLES = 1000
"""Styles remembered: about one a school."""
_GAPS = re.compile(r" +(?=:)| {2,}")


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


@value
class Text:
    """One message: which lines it tells, at which level (a name of `Level` in lower case)."""

    text: str
    line_ids: tuple[int, ...]
    level: str
    segments: int


class Renderer:
    """The templates, compiled once, and the words they are filled with."""

    def __init__(self, templates: Mapping[str, str], subjects: Subjects) -> None:
        """`templates`: name → source. Raises ConfigError (Russian) for one missing or faulty."""
        environment = ImmutableSandboxedEnvironment(
            undefined=StrictUndefined,
            autoescape=False,  # an SMS is no HTML
            trim_blocks=True,
        )
        self._subjects = subjects
        self._templates = {
            name: _Filling(_compiled(environment, name, source))
            for name, source in templates.items()
        }
        self._arrangers: dict[Style, Arranger] = {}
        if missing := sorted(TEMPLATES - self._templates.keys()):
            raise ConfigError(f"нет шаблонов SMS: {', '.join(missing)}")

    @classmethod
    def from_folder(cls, folder: Path) -> Renderer:
        """The renderer of a folder of `*.txt` templates with the two tables of words in it."""
        sources = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.txt")}
        if missing := [f"{name}.txt" for name in _TABLES if name not in sources]:
            raise ConfigError(f"в папке шаблонов нет {', '.join(missing)}")
        subjects = Subjects(*(sources.pop(name) for name in _TABLES))
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
                _LEVEL_NAMES[message.level],
                message.segments,
            )
            for message in pack(blocks, style.budget, style.way.segments)
        ]

    def tell_at(self, items: Sequence[Told], style: Style, level: Level) -> list[str]:
        """The same blocks worded at a given level, whatever they cost: for previews."""
        return [block.text(level) for block in self._arranger(style).blocks(items)]

    def say(self, name: str, **values: object) -> str:
        """A text that is no diary line: a reply, a route's test. `name` is a template's."""
        return self._fill(name, {key: _plain_value(value) for key, value in values.items()})

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
            sentences, notices, budget=style.budget, latin=style.transliterate,
            segments=style.way.segments,
        )  # fmt: skip

    def _fill(self, name: str, values: Mapping[str, object]) -> str:
        text = self._templates[name](values)
        # An empty value leaves its spaces behind.
        return _GAPS.sub(_closed, text).strip() if _GAPS.search(text) else text.strip()


class _Filling:
    """A template that is filled again and again, in one context: jinja would make one a text."""

    def __init__(self, template: Template) -> None:
        self._values: dict[str, object] = {}
        # `shared`: without jinja's globals there are none to abuse.
        self._context = template.new_context(self._values, shared=True)
        self._render = template.root_render_func

    def __call__(self, values: Mapping[str, object]) -> str:
        self._values.clear()
        self._values.update(values)
        self._context.vars.clear()  # what the template set for itself last time
        return "".join(self._render(self._context))


def _compiled(environment: ImmutableSandboxedEnvironment, name: str, source: str) -> Template:
    try:
        return environment.from_string(source.strip())
    except TemplateSyntaxError as wrong:
        raise ConfigError(f"шаблон {name}, строка {wrong.lineno}: {wrong.message}") from wrong


def _plain_value(value: object) -> object:
    return clean(value) if isinstance(value, str) else value


def _closed(match: re.Match[str]) -> str:
    at = match.end()
    return "" if match.string[at : at + 1] == ":" else " "
