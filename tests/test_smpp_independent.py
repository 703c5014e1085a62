"""The SMPP channel against a server that other people wrote, and through TLS."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import smpp34
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sms_diary.channels.base import Outcome
from sms_diary.channels.smpp import SmppChannel
from sms_diary.encoding import split
from sms_diary.model import Failure, PartState
from tests.smpp_peer import BIND_TRX, News, Smsc, eventually, part, settings


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
async def other_server() -> AsyncIterator[tuple[smpp34.Server, int]]:
    port = free_port()
    server = smpp34.Server("127.0.0.1", port, system_id="other")
    await server.start()
    yield server, port
    await server.stop()


@asynccontextmanager
async def talking(port: int) -> AsyncIterator[tuple[SmppChannel, News]]:
    channel, news = SmppChannel(settings(port, send_reference=True)), News()
    await channel.start(news.reports)
    try:
        await news.until(channel.ready)
        yield channel, news
    finally:
        await channel.stop()


async def test_a_server_of_other_people_takes_our_parts(
    other_server: tuple[smpp34.Server, int],
) -> None:
    server, port = other_server
    text = "Дневник: «Б» 🎉 " * 7
    texts = split(text)
    batch = [part(n, text=t, total=2, seq=n, udh_ref=9) for n, t in enumerate(texts, 1)]
    got: list[Any] = []
    async with talking(port) as (channel, news):
        assert isinstance(await server.next(), smpp34.Esme)
        await channel.send([*batch, part(3, number="+79000000009")])
        for _ in range(3):  # in any order: it serves them in parallel
            event = await server.next()
            assert isinstance(event, smpp34.SubmitSmEvent)
            got.append(event)
            if event.destination_addr == "79000000009":
                event.reject(0x0B)
            else:
                event.accept(f"id-{event.short_message[5]}")
        await news.until(lambda: len(news.results) == 3)
    assert isinstance(await server.next(), smpp34.Unbound)

    got.sort(key=lambda e: (e.destination_addr, e.short_message[5]))
    assert [e.destination_addr for e in got] == ["79000000001"] * 2 + ["79000000009"]
    assert (got[0].source_addr, got[0].source_addr_ton) == ("SHKOLA", 5)
    assert "".join(e.short_message[6:].decode("utf-16-be") for e in got[:2]) == text
    assert [e.short_message[:6] for e in got[:2]] == [b"\5\0\3\x09\2\1", b"\5\0\3\x09\2\2"]
    assert [(t.tag, t.value) for t in got[0].tlvs] == [(0x204, b"\0\1")]
    assert {r.part_id: (r.outcome, r.provider_id, r.failure) for r in news.results} == {
        1: (Outcome.ACCEPTED, "id-1", None),
        2: (Outcome.ACCEPTED, "id-2", None),
        3: (Outcome.FAILED, "", Failure.BAD_NUMBER),
    }


async def test_receipts_and_replies_of_a_server_of_other_people_are_read_and_acknowledged(
    other_server: tuple[smpp34.Server, int],
) -> None:
    server, port = other_server
    async with talking(port) as (_, news):
        esme = await server.next()
        assert isinstance(esme, smpp34.Esme)
        assert esme.system_id == "school"
        answer = await esme.deliver_sm(
            "SHKOLA", b"", source_addr="79000000001", source_addr_ton=1, esm_class=4,
            tlvs=[smpp34.Tlv(0x1E, b"id-0\0"), smpp34.Tlv(0x427, b"\2")],
        )  # fmt: skip
        assert answer.is_success
        answer = await esme.deliver_sm(
            "1234", "СТОП".encode("utf-16-be"), source_addr="79000000001", source_addr_ton=1,
            data_coding=8,
        )  # fmt: skip
        assert answer.is_success
    (receipt,), (sms,) = news.receipts, news.inbound
    assert (receipt.provider_id, receipt.state) == ("id-0", PartState.DELIVERED)
    assert (sms.number, sms.text) == ("+79000000001", "СТОП")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private CA that signed 127.0.0.1, as an operator with a CA of its own would have."""
    folder = tmp_path_factory.mktemp("tls")
    now = datetime.datetime.now(datetime.UTC)
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test CA")])
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "smsc")])

    def signed(subject: x509.Name, public: Any, *extensions: x509.ExtensionType) -> bytes:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        certificate = builder.sign(ca_key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM)

    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    (folder / "ca.pem").write_bytes(
        signed(ca_name, ca_key.public_key(), x509.BasicConstraints(ca=True, path_length=None))
    )
    (folder / "smsc.pem").write_bytes(
        signed(name, key.public_key(), x509.SubjectAlternativeName([address]))
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder


@asynccontextmanager
async def terminating_proxy(port: int, certificate: Path) -> AsyncIterator[int]:
    """TLS in front of a plain SMSC, as stunnel does it; yields its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                writer.write(data)
        except (OSError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pour(reader, inner_writer), pour(inner_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield int(server.sockets[0].getsockname()[1])
    await server.wait_closed()


async def test_a_route_with_tls_trusts_its_own_ca(certificates: Path) -> None:
    async with Smsc() as smsc, terminating_proxy(smsc.port, certificates / "smsc.pem") as port:
        ca = str(certificates / "ca.pem")
        channel, news = SmppChannel(settings(port, tls=True, ca_file=ca)), News()
        await channel.start(news.reports)
        await news.until(channel.ready)
        await channel.send([part(1)])
        await news.until(lambda: bool(news.results))
        await channel.stop()
    assert news.results[0].outcome is Outcome.ACCEPTED


async def test_a_server_with_a_strange_certificate_never_sees_our_password(
    certificates: Path,
) -> None:
    async with Smsc() as smsc, terminating_proxy(smsc.port, certificates / "smsc.pem") as port:
        channel = SmppChannel(settings(port, tls=True))  # the system's CAs do not know it
        await channel.start(News().reports)
        await eventually(lambda: channel.state == "waiting")
        assert channel.reason == "SSLCertVerificationError"
        await channel.stop()
    assert smsc.of(BIND_TRX) == []
