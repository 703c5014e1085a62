"""The consents: read, withdrawn, and given again by whoever came with a code to that phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sms_diary.model import ALL_TOPICS, PERSONAL_DATA, URGENT, ConsentState, Topic
from sms_diary.parent.choosing import TOPIC_RU
from sms_diary.parent.visit import Answer, Page, Redirect, Visit
from sms_diary.store import by_parent, ledger
from sms_diary.store.consents import Held
from sms_diary.store.parent import family
from sms_diary.store.parent.family import Child, Standing
from sms_diary.values import value

_SCOPE_RU: dict[str, str] = {
    ALL_TOPICS: "SMS о ребёнке",
    **{topic: said.casefold() for topic, said in TOPIC_RU.items()},
    URGENT: "срочное рано утром и поздно вечером",
    PERSONAL_DATA: "обработка персональных данных",
}
_STATE_RU = {
    ConsentState.UNKNOWN: "согласия нет",
    ConsentState.ASKED: "школа ждёт ответа",
    ConsentState.ACTIVE: "согласие действует",
    ConsentState.STOPPED: "отключено",
    ConsentState.REFUSED: "отказ",
    ConsentState.BLOCKED: "у оператора включён отказ от рассылок",
    ConsentState.WRONG_NUMBER: "номер чужой",
}
STOP_ALL, STOP_SCHOOL = "Отключить все SMS во всех школах", "Отключить все SMS"
WITHDRAW_DATA = "Отозвать согласие на обработку персональных данных"
_ONLY_BY_CODE = (
    "Включить SMS можно, войдя с кодом: так видно, что телефон у вас. Или напишите с него СТАРТ."
)
_NOTHING = "Уже так и есть."
_STOPPED_ALL = "Готово: больше не пишем. Включить снова можно словом СТАРТ с вашего телефона."
_UNSURE = "Поставьте отметку, что прочитали, и нажмите ещё раз."


@value
class Line:
    """One consent: `by` says whose act it rests on; `button` "" where there is nothing to press."""

    topic: str
    title: str
    on: bool
    state: str
    by: str
    button: str


@value
class Shown:
    subscription_id: int
    name: str
    whole: Line
    topics: Sequence[Line]
    data: Line | None
    """The consent to personal data, where there is a paper."""


async def show(visit: Visit) -> Page:
    return await _page(visit)


async def _page(visit: Visit, unsure: int = 0) -> Page:
    own = [one for one in visit.family.children if one.subscription_id]
    known = await family.standings(visit.q, [one.subscription_id for one in own])
    standing = {(one.subscription_id, one.topic): one for one in known}
    schools = [
        (school.name, [_shown(visit, one, standing) for one in children if one.subscription_id])
        for school, children in visit.by_school()
    ]
    values = {
        "schools": [one for one in schools if one[1]], "by_code": visit.by_code,
        "stop_all": _stop_all(visit) if _may_stop(own, known) else "",
        "withdraw": WITHDRAW_DATA, "unsure": unsure, "only_by_code": _ONLY_BY_CODE,
        "unsure_said": _UNSURE,
    }  # fmt: skip
    return Page("consents.html", "Согласия", values, status=422 if unsure else 200)


def _may_stop(own: Sequence[Child], known: Sequence[Standing]) -> bool:
    """Whether anything may still come: a button that changes nothing looks as if nothing worked."""
    of_sms = [one for one in known if one.topic != PERSONAL_DATA]
    over = {
        one.subscription_id
        for one in of_sms
        if one.topic == ALL_TOPICS and one.state in (ConsentState.STOPPED, ConsentState.REFUSED)
    }
    return len(over) < len(own) or any(one.state is ConsentState.ACTIVE for one in of_sms)


def _stop_all(visit: Visit) -> str:
    return STOP_ALL if len(visit.schools) > 1 else STOP_SCHOOL


def _shown(visit: Visit, child: Child, standing: Mapping[tuple[int, str], Standing]) -> Shown:
    def line(topic: str, *, inherits: bool = True) -> Line:
        own = standing.get((child.subscription_id, topic))
        of_all = standing.get((child.subscription_id, ALL_TOPICS)) if inherits else None
        return _line(visit, child, topic, own or of_all, by=_by(visit, child, own))

    extra = [URGENT] if (child.subscription_id, URGENT) in standing else []
    data = (child.subscription_id, PERSONAL_DATA) in standing
    return Shown(
        child.subscription_id, visit.name(child), line(ALL_TOPICS),
        [line(topic) for topic in (*Topic, *extra)],
        line(PERSONAL_DATA, inherits=False) if data else None,
    )  # fmt: skip


def _line(visit: Visit, child: Child, topic: str, standing: Standing | None, *, by: str) -> Line:
    state = standing.state if standing else ConsentState.UNKNOWN
    on = state is ConsentState.ACTIVE
    return Line(
        topic, _SCOPE_RU[topic], on, _STATE_RU[state], by,
        _button(topic, visit.name(child), on=on, may_start=visit.by_code),
    )  # fmt: skip


def _by(visit: Visit, child: Child, standing: Standing | None) -> str:
    if standing is None or not standing.actor:
        return ""
    day = visit.times(child.school_id).date(standing.at)
    if standing.actor.startswith(ledger.BY_ROUTE):
        return f"с {day}, сообщил оператор связи"
    who = {ledger.BY_SMS: "вашим SMS", ledger.BY_PAGE: "на этой странице"}
    return f"с {day}, {who.get(standing.actor, 'внесла школа')}"


def _button(topic: str, name: str, *, on: bool, may_start: bool) -> str:
    """The words of the button are what is agreed to: they go into the ledger."""
    if topic in (URGENT, PERSONAL_DATA):
        title = WITHDRAW_DATA if topic == PERSONAL_DATA else "Отключить срочное в эти часы"
        return title if on else ""
    what = f"SMS ({name})" if topic == ALL_TOPICS else f"SMS: {_SCOPE_RU[topic]}"
    if on:
        return f"Отключить {what}"
    return f"Согласен получать {what}" if may_start else ""


async def act(visit: Visit) -> Answer:
    """What a button says; only about children of this family."""
    do, topic = visit.typed("do"), visit.typed("topic")
    if do == "stop-all":
        said = visit.said(_stop_all(visit))
        await by_parent.stop_everything(visit.q, visit.site.tools, said, now=visit.now)
        return Redirect("/my/consents", _STOPPED_ALL)
    child, held = _meant(visit)
    if child is None or held is None or topic not in _SCOPE_RU or do not in ("stop", "start"):
        return Redirect("/my/consents", _NOTHING)
    if topic == PERSONAL_DATA and visit.typed("sure") != "1":
        return await _page(visit, unsure=child.subscription_id)
    words = _button(topic, visit.name(child), on=do == "stop", may_start=True)
    topics = by_parent.of_sms(held) if topic == ALL_TOPICS else (topic,)
    wanted, said = [(held, topics)], visit.said(words)
    if do == "start":
        started = await by_parent.start(visit.q, visit.site.tools, said, wanted, now=visit.now)
        return Redirect(
            "/my/consents", f"Включено: {_SCOPE_RU[topic]}." if started else _ONLY_BY_CODE
        )
    moved = await by_parent.stop(visit.q, visit.site.tools, said, wanted, now=visit.now)
    return Redirect("/my/consents", f"Отключено: {_SCOPE_RU[topic]}." if moved else _NOTHING)


def _meant(visit: Visit) -> tuple[Child | None, Held | None]:
    wanted = visit.typed("child")
    child = next((one for one in visit.family.children if str(one.subscription_id) == wanted), None)
    held = next((one for one in visit.family.held if str(one.subscription_id) == wanted), None)
    return child, held
