"""OneRoster 1.1 bulk (1EdTech, CSV binding): pupils, guardians as their agents, classes, marks.

A homeroom class is a class of the school, a scheduled one a subject in it; a lineItem is a work on
a day. Ids are our own. The standard knows no consents and no absences, and a mark that is no
number stands in `metadata.textScore`. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from sms_diary.ingest.exports.book import Exported, zipped
from sms_diary.ingest.exports.classes import NAMESAKES, OfClass, by_key, meant, titles
from sms_diary.ingest.kinds.oneroster_marks import BY_STATUS, UNNAMED, is_term
from sms_diary.ingest.tables_out import guarded_csv
from sms_diary.model import Kind
from sms_diary.store.people import PupilRow
from sms_diary.store.year_book import Written, certain
from sms_diary.values import value

KINDS = (str(Kind.MARK), str(Kind.TERM_MARK))
LOST = "Отметок, о которых OneRoster без номера урока сказать не может: {}."
_ORG = "org"
_TERM_WORK = "Итоговая отметка"
_HEADS: Mapping[str, Sequence[str]] = {
    "manifest": ("propertyName", "value"),
    "orgs": ("sourcedId", "status", "dateLastModified", "name", "type", "identifier",
             "parentSourcedId"),
    "academicSessions": ("sourcedId", "status", "dateLastModified", "title", "type", "startDate",
                         "endDate", "parentSourcedId", "schoolYear"),
    "courses": ("sourcedId", "status", "dateLastModified", "schoolYearSourcedId", "title",
                "courseCode", "grades", "orgSourcedId", "subjects", "subjectCodes"),
    "classes": ("sourcedId", "status", "dateLastModified", "title", "grades", "courseSourcedId",
                "classCode", "classType", "location", "schoolSourcedId", "termSourcedIds",
                "subjects", "subjectCodes", "periods"),
    "users": ("sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "role",
              "username", "userIds", "givenName", "familyName", "middleName", "identifier",
              "email", "sms", "phone", "agentSourcedIds", "grades", "password"),
    "enrollments": ("sourcedId", "status", "dateLastModified", "classSourcedId",
                    "schoolSourcedId", "userSourcedId", "role", "primary", "beginDate", "endDate"),
    "categories": ("sourcedId", "status", "dateLastModified", "title"),
    "lineItems": ("sourcedId", "status", "dateLastModified", "title", "description", "assignDate",
                  "dueDate", "classSourcedId", "categorySourcedId", "gradingPeriodSourcedId",
                  "resultValueMin", "resultValueMax"),
    "results": ("sourcedId", "status", "dateLastModified", "lineItemSourcedId",
                "studentSourcedId", "scoreStatus", "score", "scoreDate", "comment",
                "metadata.textScore"),
}  # fmt: skip
_ABSENT = ("demographics", "classResources", "courseResources", "resources")
_NUMBER = re.compile(r"[1-5]")


@value
class Agent:
    """A guardian of a pupil; the number is E.164."""

    id: int
    name: str
    number: str


Agents = Mapping[int, Sequence[Agent]]
"""Pupil → guardians."""


def export(school: str, year: int, classes: Iterable[OfClass], agents: Agents) -> Exported:
    """The archive; `year` is the school year's September."""
    roster = _Roster(school, year)
    lost = namesakes = rows = 0
    for one in classes:
        pupils = certain(one.pupils)
        namesakes += len(one.pupils) - len(pupils)
        said = roster.add(one, pupils, agents)
        rows += len(pupils) + said
        lost += len(one.entries) - said
    left_out = [NAMESAKES.format(namesakes)] if namesakes else []
    left_out += [LOST.format(lost)] if lost else []
    return Exported(roster.packed(), rows, tuple(left_out), ".zip")


