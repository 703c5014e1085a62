"""Announcements as a table: text, for whom, when it was posted, until when, whether urgent.

An announcement has no other name than its text and whom it is for, so a row stands here only if
both are read back as they are (`accept.registry` keeps a keyed digest of them).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import islice, permutations
from zoneinfo import ZoneInfo

from sms_diary.clock import local
from sms_diary.ingest.accept.roll import Whom
from sms_diary.ingest.exports.book import Cell, Exported, Sheet, as_xlsx
from sms_diary.ingest.kinds.about import classes_in
from sms_diary.ingest.kinds.page_text import plain
from sms_diary.ingest.matching import ClassIndex
from sms_diary.store.people import ClassRow
from sms_diary.store.year_book import Written

HEADING = ("Текст", "Кому", "Дата", "О каком дне", "Показывать до", "Срочно", "id")
LOST = (
    "Объявлений, которые таблицей не записать (для отдельных учеников, с разметкой, или срок "
    "хранения текста истёк): {}."
)
_WIDTHS = (80, 20, 17, 13, 13, 8, 10)
_REF = "announcement-"
_MOST_ORDERS = 720
Digest = Callable[[bytes], bytes]
Posted = tuple[Written, tuple[int, ...], tuple[int, ...]]


def export(
    posted: Iterable[Posted], classes: Sequence[ClassRow], zone: ZoneInfo, digest: Digest
) -> Exported:
    """A sheet with a row for each; `digest` is the vault's."""
    index = ClassIndex((one.id, one.name) for one in classes)
    names = {one.id: one.name for one in classes}
    rows: list[Sequence[Cell]] = [HEADING]
    lost = 0
    for entry, of_classes, pupils in posted:
        audience = _audience(entry, of_classes, pupils, names, digest)
        if audience and plain(entry.body) == entry.body and _found(audience, of_classes, index):
            rows.append(_row(entry, audience, zone))
        else:
            lost += 1
    body = as_xlsx([Sheet("Объявления", rows, _WIDTHS)]) if len(rows) > 1 else b""
    return Exported(body, len(rows) - 1, (LOST.format(lost),) if lost else ())


def _audience(
    entry: Written, of_classes: Sequence[int], pupils: Sequence[int], names: dict[int, str],
    digest: Digest,
) -> str:  # fmt: skip
    """«5А, 5Б» in the order in which they were given, «Вся школа», or "" for what is neither."""
    if pupils or not entry.body or any(one not in names for one in of_classes):
        return ""
    for order in islice(permutations(of_classes), _MOST_ORDERS):
        if digest(f"{entry.body}\n{Whom(0, tuple(order), ())}".encode()).hex() == entry.value:
            return ", ".join(names[one] for one in order) if order else "Вся школа"
    return ""


def _found(audience: str, of_classes: Sequence[int], index: ClassIndex) -> bool:
    """Whether a reader finds the same classes in the words."""
    found = [index.find(title).class_id for title in classes_in(audience)]
    return sorted(one or 0 for one in found) == sorted(of_classes)


def _row(entry: Written, audience: str, zone: ZoneInfo) -> Sequence[Cell]:
    until = local(entry.until, zone) - timedelta(milliseconds=1) if entry.until else None
    return (
        entry.body, audience, _moment(entry.at, zone),
        date.fromisoformat(entry.day) if entry.day else None, until.date() if until else None,
        "да" if entry.urgent else "нет", entry.ref.removeprefix(_REF),
    )  # fmt: skip


def _moment(at: int, zone: ZoneInfo) -> str:
    """The school's local time, ISO 8601, as exact as it is kept: an older one would be old news."""
    return local(at, zone).replace(tzinfo=None).isoformat(timespec="milliseconds")
