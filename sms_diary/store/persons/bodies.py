"""Raw requests, files and answers that speak of a person: found by reading them, then destroyed.

They hold many people at once and serve as a proof of what came in, for a time; what they said is
in tables of its own. So one that may speak of the person goes whole, and one that cannot be read
as text (a workbook) counts as one that may.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from sms_diary.db import Queries
from sms_diary.store.tokens import ALL_SCHOOLS
from sms_diary.store.tools import Tools
from sms_diary.values import value

PAGE = 100
"""Bodies that are in memory at once."""
_NATIONAL = 10
"""Digits of a Russian number without what stands for the country: +7, 7 or 8."""
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\s().\-–—]+(?=\d)")  # as people write them


@value
class Traits:
    """What tells that a text may speak of a person: any of the digits, or all words of a name."""

    digits: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]


def traits(*, numbers: Iterable[str] = (), names: Iterable[str] = ()) -> Traits:
    """Of numbers (E.164) and names; a name is found whatever the order of its words."""
    words = [tuple(re.findall(r"\w+", _plain(name))) for name in names]
    return Traits(
        tuple(sorted({number[-_NATIONAL:] for number in numbers})),
        tuple(sorted({one for one in words if one})),
    )


def speaks_of(body: bytes, wanted: Traits) -> bool:
    """Whether it may; what is no text may speak of anybody."""
    texts = _texts(body)
    return not texts or any(_found(text, wanted) for text in texts)


def _found(text: str, wanted: Traits) -> bool:
    plain = _plain(text)
    if any(digits in _BETWEEN_DIGITS.sub("", plain) for digits in wanted.digits):
        return True
    return any(all(word in plain for word in name) for name in wanted.names)


def _plain(text: str) -> str:
    return text.casefold().replace("ё", "е")


def _texts(body: bytes) -> list[str]:
    """The body in every encoding it may be in; [] for a workbook or an archive."""
    if b"\0" in body:
        return []
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [body.decode("cp1251", "replace")]
    try:
        return [text, json.dumps(json.loads(text), ensure_ascii=False)]
    except ValueError:
        return [text]


async def destroy(q: Queries, tools: Tools, school_id: int, wanted: Traits) -> int:
    """Destroy the bodies of the school's requests and files that may speak of them; how many."""
    ids = await _speaking(q, tools, "delivery", "body", school_id, wanted)
    await q.over(
        """with rows(id bigint)
           update delivery set body = null from rows where delivery.id = rows.id""",
        [(one,) for one in ids],
    )
    return len(ids) + await _destroy_imports(q, tools, school_id, wanted)


async def _destroy_imports(q: Queries, tools: Tools, school_id: int, wanted: Traits) -> int:
    """The same for reports of imports, and for what was read of files and waits to be applied."""
    reports = await _speaking(q, tools, "import", "body", school_id, wanted)
    await q.over(
        """with rows(id bigint)
           update import set body = null from rows where import.id = rows.id""",
        [(one,) for one in reports],
    )
    chunks = await _speaking(q, tools, "import_chunk", "body", school_id, wanted)
    await q.over(
        """with rows(id bigint)
           delete from import_chunk where id in (select id from rows)""",
        [(one,) for one in chunks],
    )
    return len(reports) + len(chunks)


async def destroy_answers(q: Queries, tools: Tools, school_id: int, wanted: Traits) -> int:
    """The same for answers kept to be given again: a later repeat is a request like any other."""
    ids = [
        one
        for owner in (school_id, ALL_SCHOOLS)
        for one in await _speaking(q, tools, "idempotency", "answer", owner, wanted)
    ]
    await q.over(
        """with rows(id bigint)
           delete from idempotency where id in (select id from rows)""",
        [(one,) for one in ids],
    )
    return len(ids)


async def _speaking(
    q: Queries, tools: Tools, table: str, column: str, school_id: int, wanted: Traits
) -> list[int]:
    found: list[int] = []
    after = 0
    while True:
        rows = await q.all(
            f"""select id, {column} as sealed from {table}
                where school_id = :school_id and id > :after and {column} is not null
                order by id limit :limit""",
            school_id=school_id,
            after=after,
            limit=PAGE,
        )
        if not rows:
            return found
        for row in rows:
            body = tools.vault.open(row["sealed"], f"{table}.{column}", row["id"])
            if speaks_of(body, wanted):
                found.append(row["id"])
        after = rows[-1]["id"]
