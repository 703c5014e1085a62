"""Which kind each sheet and file is, and one Russian sentence for what is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import groupby

from sms_diary.ingest.kinds import (
    about,
    announcements,
    contacts,
    journal,
    journal_access,
    marks,
    oneroster,
    student_grades,
    student_total,
    term_marks,
    timetable,
    visits,
)
from sms_diary.ingest.kinds.bells import is_bells
from sms_diary.ingest.kinds.oneroster_files import file_of
from sms_diary.ingest.kinds.result import Context, RowResult
from sms_diary.ingest.reading.book import Book, Table, letter
from sms_diary.values import value


class FileKind(StrEnum):
    """What a school's table is; the value is what people read."""

    CONTACTS = "список класса с телефонами"
    MARKS = "отметки по строкам"
    JOURNAL = "классный журнал"
    TIMETABLE = "расписание"
    STUDENT_TOTAL = "отчёт об успеваемости и посещаемости"
    STUDENT_GRADES = "успеваемость ученика по предмету"
    TERM_MARKS = "итоговые отметки"
    JOURNAL_ACCESS = "доступ к классному журналу"
    VISITS = "статистика посещений"
    ANNOUNCEMENTS = "объявления"
    ONEROSTER = "OneRoster"


Recogniser = Callable[[Sequence[Table], Context], float]
Reader = Callable[[Sequence[Table], Context], Iterator[RowResult]]

_TOP = 80
_SURE = 0.95
_KINDS: dict[FileKind, tuple[Recogniser, Reader, str]] = {
    FileKind.JOURNAL: (journal.recognise, journal.read, journal.WANTED),
    FileKind.CONTACTS: (contacts.recognise, contacts.read, contacts.WANTED),
    FileKind.MARKS: (marks.recognise, marks.read, marks.WANTED),
    FileKind.TIMETABLE: (timetable.recognise, timetable.read, timetable.WANTED),
    FileKind.STUDENT_TOTAL: (student_total.recognise, student_total.read, student_total.WANTED),
    FileKind.STUDENT_GRADES: (
        student_grades.recognise, student_grades.read, student_grades.WANTED,
    ),
    FileKind.TERM_MARKS: (term_marks.recognise, term_marks.read, term_marks.WANTED),
    FileKind.JOURNAL_ACCESS: (
        journal_access.recognise, journal_access.read, journal_access.WANTED,
    ),
    FileKind.VISITS: (visits.recognise, visits.read, visits.WANTED),
    FileKind.ANNOUNCEMENTS: (announcements.recognise, announcements.read, announcements.WANTED),
    FileKind.ONEROSTER: (oneroster.recognise, oneroster.read, oneroster.WANTED),
}  # fmt: skip


@value
class Recognised:
    """Tables of one file that belong together.

    `kind` is None for what is unknown, and `problem` then says what was looked for. `notes` tell
    of hidden rows, columns and sheets, which are read like others.
    """

    tables: tuple[Table, ...]
    kind: FileKind | None
    confidence: float
    problem: str = ""
    notes: tuple[str, ...] = ()


def read(found: Recognised, context: Context) -> Iterator[RowResult]:
    """Every row of recognised tables; nothing of unknown ones."""
    return _KINDS[found.kind][1](found.tables, context) if found.kind else iter(())


def recognise_all(book: Book, context: Context) -> list[Recognised]:
    """What each file of a book is, sheet by sheet where its sheets differ; empty ones left out."""
    tables = [table for table in book.tables if not all(row.is_blank() for row in table.rows)]
    roster = [table for table in tables if file_of(table)]
    sure = oneroster.recognise(roster, context)
    found = [_found(roster, FileKind.ONEROSTER, sure)] if sure else []
    others = [table for table in tables if not sure or not file_of(table)]
    for _, of_file in groupby(others, key=lambda table: table.sheet.files):
        found += _in_file(list(of_file), context)
    return found


def _in_file(tables: list[Table], context: Context) -> list[Recognised]:
    """Sheets of one kind together; bells go with a timetable, what is only said with the next."""
    by_kind: dict[FileKind, list[Table]] = {}
    sureness: dict[FileKind, float] = {}
    unknown: list[Table] = []
    bells: list[Table] = []
    said: list[Table] = []
    for table in tables:
        kind, sure = _best(table, context)
        if kind is not None:
            by_kind.setdefault(kind, []).extend([*said, table])
            sureness[kind] = min(sure, sureness.get(kind, 1.0))
            said = []
        elif FileKind.JOURNAL in by_kind and journal.is_topics(table):
            by_kind[FileKind.JOURNAL].append(table)
        elif is_bells(table, context.year):
            bells.append(table)
        elif about.is_about(table):
            said.append(table)
        else:
            unknown.append(table)
    if FileKind.TIMETABLE in by_kind:
        by_kind[FileKind.TIMETABLE] += bells
        bells = []
    found = [_found(of_kind, kind, sureness[kind]) for kind, of_kind in by_kind.items()]
    return found + [_unknown(table) for table in (*unknown, *bells, *said)]


def _best(table: Table, context: Context) -> tuple[FileKind | None, float]:
    """By the top of the sheet, so that a long one is not read once for every kind."""
    top = Table(table.sheet, table.rows[:_TOP])
    best: tuple[FileKind | None, float] = (None, 0.0)
    for kind, (recognise, _, _) in _KINDS.items():
        sure = recognise([top], context) if kind is not FileKind.ONEROSTER else 0.0
        best = max(best, (kind, sure), key=lambda one: one[1])
        if sure >= _SURE:
            break
    return best


def _found(tables: Sequence[Table], kind: FileKind, sure: float) -> Recognised:
    return Recognised(tuple(tables), kind, sure, notes=tuple(_hidden(tables)))


def _unknown(table: Table) -> Recognised:
    name = " / ".join(filter(None, (*table.sheet.files, table.sheet.name)))
    wanted = "; ".join(f"{kind} — {_KINDS[kind][2]}" for kind in _KINDS)
    problem = f"«{name}»: не понятно, что это за таблица; искали: {wanted}"
    return Recognised((table,), None, 0.0, problem, tuple(_hidden([table])))


def _hidden(tables: Sequence[Table]) -> Iterator[str]:
    for table in tables:
        name = table.sheet.name or table.sheet.files[-1]
        if table.sheet.hidden:
            yield f"лист «{name}» скрыт; он тоже прочитан"
        if table.sheet.hidden_columns:
            letters = ", ".join(map(letter, table.sheet.hidden_columns[:10]))
            yield f"лист «{name}»: скрытые столбцы {letters}; они тоже прочитаны"
        rows = [str(row.number) for row in table.rows if row.hidden]
        if rows:
            more = "…" if len(rows) > len(rows[:10]) else ""
            yield f"лист «{name}»: скрытые строки {', '.join(rows[:10])}{more}; они тоже прочитаны"
