"""What the SMSC has in its own book, set against what was to be told.

The book is the simulator's: JSON lines, one a part it took. Nothing of ours is trusted here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from scripts.harness.door import mark_of
from scripts.harness.seeding import Pupil

Record: TypeAlias = dict[str, Any]
_UCS2 = 8
_ALONE = 70
"""Characters of one Cyrillic SMS (3GPP TS 23.038)."""
_LETTERS = 3


def read(path: Path) -> list[Record]:
    """The records written so far; a line that is being written is left for the next time."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def taken(path: Path) -> int:
    """How many parts the SMSC has written down."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Pupils whose guardian got the one right SMS, the same one again, none, another one."""

    unique: int
    doubled: int
    lost: int
    malformed: int

    @property
    def green(self) -> bool:
        return not (self.doubled or self.lost or self.malformed)

    def missing(self, lost: int) -> Verdict:
        """The same with more lost: the SMSC has them, the database does not know it."""
        return replace(self, lost=lost)


def judge(pupils: Iterable[Pupil], records: Iterable[Record]) -> Verdict:
    """Every pupil's mark once, to the number of that pupil's guardian, whole and legible."""
    by_number = {pupil.number.lstrip("+"): pupil for pupil in pupils}
    right: Counter[str] = Counter()
    malformed = 0
    for record in records:
        pupil = by_number.get(record["number"])
        if pupil is not None and _is_right(record, pupil):
            right[record["number"]] += 1
        else:
            malformed += 1
    return Verdict(
        unique=sum(count == 1 for count in right.values()),
        doubled=sum(count - 1 for count in right.values()),
        lost=len(by_number) - len(right),
        malformed=malformed,
    )


def _is_right(record: Record, pupil: Pupil) -> bool:
    text, mark = record["text"], mark_of(pupil)
    name, _, rest = text.partition(" ")
    subject, _, told = rest.partition(": ")
    return (
        record["data_coding"] == _UCS2
        and record["udh"] is None
        and len(text) <= _ALONE
        and name == pupil.first_name
        # Names of subjects and works may be shortened, but not to another's letters.
        and mark.subject[:_LETTERS].casefold() in subject.casefold()
        and told.startswith(f"{mark.value} (")
        and told.casefold().find(mark.work[:_LETTERS].casefold()) > 0
    )
