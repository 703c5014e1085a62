"""«Школы рядом»: how each school's SMS fare, side by side. Sums only; small groups are not told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from sms_diary.db import Queries
from sms_diary.reports.asked import Asked, days
from sms_diary.reports.kinds import total
from sms_diary.reports.tables import Cell, Few, Money, Report, Share, Table
from sms_diary.store import reach, tallied
from sms_diary.store.schools import School

_HEADS = ("школа", "родителей", "подписаны", "сообщений", "доставлено", "не доставлено", "доля",
          "SMS", "стоимость")  # fmt: skip
_NOTES = (
    (
        "Родители округлены до пятёрок, меньше пяти не показаны. Сообщения, которые ещё в пути, "
        "сюда не входят."
    ),
)
_FAILED = frozenset({"undelivered", "rejected", "expired", "unknown"})


async def report(
    q: Queries, schools: Sequence[School], first: date, last: date, *, now: int,
    prices: Mapping[str, Decimal],
) -> Report:  # fmt: skip
    """Without what is still on its way."""
    families = await reach.by_school(q)
    rows = [
        (one.name, *await _row(q, Asked(one, first, last, now, True, prices=prices), families))
        for one in schools
    ]
    return Report(
        "schools", "Школы рядом", days(first, last), (),
        (Table("Школы", _HEADS, tuple(rows), empty="Школ ещё нет."),),
        _NOTES,
    )  # fmt: skip


async def _row(
    q: Queries, asked: Asked, families: Mapping[int, tuple[int, int]]
) -> tuple[Cell, ...]:
    found = await tallied.cells(
        q, asked.school.id, asked.first, asked.last, "state", "route", live=False,
        of=("messages", "billed"),
    )  # fmt: skip
    cells = [cell for cell in found if cell.state != "withdrawn"]
    sums, (known, subscribed) = total(cells), families.get(asked.school.id, (0, 0))
    delivered = total(cell for cell in cells if cell.state == "delivered")
    failed = sum(cell.sums.messages for cell in cells if cell.state in _FAILED)
    return (
        Few(known), Few(subscribed), sums.messages, delivered.messages, failed,
        Share(delivered.messages, delivered.messages + failed), sums.billed,
        Money(asked.kopecks(cells)),
    )  # fmt: skip
