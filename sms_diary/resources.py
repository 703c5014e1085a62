"""Where the data files are: in the wheel inside the package, in a checkout beside it.

Only paths and raw texts: what the files mean is known to the modules that use them.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def _find(name: str) -> Path:
    """The installed copy wins: a package in site-packages has strangers beside it."""
    for place in (PACKAGE / "_data", PACKAGE.parent):
        if (place / name).exists():
            return place / name
    raise FileNotFoundError(f"sms-diary is not installed whole: {name} is missing")


def templates_dir() -> Path:
    """The folder of SMS texts as they ship, one jinja2 file a kind."""
    return _find("templates")


def providers_dir() -> Path:
    """The folder of HTTP providers' definitions, one TOML file each."""
    return _find("providers")


def schema_sql() -> str:
    """The whole schema, with the blocks of both engines still in it."""
    return _find("schema.sql").read_text(encoding="utf-8")


def demo_dir() -> Path:
    """The folder of the demo's own sample data; it is part of the package."""
    return PACKAGE / "demo" / "data"
