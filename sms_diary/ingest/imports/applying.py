"""A plan carried out: chunk by chunk, each in its transaction, so that a kill loses nothing.

What was applied is not applied twice: a chunk's request has a name of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sms_diary.db import Queries
from sms_diary.errors import NotYet, SmsDiaryError
from sms_diary.ingest.files.report import Word
from sms_diary.ingest.imports import steps
from sms_diary.ingest.imports.chunks import CONTACTS, unpack
from sms_diary.ingest.imports.columns import Known
from sms_diary.ingest.imports.planning import Importer, Progress, silently
from sms_diary.ingest.imports.report import Report, restored
from sms_diary.ingest.imports.request import Job, Options, Part
from sms_diary.store import columns, imports
from sms_diary.store.columns import Remembered
from sms_diary.store.imports import Import, State
from sms_diary.store.schools import School

NO_IMPORT = "Такой загрузки здесь нет: sms-diary import list"
REFUSED = (
    "Строк, которые загрузить нельзя: {}. Исправьте их в файле и загрузите его снова, или "
    "примените только верные строки (--only-good)."
)
GONE = "То, что было прочитано из файлов, уже удалено. Загрузите файлы снова."


class NoImport(SmsDiaryError):
    """There is no such import in this school."""


async def apply(
    importer: Importer, school: School, import_id: int, *, only_good: bool, by: str,
    progress: Progress = silently,
) -> Report:  # fmt: skip
    """Carry a plan out; what it did. Again after that: the same report.

    Raises `NotYet` while rows are refused and `only_good` is not said, or what was read is gone.
    """
    found = await known(importer, school, import_id)
    assert found.report is not None
    before = restored(found.report)
    if found.state in (State.APPLIED, State.UNDONE):
        before.applied = True
        return before
    if before.count(Word.REJECTED) and not only_good:
        raise NotYet(REFUSED.format(before.count(Word.REJECTED)))
    report = Report(files=before.files, tell=before.tell, guardians=before.guardians,
                    lines=before.lines, waiting=before.waiting, held=before.held,
                    welcomes=before.welcomes, applied=True)  # fmt: skip
    options = Options.from_data(found.options)
    job = Job(school, import_id, options, by or found.by, importer.clock.now())
    for seq in range(found.done, found.chunks):
        await _one(importer, job, seq, report, last=seq + 1 == found.chunks)
        progress("Запись", seq + 1, found.chunks)
    return await _end(importer, job, found, before, report)


async def _one(importer: Importer, job: Job, seq: int, report: Report, *, last: bool) -> None:
    """One chunk; its rows, and how far the import has got, are one commit."""
    async with importer.database.reading() as q:
        found = await imports.chunk(q, importer.tools, job.school.id, job.import_id, seq)
    if found is None:
        raise NotYet(GONE)
    kind, body = found
    part = Part(seq, body, await asyncio.to_thread(unpack, body))

    async def work(q: Queries) -> None:
        if kind == CONTACTS:
            await steps.contacts(q, importer.tools, job, part, report)
        else:
            await steps.events(q, importer.tools, importer.acceptor, job, part, report)
        await imports.advance(q, job.school.id, job.import_id, done=seq + 1, now=job.now, last=last)

    await importer.database.write(work)
    importer.acceptor.woken()


async def _end(
    importer: Importer, job: Job, found: Import, before: Report, report: Report
) -> Report:
    """Keep what was done, unless a part of it was done by another call."""
    whole = report if found.done == 0 else before
    whole.applied = True
    whole.chosen, whole.tables = before.chosen, before.tables
    whole.sort()
    async with importer.database.transaction() as q:
        await _remember(q, job, whole.chosen)
        if not found.chunks:
            await imports.advance(q, job.school.id, job.import_id, done=0, now=job.now, last=True)
        await imports.planned(q, importer.tools, job.school.id, job.import_id,
                              chunks=found.chunks, report=whole.packed())  # fmt: skip
    return whole


async def _remember(q: Queries, job: Job, chosen: Sequence[Known]) -> None:
    """How these columns are to be read the next time."""
    for one in chosen:
        if not one.choice:
            await columns.forget(q, job.school.id, one.headings)
        elif one.is_new:
            said = Remembered(one.headings, one.title, one.choice, job.now, job.by)
            await columns.keep(q, job.school.id, said)


async def known(importer: Importer, school: School, import_id: int) -> Import:
    """The import; raises `NoImport`, or `NotYet` where its report is gone."""
    async with importer.database.reading() as q:
        found = await imports.find(q, importer.tools, school.id, import_id)
    if found is None:
        raise NoImport(NO_IMPORT)
    if found.report is None:
        raise NotYet(GONE)
    return found
