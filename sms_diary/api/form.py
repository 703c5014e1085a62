"""A form of files (multipart/form-data, RFC 7578) on its way to disk, within limits of its own."""

from __future__ import annotations

from pathlib import Path

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from sms_diary.api.problem import Problem
from sms_diary.errors import FileProblem
from sms_diary.ingest.imports import columns
from sms_diary.ingest.imports.request import ALL, SILENT, Options
from sms_diary.web import upload
from sms_diary.web.upload import TooLarge, TooSlow

MAX_BYTES = 64 * 1024 * 1024
"""Of all files of one request."""
MAX_FILES = 200
_LONGEST_FIELD = 1024
_FIELDS = frozenset({"source", "class", "tell", "numbers_changed", "columns", "forget_columns"})
_YES = frozenset({"1", "true", "да"})


class Form:
    """`files` are those on disk, each with what people call it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left = MAX_BYTES
        self._fields: dict[str, str] = {}
        self.files: list[tuple[Path, str]] = []

    async def read(self, http: web.Request) -> None:
        """All of it; a Problem for what is no such form, too large or too slow."""
        if (http.content_length or 0) > MAX_BYTES + _LONGEST_FIELD * len(_FIELDS):
            raise _too_large()
        try:
            reader = await http.multipart()
            while (part := await upload.patiently(reader.next)) is not None:
                if not isinstance(part, BodyPartReader):
                    raise _broken()
                await self._part(part)
        except (ValueError, AssertionError, RuntimeError, HttpProcessingError,
                web.RequestPayloadError, ConnectionError):  # fmt: skip
            raise _broken() from None
        except TooLarge:
            raise _too_large() from None
        except TooSlow:
            raise _too_slow() from None
        if not self.files:
            raise Problem(422, "no-file", "В форме нет ни одного файла (поле file).")

    async def _part(self, part: BodyPartReader) -> None:
        if part.filename is not None or part.name == "file":
            if len(self.files) >= MAX_FILES:
                raise Problem(413, "too-large", f"Файлов больше {MAX_FILES}: сложите их в ZIP.")
            path = self._folder / str(len(self.files))
            self._left -= await upload.copied(part, path, most=self._left)
            # The name is for people only: no path is ever made of it.
            self.files.append((path, (part.filename or "файл").replace("\\", "/").split("/")[-1]))
            return
        if part.name not in _FIELDS:
            raise Problem(422, "bad-field", f"Поля формы: file, {', '.join(sorted(_FIELDS))}.")
        body = await upload.patiently(lambda: part.read_chunk(_LONGEST_FIELD + 1))
        if len(body) > _LONGEST_FIELD:
            raise Problem(422, "bad-field", "Поле формы слишком длинное.")
        self._fields[part.name] = bytes(body).decode()

    def options(self) -> Options:
        said = self._fields
        tell = said.get("tell", "").lower() in _YES
        return Options(
            tuple(name for _, name in self.files), said.get("source", "").strip(),
            said.get("class", "").strip(), ALL if tell else SILENT,
            numbers_changed=said.get("numbers_changed", "").lower() in _YES,
            columns=_columns(said.get("columns", "")),
            forget_columns=said.get("forget_columns", "").lower() in _YES,
        )  # fmt: skip


def _columns(text: str) -> dict[str, str]:
    """A line for each column: «Моб. связь=Телефон»."""
    try:
        return columns.parse(text.splitlines())
    except FileProblem as wrong:
        raise Problem(409, "unknown-column", str(wrong)) from None


def _broken() -> Problem:
    return Problem(400, "broken-body", "Форма с файлами оборвалась, или это не она.")


def _too_slow() -> Problem:
    return Problem(
        408, "too-slow", "Файл перестал приходить. Отправьте его ещё раз.",
        headers={"Connection": "close"},
    )  # fmt: skip


def _too_large() -> Problem:
    return Problem(413, "too-large", "Файлы больше 64 МиБ. Разделите их на несколько загрузок.")
