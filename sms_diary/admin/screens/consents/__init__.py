"""Согласия и слова: states by class, asking, papers, the words, the check. A module a page."""

from __future__ import annotations

from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Group, Screen
from sms_diary.admin.screens.consents import asking, checking, funnel, papers, words

SCREENS = (
    Screen(
        path="consents", title="Согласия и слова", right=Right.SEE, group=Group.PEOPLE,
        show=funnel.show, persons=True,
    ),
    Screen(
        path="consents/asking", title="Спросить по SMS", right=Right.PEOPLE, show=asking.show,
        act=asking.act, persons=True, own_transactions=True,
    ),
    Screen(
        path="consents/papers", title="Бумаги для родителей", right=Right.SEE,
        act_right=Right.EXPORT, show=papers.show, act=papers.act,
    ),
    Screen(
        path="consents/words", title="Слова для ответа", right=Right.SEE, show=words.show,
        act=words.act,
    ),
    Screen(
        path="consents/checking", title="Проверить журнал согласий", right=Right.SEE,
        act_right=Right.PEOPLE, show=checking.show, act=checking.act, own_transactions=True,
    ),
)  # fmt: skip