class _Roster:
    """The files of the archive while classes are added."""

    def __init__(self, school: str, year: int) -> None:
        self._rows: dict[str, dict[str, Mapping[str, str]]] = {name: {} for name in _HEADS}
        self._ids: dict[tuple[str, str], str] = {}
        self._session = f"year-{year}"
        self._put("orgs", _ORG, name=school, type="school")
        self._put("academicSessions", self._session, title=f"{year}/{year + 1}",
                  type="schoolYear", startDate=f"{year}-09-01", endDate=f"{year + 1}-08-31",
                  schoolYear=str(year + 1))  # fmt: skip

    def add(self, one: OfClass, pupils: Sequence[PupilRow], agents: Agents) -> int:
        """A class with its people and marks; how many of its entries are told."""
        home = f"c{one.row.id}"
        self._put("courses", "home", title="Классный коллектив", orgSourcedId=_ORG)
        self._group(home, one.row.name, "home", "homeroom")
        for pupil in pupils:
            self._pupil(pupil, agents.get(pupil.id, ()))
            self._enrol(home, pupil.id)
        known = {pupil.id for pupil in pupils}
        own = [entry for entry in one.entries if entry.who in known]
        named = titles(own)
        said = [entry for same in by_key(own).values() for entry in meant(same, work=True)]
        told = [entry for entry in said if self._is_told(entry)]
        for entry in told:
            course = self._course(entry.subject_key, named[entry.subject_key])
            group = f"{home}-{course}"
            self._group(group, f"{named[entry.subject_key]} {one.row.name}", course, "scheduled")
            self._enrol(group, entry.who)
            self._result(entry, self._work(entry, group))
        return len(told)

    def _is_told(self, entry: Written) -> bool:
        """Of one ordinal only, and a work that is not taken for a term."""
        return entry.kind == Kind.TERM_MARK or (entry.ordinal == 1 and not is_term(entry.work))

    def _put(self, file: str, key: str, **said: str) -> None:
        self._rows[file].setdefault(key, {"sourcedId": key, **said})

    def _pupil(self, pupil: PupilRow, agents: Sequence[Agent]) -> None:
        ids = [f"g{agent.id}" for agent in agents]
        self._user(f"p{pupil.id}", "student", pupil.full_name, agentSourcedIds=",".join(ids))
        for agent in agents:
            self._user(f"g{agent.id}", "guardian", agent.name, sms=agent.number)

    def _user(self, key: str, role: str, full_name: str, **said: str) -> None:
        family, _, rest = full_name.partition(" ")
        given, _, middle = rest.partition(" ")
        self._put("users", key, enabledUser="true", orgSourcedIds=_ORG, role=role, username=key,
                  familyName=family, givenName=given, middleName=middle, **said)  # fmt: skip

    def _enrol(self, group: str, pupil_id: int) -> None:
        self._put("enrollments", f"{group}-p{pupil_id}", classSourcedId=group,
                  schoolSourcedId=_ORG, userSourcedId=f"p{pupil_id}", role="student",
                  primary="false")  # fmt: skip

    def _group(self, key: str, title: str, course: str, kind: str) -> None:
        self._put("classes", key, title=title, courseSourcedId=course, classType=kind,
                  schoolSourcedId=_ORG, termSourcedIds=self._session)  # fmt: skip

    def _course(self, key: str, title: str) -> str:
        return self._numbered("courses", "s", key, title=title, orgSourcedId=_ORG)

    def _numbered(self, file: str, letter: str, key: str, **said: str) -> str:
        """The id of a thing that has a key of words: the words are not of any id's alphabet."""
        known = self._ids.setdefault((file, key), f"{letter}{len(self._ids) + 1}")
        self._put(file, known, **said)
        return known

    def _work(self, entry: Written, group: str) -> str:
        is_term_mark = entry.kind == Kind.TERM_MARK
        kind = _TERM_WORK if is_term_mark else entry.work
        category = self._numbered("categories", "k", kind, title=kind) if kind else ""
        title = entry.work if is_term_mark or entry.work else f"{UNNAMED} {entry.day}"
        day = "" if is_term_mark else entry.day
        return self._numbered(
            "lineItems", "l", f"{group} {entry.kind} {entry.day} {entry.work_key}", title=title,
            assignDate=day, dueDate=day, classSourcedId=group, categorySourcedId=category,
            gradingPeriodSourcedId=self._session, resultValueMin="1", resultValueMax="5",
        )  # fmt: skip

    def _result(self, entry: Written, work: str) -> None:
        status = next((name for name, mark in BY_STATUS.items() if mark == entry.value), "")
        number = entry.value if _NUMBER.fullmatch(entry.value) else ""
        text = "" if status or number else entry.value
        said = {
            "lineItemSourcedId": work, "studentSourcedId": f"p{entry.who}",
            "scoreStatus": status or "fully graded", "score": number, "scoreDate": entry.day,
            "comment": entry.body, "metadata.textScore": text,
        }  # fmt: skip
        self._rows["results"][f"r{entry.id}"] = {"sourcedId": f"r{entry.id}", **said}

    def packed(self) -> bytes:
        manifest = {"manifest.version": "1.0", "oneroster.version": "1.1",
                    "source.systemName": "SMS-дневник"}  # fmt: skip
        manifest |= {f"file.{name}": "bulk" for name in _HEADS if name != "manifest"}
        manifest |= dict.fromkeys((f"file.{name}" for name in _ABSENT), "absent")
        self._rows["manifest"] = {
            name: {"propertyName": name, "value": said} for name, said in manifest.items()
        }
        return zipped((f"{name}.csv", _csv(name, rows)) for name, rows in self._rows.items())


def _csv(name: str, rows: Mapping[str, Mapping[str, str]]) -> bytes:
    head = _HEADS[name]
    return guarded_csv([head, *([row.get(title, "") for title in head] for row in rows.values())])
