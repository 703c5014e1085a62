"""Structured logs that hold no phone number: JSON lines, or plain ones for a terminal.

Our own calls never pass numbers, names or texts; the mask is the second line of defence, also
over the records of libraries.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# Russian numbers in any spelling: 8 or 7 or +7, then nine or ten digits with punctuation.
_NUMBER = re.compile(
    r"(?<!\d)(\+?[78])[ (.-]{0,2}(\d{3})[ ).-]{0,2}(\d{3})[ .-]?(\d{2})[ .-]?(\d{2})(?!\d)"
)
_BARE = re.compile(r"(?<!\d)(9\d{2})(\d{5})(\d{2})(?!\d)")


def mask(text: str) -> str:
    """`+7900***01` in place of every phone number in the text."""
    return _BARE.sub(r"\1***\3", _NUMBER.sub(r"\1\2***\5", text))


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: _masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner) for inner in value]
    return value


def _mask_event(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {key: _masked(value) for key, value in event.items()}


def set_up(style: str) -> None:
    """Send structlog's and the libraries' records to standard error; `style` json or plain."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Names of exceptions only: their texts may quote what they failed on.
        _without_traceback,
        _mask_event,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for noisy in ("smpplib", "aiosqlite", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _without_traceback(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    info = event.pop("exc_info", None)
    if info:
        kind = info[0] if isinstance(info, tuple) else sys.exc_info()[0]
        event["error"] = getattr(kind, "__name__", str(kind))
    return event
