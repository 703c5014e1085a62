"""How a school speaks: its own texts over the shared ones, its names of pupils, its letters.

Whatever has a template is worded through here: what is told, asked and answered. What is said to
whom, and when, is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from sms_diary.carrying import Carrying
from sms_diary.db import Queries
from sms_diary.encoding import Scheme
from sms_diary.errors import ConfigError
from sms_diary.plan import Naming, short_name
from sms_diary.render import Renderer, Style
from sms_diary.render.plain import in_latin
from sms_diary.store import schools, templates
from sms_diary.store.schools import School
from sms_diary.values import value

log = structlog.get_logger(__name__)


@value
class Voice:
    """One school's voice, or with the defaults that of all together."""

    renderer: Renderer
    naming: Naming = Naming.INITIAL
    scheme: Scheme = Scheme.MOSMETRO

    def name(self, full_name: str) -> str:
        """«Дарья Б.», or as the school calls its pupils."""
        return short_name(full_name, self.naming)

    def say(self, template: str, /, *, latin: bool, **values: object) -> str:
        """A text that is no line of the diary, at its fullest."""
        text = self.renderer.say(template, **values)
        return in_latin(text, self.scheme) if latin else text


def of(school: School, own: Mapping[str, str], shared: Renderer) -> Voice:
    """The school's voice; `own` are its texts (`store.templates`).

    A text that a newer version of ours refuses holds nobody up: then the shared ones are taken.
    """
    try:
        renderer = shared.of(own)
    except ConfigError as wrong:
        log.error("a school's own template is faulty", school=school.slug, why=str(wrong))
        renderer = shared
    return Voice(renderer, school.naming, school.scheme)


async def read(q: Queries, known: Mapping[int, School], shared: Renderer) -> dict[int, Voice]:
    """The voices of these schools, by id."""
    own = await templates.own(q, known)
    return {i: of(school, own.get(i, {}), shared) for i, school in known.items()}


async def of_one(q: Queries, school_id: int, shared: Renderer) -> Voice:
    """The voice of this school; the shared one where there is no such school (0)."""
    known = await schools.by_ids(q, [school_id])
    return (await read(q, known, shared)).get(school_id, Voice(shared))


def style(school: School, chosen: int | None, way: Carrying) -> Style:
    """How its texts look to a guardian who `chosen` Latin (1), Cyrillic (0) or nothing (None)."""
    return Style(
        school=school.short_name,
        budget=school.budget,
        transliterate=school.latin if chosen is None else bool(chosen),
        phone=school.phone,
        way=way,
        scheme=school.scheme,
    )
