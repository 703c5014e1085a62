"""What the page of phones says: Russian words, numbers and times made from phones' values.

What lives here: plain values for the template, no HTML. What does not: HTTP (`page.py`) and the
phones themselves (`phones.py`).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from sms_diary.simulator.ledger import DELIVERED, DONE, REPORTED
from sms_diary.simulator.phones import Bubble, Phone

_MONTHS = (
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
)
_NATIONAL = 11  # digits of a Russian number
_TEENS = range(11, 15)
_FEW = range(2, 5)
_FINAL = {  # by the word of the receipt, SMPP 3.4 appendix B
    DELIVERED: "доставлено",
    "EXPIRED": "истёк срок",
    "DELETED": "удалено",
    "UNDELIV": "не доставлено",
    "ACCEPTD": "принято оператором",
    "UNKNOWN": "состояние неизвестно",
    "REJECTD": "отклонено",
}


@dataclass(frozen=True)
class BubbleView:
    """One bubble: `tone` is mine, good, wait or bad; `day` stands above the first of a day."""

    mine: bool
    other: str
    text: str
    time: str
    iso: str
    day: str
    size: str
    state: str
    tone: str


@dataclass(frozen=True)
class PhoneView:
    """One phone's screen."""

    number: str
    shown: str
    answers_to: str
    bubbles: list[BubbleView]


def show_number(number: str) -> str:
    """Return +7 900 000-10-02 for a Russian number; names and short codes as they are."""
    digits = number.removeprefix("+")
    if len(digits) == _NATIONAL and digits.isdecimal() and digits[0] == "7":
        return f"+7 {digits[1:4]} {digits[4:7]}-{digits[7:9]}-{digits[9:]}"
    return number


def read_number(typed: str) -> str:
    """Return the digits of a number as a person types it; 8 at the front of eleven is 7."""
    digits = re.sub(r"[\s()+–-]", "", typed)
    if len(digits) == _NATIONAL and digits[0] == "8":
        return "7" + digits[1:]
    return digits


def plural(count: int, one: str, few: str, many: str) -> str:
    """Return the count with the Russian form of its word."""
    if count % 100 in _TEENS:
        return f"{count} {many}"
    if count % 10 == 1:
        return f"{count} {one}"
    return f"{count} {few if count % 10 in _FEW else many}"


def phone_view(phone: Phone, *, last: int, reply_to: str, zone: tzinfo) -> PhoneView:
    """Return the screen of a phone with its `last` bubbles."""
    bubbles = []
    day = ""
    for bubble in phone.bubbles(last):
        moment = datetime.fromtimestamp(bubble.at / 1000, UTC).astimezone(zone)
        today = f"{moment.day} {_MONTHS[moment.month - 1]}"
        bubbles.append(_bubble_view(bubble, moment, today if today != day else ""))
        day = today
    answers_to = show_number(phone.reply_to(reply_to))
    return PhoneView(phone.number, show_number(phone.number), answers_to, bubbles)


def _bubble_view(bubble: Bubble, moment: datetime, day: str) -> BubbleView:
    state, tone = _state(bubble)
    size = "" if bubble.total == 1 else plural(bubble.total, "часть", "части", "частей")
    return BubbleView(
        mine=bubble.mine,
        other=show_number(bubble.other),
        text=bubble.text,
        time=f"{moment:%H:%M}",
        iso=moment.isoformat(timespec="seconds"),
        day=day,
        size=" · ".join(part for part in (size, bubble.alphabet) if part),
        state=state,
        tone=tone,
    )


def _state(bubble: Bubble) -> tuple[str, str]:
    if bubble.inbound is not None:
        return ("ждёт шлюза", "wait") if bubble.inbound.waiting else ("шлюз получил", "good")
    if not bubble.complete:
        numbers = sorted(bubble.parts)
        word = "часть" if len(numbers) == 1 else "части"
        return f"{word} {', '.join(map(str, numbers))} из {bubble.total}", "bad"
    if bubble.state < DONE:
        return "принято", "wait"
    final = _FINAL[bubble.outcome]
    tone = "good" if bubble.outcome == DELIVERED else "bad"
    return (f"{final}, шлюз знает" if bubble.state == REPORTED else final), tone
