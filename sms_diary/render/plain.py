"""Free text of teachers and journals as one plain line: no markup, no addresses, no controls.

What a text means is not judged here, but for one thing: a comment that speaks of an illness.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

from sms_diary.encoding import Scheme, clean, transliterate

_GAP = "\ufffc"
"""Stands where a link was, until the sentence around it has been looked at."""

_MARKUP = re.compile(r"[<&]")
_HIDDEN = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_LINK = re.compile(r"<a\b[^<>]*>(.*?)</a\s*>", re.IGNORECASE | re.DOTALL)
_INLINE = re.compile(r"</?(?:b|i|u|s|em|strong|span|font|sub|sup|a)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[/!?]?[a-z][^<>]*>", re.IGNORECASE)
_EMPTY_NAME = re.compile(
    r"[\s.,:;!]*(?:ссылка|по ссылке|здесь|тут|сюда|подробнее|далее)?[\s.,:;!]*", re.IGNORECASE
)
_MAYBE_ADDRESS = re.compile(r"://|http|hxxp|www\.|\.[^\W\d_]", re.IGNORECASE)
# Cyrillic zones only as people write addresses: «Цирк.Дети бесплатно» has lost a space.
_ADDRESS = re.compile(
    r"(?:(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*)?://[^\s<>]+|\bh(?:tt|xx)ps?:[/\\]*[^\s<>]*|\bwww\.[^\s<>]+"
    r"|(?<![\w@.-])(?://)?(?:[\w-]+\.)+(?:(?:com|org|net|info|edu|gov|ru|su|рф|me|cc|ly|io|app|dev"
    r"|site|online|space|link|store|shop|club|pro|biz|by|kz|ua|eu|tv|us|xn--[a-z0-9-]+"
    r"|(?-i:рус|дети|москва|онлайн|сайт|орг|ком))(?![\w-])(?:[:/?#][^\s<>]*)?"
    r"|[a-z][a-z0-9-]+/[^\s<>]+)",
    re.IGNORECASE,
)
_LETTER_AFTER_DOT = re.compile(r"\.[A-Za-z]")
_POINTING = re.compile(rf"[^.!?:{_GAP}]*:\s*{_GAP}\s*")
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]|«\s*»")
_BEFORE_SIGN = re.compile(r"\s+(?=[.,;!?](?:\s|$))")
_ILLNESS = re.compile(
    r"\b(?:при|за|пере)?бол(?:ел[аи]?\b|е[юе]т\b|ен\b|ьн|езн|ит\b|ят\b)|\bорви\b|\bорз\b"
    r"|\bгрипп|\bангин|\bковид|\bcovid"
    r"|\bветрян|\bтемператур|\bдиагно|\bгоспитал|\bмедотвод|\bпростуд|\bсправк",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """One clean line without tags, entities, links and addresses; may come out empty."""
    if _MARKUP.search(text):
        text = _without_markup(text)
    text = clean(text.replace(_GAP, " "))
    # Cleaning can put an address together again (a hidden character in the middle of it),
    # so addresses are looked for in the clean text.
    while _MAYBE_ADDRESS.search(text) and _ADDRESS.search(text):
        text = _without_gaps(_ADDRESS.sub(_leave_gap, text))
    return text


def address(text: str) -> re.Match[str] | None:
    """The first address of a site in a text."""
    return _ADDRESS.search(text)


def illness(text: str) -> re.Match[str] | None:
    """The first word about an illness in a text."""
    return _ILLNESS.search(text)


def in_latin(text: str, scheme: Scheme) -> str:
    """Transliterated; «урок.Нет», an address in Latin, gets the space that it lacked."""
    latin = transliterate(text, scheme)
    if _LETTER_AFTER_DOT.search(latin):
        return _ADDRESS.sub(lambda found: found[0].replace(".", ". "), latin)
    return latin


def comment(text: str) -> str:
    """A teacher's comment for a parent: plain, and empty if it speaks of an illness."""
    if not text:
        return ""
    line = plain(text).rstrip(" .;,")
    return "" if illness(line) else line


def _without_markup(text: str) -> str:
    text = _HIDDEN.sub(" ", text.replace(_GAP, " "))
    text = _LINK.sub(_link_text, text)
    text = unescape(_TAG.sub(" ", _INLINE.sub("", text)))
    return _without_gaps(clean(_TAG.sub(" ", text)))


def _link_text(match: re.Match[str]) -> str:
    """What a link was called, unless its name means nothing without the link."""
    name = _TAG.sub(" ", match[1])
    return _GAP if _EMPTY_NAME.fullmatch(name) else name


def _leave_gap(match: re.Match[str]) -> str:
    end = match[0].rstrip(".,;!?)»\"'")
    return _GAP + match[0][len(end) :]


def _without_gaps(text: str) -> str:
    """The text without gaps, and without «Подробнее:» that pointed at one."""
    if _GAP not in text:
        return text
    text = _POINTING.sub(" ", text)
    text = _EMPTY_BRACKETS.sub(" ", text.replace(_GAP, " "))
    return clean(_BEFORE_SIGN.sub("", text)).lstrip(".,;:!? ")
