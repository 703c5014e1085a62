"""The simulated SMSC against an independent client: smpplib, blocking, in a thread."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from smpplib import client as smpplib_client
from smpplib import consts, exceptions, smpp

from sms_diary.simulator import Options, Smsc
from sms_diary.simulator.feed import REPORTED, STORED

PHONE = "79000001002"
NAME = "School12"

Start = Callable[..., Awaitable[Smsc]]


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Starts SMSCs with the given options and stops them in the end."""
    started: list[Smsc] = []

    async def begin(ledger_file: Path | None = None, **options: Any) -> Smsc:
        smsc = Smsc(Options(**options), ledger_file=ledger_file)
        await smsc.start()
        started.append(smsc)
        return smsc

    yield begin
    for smsc in started:
        await smsc.stop()


class Peer:
    """smpplib's client; each blocking call runs in a thread and fails after five seconds."""

    def __init__(self, smsc: Smsc) -> None:
        self.client = smpplib_client.Client(
            "127.0.0.1", smsc.port, timeout=5, allow_unknown_opt_params=True
        )
        self.answers: list[Any] = []
        self.delivered: list[Any] = []
        self.status = consts.SMPP_ESME_ROK  # of our deliver_sm_resp
        self.client.set_message_sent_handler(self._answer)
        self.client.set_error_pdu_handler(lambda _pdu: None)  # handled as any other answer
        self.client.set_message_received_handler(self._deliver)

    def _answer(self, pdu: Any) -> None:
        self.answers.append(pdu)

    def _deliver(self, pdu: Any) -> Any:
        self.delivered.append(pdu)
        return self.status

    async def bind(
        self, how: str = "transceiver", system_id: str = "demo", password: str = "demo"
    ) -> "Peer":
        await self.connect()
        bind = getattr(self.client, f"bind_{how}")
        await asyncio.to_thread(bind, system_id=system_id, password=password)
        return self

    async def connect(self) -> "Peer":
        await asyncio.to_thread(self.client.connect)
        return self

    async def submit(self, text: str = "Щукин И.: математика 5", **fields: Any) -> int:
        """Send a submit_sm and return its sequence number."""
        given: dict[str, Any] = {
            "source_addr_ton": 5,
            "source_addr": NAME,
            "dest_addr_ton": 1,
            "dest_addr_npi": 1,
            "destination_addr": PHONE,
            "data_coding": 8,
            "registered_delivery": 1,
            "short_message": text.encode("utf-16-be"),
        }
        pdu = await asyncio.to_thread(self.client.send_message, **(given | fields))
        sequence: int = pdu.sequence
        return sequence

    async def read(self, *, answers: int = 0, delivered: int = 0) -> None:
        """Read and answer until so many of each have come."""
        while len(self.answers) < answers or len(self.delivered) < delivered:
            await asyncio.to_thread(self.client.read_once, auto_send_enquire_link=False)

    async def read_raw(self) -> Any:
        """Read one PDU without answering it."""
        return await asyncio.to_thread(self.client.read_pdu)

    def disconnect(self) -> None:
        self.client.state = consts.SMPP_CLIENT_STATE_OPEN
        self.client.disconnect()


@pytest.fixture
def peer() -> Any:
    """Makes peers and closes them in the end."""
    peers: list[Peer] = []

    def make(smsc: Smsc) -> Peer:
        peers.append(Peer(smsc))
        return peers[-1]

    yield make
    for one in peers:
        one.disconnect()


def fields_of(receipt: Any) -> dict[str, str]:
    """Take the text of a receipt apart (SMPP 3.4 appendix B)."""
    text = receipt.short_message.decode("ascii")
    names = ("id", "sub", "dlvrd", "submit date", "done date", "stat", "err", "text")
    at = [text.index(f"{name}:") for name in names]
    ends = [*at[1:], len(text)]
    return {
        name: text[begin + len(name) + 1 : end].strip()
        for name, begin, end in zip(names, at, ends, strict=True)
    }


