"""Pupils and parents at the desk: found, shown, changed, exported, forgotten."""

from __future__ import annotations

import io
import json
import re
from typing import Any
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook

from sms_diary.channels.base import InboundReport, Piece
from sms_diary.model import ConsentState
from sms_diary.store import inbound, numbers, people, roll
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk import families
from tests.desk.conftest import Running, Someone
from tests.desk.families import NAMES, SCRIPT
from tests.journal_peer import OTHER, Answer
from tests.seeding import Subscribed

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
    rows = await kept(desk, "select action || ' ' || kind || ' ' || words as said from desk_audit")
    return rows[-1:]


# ---------------------------------------------------------------- the list


async def test_the_list_shows_families_with_masked_numbers(desk: Running) -> None:
    await families.made(desk)
    observer = await desk.as_(Role.OBSERVER)
    page = text(await observer.get(BASE + "people"))
    for pupil, guardian, _ in NAMES:
        assert pupil in page
        assert guardian in page
    assert "+7900***0200" in page
    assert "+79000000200" not in page
    for said in ("активна", "спрошен", "не спрошен", "отказ", "остановлена", "чужой номер"):
        assert said in page
    assert "Скачать" not in page, "an observer takes nothing away"


async def test_pages_follow_each_other_and_none_names_a_person_in_its_address(
    desk: Running,
) -> None:
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "6А")
        for n in range(60):
            await seeding.pupil(q, tools, school, class_id, f"Ученик {n:02}")
    admin = await desk.as_(Role.SCHOOL_ADMIN)
    path, found = BASE + f"people?class={class_id}", []
    while path:
        page = text(await admin.get(path))
        found += re.findall(r">(Ученик \d\d)<", page)
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        path = onward[1].replace("&amp;", "&") if onward else ""
        assert not re.search("[а-яА-Я%]", path)
    assert found == [f"Ученик {n:02}" for n in range(60)]


@pytest.mark.parametrize("sought", ["гусев", "ГУСЕВ Тим", "Гусев Тимофей Ильич"])
async def test_a_pupil_is_found_by_the_beginning_of_the_name(desk: Running, sought: str) -> None:
    await families.made(desk)
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(BASE + "people", sought=sought)
    assert answer.status == 200
    assert "Гусев Тимофей Ильич" in text(answer)
    assert "Абрамов" not in text(answer)


async def test_what_was_sought_goes_on_to_its_next_page(desk: Running) -> None:
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "6А")
        ids = [await seeding.pupil(q, tools, school, class_id, f"Ученик {n:02}") for n in range(55)]
    operator = await desk.as_(Role.OPERATOR)
    first = text(await operator.post(BASE + "people", sought="ученик"))
    assert f'name="after" value="{ids[49]}"' in first
    second = text(await operator.post(BASE + "people", sought="ученик", after=ids[49]))
    assert re.findall(r">(Ученик \d\d)<", second) == [f"Ученик {n}" for n in range(50, 55)]


async def test_a_parent_is_found_by_the_whole_number_only(desk: Running) -> None:
    made = await families.made(desk)
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(BASE + "people", sought="8 (900) 000-02-00")
    assert at(answer) == f"people/guardians/{made.subscribed[0].guardian_id}"
    for sought, said in (
        ("+7 900 000-09-99", "Родителя с таким номером в школе нет"),
        ("900 000-02", "Это не похоже на номер мобильного"),
        ("", "Заполните это поле"),
    ):
        answer = await operator.post(BASE + "people", sought=sought)
        assert answer.status == 422
        assert said in text(answer)


async def test_another_schools_parent_is_sought_in_vain(desk: Running) -> None:
    tools = desk.door.service.base.tools
    async with desk.door.database.transaction() as q:
        other = await q.one("select id from school where slug = :slug", slug=OTHER)
        assert other is not None
        known = await numbers.ensure(q, tools, [seeding.phone(900)], now=1)
        number_id = known[seeding.phone(900)].id
        await people.ensure_guardians(q, tools, other["id"], [(number_id, "Чужая")], now=1)
        view = await roll.of_number(q, tools, other["id"], seeding.phone(900))
        assert view is not None
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(BASE + "people", sought="+7 900 000-09-00")
    assert "Родителя с таким номером в школе нет" in text(answer)
    assert (await operator.get(BASE + f"people/guardians/{view.id}")).status == 404


