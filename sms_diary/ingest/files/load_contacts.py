"""A class list into pupils, guardians, subscriptions and consents: one file, one transaction.

What the cells mean is `contacts`', who is which pupil `enrol`'s, what a consent is worth
`consents`' and `proofs`', what to say of it `contacts_report`'s. Here is the order of things.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sms_diary.clock import Clock, local
from sms_diary.db import Database, Queries
from sms_diary.ingest.files.consents import judge
from sms_diary.ingest.files.contacts import ContactRow, Contacts, read_contacts
from sms_diary.ingest.files.contacts_report import Subscribed, Telling
from sms_diary.ingest.files.enrol import Enrolled, enrol
from sms_diary.ingest.files.proofs import Link, Listed, Origin, Proofs, Question, weigh
from sms_diary.ingest.files.report import ContactsReport, Word
from sms_diary.ingest.files.text import Row, read_csv
from sms_diary.ingest.matching import name_key
from sms_diary.model import ALL_TOPICS, ConsentState
from sms_diary.store import consents, deliveries, numbers, people, schools
from sms_diary.store.deliveries import Held, NewDelivery
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools

TWO_NUMBERS = "two-numbers"
"""Why a row is held: its consent may belong to either number of the cell."""
NOBODY = "не указан"
_LONGEST_NAME = 200
_LONGEST_RELATION = 60


class _Undo(Exception):
    """Leaves the transaction without committing it, with what it would have done: a dry run."""

    def __init__(self, report: ContactsReport) -> None:
        super().__init__()
        self.report = report


@dataclass(frozen=True, slots=True)
class _Read:
    """The file as it was read, and the school's date."""

    contacts: Contacts
    by_number: Mapping[int, Row]
    today: date


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
    dry_run: bool = False,
) -> ContactsReport:  # fmt: skip
    """Load a CSV class list with the parents' phones.

    `consent_source` says on what paper the consents stand if the rows do not; without either none
    counts. `by` is who loads the file, for the ledger; `default_class` is for rows that name none.
    Raises `FileProblem` if the file is no such list.
    """
    now = clock.now()
    today = local(now, school.zone).date()
    read = await asyncio.to_thread(_read, data, today, default_class)
    origin = Origin(file_name, hashlib.sha256(data).hexdigest(), by.strip() or NOBODY)
    load = _Load(tools, school, now, read, origin, consent_source)
    try:
        async with database.transaction() as q:
            report = await load.run(q, data, dry_run=dry_run)
            if dry_run:
                raise _Undo(report)
    except _Undo as undone:
        return undone.report
    return report


def _read(data: bytes, today: date, default_class: str) -> _Read:
    rows = read_csv(data).rows
    found = read_contacts(rows, today=today, default_class=default_class)
    return _Read(found, {row.number: row for row in rows}, today)


class _Load:
    """One file on its way into the database."""

    def __init__(
        self, tools: Tools, school: School, now: int, read: _Read, origin: Origin, source: str
    ) -> None:
        self._tools = tools
        self._school = school
        self._now = now
        self._read = read
        self._origin = origin
        self._source = source

    async def run(self, q: Queries, data: bytes, *, dry_run: bool) -> ContactsReport:
        await schools.by_ids(q, [self._school.id], lock=True)
        await schools.bump(q, [self._school.id])
        rows = self._read.contacts.rows
        enrolled = await enrol(q, self._tools, self._school.id, rows, self._read.today, self._now)
        subscribed = await self._subscribe(q, rows, enrolled)
        proofs = await self._weigh(q, subscribed.listed)
        changes = [change for _, change in proofs.changes]
        await consents.change(q, self._tools, self._school.id, changes, now=self._now)
        questions = await self._fresh(q, proofs.questions)
        report = Telling(enrolled, subscribed, proofs, {one.row for one in questions}).report(
            rows, self._origin.file_name, dry_run=dry_run
        )
        await self._keep(q, data, report, questions)
        return report

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
        refused = [one for one, state in held.items() if state is ConsentState.REFUSED]
        refusals = await consents.refusals(q, self._school.id, refused)
        refused_on = {
            one: local(refusal.at, self._school.zone).date()
            for one, refusal in refusals.items()
            if refusal.actor != "sms"
        }
        return weigh(listed, held, refused_on, self._origin, self._cells)

    def _cells(self, number: int) -> dict[str, str]:
        """What the row says of phone and consent, as it was written."""
        header, row = self._read.contacts.header, self._read.by_number[number]
        names = ("phone", "consent", "consent_day", "consent_source")
        return {name: text for name in names if (text := header.text(row, name))}

    async def _fresh(self, q: Queries, questions: Sequence[Question]) -> list[Question]:
        """Those that nobody has been asked yet."""
        asked = await deliveries.open_candidates(q, self._school.id, TWO_NUMBERS)
        by_candidates = {one.candidates: one for one in reversed(questions)}
        return [one for one in by_candidates.values() if one.candidates not in asked]

    async def _keep(
        self, q: Queries, data: bytes, report: ContactsReport, questions: Sequence[Question]
    ) -> None:
        """The file itself, and what a person is to decide."""
        delivery_id = self._tools.ids.new()
        delivery = NewDelivery(
            delivery_id, self._school.id, "file", f"contacts-{delivery_id}",
            bytes.fromhex(self._origin.sha256), data,
            {word.name.lower(): report.count(word) for word in Word},
        )  # fmt: skip
        await deliveries.add(q, self._tools, [delivery], now=self._now)
        held = [
            Held(self._school.id, delivery_id, one.row, TWO_NUMBERS, one.detail, one.candidates)
            for one in questions
        ]
        await deliveries.add_quarantine(q, self._tools, held, now=self._now)


def _differ(listed: str, known: str) -> bool:
    """Whether two guardians' names are of two; a guardian keeps the name that came first."""
    listed, known = name_key(listed[:_LONGEST_NAME]), name_key(known)
    return listed != "" and known not in ("", listed)
