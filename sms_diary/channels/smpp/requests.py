"""What a session asks of an SMSC beside parts: bind, unbind, enquire_link, query_sm.

They are rare, so smpplib builds them. submit_sm is `submit.py`'s; when to ask what is decided by
`session.py` and `asking.py`.
"""

from __future__ import annotations

from typing import Literal

from smpplib.smpp import make_pdu

from sms_diary.channels import pdu
from sms_diary.channels.base import Asked
from sms_diary.channels.smpp.address import source_octets
from sms_diary.channels.smpp.settings import SmppSettings
from sms_diary.errors import PduError

Kind = Literal["transceiver", "transmitter", "receiver"]

KINDS: dict[str, tuple[Kind, ...]] = {
    "transceiver": ("transceiver",),
    "pair": ("transmitter", "receiver"),
    "transmitter": ("transmitter",),
}
"""The connections of a route by its setting `bind`; the first of each is the one that sends."""


class _Numbered:
    """What smpplib takes sequence numbers from."""

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence

    def next_sequence(self) -> int:
        return self.sequence


def session_pdu(name: str, sequence: int, **fields: int | str) -> bytes:
    """A bind_*, unbind, enquire_link or query_sm, by smpplib (SMPP 3.4 §4.1, §4.2, §4.8, §4.11).

    Text fields must be Latin-1 and within `pdu.BIND_SIZES`: beyond, smpplib cuts in silence.
    """
    made = make_pdu(name, client=_Numbered(sequence))
    for field, value in fields.items():  # its constructor would overrule interface_version
        setattr(made, field, value)
    built: bytes = made.generate()
    return built


def build_bind(kind: Kind, sequence: int, settings: SmppSettings) -> bytes:
    """bind_transceiver, bind_transmitter or bind_receiver (SMPP 3.4 §4.1)."""
    return session_pdu(
        f"bind_{kind}",
        sequence,
        system_id=settings.system_id,
        password=settings.password,
        system_type=settings.system_type,
        interface_version=settings.interface_version,
        addr_ton=settings.addr_ton,
        addr_npi=settings.addr_npi,
        address_range=settings.address_range,
    )


def build_query(asked: Asked, sequence: int, settings: SmppSettings) -> bytes:
    """A query_sm (SMPP 3.4 §4.8.1), the source as in the submit.

    Raises PduError when such an id or sender cannot be sent.
    """
    provider_id = asked.provider_id
    if not (0 < len(provider_id) < pdu.MESSAGE_ID.size and provider_id.isascii()):
        raise PduError(pdu.MESSAGE_ID.name, pdu.MESSAGE_ID.status)
    ton, npi, *number = source_octets(asked.sender or settings.source, settings)
    return session_pdu(
        "query_sm",
        sequence,
        message_id=provider_id,
        source_addr_ton=ton,
        source_addr_npi=npi,
        source_addr=bytes(number[:-1]).decode("ascii"),
    )
