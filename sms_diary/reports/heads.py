"""The published ends of the chains: lines of JSON to be kept where nobody here can change them.

The same fields go into the log once a day and into a file of `consents head`; `read` takes both.
A hash is written in groups: a long run of digits in it would be masked in a log as a number.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from sms_diary.db import Queries
from sms_diary.errors import FileProblem
from sms_diary.store import ledger, schools
from sms_diary.store.chain import Head

_GROUP = 8
_HASH = re.compile(r"[0-9a-f]{64}")
_NUMBER = re.compile(r"[0-9]{1,19}")


def grouped(hashed: str) -> str:
    """`0123abcd:4567…`: as a hash is shown wherever people compare it."""
    return ":".join(hashed[at : at + _GROUP] for at in range(0, len(hashed), _GROUP))


async def published(q: Queries, *, now: int) -> list[dict[str, Any]]:
    """The end of every chain: `at` (ISO 8601), `school`, `school_id`, `seq`, `hash`.

    `school` is the short name, "" for the chain of numbers that no school knows. Log each as
    `log.info("consent ledger head", **fields)`: nothing in it is masked.
    """
    heads = await ledger.heads(q)
    known = await schools.by_ids(q, [head.school_id for head in heads])
    at = datetime.fromtimestamp(now // 1000, UTC).isoformat()
    return [
        {
            "at": at,
            "school": known[head.school_id].slug if head.school_id in known else "",
            "school_id": str(head.school_id),
            "seq": head.seq,
            "hash": grouped(head.hash),
        }
        for head in heads
    ]


def line(fields: dict[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)


def read(text: str) -> list[Head]:
    """The heads in a file of `consents head`, or in lines of the JSON log.

    Other records of the log are passed over. Raises `FileProblem` on whatever cannot be read:
    a head that is overlooked would be one that is not checked.
    """
    found = []
    for number, row in enumerate(text.splitlines(), 1):
        if not row.strip():
            continue
        try:
            fields = json.loads(row)
        except ValueError:
            raise _unreadable(number) from None
        if not isinstance(fields, dict):
            raise _unreadable(number)
        if "hash" in fields:
            found.append(_head(fields, number))
    if not found:
        raise FileProblem(
            "В файле нет ни одного опубликованного конца цепочки. Такой файл пишет команда "
            "sms-diary consents head --to ФАЙЛ."
        )
    return found


def _head(fields: dict[str, Any], number: int) -> Head:
    school_id, seq = str(fields.get("school_id")), fields.get("seq")
    hashed = str(fields["hash"]).replace(":", "")
    if (
        not _NUMBER.fullmatch(school_id)
        or not isinstance(seq, int)
        or seq < 1
        or not _HASH.fullmatch(hashed)
    ):
        raise _unreadable(number)
    return Head(int(school_id), seq, hashed)


def _unreadable(number: int) -> FileProblem:
    return FileProblem(
        f"Строка {number} файла с опубликованными концами не читается: это не то, что пишут "
        "sms-diary consents head и журнал сервиса. Возьмите другую копию файла."
    )
