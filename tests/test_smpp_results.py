"""What an operator's refusal means: our words, whose trouble, and Russian for people."""

from __future__ import annotations

import re
from typing import Any

import pytest
from smpplib import consts

from sms_diary.channels.base import Outcome
from sms_diary.channels.smpp import SmppChannel, results
from sms_diary.channels.smpp.settings import VendorCode
from sms_diary.channels.smpp.statuses import GENERAL
from sms_diary.explaining import explained
from sms_diary.model import Failure, Scope
from tests.smpp_peer import News, part, raw, settings
from tests.smpp_peer import Smsc as ScriptedSmsc

STATUSES = {
    name.removeprefix("SMPP_"): value
    for name, value in vars(consts).items()
    if name.startswith("SMPP_ESME_") and value
}
# What to do, or that there is nothing to do.
ADVICE = re.compile(
    r"повторим|проверьте|спросите|спросим|поставьте|впишите|пришлите|пополните|войдём|снимает"
    r"|зарегистрируйте|сверьте|попросите|остановите|подождите",
    re.I,
)
F, S = Failure, Scope


def is_advice(text: str) -> bool:
    return len(re.findall(r"[.;]", text)) > 1 and ADVICE.search(text) is not None


@pytest.mark.parametrize("name", STATUSES)
def test_every_status_of_the_specification_is_explained_with_what_to_do(name: str) -> None:
    found = results.meaning(STATUSES[name])
    assert is_advice(found.reason), found.reason
    assert results.code(STATUSES[name]) == name
    assert results.reason(name) == found.reason


def test_every_failure_has_a_sentence_of_its_own() -> None:
    assert set(GENERAL) == set(Failure)
    assert all(is_advice(text) for text in GENERAL.values())
    assert len(set(GENERAL.values())) == len(GENERAL)


@pytest.mark.parametrize(
    ("status", "failure", "scope"),
    [
        (0x01, F.REJECTED, S.MESSAGE),
        (0x05, F.UNAVAILABLE, S.ACCOUNT),
        (0x08, F.UNAVAILABLE, S.MESSAGE),
        (0x0A, F.CONFIG, S.ACCOUNT),
        (0x0B, F.BAD_NUMBER, S.NUMBER),
        (0x0E, F.CONFIG, S.ACCOUNT),
        (0x14, F.THROTTLED, S.ACCOUNT),
        (0x43, F.CONFIG, S.ACCOUNT),
        (0x45, F.UNKNOWN, S.MESSAGE),
        (0x58, F.THROTTLED, S.ACCOUNT),
        (0x64, F.UNAVAILABLE, S.MESSAGE),
        (0x66, F.REJECTED, S.MESSAGE),
        (0xC4, F.CONFIG, S.ACCOUNT),
        (0x104, F.CONFIG, S.ACCOUNT),
    ],
)
def test_a_status_has_the_word_and_the_scope_of_what_it_is_about(
    status: int, failure: Failure, scope: Scope
) -> None:
    found = results.meaning(status)
    assert (found.failure, found.scope) == (failure, scope)


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (0x09, F.UNKNOWN),  # reserved
        (0x99, F.UNKNOWN),
        (0xC5, F.CONFIG),  # an optional parameter
        (0xDF, F.CONFIG),
        (0xE0, F.UNKNOWN),
        (0x3FF, F.UNKNOWN),
        (0x400, F.UNKNOWN),  # vendors' own
        (0x4FF, F.UNKNOWN),
        (0xFFFF_FFFF, F.UNKNOWN),
    ],
)
def test_an_unknown_status_is_understood_by_its_range(status: int, failure: Failure) -> None:
    found = results.meaning(status)
    assert found.failure is failure
    assert is_advice(found.reason)
    assert results.code(status) == f"0x{status:08X}"
    assert results.reason(f"0x{status:08X}") == found.reason


def test_a_vendors_range_says_that_the_code_is_the_operators_own() -> None:
    assert "только этот оператор" in results.meaning(0x4AB).reason
    assert "только этот оператор" not in results.meaning(0x500).reason


