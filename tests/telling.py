"""Lines to be told, as tests of texts need them: nothing is stored, everybody is invented."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sms_diary.model import Kind, Told
from sms_diary.render import Renderer
from sms_diary.resources import templates_dir

RENDERER = Renderer.from_folder(templates_dir())
TUESDAY = date(2026, 11, 24)
RUS, LIT, MAT, ENG, PE = (
    "Русский язык", "Литература", "Математика", "Иностранный язык (английский)",
    "Физическая культура",
)  # fmt: skip
HIST, GEO, BIO = "История", "География", "Биология"


def numbered(items: Sequence[Told]) -> list[Told]:
    return [dataclasses.replace(item, line_id=n) for n, item in enumerate(items, start=1)]


def mark(subject: str, value: str, **more: Any) -> Told:
    fields: dict[str, Any] = {
        "line_id": 1, "kind": Kind.MARK, "pupil": "Дарья Б.", "class_name": "", "day": TUESDAY,
        "subject": subject, "value": value,
    }  # fmt: skip
    return Told(**(fields | more))


def absence(code: str, subject: str = "", **more: object) -> Told:
    return mark(subject, code, **({"kind": Kind.ABSENCE, "pupil": "Лев Ж."} | more))


def term(subject: str, value: str, name: str, **more: object) -> Told:
    return mark(subject, value, **({"kind": Kind.TERM_MARK, "day": None, "work": name} | more))


def of_class(kind: Kind, body: object, **more: object) -> Told:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    fields = {"kind": kind, "pupil": "", "class_name": "5А", "day": date(2026, 11, 25)}
    subject = str(more.pop("subject", ""))
    return mark(subject, "digest", **(fields | {"body": text} | more))


DAY = [mark(RUS, "5"), mark(RUS, "4"), mark(MAT, "4"), absence("Н", ENG, pupil="Дарья Б."),
       mark(PE, "зач")]  # fmt: skip
WEEK = [
    mark(RUS, "4", pupil="Ева О.", day=date(2026, 11, 16)),
    mark(RUS, "5", pupil="Ева О.", day=date(2026, 11, 18)),
    *[mark(MAT, value, pupil="Ева О.", day=date(2026, 11, 17)) for value in "344"],
    mark(LIT, "5", pupil="Ева О.", day=date(2026, 11, 19)),
    mark(HIST, "4", pupil="Ева О.", day=date(2026, 11, 21)),
    absence("Н", pupil="Ева О.", day=date(2026, 11, 20), lesson=1),
    absence("Б", pupil="Ева О.", day=date(2026, 11, 20), lesson=2),
]
TERM = [term(subject, value, "2 четверть", pupil="Фёдор М.")
        for subject, value in zip((RUS, LIT, MAT, ENG, HIST), "45455", strict=True)]  # fmt: skip
YEAR = [term(subject, value, "год", pupil="Яна П.")
        for subject, value in zip((RUS, LIT, MAT, ENG, BIO, GEO, HIST), "4545545", strict=True)
        ]  # fmt: skip
CHANGES = [
    of_class(Kind.TIMETABLE_CHANGE, {"subject": RUS, "instead_of": GEO, "room": "12"}, lesson=3),
    of_class(Kind.TIMETABLE_CHANGE, {"cancelled": True}, lesson=6),
]
HOMEWORK = [
    of_class(Kind.HOMEWORK, body, subject=subject)
    for subject, body in ((RUS, "упр.215"), (MAT, "№412,413"), (GEO, "§14"))
]
LESSONS = of_class(
    Kind.TIMETABLE,
    [{"lesson": n, "subject": subject, "start": "08:30"}
     for n, subject in enumerate((RUS, MAT, RUS, "Музыка", PE), start=1)],
)  # fmt: skip
FROST = "24.11 занятия 1-4 кл. отменены (мороз). 5-11 кл. - по расписанию"
