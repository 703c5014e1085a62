"""`held`, `holidays`, `announcement` and a school's own `templates`, from the command line."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from sms_diary.app import Base
from sms_diary.clock import ManualClock
from sms_diary.compose import Compose
from sms_diary.fanout import Fanout
from sms_diary.ingest.accept import Acceptor
from sms_diary.store import schools, settings
from sms_diary.wake import Wakes
from tests import seeding
from tests.asking import RENDERER, WAYS
from tests.conftest import NOW
from tests.test_admin_cli import Desk

SCHOOL = ("--school", "school-5")
CLOCK = ("--now", "2026-11-24T12:00+04:00")
_NUMBERS = itertools.count(1)
ROUTE = """
[[routes]]
name = "main"
host = "127.0.0.1"
port = 2775
system_id = "school"
price = 2.5
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "sms-diary.toml").write_text(ROUTE, encoding="utf-8")
    return Desk(tmp_path)


def told(desk: Desk, *said: dict[str, object], compose: bool = True) -> None:
    """What the journal says is accepted, fanned out and, unless told otherwise, composed."""

    async def work(base: Base) -> None:
        clock, wakes = ManualClock(NOW), Wakes()
        async with base.database.reading() as q:
            school = await schools.by_slug(q, "school-5")
        assert school is not None
        acceptor = Acceptor(base.database, base.tools, clock, wakes)
        await acceptor.accept_many([seeding.events(school, f"r{next(_NUMBERS)}", *said)])
        steps = [Fanout(base.database, base.tools, clock, wakes).step]
        if compose:
            steps.append(Compose(base.database, base.tools, clock, wakes, RENDERER, WAYS).step)
        for step in steps:
            while await step():
                pass

    desk.do(work)


def column(desk: Desk, sql: str) -> list[object]:
    async def work(base: Base) -> list[object]:
        return await seeding.column(base.database, sql)

    return desk.do(work)


def set_(desk: Desk, **values: object) -> None:
    async def work(base: Base) -> None:
        async with base.database.transaction() as q:
            school = await schools.by_slug(q, "school-5")
            assert school is not None
            await settings.change(q, school.id, values, now=NOW)

    desk.do(work)


# ---------------------------------------------------------------- held

STATES = """select state || ' ' || reason || ' ' || many as said from (
    select state, reason, count(*) as many from line group by state, reason) found"""


@pytest.fixture
def flood(desk: Desk) -> Desk:
    """Thirty marks in a day where twenty are usual: ten wait for a person."""
    told(desk, *(seeding.mark("5", subject=f"Предмет {n}") for n in range(30)), compose=False)
    return desk


def test_a_flood_is_shown_with_what_can_be_done_about_it(flood: Desk) -> None:
    assert flood("held", "list", *SCHOOL)[1].splitlines() == [
        "отметки: записей 10, родителей 1, дни с 2026-11-24 по 2026-11-24",
        "Сообщить: sms-diary held release --school school-5",
        "Не сообщать: sms-diary held drop --school school-5",
    ]
    assert flood("held", "list", "--school", "school-7") == (0, "Ничего не отложено.\n")
    assert flood("held", "list", "--school", "school-9")[0] == 2


def test_a_flood_is_released(flood: Desk) -> None:
    said = flood("held", "release", *SCHOOL, *CLOCK)
    assert said == (0, "Будет сообщено записей: 10.\n")
    assert column(flood, STATES) == ["planned  30"]
    assert flood("held", "release", *SCHOOL, *CLOCK) == (0, "Будет сообщено записей: 0.\n")


def test_a_flood_is_dropped_with_its_reason(flood: Desk) -> None:
    assert flood("held", "drop", "--school", "school-7") == (0, "Не будет сообщено записей: 0.\n")
    assert flood("held", "drop", *SCHOOL) == (0, "Не будет сообщено записей: 10.\n")
    assert sorted(map(str, column(flood, STATES))) == ["planned  20", "silent not-released 10"]


# ---------------------------------------------------------------- holidays


