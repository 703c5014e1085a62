"""Пользователи: who signs in to these pages, what each may, and where they are signed in now.

A school sees its own people; those of the district are seen by the district, on a page of theirs.
Roles in words are `roles.ROLE_MEANS`'.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.roles import ROLE_MEANS, Right
from sms_diary.admin.screen import (
    Answer,
    Group,
    Missing,
    Page,
    Redirect,
    Refused,
    Screen,
    Visit,
)
from sms_diary.admin.screens.people import finding
from sms_diary.store.desk import sessions, users
from sms_diary.store.desk.users import (
    EVERY_SCHOOL,
    LOGIN,
    OF_DISTRICT,
    ROLE_RU,
    Role,
    User,
    UserState,
)
from sms_diary.store.people import ClassRow

_OWN = "Это ваш собственный вход: {}. Попросите другого администратора."


def _login(typed: str) -> str:
    login = typed.casefold()
    if re.fullmatch(LOGIN, login) is None:
        raise PydanticCustomError("string_pattern_mismatch", "no login")
    return login


class Person(Form):
    name: Annotated[str, Field(min_length=1, max_length=80)]
    role: Role
    classes: list[int] = Field(default_factory=list)


class Invited(Person):
    login: Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_login)]


async def show(visit: Visit) -> Page:
    return await _list(visit, None)


async def act(visit: Visit) -> Answer:
    """Invite somebody: make the user and show the link once."""
    form = visit.form(Invited)
    read = form.read
    if read is None or (wrong := await _wrong(visit, read)):
        return await _list(visit, form if read is None else form.but(**wrong))
    user_id = await users.add(
        visit.q, visit.tools, school_id=_school(visit), login=read.login, name=read.name,
        role=read.role, classes=_classes(read), now=visit.now,
    )  # fmt: skip
    if user_id is None:
        return await _list(visit, form.but(login="Такой логин занят: добавьте фамилию или цифру"))
    visit.note("invited", "user", user_id, ROLE_RU[read.role])
    link = await _link(visit, user_id)
    return await _list(visit, None, link=link, whose=read.name)


async def card(visit: Visit) -> Page:
    user = await _one(visit)
    return await _card(visit, user, None)


async def change(visit: Visit) -> Answer:
    """Another name, role or class."""
    user = await _one(visit)
    form = visit.form(Person)
    read = form.read
    if read is None or (wrong := await _wrong(visit, read)):
        return await _card(visit, user, form if read is None else form.but(**wrong))
    if user.id == visit.user.id and read.role is not user.role:
        raise Refused(_OWN.format("роль себе не меняют"))
    await users.change(
        visit.q, user.school_id, user.id, name=read.name, role=read.role, classes=_classes(read)
    )
    visit.note("changed", "user", user.id, ROLE_RU[read.role])
    return Redirect(f"{_place(visit)}/{user.id}", "Сохранено.")


async def link(visit: Visit) -> Answer:
    """A fresh link; whoever follows it sets a new password and ends all sessions there were."""
    user = await _one(visit)
    if user.state is UserState.BLOCKED:
        raise Refused("Вход этого человека закрыт. Сначала откройте его, потом дайте ссылку.")
    visit.note("invited", "user", user.id)
    return await _card(visit, user, None, link=await _link(visit, user.id))


async def door(visit: Visit) -> Answer:
    """Close somebody's way in, with all sessions; or open it again."""
    user = await _one(visit)
    if user.id == visit.user.id:
        raise Refused(_OWN.format("его себе не закрывают"))
    blocked = user.state is UserState.BLOCKED
    state = UserState.ACTIVE if blocked else UserState.BLOCKED
    await users.set_state(visit.q, user.school_id, user.id, state)
    await sessions.revoke(visit.q, user.id, now=visit.now)
    said = "Вход открыт." if blocked else "Вход закрыт, открытые сеансы завершены."
    visit.note("changed", "user", user.id, said)
    return Redirect(f"{_place(visit)}/{user.id}", said)


class Ended(Form):
    session: int = 0
    """0: all but the one that asks."""


