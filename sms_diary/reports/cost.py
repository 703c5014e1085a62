"""«Стоимость»: what the SMS took and cost, what is left of the month, what would have been spared.

Money is counted by the prices that the routes have now: what they were is not kept.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

from babel.dates import format_date

from sms_diary.db import Queries
from sms_diary.reports import savings
from sms_diary.reports.asked import Asked
from sms_diary.reports.kinds import (
    ALPHABET_RU,
    by_class,
    class_names,
    kind_ru,
    together,
    total,
)
from sms_diary.reports.savings import Savings
from sms_diary.reports.tables import Cell, Money, Report, Share, Table
from sms_diary.store import budget, samples, tallied
from sms_diary.store.budget import Month
from sms_diary.store.tallied import Cell as Sum
from sms_diary.store.tallied import Live
from sms_diary.store.tools import Tools

_HEADS = ("сообщений", "SMS", "стоимость", "доля")
_NOTES = (
    (
        "SMS здесь то, что считает оператор: в длинном сообщении их несколько. Считаются "
        "принятые им, дошли они или нет."
    ),
    "Рубли посчитаны по нынешним ценам каналов: прежние цены не хранятся.",
)
_NO_PRICE = (
    "Чтобы видеть рубли, попросите того, кто ведёт сервис, указать цену SMS в настройках канала."
)
_SURE_AFTER = 7
"""Days of a month after which it is its own measure; before, the last weeks are."""
_LAST_WEEKS = timedelta(days=28)


async def report(q: Queries, tools: Tools, asked: Asked) -> Report:
    days = (q, asked.school.id, asked.first, asked.last)
    live = await tallied.on_way(q, asked.school.id)
    cells = await tallied.cells(
        *days, "class_id", "topic", "ground", "route", "alphabet", live=live
    )
    month = await budget.month(q, asked.school, now=asked.now)
    forecast = await foreseen(q, asked, month)
    tables = [
        _by_route(asked, cells),
        _table(asked, "По видам", "о чём", together(cells, kind_ru).items()),
        _table(asked, "По буквам", "чем написано", together(cells, _letters).items()),
        await _by_month(q, asked, live),
    ]
    if not asked.outside:
        names = await class_names(q, asked.school.id)
        tables.insert(1, _table(asked, "По классам", "класс", by_class(cells, names)))
        since, until = asked.moments
        found = await samples.last(
            q, tools, asked.school.id, since=since, until=until, most=savings.MOST
        )
        tables.append(_spared(asked, cells, savings.measured(asked.school, found)))
    facts = _facts(asked, cells, month, forecast)
    if month.budget:
        facts += (("Новостей ждёт бюджета", await budget.held(q, asked.school.id)),)
    notes = _NOTES if asked.kopecks(cells) is not None else (*_NOTES, _NO_PRICE)
    return Report("cost", "Стоимость", asked.about, facts, tuple(tables), notes)


async def foreseen(q: Queries, asked: Asked, month: Month) -> int:
    """SMS of the whole month, if it goes on so; early in a month, as the last weeks went."""
    days = monthrange(month.day.year, month.day.month)[1]
    passed = month.day.day
    if passed > _SURE_AFTER:
        return month.spent * days // passed
    last = month.day - timedelta(days=1)
    cells = await tallied.cells(
        q, asked.school.id, last - _LAST_WEEKS + timedelta(days=1), last, "state"
    )
    return month.spent + total(cells).billed * (days - passed) // _LAST_WEEKS.days


def _facts(
    asked: Asked, cells: list[Sum], month: Month, forecast: int
) -> tuple[tuple[str, Cell], ...]:
    sums = total(cells)
    facts: list[tuple[str, Cell]] = [
        ("SMS за эти дни", sums.billed),
        ("Стоимость", Money(asked.kopecks(cells))),
        ("SMS в этом месяце", month.spent),
        ("Будет к концу месяца", forecast),
    ]
    if month.budget:
        facts += [
            ("Бюджет месяца, SMS", month.budget),
            ("Израсходовано", Share(month.spent, month.budget)),
        ]
    return tuple(facts)


def _rows(
    asked: Asked, named: Iterable[tuple[str, list[Sum]]]
) -> tuple[tuple[str, list[Cell]], ...]:
    found = list(named)
    whole = sum(total(own).billed for _, own in found)
    rows: list[tuple[str, list[Cell]]] = []
    for name, own in found:
        sums = total(own)
        rows.append(
            (name, [sums.messages, sums.billed, Money(asked.kopecks(own)),
                    Share(sums.billed, whole)])
        )  # fmt: skip
    return tuple(rows)


def _table(asked: Asked, title: str, head: str, named: Iterable[tuple[str, list[Sum]]]) -> Table:
    rows = tuple((name, *cells) for name, cells in _rows(asked, named))
    return Table(title, (head, *_HEADS), rows, bar=len(_HEADS), less=(1,))


async def _by_month(q: Queries, asked: Asked, live: Live) -> Table:
    """The year up to the last of the days, whichever is the first of them."""
    first = date(asked.last.year - 1, asked.last.month, 1) + timedelta(days=31)
    cells = await tallied.cells(
        q, asked.school.id, first.replace(day=1), asked.last, "day", "route", live=live
    )
    months = together(sorted(cells, key=lambda cell: cell.day), lambda cell: cell.day[:7])
    named = [
        (format_date(date.fromisoformat(f"{month}-01"), "LLLL y", locale="ru"), own)
        for month, own in months.items()
    ]
    table = _table(asked, "По месяцам", "месяц", named)
    return replace(table, note="За последний год, какие бы дни ни были выбраны.")


def _by_route(asked: Asked, cells: list[Sum]) -> Table:
    rows = tuple(
        (name, _price(asked, name), *row)
        for name, row in _rows(asked, together(cells, lambda cell: cell.route).items())
    )
    return Table("По каналам", ("канал", "цена SMS", *_HEADS), rows, bar=len(_HEADS) + 1)


def _price(asked: Asked, route: str) -> Money:
    price = asked.prices.get(route)
    return Money(None if price is None else round(100 * price))


def _letters(cell: Sum) -> str:
    return ALPHABET_RU[cell.alphabet]


def _spared(asked: Asked, cells: list[Sum], found: Savings) -> Table:
    """By the share that the measured texts would have spared; nothing where it would be nothing."""
    news = [cell for cell in cells if cell.ground == "consent"]
    billed, cost = total(news).billed, asked.kopecks(news)
    ways = (
        ("писать латиницей", found.took - found.latin),
        ("собирать новости родителя за день в одно сообщение", found.took - found.digest),
    )
    rows: list[tuple[Cell, ...]] = []
    for name, saved in ways:
        spared = max(0, found.of(saved, billed))
        kopecks = None if cost is None else cost * spared // billed if billed else 0
        rows.append((name, spared, Money(kopecks), Share(spared, billed)))
    return Table(
        "Что сберегло бы", ("если", "SMS меньше", "дешевле на", "доля"),
        tuple(rows) if found.texts else (), bar=3,
        note=f"Измерено на последних сообщениях, тексты которых ещё хранятся: {found.texts}.",
        empty="Текстов за эти дни уже нет: мерить не на чём.",
    )  # fmt: skip
