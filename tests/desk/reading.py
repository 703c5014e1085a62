"""What tests of the desk read: of an answer as text, of the database by one column. Not a test."""

from __future__ import annotations

from typing import Any

from tests import seeding
from tests.desk.conftest import Running
from tests.journal_peer import Answer

BASE = "/desk/school-5/"
PROOF: dict[str, Any] = {"source": "звонок матери", "by": "Петрова А. В.", "date": "2026-11-24"}
PAPER: dict[str, Any] = PROOF | {"form": "Согласие на SMS"}


def text(answer: Answer) -> str:
    return answer.body.decode()


def at(answer: Answer) -> str:
    return str(answer.headers["Location"]).removeprefix(BASE)


async def kept(desk: Running, sql: str) -> list[object]:
    return await seeding.column(desk.door.database, sql)


async def noted(desk: Running) -> list[object]:
    """The last thing that the audit log has."""
    rows = await kept(
        desk, "select action || ' ' || kind || ' ' || words as said from desk_audit order by id"
    )
    return rows[-1:]
