"""«Доставка»: how far the school's messages came, what failed and why, and how long it took."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from sms_diary.db import Queries
from sms_diary.model import PartState
from sms_diary.reports import bars
from sms_diary.reports.asked import Asked, short
from sms_diary.reports.kinds import by_class, class_names, kind_ru, together, total
from sms_diary.reports.tables import Cell, Lasting, Report, Share, Table
from sms_diary.store import tallied
from sms_diary.store.tallied import Cell as Sum
from sms_diary.words import PART_RU

_BY_DAY = 62
"""More days than this are summed up by the week."""
_FAILED = ("undelivered", "rejected", "expired", "unknown")
_HEADS = ("создано", "ушло оператору", "принято им", "доставлено", "не доставлено", "доля")
_LESS = (2, 3)
"""How far it came on the way to the phone."""
_NO_CODE = "без кода оператора"
_MEANING_RU = {
    "expired": "часы рассылки кончились или SMS ждало дольше своего срока",
    "unknown": "отчёта о доставке не было три дня",
}


async def report(q: Queries, asked: Asked) -> Report:
    days = (q, asked.school.id, asked.first, asked.last)
    live = await tallied.on_way(q, asked.school.id)
    each_day = await tallied.cells(*days, "day", "state", live=live)
    cells = await tallied.cells(
        *days, "class_id", "topic", "ground", "route", "state", "code", live=live
    )
    cells = [cell for cell in cells if cell.state != "withdrawn"]
    tables = [
        _by_day(asked, each_day),
        _failures(asked, cells),
        _speed(cells),
        _table("По видам", "о чём", together(cells, kind_ru).items()),
        _table("По каналам", "канал", together(cells, lambda cell: cell.route).items()),
    ]
    if not asked.outside:
        names = await class_names(q, asked.school.id)
        tables.insert(3, _table("По классам", "класс", by_class(cells, names)))
    return Report(
        "delivery", "Доставка", asked.about, _facts(each_day), tuple(tables),
        ("Доля доставленных — среди сообщений, о которых уже известно, чем кончилось.",),
    )  # fmt: skip


def _facts(cells: Sequence[Sum]) -> tuple[tuple[str, Cell], ...]:
    by_state = together(cells, lambda cell: cell.state)
    sums = {state: total(own) for state, own in by_state.items()}
    counts = {state: one.messages for state, one in sums.items()}
    failed = sum(counts.get(state, 0) for state in _FAILED)
    delivered = counts.get("delivered", 0)
    took = round(sums["delivered"].took / delivered) if delivered else None
    return (
        ("Сообщений", sum(counts.values()) - counts.get("withdrawn", 0)),
        ("Доставлено", delivered),
        ("Доля доставленных", Share(delivered, delivered + failed)),
        ("Не доставлено", failed),
        ("Ещё в пути", counts.get("open", 0)),
        ("В среднем до телефона", Lasting(took)),
    )


def _counts(cells: Iterable[Sum]) -> tuple[Cell, ...]:
    """Under `_HEADS`."""
    cells = list(cells)
    sums = total(cells)
    delivered = sum(cell.sums.messages for cell in cells if cell.state == "delivered")
    failed = sum(cell.sums.messages for cell in cells if cell.state in _FAILED)
    return (
        sums.messages, sums.handed, sums.accepted, delivered, failed,
        Share(delivered, delivered + failed),
    )  # fmt: skip


def _table(title: str, head: str, rows: Iterable[tuple[str, list[Sum]]]) -> Table:
    found = [(name, *_counts(own)) for name, own in rows]
    return Table(title, (head, *_HEADS), tuple(found), bar=len(_HEADS), less=_LESS)


def _by_day(asked: Asked, cells: Sequence[Sum]) -> Table:
    cells = [cell for cell in cells if cell.state != "withdrawn"]
    weekly = (asked.last - asked.first).days >= _BY_DAY
    found = together(cells, lambda cell: _begins(cell.day, weekly=weekly))
    if not found:
        return Table("По дням", ("день", *_HEADS), ())
    named = [(_name(day, weekly=weekly), found.get(day, [])) for day in _each(asked, weekly=weekly)]
    columns = []
    for name, own in named:
        created, _, _, good, bad, _ = _counts(own)
        assert isinstance(created, int)
        assert isinstance(good, int)
        assert isinstance(bad, int)
        columns.append(bars.Day(name, good, created - good - bad, bad))
    rows = [(name, *_counts(own)) for name, own in named if own]
    return Table(
        "По неделям" if weekly else "По дням", ("неделя с" if weekly else "день", *_HEADS),
        (*rows, ("всего", *_counts(cells))), total=True, bar=len(_HEADS), less=_LESS,
        picture=bars.columns(columns, "Столбик — день: вверх доставлено, вниз не доставлено"),
    )  # fmt: skip


def _begins(day: str, *, weekly: bool) -> str:
    """The day itself, or the Monday of its week; ISO dates."""
    one = date.fromisoformat(day)
    return (one - timedelta(days=one.weekday())).isoformat() if weekly else day


def _each(asked: Asked, *, weekly: bool) -> list[str]:
    count = (asked.last - asked.first).days + 1
    days = ((asked.first + timedelta(days=n)).isoformat() for n in range(count))
    return list(dict.fromkeys(_begins(day, weekly=weekly) for day in days))


def _name(day: str, *, weekly: bool) -> str:
    one = date.fromisoformat(day)
    return short(one) if weekly else f"{short(one)},\N{NO-BREAK SPACE}{_WEEKDAYS[one.weekday()]}"


_WEEKDAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")


def _failures(asked: Asked, cells: Sequence[Sum]) -> Table:
    failed = [cell for cell in cells if cell.state in _FAILED]
    found = together(failed, lambda cell: (cell.state, cell.route, cell.code))
    rows = sorted(((total(own).messages, *key) for key, own in found.items()), reverse=True)
    whole = sum(count for count, *_ in rows)
    return Table(
        "Почему не дошло", ("что случилось", "что это значит", "канал", "код", "сообщений", "доля"),
        tuple(
            (PART_RU[PartState(state)], _meaning(asked, state, route, code), route,
             code or "—", count, Share(count, whole))
            for count, state, route, code in rows
        ),
        empty="За эти дни дошло всё, о чём уже известно.",
    )  # fmt: skip


def _meaning(asked: Asked, state: str, route: str, code: str) -> str:
    """The operator's code in Russian; refusals and receipts have codes of their own."""
    if not code:
        return _MEANING_RU.get(state, _NO_CODE)
    tables = (asked.explain, asked.explain_receipt)
    first, second = tables if state == "rejected" else reversed(tables)
    return first(route, code) or second(route, code) or "такого кода нет в описании канала"


def _speed(cells: Sequence[Sum]) -> Table:
    """From the making of a message to the operator's word that the phone has it."""
    sums = total(cell for cell in cells if cell.state == "delivered")
    rows = (
        ("за минуту", sums.in_minute),
        ("за 1–10 минут", sums.in_ten - sums.in_minute),
        ("дольше 10 минут", sums.messages - sums.in_ten),
    )
    return Table(
        "Как быстро доходит", ("от составления до телефона", "сообщений", "доля"),
        tuple((name, count, Share(count, sums.messages)) for name, count in rows)
        if sums.messages else (),
        bar=2, note="Телефон мог быть выключен: такие сообщения доходят, когда его включат.",
    )  # fmt: skip
