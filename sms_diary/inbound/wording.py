"""What the diary says, put into the one SMS that answers a question. Values in, a text out.

What does not fit a school's budget is left out at a line's end, the oldest or the last class
first, and the text says so; no mark is cut in two.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TypeVar

from sms_diary.model import Told
from sms_diary.render import Style
from sms_diary.store import diary
from sms_diary.store.questions import Child, Noted
from sms_diary.values import value
from sms_diary.voices import Voice

_T = TypeVar("_T")


@value
class Writing:
    """The hand of one school: its voice, style and budget."""

    voice: Voice
    style: Style

    def tell(self, noted: Sequence[Noted], names: Mapping[int, str]) -> str:
        """Entries in the words in which they are told unasked; `names` of the pupils."""
        told = [_told(one, names.get(one.pupil_id, "")) for one in noted]
        return "\n".join(text.text for text in self.voice.renderer.tell(told, self.style))

    def say(self, name: str, **values: object) -> str:
        answerable = self.style.way.answerable
        latin = self.style.transliterate
        return self.voice.say(name, latin=latin, отвечать=answerable, **values)

    def fits(self, text: str) -> bool:
        return self.style.way.segments(text) <= self.style.budget


def marks(writing: Writing, children: Sequence[Child], noted: Sequence[Noted]) -> str:
    """«Дарья Б. 24.11: рус 5,4; мат 4». `noted` newest first; who has no marks is named so."""
    names = {child.pupil_id: writing.voice.name(child.name) for child in children}
    order = list(names)

    def write(some: Sequence[Noted]) -> str:
        # Child by child, and of a day in its order, as they are told unasked.
        def place(one: Noted) -> tuple[int, str, int, int]:
            return order.index(one.pupil_id), one.day, one.lesson, one.id

        return writing.tell(sorted(some, key=place), names)

    rest = _without(writing, "no_marks", names, noted)
    more = writing.say("more_marks", по_имени=len(children) > 1)
    return _fitted(writing, noted, write, rest, more)


def timetables(writing: Writing, children: Sequence[Child], noted: Sequence[Noted]) -> str:
    """«5А ср 25.11: рус,мат. Начало 8:30», then the changes of that day; class by class."""
    names = {child.pupil_id: writing.voice.name(child.name) for child in children}
    rest = _without(writing, "no_timetable", names, noted)
    more = writing.say("more_timetables")
    days: dict[tuple[str, str], dict[int, Noted]] = {}
    for one in noted:
        days.setdefault((one.day, one.class_name), {})[one.id] = one
    texts = [writing.tell(list(day.values()), {}) for day in days.values()]
    return _fitted(writing, texts, "\n".join, rest, more)


def _without(
    writing: Writing, template: str, names: Mapping[int, str], noted: Sequence[Noted]
) -> list[str]:
    """The line about those of whom nothing is noted, if there are any."""
    having = {one.pupil_id for one in noted}
    none = [name for pupil_id, name in names.items() if pupil_id not in having]
    return [writing.say(template, имена=", ".join(none))] if none else []


def _fitted(
    writing: Writing, said: Sequence[_T], write: Callable[[Sequence[_T]], str],
    rest: Sequence[str], more: str,
) -> str:  # fmt: skip
    """As many from the first on as fit beside the rest, at least one; `more` where not all."""
    whole = "\n".join([*([write(said)] if said else []), *rest])
    if len(said) <= 1 or writing.fits(whole):
        return whole

    def first(count: int) -> str:
        return "\n".join([write(said[:count]), *rest, more])

    two_or_more = range(2, len(said))
    return first(1 + bisect_left(two_or_more, True, key=lambda n: not writing.fits(first(n))))


def _told(noted: Noted, pupil: str) -> Told:
    return Told(
        line_id=noted.id,
        kind=noted.kind,
        pupil=pupil,
        class_name=noted.class_name,
        day=date.fromisoformat(noted.day) if noted.day else None,
        subject=noted.subject,
        lesson=None if noted.lesson == diary.NO_LESSON else noted.lesson,
        work=noted.work,
        value=noted.value,
        body=noted.body,
    )
