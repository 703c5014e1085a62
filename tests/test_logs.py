"""Nothing that is logged, by us or by a library, shows a phone number or an exception's text."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from sms_diary import logs

SPELLINGS = [
    "+79000000001",
    "79000000001",
    "89000000001",
    "9000000001",
    "+7 900 000-00-01",
    "+7 (900) 000-00-01",
    "8 (900) 000 00 01",
    "8-900-000-00-01",
    "8(900)0000001",
    "+7\u00a0900\u00a0000\u00a000\u00a001",
    "+7 900 000‑00‑01",
    "+7.900.000.00.01",
    "8 900 00 00 001",
    "(900) 000-00-01",
    "900-000-00-01",
    "+375 29 000-00-01",
    "+998900000001",
]


@pytest.fixture(autouse=True)
def _loggers_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, settings = root.handlers[:], root.level, structlog.get_config()
    yield
    structlog.configure(**settings)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.raiseExceptions = True


@pytest.fixture(params=["json", "plain"])
def said(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Logs set up in each style; call it for what went to standard error."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.set_up(request.param)
    return stream.getvalue


@dataclass
class Parent:
    number: str


def _hidden(text: str) -> bool:
    """Whether the middle of the number, 000-00, is nowhere to be seen."""
    return re.search(r"0\D?0\D?0[^\d*]{0,3}0\D?0", re.sub(r"\d\S+T\S+Z", "", text)) is None


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_number_is_masked_in_any_spelling(spelling: str) -> None:
    masked = logs.mask(f"Ответ {spelling}, конец")
    assert "***" in masked
    assert _hidden(masked)
    assert masked.endswith("01, конец")


@pytest.mark.parametrize(
    "text",
    [
        "message 288230376151711744 took 12.5 ms",
        "2026-11-24T12:00:00.123456Z",
        "127.0.0.1:8080",
        "at 1795507200000 of school 7",
        "parts=1000 seconds=86400",
        "8 of 10 in 900 ms",
    ],
)
def test_ids_times_and_addresses_stay_readable(text: str) -> None:
    assert logs.mask(text) == text


@pytest.mark.parametrize(
    "value",
    [
        "+79000000001",
        79000000001,
        ["a", ("8 900 000-00-01",)],
        {"to": {"number": "89000000001"}},
        Parent("+79000000001"),
        ValueError("+79000000001"),
        b"+79000000001",
    ],
)
def test_a_number_is_masked_wherever_it_stands(said: Callable[[], str], value: Any) -> None:
    structlog.get_logger("test").warning("an answer from +7 900 000-00-01", value=value)
    text = said()
    assert "an answer from" in text
    assert _hidden(text)


def test_our_errors_are_logged_by_their_kind_only(said: Callable[[], str]) -> None:
    try:
        raise KeyError("Белкина Дарья")
    except KeyError as error:
        structlog.get_logger("test").exception("failed")
        structlog.get_logger("test").error("failed again", exc_info=error)
    text = said()
    assert text.count("KeyError") == 2
    assert "Дарья" not in text
    assert "Traceback" not in text


def test_records_of_libraries_are_treated_alike(said: Callable[[], str]) -> None:
    library = logging.getLogger("some.library")
    library.warning("no route to %s (%d)", "+7 900 000-00-01", 89000000001)
    try:
        raise RuntimeError("Белкина Дарья")
    except RuntimeError:
        library.exception("request failed")
    text = said()
    assert "no route to" in text
    assert "request failed" in text
    assert "RuntimeError" in text
    assert "Дарья" not in text
    assert _hidden(text)


def test_an_exception_that_a_library_puts_into_its_words_is_not_repeated(
    said: Callable[[], str],
) -> None:
    logging.getLogger("some.library").error("lost: %r", ValueError("Белкина Дарья"))
    text = said()
    assert "ValueError" in text
    assert "Дарья" not in text


def test_a_library_that_misuses_its_log_shows_nothing(said: Callable[[], str]) -> None:
    logging.getLogger("some.library").warning("%d parts", "Белкина Дарья")
    assert "Дарья" not in said()


def test_what_asyncio_says_of_a_lost_task_does_not_quote_it(said: Callable[[], str]) -> None:
    logging.getLogger("asyncio").error(
        "Task exception was never retrieved\nfuture: <Task exception=ValueError('Дарья')>"
    )
    assert "never retrieved" in said()
    assert "Дарья" not in said()


def test_json_lines_are_one_object_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
    logs.set_up("json")
    structlog.get_logger("test").info("claimed", parts=3, id=288230376151711744, late=None)
    [line] = stream.getvalue().splitlines()
    record = json.loads(line)
    assert record["event"] == "claimed"
    assert record["parts"] == 3
    assert record["id"] == 288230376151711744
    assert record["level"] == "info"
