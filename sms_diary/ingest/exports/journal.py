"""The class journal: a book a class, a sheet a subject; pupils down, dates across, homework below.

A cell says neither lesson nor work, so of several marks of a day only those stand there that are
found again without. Term marks are columns at the right. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from sms_diary.ingest.exports.book import Cell, Exported, Sheet, several
from sms_diary.ingest.exports.classes import (
    NAMESAKES,
    OfClass,
    by_key,
    day_of,
    meant,
    titles,
)
from sms_diary.ingest.kinds.cells import EACH_LESSON
from sms_diary.ingest.subjects import subject_key
from sms_diary.model import Kind
from sms_diary.store.people import PupilRow
from sms_diary.store.year_book import Written, certain
from sms_diary.values import value

KINDS_OF_PUPILS = (str(Kind.MARK), str(Kind.ABSENCE), str(Kind.TERM_MARK))
KINDS_OF_CLASSES = (str(Kind.HOMEWORK),)
LOST = "Отметок, пропусков и заданий, о которых журнал без номера урока сказать не может: {}."
_LEFT = ("№", "Ученик")
_WIDTHS = (6, 30)
_WIDTH = 9
Spot = tuple[int, date, int]
"""A cell: pupil, day, which of the day's lessons from 0."""


@value
class _Page:
    """One subject of a class, as far as the sheet can say it."""

    subject: str
    cells: Mapping[Spot, Sequence[str]]
    terms: Mapping[tuple[int, str], str]
    homework: Sequence[Written]


def export(classes: Iterable[OfClass], today: date) -> Exported:
    """A book of the class, or an archive of several."""
    books: list[tuple[str, list[Sheet]]] = []
    rows = lost = namesakes = 0
    for one in classes:
        pupils = certain(one.pupils)
        namesakes += len(one.pupils) - len(pupils)
        pages = _pages(one, pupils)
        said = sum(map(_size, pages))
        lost += len(one.entries) - said
        if pages:
            books.append((one.row.name, [_sheet(one.row.name, page, pupils, today)
                                         for page in pages]))  # fmt: skip
        rows += sum(len(pupils) + len(page.homework) for page in pages)
    left_out = [NAMESAKES.format(namesakes)] if namesakes else []
    left_out += [LOST.format(lost)] if lost else []
    body, ending = several(books) if books else (b"", ".xlsx")
    return Exported(body, rows, tuple(left_out), ending)


def _size(page: _Page) -> int:
    return sum(map(len, page.cells.values())) + len(page.terms) + len(page.homework)


def _pages(one: OfClass, pupils: Sequence[PupilRow]) -> list[_Page]:
    known = {pupil.id for pupil in pupils}
    named = titles(one.entries)
    by_subject: dict[str, list[Written]] = {}
    for entry in one.entries:
        fits = entry.kind == Kind.HOMEWORK or entry.who in known
        if fits and subject_key(named.get(entry.subject_key, "").strip(" .,;")):
            by_subject.setdefault(entry.subject_key, []).append(entry)
    pages = [
        _page(named[key], entries)
        for key, entries in sorted(by_subject.items())
        if key and subject_key(named[key].strip(" .,;")) == key
    ]
    return [page for page in pages if _size(page)]


def _page(subject: str, entries: Sequence[Written]) -> _Page:
    cells: dict[Spot, list[str]] = {}
    homework: list[Written] = []
    for (kind, who, _, _), same in by_key(entries).items():
        if kind == Kind.TERM_MARK:
            continue
        said = meant(same)
        if kind == Kind.HOMEWORK:
            homework += said[:1]
        elif kind == Kind.ABSENCE:
            cells.setdefault((who, day_of(said[0]), 0), []).append(said[0].value) if said else None
        else:
            for spot, words in _marks(said):
                cells.setdefault(spot, []).extend(words)
    terms = {(one.who, one.work): one.value for one in entries if one.kind == Kind.TERM_MARK}
    full = {spot: words[:EACH_LESSON] for spot, words in cells.items()}
    return _Page(subject, full, terms, [one for one in homework if one.body])


def _marks(said: Sequence[Written]) -> Iterator[tuple[Spot, list[str]]]:
    """The marks of a day by lesson, those whose ordinals go on without a gap."""
    by_ordinal = {one.ordinal: one for one in said}
    for nth in sorted({(one.ordinal - 1) // EACH_LESSON for one in said}):
        words: list[str] = []
        while (found := by_ordinal.get(nth * EACH_LESSON + len(words) + 1)) and (
            len(words) < EACH_LESSON
        ):
            words.append(found.value)
        if words:
            yield (said[0].who, day_of(said[0]), nth), words


def _sheet(name: str, page: _Page, pupils: Sequence[PupilRow], today: date) -> Sheet:
    columns = _columns(page, today)
    terms = sorted({term for _, term in page.terms})
    rows: list[Sequence[Cell]] = [
        ("Классный журнал",),
        (f"Класс: {name}",),
        (f"Предмет: {page.subject}",),
        (),
        (*_LEFT, *[day for day, _ in columns], *terms),
    ]
    for number, pupil in enumerate(pupils, 1):
        cells = (page.cells.get((pupil.id, *column), ()) for column in columns)
        sums = (_typed(page.terms.get((pupil.id, term), "")) for term in terms)
        rows.append((number, pupil.full_name, *[_typed(" ".join(cell)) for cell in cells], *sums))
    if page.homework:
        rows += [(), ("Дата", "Домашнее задание", "Срок")]
        rows += [(day_of(one), one.body, day_of(one)) for one in page.homework]
    return Sheet(page.subject, rows, (*_WIDTHS, *[_WIDTH] * (len(columns) + len(terms))))


def _columns(page: _Page, today: date) -> list[tuple[date, int]]:
    """Each day, as often as a lesson on it has marks of its own."""
    lessons: dict[date, int] = {}
    for _, day, nth in page.cells:
        lessons[day] = max(lessons.get(day, 0), nth)
    # A sheet of homework or of term marks alone is known as a journal by a date all the same.
    lessons = lessons or {today: 0}
    return [(day, nth) for day in sorted(lessons) for nth in range(lessons[day] + 1)]


def _typed(text: str) -> Cell:
    """A plain mark as a number, as teachers type it."""
    return int(text) if text.isascii() and text.isdigit() else text
