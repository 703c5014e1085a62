"""What each role may do at the desk: one table."""

from __future__ import annotations

from enum import StrEnum

from sms_diary.store.desk.users import Role


class Right(StrEnum):
    AGGREGATES = "aggregates"
    """Sums without persons: the summary, reports."""
    SEE = "see"
    """Pupils, parents, messages; numbers masked."""
    NUMBERS = "numbers"
    """A whole number; each look is noted."""
    EXPORT = "export"
    """Lists as files; each is noted."""
    SLIPS = "slips"
    """Print logins on paper for parents, and close them."""
    PEOPLE = "people"
    """Change pupils, parents, consents, numbers."""
    STEER = "steer"
    """The stop-cock, doubts, what is held, questions that wait for a person."""
    IMPORT = "import"
    ANNOUNCE = "announce"
    SETTINGS = "settings"
    """Of a school: hours, texts, mode, keys."""
    USERS = "users"
    AUDIT = "audit"
    SYSTEM = "system"
    """The service itself: routes, processes, every school."""


_OPERATOR = frozenset({
    Right.AGGREGATES, Right.SEE, Right.NUMBERS, Right.EXPORT, Right.SLIPS, Right.PEOPLE,
    Right.STEER, Right.IMPORT, Right.ANNOUNCE,
})  # fmt: skip
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OBSERVER: frozenset({Right.AGGREGATES, Right.SEE}),
    Role.CLASS_TEACHER: frozenset({Right.SEE, Right.SLIPS}),
    Role.OPERATOR: _OPERATOR,
    Role.SCHOOL_ADMIN: _OPERATOR | {Right.SETTINGS, Right.USERS, Right.AUDIT},
    Role.DISTRICT_ADMIN: frozenset(Right),
    Role.RESOURCE_CENTRE: frozenset({Right.AGGREGATES}),
}

ROLE_MEANS: dict[Role, str] = {
    Role.OBSERVER: "Видит всё в школе, номера закрыты звёздочками. Ничего не меняет.",
    Role.CLASS_TEACHER: "Видит учеников, родителей и сообщения своих классов, "
    "печатает листки для входа. Ничего другого не меняет.",
    Role.OPERATOR: "Ведёт рассылку: списки и номера, согласия, загрузки, объявления, паузу.",
    Role.SCHOOL_ADMIN: "Всё, что оператор, и ещё настройки школы, ключи, пользователи, журнал "
    "действий.",
    Role.DISTRICT_ADMIN: "Всё во всех школах, каналы к операторам и состояние службы.",
    Role.RESOURCE_CENTRE: "Видит только суммы по школам: ни детей, ни родителей, ни сообщений.",
}
"""What each role may, for whoever gives it."""


def may(role: Role, right: Right) -> bool:
    return right in RIGHTS[role]
