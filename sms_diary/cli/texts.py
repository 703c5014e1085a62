"""Where the texts of SMS are read from: those that all schools share, and files of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sms_diary.render import Renderer


def folder(config: Path | None) -> Path:
    """Where the texts are that all schools share."""
    from sms_diary.config import load
    from sms_diary.resources import templates_dir

    return load(config).templates or templates_dir()


def shared(config: Path | None) -> Renderer:
    """The renderer of the texts that all schools share. ConfigError for a faulty one."""
    from sms_diary.render import Renderer

    return Renderer.from_folder(folder(config))


def sources(config: Path | None) -> dict[str, str]:
    """Every text by its name, with the two tables of words."""
    from sms_diary.render import sources_in

    return sources_in(folder(config))


def source(known: dict[str, str], name: str) -> str:
    """One of them. ConfigError where there is none."""
    from sms_diary.errors import ConfigError

    if name in known:
        return known[name]
    raise ConfigError(f"Шаблона «{name}» нет. Какие есть: sms-diary templates list")


def read(file: Path) -> str:
    """A text that somebody has written. FileProblem where it cannot be read."""
    from sms_diary.errors import FileProblem

    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise FileProblem(f"Файл «{file}» не читается: проверьте имя, права и UTF-8.") from None
