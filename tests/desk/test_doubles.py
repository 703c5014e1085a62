"""Children written twice, at the desk: shown, compared, made one, told apart; who may what."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.async_api import expect

from sms_diary.model import ConsentState, NumberState
from sms_diary.store import numbers, schools
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk import families
from tests.desk.conftest import BOTH, Running, Scheme, accessible
from tests.desk.families import SCRIPT
from tests.desk.reading import BASE, at, kept, noted, text
from tests.journal_peer import OTHER

FULL, SHORT = "Чижов Пётр Ильич", "Чижов Петр"
MUM, DAD, GRANNY = seeding.phone(811), seeding.phone(812), seeding.phone(813)
S = ConsentState


@dataclass
class Twice:
    """A child whom the journal knows in 5А, and a list once more in 5Б; with three guardians."""

    keep: int
    drop: int
    classes: list[int]
    mum: int
    """Guardian of both; there was a stop in the list's record."""

    @property
    def path(self) -> str:
        return f"{BASE}people/doubles/{self.drop}/{self.keep}"


async def twice(desk: Running, names: tuple[str, str] = (FULL, SHORT), *, at: str = "5Б") -> Twice:
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        ids = await seeding.classes(q, tools, school, "5А", at)
        keep = await seeding.pupil(q, tools, school, ids[0], names[0], f"j-{names[0][:2]}")
        drop = await seeding.pupil(q, tools, school, ids[1], names[1])
        for number, name in ((MUM, "Чижова Анна"), (DAD, "Чижов Илья"), (GRANNY, "")):
            await families.named(q, desk, number, name)
        [mum] = await seeding.subscribe(q, tools, school, [(keep, MUM)])
        await seeding.subscribe(q, tools, school, [(drop, MUM)], state=S.STOPPED)
        await seeding.subscribe(q, tools, school, [(drop, DAD)])
        await seeding.subscribe(q, tools, school, [(drop, GRANNY), (keep, GRANNY)], state=None)
        await seeding.subscribe(q, tools, school, [(keep, GRANNY)])
    return Twice(keep, drop, ids, mum.guardian_id)


async def test_the_list_of_people_says_that_somebody_is_written_twice(desk: Running) -> None:
    operator = await desk.as_(Role.OPERATOR)
    assert "дважды" not in text(await operator.get(BASE + "people"))
    made = await twice(desk)
    page = text(await operator.get(BASE + "people"))
    assert "Похоже, 1\N{NO-BREAK SPACE}ученик записан дважды" in page
    assert BASE + "people/doubles" in page
    page = text(await operator.get(BASE + "people/doubles"))
    for said in (FULL, SHORT, "5А", "5Б", "есть в журнале", "+7900***0811", "отметок нет"):
        assert said in page
    assert f"people/doubles/{made.keep}/{made.drop}" in page
    for number in (MUM, DAD):
        assert number not in page


async def test_the_comparison_says_what_becomes_of_each_parent(desk: Running) -> None:
    made = await twice(desk)
    async with desk.door.database.transaction() as q:
        tools = desk.door.service.base.tools
        [closed] = await seeding.subscribe(q, tools, desk.school, [(made.drop, seeding.phone(814))])
        await numbers.stop(q, closed.number_id, now=1)
    operator = await desk.as_(Role.OPERATOR)
    page = text(await operator.get(made.path))
    fates = re.findall(r"<li>(.*?)</li>", page.split('class="bare fates"')[1], re.S)
    said = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", one)) for one in fates]
    mum, dad, granny, stopped = said
    assert "Чижова Анна" in mum
    assert "SMS выключены: у второй записи был СТОП" in mum
    assert "Чижов Илья" in dad
    assert "SMS по-прежнему" in dad
    assert "во второй записи" in dad
    assert granny.endswith("в обеих записях SMS по-прежнему ")
    assert "номер отключён словом СТОП" in stopped
    assert NumberState.STOPPED not in page


async def test_merging_leaves_one_record_and_a_note_without_a_name(desk: Running) -> None:
    made = await twice(desk)
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(made.path, do="merge", of_class=made.classes[1])
    assert at(answer) == f"people/pupils/{made.keep}"
    card = text(await operator.get(BASE + at(answer)))
    assert FULL in card
    assert "5Б" in card
    assert "j-Чи" in card
    assert card.count("+7900***08") == 3
    assert (await operator.get(f"{BASE}people/pupils/{made.drop}")).status == 404
    assert (await operator.get(made.path)).status == 404
    assert "дважды" not in text(await operator.get(BASE + "people"))
    rows = await kept(desk, "select action || ' ' || kind || ' ' || object_id || words as said"
                            " from desk_audit where action = 'merged'")  # fmt: skip
    assert rows == [f"merged pupil {made.keep}"]
    assert await kept(desk, "select distinct actor from ledger where action = 'joined'") == [
        f"desk operator-{desk.school.slug}"
    ]


