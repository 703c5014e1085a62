"""A school's data as files that come back unchanged by an import: a module a kind.

What a file cannot say so that it is read as the same entry is left out, and said (`Exported`).
The readers' own functions decide that (`kinds`, `matching`): an export asks them, cell by cell.
"""

from __future__ import annotations

from enum import StrEnum


class ExportKind(StrEnum):
    """The words of the command."""

    CONTACTS = "contacts"
    MARKS = "marks"
    JOURNAL = "journal"
    TERM_MARKS = "term-marks"
    TIMETABLE = "timetable"
    ANNOUNCEMENTS = "announcements"
    ONEROSTER = "oneroster"


EXPORTS_RU: dict[ExportKind, str] = {
    ExportKind.CONTACTS: "списки классов с номерами и согласиями, CSV",
    ExportKind.MARKS: "отметки и пропуски по строкам, CSV",
    ExportKind.JOURNAL: "классный журнал с заданиями, XLSX на класс",
    ExportKind.TERM_MARKS: "итоговые отметки, XLSX на класс",
    ExportKind.TIMETABLE: "расписание по неделям с заменами, XLSX",
    ExportKind.ANNOUNCEMENTS: "объявления, XLSX",
    ExportKind.ONEROSTER: "OneRoster 1.1 bulk, ZIP",
}
