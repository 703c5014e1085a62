"""Люди: pupils and parents, their cards, and what may be done about them. A module a page."""

from __future__ import annotations

from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Group, Screen
from sms_diary.admin.screens.people import (
    acts,
    doubles,
    forgetting,
    guardian,
    listing,
    number,
    pupil,
    rights,
    subscription,
)

_OF_GUARDIAN = "people/guardians/{id}"

SCREENS = (
    Screen(
        path="people", title="Ученики и родители", right=Right.SEE, group=Group.PEOPLE,
        show=listing.show, act=listing.search, by_class=True, persons=True, own_transactions=True,
    ),
    Screen(
        path="people/pupils/{id}", title="Ученик", right=Right.SEE, show=pupil.show,
        by_class=True, persons=True,
    ),
    Screen(
        path="people/pupils/{id}/forget", title="Забыть ученика", right=Right.PEOPLE,
        show=forgetting.show_pupil, act=forgetting.act_pupil, persons=True, own_transactions=True,
    ),
    Screen(
        path=_OF_GUARDIAN, title="Родитель", right=Right.SEE, act_right=Right.PEOPLE,
        show=guardian.show, act=guardian.act, by_class=True, persons=True,
    ),
    Screen(
        path=f"{_OF_GUARDIAN}/subscriptions/{{subscription_id}}", title="Подписка",
        right=Right.PEOPLE, show=subscription.show, act=subscription.act, persons=True,
    ),
    Screen(
        path=f"{_OF_GUARDIAN}/number", title="Сменить номер", right=Right.PEOPLE,
        show=number.show, act=number.act, persons=True,
    ),
    Screen(
        path=f"{_OF_GUARDIAN}/rights", title="Права человека", right=Right.PEOPLE,
        act_right=Right.EXPORT, show=rights.show, act=rights.act, persons=True,
    ),
    Screen(
        path=f"{_OF_GUARDIAN}/forget", title="Забыть родителя", right=Right.PEOPLE,
        show=forgetting.show_guardian, act=forgetting.act_guardian, persons=True,
        own_transactions=True,
    ),
    Screen(
        path="people/doubles", title="Записаны дважды", right=Right.SEE, show=doubles.show,
        by_class=True, persons=True,
    ),
    Screen(
        path="people/doubles/{id}/{other_id}", title="Один ученик или двое?", right=Right.SEE,
        act_right=Right.PEOPLE, show=doubles.compare, act=doubles.act, by_class=True, persons=True,
    ),
    Screen(
        path="people/acts", title="Акты об уничтожении", right=Right.PEOPLE, show=acts.show
    ),
    Screen(
        path="people/acts/{id}", title="Акт об уничтожении", right=Right.PEOPLE, show=acts.card
    ),
)  # fmt: skip
