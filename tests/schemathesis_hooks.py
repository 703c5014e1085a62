"""Loaded by Schemathesis: half of the well-formed requests name things that are really there.

Which, the test says by the environment. Not a test.
"""

from __future__ import annotations

import json
import os
import random
from typing import Any

import schemathesis

THERE: dict[str, list[str]] = json.loads(os.environ["SMS_DIARY_THERE"])
"""Path of an operation without its last word -> ids; `school` -> slugs."""
_dice = random.Random(4)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Put a real id or school in the place of a made-up one."""
    if case.meta is None or case.meta.generation.mode is not schemathesis.GenerationMode.POSITIVE:
        return
    given = case.path_parameters or {}
    for name in ("id", "school"):
        real = THERE.get(name if name == "school" else _kind(case.path), [])
        if name in given and real and _dice.random() < 0.7:
            given[name] = _dice.choice(real)


def _kind(path: str) -> str:
    """`/v1/messages/{id}/resolve` -> `messages`."""
    return path.split("/")[2]


@schemathesis.serializer("application/x-ndjson")
def json_lines(_context: Any, value: Any) -> bytes:
    """One line; what is no JSON goes as it is."""
    return value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"
