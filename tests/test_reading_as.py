"""A CSV read in the encoding and with the delimiter that a person gave; sheets left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sms_diary.errors import FileProblem
from sms_diary.ingest.imports.reading_as import ReadAs
from sms_diary.ingest.imports.request import Options
from sms_diary.ingest.reading import process

TEXT = "Класс;Ученик, имя\n5А;Щукин, Ян\n"


async def cells(path: Path, *said: str) -> list[tuple[int, tuple[object, ...]]]:
    """The rows of the file as it is read."""
    source = ReadAs({"файл": (said[0], said[1])}).source(path, "файл")
    book = await process.read(source, "файл")
    return [(row.number, row.cells) for row in book.tables[0].rows]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "koi8_r", "cp866", "utf-16-le"])
@pytest.mark.parametrize("before", ["", "sep=;\n", "\ufeff"])
async def test_it_is_read_as_said_and_its_rows_keep_their_numbers(
    tmp_path: Path, encoding: str, before: str
) -> None:
    path = tmp_path / "1"
    path.write_bytes((before + TEXT).encode(encoding, "ignore"))
    assert await cells(path, encoding, "") == [
        (1, ("Класс", "Ученик, имя")), (2, ("5А", "Щукин, Ян")),
    ]  # fmt: skip
    assert await cells(path, encoding, ",") == [
        (1, ("Класс;Ученик", " имя")), (2, ("5А;Щукин", " Ян")),
    ]  # fmt: skip


async def test_what_is_not_said_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "1"
    path.write_bytes(TEXT.encode("koi8_r"))
    assert (await cells(path, "", ","))[1] == (2, ("5А;Щукин", " Ян"))
    assert ReadAs({"другой": ("cp1251", ";")}).source(path, "файл") == path
    with pytest.raises(FileProblem):
        ReadAs({"файл": ("cp1251", "")}).source(tmp_path / "нет", "файл")


async def test_letters_of_another_encoding_break_nothing(tmp_path: Path) -> None:
    path = tmp_path / "1"
    path.write_bytes(TEXT.encode("cp1251") + b"\xff")
    assert (await cells(path, "utf-8", ";"))[0][0] == 1


def test_it_is_kept_with_the_import_and_an_older_one_has_none() -> None:
    own = Options(("а",), read_as=ReadAs({"а": ("cp1251", "\t")}, (("а", "лист"),)))
    assert Options.from_data(json.loads(json.dumps(own.as_data()))) == own
    assert Options.from_data({"files": ["а"]}) == Options(("а",))
