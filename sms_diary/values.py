"""`@value`: a frozen dataclass that costs what a plain one does.

A frozen dataclass sets each field through `object.__setattr__`, which makes one of twenty fields
three times dearer to create, and the hot path creates a dozen a message. The type checker keeps
these frozen; the running program does not pay for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True)
def value(cls: type[_T]) -> type[_T]:
    """Make `cls` a value: slots, compared and hashed by its fields, never assigned to."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
