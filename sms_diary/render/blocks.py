"""Which lines belong together: a guardian's due lines sorted into blocks, in reading order.

A block is what can be said in one sentence. How it is said is the business of `sentences`
and `notices`, how blocks share a message `fit`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date
from typing import TypeVar

from sms_diary.encoding import Scheme
from sms_diary.model import Kind, Told
from sms_diary.render.absences import is_change
from sms_diary.render.ladder import Level
from sms_diary.render.notices import NOTHING_SAID, Notices
from sms_diary.render.plain import in_latin
from sms_diary.render.sentences import Sentences
from sms_diary.render.writing import Wording, Writer

_K = TypeVar("_K", bound=Hashable)
_ABSENCES, _MARKS, _TERMS, _HOMEWORK, _TIMETABLE, _CHANGES, _ANNOUNCEMENTS = range(7)


class Block:
    """Lines that make one sentence, with the sentence by level (made when asked for)."""

    __slots__ = ("_scheme", "_texts", "_wording", "_write", "items", "moved", "rank")

    def __init__(
        self, items: Sequence[Told], write: Writer, rank: int, *, scheme: Scheme | None,
        moved: bool = False,
    ) -> None:  # fmt: skip
        """`scheme` of transliteration, if any; `moved`: the sentence was begun elsewhere."""
        self.items = items
        self.rank = rank
        self.moved = moved
        self._write = write
        self._scheme = scheme
        self._wording: Wording | None = None
        self._texts: dict[Level, str] = {}

    @property
    def urgent(self) -> bool:
        return self.items[0].urgent

    def text(self, level: Level) -> str:
        known = self._texts.get(level)
        if known is None:
            if self._wording is None:
                self._wording = self._write(self.items)
            known = self._wording(level)
            if self._scheme:
                known = in_latin(known, self._scheme) or in_latin(NOTHING_SAID, self._scheme)
            self._texts[level] = known
        return known

    def divided(self, at: int) -> tuple[Block, Block]:
        """The block in two, before the line of that index."""
        head, tail = self.items[:at], self.items[at:]
        return (
            Block(head, self._write, self.rank, scheme=self._scheme, moved=self.moved),
            Block(tail, self._write, self.rank, scheme=self._scheme, moved=True),
        )


class Arranger:
    """Sorts lines into blocks for one style of text."""

    def __init__(
        self, sentences: Sentences, notices: Notices, *, budget: int,
        scheme: Scheme | None, segments: Callable[[str], int],
    ) -> None:  # fmt: skip
        self._sentences = sentences
        self._notices = notices
        self._segments = segments
        self._budget = budget
        self._scheme = scheme

    def blocks(self, items: Sequence[Told]) -> list[Block]:
        """Urgent ones first; then absences, marks, terms, homework, timetable, announcements."""
        if len(items) == 1:
            return self._of_group(_GROUP_OF[items[0].kind], items)
        found: list[Block] = []
        for alike in _grouped(items, _group_key).values():
            found += self._of_group(_GROUP_OF[alike[0].kind], alike)
        return sorted(found, key=lambda block: (not block.urgent, block.rank))

    def _of_group(self, group: int, items: Sequence[Told]) -> list[Block]:
        say = self._notices
        if group == _MARKS:
            return self._of_pupil(items)
        if group == _TERMS:
            return [self._block(items, self._sentences.term, group)]
        if group == _ANNOUNCEMENTS:
            return [self._block([item], say.announcement, group) for item in items]
        if group == _TIMETABLE:
            return [self._block([item], say.timetable, group) for item in items]
        write = say.homework if group == _HOMEWORK else say.changes
        return [self._block(_by_lesson(items), write, group)]

    def _of_pupil(self, items: Sequence[Told]) -> list[Block]:
        """Marks and absences of one pupil: a week in one sentence if that fits, else by days."""
        if len(items) == 1:
            rank = _MARKS if items[0].kind is Kind.MARK else _ABSENCES
            return [self._block(items, self._sentences.day, rank)]
        blocks: list[Block] = []
        for week in _grouped(items, _week).values():
            rest: Sequence[Told] = week
            if len({item.day for item in week}) > 1:
                whole, rest = self._of_week(week)
                blocks += whole
            for day in _grouped(_by_day(rest), _day).values():
                rank = _MARKS if any(item.kind is Kind.MARK for item in day) else _ABSENCES
                blocks.append(self._block(_by_lesson(day), self._sentences.day, rank))
        return blocks

    def _of_week(self, items: Sequence[Told]) -> tuple[list[Block], Sequence[Told]]:
        """The week's sentence, if marks of several days fit it, and the lines left over."""
        plain = [item for item in items if not is_change(item)]
        if len({item.day for item in plain if item.kind is Kind.MARK}) > 1:
            whole = self._block(_by_day(_by_lesson(plain)), self._sentences.week, _MARKS)
            if self._segments(whole.text(Level.BARE)) <= self._budget:
                return [whole], [item for item in items if is_change(item)]
        return [], items

    def _block(self, items: Sequence[Told], write: Writer, rank: int) -> Block:
        return Block(items, write, rank, scheme=self._scheme)


_GROUP_OF = {
    Kind.ABSENCE: _MARKS,
    Kind.MARK: _MARKS,
    Kind.TERM_MARK: _TERMS,
    Kind.HOMEWORK: _HOMEWORK,
    Kind.TIMETABLE: _TIMETABLE,
    Kind.TIMETABLE_CHANGE: _CHANGES,
    Kind.ANNOUNCEMENT: _ANNOUNCEMENTS,
}


def _group_key(item: Told) -> tuple[Hashable, ...]:
    group = _GROUP_OF[item.kind]
    if group == _MARKS:
        return (item.urgent, group, item.pupil, item.class_name)
    if group == _TERMS:
        return (item.urgent, group, item.pupil, item.class_name, item.work)
    return (item.urgent, group, item.class_name, item.day)


def _grouped(items: Iterable[Told], key: Callable[[Told], _K]) -> dict[_K, list[Told]]:
    found: dict[_K, list[Told]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def _day(item: Told) -> date | None:
    return item.day


def _week(item: Told) -> tuple[int, int]:
    """The ISO week: one sentence never speaks of two."""
    return item.day.isocalendar()[:2] if item.day else (0, 0)


def _by_day(items: Sequence[Told]) -> list[Told]:
    return sorted(items, key=lambda item: item.day or date.max)


def _by_lesson(items: Sequence[Told]) -> list[Told]:
    """In the order of the school day; what has no lesson comes last, in the order given."""
    if len(items) == 1:
        return list(items)
    return sorted(items, key=lambda item: (item.lesson is None, item.lesson or 0))
