"""The plan by which a school introduces the diary with its progress, as a report for print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sms_diary.filled import impersonal
from sms_diary.reports.tables import Cell, Report, Share, Table, guarded
from sms_diary.store.introducing import ClassCounts, Progress, Step
from sms_diary.store.schools import School

STEP_RU: Mapping[Step, str] = {
    Step.LISTS: "Списки классов загружены",
    Step.HANDED: "Бланки согласий розданы",
    Step.RETURNED: "Ответы родителей внесены",
    Step.TRIAL: "Пробное SMS дошло до сотрудника",
    Step.LIVE: "Рабочий режим включён",
    Step.REACHED: "Родители согласны и получают SMS",
    Step.FILLED: "Журнал заполняют каждую неделю",
}
WHAT_RU: Mapping[Step, str] = {
    Step.LISTS: "классы, в которых есть ученики",
    Step.HANDED: "ученики, чьим родителям дали бланк",
    Step.RETURNED: "ученики, о ком родитель сказал да или нет",
    Step.TRIAL: "",
    Step.LIVE: "",
    Step.REACHED: "родители с действующим согласием",
    Step.FILLED: "предметы в классах, по последней сводке",
}
_COUNTED = (
    "Ответ внесён, если о ребёнке хотя бы один родитель сказал да или нет: на бумаге или по SMS. "
    "Родитель двух детей считается в классе каждого."
)
_GUARDED = "Группы меньше пяти человек скрыты, остальные числа округлены."
_YES_OR_NO = (Step.TRIAL, Step.LIVE)


def state_ru(one: Progress, today: date) -> str:
    """«сделано», «просрочено», «идёт», «не начато»."""
    if one.done:
        return "сделано"
    if one.due is not None and one.due < today:
        return "просрочено"
    return "идёт" if one.part else "не начато"


def far_ru(one: Progress) -> str:
    """«12 из 30»; "" of a step that is simply done or not."""
    return "" if one.step in _YES_OR_NO or not one.whole else f"{one.part} из {one.whole}"


def report(
    school: School, steps: Sequence[Progress], classes: Sequence[ClassCounts], *, today: date,
    guards: bool,
) -> Report:  # fmt: skip
    """`guards`: for whoever may not see small groups."""
    done = sum(one.done for one in steps)
    return Report(
        name="introduction",
        title="План введения электронного журнала и SMS-дневника",
        about=f"{school.name}, на {today:%d.%m.%Y}",
        facts=(("Шагов сделано", f"{done} из {len(steps)}"),),
        tables=(
            Table(
                "Шаги", ("Шаг", "Срок", "Состояние", "Сделано"),
                tuple(_step(one, today, guards=guards) for one in steps),
            ),
            Table(
                "По классам",
                ("Класс", "Учеников", "Роздано", "Ответили", "Родителей",
                 "Согласны"),
                tuple(_class(one, guards=guards) for one in classes),
                empty="Классов ещё нет: загрузите списки.",
            ),
        ),
        notes=(_COUNTED, *((_GUARDED,) if guards else ())),
    )  # fmt: skip


def _step(one: Progress, today: date, *, guards: bool) -> tuple[Cell, ...]:
    said: Cell = Share(one.part, one.whole) if far_ru(one) else "—"
    if guards and one.step in {Step.HANDED, Step.RETURNED, Step.REACHED} and _small(one):
        said = "—"
    due = f"{one.due:%d.%m.%Y}" if one.due else "не назначен"
    return STEP_RU[one.step], due, state_ru(one, today), said


def _small(one: Progress) -> bool:
    """Whether a share of these would tell of a handful of people."""
    few = range(1, 5)
    return one.part in few or one.whole - one.part in few


def _class(one: ClassCounts, *, guards: bool) -> tuple[Cell, ...]:
    counts: tuple[Cell, ...] = (one.pupils, one.handed, one.returned, one.guardians, one.agreed)
    return impersonal(one.name), *(guarded(counts) if guards else counts)
