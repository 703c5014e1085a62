"""The importer at the desk, and what it says in the desk's own words.

Its sentences are also read at a command line, and name commands; whoever reads a page has none.
"""

from __future__ import annotations

from sms_diary.admin.screen import Desk
from sms_diary.ingest.imports.planning import Importer

_INSTEAD = (
    ("выберите: sms-diary quarantine list", "ответьте в разделе «Карантин»"),
    (" Варианты показывает sms-diary quarantine list.", " Откройте вопрос заново."),
    (": sms-diary quarantine list", ""),
    (" (drop)", ""),
    (" (--source)", ""),
    (" (--consent-source)", ""),
    (" (--only-good)", ""),
    (" (--end-missing)", ": отметка «Кого нет в новых списках, те выбыли», шаг «Что в файлах»"),
    (" (нужны? --map «заголовок=столбец»)", ""),
    ("с --numbers-changed", "с отметкой «Другой номер заменяет прежний»"),
)
"""What a command is called on a page."""


def importer(desk: Desk) -> Importer:
    return Importer(desk.database, desk.tools, desk.clock, desk.acceptor)


def plain(said: str) -> str:
    """The sentence without commands, its first letter a capital."""
    for command, words in _INSTEAD:
        said = said.replace(command, words)
    return said[:1].upper() + said[1:]