def test_holidays_are_added_listed_and_removed(desk: Desk) -> None:
    code, said = desk("holidays", "list", *SCHOOL)
    assert (code, said.startswith("Каникул нет. Добавить: sms-diary holidays add")) == (0, True)
    added = desk("holidays", "add", *SCHOOL, "2026-12-31", "2027-01-10", "--name", "зимние", *CLOCK)
    assert added == (0, "school-5: каникулы с 2026-12-31 по 2027-01-10\n")
    assert desk("holidays", "list", *SCHOOL) == (0, "2026-12-31 2027-01-10 зимние\n")
    assert desk("holidays", "list", "--school", "school-7")[1].startswith("Каникул нет")
    assert desk("holidays", "remove", *SCHOOL, "2026-12-31", *CLOCK)[0] == 0
    assert desk("holidays", "list", *SCHOOL)[1].startswith("Каникул нет")


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (("2026-12-31", "2026-12-30"), "Последний день каникул раньше первого"),
        (("2026-13-31", "2026-12-30"), "2026-13-31"),
    ],
)
def test_holidays_that_are_none_are_refused(desk: Desk, days: tuple[str, str], said: str) -> None:
    code, output = desk("holidays", "add", *SCHOOL, *days, *CLOCK)
    assert code == 2
    assert said in output
    assert desk("holidays", "remove", *SCHOOL, "2026-12-31", *CLOCK) == (
        2, "Каникул с 2026-12-31 нет: sms-diary holidays list --school school-5\n",
    )  # fmt: skip


def test_what_waits_is_planned_anew_around_holidays(desk: Desk) -> None:
    set_(desk, rhythms="marks=day", digest_at=1080)
    told(desk, seeding.mark("5"))
    before = column(desk, "select due from line")
    desk("holidays", "add", *SCHOOL, "2026-11-24", "2026-11-26", *CLOCK)
    after = column(desk, "select due from line")
    assert [int(str(b)) - int(str(a)) for a, b in zip(before, after, strict=True)] == [
        3 * 24 * 3600 * 1000
    ]


# ---------------------------------------------------------------- announcement


def notice(text: str, **more: object) -> dict[str, object]:
    return {"kind": "announcement.posted", "audience": {"school": True}, "text": text} | more


def test_an_estimate_counts_in_the_school_s_own_words_and_letters(desk: Desk) -> None:
    set_(desk, short_name="Школа Пример")
    text = "Родительское собрание в четверг 26.11 в 18:00, актовый зал"
    estimate = ("announcement", "estimate", *SCHOOL, "--text", text, *CLOCK)
    assert desk(*estimate)[1].splitlines() == [
        "Получат: 2 родителя",
        "  русскими буквами: 2, каждому по 1 SMS",
        f"    «{text}»",
        "Всего: 2 SMS, 5,00 ₽",
    ]
    own = Path("announcement.txt")
    own.write_text("Внимание! Важное объявление: {{ текст }}", encoding="utf-8")
    assert desk("templates", "set", "announcement", str(own), *SCHOOL, *CLOCK)[0] == 0
    assert desk(*estimate, "--price", "3")[1].splitlines()[-1] == "Всего: 4 SMS, 12,00 ₽"
    set_(desk, latin=1, scheme="icao_doc_9303")
    latin = (
        "Vnimanie! Vazhnoe obieiavlenie: Roditelskoe sobranie v chetverg 26.11 v 18:00, aktovyi zal"
    )
    assert desk(*estimate)[1].splitlines()[1:] == [
        "  латиницей: 2, каждому по 1 SMS",
        f"    «{latin}»",
        "Всего: 2 SMS, 5,00 ₽",
    ]
    assert column(desk, "select id from entry") == []


def test_an_estimate_is_for_classes_or_parallels(desk: Desk) -> None:
    estimate = ("announcement", "estimate", *SCHOOL, "--text", "Сбор в 9:00", *CLOCK)
    for whom in (("--class", "5а"), ("--parallel", "5")):
        assert "    «5А: Сбор в 9:00»" in desk(*estimate, *whom)[1]
    said = desk(*estimate, "--pupil", "p1")[1]
    assert said.startswith("Получат: 1 родитель\n")
    assert "«Дарья Б.: Сбор в 9:00»" in said
    assert desk(*estimate, "--pupil", "p9") == (2, "Учеников с такими id в школе нет: p9\n")
    assert desk(*estimate, "--class", "7Я") == (2, "Таких классов в школе нет: 7Я\n")
    assert desk(*estimate, "--parallel", "7") == (
        2, "Классов с такими номерами в школе нет: 7\n",
    )  # fmt: skip


def test_who_gets_no_announcement_is_counted_with_the_reason(desk: Desk) -> None:
    first = str(desk.subscribed[0].subscription_id)
    desk("subscriptions", "stop", first, *SCHOOL, *CLOCK)
    said = desk("announcement", "estimate", *SCHOOL, "--text", "Сбор", *CLOCK)[1]
    assert said.startswith("Получат: 1 родитель\n")
    assert "Не получат: 1 — родитель отключил SMS словом СТОП\n" in said


