"""A draft as JSON and back: what of a file waits to be applied, or for a person, is kept so.

Fields that say nothing are left out. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date, datetime
from typing import Any

from sms_diary.ingest.drafts import AudienceRef, Draft, PupilRef
from sms_diary.model import Kind

_DEFAULTS = [(one.name, one.default) for one in fields(Draft) if one.default is not MISSING]


def packed(draft: Draft) -> dict[str, Any]:
    """The draft as plain JSON data."""
    said: dict[str, Any] = {"kind": str(draft.kind)}
    for name, default in _DEFAULTS:
        held = getattr(draft, name)
        if held != default:
            said[name] = _plain(held)
    return said


def unpacked(said: Mapping[str, Any]) -> Draft:
    """The draft that `packed` made this of. Raises `KeyError`, `TypeError` or `ValueError`."""
    data = dict(said)
    data["kind"] = Kind(data["kind"])
    for name, read in _READ.items():
        if name in data:
            data[name] = read(data[name])
    return Draft(**data)


def _plain(held: Any) -> Any:
    if isinstance(held, date):  # and so datetime
        return held.isoformat()
    if isinstance(held, PupilRef):
        return [held.id, held.class_name, held.name]
    if isinstance(held, AudienceRef):
        pupils = [_plain(one) for one in held.pupils]
        return [held.school, list(held.classes), pupils, list(held.parallels)]
    return held


def _audience(said: list[Any]) -> AudienceRef:
    school, classes, pupils, parallels = said
    whom = tuple(PupilRef(*one) for one in pupils)
    return AudienceRef(school, tuple(classes), whom, tuple(parallels))


_READ: dict[str, Any] = {
    "at": datetime.fromisoformat,
    "day": date.fromisoformat,
    "until": date.fromisoformat,
    "not_before": datetime.fromisoformat,
    "pupil": lambda said: PupilRef(*said),
    "audience": _audience,
}
