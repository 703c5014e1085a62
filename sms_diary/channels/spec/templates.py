"""Values with gaps: `"Key {secret.key}"`, checked when the file is read and filled by a channel.

A gap is a word, or a word with a name (`secret.key`), and may have a form (`phone:digits`). That
is all: no conditions, no arithmetic. A value that is one gap keeps its type, and where there is
nothing to fill in, the field is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from sms_diary.values import value

FORMS: Mapping[str, tuple[str, ...]] = {
    "secret": (),
    "field": (),
    "phone": ("plus", "digits", "ten", "number"),
    "text": ("", "utf16hex"),
    "sender": ("",),
    "ours": ("", "number", "int31"),
    "id": ("", "number"),
    "n": ("",),
    "valid": ("seconds", "minutes", "hours", "ms"),
    "expires": ("unix", "iso"),
    "coding": ("",),
    "callback": ("",),
    "inbound": ("",),
    "since": ("unix", "ms", "iso"),
    "until": ("unix", "ms", "iso"),
    "items": ("",),
    "entries": ("",),
    "body": ("",),
    "url": ("",),
    "params": ("",),
}
"""Every word and its forms; `secret` and `field` have names instead."""
_NAMED = ("secret", "field")
_GAP = re.compile(r"\{([a-z]+)(?:\.([A-Za-z0-9_-]+))?(?::([a-z0-9]+))?\}")


@value
class Gap:
    """One gap: `{phone:digits}`, `{secret.key}`."""

    word: str
    name: str = ""
    form: str = ""


@lru_cache(maxsize=4096)
def pieces(text: str) -> tuple[str | Gap, ...]:
    """The text cut at its gaps. Raises ValueError, in Russian, for what is no gap of ours."""
    found: list[str | Gap] = []
    at = 0
    for match in _GAP.finditer(text):
        found += [_plain(text[at : match.start()]), _gap(match)]
        at = match.end()
    found.append(_plain(text[at:]))
    return tuple(piece for piece in found if piece != "")


def _plain(text: str) -> str:
    if "{" in text or "}" in text:
        raise ValueError("фигурные скобки — только вокруг слова: {phone:digits}, {secret.key}")
    return text


def _gap(match: re.Match[str]) -> Gap:
    word, name, form = match[1], match[2] or "", match[3] or ""
    forms = FORMS.get(word)
    if forms is None:
        raise ValueError(f"слова {{{word}}} нет; есть: {', '.join(FORMS)}")
    if (word in _NAMED) != bool(name) or (name and form):
        raise ValueError(f"пишется так: {{{word}.имя}}" if word in _NAMED else f"у {word} нет имён")
    if forms and form not in forms:
        told = ", ".join(f"{{{word}:{one}}}" if one else f"{{{word}}}" for one in forms)
        raise ValueError(f"такого вида у {word} нет; бывает: {told}")
    return Gap(word, name, form)


def gaps(structure: Any) -> Iterator[Gap]:
    """Every gap of nested tables and lists. Raises ValueError as `pieces`."""
    match structure:
        case str():
            yield from (piece for piece in pieces(structure) if isinstance(piece, Gap))
        case Mapping():
            for key, inner in structure.items():
                yield from gaps(key)
                yield from gaps(inner)
        case list() | tuple():
            for inner in structure:
                yield from gaps(inner)


def allowed(structure: Any, words: Collection[str]) -> None:
    """Raises ValueError for a gap that nothing can be filled into at this place."""
    for gap in gaps(structure):
        if gap.word not in words:
            raise ValueError(f"{{{gap.word}}} здесь не бывает; бывает: {', '.join(words)}")


Fill = Callable[[Gap], Any]
"""What stands in a gap: a string, a number, a list for `items`; None for nothing."""


def fill(structure: Any, value_of: Fill) -> Any:
    """The structure with its gaps filled; fields with an empty gap are left out."""
    match structure:
        case str():
            return _filled(structure, value_of)
        case Mapping():
            made = {
                _filled(key, value_of): fill(inner, value_of) for key, inner in structure.items()
            }
            return {key: inner for key, inner in made.items() if inner is not None}
        case list() | tuple():
            made_list = [fill(inner, value_of) for inner in structure]
            return [inner for inner in made_list if inner is not None]
    return structure


def _filled(text: str, value_of: Fill) -> Any:
    found = [value_of(piece) if isinstance(piece, Gap) else piece for piece in pieces(text)]
    if len(found) == 1:
        return found[0]
    return None if any(one is None for one in found) else "".join(map(str, found))
