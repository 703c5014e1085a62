"""«Охват»: how many families agreed, are reached, cannot be reached or have stopped, by class.

Whoever looks from outside the school gets no group of fewer than five people: counts below that
are not told, all others rounded to fives, so that no difference tells them either.
"""

from __future__ import annotations

from sms_diary.clock import local
from sms_diary.db import Queries
from sms_diary.ingest.days import school_year
from sms_diary.reports.asked import Asked
from sms_diary.reports.tables import Cell, Report, Share, Table, guarded
from sms_diary.store import reach
from sms_diary.store.desk.consents import in_order
from sms_diary.store.reach import Class, Group

_SHARE = "доля"
_HEADS = ("класс", "родителей", "подписаны", _SHARE, "из них получили SMS", "не доходит",
          "отключили", "не соглашались")  # fmt: skip
_NOTES = (
    (
        "«Не доходит»: оператор не пропускает рассылки, номер чужой или давно молчит. Что делать с "
        "каждым, написано на странице «Проблемные номера» школы."
    ),
    (
        "Посещения журнала и страницы родителя сюда не входят: это другие числа, и складывать их "
        "нельзя."
    ),
)
_FEW = (
    "Числа округлены до пятёрок, а группы меньше пяти человек не показаны: по ним можно узнать "
    "человека."
)


async def report(q: Queries, asked: Asked) -> Report:
    today = local(asked.now, asked.school.zone).date()
    since, until = asked.moments
    found = await reach.read(
        q, asked.school.id, school_year(today).first.year, day=today.isoformat(), since=since,
        until=until,
    )  # fmt: skip
    classes = sorted(found.classes, key=lambda one: in_order(one.name))
    rows = [(one.name, *_row(one)) for one in classes]
    rows.append(("вся школа", *_row(found.whole)))
    facts = _facts(found.whole)
    heads: tuple[str, ...] = _HEADS
    if asked.outside:
        heads = tuple(head for head in _HEADS if head != _SHARE)
        rows = [(name, *guarded(cells)) for name, *cells in rows]
        facts = tuple((name, one) for name, cell in facts for one in guarded([cell]))
    table = Table(
        "По классам", heads, tuple(rows) if classes else (), total=True,
        bar=None if asked.outside else _HEADS.index(_SHARE),
        note="Родитель двух детей считается в каждом из их классов, а в строке школы один раз.",
        empty="В этом учебном году классов ещё нет: загрузите список.",
    )  # fmt: skip
    return Report(
        "reach", "Охват", asked.about, facts, (table,), (*_NOTES, _FEW) if asked.outside else _NOTES
    )


def _row(one: Class) -> tuple[Cell, ...]:
    subscribed = one.families.get(Group.SUBSCRIBED, 0)
    return (
        one.all, subscribed, Share(subscribed, one.all), one.reached,
        one.families.get(Group.UNDELIVERABLE, 0), one.families.get(Group.STOPPED, 0),
        one.families.get(Group.SILENT, 0),
    )  # fmt: skip


def _facts(whole: Class) -> tuple[tuple[str, Cell], ...]:
    subscribed = whole.families.get(Group.SUBSCRIBED, 0)
    return (
        ("Родителей в списках", whole.all),
        ("Подписаны", subscribed),
        ("Доля подписанных", Share(subscribed, whole.all)),
        ("Получили SMS за эти дни", whole.reached),
        ("Не доходит", whole.families.get(Group.UNDELIVERABLE, 0)),
        ("Отключили", whole.families.get(Group.STOPPED, 0)),
    )