async def test_a_part_is_taken_and_its_receipt_comes_back(start: Start, peer: Any) -> None:
    smsc = await start()
    gateway = await peer(smsc).bind()
    with smsc.listen() as events:
        await gateway.submit()
        await gateway.read(answers=1, delivered=1)
        while (await events.get()).kind != REPORTED:
            pass
    entry = smsc.ledger[0]
    assert (entry.number, entry.sender, entry.fragment.text) == (
        PHONE,
        NAME,
        "Щукин И.: математика 5",
    )
    receipt = gateway.delivered[0]
    fields = fields_of(receipt)
    message_id = gateway.answers[0].message_id.decode()
    assert fields["id"] == message_id == str(entry.message_id)
    assert (fields["stat"], fields["dlvrd"], fields["err"]) == ("DELIVRD", "001", "000")
    assert len(fields["submit date"]) == len(fields["done date"]) == 10
    assert receipt.esm_class == 4
    assert receipt.source_addr == PHONE.encode()
    assert receipt.destination_addr == NAME.encode()
    assert (receipt.source_addr_ton, receipt.dest_addr_ton) == (1, 5)
    assert receipt.receipted_message_id.decode().rstrip("\0") == message_id
    assert receipt.message_state == 2
    assert smsc.stats.receipts_acked == smsc.stats.receipts_sent == smsc.stats.submitted == 1


@pytest.mark.parametrize(
    ("system_id", "password", "status"),
    [
        ("demo", "wrong", consts.SMPP_ESME_RINVPASWD),
        ("other", "demo", consts.SMPP_ESME_RINVSYSID),
    ],
)
async def test_a_wrong_name_or_password_is_refused(
    start: Start, peer: Any, system_id: str, password: str, status: int
) -> None:
    smsc = await start()
    with pytest.raises(exceptions.PDUError) as refusal:
        await peer(smsc).bind(system_id=system_id, password=password)
    assert refusal.value.args[1] == status
    assert smsc.sessions == 0
    await peer(smsc).bind()
    assert smsc.sessions == 1


async def test_a_second_bind_on_one_connection_is_refused(start: Start, peer: Any) -> None:
    gateway = await peer(await start()).bind()
    pdu = smpp.make_pdu(
        "bind_transceiver", client=gateway.client, system_id="demo", password="demo"
    )
    gateway.client.state = consts.SMPP_CLIENT_STATE_OPEN
    gateway.client.send_pdu(pdu)
    assert (await gateway.read_raw()).status == consts.SMPP_ESME_RALYBND


@pytest.mark.parametrize("how", ["receiver", ""])
async def test_only_a_bound_sender_may_submit(start: Start, peer: Any, how: str) -> None:
    smsc = await start()
    gateway = await (peer(smsc).bind(how) if how else peer(smsc).connect())
    gateway.client.state = consts.SMPP_CLIENT_STATE_BOUND_TRX
    await gateway.submit()
    await gateway.read(answers=1)
    assert gateway.answers[0].status == consts.SMPP_ESME_RINVBNDSTS
    assert smsc.ledger == []


async def test_a_number_that_is_none_is_refused(start: Start, peer: Any) -> None:
    smsc = await start()
    gateway = await peer(smsc).bind()
    await gateway.submit(destination_addr="mama")
    await gateway.read(answers=1)
    assert gateway.answers[0].status == consts.SMPP_ESME_RINVDSTADR
    assert smsc.ledger == []


async def test_unbind_is_answered_and_the_connection_ends(start: Start, peer: Any) -> None:
    smsc = await start()
    gateway = await peer(smsc).bind()
    assert (await asyncio.to_thread(gateway.client.unbind)).status == consts.SMPP_ESME_ROK
    with pytest.raises(exceptions.ConnectionError):
        await gateway.read_raw()
    assert smsc.sessions == 0


async def test_receipts_come_to_who_asked_only(start: Start, peer: Any) -> None:
    smsc = await start()
    gateway = await peer(smsc).bind()
    await gateway.submit(registered_delivery=0)
    await gateway.submit(registered_delivery=2)  # in case of failure only
    wanted = await gateway.submit(registered_delivery=1)
    await gateway.read(answers=3, delivered=1)
    ids = {answer.sequence: answer.message_id.decode() for answer in gateway.answers}
    assert fields_of(gateway.delivered[0])["id"] == ids[wanted]
    assert smsc.stats.receipts_sent == 1


async def test_a_failure_is_reported_with_its_error(start: Start, peer: Any) -> None:
    smsc = await start(outcomes=["UNDELIV=1"], receipt_error="0A1")
    gateway = await peer(smsc).bind()
    await gateway.submit(registered_delivery=2)
    await gateway.read(answers=1, delivered=1)
    fields = fields_of(gateway.delivered[0])
    assert (fields["stat"], fields["err"], fields["dlvrd"]) == ("UNDELIV", "0A1", "000")
    assert gateway.delivered[0].message_state == 5


