"""The same chaos over HTTP: providers' files, routes to one of them, and how it misbehaves.

The provider is `sms-diary simulator --provider`, which plays the file that the route sends by. Its
receipts come to the service's door, by an address that stays while processes come and go.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from scripts.harness.processes import ROOT
from scripts.harness.proxy import Proxy
from scripts.harness.story import Operator, dice
from sms_diary.crash import POINTS

TOKEN = "0123456789abcdef"  # noqa: S105  # of a run on loopback
_FOLDERS = ("providers", "tests/providers/definitions")
OF_SMPP = frozenset({"submit.written", "deliver.read", "deliver.acknowledged"})
"""Points that no process comes by that speaks HTTP alone."""
_MOST = 10
"""Messages in a request, so that what dies with one is little."""
_SECRET = "x-x-x"  # noqa: S105
_PARENTS = """
[http.inbound.push]
verified = "no"
encode = "json"
phone = "from"
to = "to"
text = "text"
"""
"""For whoever brings no SMS of parents: they answer in every round."""


@cache
def _self_hosted() -> tuple[tuple[Path, Mapping[str, Any]], ...]:
    """Providers that may be on this machine, each with its `[http]`; they differ in what they can:
    batches, text or JSON, signed receipts, look-ups by our id."""
    files = sorted(one for folder in _FOLDERS for one in (ROOT / folder).glob("*.toml"))
    found = [(file, tomllib.loads(file.read_text(encoding="utf-8")).get("http")) for file in files]
    return tuple((file, http) for file, http in found if http and http.get("self_hosted"))


class DoorProxy(Proxy):
    """Passes on to whichever process of the service has its door open."""

    def __init__(self, doors: Callable[[], Sequence[int]]) -> None:
        self._doors = doors
        super().__init__()

    @property
    def target(self) -> int:
        """The first door, 0: there is none."""
        return next(iter(self._doors()), 0)

    @target.setter
    def target(self, port: int) -> None:
        """It is not for others to say."""


def operator(era: int) -> Operator:
    """A provider, and what suits our routes to it."""
    chance = dice(f"provider {era}")
    choice = _self_hosted()
    file, http = choice[era % len(choice)]
    concurrent, most = chance.choice((2, 4, 8)), min(_MOST, http["send"].get("most", 1))
    behaviour = {"redelivery_delay": 0.3, "deliver_window": chance.choice((5, 50))}
    route: dict[str, str | int | float] = {
        "provider": file.stem,
        "concurrent": concurrent,
        "callback_token": TOKEN,
    }
    return Operator(behaviour, route, 1, concurrent * most, POINTS - OF_SMPP)


def behaviour(chance: Random, usual: Mapping[str, Any]) -> dict[str, Any]:
    """How it misbehaves: what the wire of SMPP alone has is left out, lies are put in."""
    return {
        **usual,
        "throttle": 0,  # an account that is told to wait waits for longer than a round
        "unbind": 0,
        "response_delay": chance.choice((0.0, 0.02, 0.1)),
        "cut": chance.choice((0, 0.02, 0.1)),
        "noise": chance.choice((0, 0.02, 0.05)),
    }


def files(folder: Path) -> Path:
    """The providers' files in a folder of their own, with bounds that suit a round."""
    own = folder / "providers"
    own.mkdir()
    for file, http in _self_hosted():
        text = file.read_text(encoding="utf-8").replace(
            "[http]\n", "[http]\nresponse_timeout = 2\nconnect_timeout = 2\n", 1
        )
        text = re.sub(r"^most = \d\d+$", f"most = {_MOST}", text, flags=re.MULTILINE)
        more = "" if "push" in http.get("inbound", {}) else _PARENTS
        (own / file.name).write_text(text + more, encoding="utf-8")
    return own


def routes(suits: Operator, names: Sequence[str], port: int) -> list[dict[str, Any]]:
    """Accounts at the provider behind this port."""
    words = _http(suits)["secrets"]
    base = f"http://127.0.0.1:{port}"
    return [
        {
            "name": name, "source": "SCHOOL", "base_url": base, **suits.route,
            "secrets": dict.fromkeys(words, _SECRET),
        }
        for name in names
    ]  # fmt: skip


def played(suits: Operator, own: Path, public: str, route: str) -> tuple[str, ...]:
    """Arguments for the simulator."""
    file = own / f"{suits.route['provider']}.toml"
    known = [word for name in _http(suits)["secrets"] for word in ("--secret", f"{name}={_SECRET}")]
    inbound = f"{public}/callbacks/{route}/{TOKEN}/inbound"
    return ("--provider", str(file), "--http-port", "0", *known, "--inbound-to", inbound)


def _http(suits: Operator) -> Mapping[str, Any]:
    return next(http for file, http in _self_hosted() if file.stem == suits.route["provider"])
