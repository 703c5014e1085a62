"""How pieces go from the child to the parent: frames of a length and JSON.

JSON and nothing livelier: the child reads hostile bytes, and what it says is data only. Kinds of
values that JSON lacks stand in objects of one key.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any

from sms_diary.ingest.reading.book import Area, Format, Piece, Refused, Row, Sheet, Value
from sms_diary.values import value

HEAD = 4
MOST = 16 * 1024 * 1024
"""The longest frame; a reader's limit of a row keeps it far shorter."""


@value
class Failed:
    """The end of a reading that failed: the sentence, and where our code stood, if it was it."""

    reason: str
    inner: str = ""


@value
class Done:
    """The end of a reading that read all."""


@value
class At:
    """The file that is read next: named when the child dies of it."""

    files: tuple[str, ...]


Frame = Piece | Failed | Done | At


def pack(frame: Frame) -> bytes:
    """The bytes of a frame, its length in front."""
    text = json.dumps(_plain(frame), ensure_ascii=False, separators=(",", ":"), default=_tagged)
    body = text.encode("utf-8", "replace")
    return len(body).to_bytes(HEAD, "big") + body


def unpack(body: bytes) -> Frame:
    """The frame of these bytes, without the length."""
    kind, content = json.loads(body)
    return _FRAMES[kind](content)


def _plain(frame: Frame) -> list[Any]:
    if isinstance(frame, list):
        return ["rows", [(row.number, row.hidden, row.cells) for row in frame]]
    return [type(frame).__name__.lower(), asdict(frame)]


def _tagged(cell: object) -> dict[str, Any]:
    if isinstance(cell, datetime):
        return {"datetime": cell.replace(tzinfo=None).isoformat()}
    if isinstance(cell, date):
        return {"date": cell.isoformat()}
    if isinstance(cell, time):
        return {"time": cell.replace(tzinfo=None).isoformat()}
    if isinstance(cell, timedelta):
        return {"span": cell.total_seconds()}
    raise TypeError(f"no cell: {type(cell).__name__}")


_TAGS: dict[str, Callable[[Any], Value]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "span": lambda seconds: timedelta(seconds=seconds),
}


def _cell(said: Any) -> Value:
    if isinstance(said, dict):
        ((tag, content),) = said.items()
        return _TAGS[tag](content)
    assert isinstance(said, (str, int, float))  # and so bool
    return said


def _rows(content: Any) -> list[Row]:
    return [
        Row(number, tuple([_cell(cell) for cell in cells]), hidden)
        for number, hidden, cells in content
    ]


def _sheet(content: Any) -> Sheet:
    lists = {name: tuple(content[name]) for name in ("files", "hidden_columns", "caption")}
    merges = tuple(Area(**area) for area in content["merges"])
    return Sheet(**(content | lists | {"merges": merges, "format": Format(content["format"])}))


_FRAMES: dict[str, Callable[[Any], Frame]] = {
    "rows": _rows,
    "sheet": _sheet,
    "refused": lambda content: Refused(tuple(content["files"]), content["reason"]),
    "failed": lambda content: Failed(**content),
    "done": lambda content: Done(**content),
    "at": lambda content: At(tuple(content["files"])),
}
