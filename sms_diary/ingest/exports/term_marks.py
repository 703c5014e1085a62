"""Term marks as StudentTotalMarks has them: a book a class, a sheet a pupil, terms across. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sms_diary.ingest.exports.book import Cell, Exported, Sheet, several
from sms_diary.ingest.exports.classes import NAMESAKES, OfClass, titles
from sms_diary.model import Kind
from sms_diary.store.people import PupilRow
from sms_diary.store.year_book import Written, certain

KINDS = (str(Kind.TERM_MARK),)
_FAMILIES = {"четверть": 4, "триместр": 3, "полугодие": 2}
_YEAR = "год"
_WIDTHS = (6, 34, *[13] * 10)


def export(classes: Iterable[OfClass]) -> Exported:
    """A book of the class, or an archive of several."""
    books: list[tuple[str, list[Sheet]]] = []
    rows = namesakes = 0
    for one in classes:
        pupils = certain(one.pupils)
        namesakes += len(one.pupils) - len(pupils)
        sheets = [
            _sheet(one.row.name, pupil, own)
            for pupil in pupils
            if (own := [entry for entry in one.entries if entry.who == pupil.id])
        ]
        rows += sum(len(sheet.rows) - _HEAD for sheet in sheets)
        if sheets:
            books.append((one.row.name, sheets))
    left_out = (NAMESAKES.format(namesakes),) if namesakes else ()
    body, ending = several(books) if books else (b"", ".xlsx")
    return Exported(body, rows, left_out, ending)


_HEAD = 5


def _sheet(class_name: str, pupil: PupilRow, entries: Sequence[Written]) -> Sheet:
    terms = _terms({one.work for one in entries})
    said = {(one.subject_key, one.work): one.value for one in entries}
    rows: list[Sequence[Cell]] = [
        ("Итоговые отметки",),
        (f"Ученик: {pupil.full_name}",),
        (f"Класс: {class_name}",),
        (),
        ("№", "Предмет", *(_title(term) for term in terms)),
    ]
    for number, (key, subject) in enumerate(sorted(titles(entries).items()), 1):
        rows.append((number, subject, *(said.get((key, term), "") for term in terms)))
    return Sheet(pupil.full_name, rows, _WIDTHS)


def _terms(known: set[str]) -> list[str]:
    """Every term of the kinds that occur, quarters where there is the year's mark only."""
    families = [one for one in _FAMILIES if any(term.endswith(one) for term in known)]
    families = families or ["четверть"]
    found = [f"{n} {one}" for one in families for n in range(1, _FAMILIES[one] + 1)]
    return [*found, _YEAR]


def _title(term: str) -> str:
    return term.capitalize()
