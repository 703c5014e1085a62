"""Rendering: the templates of `html/`, what surrounds every page, and the files of `static/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Group, Page, Screen, Visit
from sms_diary.model import SchoolMode
from sms_diary.phone import mask
from sms_diary.store.desk.users import EVERY_SCHOOL, ROLE_RU
from sms_diary.values import value
from sms_diary.web import words
from sms_diary.web.assets import assets, environment
from sms_diary.web.security import HEADERS

_HERE = Path(__file__).parent
ASSETS = assets(_HERE / "static", "/desk/-/static/")


def _environment() -> jinja2.Environment:
    made = environment(_HERE / "html", ASSETS)
    made.globals |= {
        "counted": words.counted, "lasting": words.lasting, "share": words.share, "mask": mask,
    }  # fmt: skip
    made.filters |= {"number": words.number, "money": words.money}
    return made


_TEMPLATES = _environment()


@value
class Link:
    title: str
    href: str
    here: bool


@value
class Frame:
    """What stands around a page of somebody who is signed in."""

    user: str
    role: str
    groups: Sequence[tuple[str, Sequence[Link]]]
    said: str
    paused: bool
    trial: bool
    may_steer: bool
    may_switch: bool
    school: str
    home: str


def rendered(visit: Visit, page: Page, screens: Sequence[Screen]) -> web.Response:
    """The page of a visit."""
    values = {
        "frame": _frame(visit, screens), "title": page.title or visit.screen.title,
        "to": visit.to, "here": visit.here, "times": visit.times, "may": _may(visit),
        **page.values,
    }  # fmt: skip
    return html(page.template, values, status=page.status)


def html(template: str, values: Mapping[str, Any], *, status: int = 200) -> web.Response:
    """A page with the headers that all carry."""
    text = _TEMPLATES.get_template(template).render(**values)
    return web.Response(text=text, content_type="text/html", status=status, headers=HEADERS)


def templates() -> list[Path]:
    """Every template there is."""
    return sorted((_HERE / "html").rglob("*.html"))


def _may(visit: Visit) -> Mapping[str, bool]:
    return {right.value: visit.may(right) for right in Right}


def _frame(visit: Visit, screens: Sequence[Screen]) -> Frame:
    school = visit.school_or_none
    return Frame(
        user=visit.user.name,
        role=ROLE_RU[visit.user.role],
        groups=_groups(visit, screens),
        said=visit.session.said,
        paused=bool(school and school.paused),
        trial=bool(school and school.mode is SchoolMode.TEST),
        may_steer=visit.may(Right.STEER),
        may_switch=visit.user.school_id == EVERY_SCHOOL,
        school=school.name if school else "",
        home=visit.to() if school and visit.may(Right.AGGREGATES) else "/desk/",
    )


def _groups(visit: Visit, screens: Sequence[Screen]) -> list[tuple[str, list[Link]]]:
    """The navigation of this role, groups without a screen left out."""
    shown = []
    for group in Group:
        links = [
            Link(one.title, _address(visit, one), _is_here(visit.screen, one))
            for one in screens
            if one.group is group and one.admits(visit.user)
            and (visit.school_or_none if one.of_school else visit.user.school_id == EVERY_SCHOOL)
        ]  # fmt: skip
        if links:
            shown.append((group.value, links))
    return shown


def _address(visit: Visit, screen: Screen) -> str:
    return visit.to(screen.path) if screen.of_school else f"/desk/-/{screen.path}"


def _is_here(at: Screen, screen: Screen) -> bool:
    """A card stands below its list: `messages/{id}` below `messages`."""
    own, there = at.path.split("/"), screen.path.split("/")
    below = at.group is None and own[: len(there)] == there
    return at.of_school == screen.of_school and (own == there or below)