async def end(visit: Visit) -> Answer:
    """End one session of somebody, or all of them but the one that asks."""
    user, asked = await _one(visit), visit.form(Ended).read
    only = asked.session if asked else 0
    live = [one.id for one in await sessions.live(visit.q, user.id, now=visit.now)]
    for session_id in live:
        if session_id == only or (not only and session_id != visit.session.id):
            await sessions.revoke(visit.q, user.id, only=session_id, now=visit.now)
    visit.note("changed", "user", user.id, "сеанс завершён" if only else "сеансы завершены")
    return Redirect(f"{_place(visit)}/{user.id}", "Завершено: там придётся войти заново.")


# ---------------------------------------------------------------- what both pages need


async def _list(
    visit: Visit, form: Filled[Invited] | None, *, link: str = "", whose: str = ""
) -> Page:
    rows = await users.of_school(visit.q, _school(visit))
    values = {
        "rows": rows, "form": form, "link": link, "whose": whose, "place": _place(visit),
        "roles": _roles(visit), "roles_ru": ROLE_RU, "means": ROLE_MEANS,
        "classes": await _known(visit), "own": visit.user.id,
    }  # fmt: skip
    return Page("users/list.html", values, status=422 if form else 200)


async def _card(visit: Visit, user: User, form: Filled[Person] | None, *, link: str = "") -> Page:
    values = {
        "one": user, "form": form, "link": link, "place": _place(visit), "roles": _roles(visit),
        "roles_ru": ROLE_RU, "means": ROLE_MEANS, "classes": await _known(visit),
        "live": await sessions.live(visit.q, user.id, now=visit.now),
        "this": visit.session.id, "is_own": user.id == visit.user.id,
        "may_audit": visit.may(Right.AUDIT),
    }  # fmt: skip
    return Page("users/card.html", values, status=422 if form else 200, title=user.name)


async def _one(visit: Visit) -> User:
    """The user of the address, if they are of this school (or of the district)."""
    user = await users.one(visit.q, visit.id)
    if user is None or user.school_id != _school(visit):
        raise Missing
    return user


async def _link(visit: Visit, user_id: int) -> str:
    secret = await sessions.invite(visit.q, visit.tools, user_id, now=visit.now)
    return f"{visit.origin}/desk/-/link/{secret}"


async def _wrong(visit: Visit, person: Person) -> dict[str, str]:
    if person.role not in _roles(visit):
        return {"role": "Выберите из предложенного"}
    if person.role is Role.CLASS_TEACHER:
        known = {one.id for one in await _known(visit)}
        if not person.classes or not known.issuperset(person.classes):
            return {"classes": "Отметьте хотя бы один класс из списка"}
    return {}


def _classes(person: Person) -> Sequence[int]:
    return person.classes if person.role is Role.CLASS_TEACHER else ()


async def _known(visit: Visit) -> list[ClassRow]:
    return await finding.classes(visit.q, visit) if visit.school_or_none else []


def _roles(visit: Visit) -> list[Role]:
    return [role for role in Role if (role in OF_DISTRICT) == (visit.school_or_none is None)]


def _school(visit: Visit) -> int:
    return visit.school_or_none.id if visit.school_or_none else EVERY_SCHOOL


def _place(visit: Visit) -> str:
    return "users" if visit.school_or_none else "district"


def _screens(path: str, title: str, right: Right, group: Group) -> tuple[Screen, ...]:
    of_school = group is not Group.DISTRICT
    return (
        Screen(
            path=path, title=title, right=right, group=group, of_school=of_school, show=show,
            act=act,
        ),
        Screen(
            path=f"{path}/{{id}}", title=title, right=right, of_school=of_school, show=card,
            act=change,
        ),
        Screen(
            path=f"{path}/{{id}}/link", title="Ссылка для входа", right=right,
            of_school=of_school, act=link,
        ),
        Screen(path=f"{path}/{{id}}/door", title="Вход", right=right, of_school=of_school,
               act=door),
        Screen(path=f"{path}/{{id}}/end", title="Сеансы", right=right, of_school=of_school,
               act=end),
    )  # fmt: skip


SCREENS = (
    *_screens("users", "Пользователи", Right.USERS, Group.SETTINGS),
    *_screens("district", "Пользователи района", Right.SYSTEM, Group.DISTRICT),
)
