"""Another number: one operation for every school, done when the code sent to it is typed."""

from __future__ import annotations

import re

from sms_diary.parent.visit import Answer, Page, Redirect, Visit
from sms_diary.parent.way_in import CODE_SAID, CODE_SHAPE, TOO_MANY, WRONG_NUMBER
from sms_diary.phone import mask, normalise
from sms_diary.store import by_parent, numbers
from sms_diary.store.parent import codes
from sms_diary.store.parent.codes import Answer as Checked

WITH_SMS = "Сменить номер и получать SMS на новый"
WITHOUT_SMS = "Сменить номер, SMS не присылать"
_SAME = "Этот номер и записан у школы. Введите тот, на который его сменить."
_NOT_DIGITS = re.compile(r"\D")
_MOVED = "Номер сменён. На прежний больше не пишем."


async def show(visit: Visit) -> Page:
    return _page(visit)


def _page(visit: Visit, wrong: str = "", *, status: int = 200) -> Page:
    number = mask(visit.family.number) if visit.family.number else ""
    values = {"number": number, "wrong": wrong, "by_code": visit.by_code}
    return Page("number.html", "Номер телефона", values, status=status)


async def ask(visit: Visit) -> Answer:
    number = normalise(visit.typed("number"))
    if number is None or not visit.family.number:
        return _page(visit, WRONG_NUMBER, status=422)
    if number == visit.family.number:
        return _page(visit, _SAME, status=422)
    secret = await codes.ask(
        visit.q, visit.site.tools, number, session_id=visit.session.id, address=visit.address,
        now=visit.now,
    )  # fmt: skip
    if secret is None:
        return _page(visit, TOO_MANY, status=429)
    return Redirect("/my/number/code", asked=secret)


async def code(visit: Visit) -> Answer:
    waits = bool(visit.asked) and await codes.is_asked(
        visit.q, visit.asked, session_id=visit.session.id, now=visit.now
    )
    return _code_page() if waits else Redirect("/my/number")


def _code_page(wrong: str = "", *, status: int = 200) -> Page:
    values = {"wrong": wrong, "with_sms": WITH_SMS, "without_sms": WITHOUT_SMS}
    return Page("number_code.html", "Код с нового номера", values, status=status)


async def change(visit: Visit) -> Answer:
    """The code is right: every guardian of this family moves, in this one transaction."""
    typed = _NOT_DIGITS.sub("", visit.typed("code"))
    if len(typed) != codes.DIGITS:
        return _code_page(CODE_SHAPE, status=422)
    answer, number_id = await codes.check(
        visit.q, visit.site.tools, visit.asked, typed, session_id=visit.session.id,
        address=visit.address, now=visit.now,
    )  # fmt: skip
    if answer is not Checked.RIGHT:
        return _code_page(CODE_SAID[answer], status=422)
    number = (await numbers.read(visit.q, visit.site.tools, [number_id]))[number_id]
    again = visit.typed("do") == "with"
    await by_parent.change_number(
        visit.q, visit.site.tools, visit.said(WITH_SMS if again else WITHOUT_SMS), number,
        again=again, now=visit.now,
    )  # fmt: skip
    return Redirect("/my/number", _MOVED)
