"""Карточка родителя: children with their consents, how each came to be, the last SMS, the number.

What changes a subscription, the number or all that is held stands in modules of their own.
"""

from __future__ import annotations

from typing import Literal

from sms_diary.admin.forms import Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Page, Redirect, Refused, Visit
from sms_diary.admin.screens.messages.words import STATE_RU
from sms_diary.admin.screens.people import finding, words
from sms_diary.admin.screens.people.finding import Family
from sms_diary.model import ConsentState, MessageState, NumberState
from sms_diary.reports import evidence
from sms_diary.reports.paper.sheet import telephone
from sms_diary.reports.words import ACTION_RU, KEPT_RU, TOPIC_RU, actor_ru
from sms_diary.store import history, numbers, roll, subscriptions
from sms_diary.store.desk import cards, consents
from sms_diary.store.entries import Entry, Kept
from sms_diary.values import value

_MESSAGES = 20
_MAY_LIVE = (NumberState.SUSPENDED, NumberState.BLOCKED)
"""States that a person of the school may end."""
_LETTERS = {"": None, "latin": 1, "cyrillic": 0}
LETTERS_RU = (("", "как у школы"), ("cyrillic", "русскими буквами"), ("latin", "латиницей"))


@value
class Happened:
    """One row of the ledger: what was done, when, by whom, about what, and what shows it."""

    at: int
    action: str
    actor: str
    about: str
    kept: str
    """"" where the evidence is there as it should be."""
    evidence: tuple[tuple[str, str], ...]


class Wanted(Form):
    do: Literal["number", "letters"]
    letters: Literal["", "latin", "cyrillic"] = ""


async def show(visit: Visit) -> Page:
    return await _page(visit, await finding.family(visit.q, visit))


async def act(visit: Visit) -> Answer:
    """Show the whole number, which is noted, or choose the alphabet."""
    wanted = visit.form(Wanted).read
    if wanted is None:
        raise Refused("Форма не понята. Откройте карточку заново и повторите.")
    family = await finding.family(visit.q, visit)
    if wanted.do == "number":
        if not visit.may(Right.NUMBERS):
            raise Refused("Номер целиком показывают оператору и администратору школы.")
        known = await numbers.read(visit.q, visit.tools, [family.guardian.number_id])
        visit.note("saw-number", "guardian", visit.id)
        return await _page(visit, family, number=telephone(known[family.guardian.number_id]))
    chosen = _LETTERS[wanted.letters]
    await roll.change_guardian(visit.q, visit.school.id, visit.id, {"latin": chosen})
    visit.note("changed", "guardian", visit.id, "буквы SMS")
    return Redirect(f"people/guardians/{visit.id}", "Буквы SMS изменены.")


async def _page(visit: Visit, family: Family, *, number: str = "") -> Page:
    one, q = family.guardian, visit.q
    whole = visit.classes is None
    taken = await cards.number_state(q, one.number_id)
    asked = await consents.questions(q, [one.id])
    plain = visit.school.calendar.plain
    opens = plain.next_open(visit.now)
    waits = any(s.state == ConsentState.UNKNOWN for s in family.subscriptions)
    return Page("people/guardian.html", {
        "guardian": one, "number": number, "subscriptions": family.subscriptions,
        "closed": words.NUMBER_RU.get(taken, ""), "may_live": taken in _MAY_LIVE,
        "question": asked.get(one.id),
        "may_ask": waits and one.id not in asked and taken not in words.NUMBER_RU,
        "usual": words.usual(visit.school.rhythms), "hours": words.hours(plain),
        "opens": opens if opens > visit.now else None,
        "history": await _history(visit, family),
        "messages": [
            (sent, _state_ru(sent.state))
            for sent in await cards.last_messages(
                q, visit.tools, visit.school.id, one.id, limit=_MESSAGES
            )
        ] if whole else None,
        "letters": LETTERS_RU, "chosen": _chosen(one.latin), **words.VALUES,
    }, title=one.full_name or one.number)  # fmt: skip


def _chosen(latin: bool | None) -> str:
    return "" if latin is None else "latin" if latin else "cyrillic"


def _state_ru(state: MessageState) -> tuple[str, str]:
    """What became of a message, and the tone of its lamp."""
    return ("в пути", "wait") if state is MessageState.OPEN else STATE_RU[state]


async def _history(visit: Visit, family: Family) -> list[Happened]:
    """All that the ledger has on these subscriptions, newest first."""
    rows: dict[int, Entry] = {}
    for one in family.subscriptions:
        found = await subscriptions.one(visit.q, visit.tools, visit.school.id, one.id)
        if found is not None:
            for entry in await history.of_subscription(
                visit.q, visit.tools, visit.school.id, found
            ):
                rows[entry.link.id] = entry
    ordered = sorted(rows.values(), key=lambda entry: entry.link.seq, reverse=True)
    return [_happened(entry, visit) for entry in ordered]


def _happened(entry: Entry, visit: Visit) -> Happened:
    link, about = entry.link, entry.about
    proof = evidence.masked(entry.evidence())
    return Happened(
        link.at,
        ACTION_RU.get(link.action, link.action),
        actor_ru(link.actor),
        f"{about.pupil or 'имя стёрто'}, {TOPIC_RU.get(about.topic, about.topic)}"
        if about
        else "номер целиком",
        "" if entry.kept is Kept.KEPT else KEPT_RU[entry.kept],
        tuple(evidence.rows(proof, visit.times.when)),
    )
