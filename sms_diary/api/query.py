"""What may stand behind the question mark: known names, once each, and numbers that are numbers.

A misspelt parameter is an error, not a default: `?dryrun=1` would send for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiohttp import web

from sms_diary.api.problem import Problem

_BIGGEST = 2**63 - 1
_DIGITS = len(str(_BIGGEST))
_YES_OR_NO = {"1": True, "true": True, "0": False, "false": False}


def parameters(http: web.Request, known: Iterable[str]) -> Mapping[str, str]:
    """The query's parameters; 400 for one that is unknown here or stands twice."""
    names = list(known)
    given = set(http.query)
    if given - set(names) or len(given) < len(http.query):
        allowed = ", ".join(names) if names else "здесь их нет"
        raise Problem(
            400, "bad-parameter", f"Параметры адреса — только эти, каждый один раз: {allowed}."
        )
    return http.query


def flag(given: Mapping[str, str], name: str) -> bool:
    """Whether it is switched on; 400 for anything but 1, 0, true and false."""
    if name not in given:
        return False
    try:
        return _YES_OR_NO[given[name].lower()]
    except KeyError:
        raise Problem(400, "bad-parameter", f"{name} бывает 1 или 0.") from None


def number(given: Mapping[str, str], name: str, default: int) -> int:
    """A whole number that fits 63 bits; 400 for anything else."""
    if name not in given:
        return default
    found = _whole(given[name])
    if found is None:
        raise Problem(400, "bad-parameter", f"{name} — целое число от 0.")
    return found


def path_id(http: web.Request) -> int:
    """The `id` of the address; 404 for what cannot be one."""
    found = _whole(http.match_info["id"])
    if found is None:
        raise Problem(404, "bad-id", "Такого id нет: id — число.")
    return found


def _whole(text: str) -> int | None:
    # The length first: reading thousands of digits is slow, and refused by Python in its own way.
    if len(text) > _DIGITS or not (text.isascii() and text.isdigit()) or int(text) > _BIGGEST:
        return None
    return int(text)
