"""The third step, and what is left of an import afterwards: what it would do or did, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from sms_diary.admin import downloads
from sms_diary.admin.forms import Form
from sms_diary.admin.importing import importer, plain
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Missing, Page, Redirect, Refused, Screen, Visit, found
from sms_diary.admin.screens.imports import work
from sms_diary.errors import NotYet
from sms_diary.ingest.files.report import Word
from sms_diary.ingest.imports import applying, undoing
from sms_diary.ingest.imports import report as reports
from sms_diary.ingest.imports.applying import NoImport
from sms_diary.ingest.imports.report import WORDS, Problem, Report, restored
from sms_diary.ingest.kinds.recognise import FileKind
from sms_diary.store import import_files, imports
from sms_diary.store.desk import imports as listed
from sms_diary.store.imports import STATE_RU, Import, State

WORDS_RU = {
    Word.ADDED: "добавится", Word.CHANGED: "изменится", Word.UNCHANGED: "без изменений",
    Word.REJECTED: "с ошибкой", Word.QUARANTINED: "в карантин",
}  # fmt: skip
"""What becomes of rows, before it is done."""
DONE_RU = WORDS_RU | {Word.ADDED: "добавлено", Word.CHANGED: "изменено"}
_SHOWN = {"rejected": Word.REJECTED, "quarantined": Word.QUARANTINED, "warning": Word.WARNING}
_TABS_RU = {"rejected": "ошибки", "quarantined": "в карантин", "warning": "посмотрите"}
_PER_PAGE = 50


class Filter(Form):
    word: str = ""
    start: int = Field(0, alias="from", ge=0)


class Do(Form):
    do: Literal["apply", "good", "undo", "discard"]


async def show(visit: Visit) -> Answer:
    one = await work.look(visit)
    if isinstance(one, Page):
        return one
    report = restored(one.report) if one.report else None
    if report is None or one.state is State.FAILED:
        return Page("import-failed.html", {
            "one": one, "why": [file.problem for file in report.files] if report else [],
        }, title="Загрузка не прочитана")  # fmt: skip
    asked = visit.query(Filter)
    problems = _of_word(report.problems, asked.word)
    start = asked.start if asked.start < len(problems) else 0
    done = one.state not in (State.PLANNED, State.APPLYING)
    return Page("import-check.html", {
        "one": one, "report": report, "state": STATE_RU[one.state], "done": done, "plain": plain,
        "words": [(word.name.lower(), (DONE_RU if done else WORDS_RU)[word]) for word in WORDS],
        "errors": len(_of_word(report.problems, "rejected")),
        "totals": {word.name.lower(): report.count(word) for word in WORDS},
        "asked": asked, "tabs": _tabs(report.problems), "words_ru": _SHORT_RU,
        "problems": problems[start : start + _PER_PAGE],
        "next": start + _PER_PAGE if start + _PER_PAGE < len(problems) else None,
        "same": await listed.same(visit.q, visit.school.id, one.id) if not done else None,
        "halfway": one.state is State.APPLYING,
    }, title=_title(one))  # fmt: skip


_SHORT_RU = {
    Word.REJECTED.value: ("ошибка", "bad"), Word.QUARANTINED.value: ("в карантин", "wait"),
    Word.WARNING.value: ("посмотрите", "off"),
}  # fmt: skip


def _title(one: Import) -> str:
    return "Проверка" if one.state is State.PLANNED else "Загрузка"


def _of_word(problems: Sequence[Problem], name: str) -> Sequence[Problem]:
    word = _SHOWN.get(name)
    return [one for one in problems if one.word == word] if word else problems


def _tabs(problems: Sequence[Problem]) -> list[tuple[str, str, int]]:
    tabs = [("", "все замечания", len(problems))]
    for name, said in _TABS_RU.items():
        if count := len(_of_word(problems, name)):
            tabs.append((name, said, count))
    return tabs


async def errors(visit: Visit) -> Answer:
    """Every problem as a workbook; values are masked, nothing is taken for a formula."""
    one = found(await imports.find(visit.q, visit.tools, visit.school.id, visit.id))
    report = restored(found(one.report))
    rows = [[plain(str(cell)) for cell in row] for row in reports.table(report.problems)]
    return downloads.xlsx("Замечания к загрузке", "Замечания", rows)


# ---------------------------------------------------------------- what is done with it


async def act(visit: Visit) -> Answer:
    form = visit.form(Do)
    if form.read is None:
        raise Refused("Не понято, что сделать. Откройте страницу заново.")
    try:
        one = await applying.known(importer(visit.desk), visit.school, visit.id)
        assert one.report is not None
        if form.read.do == "undo":
            return await _undo(visit)
        if form.read.do == "discard":
            return await _discard(visit)
        return await _apply(visit, restored(one.report), only_good=form.read.do == "good")
    except NoImport:
        raise Missing from None
    except NotYet as refusal:
        raise Refused(plain(str(refusal))) from None


async def _apply(visit: Visit, report: Report, *, only_good: bool) -> Answer:
    if FileKind.CONTACTS.value in report.counts and not visit.may(Right.PEOPLE):
        raise Refused("Списки классов загружает тот, кто может менять учеников и родителей.")
    if report.tell and not visit.may(Right.ANNOUNCE):
        raise Refused("Сообщать родителям может тот, кому можно рассылать объявления.")
    if report.count(Word.REJECTED) and not only_good:
        raise Refused(plain(applying.REFUSED.format(report.count(Word.REJECTED))))
    await work.apply(visit, visit.id, only_good=only_good)
    visit.note("imported", "import", visit.id, "применено")
    return Redirect(f"import/{visit.id}")


async def _undo(visit: Visit) -> Answer:
    said = await undoing.undo(importer(visit.desk), visit.school, visit.id, by=visit.actor)
    visit.note("imported", "import", visit.id, "отменено")
    return Redirect(f"import/{visit.id}", " ".join(said))


async def _discard(visit: Visit) -> Answer:
    async with visit.desk.database.transaction() as q:
        if not await import_files.discard(q, visit.school.id, visit.id):
            raise Refused("Эта загрузка уже применяется: её можно только отменить.")
    visit.note("imported", "import", visit.id, "проверка отброшена")
    return Redirect("import", "Проверка отброшена: из этих файлов ничего не записано.")


SCREENS = (
    Screen(
        path="import/{id}", title="Проверка", right=Right.IMPORT, show=show, act=act, persons=True,
        own_transactions=True,
    ),
    Screen(
        path="import/{id}/errors", title="Замечания", right=Right.IMPORT, show=errors, persons=True
    ),
)  # fmt: skip
