"""A message of which nobody knows whether it left: a person decides, and is told what it may do."""

from __future__ import annotations

from pydantic import Field

from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.screen import Answer, Page, Redirect, Refused, Visit
from sms_diary.admin.screens.messages import words
from sms_diary.admin.screens.messages.card import card_of
from sms_diary.model import PartState
from sms_diary.store import doubt
from sms_diary.store.desk.message import Card
from sms_diary.store.doubt import Actor, Decision, Outcome

_SAID = {
    Decision.SENT: "Отмечено: сообщение ушло. Отчёт ещё может прийти.",
    Decision.REPEAT: "Сообщение будет отправлено ещё раз.",
}
_REFUSED = {
    Outcome.NOT_IN_DOUBT: "Решать нечего: о сообщении уже всё известно. Откройте его карточку.",
    Outcome.TOO_LATE: "Повторять поздно: срок сообщения вышел. Ничего не изменено.",
    Outcome.NO_CONSENT: "Повторить нельзя: с тех пор родитель отказался или согласие на этот номер "
    "изменилось. Ничего не изменено.",
}


class Decided(Form):
    decision: Decision = Field(alias="decision")
    twice: bool = False
    """That it may arrive twice was read."""


async def show(visit: Visit) -> Page:
    return _page(visit, await card_of(visit), None)


async def act(visit: Visit) -> Answer:
    card = await card_of(visit)
    form = visit.form(Decided)
    if form.read is None:
        return _page(visit, card, form)
    if form.read.decision is Decision.REPEAT and not form.read.twice:
        warned = "Отметьте, что понимаете: родитель может получить SMS дважды"
        return _page(visit, card, form.but(twice=warned))
    outcome = await doubt.decide(
        visit.q, visit.tools, visit.id, form.read.decision,
        school_id=visit.school.id, actor=Actor.DESK, now=visit.now,
    )  # fmt: skip
    if outcome is not Outcome.DONE:
        raise Refused(_REFUSED[outcome])
    repeated = form.read.decision is Decision.REPEAT
    visit.note("decided", "message", visit.id, "послать ещё раз" if repeated else "считать ушедшим")
    if repeated:
        visit.wake(visit.desk.wakes.dispatch)
    return Redirect(f"messages/{visit.id}", _SAID[form.read.decision])


def _page(visit: Visit, card: Card, form: Filled[Decided] | None) -> Page:
    doubtful = [part for part in card.open_parts if part.state == PartState.DOUBT]
    return Page("message_decide.html", {
        "one": card, "form": form, "doubtful": len(doubtful),
        "late": card.view.expires <= visit.now, **words.VALUES,
    }, status=422 if form is not None else 200)  # fmt: skip
