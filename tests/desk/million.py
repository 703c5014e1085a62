"""Half a year of two schools, put in by plain inserts: a million messages and 300,000.

What is asked of all this is `test_million.py`'s.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sms_diary.clock import DAY, HOUR
from sms_diary.store.tools import Tools
from tests import seeding
from tests.conftest import NOW

MESSAGES, OTHERS = 1_000_000, 300_000
WAITING = 2_000
"""Of the newest, those that have not left."""
PER_ENTRY = 20
HALF_A_YEAR = 180 * DAY
IMPORTS, INBOUND, ASKED, AUDIT, DELIVERIES, TEXTS = 5_000, 50_000, 40_000, 200_000, 100_000, 400
UNANSWERED = 300
_EPOCH = 1_577_836_800_000
"""Of ids, as `ids.py` has it."""
_FATES = random.Random(5).choices(
    ["delivered", "undelivered", "rejected", "expired", "unknown", "withdrawn"],
    [940, 25, 10, 10, 5, 10], k=100_003,
)  # fmt: skip
_TOPICS = ["marks", "absences", "homework", "timetable", "announcements"]
Rows = Iterator[tuple[Any, ...]]


@dataclass
class Full:
    """A school to be filled. `first` sets its ids apart from the others'."""

    id: int
    subscribed: Sequence[seeding.Subscribed]
    classes: Sequence[int]
    messages: int
    first: int = 0

    @property
    def silent(self) -> int:
        """Lines that were not told."""
        return self.messages * 2 // 5

    def of(self, n: int) -> seeding.Subscribed:
        """Whom the n-th message goes to."""
        return self.subscribed[n * 7919 % len(self.subscribed)]

    def class_of(self, n: int) -> int:
        return self.classes[n * 7919 % len(self.subscribed) % len(self.classes)]

    def message_id(self, n: int) -> int:
        return own_id(moment(n, self.messages), n + self.first)


def moment(n: int, of: int) -> int:
    """When the n-th of them was made: evenly over the half year, the last one just now."""
    return NOW - (of - n) * HALF_A_YEAR // of


def own_id(at: int, n: int) -> int:
    return (at - _EPOCH << 22) + n % (1 << 20)


