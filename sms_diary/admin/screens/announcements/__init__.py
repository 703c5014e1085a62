"""Объявления: what goes to many parents: written, checked, sent, watched and stopped.

`listing` shows and stops them, `writing` is the form and its confirmation, `wanted` what was
typed, `ready` what may be begun with, `planned` what it would come to.
"""

from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Group, Screen
from sms_diary.admin.screens.announcements import listing, writing

SCREENS = (
    Screen(
        path="announcements", title="Объявления", right=Right.SEE, group=Group.SENDING,
        show=listing.show,
    ),
    Screen(
        path="announcements/new", title="Новое объявление", right=Right.ANNOUNCE, persons=True,
        show=writing.show, act=writing.act,
    ),
    Screen(
        path="announcements/preview", title="Новое объявление", right=Right.ANNOUNCE,
        persons=True, own_transactions=True, act=writing.preview,
    ),
    Screen(
        path="announcements/{id}", title="Объявление", right=Right.SEE,
        act_right=Right.ANNOUNCE, show=listing.card, act=listing.stop,
    ),
)  # fmt: skip
