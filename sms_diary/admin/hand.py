"""In whose hand a school's texts are written: its voice, its style, its route and its price."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sms_diary import voices
from sms_diary.admin.screen import Visit
from sms_diary.carrying import Carrying
from sms_diary.clock import local
from sms_diary.db import Queries
from sms_diary.render import Renderer, Style
from sms_diary.render.real import Real
from sms_diary.store.desk import longest
from sms_diary.values import value
from sms_diary.voices import Voice


@value
class Hand:
    """As the school's texts are written and carried now."""

    voice: Voice
    style: Style
    route: str
    price: Decimal | None
    """Roubles for one SMS; None: nobody has said."""

    @property
    def renderer(self) -> Renderer:
        return self.voice.renderer

    @property
    def way(self) -> Carrying:
        return self.style.way

    def cost(self, segments: int) -> int | None:
        """Kopecks for so many SMS; None without a price."""
        return None if self.price is None else round(100 * self.price * segments)

    def with_text(self, name: str, source: str) -> Hand:
        """With this text in the place of the school's own. ConfigError for a faulty one."""
        return replace(self, voice=replace(self.voice, renderer=self.renderer.of({name: source})))


async def of(visit: Visit, q: Queries) -> Hand:
    """Of the visited school; `q` may be any view."""
    desk, school = visit.desk, visit.school
    route = desk.ways.route(school.route)
    voice = await voices.of_one(q, school.id, desk.renderer)
    style = voices.style(school, None, desk.ways.of(route))
    return Hand(voice, style, route, desk.prices.get(route))


async def real(visit: Visit, q: Queries, own: Hand) -> Real:
    """The longest values of the visited school, as its texts say them."""
    school = visit.school
    day = local(visit.now, school.zone).date().isoformat()
    found = await longest.of_school(q, school.id, day=day, called=own.voice.name)
    return replace(found, school=school.short_name, phone=school.phone)
