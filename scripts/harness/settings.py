"""The configuration that bench, chaos and tests run a service with, as a file and as a value."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sms_diary.config import Settings, load
from sms_diary.vault import new_key

NOW = "2026-11-24T10:00+04:00"
"""The diary's time at the start of every run: the same figures at any hour."""
ROUTE = "main"


@dataclass(frozen=True, slots=True)
class Account:
    """At an SMSC."""

    host: str = "127.0.0.1"
    port: int = 0
    system_id: str = "demo"
    password: str = "demo"  # noqa: S105  # the simulator's


def write(
    folder: Path, database: str, account: Account, *, window: int, lease_seconds: float
) -> tuple[Path, Settings]:
    """Write `sms-diary.toml` and a key into `folder`; its path and what it says.

    `window` is in parts. The key is made here, since a database that is given may have its
    tables already, and then the service makes none.
    """
    route = {"name": ROUTE, **asdict(account), "source": "SCHOOL", "window": window}
    return write_routes(folder, database, [route], lease_seconds=lease_seconds)


def write_routes(
    folder: Path, database: str, routes: Sequence[Mapping[str, Any]], *,
    lease_seconds: float, more: Mapping[str, str] | None = None,
) -> tuple[Path, Settings]:  # fmt: skip
    """The same for routes with settings of their own, by the names that `[[routes]]` has; `more`
    are settings of the service."""
    key = folder / "sms-diary.key"
    key.touch(mode=0o600)
    key.write_text(new_key().hex(), encoding="ascii")
    path = folder / "sms-diary.toml"
    path.write_text(
        f"""\
database = "{database}"
key_file = "{key}"
lease_seconds = {lease_seconds}
"""
        + "".join(f"{name} = {_value(given)}\n" for name, given in (more or {}).items())
        + "[web]\nport = 0\n"
        + "".join(map(_table, routes)),
        encoding="utf-8",
    )
    return path, load(path)


def _table(route: Mapping[str, Any]) -> str:
    return "[[routes]]\n" + "".join(f"{k} = {_value(v)}\n" for k, v in route.items())


def _value(given: Any) -> str:
    """As TOML has it: strings, numbers and lists as in JSON, tables not."""
    if isinstance(given, Mapping):
        return "{ " + ", ".join(f"{k} = {_value(v)}" for k, v in given.items()) + " }"
    return json.dumps(given)
