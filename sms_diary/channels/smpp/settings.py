"""What one SMPP route is told: plain values, checked once.

Reading them from files and the environment is `config.py`'s work.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta, timezone, tzinfo
from ipaddress import ip_address
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sms_diary.channels import trust
from sms_diary.channels.pdu import BIND_SIZES
from sms_diary.channels.spec.meanings import OfPhone
from sms_diary.errors import ConfigError
from sms_diary.model import Failure, Scope

_WORDS: dict[str, tuple[str | int, ...]] = {
    "bind": ("transceiver", "pair", "transmitter"),
    "default_alphabet": ("gsm7", "latin1", "ascii", "ucs2-only"),
    "latin_coding": (0, 3),
    "long": ("udh8", "udh16", "sar", "payload"),
    "validity": ("relative", "absolute", "none"),
}
_TIMERS = (
    "enquire_link", "response_timeout", "connect_timeout", "bind_timeout", "backoff_first",
    "backoff_max", "refused_first", "refused_max", "stop_timeout",
)  # fmt: skip
_OCTET = 255
_LONGEST_NAME = 11
"""Characters of an alphanumeric sender (3GPP TS 23.040 §9.1.2.5)."""


@dataclass(frozen=True, slots=True)
class VendorCode:
    """What an operator's own command_status means (SMPP 3.4 §5.1.3: 0x400 to 0x4FF)."""

    failure: Failure
    scope: Scope = Scope.MESSAGE
    delay: float = 0.0
    """Seconds before the next try; 0 = as retry.py says."""
    reason: str = ""
    """In Russian, for people: what happened and what to do."""


