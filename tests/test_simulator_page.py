"""Parents' phones: bubbles, the web page over HTTP, and the simulator as a process."""

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from smpplib import client as smpplib_client

from sms_diary.simulator import Options, Smsc, serving_page, views
from sms_diary.simulator.inbound import Inbound
from sms_diary.simulator.ledger import DONE, REPORTED, Submitted
from sms_diary.simulator.phones import Phone
from sms_diary.simulator.wire import SubmitSm, Tlvs

PHONE = "79000001002"
NAME = b"\x05\0School12\0"
NOON = int(datetime(2026, 11, 24, 12, 0, tzinfo=UTC).timestamp() * 1000)


def submit(
    text: str,
    *,
    number: str = PHONE,
    source: bytes = NAME,
    header: bytes = b"",
    tlvs: Tlvs | None = None,
) -> SubmitSm:
    destination = b"\x01\x01" + number.encode() + b"\0"
    body = header + text.encode("utf-16-be")
    return SubmitSm(source, destination, 0x40 if header else 0, 1, 8, body, tlvs)


def phone_with(*items: SubmitSm) -> Phone:
    phone = Phone(PHONE)
    phone.items += [
        Submitted(seq, 100 + seq, NOON, pdu, "demo", "DELIVRD") for seq, pdu in enumerate(items, 1)
    ]
    return phone


def udh(reference: int, total: int, number: int) -> bytes:
    return bytes((5, 0, 3, reference, total, number))


# -- bubbles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_parts_become_one_bubble_whatever_their_order(order: Iterable[int]) -> None:
    parts = [submit(text, header=udh(7, 3, n)) for n, text in enumerate("абв", 1)]
    (bubble,) = phone_with(*(parts[n] for n in order)).bubbles()
    assert (bubble.text, bubble.complete, bubble.total) == ("абв", True, 3)


def test_parts_of_two_messages_do_not_mix() -> None:
    phone = phone_with(
        submit("а", header=udh(7, 2, 1)),
        submit("в", header=udh(8, 2, 1)),
        submit("x", header=udh(7, 2, 1), source=b"\x01\x0179000000000\0"),
        submit("б", header=udh(7, 2, 2)),
        submit("г", header=udh(8, 2, 2)),
    )
    assert [bubble.text for bubble in phone.bubbles()] == ["аб", "вг", "x…"]


def test_a_part_that_came_twice_is_seen() -> None:
    first, second = submit("а", header=udh(7, 2, 1)), submit("б", header=udh(7, 2, 2))
    assert [b.text for b in phone_with(first, first, second).bubbles()] == ["аб", "а…"]
    assert [b.text for b in phone_with(first, second, first).bubbles()] == ["аб", "а…"]


def test_sixteen_bit_references_and_sar_parameters_join_too() -> None:
    def sar(number: int) -> Tlvs:
        return {0x20C: b"\1\2", 0x20E: b"\2", 0x20F: bytes((number,))}

    phone = phone_with(
        submit("б", header=b"\x06\x08\x04\x01\x07\x02\x02"),
        submit("а", header=b"\x06\x08\x04\x01\x07\x02\x01"),
        submit("г", tlvs=sar(2)),
        submit("в", tlvs=sar(1)),
    )
    assert [bubble.text for bubble in phone.bubbles()] == ["аб", "вг"]


