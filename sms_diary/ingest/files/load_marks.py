"""A list of marks into the diary, by the same `accept` as the webhook; a report by row.

What the cells mean is `marks`', who is meant and what changes is `accept`'s. The whole file is one
request, hence one transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from sms_diary.clock import Clock, local
from sms_diary.ingest.accept import Acceptor, Outcome, Request
from sms_diary.ingest.drafts import Draft
from sms_diary.ingest.files.marks import MarkRow, Marks, read_marks
from sms_diary.ingest.files.report import MarksReport, Note, RowReport, Word
from sms_diary.ingest.files.text import read_csv
from sms_diary.model import Kind, Silence, Source
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools

STALE = "в дневнике уже есть более новая запись"

_WORDS = {
    "created": Word.ADDED,
    "changed": Word.CHANGED,
    "unchanged": Word.UNCHANGED,
    "stale": Word.UNCHANGED,
    "quarantined": Word.QUARANTINED,
}
_FIRST = (Word.QUARANTINED, Word.CHANGED, Word.ADDED, Word.UNCHANGED)
"""A row of several marks is called by the first of these that became of one."""


async def load_marks(  # noqa: PLR0913  # a file, whose it is, and what was said of it
    acceptor: Acceptor,
    tools: Tools,
    clock: Clock,
    school: School,
    data: bytes,
    *,
    file_name: str,
    tell: bool = False,
    default_class: str = "",
    dry_run: bool = False,
) -> MarksReport:  # fmt: skip
    """Load a CSV list of marks; `default_class` is for rows that name none.

    Without `tell` the entries are kept with the reason `first-import` and nobody is told.
    Raises `FileProblem` if the file is no such list.
    """
    today = local(clock.now(), school.zone).date()
    read = await asyncio.to_thread(
        lambda: read_marks(read_csv(data).rows, today=today, default_class=default_class)
    )
    drafts = [(row.row, draft) for row in read.rows for draft in row.drafts]
    request = Request(
        school_id=school.id,
        source=Source.FILE,
        request_id=f"marks-{tools.ids.new()}",
        body=data,
        drafts=drafts,
        silence="" if tell else Silence.FIRST_IMPORT.value,
        told_from=_first_day(drafts) if tell else "",
    )
    if dry_run:
        accepted = await acceptor.try_out(request)
    else:
        [accepted] = await acceptor.accept_many([request])
    return _report(read, drafts, accepted.outcomes, file_name=file_name, tell=tell, dry=dry_run)


def _first_day(drafts: Iterable[tuple[int, Draft]]) -> str:
    """Who says `--tell` wants all of the file told, whatever the school tells from."""
    days = [draft.day for _, draft in drafts if draft.day]
    return min(days).isoformat() if days else ""


def _report(
    read: Marks, drafts: Sequence[tuple[int, Draft]], outcomes: Sequence[Outcome],
    *, file_name: str, tell: bool, dry: bool,
) -> MarksReport:  # fmt: skip
    by_row: dict[int, list[Outcome]] = {}
    created = []
    for (row, draft), outcome in zip(drafts, outcomes, strict=True):
        by_row.setdefault(row, []).append(outcome)
        if outcome.word == "created":
            created.append(draft.kind)
    return MarksReport(
        file_name=file_name,
        rows=tuple(_row(row, by_row.get(row.row, ())) for row in read.rows),
        dry_run=dry,
        tell=tell,
        entries=len(created),
        absences=created.count(Kind.ABSENCE),
    )


def _row(row: MarkRow, outcomes: Sequence[Outcome]) -> RowReport:
    notes = [Note(Word.WARNING, text) for text in row.warnings]
    if row.reason:
        return RowReport(row.row, Word.REJECTED, "", (Note(Word.REJECTED, row.reason), *notes))
    words = {_WORDS[outcome.word] for outcome in outcomes}
    word = next(one for one in _FIRST if one in words)
    return RowReport(row.row, word, _about(row.drafts), (*_reasons(outcomes), *notes))


def _about(drafts: Sequence[Draft]) -> str:
    """«Авдеев Т.О., Русский язык, 16.11: 5/3»."""
    first = drafts[0]
    name = first.pupil.name if first.pupil else ""
    day = f"{first.day:%d.%m}" if first.day else ""
    return f"{name}, {first.subject}, {day}: {' '.join(draft.value for draft in drafts)}"


def _reasons(outcomes: Iterable[Outcome]) -> tuple[Note, ...]:
    said = {
        Note(_WORDS[outcome.word], STALE if outcome.word == "stale" else outcome.detail): None
        for outcome in outcomes
        if outcome.word in ("stale", "quarantined")
    }
    return tuple(said)
