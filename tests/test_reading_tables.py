"""Tables in sheets: headings of one storey or two, what is no data, whose row it is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.errors import FileProblem
from sms_diary.ingest.files import contacts, marks
from sms_diary.ingest.files.header import find_header
from sms_diary.ingest.files.text import read_csv
from sms_diary.ingest.reading.book import Area, Format, Row, Sheet, Value
from sms_diary.ingest.reading.headings import Field
from sms_diary.ingest.reading.layout import Layout
from sms_diary.ingest.reading.process import read, stream
from sms_diary.ingest.reading.tables import Part, Record, Records, find_layout, guess, records

SAMPLES = Path(__file__).parent / "samples"
LIST = "spisok_5A_cp1251.csv"
MARKS = "otmetki_5A_2026-11-16_utf8bom.csv"


def sheet(*merges: Area, hidden_columns: tuple[int, ...] = ()) -> Sheet:
    return Sheet(("x",), "", Format.XLSX, merges=merges, hidden_columns=hidden_columns)


def numbered(*rows: tuple[Value, ...]) -> list[Row]:
    return [Row(at, cells) for at, cells in enumerate(rows, 1)]


def fields_of(layout: Layout) -> list[str]:
    return [f"{column.letter}:{column.field}" for column in layout.columns]


@pytest.mark.parametrize(
    ("name", "fields", "needed"),
    [
        (LIST, contacts.FIELDS, contacts.NEEDED),
        (MARKS, marks.FIELDS, marks.NEEDED),
    ],
)
async def test_the_samples_have_the_layout_that_they_always_had(
    name: str, fields: tuple[Field, ...], needed: tuple[str, ...]
) -> None:
    (table,) = (await read(SAMPLES / name)).tables
    layout = find_layout(table.rows, table.sheet, fields, needed)
    before = find_header(read_csv((SAMPLES / name).read_bytes()).rows, fields, needed)
    assert (layout.first, layout.last) == (before.row, before.row)
    assert {name: tuple(c.at for c in layout.of(name)) for name in before.columns} == dict(
        before.columns
    )
    assert tuple(column.heading for column in layout.unknown) == before.unknown


async def test_rows_of_the_sample_are_data_a_second_parent_or_a_total() -> None:
    (table,) = (await read(SAMPLES / LIST)).tables
    layout = find_layout(table.rows, table.sheet, contacts.FIELDS, contacts.NEEDED)
    found = list(records(table.rows, layout))
    count = {part: sum(record.part is part for record in found) for part in Part}
    assert count == {Part.DATA: 24, Part.CONTINUED: 2, Part.NOTE: 1, Part.BLANK: 0}
    second = next(record for record in found if record.part is Part.CONTINUED)
    above = found[found.index(second) - 1]
    assert (second.pupil, second.class_name) == (above.pupil, above.class_name)
    assert second.pupil


def test_two_storeys_with_merged_cells_are_one_heading() -> None:
    rows = numbered(
        ("Список класса с контактами родителей",),
        ("№", "Класс", "Ученик", "", "Мать", "", "Отец", ""),
        ("", "", "Фамилия", "Имя", "ФИО родителя", "Тел.", "ФИО родителя", "Тел."),
        (1.0, "5А", "Авдеев", "Тимур", "Авдеева Нина", "8 900 000-10-01", "", ""),
    )
    merges = (
        Area(1, 0, 1, 7), Area(2, 0, 3, 0), Area(2, 1, 3, 1), Area(2, 2, 2, 3),
        Area(2, 4, 2, 5), Area(2, 6, 2, 7),
    )  # fmt: skip
    layout = find_layout(rows, sheet(*merges), contacts.FIELDS, contacts.NEEDED)
    assert (layout.first, layout.last) == (2, 3)
    assert fields_of(layout) == [
        "B:class", "C:surname", "D:first", "E:guardian", "F:phone", "G:guardian", "H:phone",
    ]  # fmt: skip
    assert [column.group for column in layout.of("phone")] == ["Мать", "Отец"]
    (record,) = records(rows, layout, merges)
    assert (record.part, record.pupil, record.class_name) == (Part.DATA, "Авдеев Тимур", "5А")


def test_two_storeys_of_a_csv_are_one_heading_too() -> None:
    rows = numbered(
        ("Класс", "Ученик", "", "Родитель", ""),
        ("", "Фамилия", "Имя", "ФИО", "Телефон"),
        ("5А", "Авдеев", "Тимур", "Авдеева Нина", "8 900 000-10-01"),
    )
    layout = find_layout(rows, sheet(), contacts.FIELDS, contacts.NEEDED)
    assert fields_of(layout) == ["A:class", "B:surname", "C:first", "D:guardian", "E:phone"]
    assert (layout.first, layout.last) == (1, 2)


def test_a_title_over_the_whole_table_is_no_storey() -> None:
    rows = numbered(
        ("Контакты родителей 5А класса", "", ""),
        ("Ученик", "Класс", "Телефон"),
        ("Авдеев Тимур", "5А", "8 900 000-10-01"),
    )
    layout = find_layout(rows, sheet(Area(1, 0, 1, 2)), contacts.FIELDS)
    assert (layout.first, layout.last) == (2, 2)
    assert fields_of(layout) == ["A:pupil", "B:class", "C:phone"]


def test_headings_below_the_twentieth_row_are_not_looked_for() -> None:
    filler = [("x",)] * 19
    heading = ("Ученик", "Телефон")
    rows = numbered(*filler, heading)
    assert find_layout(rows, sheet(), contacts.FIELDS).last == 20
    assert guess(numbered(*filler, ("x",), heading), sheet(), contacts.FIELDS) is None


def test_what_is_missing_is_named() -> None:
    rows = numbered(("Ученик", "Класс"))
    with pytest.raises(FileProblem, match="строка 1: нет столбца «Телефон»"):
        find_layout(rows, sheet(), contacts.FIELDS, contacts.NEEDED)
    with pytest.raises(FileProblem, match=r"не найдена строка .*«Телефон», «Ученик"):
        find_layout(numbered(("a", "b")), sheet(), contacts.FIELDS, contacts.NEEDED)


HEADING = ("№", "Ученик", "Класс", "Телефон")
LAYOUT = find_layout(numbered(HEADING), sheet(), contacts.FIELDS)


@pytest.mark.parametrize(
    ("cells", "part"),
    [
        (("1", "Авдеев Тимур", "5А", "8 900 000-10-01"), Part.DATA),
        (("", "", "", "8 900 000-10-02"), Part.CONTINUED),
        (("", "", "5А", ""), Part.NOTE),
        (("", " ", "\u00a0"), Part.BLANK),
        ((), Part.BLANK),
        (HEADING, Part.NOTE),
        (("1", "2", "3", "4"), Part.NOTE),
        ((1.0, 2.0, 3.0, 4.0), Part.NOTE),
        (("", "Всего: 24 чел."), Part.NOTE),
        (("Итого", "", "", "24"), Part.NOTE),
        (("Классный руководитель", "Примерова О. И."), Part.NOTE),
        (("Подпись ______",), Part.NOTE),
        (("", "Учитель: Примерова"), Part.NOTE),
        (("Отчёт сформирован 24.11.2026",), Part.NOTE),
        (("1", "Учитель Анна", "5А", ""), Part.DATA),
        (("1", "Директорова Анна", "5А", ""), Part.DATA),
    ],
)
def test_a_row_is_data_or_is_not(cells: tuple[Value, ...], part: Part) -> None:
    above = Row(2, ("0", "Белкина Дарья", "5Б", ""))
    below = Row(3, cells)
    assert [record.part for record in records([above, below], LAYOUT)] == [Part.DATA, part]


def test_a_second_parent_may_name_a_class_and_a_third_follows_the_second() -> None:
    rows = [Row(2, ("1", "Авдеев Тимур", "5А", "1")), Row(3, ("", "", "", "2"))]
    rows += [Row(4, ("", "", "5Б", "3")), Row(5, ("", "", "", "4"))]
    found = [(record.pupil, record.class_name) for record in records(rows, LAYOUT)]
    assert found == [
        ("Авдеев Тимур", "5А"), ("Авдеев Тимур", "5А"), ("Авдеев Тимур", "5Б"),
        ("Авдеев Тимур", "5А"),
    ]  # fmt: skip


def test_a_row_that_goes_on_about_nobody_says_so() -> None:
    (record,) = records([Row(2, ("", "", "", "8 900 000-10-01"))], LAYOUT)
    assert record == Record(Part.CONTINUED, Row(2, ("", "", "", "8 900 000-10-01")))


def test_hidden_rows_and_columns_are_said() -> None:
    rows = [Row(1, HEADING), Row(2, ("1", "Авдеев Тимур", "5А", "8"), hidden=True)]
    layout = find_layout(rows, sheet(hidden_columns=(3,)), contacts.FIELDS)
    assert [column.letter for column in layout.columns if column.hidden] == ["D"]
    (record,) = records(rows, layout)
    assert record.row.hidden


def test_columns_whose_headings_say_nothing_are_told() -> None:
    layout = find_layout(
        numbered(("Ученик", "Класс", "Телефон", "Запасной")), sheet(), contacts.FIELDS
    )
    assert [column.heading for column in layout.unknown] == ["Запасной"]


_cells = st.one_of(
    st.sampled_from(["", "Ученик", "Класс", "Телефон", "ФИО", "Всего", "5А", "1"]),
    st.text(max_size=5),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(st.lists(st.lists(_cells, max_size=5).map(tuple), max_size=8))
def test_every_row_below_the_headings_has_one_part(rows: list[tuple[Value, ...]]) -> None:
    table = numbered(*rows)
    layout = guess(table, sheet(), contacts.FIELDS)
    if layout is not None:
        assert [record.row.number for record in records(table, layout)] == [
            row.number for row in table if row.number > layout.last
        ]


async def test_a_long_sheet_goes_by_row_by_row_once_its_headings_are_found() -> None:
    """What an import of any length does: the first block for the layout, then each row once."""
    lines = ["Ученик;Класс;Телефон"]
    lines += [f"Ученик Номер{at};5А;8 900 000-10-01" if at % 2 else ";;2" for at in range(5_000)]
    count: Counter[Part] = Counter()
    async with stream("\n".join(lines).encode()) as pieces:
        head = await anext(pieces)
        assert isinstance(head, Sheet)
        reader: Records | None = None
        async for block in pieces:
            assert isinstance(block, list)
            if reader is None:
                layout = find_layout(block, head, contacts.FIELDS, contacts.NEEDED)
                reader = Records(layout, head.merges)
            found = map(reader.read, block)
            count.update(record.part for record in found if record is not None)
    assert count == {Part.DATA: 2_500, Part.CONTINUED: 2_500}
