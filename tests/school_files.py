"""Files of a school of our own invention, with quirks that the samples do not have.

«Лицей у реки», school year 2026/2027, third quarter; the classes are 7В and 10Б (хим-бил). All
names are invented, all phones lie in +7 900 000-xx-xx. Each function gives the bytes of one file.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

TODAY = date(2027, 3, 19)  # a Friday

Cell = str | int | float | date | datetime | time | None


def _put(sheet: Worksheet, rows: Sequence[Sequence[Cell]]) -> None:
    for row in rows:
        sheet.append(list(row))


def _day(iso: str) -> datetime:
    """A date as Excel keeps one: midnight in no zone."""
    return datetime.fromisoformat(iso)


def _saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(book: Workbook, title: str) -> Worksheet:
    made = book.create_sheet(title)
    assert isinstance(made, Worksheet)
    return made


def _book() -> Workbook:
    book = Workbook()
    del book[book.sheetnames[0]]
    return book


def journal() -> bytes:
    """Three sheets: merged months; a subgroup with months that are only written; whole dates."""
    book = _book()
    first = _sheet(book, "Алгебра")
    _put(first, [
        ("Лицей «У реки» (вымышленный)",),
        ("Класс: 7 «В»", None, None, None, "Предмет: Алгебра"),
        (),
        ("№ п/п", "Фамилия, имя", "Февраль", None, "Март", None, None, None, "Ср.б.", "III четв."),
        (None, None, 24, 26, 3, 3, 17, 24, None, None),
        (1, "АЛЁШИН  Фёдор", "5", "H", 4, 5, "05.апр", None, "4,67", 5),  # Latin H
        (2, "Белых - Рощина Зоя", "УП4", ".", None, "5 4 3", _day("2027-05-04"), None, "4", None),
        (3, "Гуров Ё.П.", 6, "зач", "осв", None, "оп", None, None, "н/а"),
        (4, "Дронова Аля", None, None, None, None, None, 5, None, None),  # a mark on the 24th
        (5, "Ежов Лука", None, None, None, None, None, None, None, None),
        (None, None, 3, None, None, None, None, None, None, None),
        ("Классный руководитель: Лесная А. А.",),
        (),
        ("Дата урока", None, "Тема", None, "Д/з"),
        ("24.02.2027", None, "Степень", None, "п. 14, №№ 301-303"),
        (_day("2027-02-26"), None, "Корень", None, "не задано"),
        ("3 марта", None, "Повторение", None, "№ 310\nповторить п. 14"),
        ("17.03", None, "Контрольная", None, "п. 15"),
        ("Н – не был; УП – уважительная причина",),
    ])  # fmt: skip
    first.merge_cells("C4:D4")
    first.merge_cells("E4:H4")
    first.merge_cells("A4:A5")
    first.merge_cells("B4:B5")
    first.column_dimensions["I"].hidden = True
    second = _sheet(book, "Ин.яз. 2 гр.")
    _put(second, [
        ("Класс", "7В"),
        ("Список", "Январь", None, "Февраль"),
        ("Ученик", 14, 21, 4),
        ("Алёшин Фёдор", 5, None, "н"),
        ("Гуров Ё.П.", "3-", "4+", None),
    ])  # fmt: skip
    second["A2"] = "Ученик"
    second["A3"] = None
    third = _sheet(book, "История")
    _put(third, [
        ("Класс: 7-В",),
        ("Ученик", date(2027, 3, 10), "17.03.27", "Итог за 3 четверть"),
        ("Алёшин Фёдор", 4, 5, 5),
        ("Всего: 1",),
    ])  # fmt: skip
    return _saved(book)


def days_across() -> bytes:
    """A sheet a class, days across with rooms in brackets, lessons from 0, bells below."""
    book = _book()
    sheet = _sheet(book, "7В")
    _put(sheet, [
        ("Расписание уроков 7В, 2 смена",),
        ("Урок", "Пн", "Вт", "Ср.", "Четверг", "пятница"),
        (0, None, "Разговоры о важном", None, None, None),
        (1, "Алгебра [301]", "Англ.яз./2 гр. [209], Англ.яз./1 гр. [108]", "Химия каб. 12",
         "Хореография/Ритмика", "-"),
        (2, "Труд (дев.) М1 / Труд (мал.) М2", "Физ-ра с/з", None, "Физика\nХимия", "Окно"),
        (),
        ("№ урока", "1 смена", "2 смена"),
        (0, None, time(13, 10)),
        (1, "8.00-8.40", "14.00-14.40"),
        (2, "8.50-9.30", "14:50"),
    ])  # fmt: skip
    return _saved(book)


def days_down() -> bytes:
    """Two classes over subject and room, a day as a row of its own, notes that change lessons."""
    book = _book()
    sheet = _sheet(book, "Лист1")
    _put(sheet, [
        ("Расписание на неделю 22.03 - 27.03.2027",),
        ("№", "Время", "7B", None, "10Б (хим-бил)", None, "Замены"),
        (None, None, "Предмет", "Каб.", "Предмет", "Каб.", None),
        ("П О Н Е Д Е Л Ь Н И К",),
        (1, "8:00 - 8:40", "Алгебра", 301, "Химия", 12, "7В: 1 ур. геометрия вместо алгебры"),
        (2, time(8, 50), "История", 8, "Биология", 9, "биология → химия"),
        (3, 0.40625, "Физика", "15а", None, None, "нет урока"),
        (4, "10:40", "Химия", 12, "Физика", 15, "урок отменён"),
        (None, "11:30", "Музыка", None, None, None, None),
        ("Вторник",),
        (1, "8:00", None, None, "Физика", 15, "уточняется"),
        ("* возможны изменения",),
    ])  # fmt: skip
    sheet.merge_cells("C2:D2")
    sheet.merge_cells("E2:F2")
    sheet.merge_cells("A4:G4")
    return _saved(book)


def classes_down() -> bytes:
    """Classes down, days across, the lessons of a day under it."""
    book = _book()
    sheet = _sheet(book, "Расписание")
    _put(sheet, [
        ("Класс", "Понедельник", None, "Вторник", None),
        (None, 1, 2, 1, 2),
        ("7В", "Алгебра", "История", "Физика", None),
        ("10Б (хим-бил)", "Химия", None, "Химия", "Биология"),
    ])  # fmt: skip
    sheet.merge_cells("B1:C1")
    sheet.merge_cells("D1:E1")
    sheet.merge_cells("A1:A2")
    return _saved(book)


def contacts() -> bytes:
    """Mother and father beside each other under merged heads, topics and two more consents."""
    book = _book()
    sheet = _sheet(book, "7В")
    _put(sheet, [
        ("№", "Ученик", "Мать", None, "Отец", None, "Согласие на SMS", "Дата согласия",
         "Согласие на обработку персональных данных", "Темы", "Срочное рано"),
        (None, None, "ФИО", "Телефон", "ФИО", "Телефон", None, None, None, None, None),
        (1, "Алёшин Фёдор", "Алёшина Е. Ё.", 89000001003.0, None, None, "да",
         _day("2026-09-15"), "да", "отметки, пропуски", "нет"),
        (2, "Белых-Рощина Зоя", "Белых А.", "8 900 000-20-02", "Рощин П.", "+7 900 000-20-03",
         None, None, True, "все", "да"),
        (3, "Гуров Ё.П.", "Гурова Н.", "89000002004", "Гуров П.", "89000002005", "да",
         "16.09.26", "нет", "ДЗ и погода", "может быть"),
        (4, "Дронова Аля", None, "нет", None, None, "нет", None, None, None, None),
        ("Итого: 4",),
    ])  # fmt: skip
    for area in ("A1:A2", "B1:B2", "C1:D1", "E1:F1", "G1:G2", "H1:H2", "I1:I2", "J1:J2", "K1:K2"):
        sheet.merge_cells(area)
    return _saved(book)


def marks() -> bytes:
    """Marks in rows of a workbook: real dates, a mark that became one, a hidden row."""
    book = _book()
    sheet = _sheet(book, "Отметки")
    _put(sheet, [
        ("Журнал отметок",),
        ("Учащийся", "Кл.", "Дисциплина", "Дата", "Балл", "Вид работы"),
        ("Алёшин Фёдор", "7В", "Алгебра", _day("2027-03-15"), 5, "К"),
        ("Гуров Ё.П.", "7-в", "Ин.яз. 2 гр.", "16.03.27", _day("2027-04-05"), ""),
        ("Дронова Аля", "7В", "Химия", "19 марта", "УП 4", ""),
        ("Ежов Лука", "7В", "Химия", "20.03.2027", 4, ""),
        ("Ежов", "7В", "Химия", "18.03.2027", 4, ""),
    ])  # fmt: skip
    sheet.row_dimensions[5].hidden = True
    return _saved(book)


def _page(caption: str, table: str) -> bytes:
    head = '<html><head><meta charset="windows-1251"><title>x</title></head><body>'
    return f"{head}{caption}<table border=1>{table}</table></body></html>".encode("cp1251")


def _tr(*cells: str, tag: str = "td") -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


PUPIL = "<p>Ученик: Алёшин Фёдор</p><p>Класс: 7В</p>"


def student_total() -> bytes:
    """Marks of a day glued together; a middle column of averages and two term marks."""
    head = (
        "<tr><th rowspan=2>Предмет</th><th colspan=2>Февраль</th><th colspan=3>Март</th>"
        "<th rowspan=2>Средняя отметка</th><th colspan=2>Итог</th></tr>"
        + _tr("24", "25", "3", "4", "31", "2 чет", "3 чет", tag="th")
    )
    rows = (
        _tr("Алгебра", "54", "&nbsp;", "УП4", ".", "", "4.33", "4", "5")
        + _tr("Ин.яз. 2 гр.", "", "Н", "5/4", "9", "", "4.5", "", "")
        + _tr("Физика", "", "", "", "", "5", "", "", "")
        + _tr("Итого", "", "", "", "", "", "", "", "")
    )
    return _page("<h2>Отчет об успеваемости и посещаемости</h2>" + PUPIL, head + rows)


def student_grades() -> bytes:
    head = _tr("Тип задания", "Тема", "Дата", "Дата выставления", "Отметка", tag="th")
    rows = (
        _tr("Контрольная работа", "Степень", "24.02.27", "01.03.27", "5")
        + _tr("Ответ на уроке", "Корень", "26.02.27", "26.02.27", "4")
        + _tr("Ответ на уроке", "Корень", "26.02.27", "26.02.27", "3")
        + _tr("Ответ на уроке", "", "32.02.27", "26.02.27", "3")
        + _tr("Средняя отметка", "", "", "", "4.00")
    )
    return _page(f"{PUPIL}<p>Предмет: Алгебра</p>", head + rows)


def term_marks() -> bytes:
    """What the report is about stands in a table of its own."""
    about = "<table>" + _tr("Ученик:", "Алёшин Фёдор") + _tr("Класс:", "7В") + "</table>"
    head = _tr("№", "Предмет", "1 период", "2 период", "3 период", "Год", "Экзамен", tag="th")
    rows = _tr("1", "Алгебра", "5", "4", "", "", "") + _tr("2", "ИЗО", "зач", "7", "5", "5", "4")
    return _page(f"<p>Итоговые отметки</p>{about}", head + rows)


def journal_access() -> bytes:
    head = _tr("Класс", "Предмет", "Дата", "Пользователь", "Дата урока", "Период", "Действие",
               tag="th")  # fmt: skip
    rows = (
        _tr("7В", "Алгебра", "17.03.2027 14:05", "Лесная А. А.", "16.03.2027", "3 четверть",
            "Выставление отметок")
        + _tr("10Б (хим-бил)", "Химия", "18.03.27", "Речной Б. Б.", "", "3 четверть", "Тема урока")
        + _tr("7В", "", "18.03.27", "Речной Б. Б.", "", "", "Тема урока")
        + _tr("7В", "Химия", "позавчера", "Речной Б. Б.", "", "", "Тема урока")
    )  # fmt: skip
    return _page("<p>Доступ к классному журналу</p>", head + rows)


def visits() -> bytes:
    head = _tr("ФИО", "Роль", "Количество посещений", "Последнее посещение", tag="th")
    rows = (
        _tr("Тайнова Вера", "Родитель", "12", "18.03.2027")
        + _tr("Тайнов Глеб", "Ученик", "3", "17.03.2027")
        + _tr("Скрытная Инна", "Родитель", "0", "")
        + _tr("Скрытный Олег", "Родитель", "много", "")
    )
    return _page("<p>Статистика посещений пользователей</p>", head + rows)


def announcements() -> bytes:
    """Rows of a table, in cp1251; one does not say for whom it is."""
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([
        ("Заголовок", "Текст", "Кому", "Дата", "Действует до", "Срочно"),
        ("Уборка", "Субботник 20.03 в 10:00", "7 «В», 10Б (хим-бил)", "18.03.2027", "20.03.27", ""),
        ("Карантин", "<b>Карантин</b> с 22.03", "Вся школа", "19.03.2027", "", "да"),
        ("", "Принесите краски", "", "19.03.2027", "", ""),
        ("Пусто", "", "7В", "19.03.2027", "", ""),
    ])  # fmt: skip
    return out.getvalue().encode("cp1251")


def journal_announcements() -> bytes:
    """Announcements of the journal without `recipientInfo`, as some versions give them."""
    item = {
        "id": 7, "name": "Собрание", "description": "<p>Приходите</p>",
        "postDate": "2027-03-18T10:00:00.1234567", "author": {"fio": "Лесная А. А."},
    }  # fmt: skip
    return json.dumps([item], ensure_ascii=False).encode()


ROSTER: dict[str, Sequence[tuple[str, ...]]] = {
    "manifest": [
        ("propertyName", "value"), ("manifest.version", "1.0"), ("oneroster.version", "1.1"),
        ("file.users", "bulk"), ("file.classes", "bulk"), ("file.results", "bulk"),
    ],
    "orgs": [("sourcedId", "status", "dateLastModified", "name", "type"),
             ("o1", "", "", "Лицей у реки", "school")],
    "academicSessions": [
        ("sourcedId", "status", "dateLastModified", "title", "type", "startDate", "endDate",
         "parentSourcedId", "schoolYear"),
        ("t3", "", "", "3 четверть", "gradingPeriod", "2027-01-11", "2027-03-21", "", "2027"),
    ],
    "courses": [("sourcedId", "status", "dateLastModified", "schoolYearSourcedId", "title",
                 "courseCode", "grades", "orgSourcedId"),
                ("k1", "", "", "", "Алгебра", "", "", "o1")],
    "classes": [
        ("sourcedId", "status", "dateLastModified", "title", "grades", "courseSourcedId",
         "classCode", "classType", "location", "schoolSourcedId", "termSourcedIds"),
        ("c1", "", "", "7В", "", "", "", "homeroom", "", "o1", "t3"),
        ("c2", "", "", "Алгебра 7В", "", "k1", "", "scheduled", "", "o1", "t3"),
        ("c3", "", "", "Ин.яз. 2 гр. 7В", "", "", "", "scheduled", "", "o1", "t3"),
    ],
    "users": [
        ("sourcedId", "status", "dateLastModified", "enabledUser", "orgSourcedIds", "role",
         "username", "userIds", "givenName", "familyName", "middleName", "identifier", "email",
         "sms", "phone", "agentSourcedIds", "grades", "password"),
        ("u1", "", "", "true", "o1", "student", "a", "", "Фёдор", "Алёшин", "Ильич", "", "", "",
         "", "p1,p2", "07", ""),
        ("u2", "", "", "true", "o1", "student", "b", "", "Зоя", "Белых-Рощина", "", "", "", "", "",
         "p9", "07", ""),
        ("u3", "", "", "true", "o1", "student", "c", "", "Лука", "Ежов", "", "", "", "", "", "",
         "07", ""),
        ("p1", "", "", "true", "o1", "parent", "d", "", "Елена", "Алёшина", "", "", "",
         "+79000003001", "", "", "", ""),
        ("p2", "", "", "true", "o1", "guardian", "e", "", "Илья", "Алёшин", "", "", "", "",
         "8 900 000-30-0", "", "", ""),
        ("p3", "", "", "true", "o1", "parent", "f", "", "Никто", "Ничей", "", "", "",
         "+79000003003", "", "", "", ""),
        ("w1", "", "", "true", "o1", "teacher", "g", "", "Анна", "Лесная", "", "", "", "", "", "",
         "", ""),
    ],
    "enrollments": [
        ("sourcedId", "status", "dateLastModified", "classSourcedId", "schoolSourcedId",
         "userSourcedId", "role", "primary", "beginDate", "endDate"),
        ("e1", "", "", "c1", "o1", "u1", "student", "", "", ""),
        ("e2", "", "", "c1", "o1", "u2", "student", "", "", ""),
        ("e3", "", "", "c2", "o1", "u1", "student", "", "", ""),
        ("e4", "", "", "c2", "o1", "w1", "teacher", "true", "", ""),
        ("e5", "", "", "c9", "o1", "u1", "student", "", "", ""),
    ],
    "categories": [("sourcedId", "status", "dateLastModified", "title"),
                   ("g1", "", "", "Контрольная работа"), ("g2", "", "", "Четвертная отметка")],
    "lineItems": [
        ("sourcedId", "status", "dateLastModified", "title", "description", "assignDate",
         "dueDate", "classSourcedId", "categorySourcedId", "gradingPeriodSourcedId",
         "resultValueMin", "resultValueMax"),
        ("l1", "", "", "Степень", "", "2027-03-10", "2027-03-12", "c2", "g1", "t3", "2.0", "5.0"),
        ("l2", "", "", "За четверть", "", "2027-03-19", "2027-03-19", "c2", "g2", "t3", "2", "5"),
        ("l3", "", "", "Vocabulary", "", "2027-03-15", "2027-03-16", "c3", "", "t3", "0", "100"),
        ("l4", "", "", "Ещё не проверено", "", "2027-03-15", "2027-03-16", "c3", "", "t3", "2",
         "5"),
    ],
    "results": [
        ("sourcedId", "status", "dateLastModified", "lineItemSourcedId", "studentSourcedId",
         "scoreStatus", "score", "scoreDate", "comment"),
        ("r1", "", "", "l1", "u1", "fully graded", "4.0", "2027-03-15", "молодец"),
        ("r2", "", "", "l1", "u2", "exempt", "", "2027-03-15", ""),
        ("r3", "", "", "l1", "u3", "not submitted", "", "2027-03-15", ""),
        ("r4", "", "", "l2", "u1", "fully graded", "5", "2027-03-19", ""),
        ("r5", "", "", "l3", "u1", "fully graded", "87", "2027-03-19", ""),
        ("r6", "", "", "l4", "u1", "submitted", "", "2027-03-19", ""),
        ("r7", "", "", "l9", "u1", "fully graded", "5", "2027-03-19", ""),
        ("r8", "", "", "l1", "u1", "graded", "5", "2027-03-19", ""),
    ],
}  # fmt: skip


def oneroster(**changed: Sequence[tuple[str, ...]]) -> bytes:
    """A bulk archive; `changed` replaces whole files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, rows in (ROSTER | changed).items():
            text = io.StringIO()
            csv.writer(text, lineterminator="\r\n").writerows(rows)
            packed.writestr(f"{name}.csv", text.getvalue())
    return out.getvalue()


def strange() -> bytes:
    return "Меню;Цена\r\nКаша;40\r\n".encode("cp1251")


FILES = {
    "zhurnal_7v.xlsx": journal,
    "raspisanie_7v.xlsx": days_across,
    "raspisanie_nedelja.xlsx": days_down,
    "svodnoe.xlsx": classes_down,
    "kontakty.xlsx": contacts,
    "otmetki.xlsx": marks,
    "StudentTotal.xls": student_total,
    "StudentGrades.xls": student_grades,
    "StudentTotalMarks.xls": term_marks,
    "JournalAccess.xls": journal_access,
    "Poseshenija.xls": visits,
    "objavlenija.csv": announcements,
    "announcements.json": journal_announcements,
    "menu.csv": strange,
}


def everything() -> bytes:
    """All of the files above in one archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, make in FILES.items():
            packed.writestr(name, make())
    return out.getvalue()
