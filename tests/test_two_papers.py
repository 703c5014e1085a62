"""Where a school asks for the consent to personal data too, nothing is told on one paper alone."""

from __future__ import annotations

import pytest

from sms_diary.fanout import Fanout
from sms_diary.model import ConsentState
from sms_diary.store.schools import School
from sms_diary.wake import Wakes
from tests.asking import Phones, phones
from tests.seeding import Subscribed, column, mark, phone, set_consent

__all__ = ["phones"]  # fixtures

MUM, DAD = phone(1), phone(2)
DARYA, LEV = "Белкина Дарья Игоревна", "Белкин Лев Игоревич"
LINES = "select state || ' ' || reason as line from line order by guardian_id"
HOMEWORK: dict[str, object] = {
    "kind": "homework.set", "class": "5А", "subject": "Алгебра", "date": "2026-11-25",
    "text": "№ 412",
}  # fmt: skip


@pytest.fixture
async def family(phones: Phones, school: School) -> tuple[Subscribed, Subscribed, Subscribed]:
    """A mother of two in one class, and the father of the first; all agreed to SMS."""
    first = await phones.child(school, "p0", MUM, DARYA)
    second = await phones.child(school, "p1", MUM, LEV)
    father = await phones.child(school, "p2", DAD, "Белкин Олег Игоревич")
    return first, second, father


async def _tell(phones: Phones, school: School, *said: dict[str, object]) -> list[str]:
    await phones.post(school, *said)
    fanout = Fanout(phones.db, phones.tools, phones.clock, Wakes())
    while await fanout.step():
        pass
    return [one.strip() for one in await column(phones.db, LINES)]


async def _set(phones: Phones, school: School, proof: str, *proven: Subscribed) -> None:
    async with phones.db.transaction() as q:
        await q.run("update school set proof = :proof where id = :id", proof=proof, id=school.id)
        await set_consent(q, phones.tools, school.id, list(proven), ConsentState.ACTIVE, topic="pd")


@pytest.mark.parametrize(
    ("proof", "line"), [("sms", "planned"), ("sms+pd", "silent no-personal-data")]
)
async def test_a_mark_needs_the_papers_that_the_school_asks_for(
    phones: Phones, school: School, family: tuple[Subscribed, Subscribed, Subscribed], proof: str,
    line: str,
) -> None:  # fmt: skip
    await _set(phones, school, proof, family[1])
    assert await _tell(phones, school, mark("5")) == [line]


async def test_with_both_papers_a_mark_is_told(
    phones: Phones, school: School, family: tuple[Subscribed, Subscribed, Subscribed]
) -> None:
    await _set(phones, school, "sms+pd", family[0])
    assert await _tell(phones, school, mark("5")) == ["planned"]


async def test_homework_is_told_for_the_child_whose_papers_are_whole(
    phones: Phones, school: School, family: tuple[Subscribed, Subscribed, Subscribed]
) -> None:
    await _set(phones, school, "sms+pd", family[1])
    assert await _tell(phones, school, HOMEWORK) == ["planned", "silent no-personal-data"]


async def test_the_other_paper_alone_allows_no_sms(
    phones: Phones, school: School, family: tuple[Subscribed, Subscribed, Subscribed]
) -> None:
    await _set(phones, school, "sms+pd", family[0])
    await phones.write(MUM, "СТОП")
    assert await _tell(phones, school, mark("5")) == ["silent stopped"]


async def test_a_question_about_marks_gets_none_without_the_other_paper(
    phones: Phones, school: School, family: tuple[Subscribed, Subscribed, Subscribed]
) -> None:
    await phones.post(school, mark("5"))
    await _set(phones, school, "sms+pd", family[1])
    assert "5" not in "".join(await phones.write(MUM, "ОЦЕНКИ"))
    await _set(phones, school, "sms")
    assert "5" in "".join(await phones.write(MUM, "ОЦЕНКИ"))
