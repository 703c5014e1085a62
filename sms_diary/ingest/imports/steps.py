"""One chunk in one transaction: tried, or carried out with what is needed to undo it noted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sms_diary.db import Queries
from sms_diary.ingest.accept import Accepted, Acceptor
from sms_diary.ingest.files.listing import Made, Rows, Said
from sms_diary.ingest.files.load_contacts import NOBODY, ListLoad
from sms_diary.ingest.imports import facts, words, year
from sms_diary.ingest.imports.chunks import GUARDIANS, numbered
from sms_diary.ingest.imports.estimate import Estimate
from sms_diary.ingest.imports.report import Report
from sms_diary.ingest.imports.request import Job, Part, Places, request_of
from sms_diary.ingest.imports.ticks import count_ticks
from sms_diary.store import deliveries, imports
from sms_diary.store.deliveries import Held
from sms_diary.store.quarantine import CELL
from sms_diary.store.tools import Tools

_LONGEST_TITLE = 200


async def contacts(q: Queries, tools: Tools, job: Job, part: Part, report: Report) -> None:
    """Load the contacts of a chunk, and tell of them."""
    listed = numbered(part.rows)
    people = [one.row for _, one in listed]
    if job.options.year_start:
        moved = await year.turn(q, tools, job, people)
        await imports.note_made(q, job.import_id, "membership", moved.made)
        report.notes += moved.lines()
    origin = _origin(job, part, report)

    def cells(number: int) -> Mapping[str, str]:
        return part.rows[number // GUARDIANS].cells or {}

    said = Said(job.options.source, job.options.numbers_changed)
    load = ListLoad(tools, job.school, job.now, Rows(people, cells, job.today), origin, said)
    done = await load.run(q, part.body, request_id=imports.request_id(job.import_id, part.seq))
    await count_ticks(q, tools, job, [one for _, one in listed], load.made, origin)
    await _note(q, job.import_id, load.made)
    words.tell_contacts(report, part.rows, done.rows, GUARDIANS)
    report.notes += list(done.details())
    if job.options.year_start:
        there = load.made.pupil_of.values()
        report.notes += await year.missing(q, tools, job, there, by=origin.by)


def _origin(job: Job, part: Part, report: Report) -> Places:
    names = [one.name for one in report.files]
    title = "; ".join(names)[:_LONGEST_TITLE]
    sha256 = hashlib.sha256(part.body).hexdigest()
    return Places(title, sha256, job.by.strip() or NOBODY, names, part.rows)


async def _note(q: Queries, import_id: int, made: Made) -> None:
    await imports.note_made(q, import_id, "pupil", ((one, "") for one in made.pupils))
    await imports.note_made(q, import_id, "subscription", ((one, "") for one in made.subscriptions))
    await imports.note_made(q, import_id, "consent", made.consents.items())
    await imports.note_made(q, import_id, "number", made.numbers.items())
    await imports.note_made(q, import_id, "stopped", made.stopped.items())


async def tried(
    q: Queries, acceptor: Acceptor, job: Job, part: Part, report: Report, estimate: Estimate
) -> None:
    """What a chunk of events would do."""
    request = request_of(job, part)
    accepted = await acceptor.try_within(request, q)
    news = await facts.news(q, job, part)
    words.tell_events(report, part.rows, accepted.outcomes, news.words)
    if job.options.tell:
        pairs = zip(request.drafts, accepted.outcomes, strict=True)
        await estimate.add(q, ((draft, outcome) for (_, draft), outcome in pairs))


async def events(
    q: Queries, tools: Tools, acceptor: Acceptor, job: Job, part: Part, report: Report
) -> None:
    """Carry a chunk of events out."""

    async def before(accepted: Accepted) -> None:
        changed = [one.entry_id for one in accepted.outcomes if one.word == "changed"]
        await imports.note_entries(q, job.import_id, [one for one in changed if one is not None])

    accepted = await acceptor.accept_within(q, request_of(job, part), before)
    if not accepted.repeated:
        news = await facts.news(q, job, part)
        await facts.keep(q, job, news)
        words.tell_events(report, part.rows, accepted.outcomes, news.words)
        await _ask_of_cells(q, tools, job, part)


async def _ask_of_cells(q: Queries, tools: Tools, job: Job, part: Part) -> None:
    """Rows of which not even the event is certain: a person mends the file, or drops them."""
    asked = await deliveries.open_questions(q, job.school.id)
    delivery_id = await imports.delivery_of(q, job.school.id, job.import_id, part.seq)
    held = []
    for place, row in enumerate(part.rows):
        if text := words.question_of(row):
            said = f"{row.kind} {row.sheet} {row.row} {text}"
            same = tools.vault.digest(said.encode()).hex()
            if same not in asked:
                held.append(Held(job.school.id, delivery_id, place, CELL, text, (), same, same))
    await deliveries.add_quarantine(q, tools, held, now=job.now)
