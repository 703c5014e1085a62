"""A provider's file as the one who plays it needs it: plain tables, and a sample answer that holds.

What lives here: reading, and the refusal of what cannot be played. What does not: the rules of
the format (docs/providers.md), which whoever sends by the file checks.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sms_diary.simulator.provider.shapes import Unplayable

Table = Mapping[str, Any]


@dataclass(frozen=True)
class Definition:
    """`secrets`: what the client must know; without a value anything is taken for right."""

    title: str
    http: Table
    secrets: Mapping[str, str] = field(default_factory=dict)

    @property
    def send(self) -> Table:
        """How messages come, and the answer."""
        table: Table = self.http["send"]
        return table

    @property
    def questions(self) -> list[Table]:
        """Requests about messages."""
        found = [self.http.get("lookup"), self.http.get("receipts", {}).get("poll")]
        return [one for one in found if one]

    def push(self, what: str) -> Table | None:
        """How `receipts` or `inbound` are brought, None: they are not."""
        table: Table | None = self.http.get(what, {}).get("push")
        return table

    def fetched(self, what: str) -> Table | None:
        """How `receipts` or `inbound` are fetched all at once, None: they are not."""
        table: Table | None = self.http.get(what, {}).get("queue")
        return table

    @property
    def zone(self) -> ZoneInfo:
        """Where the provider lives."""
        return ZoneInfo(self.http.get("zone", "Europe/Moscow"))

    @property
    def charset(self) -> str:
        """Of what stands in addresses and forms."""
        return str(self.http.get("charset", "utf-8"))

    def word(self, state: str) -> Any:
        """The provider's word for one of our states; the state itself where it has none."""
        return first(self.http.get("states", {}).get(state, state))

    def refusal(self, failure: str) -> tuple[int, Any]:
        """(status, code) of the first rule that says so; a bare status where there is none."""
        for rule in self.http.get("errors", ()):
            if rule.get("failure") == failure and not rule.get("text") and not rule.get("dup"):
                status = int(first(rule["http"])) if "http" in rule else 200
                return status, first(rule["code"]) if "code" in rule else None
        return (429 if failure == "throttled" else 400), None


def first(given: Any) -> Any:
    """The first of a set of words: 100, "501-506", [103, 110]."""
    if isinstance(given, list):
        return first(given[0])
    if isinstance(given, str) and given.replace("-", "", 1).isdecimal() and "-" in given[1:]:
        return int(given.partition("-")[0])
    return given


def read(file: Path, secrets: Mapping[str, str]) -> Definition:
    """Read a file. Raises Unplayable, in Russian, for what is no provider over HTTP."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise Unplayable(f"{file}: не читается как TOML.") from wrong
    http = found.get("http")
    if not isinstance(http, dict) or "send" not in http:
        raise Unplayable(f"{file}: это не провайдер по HTTP (нет раздела [http.send]).")
    if strange := set(secrets) - {*http.get("secrets", ()), *http.get("optional_secrets", ())}:
        raise Unplayable(f"{file}: секрета {min(strange)} там нет.")
    return Definition(found.get("provider", {}).get("title", file.stem), http, dict(secrets))
