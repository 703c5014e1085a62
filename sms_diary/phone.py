"""Phone numbers as schools write them: a cell of a list in, E.164 numbers or reasons out.

Nothing here knows whose number it is, stores one or logs one; `mask` is what logs may show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from phonenumbers import (
    PhoneNumber,
    PhoneNumberType,
    is_valid_number,
    number_type,
    region_code_for_number,
)


class Problem(StrEnum):
    """Why a piece of a cell is no number to write to; the value is what the school reads."""

    NONE = "номер не указан"
    SHORT = "не хватает цифры"
    VERY_SHORT = "не хватает цифр"
    LONG = "лишние цифры"
    CITY = "городской номер, SMS не дойдёт"
    NOT_MOBILE = "номер не мобильный, SMS не дойдёт"
    FOREIGN = "номер не российский"
    WRONG = "такого номера не бывает"
    PRECISION = "Excel округлил номер до вида 8.9E+10: впишите его снова как текст"
    UNREADABLE = "не похоже на номер телефона"


@dataclass(frozen=True, slots=True)
class Found:
    """One number of a cell, or the reason why there is none.

    `number` is E.164 (`+79000001001`) or None, and then `problem` is set. `note` is what
    stood beside it («бабушка», «доб. 5»); `raw` the piece as written.
    """

    raw: str
    number: str | None
    problem: Problem | None = None
    note: str = ""


_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | {"\u00a0": " ", "\u202f": " ", "\t": " "})
_SEPARATOR = re.compile(r"[,;/|\\\n\r]|\s(?:и|или)\s")
_SPREADSHEET_WHOLE = re.compile(r"\d{10,11}[.,]0+")
_SPREADSHEET_POWER = re.compile(r"(\d)(?:[.,](\d+))?[eEеЕ]\+?(\d{1,2})")
_LETTER_ZEROS = re.compile(r"(?<![^\W\d_])[OoОо0-9]+(?![^\W\d_])")
_ZERO = str.maketrans("OoОо", "0000")
_EXTENSION = re.compile(r"\b(?:доб\w*|ext)\.?:?\s*([0-9]{1,5})\b", re.IGNORECASE)
_TWO_NUMBERS = re.compile(r"(?:[78]9[0-9]{9}){2}|(?:9[0-9]{9}){2}")
_WORDS = re.compile(r"[^\W\d_][^\d()+,;/]*")
_NOT_DIGITS = re.compile(r"[^0-9]")
_LABEL = re.compile(
    r"(?:\b(?:моб(?:ильный|\b)|сот(?:овый|\b)|тел(?:ефон|\b)|номер\b|т(?=[.:]))[.:]*\s*)+",
    re.IGNORECASE,
)
_E164 = re.compile(r"\+7([0-9]{10})")
_ENDS = re.compile(r"(.{5}).{2,}(.{4})")
_FEW = re.compile(r"[0-9]{0,4}")
_NATIONAL = re.compile(r"[78]([0-9]{10})|((?![78]9)[0-9]{10})")
_LENGTHS = (
    (re.compile(r"[78]9[0-9]{8}|9[0-9]{8}"), Problem.SHORT),
    (_FEW, Problem.UNREADABLE),
    (re.compile(r"[0-6][0-9]{4,6}"), Problem.CITY),
    (re.compile(r"[0-9]{5,9}"), Problem.VERY_SHORT),
    (re.compile(r"[789][0-9]{10,}"), Problem.LONG),
)
_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


def parse_cell(text: str) -> list[Found]:
    """Every number of a cell, in order, the same one once; an empty cell gives an empty list.

    Words beside a number are kept as its note. A cell of words alone («нет», «-») is one
    `Found` with a problem.
    """
    text = text.translate(_DASHES).strip()
    if not text:
        return []
    if whole := _from_spreadsheet(text):
        return [whole]
    found: list[Found] = []
    waiting = ""
    for piece in _pieces(text):
        digits, note = _digits_and_note(piece)
        if digits and not _is_remark(piece, digits):
            found.append(_found(piece, digits, _joined(waiting, note)))
            waiting = ""
        elif found:
            last = found[-1]
            found[-1] = Found(last.raw, last.number, last.problem, _joined(last.note, note))
        else:
            waiting = _joined(waiting, note)
    return _unique(found) or [Found(text, None, Problem.NONE, "")]


def normalise(text: str) -> str | None:
    """E.164 of a text that is one Russian mobile number in any spelling, else None."""
    if e164 := _E164.fullmatch(text):
        return text if _problem(e164[1]) is None else None
    found = parse_cell(text)
    return found[0].number if len(found) == 1 else None


def is_mobile(number: str) -> bool:
    """Whether an E.164 number is a Russian mobile one."""
    return normalise(number) == number


def mask(number: str) -> str:
    """`+7900***1001`: enough to tell numbers of one school apart, too little to ring."""
    ends = _ENDS.fullmatch(number)
    return f"{ends[1]}***{ends[2]}" if ends else "***"


def _from_spreadsheet(text: str) -> Found | None:
    """A number that a spreadsheet took for a quantity: `89000001003.0`, `8.9E+10`."""
    if _SPREADSHEET_WHOLE.fullmatch(text):
        return _found(text, re.split("[.,]", text)[0], "")
    power = _SPREADSHEET_POWER.fullmatch(text)
    if power is None:
        return None
    first, rest, exponent = power[1], power[2] or "", int(power[3])
    if len(rest) < exponent:  # the last digits of the number are not in the cell any more
        return Found(text, None, Problem.PRECISION)
    whole = Decimal(f"{first}.{rest}E{exponent}")
    return _found(text, str(int(whole)), "")


def _pieces(text: str) -> list[str]:
    """The cell cut at separators, and two numbers with no separator between cut apart."""
    pieces: list[str] = []
    for piece in _SEPARATOR.split(text):
        digits = _NOT_DIGITS.sub("", piece)
        if _TWO_NUMBERS.fullmatch(digits):
            at = _start_of_second(piece, len(digits) // 2)
            pieces += [piece[:at].strip(), piece[at:].strip()]
        elif piece.strip():
            pieces.append(piece.strip())
    return pieces


def _start_of_second(piece: str, count: int) -> int:
    """Where the digit after the first `count` digits stands, with its `+` and bracket."""
    places = [at for at, char in enumerate(piece) if char.isdigit()]
    at = places[count]
    return at - (len(piece[:at]) - len(piece[:at].rstrip("+( ")))


def _digits_and_note(piece: str) -> tuple[str, str]:
    piece = _zeros(piece)
    extension = _EXTENSION.search(piece)
    note = ""
    if extension is None and _is_remark(piece, _NOT_DIGITS.sub("", piece)):
        return _NOT_DIGITS.sub("", piece), piece
    if extension:
        note = f"доб. {extension[1]}"
        piece = piece[: extension.start()] + piece[extension.end() :]
    words = " ".join(_words(piece))
    return _NOT_DIGITS.sub("", piece), _joined(words, note)


def _zeros(piece: str) -> str:
    """`8 9ОО ООО-10-01`: the letter О among digits is a nought."""
    out = ""
    at = 0
    for match in _LETTER_ZEROS.finditer(piece):
        out += piece[at : match.start()]
        among = any(char.isdigit() for char in match[0]) or out.rstrip(" -()")[-1:].isdigit()
        out += match[0].translate(_ZERO) if among else match[0]
        at = match.end()
    return out + piece[at:]


def _words(piece: str) -> list[str]:
    words = (_LABEL.sub("", match[0]).strip(" .:-") for match in _WORDS.finditer(piece))
    return [word for word in words if word]


def _is_remark(piece: str, digits: str) -> bool:
    """«…, доб. 5», «…, после 18»: words with a few digits are no number."""
    return _FEW.fullmatch(digits) is not None and _WORDS.search(piece) is not None


def _joined(first: str, second: str) -> str:
    return ", ".join(part for part in (first, second) if part)


def _found(raw: str, digits: str, note: str) -> Found:
    national = _national(digits)
    if isinstance(national, Problem):
        return Found(raw, None, national, note)
    problem = _problem(national)
    return Found(raw, None if problem else f"+7{national}", problem, note)


def _national(digits: str) -> str | Problem:
    """The ten digits after +7, or what is wrong with the count of digits."""
    if whole := _NATIONAL.fullmatch(digits):
        return whole[1] or whole[2]
    for shape, problem in _LENGTHS:
        if shape.fullmatch(digits):
            return problem
    return Problem.FOREIGN


def _problem(national: str) -> Problem | None:
    number = PhoneNumber(country_code=7, national_number=int(national))
    if not is_valid_number(number) or national.startswith("0"):
        return Problem.WRONG
    if region_code_for_number(number) != "RU":
        return Problem.FOREIGN
    kind = number_type(number)
    if kind in _MOBILE:
        return None
    return Problem.CITY if kind == PhoneNumberType.FIXED_LINE else Problem.NOT_MOBILE


def _unique(found: list[Found]) -> list[Found]:
    seen: set[str] = set()
    result = []
    for item in found:
        if item.number is None or item.number not in seen:
            result.append(item)
        if item.number is not None:
            seen.add(item.number)
    return result
