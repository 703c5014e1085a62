"""A person's answer to a question: kept, and what waited for it carried out, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sms_diary import consent
from sms_diary.consent import Move
from sms_diary.db import Queries
from sms_diary.errors import NotYet, SmsDiaryError
from sms_diary.ingest.accept import Accepted, Request
from sms_diary.ingest.imports import held
from sms_diary.ingest.imports.chunks import ReadRow, pack
from sms_diary.ingest.imports.planning import Importer
from sms_diary.ingest.imports.request import SILENT, Options
from sms_diary.model import ALL_TOPICS, ConsentState, Kind, Silence, Source
from sms_diary.store import (
    answers,
    consents,
    imports,
    moving,
    numbers,
    quarantine,
    undoing,
)
from sms_diary.store.consents import Change
from sms_diary.store.ledger import Act, Action
from sms_diary.store.quarantine import CLASS, CONTACT, ENTRY, PUPIL, Question, Waiting
from sms_diary.store.schools import School
from sms_diary.values import value
from sms_diary.words import SOURCE_RU

NO_QUESTION = "Такого вопроса нет, или на него уже ответили: sms-diary quarantine list"
NOT_A_CHOICE = "Такого варианта нет. Варианты показывает sms-diary quarantine list."
ONLY_DROP = "Здесь выбирать не из чего: исправьте данные в журнале, а вопрос уберите (drop)."
NO_SOURCE = "Не сказано, на чём записано согласие: укажите бланк или папку (--source)."


_KIND_RU = {
    Kind.MARK: "отметка", Kind.ABSENCE: "пропуск", Kind.TERM_MARK: "итоговая отметка",
    Kind.HOMEWORK: "домашнее задание", Kind.TIMETABLE: "расписание",
    Kind.TIMETABLE_CHANGE: "замена в расписании", Kind.ANNOUNCEMENT: "объявление",
}  # fmt: skip


class NoQuestion(SmsDiaryError):
    """There is no such open question in this school."""


@value
class Shown:
    """A question as a person sees it: what it is about, and what it may be answered with.

    `said` is the first of what waits, as the journal or a file said it; "" for contacts.
    """

    question: Question
    about: str
    candidates: tuple[tuple[int, str], ...]
    said: str = ""


@value
class Settled:
    """How many waited for the answer, and what became of their events: word → count."""

    held: int
    outcomes: dict[str, int]


async def shown(importer: Importer, q: Queries, school: School, one: Question) -> Shown:
    """The question with its candidates in words."""
    tools = importer.tools
    [first] = await quarantine.waiting(q, tools, school.id, one, limit=1)
    titles = await quarantine.titles(q, tools, school.id, one.reason, one.candidates)
    choices = tuple((each, titles[each]) for each in one.candidates if each in titles)
    said = _said(first, school) if one.reason not in CONTACT else ""
    return Shown(one, _about(first, one.reason, school), choices, said)


def _said(first: Waiting, school: School) -> str:
    """«Журнал прислал: отметка «5», 24.11.2026, Контрольная работа»."""
    drafts = held.drafts(first, school.zone) if first.body is not None else ()
    for draft in drafts:
        value = f" «{draft.value}»" if draft.value else ""
        day = f"{draft.day:%d.%m.%Y}" if draft.day else ""
        what = ", ".join(filter(None, (_KIND_RU[draft.kind] + value, day, draft.work)))
        return f"{SOURCE_RU[first.source].capitalize()}: {what}"
    return ""


def _about(first: Waiting, reason: str, school: School) -> str:
    if first.body is None:
        return ""
    if reason in CONTACT:
        return held.contact(first, school.zone).pupil
    for draft in held.drafts(first, school.zone):
        if draft.pupil:
            return ", ".join(filter(None, (draft.pupil.name or draft.pupil.id,
                                           draft.pupil.class_name, draft.subject)))  # fmt: skip
        return draft.class_name or draft.title
    return ""


async def resolve(
    importer: Importer, school: School, quarantine_id: int, choice: int, *, by: str,
    source: str = "",
) -> Settled:  # fmt: skip
    """Answer a question with one of its candidates, 0 for none of them (a new entry, both numbers).

    For who is unknown any pupil or class of the school will do. `source` says on what a consent
    stands where the list did not. Raises `NoQuestion`, `NotYet`.
    """
    now = importer.clock.now()
    async with importer.database.transaction() as q:
        one = await quarantine.question(q, school.id, quarantine_id, lock=True)
        if one is None:
            raise NoQuestion(NO_QUESTION)
        await _check(importer, q, school, one, choice)
        waiting = await quarantine.waiting(q, importer.tools, school.id, one)
        answering = _Answering(importer, q, school, by, now)
        ids = [each.id for each in waiting]
        await quarantine.settle(q, school.id, ids, "resolved", by=by, now=now)
        if one.reason in CONTACT:
            outcomes = await answering.contact(one, waiting[0], choice, source)
        else:
            await answers.remember(q, school.id, one.ask, choice, by=by, now=now)
            outcomes = await answering.events(waiting)
    importer.acceptor.woken()
    return Settled(len(ids), outcomes)


async def drop(importer: Importer, school: School, quarantine_id: int, *, by: str) -> int:
    """Leave all that asks this unanswered for good; how many waited. Raises `NoQuestion`."""
    now = importer.clock.now()
    async with importer.database.transaction() as q:
        one = await quarantine.question(q, school.id, quarantine_id, lock=True)
        if one is None:
            raise NoQuestion(NO_QUESTION)
        waiting = await quarantine.waiting(q, importer.tools, school.id, one)
        ids = [each.id for each in waiting]
        return await quarantine.settle(q, school.id, ids, "dropped", by=by, now=now)


async def _check(
    importer: Importer, q: Queries, school: School, one: Question, choice: int
) -> None:
    if one.reason not in PUPIL | CLASS | ENTRY | CONTACT or one.reason == "ref-conflict":
        raise NotYet(ONLY_DROP)
    if choice == answers.NEW and one.reason in ENTRY | {"number-changed"}:
        return
    anybody = one.reason in PUPIL | CLASS
    known = await quarantine.titles(q, importer.tools, school.id, one.reason, [choice])
    if choice not in known or not (anybody or choice in one.candidates):
        raise NotYet(NOT_A_CHOICE)


class _Answering:
    def __init__(self, importer: Importer, q: Queries, school: School, by: str, now: int) -> None:
        self._importer = importer
        self._q = q
        self._school = school
        self._by = by
        self._now = now

    # ------------------------------------------------------------ events

    async def events(self, waiting: Sequence[Waiting]) -> dict[str, int]:
        """Carry out what waited, as it would have been on its day; what became of it."""
        by_delivery: dict[int, list[Waiting]] = {}
        for one in waiting:
            by_delivery.setdefault(one.delivery_id, []).append(one)
        words: dict[str, int] = {}
        for own in by_delivery.values():
            for word in await self._apply(own):
                words[word] = words.get(word, 0) + 1
        return words

    async def _apply(self, own: Sequence[Waiting]) -> list[str]:
        places = list({one.pos: one for one in own}.values())
        rows = [
            ReadRow("", 0, "", held.place(one), "read",
                    drafts=tuple(held.drafts(one, self._school.zone)))
            for one in places
        ]  # fmt: skip
        body = pack(rows)
        request = Request(
            school_id=self._school.id,
            source=Source.FILE,
            request_id=f"answer-{own[0].id}",
            body=body,
            drafts=[(at, draft) for at, row in enumerate(rows) for draft in row.drafts],
            silence=await self._silence(own[0]),
        )
        accepted = await self._importer.acceptor.accept_within(self._q, request, _nothing)
        return [outcome.word for outcome in accepted.outcomes]

    async def _silence(self, one: Waiting) -> str:
        """What was to be told of nobody is told to nobody now."""
        if one.source is not Source.FILE:
            return ""
        options = await self._options(one)
        silent = options is None or options.tell == SILENT
        return Silence.FIRST_IMPORT.value if silent else ""

    async def _options(self, one: Waiting) -> Options | None:
        word, _, rest = one.request_id.partition("-")
        if word != "import":
            return None
        import_id = int(rest.partition("-")[0])
        found = await imports.find(self._q, self._importer.tools, self._school.id, import_id)
        return Options.from_data(found.options) if found else None

    # ------------------------------------------------------------ contacts

    async def contact(
        self, one: Question, waiting: Waiting, choice: int, source: str
    ) -> dict[str, int]:
        """Whose a consent is, or whether a number has changed."""
        if one.reason == "number-changed":
            old, new = one.candidates
            if choice == new:
                await self._move(waiting, old, new)
                return {"changed": 1}
            return {"unchanged": 1}
        return {"changed": await self._agree(waiting, choice, source)}

    async def _numbers(self, *subscription_ids: int) -> dict[int, tuple[int, str]]:
        found = await undoing.numbers_of(self._q, self._school.id, subscription_ids)
        phones = await numbers.read(self._q, self._importer.tools, found.values())
        return {one: (number_id, phones[number_id]) for one, number_id in found.items()}

    def _evidence(self, waiting: Waiting) -> dict[str, str | int]:
        body = hashlib.sha256(waiting.body or b"").hexdigest()
        return {"sha256": body, "row": held.place(waiting), "chosen by": self._by}

    async def _move(self, waiting: Waiting, old: int, new: int) -> None:
        known = await self._numbers(new)
        guardian = await quarantine.guardian_of(self._q, self._school.id, old)
        if new not in known or guardian is None:
            raise NotYet(NOT_A_CHOICE)
        await moving.change_number(
            self._q, self._importer.tools, self._school.id, guardian, known[new][1], by=self._by,
            evidence=self._evidence(waiting), now=self._now,
        )  # fmt: skip

    async def _agree(self, waiting: Waiting, choice: int, source: str) -> int:
        row = held.contact(waiting, self._school.zone)
        options = await self._options(waiting)
        source = row.consent_source or source or (options.source if options else "")
        if not source:
            raise NotYet(NO_SOURCE)
        known = await self._numbers(choice)
        states = await consents.states(self._q, [choice])
        state = consent.moved(states.get((choice, ALL_TOPICS)), Move.PAPER_YES)
        if choice not in known or state is not ConsentState.ACTIVE:
            return 0
        number_id, phone = known[choice]
        day = row.consent_day
        evidence = {
            "number": phone, "source": source, "date": day.isoformat() if day else "",
            **self._evidence(waiting),
        }  # fmt: skip
        scope = f"subscription:{choice} {ALL_TOPICS}"
        act = Act(Action.IMPORTED, phone, scope, self._by, evidence)
        change = Change(choice, number_id, state, act, since=day)
        await consents.change(
            self._q, self._importer.tools, self._school.id, [change], now=self._now
        )
        return 1


async def _nothing(_accepted: Accepted) -> None:
    """An answer is not undone with an import."""
