"""From what a list says of consents to what the ledger keeps of it. Pure: values in, values out.

`consents` says what a row is worth, `consent.after_import` where that moves a subscription; here
they meet what is held already, and the evidence is put together. `load_contacts` writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sms_diary.consent import Move, after_import, unless_superseded
from sms_diary.ingest.files.consents import NO_SOURCE, Verdict, Worth
from sms_diary.ingest.files.contacts import ContactRow
from sms_diary.ingest.files.report import Note, Word
from sms_diary.model import ALL_TOPICS, ConsentState, NumberState
from sms_diary.phone import mask
from sms_diary.store.consents import Change
from sms_diary.store.ledger import Act

TWO_NUMBERS = "two-numbers"
"""Why a row is held: its consent may belong to either number of the cell."""
NUMBER_STOPPED = "номер отключён словом СТОП: согласие из файла его не включает"
NUMBER_CLOSED = "на этот номер писать нельзя: согласие из файла этого не меняет"
STOPPED = "родитель отключил SMS словом СТОП: согласие из файла их не включает"
REFUSED = "записан отказ, и он не раньше согласия из файла: отказ остаётся"
BOTH_SAID = "в файле и «да», и «нет» о том же ученике и номере: считается отказом"
UNDECIDED = (None, ConsentState.UNKNOWN, ConsentState.ASKED)


@dataclass(frozen=True, slots=True)
class Link:
    """A pair pupil × number that a row names, and its subscription."""

    number: str
    number_id: int
    number_state: NumberState
    pupil_id: int
    subscription_id: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A row with its pairs and what its consent is worth."""

    row: ContactRow
    links: tuple[Link, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Origin:
    """The file, for the evidence: `by` is who loads it."""

    file_name: str
    sha256: str
    by: str

    def evidence(self, row: int) -> dict[str, str | int]:
        """Which row of it says so; without its cells."""
        return {"file": self.file_name, "sha256": self.sha256, "row": row, "by": self.by}


@dataclass(frozen=True, slots=True)
class Question:
    """A row that waits for a person to say which of these subscriptions it is about."""

    row: int
    detail: str
    candidates: tuple[int, ...]
    reason: str = TWO_NUMBERS


@dataclass(slots=True)
class Proofs:
    """What is to be written: `changes` with the row of each, and what to say of the rows."""

    changes: list[tuple[int, Change]] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    notes: dict[int, list[Note]] = field(default_factory=dict)
    unsourced: set[int] = field(default_factory=set)

    def say(self, row: int, word: Word, text: str) -> None:
        self.notes.setdefault(row, []).append(Note(word, text))

    def count(self, state: ConsentState) -> int:
        return sum(change.state is state for _, change in self.changes)


def weigh(
    listed: Sequence[Listed],
    held: Mapping[int, ConsentState],
    refused_on: Mapping[int, date],
    origin: Origin,
    cells: Callable[[int], Mapping[str, str]],
) -> Proofs:
    """What the rows change.

    `held` says where subscriptions stand; `refused_on` the day on which a refusal was recorded
    by a person, not by SMS: only a later consent on paper takes such a one back. `cells` gives
    the texts of a row as they were written.
    """
    return _Weighing(listed, held, refused_on, origin, cells).run()


class _Weighing:
    def __init__(
        self,
        listed: Sequence[Listed],
        held: Mapping[int, ConsentState],
        refused_on: Mapping[int, date],
        origin: Origin,
        cells: Callable[[int], Mapping[str, str]],
    ) -> None:
        self._listed = listed
        self._held = dict(held)
        self._refused_on = refused_on
        self._origin = origin
        self._cells = cells
        self._proofs = Proofs()
        self._said_no = {
            link.subscription_id
            for one in listed
            if one.verdict.worth is Worth.REFUSED
            for link in one.links
        }

    def run(self) -> Proofs:
        weighing = {
            Worth.PROVEN: self._agreed,
            Worth.REFUSED: self._refused,
            Worth.UNPROVEN: self._unproven,
        }
        for one in self._listed:
            if weigh_one := weighing.get(one.verdict.worth):
                weigh_one(one)
        # A question that another row or an earlier decision has answered is none.
        for one in self._listed:
            if one.verdict.worth is Worth.CHOOSE:
                self._choose(one)
        return self._proofs

    def _agreed(self, one: Listed) -> None:
        for link in one.links:
            held = self._held.get(link.subscription_id)
            if link.number_state is not NumberState.OPEN:
                stopped = link.number_state is NumberState.STOPPED
                self._warn(one, NUMBER_STOPPED if stopped else NUMBER_CLOSED)
            elif link.subscription_id in self._said_no:
                self._warn(one, BOTH_SAID)
            elif state := after_import(self._without_old_refusal(one, link, held), said_yes=True):
                self._change(one, link, state, "imported")
                self._proofs.say(one.row.row, Word.CHANGED, "согласие засчитано")
            elif held is not ConsentState.ACTIVE:
                self._warn(one, REFUSED if held is ConsentState.REFUSED else STOPPED)

    def _without_old_refusal(
        self, one: Listed, link: Link, held: ConsentState | None
    ) -> ConsentState | None:
        return unless_superseded(
            held, Move.PAPER_YES, by_sms=False,
            recorded=self._refused_on.get(link.subscription_id), paper=one.row.consent_day,
        )  # fmt: skip

    def _refused(self, one: Listed) -> None:
        for link in one.links:
            state = after_import(self._held.get(link.subscription_id), said_yes=False)
            if state is not None:
                self._change(one, link, state, "refused")
                self._proofs.say(one.row.row, Word.CHANGED, "отказ записан")

    def _unproven(self, one: Listed) -> None:
        if one.verdict.reason == NO_SOURCE:
            self._proofs.unsourced.add(one.row.row)
        elif one.links:
            self._warn(one, f"согласие не засчитано: {one.verdict.reason}")

    def _choose(self, one: Listed) -> None:
        candidates = tuple(sorted({link.subscription_id for link in one.links}))
        if any(self._held.get(candidate) not in UNDECIDED for candidate in candidates):
            return
        numbers = ", ".join(mask(link.number) for link in one.links)
        if not one.verdict.source:
            self._proofs.unsourced.add(one.row.row)
            self._warn(one, f"в ячейке несколько номеров: {numbers}")
            return
        self._proofs.questions.append(Question(one.row.row, one.verdict.reason, candidates))
        self._proofs.say(one.row.row, Word.QUARANTINED, f"{one.verdict.reason} ({numbers})")

    def _warn(self, one: Listed, text: str) -> None:
        self._proofs.say(one.row.row, Word.WARNING, text)

    def _change(self, one: Listed, link: Link, state: ConsentState, action: str) -> None:
        self._held[link.subscription_id] = state
        act = Act(
            action=action,
            number=link.number,
            scope=f"subscription:{link.subscription_id} {ALL_TOPICS}",
            actor=self._origin.by,
            evidence={
                "number": link.number,
                "pupil": str(link.pupil_id),
                "source": one.verdict.source,
                "date": one.row.consent_day.isoformat() if one.row.consent_day else "",
                **self._origin.evidence(one.row.row),
                "cells": dict(self._cells(one.row.row)),
            },
        )
        change = Change(link.subscription_id, link.number_id, state, act, since=one.row.consent_day)
        self._proofs.changes.append((one.row.row, change))
