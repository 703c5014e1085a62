"""The words of the domain as values: kinds, topics, states and the legal moves between them.

Frozen dataclasses and enums only; nothing here reads a clock, a file or a database.
Rows as the database holds them live beside their SQL in `store/`.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sms_diary.values import value


class Kind(StrEnum):
    """What an entry of the diary is about."""

    MARK = "mark"
    ABSENCE = "absence"
    TERM_MARK = "term_mark"
    HOMEWORK = "homework"
    TIMETABLE = "timetable"
    TIMETABLE_CHANGE = "timetable_change"
    ANNOUNCEMENT = "announcement"


class Topic(StrEnum):
    """What a guardian can agree to or stop, one by one."""

    MARKS = "marks"
    ABSENCES = "absences"
    HOMEWORK = "homework"
    TIMETABLE = "timetable"
    ANNOUNCEMENTS = "announcements"


_KINDS = {str(kind): kind for kind in Kind}


def kind_of(word: str) -> Kind:
    """The kind a column names; a dictionary is several times faster than the enum's call."""
    return _KINDS[word]


ALL_TOPICS = "*"
"""Scope of a consent that covers every topic of the diary; not urgent hours, not personal data."""
URGENT = "urgent"
"""Scope of a consent to urgent SMS at early and late hours."""
PERSONAL_DATA = "pd"
"""Scope of a consent to the processing of personal data, a document of its own (152-ФЗ ст. 9)."""

TOPIC_OF: dict[Kind, Topic] = {
    Kind.MARK: Topic.MARKS,
    Kind.TERM_MARK: Topic.MARKS,
    Kind.ABSENCE: Topic.ABSENCES,
    Kind.HOMEWORK: Topic.HOMEWORK,
    Kind.TIMETABLE: Topic.TIMETABLE,
    Kind.TIMETABLE_CHANGE: Topic.TIMETABLE,
    Kind.ANNOUNCEMENT: Topic.ANNOUNCEMENTS,
}

OF_A_CLASS = frozenset({Kind.HOMEWORK, Kind.TIMETABLE, Kind.TIMETABLE_CHANGE, Kind.ANNOUNCEMENT})
"""Kinds that concern a class: one line per guardian, not one per child in it."""


class ConsentState(StrEnum):
    """Where a guardian stands on one pupil and one topic."""

    UNKNOWN = "unknown"
    ASKED = "asked"
    ACTIVE = "active"
    STOPPED = "stopped"
    REFUSED = "refused"
    BLOCKED = "blocked-by-operator"
    WRONG_NUMBER = "wrong-number"


class NumberState(StrEnum):
    """Whether a phone number may be written to at all, in any school."""

    OPEN = "open"
    STOPPED = "stopped"
    BLOCKED = "blocked-by-operator"
    WRONG = "wrong-number"
    SUSPENDED = "suspended"
    """Nothing has been delivered to it for long: perhaps it has another owner by now."""


class SchoolMode(StrEnum):
    """A new school starts in `test`: only its listed staff numbers get SMS."""

    TEST = "test"
    LIVE = "live"


