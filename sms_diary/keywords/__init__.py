"""What a parent's SMS means: text in, a value out. Only plain words act; the rest is for a person.

The words are those of Russian operators' own services; each is known in look-alikes, on the wrong
keyboard layout and in transliteration, СТОП and ПОМОЩЬ with one slip too. To stop by mistake is
cheaper than not to stop; consent must not be made by mistake (126-ФЗ art. 44.1).

What a meaning does, to whom, and whether a ДА has a request to answer, is not known here.
"""

from __future__ import annotations

from sms_diary.keywords import letters, phrases, words
from sms_diary.keywords.children import whose
from sms_diary.keywords.meaning import Meaning, Said

__all__ = ["Meaning", "Said", "read", "understand", "whose"]

_LONG = 300
"""Characters. What is longer is a letter, for a person to read."""
_OTHER = Said(Meaning.OTHER)
_AROUND = " .,!;…'\"«»“”„()[]#*"
_SIGNS = {
    "+": Meaning.YES,
    **dict.fromkeys("-−–—‐‑", Meaning.NO),
    **dict.fromkeys(("0", "00", "000", "0000"), Meaning.STOP),
}


def read(text: str) -> Meaning:
    """The meaning alone, for who does not ask what it is about."""
    return understand(text).meaning


def understand(text: str) -> Said:
    """What the sender of this SMS wants. Any text is allowed; never raises.

    A `who` that fits none of the number's children makes MARKS and TIMETABLE a sentence for a
    person; a STOP stays a STOP.
    """
    asked, normal = letters.asks(text), letters.normal(text)
    said = _sign(normal) or _words(normal, asked=asked) or _OTHER
    if said.meaning in {Meaning.YES, Meaning.START} and (asked or letters.denies(text)):
        return _OTHER
    return said


def _sign(normal: str) -> Said | None:
    """A message of signs and noughts: `+`, `-`, `?`, `0`, as operators' services have them."""
    bare = normal.strip(_AROUND)
    if bare in _SIGNS:
        return Said(_SIGNS[bare])
    return Said(Meaning.HELP) if bare and set(bare) == {"?"} else None


def _words(normal: str, *, asked: bool) -> Said | None:
    said = words.read(normal) if len(normal) <= _LONG else []
    if not said:
        return None
    if consent := phrases.consent(said):
        return consent
    said = phrases.without_greeting(_unspaced(said))
    return (
        phrases.new_number(normal)
        or phrases.wrong_number(said)
        or phrases.refusal(said, asked=asked)
        or phrases.stop(said, asked=asked)
        or phrases.exact(said, asked=asked)
        or phrases.question(said, asked=asked)
    )


def _unspaced(said: list[words.Word]) -> list[words.Word]:
    """«С Т О П» is СТОП. No other word is put together from pieces, least of all ДА."""
    if len(said) > 1 and all(len(word.text) <= 3 for word in said):  # noqa: PLR2004
        whole = words.read("".join(word.text for word in said))
        if [word.sense for word in whole] == ["стоп"]:
            return whole
    return said
