"""What one SMPP route is told: plain values, checked once.

Reading them from files and the environment is `config.py`'s work.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import UTC, timedelta, timezone, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sms_diary.channels.pdu import BIND_SIZES
from sms_diary.errors import ConfigError

_LONGEST_NAME = 11
"""Characters of an alphanumeric sender (3GPP TS 23.040 §9.1.2.5)."""


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
    bind: Literal["transceiver", "transmitter"] = "transceiver"
    source: str = ""
    """The route's sender, for parts that bring none."""
    source_ton: int | None = None
    source_npi: int | None = None
    """None: by the form of the sender (`address.sender_form`)."""
    dest_ton: int = 1
    dest_npi: int = 1
    destination_plus: bool = False
    """Whether the SMSC wants numbers with their plus sign."""
    default_alphabet: Literal["gsm7", "ucs2-only"] = "gsm7"
    """What data_coding 0 is there: unpacked GSM-7, or not to be trusted at all."""
    registered_delivery: int = 1
    send_reference: bool = False
    """Whether to send `user_message_reference`, so that receipts may echo it."""
    receipt_zone: str = "UTC"
    """Zone of the dates in receipts: `UTC`, `+03:00` or a zone's name."""
    window: int = 100
    """Parts handed over and not yet reported and committed."""
    rate: float = 0.0
    """Parts per second; 0 = as fast as answers come."""
    enquire_link: float = 30.0
    """Silence after which the peer is asked whether it lives (SMPP 3.4 §7.2)."""
    response_timeout: float = 30.0
    connect_timeout: float = 10.0
    backoff_first: float = 0.5
    backoff_max: float = 60.0
    refused_first: float = 60.0
    """First pause after the SMSC refused our name or password; doubles up to `refused_max`."""
    refused_max: float = 600.0
    stop_timeout: float = 5.0
    """How long `stop` waits for answers, and again for their commit."""
    join_timeout: float = 15.0
    """How long the pieces of a long inbound SMS wait for the rest."""
    max_unanswered: int = 1000
    """deliver_sm taken and not yet answered, beyond which nothing more is read."""
    tls: bool = False
    ca_file: str = ""
    """PEM bundle to trust instead of the system's."""

    def __post_init__(self) -> None:
        for name in ("system_id", "password", "system_type"):
            _check_bind_field(self.name, name, getattr(self, name))
        if self.bind not in ("transceiver", "transmitter"):
            raise ConfigError(f"Маршрут {self.name}: bind бывает transceiver или transmitter")
        if self.default_alphabet not in ("gsm7", "ucs2-only"):
            raise ConfigError(f"Маршрут {self.name}: default_alphabet бывает gsm7 или ucs2-only")
        if len(self.source) > _LONGEST_NAME and not self.source.removeprefix("+").isdigit():
            raise ConfigError(
                f"Маршрут {self.name}: имя отправителя (source) длиннее {_LONGEST_NAME} знаков. "
                "Впишите имя, зарегистрированное у оператора."
            )
        if self.window < 1 or self.rate < 0:
            raise ConfigError(f"Маршрут {self.name}: window от 1, rate от 0")
        self.zone()

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
        if not self.tls:
            return None
        try:
            return ssl.create_default_context(cafile=self.ca_file or None)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"Маршрут {self.name}: не читается ca_file {self.ca_file!r}: {error}"
            ) from error


def _check_bind_field(route: str, name: str, value: str) -> None:
    limit = BIND_SIZES[name]
    if len(value) > limit or not value.isascii() or (value and not value.isprintable()):
        raise ConfigError(
            f"Маршрут {route}: {name} длиннее {limit} знаков или не из латинских букв и цифр"
        )
