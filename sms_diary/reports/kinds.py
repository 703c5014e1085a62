"""What messages are about, in the words of reports, and the classes in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from sms_diary.db import Queries
from sms_diary.model import Ground
from sms_diary.reports.words import TOPIC_RU
from sms_diary.store.desk.consents import in_order
from sms_diary.store.outbox import SEVERAL
from sms_diary.store.tallied import Cell
from sms_diary.store.tally import Sums

_GROUND_RU = {
    Ground.CONSENT: "о ребёнке, тема не записана",
    Ground.REPLY: "ответы на SMS родителей",
    Ground.REQUEST: "вопросы о согласии и приветствия",
    Ground.CODE: "коды для входа",
    Ground.STAFF: "пробные, сотрудникам",
}
ALPHABET_RU = {"ucs2": "русские буквы", "gsm7": "латиница"}
T = TypeVar("T")


def kind_ru(cell: Cell) -> str:
    """Its topic, or what else it was sent for."""
    if cell.ground != Ground.CONSENT or not cell.topic:
        return _GROUND_RU[Ground(cell.ground)]
    return "несколько тем сразу" if cell.topic == SEVERAL else TOPIC_RU[cell.topic]


def together(cells: Iterable[Cell], by: Callable[[Cell], T]) -> dict[T, list[Cell]]:
    found: dict[T, list[Cell]] = {}
    for cell in cells:
        found.setdefault(by(cell), []).append(cell)
    return found


def total(cells: Iterable[Cell]) -> Sums:
    return sum((cell.sums for cell in cells), Sums())


async def class_names(q: Queries, school_id: int) -> Mapping[int, str]:
    """Of all the school's classes, of past years too; 5А before 10А."""
    rows = await q.all("select id, name from class where school_id = :id", id=school_id)
    names = sorted(((row["id"], row["name"]) for row in rows), key=lambda one: in_order(one[1]))
    return dict(names)


def by_class(cells: Iterable[Cell], names: Mapping[int, str]) -> list[tuple[str, list[Cell]]]:
    """The classes that have any, in order, those of one name in one; what is of none comes last."""
    order = [*dict.fromkeys(names.values()), NO_CLASS]
    found = together(cells, lambda cell: names.get(cell.class_id, NO_CLASS))
    return [(name, found[name]) for name in order if name in found]


NO_CLASS = "без класса"
