"""The announcements there were, how far each has got, and stopping one."""

from __future__ import annotations

from sms_diary.admin.forms import Form
from sms_diary.admin.screen import Page, Redirect, Visit, found
from sms_diary.model import Silence
from sms_diary.store import announcements
from sms_diary.store.desk import announcements as shown
from sms_diary.store.desk.announcements import Progress, Shown
from sms_diary.store.desk.audit import LAST
from sms_diary.values import value
from sms_diary.web.words import counted
from sms_diary.words import REASON_RU

_PER_PAGE = 20
_FAILED = ("undelivered", "expired", "rejected", "unknown")


class Filter(Form):
    before: int = LAST


@value
class Row:
    """One announcement with its state in words; `tone` as badges have it."""

    one: Shown
    state: str
    tone: str
    whom: str

    @property
    def told(self) -> int:
        """Guardians for whom an operator has taken it."""
        return self.one.lines.get("told", 0)

    @property
    def wanted(self) -> int:
        """Guardians who were or are to be told."""
        return self.told + self.one.waiting + self.one.lines.get("expired", 0)


async def show(visit: Visit) -> Page:
    asked = visit.query(Filter)
    rows = await shown.page(
        visit.q, visit.tools, visit.school.id, before=asked.before, limit=_PER_PAGE + 1
    )
    return Page("announcements/list.html", {
        "rows": [_row(visit, one) for one in rows[:_PER_PAGE]],
        "next": rows[_PER_PAGE - 1].id if len(rows) > _PER_PAGE else None,
    })  # fmt: skip


async def card(visit: Visit) -> Page:
    one = found(await shown.one(visit.q, visit.tools, visit.school.id, visit.id))
    progress = await shown.progress(visit.q, one.id)
    return Page("announcements/card.html", {
        "row": _row(visit, one), "steps": _steps(one, progress),
        "silent": sorted(
            ((REASON_RU[Silence(word)], many) for word, many in progress.silent.items()),
            key=lambda said: -said[1],
        ),
    })  # fmt: skip


async def stop(visit: Visit) -> Redirect:
    spared = found(
        await announcements.stop(visit.q, visit.school.id, visit.id, now=visit.now)
    )  # fmt: skip
    people = counted(spared, "родитель", "родителя", "родителей")
    visit.note("called-off", "announcement", visit.id, f"не получат: {people}")
    said = f"Остановлено. Ещё не ушло и уже не уйдёт: {people}." if spared else (
        "Остановлено. Всё, что могло, уже ушло: вернуть это нельзя."
    )  # fmt: skip
    return Redirect(f"announcements/{visit.id}", said)


def _row(visit: Visit, one: Shown) -> Row:
    state, tone = _state(visit, one)
    return Row(one, state, tone, _whom(one))


def _state(visit: Visit, one: Shown) -> tuple[str, str]:
    if one.silence == Silence.CALLED_OFF:
        return "остановлено", "bad"
    if one.silence:
        return "не рассылается", "off"
    if one.not_before is not None and one.not_before > visit.now and one.running:
        return f"начнётся {visit.times.when(one.not_before)}", "wait"
    if one.running:
        return "уходит", "wait"
    return "разошлось", "good"


def _whom(one: Shown) -> str:
    if one.pupils:
        return counted(one.pupils, "ученик", "ученика", "учеников")
    return ", ".join(one.classes) if one.classes else "вся школа"


def _steps(one: Shown, progress: Progress) -> list[tuple[str, int, str]]:
    """(what, how many guardians, tone), in the order in which it happens."""
    steps = [
        ("ждут своего времени", one.lines.get("planned", 0), "wait"),
        ("ждут первого SMS на этот номер", one.lines.get("held", 0), "wait"),
        ("в очереди на отправку или переданы", one.lines.get("taken", 0), "wait"),
        ("принято оператором", one.lines.get("told", 0), "good"),
        ("из них доставлено на телефон", progress.messages.get("delivered", 0), "good"),
        ("не доставлено", sum(progress.messages.get(word, 0) for word in _FAILED), "bad"),
        ("вышел срок", one.lines.get("expired", 0), "bad"),
    ]
    always = {"принято оператором", "из них доставлено на телефон"}
    return [step for step in steps if step[1] or step[0] in always]
