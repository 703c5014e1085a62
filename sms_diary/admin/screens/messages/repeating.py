"""A message that did not arrive is sent once more: what may come of it is read first."""

from __future__ import annotations

from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.screen import Answer, Page, Redirect, Refused, Visit
from sms_diary.admin.screens.messages import words
from sms_diary.admin.screens.messages.card import card_of
from sms_diary.store import repeating
from sms_diary.store.repeating import Outcome

_TWICE = "Отметьте, что понимаете: родитель может получить SMS дважды"
_REFUSED = {
    Outcome.NOTHING: "Посылать уже нечего: срок новостей вышел, они изменились или их послало "
    "другое сообщение. Ничего не изменено.",
    Outcome.NOT_ALLOWED: "Послать ещё раз нельзя: родитель отказался, эти SMS у него выключены, "
    "номер закрыт или школа в проверочном режиме. Ничего не изменено.",
}


class Asked(Form):
    twice: bool = False
    """That it may arrive twice was read."""


async def show(visit: Visit) -> Page:
    return await _page(visit, None)


async def act(visit: Visit) -> Answer:
    form = visit.form(Asked)
    if form.read is None or not form.read.twice:
        return await _page(visit, form.but(twice=_TWICE))
    card = await card_of(visit)
    outcome = await repeating.again(visit.q, visit.school.id, visit.id, now=visit.now)
    if outcome is not Outcome.DONE:
        raise Refused(_REFUSED[outcome])
    visit.note("decided", "message", visit.id, "послать ещё раз")
    visit.wake(visit.desk.wakes.compose)
    return Redirect(
        f"messages?number_id={card.number_id}",
        "Новости этого сообщения уйдут ещё раз, с учётом тихих часов.",
    )


async def _page(visit: Visit, form: Filled[Asked] | None) -> Page:
    found = await repeating.worth_telling(visit.q, visit.school.id, visit.id, now=visit.now)
    return Page("message_again.html", {
        "one": await card_of(visit), "form": form, "lines": len(found), **words.VALUES,
    }, status=422 if form is not None else 200)  # fmt: skip
