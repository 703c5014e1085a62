"""Messages at the desk: the list, the card, what may be decided, and why nothing came."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl
import pytest
from playwright.async_api import expect

from sms_diary.admin.screens.messages import exporting, standing, way, words
from sms_diary.clock import DAY, HOUR, MINUTE, ManualClock
from sms_diary.model import ConsentState, Ground, Kind, MessageState, PartState, Silence, Topic
from sms_diary.store import messages as stored
from sms_diary.store.desk import funnel
from sms_diary.store.desk import messages as listed
from sms_diary.store.desk.users import Role
from sms_diary.store.doubt import Actor
from sms_diary.words import TOPIC_RU
from tests import seeding
from tests.conftest import NOW
from tests.desk.conftest import NARROW, WIDE, Running, accessible
from tests.desk.examples import messages as examples
from tests.journal_peer import Answer, at_the_door, route, settings

EVIL = "<script>alert(1)</script>"
PHONE = "+7 900 000-00-00"


async def put(
    desk: Running, text: str, part: str = "delivered", *, ago: int = HOUR, who: int = 0,
    error: str = "", failure: str = "", code: str = "",
) -> int:  # fmt: skip
    """A message of one part to a parent of 5А, with its part in this state."""
    at, tools = desk.clock.now() - ago, desk.door.service.base.tools
    ended = part in {*MessageState}
    async with desk.door.database.transaction() as q:
        [message_id] = await seeding.queue(
            q, tools, desk.door.subscribed[who], desk.school.id, text, now=at,
            expires=desk.clock.now() + DAY,
        )  # fmt: skip
        await q.run(
            "update message set state = :s, done_at = :d where id = :id",
            s=part if ended else "open", d=at + 2 * MINUTE if ended else None, id=message_id,
        )  # fmt: skip
        left = part not in ("queued", "withdrawn")
        own = f"id-{message_id}" if left and part not in ("doubt", "rejected") else None
        await q.run(
            """update part set state = :s, attempts = :left, claimed_at = :at, sent_at = :sent,
                   provider_id = :own, provider_key = :own, done_at = :d, failure = :failure,
                   code = :code where message_id = :id""",
            s=part, left=int(left), at=at + MINUTE if left else None,
            sent=at + MINUTE if own else None, own=own, failure=failure or None,
            code=code or None, d=at + 2 * MINUTE if ended else None, id=message_id,
        )  # fmt: skip
        if error:
            await q.run(
                """insert into receipt (id, route, provider_id, provider_key, part_id, state,
                       error, at)
                   select :id, 'main', 'x', 'x', part.id, :s, :error, :at from part
                   where message_id = :message_id""",
                id=tools.ids.new(), s=part, error=error, at=at + 2 * MINUTE,
                message_id=message_id,
            )  # fmt: skip
    return message_id


async def seen(desk: Running, path: str, role: Role = Role.OPERATOR) -> str:
    answer = await (await desk.as_(role)).get(f"/desk/school-5/{path}")
    assert answer.status == 200
    return answer.body.decode()


async def audited(desk: Running) -> list[tuple[str, str, int, str]]:
    async with desk.door.database.reading() as q:
        rows = await q.all("select action, kind, object_id, words from desk_audit order by id")
    return [(row["action"], row["kind"], row["object_id"], row["words"]) for row in rows]


# ---------------------------------------------------------------- words


def test_every_word_has_its_russian() -> None:
    assert words.STATE_RU.keys() == set(stored.STATES)
    assert words.TAB_RU.keys() == {""} | listed.STATES.keys()
    assert words.STEP_RU.keys() == funnel.STEPS.keys()
    assert words.GROUND_RU.keys() == set(Ground)
    assert words.VALUES["topics"] == {topic: TOPIC_RU[topic] for topic in Topic}
    assert words.KIND_RU.keys() == set(Kind)
    assert way.ACTORS.keys() == set(Actor)


# ---------------------------------------------------------------- the list


async def test_a_list_shows_whom_what_and_how_it_fares(desk: Running) -> None:
    sent = await put(desk, "Дарья Б.: Алгебра 5", "delivered")
    await put(desk, "Кирилл П.: нет на уроке", "rejected", who=1)
    page = await seen(desk, "messages")
    for said in ("Дарья Б.: Алгебра 5", "+7900***0000", "доставлено", "отказ оператора"):
        assert said in page
    assert f'href="/desk/school-5/messages/{sent}"' in page
    assert 'не дошли <span class="count">1</span>' in page
    failed = await seen(desk, "messages?state=failed")
    assert "Кирилл" in failed
    assert "Алгебра 5" not in failed


async def test_a_filter_that_is_nonsense_counts_as_none(desk: Running) -> None:
    await put(desk, "Алгебра 5")
    for query in (
        "state=x", "step=x", "since=31", "class_id=a", "before=z", "days=99999",
        "since=0001-01-01", "until=9999-12-31", "before=99999999999999999999",
    ):  # fmt: skip
        assert "Алгебра 5" in await seen(desk, f"messages?{query}"), query


async def test_every_figure_of_the_summary_leads_to_as_many_rows(desk: Running) -> None:
    for part in ("delivered", "delivered", "undelivered", "queued", "sent", "doubt"):
        await put(desk, "текст", part)
        await put(desk, "текст", part, ago=2 * DAY)
    summary = await seen(desk, "")
    figures = re.findall(r'href="(/desk/school-5/messages\?step[^"]+)"><b[^>]*>(\d+)', summary)
    assert len(figures) == 2 * 5 + 1
    operator = await desk.as_(Role.OPERATOR)
    for address, count in figures:
        page = (await operator.get(address.replace("&amp;", "&"))).body.decode()
        assert (address, page.count('data-label="Когда"')) == (address, int(count))
        assert "Только:" in page
    doubtful = await seen(desk, "messages?state=doubt")
    assert "messages?state=doubt" in summary
    assert re.search(r"Неясно, ушло ли: 2\sсообщения, самому старому", summary)
    assert doubtful.count('data-label="Когда"') == 2


async def test_a_phone_is_looked_for_without_a_trace_of_it(desk: Running) -> None:
    await put(desk, "первому")
    await put(desk, "второму", who=1)
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post("/desk/school-5/messages", phone=PHONE)
    number_id = desk.door.subscribed[0].number_id
    assert answer.headers["Location"] == f"/desk/school-5/messages?number_id={number_id}"
    page = await seen(desk, f"messages?number_id={number_id}")
    assert "первому" in page
    assert "второму" not in page
    assert "+7900***0000" in page
    assert ("searched", "messages", 0, "") in await audited(desk)


@pytest.mark.parametrize(
    ("phone", "said"),
    [("", "Заполните"), ("12", "Нужен номер"), ("+7 900 000-77-77", "такого номера нет")],
)
async def test_a_phone_that_is_not_here_is_said_kindly(
    desk: Running, phone: str, said: str
) -> None:
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post("/desk/school-5/messages", phone=phone)
    assert answer.status == 422
    assert said in answer.body.decode()
    assert (phone[-5:] in answer.headers.get("Location", "")) is (phone == "")


async def test_another_schools_phone_is_as_unknown_as_nobodys(desk: Running) -> None:
    other = desk.door.subscribed[0].number_id
    admin = await desk.as_(Role.DISTRICT_ADMIN)
    known = await admin.post("/desk/school-7/messages", phone=PHONE)
    nobody = await admin.post("/desk/school-7/messages", phone="+7 900 000-00-99")
    assert (known.status, nobody.status) == (422, 422)
    assert without_phone(known) == without_phone(nobody)
    page = (await admin.get(f"/desk/school-7/messages?number_id={other}")).body.decode()
    assert "+7900***" not in page


def without_phone(answer: Answer) -> str:
    return re.sub(r'value="\+7[^"]+"', "", answer.body.decode())


# ---------------------------------------------------------------- files


async def test_a_file_has_no_formula_and_is_noted(desk: Running) -> None:
    await put(desk, "=HYPERLINK(1)")
    await put(desk, "Алгебра 5", "rejected")
    operator = await desk.as_(Role.OPERATOR)
    plain = (await operator.get("/desk/school-5/messages/export?file=csv")).body.decode()
    assert "'=HYPERLINK" in plain
    assert "+7900***0000" in plain
    only = (await operator.get("/desk/school-5/messages/export?file=csv&state=failed")).body
    assert "HYPERLINK" not in only.decode()
    answer = await operator.get("/desk/school-5/messages/export?file=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.body)).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    assert "=HYPERLINK(1)" in {cell.value for cell in cells}
    kinds = [(action, kind) for action, kind, _, _ in await audited(desk)]
    assert kinds.count(("exported", "messages")) == 3


async def test_a_file_that_is_cut_says_so(desk: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("первое", "второе", "третье"):
        await put(desk, text)
    operator = await desk.as_(Role.OPERATOR)
    path = "/desk/school-5/messages/export?file=csv"
    assert "Это не всё" not in (await operator.get(path)).body.decode()
    monkeypatch.setattr(exporting, "MOST", 2)
    cut = (await operator.get(path)).body.decode()
    assert "Это не всё: в файле первые 2. Сузьте отбор" in cut
    assert "первое" not in cut


# ---------------------------------------------------------------- the card


async def test_a_card_tells_the_whole_story(desk: Running) -> None:
    message_id = await put(desk, "Алгебра 5", "undelivered", error="12")
    page = await seen(desk, f"messages/{message_id}")
    to = desk.door.subscribed[0]
    for said in (
        "Алгебра 5", "Кириллица", "9\N{NO-BREAK SPACE}знаков", "1\N{NO-BREAK SPACE}SMS",
        "Составлено сообщение", "Передано оператору", "Оператор принял",
        f"Номер у оператора: id-{message_id}", "Оператор сообщил: не доставлено",
        "Код оператора: 12", "Не доставлено:", "Согласие родителя", "+7900***0000",
        f"/desk/school-5/people/guardians/{to.guardian_id}",
        f"/desk/school-5/messages/{message_id}/proof",
    ):  # fmt: skip
        assert said in page, said
    assert page.count("не доставлено") <= 4, "a receipt and the end it brings are one step"
    assert "+79000000000" not in page
    assert ("saw", "messages", message_id, "") in await audited(desk)


async def test_a_card_says_what_it_cost_where_the_route_has_a_price(tmp_path: Path) -> None:
    clock, routes = ManualClock(NOW), [route(1, price="2.6")]
    async with at_the_door(settings(tmp_path, routes=routes), clock=clock) as door:
        desk = Running(door, clock)
        message_id = await put(desk, "Алгебра 5")
        async with door.database.transaction() as q:  # the operator cuts it, and bills each
            await q.run("update message set parts = 1, segments = 3 where id = :id", id=message_id)
        page = await seen(desk, f"messages/{message_id}")
    assert "3\N{NO-BREAK SPACE}SMS · ≈ 7,80\N{NO-BREAK SPACE}₽" in page


async def test_a_refusal_is_told_in_words_with_what_to_do(desk: Running) -> None:
    message_id = await put(desk, "текст", "rejected", failure="bad-number", code="11")
    page = await seen(desk, f"messages/{message_id}")
    assert "такого номера нет. Проверьте номер у родителя" in page
    assert "Код оператора: 11" in page


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("queued", "Ждёт своей очереди к оператору."), ("sent", "отчёта о доставке ещё нет"),
        ("doubt", "его ответ потерян"), ("delivered", "Доставлено на телефон."),
        ("expired", "Вышел срок"), ("unknown", "так и не сообщил"), ("withdrawn", "Отозвано"),
    ],
)  # fmt: skip
async def test_a_card_says_what_is_with_it_now(desk: Running, part: str, said: str) -> None:
    message_id = await put(desk, "текст", part)
    assert said in await seen(desk, f"messages/{message_id}")


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        ("school", "paused_at = 1", "рассылка школы приостановлена"),
        ("part", "closes = 1", "наступили тихие часы"),
        ("part", "state = 'retry', due = 2, claimed_at = 1, attempts = 1", "отправим ещё раз"),
        ("number", "state = 'suspended'", "писать нельзя"),
    ],
)
async def test_what_waits_says_for_what(desk: Running, table: str, change: str, said: str) -> None:
    message_id = await put(desk, "текст", "queued")
    async with desk.door.database.transaction() as q:
        await q.run(f"update {table} set {change}")
    assert said in await seen(desk, f"messages/{message_id}")


async def test_news_are_told_of_with_how_long_they_waited(desk: Running) -> None:
    steps = way.told([
        {"at": 0, "what": "posted", "kind": "mark", "source": "webhook"},
        {"at": 1, "what": "posted", "kind": "homework", "source": "webhook"},
        {"at": HOUR, "what": "due", "kind": "mark"},
        {"at": 2 * HOUR, "what": "due", "kind": "homework"},
        {"at": 2 * HOUR, "what": "composed", "parts": 2},
        {"at": 3 * HOUR, "what": "handed over", "part": 1, "of": 2, "route": "r", "attempt": 1},
        {"at": 3 * HOUR, "what": "handed over", "part": 2, "of": 2, "route": "r", "attempt": 1},
        {"at": 4 * HOUR, "what": "receipt", "part": 2, "state": "delivered", "error": ""},
        {"at": 4 * HOUR, "what": "delivered", "part": 2, "of": 2, "failure": "", "code": ""},
    ])  # fmt: skip
    assert [(text, tone) for _, text, _, tone in steps] == [
        ("Журнал прислал: домашнее задание, отметка", "off"), ("Подошло время сообщить", "off"),
        ("Составлено сообщение", "off"), ("Передано оператору, обе части", "off"),
        ("Оператор сообщил: доставлено, 2-я часть из 2", "good"),
    ]  # fmt: skip
    assert "до конца тихих часов" in steps[1][2]
    [(_, by_hand, _, _), _] = way.told([
        {"at": 0, "what": "posted", "kind": "announcement", "source": "desk"},
        {"at": 2, "what": "composed", "parts": 1},
    ])  # fmt: skip
    assert by_hand == "Написано в кабинете: объявление"


async def test_a_number_is_shown_to_who_may_and_noted(desk: Running) -> None:
    message_id = await put(desk, "текст")
    path = f"/desk/school-5/messages/{message_id}/number"
    operator, observer = await desk.as_(Role.OPERATOR), await desk.as_(Role.OBSERVER)
    assert "Показать номер" not in await seen(desk, f"messages/{message_id}", Role.OBSERVER)
    assert (await observer.post(path)).status == 403
    assert ("saw-number", "message", message_id, "") not in await audited(desk)
    answer = await operator.post(path)
    assert "+79000000000" in answer.body.decode()
    assert ("saw-number", "message", message_id, "") in await audited(desk)


async def test_what_allowed_it_can_be_printed(desk: Running) -> None:
    message_id = await put(desk, "текст")
    page = await seen(desk, f"messages/{message_id}/proof")
    for said in ("Основание есть: согласие родителя.", "Журнал согласий, строка", "форма SMS-1",
                 "все строки от первой до последней сходятся", "Выписку сделал"):  # fmt: skip
        assert said in page
    assert "<style" not in page


async def test_a_class_teacher_sees_their_own_and_no_search_finds_more(desk: Running) -> None:
    own = await put(desk, "своим")
    teacher = await desk.as_(Role.CLASS_TEACHER)
    async with desk.door.database.transaction() as q:
        tools = desk.door.service.base.tools
        [class_id] = await seeding.classes(q, tools, desk.school, "7Б")
        pupil_id = await seeding.pupil(q, tools, desk.school, class_id, "Петров Кирилл")
        [to] = await seeding.subscribe(q, tools, desk.school, [(pupil_id, seeding.phone(77))])
        [foreign] = await seeding.queue(q, tools, to, desk.school.id, "чужим", now=1)
    page = await seen(desk, "messages", Role.CLASS_TEACHER)
    assert "своим" in page
    assert "чужим" not in page
    assert 'class="count"' not in page, "sums of the school are not theirs"
    assert (await teacher.get(f"/desk/school-5/messages/{own}")).status == 200
    for path in (f"messages/{foreign}", f"messages/{foreign}/proof"):
        assert (await teacher.get(f"/desk/school-5/{path}")).status == 404
    found = await teacher.post("/desk/school-5/messages", phone=seeding.phone(77))
    assert "такого номера нет" in found.body.decode()
    assert "чужим" in await seen(desk, f"messages?class_id={class_id}")
    assert "чужим" not in await seen(desk, f"messages?class_id={class_id}", Role.CLASS_TEACHER)


# ---------------------------------------------------------------- doubt


async def test_a_doubt_is_resolved_once_and_by_whom_is_kept(desk: Running) -> None:
    message_id = await put(desk, "текст", "doubt")
    operator = await desk.as_(Role.OPERATOR)
    path = f"/desk/school-5/messages/{message_id}/decide"
    assert "дважды" in (await operator.get(path)).body.decode()
    answer = await operator.post(path, decision="sent")
    assert (answer.status, answer.headers["Location"]) == (303, path.removesuffix("/decide"))
    page = await seen(desk, f"messages/{message_id}")
    assert "Отмечено: сообщение ушло" in page
    assert "на этих страницах" in page
    assert ("decided", "message", message_id, "считать ушедшим") in await audited(desk)
    again = await operator.post(path, decision="sent")
    assert again.status == 409
    assert "Решать нечего" in again.body.decode()


async def test_a_repeat_wants_to_hear_that_it_may_arrive_twice(desk: Running) -> None:
    message_id = await put(desk, "текст", "doubt")
    operator = await desk.as_(Role.OPERATOR)
    path = f"/desk/school-5/messages/{message_id}/decide"
    for said in ("repeat", "", "x"):
        assert (await operator.post(path, decision=said)).status == 422
    assert "неясно, ушло ли" in await seen(desk, f"messages/{message_id}")
    assert (await operator.post(path, decision="repeat", twice="1")).status == 303
    assert "Решено послать ещё раз" in await seen(desk, f"messages/{message_id}")


async def test_nothing_is_repeated_against_a_stop_or_too_late(desk: Running) -> None:
    stopped, late = await put(desk, "текст", "doubt"), await put(desk, "текст", "doubt", who=1)
    async with desk.door.database.transaction() as q:
        await q.run(
            "update number set consent_rev = consent_rev + 1 where id = :id",
            id=desk.door.subscribed[0].number_id,
        )
        for table, column in (("message", "id"), ("part", "message_id")):
            await q.run(f"update {table} set expires = 1 where {column} = :id", id=late)
    operator = await desk.as_(Role.OPERATOR)
    for message_id, said in ((stopped, "родитель отказался"), (late, "срок сообщения вышел")):
        path = f"/desk/school-5/messages/{message_id}/decide"
        answer = await operator.post(path, decision="repeat", twice="1")
        assert answer.status == 409
        assert said in answer.body.decode()
    page = (await operator.get(f"/desk/school-5/messages/{late}/decide")).body.decode()
    assert 'value="repeat"' not in page


# ---------------------------------------------------------------- what was not told


async def test_what_did_not_arrive_is_sent_once_more_when_the_warning_was_read(
    desk: Running,
) -> None:
    message_id = (await examples.failed(desk))["id"]
    card, again = f"messages/{message_id}", f"/desk/school-5/messages/{message_id}/again"
    assert again in await seen(desk, card)
    assert again not in await seen(desk, card, Role.OBSERVER)
    operator = await desk.as_(Role.OPERATOR)
    assert "может прийти дважды" in (await operator.get(again)).body.decode()
    unread = await operator.post(again)
    assert (unread.status, "Отметьте, что понимаете" in unread.body.decode()) == (422, True)
    number_id = desk.door.subscribed[0].number_id
    sent = await operator.post(again, twice="1")
    assert sent.headers["Location"] == f"/desk/school-5/messages?number_id={number_id}"
    assert ("decided", "message", int(message_id), "послать ещё раз") in await audited(desk)
    twice = await operator.post(again, twice="1")
    assert (twice.status, "Посылать уже нечего" in twice.body.decode()) == (409, True)
    page = await seen(desk, card)
    assert "ещё раз, другим сообщением" in page
    assert again not in page


async def test_nobody_is_sent_again_what_they_have_refused_since(desk: Running) -> None:
    message_id = (await examples.failed(desk))["id"]
    async with desk.door.database.transaction() as q:
        await seeding.set_consent(
            q, desk.door.service.base.tools, desk.school.id, desk.door.subscribed[:1],
            ConsentState.STOPPED,
        )  # fmt: skip
    operator = await desk.as_(Role.OPERATOR)
    answer = await operator.post(f"/desk/school-5/messages/{message_id}/again", twice="1")
    assert (answer.status, "родитель отказался" in answer.body.decode()) == (409, True)
    async with desk.door.database.reading() as q:
        [line] = await q.all("select state, reason from line")
        [message] = await q.all("select reason from message")
    assert (line["state"], line["reason"], message["reason"]) == ("silent", "not-delivered", "")


async def test_a_card_says_how_far_its_text_was_shortened(desk: Running) -> None:
    message_id = await put(desk, "Алгебра 5")
    assert "сокращён" not in await seen(desk, f"messages/{message_id}")
    async with desk.door.database.transaction() as q:
        await q.run("update message set level = 'short'")
    assert "сокращён, вид «краткий»" in await seen(desk, f"messages/{message_id}")


async def test_why_nothing_came_is_told_by_day(desk: Running) -> None:
    tools, now = desk.door.service.base.tools, desk.clock.now()
    async with desk.door.database.transaction() as q:
        for n, (due, reason) in enumerate(
            [(now - DAY, Silence.STOPPED), (now, Silence.NO_CONSENT), (now + HOUR, "")], 1
        ):
            await seeding.entry(q, desk.school, n)
            line = await seeding.line(q, tools, desk.door.subscribed[0], n, due=due)
            if reason:
                await q.run(
                    "update line set state = 'silent', reason = :r where id = :id",
                    r=reason, id=line,
                )  # fmt: skip
    page = await seen(desk, "untold")
    for said in ("24 ноября 2026", "23 ноября 2026", "Родитель отключил SMS словом СТОП",
                 "Нет доказанного согласия родителя на SMS (1)"):  # fmt: skip
        assert said in page
    assert page.count('data-label="Почему"') == 2
    narrowed = await seen(desk, "untold?day=2026-11-23&reason=stopped")
    assert narrowed.count('data-label="Почему"') == 1
    assert (await seen(desk, "untold?what=waiting")).count('data-label="О чём"') == 1
    for query in ("before=x", "day=x", "what=x", "class_id=x", "reason=x", "before=1-2-3"):
        await seen(desk, f"untold?{query}")


async def test_an_empty_list_says_what_to_do_next(desk: Running) -> None:
    for path in ("messages", "messages?state=failed", "messages?number_id=1", "untold",
                 "untold?day=2026-11-23", "untold?what=waiting"):  # fmt: skip
        page = await seen(desk, path)
        assert re.search(r'class="empty">.*class="button"', page, re.DOTALL), path


# ---------------------------------------------------------------- hostile


async def test_no_script_of_anybody_runs(desk: Running) -> None:
    message_id = await put(desk, EVIL, "undelivered", error=EVIL)
    doubtful = await put(desk, EVIL, "doubt")
    async with desk.door.database.transaction() as q:
        await q.run("update pupil set full_name = :evil", evil=EVIL)
        await q.run("update guardian set full_name = :evil", evil=EVIL)
        await q.run("update part set provider_id = :evil, code = :evil, failure = 'unknown'",
                    evil=EVIL)  # fmt: skip
        await seeding.entry(q, desk.school, 1)
        await q.run("update entry set subject = :evil", evil=EVIL)
        line = await seeding.line(q, desk.door.service.base.tools, desk.door.subscribed[0], 1)
        await q.run("update line set state = 'silent', reason = 'stopped' where id = :id", id=line)
    for path in ("messages", f"messages/{message_id}", f"messages/{message_id}/proof",
                 f"messages/{doubtful}/decide", "untold", f"messages?topic={EVIL}"):  # fmt: skip
        page = await seen(desk, path)
        assert EVIL not in page, path
        # The proof names nobody here, and a topic that is none is not repeated.
        assert "&lt;script&gt;" in page or path.endswith("proof") or "topic" in path, path


# ---------------------------------------------------------------- in a browser


@pytest.mark.browser
@pytest.mark.parametrize("width", [WIDE, NARROW])
async def test_the_pages_can_be_used_by_everybody(walker: Running, width: int) -> None:
    message_id = await put(walker, "Дарья Б.: Алгебра 5", "undelivered", error="12")
    doubtful = await put(walker, "Дарья Б.: Алгебра 4", "doubt")
    pages = {
        "messages": ["Найти по номеру телефона", "не дошли", "Дарья Б.: Алгебра 5", "+7900***0000"],
        f"messages/{message_id}": ["Текст, как он отправлен", "Как шло", "Что разрешило"],
        f"messages/{message_id}/proof": ["Основание есть: согласие родителя."],
        f"messages/{doubtful}/decide": ["Послать ещё раз.", "Понимаю"],
        "untold": ["Не рассказано", "ждёт своего времени", "Обо всём рассказано"],
    }
    operator = await walker.as_(Role.OPERATOR)
    async with walker.at(width, "dark" if width == NARROW else "light", someone=operator) as page:
        for path, essential in pages.items():
            await page.goto(f"/desk/school-5/{path}")
            for text in essential:
                await expect(page.locator("#content").get_by_text(text).first).to_be_visible()
            await accessible(page)
        failed = (await examples.failed(walker))["id"]
        await page.goto(f"/desk/school-5/messages/{failed}")
        await accessible(page)
        await page.get_by_role("link", name="Послать ещё раз").click()
        await expect(page.get_by_text("родитель получит SMS дважды")).to_be_visible()
        await expect(page.get_by_label("Понимаю")).to_be_visible()
        await accessible(page)
        await page.goto("/desk/school-5/messages")
        topic = page.get_by_label("О чём")
        await expect(topic).to_be_visible(visible=width == WIDE)
        await page.goto("/desk/school-5/messages?topic=marks")
        await expect(topic).to_be_visible()  # what a list is narrowed by is never folded away


@pytest.mark.browser
@pytest.mark.parametrize("javascript", [True, False])
async def test_a_doubt_is_found_from_the_summary_and_decided(
    walker: Running, *, javascript: bool
) -> None:
    await put(walker, "Дарья Б.: Алгебра 4", "doubt")
    operator = await walker.as_(Role.OPERATOR)
    async with walker.at(WIDE, javascript=javascript, someone=operator) as page:
        await page.goto("/desk/school-5/")
        await page.get_by_role("link", name="Посмотреть").click()
        await page.get_by_role("link", name="Дарья Б.: Алгебра 4").click()
        await page.get_by_role("link", name="Решить").click()
        await page.get_by_label("Послать ещё раз").check()
        await page.get_by_role("button", name="Записать решение").click()
        await expect(page.get_by_role("alert")).to_contain_text("может получить SMS дважды")
        await page.get_by_label("Послать ещё раз").check()
        await page.get_by_label("Понимаю").check()
        await page.get_by_role("button", name="Записать решение").click()
        await expect(page.get_by_text("Сообщение будет отправлено ещё раз.")).to_be_visible()
        await page.get_by_role("button", name="Показать номер").click()
        await expect(page.get_by_text("+79000000000")).to_be_visible()
        assert "9000000000" not in page.url


def test_every_end_of_a_message_says_what_to_do() -> None:
    ends = set(MessageState) - {MessageState.OPEN, MessageState.DELIVERED, MessageState.WITHDRAWN}
    assert standing.FAILED.keys() == ends
    assert PartState.DOUBT in words.STATE_RU
