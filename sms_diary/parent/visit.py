"""What the pages work with, and what each of their functions is given: a visit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sms_diary.carrying import Ways
from sms_diary.clock import Clock
from sms_diary.db import Database, Queries
from sms_diary.plan import short_name
from sms_diary.render import Renderer
from sms_diary.store.by_parent import Said
from sms_diary.store.parent.family import Child, Family
from sms_diary.store.parent.sessions import Session
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.values import value
from sms_diary.wake import Wakes
from sms_diary.web.posted import NOTHING, Posted
from sms_diary.web.words import Times


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages work with."""

    database: Database
    tools: Tools
    clock: Clock
    wakes: Wakes
    renderer: Renderer
    ways: Ways
    public_url: str
    proxies: tuple[str, ...] = ()
    """Addresses of our own proxies, whose word of where somebody comes from is believed."""


@value
class Page:
    """A page: a template of `html/` and what it shows."""

    template: str
    title: str
    values: Mapping[str, Any]
    status: int = 200


@value
class Redirect:
    """On to another page; `said` comes first there, once. `asked`: the secret of a code that this
    browser has asked for. No personal data in either."""

    path: str
    said: str = ""
    asked: str = ""


Answer = Page | Redirect


@dataclass(slots=True)
class Visit:
    """One request of somebody who is in. `q` is a reading view for a look, else a transaction."""

    site: Site
    session: Session
    family: Family
    schools: Mapping[int, School]
    q: Queries
    now: int
    asked: str = ""
    """The secret of a code that this browser waits for."""
    address: str = ""
    posted: Posted = field(default=NOTHING)

    @property
    def by_code(self) -> bool:
        return bool(self.session.number_id)

    def typed(self, name: str) -> str:
        return self.posted.fields.get(name, [""])[-1].strip()

    def said(self, words: str) -> Said:
        """What this person does by pressing a button with these words."""
        return Said(self.session, self.family, words, self.by_code)

    def name(self, child: Child) -> str:
        """«Дарья Б.», or as its school calls its pupils."""
        return short_name(child.name, self.schools[child.school_id].naming)

    def times(self, school_id: int) -> Times:
        return Times(self.schools[school_id].zone, self.now)

    def by_school(self) -> list[tuple[School, list[Child]]]:
        """The children, each school's apart."""
        return [
            (self.schools[i], [one for one in self.family.children if one.school_id == i])
            for i in self.family.school_ids
        ]


Work = Callable[[Visit], Awaitable[Answer]]
