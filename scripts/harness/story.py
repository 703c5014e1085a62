"""What happens in one round of chaos, told beforehand: the same for the same seed.

Values only. What is posted, which parents say СТОП, how the SMSC behaves, who dies when. Carrying
it out is `scripts/chaos.py`'s, and the machine's pace makes each performance a little different.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from scripts.harness.seeding import Pupil, SeededSchool
from sms_diary.crash import POINTS

ERA = 10
"""Rounds with the same operator and one database: an operator keeps to its dialect."""
SUBJECTS = (
    "Математика", "Литература", "История", "География", "Биология", "Физика", "Химия", "Музыка",
    "Технология", "Информатика",
)  # fmt: skip
ANNOUNCEMENT = "объявление"
"""The topic of what is told to a whole school."""
_PER_REQUEST = (1, 5, 20, 50)
_LAST = 1.5
"""Seconds in which requests are begun and parents answer."""
_PARTS_A_SECOND = 300
"""That a route sends; what is left over of a round is sent while nobody is killed any more."""
_SILENT_POINT = 1.0
"""Seconds after which a process that does not come by its point is killed all the same."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one event says: `version` counts the values of one topic; "" takes the mark back."""

    number: str
    topic: str
    version: int
    value: str


@dataclass(frozen=True, slots=True)
class Post:
    """One request. `hasty`: the client leaves before the answer, once; `again`: it posts the same
    once more after the 202."""

    at: float
    school: SeededSchool
    request_id: str
    events: tuple[Mapping[str, object], ...]
    said: tuple[Said, ...]
    hasty: bool
    again: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """A parent who has had enough."""

    at: float
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Death:
    """How a process ends: `point` (and how often it is passed) or so many seconds after it serves;
    `early`: after it was started, so perhaps before it serves."""

    after: float
    point: str = ""
    early: bool = False


@dataclass(frozen=True, slots=True)
class Harm:
    """To a line or to PostgreSQL: cut one | cut all | freeze | postgres."""

    at: float
    what: str


@dataclass(frozen=True, slots=True)
class Operator:
    """What does not change for an era: of the SMSC, and of our routes to it."""

    behaviour: Mapping[str, Any]
    route: Mapping[str, str | int | float]
    sessions: int
    window: int
    points: frozenset[str] = POINTS
    """Those that a process comes by that speaks to it."""


@dataclass(frozen=True, slots=True)
class Story:
    seed: int
    posts: tuple[Post, ...]
    """In any order, but for the removals: these are posted once all others have their 202."""
    removals: tuple[Post, ...]
    stops: tuple[Stop, ...]
    deaths: tuple[tuple[Death, ...], ...]
    """Of each process, one after the other; the first comes at a moment."""
    harms: tuple[Harm, ...]
    behaviour: Mapping[str, Any]
    """The SMSC's."""


def dice(name: str) -> Random:
    """Chance that is the same for the same name."""
    return Random(name)  # noqa: S311  # no secret is made of it


def likely(chance: Random, share: float) -> bool:
    return chance.random() < share


def operator(era: int) -> Operator:
    """An operator and the settings that suit it."""
    chance = dice(f"operator {era}")
    given, told = chance.choice((
        ("decimal", "decimal"), ("decimal", "hex"), ("hex", "decimal"), ("padded", "decimal"),
        ("decimal", "hex-lower"),
    ))  # fmt: skip
    forms = ("seconds", "bare", "reordered", "upper", "lower", "ucs2", "payload", "text-only")
    behaviour = {
        "accounts": {"second": "second"},
        "response_ids": given,
        "receipt_ids": told,
        "receipt_form": sorted(chance.sample(forms, chance.randint(0, 2))),
        "deliver_window": chance.choice((5, 50, 200)),
        "redelivery_delay": 0.3,
    }
    sessions, window = chance.choice((1, 1, 2)), chance.choice((5, 20, 50))
    route: dict[str, str | int | float] = {
        "bind": chance.choice(("transceiver", "transceiver", "pair")),
        "sessions": sessions,
        "window": window,
        "long": chance.choice(("udh8", "udh16", "sar")),
        "send_reference": likely(chance, 0.5),
        "enquire_link": 1.0,
        "response_timeout": 2.0,
        "connect_timeout": 2.0,
        "bind_timeout": 2.0,
        "backoff_first": 0.1,
        "backoff_max": 0.5,
        "stop_timeout": 2.0,
    }
    return Operator(behaviour, route, sessions, window)


