"""All texts: what each tells, what it costs on usual values, whose it is."""

from __future__ import annotations

from collections.abc import Mapping

from sms_diary.admin import hand
from sms_diary.admin.screen import Page, Visit
from sms_diary.model import TOPIC_OF
from sms_diary.render import TABLES, TEMPLATES
from sms_diary.render.examples import EXAMPLES
from sms_diary.render.kinds import KINDS, TITLES
from sms_diary.render.preview import preview
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.store import templates
from sms_diary.values import value

_DIARY = "Новости дневника"
_TALK = "Вопросы и ответы родителям"
_WORDS = "Словари"


@value
class Row:
    name: str
    title: str
    text: str
    """As it comes out on usual values; "" where there is none to show."""
    segments: int
    most: int
    """The same with the longest values of the school."""
    silent: bool
    """Whether the school does not tell of this, unless a parent asks for it."""
    own: bool
    version: int
    """Of the school's own texts that there were; 0: none ever."""
    changed_at: int | None
    by: str


async def show(visit: Visit) -> Page:
    own = await hand.of(visit, visit.q)
    last = await templates.last(visit.q, visit.school.id)
    real = await hand.real(visit, visit.q, own)
    groups: dict[str, list[Row]] = {_DIARY: [], _TALK: [], _WORDS: []}
    for name in sorted(own.renderer.names, key=_place):
        version = last.get(name)
        views = [] if name in TABLES else preview(own.renderer, name, own.style, own=real)
        texts = [sight for view in views[:1] for sight in view.sights]
        groups[_group(name)].append(
            Row(
                name, TITLES.get(name, ""), " ".join(one.text for one in texts),
                sum(one.segments for one in texts), max((one.segments for one in views), default=0),
                _is_silent(visit, name), bool(version and version.source),
                version.version if version else 0,
                version.at if version else None, version.made_by if version else "",
            )
        )  # fmt: skip
    return Page("templates/list.html", {"groups": groups, "latin": own.style.transliterate})


def _is_silent(visit: Visit, name: str) -> bool:
    example = EXAMPLES.get(name)
    if example is None or isinstance(example.usual, Mapping):
        return False
    return visit.school.rhythms[TOPIC_OF[example.usual[0].kind]] is Rhythm.OFF


def _place(name: str) -> int:
    order = list(KINDS)
    return order.index(name) if name in order else len(order)


def _group(name: str) -> str:
    if name in TABLES:
        return _WORDS
    return _DIARY if name in TEMPLATES else _TALK