def test_a_bubble_says_what_it_is_and_how_far_it_has_come() -> None:
    phone = phone_with(
        submit("а", header=udh(7, 2, 1)),
        submit("б", header=udh(7, 2, 2)),
        submit("в", header=udh(8, 3, 3)),
        submit("г"),
    )
    sms = Inbound(PHONE, "СТОП", "3443", NOON, 1)
    phone.items.append(sms)
    first, second = phone.items[0], phone.items[1]
    assert isinstance(first, Submitted)
    assert isinstance(second, Submitted)

    def states() -> list[str]:
        view = views.phone_view(phone, last=9, reply_to="3443", zone=UTC)
        assert [bubble.size for bubble in view.bubbles] == [
            *("2 части · UCS-2", "3 части · UCS-2", "UCS-2", ""),
        ]
        assert [bubble.day for bubble in view.bubbles] == ["24 ноября", "", "", ""]
        assert {bubble.time for bubble in view.bubbles} == {"12:00"}
        return [bubble.state for bubble in view.bubbles]

    assert states() == ["принято", "часть 3 из 3", "принято", "ждёт шлюза"]
    first.state = REPORTED
    assert states()[0] == "принято"
    second.state = DONE
    assert states()[0] == "доставлено"
    second.outcome = "UNDELIV"
    assert states()[0] == "не доставлено"
    second.outcome = "DELIVRD"
    second.state = REPORTED
    sms.waiting = 0
    assert states() == ["доставлено, шлюз знает", "часть 3 из 3", "принято", "шлюз получил"]


def test_an_answer_goes_to_the_last_number_and_not_to_a_name() -> None:
    number = submit("б", source=b"\x01\x01+79000000000\0")
    assert phone_with(submit("а"), number).reply_to("3443") == "79000000000"
    assert phone_with(number, submit("а")).reply_to("3443") == "3443"
    assert Phone(PHONE).reply_to("3443") == "3443"


@pytest.mark.parametrize(
    ("typed", "digits", "shown"),
    [
        ("+7 900 000-10-02", PHONE, "+7 900 000-10-02"),
        ("8 (900) 000 10 02", PHONE, "+7 900 000-10-02"),
        ("3443", "3443", "3443"),
    ],
)
def test_numbers_are_read_and_shown_as_people_do(typed: str, digits: str, shown: str) -> None:
    assert views.read_number(typed) == digits
    assert views.show_number(digits) == shown


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 часть"), (3, "3 части"), (11, "11 частей"), (21, "21 часть")]
)
def test_counts_are_in_russian(count: int, words: str) -> None:
    assert views.plural(count, "часть", "части", "частей") == words


# -- the page ----------------------------------------------------------------------------------


@pytest.fixture
async def smsc() -> AsyncIterator[Smsc]:
    one = Smsc(Options(receipt_delay=None), zone=UTC)
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
async def web(smsc: Smsc) -> AsyncIterator[aiohttp.ClientSession]:
    async with serving_page(smsc) as address, aiohttp.ClientSession(address) as session:
        yield session


async def page(web: aiohttp.ClientSession, path: str = "/") -> str:
    async with web.get(path) as response:
        assert response.status == 200
        return await response.text()


def texts_of(html: str) -> list[str]:
    return re.findall(r'<p class="text" dir="auto">(.*?)</p>', html, re.DOTALL)


def shown_phones(html: str) -> list[str]:
    return re.findall(r'<article class="phone" id="t(\d+)"', html)


async def test_the_page_says_how_to_begin(smsc: Smsc, web: aiohttp.ClientSession) -> None:
    html = await page(web)
    assert f"<code>127.0.0.1:{smsc.port}</code>" in html
    assert "шлюз не подключён" in html


async def test_a_hostile_sms_is_text_and_nothing_else(
    smsc: Smsc, web: aiohttp.ClientSession
) -> None:
    smsc.take(submit("<script>alert(1)</script>&{{7*7}}", source=b"\x05\0<b>\"'</b>\0"))
    html = await page(web)
    assert texts_of(html) == ["&lt;script&gt;alert(1)&lt;/script&gt;&amp;{{7*7}}"]
    assert '<p class="who">&lt;b&gt;&#34;&#39;&lt;/b&gt;</p>' in html


async def test_all_answers_forbid_foreign_code(web: aiohttp.ClientSession) -> None:
    paths = (
        "/",
        "/page.css",
        "/page.js",
        "/icon.svg",
        "/ledger.json",
        "/stats.json",
        "/nothing",
        "/changes",
    )
    for path in paths:
        async with web.get(path) as response:
            policy = response.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'self';"), path
            assert response.headers["X-Content-Type-Options"] == "nosniff"
    html = await page(web)
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", html)


