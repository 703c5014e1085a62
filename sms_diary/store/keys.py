"""The key file, and its fingerprint in the database.

A key is made only for an empty database; a process with another key refuses to start.
"""

from __future__ import annotations

import os
from pathlib import Path

from sms_diary.db import Queries
from sms_diary.errors import ConfigError, KeyMismatch
from sms_diary.vault import KEY_BYTES, Vault, new_key


def load(path: Path, *, may_make: bool) -> tuple[Vault, bool]:
    """The vault with the key in `path` (hex, mode 600), and whether the key was made now."""
    if not path.exists():
        if not may_make:
            raise KeyMismatch(
                f"Нет файла ключа {path}, а база данных уже не пустая. "
                "Верните файл ключа из резервной копии: без него данные не прочесть."
            )
        _write(path, new_key())
        return Vault(_read(path)), True
    return Vault(_read(path)), False


async def is_sealed(q: Queries) -> bool:
    """Whether a key belongs to this database already."""
    return await q.one("select value from meta where name = 'key'") is not None


async def check(q: Queries, vault: Vault) -> None:
    """Write the fingerprint into a new database, or compare it."""
    await q.run(
        "insert into meta (name, value) values ('key', :value) on conflict (name) do nothing",
        value=vault.fingerprint,
    )
    row = await q.one("select value from meta where name = 'key'")
    if row is None or row["value"] != vault.fingerprint:
        raise KeyMismatch(
            "Файл ключа не от этой базы данных. Верните прежний файл ключа из резервной копии."
        )


def _write(path: Path, key: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as wrong:
        raise ConfigError(
            f"Файл ключа {path} не читается: нужны 64 шестнадцатеричных знака."
        ) from wrong
    if len(key) != KEY_BYTES:
        raise ConfigError(f"Файл ключа {path} испорчен: в нём не 64 шестнадцатеричных знака.")
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"Файл ключа {path} доступен посторонним. Выполните: chmod 600 {path}")
    return key
