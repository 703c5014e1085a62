"""Files of every format to typed rows: where cells stand, what is merged, hidden and cut off."""

from __future__ import annotations

import asyncio
import io
import json
import os
import struct
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from sms_diary.errors import FileProblem
from sms_diary.ingest.files.text import read_csv
from sms_diary.ingest.reading import wire
from sms_diary.ingest.reading.book import (
    Area,
    Format,
    Refused,
    Row,
    Sheet,
    Table,
    Value,
    area_of,
    column_of,
    letter,
    spread,
    text_of,
)
from sms_diary.ingest.reading.child import frames
from sms_diary.ingest.reading.limits import MEGABYTE, Limits
from sms_diary.ingest.reading.process import read, stream
from tests.hostile_files import OLD_BOOK, ods, xlsx, xml2003, zipped
from tests.readers import environment, readers, resident

SAMPLES = Path(__file__).parent / "samples"
LIST = "spisok_5A_cp1251.csv"
MOMENT = datetime.fromisoformat("2026-04-05T08:30")
MARKS = "otmetki_5A_2026-11-16_utf8bom.csv"


async def only(data: bytes, name: str = "файл") -> Table:
    (table,) = (await read(data, name)).tables
    return table


async def cells(data: bytes) -> list[tuple[Value, ...]]:
    return [row.cells for row in (await only(data)).rows]


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# --- text --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [LIST, MARKS])
async def test_a_sample_reads_as_it_always_did(name: str) -> None:
    table = await only(SAMPLES.joinpath(name).read_bytes())
    before = read_csv((SAMPLES / name).read_bytes())
    assert [(row.number, row.cells) for row in table.rows] == [
        (row.number, row.cells) for row in before.rows
    ]
    assert (table.sheet.encoding, table.sheet.delimiter) == (before.encoding, before.delimiter)


@pytest.mark.parametrize(
    ("encoding", "bom"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("cp1251", b""),
        ("koi8_r", b""),
        ("cp866", b""),
    ],
)
async def test_a_list_reads_alike_in_every_encoding(encoding: str, bom: bytes) -> None:
    text = 'sep=\t\r\nУченик\tКласс\r\n"Иванова\r\nМария"\t"5 ""А"""\r\n\r\nИванов Пётр\t5А\r\n'
    table = await only(bom + text.encode(encoding))
    assert [(row.number, row.cells) for row in table.rows] == [
        (1, ("Ученик", "Класс")),
        (2, ("Иванова\r\nМария", '5 "А"')),
        (3, ()),
        (4, ("Иванов Пётр", "5А")),
    ]
    assert table.sheet.encoding == encoding


# --- books -------------------------------------------------------------------------------------


@pytest.mark.parametrize("mac", [False, True])
async def test_cells_of_a_book_are_typed_and_stand_where_excel_shows_them(mac: bool) -> None:
    book = openpyxl.Workbook()
    if mac:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    written: dict[str, Value] = {
        "C3": "текст",
        "D4": 5,
        "E5": date(2026, 4, 5),
        "E6": MOMENT,
        "C7": time(8, 30),
        "C8": True,
        "C9": timedelta(hours=30),
        "D10": 5.5,
        "C12": "#DIV/0!",
    }
    for place, said in written.items():
        sheet[place] = said
    table = await only(saved(book))
    read_back = {
        f"{letter(at)}{row.number}": cell
        for row in table.rows
        for at, cell in enumerate(row.cells)
        if cell != ""
    }
    assert read_back == written
    assert (table.sheet.format, table.sheet.date1904) == (Format.XLSX, mac)


async def test_the_class_journal_reads_as_excel_shows_it() -> None:
    book = await read(SAMPLES / "klassnyj_zhurnal_5a_asurso.xlsx")
    names = [table.sheet.name for table in book.tables]
    assert names == ["Математика", "Русский язык", "Иностр. язык (англ.) 1 гр.", "История"]
    rows = {row.number: row for row in spread(book.tables[0].rows, book.tables[0].sheet.merges)}
    assert rows[3].cells[:3] == ("Класс:", "", "5а")
    assert rows[9].cells[:4] == ("№", "Ученик", "Ноябрь", "Ноябрь")
    assert rows[10].cells[:4] == ("№", "Ученик", 9.0, 10.0)
    assert rows[11].cells[1:9] == ("Авдеев Тимур", "", "УП 4", 5.0, 3.0, "", 5.0, "5 4")
    assert 8 not in rows


async def test_the_timetable_reads_as_excel_shows_it() -> None:
    grid, bells = (await read(SAMPLES / "raspisanie_setka.xlsx")).tables
    rows = {row.number: row.cells for row in spread(grid.rows, grid.sheet.merges)}
    assert rows[6][:5] == ("День", "№", "Время", "5 «А»", "каб")
    assert {rows[number][0] for number in range(7, 13)} == {"ПОНЕДЕЛЬНИК"}
    assert bells.rows[1].cells == (1.0, time(8, 30), "9:10", 10.0)


