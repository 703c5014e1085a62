"""A school's data as rows of the tables that it can import again: contacts with consents, marks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from zoneinfo import ZoneInfo

from sms_diary.clock import local
from sms_diary.db import Queries, Row
from sms_diary.store import year_book
from sms_diary.store.tools import Tools

CONTACTS = ("Класс", "Ученик (ФИО)", "Дата рождения", "ФИО родителя", "Степень родства",
            "Телефон", "Согласие на SMS", "Дата согласия", "Источник согласия")  # fmt: skip
MARKS = ("Дата", "Класс", "Ученик", "Предмет", "№ урока", "Вид работы", "Отметка",
         "Комментарий")  # fmt: skip
_SAID = {"active": "да", "refused": "нет"}
"""What a list says of a consent; a СТОП is no answer on paper and stays what it is."""


async def contacts(
    q: Queries, tools: Tools, school_id: int, zone: ZoneInfo, *, year: int, day: str
) -> AsyncIterator[Sequence[str]]:
    """Rows of `CONTACTS`: a row a guardian, one for a pupil without any."""
    for of_class, pupils in await year_book.classes(q, school_id, year, day):
        follows = await followers(q, school_id, (one.id for one in pupils))
        for pupil in pupils:
            about = (of_class.name, pupil.full_name, pupil.birth_date)
            for row in follows.get(pupil.id, ()):
                yield (*about, *_guardian(row, tools, zone))
            if pupil.id not in follows:
                yield (*about, *[""] * 6)


async def followers(q: Queries, school_id: int, pupil_ids: Iterable[int]) -> dict[int, list[Row]]:
    """Each pupil's subscriptions with an open number: guardian, sealed number, consent, proof."""
    rows = await q.over(
        """with rows(id bigint)
           select s.pupil_id, s.guardian_id, s.relation, g.full_name, g.number_id, n.sealed,
                  c.state, c.since, c.ledger_id, e.sealed as raw
           from rows join subscription s on s.pupil_id = rows.id
           join guardian g on g.id = s.guardian_id join number n on n.id = g.number_id
           left join consent c on c.subscription_id = s.id and c.topic = '*'
           left join evidence e on e.ledger_id = c.ledger_id
           where s.school_id = :school_id and n.state = 'open' and n.erased_at is null
             and coalesce(c.state, '') <> 'wrong-number'
           order by s.id""",
        sorted((pupil_id,) for pupil_id in set(pupil_ids)),
        school_id=school_id,
    )
    found: dict[int, list[Row]] = {}
    for row in rows:
        found.setdefault(row["pupil_id"], []).append(row)
    return found


def _guardian(row: Row, tools: Tools, zone: ZoneInfo) -> tuple[str, ...]:
    number = tools.vault.text(row["sealed"], "number.sealed", row["number_id"])
    said = _SAID.get(row["state"] or "", "")
    proof = {}
    if said and row["raw"]:
        proof = json.loads(tools.vault.open(row["raw"], "evidence.sealed", row["ledger_id"]))
    day = proof.get("date") or (f"{local(row['since'], zone):%Y-%m-%d}" if said == "да" else "")
    source = proof.get("source", "") if said else ""
    return (row["full_name"] or "", row["relation"], number, said, day, str(source))


async def marks(
    q: Queries, tools: Tools, school_id: int, *, year: int, day: str
) -> AsyncIterator[Sequence[str]]:
    """Rows of `MARKS` of a school year up to a day: the marks of one lesson and work in a cell.

    Left out: what such a table cannot say, an absence for a whole day, marks that the class
    journal counts lesson by lesson without naming the lesson, and what is about namesakes.
    """
    for of_class, pupils in await year_book.classes(q, school_id, year, day):
        names = {one.id: one.full_name for one in year_book.certain(pupils)}
        rows = await q.over(
            """with rows(id bigint)
               select entry.* from rows join entry on entry.who = rows.id
               where entry.school_id = :school_id and entry.kind in ('mark', 'absence')
                 and entry.value <> '' and entry.subject_key <> '' and entry.day >= :first
                 and entry.day <= :day
               order by entry.day, entry.who, entry.subject_key, entry.kind, entry.lesson,
                        entry.work_key, entry.ordinal""",
            sorted((one,) for one in names),
            school_id=school_id,
            first=f"{year}-09-01",
            day=day,
        )
        for cell in _cells(rows):
            first = cell[0]
            body = first["body"]
            yield (
                first["day"], of_class.name, names[first["who"]], first["subject"],
                str(first["lesson"]) if first["lesson"] >= 0 else "", first["work"],
                " ".join(row["value"] for row in cell),
                tools.vault.text(body, "entry.body", first["id"]) if body else "",
            )  # fmt: skip


def _cells(rows: Sequence[Row]) -> list[list[Row]]:
    """Entries that stand in one cell, those whose ordinals count from 1 without a gap."""
    cells: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        key = (row["day"], row["who"], row["subject_key"], row["kind"], row["lesson"],
               row["work_key"])  # fmt: skip
        cells.setdefault(key, []).append(row)
    whole = [
        [row for at, row in enumerate(cell, 1) if row["ordinal"] == at] for cell in cells.values()
    ]
    return [cell for cell in whole if cell]
