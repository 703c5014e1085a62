"""All texts: what each tells, what it costs on usual values, whose it is."""

from __future__ import annotations

from sms_diary.admin import hand
from sms_diary.admin.screen import Page, Visit
from sms_diary.render import TABLES, TEMPLATES
from sms_diary.render.kinds import KINDS, TITLES
from sms_diary.render.preview import preview
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
    own: bool
    changed_at: int | None
    by: str


async def show(visit: Visit) -> Page:
    own = await hand.of(visit, visit.q)
    last = await templates.last(visit.q, visit.school.id)
    groups: dict[str, list[Row]] = {_DIARY: [], _TALK: [], _WORDS: []}
    for name in sorted(own.renderer.names, key=_place):
        version = last.get(name)
        sights = [] if name in TABLES else preview(own.renderer, name, own.style)[:1]
        texts = [sight for view in sights for sight in view.sights]
        groups[_group(name)].append(
            Row(
                name, TITLES.get(name, ""), " ".join(one.text for one in texts),
                sum(one.segments for one in texts), bool(version and version.source),
                version.at if version else None, version.made_by if version else "",
            )
        )  # fmt: skip
    return Page("templates/list.html", {"groups": groups})


def _place(name: str) -> int:
    order = list(KINDS)
    return order.index(name) if name in order else len(order)


def _group(name: str) -> str:
    if name in TABLES:
        return _WORDS
    return _DIARY if name in TEMPLATES else _TALK
