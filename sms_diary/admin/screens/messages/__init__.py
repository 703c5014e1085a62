"""Сообщения: the list, the card, what may be decided, and what parents were not told."""

from __future__ import annotations

from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Group, Screen
from sms_diary.admin.screens.messages import card, deciding, exporting, listing, repeating, untold

SCREENS = (
    Screen(
        path="messages", title="Сообщения", right=Right.SEE, group=Group.SENDING,
        show=listing.show, act=listing.search, by_class=True, persons=True,
    ),
    Screen(path="messages/export", title="Выгрузка", right=Right.EXPORT, show=exporting.show),
    Screen(
        path="messages/{id}", title="Сообщение", right=Right.SEE, show=card.show,
        by_class=True, persons=True,
    ),
    Screen(
        path="messages/{id}/number", title="Сообщение", right=Right.NUMBERS, act=card.number,
        persons=True,
    ),
    Screen(
        path="messages/{id}/proof", title="Основание SMS", right=Right.SEE, show=card.proof,
        by_class=True, persons=True,
    ),
    Screen(
        path="messages/{id}/decide", title="Ушло ли сообщение?", right=Right.STEER,
        show=deciding.show, act=deciding.act, persons=True,
    ),
    Screen(
        path="messages/{id}/again", title="Послать ещё раз?", right=Right.STEER,
        show=repeating.show, act=repeating.act, persons=True,
    ),
    Screen(
        path="untold", title="Не рассказано", right=Right.SEE, group=Group.SENDING,
        show=untold.show, by_class=True, persons=True,
    ),
)  # fmt: skip
