"""How journals are filled, as reports: of a school's week, and of all schools beside each other.

Values in, words out. Classes and subjects only: nothing here is about a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby

from sms_diary.filled import Cell, Silence, Verdict
from sms_diary.reports.tables import Report, Share, Table
from sms_diary.store.desk.consents import in_order
from sms_diary.store.fill_weeks import Sum, Week
from sms_diary.store.schools import School
from sms_diary.values import value
from sms_diary.web import words
from sms_diary.web.words import Times

VERDICT_RU: Mapping[Verdict, str] = {
    Verdict.FILLED: "заполнено",
    Verdict.EMPTY: "не заполнено",
    Verdict.WAITS: "пока нет записей",
    Verdict.NONE: "уроков не было",
    Verdict.UNGRADED: "без отметок",
}
_UNKNOWN = "За эту неделю сведений нет."
_EN_DASH = "\N{EN DASH}"
_LAST = "Запись: день последней записи. Дней с неё: учебных дней этого класса."
_SILENT = "Молчит класс, в журнале которого дольше недели нет ни одной новой записи."
RULE = (
    "Журнал заполняют не реже раза в неделю. «Заполнено»: за неделю внесена хоть одна отметка, "
    "пропуск или запись. Каникулы, отменённые уроки, карантин и дистанционные дни не считаются."
)


def span(first: date, last: date) -> str:
    """«16.03–22.03.2027»."""
    return f"{first:%d.%m}{_EN_DASH}{last:%d.%m.%Y}"


@value
class ClassSum:
    """One class of a week: how many of its subjects are due and filled, and which are not."""

    name: str
    due: int
    filled: int
    empty: tuple[str, ...]
    waits: int
    lessons: int
    unmarked: int

    @property
    def verdict(self) -> Verdict:
        if not self.due:
            return Verdict.NONE
        if self.empty:
            return Verdict.EMPTY
        return Verdict.WAITS if self.waits else Verdict.FILLED


def by_class(week: Week) -> list[ClassSum]:
    """Every class of a week, 5А before 10А."""
    ordered = sorted(week.cells, key=lambda one: (in_order(one.class_name), one.class_key))
    return [
        _class(name, list(cells))
        for (name, _), cells in groupby(ordered, key=lambda one: (one.class_name, one.class_key))
    ]


def _class(name: str, cells: Sequence[Cell]) -> ClassSum:
    due = [one for one in cells if one.verdict not in {Verdict.NONE, Verdict.UNGRADED}]
    return ClassSum(
        name, len(due), sum(one.verdict is Verdict.FILLED for one in due),
        tuple(one.subject for one in due if one.verdict is Verdict.EMPTY),
        sum(one.verdict is Verdict.WAITS for one in due),
        sum(one.held for one in due), sum(one.unmarked for one in due),
    )  # fmt: skip


def weekly(school: School, week: Week, *, now: int, whole: bool = False) -> Report:
    """The dated сводка of a week; `whole`: with every class and subject, as files have it."""
    classes = by_class(week)
    tables = (_classes(classes, week), _empty(week), *((_all(week),) if whole else ()))
    return Report(
        name=f"fill-{week.first.isoformat()}",
        title="Сводка о заполнении электронного журнала",
        about=f"{school.name}, неделя {span(week.first, week.last)}. {_made(week, school, now)}",
        facts=(
            ("Заполнено", Share(week.filled, len(week.due))),
            ("Предметов с уроками", len(week.due)),
            ("Из них не заполнено", sum(len(one.empty) for one in classes)),
            ("Уроков без отметок", sum(one.unmarked for one in classes)),
        ),
        tables=tables,
        notes=(RULE,),
    )


def _made(week: Week, school: School, now: int) -> str:
    at = now if week.made_at is None else week.made_at
    said = f"Составлена {Times(school.zone, now).date(at)}"
    if week.made_at is None:
        said += ", предварительная"
    return f"{said}. Сведения по {week.known:%d.%m.%Y}"


def _classes(classes: Sequence[ClassSum], week: Week) -> Table:
    said = []
    if week.silent:
        names = ", ".join(one.class_name for one in week.silent)
        said.append(f"Не заполняют дольше недели: {names}.")
    if week.free:
        said.append(f"Не считались: {'; '.join(week.free)}.")
    return Table(
        "По классам",
        ("Класс", "Итог", "Предметов", "Заполнено", "Не заполнено", "Уроков", "Без отметок"),
        tuple(
            (one.name, VERDICT_RU[one.verdict], one.due, one.filled, len(one.empty), one.lessons,
             one.unmarked)
            for one in classes
        ),
        note=" ".join(said), empty=_UNKNOWN,
    )  # fmt: skip


def _empty(week: Week) -> Table:
    return Table(
        "Не заполнено", ("Класс", "Предмет", "Запись", "Дней с неё", "Уроков"),
        tuple(
            (one.class_name, one.subject, last(one), since(one), one.held)
            for one in _ordered(week) if one.verdict is Verdict.EMPTY
        ),
        note=_LAST,
        empty="Таких предметов нет: заполнено всё." if week.cells else _UNKNOWN,
    )  # fmt: skip


def _all(week: Week) -> Table:
    return Table(
        "Все предметы",
        ("Класс", "Предмет", "Итог", "Запись", "Дней с неё", "Уроков",
         "Без отметок"),
        tuple(
            (one.class_name, one.subject, VERDICT_RU[one.verdict], last(one), since(one), one.held,
             one.unmarked)
            for one in _ordered(week)
        ),
        empty=_UNKNOWN,
    )  # fmt: skip


def _ordered(week: Week) -> list[Cell]:
    return sorted(week.cells, key=lambda one: (in_order(one.class_name), one.subject))


def last(one: Cell | Silence) -> str:
    return f"{one.last:%d.%m.%Y}" if one.last else "нет"


def since(one: Cell) -> int | str:
    return "—" if one.since is None else one.since


def district(
    schools: Sequence[School], sums: Mapping[int, Sum], first: date, *, now: int, last_day: date
) -> Report:
    """All schools beside each other: what each reported of one week."""
    told = [one for one in schools if one.id in sums]
    rows = tuple(
        _school(school, sums.get(school.id), Times(school.zone, now)) for school in schools
    )
    due = sum(sums[one.id].due for one in told)
    filled = sum(sums[one.id].filled for one in told)
    return Report(
        name=f"district-{first.isoformat()}",
        title="Заполнение электронных журналов по школам",
        about=f"Неделя {span(first, last_day)}",
        facts=(
            ("Школ со сводкой", f"{len(told)} из {len(schools)}"),
            ("Заполнено по всем школам", Share(filled, due)),
            ("Молчащих классов", sum(sums[one.id].silent for one in told)),
        ),
        tables=(
            Table(
                "По школам",
                ("Школа", "Заполнено", "Предметов", "Не заполнено", "Без отметок",
                 "Молчат", "Сводка"),
                rows, empty="Школ ещё нет.",
            ),
        ),
        notes=(RULE, _SILENT),
    )  # fmt: skip


def _school(school: School, one: Sum | None, times: Times) -> tuple[str | int | Share, ...]:
    if one is None:
        return school.name, "—", "—", "—", "—", "—", "сводки нет"
    if not one.due:
        return school.name, "уроков не было", 0, 0, "—", one.silent, times.date(one.made_at)
    return (
        school.name, Share(one.filled, one.due), one.due, one.due - one.filled,
        Share(one.unmarked, one.lessons), one.silent, times.date(one.made_at),
    )  # fmt: skip


def counted_days(days: int) -> str:
    return words.counted(days, "учебный день", "учебных дня", "учебных дней")
