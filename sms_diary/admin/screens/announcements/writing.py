"""A new announcement: the form with its preview, the confirmation, the sending."""

from __future__ import annotations

from typing import Any

from sms_diary.admin.forms import Filled, filled
from sms_diary.admin.screen import Answer, Page, Redirect, Refused, Visit
from sms_diary.admin.screens.announcements import ready
from sms_diary.admin.screens.announcements.planned import (
    Planned,
    event,
    planned,
    roll,
    roster,
)
from sms_diary.admin.screens.announcements.wanted import Wanted, faults
from sms_diary.db import Queries
from sms_diary.ingest.accept import Accepted, Request
from sms_diary.ingest.drafts import to_draft
from sms_diary.ingest.parsing import parse
from sms_diary.model import Silence, Source
from sms_diary.schedule.hours import clock
from sms_diary.web.words import counted
from sms_diary.words import REASON_RU

_ALWAYS = (0, 24 * 60)
"""Minutes of the day between which an urgent one may come, where nobody has narrowed them."""

_MANY = 100
"""Parents beyond whom it is asked how many they are, whoever they are."""
_TWICE = (
    "Точно такое объявление этим же людям сегодня уже принято. Если его нужно повторить, "
    "измените текст хотя бы на слово."
)
_CHANGED = "Пока вы читали, число родителей изменилось. Проверьте ещё раз."
_COUNT = "Введите число родителей с этой страницы"


async def show(visit: Visit) -> Page:
    begun = await ready.text(visit)
    return await _page(visit, visit.q, filled(Wanted, {"text": [begun]}) if begun else None)


async def preview(visit: Visit) -> Page:
    """The same page with what the form would come to now; nothing is kept, nothing locked."""
    async with visit.desk.database.reading() as q:
        form = visit.form(Wanted)
        return await _page(visit, q, form, status=422 if form.read is None else 200)


async def act(visit: Visit) -> Answer:
    form = visit.form(Wanted)
    wanted = form.read
    if wanted is None or wanted.do == "write":
        return await _page(visit, visit.q, form, status=422 if wanted is None else 200)
    if wrong := faults(visit, wanted):
        return await _page(visit, visit.q, form.but(**wrong), status=422)
    plan = await planned(visit, visit.q, await roll(visit, visit.q), wanted)
    if wanted.do == "check":
        return _confirmation(visit, form, plan)
    if wrong := _unconfirmed(wanted, plan):
        return _confirmation(visit, form.but(**wrong), plan, status=422)
    return await _post(visit, wanted, plan)


async def _page(
    visit: Visit, q: Queries, form: Filled[Wanted] | None, *, status: int = 200
) -> Page:  # fmt: skip
    wanted = form.read if form and form.read else Wanted()
    known = await roll(visit, q)
    values: dict[str, Any] = {
        "form": form, "typed": form.typed if form else {}, "roll": known,
        "roster": await roster(visit, q, known, wanted),
        "plan": await planned(visit, q, known, wanted) if form and form.read else None,
        "ready": await ready.offered(visit, q) if not wanted.text else [],
        "reasons": _reasons, "urgent_hours": _urgent_hours(visit),
    }  # fmt: skip
    return Page("announcements/new.html", values, status=status)


def _urgent_hours(visit: Visit) -> str:
    """When an urgent one may come: «с 07:00 до 22:00»."""
    hours = visit.school.calendar.urgent
    if (hours.opens, hours.closes) == _ALWAYS:
        return "в любое время суток"
    return f"с {clock(hours.opens)} до {clock(hours.closes)}"


def _confirmation(
    visit: Visit, form: Filled[Wanted], plan: Planned, *, status: int = 200
) -> Page:  # fmt: skip
    once = form.typed.get("once") or str(visit.tools.ids.new())
    values = {
        "form": form, "typed": form.typed, "plan": plan, "once": once, "reasons": _reasons,
        "counts": _is_for_many(plan),
    }  # fmt: skip
    return Page(
        "announcements/confirm.html", values, status=status, title="Проверьте и отправьте"
    )  # fmt: skip


def _reasons(plan: Planned) -> list[tuple[str, int]]:
    """Why others are not told, in words, most frequent first."""
    silent = plan.reach.silent.items()
    said = [(REASON_RU[Silence(reason)], count) for reason, count in silent]
    return sorted(said, key=lambda one: (-one[1], one[0]))


def _is_for_many(plan: Planned) -> bool:
    """A slip would be dear: then the number of parents is typed."""
    return plan.whom.class_ids is None or plan.reach.told > _MANY


def _unconfirmed(wanted: Wanted, plan: Planned) -> dict[str, str]:
    if wanted.people != plan.reach.told:
        return {"": _CHANGED}
    if _is_for_many(plan) and wanted.typed != str(plan.reach.told):
        return {"typed": _COUNT}
    return {}


async def _post(visit: Visit, wanted: Wanted, plan: Planned) -> Redirect:
    """Through the same door as a journal's events."""
    body = event(visit, wanted, plan.whom)
    parsed = parse(body)
    if parsed.problems:
        raise Refused(f"Объявление не принято: {parsed.problems[0].message}.")
    drafts = [(place, to_draft(record)) for place, record in parsed.records]
    request = Request(visit.school.id, Source.DESK, f"desk-{wanted.once}", body, drafts)
    accepted = await visit.desk.acceptor.accept_within(visit.q, request, _nothing_before)
    if accepted.repeated:
        return Redirect("announcements", "Это объявление уже было принято: второй раз не уйдёт.")
    [outcome] = accepted.outcomes
    if outcome.word == "unchanged" or outcome.entry_id is None:
        raise Refused(_TWICE if outcome.word == "unchanged" else f"{outcome.detail}.")
    people = counted(plan.reach.told, "родитель", "родителя", "родителей")
    visit.note("announced", "announcement", outcome.entry_id, f"{people}, {plan.whom.words}")
    visit.wake(visit.desk.wakes.fanout)
    return Redirect(f"announcements/{outcome.entry_id}", "Объявление принято и начинает уходить.")


async def _nothing_before(_accepted: Accepted) -> None:
    """A new entry has nothing that was before."""
