"""JSON as tables: a list of objects is a sheet whose first row has the names of their fields.

Fields of an inner object stand beside the others with a dot («author.fio»); an inner list is one
cell of JSON. An object that holds lists is a book: a sheet for each.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading.book import Format, Piece, Row, Sheet, Value
from sms_diary.ingest.reading.csvtext import decode
from sms_diary.ingest.reading.limits import Budget

_START = re.compile(r"\[\s*[\[{\]]|\{\s*[\"}]")
_DAMAGED = "это JSON с ошибкой или обрывом: выгрузите его из журнала ещё раз"
_NO_LIST = "в JSON нет списка записей: нужен список объектов"
_MOST_INNER = 3


def looks_like(head: str) -> bool:
    """Whether a text begins as JSON does."""
    return _START.match(head) is not None


def pieces(data: bytes, files: tuple[str, ...], budget: Budget) -> Iterator[Piece]:
    """A sheet for each list of the document."""
    text, _ = decode(data)
    try:
        whole = json.loads(text, parse_constant=_refuse)
    except ValueError as wrong:
        raise FileProblem(_DAMAGED) from wrong
    lists = _lists(whole)
    if not lists:
        raise FileProblem(_NO_LIST)
    for name, items in lists:
        budget.take_sheet()
        yield Sheet(files, name, Format.JSON, height=len(items) + 1)
        for row in _rows(items):
            budget.take_row(row.number, row.cells)
            yield [row]


def _lists(whole: Any) -> list[tuple[str, list[Any]]]:
    if isinstance(whole, list):
        return [("", whole)] if whole else []
    if not isinstance(whole, dict):
        return []
    return [(str(name), said) for name, said in whole.items() if isinstance(said, list) and said]


def _rows(items: list[Any]) -> Iterator[Row]:
    """A list of lists as it is; of objects with their names above."""
    if all(isinstance(item, list) for item in items):
        for number, item in enumerate(items, 1):
            yield Row(number, tuple(map(_value, item)))
        return
    flat = [dict(_fields(item, "", 0)) for item in items]
    names = list(dict.fromkeys(name for item in flat for name in item))
    yield Row(1, tuple(names))
    for number, item in enumerate(flat, 2):
        yield Row(number, tuple(item.get(name, "") for name in names))


def _fields(item: Any, before: str, depth: int) -> Iterator[tuple[str, Value]]:
    if not isinstance(item, dict) or depth > _MOST_INNER:
        yield before or "value", _value(item)
        return
    for name, said in item.items():
        yield from _fields(said, f"{before}.{name}" if before else str(name), depth + 1)


def _value(said: Any) -> Value:
    if said is None:
        return ""
    if isinstance(said, (list, dict)):
        return json.dumps(said, ensure_ascii=False)
    if isinstance(said, float) and not math.isfinite(said):
        return str(said)
    assert isinstance(said, (str, int, float))  # and so bool: JSON has no more
    return said


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)
