"""How a route connects: kinds of binds, several sessions, TLS, addresses, a wrong password."""

from __future__ import annotations

import asyncio
import socket
import ssl
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from sms_diary.channels.base import Outcome
from sms_diary.channels.smpp import SmppChannel
from sms_diary.errors import ConfigError
from sms_diary.simulator import Options
from sms_diary.simulator import Smsc as Simulator
from tests.certificates import Authority
from tests.smpp_peer import (
    BIND_RX,
    BIND_TRX,
    BIND_TX,
    BINDS,
    DELIVER_RESP,
    NACK,
    SUBMIT,
    SUBMIT_RESP,
    UNBIND,
    News,
    Smsc,
    eventually,
    outcomes,
    part,
    raw,
    receipt_body,
    settings,
    talking,
)


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def binds(smsc: Smsc) -> list[int]:
    return [got.command for got in smsc.got if got.command in BINDS]


# --- the kinds


async def test_a_bind_says_all_that_the_route_is_told() -> None:
    route: dict[str, Any] = {
        "system_type": "SMS", "interface_version": 0x33, "addr_ton": 1, "addr_npi": 1,
        "address_range": "^7900",
    }  # fmt: skip
    async with Smsc() as smsc, talking(smsc, **route):
        (bind,) = smsc.of(BIND_TRX)
    assert bind.body == b"school\0secret\0SMS\0\x33\1\1^7900\0"


async def test_a_pair_sends_by_its_transmitter_and_hears_by_its_receiver() -> None:
    async with Smsc() as smsc, talking(smsc, bind="pair") as (channel, news):
        await eventually(lambda: channel.connections == (2, 2))
        assert sorted(binds(smsc)) == [BIND_RX, BIND_TX]
        (receiver,), (transmitter,) = smsc.bound_as(BIND_RX), smsc.bound_as(BIND_TX)
        await channel.send([part(n) for n in range(5)])
        await news.until(lambda: len(news.results) == 5)
        receiver.deliver(receipt_body("id1"))
        await smsc.seen(DELIVER_RESP)
    assert len(transmitter.of(SUBMIT)) == 5
    assert receiver.of(SUBMIT) == []
    assert len(receiver.of(DELIVER_RESP)) == 1
    assert [receipt.provider_id for receipt in news.receipts] == ["id1"]
    assert len(transmitter.of(UNBIND)) == len(receiver.of(UNBIND)) == 1


async def test_a_pair_sends_while_its_receiver_is_away_and_brings_it_back() -> None:
    refusals: list[Any] = []

    def no_receiver_yet(_: object, got: Any) -> bytes:
        status = 0x08 if got.command == BIND_RX and len(refusals) < 2 else 0
        refusals.extend([got] if status else [])
        return raw(got.command | NACK, got.sequence, b"smsc\0", status)

    async with Smsc(bind=no_receiver_yet) as smsc, talking(smsc, bind="pair") as (channel, news):
        await channel.send([part(1)])
        await news.until(lambda: outcomes(news) == {1: Outcome.ACCEPTED})
        await eventually(lambda: channel.connections == (2, 2))
        assert channel.state == "bound"
        assert channel.reason == ""
    assert binds(smsc).count(BIND_RX) == 3
    assert binds(smsc).count(BIND_TX) == 1


async def test_a_pair_without_its_transmitter_may_not_send_and_still_hears() -> None:
    def no_transmitter(_: object, got: Any) -> bytes:
        status = 0x08 if got.command == BIND_TX else 0
        return raw(got.command | NACK, got.sequence, b"smsc\0", status)

    async with (
        Smsc(bind=no_transmitter) as smsc,
        talking(smsc, bound=False, bind="pair") as (channel, news),
    ):
        await eventually(lambda: channel.connections == (1, 2))
        assert not channel.ready()
        assert channel.room() == 0
        smsc.bound_as(BIND_RX)[-1].deliver(receipt_body("id1"))
        await news.until(lambda: bool(news.receipts))


async def test_a_transmitter_alone_never_binds_to_receive() -> None:
    async with Smsc() as smsc, talking(smsc, bind="transmitter") as (channel, news):
        await channel.send([part(1)])
        await news.until(lambda: bool(news.results))
        assert channel.connections == (1, 1)
    assert binds(smsc) == [BIND_TX]


async def test_a_pair_works_against_the_simulator() -> None:
    simulator = Simulator(Options(receipt_delay=0.0))
    await simulator.start()
    route = settings(simulator.port, bind="pair", sessions=2, system_id="demo", password="demo")
    channel, news = SmppChannel(route), News()
    await channel.start(news.reports)
    await eventually(lambda: channel.connections == (4, 4))
    await channel.send([part(n) for n in range(50)])
    await news.until(lambda: len(news.results) == len(news.receipts) == 50)
    await channel.stop()
    assert simulator.stats.submitted == simulator.stats.receipts_acked == 50
    await simulator.stop()


# --- several sessions


