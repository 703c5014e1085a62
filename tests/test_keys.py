"""The key file: made for an empty database only, readable by its owner only, never exchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

from sms_diary.db import Database
from sms_diary.errors import ConfigError, KeyMismatch
from sms_diary.store import keys
from sms_diary.vault import Vault, new_key


async def test_a_key_is_made_for_an_empty_database_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "key"
    made, is_new = keys.load(path, may_make=True)
    read, is_new_again = keys.load(path, may_make=False)
    assert (is_new, is_new_again) == (True, False)
    assert made.fingerprint == read.fingerprint
    assert path.stat().st_mode & 0o777 == 0o600
    assert bytes.fromhex(path.read_text().strip())


async def test_a_lost_key_is_not_made_anew_for_a_database_in_use(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with pytest.raises(KeyMismatch, match="резервной копии"):
        keys.load(path, may_make=False)
    assert not path.exists()


async def test_a_database_knows_its_key_and_refuses_another(db: Database) -> None:
    own = Vault(new_key())
    async with db.transaction() as q:
        await keys.check(q, own)
    async with db.transaction() as q:
        await keys.check(q, own)
    with pytest.raises(KeyMismatch, match="не от этой базы данных"):
        async with db.transaction() as q:
            await keys.check(q, Vault(new_key()))
    async with db.transaction() as q:
        await keys.check(q, own)


@pytest.mark.parametrize("text", ["", "не ключ", "ab" * 31, "ab" * 33])
async def test_a_broken_key_file_is_refused_in_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="64 шестнадцатеричных"):
        keys.load(path, may_make=True)
    assert path.read_text() == text


async def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    keys.load(path, may_make=True)
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        keys.load(path, may_make=False)
