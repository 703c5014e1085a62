"""Imports of files over HTTP: streamed to disk, planned, then applied or undone by their number.

HTTP and nothing else: what files say and do is `ingest.imports`'.
"""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import web
from pydantic import Field

from sms_diary.api import validation
from sms_diary.api.auth import allow
from sms_diary.api.form import Form
from sms_diary.api.operation import Context, Operation, encoded
from sms_diary.api.problem import Problem, bytes_response
from sms_diary.api.serving import admitted, bound
from sms_diary.api.shapes import Body, Flag, OfSchool, Said
from sms_diary.api.times import iso
from sms_diary.errors import FileProblem, NotYet
from sms_diary.ingest.accept import Acceptor
from sms_diary.ingest.imports import applying, undoing
from sms_diary.ingest.imports.applying import NoImport
from sms_diary.ingest.imports.planning import Importer
from sms_diary.ingest.imports.report import Report, restored
from sms_diary.ingest.kinds.recognise import FileKind
from sms_diary.store import imports, schools
from sms_diary.store.imports import STATE_RU, State
from sms_diary.store.schools import School
from sms_diary.store.tokens import Right, Token

_FORM = "multipart/form-data"
_GROUP = "Загрузки файлов"
_PROBLEMS = 1_000
T = TypeVar("T")


class Upload(Body):
    """The form: any number of files, and what is said of them."""

    file: list[str] = Field(
        min_length=1, json_schema_extra={"items": {"type": "string", "format": "binary"}}
    )
    source: str = ""
    class_: str = Field("", alias="class")
    tell: str = ""
    numbers_changed: str = ""
    columns: str = Field("", description="Строка на столбец: «Моб. связь=Телефон»; запомнится.")
    forget_columns: str = Field("", description="1: забыть, как запомнено читать эти столбцы.")


class Remark(Said):
    file: str
    sheet: str
    row: int
    word: str
    text: str
    column: str
    said: str
    expected: str
    mend: str
    about: str


class File(Said):
    name: str
    kinds: list[str]
    problem: str
    notes: list[str]


class Decision(Said):
    text: str
    about: str
    rows: int


class Shown(Said):
    """The report of an import. `counts`: kind → word → rows, each row of data in one of them."""

    id: str
    state: State
    state_ru: str
    at: str
    by: str
    rows: int
    counts: dict[str, dict[str, int]]
    unchanged: bool
    files: list[File]
    problems: list[Remark]
    more_problems: int
    decisions: list[Decision]
    entries: int
    guardians: int
    lines: int
    waiting: int
    held: int
    welcomes: int
    tell: str
    notes: list[str]


class Undone(Said):
    id: str
    said: list[str]


class Applying(OfSchool):
    only_good: Flag = Field(False, description="1: применить верные строки, отклонённые оставить.")


PLAN: Operation[Any, Any] = Operation(
    method="POST", path="/v1/imports", group=_GROUP, right=Right.WRITE, query=OfSchool,
    takes=(_FORM, Upload), answer=Shown, status=201, conflicts=True,
    summary="Проверить файлы школы: что было бы, если их загрузить",
)  # fmt: skip
GET: Operation[Any, Any] = Operation(
    method="GET", path="/v1/imports/{id}", group=_GROUP, right=Right.READ, query=OfSchool,
    answer=Shown, summary="Отчёт загрузки", conflicts=True,
)  # fmt: skip
APPLY: Operation[Any, Any] = Operation(
    method="POST", path="/v1/imports/{id}/apply", group=_GROUP, right=Right.WRITE,
    query=Applying, answer=Shown, conflicts=True, summary="Применить проверенную загрузку",
)  # fmt: skip
UNDO: Operation[Any, Any] = Operation(
    method="POST", path="/v1/imports/{id}/undo", group=_GROUP, right=Right.WRITE, query=OfSchool,
    answer=Undone, conflicts=True, summary="Отменить загрузку, пока о ней никому не сообщено",
)  # fmt: skip
OPERATIONS = (PLAN, GET, APPLY, UNDO)


