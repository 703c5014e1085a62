"""Three ledgers set against each other: what the journal was told, what the SMSC took, and what
the database says.

Faults are counted and named; whether they make a run red is `scripts/chaos.py`'s, and what the
ledgers say is read elsewhere.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.harness.ledger import Record
from scripts.harness.states import Line, Part
from scripts.harness.story import ANNOUNCEMENT, SUBJECTS, Said, Story

_LETTERS = 3
_NOTED = 20
"""Faults of a round that are named; all are counted."""
_AFTER_STOP = 3000
"""Milliseconds: what was on its way on another connection may come so long after the answer."""
_TOPICS = {subject[:_LETTERS].casefold(): subject for subject in SUBJECTS}
_MARK = re.compile(
    rf"\b({'|'.join(_TOPICS)})[а-яё]*\.?:? (?:([1-5])\b|отметка снята)", re.IGNORECASE
)
_UNSURE = frozenset({"doubt", "unknown"})
"""States of a part that the SMSC may have or not."""
_NOT_TAKEN = _UNSURE | {"withdrawn", "rejected", "expired"}
"""States of a part that the SMSC may have nothing of."""
_OF_OUTCOME = {"DELIVRD": "delivered", "UNDELIV": "undelivered"}
_OPEN = frozenset({"sent", "doubt", "unknown"})
"""States of a part the end of which is not known to us."""


@dataclass(slots=True)
class Findings:
    """Of one round. A fault is named without texts: number, topic, states."""

    delivered: int = 0
    lost: int = 0
    doubled: int = 0
    in_doubt: int = 0
    doubt_at_smsc: int = 0
    """Parts in doubt that the SMSC has: what their receipts did not tell."""
    wrong_state: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def green(self) -> bool:
        return not (self.lost or self.doubled or self.wrong_state)

    def note(self, kind: str, what: str, count: int = 1) -> None:
        """Count a fault: lost | doubled | wrong_state."""
        setattr(self, kind, getattr(self, kind) + count)
        if len(self.notes) < _NOTED:
            self.notes.append(f"{kind}: {what}")


@dataclass(frozen=True, slots=True)
class Books:
    """All that is known of a round once it has settled. `lost_receipts`: swallowed on purpose."""

    story: Story
    told: Sequence[Said]
    records: Sequence[Record]
    parts: Sequence[Part]
    lines: Sequence[Line]
    lost_receipts: int


def compare(books: Books) -> Findings:
    """Everything that is not as it must be."""
    found = Findings(
        delivered=sum(part.state == "delivered" for part in books.parts),
        in_doubt=sum(part.state == "doubt" for part in books.parts),
    )
    _compare_parts(books, found)
    _compare_messages(books.parts, found)
    _compare_versions(books, found)
    _compare_told(books, found)
    _compare_stops(books, found)
    return found


_Thing = tuple[str, str]
"""Number, topic."""
_Place = tuple[str, int, int]
"""Number, place of a part, of how many."""


def _compare_parts(books: Books, found: Findings) -> None:
    """Each part against what the SMSC took of it."""
    taken: defaultdict[_Place, list[Record]] = defaultdict(list)
    for record in books.records:
        udh = record["udh"] or {"seq": 1, "total": 1}
        taken[f"+{record['number']}", udh["seq"], udh["total"]].append(record)
    for part in sorted(books.parts, key=_likely):
        records = taken[part.number, part.seq, part.total]
        own = [record for record in records if _is_of(record, part)][: 1 + part.repeats]
        for record in own:
            records.remove(record)
        _compare_part(part, {_OF_OUTCOME[record["outcome"]] for record in own}, found)
    unreported = sum(part.state == "sent" for part in books.parts) - books.lost_receipts
    if unreported > 0:
        found.note("wrong_state", f"{unreported} more sent than receipts were lost", unreported)
    for (number, seq, total), rest in taken.items():
        if rest:
            found.note("doubled", f"{number} part {seq}/{total}: {len(rest)} too many", len(rest))


def _likely(part: Part) -> int:
    """Parts with the same text choose in this order: what surely left, may have, and has not."""
    return (part.state in _NOT_TAKEN) + (part.state in _NOT_TAKEN - _UNSURE)


def _compare_part(part: Part, ends: set[str], found: Findings) -> None:
    """`ends`: what became of it at the SMSC; empty: it has not got it."""
    found.doubt_at_smsc += part.state == "doubt" and bool(ends)
    right = part.state in (ends | _OPEN if ends else _NOT_TAKEN)
    if not right:
        what = f"{part.number} part {part.seq}/{part.total}"
        at_smsc = ", ".join(sorted(ends)) or "unknown"
        found.note("wrong_state", f"{what} {part.state}, at the SMSC {at_smsc}")


def _is_of(record: Record, part: Part) -> bool:
    """Whether the record's text is this part's piece of the message."""
    text: str = record["text"]
    if part.total == 1:
        return text == part.text
    if part.seq == 1:
        return part.text.startswith(text)
    return part.text.endswith(text) if part.seq == part.total else text in part.text


def _compare_messages(parts: Iterable[Part], found: Findings) -> None:
    """The state of a message follows from those of its parts."""
    of_message: defaultdict[int, list[Part]] = defaultdict(list)
    for part in parts:
        of_message[part.message].append(part)
    for own in of_message.values():
        states, said = {part.state for part in own}, own[0].message_state
        all_delivered = states == {"delivered"} and len(own) == own[0].total
        if all_delivered != (said == "delivered"):
            found.note("wrong_state", f"{own[0].number} message {said}, its parts {sorted(states)}")


def _told_at_smsc(records: Iterable[Record]) -> dict[_Thing, list[str]]:
    """(number, topic) -> the values told, in the SMSC's order; the same text counts once."""
    texts: dict[tuple[str, object], dict[int, str]] = {}
    for record in records:
        udh = record["udh"] or {"ref": record["text"], "seq": 1}
        texts.setdefault((f"+{record['number']}", udh["ref"]), {})[udh["seq"]] = record["text"]
    told: defaultdict[_Thing, list[str]] = defaultdict(list)
    for (number, _), pieces in texts.items():
        for letters, value in _MARK.findall("".join(pieces[seq] for seq in sorted(pieces))):
            told[number, _TOPICS[letters.casefold()]].append(value)
    return told


