"""What a file did, row by row, in Russian: values that the imports fill in, lines that people read.

Rows are numbered as Excel shows them. Names are the school's own and may stand here, numbers only
masked; nothing of this may reach a log. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Word(StrEnum):
    """What became of a row, or what a note about it is."""

    ADDED = "добавлено"
    CHANGED = "изменено"
    UNCHANGED = "без изменений"
    REJECTED = "отклонено"
    QUARANTINED = "в карантин"
    WARNING = "предупреждение"


_LOOK_AT = frozenset({Word.REJECTED, Word.QUARANTINED, Word.WARNING})


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to say of a row."""

    word: Word
    text: str


@dataclass(frozen=True, slots=True)
class RowReport:
    """`word` is what the row did to the data; notes say why, or what still wants a look."""

    row: int
    word: Word
    about: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def needs_attention(self) -> bool:
        return self.word in _LOOK_AT or any(note.word in _LOOK_AT for note in self.notes)

    def line(self) -> str:
        """«строка 14, отклонено: Лаптева София — номер не указан»."""
        said = "; ".join(
            f"предупреждение: {note.text}" if note.word is Word.WARNING else note.text
            for note in self.notes
        )
        return f"строка {self.row}, {self.word}: {' — '.join(filter(None, (self.about, said)))}"


@dataclass(frozen=True, slots=True)
class FileReport:
    """What all imports report."""

    file_name: str
    rows: tuple[RowReport, ...]
    dry_run: bool

    def count(self, word: Word) -> int:
        """Rows of which this became."""
        return sum(row.word is word for row in self.rows)

    def notes(self, word: Word) -> int:
        """Rows with a note of this kind."""
        return sum(any(note.word is word for note in row.notes) for row in self.rows)

    def lines(self, *, verbose: bool = False) -> Iterator[str]:
        """The report: totals, then the rows that want a look, or every row."""
        if self.dry_run:
            yield "Проба: ничего не сохранено. Вот что было бы:"
        yield f"{self.file_name} — {_totals(self.rows)}"
        yield from self.details()
        shown = [row for row in self.rows if verbose or row.needs_attention]
        if shown:
            yield "Все строки:" if verbose else "Посмотрите:"
        yield from (f"  {row.line()}" for row in shown)

    def details(self) -> Iterator[str]:
        """What is special to this kind of file."""
        return iter(())


@dataclass(frozen=True, slots=True)
class ContactsReport(FileReport):
    """Of a class list: whom and what the whole file names, and what is new of it."""

    pupils: int
    new_pupils: int
    pairs: int
    """Pupil × number."""
    new_pairs: int
    numbers: int
    consents: int
    """Subscriptions that have a consent since this file."""
    refusals: int
    unsourced: int
    """Rows that would prove a consent if the file's source had been named."""

    def details(self) -> Iterator[str]:
        yield (
            f"Учеников: {self.pupils}, из них новых {self.new_pupils}. "
            f"Связей ученика с номером: {self.pairs}, из них новых {self.new_pairs}. "
            f"Номеров: {self.numbers}."
        )
        yield f"Согласий засчитано: {self.consents}. Отказов записано: {self.refusals}."
        if self.unsourced:
            yield (
                "Согласия не засчитаны: не указано, на чём они записаны (--consent-source). "
                f"Таких строк: {self.unsourced}."
            )


@dataclass(frozen=True, slots=True)
class MarksReport(FileReport):
    """Of a list of marks: what is new in the diary, and whether parents are told."""

    tell: bool
    entries: int
    """New entries of the diary; a row may hold several."""
    absences: int
    """Those of them that are about attendance."""

    def details(self) -> Iterator[str]:
        yield f"Новых записей дневника: {self.entries}, из них посещаемость {self.absences}."
        if self.tell:
            yield "Родителям будет сообщено."
        else:
            yield "Родителям не сообщается: файл загружен без --tell."


def _totals(rows: Sequence[RowReport]) -> str:
    counts = Counter(row.word for row in rows)
    said = [(word, counts[word]) for word in Word if counts[word]]
    total = f"{len(rows)} {plural(len(rows), 'строка', 'строки', 'строк')}"
    if not said:
        return "строк с данными нет"
    if len(said) == 1:
        return f"{total} {said[0][0]}"
    return f"{total}: " + ", ".join(f"{word} {count}" for word, count in said)


def plural(count: int, one: str, few: str, many: str) -> str:
    """The form of a Russian noun that goes with a number: 1 строка, 2 строки, 5 строк, 11 строк."""
    last_two, last = count % 100, count % 10
    if 11 <= last_two <= 14 or last in (0, 5, 6, 7, 8, 9):  # noqa: PLR2004  # the grammar itself
        return many
    return one if last == 1 else few