async def test_merged_and_hidden_parts_of_a_book_are_said() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Список"
    for row in range(1, 5):
        sheet.append([f"{row}", "б", "в", "г"])
    sheet.merge_cells("A2:A3")
    sheet.row_dimensions[4].hidden = True
    sheet.column_dimensions["C"].hidden = True
    book.create_sheet("Черновик").append(["а"])
    book["Черновик"].sheet_state = "veryHidden"
    first, second = (await read(saved(book))).tables
    assert (first.sheet.name, first.sheet.hidden, first.sheet.height) == ("Список", False, 4)
    assert first.sheet.merges == (Area(2, 0, 3, 0),)
    assert first.sheet.hidden_columns == (2,)
    assert [row.number for row in first.rows if row.hidden] == [4]
    assert (second.sheet.name, second.sheet.hidden) == ("Черновик", True)


async def test_an_old_book_reads_as_a_new_one() -> None:
    """The fixture was written by another program (xlwt 1.3): hidden, merged, a date, a formula."""
    table, draft = (await read(OLD_BOOK.read_bytes())).tables
    assert table.rows[:4] == (
        Row(3, ("", "Ученик")),
        Row(4, ("", "", 5, date(2026, 4, 5)), hidden=True),
        Row(6, ("", "вместе")),
        Row(10, ("", "Ученик 9")),
    )
    assert table.sheet.merges == (Area(6, 1, 7, 2),)
    assert (table.sheet.format, table.sheet.hidden_columns) == (Format.XLS, (2,))
    assert (draft.sheet.name, draft.sheet.hidden, draft.rows) == ("Черновик", True, ())


async def test_a_table_of_openoffice_reads_with_repeats_spans_and_hidden_rows() -> None:
    text = (
        '<table:table-cell office:value-type="string" {1}><text:p>{0}</text:p></table:table-cell>'
    )
    number = '<table:table-cell office:value-type="float" office:value="5" {}/>'
    empty = '<table:table-cell table:number-columns-repeated="1000"/>'
    rows = [
        "<table:table-row>" + text.format("Ученик", 'table:number-columns-spanned="2"')
        + "<table:covered-table-cell/>" + empty + "</table:table-row>",
        '<table:table-row table:number-rows-repeated="3">' + empty + "</table:table-row>",
        '<table:table-row table:visibility="collapse">' + text.format("Иванов", "")
        + number.format('table:number-columns-repeated="2"') + "</table:table-row>",
        '<table:table-row table:number-rows-repeated="1048000">' + empty + "</table:table-row>",
    ]  # fmt: skip
    columns = '<table:table-column/><table:table-column table:visibility="collapse"/>'
    table = await only(ods(columns + "".join(rows)))
    assert table.rows == (Row(1, ("Ученик",)), Row(5, ("Иванов", 5.0, 5.0), hidden=True))
    assert table.sheet.merges == (Area(1, 0, 1, 1),)
    assert (table.sheet.format, table.sheet.hidden_columns) == (Format.ODS, (1,))


async def test_an_empty_text_that_a_formula_gave_is_an_empty_cell() -> None:
    data = xlsx(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Ученик</t></is></c></row>'
        '<row r="2"><c r="A2" t="str"><f>IF(1,"","")</f><v></v></c><c r="B2"><f>1+1</f><v>2</v></c>'
        '<c r="C2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
    )
    assert await cells(data) == [("Ученик",), ("", 2.0, "#DIV/0!")]


async def test_rows_and_cells_without_references_are_counted() -> None:
    data = xlsx("<row><c><v>1</v></c><c><v>2</v></c></row><row><c/><c><v>3</v></c></row>")
    assert await cells(data) == [(1.0, 2.0), ("", 3.0)]


# --- markup and JSON ---------------------------------------------------------------------------


async def test_a_web_page_named_xls_is_its_tables() -> None:
    page = """<html><head><meta charset="windows-1251"><style>td{}</style></head><body>
    <p>Отчёт&nbsp;об успеваемости</p><div>Класс: 5а</div>
    <table><tr><th rowspan=2>Предмет<th colspan="2">Ноябрь</tr>
    <tr><th>9</th><th>10</th></tr>
    <tr style="display: none"><td>Русский<br>язык</td><td><a href="http://x">5</a></td></tr>
    <tr></tr>
    <tr><td>Физика</td><td>&nbsp;</td><td>4<script>alert(1)</script></td></tr></table>
    <table><tr><td> </td></tr></table></body></html>"""
    table = await only(page.encode("cp1251"), "отчёт.xls")
    assert table.sheet.caption == ("Отчёт об успеваемости", "Класс: 5а")
    assert table.rows == (
        Row(1, ("Предмет", "Ноябрь")),
        Row(2, ("", "9", "10")),
        Row(3, ("Русский\nязык", "5"), hidden=True),
        Row(5, ("Физика", "", "4")),
    )
    assert table.sheet.merges == (Area(1, 0, 2, 0), Area(1, 1, 1, 2))


