"""The shapes that writers of sentences share. Types only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sms_diary.model import Told
from sms_diary.render.ladder import Level

Wording = Callable[[Level], str]
"""The sentence of given lines at a level."""

Writer = Callable[[Sequence[Told]], Wording]
"""Lines that belong together → their sentence."""

Say = Callable[[str, Mapping[str, object]], str]
"""Fills the template of that name with values."""