class ImportsEndpoint:
    def __init__(self, context: Context, acceptor: Acceptor) -> None:
        self._context = context
        self._importer = Importer(context.database, context.tools, context.clock, acceptor)

    def routes(self) -> list[web.RouteDef]:
        return [
            bound(PLAN, self.plan),
            bound(GET, self.get),
            bound(APPLY, self.apply),
            bound(UNDO, self.undo),
        ]

    async def plan(self, http: web.Request) -> web.Response:
        """201 with the report; nothing is written but the plan."""
        token, school = await self._admitted(PLAN, http)
        validation.query(OfSchool, http.query)
        if http.content_type != _FORM:
            raise Problem(415, "not-a-form", f"Нужна форма с файлами: Content-Type: {_FORM}.")
        with tempfile.TemporaryDirectory(prefix="sms-diary-") as folder:
            form = Form(Path(folder))
            await form.read(http)
            options = form.options()
            if options.tell:
                allow(token, Right.SEND)
            planned = await _said(self._importer.plan(school, form.files, options, by=_by(token)))
        shown = await self._shown(school, planned.import_id, planned.report)
        headers = {"Location": f"/v1/imports/{planned.import_id}"}
        return bytes_response(encoded(shown), status=201, headers=headers)

    async def get(self, http: web.Request) -> web.Response:
        _, school = await self._admitted(GET, http)
        validation.query(OfSchool, http.query)
        found = await _said(applying.known(self._importer, school, validation.path_id(http)))
        assert found.report is not None
        return bytes_response(encoded(await self._shown(school, found.id, restored(found.report))))

    async def apply(self, http: web.Request) -> web.Response:
        """200 once all of it is committed; again: the same report."""
        token, school = await self._admitted(APPLY, http)
        query = validation.query(Applying, http.query)
        validation.no_body(http)
        found = await _said(applying.known(self._importer, school, validation.path_id(http)))
        assert found.report is not None
        report = restored(found.report)
        if FileKind.CONTACTS.value in report.counts:
            allow(token, Right.CONSENTS)
        if report.tell:
            allow(token, Right.SEND)
        done = await _said(
            applying.apply(self._importer, school, found.id, only_good=query.only_good,
                           by=_by(token))
        )  # fmt: skip
        self._context.wakes.requests.set()
        return bytes_response(encoded(await self._shown(school, found.id, done)))

    async def undo(self, http: web.Request) -> web.Response:
        token, school = await self._admitted(UNDO, http)
        validation.query(OfSchool, http.query)
        validation.no_body(http)
        import_id = validation.path_id(http)
        said = await _said(undoing.undo(self._importer, school, import_id, by=_by(token)))
        return bytes_response(encoded(Undone(id=str(import_id), said=said)))

    async def _admitted(
        self, operation: Operation[Any, Any], http: web.Request
    ) -> tuple[Token, School]:
        token, school_id = await admitted(operation, self._context, http)
        async with self._context.database.reading() as q:
            return token, (await schools.by_ids(q, [school_id]))[school_id]

    async def _shown(self, school: School, import_id: int, report: Report) -> Shown:
        async with self._context.database.reading() as q:
            found = await imports.find(q, self._context.tools, school.id, import_id)
        assert found is not None
        data = report.as_data()
        return Shown(
            id=str(found.id), state=found.state, state_ru=STATE_RU[found.state],
            at=iso(found.at), by=found.by, rows=report.rows, counts=report.counts,
            unchanged=report.unchanged,
            files=[File.model_validate(one) for one in data["files"]],
            problems=[Remark.model_validate(one) for one in data["problems"][:_PROBLEMS]],
            more_problems=report.more_problems + max(len(report.problems) - _PROBLEMS, 0),
            decisions=[Decision.model_validate(one) for one in data["decisions"].values()],
            entries=report.entries, guardians=report.guardians, lines=report.lines,
            waiting=report.waiting, held=report.held, welcomes=report.welcomes,
            tell=report.tell, notes=report.notes,
        )  # fmt: skip


def _by(token: Token) -> str:
    return f"token {token.name}".rstrip()


async def _said(work: Awaitable[T]) -> T:
    """The work's result, its refusals as problems."""
    try:
        return await work
    except NoImport as wrong:
        raise Problem(404, "no-import", str(wrong)) from None
    except NotYet as wrong:
        raise Problem(409, "not-yet", str(wrong)) from None
    except FileProblem as wrong:
        raise Problem(422, "bad-file", str(wrong)) from None
