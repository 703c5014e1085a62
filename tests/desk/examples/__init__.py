"""What the matrix of roles needs to know of a screen: an id that is there, a form that is right.

A screen without `{…}` in its address and without `act` needs no example. Each module here has
`EXAMPLES: dict[str, Example]`, by the screens' paths; nothing else needs to be told.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.desk.conftest import Running


async def no_ids(_desk: Running) -> dict[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Example:
    ids: Callable[[Running], Awaitable[dict[str, str]]] = no_ids
    """Makes a fresh object in `desk.school` and names it, by the names in the screen's path; it is
    of the class 5А where the screen narrows to a class teacher's classes."""
    form: Mapping[str, Any] = field(default_factory=dict)
    """A form that `act` takes."""


def found() -> dict[str, Example]:
    """Every example of every module here, by path."""
    examples: dict[str, Example] = {}
    for module in pkgutil.iter_modules(__path__):
        examples |= importlib.import_module(f"{__name__}.{module.name}").EXAMPLES
    return examples
