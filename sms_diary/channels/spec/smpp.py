"""The `[smpp]` section of a provider's file: settings, and what the operator's own codes mean."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from sms_diary.channels.spec.meanings import OfPhone
from sms_diary.fields import SmppFields, Strict
from sms_diary.model import Failure, Scope

_LAST_STATUS = 0xFFFF_FFFF
_MOST_CODES = 1024
"""Codes in one range: a slip of the pen must not become four milliards of entries."""
_CODE_SCHEMA = {
    "anyOf": [
        {"type": "integer"},
        {
            "type": "object",
            "properties": {"from": {"type": "integer"}, "to": {"type": "integer"}},
            "required": ["from", "to"],
            "additionalProperties": False,
        },
    ]
}


def _codes(given: object) -> range:
    """`0x401`, or `{ from = 0x401, to = 0x40F }`."""
    match given:
        case bool():
            pass
        case int():
            given = {"from": given, "to": given}
    match given:
        case {"from": int(first), "to": int(last), **rest} if not rest:
            if 0 < first <= last <= _LAST_STATUS and last - first < _MOST_CODES:
                return range(first, last + 1)
    raise ValueError(
        "нужен код (0x401) или отрезок ({ from = 0x401, to = 0x40F }), больше нуля и не длиннее "
        f"{_MOST_CODES} кодов"
    )


class Meaning(Strict):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    code: Annotated[range, BeforeValidator(_codes), WithJsonSchema(_CODE_SCHEMA)]
    failure: Failure
    scope: Scope = Scope.MESSAGE
    delay: float = Field(0.0, ge=0, le=86_400)
    reason: str = ""


class Smpp(SmppFields):
    codes: tuple[Meaning, ...] = ()
    receipts: tuple[OfPhone, ...] = ()
    """Codes behind `err:`."""

    @model_validator(mode="after")
    def _each_code_once(self) -> Smpp:
        seen: set[int] = set()
        for one in self.codes:
            twice = seen.intersection(one.code)
            if twice:
                raise ValueError(f"код 0x{min(twice):X} объяснён дважды")
            seen.update(one.code)
        return self
