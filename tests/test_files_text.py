"""CSV from bytes: encodings, delimiters, quotes, row numbers, and what is refused."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_diary.errors import FileProblem
from sms_diary.ingest.files.text import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, Row, Table, read_csv

SAMPLES = Path(__file__).parent / "samples"
LIST = (SAMPLES / "spisok_5A_cp1251.csv").read_bytes()
TEXT = LIST.decode("cp1251")


def cells(data: bytes) -> list[tuple[str, ...]]:
    return [row.cells for row in read_csv(data).rows]


@pytest.mark.parametrize(
    ("encoding", "bom", "named"),
    [
        ("cp1251", b"", "cp1251"),
        ("koi8_r", b"", "koi8_r"),
        ("cp866", b"", "cp866"),
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8"),
        ("utf-16-le", b"\xff\xfe", "utf-16-le"),
        ("utf-16-be", b"\xfe\xff", "utf-16-be"),
    ],
)
def test_the_sample_reads_alike_in_every_encoding(encoding: str, bom: bytes, named: str) -> None:
    text = TEXT.translate(str.maketrans("«»№", "''N")) if named in ("koi8_r", "cp866") else TEXT
    table = read_csv(bom + text.encode(encoding))
    assert (table.encoding, table.delimiter, len(table.rows)) == (named, ";", 29)
    assert table.rows[2].cells[1:3] == ("Авдеев Тимур Олегович", "5А")
    assert table.rows[28].cells[1] == "Всего: 24 чел."


@pytest.mark.parametrize("encoding", ["cp1251", "koi8_r", "cp866"])
def test_two_lines_are_enough_to_know_an_old_encoding(encoding: str) -> None:
    draw = random.Random(5)
    for _ in range(200):
        start = draw.randrange(2, 26)
        text = (
            "\r\n".join(TEXT.split("\r\n")[start : start + 2]).replace("«", '"').replace("»", '"')
        )
        if draw.random() < 0.3:
            text = text.upper()
        assert read_csv(text.encode(encoding)).encoding == encoding


@pytest.mark.parametrize("delimiter", [";", "\t", ","])
def test_the_delimiter_is_the_one_that_cuts_evenly(delimiter: str) -> None:
    lines = ["Ученик{d}Тел.", '"Иванов, Иван; мл."{d}"1, 2"', "Петров Пётр{d}3", '"А{d}Б"{d}4']
    text = "\n".join(lines).replace("{d}", delimiter)
    table = read_csv(text.encode())
    assert table.delimiter == delimiter
    assert [row.cells[1] for row in table.rows] == ["Тел.", "1, 2", "3", "4"]


def test_a_sep_line_names_the_delimiter_and_is_no_row() -> None:
    assert read_csv(b"sep=|\r\na|b;c\r\n").rows == [Row(1, ("a", "b;c"))]


def test_a_cell_of_several_lines_is_one_row_as_in_excel() -> None:
    table = read_csv('a;b\r\n"одна\r\nдве";2\r\n\r\nc;3\r\n'.encode())
    assert table.rows == [
        Row(1, ("a", "b")),
        Row(2, ("одна\r\nдве", "2")),
        Row(3, ()),
        Row(4, ("c", "3")),
    ]


def test_quotes_inside_a_cell_are_kept() -> None:
    assert cells('x;"5 ""А""";5 "А"\ny;z;q'.encode())[0] == ("x", '5 "А"', '5 "А"')


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "пуст"),
        (b"\xef\xbb\xbf \r\n", "пуст"),
        (b"PK\x03\x04rest", "XLSX"),
        (b"\xd0\xcf\x11\xe0rest", "XLS"),
        (b"%PDF-1.7", "PDF"),
        (b" <html><table>", "веб-страница"),
        (b"<?xml version='1.0'?>", "XML"),
        (b"a;b\x00;c", "нулевые байты"),
        ("\ufeffa;b".encode("utf-16-le")[:-1], "испорчен"),
        (b'a;b\n"c;d\ne;f\n', "строка 2: кавычка"),
        (b'a;b\nc;"d', "строка 2: кавычка"),
        (b'a;"' + b"x" * 200_000 + b'"\n', "строка 1: кавычка"),
        (b"a;b\n" + b"x" * 40_000, "строка 2: кавычка"),
        (b";" * MAX_COLUMNS, "столбцов"),
        (b"a;b\n" * (MAX_ROWS + 1), "строк: разделите"),
        (b"a" * (MAX_BYTES + 1), "МБ: разделите"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_said_in_russian(data: bytes, said: str) -> None:
    with pytest.raises(FileProblem, match=said):
        read_csv(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        table = read_csv(data)
    except FileProblem:
        return
    assert isinstance(table, Table)
    assert [row.number for row in table.rows] == list(range(1, len(table.rows) + 1))


_cells = st.text("абв \"'\n12,.", max_size=8)


@given(st.lists(st.tuples(_cells, _cells, _cells), min_size=1, max_size=6))
def test_what_was_written_properly_is_read_as_it_was(rows: list[tuple[str, ...]]) -> None:
    quoted = [";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    text = "sep=;\n" + "\r\n".join(quoted)
    assert cells(text.encode()) == rows
