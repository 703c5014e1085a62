"""The dry run: files into a plan that is kept, and a report of what it would do. Nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from pathlib import Path

from sms_diary.clock import Clock, local
from sms_diary.db import Database, Queries
from sms_diary.errors import FileProblem
from sms_diary.ingest.accept import Acceptor
from sms_diary.ingest.imports import gathering, request, steps
from sms_diary.ingest.imports.chunks import CONTACTS, Chunk, unpack
from sms_diary.ingest.imports.columns import Columns
from sms_diary.ingest.imports.estimate import Estimate
from sms_diary.ingest.imports.gather import FileSaid, Order, Source
from sms_diary.ingest.imports.report import FileLine, Report
from sms_diary.ingest.imports.request import Job, Options, Part
from sms_diary.store import columns, imports, welcome
from sms_diary.store.imports import State
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.values import value

MOST_TABLES = 200
"""Tables of one import that are told of column by column."""
Progress = Callable[[str, int, int], None]
"""What is being done (Russian), how much of it is done, of how much (0: nobody knows)."""


def silently(_what: str, _done: int, _of: int) -> None:
    """No progress is shown."""


@value
class Planned:
    import_id: int
    report: Report


class _Undo(Exception):
    """Leaves a transaction without committing it."""


class Importer:
    """Imports of one process: where they are planned, applied (`applying`), undone (`undoing`)."""

    def __init__(self, database: Database, tools: Tools, clock: Clock, acceptor: Acceptor) -> None:
        self.database = database
        self.tools = tools
        self.clock = clock
        self.acceptor = acceptor

    async def plan(
        self, school: School, files: Sequence[tuple[Path, str]], options: Options, *, by: str,
        progress: Progress = silently, import_id: int = 0,
    ) -> Planned:  # fmt: skip
        """Read the files (path, what people call it), keep the plan, say what it would do.

        `import_id`: its number, for who must know it before; else a fresh one.

        Raises `FileProblem` if the reading as a whole fails; a bad file is in the report.
        """
        now = self.clock.now()
        sources = tuple(Source(str(path), name) for path, name in files)
        digest = await asyncio.to_thread(gathering.digest, sources)
        import_id = import_id or self.tools.ids.new()
        job = Job(school, import_id, options, by, now)
        async with self.database.transaction() as q:
            await imports.add(q, school.id, import_id, digest=digest, options=options.as_data(),
                              by=by, now=now)  # fmt: skip
        report = Report(tell=options.tell)
        try:
            chunks = await self._read(job, sources, report, progress)
        except FileProblem:
            async with self.database.transaction() as q:
                await imports.set_state(q, school.id, import_id, State.FAILED, now=now)
            raise
        report = await self._try(job, chunks, report, progress)
        async with self.database.transaction() as q:
            await imports.planned(q, self.tools, school.id, import_id, chunks=len(chunks),
                                  report=report.packed())  # fmt: skip
        return Planned(import_id, report)

    async def _read(
        self, job: Job, sources: Sequence[Source], report: Report, progress: Progress
    ) -> list[str]:
        """Keep the chunks; the kind of each."""
        async with self.database.reading() as q:
            kept = {one.headings: one.choice for one in await columns.of_school(q, job.school.id)}
        order = Order(
            tuple(sources), job.today, job.options.default_class,
            columns=Columns(job.options.columns, kept, job.options.forget_columns),
            read_as=job.options.read_as,
        )  # fmt: skip
        kinds: list[str] = []
        progress("Чтение файлов", 0, 0)
        async for frame in gathering.frames(order):
            if isinstance(frame, FileSaid):
                report.files.append(_line(frame))
                report.tables += frame.tables[: max(MOST_TABLES - len(report.tables), 0)]
                report.chosen += [one for one in frame.chosen if one not in report.chosen]
                progress(f"Прочитано: {frame.name}", len(report.files), 0)
            else:
                await self._keep(job, len(kinds), frame)
                kinds.append(frame.kind)
        return kinds

    async def _keep(self, job: Job, seq: int, chunk: Chunk) -> None:
        async with self.database.transaction() as q:
            await imports.add_chunk(
                q, self.tools, job.school.id, job.import_id, seq, kind=chunk.kind,
                body=chunk.body, now=job.now,
            )  # fmt: skip

    async def _try(
        self, job: Job, kinds: Sequence[str], report: Report, progress: Progress
    ) -> Report:
        """Try every chunk. Contacts are loaded in a transaction that is rolled back, so that the
        rest can be tried against them; without them nothing is locked."""
        estimate = Estimate(job.school, told_from=_told_from(job), now=job.now)
        trial = _Trial(self, job, report, estimate)

        async def all_of_them(q: Queries) -> None:
            for seq in range(len(kinds)):
                await trial.chunk(seq, q)
                progress("Проверка", seq + 1, len(kinds))
            report.welcomes = await welcome.queued(q, job.school.id, now=job.now)
            report.held = await estimate.flood(q)
            raise _Undo

        if CONTACTS in kinds:
            with contextlib.suppress(_Undo):
                await self.database.write(all_of_them)
        else:
            for seq in range(len(kinds)):
                await self.database.read(partial(trial.chunk, seq))
                progress("Проверка", seq + 1, len(kinds))
            report.held = await self.database.read(estimate.flood)
        report.guardians, report.lines = len(estimate.guardians), estimate.lines
        report.waiting = estimate.waiting
        report.sort()
        return report


class _Trial:
    """The chunks of a plan, one by one."""

    def __init__(self, importer: Importer, job: Job, report: Report, estimate: Estimate) -> None:
        self._importer = importer
        self._job = job
        self._report = report
        self._estimate = estimate

    async def chunk(self, seq: int, q: Queries) -> None:
        """What the chunk would do."""
        tools, acceptor, job = self._importer.tools, self._importer.acceptor, self._job
        found = await imports.chunk(q, tools, job.school.id, job.import_id, seq)
        assert found is not None
        kind, body = found
        part = Part(seq, body, unpack(body))
        if kind == CONTACTS:
            await steps.contacts(q, tools, job, part, self._report)
        else:
            await steps.tried(q, acceptor, job, part, self._report, self._estimate)


def _line(said: FileSaid) -> FileLine:
    return FileLine(said.name, said.kinds, said.problem, said.notes)


def _told_from(job: Job) -> date | None:
    """The first day of which the school would tell after this import."""
    if job.options.tell == request.ALL:
        return None
    return job.school.told_from or local(job.now, job.school.zone).date()
