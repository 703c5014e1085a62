"""Шаблоны: the texts of SMS: listed, tried, written anew, given back, sent to one's own phone.

`listing` shows all, `editing` one with its form and preview, `versions` what was before and going
back to it.
"""

from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Group, Screen
from sms_diary.admin.screens.templates import editing, listing, versions

SCREENS = (
    Screen(
        path="templates", title="Шаблоны SMS", right=Right.SEE, group=Group.SENDING,
        show=listing.show,
    ),
    Screen(
        path="templates/{name}", title="Шаблон", right=Right.SEE, act_right=Right.SETTINGS,
        show=editing.show, act=editing.act, persons=True,
    ),
    Screen(
        path="templates/{name}/preview", title="Шаблон", right=Right.SEE, own_transactions=True,
        act=editing.preview, persons=True,
    ),
    Screen(
        path="templates/{name}/reset", title="Вернуть этот текст?", right=Right.SETTINGS,
        show=versions.show, act=versions.act,
    ),
)  # fmt: skip
