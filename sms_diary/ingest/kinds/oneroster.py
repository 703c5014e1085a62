"""OneRoster 1.1 bulk: pupils with their classes and guardians, and marks.

Guardians are users whom pupils name in `agentSourcedIds`, their phones stand in `sms` (or
`phone`). The standard knows no consent to SMS, so none comes out of it. A class of type homeroom
is a class, a scheduled one is a subject in it. Every row of every file is answered for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sms_diary.ingest.files.contacts import ContactRow
from sms_diary.ingest.kinds.facts import ClassFact, Contact, Fact
from sms_diary.ingest.kinds.oneroster_files import Files, Line, file_of, headings
from sms_diary.ingest.kinds.oneroster_marks import Marks
from sms_diary.ingest.kinds.result import (
    Context,
    Issue,
    Level,
    RowResult,
    result,
    verdict_of,
)
from sms_diary.ingest.reading.book import Table, letter
from sms_diary.ingest.records import Record
from sms_diary.phone import Problem, parse_cell

WANTED = "users.csv, classes.csv и другие файлы OneRoster 1.1 с точными именами и заголовками"
_AGENTS = frozenset({"parent", "guardian", "relative"})
_HOMEROOM = "homeroom"
_QUIET = ("manifest", "courses", "categories", "academicSessions", "orgs", "demographics",
          "classResources", "courseResources", "resources")  # fmt: skip
_PHONE_RU = "мобильный номер вида +7 900 000-10-01"


def recognise(tables: Sequence[Table], _context: Context) -> float:
    """How surely these are files of one bulk archive."""
    known = [table for table in tables if file_of(table)]
    names = {file_of(table) for table in known}
    exact = all("sourcedId" in headings(one) for one in known if file_of(one) != "manifest")
    if not known or len(known) != len(tables) or not exact:
        return 0.0
    return 1.0 if "manifest" in names else 0.8 if len(names) > 1 else 0.0


def read(tables: Sequence[Table], context: Context) -> Iterator[RowResult]:
    """Each row of each file."""
    roster = _Roster(Files(tables), context)
    yield from roster.run()


class _Roster:
    def __init__(self, files: Files, context: Context) -> None:
        self._files = files
        self._context = context
        self._users = files.by_id("users")
        self._classes = files.by_id("classes")
        self._home = self._homes()
        students = [line for line in self._users.values() if line["role"] == "student"]
        self._agents = {one for line in students for one in line.list("agentSourcedIds")}
        self._marks = Marks(files, context, self._pupil)

    def run(self) -> Iterator[RowResult]:
        for line in self._files.lines("users"):
            yield self._user(line)
        for line in self._files.lines("classes"):
            yield self._class(line)
        for line in self._files.lines("enrollments"):
            yield self._enrollment(line)
        yield from self._marks.run()
        for name in _QUIET:
            for line in self._files.lines(name):
                yield _answer(line)

    def _homes(self) -> dict[str, str]:
        """The title of each pupil's homeroom class."""
        found: dict[str, str] = {}
        for line in self._files.by_id("enrollments").values():
            group = self._classes.get(line["classSourcedId"])
            if group and group["classType"] == _HOMEROOM and line["role"] == "student":
                found.setdefault(line["userSourcedId"], group["title"])
        return found

    def _pupil(self, ref: str) -> dict[str, str] | None:
        """A pupil as events name one."""
        line = self._users.get(ref)
        if line is None or line["role"] != "student":
            return None
        home = self._home.get(ref, self._context.default_class)
        return {"class": home, "name": _name(line)} if home else {"id": ref}

    def _user(self, line: Line) -> RowResult:
        role = line["role"]
        if line.issue or role not in _AGENTS | {"student"}:
            return _answer(line)
        if role in _AGENTS:
            if line["sourcedId"] in self._agents:
                return _answer(line, read=True)
            text = "этого родителя не называет ни один ученик (agentSourcedIds)"
            return _answer(line, issues=(Issue(text, mend="свяжите его с учеником в журнале"),))
        name, home = _name(line), self._home.get(line["sourcedId"], self._context.default_class)
        if not home or not line["familyName"] or not line["givenName"]:
            text = (
                "не указано имя ученика" if home else "ученик не записан ни в один класс (homeroom)"
            )
            return _answer(
                line, issues=(Issue(text, mend="исправьте в журнале и выгрузите снова"),)
            )
        return self._student(line, name, home)

    def _student(self, line: Line, name: str, home: str) -> RowResult:
        """A contact for each guardian; a pupil without one has a contact without a number."""
        records: list[Fact] = []
        issues: list[Issue] = []
        for ref in line.list("agentSourcedIds"):
            agent = self._users.get(ref)
            if agent is None or agent["role"] not in _AGENTS:
                text, at = f"родителя {ref} нет в users.csv", _column(line, "agentSourcedIds")
                mend = "выгрузите родителей вместе с учениками"
                issues.append(Issue(text, column=at, mend=mend))
                continue
            contact, wrong = _contact(line, agent, name, home)
            records.append(contact)
            issues += wrong
        if not records:
            row = ContactRow(line.row.number, name, home, problems=(str(Problem.NONE),))
            records.append(Contact(row, ref=line["sourcedId"]))
        return _answer(line, records, issues)

    def _class(self, line: Line) -> RowResult:
        if line.issue or line["classType"] != _HOMEROOM:
            return _answer(line)
        if not line["title"]:
            return _answer(line, issues=(Issue("у класса нет названия", mend="впишите title"),))
        return _answer(line, (ClassFact(line["title"], line["sourcedId"]),))

    def _enrollment(self, line: Line) -> RowResult:
        lost = [
            f"{what} {ref} нет в выгрузке"
            for what, ref, known in (
                ("пользователя", line["userSourcedId"], self._users),
                ("класса", line["classSourcedId"], self._classes),
            )
            if ref not in known
        ]
        if lost and line.issue is None:
            return _answer(
                line, issues=[Issue(text, mend="выгрузите всё целиком") for text in lost]
            )
        return _answer(line, read=line["role"] == "student")


def _answer(
    line: Line, records: Sequence[Record | Fact] = (), issues: Sequence[Issue] = (),
    *, read: bool = False,
) -> RowResult:  # fmt: skip
    """The result of a line; `read`: what it says is in the records of other lines."""
    if line.issue:
        return result(line.table, line.row, (), (line.issue,))
    verdict = verdict_of(bool(records) or (read and not issues), issues)
    return RowResult(line.table.sheet, line.row.number, verdict, tuple(records), tuple(issues))


def _contact(line: Line, agent: Line, name: str, home: str) -> tuple[Contact, list[Issue]]:
    """The guardian's phones: of `sms`, else of `phone`."""
    field = "sms" if agent["sms"] else "phone"
    found = tuple(parse_cell(agent[field]))
    problems = tuple(str(one.problem) for one in found if one.problem) or (
        () if found else (str(Problem.NONE),)
    )
    row = ContactRow(
        line.row.number, name, home, guardian=_name(agent), phones=found, problems=problems
    )
    issues = [
        Issue(f"телефон родителя: {text}", Level.WARNING, _column(agent, field), "", _PHONE_RU,
              f"исправьте строку {agent.row.number} в users.csv")
        for text in problems
    ]  # fmt: skip
    return Contact(row, ref=line["sourcedId"]), issues


def _name(line: Line) -> str:
    parts = (line["familyName"], line["givenName"], line["middleName"])
    return " ".join(filter(None, parts))


def _column(line: Line, name: str) -> str:
    return letter(line.places[name]) if name in line.places else ""
