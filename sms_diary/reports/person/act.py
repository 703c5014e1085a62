"""The act that personal data were destroyed, with the extract of the log, as a page (A4).

What must stand in it: приказ РКН № 179 of 28.10.2022, п. 3 (act) and п. 5 (extract). What the
program does not know (names, posts, signatures) is left to be written by hand.
"""

from __future__ import annotations

from pathlib import Path

import jinja2

from sms_diary.reports.names import Names
from sms_diary.store.destruction import Destruction, Kind, What

WHAT_RU: dict[What, str] = {
    What.NUMBERS: "номер телефона",
    What.GUARDIANS: "имя родителя, связь с ребёнком, выбранные буквы и частота SMS",
    What.PUPILS: "имя, дата рождения и номер ученика в журнале",
    What.ENTRIES: "записи дневника: отметки, пропуски, тексты заданий и сообщений",
    What.MESSAGES: "тексты отправленных SMS",
    What.INBOUND: "тексты SMS, пришедших с номера",
    What.RECEIPTS: "исходный вид отчётов оператора о доставке",
    What.EVIDENCE: "доказательства согласий (записи о них остаются без имён и номеров)",
    What.BODIES: "исходный вид запросов и файлов школы",
    What.ANSWERS: "сохранённые ответы на запросы",
    What.LEDGER_ROWS: "строки журнала согласий",
}
KIND_RU: dict[Kind, str] = {
    Kind.GUARDIAN: "данные родителя",
    Kind.NUMBER: "данные номера телефона",
    Kind.PUPIL: "данные ученика",
    Kind.RETENTION: "данные, срок хранения которых истёк",
    Kind.LEDGER: "строки журнала согласий, срок хранения которых истёк",
}
_SUBJECT_RU = {"guardian": "родитель", "number": "абонент", "pupil": "ученик"}
_HOW = (
    "Стирание в базе данных: значение удалено из таблиц и из индексов, освобождённое место "
    "перезаписано (SQLite: secure_delete, обрезка журнала WAL; PostgreSQL: VACUUM). Восстановить "
    "значение средствами программы нельзя. В резервных копиях, сделанных раньше, оно остаётся до "
    "их удаления."
)
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "html"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def act(one: Destruction, names: Names, *, legal: str) -> str:
    """The page; `legal` is the school's full name and address, "" where it is not known."""
    return _TEMPLATES.get_template("act.html").render(
        one=one,
        school=names.name(one.school_id),
        legal=legal,
        at=names.time(one.at, one.school_id),
        kind=KIND_RU[one.kind],
        subject=subject_ru(one),
        rows=rows(one),
        how=_HOW,
    )


def rows(one: Destruction) -> list[tuple[str, int]]:
    """What was destroyed and how many, in the order of `What`."""
    return [(WHAT_RU[what], one.counts[what]) for what in What if one.counts.get(what)]


def subject_ru(one: Destruction) -> str:
    """Whose data: by our own id, since nothing else is left; "" for what time does."""
    word, _, number = one.subject.partition(":")
    return f"{_SUBJECT_RU[word]} № {number} в базе" if number else ""
