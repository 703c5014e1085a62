"""The parent's page over HTTP: coming in, what is seen, what is done, going out."""

from __future__ import annotations

import csv
import io
import re
import statistics
import time
from typing import Any

import pytest

from sms_diary.clock import HOUR, MINUTE
from sms_diary.model import ConsentState
from sms_diary.parent import layout
from sms_diary.parent.way_in import CODE_SAID
from sms_diary.store import filling
from sms_diary.store.desk.users import Role
from sms_diary.store.filling import Visits
from sms_diary.store.parent import slips
from sms_diary.store.parent.codes import Answer as Checked
from sms_diary.web import passwords
from tests import seeding
from tests.desk.parents import MUM, NEW, NOBODY, Home, Visitor, missed, told
from tests.journal_peer import Answer, text

PRINTED, OWN = "4821-7730-1946", "кот сидит на окне"


async def column(home: Home, sql: str, **params: object) -> list[Any]:
    return list(await seeding.column(home.desk.door.database, sql, **params))


# ---------------------------------------------------------------- coming in


async def test_a_code_lets_in_and_the_visit_is_counted_without_a_name(home: Home) -> None:
    await told(home)
    mum = Visitor(home)
    assert "Вход для родителей" in await mum.page("/my")
    answer = await mum.enter()
    assert (answer.status, answer.headers["Location"]) == (303, "/my")
    page = await mum.page("/my")
    for said in ("Дарья Б.", "Егор Б.", "Математика", "Контрольная работа", "среда, 25 ноября",
                 "2 ур. биология, а не математика", "9:20"):  # fmt: skip
        assert said in page, said
    assert await column(home, "select visits from parent_visit order by school_id") == [1, 1]
    assert await column(home, "select day from parent_visit") == ["2026-11-24"] * 2


async def test_absences_stand_beside_marks_by_day_and_lesson_and_name_no_illness(
    home: Home,
) -> None:
    await told(home)
    await missed(home)
    mum = Visitor(home)
    await mum.enter()
    page = await mum.page("/my")
    darya, _ = page.split("Егор Б.")
    [tuesday, monday] = [
        [" ".join(re.sub("<[^>]+>", " ", one).split()) for one in re.findall("<li>.*?</li>", day)]
        for day in re.findall('<ul class="marks">(.*?)</ul>', darya, re.DOTALL)
    ]
    assert tuesday == [
        "1 урок опоздание", "Математика Контрольная работа 5", "История 3 урок пропуск",
        "Физкультура 4 урок освобождение",
    ]  # fmt: skip
    assert monday == ["Весь день пропуск (ув)", "Русский язык 4"]
    assert "Пропусков: 2. Опозданий: 1" in darya
    for word in ("ОРВИ", "справка", "болезн", "География", "Химия"):
        assert word not in page, word


async def test_a_week_of_nothing_is_said_so_and_counts_nothing(home: Home) -> None:
    mum = Visitor(home)
    await mum.enter()
    page = await mum.page("/my")
    assert page.count("За семь дней нет ни отметок, ни пропусков.") == 2
    assert "Пропусков:" not in page


async def test_a_visit_is_reported_beside_the_journals_own_and_never_added(home: Home) -> None:
    school = home.desk.school
    said = Visits("01.11.2026-24.11.2026", "Родители", 40, 20, 55)
    async with home.desk.door.database.transaction() as q:
        await filling.add_visits(q, school.id, 1, [said], as_of="2026-11-24")
    for _ in range(3):
        await Visitor(home).enter()
    deputy = await home.desk.as_(Role.OPERATOR)
    answer = await deputy.get(f"/desk/{school.slug}/reports/visits?file=csv")
    file = answer.body.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(file), delimiter=";"))
    assert [said.period, "родители", "40", "0,5", "55"] in rows
    assert ["01.11–24.11.2026", "3", "0"] in rows
    assert "58" not in file
    assert not re.search("Белкин|900", file)


async def test_numbers_and_codes_stand_in_no_address_and_no_page(home: Home) -> None:
    mum = Visitor(home)
    asked = await mum.post("/my/ask", number=MUM)
    code = await home.code(MUM)
    wrong = await mum.post("/my/code", code="000000" if code != "000000" else "111111")
    right = await mum.post("/my/code", code=code)
    number = await mum.get("/my/number")
    for answer in (asked, wrong, right, number, await mum.get("/my/messages")):
        said = str(answer.headers) + text(answer)
        assert code not in said
        assert "9000000000" not in re.sub(r"\D", "", said.replace("+7900***0000", ""))


