"""ZIP archives: checked before they are believed, read in memory, never laid on disk.

A workbook of Excel or OpenOffice is such an archive too and passes the same checks.
"""

from __future__ import annotations

import contextlib
import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading.book import Piece, Refused
from sms_diary.ingest.reading.limits import LOCKED, Budget
from sms_diary.ingest.reading.wire import At
from sms_diary.ingest.values import clean_line


class Trick(FileProblem):
    """An archive made to do harm: one such file refuses all that came with it."""


Reader = Callable[[bytes, tuple[str, ...], Budget], Iterator[Piece | At]]

DAMAGED = "архив повреждён или обрывается: скопируйте или выгрузите файл ещё раз"
_BOMB = (
    "архив раздувается при распаковке во много раз, так делают вредоносные файлы:"
    " соберите его заново"
)
_TRICK = "в архиве файл с опасным путём: соберите архив заново из одних таблиц"
_NESTED = "архив внутри архива внутри архива: соберите один архив из таблиц"
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error,
    EOFError, NotImplementedError, OSError, ValueError,
)  # fmt: skip
_CHUNK = 256 * 1024
_SWELLS = 400
_SWELLS_FROM = 16 * 1024 * 1024
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800
_LONGEST_NAME = 200
_DEPTH_OF_PATH = re.compile(r"[/\\]")
_LITTER = re.compile(r"(?:^|/)(?:__MACOSX/|\._|~\$|\.DS_Store$|Thumbs\.db$|desktop\.ini$)")


def opened(data: bytes, budget: Budget) -> zipfile.ZipFile:
    """The archive, after its list of contents is found sound: no bomb, password or trick."""
    try:
        packed = zipfile.ZipFile(io.BytesIO(data))
    except _BROKEN as wrong:
        raise FileProblem(DAMAGED) from wrong
    promised = 0
    if len(packed.infolist()) > budget.limits.files * 4:
        raise FileProblem(f"в архиве больше {budget.limits.files} файлов: разделите его")
    for info in packed.infolist():
        _check(info)
        promised += info.file_size
    if promised > _SWELLS_FROM and promised > _SWELLS * len(data):
        raise Trick(_BOMB)
    if promised > budget.limits.unpacked:
        budget.take_bytes(promised)
    return packed


def _check(info: zipfile.ZipInfo) -> None:
    if info.flag_bits & _ENCRYPTED:
        raise FileProblem(LOCKED)
    name, mode = info.orig_filename, info.external_attr >> 16
    steps = _DEPTH_OF_PATH.split(name)
    if ".." in steps or name[:1] in "/\\" or ":" in steps[0] or "\x00" in name:
        raise Trick(_TRICK)
    if stat.S_ISLNK(mode):
        raise Trick(_TRICK)


def is_workbook(packed: zipfile.ZipFile) -> bool:
    """Whether this is a file of an office program, and no archive of tables."""
    names = set(packed.namelist())
    return "[Content_Types].xml" in names or {"mimetype", "content.xml"} <= names


def take(packed: zipfile.ZipFile, name: str | zipfile.ZipInfo, budget: Budget) -> bytes:
    """The whole of one file; what it promises of its size is not believed."""
    return b"".join(chunks(packed, name, budget))


def chunks(packed: zipfile.ZipFile, name: str | zipfile.ZipInfo, budget: Budget) -> Iterator[bytes]:
    """One file in pieces, each counted before the next is unpacked."""
    try:
        with packed.open(name) as file:
            while chunk := file.read(_CHUNK):
                budget.take_bytes(len(chunk))
                yield chunk
    except _BROKEN as wrong:
        raise FileProblem(DAMAGED) from wrong


def pieces(
    packed: zipfile.ZipFile, files: tuple[str, ...], budget: Budget, read: Reader
) -> Iterator[Piece | At]:
    """What the files of an archive say, each by its own reader; one that fails is told and left.

    Raises `FileProblem` if none of them can be read.
    """
    if len(files) > budget.limits.depth:
        raise Trick(_NESTED)
    refused: list[Refused] = []
    good = 0
    for info in packed.infolist():
        if info.is_dir() or _LITTER.search(info.filename):
            continue
        inner = (*files, shown_name(info))
        yield At(inner)
        budget.take_file()
        data = take(packed, info, budget)
        try:
            yield from read(data, inner, budget)
            good += 1
        except Trick:
            raise
        except FileProblem as problem:
            refused.append(Refused(inner, str(problem)))
            yield refused[-1]
    if not good:
        raise FileProblem(_none_read(refused))


def _none_read(refused: list[Refused]) -> str:
    if not refused:
        return "архив пуст: положите в него таблицы Excel или CSV"
    first = refused[0]
    return f"ни один файл архива не прочитан; первый из них, «{first.files[-1]}»: {first.reason}"


def shown_name(info: zipfile.ZipInfo) -> str:
    """The name as its owner reads it: Windows packs Cyrillic names in cp866 and says nothing."""
    name = info.filename
    if not info.flag_bits & _UTF8_NAME:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("cp866")
    return clean_line(name)[-_LONGEST_NAME:]
