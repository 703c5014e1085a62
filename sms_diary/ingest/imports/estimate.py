"""Who would be told of what an import changes, if it were applied now: after consent, by the same
rules as the fanout, but in numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sms_diary.clock import local
from sms_diary.consent import silence
from sms_diary.db import Queries
from sms_diary.ingest.accept import Outcome
from sms_diary.ingest.accept.roll import Whom
from sms_diary.ingest.drafts import Draft
from sms_diary.model import OF_A_CLASS, TOPIC_OF, Kind, Topic
from sms_diary.schedule import brakes
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.store import flood, people, roll, schools, subscribers
from sms_diary.store.schools import School
from sms_diary.store.subscribers import Subscriber

_NEWS = frozenset({"created", "changed"})


class Estimate:
    """Counts chunk by chunk; `lines` are things to tell, `guardians` those who are told any.

    `waiting` of the lines wait until a number's welcome has arrived.
    """

    def __init__(self, school: School, *, told_from: date | None, now: int) -> None:
        self._school = school
        self._told_from = told_from
        self._today = local(now, school.zone).date()
        self.guardians: set[int] = set()
        self.lines = 0
        self.waiting = 0
        self._of_journal = 0

    async def add(self, q: Queries, said: Iterable[tuple[Draft, Outcome]]) -> None:
        """What these drafts came to."""
        # Of several rows about one entry the last one is told.
        of_entries = {
            outcome.entry_id: (draft, outcome.whom)
            for draft, outcome in said
            if outcome.word in _NEWS and outcome.whom and self._is_told(draft)
        }
        news = list(of_entries.values())
        if not news:
            return
        staff = await schools.staff(q, [self._school.id])
        pupils = await self._pupils(q, news)
        wanted = {
            (pupil, str(TOPIC_OF[draft.kind]))
            for draft, whom in news
            for pupil in pupils[_key(draft, whom)]
        }
        found = await subscribers.of_pupils(q, wanted)
        unwelcomed = {
            one.guardian_id for several in found.values() for one in several if not one.welcomed
        }
        for draft, whom in news:
            topic = TOPIC_OF[draft.kind]
            told = {
                one.guardian_id
                for pupil in pupils[_key(draft, whom)]
                for one in found.get((pupil, str(topic)), ())
                if self._hears(one, draft, staff)
            }
            self.guardians |= told
            self.lines += len(told)
            self.waiting += len(told & unwelcomed) if not _is_for_all(draft, whom) else 0
            self._of_journal += len(told) if topic is not Topic.ANNOUNCEMENTS else 0

    async def flood(self, q: Queries) -> int:
        """How many of the lines would be beyond what the school tells on a day, and be held.

        As `fanout` counts: with what was told today already, announcements apart.
        """
        school_id, today = self._school.id, self._today.isoformat()
        most = (await flood.most(q, {school_id: today}))[school_id]
        before = await flood.told(q, school_id, today)
        return min(max(before + self._of_journal - most, 0), self._of_journal)

    def _is_told(self, draft: Draft) -> bool:
        return not draft.silent and draft.kind is not Kind.TIMETABLE

    def _hears(self, one: Subscriber, draft: Draft, staff: set[tuple[int, int]]) -> bool:
        school, topic = self._school, TOPIC_OF[draft.kind]
        reason = silence(
            one.consent, one.number_state, school.mode,
            is_staff=(school.id, one.number_id) in staff,
            personal_data=one.personal_data or not school.asks_for_personal_data,
        )  # fmt: skip
        if reason is not None or (one.rhythm or school.rhythms[topic]) is Rhythm.OFF:
            return False
        day = None if draft.kind is Kind.ANNOUNCEMENT else draft.day
        since = local(one.since, school.zone).date()
        stale = brakes.stale(day, arrived=self._today, since=since, told_from=self._told_from)
        return stale is None

    async def _pupils(
        self, q: Queries, news: Sequence[tuple[Draft, Whom]]
    ) -> dict[tuple[object, ...], Sequence[int]]:
        """Whom each of them concerns."""
        day = self._today.isoformat()
        classes = {one for _, whom in news for one in whom.classes}
        rosters = await people.rosters(q, classes, day)
        found: dict[tuple[object, ...], Sequence[int]] = {}
        everybody: Sequence[int] | None = None
        for draft, whom in news:
            key = _key(draft, whom)
            if key in found:
                continue
            if draft.kind not in OF_A_CLASS:
                found[key] = (whom.who,)
            elif whom.classes or whom.pupils:
                of_classes = [one.id for each in whom.classes for one in rosters[each]]
                found[key] = tuple({*of_classes, *whom.pupils})
            else:
                everybody = everybody or await roll.pupil_ids(q, self._school.id)
                found[key] = everybody
        return found


def _is_for_all(draft: Draft, whom: Whom) -> bool:
    """An urgent announcement for the whole school names no child: it waits for no welcome."""
    is_wide = draft.kind is Kind.ANNOUNCEMENT and not (whom.classes or whom.pupils)
    return is_wide and draft.urgent


def _key(draft: Draft, whom: Whom) -> tuple[object, ...]:
    return (draft.kind in OF_A_CLASS, whom.who, whom.classes, whom.pupils)
