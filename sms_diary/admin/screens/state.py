"""Состояние системы: version, database, queues, processes and what they hold; a file of all that
for whoever helps, without a person in it.
"""

from __future__ import annotations

import json
import platform
from typing import Any

from sms_diary import __version__
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Download, Group, Page, Screen, Visit
from sms_diary.clock import DAY
from sms_diary.db.schema import VERSION
from sms_diary.monitor import OK
from sms_diary.reports import heads
from sms_diary.store import backups, counts, schools
from sms_diary.store.counts import Queues
from sms_diary.store.desk import state
from sms_diary.store.desk.state import Lease, Oldest
from sms_diary.web import words

BACKUP_EVERY = 2 * DAY
"""A database without a newer copy is worth a word."""
ENGINE_RU = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
LEASE_RU = {
    "sweep": "разбор отчётов о доставке", "requests": "вопросы о согласии",
    "watch": "папки с выгрузками", "journals": "надзор за заполнением журналов",
}  # fmt: skip
"""What only one process does at a time; `route:…` and `node:…` are said by `_lease_ru`."""


async def show(visit: Visit) -> Page:
    q = visit.q
    queues = await counts.queues(q)
    backup = await backups.last(q)
    ready, lamps = await visit.desk.monitor.ready()
    return Page("state.html", {
        "ready": ready,
        "lamps": {_lamp_ru(name): "" if said == OK else said.partition(": ")[2] or said
                  for name, said in lamps.items()},
        "facts": [
            ("Версия", __version__), ("Схема базы", f"{await state.schema(q)} из {VERSION}"),
            ("База данных", ENGINE_RU[q.engine]), ("Её размер", size_ru(await state.size(q))),
            ("Python", platform.python_version()),
            ("Последняя копия базы", "ещё не делали" if backup is None
             else visit.times.when(backup)),
        ],
        "backup": backup, "backup_late": backup is None or visit.now - backup > BACKUP_EVERY,
        "queues": _queues_ru(visit, queues, await state.oldest(q)),
        "leases": [(_lease_ru(one), one) for one in await state.held(q) if one.left > 0],
        "heads": await heads.published(q, now=visit.now),
        "names": {one.slug: one.name for one in await schools.every(q)},
    })  # fmt: skip


async def bundle(visit: Visit) -> Download:
    """All of it as JSON, for whoever helps: counts and states, no person, number, name or text."""
    q = visit.q
    queues, oldest = await counts.queues(q), await state.oldest(q)
    _, lamps = await visit.desk.monitor.ready()
    modes = [one.mode.value for one in await schools.every(q)]
    said: dict[str, Any] = {
        "at": visit.times.iso(visit.now), "version": __version__, "schema": await state.schema(q),
        "engine": q.engine, "bytes": await state.size(q), "python": platform.python_version(),
        "system": platform.system(), "machine": platform.machine(),
        "schools": {mode: modes.count(mode) for mode in sorted(set(modes))},
        "backup_at": _iso(visit, await backups.last(q)),
        "queues": {name: getattr(queues, name) for name in Queues.__dataclass_fields__},
        "oldest": {name: _iso(visit, getattr(oldest, name))
                   for name in Oldest.__dataclass_fields__},
        "leases": [{"name": one.name, "holder": one.holder[:8], "left_ms": one.left}
                   for one in await state.held(q)],
        "lamps": {name: said.partition(":")[0] for name, said in lamps.items()},
        "metrics": (await visit.desk.monitor.metrics()).decode().splitlines(),
    }  # fmt: skip
    body = json.dumps(said, ensure_ascii=False, indent=1).encode()
    return Download("sms-diary-состояние.json", body, "application/json")


def size_ru(size: int) -> str:
    """«12,3 МБ»."""
    for power, unit in ((3, "ГБ"), (2, "МБ")):
        if size >= 1000**power:
            return f"{words.number(round(size / 1000**power, 1))}\N{NO-BREAK SPACE}{unit}"
    return f"{words.number(round(size / 1000))}\N{NO-BREAK SPACE}КБ"


def _queues_ru(visit: Visit, queues: Queues, oldest: Oldest) -> list[tuple[str, int, str]]:
    """What waits at each stage: its name, how many, and how long the oldest has."""
    return [
        ("Записи журнала, которые ещё не разложены по родителям", queues.to_fan,
         _age(visit, oldest.to_fan)),
        ("Новости, которые ждут своего часа", queues.planned, _age(visit, queues.oldest_due)),
        ("Части SMS в очереди к оператору", queues.queued, _age(visit, oldest.queued)),
        ("Части SMS, которые передаются сейчас", queues.sending, ""),
        ("Части SMS, о которых неясно, ушли ли", queues.doubt, _age(visit, queues.oldest_doubt)),
        ("Вопросы о согласии, которые ещё не ушли", queues.requests, _age(visit, oldest.requests)),
        ("Номера, до которых не дошло последнее SMS", queues.failing, _age(visit, oldest.failing)),
    ]  # fmt: skip


def _age(visit: Visit, since: int | None) -> str:
    """ "" for what is still to come, too."""
    return "" if since is None or since > visit.now else visit.times.age(since)


def _iso(visit: Visit, at: int | None) -> str | None:
    return None if at is None else visit.times.iso(at)


def _lamp_ru(name: str) -> str:
    return "База данных" if name == "database" else f"Канал {name.removeprefix('route ')}"


def _lease_ru(lease: Lease) -> str:
    kind, _, rest = lease.name.partition(":")
    if kind == "route":
        return f"канал {rest}"
    return f"процесс № {rest}" if kind == "node" else LEASE_RU.get(kind, kind)


SCREENS = (
    Screen(
        path="state", title="Состояние службы", right=Right.SYSTEM, group=Group.DISTRICT,
        of_school=False, show=show,
    ),
    Screen(
        path="state/bundle", title="Файл для поддержки", right=Right.SYSTEM, of_school=False,
        show=bundle,
    ),
)  # fmt: skip
