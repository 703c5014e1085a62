"""How many digests of twelve lines are composed and counted in a second of CPU, on one core."""

from __future__ import annotations

import time
from datetime import date
from itertools import cycle

from sms_diary.model import Kind, Told
from sms_diary.render import Renderer, Style
from sms_diary.resources import templates_dir

LINES = 12
_SECONDS = 1.0
_AT_ONCE = 100
_DAY = date(2026, 11, 24)
_SUBJECTS = (
    "Русский язык", "Математика", "Литература", "Иностранный язык (английский)", "История",
    "География", "Биология", "Физическая культура", "Русский язык", "Математика", "Музыка",
)  # fmt: skip


def a_second() -> int:
    """Digests a second: two children's marks and absences, each digest with names of its own."""
    renderer, style = Renderer.from_folder(templates_dir()), Style("Школа Пример")
    digests = cycle([_digest(number) for number in range(_AT_ONCE)])
    done, began = 0, time.process_time()
    while time.process_time() - began < _SECONDS:
        for _ in range(_AT_ONCE):
            texts = renderer.tell(next(digests), style)
            # Counted again, as compose does for the alphabet of each message.
            done += bool(sum(style.way.segments(text.text) for text in texts))
    return round(done / (time.process_time() - began))


def _digest(number: int) -> list[Told]:
    marks = [
        Told(
            at, Kind.MARK, f"Дарья {chr(ord('А') + number % 32)}.", "5А", _DAY, subject, at % 7,
            value=str(5 - (at + number) % 4),
        )
        for at, subject in enumerate(_SUBJECTS, start=1)
    ]  # fmt: skip
    brother = Told(LINES, Kind.ABSENCE, "Марк Б.", "2А", _DAY, "Математика", 2, value="Н")
    return [*marks, brother]
