"""What a route and its provider's file may both say of an SMPP account, what every route says of
answers and of the routes that follow it, and Russian for mistakes.

The route's other fields (name, password) are `config.py`'s, the rest of a provider's file is
`channels/spec.py`'s. What the values mean stands at `channels/smpp/settings.py`, whose defaults
these are.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Strict(BaseModel):
    """A table of a file: no key but those named here, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SmppFields(Strict):
    """The operator's side of an SMPP route. Times are seconds."""

    host: str | None = Field(None, min_length=1)
    port: int | None = Field(None, ge=1, le=65535)
    tls: bool = False
    server_name: str = ""
    system_type: str = ""
    interface_version: int = Field(0x34, ge=0, le=0xFF)
    bind: Literal["transceiver", "pair", "transmitter"] = "transceiver"
    sessions: int = Field(1, ge=1, le=100)
    source_ton: int | None = Field(None, ge=0, le=0xFF)
    source_npi: int | None = Field(None, ge=0, le=0xFF)
    dest_ton: int = Field(1, ge=0, le=0xFF)
    dest_npi: int = Field(1, ge=0, le=0xFF)
    destination_plus: bool = False
    default_alphabet: Literal["gsm7", "latin1", "ascii", "ucs2-only"] = "gsm7"
    latin_coding: Literal[0, 3] = 0
    long: Literal["udh8", "udh16", "sar", "payload"] = "udh8"
    validity: Literal["relative", "absolute", "none"] = "relative"
    registered_delivery: Literal[0, 1, 2, 16, 17, 18] = 1
    send_reference: bool = False
    receipt_zone: str = "UTC"
    query_after: float = Field(0.0, ge=0)
    window: int = Field(100, ge=1, le=10_000)
    rate: float = Field(0.0, ge=0)
    gap: float = Field(0.0, ge=0, le=86_400)
    enquire_link: float = Field(30.0, gt=0)
    inactivity: float = Field(0.0, ge=0)
    connect_timeout: float = Field(10.0, gt=0)
    bind_timeout: float = Field(30.0, gt=0)
    response_timeout: float = Field(30.0, gt=0)
    backoff_first: float = Field(0.5, gt=0)
    backoff_max: float = Field(60.0, gt=0)
    refused_first: float = Field(60.0, gt=0)
    refused_max: float = Field(600.0, gt=0)
    stop_timeout: float = Field(5.0, gt=0)
    max_unanswered: int = Field(1000, ge=1)


_SENTENCES = {
    "missing": "нет обязательной настройки",
    "extra_forbidden": "такой настройки нет",
    "int_parsing": "нужно целое число",
    "int_type": "нужно целое число",
    "int_from_float": "нужно целое число",
    "float_parsing": "нужно число",
    "float_type": "нужно число",
    "bool_parsing": "нужно true или false",
    "bool_type": "нужно true или false",
    "string_type": "нужна строка в кавычках",
    "string_too_short": "не может быть пустым",
    "string_too_long": "слишком длинно",
    "string_pattern_mismatch": "только латинские строчные буквы, цифры и дефис",
    "greater_than_equal": "слишком малое значение",
    "less_than_equal": "слишком большое значение",
    "greater_than": "слишком малое значение",
}


def sentence(error: Any) -> str:
    """One of pydantic's `ValidationError.errors()` in Russian, without the value."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("literal_error", "enum"):
        # pydantic says «'a', 'b' or 'c'».
        words = str(context["expected"]).replace("'", "").replace(" or ", ", ")
        return f"такого значения не бывает; бывает: {words}"
    if kind == "value_error":
        return str(context["error"])  # our own words
    return _SENTENCES.get(kind, "значение не подходит")


_REPLY_TO = re.compile(r"|sender|\+?[0-9]{3,15}")


class Answerable(Strict):
    """Who sends, and where whoever reads it may answer."""

    source: str = ""
    reply_to: str = ""
    """How texts say where to answer: "" nowhere, "sender", or a number."""

    @field_validator("reply_to")
    @classmethod
    def _is_a_way_back(cls, reply_to: str) -> str:
        if _REPLY_TO.fullmatch(reply_to) is None:
            raise ValueError("пусто, sender или номер, на который отвечать")
        return reply_to

    @model_validator(mode="after")
    def _a_name_cannot_be_answered(self) -> Self:
        named = self.source and not self.source.removeprefix("+").isdecimal()
        if named and self.reply_to == "sender":
            raise ValueError(
                "reply_to = sender, а на имя отправителя ответить нельзя: укажите номер или уберите"
            )
        return self


class Priced(Strict):
    """What it costs."""

    price: Decimal = Field(Decimal(0), ge=0, le=1000)
    """Roubles for one SMS; 0: nobody has said."""


class Followed(Strict):
    """Which routes may carry the texts of this one."""

    backup: tuple[str, ...] = ()
    """When it is out, in order."""
    urgent: tuple[str, ...] = ()
    """For urgent texts the whole order; empty: the same as for the others."""
    out_after: float = Field(120.0, ge=5, le=86_400)
    """Seconds of trouble after which it is out."""
