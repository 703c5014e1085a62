"""Reading our own SQL: named parameters and the header of a batch. Cached by statement.

Parameters are `:name`. Quoted text, comments and `::casts` are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_TOKEN = re.compile(r"'(?:[^']|'')*'|--[^\n]*|::\w+|:(\w+)")
_HEADER = re.compile(r"\s*with rows\(([^)]*)\)")
_NAME = re.compile(r"[a-z_]+(?:\s*,\s*[a-z_]+)*")


@lru_cache(maxsize=1024)
def names(sql: str) -> tuple[str, ...]:
    """The parameters of a statement, each once, in the order they first appear."""
    found = (match.group(1) for match in _TOKEN.finditer(sql))
    return tuple(dict.fromkeys(name for name in found if name))


@lru_cache(maxsize=1024)
def numbered(sql: str, first: int = 1) -> str:
    """The statement with `$1, $2 …` in place of the names."""
    place = {name: f"${number}" for number, name in enumerate(names(sql), first)}
    return _TOKEN.sub(lambda m: place[m.group(1)] if m.group(1) else m.group(0), sql)


def check(sql: str, params: Mapping[str, Any]) -> None:
    """TypeError unless the parameters given are exactly those the statement names."""
    wanted = names(sql)
    if len(wanted) != len(params) or any(name not in params for name in wanted):
        raise TypeError(f"parameters {sorted(params)} given, {sorted(wanted)} wanted by: {sql}")


@lru_cache(maxsize=1024)
def header(sql: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """Columns (name, type) of `with rows(…)`, and the statement after that header."""
    match = _HEADER.match(sql)
    if match is None:
        raise TypeError(f"a statement over rows begins with `with rows(…)`: {sql}")
    pairs = [column.split() for column in match.group(1).split(",")]
    return tuple((name, kind) for name, kind in pairs), sql[match.end() :]


@lru_cache(maxsize=256)
def column_list(columns: str) -> tuple[str, ...]:
    """The names in `columns`, refused unless they are plain names."""
    if not _NAME.fullmatch(columns.strip()):
        raise TypeError(f"not a list of column names: {columns}")
    return tuple(name.strip() for name in columns.split(","))
