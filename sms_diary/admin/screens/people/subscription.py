"""Одна подписка: when each topic is told, a consent on paper, a stop by the school."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sms_diary.admin.forms import Filled, Form
from sms_diary.admin.screen import Answer, Missing, Page, Redirect, Refused, Visit
from sms_diary.admin.screens.people import finding, papers, words
from sms_diary.admin.screens.people.papers import Paper
from sms_diary.model import ALL_TOPICS, PERSONAL_DATA, URGENT, ConsentState, Topic
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.store import by_school, subscriptions
from sms_diary.store.by_school import Paper as Stands
from sms_diary.store.desk import cards
from sms_diary.store.subscriptions import Found

_STARTS = (ALL_TOPICS, *Topic, URGENT, PERSONAL_DATA)
"""What a paper may agree to."""
_Covered = Literal[
    "*", "marks", "absences", "homework", "timetable", "announcements", "urgent", "pd"
]  # fmt: skip
_How = Literal["", "now", "day", "week", "off"]


class Do(Form):
    do: Literal["rhythm", "stop", "start"]


class Rhythms(Form):
    marks: _How = ""
    absences: _How = ""
    homework: _How = ""
    timetable: _How = ""
    announcements: _How = ""


class Stop(Form):
    topics: list[_Covered] = Field([])
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class Start(Paper):
    topics: list[_Covered] = Field([])


async def show(visit: Visit) -> Page:
    return await _page(visit, await _found(visit))


async def act(visit: Visit) -> Answer:
    do = visit.form(Do).read
    if do is None:
        raise Refused("Форма не понята. Откройте подписку заново и повторите.")
    found = await _found(visit, lock=True)
    return await {"rhythm": _rhythm, "stop": _stop, "start": _start}[do.do](visit, found)


async def _found(visit: Visit, *, lock: bool = False) -> Found:
    """The subscription of the address, if it is this guardian's."""
    look = subscriptions.locked if lock else subscriptions.one
    subscription_id = int(visit.ids["subscription_id"])
    if subscription_id >= 2**63:
        raise Missing
    found = await look(visit.q, visit.tools, visit.school.id, subscription_id)
    if found is None or found.view.guardian_id != visit.id:
        raise Missing
    return found


async def _rhythm(visit: Visit, found: Found) -> Answer:
    form = visit.form(Rhythms)
    if form.read is None:
        return await _page(visit, found, form=form, status=422)
    chosen = {str(topic): str(getattr(form.read, topic)) for topic in Topic}
    await subscriptions.change(
        visit.q, visit.school.id, found.view.id, rhythm=chosen, now=visit.now
    )
    return _done(visit, found, "ритм SMS", "Записано, когда что сообщать.")


async def _stop(visit: Visit, found: Found) -> Answer:
    form = visit.form(Stop)
    if form.read is None:
        return await _page(visit, found, stopping=form, status=422)
    said = {"reason": form.read.reason, "by": visit.user.name, "way": "кабинет"}
    stopped = await by_school.stop(
        visit.q, visit.tools, visit.school.id, found, _all_or(form.read.topics), said,
        actor=visit.actor, now=visit.now,
    )  # fmt: skip
    if not stopped:
        raise Refused("Остановлено не было ничего: эти SMS и так не приходят.")
    return _done(visit, found, "SMS остановлены", "Остановлено: новые SMS об этом не уйдут.")


async def _start(visit: Visit, found: Found) -> Answer:
    form = papers.dated(visit.form(Start), visit)
    if not isinstance(form.read, Start):
        return await _page(visit, found, starting=form, status=422)
    said = form.read
    why = await by_school.start(
        visit.q, visit.tools, visit.school.id, found, _all_or(said.topics),
        Stands(said.source, said.form, said.by, said.date.isoformat()),
        zone=visit.school.zone, actor=visit.actor, now=visit.now,
    )  # fmt: skip
    if why:
        wrong = form.but(**{"": f"{why[:1].upper()}{why[1:]}."})
        return await _page(visit, found, starting=wrong, status=422)
    visit.wake(visit.desk.wakes.requests)
    return _done(visit, found, "согласие на бумаге", "Согласие записано.")


def _all_or(topics: list[_Covered]) -> list[str]:
    """The topics, or none where all are meant beside others of the diary."""
    chosen = set(map(str, topics))
    if ALL_TOPICS in chosen:
        chosen -= set(map(str, Topic))
    return sorted(chosen)


def _done(visit: Visit, found: Found, noted: str, said: str) -> Redirect:
    visit.note("changed", "subscription", found.view.id, noted)
    visit.wake(visit.desk.wakes.compose)
    return Redirect(f"people/guardians/{visit.id}", said)


async def _page(
    visit: Visit, found: Found, *, form: Filled[Rhythms] | None = None,
    stopping: Filled[Stop] | None = None, starting: Filled[papers.Proof] | None = None,
    status: int = 200,
) -> Page:  # fmt: skip
    state = await cards.number_state(visit.q, found.number_id)
    usual = visit.school.rhythms
    return Page("people/subscription.html", {
        "one": found.view, "form": form, "stopping": stopping, "starting": starting,
        "active": found.view.state == ConsentState.ACTIVE
        or ConsentState.ACTIVE in found.view.topics.values(),
        "closed": words.NUMBER_RU.get(state, ""),
        "choices": {
            str(topic): [
                ("", f"как обычно: {words.RHYTHM_RU[usual[topic]]}"),
                *((str(how), words.RHYTHM_RU[how]) for how in Rhythm),
            ]
            for topic in Topic
        },
        "starts": [(str(one), _start_ru(one)) for one in _STARTS],
        "stops": [(str(topic), words.TOPIC_RU[topic]) for topic in Topic],
        "paper": papers.FORM, "today": finding.today(visit), **words.VALUES,
    }, title=found.view.pupil or "Подписка", status=status)  # fmt: skip


def _start_ru(topic: str) -> str:
    return "Все SMS об учёбе" if topic == ALL_TOPICS else words.TOPIC_RU[topic]
