"""The stop-cock: nothing of a school is told while it is closed, and nothing is lost."""

from __future__ import annotations

from sms_diary.admin.forms import Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Page, Redirect, Screen, Visit
from sms_diary.store import settings


class Wanted(Form):
    pause: bool


async def show(_visit: Visit) -> Page:
    return Page("pause.html", {})


async def act(visit: Visit) -> Page | Redirect:
    wanted = visit.form(Wanted).read
    if wanted is None:
        return Page("pause.html", {}, status=422)
    row = await settings.read(visit.q, visit.school.id, lock=True)
    if (row["paused_at"] is not None) == wanted.pause:
        return Redirect("")
    moment = visit.now if wanted.pause else None
    await settings.change(visit.q, visit.school.id, {"paused_at": moment}, now=visit.now)
    visit.note("paused" if wanted.pause else "resumed", "school", visit.school.id)
    visit.wake(visit.desk.wakes.compose)
    return Redirect("", "Рассылка приостановлена." if wanted.pause else "Рассылка возобновлена.")


SCREENS = (Screen(path="pause", title="Рассылка школы", right=Right.STEER, show=show, act=act),)
