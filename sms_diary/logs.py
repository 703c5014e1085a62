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

_GAP = r"[\s().\u2010-\u2015\u2212-]{0,3}"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
# Numbers in any spelling: international ones behind a plus; Russian mobile ones with 7, 8 or
# nothing before; others with 7 or 8 in the usual groups. Addresses of hosts are passed over.
_NUMBER = re.compile(
    rf"(?<!\d)(?!{_OCTET}(?:\.{_OCTET}){{3}}(?![\d.]))"
    rf"(?:\+{_GAP}\d(?:{_GAP}\d){{9,14}}"
    rf"|(?:[78]{_GAP})?\(?9(?:{_GAP}\d){{9}}"
    rf"|[78]{_GAP}\d{{3}}{_GAP}\d{{3}}{_GAP}\d\d{_GAP}\d\d)(?!\d)"
)


def mask(text: str) -> str:
    """`+7900***01` in place of every phone number in the text."""
    return _NUMBER.sub(_short, text)


def _short(match: re.Match[str]) -> str:
    digits = "".join(filter(str.isdigit, match[0]))
    plus = "+" if match[0].startswith("+") else ""
    return f"{plus}{digits[:-7]}***{digits[-2:]}"


def _masked(value: Any) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        said = mask(str(value))
        return value if said == str(value) else said
    if isinstance(value, dict):
        return {key: _masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner) for inner in value]
    if isinstance(value, BaseException):
        return type(value).__name__
    return mask(value if isinstance(value, str) else repr(value))


def _mask_event(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    # What begins with an underscore is structlog's own and never shown.
    return {k: v if k.startswith("_") else _masked(v) for k, v in event.items()}


def _without_words_of_errors(record: logging.LogRecord) -> bool:
    """Libraries put exceptions into their messages, whose texts may quote anything."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            type(one).__name__ if isinstance(one, BaseException) else one for one in record.args
        )
    if record.name == "asyncio":
        # Its further lines show tasks with their exceptions.
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
    return True


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
    handler.addFilter(_without_words_of_errors)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    # Else a record that cannot be formatted is shown on standard error as it is.
    logging.raiseExceptions = False
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
        kind = type(info) if isinstance(info, BaseException) else kind
        event["error"] = getattr(kind, "__name__", str(kind))
    return event
