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
    """Why a line was not told. `store` keeps the word; `reason_ru` says it to people."""

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


REASON_RU: dict[Silence, str] = {
    Silence.NO_CONSENT: "нет доказанного согласия родителя на SMS",
    Silence.NO_PERSONAL_DATA: "нет согласия на обработку персональных данных: "
    "школа требует и этот бланк",
    Silence.STOPPED: "родитель отключил SMS словом СТОП",
    Silence.REFUSED: "родитель отказался от SMS",
    Silence.TEST_MODE: "школа в проверочном режиме: SMS получают только номера сотрудников",
    Silence.OPERATOR_REFUSAL: "оператор не пропускает рассылки на этот номер: отказ у оператора",
    Silence.SUSPENDED: "на этот номер ничего не доходит: рассылка приостановлена",
    Silence.NUMBER_CLOSED: "на этот номер писать нельзя: он чужой",
    Silence.NUMBER_CHANGED: "у родителя теперь другой номер: на прежний больше не пишем",
    Silence.FIRST_IMPORT: "история журнала: загружено без рассылки или было до первого дня, "
    "о котором школа сообщает",
    Silence.OLD: "пришло больше чем через неделю: старое за новость не выдаём",
    Silence.BEFORE_CONSENT: "было до того дня, с которого действует согласие родителя",
    Silence.NOT_WANTED: "по этой теме SMS выключены (так обычно или так выбрал родитель)",
    Silence.NOT_RELEASED: "записей было необычно много, и человек решил о них не сообщать",
    Silence.SENDER_ASKED: "отправитель просил не сообщать родителям",
    Silence.CALLED_OFF: "рассылку объявления остановили",
    Silence.UNDONE: "загрузку файла, из которого это взято, отменили",
    Silence.NEVER_TOLD: "родителю об этой записи ещё не сообщали, снимать нечего",
    Silence.SAME_VALUE: "значение вернулось к тому, что родитель уже знает",
    Silence.EXPIRED: "вышел срок: сообщать уже поздно",
    Silence.NOT_DELIVERED: "SMS не доставлено",
}

HOLD_RU: dict[Hold, str] = {
    Hold.WELCOME: "ждёт, пока на этот номер дойдёт первое SMS: до того о детях не пишем",
    Hold.FLOOD: "записей необычно много: ждёт, пока человек решит, сообщать ли",
}


OUTCOME_RU: dict[str, str] = {
    "created": "записано в дневник",
    "changed": "запись дневника исправлена",
    "unchanged": "в дневнике уже так и записано",
    "stale": "старее того, что уже записано: ничего не изменено",
    "quarantined": "отложено до решения человека",
}
"""What became of an event."""

LINE_RU: dict[LineState, str] = {
    LineState.PLANNED: "ждёт своего времени",
    LineState.HELD: "отложено",
    LineState.TAKEN: "вошло в сообщение",
    LineState.TOLD: "сообщено: оператор принял SMS",
    LineState.SILENT: "не сообщается",
    LineState.REPLACED: "заменено более новым",
    LineState.EXPIRED: "вышел срок: сообщать уже поздно",
}

PART_RU: dict[PartState, str] = {
    PartState.QUEUED: "ждёт отправки",
    PartState.RETRY: "не ушло, будет отправлено ещё раз",
    PartState.SENDING: "передаётся оператору",
    PartState.DOUBT: "передано, но ответа оператора нет",
    PartState.SENT: "принято оператором, отчёта ещё нет",
    PartState.DELIVERED: "доставлено",
    PartState.UNDELIVERED: "не доставлено",
    PartState.EXPIRED: "вышел срок: не отправлено или не доставлено",
    PartState.REJECTED: "оператор отказался принять",
    PartState.UNKNOWN: "оператор так и не сообщил, что с ним стало",
    PartState.WITHDRAWN: "отозвано до отправки",
}
"""Where a part is; a message as a whole is shown in the same words."""

STEP_RU: dict[str, str] = {
    "posted": "журнал прислал событие",
    "due": "подошло время сообщить",
    "composed": "составлено сообщение",
    "handed over": "часть передана оператору",
    "put off": "оператор не принял, попытка будет ещё",
    "in doubt": "ответ оператора потерян: без отчёта не повторяется",
    "accepted": "оператор принял часть и дал ей номер",
    "receipt": "пришёл отчёт о доставке",
    "taken for sent": "решено считать отправленной, отчёт ещё может прийти",
    "to be repeated": "решено послать ещё раз: ответа оператора нет",
}
"""What happens to a message; its last step is the state that a part has reached."""


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