def story(
    seed: int, schools: Sequence[SeededSchool], *, workers: int, postgres: bool,
    own: Operator | None = None,
) -> Story:  # fmt: skip
    """The round of this seed, for these schools of its own; `own`: another operator than SMPP's."""
    chance = dice(f"round {seed}")
    own = own or operator(seed // ERA)
    posts, removals = _posts(chance, schools, seed)
    numbers = [pupil.number for school in schools for pupil in school.pupils]
    stops = [
        Stop(chance.uniform(0.2, _LAST), number, chance.choice(("СТОП", "стоп", "Stop")))
        for number in chance.sample(numbers, max(1, len(numbers) // 30))
    ]
    return Story(
        seed, posts, removals, tuple(stops),
        tuple(
            _deaths(chance, seed * workers + place, sorted(own.points), often=workers == 1)
            for place in range(workers)
        ),
        _harms(chance, postgres=postgres), _behaviour(chance, seed, own.window * own.sessions),
    )  # fmt: skip


def _posts(
    chance: Random, schools: Sequence[SeededSchool], seed: int
) -> tuple[tuple[Post, ...], tuple[Post, ...]]:
    """All but the removals, and these."""
    posts: list[Post] = []
    removals: list[Post] = []
    for school in schools:
        told = [pair for pupil in school.pupils for pair in _marks(chance, pupil)]
        # Versions of one mark may come in one request, or in several in any order.
        chance.shuffle(told)
        if likely(chance, 0.3):
            told.append(_announcement(school, seed, urgent=likely(chance, 0.3)))
        for name, into in (("set", posts), ("removed", removals)):
            own = [pair for pair in told if (pair[1][0].value == "") == (into is removals)]
            while own:
                count = chance.choice(_PER_REQUEST)
                request_id = f"msg_{seed}_{school.slug}_{name}_{len(own)}"
                into.append(_post(chance, school, request_id, own[:count]))
                del own[:count]
    return tuple(sorted(posts, key=lambda post: post.at)), tuple(removals)


_Pair = tuple[Mapping[str, object], tuple[Said, ...]]


def _post(chance: Random, school: SeededSchool, request_id: str, told: Sequence[_Pair]) -> Post:
    removal = told[0][1][0].value == ""
    return Post(
        0.0 if removal else chance.uniform(0, _LAST), school, request_id,
        tuple(event for event, _ in told), tuple(one for _, said in told for one in said),
        hasty=likely(chance, 0.15), again=likely(chance, 0.1),
    )  # fmt: skip


def _marks(chance: Random, pupil: Pupil) -> list[_Pair]:
    """One or two marks of a pupil, each perhaps with corrections, the last of them a removal."""
    found: list[_Pair] = []
    for subject in chance.sample(SUBJECTS, chance.choice((1, 1, 1, 2))):
        values = chance.sample("12345", chance.choice((1, 1, 1, 1, 2, 3)))
        if len(values) > 1 and likely(chance, 0.2):
            values[-1] = ""
        for version, value in enumerate(values, 1):
            event: dict[str, object] = {
                "kind": "mark.set" if value else "mark.removed",
                "at": f"2026-11-24T09:{10 + version}:00+04:00",
                "pupil": {"id": pupil.external_id},
                "subject": subject,
                "date": "2026-11-24",
            }
            if value:
                event["mark"] = value
            found.append((event, (Said(pupil.number, subject, version, value),)))
    return found


def _announcement(school: SeededSchool, seed: int, *, urgent: bool) -> _Pair:
    text = f"Сбор {seed} во дворе школы в 18:00, с собой вода, тёплая куртка и хорошее настроение"
    event = {
        "kind": "announcement.posted", "at": "2026-11-24T09:10:00+04:00",
        "audience": {"school": True}, "text": text, "date": "2026-11-24", "urgent": urgent,
    }  # fmt: skip
    return event, tuple(Said(pupil.number, ANNOUNCEMENT, 1, text) for pupil in school.pupils)


def _deaths(chance: Random, turn: int, points: Sequence[str], *, often: bool) -> tuple[Death, ...]:
    """At a moment first, then at a point, for which all have their turns; perhaps once more."""
    if not likely(chance, 1.0 if often else 0.7):
        return ()
    deaths = [Death(chance.uniform(0.05, 0.8)), _at(chance, points[turn % len(points)])]
    if likely(chance, 0.5 if often else 0.2):
        another = _at(chance, chance.choice(points))
        moment = Death(chance.uniform(0.0, 0.7))
        early = Death(chance.uniform(0.0, 0.5), early=True)
        deaths.append(chance.choice((another, moment, early)))
    return tuple(deaths)


def _at(chance: Random, point: str) -> Death:
    return Death(_SILENT_POINT, f"{point}:{chance.choice((1, 1, 2, 3))}")


def _harms(chance: Random, *, postgres: bool) -> tuple[Harm, ...]:
    kinds = ["cut one", "cut all", "freeze"]
    harms = [
        Harm(chance.uniform(0.2, 3.0), chance.choice(kinds))
        for _ in range(chance.choice((0, 1, 1, 2)))
    ]
    if postgres and likely(chance, 0.3):
        harms.append(Harm(chance.uniform(0.2, 1.5), "postgres"))
    return tuple(sorted(harms, key=lambda harm: harm.at))


def _behaviour(chance: Random, seed: int, in_flight: int) -> dict[str, Any]:
    """How the SMSC behaves in this round: most of the time well in most respects.

    `in_flight`: parts that a route may have on their way.
    """
    words = ("shuffled", "doubled", "early", "intermediate")
    return {
        "seed": seed,
        # With it the windows are full all the time: whoever dies leaves something on its way.
        "response_delay": chance.choice((0.0, 1.0, 1.0)) * in_flight / _PARTS_A_SECOND,
        "responses_shuffled": likely(chance, 0.5),
        "receipt_delay": chance.choice((0.0, 0.05, 0.3)),
        "receipts": sorted(chance.sample(words, chance.choice((0, 1, 2, 3)))),
        "lost_receipts": chance.choice((0, 0, 0, 0.02)),
        "unknown_receipts": chance.choice((0, 0, 0.05)),
        "outcomes": chance.choice(((), ("UNDELIV=0.03",))),
        "throttle": chance.choice((0, 0, 0.05)),
        "unanswered": chance.choice((0, 0, 0.01)),
        "cut": chance.choice((0, 0.0005, 0.002)),
        "noise": chance.choice((0, 0, 0.001)),
        "unbind": chance.choice((0, 0, 0.001)),
        "inbound": sorted(chance.sample(("doubled", "repeated"), chance.choice((0, 1, 2)))),
    }
