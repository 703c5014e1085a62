"""The first step: which files; what can be loaded; and what was loaded before."""

from __future__ import annotations

from pydantic import Field

from sms_diary.admin.forms import Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Group, Page, Redirect, Screen, Visit
from sms_diary.admin.screens.imports import work
from sms_diary.admin.screens.imports.check import DONE_RU, WORDS_RU
from sms_diary.admin.screens.imports.samples import SAMPLES
from sms_diary.ingest.imports.report import restored
from sms_diary.ingest.imports.request import Options
from sms_diary.store.desk import imports, users
from sms_diary.store.desk.imports import Listed
from sms_diary.store.desk.users import EVERY_SCHOOL
from sms_diary.store.imports import STATE_RU, State
from sms_diary.web.words import number

UPLOAD = 32 * 1024 * 1024
"""Bytes of all files of one form."""
_MOST_FILES = 200
_LAST = 2**63 - 1
_PER_PAGE = 20
_TONES = {
    State.PLANNED: "wait", State.APPLYING: "wait", State.APPLIED: "good", State.UNDONE: "off",
    State.FAILED: "bad",
}  # fmt: skip
_NOTHING = "Выберите один или несколько файлов"
_TOO_MANY = f"Файлов больше {_MOST_FILES}: сложите их в один ZIP"


class Filter(Form):
    before: int = Field(_LAST, ge=1, le=_LAST)


async def show(visit: Visit) -> Page:
    return await _page(visit)


async def _page(visit: Visit, wrong: str = "") -> Page:
    before = visit.query(Filter).before
    rows = await imports.page(visit.q, visit.school.id, before=before, limit=_PER_PAGE + 1)
    shown = rows[:_PER_PAGE]
    reports = await imports.reports(
        visit.q, visit.tools, visit.school.id, (row.id for row in shown)
    )  # fmt: skip
    return Page("import.html", {
        "rows": shown, "states": STATE_RU, "tones": _TONES, "wrong": wrong,
        "came": {row.id: _came(row, reports[row.id]) for row in shown if row.id in reports},
        "who": await _people(visit),
        "samples": SAMPLES, "megabytes": UPLOAD // 2**20, "most": _MOST_FILES,
        "older": before < _LAST,
        "next": rows[_PER_PAGE - 1].id if len(rows) > _PER_PAGE else None,
    }, status=422 if wrong else 200)  # fmt: skip


def _came(row: Listed, body: bytes) -> str:
    """«добавлено 23, с ошибкой 2»: what the rows came to, or would come to."""
    report = restored(body)
    words = WORDS_RU if row.state is State.PLANNED else DONE_RU
    counts = {said: report.count(word) for word, said in words.items()}
    return ", ".join(f"{said} {number(count)}" for said, count in counts.items() if count)


async def _people(visit: Visit) -> dict[str, str]:
    """Who an import says it was by -> their name."""
    known = [one for of in (visit.school.id, EVERY_SCHOOL)
             for one in await users.of_school(visit.q, of)]  # fmt: skip
    return {f"desk {one.login}": one.name for one in known}


async def act(visit: Visit) -> Answer:
    """Check the files; nothing of them is written yet."""
    files = [one for one in visit.posted.files.get("file", ()) if one.size]
    wrong = _NOTHING if not files else _TOO_MANY if len(files) > _MOST_FILES else ""
    if wrong:
        async with visit.desk.database.reading() as q:
            visit.transaction = q
            return await _page(visit, wrong)
    import_id = await work.plan(
        visit, [one.path for one in files], Options(tuple(_name(one.name) for one in files))
    )
    visit.note("imported", "import", import_id, "файлы проверены")
    return Redirect(f"import/{import_id}/columns")


def _name(said: str) -> str:
    """For people only: no path is ever made of it."""
    return said.replace("\\", "/").rsplit("/", 1)[-1][:200] or "файл"


SCREENS = (
    Screen(
        path="import", title="Импорт", right=Right.IMPORT, group=Group.INCOMING, show=show, act=act,
        upload=UPLOAD, own_transactions=True,
    ),
)  # fmt: skip
