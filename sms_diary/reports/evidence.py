"""The fields of an evidence as they are shown: masked or whole, in Russian, in a steady order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sms_diary import phone
from sms_diary.logs import mask
from sms_diary.reports.words import EVIDENCE_RU

_ORDER = {key: place for place, key in enumerate(EVIDENCE_RU)}
_ALL_BUT_TWO_DIGITS = re.compile(r"\d(?=(?:\D*\d){2})")
_AS_TYPED = "phone"
"""The field of a number as somebody typed it, in no known spelling."""


def masked(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """The same without phone numbers."""
    return {key: _masked(key, value) for key, value in evidence.items()}


def _masked(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        return masked(value)
    if isinstance(value, list):
        return [_masked(key, one) for one in value]
    if not isinstance(value, str):
        return value
    if key == _AS_TYPED:
        return _ALL_BUT_TWO_DIGITS.sub("*", value)
    return phone.mask(value) if key == "number" else mask(value)


def rows(evidence: Mapping[str, Any], time: Callable[[int], str]) -> Iterator[tuple[str, str]]:
    """Labels with what stands there; what is empty is left out. `time` tells epoch milliseconds."""
    for key in sorted(evidence, key=lambda key: (_ORDER.get(key, len(_ORDER)), key)):
        said = _said(key, evidence[key], time)
        if said:
            yield EVIDENCE_RU.get(key, key), said


def _said(key: str, value: Any, time: Callable[[int], str]) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return "\n".join(f"{label}: {said}" for label, said in rows(value, time))
    if isinstance(value, list):
        return "\n".join(_said(key, one, time) for one in value)
    return time(value) if key == "at" and isinstance(value, int) else str(value)
