"""No page says of a value that it is harmless: names, texts and files' words are always escaped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sms_diary

_PACKAGE = Path(sms_diary.__file__).parent
_PAGES = sorted(path for name in ("admin", "parent") for path in (_PACKAGE / name).rglob("*.html"))
_TRUSTED = re.compile(r"\|\s*safe\b|autoescape\s+false", re.IGNORECASE)


def test_there_are_pages_to_look_at() -> None:
    assert len(_PAGES) > 50


@pytest.mark.parametrize("page", _PAGES, ids=lambda path: path.relative_to(_PACKAGE).as_posix())
def test_nothing_is_left_unescaped(page: Path) -> None:
    assert _TRUSTED.search(page.read_text(encoding="utf-8")) is None
