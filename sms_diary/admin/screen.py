"""A screen of the desk, declared once, and what its functions are given: a visit.

From the declaration come the route, the check of the role, the place in the navigation and the
matrix of roles that the tests try. How requests are answered is `serving.py`'s.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from multidict import MultiMapping

from sms_diary.admin import forms
from sms_diary.admin.background import Background
from sms_diary.admin.forms import NOTHING, Filled, Form, Posted
from sms_diary.admin.roles import Right, may
from sms_diary.admin.routes import Routes
from sms_diary.carrying import Ways
from sms_diary.clock import Clock
from sms_diary.db import Database, Queries
from sms_diary.ingest.accept import Acceptor
from sms_diary.monitor import Monitor
from sms_diary.render import Renderer
from sms_diary.store.desk.audit import Note
from sms_diary.store.desk.sessions import Session
from sms_diary.store.desk.users import Role, User
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.values import value
from sms_diary.wake import Wake, Wakes
from sms_diary.web.words import Times

_ZONE = ZoneInfo("Europe/Samara")
T = TypeVar("T")
F = TypeVar("F", bound=Form)


class Group(Enum):
    """The navigation, in order."""

    TODAY = "Сегодня"
    PEOPLE = "Люди"
    SENDING = "Отправка"
    INCOMING = "Приём"
    REPORTS = "Отчёты"
    SETTINGS = "Настройки"
    DISTRICT = "Район"
    """What belongs to no school."""


@value
class Page:
    """A page: a template of `html/` and what it shows."""

    template: str
    values: Mapping[str, Any]
    status: int = 200
    title: str = ""
    """"" for the screen's own."""


@value
class Redirect:
    """On to a path as `Visit.to` takes it; `said` comes first there, once. No personal data."""

    path: str
    said: str = ""


@value
class Download:
    """A file; that it was taken goes into the audit log."""

    name: str
    body: bytes
    content_type: str


Answer = Page | Redirect | Download


class Missing(Exception):
    """There is no such thing here, or it is another school's: 404 for both."""


class Refused(Exception):
    """It cannot be done as things stand: 409; the text says why and what to do, in Russian."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What all screens work with."""

    database: Database
    tools: Tools
    clock: Clock
    wakes: Wakes
    explain: Callable[[str, str], str]
    """A refusal's code in Russian, by route and code; "" when nobody knows."""
    explain_receipt: Callable[[str, str], str]
    monitor: Monitor
    acceptor: Acceptor
    renderer: Renderer
    public_url: str
    ways: Ways
    """How the routes carry texts."""
    sources: Mapping[str, str]
    """Route -> what its SMS come from, as the configuration has it."""
    background: Background = field(default_factory=Background)
    routes: Routes = field(default_factory=Routes)
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    """Roubles for one SMS, of the routes of which somebody has said."""


@dataclass(slots=True)
class Visit:
    """One request that has passed its checks.

    `q` is a reading view in `show` and a transaction in `act`: it is committed unless the answer
    is a page of errors. A screen with `own_transactions` opens its own in `act`.
    """

    desk: Desk
    screen: Screen
    session: Session
    now: int
    ids: Mapping[str, str]
    asked: MultiMapping[str]
    school_or_none: School | None
    transaction: Queries | None
    posted: Posted = NOTHING
    notes: list[Note] = field(default_factory=list)
    wakes: list[Wake] = field(default_factory=list)
    origin: str = ""
    """Scheme and host under which this browser reaches us."""

    @property
    def q(self) -> Queries:
        assert self.transaction is not None, "the screen opens its own transactions"
        return self.transaction

    @property
    def tools(self) -> Tools:
        return self.desk.tools

    @property
    def user(self) -> User:
        return self.session.user

    @property
    def actor(self) -> str:
        """Who does it, for the ledger and what is kept of changes."""
        return f"desk {self.user.login}"

    @property
    def school(self) -> School:
        assert self.school_or_none is not None, "the screen is of no school"
        return self.school_or_none

    @property
    def classes(self) -> frozenset[int] | None:
        """Ids of the classes that may be shown; None: all of the school."""
        return self.user.classes if self.user.role is Role.CLASS_TEACHER else None

    @property
    def id(self) -> int:
        """The `{id}` of the address."""
        found = int(self.ids["id"])
        if found >= 2**63:
            raise Missing
        return found

    @property
    def times(self) -> Times:
        """Moments in the school's zone (of no school: in Samara's)."""
        return Times(self.school_or_none.zone if self.school_or_none else _ZONE, self.now)

    def may(self, right: Right) -> bool:
        return may(self.user.role, right)

    def query(self, model: type[F]) -> F:
        """The filters of the address; what cannot be read counts as not given."""
        return forms.tolerant(model, self.asked)

    def form(self, model: type[F]) -> Filled[F]:
        """What was posted, or the errors beside its fields."""
        return forms.filled(model, self.posted.fields)

    def note(self, action: str, kind: str = "", object_id: int = 0, words: str = "") -> None:
        """Into the audit log with this request. No number, name or text in `words`."""
        self.notes.append(Note(action, kind, object_id, words))

    def wake(self, wake: Wake) -> None:
        """Hint a loop after the commit: `visit.wake(visit.desk.wakes.compose)`."""
        self.wakes.append(wake)

    def to(self, path: str = "", /, **query: object) -> str:
        """The address of a screen of this school (on a screen of none, of none); what begins
        with a slash is an address already."""
        base = f"/desk/{self.school_or_none.slug}/" if self.school_or_none else "/desk/-/"
        address = path if path.startswith("/") else base + path
        return address + _behind(query)

    def here(self, **changes: object) -> str:
        """This address with other filters; None or "" takes one away, `before` goes by itself."""
        kept: dict[str, object] = {name: self.asked[name] for name in self.asked}
        kept.pop("before", None)
        path = self.screen.path
        for name, said in self.ids.items():
            path = path.replace(f"{{{name}}}", said)
        return self.to(path, **(kept | changes))


def _behind(query: Mapping[str, object]) -> str:
    said = {name: one for name, one in query.items() if one is not None and one != ""}
    return f"?{urlencode(said)}" if said else ""


def found(thing: T | None) -> T:
    """The thing, or a 404."""
    if thing is None:
        raise Missing
    return thing


Work = Callable[[Visit], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """`path` is below `/desk/<school>/`, or below `/desk/-/` for a screen of no school; `{id}`
    in it is a number, any other name a word of Latin letters, digits, dots and hyphens."""

    path: str
    title: str
    right: Right | None
    """To see it; None: whoever is signed in."""
    show: Work | None = None
    act: Work | None = None
    act_right: Right | None = None
    """To post to it; None: `right`."""
    group: Group | None = None
    """Where it stands in the navigation; None: it is reached from others."""
    of_school: bool = True
    by_class: bool = False
    """It narrows what it shows to `visit.classes`: class teachers may come."""
    persons: bool = False
    """It shows persons: whoever looks at one (`{id}`) is noted in the audit log."""
    own_transactions: bool = False
    upload: int = 0
    """Bytes of files that may be posted."""

    def __post_init__(self) -> None:
        if self.persons and self.right is Right.AGGREGATES:
            raise ValueError(f"{self.path}: persons are no aggregates")

    @property
    def address(self) -> str:
        return f"/desk/{{school}}/{self.path}" if self.of_school else f"/desk/-/{self.path}"

    def admits(self, user: User, *, acting: bool = False) -> bool:
        """Whether this role may; which school is asked elsewhere."""
        right = self.act_right if acting and self.act_right else self.right
        own = self.by_class or user.role is not Role.CLASS_TEACHER
        return own and (right is None or may(user.role, right))
