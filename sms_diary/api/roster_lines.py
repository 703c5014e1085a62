"""The lines of a roster: what one may say, what is answered to it, what is taken out."""

from __future__ import annotations

import hashlib
from typing import Annotated

from pydantic import Field, ValidationError

from sms_diary.api.evidence import Evidence
from sms_diary.api.shapes import Body, ClassTitle, Day, MaybeLine, Name, Number, Said
from sms_diary.ingest import parsing
from sms_diary.ingest.roster import Enrolled, Line, Parent
from sms_diary.model import ConsentState
from sms_diary.store.by_school import Paper
from sms_diary.store.rosters import Row


class Guardian(Body):
    number: Number
    full_name: Name
    relation: MaybeLine = ""
    consent: Evidence | None = None
    """The paper on which the consent to SMS stands."""


class RosterLine(Body):
    class_name: ClassTitle = Field(alias="class")
    full_name: Name
    external_id: Name | None = None
    birth_date: Day | None = None
    guardians: Annotated[list[Guardian], Field(max_length=20)] = Field([])


class Followed(Said):
    guardian_id: str
    subscription_id: str
    added: bool
    state: ConsentState
    note: str = ""


class Wrong(Said):
    pointer: str
    code: str
    message: str


class Outcome(Said):
    """What became of a line: `added`, `known` or `refused`."""

    line: int
    outcome: str
    detail: str = ""
    pupil_id: str = ""
    guardians: list[Followed] = Field([])
    errors: list[Wrong] = Field([])


class OutGuardian(Said):
    number: str
    full_name: str
    relation: str
    state: ConsentState
    guardian_id: str
    subscription_id: str


class OutLine(Said):
    pupil_id: str
    class_name: str | None = Field(alias="class")
    full_name: str
    external_id: str | None
    birth_date: str | None
    guardians: list[OutGuardian]


def read(place: int, text: bytes) -> Line | Outcome:
    try:
        line = RosterLine.model_validate_json(text)
    except ValidationError as wrong:
        errors = [
            Wrong(pointer=one.pointer, code=one.code, message=one.message)
            for one in parsing.of_object(text, wrong)
        ]
        return Outcome(line=place, outcome="refused", detail="В строке есть ошибки.", errors=errors)
    return Line(
        place, hashlib.sha256(text).hexdigest(), line.class_name, line.full_name,
        line.external_id or "", line.birth_date or "",
        tuple(Parent(one.number, one.full_name, one.relation, _paper(one.consent))
              for one in line.guardians),
    )  # fmt: skip


def _paper(said: Evidence | None) -> Paper | None:
    return Paper(said.source, said.form, said.by, said.date) if said else None


def outcome(one: Enrolled) -> Outcome:
    if one.pupil_id is None:
        return Outcome(line=one.place, outcome=one.outcome, detail=one.problem)
    guardians = [
        Followed.model_validate({
            "guardian_id": str(each.guardian_id), "subscription_id": str(each.subscription_id),
            "added": each.added, "state": each.state, **({"note": each.note} if each.note else {}),
        })
        for each in one.parents
    ]  # fmt: skip
    return Outcome(
        line=one.place, outcome=one.outcome, pupil_id=str(one.pupil_id), guardians=guardians
    )


def out(row: Row) -> OutLine:
    pupil = row.pupil
    return OutLine.model_validate({
        "pupil_id": str(pupil.id), "class": pupil.class_name, "full_name": pupil.full_name,
        "external_id": pupil.external_id, "birth_date": pupil.birth_date,
        "guardians": [
            {"number": one.number, "full_name": one.full_name, "relation": one.relation,
             "state": ConsentState(one.state), "guardian_id": str(one.guardian_id),
             "subscription_id": str(one.subscription_id)}
            for one in row.guardians
        ],
    })  # fmt: skip
