"""From a provider's words to ours: sets of codes, rules for refusals, the table of states.

The first rule that fits wins. What a status of HTTP means where no rule fits is the channel's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from sms_diary.fields import Strict
from sms_diary.model import Failure, PartState, Scope
from sms_diary.values import value

_RANGE = re.compile(r"(\d{1,9})-(\d{1,9})")
_NUMBER = re.compile(r"-?\d{1,18}")
_LONGEST_DELAY = 86_400


def word(found: Any) -> str:
    """A scalar of JSON as the text that tables hold: 100, "delivered", true; "" for null."""
    if found is None:
        return ""
    return str(found).lower() if isinstance(found, bool) else str(found)


@value
class CodeSet:
    """Codes as they are written in a file: words, numbers, ranges of numbers."""

    words: frozenset[str]
    ranges: tuple[range, ...]

    def __contains__(self, code: str) -> bool:
        if code in self.words:
            return True
        return bool(_NUMBER.fullmatch(code)) and any(int(code) in one for one in self.ranges)


def _code_set(given: Any) -> CodeSet:
    words, ranges = set(), []
    for one in given if isinstance(given, list) else [given]:
        if not isinstance(one, str | int):
            raise ValueError(  # noqa: TRY004  # pydantic turns this one into its own
                'нужен код (207, "REJECTED"), отрезок ("501-506") или их список'
            )
        if isinstance(one, str) and (found := _RANGE.fullmatch(one)):
            ranges.append(range(int(found[1]), int(found[2]) + 1))
        else:
            words.add(word(one))
    return CodeSet(frozenset(words), tuple(ranges))


_CODE = {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "boolean"}]}
Codes = Annotated[
    CodeSet,
    BeforeValidator(_code_set),
    WithJsonSchema({"anyOf": [*_CODE["anyOf"], {"type": "array", "items": _CODE}]}),
]


class Loose(Strict):
    """A table whose values are compiled."""

    model_config = ConfigDict(arbitrary_types_allowed=True)


class Rule(Loose):
    """One refusal. Of `http`, `code` and `text` all that are given must fit."""

    http: Codes | None = None
    code: Codes | None = None
    text: re.Pattern[str] | None = None
    """Looked for anywhere in the reply as it came."""
    failure: Failure | None = None
    """Without it the provider may have taken the SMS all the same: in doubt."""
    scope: Scope = Scope.MESSAGE
    delay: float | Literal["retry-after", "next-day"] = Field(0.0, union_mode="left_to_right")
    dup: bool = False
    """It has this message already: accepted, if we were in doubt of it."""
    reason: str = ""
    """For people, in Russian; "" = the usual sentence of the failure."""

    @model_validator(mode="after")
    def _says_when(self) -> Rule:
        if self.http is None and self.code is None and self.text is None:
            raise ValueError("скажите, когда это правило: http, code или text")
        if self.dup and self.failure is None:
            raise ValueError(
                "dup верят только после потерянного ответа: скажите failure для прочего"
            )
        if isinstance(self.delay, float) and not 0 <= self.delay <= _LONGEST_DELAY:
            raise ValueError("delay — секунды, не больше суток")
        return self

    def fits(self, status: int, code: str, text: str) -> bool:
        return (
            (self.http is None or str(status) in self.http)
            and (self.code is None or code in self.code)
            and (self.text is None or self.text.search(text) is not None)
        )


class OfPhone(Loose):
    """What the code of a receipt says beside its state: of the phone itself, or only to people."""

    code: Codes
    failure: Literal[Failure.BLOCKED, Failure.BAD_NUMBER] | None = None
    """Obeyed at once; without it nothing follows from the code."""
    reason: str = ""
    """For people, in Russian; "" = the usual sentence of the failure."""

    @model_validator(mode="after")
    def _says_something(self) -> OfPhone:
        if self.failure is None and not self.reason:
            raise ValueError("скажите, что значит этот код: failure, reason или оба")
        return self


def of_phone(rules: Sequence[OfPhone], code: str) -> OfPhone | None:
    """The first rule that knows the code; some write it with zeros in front (`013`)."""
    plain = code.lstrip("0")
    return next((one for one in rules if code in one.code or plain in one.code), None)


_NONE = CodeSet(frozenset(), ())


class States(Loose):
    """What a provider's words for a message on its way mean. `accepted`: it waits there."""

    accepted: Codes = _NONE
    sent: Codes = _NONE
    delivered: Codes = _NONE
    undelivered: Codes = _NONE
    expired: Codes = _NONE
    rejected: Codes = _NONE
    unknown: Codes = _NONE
    """The provider does not know it (yet): no news, when we have asked."""

    @model_validator(mode="after")
    def _each_once(self) -> States:
        seen: set[str] = set()
        for name in type(self).model_fields:
            own = getattr(self, name).words
            if twice := seen & own:
                raise ValueError(f"слово «{min(twice)}» стоит в двух строках")
            seen |= own
        return self

    def meaning(self, said: str) -> PartState | None:
        """Our word; `SENT` for whatever is no end, None for a word that is in no row."""
        for name in type(self).model_fields:
            if said in getattr(self, name):
                return PartState.SENT if name == "accepted" else PartState(name)
        return None
