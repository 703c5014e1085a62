"""The reports on delivery, reach and cost: what they count, what they hide, as what they come."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from sms_diary.clock import DAY, SECOND
from sms_diary.db import Database, Queries
from sms_diary.encoding import Scheme
from sms_diary.reports import bars, cost, delivery, district, files, reach, savings
from sms_diary.reports.asked import Asked, days, span
from sms_diary.reports.tables import (
    FEW,
    Cell,
    Few,
    Lasting,
    Money,
    Report,
    Share,
    Table,
    guarded,
    plain,
    shown,
)
from sms_diary.store import schools as stored
from sms_diary.store import tally
from sms_diary.store.samples import Sample
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools
from tests import fates, seeding
from tests.conftest import NOW
from tests.seeding import Subscribed

FIRST, LAST = date(2026, 10, 26), date(2026, 11, 24)
COUNT = 150


@dataclass
class Town:
    """A school with two classes, of which one is small, and four weeks of messages."""

    tools: Tools
    asked: Asked
    big: list[Subscribed]
    small: list[Subscribed]


@pytest.fixture
async def town(db: Database, tools: Tools, school: School) -> Town:
    async with db.transaction() as q:
        big = await _class(q, tools, school, "10А", 12, 1)
        small = await _class(q, tools, school, "5<script>", 3, 50)
        people = [*big, *small]
        await fates.live_through(q, tools, school.id, people, COUNT, now=NOW)
    asked = Asked(
        school, FIRST, LAST, NOW, explain=lambda _route, code: f"отказ {code}",
        explain_receipt=lambda _route, code: "телефон выключен" if code == "1" else "",
        prices={"main": Decimal("4.50"), "spare": Decimal("6")},
    )  # fmt: skip
    return Town(tools, asked, [one for one, _ in big], [one for one, _ in small])


async def _class(
    q: Queries, tools: Tools, school: School, title: str, count: int, first: int
) -> list[tuple[Subscribed, int]]:
    [class_id] = await seeding.classes(q, tools, school, title)
    ids = [await seeding.pupil(q, tools, school, class_id, f"Зайцев Олег {n}")
           for n in range(count)]  # fmt: skip
    pairs = [(one, seeding.phone(first + n)) for n, one in enumerate(ids)]
    return [(one, class_id) for one in await seeding.subscribe(q, tools, school, pairs)]


def table(report: Report, title: str) -> Table:
    [found] = [one for one in report.tables if one.title == title]
    return found


def row(found: Table, name: str) -> dict[str, Cell]:
    [cells] = [cells for cells in found.rows if cells[0] == name]
    return dict(zip(found.heads, cells, strict=True))


def column(found: Table, head: str) -> list[Cell]:
    at = found.heads.index(head)
    return [cells[at] for cells in (found.rows[:-1] if found.total else found.rows)]


def whole(found: Table, head: str) -> int:
    return sum(one for one in column(found, head) if isinstance(one, int))


async def states(q: Queries, school_id: int) -> dict[str, int]:
    rows = await q.all(
        "select state, count(*) as n from message where school_id = :id group by state",
        id=school_id,
    )
    return {one["state"]: one["n"] for one in rows}


# ---------------------------------------------------------------- delivery


async def test_delivery_is_what_the_messages_say(db: Database, town: Town) -> None:
    async with db.reading() as q:
        report = await delivery.report(q, town.asked)
        known = await states(q, town.asked.school.id)
    failed = sum(known.get(one, 0) for one in ("undelivered", "rejected", "expired", "unknown"))
    facts = dict(report.facts)
    assert facts["Сообщений"] == COUNT - known["withdrawn"]
    assert facts["Доставлено"] == known["delivered"]
    assert facts["Не доставлено"] == failed
    assert facts["Ещё в пути"] == known["open"]
    assert facts["Доля доставленных"] == Share(known["delivered"], known["delivered"] + failed)
    for title in ("По дням", "По классам", "По видам", "По каналам"):
        found = table(report, title)
        assert (title, whole(found, "создано")) == (title, facts["Сообщений"])
        assert whole(found, "доставлено") == known["delivered"]
        assert whole(found, "не доставлено") == failed
    assert whole(table(report, "Почему не дошло"), "сообщений") == failed
    assert whole(table(report, "Как быстро доходит"), "сообщений") == known["delivered"]


async def test_a_failure_is_said_in_russian_by_the_table_that_knows_it(
    db: Database, town: Town
) -> None:
    async with db.reading() as q:
        report = await delivery.report(q, town.asked)
    said = {
        (cells[0], cells[3]): cells[1] for cells in table(report, "Почему не дошло").rows
    }  # fmt: skip
    assert said["не доставлено", "1"] == "телефон выключен"
    assert said["не доставлено", "500"] == "отказ 500"
    refused = "ESME_RINVDSTADR"
    assert said["оператор отказался принять", refused] == f"отказ {refused}"
    unknown = "оператор так и не сообщил, что с ним стало"
    assert said[unknown, "—"] == "отчёта о доставке не было три дня"


async def test_a_long_time_is_told_by_the_week(db: Database, town: Town) -> None:
    asked = replace(town.asked, first=date(2026, 6, 1))
    async with db.reading() as q:
        report = await delivery.report(q, asked)
    found = table(report, "По неделям")
    assert [cells[0] for cells in found.rows] == [
        "26.10", "02.11", "09.11", "16.11", "23.11", "всего"
    ]  # fmt: skip
    assert whole(found, "создано") == dict(report.facts)["Сообщений"]


async def test_days_bound_a_report(db: Database, town: Town) -> None:
    async with db.reading() as q:
        both = [
            await delivery.report(q, replace(town.asked, first=first, last=last))
            for first, last in ((FIRST, date(2026, 11, 10)), (date(2026, 11, 11), LAST))
        ]
        report = await delivery.report(q, town.asked)
    counts = [dict(one.facts)["Сообщений"] for one in (*both, report)]
    first, second, both_of_them = [one for one in counts if isinstance(one, int)]
    assert min(first, second) > 0
    assert first + second == both_of_them


# ---------------------------------------------------------------- reach


async def test_reach_puts_each_family_in_one_group(db: Database, town: Town) -> None:
    stopped, blocked, silent = town.big[0], town.big[1], town.big[2]
    async with db.transaction() as q:
        for one, state in ((stopped, "stopped"), (blocked, "blocked-by-operator")):
            await q.run(
                "update number set state = :state where id = :id", state=state, id=one.number_id
            )
        await q.run(
            "update consent set state = 'asked' where subscription_id = :id",
            id=silent.subscription_id,
        )
        await q.run(
            "update message set state = 'undelivered' where guardian_id = :id",
            id=town.big[3].guardian_id,
        )
        report = await reach.report(q, town.asked)
    found = row(table(report, "По классам"), "10А")
    assert found == {
        "класс": "10А", "родителей": 12, "подписаны": 9, "доля": Share(9, 12),
        "из них получили SMS": 8, "не доходит": 1, "отключили": 1, "не соглашались": 1,
    }  # fmt: skip
    assert row(table(report, "По классам"), "вся школа")["родителей"] == 15


async def test_a_parent_of_two_is_one_of_the_school(db: Database, town: Town) -> None:
    async with db.transaction() as q:
        pair = (town.small[0].pupil_id, town.big[0].number)
        await seeding.subscribe(q, town.tools, town.asked.school, [pair])
        report = await reach.report(q, town.asked)
    found = table(report, "По классам")
    assert row(found, "10А")["родителей"] == 12
    assert row(found, "5<script>")["родителей"] == 4
    assert row(found, "вся школа")["родителей"] == 15


async def test_who_looks_from_outside_gets_no_small_group(db: Database, town: Town) -> None:
    async with db.reading() as q:
        asked = replace(town.asked, outside=True)
        found = await reach.report(q, asked)
        others = [await delivery.report(q, asked), await cost.report(q, town.tools, asked)]
    cells = [cell for cells in table(found, "По классам").rows for cell in cells[1:]]
    cells += [cell for _, cell in found.facts]
    assert {type(cell) for cell in cells} == {Few}
    for report in others:
        assert "По классам" not in [one.title for one in report.tables]
    assert "5<script>" in [cells[0] for cells in table(found, "По классам").rows]


@given(st.integers(0, 400))
def test_a_guarded_count_tells_no_small_number(count: int) -> None:
    said = shown(Few(count)).replace("\N{NO-BREAK SPACE}", " ")
    if 0 < count < FEW:
        assert said == "меньше 5"
    else:
        assert int(said) % FEW == 0
        assert abs(int(said) - count) <= FEW // 2
    assert plain(Few(count)) == said


def test_no_share_gives_away_what_a_count_hides() -> None:
    assert guarded([3, Share(1, 3), "5А"]) == (Few(3), "5А")


# ---------------------------------------------------------------- cost


async def test_cost_is_what_the_operator_took_at_its_price(db: Database, town: Town) -> None:
    async with db.reading() as q:
        report = await cost.report(q, town.tools, town.asked)
        rows = await q.all(
            """select p.route, count(*) as n from part p
               where p.sent_at is not null or p.state = 'undelivered' or p.state = 'delivered'
               group by p.route"""
        )
    billed = {one["route"]: one["n"] for one in rows}
    found = table(report, "По каналам")
    assert {name: row(found, name)["SMS"] for name in billed} == billed
    assert row(found, "main")["стоимость"] == Money(billed["main"] * 450)
    facts = dict(report.facts)
    assert facts["SMS за эти дни"] == sum(billed.values())
    assert facts["Стоимость"] == Money(billed["main"] * 450 + billed["spare"] * 600)
    for title in ("По классам", "По видам", "По буквам"):
        assert whole(table(report, title), "SMS") == sum(billed.values())


async def test_months_are_those_of_the_year_up_to_the_last_day(db: Database, town: Town) -> None:
    first, last = town.asked.first, town.asked.last
    async with db.transaction() as q:
        for day, sent in ((f"{last.year - 1}-12-01", 7), (f"{last.year - 1}-11-30", 9)):
            await q.run(
                """insert into tally
                   select school_id, :day, class_id, topic, ground, 'main', alphabet, 'expired', '',
                     cast(:sent as bigint), :sent, :sent, :sent, :sent, 0, 0, 0
                   from tally where school_id = :school_id limit 1""",
                day=day, sent=sent, school_id=town.asked.school.id,
            )  # fmt: skip
        found = table(await cost.report(q, town.tools, town.asked), "По месяцам")
        one_day = replace(town.asked, first=last)
        again = table(await cost.report(q, town.tools, one_day), "По месяцам")
    assert first < last
    assert found == again, "whichever days are asked for"
    names = [one[0] for one in found.rows]
    assert (names[0], names[-1]) == (f"декабрь {last.year - 1}", f"ноябрь {last.year}")
    assert f"ноябрь {last.year - 1}" not in names
    assert row(found, f"декабрь {last.year - 1}")["SMS"] == 7
    assert row(found, f"декабрь {last.year - 1}")["стоимость"] == Money(7 * 450)


async def test_without_a_price_no_money_is_made_up(db: Database, town: Town) -> None:
    async with db.reading() as q:
        asked = replace(town.asked, prices={"main": Decimal(4)})
        report = await cost.report(q, town.tools, asked)
    assert dict(report.facts)["Стоимость"] == Money(None)
    assert row(table(report, "По каналам"), "spare")["стоимость"] == Money(None)
    assert "цену SMS" in report.notes[-1]


async def test_the_forecast_goes_on_as_the_month_went(db: Database, town: Town) -> None:
    async with db.transaction() as q:
        school = await seeding.set_up(q, town.asked.school, budget_month=1000)
        asked = replace(town.asked, school=school)
        facts = dict((await cost.report(q, town.tools, asked)).facts)
        early = replace(asked, now=NOW - 21 * DAY)
        first = dict((await cost.report(q, town.tools, early)).facts)
    spent = facts["SMS в этом месяце"]
    assert isinstance(spent, int)
    assert facts["Будет к концу месяца"] == spent * 30 // 24
    assert facts["Бюджет месяца, SMS"] == 1000
    assert facts["Израсходовано"] == Share(spent, 1000)
    soon = first["Будет к концу месяца"]
    assert isinstance(soon, int)
    assert 0 < soon < spent * 2, "on the third of a month by the weeks before it"


def sample(text: str, guardian: int, at: int, segments: int) -> Sample:
    return Sample(guardian, text, segments, at)


def test_what_latin_and_a_digest_spare_is_measured_on_the_texts(school: School) -> None:
    long = "Дарья Б.: алгебра 5, физика 4; завтра контрольная по геометрии на третьем уроке"
    short = "Дарья Б.: алгебра 5"
    found = savings.measured(school, [
        sample(long, 1, NOW, 2), sample(short, 2, NOW, 1), sample(short, 2, NOW + SECOND, 1),
        sample(short, 2, NOW - DAY, 1),
    ])  # fmt: skip
    assert (found.took, found.latin, found.digest) == (5, 4, 4)
    assert found.of(found.took - found.latin, 100) == 20
    assert school.scheme is Scheme.MOSMETRO


def test_of_no_text_nothing_is_spared(school: School) -> None:
    found = savings.measured(school, [])
    assert (found.took, found.of(0, 100)) == (0, 0)


# ---------------------------------------------------------------- the district


async def test_schools_stand_side_by_side(db: Database, town: Town) -> None:
    async with db.transaction() as q:
        while await tally.step(q, limit=500):
            pass
        await seeding.live_school(q, town.tools, "school-9")
        known = await stored.every(q)
        report = await district.report(q, known, FIRST, LAST, now=NOW, prices=town.asked.prices)
        counts = await states(q, town.asked.school.id)
    found = report.tables[0]
    one = row(found, town.asked.school.name)
    assert one["доставлено"] == counts["delivered"]
    assert one["сообщений"] == COUNT - counts["withdrawn"] - counts["open"]
    assert one["родителей"] == Few(15)
    assert row(found, "Школа «school-9»")["сообщений"] == 0


# ---------------------------------------------------------------- as files


REPORT = Report(
    "delivery", "Доставка", "Школа, ноябрь", (("Сообщений", 1234), ("Доля", Share(1, 3))),
    (Table("По классам", ("класс", "SMS", "стоимость", "доля", "в среднем"),
           (("=1+1", 5, Money(1250), Share(1, 4), Lasting(1500)),
            ("5А", 6, Money(None), Share(0, 0), Lasting(None)))),
     Table("Пусто", ("класс",), (), empty="Ничего не было.")),
    ("Примечание.",),
)  # fmt: skip


def test_a_csv_takes_nothing_for_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(files.csv(REPORT).decode("utf-8-sig")), delimiter=";"))
    assert ["'=1+1", "5", "12,5", "0,25", "1,5"] in rows
    assert ["5А", "6", "", "", ""] in rows


def test_a_workbook_has_a_sheet_a_table_and_numbers_as_numbers() -> None:
    book = load_workbook(io.BytesIO(files.xlsx(REPORT)))
    assert book.sheetnames == ["1. Итоги", "2. По классам", "3. Пусто"]
    cells = [cell.value for cell in book["2. По классам"][2]]
    assert cells == ["=1+1", 5, 12.5, 0.25, 1.5]
    assert book["2. По классам"]["A2"].data_type == "s"
    assert book["1. Итоги"]["B2"].value == 1234


def test_a_terminal_gets_columns() -> None:
    said = files.text(REPORT)
    assert "  Сообщений: 1\N{NO-BREAK SPACE}234" in said
    assert "  5А       6   нет цены     —          —" in said
    assert "  Ничего не было." in said


def test_a_printed_page_is_harmless_and_whole() -> None:
    hostile = replace(REPORT, about="<script>", tables=(
        replace(REPORT.tables[0], rows=(("<img src=x>", 1, Money(1), Share(1, 2), Lasting(1)),),
                bar=3, picture=bars.columns([bars.Day("<b>", 1, 1, 1)], '"><script>')),
    ))  # fmt: skip
    page = files.printed(hostile, "Составлено сегодня")
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>" not in page
    assert page.count("<svg") == 2


def test_a_picture_draws_only_what_there_is() -> None:
    assert not bars.columns([], "")
    assert not bars.columns([bars.Day("24.11", 0, 0, 0)], "")
    drawn = bars.columns([bars.Day("24.11", 3, 0, 1), bars.Day("25.11", 0, 0, 0)], "по дням")
    assert drawn.count("<rect") == 2
    assert "24.11: доставлено 3, в пути 0, не доставлено 1" in drawn


@pytest.mark.parametrize(("cell", "page", "sheet"), [
    ("5А", "5А", "5А"), (1200, "1\N{NO-BREAK SPACE}200", 1200),
    (Share(0, 0), "—", ""), (Money(None), "нет цены", ""), (Lasting(None), "—", ""),
    (Lasting(42_400), "42\N{NO-BREAK SPACE}с", 42.4),
    (Lasting(120_000), "2\N{NO-BREAK SPACE}минуты", 120.0),
    (Money(1250), "12,50\N{NO-BREAK SPACE}₽", 12.5),
])  # fmt: skip
def test_a_cell_says_one_thing_to_people_and_another_to_a_sheet(
    cell: Cell, page: str, sheet: str | float
) -> None:
    assert (shown(cell), plain(cell)) == (page, sheet)


@pytest.mark.parametrize(("first", "last", "expected"), [
    (None, None, (date(2026, 10, 26), LAST)),
    (date(2026, 11, 5), date(2026, 11, 1), (date(2026, 11, 1), date(2026, 11, 5))),
    (date(2000, 1, 1), date(2026, 1, 6), (date(2025, 1, 1), date(2026, 1, 6))),
])  # fmt: skip
def test_days_are_thirty_unless_said_and_a_year_at_most(
    first: date | None, last: date | None, expected: tuple[date, date]
) -> None:
    assert span(LAST, first, last) == expected


def test_days_are_said_as_people_do() -> None:
    assert days(LAST, LAST) == "24 ноября 2026"
    assert days(date(2026, 11, 1), LAST) == "1 ноября – 24 ноября 2026"
    assert days(date(2025, 12, 1), LAST) == "1 декабря 2025 – 24 ноября 2026"
