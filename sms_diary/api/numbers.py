"""Numbers that SMS do not reach, over HTTP: whose they are, and one that is reached again."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from sms_diary.api import classes, guardians
from sms_diary.api.evidence import Evidence, proof
from sms_diary.api.operation import Call, Context, Operation
from sms_diary.api.shapes import Body, ClassTitle, OfSchool, Said
from sms_diary.api.times import iso
from sms_diary.ingest.matching import class_key
from sms_diary.phone import mask
from sms_diary.store import numbers, problems, troubles
from sms_diary.store.problems import KIND_RU, Kind
from sms_diary.store.tokens import Right
from sms_diary.store.troubles import LIFTED_RU, Lifted

_GROUP = "Номера, до которых не доходит"


class LastWord(Said):
    """What the operator said of the school's last SMS that did not arrive."""

    route: str
    code: str
    failure: str
    state: str
    code_ru: str
    at: str


class Problem(Said):
    guardian_id: str
    class_name: str = Field(alias="class")
    pupil: str
    guardian: str
    relation: str
    number: str
    kind: Kind
    kind_ru: str
    since: str | None
    said: LastWord | None


class Problems(Said):
    problems: list[Problem]


class Asked(OfSchool):
    class_name: ClassTitle | None = Field(
        None, alias="class", description="Только этот класс, например 5А."
    )
    kind: Kind | None = Field(
        None,
        description="blocked-by-operator, suspended, wrong-number или failing.",
    )


class Lift(Body):
    """What shows that SMS reach this number again."""

    evidence: Evidence


class Done(Said):
    outcome: Lifted
    outcome_ru: str


async def list_(call: Call[Asked, None]) -> Problems:
    """Whom of the school no SMS reaches: by class, then by pupil."""
    day = await classes.today(call)
    found = await problems.of_school(
        call.q, call.tools, call.school_id, day=day.isoformat(), now=call.now
    )
    if call.query.class_name:
        await classes.class_id(call, call.query.class_name, day)  # 404 if there is none
        key = class_key(call.query.class_name)
        found = [one for one in found if class_key(one.class_name) == key]
    return Problems(
        problems=[_shown(one, call.context) for one in found if call.query.kind in (None, one.kind)]
    )


async def lift(call: Call[OfSchool, Lift]) -> Done:
    """A person says that SMS reach a guardian's number again; repeated: nothing is left to lift."""
    view = await guardians.found(call)
    number = (await numbers.read(call.q, call.tools, [view.number_id]))[view.number_id]
    outcome = await troubles.lift(
        call.q, call.tools, call.school_id, number,
        by=call.actor, evidence=proof(call.body.evidence), now=call.now,
    )  # fmt: skip
    return Done(outcome=outcome, outcome_ru=LIFTED_RU[outcome])


def _shown(one: problems.Problem, context: Context) -> Problem:
    return Problem.model_validate(
        {
            "guardian_id": str(one.guardian_id), "class": one.class_name, "pupil": one.pupil,
            "guardian": one.guardian, "relation": one.relation, "number": mask(one.number),
            "kind": one.kind, "kind_ru": KIND_RU[one.kind], "since": iso(one.since),
            "said": one.said and _said(one.said, context),
        }
    )  # fmt: skip


def _said(said: problems.Said, context: Context) -> LastWord:
    explain = context.explain if said.failure else context.explain_receipt
    return LastWord(
        route=said.route, code=said.code, failure=said.failure, state=said.state,
        code_ru=explain(said.route, said.code), at=iso(said.at),
    )  # fmt: skip


OPERATIONS: list[Operation[Any, Any]] = [
    Operation(
        method="GET", path="/v1/problems", group=_GROUP, right=Right.READ, query=Asked,
        answer=Problems, do=list_, summary="До кого SMS не доходят, по классам",
    ),
    Operation(
        method="POST", path="/v1/guardians/{id}/lift", group=_GROUP, right=Right.CONSENTS,
        query=OfSchool, body=Lift, answer=Done, do=lift,
        summary="Отметить, что SMS на номер родителя снова доходят",
    ),
]  # fmt: skip
