"""Reading what the tally holds, together with what is still on its way and is in no tally yet.

Sums only: nothing here is about a person. How the tally comes to be is `tally.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sms_diary.db import Queries
from sms_diary.store.tally import DIMENSIONS, MEASURES, Key, Sums, alike, by_day
from sms_diary.values import value


@value
class Cell:
    """Sums of messages alike in what was asked; of the rest nothing is said."""

    sums: Sums
    day: str = ""
    class_id: int = 0
    topic: str = ""
    ground: str = ""
    route: str = ""
    alphabet: str = ""
    state: str = ""
    """«open» for what is on its way."""
    code: str = ""


QUEUED = "(p.state = 'queued' or p.state = 'retry' or p.state = 'sending' or p.state = 'doubt')"
_SENT = "(p.state = 'sent' or p.state = 'doubt')"


def uncounted(q: Queries) -> str:
    """Ids of a school's messages that are in no tally: on their way, or ended just now.

    By the indexes of what is on its way, of whatever school: nothing else is read.
    """
    return f"""select p.message_id as id from part p
               {q.only(sqlite="indexed by part_open_of_number")}
               where {QUEUED} and p.school_id = :school_id
        union select p.message_id from part p {q.only(sqlite="indexed by part_without_receipt")}
               where {_SENT} and p.school_id = :school_id
        union select m.id from message m {q.only(sqlite="indexed by message_to_count")}
               where m.state <> 'open' and m.counted <> m.state and m.counted = ''
                 and m.school_id = :school_id"""


Live = Mapping[Key, Sums]


async def on_way(q: Queries, school_id: int) -> Live:
    """What is in no tally yet, as it would be; «open» is a state like the others."""
    rows = await q.all(alike(f"({uncounted(q)}) rows"), school_id=school_id)
    return await by_day(q, [row for row in rows if not row["counted"]])


async def cells(
    q: Queries, school_id: int, first: date, last: date, *by: str, live: Live | bool = True,
    of: Sequence[str] = MEASURES,
) -> list[Cell]:  # fmt: skip
    """The school's messages made from `first` to `last`, both of them too, by these dimensions.

    `live`: with those that are in no tally yet, or what `on_way` found of them, for whoever asks
    several times. `of`: only these are summed up, «messages» among them, for whoever asks of many
    schools and leaves out what is on its way.
    """
    days = {"first": first.isoformat(), "last": last.isoformat()}
    names = ", ".join(by) or "school_id"
    sums = ", ".join(f"sum({name}) as {name}" for name in of)
    rows = await q.all(
        f"""select {names}, {sums} from tally
            where school_id = :school_id and day >= :first and day <= :last group by {names}""",
        school_id=school_id, **days,
    )  # fmt: skip
    found: dict[tuple[str | int, ...], Sums] = {
        tuple(row[name] for name in by): Sums(**{name: int(row[name]) for name in of})
        for row in rows
    }
    if isinstance(live, bool):
        live = await on_way(q, school_id) if live else {}
    for key, one in live.items():
        own: dict[str, str | int] = dict(zip(DIMENSIONS, key, strict=True))
        if days["first"] <= key[1] <= days["last"]:
            place = tuple(own[name] for name in by)
            found[place] = found.get(place, Sums()) + one
    return [_cell(by, place, one) for place, one in found.items() if one.messages]


def _cell(by: Sequence[str], place: Sequence[str | int], sums: Sums) -> Cell:
    return Cell(sums, **dict(zip(by, place, strict=True)))  # type: ignore[arg-type]
