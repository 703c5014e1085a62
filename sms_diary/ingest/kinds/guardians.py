"""Two guardians in one row of a class list: «Мать» and «Отец» with a name and a phone each.

Each is a contact of its own. But one «да» that stands beside both is nobody's until a person says
whose it is; one «нет» is of both.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sms_diary.ingest.reading.layout import Column, Layout

_PARENTS = (
    ("мать", re.compile(r"\b(?:мать|матер|мам[аыеу]\b)", re.IGNORECASE)),
    ("отец", re.compile(r"\b(?:отец|отц|пап[аыеу]\b)", re.IGNORECASE)),
    ("опекун", re.compile(r"\bопекун", re.IGNORECASE)),
)
_TWO = 2


def parent_of(column: Column) -> str:
    """Whom a column is about: «мать», «отец», «опекун»; "" for one about the pupil or anyone."""
    text = f"{column.group} {column.heading}"
    return next((word for word, stem in _PARENTS if stem.search(text)), "")


def split(layout: Layout) -> list[tuple[str, Layout]]:
    """A layout for each guardian with a phone column; the whole one where there are not two."""
    named = dict.fromkeys(filter(None, map(parent_of, layout.of("phone"))))
    if len(named) < _TWO:
        return [("", layout)]
    return [(word, _only(layout, word)) for word in named]


def _only(layout: Layout, word: str) -> Layout:
    columns = tuple(
        column if parent_of(column) in ("", word) else replace(column, field="")
        for column in layout.columns
    )
    return Layout(layout.first, layout.last, columns)
