"""Which reader a file is for, by its content: an extension says what people believe.

What is no table is refused here with a sentence that names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading import archive, csvtext, objects, webpage, workbook, xml2003
from sms_diary.ingest.reading.book import Piece
from sms_diary.ingest.reading.limits import Budget
from sms_diary.ingest.reading.wire import At

Reader = Callable[[bytes, tuple[str, ...], Budget], Iterator[Piece | At]]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SAVE = "откройте файл в Excel и сохраните как XLSX"
_NO_TABLES = (
    (b"%PDF", "это PDF: выгрузите из журнала таблицу Excel или CSV"),
    (b"{\\rtf", "это документ RTF: нужна таблица Excel или CSV"),
    (b"\x89PNG", "это картинка: нужна таблица Excel или CSV"),
    (b"\xff\xd8\xff", "это картинка: нужна таблица Excel или CSV"),
    (b"GIF8", "это картинка: нужна таблица Excel или CSV"),
    (b"Rar!", "это архив RAR: упакуйте файлы в ZIP"),
    (b"7z\xbc\xaf\x27\x1c", "это архив 7-Zip: упакуйте файлы в ZIP"),
    (b"\x1f\x8b", "это архив GZIP: упакуйте файлы в ZIP"),
    (b"MZ", "это программа, а не таблица: загрузите файл Excel или CSV"),
    (b"\x7fELF", "это программа, а не таблица: загрузите файл Excel или CSV"),
    (b"SQLite format 3", "это база данных: нужна таблица Excel или CSV"),
    (b"\x09\x08", f"это таблица Excel очень старого вида: {_SAVE}"),
    (b"\x09\x04", f"это таблица Excel очень старого вида: {_SAVE}"),
    (b"\x09\x02", f"это таблица Excel очень старого вида: {_SAVE}"),
    (b"\x09\x00\x04\x00", f"это таблица Excel очень старого вида: {_SAVE}"),
    (b"MIME-Version:", f"это веб-архив (MHT): {_SAVE}"),
)
_HEAD = 4_096
_SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"
_WEB = re.compile(r"<(?:!doctype\s+html|html|head|body|table|meta|style|div|tr|!--)", re.IGNORECASE)
_WORKBOOK = re.compile(r"<(?:\w+:)?Workbook\b")


def pieces(data: bytes, files: tuple[str, ...], budget: Budget) -> Iterator[Piece | At]:
    """The pieces of a file of any known format.

    Raises `FileProblem` with one Russian sentence for anything else.
    """
    if not data.strip(b"\x00 \t\r\n"):
        raise FileProblem("файл пуст: выгрузите его из журнала ещё раз")
    if data.startswith(_ZIP):
        packed = archive.opened(data, budget)
        if archive.is_workbook(packed):
            return workbook.zipped(data, packed, files, budget)
        return archive.pieces(packed, files, budget, pieces)
    if data.startswith(_OLE2):
        return workbook.ole2(data, files, budget)
    for magic, reason in _NO_TABLES:
        if data.startswith(magic):
            raise FileProblem(reason)
    return _text_reader(data)(data, files, budget)


def _text_reader(data: bytes) -> Reader:
    head = csvtext.decode_head(data[:_HEAD]).lstrip("\ufeff \t\r\n")
    if head.startswith("<"):
        return _markup_reader(head)
    if objects.looks_like(head):
        return objects.pieces
    return csvtext.pieces


def _markup_reader(head: str) -> Reader:
    if _WORKBOOK.search(head) and _SPREADSHEET in head:
        return xml2003.pieces
    if _WEB.search(head):
        return webpage.pieces
    raise FileProblem(f"это XML, но не таблица: {_SAVE}")
