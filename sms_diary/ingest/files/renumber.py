"""Whose number a list changes: the same pupil and guardian's name, and another number.

A list cannot tell a new number from a second phone. So a person is asked, unless who loads the
list says that its numbers replace the old ones; then `moving.change_number` does it.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from sms_diary.db import Queries
from sms_diary.ingest.files.contacts import ContactRow
from sms_diary.ingest.matching import name_key
from sms_diary.store import people
from sms_diary.store.people import Contact
from sms_diary.store.tools import Tools
from sms_diary.values import value

NUMBER_CHANGED = "number-changed"
"""Why a row is held: the guardian may have this number instead of another one."""
HAS_ANOTHER = "номер сменился? У родителя записан другой номер, в списке его нет"
NO_LONGER_LISTED = (
    "номер сменился? У этого родителя записан {}, и SMS идут и туда. Если он сменился, загрузите "
    "список с --numbers-changed или смените номер родителя; если это второй телефон, ничего "
    "делать не нужно"
)
MOVED = "номер сменён: на {} больше не пишем"
CLOSED = "номер родителя сменён, но на новый писать нельзя: с него отказались от SMS"


@value
class Former:
    """A number that a row's guardian had, and that the list does not name any more."""

    row: int
    contact: Contact
    number: str
    """The one that the row names, E.164."""


async def formers(
    q: Queries, tools: Tools, school_id: int, rows: Iterable[tuple[ContactRow, int]],
    asked: Set[tuple[int, ...]],
) -> list[Former]:  # fmt: skip
    """What the rows (each with its pupil) seem to replace.

    Only by a number that is new for the pupil, or about which a question (candidates of which
    `asked` has the open ones) still waits: who has two phones is asked about them once.
    """
    rows = list(rows)
    given = [(row, pupil_id) for row, pupil_id in rows if row.guardian and len(row.numbers) == 1]
    known = await people.contacts(q, school_id, {pupil_id for _, pupil_id in given})
    listed = {
        (pupil_id, tools.vault.index(number)) for row, pupil_id in rows for number in row.numbers
    }
    found = []
    for row, pupil_id in given:
        own = known.get(pupil_id, [])
        index = tools.vault.index(row.numbers[0])
        new = next((one.subscription_id for one in own if one.number_idx == index), None)
        for one in own:
            if name_key(one.guardian) != name_key(row.guardian):
                continue
            if (pupil_id, one.number_idx) in listed:
                continue
            if new is None or (one.subscription_id, new) in asked:
                found.append(Former(row.row, one, row.numbers[0]))
    return found
