"""Users of the pages: who they are, what they may, for which school."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from sms_diary.db import Queries, Row
from sms_diary.store.tools import Tools
from sms_diary.values import value

EVERY_SCHOOL = 0
LOGIN = r"[a-z0-9а-яё][a-z0-9а-яё._@-]{0,63}"
"""What a login may be, casefolded."""


class Role(StrEnum):
    """What somebody is at the desk. What each may do is `admin/roles.py`'s."""

    OBSERVER = "observer"
    CLASS_TEACHER = "class-teacher"
    OPERATOR = "operator"
    SCHOOL_ADMIN = "school-admin"
    DISTRICT_ADMIN = "district-admin"
    RESOURCE_CENTRE = "resource-centre"


ROLE_RU: dict[Role, str] = {
    Role.OBSERVER: "наблюдатель",
    Role.CLASS_TEACHER: "классный руководитель",
    Role.OPERATOR: "оператор школы",
    Role.SCHOOL_ADMIN: "администратор школы",
    Role.DISTRICT_ADMIN: "администратор района",
    Role.RESOURCE_CENTRE: "ресурсный центр",
}
OF_DISTRICT = frozenset({Role.DISTRICT_ADMIN, Role.RESOURCE_CENTRE})
"""Roles of every school; each other belongs to one."""


class UserState(StrEnum):
    ACTIVE = "active"
    BLOCKED = "blocked"


@value
class User:
    """`school_id` is `EVERY_SCHOOL` for the roles of the district; times are epoch milliseconds."""

    id: int
    school_id: int
    login: str
    name: str
    role: Role
    classes: frozenset[int]
    """Ids of a class teacher's own classes; others have none of their own and see all."""
    state: UserState
    has_password: bool
    created_at: int
    seen_at: int | None


async def add(
    q: Queries, tools: Tools, *, school_id: int, login: str, name: str, role: Role,
    classes: Iterable[int] = (), now: int,
) -> int | None:  # fmt: skip
    """A user without a password yet; the id, or None where the login is taken.

    ValueError for a role that does not go with the school.
    """
    _fits(role, school_id)
    user_id = tools.ids.new()
    added = await q.run(
        """insert into desk_user (id, school_id, login, name, role, classes, state, created_at)
           values (:id, :school_id, :login, :name, :role, :classes, 'active', :now)
           on conflict (login) do nothing""",
        id=user_id, school_id=school_id, login=login, name=name, role=role,
        classes=_words(classes), now=now,
    )  # fmt: skip
    return user_id if added else None


async def change(
    q: Queries, school_id: int, user_id: int, *, name: str, role: Role, classes: Iterable[int]
) -> bool:
    """Rename, give another role; False if the school (0: the district) has no such user."""
    _fits(role, school_id)
    changed = await q.run(
        """update desk_user set name = :name, role = :role, classes = :classes
           where id = :id and school_id = :school_id""",
        name=name, role=role, classes=_words(classes), id=user_id, school_id=school_id,
    )  # fmt: skip
    return changed == 1


async def set_state(q: Queries, school_id: int, user_id: int, state: UserState) -> bool:
    """Block or admit again; who is blocked has no session from then on. False: no such user."""
    changed = await q.run(
        "update desk_user set state = :state where id = :id and school_id = :school_id",
        state=state, id=user_id, school_id=school_id,
    )  # fmt: skip
    return changed == 1


async def set_password(q: Queries, user_id: int, password: str) -> None:
    """Keep the argon2id hash (PHC string) of a password."""
    await q.run(
        "update desk_user set password = :password where id = :id", password=password, id=user_id
    )


async def one(q: Queries, user_id: int) -> User | None:
    row = await q.one("select * from desk_user where id = :id", id=user_id)
    return user(row) if row else None


async def by_login(q: Queries, login: str) -> tuple[User, str] | None:
    """The user of this login and the hash of the password, "" where none is set."""
    row = await q.one("select * from desk_user where login = :login", login=login)
    return (user(row), row["password"]) if row else None


async def of_school(q: Queries, school_id: int) -> list[User]:
    """A school's own users (0: the district's), in the order in which they came."""
    rows = await q.all(
        "select * from desk_user where school_id = :school_id order by id", school_id=school_id
    )
    return [user(row) for row in rows]


def user(row: Row) -> User:
    """A row with the columns of `desk_user`."""
    return User(
        row["id"], row["school_id"], row["login"], row["name"], Role(row["role"]),
        frozenset(map(int, row["classes"].split())), UserState(row["state"]),
        bool(row["password"]), row["created_at"], row["seen_at"],
    )  # fmt: skip


def _fits(role: Role, school_id: int) -> None:
    if (role in OF_DISTRICT) != (school_id == EVERY_SCHOOL):
        raise ValueError(f"the role {role} does not go with school {school_id}")


def _words(classes: Iterable[int]) -> str:
    return " ".join(map(str, sorted(set(classes))))
