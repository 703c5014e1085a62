"""A class list into pupils, guardians, subscriptions and consents: one file, one transaction.

What the cells mean is `contacts`', who is which pupil `enrol`'s, what a consent is worth
`consents`' and `proofs`', whose number changes `renumber`'s, what to say of it
`contacts_report`'s. Here is the order of things.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date

from sms_diary.clock import Clock, local
from sms_diary.db import Database, Queries
from sms_diary.ingest.files.consents import judge
from sms_diary.ingest.files.contacts import CELLS, ContactRow, read_contacts
from sms_diary.ingest.files.contacts_report import Subscribed, Telling
from sms_diary.ingest.files.enrol import Enrolled, enrol
from sms_diary.ingest.files.listing import Made, Rows, Said
from sms_diary.ingest.files.proofs import (
    TWO_NUMBERS,
    Link,
    Listed,
    Origin,
    Proofs,
    Question,
    weigh,
)
from sms_diary.ingest.files.renumber import (
    CLOSED,
    HAS_ANOTHER,
    MOVED,
    NO_LONGER_LISTED,
    NUMBER_CHANGED,
    Former,
    formers,
)
from sms_diary.ingest.files.report import ContactsReport, Word
from sms_diary.ingest.files.text import read_csv
from sms_diary.ingest.matching import name_key
from sms_diary.model import ALL_TOPICS, ConsentState, NumberState, Source
from sms_diary.phone import mask
from sms_diary.store import consents, deliveries, moving, numbers, people, restoring, schools
from sms_diary.store.deliveries import Held, NewDelivery
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools

NOBODY = "не указан"
_LONGEST_NAME = 200
_LONGEST_RELATION = 60


class _Undo(Exception):
    """Leaves the transaction without committing it, with what it would have done: a dry run."""

    def __init__(self, report: ContactsReport) -> None:
        super().__init__()
        self.report = report


async def load_contacts(  # noqa: PLR0913  # a file, whose it is, and what was said of it
    database: Database,
    tools: Tools,
    clock: Clock,
    school: School,
    data: bytes,
    *,
    file_name: str,
    consent_source: str = "",
    by: str = "",
    default_class: str = "",
    numbers_changed: bool = False,
    dry_run: bool = False,
) -> ContactsReport:  # fmt: skip
    """Load a CSV class list with the parents' phones.

    `consent_source` says on what paper the consents stand if the rows do not; without either none
    counts. `by` is who loads the file, for the ledger; `default_class` is for rows that name none.
    `numbers_changed`: where the list has another number for a guardian, it replaces the old one.
    Raises `FileProblem` if the file is no such list.
    """
    now = clock.now()
    today = local(now, school.zone).date()
    read = await asyncio.to_thread(_read, data, today, default_class)
    origin = Origin(file_name, hashlib.sha256(data).hexdigest(), by.strip() or NOBODY)
    load = ListLoad(tools, school, now, read, origin, Said(consent_source, numbers_changed))
    try:
        async with database.transaction() as q:
            report = await load.run(q, data, dry_run=dry_run)
            if dry_run:
                raise _Undo(report)
    except _Undo as undone:
        return undone.report
    return report


def _read(data: bytes, today: date, default_class: str) -> Rows:
    rows = read_csv(data).rows
    found = read_contacts(rows, today=today, default_class=default_class)
    by_number = {row.number: row for row in rows}

    def cells(number: int) -> dict[str, str]:
        row = by_number[number]
        return {name: text for name in CELLS if (text := found.header.text(row, name))}

    return Rows(found.rows, cells, today)


class ListLoad:
    """One list on its way into the database; `made` says afterwards what it has made."""

    def __init__(
        self, tools: Tools, school: School, now: int, read: Rows, origin: Origin, said: Said
    ) -> None:
        self._tools = tools
        self._school = school
        self._now = now
        self._read = read
        self._origin = origin
        self._source = said.source
        self._numbers_changed = said.numbers_changed
        self.made = Made()
        self._held: Mapping[int, ConsentState] = {}

    async def run(
        self, q: Queries, data: bytes, *, request_id: str = "", dry_run: bool = False
    ) -> ContactsReport:
        """Load the rows in this transaction; `data` is kept as what came in."""
        await schools.by_ids(q, [self._school.id], lock=True)
        await schools.bump(q, [self._school.id])
        rows = self._read.rows
        enrolled = await enrol(q, self._tools, self._school.id, rows, self._read.today, self._now)
        replaced = await self._replaced(q, rows, enrolled)
        moved = await self._move(q, replaced) if self._numbers_changed else {}
        subscribed = await self._subscribe(q, rows, enrolled)
        proofs = await self._weigh(q, subscribed.listed)
        for row, said in moved.items():
            proofs.say(row, Word.CHANGED, said)
        changes = [change for _, change in proofs.changes]
        await consents.change(q, self._tools, self._school.id, changes, now=self._now)
        questions = await self._fresh(q, proofs.questions)
        if not self._numbers_changed:
            questions += await self._ask(q, replaced, subscribed, proofs)
        asked = {one.row for one in questions}
        report = Telling(enrolled, subscribed, proofs, asked, moved.keys()).report(
            rows, self._origin.file_name, dry_run=dry_run
        )
        self._note(enrolled, subscribed, proofs)
        await self._keep(q, data, report, questions, request_id)
        return report

    def _note(self, enrolled: Enrolled, subscribed: Subscribed, proofs: Proofs) -> None:
        made = self.made
        made.pupils = sorted({enrolled.pupil_of[row] for row in enrolled.added_by})
        made.subscriptions = sorted(subscribed.made)
        made.listed, made.pupil_of = subscribed.listed, enrolled.pupil_of
        for _, change in proofs.changes:
            held = self._held.get(change.subscription_id, ConsentState.UNKNOWN)
            made.consents.setdefault(change.subscription_id, str(held))

    async def _replaced(
        self, q: Queries, rows: Sequence[ContactRow], enrolled: Enrolled
    ) -> list[Former]:
        """Numbers of guardians for which the list has another one."""
        asked = await deliveries.open_candidates(q, self._school.id, NUMBER_CHANGED)
        known = [(row, enrolled.pupil_of[row.row]) for row in rows if row.row in enrolled.pupil_of]
        return await formers(q, self._tools, self._school.id, known, asked)

    async def _move(self, q: Queries, replaced: Sequence[Former]) -> dict[int, str]:
        """Change the numbers of these guardians; what to say of the rows."""
        said: dict[int, str] = {}
        done: set[int] = set()
        for one in replaced:
            if one.contact.guardian_id in done:
                continue
            done.add(one.contact.guardian_id)
            old = await numbers.read(q, self._tools, [one.contact.number_id])
            was, held = await restoring.before_number(q, one.contact, now=self._now)
            self.made.numbers[one.contact.guardian_id] = was
            self.made.stopped |= held
            moved = await moving.change_number(
                q, self._tools, self._school.id, one.contact.guardian_id, one.number,
                by=self._origin.by, evidence=self._origin.evidence(one.row), now=self._now,
            )  # fmt: skip
            is_open = moved is not None and moved.number_state is NumberState.OPEN
            said[one.row] = MOVED.format(mask(old[one.contact.number_id])) if is_open else CLOSED
            await deliveries.answer_about(
                q, self._school.id, NUMBER_CHANGED, one.contact.subscription_id,
                by=self._origin.by, now=self._now,
            )  # fmt: skip
        return said

    async def _ask(
        self, q: Queries, replaced: Sequence[Former], subscribed: Subscribed, proofs: Proofs
    ) -> list[Question]:
        """The questions «номер сменился?» that nobody was asked yet; said of the rows in any case.

        A consent of the list counts for its own number; the old one is not left active unsaid.
        """
        new = {(one.row.row, link.number): link for one in subscribed.listed for link in one.links}
        old = await numbers.read(q, self._tools, [one.contact.number_id for one in replaced])
        asked = await deliveries.open_candidates(q, self._school.id, NUMBER_CHANGED)
        questions = []
        for one in replaced:
            link = new[one.row, one.number]
            masked = mask(old[one.contact.number_id])
            proofs.say(one.row, Word.QUARANTINED, NO_LONGER_LISTED.format(masked))
            pair = (one.contact.subscription_id, link.subscription_id)
            if pair not in asked:
                questions.append(Question(one.row, HAS_ANOTHER, pair, NUMBER_CHANGED))
        return questions

    async def _subscribe(
        self, q: Queries, rows: Sequence[ContactRow], enrolled: Enrolled
    ) -> Subscribed:
        """Numbers, guardians and subscriptions of the rows whose pupil is known."""
        usable = [(row, enrolled.pupil_of[row.row]) for row in rows if row.row in enrolled.pupil_of]
        found = await numbers.ensure(
            q, self._tools, [n for row, _ in usable for n in row.numbers], now=self._now, lock=True
        )
        named = sorted((row for row, _ in usable), key=lambda row: not row.guardian)
        guardians = await people.ensure_guardians(
            q,
            self._tools,
            self._school.id,
            [(found[n].id, row.guardian[:_LONGEST_NAME]) for row in named for n in row.numbers],
            now=self._now,
        )
        wanted = [
            (guardians[found[n].id][0], pupil_id, row.relation[:_LONGEST_RELATION])
            for row, pupil_id in usable
            for n in row.numbers
        ]
        subscriptions, made = await people.ensure_subscriptions(
            q, self._tools, self._school.id, wanted, now=self._now
        )
        subscribed = Subscribed({subscriptions[pair] for pair in made})
        for row, pupil_id in usable:
            links = tuple(
                Link(
                    number, found[number].id, found[number].state, pupil_id,
                    subscriptions[guardians[found[number].id][0], pupil_id],
                )
                for number in row.numbers
            )  # fmt: skip
            if any(_differ(row.guardian, guardians[link.number_id][1]) for link in links):
                subscribed.other_guardian.add(row.row)
            verdict = judge(row, today=self._read.today, stated_source=self._source)
            subscribed.listed.append(Listed(row, links, verdict))
        return subscribed

    async def _weigh(self, q: Queries, listed: Sequence[Listed]) -> Proofs:
        ids = [link.subscription_id for one in listed for link in one.links]
        states = await consents.states(q, ids)
        held = {one: state for (one, topic), state in states.items() if topic == ALL_TOPICS}
        self._held = held
        refused = [one for one, state in held.items() if state is ConsentState.REFUSED]
        refusals = await consents.refusals(q, self._school.id, refused)
        refused_on = {
            one: local(refusal.at, self._school.zone).date()
            for one, refusal in refusals.items()
            if refusal.actor != "sms"
        }
        return weigh(listed, held, refused_on, self._origin, self._read.cells)

    async def _fresh(self, q: Queries, questions: Sequence[Question]) -> list[Question]:
        """Those that nobody has been asked yet."""
        asked = await deliveries.open_candidates(q, self._school.id, TWO_NUMBERS)
        by_candidates = {one.candidates: one for one in reversed(questions)}
        return [one for one in by_candidates.values() if one.candidates not in asked]

    async def _keep(
        self, q: Queries, data: bytes, report: ContactsReport, questions: Sequence[Question],
        request_id: str,
    ) -> None:  # fmt: skip
        """The file itself, and what a person is to decide."""
        delivery_id = self._tools.ids.new()
        delivery = NewDelivery(
            delivery_id, self._school.id, Source.FILE,
            request_id or f"contacts-{delivery_id}", hashlib.sha256(data).digest(), data,
            {word.name.lower(): report.count(word) for word in Word},
        )  # fmt: skip
        await deliveries.add(q, self._tools, [delivery], now=self._now)
        held = [
            Held(self._school.id, delivery_id, one.row, one.reason, one.detail, one.candidates)
            for one in questions
        ]
        await deliveries.add_quarantine(q, self._tools, held, now=self._now)


def _differ(listed: str, known: str) -> bool:
    """Whether two guardians' names are of two; a guardian keeps the name that came first."""
    listed, known = name_key(listed[:_LONGEST_NAME]), name_key(known)
    return listed != "" and known not in ("", listed)
