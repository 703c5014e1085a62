"""A reply as a document, and which of its results speaks of which message."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sms_diary.channels.spec.exchange import Format, Reading, Results
from sms_diary.channels.spec.meanings import word

_NOT_DIGIT = re.compile(r"[^0-9]")
_NATIONAL = 10


def text_of(body: bytes, charset: str = "utf-8") -> str:
    return body.decode("utf-8-sig" if charset == "utf-8" else charset, "replace")


def document(form: Format, body: bytes, charset: str = "utf-8") -> Any:
    """What paths are looked up in; None for a reply that cannot be read."""
    if form.format == "json":
        try:
            return json.loads(body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            pass
    text = text_of(body, charset)
    if not form.lines:
        return _groups(form, text)
    found = [_groups(form, line) for line in text.splitlines() if line.strip()]
    return found if found and None not in found else None


def _groups(form: Format, text: str) -> dict[str, str] | None:
    """By the first pattern that is found in the text."""
    for pattern in form.patterns:
        if found := pattern.search(text):
            return {name: said for name, said in found.groupdict().items() if said is not None}
    return None


def amount(said: str) -> Decimal | None:
    """A sum of money; None for what is none."""
    try:
        found = Decimal(said)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def same_phone(one: str, other: str) -> bool:
    """Whether two spellings mean the same Russian number."""
    digits = [_NOT_DIGIT.sub("", said)[-_NATIONAL:] for said in (one, other)]
    return digits[0] == digits[1] and len(digits[0]) == _NATIONAL


def matches(
    reading: Results, found: Any, keys: Sequence[Mapping[str, str]]
) -> list[list[Any]] | None:
    """The results of each message, by its `phone`, `id` and `ours` (as they were written in the
    request); None for a reply from which it cannot be told."""
    results = found if reading.items is None else reading.items.find(found)
    if isinstance(results, list) and len(keys) == 1 and _any_number(reading):
        return [results]
    if isinstance(results, Mapping) and reading.keyed_by is not None:
        by = reading.keyed_by
        return [
            [inner for key, inner in results.items() if _same(by, key, own[by])] for own in keys
        ]
    if not isinstance(results, list):
        alone = len(keys) == 1 and results is not None
        return [[results]] if alone else None
    if reading.by == "order":
        return [[one] for one in results] if len(results) == len(keys) else None
    path = getattr(reading, reading.by)
    return [
        [one for one in results if _same(reading.by, path.text(one), own[reading.by])]
        for own in keys
    ]


def _any_number(reading: Results) -> bool:
    """Whether the provider decides how many results the one message of a request has."""
    return isinstance(reading, Reading) and reading.several and reading.by == "order"


def _same(by: str, said: Any, own: str) -> bool:
    return same_phone(word(said), own) if by == "phone" else bool(own) and word(said) == own
