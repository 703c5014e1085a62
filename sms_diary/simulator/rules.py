"""Rules that a person can type: «RMSGQFUL=0.05», «UNDELIV=79000000001».

What lives here: whom a rule concerns. What does not: what is done to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from sms_diary.simulator import spec


@dataclass(frozen=True)
class Rule:
    """A word, and the share (0 to 1) of parts or the one number (digits) that it concerns."""

    word: str
    share: float = 0.0
    number: str = ""

    @classmethod
    def read(cls, typed: object) -> "Rule":
        """Read «WORD=SHARE» or «WORD=NUMBER»; ValueError when it is neither."""
        if isinstance(typed, Rule):
            return typed
        word, found, value = str(typed).partition("=")
        value = value.removeprefix("+")
        if not found or not word:
            raise ValueError(f"{typed!r}: WORD=0.05 or WORD=79000000001")
        try:
            amount = float(value)
        except ValueError:
            raise ValueError(f"{typed!r}: {value!r} is neither a share nor a number") from None
        if 0 <= amount <= 1:
            return cls(word, share=amount)
        if value.isascii() and value.isdecimal():
            return cls(word, number=value)
        raise ValueError(f"{typed!r}: {value!r} is neither a share nor a number")


def first(rules: Sequence[Rule], number: str, dice: Random) -> str | None:
    """Return the word of the first rule that concerns this part of `number`, None if none does."""
    for rule in rules:
        if rule.number == number if rule.number else dice.random() < rule.share:
            return rule.word
    return None


def status_of(word: str) -> int:
    """Return a command_status by its name («RMSGQFUL») or value («0x400»); ValueError if none."""
    named = getattr(spec, f"ESME_{word.upper().removeprefix('ESME_')}", None)
    if named is not None:
        return int(named)
    value = int(word, 0)  # ValueError of its own
    if not 0 < value <= spec.LAST_STATUS:
        raise ValueError(f"command_status {word!r}")
    return value