async def test_xml_2003_reads_typed_with_gaps_and_spans() -> None:
    rows = """
    <Column/><Column ss:Hidden="1" ss:Span="1"/>
    <Row ss:Index="3"><Cell ss:MergeAcross="1"><Data ss:Type="String">Ученик</Data></Cell>
      <Cell><Data ss:Type="Number">5</Data></Cell></Row>
    <Row ss:Hidden="1"><Cell ss:Index="2"><Data ss:Type="DateTime">2026-11-24T00:00:00.000</Data>
      </Cell><Cell ss:Formula="=1"><Data ss:Type="Number">1</Data></Cell>
      <Cell><Data ss:Type="Error">#REF!</Data></Cell></Row>"""
    table = await only(xml2003(rows))
    assert table.rows == (
        Row(3, ("Ученик", "", 5.0)),
        Row(4, ("", date(2026, 11, 24), 1.0, "#REF!"), hidden=True),
    )
    assert (table.sheet.name, table.sheet.merges) == ("Лист1", (Area(3, 0, 3, 1),))
    assert table.sheet.hidden_columns == (1, 2)


async def test_objects_of_json_are_rows_under_the_names_of_their_fields() -> None:
    items = [{"id": 1, "author": {"fio": "А"}}, {"id": 2, "text": None, "list": [1]}]
    assert await cells(json.dumps(items).encode()) == [
        ("id", "author.fio", "text", "list"),
        (1, "А", "", ""),
        (2, "", "", "[1]"),
    ]
    (sample,) = (await read(SAMPLES / "obyavleniya.json")).tables
    assert (len(sample.rows), sample.rows[2].cells[1]) == (6, "Перенос занятий")
    book = await read(json.dumps({"a": [[1, "x"]], "n": 1, "b": [{"k": True}]}).encode())
    assert [(table.sheet.name, [row.cells for row in table.rows]) for table in book.tables] == [
        ("a", [(1, "x")]),
        ("b", [("k",), (True,)]),
    ]


# --- archives ----------------------------------------------------------------------------------


async def test_an_archive_is_all_of_its_tables_each_with_its_name() -> None:
    inner = zipped({"отметки.csv": SAMPLES.joinpath(MARKS).read_bytes()})
    files: dict[str, bytes | str] = {
        "5А/список.csv": SAMPLES.joinpath(LIST).read_bytes(),
        "__MACOSX/._список.csv": b"\x00\x05",
        "отметки.zip": inner,
        "устав.pdf": b"%PDF-1.4 x",
    }
    book = await read(zipped(files), "школа.zip")
    assert [table.sheet.files for table in book.tables] == [
        ("школа.zip", "5А/список.csv"),
        ("школа.zip", "отметки.zip", "отметки.csv"),
    ]
    (refused,) = book.refused
    assert refused.files == ("школа.zip", "устав.pdf")
    assert "PDF" in refused.reason


async def test_a_name_packed_by_windows_is_read_as_its_owner_wrote_it() -> None:
    packed = bytearray(zipped({"XXXXXX.csv": b"a;b\n1;2\n"}))
    while (at := packed.find(b"XXXXXX")) >= 0:
        packed[at : at + 6] = "Список".encode("cp866")
    assert (await only(bytes(packed), "x.zip")).sheet.files == ("x.zip", "Список.csv")


# --- the process -------------------------------------------------------------------------------


async def test_a_file_is_read_from_disk_and_a_missing_one_is_said(tmp_path: Path) -> None:
    book = await read(SAMPLES / LIST)
    assert (book.tables[0].sheet.files, len(book.tables[0].rows)) == ((LIST,), 29)
    with pytest.raises(FileProblem, match="не читается с диска"):
        await read(tmp_path / "нет.csv")


async def test_the_parent_holds_a_block_of_a_long_file_at_a_time() -> None:
    line = "16.11.2026;5А;Авдеев Тимур Олегович;Русский язык;Диктант;5;2;\r\n".encode("cp1251")
    data = line * 100_000
    count, most, before = 0, 0, resident()
    async with stream(data) as pieces:
        async for piece in pieces:
            if isinstance(piece, list):
                count += len(piece)
                most = max(most, resident() - before)
    assert count == 100_000
    assert most < 40 * MEGABYTE