def _compare_versions(books: Books, found: Findings) -> None:
    """No value of a mark is told to a guardian in two different SMS."""
    for (number, topic), values in _told_at_smsc(books.records).items():
        for value, count in Counter(values).items():
            if count > 1:
                found.note("doubled", f"{number} {topic} {value!r} in {count} SMS", count - 1)


def _compare_told(books: Books, found: Findings) -> None:
    """What was told 2xx for is at the SMSC, in doubt, or said to be otherwise."""
    newest: dict[_Thing, Said] = {}
    for said in sorted(books.told, key=lambda one: one.version):
        newest[said.number, said.topic] = said
    stopped = {stop.number for stop in books.story.stops}
    lines: defaultdict[_Thing, list[Line]] = defaultdict(list)
    for line in sorted(books.lines, key=lambda one: one.version):
        lines[line.number, line.topic].append(line)
    states: defaultdict[int | None, set[str]] = defaultdict(set)
    for part in books.parts:
        states[part.message].add(part.state)
    at_smsc = _told_at_smsc(books.records)
    for thing, said in newest.items():
        own = [(line, states[line.message]) for line in lines[thing]]
        values = at_smsc.get(thing, [])
        if said.number not in stopped and not _is_accounted_for(said, own, values):
            last = f"{own[-1][0].state} {own[-1][0].reason} {own[-1][1]}" if own else "no line"
            found.note("lost", f"{said.number} {said.topic}: {last}, the SMSC has {values}")


def _is_accounted_for(
    said: Said, lines: Sequence[tuple[Line, set[str]]], at_smsc: Sequence[str]
) -> bool:
    """Whether the newest version of a thing is where its line says, with the states of its parts.

    `at_smsc`: the values of a mark that the SMSC was told.
    """
    if not lines:
        return False
    (line, states), before = lines[-1], [states for _, states in lines[:-1]]
    a_mark = said.topic != ANNOUNCEMENT
    there = not a_mark or at_smsc[-1:] == [said.value]
    in_doubt = bool(states & {"doubt", "unknown"})
    right = {
        "told": there or in_doubt,
        "taken": in_doubt,
        "planned": any("doubt" in one for one in before),  # it waits for an earlier version
        "not-delivered": "undelivered" in states,
        "never-told": not said.value,
        "same-value": there,
    }
    says_so = right.get(line.reason if line.state == "silent" else line.state, False)
    return says_so and (line.value == said.value or not a_mark)


def _compare_stops(books: Books, found: Findings) -> None:
    """СТОП is obeyed and answered once; after the answer there is nothing."""
    parts: defaultdict[str, list[Part]] = defaultdict(list)
    for part in books.parts:
        parts[part.number].append(part)
    for stop in books.story.stops:
        answers = [part for part in parts[stop.number] if part.ground == "reply"]
        states = {part.number_state for part in parts[stop.number]}
        if len(answers) != 1 or states != {"stopped"}:
            found.note("lost", f"{stop.number} СТОП: {len(answers)} answers, number {states}")
            continue
        own = [r for r in books.records if f"+{r['number']}" == stop.number]
        answered = [r["at"] for r in own if r["text"] == answers[0].text]
        late = [
            record
            for record in own
            if answered
            and record["at"] > answered[0] + _AFTER_STOP
            and record["text"] != answers[0].text  # repeated because it was in doubt
        ]
        if late:
            found.note("wrong_state", f"{stop.number}: {len(late)} SMS after СТОП was confirmed")


def summary(findings: Iterable[Findings]) -> dict[str, Any]:
    """The figures of several rounds together."""
    names = ("delivered", "lost", "doubled", "in_doubt", "wrong_state")
    several = list(findings)
    return {name: sum(getattr(one, name) for one in several) for name in names}
