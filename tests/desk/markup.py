"""Pages read as a browser reads them: which tags, attributes and links they have."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit


@dataclass
class Markup(HTMLParser):
    """What stands in a page. `links` are local paths with their queries; `inline` is whatever the
    policy of the pages forbids: a script or style of its own, a handler, a style attribute."""

    address: str
    links: list[str] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)
    rows: int = 0
    _stack: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.rows += tag == "tr"
        if tag == "style" or (tag == "script" and "src" not in named):
            self.inline.append(tag)
        self.inline += [name for name in named if name.startswith("on") or name == "style"]
        for name in ("href", "src", "action", "formaction"):
            if (named.get(name) or "").strip().casefold().startswith(("javascript:", "data:")):
                self.inline.append(f"{tag} {name}")
        if tag == "a" and (href := named.get("href")) and not href.startswith("#"):
            self.links.append(_local(self.address, href))


def _local(address: str, href: str) -> str:
    said = urlsplit(urljoin(address, href))
    return f"{said.path}?{said.query}" if said.query else said.path


def read(page: str, address: str = "/") -> Markup:
    markup = Markup(address)
    markup.feed(page)
    markup.close()
    return markup