async def test_parts_are_spread_over_the_sessions_by_their_free_windows() -> None:
    held: list[tuple[Any, Any]] = []

    def hold(connection: Any, got: Any) -> None:
        held.append((connection, got))

    async with (
        Smsc(submit=hold) as smsc,
        talking(smsc, sessions=3, window=10, stop_timeout=0.1) as (channel, news),
    ):
        await eventually(lambda: channel.connections == (3, 3))
        assert channel.room() == 30
        await channel.send([part(n) for n in range(12)])
        await smsc.seen(SUBMIT, 12)
        assert [len(one.of(SUBMIT)) for one in smsc.connections] == [4, 4, 4]
        assert channel.room() == 18
        busy = smsc.connections[0]
        for connection, got in held:
            if connection is not busy:
                connection.write(raw(SUBMIT_RESP, got.sequence, b"x\0"))
        await news.until(lambda: len(news.results) == 8)
        await channel.send([part(100 + n) for n in range(13)])
        await smsc.seen(SUBMIT, 25)
        # 6, 10 and 10 places are free.
        assert [len(one.of(SUBMIT)) for one in smsc.connections] == [7, 9, 9]


async def test_what_is_in_doubt_after_a_cut_is_one_sessions_window() -> None:
    async with (
        Smsc(submit=lambda *_: None) as smsc,
        talking(smsc, sessions=2, window=3, backoff_first=60.0, stop_timeout=0.1) as (
            channel,
            news,
        ),
    ):
        await eventually(lambda: channel.connections == (2, 2))
        assert channel.room() == 6
        await channel.send([part(n) for n in range(6)])
        await smsc.seen(SUBMIT, 6)
        assert channel.room() == 0
        smsc.connections[0].cut()
        await news.until(lambda: len(news.results) == 3)
        assert set(outcomes(news).values()) == {Outcome.DOUBT}
        assert channel.ready()
        assert channel.room() == 0  # the other one's window is full
        assert channel.connections == (1, 2)
        assert channel.state == "waiting"
        assert channel.reason == "transceiver: closed by the peer; 1 of 2 bound"


async def test_what_waits_leaves_by_another_session_when_one_is_lost() -> None:
    held: list[tuple[Any, Any]] = []

    def hold(connection: Any, got: Any) -> None:
        held.append((connection, got))

    async with (
        Smsc(submit=hold) as smsc,
        talking(smsc, sessions=2, window=2, backoff_first=60.0) as (channel, news),
    ):
        await eventually(lambda: channel.connections == (2, 2))
        await channel.send([part(n) for n in range(8)])
        await smsc.seen(SUBMIT, 4)
        smsc.connections[0].cut()
        await news.until(lambda: len(news.results) == 2)
        assert set(outcomes(news).values()) == {Outcome.DOUBT}
        del smsc.scripts["submit"]
        for connection, got in held:
            if connection is not smsc.connections[0]:
                connection.write(raw(SUBMIT_RESP, got.sequence, b"x\0"))
        await news.until(lambda: len(news.results) == 8)
    assert sorted(outcomes(news).values()) == [Outcome.ACCEPTED] * 6 + [Outcome.DOUBT] * 2


# --- a wrong password


async def test_many_sessions_with_a_wrong_password_are_one_try_at_a_time() -> None:
    def refuse(_: object, got: Any) -> bytes:
        return raw(got.command | NACK, got.sequence, status=0x0E)

    async with (
        Smsc(bind=refuse) as smsc,
        talking(smsc, bound=False, bind="pair", sessions=4) as (channel, _),
    ):
        await eventually(lambda: channel.state == "refused")
        assert channel.reason == "transmitter: ESME_RINVPASWD; 0 of 8 bound"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await smsc.until(lambda: len(binds(smsc)) == 2)


async def test_the_pause_after_refusals_grows_to_its_most() -> None:
    tries: list[float] = []

    def refuse(_: object, got: Any) -> bytes:
        tries.append(asyncio.get_running_loop().time())
        return raw(got.command | NACK, got.sequence, status=0x0E)

    async with (
        Smsc(bind=refuse) as smsc,
        talking(smsc, bound=False, refused_first=0.05, refused_max=0.2),
    ):
        await smsc.until(lambda: len(tries) == 5)
    pauses = [after - before for before, after in pairwise(tries)]
    for pause, least in zip(pauses, (0.05, 0.1, 0.2, 0.2), strict=True):
        assert pause >= least


async def test_one_session_too_many_is_told_and_the_others_send() -> None:
    def only_two(_: object, got: Any) -> bytes:
        status = 0x0D if len(smsc.of(BIND_TRX)) > 2 else 0
        return raw(got.command | NACK, got.sequence, b"smsc\0", status)

    smsc = Smsc(bind=only_two)
    async with smsc, talking(smsc, sessions=3, window=10) as (channel, news):
        await eventually(lambda: channel.state == "refused")
        assert channel.reason == "transceiver: ESME_RBINDFAIL; 2 of 3 bound"
        assert channel.room() == 20
        await channel.send([part(n) for n in range(20)])
        await news.until(lambda: len(news.results) == 20)
        assert len(smsc.of(BIND_TRX)) == 3


# --- TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


