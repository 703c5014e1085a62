"""A report as a value, shown as a page to print (A4) or as plain text."""

from __future__ import annotations

from pathlib import Path

import jinja2

from sms_diary.values import value

_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "html"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@value
class Section:
    """`rows` are labels with their values, `notes` paragraphs below them."""

    title: str
    rows: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


@value
class Page:
    """`good`: whether the verdict is; None where there is nothing to judge."""

    title: str
    made: str
    verdict: tuple[str, ...]
    good: bool | None
    sections: tuple[Section, ...]


def html(page: Page) -> str:
    """The page with its style inside: it can be printed on any machine."""
    return template("page.html").render(page=page)


def template(name: str) -> jinja2.Template:
    """A template of this package."""
    return _TEMPLATES.get_template(name)


def text(page: Page) -> str:
    lines = [page.title, page.made, "", *page.verdict]
    for section in page.sections:
        lines += ["", section.title]
        lines += [f"  {label}:{_after(said)}" for label, said in section.rows]
        lines += [f"  {note}" for note in section.notes]
    return "\n".join(lines)


def _after(said: str) -> str:
    """What follows a label: values of several lines stand below it."""
    return f" {said}" if "\n" not in said else "\n    " + said.replace("\n", "\n    ")
