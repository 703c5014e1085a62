"""The text of an announcement: without markup, links and what pointed at them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from sms_diary.ingest.values import clean_line

_BREAKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "ul", "ol", "table"})
_SILENT = frozenset({"script", "style", "title", "a"})
_MARKUP = re.compile(r"</?[a-zA-Z][^>]*>|&(?:[a-zA-Z]+|#\d+);")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_POINTER = re.compile(
    r"(?:^|(?<=[.!?;]))\s*(?:подробнее|подробности|читать далее|ссылка|смотрите|см\.?)"
    r"\s*(?:здесь|тут|по ссылке)?\s*:?\s*(?:\(\s*\))?\s*$",
    re.IGNORECASE,
)
_EMPTY = re.compile(r"\(\s*\)")


def plain(text: str) -> str:
    """One paragraph a sentence group, spaces single; «Подробнее: <a>ссылка</a>» goes altogether."""
    if _MARKUP.search(text):
        page = _Page()
        page.feed(text)
        page.close()
        text = "".join(page.said)
    lines = (clean_line(_EMPTY.sub(" ", _URL.sub(" ", line))) for line in text.split("\n"))
    return " ".join(filter(None, (_POINTER.sub("", line).strip() for line in lines)))


class _Page(HTMLParser):
    """What a reader sees, links left out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag in _BREAKS:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._silent:
            self._silent.remove(tag)
        elif tag in _BREAKS:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said.append(data)
