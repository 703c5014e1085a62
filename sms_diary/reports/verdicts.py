"""What the check of the chains found, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sms_diary.reports import words
from sms_diary.reports.names import Names
from sms_diary.store.verify import Verdict

_UNSEEN = (
    "Без файла опубликованных концов не видно ни отрезанного хвоста, ни цепочки, составленной "
    "заново: sms-diary consents verify --head ФАЙЛ (docs/consents.md)."
)


def lines(verdicts: Sequence[Verdict], names: Names, *, compared: int | None) -> list[str]:
    """A line a chain, and what to do where one is broken.

    `compared`: how many published heads the chains were compared with; None: with no file.
    """
    said = []
    for one in verdicts:
        name = names.name(one.school_id)
        if one.broken is None:
            said.append(f"{name}: цепочка цела, {_rows(one)}.")
        else:
            said.append(f"{name}: ЦЕПОЧКА НАРУШЕНА, {words.broken_ru(one.broken)}.")
            said.append("  " + words.advice_ru(one.broken, names.slug(one.school_id)))
    if not verdicts:
        said.append("В журнале согласий нет ни одной записи.")
    said.append(_UNSEEN if compared is None else f"Сверено с опубликованными концами: {compared}.")
    return said


def _rows(one: Verdict) -> str:
    rows = one.rows - one.cut
    erased = rows - one.kept
    said = f"строк: {rows}, с доказательством: {one.kept}"
    if erased:
        said += f", доказательство стёрто: {erased}"
    if one.cut:
        said += (
            f"; строки до {one.cut} включительно уничтожены по сроку, "
            f"проверено с контрольной точки, строка {one.cut + 1} и дальше"
        )
    return said


def as_json(verdicts: Sequence[Verdict], names: Names, *, compared: int | None) -> dict[str, Any]:
    return {
        "whole": all(one.broken is None for one in verdicts),
        "compared_with_published": compared,
        "chains": [
            {
                "school": names.slug(one.school_id),
                "school_id": str(one.school_id),
                "rows": one.rows,
                "with_evidence": one.kept,
                "cut_up_to": one.cut,
                "whole": one.broken is None,
                "row": one.broken.seq if one.broken else None,
                "fault": one.broken.fault if one.broken else None,
                "text": words.broken_ru(one.broken) if one.broken else None,
            }
            for one in verdicts
        ],
    }
