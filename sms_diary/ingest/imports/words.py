"""What became of a row, and what to say of it: outcomes and issues to words and problems. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sms_diary.ingest.accept import Outcome
from sms_diary.ingest.files.report import RowReport, Word
from sms_diary.ingest.imports.chunks import ReadRow
from sms_diary.ingest.imports.report import Problem, Report
from sms_diary.ingest.kinds.result import Issue, Level, Verdict

STALE = "в дневнике уже есть более новая запись"
CHOOSE = "выберите: sms-diary quarantine list"
_WORDS = {
    "created": Word.ADDED, "changed": Word.CHANGED, "unchanged": Word.UNCHANGED,
    "stale": Word.UNCHANGED, "quarantined": Word.QUARANTINED,
}  # fmt: skip
_FIRST = (Word.QUARANTINED, Word.CHANGED, Word.ADDED, Word.UNCHANGED)
"""A row of several marks is called by the first of these that became of one."""
_VERDICTS = {
    Verdict.REFUSED: Word.REJECTED, Verdict.QUARANTINED: Word.QUARANTINED,
    Verdict.NOTHING: Word.UNCHANGED, Verdict.READ: Word.UNCHANGED,
}  # fmt: skip
_LEVELS = {
    Level.WARNING: Word.WARNING, Level.REFUSED: Word.REJECTED, Level.QUESTION: Word.QUARANTINED,
}  # fmt: skip


def tell_events(
    report: Report, rows: Sequence[ReadRow], outcomes: Sequence[Outcome],
    facts: Mapping[int, Word],
) -> None:  # fmt: skip
    """Count the rows of a chunk of events, and tell what is wrong in them.

    `facts`: the place of a row with facts that are no events → what became of them.
    """
    by_row: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        by_row.setdefault(outcome.pos, []).append(outcome)
    words: dict[tuple[int, str, int], Word] = {}
    for place, row in enumerate(rows):
        own = by_row.get(place, [])
        word = facts.get(place) or _word(row, own)
        words[row.file, row.sheet, row.row] = word
        for problem in (*_of_issues(report, row), *_of_outcomes(report, row, own)):
            report.tell_of(problem)
        for outcome in own:
            if outcome.word == "quarantined":
                about = outcome.class_name or _about(row) or f"строка {row.row}"
                report.ask(outcome.ask or f"{outcome.reason} {place}", outcome.detail, about)
        if text := question_of(row):
            report.ask(f"{row.file} {row.sheet} {row.row}", text, f"строка {row.row}")
        report.entries += sum(outcome.word == "created" for outcome in own)
    for row in rows:
        alone = words[row.file, row.sheet, row.row]
        report.add(row.kind, words.get((row.file, row.sheet, row.into), alone))


def tell_contacts(
    report: Report, rows: Sequence[ReadRow], said: Sequence[RowReport], per_row: int
) -> None:
    """The same of a chunk of contacts; `said` counts `per_row` numbers for each row."""
    by_row: dict[int, list[RowReport]] = {}
    for one in said:
        by_row.setdefault(one.row // per_row, []).append(one)
    for place, row in enumerate(rows):
        own = by_row.get(place, [])
        told = {issue.text for issue in row.issues}
        for problem in _of_issues(report, row):
            report.tell_of(problem)
        for each in own:
            for note in each.notes:
                if note.word in _LOOK_AT and not any(text in note.text for text in told):
                    about = _about(row) or each.about
                    report.tell_of(_problem(report, row, note.word, note.text, about=about))
                if note.word is Word.QUARANTINED:
                    report.ask(f"{row.file} {row.sheet} {row.row}", note.text, each.about)
        report.add(row.kind, _of_several([one.word for one in own]) if own else _by_verdict(row))


def question_of(row: ReadRow) -> str:
    """What a person must make clear of a row that came to no event at all, or ""."""
    if row.drafts or row.contacts or Verdict(row.verdict) is not Verdict.QUARANTINED:
        return ""
    asked = (issue for issue in row.issues if issue.level is Level.QUESTION)
    return next((f"{one.text}: {one.mend}" if one.mend else one.text for one in asked), "")


_LOOK_AT = frozenset({Word.REJECTED, Word.QUARANTINED, Word.WARNING})


def _of_several(words: Sequence[Word]) -> Word:
    """Of a row with two guardians: what any of them did, refused only if none was taken."""
    order = (*_FIRST[:-1], Word.REJECTED)
    return next((word for word in order if word in words), Word.UNCHANGED)


def _word(row: ReadRow, outcomes: Sequence[Outcome]) -> Word:
    if not outcomes:
        return _by_verdict(row)
    words = {_WORDS[outcome.word] for outcome in outcomes}
    return next(word for word in _FIRST if word in words)


def _by_verdict(row: ReadRow) -> Word:
    return _VERDICTS[Verdict(row.verdict)]


def _of_issues(report: Report, row: ReadRow) -> Iterator[Problem]:
    for issue in row.issues:
        about = _about(row)
        yield _problem(report, row, _LEVELS[issue.level], issue.text, issue, about=about)


def _of_outcomes(report: Report, row: ReadRow, outcomes: Sequence[Outcome]) -> Iterator[Problem]:
    said = {
        (_WORDS[one.word], one.class_name, STALE if one.word == "stale" else one.detail): None
        for one in outcomes
        if one.word in ("stale", "quarantined")
    }
    for word, class_name, text in said:
        mend = CHOOSE if word is Word.QUARANTINED else ""
        about = class_name or _about(row)
        shown = f"{about}: {text}" if about else text
        yield _problem(report, row, word, shown, Issue(text, mend=mend))


def _problem(
    report: Report, row: ReadRow, word: Word, text: str, issue: Issue | None = None, *,
    about: str = "",
) -> Problem:  # fmt: skip
    name = report.files[row.file].name if row.file < len(report.files) else ""
    issue = issue or Issue(text)
    return Problem(
        name, row.sheet, row.row, word.value, text, issue.column, issue.said, issue.expected,
        issue.mend, about,
    )  # fmt: skip


def _about(row: ReadRow) -> str:
    """«Авдеев Т.О., 5А» or «5А»: who or what a row names."""
    first = row.drafts[0] if row.drafts else None
    if first is None:
        listed = row.contacts[0].row if row.contacts else None
        return ", ".join(filter(None, (listed.pupil, listed.class_name))) if listed else ""
    if first.pupil:
        return ", ".join(filter(None, (first.pupil.name or first.pupil.id, first.pupil.class_name)))
    return first.class_name or first.title