async def tried(port: int, **route: Any) -> tuple[str, str]:
    """State and reason after the first try to connect."""
    channel = SmppChannel(settings(port, tls=True, backoff_first=60.0, **route))
    await channel.start(News().reports)
    await eventually(lambda: channel.state != "connecting")
    found = channel.state, channel.reason
    await channel.stop()
    return found


async def test_tls_asks_for_the_server_by_its_name(authority: Authority) -> None:
    asked: list[str | None] = []
    context = authority.server("smsc.example.ru")
    context.sni_callback = lambda _sslobject, name, _context: asked.append(name)
    async with Smsc(tls=context) as smsc:
        route = {"ca_file": authority.ca_file, "server_name": "smsc.example.ru"}
        assert await tried(smsc.port, **route) == ("bound", "")
    assert asked == ["smsc.example.ru"]
    assert len(smsc.of(UNBIND)) == 1


async def test_without_a_name_the_host_is_what_the_certificate_must_say(
    authority: Authority,
) -> None:
    async with Smsc(tls=authority.server("127.0.0.1", "localhost")) as smsc:
        for host in ("127.0.0.1", "localhost"):
            found = await tried(smsc.port, host=host, ca_file=authority.ca_file)
            assert found == ("bound", "")


@pytest.mark.parametrize(
    "route", [{}, {"server_name": "smsc.example.ru"}, {"host": "localhost"}], ids=str
)
async def test_a_certificate_of_another_host_is_refused_before_the_password_is_said(
    authority: Authority, route: dict[str, str]
) -> None:
    async with Smsc(tls=authority.server("other.example.ru")) as smsc:
        state, reason = await tried(smsc.port, ca_file=authority.ca_file, **route)
    assert (state, reason) == ("waiting", "SSLCertVerificationError")
    assert smsc.got == []


async def test_a_certificate_of_a_strange_ca_is_refused(
    authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path)
    async with Smsc(tls=stranger.server("127.0.0.1")) as smsc:
        found = await tried(smsc.port, ca_file=authority.ca_file)
        assert found == ("waiting", "SSLCertVerificationError")
    assert smsc.got == []


async def test_a_server_that_speaks_no_tls_is_waited_for() -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\0\0\0\x10\x80\0\0\0\0\0\0\3\0\0\0\0")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        state, reason = await tried(server.sockets[0].getsockname()[1])
    assert state == "waiting"
    assert reason in ("SSLError", "ConnectionResetError")


async def test_parts_go_and_come_through_tls(authority: Authority) -> None:
    async with (
        Smsc(tls=authority.server("127.0.0.1")) as smsc,
        talking(smsc, tls=True, ca_file=authority.ca_file) as (channel, news),
    ):
        await channel.send([part(n) for n in range(100)])
        await news.until(lambda: len(news.results) == 100)
        smsc.last.deliver(*[receipt_body(str(n)) for n in range(100)])
        await smsc.seen(DELIVER_RESP, 100)
        assert len(news.receipts) == 100
        assert smsc.last.writer.get_extra_info("ssl_object").version() in ("TLSv1.2", "TLSv1.3")
    assert isinstance(smsc.tls, ssl.SSLContext)


# --- addresses


@pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on this machine")
@pytest.mark.parametrize("host", ["::1", "[::1]"])
async def test_an_smsc_is_reached_by_ipv6(host: str, authority: Authority) -> None:
    async with Smsc(listen="::1") as smsc, talking(smsc, host=host) as (channel, _):
        assert channel.ready()
    async with Smsc(listen="::1", tls=authority.server("::1")) as smsc:
        assert await tried(smsc.port, host=host, ca_file=authority.ca_file) == ("bound", "")


async def test_a_host_of_several_addresses_is_reached_by_the_one_that_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def found(_host: str, port: int, **_: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("127.0.0.3", "127.0.0.1", "127.0.0.2")
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", found)
    async with Smsc() as smsc, talking(smsc, host="smsc.example.ru", backoff_first=60.0):
        assert len(smsc.connections) == 1


async def test_the_connection_comes_from_the_address_that_the_operator_expects() -> None:
    async with Smsc() as smsc, talking(smsc, local_address="127.0.0.2"):
        assert smsc.last.writer.get_extra_info("peername")[0] == "127.0.0.2"


async def test_an_address_that_is_not_ours_is_a_reason_to_wait() -> None:
    async with Smsc() as smsc:
        channel = SmppChannel(settings(smsc.port, local_address="192.0.2.1", backoff_first=60.0))
        await channel.start(News().reports)
        await eventually(lambda: channel.state == "waiting")
        assert channel.reason == "OSError"
        await channel.stop()


@pytest.mark.parametrize(
    "wrong",
    [
        {"address_range": "7" * 41}, {"address_range": "^7900я"}, {"interface_version": 256},
        {"addr_ton": -1}, {"addr_npi": 300}, {"sessions": 0}, {"bind": "receiver"},
        {"local_address": "smsc.example.ru"}, {"inactivity": -1.0}, {"bind_timeout": 0.0},
        {"response_timeout": 0.0}, {"enquire_link": 0.0},
    ],
    ids=str,
)  # fmt: skip
def test_a_wrong_setting_of_the_bind_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="Маршрут test"):
        settings(1, **wrong)
