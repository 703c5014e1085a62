"""What concerns a class or the school, in words: homework, timetable, changes, announcements.

Writers of the same shape as those of `sentences`, which speak of one pupil.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sms_diary.model import Told
from sms_diary.render import words
from sms_diary.render.ladder import LADDER, Level
from sms_diary.render.plain import comment, plain
from sms_diary.render.subjects import Subjects
from sms_diary.render.writing import Say, Wording

NOTHING_SAID = "см. электронный журнал"


class Notices:
    """The writers of what concerns a class; `school` is put before what concerns all of it."""

    def __init__(self, say: Say, subjects: Subjects, school: str) -> None:
        self._say = say
        self._subjects = subjects
        self._school = plain(school)

    def homework(self, items: Sequence[Told]) -> Wording:
        """Homework of one class for one day: «5А на 25.11: рус упр.215; мат №412,413»."""
        header = _class_header(items[0])
        pieces = [(self._subjects.forms(item.subject), _task(item)) for item in items]

        def at(level: Level) -> str:
            said = "; ".join([f"{forms[level]} {task}".strip() for forms, task in pieces])
            return self._say("homework", header | {"задания": said})

        return at

    def changes(self, items: Sequence[Told]) -> Wording:
        """Changes of one class's day: «5А ср 25.11: 3 ур. рус вместо геогр; 6 ур. нет»."""
        header, said = _class_header(items[0]), [_json(item.body, dict) for item in items]

        def at(level: Level) -> str:
            pieces = [self._change(*pair, level) for pair in zip(items, said, strict=True)]
            return self._say("timetable_change", header | {"замены": "; ".join(pieces)})

        return at

    def timetable(self, items: Sequence[Told]) -> Wording:
        """Lessons of one class's day: «5А ср 25.11: рус,мат,муз. Начало 8:30»."""
        header, lessons = _class_header(items[0]), _json(items[0].body, list)
        names: dict[int, list[tuple[str, ...]]] = {}
        starts: dict[int, str] = {}
        for lesson in filter(_is_lesson, lessons):
            names.setdefault(lesson["lesson"], []).append(
                self._subjects.forms(_string(lesson, "subject"))
            )
            starts.setdefault(lesson["lesson"], _string(lesson, "start").removeprefix("0"))

        def at(level: Level) -> str:
            comma = ", " if LADDER[level].spaced else ","
            said = comma.join("/".join(forms[level] for forms in names[n]) for n in sorted(names))
            start = starts[min(starts)] if starts else ""
            return self._say("timetable", header | {"уроки": said or "уроков нет", "начало": start})

        return at

    def announcement(self, items: Sequence[Told]) -> Wording:
        """«5А: род. собрание …»; the school's own prefix goes when every character counts."""
        item = items[0]
        to = plain(item.class_name) or plain(item.pupil)
        text = plain(item.body) or NOTHING_SAID

        def at(level: Level) -> str:
            school = self._school if LADDER[level].courtesy else ""
            return self._say("announcement", {"кому": to or school, "текст": text})

        return at

    def _change(self, item: Told, said: Mapping[str, Any], level: Level) -> str:
        number = item.lesson if item.lesson is not None else said.get("lesson")
        subject, instead = (
            self._subjects.forms(_string(said, name))[level] for name in ("subject", "instead_of")
        )
        if said.get("cancelled"):
            main = "нет"
        else:
            room = _room(_string(said, "room"))
            main = ", ".join(filter(None, (_instead(subject, instead, level), room)))
        note = comment(_string(said, "text"))  # of a teacher: no illness either
        if main and note:
            note = f"({note})"
        main = " ".join(filter(None, (main, note)))
        lesson = f"{number} ур." if isinstance(number, int) else ""
        return f"{lesson} {main or 'замена отменена'}".strip()


def _class_header(item: Told) -> dict[str, object]:
    return {
        "класс": plain(item.class_name),
        "день": words.weekday(item.day),
        "дата": words.day(item.day),
    }


def _task(item: Told) -> str:
    task = plain(item.body).rstrip(" .,;")
    return task or ("задание снято" if item.was else NOTHING_SAID)


def _instead(subject: str, instead: str, level: Level) -> str:
    """«русский язык, а не география»; abbreviations, which have no case, say «вместо»."""
    if not (subject and instead):
        return subject or (f"вместо {instead}" if instead else "")
    link = ", а не" if LADDER[level].cases else " вместо"
    return f"{subject}{link} {instead}"


def _room(room: str) -> str:
    numbered = any(char.isdigit() for char in room) and not room.lower().startswith("каб")
    return f"каб.{room}" if numbered else room


def _json(body: str, shape: type) -> Any:
    """What the door stored, or the text itself as a remark if it is no JSON of that shape."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, shape):
        return said
    return {"text": body} if shape is dict else []


def _is_lesson(lesson: object) -> bool:
    return isinstance(lesson, dict) and isinstance(lesson.get("lesson"), int)


def _string(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return plain(value) if isinstance(value, str) else ""
