"""Templates backwards: what stood in the gaps of a request; and forwards, for what is signed.

What lives here: `"Bearer {secret.key}"` against `"Bearer abc"` → `{"secret.key": "abc"}`. What does
not: where the values of a request come from (`door.py`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Any

_GAP = re.compile(r"\{([a-z]+(?:\.[A-Za-z0-9_-]+)?)(?::([a-z0-9]+))?\}")
Found = dict[str, Any]
"""Word → what stood there: `phone` in digits, `text` read, `address` the whole of a callback."""
_NATIONAL = 10


@lru_cache(maxsize=1024)
def _pattern(template: str) -> tuple[re.Pattern[str], tuple[tuple[str, str], ...]]:
    words = tuple((match[1], match[2] or "") for match in _GAP.finditer(template))
    plain = _GAP.split(template)[::3]
    return re.compile("(.*?)".join(map(re.escape, plain)), re.DOTALL), words


def whole(template: Any, said: Any) -> Found | None:
    """What stood in the gaps of a template that this was made from; None: it was not."""
    match template:
        case str():
            return _text(template, said)
        case Mapping():
            return _table(template, said) if isinstance(said, Mapping) else None
        case list():
            pairs = list(zip_longest(template, said)) if isinstance(said, list) else []
            return _joined(whole(one, other) for one, other in pairs) if pairs else None
    return {} if template == said else None


def _text(template: str, said: Any) -> Found | None:
    if template == "{items}":
        return {"items": said}
    if isinstance(said, dict | list) or said is None:
        return None
    pattern, words = _pattern(template)
    match = pattern.fullmatch(str(said))
    if match is None:
        return None
    found = {name: _plain(name, form, match[at]) for at, (name, form) in enumerate(words, 1)}
    if {"callback", "inbound"} & found.keys():
        found["address" if "callback" in found else "inbound.address"] = str(said)
    return found


def at_end(template: str, path: str) -> Found | None:
    """What stood in the gaps of a request's path, which may have another before it."""
    pattern, words = _pattern(template.lstrip("/"))
    match = re.search(f"(?:^|/){pattern.pattern}$", path)
    if match is None:
        return None
    return {name: _plain(name, form, match[at]) for at, (name, form) in enumerate(words, 1)}


def _plain(name: str, form: str, said: str) -> str:
    if name == "phone":
        digits = said.removeprefix("+")
        return "7" + digits if len(digits) == _NATIONAL else digits
    if form == "utf16hex":
        return bytes.fromhex(said).decode("utf-16-be", "replace")
    return said


def _table(template: Mapping[str, Any], said: Mapping[str, Any]) -> Found | None:
    """Fields that were left out had nothing to say; others are somebody else's."""
    return _joined(
        whole(inner, said[key]) for key, inner in template.items() if "{" not in key and key in said
    )


def _joined(several: Iterable[Found | None]) -> Found | None:
    found: Found = {}
    for one in several:
        if one is None:
            return None
        found |= one
    return found


def beside(each: Mapping[str, Any], pairs: Sequence[tuple[str, str]]) -> list[Found]:
    """The messages of fields that stand beside each other: `to[7900…]=text`, `ref=1&ref=2`."""
    columns = []
    for key, template in each.items():
        column = [
            {**name, **value}
            for field, said in pairs
            if (name := whole(key, field)) is not None
            and (value := whole(template, said)) is not None
        ]
        columns.append(column)
    return [
        {name: value for one in row if one for name, value in one.items()}
        for row in zip_longest(*columns)
    ]


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its gaps filled; "" for what is not known."""
    return _GAP.sub(lambda match: values.get(match[1], ""), template)


def words(template: Any) -> set[str]:
    """All words in nested tables and lists."""
    match template:
        case str():
            return {match[1] for match in _GAP.finditer(template)}
        case Mapping():
            return {one for pair in template.items() for inner in pair for one in words(inner)}
        case list():
            return {one for inner in template for one in words(inner)}
    return set()