@dataclass(frozen=True, slots=True)
class SmppSettings:
    """One account at an operator's SMSC. Times are seconds."""

    name: str
    """The route's name in the configuration."""
    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    interface_version: int = 0x34
    address_range: str = ""
    """Which of our reception numbers the receiver serves (SMPP 3.4 §5.2.7)."""
    addr_ton: int = 0
    addr_npi: int = 0
    bind: Literal["transceiver", "pair", "transmitter"] = "transceiver"
    """`pair`: a transmitter and a receiver beside it; `transmitter`: nothing comes back."""
    sessions: int = 1
    """Connections (with `pair`: pairs) held at the same time."""
    local_address: str = ""
    """Our own address to connect from, where the operator expects a certain one."""
    source: str = ""
    """The route's sender, for parts that bring none."""
    source_ton: int | None = None
    source_npi: int | None = None
    """None: by the form of the sender (`address.sender_form`)."""
    dest_ton: int = 1
    dest_npi: int = 1
    destination_plus: bool = False
    """Whether the SMSC wants numbers with their plus sign."""
    default_alphabet: Literal["gsm7", "latin1", "ascii", "ucs2-only"] = "gsm7"
    """What data_coding 0 really is there; `ucs2-only`: not to be trusted at all."""
    latin_coding: Literal[0, 3] = 0
    """data_coding of texts without Cyrillic: 0 as above, 3 = ISO-8859-1."""
    long: Literal["udh8", "udh16", "sar", "payload"] = "udh8"
    """How a long text is cut; `payload`: not at all, the SMSC does it (message_payload)."""
    validity: Literal["relative", "absolute", "none"] = "relative"
    """How `expires` is told to the SMSC (SMPP 3.4 §7.1.1); absolute ones are in `receipt_zone`."""
    registered_delivery: int = 1
    """SMPP 3.4 §5.2.17: 0 none, 1 final, 2 failures only; +16 for intermediate notices."""
    vendor_codes: Mapping[int, VendorCode] = field(default_factory=dict)
    of_phones: tuple[OfPhone, ...] = field(default_factory=tuple)
    """What the codes of receipts say of phones."""
    """Statuses of this operator's own, from its provider file."""
    query_after: float = 0.0
    """Silence after which query_sm asks what became of a part; 0 = never."""
    send_reference: bool = False
    """Whether to send `user_message_reference`, so that receipts may echo it."""
    receipt_zone: str = "UTC"
    """Zone of the dates in receipts: `UTC`, `+03:00` or a zone's name."""
    window: int = 100
    """Of each session: parts handed over and not yet reported and committed."""
    rate: float = 0.0
    """Parts per second of the whole route, shared by its sessions; 0 = as fast as answers come."""
    gap: float = 0.0
    """Between two identical texts to one number; 0 = the operator does not mind."""
    enquire_link: float = 30.0
    """Silence after which the peer is asked whether it lives (SMPP 3.4 §7.2)."""
    response_timeout: float = 30.0
    connect_timeout: float = 10.0
    bind_timeout: float = 30.0
    """From the connection to the bind response (SMPP 3.4 §7.2, session_init_timer)."""
    inactivity: float = 0.0
    """Without a submit or deliver for so long the session is closed and made anew; 0 = never
    (SMPP 3.4 §7.2, inactivity_timer)."""
    backoff_first: float = 0.5
    backoff_max: float = 60.0
    refused_first: float = 60.0
    """First pause after the SMSC refused our name or password; doubles up to `refused_max`."""
    refused_max: float = 600.0
    stop_timeout: float = 5.0
    """How long `stop` waits for answers, and again for their commit."""
    max_unanswered: int = 1000
    """deliver_sm taken and not yet answered, beyond which nothing more is read."""
    tls: bool = False
    ca_file: str = ""
    """PEM bundle to trust instead of the system's (the national CA, say)."""
    server_name: str = ""
    """Name in the server's certificate, and SNI, where it is not `host`."""
    trace: str = ""
    """File to which every PDU is told; "" = none."""
    trace_personal: bool = False
    """Whether numbers, texts and octets are told in it too."""

    def __post_init__(self) -> None:
        for name in BIND_SIZES:
            _check_bind_field(self.name, name, getattr(self, name))
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                known = ", ".join(str(word) for word in words)
                raise ConfigError(f"Маршрут {self.name}: {name} бывает таким: {known}")
        if len(self.source) > _LONGEST_NAME and not self.source.removeprefix("+").isdigit():
            raise ConfigError(
                f"Маршрут {self.name}: имя отправителя (source) длиннее {_LONGEST_NAME} знаков. "
                "Впишите имя, зарегистрированное у оператора."
            )
        if self.window < 1 or self.rate < 0 or self.sessions < 1:
            raise ConfigError(f"Маршрут {self.name}: window и sessions от 1, rate от 0")
        self._check_numbers()
        self.zone()

    def _check_numbers(self) -> None:
        for name in ("interface_version", "addr_ton", "addr_npi"):
            if not 0 <= getattr(self, name) <= _OCTET:
                raise ConfigError(f"Маршрут {self.name}: {name} от 0 до {_OCTET}")
        for names, least, said in (
            (_TIMERS, 0.001, "секунды, больше нуля"),
            (("inactivity", "query_after"), 0.0, "секунды; 0 — никогда"),
        ):
            for name in names:
                if getattr(self, name) < least:
                    raise ConfigError(f"Маршрут {self.name}: {name} — {said}")
        _check_address(self.name, self.local_address)

    def zone(self) -> tzinfo:
        """`receipt_zone` as a value; raises ConfigError when there is no such zone."""
        text = self.receipt_zone
        if text == "UTC":
            return UTC
        try:
            if text[:1] in ("+", "-"):
                hours, _, minutes = text[1:].partition(":")
                offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
                return timezone(-offset if text[0] == "-" else offset)
            return ZoneInfo(text)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ConfigError(
                f"Маршрут {self.name}: receipt_zone = {text!r}; нужно UTC, +03:00 или Europe/Samara"
            ) from None

    def tls_context(self) -> ssl.SSLContext | None:
        """The context with host name check, or None without TLS; reads `ca_file`."""
        return trust.context(self.name, self.ca_file) if self.tls else None


def _check_bind_field(route: str, name: str, value: str) -> None:
    limit = BIND_SIZES[name]
    if len(value) > limit or not value.isascii() or (value and not value.isprintable()):
        raise ConfigError(
            f"Маршрут {route}: {name} длиннее {limit} знаков или не из латинских букв и цифр"
        )


def _check_address(route: str, text: str) -> None:
    try:
        if text:
            ip_address(text)
    except ValueError:
        raise ConfigError(
            f"Маршрут {route}: local_address — это IP-адрес этой машины, не имя"
        ) from None
