"""Where the desk lets an address of its own lead to."""

from __future__ import annotations

from urllib.parse import urlsplit


def local_path(address: str) -> str:
    """A path of the desk to go on to, or the desk itself for whatever else this is.

    Neither another host nor a scheme, a backslash (browsers read it as a slash) or a line break
    gets through: only what a link of ours may hold.
    """
    said = urlsplit(address) if address.isprintable() and "\\" not in address else urlsplit("")
    inside = said.path.startswith("/desk/") and not said.scheme and not said.netloc
    if not inside or ".." in said.path or said.path.startswith("/desk/-/log"):
        return "/desk/"
    return f"{said.path}?{said.query}" if said.query else said.path
