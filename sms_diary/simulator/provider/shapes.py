"""Replies made backwards: a document in which a path finds a value, a text that a pattern reads.

What lives here: pure functions. What does not: which values these are (`desk.py`). Paths are plain
(`data.id`, `"message-id"`, `info[].events[]`); of conditions that are more than that only whether
they hold is asked, by JMESPath itself.
"""

import json
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import jmespath

# The library's own reader of patterns; it has no name that the library promises to keep.
op, parser = import_module("re._constants"), import_module("re._parser")
_STEP = re.compile(r'\s*(?:"([^"]+)"|([A-Za-z_][A-Za-z0-9_]*))(\[\])?\s*(?:\.|$)')
Document = dict[str, Any]


class Unplayable(ValueError):
    """The file says something that the simulator cannot do; the text is for people."""


def steps(path: str) -> list[tuple[str, bool]] | None:
    """(name, is a list) of each step of a plain path; None for any other."""
    path, at, found = path.partition("||")[0].strip(), 0, []
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            return None
        found.append((match[1] or match[2], bool(match[3])))
        at = match.end()
    return found


def put(document: Document, path: str | None, value: Any) -> None:
    """Let the path find the value there; nothing happens for a path that is not plain."""
    found = steps(path) if path and value is not None else None
    if not found:
        return
    for name, is_list in found[:-1]:
        inner = document.setdefault(name, [{}] if is_list else {})
        document = inner[0] if is_list else inner
    name, is_list = found[-1]
    document[name] = value if not is_list or isinstance(value, list) else [value]


def put_check(document: Document, check: Mapping[str, Any] | None, value: Any) -> None:
    """Let what is checked have that value, if the check names a plain place."""
    if check is not None and jmespath.search(check["path"], document) is None:
        put(document, check["path"], value)


def listed(section: Mapping[str, Any], items: list[Document]) -> Any:
    """A reply in which `items` stand where the section finds them."""
    path = section.get("items", "@")
    if path == "@":
        return items
    document: Document = {}
    put(document, path, items)
    return document


def written(section: Mapping[str, Any], document: Any) -> str:
    """The document as JSON, or as lines of text of which a pattern reads each."""
    if not section.get("lines"):
        return json.dumps(document, ensure_ascii=False)
    return "".join(f"{text(_pattern(section, one), one)}\n" for one in document)


def _pattern(section: Mapping[str, Any], item: Document) -> str:
    """The first that has a group for everything that is to be said."""
    patterns: list[str] = section["patterns"]
    fit = (one for one in patterns if item.keys() <= re.compile(one).groupindex.keys())
    return next(fit, patterns[0])


def holds(document: Any, check: Mapping[str, Any] | None) -> bool:
    """Whether the check is content; its words are compared as texts."""
    if check is None:
        return True
    found = jmespath.search(check["path"], document)
    if "equals" not in check:
        return found is not None
    wanted = check["equals"] if isinstance(check["equals"], list) else [check["equals"]]
    return str(found) in map(str, wanted)


def text(pattern: str, values: Mapping[str, Any]) -> str:
    """The shortest text that the pattern reads, with these values in its named groups."""
    compiled = re.compile(pattern)
    names = {at: name for name, at in compiled.groupindex.items()}
    return _written(parser.parse(pattern), names, values)


def _written(parsed: Any, names: Mapping[int, str], values: Mapping[str, Any]) -> str:
    return "".join(_piece(what, how, names, values) for what, how in parsed)


def _piece(what: Any, how: Any, names: Mapping[int, str], values: Mapping[str, Any]) -> str:
    if what is op.LITERAL:
        return chr(how)
    if what is op.SUBPATTERN:
        name = names.get(how[0], "")
        return str(values[name]) if name in values else _written(how[3], names, values)
    if what is op.BRANCH:
        return _written(how[1][0], names, values)
    if what in (op.MAX_REPEAT, op.MIN_REPEAT):
        return _written(how[2], names, values) * int(how[0])
    if what is op.IN:
        return _one_of(how[0])
    return "" if what is op.AT else "0"


def _one_of(choice: Any) -> str:
    what, how = choice
    if what is op.LITERAL:
        return chr(how)
    return chr(how[0]) if what is op.RANGE else "0"
