"""What a test sees of the processes that read files, and of its own memory; by /proc."""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path

CHILD = b"sms_diary.ingest.reading.child"


def resident() -> int:
    """Bytes of this process that are in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def readers() -> list[int]:
    """The reading children of this process that were not waited for."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended while being looked at
            state = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(state[1]) == os.getpid() and CHILD in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def environment(pid: int) -> list[str]:
    """The names of the variables that a process was started with."""
    pairs = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return [pair.partition(b"=")[0].decode() for pair in pairs if pair]
