"""A folder a school whose new files are imported: a journal's nightly exports.

A file that no longer grows is planned and applied; what is news by the school's own rules is told,
a first load of history is not. It goes to `done/` or, if nothing of it could be read, to
`failed/`, with its report beside it. Nothing is deleted.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import structlog

from sms_diary.clock import local
from sms_diary.db import Database
from sms_diary.errors import FileProblem
from sms_diary.ingest.imports.applying import apply
from sms_diary.ingest.imports.planning import Importer
from sms_diary.ingest.imports.request import NEWS, Options
from sms_diary.store import schools
from sms_diary.store.schools import School

POLL = 15.0
"""Seconds between looks; a file is taken when two looks find it the same."""
BY = "папка"
"""Who imports, in the ledger and in the list of imports."""
_PARTIAL = (".part", ".tmp", ".crdownload", ".filepart")
log = structlog.get_logger(__name__)
Seen = tuple[int, int]
"""Size, and the time of the last change in nanoseconds."""


class Watch:
    """`folders`: short name of a school → its folder."""

    def __init__(self, database: Database, importer: Importer, folders: Mapping[str, Path]) -> None:
        self._database = database
        self._importer = importer
        self._folders = folders
        self._seen: dict[Path, Seen] = {}

    async def step(self) -> bool:
        """Look into every folder once, and import what has come to rest."""
        for slug, folder in self._folders.items():
            found = await asyncio.to_thread(_files, folder)
            ready = [path for path, seen in found.items() if self._seen.get(path) == seen]
            gone = [path for path in self._seen if path.parent == folder and path not in found]
            for path in gone:
                del self._seen[path]
            self._seen |= found
            if ready:
                await self._import(slug, sorted(ready))
        return False

    async def _import(self, slug: str, paths: list[Path]) -> None:
        async with self._database.reading() as q:
            school = await schools.by_slug(q, slug)
        if school is None:
            log.error("watched folder of no school", school=slug)
            return
        for path in paths:
            good, report = await self._one(school, path)
            now = local(self._importer.clock.now(), school.zone)
            name = f"{now:%Y-%m-%d_%H-%M-%S}_{path.name}"
            await asyncio.to_thread(_put_away, path, "done" if good else "failed", name, report)
            log.info("watched file imported", school=slug, good=good)

    async def _one(self, school: School, path: Path) -> tuple[bool, str]:
        """Import one file; whether anything of it could be read, and the report."""
        options = Options((path.name,), tell=NEWS)
        try:
            planned = await self._importer.plan(school, [(path, path.name)], options, by=BY)
            if not planned.report.rows:
                return False, "\n".join(planned.report.text())
            report = await apply(self._importer, school, planned.import_id, only_good=True, by=BY)
        except FileProblem as problem:
            return False, f"{path.name}: {problem}"
        return True, "\n".join([f"Загрузка {planned.import_id}", *report.text()])


def _files(folder: Path) -> dict[Path, Seen]:
    """The files of a folder that may be whole, each with its size and time of change."""
    found: dict[Path, Seen] = {}
    try:
        for entry in os.scandir(folder):
            if entry.name.startswith((".", "~$")) or entry.name.lower().endswith(_PARTIAL):
                continue
            if entry.is_file(follow_symlinks=False):
                about = entry.stat(follow_symlinks=False)
                found[Path(entry.path)] = (about.st_size, about.st_mtime_ns)
    except OSError as wrong:
        log.error("watched folder is not readable", error=type(wrong).__name__)
    return found


def _put_away(path: Path, where: str, name: str, report: str) -> None:
    folder = path.parent / where
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / name
    # Two of one name within a second: the second one gets a number.
    for number in range(2, 1000):
        if not target.exists():
            break
        target = folder / f"{number}_{name}"
    path.rename(target)
    said = os.open(f"{target}.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(said, "w", encoding="utf-8") as out:
        out.write(report + "\n")
