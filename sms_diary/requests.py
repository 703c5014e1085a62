"""Questions «включить?» and welcomes: sent when they may be, reminded of once, ended in time.

A loop of one process at a time (the lease `REQUESTS`). What allows a request stands in `store/`:
here it is only decided when it may leave, by which way and in which words. What answers do to a
question is the inbound loop's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from sms_diary import plan, schedule, voices
from sms_diary.clock import DAY, MINUTE
from sms_diary.db import Queries
from sms_diary.model import Ground, NumberState, SchoolMode
from sms_diary.schedule.hours import Hours
from sms_diary.store import numbers, opt_in, outbox, paper, request_queue, schools, turns
from sms_diary.store.outbox import NewMessage
from sms_diary.store.request_queue import Due, Sent
from sms_diary.store.requests import ANSWER_WITHIN
from sms_diary.store.schools import School
from sms_diary.values import value
from sms_diary.voices import Voice
from sms_diary.writes import Writes

REQUESTS = "requests"
"""The lease under which requests are sent."""
BATCH = 100
"""Requests sent in one transaction, so that a whole school's hold no writer for long."""
EXPIRES = DAY
"""A request that has not left by then is not sent any more."""
LOOK_AGAIN = 5 * MINUTE
"""Where the school is paused or tries things out: nothing says when that ends."""

NO_ANSWER = "ответа не было 72 часа"
NOT_DELIVERED = "вопрос до телефона не дошёл"
NO_WAY_BACK = "по этому маршруту ответить нельзя: согласие только на бумаге или на странице"
NUMBER_CLOSED = "на этот номер писать нельзя"
NOTHING_LEFT = "спрашивать больше не о чем"


@value
class _Verdict:
    """What is to be done with a request: exactly one of these, or it is sent now."""

    drop: str = ""
    """Why it is not sent at all, for people."""
    again_at: int | None = None


_SEND = _Verdict()
_Found = tuple[list[tuple[int, bool]], list[tuple[int, int]], list[Due]]
"""Questions whose time is over, questions that were handed over, and what may be sent."""


def verdict(one: Due, school: School, hours: Hours, *, answerable: bool, now: int) -> _Verdict:
    """Whether a request is sent now (in the school's day), later or never."""
    if one.number_state is not NumberState.OPEN:
        return _Verdict(drop=NUMBER_CLOSED)
    if not one.wanted or (one.welcomed and not one.is_question):
        return _Verdict(drop=NOTHING_LEFT)
    if one.is_question and not answerable:
        return _Verdict(drop=NO_WAY_BACK)
    if school.paused or (school.mode is SchoolMode.TEST and not one.is_staff):
        return _Verdict(again_at=now + LOOK_AGAIN)
    opens = hours.next_open(now)
    return _SEND if opens == now else _Verdict(again_at=opens)


