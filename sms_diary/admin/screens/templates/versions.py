"""The versions that a text had: what changed in each, and going back to one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from sms_diary.admin.forms import Form
from sms_diary.admin.screen import Page, Redirect, Refused, Visit, found
from sms_diary.render import TABLES
from sms_diary.render.kinds import TITLES
from sms_diary.store import templates
from sms_diary.store.templates import Version
from sms_diary.values import value

STANDARD = 0
"""The version that ships, as the desk counts."""
_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_OF_DESK, _OF_TOKEN = "desk ", "token"


@value
class Piece:
    """Text that stayed, went or came: `how` is "", `del` or `ins`."""

    how: str
    text: str


@value
class Change:
    """One version, newest first, and how it differs from the one before it."""

    version: int
    at: int | None
    by: str
    standard: bool
    pieces: tuple[Piece, ...]


class Looked(Form):
    version: int = STANDARD


class Back(Form):
    version: int


def known(visit: Visit) -> str:
    """The text that the address names; a 404 where there is none."""
    name = visit.ids["name"]
    return found(name if name in visit.desk.renderer.names else None)


async def changes(visit: Visit, name: str) -> list[Change]:
    """Every version of the school's own, each beside the one before."""
    history = await templates.history(visit.q, visit.school.id, name)
    standard = visit.desk.renderer.source(name)
    sources = [one.source or standard for one in history]
    return [
        Change(
            one.version, one.at, who(one.made_by), not one.source,
            tuple(difference(earlier, one.source or standard, by_lines=name in TABLES)),
        )
        for one, earlier in zip(history, [*sources[1:], standard], strict=False)
    ]  # fmt: skip


def who(made_by: str) -> str:
    """Who made it: a login of the desk, or how else it came."""
    if made_by.startswith(_OF_TOKEN):
        return "программа школы"
    return made_by.removeprefix(_OF_DESK)


def difference(before: str, now: str, *, by_lines: bool) -> Iterator[Piece]:
    """Word by word; of a long table line by line, and of that only what has changed."""
    split = _lines if by_lines else _WORDS.findall
    old, new = split(before), split(now)
    for how, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if how == "equal":
            if not by_lines:
                yield Piece("", "".join(old[a:b]))
            continue
        if b > a:
            yield Piece("del", "".join(old[a:b]))
        if d > c:
            yield Piece("ins", "".join(new[c:d]))


def _lines(text: str) -> Sequence[str]:
    return [f"{line}\n" for line in text.splitlines()]


async def show(visit: Visit) -> Page:
    """What going back would change, before it is done."""
    name = known(visit)
    wanted = visit.query(Looked).version
    history = await templates.history(visit.q, visit.school.id, name)
    source = _source(visit, name, history, wanted)
    pieces = difference(_now(visit, name, history), source, by_lines=name in TABLES)
    return Page("templates/reset.html", {
        "name": name, "title_of": TITLES.get(name, ""), "wanted": wanted,
        "pieces": list(pieces),
    }, title="Вернуть стандартный текст?" if wanted == STANDARD else "")  # fmt: skip


async def act(visit: Visit) -> Redirect:
    name = known(visit)
    wanted = found(visit.form(Back).read).version
    history = await templates.history(visit.q, visit.school.id, name)
    source = _source(visit, name, history, wanted)
    if source == _now(visit, name, history):
        return Redirect(f"templates/{name}", "Этот текст и так действует.")
    standard = wanted == STANDARD or source == visit.desk.renderer.source(name)
    if not standard and visit.desk.renderer.faults(name, source):
        raise Refused("По нынешним правилам так писать нельзя. Откройте текст и поправьте его.")
    version = await templates.save(
        visit.q, visit.school.id, name, "" if standard else source, by=visit.actor, now=visit.now
    )
    visit.note("changed", "template", 0, f"{TITLES.get(name, name)}, версия {version}")
    visit.wake(visit.desk.wakes.compose)
    return Redirect(f"templates/{name}", "Текст возвращён. Что ещё не ушло, написано заново.")


def _now(visit: Visit, name: str, history: Sequence[Version]) -> str:
    own = history[0].source if history else ""
    return own or visit.desk.renderer.source(name)


def _source(visit: Visit, name: str, history: Sequence[Version], wanted: int) -> str:
    standard = visit.desk.renderer.source(name)
    if wanted == STANDARD:
        return standard
    sources = {one.version: one.source or standard for one in history}
    return found(sources.get(wanted))
