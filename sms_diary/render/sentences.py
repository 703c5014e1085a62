"""What concerns one pupil, in words: a mark, a day, a week, a term, absences.

Each writer takes lines that belong together and gives a `Wording`: their sentence, by its
template, at any level. Which lines belong together is `blocks`' business, what fits `fit`'s,
what concerns a class `notices`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sms_diary.model import Kind, Told
from sms_diary.render import words
from sms_diary.render.absences import counted, is_change, lessons_missed, presence_changed
from sms_diary.render.ladder import LADDER, Level
from sms_diary.render.plain import comment, plain
from sms_diary.render.subjects import Subjects
from sms_diary.render.words import Presence
from sms_diary.render.writing import Say, Wording

_Values = dict[str, object]


class Sentences:
    """The writers of what concerns a pupil; `phone` is where to explain an absence."""

    def __init__(self, say: Say, subjects: Subjects, phone: str) -> None:
        self._say = say
        self._subjects = subjects
        self._phone = plain(phone)

    def day(self, items: Sequence[Told]) -> Wording:
        """Marks and absences of one pupil and day: «Дарья Б. 24.11: рус 5,4; англ н»."""
        if len(items) == 1 and items[0].kind is not Kind.ABSENCE:
            return partial(self._single, items[0])
        if all(item.kind is Kind.ABSENCE for item in items):
            return partial(self._absences, items)
        return self._listed("marks_day", _header(items[0]), items)

    def week(self, items: Sequence[Told]) -> Wording:
        """Marks of one pupil over several days: «Ева О. 16-21.11: рус 4,5. Пропусков: 2»."""
        marks = [item for item in items if item.kind is Kind.MARK]
        if not marks:
            return partial(self._absences, items)
        missed, late = counted(item.value for item in items if item.kind is Kind.ABSENCE)
        days = [item.day for item in items if item.day]
        values: _Values = {
            "имя": plain(items[0].pupil),
            "даты": words.span(min(days), max(days)) if days else "",
            "пропуски": missed,
            "опоздания": late,
        }
        return self._listed("marks_week", values, marks)

    def term(self, items: Sequence[Told]) -> Wording:
        """Marks of one pupil for one term: «Фёдор М. 2 четв: рус 4, лит 5»."""
        name, pieces = plain(items[0].pupil), self._pieces(items)

        def at(level: Level) -> str:
            values = {
                "имя": name,
                "период": words.term(items[0].work, level),
                "отметки": ", ".join([f"{forms[level]}{said}" for forms, said in pieces]).strip(),
            }
            return self._say("term_marks", values)

        return at

    def _single(self, item: Told, level: Level) -> str:
        work = self._subjects.work(item.work)
        values: _Values = {
            "имя": plain(item.pupil),
            "дата": words.day(item.day),
            "предмет": self._subjects.forms(item.subject)[level],
            "отметка": words.mark(item.value),
            "работа": work.forms[level],
            "комментарий": comment(item.body),
            "было": words.mark(item.was or ""),
        }
        if not item.value:
            return self._say("mark_removed", values)
        if item.was:
            return self._say("mark_changed", values)
        if item.value == words.DEBT and work.handed_in and values["работа"] and item.day:
            return self._say("debt", values | {"сдана": work.handed_in})
        return self._say("mark", values)

    def _absences(self, items: Sequence[Told], level: Level) -> str:
        subjects = [self._subjects.forms(item.subject)[level] for item in items]
        said = lessons_missed(items, subjects, tight=LADDER[level].tight)
        unexplained = any(
            item.value and words.presence(item.value) is Presence.ABSENT for item in items
        )
        values = {
            "двоеточие": ":" if said.colon else "",
            "пропуски": said.text,
            "телефон": self._phone if unexplained and LADDER[level].courtesy else "",
        }
        return self._say("absence", _header(items[0]) | values)

    def _listed(self, template: str, values: _Values, items: Sequence[Told]) -> Wording:
        pieces = self._pieces(items)

        def at(level: Level) -> str:
            # Semicolons, while there is room for them.
            between = "; " if LADDER[level].semicolons else " "
            said = between.join([f"{forms[level]}{said}" for forms, said in pieces]).strip()
            return self._say(template, values | {"отметки": said})

        return at

    def _pieces(self, items: Sequence[Told]) -> list[tuple[tuple[str, ...], str]]:
        """(subject by level, what follows it): « 5,4», « н», «: отметка снята (было 4)».

        Marks of one subject share a piece; corrections stand alone.
        """
        nameless = self._subjects.forms("")
        missed = _by_lesson(items)
        pieces: list[tuple[tuple[str, ...], str]] = []
        if missed:
            pieces.append((nameless, lessons_missed(missed, [""] * len(missed), tight=True).text))
        shared: dict[tuple[str, ...], int] = {}
        for item in items:
            forms = self._subjects.forms(item.subject)
            if item.kind is Kind.ABSENCE:
                if item not in missed:
                    pieces.append(_presence_piece(item, forms))
            elif is_change(item):
                pieces.append((forms, _changed_mark(item, named=bool(forms[0]))))
            elif forms in shared:
                at = shared[forms]
                pieces[at] = (forms, f"{pieces[at][1]},{_mark(item)}")
            else:
                shared[forms] = len(pieces)
                pieces.append((forms, f" {_mark(item)}"))
        return pieces


def _header(item: Told) -> _Values:
    return {"имя": plain(item.pupil), "дата": words.day(item.day)}


def _by_lesson(items: Sequence[Told]) -> list[Told]:
    """Absences told as «нет на ур. 1-3»: several with their lessons, or any without a subject."""
    absences = [item for item in items if item.kind is Kind.ABSENCE and not is_change(item)]
    several = sum(item.lesson is not None for item in absences) > 1
    return [item for item in absences if not item.subject or (several and item.lesson is not None)]


def _mark(item: Told) -> str:
    said = comment(item.body) if item.body else ""
    return f"{words.mark(item.value)} ({said})" if said else words.mark(item.value)


def _changed_mark(item: Told, *, named: bool) -> str:
    was = f" (было {words.mark(item.was)})" if item.was else ""
    if item.value:
        return f" {_mark(item)}{was}"
    return f"{':' if named else ''} отметка снята{was}"


def _presence_piece(item: Told, forms: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    if not is_change(item):
        return forms, f" {words.presence(item.value).value}"
    return forms, presence_changed(item, named=bool(forms[0]))
