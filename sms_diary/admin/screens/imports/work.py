"""What takes long: files planned and plans carried out, behind the pages.

How far it is stands in the database and, while this process does it, in `Desk.background`.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import structlog

from sms_diary.admin.importing import importer, plain
from sms_diary.admin.screen import Desk, Page, Visit, found
from sms_diary.clock import MINUTE
from sms_diary.errors import FileProblem, SmsDiaryError
from sms_diary.ingest.imports import applying
from sms_diary.ingest.imports.report import FileLine, Report
from sms_diary.ingest.imports.request import Options
from sms_diary.store import import_files, imports
from sms_diary.store.imports import Import, State
from sms_diary.store.schools import School

log = structlog.get_logger(__name__)
SOON = 3.0
"""Seconds that a request waits for the work: most files are done by then."""
_PATIENCE = 10 * MINUTE
"""After which a check that nobody in this process is doing counts as broken off."""
_UNREADABLE = "Файлы не удалось проверить. Загрузите их ещё раз; не выйдет снова — по одному."


def _key(school: School, import_id: int) -> tuple[int, int]:
    return school.id, import_id


def running(visit: Visit, import_id: int) -> bool:
    return visit.desk.background.running(_key(visit.school, import_id))


async def look(visit: Visit) -> Import | Page:
    """The import of the address, or the page that waits for it."""
    one = await imports.find(visit.q, visit.tools, visit.school.id, visit.id)
    if running(visit, visit.id):
        return _waiting(visit, one)
    one = found(one)
    if one.report is None and one.state is State.PLANNED and visit.now - one.at < _PATIENCE:
        return _waiting(visit, one)  # another process may be at it
    return one


def _waiting(visit: Visit, one: Import | None) -> Page:
    what, done, of = visit.desk.background.said(_key(visit.school, visit.id))
    applied = one is not None and one.state is State.APPLYING
    title = "Записываем в дневник" if applied else "Проверяем файлы"
    return Page("import-wait.html", {"what": what, "done": done, "of": of}, title=title)


# ---------------------------------------------------------------- planning


async def plan(
    visit: Visit, files: Sequence[Path], options: Options, *, instead_of: int = 0
) -> int:
    """Begin to check the files; the import's id. They are moved away, since the check may take
    longer than the request. A plan that it replaces goes."""
    desk, import_id = visit.desk, visit.tools.ids.new()
    key = _key(visit.school, import_id)
    folder = tempfile.TemporaryDirectory(prefix="sms-diary-")
    # Under numbers: a name from outside never becomes a path.
    paths = [path.rename(Path(folder.name) / str(at)) for at, path in enumerate(files)]
    desk.background.begin(key, _plan(visit, import_id, folder, paths, options, instead_of))
    await desk.background.wait(key, SOON)
    return import_id


async def _plan(
    visit: Visit, import_id: int, folder: tempfile.TemporaryDirectory[str],
    paths: Sequence[Path], options: Options, instead_of: int,
) -> None:  # fmt: skip
    desk, school, by = visit.desk, visit.school, visit.actor
    told = partial(desk.background.say, _key(school, import_id))
    try:
        with folder:
            await importer(desk).plan(
                school, list(zip(paths, options.files, strict=True)), options, by=by,
                progress=told, import_id=import_id,
            )  # fmt: skip
            await _keep(desk, school, import_id, paths, instead_of)
    except FileProblem as problem:
        await _failed(desk, school, import_id, plain(str(problem)))
    except Exception as error:  # whoever waits for it must learn of it
        log.error("import not planned", error=type(error).__name__)
        await _failed(desk, school, import_id, _UNREADABLE)


async def _keep(
    desk: Desk, school: School, import_id: int, paths: Sequence[Path], instead_of: int
) -> None:
    """The files beside their plan, one in memory at a time."""
    async with desk.database.transaction() as q:
        for at, path in enumerate(paths):
            body = await asyncio.to_thread(path.read_bytes)
            await import_files.add(
                q, desk.tools, school.id, import_id, at, body, now=desk.clock.now()
            )
        if instead_of:
            await import_files.discard(q, school.id, instead_of)


async def _failed(desk: Desk, school: School, import_id: int, why: str) -> None:
    report = Report(files=[FileLine("", problem=why)])
    async with desk.database.transaction() as q:
        await imports.set_state(q, school.id, import_id, State.FAILED, now=desk.clock.now())
        await imports.planned(q, desk.tools, school.id, import_id, chunks=0, report=report.packed())


# ---------------------------------------------------------------- applying


async def apply(visit: Visit, import_id: int, *, only_good: bool) -> None:
    """Begin to carry the plan out, or go on with it."""
    desk, key = visit.desk, _key(visit.school, import_id)
    if not desk.background.running(key):
        desk.background.begin(key, _apply(visit, import_id, only_good=only_good))
    await desk.background.wait(key, SOON)


async def _apply(visit: Visit, import_id: int, *, only_good: bool) -> None:
    desk, school, by = visit.desk, visit.school, visit.actor
    told = partial(desk.background.say, _key(school, import_id))
    try:
        await applying.apply(
            importer(desk), school, import_id, only_good=only_good, by=by, progress=told
        )
    except SmsDiaryError as refusal:  # the page shows how far it is, and that it may go on
        log.warning("import not applied", error=type(refusal).__name__)
    except Exception as error:
        log.error("import not applied", error=type(error).__name__)
    desk.wakes.requests.set()