async def test_a_class_teacher_sees_the_own_class_only(desk: Running) -> None:
    teacher = await desk.as_(Role.CLASS_TEACHER)  # of 5А alone, as it is now
    made = await families.made(desk, "6А")
    mine, foreign = desk.door.subscribed[0], made.subscribed[0]
    listed = text(await teacher.get(BASE + "people"))
    assert "Белкина Дарья 0" in listed
    assert "Абрамов" not in listed
    assert (await teacher.get(BASE + f"people?class={made.class_id}")).status == 404
    assert "Никого не нашли" in text(await teacher.post(BASE + "people", sought="Абрамов"))
    for path in (f"people/pupils/{foreign.pupil_id}", f"people/guardians/{foreign.guardian_id}"):
        assert (await teacher.get(BASE + path)).status == 404
    answer = await teacher.post(BASE + "people", sought=foreign.number)
    assert "Родителя с таким номером в школе нет" in text(answer)
    card = await teacher.get(BASE + f"people/guardians/{mine.guardian_id}")
    assert card.status == 200
    assert "Последние SMS" not in text(card), "they may tell of a child in another class"


async def test_a_class_teacher_sees_of_a_family_the_own_pupil_only(desk: Running) -> None:
    teacher = await desk.as_(Role.CLASS_TEACHER)
    tools, school, mine = desk.door.service.base.tools, desk.school, desk.door.subscribed[0]
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "6А")
        brother = await seeding.pupil(q, tools, school, class_id, "Белкин Егор")
        await seeding.subscribe(q, tools, school, [(brother, mine.number)])
    path = BASE + f"people/guardians/{mine.guardian_id}"
    assert "Белкин Егор" not in text(await teacher.get(path))
    operator = await desk.as_(Role.OPERATOR)
    assert "Белкин Егор" in text(await operator.get(path))


async def test_the_list_goes_into_a_file_in_which_nothing_is_a_formula(desk: Running) -> None:
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "6А")
        pupil_id = await seeding.pupil(q, tools, school, class_id, '=HYPERLINK("http://evil")')
        await families.named(q, desk, seeding.phone(800), "+cmd|' /C calc'!A0")
        await seeding.subscribe(q, tools, school, [(pupil_id, seeding.phone(800))])
    operator = await desk.as_(Role.OPERATOR)
    csv = text(await operator.get(BASE + f"people?class={class_id}&file=csv"))
    assert "'=HYPERLINK" in csv
    assert "'+cmd" in csv
    assert "+79000000800" not in csv
    answer = await operator.get(BASE + f"people?class={class_id}&file=xlsx")
    assert "ученики-school-5.xlsx" in unquote(answer.headers["Content-Disposition"])
    sheet = load_workbook(io.BytesIO(answer.body)).active
    assert sheet is not None
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}
    assert await noted(desk) == ["exported people ученики-school-5.xlsx"]


async def test_hostile_names_are_only_text(desk: Running) -> None:
    tools, school = desk.door.service.base.tools, desk.school
    async with desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, school, "6А")
        pupil_id = await seeding.pupil(q, tools, school, class_id, f"Я {SCRIPT}")
        await families.named(q, desk, seeding.phone(801), f"Мама {SCRIPT}")
        [one] = await seeding.subscribe(q, tools, school, [(pupil_id, seeding.phone(801))])
        await seeding.queue(q, tools, one, school.id, SCRIPT)
        await q.run("update subscription set relation = :said", said=SCRIPT)
    await families.came(desk, one.number, SCRIPT)
    operator = await desk.as_(Role.OPERATOR)
    card = f"people/guardians/{one.guardian_id}"
    for path in (
        "people", card, f"people/pupils/{pupil_id}", f"people/pupils/{pupil_id}/forget",
        f"{card}/subscriptions/{one.subscription_id}", f"{card}/number", f"{card}/rights",
        f"{card}/forget", "consents?state=active", "inbound",
    ):  # fmt: skip
        page = text(await operator.get(BASE + path))
        assert SCRIPT not in page
        assert "&lt;script&gt;" in page, path
    page = text(await operator.post(BASE + "people", sought=SCRIPT))
    assert SCRIPT not in page


# ---------------------------------------------------------------- a guardian


async def card_of(desk: Running) -> tuple[Someone, Subscribed, str]:
    made = await families.made(desk)
    one = made.subscribed[0]
    return await desk.as_(Role.OPERATOR), one, BASE + f"people/guardians/{one.guardian_id}"


async def test_a_whole_number_is_shown_to_whom_may_and_noted(desk: Running) -> None:
    operator, _, path = await card_of(desk)
    assert "+7 900 000-02-00" not in text(await operator.get(path))
    assert "+7 900 000-02-00" in text(await operator.post(path, do="number"))
    assert await noted(desk) == ["saw-number guardian "]
    observer = await desk.as_(Role.OBSERVER)
    assert (await observer.post(path, do="number")).status == 403


async def test_letters_are_chosen(desk: Running) -> None:
    operator, _, path = await card_of(desk)
    for letters, latin in (("latin", 1), ("cyrillic", 0), ("", None)):
        answer = await operator.post(path, do="letters", letters=letters)
        assert answer.status == 303
        one = await kept(desk, "select latin from guardian where full_name like 'Абрамова%'")
        assert one == [latin]


