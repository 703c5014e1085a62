"""A generator of hostile files: what a broken program, a joker or an attacker may upload.

Each function makes one file; `HOSTILE` names them all. None of them is a table that can be read.
"""

from __future__ import annotations

import io
import json
import os
import random
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

OLD_BOOK = Path(__file__).parent / "fixtures" / "old_book.xls"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_ODS = "urn:oasis:names:tc:opendocument:xmlns"
_LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
    )
    + "]>"
)

HOSTILE: dict[str, Callable[[], bytes]] = {}


def hostile(make: Callable[[], bytes]) -> Callable[[], bytes]:
    HOSTILE[make.__name__.replace("_", "-")] = make
    return make


# --- building blocks ---------------------------------------------------------------------------


def zipped(files: dict[str, bytes | str], level: int = 9) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return out.getvalue()


def xlsx_parts(sheet: bytes | str, **more: bytes | str) -> dict[str, bytes | str]:
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">'
        '<sheets><sheet name="Лист1" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_RELATIONS}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": sheet,
        **{name.replace("__", "/") + ".xml": said for name, said in more.items()},
    }


def sheet_xml(data: str, before: str = "", after: str = "") -> str:
    body = f"{before}<sheetData>{data}</sheetData>{after}"
    return f'<?xml version="1.0"?><worksheet xmlns="{_MAIN}">{body}</worksheet>'


def xlsx(data: str, before: str = "", after: str = "", **more: bytes | str) -> bytes:
    return zipped(xlsx_parts(sheet_xml(data, before, after), **more))


