"""Запрос журнала: what one request brought, event by event, its body without persons, and
«повторить разбор» for what was not taken then.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Page, Redirect, Refused, Screen, Visit, found
from sms_diary.admin.screens.messages.words import KIND_RU
from sms_diary.ingest.accept import Accepted, anew
from sms_diary.model import LineState
from sms_diary.store import deliveries
from sms_diary.store.desk import kept
from sms_diary.store.desk.kept import Kept
from sms_diary.values import value
from sms_diary.web.words import counted
from sms_diary.words import LINE_RU, OUTCOME_RU

_PLAIN = frozenset({
    "kind", "at", "date", "lesson", "n", "class", "classes", "parallels", "school", "subject",
    "mark", "absence", "term", "weight", "silent", "urgent", "until", "not_before",
})  # fmt: skip
"""What of an event is shown: neither who it is about nor a text."""
_HIDDEN = "•••"
_SHOWN = 200
"""Events that the page lists, and lines of the body."""
_DEEP: Final = 8
_TONES = {"created": "good", "changed": "good", "quarantined": "wait"}


@value
class Event:
    """One event of the request; `told` is what became of its lines."""

    place: int
    kind: str
    outcome: str
    tone: str
    why: str = ""
    told: str = ""


async def show(visit: Visit) -> Page:
    one = found(await kept.one(visit.q, visit.tools, visit.school.id, visit.id))
    events = await _events(visit, one)
    now = _useful(one, await _tried(visit, one)) if one.untaken else Counter[str]()
    return Page("delivery.html", {
        "one": one, "events": events[:_SHOWN], "more": max(0, len(events) - _SHOWN),
        "now": {OUTCOME_RU[word]: n for word, n in now.items()}, "untaken": len(one.untaken),
        "body": masked(one.body),
    })  # fmt: skip


async def _tried(visit: Visit, one: Kept) -> Accepted:
    return await anew.readable(visit.desk.acceptor, visit.q, visit.school, one)


async def act(visit: Visit) -> Answer:
    """Take what can be taken now."""
    one = found(await kept.one(visit.q, visit.tools, visit.school.id, visit.id))
    accepted = await anew.carry_out(
        visit.desk.acceptor, visit.q, visit.school, one, by=visit.actor, now=visit.now
    )
    words = _useful(one, accepted)
    if not words:
        raise Refused("Ничего нового: те же события и сейчас не принять. Загрузите список класса.")
    visit.note("decided", "delivery", one.id, f"повторный разбор, событий: {words.total()}")
    visit.wake(visit.desk.wakes.fanout)
    said = counted(words.total(), "событие принято", "события приняты", "событий приняты")
    return Redirect(f"keys/deliveries/{one.id}", f"Разобрано заново: {said}.")


def _useful(one: Kept, accepted: Accepted) -> Counter[str]:
    """What changes something: an entry, or a question that is settled by it."""
    asked = {pos for _, pos in one.questions}
    return Counter(
        each.word
        for each in accepted.outcomes
        if each.word in ("created", "changed") or each.pos in asked
    )


async def _events(visit: Visit, one: Kept) -> list[Event]:
    """Those that were read and those that were left out, by their places."""
    _, became = found(
        await deliveries.what_became(visit.q, visit.school.id, one.request_id)
    )  # fmt: skip
    details = {each["index"]: each["detail"] for each in one.answer.get("quarantined", ())}
    asked = {pos for _, pos in one.questions}
    read = [_event(each, details, asked) for each in became]
    left_out = [
        Event(each["index"] or 0, "", "отклонено", "bad", each["message"])
        for each in one.answer.get("rejected", ())
    ]
    return sorted([*read, *left_out], key=lambda event: event.place)


def _event(each: Mapping[str, Any], details: Mapping[int, str], asked: set[int]) -> Event:
    place, word = each["index"], each["outcome"]
    waits = word != "quarantined" or place in asked
    lines = Counter[str]()
    for line in each["lines"]:
        lines[LINE_RU[LineState(line["state"])]] += line["count"]
    return Event(
        place, KIND_RU[each["kind"]], OUTCOME_RU[word] if waits else "на вопрос ответили",
        _TONES.get(word, "off") if waits else "good",
        details.get(place, "") if waits else "",
        "; ".join(f"{said} ({n})" for said, n in lines.items()),
    )  # fmt: skip


def masked(body: bytes) -> str:
    """The body as JSON in which neither a person nor a text can be read."""
    said = json.dumps(_without(json.loads(body)), ensure_ascii=False, indent=1)
    lines = said.splitlines()
    return "\n".join(lines[:_SHOWN] + (["…"] if len(lines) > _SHOWN else []))


def _without(said: Any, key: str = "", deep: int = 0) -> Any:
    if deep > _DEEP:
        return _HIDDEN
    if isinstance(said, dict):
        return {name: _without(one, name, deep + 1) for name, one in said.items()}
    if isinstance(said, list):
        return [_without(one, key, deep + 1) for one in said]
    return said if key in _PLAIN or said is None else _HIDDEN


SCREENS = (
    Screen(
        path="keys/deliveries/{id}", title="Запрос журнала", right=Right.SETTINGS, show=show,
        act=act,
    ),
)  # fmt: skip
