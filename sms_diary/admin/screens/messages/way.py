"""The way of one message in plain words: what happened, when, and what it means.

`store.timeline` reads it; a digest of many news tells of their coming once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from sms_diary.admin.screens.messages.words import KIND_RU
from sms_diary.clock import MINUTE
from sms_diary.model import PartState
from sms_diary.web.words import counted, lasting
from sms_diary.words import PART_RU, SOURCE_RU, STEP_RU

Step = tuple[int, str, str, str]
"""Epoch milliseconds, what, a note, a tone, as `parts.timeline` takes them."""
_TONES = {
    "put off": "wait", "in doubt": "wait", "to be repeated": "wait", PartState.RETRY: "wait",
    PartState.DELIVERED: "good",
    PartState.UNDELIVERED: "bad", PartState.EXPIRED: "bad", PartState.REJECTED: "bad",
    PartState.UNKNOWN: "wait",
}  # fmt: skip
_BOTH = 2
_OWN_RU = {
    "handed over": "передано оператору",
    "accepted": "оператор принял",
    "taken for sent": "решено считать отправленным, отчёт ещё может прийти",
}
"""Of a message as a whole; the rest is said as everywhere (`words.STEP_RU`)."""
ACTORS = {
    "policy": "Так решил сам сервис: срочное повторяется один раз.",
    "command": "Решил человек, командой.",
    "token": "Решил человек, через программу школы.",
    "desk": "Решил человек, на этих страницах.",
}


def told(steps: Sequence[dict[str, Any]]) -> list[Step]:
    """The steps of `explaining.explained`, for people."""
    lines = [step for step in steps if step["what"] in ("posted", "due")]
    reported = {(step["part"], step["state"]) for step in steps if step["what"] == "receipt"}
    others = [
        step for step in steps
        if step["what"] not in ("posted", "due")
        and (step.get("part"), step["what"]) not in reported
    ]  # fmt: skip
    of = next(step["parts"] for step in steps if step["what"] == "composed")
    return [*_before(lines), *(_step(list(own), of) for _, own in groupby(others, key=_alike))]


def _before(lines: Iterable[dict[str, Any]]) -> list[Step]:
    """How its news came and waited."""
    posted = [step for step in lines if step["what"] == "posted"]
    due = [step["at"] for step in lines if step["what"] == "due"]
    found: list[Step] = []
    if posted:
        kinds = sorted({KIND_RU[step["kind"]] for step in posted})
        many = f"новостей: {len(posted)}" if len(posted) > 1 else ""
        sources = dict.fromkeys(SOURCE_RU.get(step["source"], "пришло") for step in posted)
        came = ", ".join(sources).capitalize()
        found.append((posted[-1]["at"], f"{came}: {', '.join(kinds)}", many, "off"))
    if due:
        waited = max(due) - posted[-1]["at"] if posted else 0
        note = ""
        if waited >= MINUTE:
            note = (
                f"Ждали {lasting(waited)}: чтобы учитель успел исправить, до сводки или до конца "
                "тихих часов"
            )
        found.append((max(due), "Подошло время сообщить", note, "off"))
    return found


def _step(alike: list[dict[str, Any]], of: int) -> Step:
    """Steps of several parts that are one to whoever reads it."""
    step = alike[-1]
    what = step["what"]
    said = _receipt(step) if what == "receipt" else _OWN_RU.get(what) or _usual(what)
    tone = _TONES.get(step.get("state", what), "off")
    return step["at"], f"{said[:1].upper()}{said[1:]}{_part(alike, of)}", _note(alike), tone


def _alike(step: dict[str, Any]) -> tuple[Any, ...]:
    same = ("what", "state", "reason_ru", "error", "code", "route", "attempt", "actor")
    return step["at"] // MINUTE, *(step.get(name) for name in same)


def _usual(what: str) -> str:
    return STEP_RU.get(what) or PART_RU[PartState(what)]


def _receipt(step: dict[str, Any]) -> str:
    return f"оператор сообщил: {PART_RU[PartState(step['state'])]}"


def _part(alike: Sequence[dict[str, Any]], of: int) -> str:
    """Which of its parts it happened to; nothing where it is one, or an operator cuts it."""
    seqs = sorted({step["part"] for step in alike if step.get("part")})
    if not seqs or of == 1:
        return ""
    if len(seqs) < of:
        return f", {', '.join(f'{seq}-я' for seq in seqs)} часть из {of}"
    return ", обе части" if of == _BOTH else f", все {counted(of, 'часть', 'части', 'частей')}"


def _note(alike: Sequence[dict[str, Any]]) -> str:
    step, said = alike[-1], []
    if reason := step.get("reason_ru"):
        said.append(reason)
    if actor := step.get("actor"):
        said.append(ACTORS.get(actor, ""))
    if parts := step.get("parts"):
        said.append(counted(parts, "SMS", "SMS", "SMS"))
    if route := step.get("route"):
        again = f", попытка {step['attempt']}" if step["attempt"] > 1 else ""
        said.append(f"Канал {route}{again}")
    if code := step.get("error") or step.get("code"):
        said.append(f"Код оператора: {code}")
    if own := list(dict.fromkeys(one["provider_id"] for one in alike if "provider_id" in one)):
        said.append(f"Номер у оператора: {', '.join(own)}")
    return " · ".join(said)
