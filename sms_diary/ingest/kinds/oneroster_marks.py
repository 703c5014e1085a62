"""Marks of a OneRoster archive: `lineItems` are works on a day, `results` what pupils got."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sms_diary.ingest import values
from sms_diary.ingest.kinds.heading import term_of
from sms_diary.ingest.kinds.oneroster_files import Files, Line
from sms_diary.ingest.kinds.result import (
    Context,
    Issue,
    RowResult,
    Verdict,
    cell_issue,
    make,
    result,
)
from sms_diary.ingest.reading.values.dates import read_day
from sms_diary.ingest.records import MarkSet, Record, TermMarkSet
from sms_diary.ingest.values import clean_line

PupilOf = Callable[[str], dict[str, str] | None]

_TERM = re.compile(r"четверт|триместр|полугод|годов|итогов", re.IGNORECASE)
UNNAMED = "Урок"
"""With the day behind it: the title of a work that has no name."""
_UNNAMED = re.compile(rf"{UNNAMED} \d{{4}}-\d\d-\d\d")
BY_STATUS = {"exempt": "осв", "not submitted": values.DEBT}
_WAITING = frozenset({"submitted", "partially graded"})
_STATUSES = "fully graded, exempt, not submitted, submitted, partially graded"
_MEND = "исправьте в журнале и выгрузите снова"


class Marks:
    """Reads results with the works and classes that they name."""

    def __init__(self, files: Files, context: Context, pupil_of: PupilOf) -> None:
        self._files = files
        self._context = context
        self._pupil_of = pupil_of
        self._works = files.by_id("lineItems")
        self._classes = files.by_id("classes")
        self._courses = files.by_id("courses")
        self._categories = files.by_id("categories")
        self._sessions = files.by_id("academicSessions")
        self._used: set[str] = set()

    def run(self) -> Iterator[RowResult]:
        """Each result, then each work: one that nobody has a mark for says nothing."""
        for line in self._files.lines("results"):
            yield self._result(line)
        for line in self._files.lines("lineItems"):
            if line.issue:
                yield result(line.table, line.row, (), (line.issue,))
                continue
            used = line["sourcedId"] in self._used
            verdict = Verdict.READ if used else Verdict.NOTHING
            yield RowResult(line.table.sheet, line.row.number, verdict)

    def _result(self, line: Line) -> RowResult:
        made = line.issue or self._event(line)
        if made is None:
            return result(line.table, line.row)
        if isinstance(made, Issue):
            return result(line.table, line.row, (), (made,))
        self._used.add(line["lineItemSourcedId"])
        return result(line.table, line.row, (made,))

    def _event(self, line: Line) -> Record | Issue | None:
        work = self._works.get(line["lineItemSourcedId"])
        pupil = self._pupil_of(line["studentSourcedId"])
        if work is None or pupil is None:
            text = "работы нет в lineItems.csv" if work is None else "ученика нет в users.csv"
            return Issue(text, mend="выгрузите всё целиком (bulk)")
        mark = _mark(line, work)
        if mark is None or isinstance(mark, Issue):
            return mark
        subject = self._subject(work)
        if not subject:
            return Issue("не видно, какой это предмет", mend="нужны classes.csv и courses.csv")
        return self._made(line, work, {"pupil": pupil, "subject": subject, "mark": mark})

    def _made(self, line: Line, work: Line, data: dict[str, object]) -> Record | Issue:
        category = self._categories.get(work["categorySourcedId"])
        kind = category["title"] if category else ""
        data |= {"comment": line["comment"][:300] or None}
        session = self._sessions.get(work["gradingPeriodSourcedId"])
        if is_term(f"{kind} {work['title']}"):
            term = term_of(work["title"]) or (term_of(session["title"]) if session else None)
            if term is None:
                return Issue("итоговая отметка, а за какой период, не видно", mend=_MEND)
            return make(TermMarkSet, {"kind": "term_mark.set", **data, "term": term})
        name = "dueDate" if work["dueDate"] else "scoreDate"
        own = work if name == "dueDate" else line
        day = read_day(own.raw(name), self._context.year, self._context.today)
        if day.said is None:
            return cell_issue(own.places[name], own.raw(name), day.problem or "нет даты",
                              expected="2026-11-24", mend=_MEND)  # fmt: skip
        title = "" if _UNNAMED.fullmatch(work["title"]) else work["title"][:100]
        data |= {"date": day.said, "work": kind or title or None}
        return make(MarkSet, {"kind": "mark.set", **data})

    def _subject(self, work: Line) -> str:
        """The course's title, else the class's without the class («Математика 5А»)."""
        group = self._classes.get(work["classSourcedId"])
        if group is None:
            return ""
        course = self._courses.get(group["courseSourcedId"])
        title = course["title"] if course else group["title"]
        return clean_line(
            re.sub(r"[,(]?\s*\d{1,2}\s*[«\"]?[А-Яа-яA-Z][»\"]?\)?\s*(?:класс)?$", "", title)
        )


def is_term(work: str) -> bool:
    """Whether the words for a work are those for a whole term."""
    return _TERM.search(work) is not None


def _mark(line: Line, work: Line) -> str | Issue | None:
    """The mark of a result; None for one that waits to be graded."""
    status, score = line["scoreStatus"], line["score"] or line["metadata.textScore"]
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status in _WAITING and not score:
        return None
    if status not in _WAITING and status != "fully graded":
        return cell_issue(line.places["scoreStatus"], status, "такого scoreStatus нет",
                          expected=_STATUSES, mend=_MEND)  # fmt: skip
    most = work["resultValueMax"]
    if most and most.removesuffix(".0") != str(values.MAX_MARK):
        return Issue(
            f"шкала до {most}, а не до {values.MAX_MARK}", expected="отметки 1–5", mend=_MEND
        )
    mark = values.mark(score)
    if mark is None:
        at = line.places.get("score", 0)
        return cell_issue(at, score, "отметка не понята", expected=values.MARKS_RU, mend=_MEND)
    return mark