def telling(answer: Answer) -> tuple[int, str, list[tuple[str, str]]]:
    """All of an answer that could tell one number from another."""
    own = ("Set-Cookie", "Date", "Content-Length")
    headers = sorted((k, v) for k, v in answer.headers.items() if k not in own)
    return answer.status, text(answer), headers


async def test_unknown_stopped_and_known_numbers_are_answered_alike(home: Home) -> None:
    stopped = seeding.phone(8)
    async with home.desk.door.database.transaction() as q:
        tools = home.desk.door.service.base.tools
        [class_id] = await seeding.classes(q, tools, home.desk.school, "5А")
        pupil_id = await seeding.pupil(q, tools, home.desk.school, class_id, "Гусев Тимофей")
        await seeding.subscribe(q, tools, home.desk.school, [(pupil_id, stopped)])
        await q.run(
            "update number set state = 'blocked-by-operator' where idx = :idx",
            idx=tools.vault.index(stopped),
        )
    answers = []
    for number in (MUM, stopped, NOBODY):
        somebody = Visitor(home)
        asked = await somebody.post("/my/ask", number=number)
        page = await somebody.get("/my/code")
        wrong = [await somebody.post("/my/code", code="000000") for _ in range(6)]
        answers.append([telling(one) for one in (asked, page, *wrong)])
    assert answers[0] == answers[1] == answers[2]
    assert "Если этот номер есть в журнале школы, мы отправили код." in answers[0][1][1]
    assert "8 (846) 000-10-00" in answers[0][1][1]


async def test_unknown_and_known_numbers_are_answered_in_the_same_time(home: Home) -> None:
    spent: dict[str, list[float]] = {"known": [], "unknown": []}
    for turn in range(20):
        home.desk.clock.advance(HOUR)
        for name, number in (("known", MUM), ("unknown", seeding.phone(200 + turn))):
            somebody = Visitor(home, forwarded=f"203.0.113.{turn}")
            began = time.perf_counter()
            await somebody.post("/my/ask", number=number)
            spent[name].append(time.perf_counter() - began)
    known, unknown = (statistics.median(spent[name]) for name in ("known", "unknown"))
    assert 0.5 < known / unknown < 2.0, (known, unknown)


async def test_no_number_is_answered_with_what_a_number_is(home: Home) -> None:
    answer = await Visitor(home).post("/my/ask", number="12345")
    assert (answer.status, "Нужен номер мобильного" in text(answer)) == (422, True)
    assert "12345" not in text(answer)


async def test_a_fourth_code_within_an_hour_is_refused_to_everybody_alike(home: Home) -> None:
    for number in (MUM, NOBODY):
        asked = [await Visitor(home).post("/my/ask", number=number) for _ in range(4)]
        assert [one.status for one in asked] == [303, 303, 303, 429]
        assert "слишком много" in text(asked[-1])
    home.desk.clock.advance(HOUR)
    assert (await Visitor(home).post("/my/ask", number=MUM)).status == 303


async def test_two_hundred_wrong_codes_do_not_get_in(home: Home) -> None:
    for turn in range(3):
        thief = Visitor(home, forwarded=f"203.0.113.{turn}")
        await thief.post("/my/ask", number=MUM)
        right = await home.code(MUM, before=turn)
        said = set()
        for n in range(70):
            answer = await thief.post("/my/code", code=f"{(int(right) + 1 + n) % 1_000_000:06}")
            assert answer.status in (422, 429)
            said |= {one for one in CODE_SAID.values() if one in text(answer)}
        assert said == {CODE_SAID[one] for one in (Checked.WRONG, Checked.OVER, Checked.TOO_MANY)}
        assert (await thief.post("/my/code", code=right)).status in (422, 429)
        assert "Вход для родителей" in await thief.page("/my")


async def test_whose_word_of_an_address_is_believed(home: Home) -> None:
    """Our own proxy stands at 127.0.0.1; what its clients write before that is theirs."""
    said = []
    for turn in range(31):
        somebody = Visitor(home, forwarded=f"10.0.0.{turn}, 203.0.113.7")
        said.append((await somebody.post("/my/ask", number=seeding.phone(300 + turn))).status)
    assert said == [303] * 30 + [429]
    other = Visitor(home, forwarded="203.0.113.8")
    assert (await other.post("/my/ask", number=seeding.phone(400))).status == 303


