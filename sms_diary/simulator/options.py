"""How the simulator behaves: one frozen value, the same for all its sessions.

What lives here: the choices, in four groups, and their check. What does not: anything that acts on
them, and reading them from a file (`reading.py`). Every choice is a name with a plain value, so
that a line of Python, a file and the command line say the same: `Options(cut=0.001)`,
`{"cut": 0.001}`, `--cut 0.001`. Sets of words may be written with commas. The defaults are those
of a good SMSC; docs/simulator.md says in Russian what each of them does.
"""

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from sms_diary.simulator import spec
from sms_diary.simulator.rules import Rule, status_of

T = TypeVar("T")


def _split(given: object) -> object:
    return [word for word in given.split(",") if word] if isinstance(given, str) else given


def _known_status(rule: Rule) -> Rule:
    status_of(rule.word)
    return rule


def _known_outcome(rule: Rule) -> Rule:
    if rule.word not in spec.FINAL_STATES:
        raise ValueError(f"{rule.word!r} is no final state: {', '.join(spec.FINAL_STATES)}")
    return rule


def _status_word(word: str) -> str:
    status_of(word)
    return word


Words = Annotated[frozenset[T], BeforeValidator(_split)]
Chance = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0)]
Status = Annotated[str, AfterValidator(_status_word)]
Refuse = Annotated[Rule, BeforeValidator(Rule.read), AfterValidator(_known_status)]
Outcome = Annotated[Rule, BeforeValidator(Rule.read), AfterValidator(_known_outcome)]
IdForm = Literal["decimal", "padded", "hex", "hex-lower"]
NoiseKind = Literal["garbage", "length", "body", "unknown", "answer", "tlv"]
FormWord = Literal[
    "seconds", "bare", "reordered", "upper", "lower", "underscores", "colons", "ucs2", "payload",
    "tlv-only", "text-only", "vendor-tlv",
]  # fmt: skip

_CONFIG = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class Links:
    """Accounts and connections. Delays are in seconds, chances and shares from 0 to 1.

    `accounts`: more names with their passwords. `max_sessions`: of one account; one bind more is
    answered with `refuse_status`, and so are the first `refuse_binds` binds and all within
    `refuse_seconds` of the start. `mute`: what is taken and never answered. `dead_after`: after so
    many PDUs on a connection the SMSC reads on and says nothing more. `cut`: the chance at each
    PDU, either way, that the connection ends there: before, amid or after it. `cut_after`: the
    n-th submit is taken, and the connection is cut before its answer, once. `unbind`: the chance
    at each PDU from the client that the SMSC unbinds after it. `noise`: the chance at each PDU to
    the client that something of `noise_kinds` goes before it. `read_rate`: octets a second taken
    from a connection. `enquire_every`: how often the SMSC asks whether the client is alive; one
    that has not answered by the next time is cut off.
    """

    system_id: str = "demo"
    password: str = "demo"  # noqa: S105 - the password of a toy SMSC on loopback
    accounts: Mapping[str, str] = field(default_factory=dict)
    max_sessions: Count | None = None
    refuse_binds: Annotated[int, Field(ge=0)] = 0
    refuse_seconds: Seconds = 0.0
    refuse_status: Status = "RALYBND"
    mute: Words[Literal["bind", "enquire", "unbind", "query"]] = frozenset()
    dead_after: Count | None = None
    cut: Chance = 0.0
    cut_after: Count | None = None
    unbind: Chance = 0.0
    noise: Chance = 0.0
    noise_kinds: Words[NoiseKind] = frozenset(
        {"garbage", "length", "body", "unknown", "answer", "tlv"}
    )
    read_rate: Rate | None = None
    enquire_every: Rate | None = 30.0


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class Submits:
    """What becomes of submit_sm and query_sm.

    `response_ids`: how a message id is written in responses. `responses_shuffled`: those that
    leave together leave in another order. `unanswered`: the share that is taken and never
    answered. `throttle`: the share answered with ESME_RTHROTTLED. `max_parts_per_second`: what is
    above (a second's worth may come at once) is throttled; `max_window`: so is what comes while
    so many of the session's submits have no answer. `refuse`: «STATUS=SHARE» or «STATUS=NUMBER»,
    the status by its name or value. `queries`: whether query_sm is answered; it is refused
    otherwise.
    """

    response_delay: Seconds = 0.0
    response_ids: IdForm = "decimal"
    responses_shuffled: bool = False
    unanswered: Chance = 0.0
    throttle: Chance = 0.0
    max_parts_per_second: Rate | None = None
    max_window: Count | None = None
    refuse: tuple[Refuse, ...] = ()
    queries: bool = True


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class Receipts:
    """What the client hears of the end of a part, and how.

    `receipt_delay` None: nothing at all. `outcomes`: «STATE=SHARE» or «STATE=NUMBER», what is not
    named is DELIVRD. `receipt_error`: the three characters after `err:`. `receipt_ids`: how a
    message id is written in receipts. `receipts`: in another order, twice, before the response,
    with a notice of an intermediate state before. `lost_receipts`, `late_receipts`: shares; late
    is `late_by` seconds more. `unknown_receipts`: the chance that one for an id and a number that
    nobody knows goes along. `receipt_form`: its dialect; `receipt_esm_class`: how it is marked.
    `echo_reference`: user_message_reference comes back. `deliver_window`: deliver_sm without an
    answer per session; `deliver_timeout`: after which they come again; `redelivery_delay`: the
    pause before one that was refused does.
    """

    receipt_delay: Seconds | None = 0.05
    outcomes: tuple[Outcome, ...] = ()
    receipt_error: str = "000"
    receipt_ids: IdForm = "decimal"
    receipts: Words[Literal["shuffled", "doubled", "early", "intermediate"]] = frozenset()
    lost_receipts: Chance = 0.0
    late_receipts: Chance = 0.0
    late_by: Seconds = 5.0
    unknown_receipts: Chance = 0.0
    receipt_form: Words[FormWord] = frozenset()
    receipt_esm_class: Annotated[int, Field(ge=0, le=255)] = spec.ESM_RECEIPT
    echo_reference: bool = True
    deliver_window: Count = 200
    deliver_timeout: Rate | None = None
    redelivery_delay: Seconds = 1.0


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class Inbounds:
    """How parents' own SMS come.

    `inbound_coding`: «auto» is GSM-7 where its alphabet is enough and UCS-2 otherwise, and so is a
    text that the chosen alphabet cannot write. `inbound_long`: how a long one is cut. `inbound`:
    its pieces in another order, each piece twice, the whole SMS once more when it was
    acknowledged. `reply_to`: where an answer goes when the sender is a name and cannot be answered.
    """

    inbound_coding: Literal["auto", "ascii", "latin1", "ucs2", "ucs2-le"] = "auto"
    inbound_long: Literal["udh8", "udh16", "sar", "payload"] = "udh8"
    inbound: Words[Literal["shuffled", "doubled", "repeated"]] = frozenset()
    reply_to: str = "79000000000"


@dataclass(frozen=True, kw_only=True, config=_CONFIG)
class Options(Links, Submits, Receipts, Inbounds):
    """All of it; `seed` makes chance repeatable.

    Raises pydantic's ValidationError, which is a ValueError, for unknown names and impossible
    values.
    """

    seed: int = 1
