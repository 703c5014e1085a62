"""A batch of a roster's lines into pupils, guardians, subscriptions and consents.

A line is a pupil with guardians, as a program sends it. The rules of names are `identity`'s, the
moves of a consent `consent`'s, so that a line means what a row of a class list means. Knows no
HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sms_diary import consent
from sms_diary.clock import local
from sms_diary.consent import Move
from sms_diary.db import Queries
from sms_diary.ingest.days import school_year
from sms_diary.ingest.files.identity import Known, Person, classes_to_add, identify
from sms_diary.ingest.matching import ClassIndex, ClassMatch, name_key
from sms_diary.model import ALL_TOPICS, ConsentState, NumberState
from sms_diary.store import by_school, consents, numbers, people, rosters, schools
from sms_diary.store.by_school import Paper
from sms_diary.store.consents import Change
from sms_diary.store.ledger import Act, Action
from sms_diary.store.numbers import Number
from sms_diary.store.people import NewPupil
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from sms_diary.values import value

NO_CLASS = "класс не понят: нужно вида 5А"


@value
class Parent:
    number: str
    """E.164."""
    name: str
    relation: str
    paper: Paper | None
    """What a consent to SMS stands on; None: nothing is said of one."""


@value
class Line:
    place: int
    """Counted from 1."""
    sha256: str
    class_name: str
    name: str
    external_id: str
    birth: str
    """ISO date, or ""."""
    parents: tuple[Parent, ...]


@value
class Follows:
    """A guardian of the line; `note` says in Russian why a consent does not count."""

    guardian_id: int
    subscription_id: int
    added: bool
    state: ConsentState
    note: str


@value
class Enrolled:
    """What became of a line: `added`, `known`, or `refused` with the reason in Russian."""

    place: int
    outcome: str
    problem: str
    pupil_id: int | None
    parents: tuple[Follows, ...]


async def class_of(q: Queries, school_id: int, title: str, day: date) -> int | None:
    """The class of this title in the school year of the day; None if there is none."""
    known = await people.classes(q, school_id, school_year(day).first.year)
    return ClassIndex((one.id, one.name) for one in known).find(title).class_id


async def classes_of(
    q: Queries, tools: Tools, school_id: int, titles: set[str], day: date
) -> dict[str, ClassMatch]:
    """What class each title means in the school year of the day; new classes are added."""
    year = school_year(day).first.year
    known = await people.classes(q, school_id, year)
    fresh = classes_to_add(titles, [(one.id, one.name) for one in known])
    if fresh:
        known = await people.add_classes(q, tools, school_id, year, fresh)
    index = ClassIndex((one.id, one.name) for one in known)
    return {title: index.find(title) for title in titles}


async def enrol(
    q: Queries, tools: Tools, school: School, lines: Sequence[Line], *, actor: str, now: int
) -> list[Enrolled]:
    """Find or add everybody of a batch, in one transaction; what became of each line, in order."""
    await schools.bump(q, [school.id])
    batch = _Batch(q, tools, school, actor, now)
    await batch.pupils(lines)
    return await batch.parents(lines)


class _Batch:
    def __init__(self, q: Queries, tools: Tools, school: School, actor: str, now: int) -> None:
        self._q = q
        self._tools = tools
        self._school = school
        self._actor = actor
        self._now = now
        self._day = local(now, school.zone).date()
        self._pupil_of: dict[int, int] = {}
        self._added: set[int] = set()
        self._problems: dict[int, str] = {}

    # ------------------------------------------------------------ pupils

    async def pupils(self, lines: Sequence[Line]) -> None:
        """Whose each line is, or why that cannot be said."""
        ids = await people.by_external_ids(
            self._q, [(self._school.id, line.external_id) for line in lines if line.external_id]
        )
        for line in lines:
            if pupil_id := ids.get((self._school.id, line.external_id)):
                self._pupil_of[line.place] = pupil_id
        left = [line for line in lines if line.place not in self._pupil_of]
        matches = await classes_of(
            self._q, self._tools, self._school.id, {line.class_name for line in left}, self._day
        )
        by_class: dict[int, list[Line]] = {}
        for line in left:
            match = matches[line.class_name]
            if match.class_id is None:
                self._problems[line.place] = match.reason if match.candidates else NO_CLASS
            else:
                by_class.setdefault(match.class_id, []).append(line)
        await self._by_names(by_class)

    async def _by_names(self, by_class: Mapping[int, list[Line]]) -> None:
        rosters_now = await people.rosters(self._q, by_class, self._day.isoformat())
        named = await rosters.with_external_ids(
            self._q, [one.id for rows in rosters_now.values() for one in rows]
        )
        wanted: list[tuple[NewPupil, list[Line]]] = []
        adopted: list[tuple[int, str]] = []
        for class_id, own in by_class.items():
            known = [Known(one.id, one.full_name, one.birth_date) for one in rosters_now[class_id]]
            # Whom the journal calls otherwise is another child, whatever the name.
            free = [one for one in known if one.pupil_id not in named]
            for lines, pool in (
                ([line for line in own if line.external_id], free),
                ([line for line in own if not line.external_id], known),
            ):
                wanted += self._identified(class_id, lines, pool, adopted)
        await rosters.adopt(self._q, self._school.id, adopted)
        ids = await people.add_pupils(
            self._q, self._tools, self._school.id, [new for new, _ in wanted],
            from_day=school_year(self._day).first.isoformat(), now=self._now,
        )  # fmt: skip
        for pupil_id, (_, lines) in zip(ids, wanted, strict=True):
            self._added.add(lines[0].place)
            self._pupil_of |= dict.fromkeys([line.place for line in lines], pupil_id)

    def _identified(
        self, class_id: int, lines: Sequence[Line], pool: Sequence[Known],
        adopted: list[tuple[int, str]],
    ) -> list[tuple[NewPupil, list[Line]]]:  # fmt: skip
        """Find these lines of a class among its pupils; who is to be added, with their lines."""
        found, _ = identify((_person(line) for line in lines), pool)
        fresh: dict[tuple[int, str], list[Line]] = {}
        for line in lines:
            who = found[_person(line)]
            if who.key > 0:
                self._pupil_of[line.place] = who.key
                if line.external_id:
                    adopted.append((who.key, line.external_id))
            elif who.key < 0:
                fresh.setdefault((who.key, line.external_id), []).append(line)
            else:
                self._problems[line.place] = who.problem
        return [
            (NewPupil(own[0].name, name_key(own[0].name), own[0].birth, class_id,
                      own[0].external_id or None), own)
            for own in fresh.values()
        ]  # fmt: skip

    # ------------------------------------------------------------ guardians

    async def parents(self, lines: Sequence[Line]) -> list[Enrolled]:
        """Guardians, subscriptions and consents of the lines whose pupil is known."""
        good = [line for line in lines if line.place in self._pupil_of]
        said = [parent for line in good for parent in line.parents]
        known = await numbers.ensure(
            self._q, self._tools, [one.number for one in said], now=self._now, lock=True
        )
        guardians = await people.ensure_guardians(
            self._q, self._tools, self._school.id,
            [(known[one.number].id, one.name) for one in said], now=self._now,
        )  # fmt: skip
        of = {number: guardians[row.id][0] for number, row in known.items()}
        subscribed, made = await people.ensure_subscriptions(
            self._q, self._tools, self._school.id,
            [(of[one.number], self._pupil_of[line.place], one.relation)
             for line in good for one in line.parents],
            now=self._now,
        )  # fmt: skip
        states = await consents.states(self._q, sorted(subscribed.values()))
        held = {one: state for (one, topic), state in states.items() if topic == ALL_TOPICS}
        changes: list[Change] = []
        found = []
        for line in lines:
            follows = []
            for one in line.parents if line.place in self._pupil_of else ():
                pair = of[one.number], self._pupil_of[line.place]
                subscription_id = subscribed[pair]
                note = self._agreed(line, one, subscription_id, known[one.number], held, changes)
                state = held.get(subscription_id, ConsentState.UNKNOWN)
                follows.append(Follows(pair[0], subscription_id, pair in made, state, note))
            found.append(self._enrolled(line, tuple(follows)))
        await consents.change(self._q, self._tools, self._school.id, changes, now=self._now)
        return found

    def _enrolled(self, line: Line, follows: tuple[Follows, ...]) -> Enrolled:
        if line.place in self._problems:
            return Enrolled(line.place, "refused", self._problems[line.place], None, ())
        outcome = "added" if line.place in self._added else "known"
        return Enrolled(line.place, outcome, "", self._pupil_of[line.place], follows)

    def _agreed(  # whose consent, and where it is written
        self, line: Line, parent: Parent, subscription_id: int, number: Number,
        held: dict[int, ConsentState], changes: list[Change],
    ) -> str:  # fmt: skip
        """Count the consent of a line, if it says one; why it does not count, in Russian."""
        if parent.paper is None:
            return ""
        if number.state is not NumberState.OPEN:
            return by_school.NUMBER_RU[number.state]
        state = consent.after(held.get(subscription_id), Move.PAPER_YES)
        if not isinstance(state, ConsentState):
            return "" if state is consent.Refused.ALREADY else consent.REFUSED_RU[state]
        held[subscription_id] = state
        paper = parent.paper
        evidence = {
            "number": parent.number, "pupil": str(self._pupil_of[line.place]),
            "source": paper.source, "form": paper.form, "date": paper.day, "by": paper.by,
            "row": line.place, "sha256": line.sha256,
        }  # fmt: skip
        scope = f"subscription:{subscription_id} {ALL_TOPICS}"
        act = Act(Action.IMPORTED, parent.number, scope, self._actor, evidence)
        since = date.fromisoformat(paper.day) if paper.day else None
        changes.append(Change(subscription_id, number.id, state, act, since=since))
        return ""


def _person(line: Line) -> Person:
    return Person(line.name, line.birth)
