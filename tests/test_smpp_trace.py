"""The trace of PDUs: what is in the file, what never is, and that sending does not mind it."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import stat
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sms_diary.channels.base import Outcome
from sms_diary.channels.smpp import SmppChannel
from sms_diary.channels.smpp.trace import TraceFile
from sms_diary.cli import app
from sms_diary.encoding import Alphabet
from sms_diary.simulator import Options, Smsc
from tests.smpp_peer import (
    BIND_TRX,
    ENQUIRE,
    ENQUIRE_RESP,
    SUBMIT,
    SUBMIT_RESP,
    Connection,
    Got,
    News,
    deliver_body,
    eventually,
    outcomes,
    part,
    raw,
    settings,
    talking,
    tlv,
)
from tests.smpp_peer import Smsc as ScriptedSmsc
from tests.test_routes_cli import command, tried, written

PHONES = ("79000000001", "79000000005")
TEXTS = ("Математика", "СТОП", "Algebra")
PASSWORD = "tops3cr"
MEGABYTES_50 = 50 * 1024 * 1024


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "smpp.trace"


@asynccontextmanager
async def simulated() -> AsyncIterator[Smsc]:
    smsc = Smsc(Options(receipt_delay=0.01, system_id="school", password=PASSWORD))
    await smsc.start()
    try:
        yield smsc
    finally:
        await smsc.stop()


async def a_day(file: Path, **changes: Any) -> str:
    """The trace of a text in two parts, a short one, their receipts, and an SMS from a phone."""
    async with simulated() as smsc:
        route = {"trace": str(file), "password": PASSWORD, "send_reference": True, **changes}
        channel, news = SmppChannel(settings(smsc.port, **route)), News()
        await channel.start(news.reports)
        try:
            await news.until(channel.ready)
            await channel.send(
                [
                    part(1, "Математика 5 " * 4, total=2, seq=1, udh_ref=7),
                    part(2, "Математика 4", total=2, seq=2, udh_ref=7),
                    part(3, "Algebra 5_@", alphabet=Alphabet.GSM7),
                ]
            )
            await smsc.inbound("79000000005", "СТОП", "1234")
            await news.until(lambda: len(news.receipts) == 3 and len(news.inbound) == 1)
        finally:
            await channel.stop()
        trace = read(file)
        assert all(str(entry.message_id) in trace for entry in smsc.ledger)
    return trace


def read(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def lines(trace: str, name: str) -> list[str]:
    return re.findall(rf"^.* (?:->|<-) {name} .*$", trace, re.M)


def hex_of(text: str, encoding: str = "utf-16-be") -> str:
    return text.encode(encoding).hex()


def secrets_in(trace: str) -> list[str]:
    """Which of our phones and texts it has, in letters or in hex."""
    spelled = [
        *PHONES, *TEXTS, *(hex_of(phone, "ascii") for phone in PHONES),
        *(hex_of(text) for text in TEXTS), hex_of("Algebra", "ascii"), hex_of("Alge", "ascii"),
    ]  # fmt: skip
    return [word for word in spelled if word in trace]


# --- what it says


async def test_every_pdu_is_told_with_what_an_operators_support_asks_for(file: Path) -> None:
    trace = await a_day(file)
    shape = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d test#1 (->|<-|==) \w.*"
    assert all(re.fullmatch(shape, line) for line in trace.splitlines())
    connected, bind, *_, closed = trace.splitlines()
    assert re.search(r" == connected from 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+$", connected)
    assert closed.endswith(" == closed: unbound by us")
    assert " -> bind_transceiver seq=1 len=" in bind
    assert " system_id=school password=(hidden) system_type=" in bind
    first, _, latin = lines(trace, "submit_sm")
    assert " -> submit_sm seq=2 len=" in first
    assert " source=SHKOLA(5/0) destination=7900***01(1/1) esm_class=0x40 " in first
    assert first.endswith(" data_coding=8 udh_00=070201 text=(110 octets) user_message_reference=1")
    assert " data_coding=0" not in first
    assert " data_coding=0 text=(11 octets)" in latin
    assert re.search(r"seq=2 status=ESME_ROK len=\d+ message_id=\d+", trace)
    assert len(lines(trace, "deliver_sm_resp")) == 4


async def test_nobody_is_in_it_unless_that_is_asked_for(file: Path) -> None:
    trace = await a_day(file)
    assert secrets_in(trace) == []
    assert PASSWORD not in trace
    receipts = [line for line in lines(trace, "deliver_sm") if "receipt=" in line]
    assert len(receipts) == 3
    for line in receipts:
        assert re.search(
            r' receipt="id:\d+ sub:001 dlvrd:001 submit date:\d+ done date:\d+ stat:DELIVRD '
            r'err:000" message_state=2 receipted_message_id=\d+ user_message_reference=\d$',
            line,
        )


async def test_asked_for_it_has_numbers_texts_and_octets_and_never_the_password(
    file: Path,
) -> None:
    trace = await a_day(file, trace_personal=True)
    assert len(secrets_in(trace)) == 2 * len(PHONES) + 2 * len(TEXTS) + 1
    assert ' text="Algebra 5_@"' in trace
    assert ' text="СТОП"' in trace
    assert PASSWORD not in trace
    assert hex_of(PASSWORD, "ascii") not in trace
    (bind,) = lines(trace, "bind_transceiver")
    assert f"{hex_of('school', 'ascii')}00{'00' * len(PASSWORD)}00" in bind


async def test_latin_is_read_as_the_route_wrote_it(file: Path) -> None:
    trace = await a_day(file, trace_personal=True, default_alphabet="latin1")
    assert ' text="Algebra 5_@"' in trace


# --- peers that are careless, or worse


async def told_of(file: Path, octets: bytes, **changes: Any) -> str:
    """The trace of a session whose peer wrote this after a submit."""

    def answer(_: Connection, got: Got) -> bytes:
        return raw(SUBMIT_RESP, got.sequence, b"7\0") + octets + raw(ENQUIRE, 77)

    def heard() -> bool:
        answered = any(got.sequence == 77 for got in smsc.of(ENQUIRE_RESP))
        return answered or len(smsc.connections) > 1  # it took all, or turned away

    route = {"trace": str(file), "password": PASSWORD, **changes}
    async with ScriptedSmsc(submit=answer) as smsc, talking(smsc, **route) as (channel, _):
        await channel.send([part()])
        await smsc.until(heard)
    return read(file)


QUOTING = (
    b"id:7 sub:001 dlvrd:001 submit date:2611241005 done date:2611241006 stat:UNDELIV err:069 "
    b"text:Algebra 5 for 79000000001 id:Algebra"
)

WIDE = QUOTING.decode().encode("utf-16-be")


@pytest.mark.parametrize(
    "body",
    [
        deliver_body(QUOTING, esm_class=4),
        deliver_body(b"", esm_class=4, coding=8, tlvs=tlv(0x424, WIDE)),
        deliver_body(b"", esm_class=4, tlvs=tlv(0x424, QUOTING)),
        deliver_body(QUOTING.replace(b"text:", b"phone:+79000000001,Algebra text:"), esm_class=4),
        deliver_body(QUOTING, coding=8),
    ],
)
async def test_of_a_receipt_in_any_dialect_the_fields_stay_and_the_sms_goes(
    file: Path, body: bytes
) -> None:
    trace = await told_of(file, raw(5, 9, body))
    assert secrets_in(trace) == []
    assert 'receipt="id:7 sub:001 dlvrd:001 submit date:2611241005 done date:2611241006' in trace
    assert 'stat:UNDELIV err:069"' in trace


@pytest.mark.parametrize(
    "octets",
    [
        raw(5, 9, b"Algebra 79000000001"),  # a deliver_sm that ends nowhere
        raw(5, 9, b"\0\1\1" + b"79000000001" + b"\0\1\1" + b"Algebra 5\0"),
        raw(5, 9, deliver_body(b"Algebra", tlvs=tlv(0x424, b"79000000001")[:-3])),
        raw(5, 9, deliver_body(b"Algebra", source=b"tel:+79000000001")),
        raw(5, 9, deliver_body(b"Algebra", source=b"0079000000001", to=b"+79000000005")),
        raw(5, 9, deliver_body(b"\6\x70\4Alge79000000001", esm_class=0x40)),
        raw(5, 9, deliver_body(b"x", tlvs=tlv(0x381, b"79000000001") + tlv(0x1403, b"Algebra"))),
        raw(5, 9, deliver_body(b"id:79000000001 stat:DELIVRD err:0", esm_class=4)),
        raw(5, 9, deliver_body(b"x", tlvs=tlv(0x1D, b"Alge"))),
        raw(5, 9, b"\0\1\1" + b"1234\0" + b"\1\1" + b"12\0" + b"\0\0\0\0Algebra\0" + bytes(5)),
        raw(0x103, 9, deliver_body(b"Algebra 79000000001")),  # data_sm
        raw(0x4242, 9, b"Algebra 79000000001"),
        raw(BIND_TRX, 9, b"school\0" + PASSWORD.encode() + b"\0\0\x34\0\0\0"),  # an echo
        raw(BIND_TRX, 9, b"school\0" + PASSWORD.encode()),
        raw(0x15, 9, b"school" + PASSWORD.encode()),
        raw(SUBMIT_RESP, 99, b"Algebra 5 79000000001"),
        b"\xff\xff\xff\xffAlgebra 79000000001 " + PASSWORD.encode(),
    ],
)
async def test_spoilt_and_odd_pdus_give_nobody_away_either(file: Path, octets: bytes) -> None:
    trace = await told_of(file, octets)
    assert secrets_in(trace) == []
    assert PASSWORD not in trace


@pytest.mark.parametrize(
    "octets",
    [
        raw(BIND_TRX, 9, b"school\0" + PASSWORD.encode() + b"\0\0\x34\0\0\0"),
        raw(BIND_TRX, 9, b"school\0" + PASSWORD.encode()),
        raw(5, 9, b"school" + PASSWORD.encode()),
        b"\xff\xff\xff\xff garbage " + PASSWORD.encode(),
    ],
)
async def test_an_echoed_password_is_hidden_though_octets_are_asked_for(
    file: Path, octets: bytes
) -> None:
    trace = await told_of(file, octets, trace_personal=True)
    assert re.search(r" <- (\w+ seq=9|not SMPP).* hex=[0-9a-f]{20,}", trace)
    assert PASSWORD not in trace
    assert hex_of(PASSWORD, "ascii") not in trace


async def test_what_cannot_be_decoded_is_told_by_its_header_or_by_its_octets(
    tmp_path: Path,
) -> None:
    cut = raw(5, 9, b"\0\1\1Algebra")
    plain = await told_of(tmp_path / "plain", cut)
    (line,) = lines(plain, "deliver_sm")
    assert re.search(r" <- deliver_sm seq=9 len=26 cannot be decoded \([a-z ]+\)$", line)
    whole = await told_of(tmp_path / "whole", cut, trace_personal=True)
    assert lines(whole, "deliver_sm")[0].endswith(f" hex={cut.hex()}")
    garbage = await told_of(tmp_path / "garbage", b"HTTP/1.1 400 Bad Request\r\n\r\n")
    assert " <- not SMPP: " in garbage


async def test_no_peer_begins_a_line_of_its_own(file: Path) -> None:
    evil = b'x" \r\n2026 test#9 -> \x1b[2J\xc2\x85'
    trace = await told_of(file, raw(SUBMIT_RESP, 99, evil + b"\0"), trace_personal=True)
    (line,) = [line for line in lines(trace, "submit_sm_resp") if "seq=99" in line]
    assert r'message_id="x\" \r\n2026 test#9 -> \x1b[2J' in line
    assert "\x1b" not in trace


# --- the file


async def test_it_is_its_owners_alone_and_is_added_to(file: Path) -> None:
    umask = os.umask(0)
    try:
        first = await a_day(file)
    finally:
        os.umask(umask)
    assert mode(file) == 0o600
    both = await a_day(file)
    assert both.startswith(first)
    assert len(lines(both, "bind_transceiver")) == 2


async def test_it_is_written_while_the_session_goes_on(file: Path) -> None:
    async with ScriptedSmsc() as smsc, talking(smsc, trace=str(file)) as (channel, _):
        await channel.send([part()])
        async with asyncio.timeout(2):
            await eventually(lambda: "submit_sm_resp" in read(file))
        assert channel.ready()


async def test_a_full_file_becomes_the_one_before(file: Path) -> None:
    with file.open("wb") as full:
        full.truncate(MEGABYTES_50 - 10)
    before = file.with_name("smpp.trace.1")
    with before.open("w", encoding="utf-8") as older:
        older.write("older")
    trace = await a_day(file)
    assert lines(trace, "bind_transceiver")
    assert os.stat(before).st_size == MEGABYTES_50 - 10
    assert mode(file) == 0o600
    assert sorted(os.listdir(file.parent)) == ["smpp.trace", "smpp.trace.1"]


def test_it_never_grows_beyond_its_bound(file: Path) -> None:
    with TraceFile(str(file), most=100) as trace:
        for number in range(10):
            trace.write(b"%d" % number * 40)
            assert file.stat().st_size <= 100
    assert file.read_bytes() == b"8" * 40 + b"9" * 40
    assert Path(f"{file}.1").read_bytes() == b"6" * 40 + b"7" * 40


def test_a_file_that_was_taken_away_is_made_anew(file: Path) -> None:
    with TraceFile(str(file)) as trace:
        trace.write(b"one")
        file.rename(file.with_suffix(".old"))
        trace.write(b"two")
        file.unlink()
        trace.write(b"three")
    assert file.read_bytes() == b"three"


# --- what becomes of the file is nothing to sending


def no_folder(folder: Path) -> str:
    return str(folder / "nowhere" / "smpp.trace")


def a_folder(folder: Path) -> str:
    return str(folder)


def a_pipe_that_nobody_reads(folder: Path) -> str:
    os.mkfifo(folder / "pipe")
    return str(folder / "pipe")


def a_full_disk(_: Path) -> str:
    return "/dev/full"


@pytest.mark.parametrize("bad", [no_folder, a_folder, a_pipe_that_nobody_reads, a_full_disk])
async def test_a_file_that_cannot_be_written_is_told_once_and_sending_goes_on(
    tmp_path: Path, bad: Callable[[Path], str], caplog: pytest.LogCaptureFixture
) -> None:
    def off() -> list[str]:
        return [said for said in caplog.messages if "the trace is off" in said]

    async with ScriptedSmsc() as smsc, talking(smsc, trace=bad(tmp_path)) as (channel, news):
        await channel.send([part(1)])
        await news.until(lambda: len(news.results) == 1)
        await eventually(lambda: bool(off()))
        await channel.send([part(2)])
        await news.until(lambda: len(news.results) == 2)
        assert len(smsc.of(SUBMIT)) == 2
    assert set(outcomes(news).values()) == {Outcome.ACCEPTED}
    assert len(off()) == 1
    assert off()[0].startswith("route test: the trace is off, sending goes on: ")


# --- settings and commands


async def test_the_log_says_that_numbers_and_texts_are_written(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    said = "route test: в файл пишутся номера и тексты: выключите trace_personal, когда закончите"
    await a_day(file)
    assert said not in caplog.messages
    await a_day(file, trace_personal=True)
    assert said in caplog.messages


@pytest.mark.parametrize(
    ("trace", "personal", "warned"),
    [('"t"', "true", True), ('"t"', "false", False), ('""', "true", False)],
)
def test_the_check_says_so_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trace: str, personal: str, warned: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    config = written(tmp_path, 2775, trace=trace, trace_personal=personal)
    code, said = checked(config)
    assert code == 0
    assert ("маршрут main: в файл пишутся номера и тексты: выключите" in said) is warned


def checked(config: Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", "--config", str(config)])
    return result.exit_code, result.output


async def test_a_test_of_a_route_writes_its_trace_and_not_the_services(tmp_path: Path) -> None:
    theirs, ours = tmp_path / "service.trace", tmp_path / "mine.trace"
    smsc = Smsc(Options(receipt_delay=0.01))
    await smsc.start()
    try:
        config = written(tmp_path, smsc.port, trace=f'"{theirs}"', trace_personal="true")
        code, said = await tried(config, "--text", "Математика", "--trace", str(ours))
        assert (code, read(theirs)) == (0, "")
        assert f"Обмен с оператором записан в файл {ours} (номера скрыты, текстов нет)." in said
        assert secrets_in(read(ours)) == []
        assert lines(read(ours), "deliver_sm")
        more = ("--text", "Математика", "--trace", str(ours), "--trace-personal")
        code, said = await tried(config, *more)
        assert (code, "сотрите его, когда закончите" in said) == (0, True)
        assert {"79000000001", "Математика"} <= set(secrets_in(read(ours)))
        await tried(config)
        assert not read(theirs)
    finally:
        await smsc.stop()


def test_a_trace_that_cannot_be_written_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    config = str(written(tmp_path, 1))
    arguments = ("try", "main", "--to", "+79000000001", "--config", config)
    code, said = command(*arguments, "--trace", no_folder(tmp_path))
    assert (code, "--trace: файл" in said) == (2, True)
    code, said = command(*arguments, "--trace-personal")
    assert (code, "нужен вместе с --trace" in said) == (2, True)


async def test_without_a_trace_no_thread_and_no_file_is_made(tmp_path: Path) -> None:
    async with ScriptedSmsc() as smsc, talking(smsc) as (channel, news):
        await channel.send([part()])
        await news.until(lambda: bool(news.results))
        assert "smpp-trace" not in [thread.name for thread in threading.enumerate()]