@pytest.mark.parametrize(
    "path", ["/my/ask", "/my/code", "/my/paper", "/my/password", "/my/logout", "/my/sms",
             "/my/consents", "/my/number", "/my/number/code"],
)  # fmt: skip
async def test_no_other_sites_form_is_taken(home: Home, path: str) -> None:
    mum = Visitor(home)
    for headers in ({"Origin": "https://evil.example"}, {}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await mum.post(path, headers=headers, number=MUM, do="stop-all")
        assert (answer.status, "Set-Cookie" in answer.headers) == (403, False)


@pytest.mark.parametrize("path", ["/my/messages", "/my/sms", "/my/consents", "/my/number"])
async def test_nothing_is_shown_to_nobody(home: Home, path: str) -> None:
    answer = await Visitor(home, cookies={"my": "planted"}).get(path)
    assert (answer.status, answer.headers["Location"]) == (303, "/my")


# ---------------------------------------------------------------- the slip of paper


async def slip(home: Home) -> str:
    """A fresh slip of the first school's family; its login."""
    tools, now = home.desk.door.service.base.tools, home.desk.clock.now()
    kept = await passwords.hashed(PRINTED)
    async with home.desk.door.database.transaction() as q:
        holder = slips.Holder(home.darya.pupil_id, "Дарья", home.darya.guardian_id, "")
        return await slips.make(q, tools, home.desk.school.id, holder, kept, by="x", now=now)


async def test_a_slip_lets_in_when_its_password_was_changed(home: Home) -> None:
    login = await slip(home)
    dad = Visitor(home)
    answer = await dad.post("/my/paper", login=f" {login.upper()} ", password=PRINTED)
    assert answer.status == 303
    for path in ("/my", "/my/messages", "/my/consents"):
        assert (await dad.get(path)).headers["Location"] == "/my/password"
    assert (await dad.post("/my/consents", do="stop-all")).headers["Location"] == "/my/password"
    assert "Придумайте пароль" in await dad.page("/my/password")
    for poor, said in (("коротко", "от 10 до 200"), (PRINTED, "придумайте другой")):
        refused = await dad.post("/my/password", password=poor)
        assert (refused.status, said in text(refused)) == (422, True)
    assert await column(home, "select visits from parent_visit") == []
    assert (await dad.post("/my/password", password=OWN)).headers["Location"] == "/my"
    page = await dad.page("/my")
    assert "Пароль сохранён" in page
    assert "Дарья Б." in page
    assert "Егор Б." not in page, "the other school's"
    assert await column(home, "select visits from parent_visit") == [1]
    again = Visitor(home)
    assert (await again.post("/my/paper", login=login, password=PRINTED)).status == 422
    assert (await again.post("/my/paper", login=login, password=OWN)).status == 303
    assert "Дарья Б." in await again.page("/my")


async def test_wrong_and_unknown_slips_are_answered_alike_and_not_for_ever(home: Home) -> None:
    login = await slip(home)
    somebody = Visitor(home)
    answers = [
        await somebody.post("/my/paper", login=login, password="1111-2222-3333"),
        await somebody.post("/my/paper", login="сосна0000", password=PRINTED),
    ]
    assert telling(answers[0]) == telling(answers[1])
    for _ in range(4):
        await somebody.post("/my/paper", login=login, password="1111-2222-3333")
    assert (await somebody.post("/my/paper", login=login, password=PRINTED)).status == 429
    home.desk.clock.advance(16 * MINUTE)
    assert (await somebody.post("/my/paper", login=login, password=PRINTED)).status == 303


async def test_an_old_or_revoked_slip_opens_nothing(home: Home) -> None:
    login = await slip(home)
    dad = Visitor(home)
    await dad.post("/my/paper", login=login, password=PRINTED)
    await dad.post("/my/password", password=OWN)
    async with home.desk.door.database.transaction() as q:
        assert await slips.revoke(q, home.desk.school.id, login, now=home.desk.clock.now())
    assert "Вход для родителей" in await dad.page("/my")
    assert (await dad.post("/my/paper", login=login, password=OWN)).status == 422
    late = await slip(home)
    home.desk.clock.advance(slips.HOLDS)
    assert (await dad.post("/my/paper", login=late, password=PRINTED)).status == 422


# ---------------------------------------------------------------- what is done there


async def test_a_rhythm_is_chosen_as_by_sms(home: Home) -> None:
    mum = Visitor(home)
    await mum.enter()
    field = f"marks-{home.darya.subscription_id}"
    assert f'name="{field}"' in await mum.page("/my/sms")
    form: dict[str, Any] = {field: "week", "marks-1": "now", "homework-2": "nonsense"}
    await mum.post("/my/sms", **form)
    assert await column(home, "select topic || ' ' || rhythm as r from rhythm") == ["marks week"]
    page = await mum.page("/my/sms")
    assert "Сохранено." in page
    assert '<option value="week" selected>' in page
    assert "Сохранено." not in await mum.page("/my/sms"), "said once"


async def test_a_consent_is_withdrawn_and_given_again_with_its_words(home: Home) -> None:
    mum = Visitor(home)
    await mum.enter()
    child = str(home.darya.subscription_id)
    await mum.post("/my/consents", child=child, topic="marks", do="stop")
    kept = "select topic || ' ' || state as s from consent where subscription_id = :id"
    assert sorted(await column(home, kept, id=home.darya.subscription_id)) == [
        "* active", "marks stopped",
    ]  # fmt: skip
    page = await mum.page("/my/consents")
    assert "Отключено: отметки." in page
    assert "stop-all" in page
    assert "Согласен получать SMS: отметки" in page
    assert "на этой странице" in page
    await mum.post("/my/consents", child=child, topic="marks", do="start")
    assert "marks active" in await column(home, kept, id=home.darya.subscription_id)
    assert await column(home, "select distinct actor from ledger where actor like 'parent%'") == [
        "parent, page"
    ]


async def test_stopping_everything_stops_every_school(home: Home) -> None:
    mum = Visitor(home)
    await mum.enter()
    await mum.post("/my/consents", do="stop-all")
    assert await column(home, "select state from consent") == ["stopped"] * 2
    assert await column(
        home, "select state from number where id = :id", id=home.darya.number_id
    ) == ["stopped"]
    assert "stop-all" not in await mum.page("/my/consents"), "there is nothing left to stop"
    assert "Дарья Б." in await mum.page("/my"), "the diary is still theirs"
    assert (await Visitor(home).enter()).status == 303, "and so is the way in"


async def test_personal_data_is_withdrawn_only_by_who_has_read_what_follows(home: Home) -> None:
    async with home.desk.door.database.transaction() as q:
        await seeding.set_consent(
            q, home.desk.door.service.base.tools, home.desk.school.id, [home.darya],
            ConsentState.ACTIVE, topic="pd",
        )  # fmt: skip
    mum = Visitor(home)
    await mum.enter()
    child = str(home.darya.subscription_id)
    answer = await mum.post("/my/consents", child=child, topic="pd", do="stop")
    assert (answer.status, "Поставьте отметку" in text(answer)) == (422, True)
    await mum.post("/my/consents", child=child, topic="pd", do="stop", sure="1")
    assert await column(home, "select state from consent where topic = 'pd'") == ["stopped"]
    assert "Нет действующего согласия на обработку" in await mum.page("/my")
    await mum.post("/my/consents", child=child, topic="pd", do="start")
    assert await column(home, "select state from consent where topic = 'pd'") == ["stopped"]


async def test_another_familys_child_is_not_there(home: Home) -> None:
    tools = home.desk.door.service.base.tools
    async with home.desk.door.database.transaction() as q:
        [class_id] = await seeding.classes(q, tools, home.desk.school, "5А")
        pupil_id = await seeding.pupil(q, tools, home.desk.school, class_id, "Гусев Тимофей")
        [other] = await seeding.subscribe(
            q, tools, home.desk.school, [(pupil_id, seeding.phone(8))]
        )
    mum = Visitor(home)
    await mum.enter()
    child = str(other.subscription_id)
    await mum.post("/my/consents", child=child, topic="*", do="stop")
    form: dict[str, Any] = {f"marks-{child}": "off"}
    await mum.post("/my/sms", **form)
    assert await column(
        home, "select state from consent where subscription_id = :id", id=other.subscription_id
    ) == ["active"]
    assert await column(home, "select 1 from rhythm") == []
    for path in ("/my", "/my/sms", "/my/consents"):
        assert "Тимофей" not in await mum.page(path)


async def test_a_number_is_changed_by_the_code_that_came_to_the_new_one(home: Home) -> None:
    mum = Visitor(home)
    await mum.enter()
    assert (await mum.post("/my/number", number=MUM)).status == 422
    answer = await mum.post("/my/number", number=NEW)
    assert answer.headers["Location"] == "/my/number/code"
    code = await home.code(NEW)
    thief = Visitor(home)
    await thief.post("/my/ask", number=NOBODY)
    assert (await thief.post("/my/code", code=code)).status == 422, "it lets nobody in"
    assert "Код с нового номера" in await mum.page("/my/number/code")
    await mum.post("/my/number/code", code=code, do="with")
    page = await mum.page("/my/number")
    assert "Номер сменён" in page
    assert "+7900***0070" in page
    assert await column(home, "select state from consent") == ["active"] * 2
    assert (await mum.get("/my/number/code")).status == 303, "used up"
    assert "Дарья Б." in await mum.page("/my")
    await Visitor(home).post("/my/ask", number=MUM)
    assert (await Visitor(home).enter(NEW)).status == 303
    assert len(home.codes(MUM)) == 1, "the old number is nobody's now"


async def test_a_paused_school_shows_nothing_of_its_diary(home: Home) -> None:
    await told(home)
    mum = Visitor(home)
    await mum.enter()
    async with home.desk.door.database.transaction() as q:
        await q.run("update school set paused_at = 1 where slug = 'school-5'")
    page = await mum.page("/my")
    assert "Школа приостановила дневник" in page
    assert "Математика" not in page


async def test_what_was_sent_is_read_there_but_no_code(home: Home) -> None:
    await told(home)
    mum = Visitor(home)
    await mum.enter()
    page = await mum.reads("/my/messages", "Дарья Б.")
    assert "мат 5" in page
    assert "код для входа" not in page


# ---------------------------------------------------------------- going out


async def test_who_goes_out_leaves_nothing_behind(home: Home) -> None:
    mum = Visitor(home)
    await mum.enter()
    held = dict(mum.cookies)
    page = await mum.get("/my")
    assert page.headers["Cache-Control"] == "no-store"
    answer = await mum.post("/my/logout")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert (mum.cookies, answer.headers["Location"]) == ({}, "/my/bye")
    assert "ничего не осталось" in await mum.page("/my/bye")
    assert "Вход для родителей" in await Visitor(home, cookies=held).page("/my")


async def test_the_cookie_ends_with_the_browser_and_a_page_with_its_session(home: Home) -> None:
    mum = Visitor(home)
    await mum.post("/my/ask", number=MUM)
    answer = await mum.post("/my/code", code=await home.code(MUM))
    for said in answer.headers.getall("Set-Cookie"):
        assert "HttpOnly" in said
        assert "SameSite=Lax" in said
        assert "expires" not in said.casefold() or 'my-code=""' in said
    page = await mum.get("/my")
    assert page.headers["Refresh"] == "905; url=/my"
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    home.desk.clock.advance(15 * MINUTE)
    assert "Вход для родителей" in await mum.page("/my")


async def test_signing_in_again_ends_the_session_that_was(home: Home) -> None:
    mum = Visitor(home)
    await mum.enter()
    first = dict(mum.cookies)
    await mum.enter()
    assert mum.cookies["my"] != first["my"]
    assert "Вход для родителей" in await Visitor(home, cookies=first).page("/my")


def test_no_page_has_a_script_or_keeps_what_is_typed() -> None:
    for template in layout.templates():
        source = template.read_text(encoding="utf-8")
        for word in (
            "<script",
            "style=",
            "<style",
            "onclick",
            "|safe",
            "http://",
            'autocomplete="on"',
        ):
            assert word not in source, f"{template.name}: {word}"
        for form in re.findall(r"<form[^>]*>", source):
            assert 'method="post"' in form
            assert 'autocomplete="off"' in form or "logout" in form


async def test_what_is_not_there_is_a_page_of_ours(home: Home) -> None:
    mum = Visitor(home)
    for path, status in (("/my/nothing", 404), ("/my/static/0000000000000000/my.css", 404)):
        answer = await mum.get(path)
        assert (answer.status, "На первую страницу" in text(answer)) == (status, True)
    for asset in layout.ASSETS.values():
        assert (await mum.get(asset.address)).body == asset.body
