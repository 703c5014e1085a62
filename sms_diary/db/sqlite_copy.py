"""A copy of a SQLite database that is in use, as of one moment. The service goes on meanwhile.

What was erased is in no copy that is made later: `vacuum into` writes live rows only.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path


def copy(source: Path, target: Path) -> None:
    """Write it to `target`, which only its owner can read and which is whole or is not there.

    `FileExistsError` where there is such a file; `OSError` where it cannot be written.
    """
    if target.exists():
        raise FileExistsError(f"Файл «{target}» уже есть. Назовите другой.")
    part = target.with_name(target.name + ".part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        with closing(sqlite3.connect(source)) as own:
            own.execute("vacuum into ?", (str(part),))
        with open(part, "rb") as made:
            os.fsync(made.fileno())
        part.rename(target)
    except sqlite3.Error as wrong:
        raise OSError(f"Копия не записана: {wrong}") from None
    finally:
        part.unlink(missing_ok=True)