async def test_the_child_gets_no_setting_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_DIARY_KEY", "secret")
    data = b"a;b\n" * 100_000
    async with stream(data) as pieces:
        await anext(pieces)
        (inherited,) = map(environment, readers())
    assert "PYTHONPATH" in inherited
    assert not any(name.startswith("SMS_DIARY") for name in inherited)


async def test_a_cancelled_reading_leaves_no_process() -> None:
    async def consume() -> None:
        async with stream(b"a;b\n" * 200_000) as pieces:
            async for _ in pieces:
                started.set()
                await asyncio.Event().wait()

    started = asyncio.Event()
    task = asyncio.create_task(consume())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert readers() == []


def test_reading_needs_nothing_of_the_service() -> None:
    """The child starts in a moment: it loads no web server, database or schema library."""
    script = (
        "import sys, sms_diary.ingest.reading.child\n"
        "print([n for n in ('aiohttp', 'pydantic', 'aiosqlite', 'structlog') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


# --- pure --------------------------------------------------------------------------------------

_values = st.one_of(
    st.text(max_size=9),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(timedelta(-999), timedelta(999)),
)
_rows = st.builds(Row, st.integers(1, 10**6), st.lists(_values).map(tuple), st.booleans())


@given(st.lists(_rows, max_size=4))
def test_rows_arrive_as_they_were_sent(rows: list[Row]) -> None:
    packed = wire.pack(rows)
    assert struct.unpack(">I", packed[:4]) == (len(packed) - 4,)
    arrived = wire.unpack(packed[4:])
    assert arrived == rows
    assert isinstance(arrived, list)
    kinds = [[type(cell) for cell in row.cells] for row in arrived]
    assert kinds == [[type(cell) for cell in row.cells] for row in rows]


@pytest.mark.parametrize(
    "frame",
    [
        Sheet(("a", "b"), "Лист", Format.XLS, True, 5, (Area(1, 2, 3, 4),), (1,), True, ("x",)),
        Refused(("a", "b"), "причина"),
        wire.Failed("причина", "ValueError at x:1"),
        wire.Done(),
        wire.At(("a",)),
    ],
)
def test_other_pieces_arrive_as_they_were_sent(frame: wire.Frame) -> None:
    assert wire.unpack(wire.pack(frame)[4:]) == frame


@given(st.integers(0, 20_000))
def test_a_column_has_a_letter_and_a_letter_a_column(column: int) -> None:
    assert column_of(letter(column)) == column


@pytest.mark.parametrize(
    ("reference", "area"),
    [
        ("B2:D4", Area(2, 1, 4, 3)),
        ("$D$4:$B$2", Area(2, 1, 4, 3)),
        ("A1", Area(1, 0, 1, 0)),
        ("A", None),
        ("A1:B2:C3", None),
        ("", None),
    ],
)
def test_an_area_is_read_from_its_reference(reference: str, area: Area | None) -> None:
    assert area_of(reference) == area


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (5.0, "5"),
        (5.5, "5.5"),
        (89000001003.0, "89000001003"),
        (date(2026, 4, 5), "05.04.2026"),
        (MOMENT, "05.04.2026 8:30"),
        (time(8, 30), "8:30"),
        (timedelta(hours=30), "30:00"),
        (True, "ИСТИНА"),
    ],
)
def test_a_cell_looks_as_a_person_would_type_it(cell: Value, text: str) -> None:
    assert text_of(cell) == text


def test_merged_cells_all_have_the_value_of_the_first() -> None:
    rows = [Row(1, ("а", "", "б")), Row(2, ("", "в")), Row(4, ("", "", "", "г"))]
    areas = [Area(1, 0, 4, 1), Area(2, 2, 3, 3)]
    assert list(spread(rows, areas)) == [
        Row(1, ("а", "а", "б")),
        Row(2, ("а", "в")),
        Row(4, ("а", "а", "", "г")),
    ]


_started = st.sampled_from([b"", b"<html><table><tr><td>", b"<?xml ", b'[{"a":', b"PK\x03\x04"])


@given(_started, st.binary(max_size=200))
def test_whatever_text_it_is_the_child_says_how_it_ended(start: bytes, rest: bytes) -> None:
    *_, last = frames(io.BytesIO(start + rest), "файл", Limits())
    assert isinstance(last, (wire.Done, wire.Failed))
    assert isinstance(last, wire.Done) or not last.inner


async def test_xml_2003_may_be_in_an_old_encoding() -> None:
    row = '<Row><Cell><Data ss:Type="String">Ученик</Data></Cell></Row>'
    text = xml2003(row).decode().replace("?>", ' encoding="windows-1251"?>', 1)
    assert await cells(text.encode("cp1251")) == [("Ученик",)]
