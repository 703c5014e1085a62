"""A class list with parents' phones: one row, one guardian of one pupil, and what is wrong.

Nothing is stored and nobody is matched here; `consent.judge` beside this decides what a
row's consent is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sms_diary.ingest.days import SchoolYear, parse_day, school_year
from sms_diary.ingest.files.header import Header, find_header
from sms_diary.ingest.files.notes import is_note
from sms_diary.ingest.files.text import Row
from sms_diary.ingest.matching import name_key
from sms_diary.ingest.reading.headings import CLASS, PUPIL_FIELDS, Field
from sms_diary.ingest.reading.values.consents import NOT_UNDERSTOOD, consent_of
from sms_diary.phone import Found, Problem, parse_cell

_OTHER_PAPERS = ("пдн", "персон", "обработ", "срочн", "рано")
"""Consents that are none to SMS: each is a paper, or a box on it, of its own."""
FIELDS = (
    Field("consent_day", "Дата согласия", ("дат соглас", "дат подпис"), _OTHER_PAPERS),
    Field(
        "consent_source",
        "Источник согласия",
        ("источник", "основан", "бланк", "№ соглас", "номер соглас", "форма соглас", "документ"),
    ),
    Field(
        "consent",
        "Согласие на SMS",
        ("соглас", "=sms", "=смс"),
        ("тел", "моб", *_OTHER_PAPERS),
    ),
    Field("birth", "Дата рождения", ("рожд", "=д =р")),
    Field("relation", "Степень родства", ("родств", "степень", "кем приход")),
    Field("phone", "Телефон", ("тел", "моб", "сотов", "=сот", "контакт"), ("домаш", "рабоч")),
    Field("guardian", "ФИО родителя", ("родител", "представит", "опекун")),
    CLASS,
    *PUPIL_FIELDS,
)
NEEDED = ("pupil", "phone")
CELLS = ("phone", "consent", "consent_day", "consent_source")
"""The fields of a row that a consent rests on."""

_OLDEST = 25
_WORDS_OF_A_NAME = 2

BAD_CONSENT_DAY = "дата согласия не прочитана: нужна вида 15.09.2026"
BAD_BIRTH = "дата рождения не прочитана или невероятна"
SHARED_NUMBER = "этот номер указан у разных родителей"


@dataclass(frozen=True, slots=True)
class ContactRow:
    """One row of the list.

    `phones` are all numbers of the cell with their problems. `consent`: True «да», False
    «нет», None unknown. `continued`: the pupil's name stands in a row above.
    `problems` refuse the pupil or the contact; `warnings` only ask for a look. Russian.
    """

    row: int
    pupil: str
    class_name: str
    birth: date | None = None
    guardian: str = ""
    relation: str = ""
    phones: tuple[Found, ...] = ()
    consent: bool | None = None
    consent_day: date | None = None
    consent_source: str = ""
    continued: bool = False
    pupil_problem: str = ""
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[str, ...]:
        """The usable numbers, E.164."""
        return tuple(found.number for found in self.phones if found.number)


@dataclass(frozen=True, slots=True)
class Contacts:
    """The contact rows; `dropped` are the numbers of rows below the headings that are no data."""

    rows: list[ContactRow]
    dropped: tuple[int, ...]
    header: Header


def read_contacts(rows: Sequence[Row], *, today: date, default_class: str = "") -> Contacts:
    """Every row of a class list with parents' phones.

    A row without a pupil's name speaks of the pupil above (the second parent). `today` gives
    the school year of dates without one. Raises `FileProblem` if there are no headings.
    """
    header = find_header(rows, FIELDS, NEEDED)
    reader = _Reader(header, school_year(today), today, default_class)
    found: list[ContactRow] = []
    dropped: list[int] = []
    for row in rows[header.index + 1 :]:
        if row.is_blank():
            continue
        contact = None if is_note(row, header, rows[header.index]) else reader.read(row)
        if contact:
            found.append(contact)
        else:
            dropped.append(row.number)
    return Contacts(_warn_of_shared_numbers(found), tuple(dropped), header)


class _Reader:
    """Reads rows in order: a row may continue the one above."""

    def __init__(self, header: Header, year: SchoolYear, today: date, default_class: str) -> None:
        self._header = header
        self._year = year
        self._today = today
        self._default_class = default_class
        self._pupil = ""
        self._class = ""

    def read(self, row: Row) -> ContactRow | None:
        name = self._header.pupil(row)
        guardian = self._header.text(row, "guardian")
        phones = self._phones(row)
        if not name and not guardian and not phones:
            return None
        own_class = self._header.text(row, "class")
        if name:
            self._pupil, self._class = name, own_class or self._default_class
        contact = ContactRow(
            row=row.number,
            pupil=self._pupil,
            class_name=own_class or self._class,
            guardian=guardian,
            relation=self._header.text(row, "relation"),
            phones=phones,
            consent_source=self._header.text(row, "consent_source"),
            continued=not name,
        )
        return self._with_problems(self._with_consent(self._with_birth(contact, row), row))

    def _phones(self, row: Row) -> tuple[Found, ...]:
        places = self._header.columns.get("phone", ())
        cells = (row.cells[at] for at in places if at < len(row.cells))
        found = [item for cell in cells for item in parse_cell(cell)]
        said = [item for item in found if item.number or item.problem is not Problem.NONE]
        return tuple(said or found[:1])

    def _with_birth(self, contact: ContactRow, row: Row) -> ContactRow:
        text = self._header.text(row, "birth")
        if not text:
            return contact
        day = parse_day(text, self._year)
        if day and self._today.year - _OLDEST <= day.year and day <= self._today:
            return replace(contact, birth=day)
        return replace(contact, warnings=(*contact.warnings, BAD_BIRTH))

    def _with_consent(self, contact: ContactRow, row: Row) -> ContactRow:
        word, day_text = self._header.text(row, "consent"), self._header.text(row, "consent_day")
        consent = consent_of(word)
        day = parse_day(day_text, self._year) if day_text else None
        warnings = list(contact.warnings)
        if word and consent is None:
            warnings.append(NOT_UNDERSTOOD)
        if day_text and day is None:
            warnings.append(BAD_CONSENT_DAY)
        return replace(contact, consent=consent, consent_day=day, warnings=tuple(warnings))

    def _with_problems(self, contact: ContactRow) -> ContactRow:
        problems = [_about_phone(found) for found in contact.phones if found.problem]
        if not contact.phones:
            problems.append(str(Problem.NONE))
        return replace(contact, pupil_problem=_about_pupil(contact), problems=tuple(problems))


def _about_pupil(contact: ContactRow) -> str:
    if not contact.pupil:
        return "не указан ученик, и выше его тоже нет"
    if len(contact.pupil.split()) < _WORDS_OF_A_NAME:
        return "имя ученика не полностью: нужны фамилия и имя"
    return "" if contact.class_name else "не указан класс"


def _about_phone(found: Found) -> str:
    return str(found.problem) if found.problem is Problem.NONE else f"телефон: {found.problem}"


def _warn_of_shared_numbers(rows: list[ContactRow]) -> list[ContactRow]:
    """One number with two children is usual; with two different parents it wants a look."""
    owners: dict[str, set[str]] = {}
    for contact in rows:
        for number in contact.numbers:
            owners.setdefault(number, set()).add(name_key(contact.guardian))
    shared = {number for number, names in owners.items() if len(names - {""}) > 1}
    return [
        replace(contact, warnings=(*contact.warnings, SHARED_NUMBER))
        if shared.intersection(contact.numbers)
        else contact
        for contact in rows
    ]
