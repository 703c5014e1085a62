"""«Статистика посещений пользователей»: how often parents, pupils and teachers come in.

Names are dropped here: no record, issue or text repeats one. The last row of a table carries what
all of its rows come to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sms_diary.ingest.kinds import about
from sms_diary.ingest.kinds.facts import VisitsFact
from sms_diary.ingest.kinds.listed import cell_of, data_rows, layout_of
from sms_diary.ingest.kinds.result import Context, Issue, RowResult, Verdict, cell_issue
from sms_diary.ingest.reading.book import Row, Table, text_of
from sms_diary.ingest.reading.headings import Field
from sms_diary.ingest.reading.layout import Layout
from sms_diary.ingest.values import clean_line

FIELDS = (
    Field("last", "Последнее посещение", ("последн", "дата")),
    Field("users", "Пользователей", ("пользователей", "всего польз", "человек")),
    Field("visits", "Посещений", ("посещен", "вход", "визит", "сеанс", "количеств")),
    Field("role", "Роль", ("роль", "роли", "тип", "категори", "групп")),
    Field("user", "Пользователь", ("пользоват", "=фио", "фамили", "логин", "=имя")),
)
NEEDED = ("visits",)
WANTED = "столбцы «Пользователь» или «Роль» и «Количество посещений»"
NO_ROLE = "не указана"
_SURE, _LIKELY = 0.9, 0.7


def recognise(tables: Sequence[Table], _context: Context) -> float:
    """How surely all of these are such statistics."""
    pages = [table for table, _ in about.pages(tables)]
    layouts = [_layout(table) for table in pages]
    if not layouts or None in layouts:
        return 0.0
    titles = (line for table in tables for line in about.lines(table, table.rows[-1].number))
    return _SURE if any("посещен" in line.lower() for line in titles) else _LIKELY


def _layout(table: Table) -> Layout | None:
    layout = layout_of(table, FIELDS, NEEDED)
    return layout if layout and (layout.has("role") or layout.has("user")) else None


def read(tables: Sequence[Table], _context: Context) -> Iterator[RowResult]:
    """Each row, a user's or a role's."""
    for table, before in about.pages(tables):
        layout = _layout(table)
        if layout is not None:
            period = (before | about.said(table, layout.first)).get("период", "")
            yield from _read(table, layout, before.get("роль", NO_ROLE), period)


def _read(table: Table, layout: Layout, role: str, period: str) -> Iterator[RowResult]:
    rows = list(data_rows(table, layout))
    counted = [(row, _count(row, layout)) for row in rows]
    good = [row for row, count in counted if not isinstance(count, Issue)]
    totals: dict[str, VisitsFact] = {}
    for row, count in counted:
        if isinstance(count, Issue):
            yield RowResult(table.sheet, row.number, Verdict.REFUSED, (), (count,))
            continue
        name = layout.text(row, "role") or role
        totals[name] = _added(totals.get(name) or VisitsFact(name, 0, 0, 0, period), count)
        last = row is good[-1]
        records = tuple(totals.values()) if last else ()
        yield RowResult(
            table.sheet, row.number, Verdict.READ, records, into=0 if last else good[-1].number
        )


def _count(row: Row, layout: Layout) -> tuple[int, int | None, int] | Issue:
    """Users, active ones and visits of a row; a role's row does not say how many are active."""
    at, cell = cell_of(row, layout, "visits")
    visits = _whole(text_of(cell)) if cell != "" else 0
    if visits is None:
        return cell_issue(at, cell, "количество посещений не прочитано", expected="целое число",
                          mend="исправьте число")  # fmt: skip
    if layout.has("users"):
        return _whole(layout.text(row, "users")) or 0, None, visits
    return 1, int(visits > 0), visits


def _whole(text: str) -> int | None:
    plain = clean_line(text).replace(" ", "")
    return int(plain) if plain.isascii() and plain.isdigit() else None


def _added(known: VisitsFact, count: tuple[int, int | None, int]) -> VisitsFact:
    users, active, visits = count
    both = None if known.active is None or active is None else known.active + active
    return replace(known, users=known.users + users, active=both, visits=known.visits + visits)
