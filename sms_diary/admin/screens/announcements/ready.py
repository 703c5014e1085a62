"""Texts to begin an announcement with: what schools often write, and what this one has written."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from sms_diary.admin.forms import Form
from sms_diary.admin.screen import Visit, found
from sms_diary.db import Queries
from sms_diary.store.desk import announcements as shown
from sms_diary.store.desk.audit import LAST
from sms_diary.values import value

GAP = "___"
"""Where somebody must still write something; with it a text is not sent."""
SAMPLES: Mapping[str, tuple[str, str]] = {
    "meeting": ("Родительское собрание", f"Родительское собрание {GAP} в {GAP}, кабинет {GAP}"),
    "closed": ("Уроков не будет", f"{GAP} уроков не будет: {GAP}. Задания в дневнике"),
    "short": ("Короткий день", f"{GAP} уроки до {GAP}: {GAP}"),
    "papers": ("Принести документы", f"До {GAP} принесите классному руководителю: {GAP}"),
    "trip": ("Поездка", f"{GAP} поездка: {GAP}. Сбор в {GAP}, вернёмся к {GAP}. С собой: {GAP}"),
}
_LATEST = 5


class Begin(Form):
    """`like`: an earlier announcement; `sample`: one of `SAMPLES`."""

    like: int = Field(0, ge=0, le=LAST)
    sample: str = ""


@value
class Ready:
    """A text, and the query of the address that begins with it."""

    title: str
    query: Mapping[str, object]


async def text(visit: Visit) -> str:
    """The text that the address asks to begin with, or "". Raises Missing for another school's."""
    asked = visit.query(Begin)
    if asked.like:
        return found(await shown.one(visit.q, visit.tools, visit.school.id, asked.like)).text
    return SAMPLES[asked.sample][1] if asked.sample in SAMPLES else ""


async def offered(visit: Visit, q: Queries) -> list[Ready]:
    """What may be begun with, the school's own latest first."""
    latest = await shown.page(q, visit.tools, visit.school.id, before=LAST, limit=_LATEST)
    own = {one.text: Ready(one.text, {"like": one.id}) for one in latest if one.text}
    samples = [Ready(title, {"sample": name}) for name, (title, _) in SAMPLES.items()]
    return [*own.values(), *samples]