async def test_the_history_of_a_parent_says_that_records_were_joined(desk: Running) -> None:
    made = await twice(desk)
    operator = await desk.as_(Role.OPERATOR)
    await operator.post(made.path, do="merge")
    card = text(await operator.get(f"{BASE}people/guardians/{made.mum}"))
    assert "ученик был записан дважды, записи объединены" in card
    assert "остановлена" in card
    assert "имя стёрто" not in card


async def test_who_was_told_apart_is_not_asked_of_again(desk: Running) -> None:
    made = await twice(desk)
    operator = await desk.as_(Role.OPERATOR)
    assert at(await operator.post(made.path, do="apart")) == "people/doubles"
    assert await noted(desk) == ["told-apart pupil "]
    assert "Записанных дважды не видно" in text(await operator.get(BASE + "people/doubles"))
    assert "дважды" not in text(await operator.get(BASE + "people"))


async def test_two_ids_of_the_journal_are_not_joined_and_it_is_said_what_to_do(
    desk: Running,
) -> None:
    made = await twice(desk)
    async with desk.door.database.transaction() as q:
        await q.run("update pupil set external_id = 'j-18' where id = :id", id=made.drop)
    operator = await desk.as_(Role.OPERATOR)
    page = text(await operator.get(made.path))
    assert "Объединить пока нельзя" in page
    assert "оставьте его в журнале один раз" in page
    assert 'value="merge"' not in page
    answer = await operator.post(made.path, do="merge")
    assert answer.status == 409
    assert "оставьте его в журнале один раз" in text(answer)
    assert (await operator.post(made.path, do="apart")).status == 303


async def test_a_class_teacher_sees_doubles_of_the_own_class_and_joins_nobody(
    desk: Running,
) -> None:
    teacher = await desk.as_(Role.CLASS_TEACHER)  # of 5А alone, as it is now
    other = await twice(desk)
    assert "дважды" not in text(await teacher.get(BASE + "people"))
    assert (await teacher.get(other.path)).status == 404
    own = await twice(desk, ("Галкин Лев Олегович", "Галкин Лев"), at="5А")
    page = text(await teacher.get(BASE + "people/doubles"))
    assert "Галкин Лев Олегович" in page
    assert FULL not in page
    page = text(await teacher.get(own.path))
    assert 'value="merge"' not in page
    assert "Объединяет записи оператор" in page
    assert (await teacher.post(own.path, do="merge")).status == 403


async def test_a_pupil_of_another_school_cannot_be_compared_or_joined(desk: Running) -> None:
    made = await twice(desk)
    async with desk.door.database.transaction() as q:
        other = await schools.by_slug(q, OTHER)
        assert other is not None
        tools = desk.door.service.base.tools
        [class_id] = await seeding.classes(q, tools, other, "7Б")
        stranger = await seeding.pupil(q, tools, other, class_id, FULL)
    operator = await desk.as_(Role.OPERATOR)
    for path in (
        f"{BASE}people/doubles/{made.keep}/{stranger}",
        f"{BASE}people/doubles/{stranger}/{made.keep}",
        f"{BASE}people/doubles/{made.keep}/{made.keep}",
        f"{BASE}people/doubles/{made.keep}/{2**63}",
    ):
        assert (await operator.get(path)).status == 404
        for do in ("merge", "apart"):
            assert (await operator.post(path, do=do)).status == 404


async def test_a_hostile_name_is_only_text_on_both_pages(desk: Running) -> None:
    made = await twice(desk, (f"Я {SCRIPT}", f"Я {SCRIPT}"))
    async with desk.door.database.transaction() as q:
        await q.run("update guardian set full_name = :said", said=SCRIPT)
        await q.run("update subscription set relation = :said", said=SCRIPT)
        await q.run("update pupil set external_id = :said where id = :id",
                    said=SCRIPT, id=made.keep)  # fmt: skip
    operator = await desk.as_(Role.OPERATOR)
    for path in (BASE + "people/doubles", made.path):
        page = text(await operator.get(path))
        assert SCRIPT not in page
        assert "&lt;script&gt;" in page, path


@pytest.mark.browser
@BOTH
async def test_two_records_are_compared_and_joined_in_a_browser(
    walker: Running, width: int, scheme: Scheme
) -> None:
    made = await twice(walker)
    operator = await walker.as_(Role.OPERATOR)
    async with walker.at(width, scheme, someone=operator) as page:
        await page.goto(BASE + "people")
        await accessible(page)
        await page.get_by_role("link", name="Посмотреть").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Записаны дважды")
        await accessible(page)
        await page.get_by_role("link", name="Сравнить").click()
        await expect(page.get_by_text("SMS выключены: у второй записи был СТОП")).to_be_visible()
        await expect(page.get_by_label("В каком классе ребёнок учится")).to_have_value(
            str(made.classes[1])
        )
        await accessible(page)
        page.on("dialog", lambda dialog: dialog.accept())
        await page.get_by_role("button", name="Объединить").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text(FULL)
        await accessible(page)
