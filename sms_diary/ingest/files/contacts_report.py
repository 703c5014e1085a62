"""The report of a class list, put together from what the steps of its loading found. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from sms_diary.ingest.files.contacts import SHARED_NUMBER, ContactRow
from sms_diary.ingest.files.enrol import Enrolled
from sms_diary.ingest.files.proofs import Listed, Proofs
from sms_diary.ingest.files.report import ContactsReport, Note, RowReport, Word
from sms_diary.model import ConsentState

OTHER_GUARDIAN = "номер уже записан за другим родителем: имя оставлено прежнее"


@dataclass(slots=True)
class Subscribed:
    """The rows with their subscriptions, and which of these (by id) the file has made."""

    made: set[int]
    listed: list[Listed] = field(default_factory=list)
    other_guardian: set[int] = field(default_factory=set)
    """Rows whose number is a guardian's of another name."""


class Telling:
    """What became of each row; `asked` are those with a question that is new, `moved` with a
    number that replaces another."""

    def __init__(
        self, enrolled: Enrolled, subscribed: Subscribed, proofs: Proofs, asked: Set[int],
        moved: Set[int],
    ) -> None:  # fmt: skip
        self._enrolled = enrolled
        self._subscribed = subscribed
        self._proofs = proofs
        self._asked = asked
        self._added = self._rows_that_added()
        self._changed = {row for row, _ in proofs.changes} | moved

    def _rows_that_added(self) -> set[int]:
        """The first row of each new subscription."""
        left = set(self._subscribed.made)
        rows = set()
        for one in self._subscribed.listed:
            own = left.intersection(link.subscription_id for link in one.links)
            if own:
                rows.add(one.row.row)
                left -= own
        return rows

    def report(
        self, rows: Sequence[ContactRow], file_name: str, *, dry_run: bool
    ) -> ContactsReport:
        links = [link for one in self._subscribed.listed for link in one.links]
        return ContactsReport(
            file_name=file_name,
            rows=tuple(map(self._row, rows)),
            dry_run=dry_run,
            pupils=len(set(self._enrolled.pupil_of.values())),
            new_pupils=len(self._enrolled.added_by),
            pairs=len({link.subscription_id for link in links}),
            new_pairs=len(self._subscribed.made),
            numbers=len({link.number for link in links}),
            consents=self._proofs.count(ConsentState.ACTIVE),
            refusals=self._proofs.count(ConsentState.REFUSED),
            unsourced=len(self._proofs.unsourced),
        )

    def _row(self, row: ContactRow) -> RowReport:
        problem = self._enrolled.problems.get(row.row)
        if problem is not None:
            return RowReport(row.row, Word.REJECTED, row.pupil, (Note(Word.REJECTED, problem),))
        return RowReport(row.row, self._word(row), row.pupil, tuple(self._notes(row)))

    def _word(self, row: ContactRow) -> Word:
        """A row that changed nothing says so, whatever there is still to look at."""
        added = row.row in self._enrolled.added_by or row.row in self._added
        if not (added or row.row in self._changed or row.row in self._asked):
            return Word.UNCHANGED
        if not row.numbers:
            return Word.REJECTED
        if row.row in self._asked:
            return Word.QUARANTINED
        return Word.ADDED if added else Word.CHANGED

    def _notes(self, row: ContactRow) -> Iterator[Note]:
        if row.row in self._enrolled.added_by:
            yield Note(Word.ADDED, "ученик добавлен")
        if row.row in self._added:
            yield Note(Word.ADDED, "контакт добавлен")
        if not row.numbers:
            yield Note(Word.REJECTED, f"контакт отклонён: {'; '.join(row.problems)}")
        else:
            yield from (Note(Word.WARNING, problem) for problem in row.problems)
        yield from (Note(Word.WARNING, warning) for warning in row.warnings)
        if row.row in self._subscribed.other_guardian and SHARED_NUMBER not in row.warnings:
            yield Note(Word.WARNING, OTHER_GUARDIAN)
        yield from self._proofs.notes.get(row.row, ())
