"""The card of one message: its text, its way, what allowed it, and the number behind a right."""

from __future__ import annotations

from decimal import Decimal

from sms_diary.admin.screen import Answer, Page, Visit, found
from sms_diary.admin.screens.messages import seen, standing, way, words
from sms_diary.encoding import Alphabet
from sms_diary.explaining import explained
from sms_diary.render.ladder import RUSSIAN, Level, named
from sms_diary.reports import proof_page
from sms_diary.reports import words as said
from sms_diary.reports.names import Names
from sms_diary.store import numbers, proofs, repeating, timeline
from sms_diary.store.desk import message
from sms_diary.store.desk.message import Card

_ALPHABETS = {Alphabet.UCS2: "Кириллица", Alphabet.GSM7: "Латиница"}


async def card_of(visit: Visit) -> Card:
    """The message of the address. Raises Missing, also for another's class."""
    return found(await message.card(
        visit.q, visit.tools, visit.school.id, visit.id, own=seen.own(visit)
    ))  # fmt: skip


async def show(visit: Visit) -> Page:
    return await _page(visit, await card_of(visit))


async def number(visit: Visit) -> Answer:
    """The same with the whole number; the log keeps who asked."""
    card = await card_of(visit)
    visit.note("saw-number", "message", visit.id)
    whole = await numbers.read(visit.q, visit.tools, [card.number_id])
    return await _page(visit, card, whole[card.number_id])


async def _page(visit: Visit, card: Card, whole_number: str = "") -> Page:
    steps = explained(
        await timeline.read(visit.q, visit.school.id, card.view.id),
        visit.desk.explain, visit.desk.explain_receipt,
    )  # fmt: skip
    reasons = [step["reason_ru"] for step in steps if "reason_ru" in step]
    return Page("message.html", {
        "one": card, "whole_number": whole_number,
        "standing": standing.of(visit, card, reasons[-1] if reasons else ""),
        "steps": way.told(steps), "alphabet": _ALPHABETS[Alphabet(card.view.alphabet)],
        "again": await repeating.worth_telling(
            visit.q, visit.school.id, card.view.id, now=visit.now
        ),
        "shortened": _shortened(card.view.level),
        "cost": _cost(visit, card), "allowed": said.GROUND_RU[card.ground], **words.VALUES,
    })  # fmt: skip


def _shortened(level: str) -> str:
    """How far the text was shortened to fit, in Russian; "" where it was not."""
    found = named(level)
    return "" if found in (None, Level.FULL) else RUSSIAN[found]


def _cost(visit: Visit, card: Card) -> int | None:
    """Kopecks for all of its SMS; None where nobody has said the price."""
    price: Decimal | None = visit.desk.prices.get(card.routes[0]) if card.routes else None
    return None if price is None else round(100 * price * card.segments)


async def proof(visit: Visit) -> Page:
    """What allowed it, to be printed: the rows of the ledger and whether they hold."""
    await card_of(visit)
    held = found(await proofs.of_message(visit.q, visit.tools, visit.id, visit.school.id))
    page = proof_page.of_message(held, Names([visit.school]), now=visit.now)
    return Page("proof.html", {"page": page, "message_id": visit.id}, title=page.title)
