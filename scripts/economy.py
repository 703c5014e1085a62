"""What a month of a school costs in segments, beside what it could cost and what others would.

The seeded month is `harness/month.py`'s, the least possible `harness/bound.py`'s; how to read
the figures is in `docs/texts.md`. The last line of the output is one JSON object; the exit code
is 1 when a target is missed. Run by `scripts/economy`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date

from scripts.harness.bound import Bound
from scripts.harness.month import Slot, month
from sms_diary.encoding import segments
from sms_diary.render import Level, Renderer, Style, Text
from sms_diary.resources import templates_dir

SCHOOL, PHONE = "Школа Пример", "000-10-00"


@dataclass(frozen=True)
class Case:
    """What is told, and in which alphabet."""

    name: str
    every_topic: bool
    latin: bool = False
    on_friday: bool = False


CASES = (
    Case("marks-cyrillic", every_topic=False),
    Case("marks-latin", every_topic=False, latin=True),
    Case("all-cyrillic", every_topic=True),
    Case("all-latin", every_topic=True, latin=True),
    Case("friday-cyrillic", every_topic=False, on_friday=True),
)


@dataclass
class Bill:
    """Segments of a month in four ways; `entries` and `told` count entry × subscribed guardian."""

    segments: int = 0
    per_event: int = 0
    naive_digest: int = 0
    lower_bound: int = 0
    one_segment_days: float = 0.0
    """Share of guardians' days with news on which no slot took more than one segment."""
    entries: int = 0
    told: int = 0


@dataclass(frozen=True)
class Loss:
    """A slot that took more than the least: by how many segments, and in which words."""

    more: int
    told: str


_Days = dict[tuple[int, date], int]


@dataclass
class Account:
    """The bill of a case, and segments by guardian and day: of the dearest slot, and of all."""

    bill: Bill
    longest: _Days = field(default_factory=lambda: defaultdict(int))
    whole: _Days = field(default_factory=lambda: defaultdict(int))
    whole_least: _Days = field(default_factory=lambda: defaultdict(int))
    losses: list[Loss] = field(default_factory=list)

    def add(self, slot: Slot, texts: Sequence[Text], least: int, sentences: Sequence[str]) -> None:
        cost = sum(text.segments for text in texts)
        day = (slot.guardian, slot.day)
        self.bill.segments += cost
        self.bill.lower_bound += least
        self.longest[day] = max(self.longest[day], cost)
        self.whole[day] += cost
        self.whole_least[day] += least
        if cost > least:
            said = [f"    {text.segments} {text.level}: {text.text!r}" for text in texts]
            lines = [f"  {cost} segments where {least} could do", *said, f"    {sentences}"]
            self.losses.append(Loss(cost - least, "\n".join(lines)))

    @staticmethod
    def share(days: _Days) -> float:
        """The share of days with one segment."""
        return sum(count == 1 for count in days.values()) / len(days)


def main() -> None:
    options = _options()
    renderer = Renderer.from_folder(templates_dir())
    print(_HEADER)
    bills = {}
    for case in CASES:
        account = account_of(case, renderer, options.seed)
        bills[case.name] = account.bill
        print(_row(case.name, account))
        for loss in sorted(account.losses, key=lambda loss: -loss.more)[: options.worst]:
            print(loss.told)
    wrong = list(missed(bills))
    print("\n".join(wrong) if wrong else "every target is reached")
    print(json.dumps({name: asdict(bill) for name, bill in bills.items()}))
    sys.exit(1 if wrong else 0)


_ONE_SEGMENT, _OF_BOUND, _OF_EVENTS, _ALL_OF_BOUND = 0.9, 1.2, 0.45, 1.25
"""What the project promises of marks and absences, and of all topics beside the bound."""


def missed(bills: Mapping[str, Bill]) -> Iterator[str]:
    """The targets of the project that these figures miss, in words."""
    for name in ("marks-cyrillic", "marks-latin"):
        bill = bills[name]
        if bill.one_segment_days < _ONE_SEGMENT:
            yield f"{name}: one segment on {bill.one_segment_days:.1%} of the days"
        if bill.segments > _OF_BOUND * bill.lower_bound:
            yield f"{name}: {bill.segments / bill.lower_bound:.3f} of the bound"
        if bill.segments > _OF_EVENTS * bill.per_event:
            yield f"{name}: {bill.segments / bill.per_event:.3f} of one SMS an event"
    for name in ("all-cyrillic", "all-latin"):
        bill = bills[name]
        if bill.segments > _ALL_OF_BOUND * bill.lower_bound:
            yield f"{name}: {bill.segments / bill.lower_bound:.3f} of the bound"


def account_of(case: Case, renderer: Renderer, seed: int, most: int | None = None) -> Account:
    """What a case costs; `most`: only that many slots are looked at."""
    story = month(seed, every_topic=case.every_topic, on_friday=case.on_friday)
    style = Style(SCHOOL, transliterate=case.latin, phone=PHONE)
    bound = Bound(templates_dir() / "subjects.txt", latin=case.latin)
    account, told = Account(Bill()), set[int]()
    for slot in story.slots[:most]:
        texts = renderer.tell(slot.lines, style)
        told.update(line_id for text in texts for line_id in text.line_ids)
        least = bound.segments(slot.lines)
        account.add(slot, texts, least, bound.sentences(slot.lines))
        account.bill.naive_digest += segments(
            "\n".join(renderer.tell_at(slot.lines, style, Level.FULL))
        )
        account.bill.per_event += sum(
            renderer.tell([line], style)[0].segments * story.events[line.line_id]
            for line in slot.lines
        )
        account.bill.entries += sum(line.line_id not in story.corrections for line in slot.lines)
    account.bill.told = len(told - story.corrections)
    account.bill.one_segment_days = account.share(account.longest)
    return account


_HEADER = (
    "case             segments  of bound  of per-event  of naive  one-segment days  one SMS a day"
)


def _row(name: str, account: Account) -> str:
    bill = account.bill
    return (
        f"{name:<16} {bill.segments:>8} {bill.segments / bill.lower_bound:>9.3f} "
        f"{bill.segments / bill.per_event:>13.3f} {bill.segments / bill.naive_digest:>9.3f} "
        f"{bill.one_segment_days:>17.1%} {account.share(account.whole):>14.1%}"
        f" ({account.share(account.whole_least):.1%} at the bound)"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=5, help="of the month; the same gives the same")
    parser.add_argument("--worst", type=int, default=0, help="show that many of the dearest slots")
    return parser.parse_args()


if __name__ == "__main__":
    main()