async def test_a_rhythm_is_chosen_and_taken_back(desk: Running) -> None:
    operator, one, path = await card_of(desk)
    sub = f"{path}/subscriptions/{one.subscription_id}"
    assert (await operator.post(sub, do="rhythm", marks="week", homework="now")).status == 303
    rows = "select topic || ' ' || rhythm as said from rhythm order by topic"
    assert await kept(desk, rows) == ["homework now", "marks week"]
    card = text(await operator.get(path))
    assert "Отметки: сводкой раз в неделю" in card
    await operator.post(sub, do="rhythm", homework="now")
    assert await kept(desk, rows) == ["homework now"]
    assert (await operator.post(sub, do="rhythm", marks="never")).status == 422


async def test_a_stop_by_the_school_is_in_the_history_with_who_and_why(desk: Running) -> None:
    operator, one, path = await card_of(desk)
    sub = f"{path}/subscriptions/{one.subscription_id}"
    assert (await operator.post(sub, do="stop", topics="marks")).status == 422, "why is needed"
    answer = await operator.post(sub, do="stop", topics="marks", reason="заявление № 12")
    assert answer.status == 303
    card = text(await operator.get(path))
    assert "согласие отозвано" in card
    assert "заявление № 12" in card
    assert "Отметки: остановлена" in card
    assert "школой на этих страницах, operator-school-5" in card
    await operator.post(sub, do="stop", reason="заявление № 13")
    again = await operator.post(sub, do="stop", reason="ещё раз")
    assert again.status == 409


async def test_a_consent_on_paper_is_recorded_with_its_evidence(desk: Running) -> None:
    made = await families.made(desk)
    operator, one = await desk.as_(Role.OPERATOR), made.subscribed[2]
    path = BASE + f"people/guardians/{one.guardian_id}"
    sub = f"{path}/subscriptions/{one.subscription_id}"
    future = PAPER | {"date": "2026-11-25", "topics": "*"}
    answer = await operator.post(sub, do="start", **future)
    assert answer.status == 422
    assert "Этот день ещё не наступил" in text(answer)
    assert (await operator.post(sub, do="start", topics="*", source="")).status == 422
    answer = await operator.post(
        sub, do="start", **PAPER | {"topics": "*", "source": "SMS-5А-2026-003"}
    )
    assert answer.status == 303
    card = text(await operator.get(path))
    assert "согласие дано" in card
    assert "SMS-5А-2026-003" in card
    assert "+79000000202" not in card
    [state] = await kept(
        desk, f"select state from consent where subscription_id = {one.subscription_id}"
    )
    assert state == ConsentState.ACTIVE


async def test_a_parents_own_stop_is_not_lifted_by_a_paper(desk: Running) -> None:
    operator, one, path = await card_of(desk)
    async with desk.door.database.transaction() as q:
        await numbers.stop(q, one.number_id, now=desk.clock.now())
    sub = f"{path}/subscriptions/{one.subscription_id}"
    assert "Родитель отключил SMS словом СТОП" in text(await operator.get(path))
    answer = await operator.post(sub, do="start", topics="*", **PAPER)
    assert answer.status == 422
    assert "включить его может только сам родитель" in text(answer)


async def test_a_subscription_is_reached_through_its_own_parent_only(desk: Running) -> None:
    operator, _, path = await card_of(desk)
    foreign = desk.door.subscribed[0].subscription_id
    assert (await operator.get(f"{path}/subscriptions/{foreign}")).status == 404
    answer = await operator.post(f"{path}/subscriptions/{foreign}", do="rhythm", marks="week")
    assert answer.status == 404
    assert (await operator.get(f"{path}/subscriptions/9999999999999999999")).status == 404


async def test_a_number_is_changed_in_one_operation_and_its_consequences_are_said(
    desk: Running,
) -> None:
    operator, one, path = await card_of(desk)
    page = text(await operator.get(f"{path}/number"))
    assert "Согласие на новый номер не переходит" in page
    for number, said in (("12", "Нужен номер мобильного"), (one.number, "и записан")):
        answer = await operator.post(f"{path}/number", number=number, **PROOF)
        assert answer.status == 422
        assert said in text(answer)
    answer = await operator.post(f"{path}/number", number="8 900 000-05-55", **PROOF)
    assert (answer.status, at(answer)) == (303, f"people/guardians/{one.guardian_id}")
    card = text(await operator.get(path))
    assert "прежний школа больше не пишет" in card
    assert "+7900***0555" in card
    assert "не спрошен" in card
    assert "номер сменился" in card
    assert "звонок матери" in card
    assert "changed guardian номер" in await kept(
        desk, "select action || ' ' || kind || ' ' || words as said from desk_audit"
    )