async def test_a_latin_text_is_quoted_in_its_receipt(start: Start, peer: Any) -> None:
    gateway = await peer(await start()).bind()
    await gateway.submit(data_coding=0, short_message=b"Absent: lesson 1, lesson 2")
    await gateway.read(delivered=1)
    assert gateway.delivered[0].short_message.endswith(b" text:Absent: lesson 1, le")


async def test_no_receipts_when_they_are_off(start: Start, peer: Any) -> None:
    smsc = await start(receipt_delay=None)
    gateway = await peer(smsc).bind()
    await gateway.submit()
    await gateway.read(answers=1)
    await asyncio.to_thread(gateway.client.unbind)
    assert smsc.stats.receipts_sent == smsc.waiting == 0


async def test_receipts_wait_for_the_next_bind(start: Start, peer: Any) -> None:
    smsc = await start(receipt_delay=0.0)
    sender = await peer(smsc).bind("transmitter")
    for _ in range(3):
        await sender.submit()
    await sender.read(answers=3)
    sender.disconnect()
    receiver = await peer(smsc).bind("receiver")
    await receiver.read(delivered=3)
    ids = [answer.message_id.decode() for answer in sender.answers]
    assert [fields_of(one)["id"] for one in receiver.delivered] == ids


async def test_a_receipt_without_an_answer_comes_again(start: Start, peer: Any) -> None:
    smsc = await start(receipt_delay=0.0)
    first = await peer(smsc).bind()
    await first.submit()
    await first.submit()
    seen: list[str] = []
    while len(seen) < 2:  # read, never acknowledged
        pdu = await first.read_raw()
        if pdu.command == "deliver_sm":
            seen.append(fields_of(pdu)["id"])
    first.disconnect()
    second = await peer(smsc).bind()
    await second.read(delivered=2)
    assert [fields_of(one)["id"] for one in second.delivered] == seen


async def test_no_more_receipts_than_the_window_are_open(start: Start, peer: Any) -> None:
    smsc = await start(receipt_delay=0.0, deliver_window=2)
    sender = await peer(smsc).bind("transmitter")
    for _ in range(5):
        await sender.submit()
    await sender.read(answers=5)
    receiver = await peer(smsc).bind("receiver")
    first = await receiver.read_raw()
    second = await receiver.read_raw()
    assert (smsc.stats.receipts_sent, smsc.waiting) == (2, 3)
    for pdu in (first, second):
        receiver.client._message_received(pdu)
    await receiver.read(delivered=5)
    assert len({fields_of(one)["id"] for one in receiver.delivered}) == 5


async def test_a_receipt_refused_for_now_comes_again_and_one_refused_for_good_does_not(
    start: Start, peer: Any
) -> None:
    smsc = await start(receipt_delay=0.0, redelivery_delay=0.0)
    gateway = await peer(smsc).bind()
    gateway.status = consts.SMPP_ESME_RX_T_APPN
    await gateway.submit()
    await gateway.read(answers=1, delivered=2)
    gateway.status = consts.SMPP_ESME_RX_P_APPN
    await gateway.read(delivered=3)
    assert len({fields_of(one)["id"] for one in gateway.delivered}) == 1
    await asyncio.to_thread(gateway.client.unbind)
    assert (smsc.waiting, smsc.stats.receipts_refused, smsc.stats.receipts_acked) == (0, 1, 0)


async def test_ids_in_receipts_can_be_hexadecimal(start: Start, peer: Any) -> None:
    gateway = await peer(await start(receipt_ids="hex")).bind()
    await gateway.submit()
    await gateway.read(answers=1, delivered=1)
    message_id = int(gateway.answers[0].message_id)
    assert fields_of(gateway.delivered[0])["id"] == f"{message_id:X}"


async def test_a_receipt_can_overtake_its_response(start: Start, peer: Any) -> None:
    gateway = await peer(await start(receipts="early")).bind()
    await gateway.submit()
    first, second = await gateway.read_raw(), await gateway.read_raw()
    assert (first.command, second.command) == ("deliver_sm", "submit_sm_resp")
    assert fields_of(first)["id"] == second.message_id.decode()


async def test_receipts_can_come_twice(start: Start, peer: Any) -> None:
    gateway = await peer(await start(receipts="doubled")).bind()
    await gateway.submit()
    await gateway.read(answers=1, delivered=2)
    assert len({fields_of(one)["id"] for one in gateway.delivered}) == 1