class LineState(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    """Not before something happens; `Hold` says what."""
    TAKEN = "taken"
    TOLD = "told"
    SILENT = "silent"
    REPLACED = "replaced"
    EXPIRED = "expired"


class Hold(StrEnum):
    """What a held line waits for, in the column of reasons."""

    WELCOME = "welcome"
    FLOOD = "flood"
    BUDGET = "budget"


class Source(StrEnum):
    """What brought an event: the journal, a table of the school's, a person at the desk."""

    WEBHOOK = "webhook"
    FILE = "file"
    DESK = "desk"


class Ground(StrEnum):
    """What allows a message to be sent; there is no message without one."""

    CONSENT = "consent"
    REPLY = "reply"
    REQUEST = "request"
    CODE = "code"
    STAFF = "staff"


class PartState(StrEnum):
    """Where one SMS segment is. `doubt`: written, and no answer seen."""

    QUEUED = "queued"
    RETRY = "retry"
    SENDING = "sending"
    DOUBT = "doubt"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    EXPIRED = "expired"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


class MessageState(StrEnum):
    """`open` until every part is final; the timeline in between is read from the parts."""

    OPEN = "open"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    EXPIRED = "expired"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    WITHDRAWN = "withdrawn"


_PART_STATES = {str(state): state for state in PartState}


def part_state_of(word: str) -> PartState:
    """The state a column names, as quick as `kind_of`."""
    return _PART_STATES[word]


_P = PartState
FINAL = frozenset({_P.DELIVERED, _P.UNDELIVERED, _P.EXPIRED, _P.REJECTED, _P.WITHDRAWN})
_BY_RECEIPT = frozenset({_P.DELIVERED, _P.UNDELIVERED, _P.EXPIRED, _P.REJECTED, _P.UNKNOWN})

PART_MOVES: dict[PartState, frozenset[PartState]] = {
    _P.QUEUED: frozenset({_P.SENDING, _P.WITHDRAWN, _P.EXPIRED}),
    _P.RETRY: frozenset({_P.QUEUED, _P.WITHDRAWN, _P.EXPIRED}),
    _P.SENDING: frozenset(
        {
            _P.SENT,
            _P.QUEUED,
            _P.RETRY,
            _P.REJECTED,
            _P.EXPIRED,
            _P.DOUBT,
        }
    ),
    _P.DOUBT: frozenset({_P.SENT, _P.QUEUED}) | _BY_RECEIPT,
    _P.SENT: _BY_RECEIPT,
    _P.UNKNOWN: _BY_RECEIPT - {_P.UNKNOWN},
    _P.DELIVERED: frozenset(),
    _P.UNDELIVERED: frozenset(),
    _P.EXPIRED: frozenset(),
    _P.REJECTED: frozenset(),
    _P.WITHDRAWN: frozenset(),
}
"""Every legal move of a part; final states have none, so a late receipt never regresses one."""


class Failure(StrEnum):
    """Why a channel did not take a part: the closed list every provider's codes map to."""

    CONFIG = "config"
    BAD_NUMBER = "bad-number"
    BLOCKED = "blocked"
    REJECTED = "rejected"
    THROTTLED = "throttled"
    BALANCE = "balance"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"


class Scope(StrEnum):
    """What a failure is about: this message, this number, or the whole account."""

    MESSAGE = "message"
    NUMBER = "number"
    ACCOUNT = "account"


class Silence(StrEnum):
    """Why a line was not told. `store` keeps the word; `words.REASON_RU` says it to people."""

    NO_CONSENT = "no-consent"
    NO_PERSONAL_DATA = "no-personal-data"
    STOPPED = "stopped"
    REFUSED = "refused"
    TEST_MODE = "test-mode"
    OPERATOR_REFUSAL = "operator-refusal"
    SUSPENDED = "suspended"
    NUMBER_CLOSED = "number-closed"
    NUMBER_CHANGED = "number-changed"
    FIRST_IMPORT = "first-import"
    OLD = "old"
    BEFORE_CONSENT = "before-consent"
    NOT_WANTED = "not-wanted"
    NOT_RELEASED = "not-released"
    SENDER_ASKED = "sender-asked"
    CALLED_OFF = "called-off"
    UNDONE = "undone"
    NEVER_TOLD = "never-told"
    SAME_VALUE = "same-value"
    EXPIRED = "expired"
    NOT_DELIVERED = "not-delivered"


class Gender(StrEnum):
    """Of a pupil, where the patronymic tells it: «опоздал», «опоздала»."""

    MALE = "male"
    FEMALE = "female"


@value
class Told:
    """One thing a guardian must learn, ready to be put into words.

    `value` is what the diary says now ("" = removed), `was` the last value told to this
    guardian (None = never told). `body` is free text: homework, announcement, comment.
    """

    line_id: int
    kind: Kind
    pupil: str
    """Display name of the pupil («Дарья Б.»); "" where the kind concerns a class."""
    class_name: str
    day: date | None
    subject: str = ""
    lesson: int | None = None
    work: str = ""
    value: str = ""
    was: str | None = None
    body: str = ""
    urgent: bool = False
    gender: Gender | None = None
    """None where nobody knows: then no word depends on it."""
