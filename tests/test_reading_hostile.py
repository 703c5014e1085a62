"""Hostile files: each refused with one Russian sentence, soon, while the service goes on."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading.child import NO_MEMORY
from sms_diary.ingest.reading.limits import MEGABYTE, Limits
from sms_diary.ingest.reading.process import DIED, TOO_LONG, read, stream
from tests.hostile_files import HOSTILE, small_xlsx, xlsx_parts, zipped
from tests.readers import readers, resident

ALWAYS = {
    "empty": "файл пуст",
    "nuls-in-a-list": "нулевые байты",
    "a-million-columns": "больше 1024 столбцов",
    "utf-8-cut-in-a-letter": "обрывается на середине",
    "a-word-document": "это документ Word",
    "one-line-of-100-megabytes": "файл больше 64 МБ",
    "xlsx-cut-in-half": "повреждён или обрывается",
    "xlsx-of-two-corners": "разбросаны дальше строки 300000",
    "xlsx-bomb": "раздувается при распаковке",
    "xlsx-that-lies-about-its-size": "повреждён или обрывается",
    "xlsx-with-entities": "(DTD)",
    "xlsx-of-formulas-without-values": "ячейка A1: формула без посчитанного значения",
    "encrypted-ole2": "закрыт паролем",
    "xls-cut-in-half": "повреждена или обрывается",
    "xls-with-a-password": "закрыт паролем",
    "xls-that-lies-about-its-dimensions": "не удалось прочитать",
    "xls-whose-sectors-go-in-a-circle": "повреждена или обрывается",
    "ods-bomb-of-repeats": "разбросаны дальше строки 300000",
    "html-of-wide-spans": "больше 1024 столбцов",
    "html-of-unfinished-tags": "обрывается на середине",
    "xml-too-deep": "слишком глубоко",
    "xml-that-asks-for-a-file": "(DTD)",
    "json-too-deep": "слишком глубоко",
    "zip-that-climbs-up": "опасным путём",
    "zip-in-zip-in-zip": "архив внутри архива внутри архива",
    "zip-of-programs": "«setup.exe»: это программа",
}
LONG = sorted(set(HOSTILE) - set(ALWAYS))
SENTENCE = re.compile(r"[«а-яё][^\n]{15,300}", re.IGNORECASE)


class Watch:
    """What the loop and this process were like while a file was read."""

    def __init__(self) -> None:
        self.longest_pause = 0.0
        self.grown = 0


@contextlib.asynccontextmanager
async def watched() -> AsyncIterator[Watch]:
    watch = Watch()
    before, last = resident(), time.monotonic()
    loop = asyncio.get_running_loop()
    handle: asyncio.TimerHandle

    def tick() -> None:
        nonlocal last, handle
        now = time.monotonic()
        watch.longest_pause = max(watch.longest_pause, now - last)
        watch.grown = max(watch.grown, resident() - before)
        last = now
        handle = loop.call_later(0.01, tick)

    tick()
    try:
        yield watch
    finally:
        tick()
        handle.cancel()


async def skim(source: Path | bytes, limits: Limits | None = None) -> None:
    """Read to the end and keep nothing."""
    async with stream(source, "", limits) as pieces:
        async for _ in pieces:
            pass


async def refused(name: str, tmp_path: Path) -> str:
    """Why the file is refused, read from disk as a folder does; and what it did meanwhile."""
    path = tmp_path / "Отметки.xlsx"
    path.write_bytes(HOSTILE[name]())
    began = time.monotonic()
    async with watched() as watch:
        with pytest.raises(FileProblem) as problem:
            await skim(path)
    assert time.monotonic() - began < 20
    assert SENTENCE.fullmatch(str(problem.value)), problem.value
    assert watch.longest_pause < 2
    assert watch.grown < 60 * MEGABYTE
    assert not readers()
    return str(problem.value)


def test_there_are_at_least_forty_kinds_of_hostile_files() -> None:
    assert len(HOSTILE) >= 40
    assert set(ALWAYS) <= set(HOSTILE)


@pytest.mark.parametrize("name", ALWAYS)
async def test_a_hostile_file_is_refused_and_the_loop_goes_on(name: str, tmp_path: Path) -> None:
    assert ALWAYS[name] in await refused(name, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", LONG)
async def test_any_hostile_file_is_refused_and_the_loop_goes_on(name: str, tmp_path: Path) -> None:
    await refused(name, tmp_path)


async def test_the_service_reads_on_beside_a_file_that_kills_its_reader() -> None:
    limits = Limits(memory=300 * MEGABYTE)
    bad = HOSTILE["xlsx-with-a-swelling-string"]()
    outcomes = await asyncio.gather(
        read(bad, "плохой.xlsx", limits), read(small_xlsx(), "хороший.xlsx"), return_exceptions=True
    )
    assert isinstance(outcomes[0], FileProblem)
    assert str(outcomes[0]) in (DIED, NO_MEMORY)
    assert not isinstance(outcomes[1], BaseException)
    assert outcomes[1].tables[0].rows[0].cells == ("Ученик",)


async def test_a_file_that_kills_its_reader_is_named_if_it_came_in_an_archive() -> None:
    bad = HOSTILE["xlsx-with-a-swelling-string"]()
    both = zipped({"a.csv": "Ученик;Класс\nИванов Иван;5А\n".encode(), "b.xlsx": bad}, level=0)
    with pytest.raises(FileProblem, match=r"«b\.xlsx»: файл не удалось прочитать"):
        await read(both, "всё.zip", Limits(memory=300 * MEGABYTE))


async def test_a_reader_that_takes_too_long_is_ended() -> None:
    with pytest.raises(FileProblem) as problem:
        await read(HOSTILE["one-line-of-50-megabytes"](), "", Limits(patience=0.001))
    assert str(problem.value) == TOO_LONG
    assert not readers()


async def test_a_reader_that_uses_too_much_time_of_the_processor_is_ended() -> None:
    rows = b"5;4;3;2;5;4;3;2;5;4;3;2;5;4;3;2;5;4;3;2;5;4;3;2\r\n" * 290_000
    with pytest.raises(FileProblem) as problem:
        await skim(rows, Limits(cpu=1))
    assert str(problem.value) == DIED


async def test_leaving_early_ends_the_reader() -> None:
    rows = "Ученик;5\r\n".encode() * 200_000
    async with stream(rows) as pieces:
        async for _ in pieces:
            assert readers()
            break
    assert not readers()


async def test_a_trick_in_an_inner_archive_refuses_all_that_came_with_it() -> None:
    good = "Ученик;Класс\nИванов Иван;5А\n".encode()
    inner = HOSTILE["zip-that-climbs-up"]()
    with pytest.raises(FileProblem, match=r"^в архиве файл с опасным путём"):
        await read(zipped({"a.csv": good, "b.zip": inner}), "всё.zip")


async def test_unpacked_sizes_are_counted_over_all_files_of_an_archive() -> None:
    files: dict[str, bytes | str] = {f"{at}.csv": b"a;b\n" + b"1;2\n" * 20_000 for at in range(20)}
    with pytest.raises(FileProblem, match="внутри больше 1 МБ данных: разделите"):
        await read(zipped(files), "", Limits(unpacked=MEGABYTE))


async def test_rows_are_counted_over_all_files_of_an_archive() -> None:
    files: dict[str, bytes | str] = {f"{at}.csv": b"a;b\n" * 60 for at in range(2)}
    book = await read(zipped(files), "", Limits(rows=100))
    assert [table.sheet.files[-1] for table in book.tables] == ["0.csv"]
    assert [one.reason for one in book.refused] == ["в файле больше 100 строк: разделите его"]


async def test_a_sheet_that_is_not_where_it_should_be_does_not_escape_the_limits() -> None:
    parts = xlsx_parts("<worksheet/>")
    parts["evil/sheet.xml"] = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c>'
        "</row></sheetData></worksheet>"
    )
    rels = str(parts["xl/_rels/workbook.xml.rels"])
    parts["xl/_rels/workbook.xml.rels"] = rels.replace("worksheets/sheet1", "../evil/sheet")
    with pytest.raises(FileProblem):
        await read(zipped(parts))