async def test_receipts_can_come_in_another_order(start: Start, peer: Any) -> None:
    smsc = await start(receipts="shuffled", receipt_delay=0.3)
    gateway = await peer(smsc).bind()
    for _ in range(20):
        await gateway.submit()
    await gateway.read(answers=20, delivered=20)
    sent = [answer.message_id.decode() for answer in gateway.answers]
    told = [fields_of(one)["id"] for one in gateway.delivered]
    assert sorted(told) == sent
    assert told != sent


@pytest.mark.parametrize("echo", [True, False])
async def test_the_clients_reference_is_echoed_if_so_told(
    start: Start, peer: Any, echo: bool
) -> None:
    gateway = await peer(await start(echo_reference=echo)).bind()
    await gateway.submit(user_message_reference=4711)
    await gateway.read(answers=1, delivered=1)
    assert gateway.delivered[0].user_message_reference == (4711 if echo else None)


async def test_responses_can_be_late(start: Start, peer: Any) -> None:
    gateway = await peer(await start(response_delay=0.1, receipt_delay=None)).bind()
    loop = asyncio.get_running_loop()
    begin = loop.time()
    sent = [await gateway.submit(), await gateway.submit()]
    await gateway.read(answers=2)
    assert loop.time() - begin >= 0.1
    assert [answer.sequence for answer in gateway.answers] == sent


async def test_a_share_of_the_parts_is_throttled_and_not_taken(start: Start, peer: Any) -> None:
    smsc = await start(throttle=0.5, receipt_delay=None)
    gateway = await peer(smsc).bind()
    for _ in range(40):
        await gateway.submit()
    await gateway.read(answers=40)
    statuses = [answer.status for answer in gateway.answers]
    assert set(statuses) == {consts.SMPP_ESME_ROK, consts.SMPP_ESME_RTHROTTLED}
    throttled = statuses.count(consts.SMPP_ESME_RTHROTTLED)
    assert 10 <= throttled <= 30
    assert (len(smsc.ledger), smsc.stats.throttled) == (40 - throttled, throttled)


async def test_parts_above_the_rate_are_throttled(start: Start, peer: Any) -> None:
    smsc = await start(max_parts_per_second=0.001)
    gateway = await peer(smsc).bind()
    for _ in range(3):
        await gateway.submit()
    await gateway.read(answers=3)
    assert [answer.status for answer in gateway.answers] == [0, 0x58, 0x58]
    assert len(smsc.ledger) == 1


async def test_a_connection_is_cut_after_a_part_was_taken_and_before_its_answer(
    start: Start, peer: Any
) -> None:
    smsc = await start(cut_after=2, receipt_delay=0.0)
    gateway = await peer(smsc).bind()
    await gateway.submit()
    await gateway.read(answers=1)
    await gateway.submit()
    with pytest.raises(exceptions.ConnectionError):
        await gateway.read(answers=2)
    assert len(smsc.ledger) == 2
    again = await peer(smsc).bind()
    await again.submit()
    await again.read(answers=1)
    told = {fields_of(one)["id"] for one in gateway.delivered + again.delivered}
    while str(smsc.ledger[1].message_id) not in told:
        await again.read(delivered=len(again.delivered) + 1)
        told = {fields_of(one)["id"] for one in gateway.delivered + again.delivered}


async def test_a_client_that_answers_enquiries_stays_bound(start: Start, peer: Any) -> None:
    smsc = await start(enquire_every=0.05)
    gateway = await peer(smsc).bind()
    for _ in range(3):
        await asyncio.to_thread(gateway.client.read_once, auto_send_enquire_link=False)
    assert smsc.sessions == 1


async def test_a_client_that_ignores_enquiries_is_cut_off(start: Start, peer: Any) -> None:
    smsc = await start(enquire_every=0.05)
    gateway = await peer(smsc).bind()
    assert (await gateway.read_raw()).command == "enquire_link"
    with pytest.raises(exceptions.ConnectionError):
        await gateway.read_raw()
    assert smsc.sessions == 0


async def test_the_clients_own_enquiry_is_answered(start: Start, peer: Any) -> None:
    gateway = await peer(await start()).bind()
    gateway.client.send_pdu(smpp.make_pdu("enquire_link", client=gateway.client))
    assert (await gateway.read_raw()).command == "enquire_link_resp"


async def test_a_parents_sms_reaches_the_client(start: Start, peer: Any) -> None:
    smsc = await start()
    gateway = await peer(smsc).bind()
    with smsc.listen() as events:
        await smsc.inbound("+" + PHONE, "СТОП", "79000000000")
        await gateway.read(delivered=1)
        while (await events.get()).kind != STORED:
            pass
    sms = gateway.delivered[0]
    assert (sms.data_coding, sms.esm_class) == (8, 0)
    assert sms.short_message.decode("utf-16-be") == "СТОП"
    assert (sms.source_addr, sms.destination_addr) == (PHONE.encode(), b"79000000000")
    assert (sms.source_addr_ton, sms.source_addr_npi) == (1, 1)
    assert smsc.stats.inbound_acked == 1