def test_only_throttling_says_how_long_to_wait() -> None:
    delays = {status: results.meaning(status).delay for status in STATUSES.values()}
    assert {status for status, delay in delays.items() if delay} == {0x14, 0x58}


@pytest.mark.parametrize("said", ["", "TimeoutError", "ESME_ROK", "ESME_NEW", "0x1", "401", "0xZ"])
def test_what_is_no_status_has_no_reason(said: str) -> None:
    assert results.reason(said) == ""


VENDOR = {
    0x401: VendorCode(F.BALANCE, S.ACCOUNT, 600.0, "Кончился пакет. Купите новый в кабинете."),
    0x402: VendorCode(F.BLOCKED, S.NUMBER),
    0x0B: VendorCode(F.BLOCKED, S.NUMBER, 0.0, "Номер в стоп-листе. Ничего не делайте."),
}


def test_the_operators_own_code_wins_over_range_and_table() -> None:
    assert results.meaning(0x401, VENDOR) == (
        F.BALANCE, S.ACCOUNT, 600.0, "Кончился пакет. Купите новый в кабинете.",
    )  # fmt: skip
    assert results.meaning(0x0B, VENDOR).failure is F.BLOCKED
    assert results.reason("ESME_RINVDSTADR", VENDOR) == VENDOR[0x0B].reason
    assert results.meaning(0x403, VENDOR) == results.meaning(0x403)


def test_an_own_code_without_a_sentence_is_told_by_its_failure() -> None:
    assert results.reason("0x00000402", VENDOR) == GENERAL[F.BLOCKED]


def test_a_wrong_sender_of_a_school_is_not_the_accounts_trouble() -> None:
    assert results.failed(part(sender="LICEY"), 0x0A).scope is S.MESSAGE
    assert results.failed(part(), 0x0A).scope is S.ACCOUNT
    own = {0x0A: VendorCode(F.CONFIG, S.ACCOUNT)}
    assert results.failed(part(sender="LICEY"), 0x0A, own).scope is S.ACCOUNT


async def test_a_channel_reports_the_operators_own_meaning() -> None:
    def answer(_: object, got: Any) -> bytes:
        return raw(0x80000004, got.sequence, status=0x401)

    news = News()
    async with ScriptedSmsc(submit=answer) as smsc:
        channel = SmppChannel(settings(smsc.port, vendor_codes=VENDOR))
        await channel.start(news.reports)
        try:
            await news.until(channel.ready)
            await channel.send([part(1)])
            await news.until(lambda: bool(news.results))
        finally:
            await channel.stop()
    (result,) = news.results
    assert (result.outcome, result.failure, result.scope) == (Outcome.FAILED, F.BALANCE, S.ACCOUNT)
    assert (result.code, result.delay) == ("0x00000401", 600.0)


# --- in the timeline that people see

STEPS: list[dict[str, Any]] = [
    {"at": 1, "what": "composed", "parts": 2},
    {"at": 2, "what": "handed over", "part": 1, "of": 2, "route": "main", "attempt": 1},
    {"at": 3, "what": "put off", "part": 1, "of": 2, "failure": "balance", "code": "0x00000401"},
    {"at": 4, "what": "expired", "part": 2, "of": 2, "failure": "throttled", "code": "odd"},
    {"at": 5, "what": "receipt", "part": 1, "state": "undelivered", "error": "0x00000401"},
    {"at": 5, "what": "delivered", "part": 1, "of": 2, "failure": "", "code": ""},
]


def test_a_step_that_failed_says_why_in_russian_and_others_say_nothing() -> None:
    asked = []

    def explain(route: str, code: str) -> str:
        asked.append((route, code))
        return results.reason(code, VENDOR)

    # The same number in a receipt is another code.
    shown = explained(STEPS, explain, lambda route, code: f"{route}: телефон, {code}")
    assert [step.get("reason_ru") for step in shown] == [
        None, None, VENDOR[0x401].reason, GENERAL[F.THROTTLED], "main: телефон, 0x00000401", None,
    ]  # fmt: skip
    assert asked == [("main", "0x00000401"), ("", "odd")]
    assert [{k: v for k, v in step.items() if k != "reason_ru"} for step in shown] == STEPS
