"""The list as a file, by the filter of the page that it was asked from."""

from __future__ import annotations

import asyncio
from typing import Literal

from sms_diary.admin import downloads
from sms_diary.admin.screen import Answer, Visit
from sms_diary.admin.screens.messages import listing, seen, words
from sms_diary.store.desk import messages
from sms_diary.store.desk.messages import Listed
from sms_diary.web.words import Times, number

MOST = 10_000
"""Rows of one file."""
_AT_ONCE = 500
_LOOKS = 40
"""A rare thing is looked for in so many windows of messages at most."""
_HEAD = ("Когда", "Ученик", "Номер", "Текст", "Частей", "Состояние", "Вид", "№ сообщения")


class Wanted(listing.Filter):
    file: Literal["csv", "xlsx"] = "csv"


async def show(visit: Visit) -> Answer:
    asked = visit.query(Wanted)
    found, cut = await _rows(visit, asked)
    rows = [_HEAD, *(_cells(one, visit.times) for one in found)]
    if cut:
        said = f"Это не всё: в файле первые {number(len(found))}. Сузьте отбор по датам."
        rows.append((said, *("",) * (len(_HEAD) - 1)))
    name = f"сообщения-{visit.school.slug}"
    if asked.file == "csv":
        return downloads.csv(name, rows)
    return await asyncio.to_thread(downloads.xlsx, name, "Сообщения", rows)


async def _rows(visit: Visit, asked: Wanted) -> tuple[list[Listed], bool]:
    """The rows, and whether there are more."""
    found: list[Listed] = []
    before: int | None = asked.before
    wanted, own = listing.wanted(visit, asked), seen.own(visit)
    for _ in range(_LOOKS):
        if before is None or len(found) >= MOST:
            break
        page = await messages.page(
            visit.q, visit.tools, visit.school.id, wanted, own=own, before=before,
            limit=min(_AT_ONCE, MOST - len(found)),
        )  # fmt: skip
        found += page.rows
        before = page.next
    return found, before is not None


def _cells(one: Listed, times: Times) -> tuple[str, ...]:
    return (
        times.iso(one.at), ", ".join(one.pupils), one.number, one.text, str(one.segments),
        words.state(one.state)[0], words.GROUND_RU[one.ground], str(one.id),
    )  # fmt: skip