async def test_phones_are_listed_by_their_last_sms_and_found_by_last_digits(
    smsc: Smsc, web: aiohttp.ClientSession
) -> None:
    for number in range(79000001000, 79000001065):
        smsc.take(submit("Да", number=str(number)))
    smsc.take(submit("Нет", number="79000001003"))
    first = await page(web)
    assert shown_phones(first)[:3] == ["79000001003", "79000001064", "79000001063"]
    assert len(shown_phones(first)) == 30
    assert "страница 1 из 3" in first
    assert "65 телефонов" in first
    assert len(shown_phones(await page(web, "/?page=3"))) == 5
    assert shown_phones(await page(web, "/?page=99")) == shown_phones(await page(web, "/?page=3"))
    assert shown_phones(await page(web, "/?page=x")) == shown_phones(first)
    assert shown_phones(await page(web, "/?q=10-03")) == ["79000001003"]
    assert "Телефона с такими цифрами нет" in await page(web, "/?q=555")


async def test_an_answer_from_the_page_is_an_sms_to_the_client(
    smsc: Smsc, web: aiohttp.ClientSession
) -> None:
    smsc.take(submit("Школа 12", source=b"\x01\x0179000000777\0"))
    form = {"number": PHONE, "text": " СТОП ", "q": "1002", "page": "1"}
    async with web.post("/sms", data=form, allow_redirects=False) as response:
        assert response.status == 303
        assert response.headers["Location"] == f"/?q=1002&page=1#t{PHONE}"
    assert texts_of(await page(web)) == ["Школа 12", "СТОП"]
    client = smpplib_client.Client("127.0.0.1", smsc.port, allow_unknown_opt_params=True)
    await asyncio.to_thread(client.connect)
    with client:
        await asyncio.to_thread(client.bind_receiver, system_id="demo", password="demo")
        pdu = await asyncio.to_thread(client.read_pdu)
        assert "шлюз подключён" in await page(web)
        assert "ждёт шлюза" in await page(web)
        with smsc.listen() as events:
            client.set_message_received_handler(lambda pdu: None)
            client._message_received(pdu)
            await events.get()
        await asyncio.to_thread(client.unbind)
        client.disconnect()
    assert pdu.short_message.decode("utf-16-be") == "СТОП"
    assert pdu.destination_addr == b"79000000777"
    assert "шлюз получил" in await page(web)


async def test_a_number_nobody_wrote_to_can_write(smsc: Smsc, web: aiohttp.ClientSession) -> None:
    form = {"number": "8 900 000-10-09", "text": "СТАРТ"}
    async with web.post("/sms", data=form, allow_redirects=False) as response:
        assert response.status == 303
    phone = smsc.phones.get("79000001009")
    assert phone is not None
    (sms,) = phone.items
    assert isinstance(sms, Inbound)
    assert (sms.text, sms.to) == ("СТАРТ", smsc.options.reply_to)


@pytest.mark.parametrize(
    "form",
    [
        {"number": PHONE, "text": "  "},
        {"number": '"><b>мама', "text": "Да"},
        {"number": PHONE, "text": "Д" * 1001},
        {},
    ],
)
async def test_an_impossible_answer_is_explained_and_kept(
    smsc: Smsc, web: aiohttp.ClientSession, form: dict[str, str]
) -> None:
    async with web.post("/sms", data=form) as response:
        assert response.status == 422
        html = await response.text()
    assert "SMS не отправлено" in html
    assert "<b>" not in html
    assert form.get("text", "").strip() in html
    assert len(smsc.phones) == 0


@pytest.mark.parametrize("content_type", ["", "; charset=klingon"])
async def test_a_form_that_cannot_be_read_is_refused(
    smsc: Smsc, web: aiohttp.ClientSession, content_type: str
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded" + content_type}
    async with web.post("/sms", data=b"number=79&text=\xff\xfe\xfd", headers=headers) as response:
        assert response.status == 400
    assert len(smsc.phones) == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://example.org"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:1"}, 303),
        ({}, 303),
    ],
)
async def test_another_sites_page_cannot_send(
    smsc: Smsc, web: aiohttp.ClientSession, headers: dict[str, str], status: int
) -> None:
    form = {"number": PHONE, "text": "СТОП"}
    async with web.post("/sms", data=form, headers=headers, allow_redirects=False) as response:
        assert response.status == status
    assert smsc.stats.inbound == (1 if status == 303 else 0)


