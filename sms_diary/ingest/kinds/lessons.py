"""One cell of a timetable: subjects with rooms, subgroups as alternatives, the number, the time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from sms_diary.ingest.reading.book import Value, text_of
from sms_diary.ingest.subjects import subject_key
from sms_diary.ingest.values import clean_line, clean_text
from sms_diary.values import value

_GROUP = re.compile(
    r"\d\s*(?:-?я\s*)?(?:под)?гр|\b(?:дев|мал|юн|девоч|мальч)\w*\b|групп", re.IGNORECASE
)
_ONLY_GROUP = re.compile(
    r"\(?\s*(?:\d\s*(?:-?я\s*)?(?:под)?гр\w*|дев\w*|мал\w*|юн\w*)\.?\s*\)?\s*(?:\[[^\]]*\])?",
    re.IGNORECASE,
)
_ROOM = re.compile(
    r"\s*(?:\[([^\]]{1,12})\]|\(?\b(?:каб|ауд|кб)\b\.?\s*№?\s*([\w/-]{1,8})\)?"
    r"|[,;/(]\s*(\d{1,3}[а-я]?|с/з)\)?|\s([А-ЯA-Z]?\d{2,3}[а-я]?|[А-ЯA-Z]\d|с/з))\s*$",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"[-–—.\s]*|нет(?: урока)?|окно|xxx", re.IGNORECASE)
_NUMBER = re.compile(r"(\d{1,2})(?:\s*[-.]?\s*(?:й|ый|ой|я)?\s*(?:урок|ур)?\.?)?", re.IGNORECASE)
_TIME = re.compile(r"([01]?\d|2[0-3])\s*[:.\-]\s*([0-5]\d)")
_LEAST_LETTERS = 2
_MOST_LESSONS = 20


@value
class Taught:
    """One subject of a lesson; alternatives of a lesson are several of these."""

    subject: str
    room: str = ""


def read_lesson(cell: Value, room: Value = "") -> tuple[Taught, ...]:
    """«Англ. яз. (1 гр.) / Англ. яз. (2 гр.)» with rooms «41/43» as two; an empty cell as none."""
    text = clean_text(text_of(cell)) if isinstance(cell, str) else clean_line(text_of(cell))
    if _NOTHING.fullmatch(text):
        return ()
    found = [_with_room(piece) for piece in _alternatives(text)]
    rooms = _rooms(clean_line(text_of(room)), len(found))
    return tuple(
        Taught(one.subject, rooms[at] or one.room) for at, one in enumerate(found) if one.subject
    )


def _alternatives(text: str) -> list[str]:
    """The cell cut into the lessons of subgroups; «Хореография/Ритмика» is one subject."""
    pieces = [clean_line(piece) for piece in re.split(r"\n|;|//", text)]
    pieces = [piece for piece in pieces if piece]
    if len(pieces) == 1:
        pieces = [
            clean_line(piece) for piece in re.split(r"\s*/\s*(?![^\[(]*[\])])|,\s+", pieces[0])
        ]
    joined: list[str] = []
    for piece in filter(None, pieces):
        if joined and (_ONLY_GROUP.fullmatch(piece) or not _is_subject(piece)):
            joined[-1] = f"{joined[-1]}/{piece}"
        else:
            joined.append(piece)
    whole = clean_line(text)
    keys = {subject_key(_with_room(piece).subject) for piece in joined}
    if (
        len(joined) > 1
        and not any(map(_GROUP.search, joined))
        and (keys == {subject_key(whole)} or "," in whole)
    ):
        return [whole]
    return joined


def _is_subject(piece: str) -> bool:
    letters = sum(char.isalpha() for char in piece)
    return letters >= _LEAST_LETTERS and not piece.startswith("(")


def _with_room(piece: str) -> Taught:
    found = _ROOM.search(piece)
    if (
        found is None
        or not piece[: found.start()].strip()
        or _GROUP.match(piece[found.start() :].strip(" /,("))
    ):
        return Taught(piece)
    room = next(filter(None, found.groups()), "")
    return Taught(piece[: found.start()].strip(" ,;"), room)


def _rooms(text: str, count: int) -> list[str]:
    """«41/43» for two lessons is a room each; «с/з» is one room for all."""
    if count > 1:
        for mark in ("/", ",", ";"):
            pieces = [piece.strip() for piece in text.split(mark)]
            if len(pieces) == count:
                return pieces
    return [text.strip(" -–—")] * count


def read_number(cell: Value) -> int | None:
    """The number of a lesson, from 0: 1.0, «1», «2 урок», «3-й»."""
    if isinstance(cell, (bool, time, datetime)):
        return None
    found = _NUMBER.fullmatch(clean_line(text_of(cell)))
    return int(found[1]) if found and int(found[1]) <= _MOST_LESSONS else None


def read_start(cell: Value) -> str:
    """The beginning of a lesson as «8:30»: of «8.30-9.10», of a time, of a day's part; or ""."""
    if isinstance(cell, (time, datetime)):
        return f"{cell.hour}:{cell.minute:02}"
    if isinstance(cell, timedelta):
        return text_of(cell)
    if isinstance(cell, float) and 0 < cell < 1:
        minutes = round(cell * 24 * 60)
        return f"{minutes // 60}:{minutes % 60:02}"
    found = _TIME.match(clean_line(text_of(cell)).lstrip("сc "))
    return f"{int(found[1])}:{found[2]}" if found else ""


def said(taught: Sequence[Taught]) -> str:
    """What a cell says, as one line."""
    return " / ".join(one.subject for one in taught)
