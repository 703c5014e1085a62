"""What files say that is no event: how journals are filled and visited. Each fact is kept once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sms_diary.db import Queries
from sms_diary.ingest.files.report import Word
from sms_diary.ingest.imports.request import Job, Part
from sms_diary.ingest.kinds.facts import FillRecord, VisitsFact
from sms_diary.store import filling
from sms_diary.store.filling import Fill, Visits
from sms_diary.values import value


@value
class News:
    """What is new of a chunk's facts; `words`: the place of each row with facts → its fate."""

    fills: Sequence[Fill]
    visits: Sequence[Visits]
    words: Mapping[int, Word]


async def news(q: Queries, job: Job, part: Part) -> News:
    """What of a chunk is not kept yet."""
    said = [(place, fact) for place, row in enumerate(part.rows) for fact in row.facts]
    fills = [(place, _fill(fact)) for place, fact in said if isinstance(fact, FillRecord)]
    visits = [(place, _visits(fact, job)) for place, fact in said if isinstance(fact, VisitsFact)]
    words: dict[int, Word] = {}
    new = await filling.new_fills(q, job.school.id, [one for _, one in fills]) if fills else set()
    fresh = []
    for place, one in fills:
        words[place] = Word.ADDED if one.key in new else Word.UNCHANGED
        fresh += [one] if one.key in new else []
        new.discard(one.key)
    counted = []
    known = await filling.visits(q, job.school.id) if visits else []
    before = {(one.period, one.role): one for one in known}
    for place, told in visits:
        old = before.get((told.period, told.role))
        word = Word.UNCHANGED if old == told else Word.CHANGED if old else Word.ADDED
        counted += [told] if old != told else []
        # The row that carries several roles is called by the first that is news.
        words[place] = word if words.get(place, Word.UNCHANGED) is Word.UNCHANGED else words[place]
    return News(fresh, counted, words)


async def keep(q: Queries, job: Job, news: News) -> None:
    as_of = job.today.isoformat()
    if news.fills:
        await filling.add_fills(q, job.school.id, job.import_id, news.fills, as_of=as_of)
    if news.visits:
        await filling.add_visits(q, job.school.id, job.import_id, news.visits, as_of=as_of)


def _fill(fact: FillRecord) -> Fill:
    lesson = fact.lesson.isoformat() if fact.lesson else ""
    return Fill(fact.class_name, fact.subject, fact.done.isoformat(), lesson, fact.action,
                fact.period)  # fmt: skip


def _visits(fact: VisitsFact, job: Job) -> Visits:
    """A report that names no period tells of the time up to its upload."""
    period = fact.period or f"на {job.today:%d.%m.%Y}"
    return Visits(period, fact.role, fact.users, fact.active, fact.visits)