async def test_the_ledger_is_paged(smsc: Smsc, web: aiohttp.ClientSession) -> None:
    for number in range(1, 1206):
        smsc.take(submit(f"{number}"))
    first = json.loads(await page(web, "/ledger.json"))
    assert (len(first["items"]), first["next"], first["total"]) == (1000, 1000, 1205)
    rest = json.loads(await page(web, f"/ledger.json?after={first['next']}"))
    assert [item["text"] for item in rest["items"]] == [f"{number}" for number in range(1001, 1206)]
    assert rest["next"] is None
    for wrong in ("x", "-1", "²", "9" * 30):
        async with web.get("/ledger.json", params={"after": wrong}) as response:
            assert response.status == 400


async def test_the_counters_tell_unique_parts_from_all(
    smsc: Smsc, web: aiohttp.ClientSession
) -> None:
    for text in ("Да", "Да", "Нет"):
        smsc.take(submit(text))
    smsc.settle()
    await smsc.inbound(PHONE, "СТОП", "3443")
    stats = json.loads(await page(web, "/stats.json"))
    assert (stats["submitted"], stats["unique"], stats["inbound"]) == (3, 2, 1)
    assert (stats["waiting"], stats["sessions"], stats["receipts_sent"]) == (1, 0, 0)


async def test_an_open_page_hears_of_a_change(smsc: Smsc, web: aiohttp.ClientSession) -> None:
    async with web.get("/changes") as response:
        assert response.content_type == "text/event-stream"
        assert await response.content.readuntil(b"\n\n") == b"retry: 2000\n\n"
        await smsc.inbound(PHONE, "СТОП", "3443")
        assert await response.content.readuntil(b"\n\n") == b"data: changed\n\n"


async def test_listeners_are_told_in_order(smsc: Smsc) -> None:
    with smsc.listen() as events:
        smsc.take(submit("Да"))
        smsc.settle()
        sms = await smsc.inbound(PHONE, "СТОП", "3443")
        first, second = await events.get(), await events.get()
    assert (first.kind, first.part, first.inbound) == ("submitted", smsc.ledger[0], None)
    assert (second.kind, second.part, second.inbound) == ("inbound", None, sms)


# -- the process -------------------------------------------------------------------------------


async def test_the_simulator_says_where_it_is_and_stops_on_sigterm(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys, pathlib\n"
        "from sms_diary.simulator import Options, run\n"
        "asyncio.run(run('127.0.0.1', 0, 0, Options(), pathlib.Path(sys.argv[1])))"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(tmp_path / "ledger.jsonl")),
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
    )
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode() for _ in range(4)]
    port = re.fullmatch(r"Имитатор SMSC: 127\.0\.0\.1:(\d+), имя demo\n", lines[0])
    address = re.fullmatch(r"Телефоны родителей: (http://127\.0\.0\.1:\d+/)\n", lines[1])
    assert port is not None
    assert address is not None
    client = smpplib_client.Client("127.0.0.1", int(port[1]), allow_unknown_opt_params=True)
    await asyncio.to_thread(client.connect)
    with client:
        await asyncio.to_thread(client.bind_transceiver, system_id="demo", password="demo")
        async with aiohttp.ClientSession() as session, session.get(address[1]) as response:
            assert "шлюз подключён" in await response.text()
        await asyncio.to_thread(client.unbind)
        client.disconnect()
    process.send_signal(signal.SIGTERM)
    rest = await asyncio.wait_for(process.stdout.read(), 10)
    assert rest.decode() == "Имитатор остановлен.\n"
    assert await process.wait() == 0
