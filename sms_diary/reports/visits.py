"""How often people come to the journal, to our parent's page and by SMS, as a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sms_diary.reports.filling import span
from sms_diary.reports.tables import FEW, Cell, Report, Share, Table
from sms_diary.store.schools import School
from sms_diary.store.visiting import Counted, Month, Who

WHO_RU: Mapping[Who, str] = {
    Who.TEACHERS: "учителя и сотрудники",
    Who.PUPILS: "ученики",
    Who.PARENTS: "родители",
    Who.OTHERS: "остальные",
}
HIDDEN = f"меньше {FEW} человек"
NOTE = (
    "Входы в журнал считает сам журнал, посещения страницы и вопросы по SMS — эта программа. "
    "Один и тот же родитель мог прийти всеми путями, поэтому числа не складываются."
)


def report(
    school: School, journal: Sequence[Counted], months: Sequence[Month], *, guarded: bool
) -> Report:
    """`guarded`: for whoever may not see groups under five people."""
    return Report(
        name="visits",
        title="Посещаемость журнала",
        about=school.name,
        facts=(),
        tables=(
            Table(
                "Журнал: по его собственной статистике",
                ("Период", "Кто", "Пользователей", "Заходили", "Посещений"),
                tuple(_row(one, guarded=guarded) for one in journal),
                empty="Статистика не загружена. Выгрузите из журнала «Статистику посещений "
                "пользователей» и загрузите её на странице «Импорт».",
            ),
            Table(
                "Страница для родителей и вопросы по SMS",
                ("Дни", "Посещений страницы", "Ответов по SMS"),
                tuple((span(one.first, one.last), one.page, one.answers) for one in months),
            ),
        ),
        notes=(NOTE,),
    )  # fmt: skip


def _row(one: Counted, *, guarded: bool) -> tuple[Cell, ...]:
    if guarded and one.users < FEW:
        return one.period, WHO_RU[one.who], HIDDEN, "—", "—"
    active: Cell = "не указано" if one.active is None else Share(one.active, one.users)
    if guarded and one.active is not None and not _is_group(one.active, one.users):
        active = "—"
    return one.period, WHO_RU[one.who], one.users, active, one.visits


def _is_group(active: int, users: int) -> bool:
    """Neither those who came nor those who did not are a handful."""
    return all(count == 0 or count >= FEW for count in (active, users - active))