async def test_children_go_over_to_the_parent_who_has_the_number(desk: Running) -> None:
    made = await families.made(desk)
    one, other = made.subscribed[:2]
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(
        BASE + f"people/guardians/{one.guardian_id}/number", number=other.number, **PROOF
    )
    assert at(answer) == f"people/guardians/{other.guardian_id}"
    card = text(await operator.get(BASE + at(answer)))
    assert "подписки перешли к нему" in card
    assert NAMES[0][0] in card
    assert NAMES[1][0] in card


# ---------------------------------------------------------------- the rights of the person


async def test_all_that_is_held_is_a_file_for_the_person(desk: Running) -> None:
    operator, one, path = await card_of(desk)
    answer = await operator.post(f"{path}/rights", do="json")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    held = json.loads(answer.body)
    assert held["number"] == one.number
    assert held["guardians"][0]["full_name"] == "Абрамова Елена Игоревна"
    page = await operator.post(f"{path}/rights", do="page")
    assert "Абрамова Елена Игоревна" in text(page)
    [said] = await noted(desk)
    assert str(said).startswith("exported people данные-родителя-")


async def test_a_preview_of_forgetting_changes_nothing(desk: Running) -> None:
    operator, _, path = await card_of(desk)
    form: dict[str, Any] = {"ground": "отзыв согласия", "document": "12"}
    page = await operator.post(f"{path}/forget", do="preview", **form)
    assert page.status == 200
    assert "имя родителя, связь с ребёнком" in text(page)
    wrong = await operator.post(f"{path}/forget", do="erase", word="да", **form)
    assert wrong.status == 422
    assert "введите слово УНИЧТОЖИТЬ" in text(wrong)
    assert "Абрамова Елена Игоревна" in text(await operator.get(path))
    assert await kept(desk, "select id from destruction") == []


async def test_a_parent_is_forgotten_and_the_act_can_be_printed(desk: Running) -> None:
    operator, one, path = await card_of(desk)
    form: dict[str, Any] = {"ground": "отзыв согласия", "document": "12", "word": "уничтожить"}
    answer = await operator.post(f"{path}/forget", do="erase", **form)
    assert answer.status == 303
    assert at(answer).startswith("people/acts/")
    act = text(await operator.get(BASE + at(answer)))
    assert "Данные уничтожены." in act
    assert "отзыв согласия" in act
    assert "Анна Петровна" in act, "who did it"
    sheet = await operator.get(BASE + at(answer) + "?file=html")
    assert sheet.headers["Content-Disposition"].startswith("attachment")
    assert "отзыв согласия" in text(sheet)
    assert at(answer) in text(await operator.get(BASE + "people/acts"))
    card = text(await operator.get(path))
    assert "Абрамова" not in card
    assert "forgot act " in await kept(
        desk, "select action || ' ' || kind || ' ' || words as said from desk_audit"
    )
    again = await operator.get(f"{path}/forget")
    assert again.status == 409
    async with desk.door.database.reading() as q:
        assert (await numbers.read(q, desk.door.service.base.tools, [one.number_id])) == {
            one.number_id: ""
        }


async def test_a_parent_whose_sms_is_unread_is_not_forgotten_yet(desk: Running) -> None:
    operator, one, path = await card_of(desk)
    tools = desk.door.service.base.tools
    async with desk.door.database.transaction() as q:
        # Half of a long SMS, which waits for the other half: the word in it may be СТОП.
        piece = Piece("Ст".encode("utf-16-be"), 8, "udh", 7, 2, 1)
        report = InboundReport(one.number, "+79000009999", "", b"half", piece)
        await inbound.store(q, tools, "main", [report], now=desk.clock.now())
    for do in ("preview", "erase"):
        answer = await operator.post(f"{path}/forget", do=do, ground="отзыв", word="УНИЧТОЖИТЬ")
        assert answer.status == 409
        assert "в ней может быть СТОП" in text(answer)
    assert "Абрамова Елена Игоревна" in text(await operator.get(path))


async def test_a_pupil_is_forgotten(desk: Running) -> None:
    made = await families.made(desk)
    operator, one = await desk.as_(Role.OPERATOR), made.subscribed[0]
    path = BASE + f"people/pupils/{one.pupil_id}"
    form: dict[str, Any] = {"ground": "ребёнок выбыл", "word": "УНИЧТОЖИТЬ"}
    answer = await operator.post(f"{path}/forget", do="erase", **form)
    assert answer.status == 303
    assert (await operator.get(path)).status == 404
    assert "Абрамов Лев" not in text(await operator.get(BASE + "people"))
    card = text(await operator.get(BASE + f"people/guardians/{one.guardian_id}"))
    assert "имя стёрто" in card
