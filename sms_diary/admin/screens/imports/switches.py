"""Beside the columns of the second step: how a CSV is read, and which sheets are loaded at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sms_diary.ingest.imports.reading_as import ENCODINGS, ReadAs
from sms_diary.ingest.imports.report import Report
from sms_diary.ingest.imports.request import Options
from sms_diary.ingest.reading.book import Format
from sms_diary.ingest.reading.csvtext import DELIMITERS
from sms_diary.values import value

_ENCODINGS_RU = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16 (BE)",
                 "cp1251": "Windows-1251", "koi8_r": "KOI8-R", "cp866": "DOS 866"}  # fmt: skip
"""As programs that save such files call them."""
_DELIMITERS_RU = {";": "точка с запятой", "\t": "табуляция", ",": "запятая"}
_ALONE = 1


@value
class Text:
    """A CSV: how it was read, in words, and what was chosen for it; "" where nothing was."""

    said: str
    encoding: str
    delimiter: str


@value
class Page:
    """One sheet that may be left out, by its place in `pages`."""

    at: int
    sheet: str
    loaded: bool


ENCODING_CHOICES = (("", "как определено"), *((one, _ENCODINGS_RU[one]) for one in ENCODINGS))
DELIMITER_CHOICES = (
    ("", "как определено"), *((one, _DELIMITERS_RU[one]) for one in sorted(DELIMITERS)),
)  # fmt: skip


def texts(report: Report, options: Options) -> dict[str, Text]:
    """The CSV files of an import, by name; what came in an archive is read as it is."""
    found = {}
    for table in report.tables:
        if table.format == Format.CSV and table.file in options.files:
            encoding, delimiter = options.read_as.texts.get(table.file, ("", ""))
            read = encoding or table.encoding
            said = _ENCODINGS_RU.get(read, read)
            by = _DELIMITERS_RU.get(table.delimiter, f"«{table.delimiter}»")
            found[table.file] = Text(f"кодировка {said}, разделитель {by}", encoding, delimiter)
    return found


def pages(report: Report, options: Options) -> dict[str, list[Page]]:
    """The sheets of files that have several, in an order that the form can rely on."""
    skip = set(options.read_as.skip)
    known = {(table.file, table.sheet): None for table in report.tables if table.sheet}
    every = sorted({*known, *skip})
    found: dict[str, list[Page]] = {}
    for at, (file, sheet) in enumerate(every):
        found.setdefault(file, []).append(Page(at, sheet, (file, sheet) not in skip))
    return {file: own for file, own in found.items() if len(own) > _ALONE}


def chosen(report: Report, options: Options, fields: Mapping[str, Sequence[str]]) -> ReadAs:
    """What the form says of both. A form that does not speak of a thing leaves it as it is."""
    said = dict(options.read_as.texts)
    for at, file in enumerate(texts(report, options)):
        encoding, delimiter = _one(fields, f"encoding-{at}"), _one(fields, f"delimiter-{at}")
        if encoding in (None, *ENCODINGS, "") and delimiter in (None, *DELIMITERS, ""):
            was = said.get(file, ("", ""))
            said[file] = (was[0] if encoding is None else encoding,
                          was[1] if delimiter is None else delimiter)  # fmt: skip
    skip = list(options.read_as.skip)
    if "sheets" in fields:
        skip = [
            (file, page.sheet) for file, own in pages(report, options).items() for page in own
            if str(page.at) not in fields.get("sheet", ())
        ]  # fmt: skip
    return ReadAs({file: one for file, one in said.items() if any(one)}, tuple(skip))


def _one(fields: Mapping[str, Sequence[str]], name: str) -> str | None:
    [*_, said] = [None, *fields.get(name, ())]
    return said