def ods(table: str, prologue: str = "", **more: bytes | str) -> bytes:
    names = " ".join(f'xmlns:{it}="{_ODS}:{it}:1.0"' for it in ("office", "table", "text"))
    content = (
        f'<?xml version="1.0"?>{prologue}<office:document-content {names}><office:body>'
        f'<office:spreadsheet><table:table table:name="Лист1">{table}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = '<manifest:manifest xmlns:manifest="urn:x"/>'
    files: dict[str, bytes | str] = {"mimetype": kind, "content.xml": content}
    return zipped(files | {"META-INF/manifest.xml": manifest} | more)


def xml2003(table: str, prologue: str = "") -> bytes:
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    return (
        f'<?xml version="1.0"?>{prologue}<Workbook xmlns="{space}" xmlns:ss="{space}">'
        f'<Worksheet ss:Name="Лист1"><Table>{table}</Table></Worksheet></Workbook>'
    ).encode()


def xls() -> bytes:
    return OLD_BOOK.read_bytes()


def ole2(*names: str) -> bytes:
    """A container whose directory has these streams, all of them empty."""
    sector = 512
    head = bytearray(sector)
    head[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", head, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<III", head, 44, 1, 1, 0)
    struct.pack_into("<IIIII", head, 56, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    struct.pack_into("<109I", head, 76, 0, *[0xFFFFFFFF] * 108)
    fat = struct.pack("<128I", 0xFFFFFFFD, 0xFFFFFFFE, *[0xFFFFFFFF] * 126)
    directory = b""
    for name, kind in (("Root Entry", 5), *((name, 2) for name in names)):
        entry = bytearray(128)
        wide = name.encode("utf-16-le")
        entry[: len(wide)] = wide
        struct.pack_into("<HB", entry, 64, len(wide) + 2, kind)
        struct.pack_into("<II", entry, 116, 0xFFFFFFFE, 0)
        directory += bytes(entry)
    return bytes(head) + fat + directory.ljust(sector, b"\x00")


def cells(count: int, text: str = "<c><v>1</v></c>") -> str:
    return f"<row>{text * count}</row>"


# --- text --------------------------------------------------------------------------------------


@hostile
def empty() -> bytes:
    return b""


@hostile
def nothing_but_nuls() -> bytes:
    return b"\x00" * 100_000


@hostile
def nuls_in_a_list() -> bytes:
    return "Ученик;Класс\r\nИванов Иван\x00;5А\r\n".encode()


@hostile
def one_line_of_100_megabytes() -> bytes:
    return b"x" * 100_000_000


@hostile
def one_line_of_50_megabytes() -> bytes:
    return "Ученик;".encode() + b"x" * 50_000_000


@hostile
def a_million_columns() -> bytes:
    return "Ученик\r\n".encode() + b"5;" * 1_000_000


@hostile
def a_million_rows() -> bytes:
    return "Ученик;5\r\n".encode() * 1_000_000


@hostile
def a_quote_that_never_closes() -> bytes:
    return 'Ученик;Класс\r\n"Иванов;5А\r\n'.encode() + "Петров;5А\r\n".encode() * 200_000


@hostile
def utf_16_cut_in_a_letter() -> bytes:
    return "\ufeffУченик\tКласс\r\nИванов\t5А".encode("utf-16-le")[:-1]


@hostile
def utf_8_cut_in_a_letter() -> bytes:
    return "Ученик;Класс\r\nИванов;5А".encode()[:-1]


@hostile
def noise() -> bytes:
    return random.Random(1).randbytes(1_000_000)


# --- other kinds of file -----------------------------------------------------------------------


@hostile
def a_pdf_named_xlsx() -> bytes:
    return b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + b"1 0 obj\n" * 100


@hostile
def a_picture_named_csv() -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"\x00" * 1000


@hostile
def a_rar() -> bytes:
    return b"Rar!\x1a\x07\x01\x00" + b"\x33" * 1000


@hostile
def a_word_document() -> bytes:
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"})


@hostile
def an_old_word_document() -> bytes:
    return ole2("WordDocument")


@hostile
def a_binary_workbook() -> bytes:
    return zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.bin": b"\x83\x01\x00"})


@hostile
def some_other_xml() -> bytes:
    return b'<?xml version="1.0"?><rss><channel/></rss>'


# --- XLSX --------------------------------------------------------------------------------------


def small_xlsx() -> bytes:
    return xlsx('<row r="1"><c r="A1" t="inlineStr"><is><t>Ученик</t></is></c></row>')


@hostile
def xlsx_cut_in_half() -> bytes:
    whole = small_xlsx()
    return whole[: len(whole) // 2]


@hostile
def xlsx_with_a_flipped_bit() -> bytes:
    files = xlsx_parts(sheet_xml(cells(300, "<c><v>12345</v></c>")))
    whole = bytearray(zipped(files, level=0))
    whole[whole.index(b"12345") + 2] ^= 1
    return bytes(whole)


@hostile
def xlsx_of_two_corners() -> bytes:
    corner = '<c r="XFD1048576"><v>2</v></c>'
    return xlsx(f'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">{corner}</row>')


@hostile
def xlsx_of_two_far_rows() -> bytes:
    far = '<row r="1048576"><c r="A1048576"><v>2</v></c></row>'
    return xlsx(f'<row r="1"><c r="A1"><v>1</v></c></row>{far}')


@hostile
def xlsx_whose_cell_lies_about_its_row() -> bytes:
    return xlsx('<row r="1"><c r="A1"><v>1</v></c><c r="XFC1048570"><v>1</v></c></row>')


@hostile
def xlsx_without_references_and_a_million_columns() -> bytes:
    return xlsx(cells(1_000_000))


@hostile
def xlsx_bomb() -> bytes:
    return xlsx(" " * 60_000_000)


@hostile
def xlsx_that_lies_about_its_size() -> bytes:
    whole = bytearray(xlsx("<row/>" + " " * 3_000_000))
    (name,) = (b"xl/worksheets/sheet1.xml",)
    at = whole.rindex(name) - 46  # the central directory's entry
    struct.pack_into("<I", whole, at + 24, 200)
    return bytes(whole)


@hostile
def xlsx_with_entities() -> bytes:
    cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>&j;</t></is></c></row>'
    return zipped(xlsx_parts(sheet_xml(cell).replace("<worksheet", _LAUGHS + "<worksheet")))


@hostile
def xlsx_with_a_swelling_string() -> bytes:
    row = '<row r="{0}"><c r="A{0}" t="s"><v>0</v></c></row>'
    strings = f'<sst xmlns="{_MAIN}"><si><t>{"x" * 2_000_000}</t></si></sst>'
    return xlsx("".join(row.format(at) for at in range(1, 5_000)), xl__sharedStrings=strings)


@hostile
def xlsx_of_merges() -> bytes:
    merges = '<mergeCell ref="A1:B2"/>' * 1_000_000
    cell = '<row r="1"><c r="A1"><v>1</v></c></row>'
    return xlsx(cell, after=f"<mergeCells>{merges}</mergeCells>")


@hostile
def xlsx_of_formulas_without_values() -> bytes:
    return xlsx('<row r="1"><c r="A1"><f>1+1</f></c></row>')


@hostile
def xlsx_too_deep() -> bytes:
    return xlsx("<x>" * 3_000_000 + "</x>" * 3_000_000)


@hostile
def xlsx_without_sheets() -> bytes:
    return zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"})


# --- XLS, ODS ----------------------------------------------------------------------------------


@hostile
def encrypted_ole2() -> bytes:
    return ole2("EncryptionInfo", "EncryptedPackage")


@hostile
def ole2_of_a_header_only() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504


@hostile
def ole2_without_a_book() -> bytes:
    return ole2("Something")


@hostile
def xls_cut_in_half() -> bytes:
    whole = xls()
    return whole[: len(whole) // 2]


@hostile
def xls_whose_sectors_go_in_a_circle() -> bytes:
    whole = bytearray(xls())
    (fat,) = struct.unpack_from("<I", whole, 76)
    struct.pack_into("<128I", whole, (fat + 1) * 512, *[1, 2, 3, 0] * 32)
    return bytes(whole)


@hostile
def xls_with_a_password() -> bytes:
    whole = bytearray(xls())
    at = _record(whole, 0x0042)  # one of the first becomes FILEPASS
    struct.pack_into("<H", whole, at - 4, 0x002F)
    return bytes(whole)


@hostile
def xls_that_lies_about_its_dimensions() -> bytes:
    """The library sets aside memory for four billion rows at once, and aborts."""
    whole = bytearray(xls())
    struct.pack_into("<II", whole, _record(whole, 0x0200), 0, 0xFFFFFFF0)
    return bytes(whole)


def _record(book: bytearray, kind: int) -> int:
    """Where the body of the first record of this kind begins; the stream is in one piece."""
    at = 512
    while (record := struct.unpack_from("<HH", book, at))[0] != kind:
        at += 4 + record[1]
    return at + 4


@hostile
def ods_bomb_of_repeats() -> bytes:
    cell = '<table:table-cell office:value-type="float" office:value="1" '
    cell += 'table:number-columns-repeated="16384"/>'
    return ods(f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>')


@hostile
def ods_with_a_password() -> bytes:
    manifest = '<manifest:file-entry xmlns:manifest="u"><manifest:encryption-data/>'
    return ods("", **{"META-INF/manifest.xml": manifest + "</manifest:file-entry>"})


@hostile
def ods_with_entities() -> bytes:
    cell = '<table:table-cell office:value-type="string"><text:p>&j;</text:p></table:table-cell>'
    return ods(f"<table:table-row>{cell}</table:table-row>", prologue=_LAUGHS)


# --- markup ------------------------------------------------------------------------------------


@hostile
def html_that_breaks_off() -> bytes:
    return "<html><table><tr><td>Ученик</td><td>Отм".encode()


@hostile
def html_of_a_million_columns() -> bytes:
    return b"<table><tr>" + b"<td>5" * 1_000_000 + b"</tr></table>"


@hostile
def html_of_wide_spans() -> bytes:
    cell = b'<td colspan="1000" rowspan="65534">x</td>'
    return b"<table>" + (b"<tr>" + cell * 100 + b"</tr>") * 1_000 + b"</table>"


@hostile
def html_of_tables_in_tables() -> bytes:
    return b"<table><tr><td>" * 100_000 + b"</td></tr></table>" * 100_000


@hostile
def html_without_a_table() -> bytes:
    return "<!DOCTYPE html><html><body>Войдите в систему</body></html>".encode()


@hostile
def html_of_unfinished_tags() -> bytes:
    return b"<html><table>" + b"<!--<" * 400_000


@hostile
def xml_with_entities() -> bytes:
    row = '<Row><Cell><Data ss:Type="String">&j;</Data></Cell></Row>'
    return xml2003(row, prologue=_LAUGHS)


@hostile
def xml_that_asks_for_a_file() -> bytes:
    asks = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    row = '<Row><Cell><Data ss:Type="String">&e;</Data></Cell></Row>'
    return xml2003(row, prologue=asks)


@hostile
def xml_too_deep() -> bytes:
    return xml2003("<a>" * 1_000_000 + "</a>" * 1_000_000)


@hostile
def xml_whose_index_is_far() -> bytes:
    row = '<Row ss:Index="999999999"><Cell ss:Index="999999999"><Data ss:Type="String">x</Data>'
    return xml2003(row + "</Cell></Row>")


@hostile
def xml_that_breaks_off() -> bytes:
    return xml2003('<Row><Cell><Data ss:Type="String">Ученик</Data></Cell></Row>')[:-30]


@hostile
def json_too_deep() -> bytes:
    return b"[" * 10_000_000


@hostile
def json_that_breaks_off() -> bytes:
    return json.dumps([{"pupil": "Иванов Иван"}] * 100).encode()[:-5]


@hostile
def json_of_a_huge_number() -> bytes:
    return b'[{"mark": ' + b"9" * 1_000_000 + b"}]"


@hostile
def json_of_one_object() -> bytes:
    return b'{"error": "not allowed"}'


# --- archives ----------------------------------------------------------------------------------


def _named(name: str, mode: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        packed.writestr(info, "Ученик;Класс\r\nИванов Иван;5А\r\n")
    return out.getvalue()


@hostile
def zip_that_climbs_up() -> bytes:
    return _named("../../etc/cron.d/x.csv")


@hostile
def zip_with_a_path_from_the_root() -> bytes:
    return _named("/etc/x.csv")


@hostile
def zip_with_a_windows_path() -> bytes:
    return _named("C:\\Windows\\x.csv")


@hostile
def zip_with_a_link() -> bytes:
    return _named("x.csv", stat.S_IFLNK | 0o777)


@hostile
def zip_in_zip_in_zip() -> bytes:
    data = "Ученик;Класс\r\nИванов Иван;5А\r\n".encode()
    for depth in range(4):
        data = zipped({f"{depth}.zip" if depth else "x.csv": data})
    return data


@hostile
def zip_bomb() -> bytes:
    return zipped({f"{at}.csv": b"\x30" * 60_000_000 for at in range(2)})


@hostile
def zip_of_many_files() -> bytes:
    return zipped({f"{at}.csv": b"a;b\n1;2\n" for at in range(20_000)}, level=0)


@hostile
def zip_with_a_password() -> bytes:
    whole = bytearray(_named("x.csv"))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        whole[whole.index(magic) + at] |= 1
    return bytes(whole)


@hostile
def zip_of_nothing() -> bytes:
    return zipped({})


@hostile
def zip_of_programs() -> bytes:
    return zipped({"setup.exe": b"MZ" + os.urandom(100), "readme.pdf": b"%PDF-1.4"})


@hostile
def zip_cut_off() -> bytes:
    return zipped({"x.csv": random.Random(2).randbytes(10_000)})[:-40]
