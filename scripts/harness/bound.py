"""The least that a slot could cost: its skeleton with every form at the shortest, and nothing else.

Made from the data file of subjects and the wording of `docs/texts.md` alone: no code is shared
with the renderer, whose thrift is measured against it. Free text stays whole.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from iuliia import MOSMETRO

from sms_diary.model import Kind, Told

_LATE, _EXCUSED = {"ОП"}, {"УП", "Б"}
_TYPED = str.maketrans({"№": "N", "«": '"', "»": '"', "—": "-", "–": "-"})
_DAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")


class Bound:
    """Counts the least number of SMS for what one guardian is told at one moment."""

    def __init__(self, subjects: Path, *, latin: bool) -> None:
        self._shortest = dict(_shortest(subjects.read_text(encoding="utf-8")))
        self._alone, self._part = (160, 153) if latin else (70, 67)
        self._latin = latin

    def segments(self, lines: Sequence[Told]) -> int:
        """The least number of SMS, for whatever division of the sentences into messages."""
        sentences = self.sentences(lines)
        best = [0]
        for end in range(1, len(sentences) + 1):
            best.append(
                min(
                    best[start] + self._cost("\n".join(sentences[start:end]))
                    for start in range(end)
                )
            )
        return best[-1]

    def sentences(self, lines: Sequence[Told]) -> list[str]:
        """What must be said, a sentence for each pupil and day (or week), class and notice."""
        pupils, classes = defaultdict(list), defaultdict(list)
        for line in lines:
            if line.kind in (Kind.MARK, Kind.ABSENCE):
                pupils[line.pupil].append(line)
            else:
                classes[line.kind, line.class_name].append(line)
        said = [text for name, own in pupils.items() for text in self._of_pupil(name, own)]
        for (kind, name), own in classes.items():
            said += self._of_class(kind, name, own)
        if not self._latin:
            return said
        return [MOSMETRO.translate(text.translate(_TYPED)) for text in said]

    def _cost(self, text: str) -> int:
        return 1 if len(text) <= self._alone else -(-len(text) // self._part)

    def _of_pupil(self, name: str, lines: Sequence[Told]) -> Iterable[str]:
        days = sorted({line.day for line in lines if line.day and not line.was})
        by_day: dict[str, list[Told]] = defaultdict(list)
        for line in lines:
            alone = line.was and line.day not in days
            by_day[_date(line.day) if alone or len(days) == 1 else _dates(days)].append(line)
        for dates, own in by_day.items():
            pieces = self._pieces(own)
            if all(line.kind is Kind.ABSENCE for line in own):
                yield f"{name} {dates} {pieces[0]}"
            else:
                yield f"{name} {dates}: {' '.join(pieces)}"

    def _pieces(self, lines: Sequence[Told]) -> list[str]:
        absences = [line for line in lines if line.kind is Kind.ABSENCE]
        pieces = [_absence(absences)] if absences else []
        by_subject: dict[str, list[str]] = defaultdict(list)
        for line in lines:
            if line.was:
                was = f"{_mark(line.value)} (было {_mark(line.was)})"
                pieces.append(f"{self._name(line)} {was}")
            elif line.kind is Kind.MARK:
                by_subject[self._name(line)].append(_mark(line.value))
        return pieces + [f"{subject} {','.join(own)}" for subject, own in by_subject.items()]

    def _of_class(self, kind: Kind, name: str, lines: Sequence[Told]) -> Iterable[str]:
        day = lines[0].day
        if kind is Kind.HOMEWORK:
            tasks = " ".join(f"{self._name(line)} {line.body}" for line in lines)
            yield f"{name} на {_date(day)}: {tasks}"
        elif kind is Kind.TIMETABLE_CHANGE:
            said = "; ".join(self._change(line) for line in lines)
            yield f"{name} {_DAYS[day.weekday()] if day else ''} {_date(day)}: {said}"
        else:
            yield from (f"{name}: {line.body}" if name else line.body for line in lines)

    def _change(self, line: Told) -> str:
        said = json.loads(line.body)
        if said.get("cancelled"):
            return f"{line.lesson} ур. нет"
        subject, other = self._shortest[said["subject"]], self._shortest[said["instead_of"]]
        return f"{line.lesson} ур. {subject} вместо {other}, каб.{said['room']}"

    def _name(self, line: Told) -> str:
        return self._shortest[line.subject]


def _shortest(table: str) -> Iterable[tuple[str, str]]:
    for row in table.splitlines():
        if row.strip() and not row.startswith("#"):
            forms = [form.strip() for form in row.partition("=")[0].split("|")]
            full = forms[0]
            # As the journals write it, with a capital; abbreviations have theirs already.
            yield full[0].upper() + full[1:], forms[-1]
    yield "Иностранный язык (английский)", "англ"


def _absence(lines: Sequence[Told]) -> str:
    said = []
    for codes, words in ((_LATE, "опозд {}"), (_EXCUSED, "нет на ур. {} (ув)")):
        said += [words.format(line.lesson) for line in lines if line.value in codes]
    said += [f"нет на ур. {line.lesson}" for line in lines if line.value not in _LATE | _EXCUSED]
    return "; ".join(said)


def _mark(value: str) -> str:
    return "долг" if value == "." else value


def _dates(days: Sequence[date]) -> str:
    """«24.11», «16-20.11», «30.11-04.12»."""
    first, last = days[0], days[-1]
    if first == last:
        return _date(first)
    return f"{_date(first)[: 2 if first.month == last.month else None]}-{_date(last)}"


def _date(day: date | None) -> str:
    return f"{day.day:02}.{day.month:02}" if day else ""
