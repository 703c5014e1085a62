"""What waits for a person, over HTTP: the questions, and their answers."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import Field

from sms_diary.api import validation
from sms_diary.api.operation import Context, Operation, encoded
from sms_diary.api.problem import Problem, bytes_response
from sms_diary.api.serving import admitted, bound
from sms_diary.api.shapes import Body, Id, OfPage, OfSchool, Said
from sms_diary.api.times import iso
from sms_diary.errors import NotYet
from sms_diary.ingest.accept import Acceptor
from sms_diary.ingest.imports import resolving
from sms_diary.ingest.imports.planning import Importer
from sms_diary.ingest.imports.resolving import NoQuestion
from sms_diary.store import quarantine, schools
from sms_diary.store.quarantine import Question
from sms_diary.store.schools import School
from sms_diary.store.tokens import Right

_GROUP = "Вопросы"
_MOST = 200


class Candidate(Said):
    id: str
    title: str


class Asked(Said):
    """`held`: how many rows or events wait for this one answer."""

    id: str
    reason: str
    detail: str
    about: str
    held: int
    at: str
    candidates: list[Candidate]


class Page(Said):
    questions: list[Asked]
    next: str = ""


class Answer(Body):
    """`choice`: a candidate's id, or 0: none of them."""

    choice: Id
    source: str = Field("", max_length=300)


class Settled(Said):
    held: int
    outcomes: dict[str, int]


LIST: Operation[Any, Any] = Operation(
    method="GET", path="/v1/quarantine", group=_GROUP, right=Right.READ, query=OfPage,
    answer=Page, summary="Что отложено до решения, с вариантами ответов",
)  # fmt: skip
RESOLVE: Operation[Any, Any] = Operation(
    method="POST", path="/v1/quarantine/{id}/resolve", group=_GROUP, right=Right.CONSENTS,
    query=OfSchool, body=Answer, answer=Settled, conflicts=True,
    summary="Ответить: всё, что ждёт того же, записывается, ответ запоминается",
)  # fmt: skip
DROP: Operation[Any, Any] = Operation(
    method="POST", path="/v1/quarantine/{id}/drop", group=_GROUP, right=Right.CONSENTS,
    query=OfSchool, answer=Settled, summary="Убрать вопрос: отложенное не будет записано",
)  # fmt: skip
OPERATIONS = (LIST, RESOLVE, DROP)


class QuarantineEndpoint:
    def __init__(self, context: Context, acceptor: Acceptor) -> None:
        self._context = context
        self._importer = Importer(context.database, context.tools, context.clock, acceptor)

    def routes(self) -> list[web.RouteDef]:
        return [bound(LIST, self.list_), bound(RESOLVE, self.resolve), bound(DROP, self.drop)]

    async def list_(self, http: web.Request) -> web.Response:
        _, school = await self._admitted(LIST, http)
        query = validation.query(OfPage, http.query)
        limit = min(max(query.limit, 1), _MOST)
        async with self._context.database.reading() as q:
            found = await quarantine.questions(q, school.id, after=query.after, limit=limit)
            shown = [await resolving.shown(self._importer, q, school, one) for one in found]
        page = Page(questions=[_asked(one) for one in shown])
        if len(found) == limit:
            page = Page(questions=page.questions, next=str(found[-1].id))
        return bytes_response(encoded(page))

    async def resolve(self, http: web.Request) -> web.Response:
        token, school = await self._admitted(RESOLVE, http)
        validation.query(OfSchool, http.query)
        number = validation.path_id(http)
        said = validation.body(Answer, await self._context.bodies.json(http))
        try:
            done = await resolving.resolve(
                self._importer, school, number, said.choice,
                by=f"token {token.name}".rstrip(), source=said.source,
            )  # fmt: skip
        except NotYet as wrong:
            raise Problem(409, "not-yet", str(wrong)) from None
        except NoQuestion as wrong:
            raise Problem(404, "no-question", str(wrong)) from None
        return bytes_response(encoded(Settled(held=done.held, outcomes=done.outcomes)))

    async def drop(self, http: web.Request) -> web.Response:
        token, school = await self._admitted(DROP, http)
        validation.query(OfSchool, http.query)
        validation.no_body(http)
        number = validation.path_id(http)
        by = f"token {token.name}".rstrip()
        try:
            held = await resolving.drop(self._importer, school, number, by=by)
        except NoQuestion as wrong:
            raise Problem(404, "no-question", str(wrong)) from None
        return bytes_response(encoded(Settled(held=held, outcomes={})))

    async def _admitted(
        self, operation: Operation[Any, Any], http: web.Request
    ) -> tuple[Any, School]:
        token, school_id = await admitted(operation, self._context, http)
        async with self._context.database.reading() as q:
            return token, (await schools.by_ids(q, [school_id]))[school_id]


def _asked(one: resolving.Shown) -> Asked:
    question: Question = one.question
    return Asked(
        id=str(question.id), reason=question.reason, detail=question.detail, about=one.about,
        held=question.held, at=iso(question.at),
        candidates=[Candidate(id=str(key), title=title) for key, title in one.candidates],
    )  # fmt: skip