async def test_a_parents_sms_waits_until_somebody_is_bound(start: Start, peer: Any) -> None:
    smsc = await start()
    await smsc.inbound(PHONE, "STOP", "3443")
    await smsc.inbound(PHONE, "START", "3443")
    gateway = await peer(smsc).bind("receiver")
    await gateway.read(delivered=2)
    assert [sms.short_message for sms in gateway.delivered] == [b"STOP", b"START"]
    assert [sms.data_coding for sms in gateway.delivered] == [0, 0]
    assert gateway.delivered[0].dest_addr_ton == 0


async def test_a_long_sms_of_a_parent_comes_in_parts(start: Start, peer: Any) -> None:
    smsc = await start()
    gateway = await peer(smsc).bind()
    text = "Ж" * 66 + "😀" + "Ж" * 70
    await smsc.inbound(PHONE, text, "79000000000")
    await gateway.read(delivered=3)
    bodies = [sms.short_message for sms in gateway.delivered]
    assert [body[:3] + body[4:6] for body in bodies] == [
        bytes((5, 0, 3, 3, number)) for number in (1, 2, 3)
    ]
    assert len({body[3] for body in bodies}) == 1
    assert {sms.esm_class for sms in gateway.delivered} == {0x40}
    assert all(len(body) <= 140 for body in bodies)
    assert "".join(body[6:].decode("utf-16-be") for body in bodies) == text


@pytest.mark.parametrize(
    ("number", "text", "to"),
    [("", "Да", "3443"), ("7900000100200000", "Да", "1"), (PHONE, "", "1"), (PHONE, "Да", "Школа")],
)
async def test_an_impossible_sms_of_a_parent_is_an_error(
    start: Start, number: str, text: str, to: str
) -> None:
    smsc = await start()
    with pytest.raises(ValueError, match=r"number|text"):
        await smsc.inbound(number, text, to)
    assert smsc.waiting == 0


async def test_the_ledger_file_can_be_read_by_another_process_while_the_smsc_runs(
    start: Start, peer: Any, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.jsonl"
    gateway = await peer(await start(ledger_file=path)).bind()
    long = "Собрание переносится на четверг"
    await gateway.submit("Щукин И.: «5»\nи 4")
    await gateway.submit(
        esm_class=0x40,
        registered_delivery=0,
        short_message=bytes((6, 8, 4, 1, 2, 2, 1)) + long.encode("utf-16-be"),
    )
    await gateway.read(answers=2)
    program = (
        "import json, sys; print(json.dumps([json.loads(line) for line in open(sys.argv[1])]))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, path, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    first, second = json.loads(output)
    assert first.pop("at") <= second.pop("at")
    assert first == {
        "seq": 1,
        "message_id": gateway.answers[0].message_id.decode(),
        "number": PHONE,
        "sender": NAME,
        "text": "Щукин И.: «5»\nи 4",
        "udh": None,
        "data_coding": 8,
        "registered": True,
        "outcome": "DELIVRD",
    }
    assert (second["seq"], second["text"], second["registered"]) == (2, long, False)
    assert second["udh"] == {"ref": 0x0102, "total": 2, "seq": 1}


async def test_a_clock_and_a_zone_that_are_given_date_the_receipts(peer: Any) -> None:
    moment = int(datetime(2031, 7, 6, 0, 30, tzinfo=UTC).timestamp() * 1000)
    smsc = Smsc(Options(), now=lambda: moment, zone=timezone(timedelta(hours=4)))
    await smsc.start()
    try:
        gateway = await peer(smsc).bind()
        await gateway.submit()
        await gateway.read(answers=1, delivered=1)
        fields = fields_of(gateway.delivered[0])
        assert fields["submit date"] == fields["done date"] == "3107060430"
        assert smsc.ledger[0].at == moment
    finally:
        await smsc.stop()


def test_options_that_make_no_sense_are_refused() -> None:
    for wrong in (
        {"outcomes": ["OK=1"]},
        {"refuse": ["NOTHING=1"]},
        {"receipts": "upside-down"},
        {"deliver_window": 0},
        {"max_parts_per_second": 0},
        {"cut": 1.5},
        {"no_such_name": 1},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Options(**wrong)