def test_a_running_announcement_is_listed_and_stopped(desk: Desk) -> None:
    assert desk("announcement", "list", *SCHOOL) == (0, "Таких объявлений нет.\n")
    told(desk, notice("Сбор в 9:00", not_before="2026-11-25T10:00:00+04:00"), compose=False)
    number, said, text = desk("announcement", "list", *SCHOOL)[1].replace("\n\t", "\t").split("\t")
    assert (said, text) == ("ждёт своего времени: 2", "Сбор в 9:00\n")
    stop = ("announcement", "stop", number)
    assert desk(*stop, "--school", "school-7", *CLOCK)[0] == 2
    assert desk(*stop, *SCHOOL, *CLOCK) == (
        0, "Остановлено. Не получат те, кому ещё не ушло: 2.\n",
    )  # fmt: skip
    assert column(desk, STATES) == ["silent called-off 2"]
    assert desk("announcement", "list", *SCHOOL) == (0, "Таких объявлений нет.\n")
    assert desk("announcement", "stop", "1", *SCHOOL, *CLOCK)[0] == 2


# ---------------------------------------------------------------- a school's own texts


def write(text: str) -> str:
    Path("mark.txt").write_text(text, encoding="utf-8")
    return "mark.txt"


def test_a_school_s_text_is_kept_with_its_history_and_given_back(desk: Desk) -> None:
    def said(*more: str) -> tuple[int, str]:
        return desk("templates", *more, *SCHOOL)

    assert said("history", "mark")[1] == "Своего текста у школы не было: действует общий.\n"
    own = write("{{ имя }}: {{ предмет }} {{ отметка }}")
    assert said("set", "mark", own, "--by", "Завуч", *CLOCK)[1] == "mark: записано, версия 1\n"
    assert said("reset", "mark", *CLOCK)[1] == "mark: снова общий текст, версия 2\n"
    assert said("history", "mark")[1].splitlines() == [
        "версия 2, 24.11.2026 12:00, команда", "(общий текст)",
        "версия 1, 24.11.2026 12:00, Завуч", "{{ имя }}: {{ предмет }} {{ отметка }}",
    ]  # fmt: skip
    assert desk("templates", "history", "mark", "--school", "school-7")[1].startswith("Своего")


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("mark", "{{ имя }}", "mark: строка 1, столбец 1: значение {{ предмет }} должно быть"),
        ("mark", "{{ 'a'*10**9 }}", "mark: строка 1, столбец 4: вычисления не разрешены"),
        ("subjects", "химия | х", "subjects: subjects.txt, строка 1: нужно 4 столбца"),
        ("subjects", "химия | www.x.ru | х | х", "адрес сайта"),
        ("works", "после болезни | б | б | сдана", "о болезни в SMS не пишем"),
        ("mrak", "x", "Шаблона «mrak» нет."),
    ],
)
def test_a_text_that_is_wrong_is_not_kept(desk: Desk, name: str, text: str, why: str) -> None:
    code, said = desk("templates", "set", name, write(text), *SCHOOL, *CLOCK)
    assert code == 2
    assert why in said
    assert column(desk, "select name from template") == []


def test_what_waits_is_written_anew_in_the_new_text(desk: Desk) -> None:
    told(desk, seeding.mark("5"))
    assert column(desk, "select state from message") == ["open"]
    desk("templates", "set", "mark", write("{{ имя }}: {{ предмет }} {{ отметка }}"), *SCHOOL)
    assert column(desk, "select state from line") == ["planned"]


def test_a_school_teaches_its_own_subjects(desk: Desk) -> None:
    rows = write("робототехника | робототехн. | робот. | роб = роботы\n")
    assert desk("templates", "set", "subjects", rows, *SCHOOL, *CLOCK)[0] == 0
    told(desk, seeding.mark("5", subject="Роботы"))

    async def work(base: Base) -> str:
        async with base.database.reading() as q:
            [row] = await q.all("select id, text from message")
            return base.tools.vault.text(row["text"], "message.text", row["id"])

    assert desk.do(work).endswith("24.11 робототехника: 5")


def test_a_preview_is_in_the_school_s_own_hand(desk: Desk) -> None:
    set_(desk, short_name="Лицей", phone="000-20-00", latin=1)
    desk("templates", "set", "absence", write("{{ имя }} - {{ пропуски }}, {{ телефон }}"),
         *SCHOOL, *CLOCK)  # fmt: skip
    said = desk("templates", "preview", "absence", *SCHOOL)[1].splitlines()
    assert said[:4] == [
        "absence: пропуски",
        "Обычные значения",
        "  «Darya B. - net na urokakh 1-3, 000-20-00»",
        "    1 SMS, 2,50 ₽ · 40 знаков из 160 · латиница, GSM-7 · уровень полный (full)",
    ]
    assert desk("templates", "preview", "absence", "--school", "school-9")[0] == 2
    assert desk("templates", "export", "absence", *SCHOOL) == (
        0, "absence\t%w{1,3} - %w{1,20}, %w{1,4}\n",
    )  # fmt: skip