def topic(n: int) -> str:
    """Nearly all are marks."""
    return _TOPICS[0 if n % 997 else n // 997 % 5]


def messages(tools: Tools, full: Full) -> Rows:
    for n in range(full.messages):
        at, to = moment(n, full.messages), full.of(n)
        message_id = full.message_id(n)
        state = "open" if n >= full.messages - WAITING else _FATES[n % len(_FATES)]
        text = tools.vault.seal(f"Белкина Дарья: алгебра {n % 4 + 2}", "message.text", message_id)
        ground = "staff" if n % 5_000 == 0 else "consent"
        yield (
            message_id, full.id, to.guardian_id, to.number_id, ground, to.ledger_id, text,
            "ucs2", 1 + n % 2, 1 + n % 2, "full", state, at, at + DAY,
            None if state == "open" else at + HOUR, topic(n), full.class_of(n),
            "" if state == "open" else state,
        )  # fmt: skip


def parts(full: Full) -> Rows:
    for n in range(full.messages):
        at, to, total = moment(n, full.messages), full.of(n), 1 + n % 2
        state, message_id = _part_state(full, n), full.message_id(n)
        left = state not in ("queued", "withdrawn")
        for seq in range(1, total + 1):
            yield (
                message_id * 2 + seq - 1, message_id, full.id, to.number_id, seq,
                total, 7, "spare" if n % 4_999 == 0 else "main", 2, n, "consent", 1, at + DAY,
                state, int(left), at if left else None,
                at if left and state != "doubt" else None,
                f"{full.first}-{n:x}-{seq}" if left and state != "doubt" else None,
            )  # fmt: skip


def _part_state(full: Full, n: int) -> str:
    if n >= full.messages - WAITING:
        return ("queued", "queued", "sent", "doubt" if n % 400 == 3 else "sent")[n % 4]
    if n == full.messages // 2:
        return "doubt"  # an old one, far beyond every window
    return _FATES[n % len(_FATES)]


def entries(full: Full) -> Rows:
    for n in range(full.messages // PER_ENTRY):
        at = moment(n * PER_ENTRY, full.messages)
        yield (
            full.first + n + 1, full.id, "mark", full.of(n).pupil_id, str(n), "2026-11-24", "5",
            at, 1, n, at,
        )  # fmt: skip


def lines(full: Full) -> Rows:
    entries_of = full.messages // PER_ENTRY
    for n in range(full.messages + full.silent):
        silent = n >= full.messages
        m, of = (n - full.messages, full.silent) if silent else (n, full.messages)
        at, to = moment(m, of), full.of(m)
        reason = ("stopped" if m % 900 == 0 else "no-consent") if silent else ""
        yield (
            full.first * 2 + n + 1, full.id, full.first + n % entries_of + 1,
            n // entries_of + 1, to.guardian_id, to.pupil_id, topic(m), 2, "5", at, at + DAY,
            "silent" if silent else "told", reason, None if silent else full.message_id(n),
        )  # fmt: skip


def imports(full: Full) -> Rows:
    for n in range(IMPORTS):
        at = moment(n, IMPORTS)
        yield (
            own_id(at, n + full.first), full.id, "applied", b"%d" % n,
            '{"files": ["Отметки.xlsx"]}', 4, 4, at, "desk", at,
        )  # fmt: skip


def inbound(tools: Tools, full: Full) -> Rows:
    for n in range(INBOUND):
        at = moment(n, INBOUND)
        inbound_id = own_id(at, n + full.first)
        text = tools.vault.seal("спасибо", "inbound.text", inbound_id)
        state = "waiting" if n % 1_000 == 0 else "done"
        yield (
            inbound_id, "main", full.of(n).number_id, "79000000001", text, b"%d" % inbound_id,
            "other", state, at,
        )  # fmt: skip


def deliveries(full: Full) -> Rows:
    """The bodies of the older half are gone by their time."""
    for n in range(DELIVERIES):
        at = moment(n, DELIVERIES)
        yield (
            own_id(at, n + full.first), full.id, "webhook", f"r{n}", b"hash",
            b"sealed" if n >= DELIVERIES // 2 else None, '{"created": 3}', at,
        )  # fmt: skip


def asked(full: Full) -> Rows:
    """Questions of the first delivery: the newest of them have no answer."""
    delivery_id = own_id(moment(0, DELIVERIES), full.first)
    for n in range(ASKED):
        at, is_open = moment(n, ASKED), n >= ASKED - UNANSWERED
        yield (
            own_id(at, n + full.first), full.id, delivery_id, n, "unknown-pupil",
            "Ученик не найден", "", f"q{n // 2}", f"s{n}", "open" if is_open else "resolved", at,
        )  # fmt: skip


def audit(full: Full) -> Rows:
    for n in range(AUDIT):
        at = moment(n, AUDIT)
        action = "forgot" if n % 40_000 == 0 else "saw"
        yield (own_id(at, n + full.first), full.id, 0, at, action, "pupil", n, "")


def announcements(tools: Tools, full: Full) -> Rows:
    """With homework between them, which is kept in the same table."""
    for n in range(TEXTS):
        at = moment(n, TEXTS)
        entry_id = own_id(at, n + full.first)
        body = tools.vault.seal("Завтра уроки с 9:00", "entry.body", entry_id)
        yield (
            entry_id, full.id, "announcement", 0, f"a{n}", "2026-11-24", "digest", at, 1, n, at,
            body,
        )  # fmt: skip


def told(full: Full) -> Rows:
    """The lines of the announcements: one a family."""
    for n in range(TEXTS):
        at = moment(n, TEXTS)
        for place, to in enumerate(full.subscribed):
            yield (
                own_id(at, n + full.first) + (place + 1) * (1 << 50), full.id,
                own_id(at, n + full.first), 1, to.guardian_id, to.pupil_id, "announcements", 2,
                "5", at, at + DAY, "told", "", None,
            )  # fmt: skip


_ENTRY = "id, school_id, kind, who, work_key, day, value, at, version, event_id, arrived_at"
_LINE = (
    "id, school_id, entry_id, version, guardian_id, pupil_id, topic, lane, value, due,"
    " expires, state, reason, message_id"
)
_MESSAGE = (
    "id, school_id, guardian_id, number_id, ground, ledger_id, text, alphabet, parts, segments,"
    " level, state, created_at, expires, done_at, topic, class_id, counted"
)
_PART = (
    "id, message_id, school_id, number_id, seq, total, udh_ref, route, lane, turn, ground,"
    " consent_rev, expires, state, attempts, claimed_at, sent_at, provider_key"
)
_IMPORT = "id, school_id, state, digest, options, chunks, done, at, by, applied_at"
_INBOUND = "id, route, number_id, reception, text, digest, meaning, state, at"
_DELIVERY = "id, school_id, source, request_id, body_hash, body, answer, at"
_QUARANTINE = "id, school_id, delivery_id, pos, reason, detail, candidates, ask, same, state, at"
_AUDIT = "id, school_id, user_id, at, action, kind, object_id, words"


_TALLY = """insert into tally
    select school_id, date(created_at / 1000, 'unixepoch', '+4 hours'), class_id, topic, ground,
        case when turn % 4999 = 0 then 'spare' else 'main' end, alphabet, state, '', count(*),
        sum(segments), sum(state <> 'withdrawn'), sum(state <> 'withdrawn'),
        sum(case when state = 'withdrawn' then 0 else segments end),
        sum(case when state = 'delivered' then done_at - created_at else 0 end), 0, 0
    from (select m.*, p.turn from message m join part p on p.message_id = m.id and p.seq = 1
          where m.state <> 'open')
    group by 1, 2, 3, 4, 5, 6, 7, 8"""
"""Of all that has ended, in the zone of both schools. An operator took all but the withdrawn."""


def fill(path: Path, tools: Tools, *schools: Full) -> None:
    """All of this into the database, which nobody else has open."""
    with closing(sqlite3.connect(path, isolation_level=None)) as own:
        own.execute("pragma synchronous = off")
        own.execute("pragma cache_size = -400000")
        own.execute("begin")
        for full in schools:
            for table, columns, rows in _made(tools, full):
                places = ", ".join("?" * (columns.count(",") + 1))
                own.executemany(f"insert into {table} ({columns}) values ({places})", rows)
        own.execute(_TALLY)
        own.execute("commit")
        own.execute("update school set retention = ?", (2 * HALF_A_YEAR,))


def _made(tools: Tools, full: Full) -> Sequence[tuple[str, str, Rows]]:
    return [
        ("entry", _ENTRY, entries(full)), ("message", _MESSAGE, messages(tools, full)),
        ("part", _PART, parts(full)), ("line", _LINE, lines(full)),
        ("import", _IMPORT, imports(full)), ("inbound", _INBOUND, inbound(tools, full)),
        ("delivery", _DELIVERY, deliveries(full)), ("quarantine", _QUARANTINE, asked(full)),
        ("desk_audit", _AUDIT, audit(full)),
        ("entry", f"{_ENTRY}, body", announcements(tools, full)), ("line", _LINE, told(full)),
    ]  # fmt: skip
