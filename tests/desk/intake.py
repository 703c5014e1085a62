"""Files and questions for the tests of the desk: uploaded by a form, as a browser does it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import aiohttp

from tests.journal_peer import SLUG, Answer, mark

if TYPE_CHECKING:
    from tests.desk.conftest import Running, Someone

HEADING = "Класс;Ученик;ФИО родителя;Телефон;Согласие на SMS;Дата согласия"
LIST = "\n".join([
    HEADING,
    "5А;Авдеев Тимур Олегович;Авдеева Нина Павловна;+7 900 000-10-01;да;15.09.2026",
    "5А;Белкина Дарья Игоревна;Белкин Игорь Петрович;;да;15.09.2026",
]).encode()  # fmt: skip
"""A class list of two rows, the second without a number."""


async def upload(desk: Running, someone: Someone, files: Mapping[str, bytes]) -> Answer:
    """The form of the first step with these files (name without its ending → content)."""
    form = aiohttp.FormData(quote_fields=False, default_to_multipart=True)
    for name, body in files.items():
        form.add_field(
            "file", io.BytesIO(body), filename=f"{name}.csv", content_type="text/csv"
        )  # fmt: skip
    if not files:
        form.add_field("nothing", "")
    headers = {"Origin": desk.address, "Sec-Fetch-Site": "same-origin"}
    return await desk.send(
        "POST", f"/desk/{SLUG}/import", cookie=someone.secret, headers=headers, data=form
    )


async def planned(desk: Running, someone: Someone, body: bytes = LIST) -> int:
    """A plan of one file; its id."""
    answer = await upload(desk, someone, {"spisok": body})
    assert answer.status == 303, answer.body.decode()
    return int(answer.headers["Location"].split("/")[-2])


async def question(desk: Running, name: str = "Никто Никита Никитич") -> int:
    """The journal speaks of a pupil whom nobody knows; the question's id."""
    unknown = mark() | {"pupil": {"class": "5А", "name": name}}
    answer = await desk.door.journal.post(unknown)
    assert answer.status == 202, answer.body
    async with desk.door.database.reading() as q:
        rows = await q.all(
            "select id from quarantine where state = 'open' and school_id = :id order by id desc",
            id=desk.school.id,
        )
    return int(rows[0]["id"])
