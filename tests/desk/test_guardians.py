"""A parent's card at the desk: changed, stopped, written down, given another number, forgotten."""

from __future__ import annotations

import json
from typing import Any

from sms_diary.channels.base import InboundReport, Piece
from sms_diary.model import ConsentState
from sms_diary.store import inbound, numbers
from sms_diary.store.desk.users import Role
from tests import seeding
from tests.desk import families
from tests.desk.conftest import Running, Someone
from tests.desk.families import NAMES
from tests.desk.reading import BASE, PAPER, PROOF, at, kept, noted, text
from tests.seeding import Subscribed

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


async def test_a_card_says_how_often_and_in_which_hours_sms_come(desk: Running) -> None:
    operator, _, path = await card_of(desk)
    async with desk.door.database.transaction() as q:
        await seeding.set_up(
            q, desk.school, rhythms="marks=day homework=off", day_from=600, day_to=660,
            off_days="67",
        )  # fmt: skip
    card = text(await operator.get(path))
    assert "отметки — сводкой раз в день; пропуски, расписание, объявления — сразу" in card
    assert "домашние задания — не сообщать" in card
    hours = "с 10:00 до 11:00, кроме субботы и воскресенья; дальше — тихие часы."
    assert f"SMS приходят {hours}" in card
    assert "Сейчас тихо: новое уйдёт завтра в 10:00" in card
    assert "Расписание рассылок" in card
    async with desk.door.database.transaction() as q:
        await seeding.set_up(q, desk.school, day_from=0, day_to=1440, off_days="")
    card = text(await operator.get(path))
    assert "SMS приходят в любой час: тихих часов нет." in card
    assert "Сейчас тихо" not in card


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
    card = text(await operator.get(path))
    assert "Родитель отключил SMS словом СТОП" in card
    assert f"untold?guardian_id={one.guardian_id}" in card, "why nothing comes is a click away"
    assert "Записать согласие" not in text(await operator.get(sub)), "it would be refused"
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
