"""Why a step of a message's way failed, in Russian: what happened, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sms_diary.channels.smpp.statuses import GENERAL
from sms_diary.model import Failure

Explain = Callable[[str, str], str]
"""A code in Russian, by route and code; "" when nobody knows."""


def explained(
    steps: Sequence[dict[str, Any]], explain: Explain, explain_receipt: Explain
) -> list[dict[str, Any]]:
    """The steps of a timeline, those that failed with `reason_ru`: what happened, what to do."""
    routes = {step["part"]: step["route"] for step in steps if "route" in step}
    found = []
    for step in steps:
        route, said = routes.get(step.get("part"), ""), ""
        if step.get("error"):
            said = explain_receipt(route, step["error"])
        elif step.get("failure"):
            said = explain(route, step["code"]) or GENERAL[Failure(step["failure"])]
        found.append(step | {"reason_ru": said} if said else step)
    return found
