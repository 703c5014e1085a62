"""Providers' files: what is known of an operator, as data (`providers/*.toml`).

A file says who the provider is, how far its statements were checked, the settings that a route of
it starts from, and what the operator's own codes mean in our words. Everything is checked; what is
wrong is told in Russian with file, line and key. Nothing in a file is run. What becomes of the
values is the channel's work (`channels.smpp.profile`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sms_diary.errors import ConfigError
from sms_diary.fields import SmppFields, Strict, sentence
from sms_diary.model import Failure, Scope
from sms_diary.values import value

VERIFIED_RU: dict[str, str] = {
    "live": "проверено на настоящем операторе",
    "documentation": "по документации оператора, на нём самом не проверено",
    "clients": "по чужим программам, которые с ним работают; на нём самом не проверено",
    "no": "не проверено",
}
"""How far the statements of a file can be trusted."""
_LAST_STATUS = 0xFFFF_FFFF
_MOST_CODES = 1024
"""Codes in one range: a slip of the pen must not become four milliards of entries."""


@value
class Code:
    """What an operator's own codes mean."""

    codes: range
    failure: Failure
    scope: Scope
    delay: float
    """Seconds before the next try; 0 = as retry.py says."""
    reason: str
    """In Russian; "" = the usual sentence for the failure."""


@value
class Provider:
    """One file, checked."""

    name: str
    title: str
    verified: str
    """A key of `VERIFIED_RU`."""
    note: str
    """In Russian: what is known from where, and what is not."""
    defaults: Mapping[str, Any]
    """Fields of `SmppFields` that the file sets."""
    codes: tuple[Code, ...]


def load(name: str, folders: Iterable[Path]) -> Provider:
    """The provider of this name from the first folder that has it. Raises ConfigError."""
    folders = tuple(folders)
    for folder in folders:
        file = folder / f"{name}.toml"
        if file.is_file():
            return read(file)
    known = ", ".join(names(folders)) or "ни одного"
    raise ConfigError(f"Нет файла оператора «{name}». Какие есть: {known}.")


def names(folders: Iterable[Path]) -> list[str]:
    """Providers that there are files of, in order."""
    return sorted({file.stem for folder in folders for file in folder.glob("*.toml")})


def read(file: Path) -> Provider:
    """One file. Raises ConfigError that names file, line and key of everything wrong in it."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigError(
            f"Файл оператора {file} не читается: проверьте права и кодировку (UTF-8)."
        ) from wrong
    try:
        found = _File.model_validate(tomllib.loads(text), context=file.stem)
    except tomllib.TOMLDecodeError as wrong:
        raise ConfigError(f"Файл оператора {file} — не TOML{_at_line(wrong)}.") from wrong
    except ValidationError as wrong:
        lines = _Lines(text)
        told = [
            f"  {lines.told(error['loc'])}: {sentence(error)}"
            for error in wrong.errors(include_url=False, include_input=False)
        ]
        raise ConfigError("\n".join([f"Ошибка в файле оператора {file}:", *told])) from wrong
    about, smpp = found.provider, found.smpp
    return Provider(
        about.name, about.title, about.verified, about.note,
        smpp.model_dump(exclude_unset=True, exclude={"codes"}),
        tuple(Code(one.code, one.failure, one.scope, one.delay, one.reason) for one in smpp.codes),
    )  # fmt: skip


def _at_line(wrong: tomllib.TOMLDecodeError) -> str:
    found = re.search(r"at line (\d+)", str(wrong))
    return f", строка {found[1]}" if found else ""


# --- the format


class _About(Strict):
    name: str
    title: str = Field(min_length=1)
    kind: Literal["smpp"]
    verified: Literal["live", "documentation", "clients", "no"]
    note: str = ""

    @field_validator("name")
    @classmethod
    def _as_the_file(cls, name: str, info: ValidationInfo) -> str:
        if name != info.context:
            raise ValueError(f"имя должно быть как у файла: {info.context}")
        return name


def _codes(given: object) -> range:
    """`0x401`, or `{ from = 0x401, to = 0x40F }`."""
    match given:
        case bool():
            pass
        case int():
            given = {"from": given, "to": given}
    match given:
        case {"from": int(first), "to": int(last), **rest} if not rest:
            if 0 < first <= last <= _LAST_STATUS and last - first < _MOST_CODES:
                return range(first, last + 1)
    raise ValueError(
        "нужен код (0x401) или отрезок ({ from = 0x401, to = 0x40F }), больше нуля и не длиннее "
        f"{_MOST_CODES} кодов"
    )


class _Meaning(Strict):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    code: Annotated[range, BeforeValidator(_codes)]
    failure: Failure
    scope: Scope = Scope.MESSAGE
    delay: float = Field(0.0, ge=0, le=86_400)
    reason: str = ""


class _Smpp(SmppFields):
    codes: tuple[_Meaning, ...] = ()

    @model_validator(mode="after")
    def _each_code_once(self) -> _Smpp:
        seen: set[int] = set()
        for one in self.codes:
            twice = seen.intersection(one.code)
            if twice:
                raise ValueError(f"код 0x{min(twice):X} объяснён дважды")
            seen.update(one.code)
        return self


class _File(Strict):
    provider: _About
    smpp: _Smpp = _Smpp()


# --- where in a file


_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"\s*([\w\"'.\s-]+?)\s*=")
_FENCE = re.compile(r'"""|' + "'''")


class _Lines:
    """Where the keys of a TOML text stand; tomllib does not tell.

    Good for tables and keys on lines of their own, as these files are written; what it does not
    find is told without a line.
    """

    def __init__(self, text: str) -> None:
        self._at: dict[tuple[str | int, ...], int] = dict(_positions(text))

    def told(self, place: Sequence[str | int]) -> str:
        """`строка 7, smpp.codes.2.scope`, the line of the nearest thing that is there."""
        key = ".".join(str(step + 1) if isinstance(step, int) else step for step in place)
        for length in range(len(place), 0, -1):
            if line := self._at.get(tuple(place[:length])):
                return f"строка {line}, {key}"
        return key or "файл"


def _positions(text: str) -> Iterator[tuple[tuple[str | int, ...], int]]:
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        fences = len(_FENCE.findall(line))
        if inside:
            inside = fences % 2 == 0
            continue
        if header := _HEADER.match(line):
            path = _path(header[2])
            table = path
            if header[1] == "[[":
                counts[path] = counts.get(path, -1) + 1
                table = (*path, counts[path])
            yield table, number
        elif key := _KEY.match(line):
            yield (*table, *_path(key[1])), number
        inside = fences % 2 == 1


def _path(text: str) -> tuple[str, ...]:
    return tuple(step.strip(" \t\"'") for step in text.split("."))