class Requests(Writes):
    async def step(self) -> bool:
        """One round; whether there may be more to do at once."""
        now = self._clock.now()
        late, heard, due = await self._database.read(partial(_look, now))
        for request_id, was_asked in late:
            await self._lapse(request_id, "late", NO_ANSWER if was_asked else NOT_DELIVERED, now)
        if heard:
            await self._database.write(partial(request_queue.handed_over, asked=heard))
        if due:
            await self._handle(due, now)
        # Whose time is over lets another school ask.
        return bool(late) or len(heard) == BATCH or len(due) >= BATCH

    async def _lapse(self, request_id: int, state: str, outcome: str, now: int) -> None:
        """One a transaction: a change of consent locks its number."""
        async with self._database.transaction() as q:
            await opt_in.lapse(q, self._tools, request_id, state, outcome, now=now)

    async def _handle(self, due: Sequence[Due], now: int) -> None:
        async with self._database.reading() as q:
            known = await schools.by_ids(q, {one.school_id for one in due})
            hours = {i: await _hours(q, school) for i, school in known.items()}
        verdicts = {one.id: self._verdict(one, known, hours, now) for one in due}
        for request_id, found in verdicts.items():
            if found.drop:
                await self._lapse(request_id, "dropped", found.drop, now)
        later = [(i, v.again_at) for i, v in verdicts.items() if v.again_at is not None]
        if later:
            await self._database.write(partial(request_queue.put_off, until=later))
        now_ids = [i for i, v in verdicts.items() if v == _SEND]
        if now_ids:
            async with self._database.transaction() as q:
                await self._send(q, now_ids, known, hours, now)
            self._wakes.dispatch.set()

    def _verdict(
        self, one: Due, known: Mapping[int, School], hours: Mapping[int, Hours], now: int
    ) -> _Verdict:
        school = known[one.school_id]
        return verdict(
            one, school, hours[school.id], answerable=self._answer_to(school) is not None, now=now
        )

    def _route(self, school: School) -> str:
        return school.route or self._ways.default

    def _answer_to(self, school: School) -> str | None:
        return self._ways.answer_to(school.route, school.sender)

    async def _send(
        self, q: Queries, ids: Iterable[int], read: Mapping[int, School],
        hours: Mapping[int, Hours], now: int,
    ) -> None:  # fmt: skip
        # Locked in the order that all keep to: schools, numbers, and at last the chains.
        known = await schools.by_ids(q, read, lock=True)
        due = await request_queue.lock(q, ids)
        due = [one for one in due if self._verdict(one, known, hours, now) == _SEND]
        speak = await voices.read(q, known, self._renderer)
        texts = [self._text(one, known[one.school_id], speak[one.school_id]) for one in due]
        messages = await self._messages(q, due, texts, known, now)
        sent = []
        for one, message, message_id in zip(
            due, messages, await outbox.add(q, self._tools, messages, now=now), strict=True
        ):
            # Counted anew from the handing over, as soon as that is seen.
            until = message.expires + ANSWER_WITHIN
            reception = self._answer_to(known[one.school_id])
            sent.append(Sent(one.id, message_id, reception or "", until, one.is_reminder))
        await request_queue.sent(q, sent, now=now)
        await self._keep_shown(q, due, texts, now)

    async def _messages(
        self, q: Queries, due: Sequence[Due], texts: Sequence[str],
        known: Mapping[int, School], now: int,
    ) -> list[NewMessage]:  # fmt: skip
        queues = [
            (one.school_id, schedule.DIGEST_LANE, self._route(known[one.school_id])) for one in due
        ]
        reached = await turns.reached(q, queues, now=now)
        messages = []
        for one, text, queue in zip(due, texts, queues, strict=True):
            places = plan.turns(reached[queue], self._ways.of(queue[2]).segments(text))
            reached[queue] = places[-1]
            messages.append(await self._message(q, one, text, queue, places, now=now))
        await turns.keep(q, reached)
        return messages

    async def _message(
        self, q: Queries, one: Due, text: str, queue: turns.Place, places: tuple[int, ...], *,
        now: int,
    ) -> NewMessage:  # fmt: skip
        school_id, lane, route = queue
        way, expires = self._ways.of(route), now + EXPIRES
        places = places[-1:] if way.whole else places
        references = {one.number_id: 0}
        if len(places) > 1:
            references = await numbers.next_references(q, {one.number_id: 1})
        return NewMessage(
            school_id=school_id,
            guardian_id=one.guardian_id,
            number_id=one.number_id,
            consent_rev=one.consent_rev,
            ground=Ground.REQUEST,
            ledger_id=one.ledger_id,
            inbound_id=None,
            text=text,
            alphabet=str(way.choose(text)),
            turns=places,
            udh_ref=references[one.number_id],
            level="full",
            lane=lane,
            route=route,
            expires=min(expires, one.until) if one.is_reminder and one.until else expires,
            whole=way.whole,
            segments=way.segments(text),
        )

    def _text(self, one: Due, school: School, voice: Voice) -> str:
        """No child is named: a number from paper may be a stranger's."""
        number = self._answer_to(school)
        said = partial(
            voice.say, _template(one), школа=school.short_name, номер=number or "",
            latin=school.latin if one.latin is None else bool(one.latin),
        )  # fmt: skip
        if one.is_question:
            return said()
        return said(отвечать=number is not None, телефон=school.phone)

    async def _keep_shown(
        self, q: Queries, due: Sequence[Due], texts: Sequence[str], now: int
    ) -> None:
        """The ledger keeps the exact words of a question, school by school."""
        asked = [(one, text) for one, text in zip(due, texts, strict=True) if one.is_question]
        about = await request_queue.asked_about(q, [one.id for one, _ in asked])
        phones = await numbers.read(q, self._tools, [one.number_id for one, _ in asked])
        for school_id in sorted({one.school_id for one, _ in asked}):
            shown = [
                (subscription_id, phones[one.number_id], one.id, text)
                for one, text in asked
                if one.school_id == school_id
                for subscription_id in about[one.id]
            ]
            await opt_in.shown(q, self._tools, school_id, shown, now=now)


def _template(one: Due) -> str:
    if not one.is_question:
        return "welcome"
    return "request_reminder" if one.is_reminder else "request"


async def _look(now: int, q: Queries) -> _Found:
    return (
        await request_queue.late(q, now=now, limit=BATCH),
        await request_queue.unheard(q, BATCH),
        await request_queue.due(q, now=now, limit=BATCH),
    )


async def _hours(q: Queries, school: School) -> Hours:
    hours = await paper.hours(q, school.id)
    return Hours(school.zone, hours.day_from, hours.day_to, frozenset(hours.off_days))
