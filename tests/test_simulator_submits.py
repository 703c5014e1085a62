"""What the simulated SMSC does with submit_sm and query_sm when it is told to be difficult."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.esme_peer import (
    DELIVER,
    NAME,
    QUERY,
    RESP,
    SUBMIT,
    UNBIND,
    Esme,
    bound,
    eventually,
    raw,
    smsc_with,
    submit_body,
    tlv,
)

ROOT = Path(__file__).parent.parent


async def statuses(one: Esme, times: int, **fields: Any) -> Counter[int]:
    """Submit so often and count the statuses of the answers."""
    one.submit(times=times, **fields)
    return Counter(got.status for got in await one.read_of(SUBMIT | RESP, times))


# -- refusals ----------------------------------------------------------------------------------


async def test_a_share_can_be_refused_with_any_status_and_the_ledger_has_the_others() -> None:
    rules = ["RMSGQFUL=0.2", "0x400=0.2"]
    async with smsc_with(refuse=rules, receipt_delay=None) as smsc, await bound(smsc) as one:
        found = await statuses(one, 300)
        assert found.keys() == {0, 0x14, 0x400}
        assert 30 < found[0x14] < 90
        assert 25 < found[0x400] < 75
        assert len(smsc.ledger) == found[0]
        assert smsc.stats.refused == 300 - found[0]


async def test_a_chosen_number_is_refused_and_the_others_are_not() -> None:
    rule = "RINVDSTADR=79000000001"
    async with smsc_with(refuse=[rule]) as smsc, await bound(smsc) as one:
        assert await statuses(one, 3, number=b"79000000001", registered=0) == {0x0B: 3}
        assert await statuses(one, 3, number=b"79000000002", registered=0) == {0: 3}
        assert [part.number for part in smsc.ledger] == ["79000000002"] * 3


async def test_what_is_above_the_window_is_throttled() -> None:
    async with (
        smsc_with(max_window=3, response_delay=0.05, receipt_delay=None) as smsc,
        await bound(smsc) as one,
    ):
        assert await statuses(one, 5) == {0: 3, 0x58: 2}
        assert await statuses(one, 2) == {0: 2}
        assert smsc.stats.throttled == 2


# -- answers -----------------------------------------------------------------------------------


async def test_a_part_can_be_taken_and_never_answered() -> None:
    async with smsc_with(unanswered=1.0, receipt_delay=0) as smsc, await bound(smsc) as one:
        one.submit()
        assert (await one.read()).command == DELIVER
        assert len(smsc.ledger) == smsc.stats.unanswered == 1
    async with smsc_with(unanswered=0.5, receipt_delay=None) as smsc, await bound(smsc) as one:
        one.submit(times=100)
        await eventually(lambda: len(smsc.ledger) == 100)
        lacking = smsc.stats.unanswered
        assert 25 < lacking < 75
        assert len(await one.read_of(SUBMIT | RESP, 100 - lacking)) == 100 - lacking


async def test_answers_can_come_in_another_order() -> None:
    async with (
        smsc_with(responses_shuffled=True, response_delay=0.02, receipt_delay=None) as smsc,
        await bound(smsc) as one,
    ):
        sent = one.submit(times=30)
        answers = await one.read_of(SUBMIT | RESP, 30)
        came = [got.sequence for got in answers]
        assert came != sent
        assert sorted(came) == sent
        ids = {got.sequence: int(got.body.rstrip(b"\0")) for got in answers}
        assert [ids[number] for number in sent] == [part.message_id for part in smsc.ledger]


@pytest.mark.parametrize(
    ("form", "written"),
    [("decimal", "{:d}"), ("padded", "{:020d}"), ("hex", "{:X}"), ("hex-lower", "{:x}")],
)
@pytest.mark.parametrize("where", ["response_ids", "receipt_ids"])
async def test_ids_are_written_one_way_in_answers_and_another_in_receipts(
    where: str, form: str, written: str
) -> None:
    options: dict[str, Any] = {"receipt_delay": 0, where: form}
    async with smsc_with(**options) as smsc, await bound(smsc) as one:
        one.submit()
        [answer] = await one.read_of(SUBMIT | RESP)
        [receipt] = await one.receipts()
        number = smsc.ledger[0].message_id
        odd, plain = written.format(number).encode(), str(number).encode()
        in_answer, in_receipt = (odd, plain) if where == "response_ids" else (plain, odd)
        assert answer.body == in_answer + b"\0"
        assert receipt.tlvs[0x001E] == in_receipt + b"\0"
        assert receipt.message.startswith(b"id:" + in_receipt + b" ")


# -- queries -----------------------------------------------------------------------------------


async def asked(one: Esme, message_id: bytes, source: bytes = NAME) -> tuple[int, list[bytes]]:
    """Ask for a part: the status, and the answer's fields."""
    one.send(QUERY, message_id + b"\0\5\0" + source + b"\0")
    [got] = await one.read_of(QUERY | RESP)
    if not got.body:
        return got.status, []
    found, date, end = got.body.split(b"\0", 1)[0], *got.body.split(b"\0", 1)[1].split(b"\0", 1)
    return got.status, [found, date, end]


async def test_a_query_is_answered_from_the_ledger() -> None:
    rule = "UNDELIV=79000000001"
    async with (
        smsc_with(receipt_delay=0.05, outcomes=[rule], response_ids="hex") as smsc,
        await bound(smsc) as one,
    ):
        one.submit()
        one.submit(number=b"79000000001")
        ids = [got.body.rstrip(b"\0") for got in await one.read_of(SUBMIT | RESP, 2)]
        assert await asked(one, ids[0]) == (0, [ids[0], b"", b"\x01\x00"])
        await one.receipts(2)
        status, (found, date, end) = await asked(one, ids[0])
        assert (status, found, end) == (0, ids[0], b"\x02\x00")
        assert len(date) == 16
        assert date[:13].isdigit()
        assert date[15:] in (b"+", b"-")
        assert (await asked(one, ids[1]))[1][2] == b"\x05\x00"
        assert (await asked(one, b"F"))[0] == 0x67
        assert (await asked(one, b"no id"))[0] == 0x67
        assert (await asked(one, ids[0], b"School13"))[0] == 0x0A
        assert smsc.stats.queries == 6


async def test_queries_can_be_refused_and_nobody_sees_anothers_parts() -> None:
    async with smsc_with(queries=False) as smsc, await bound(smsc) as one:
        one.submit(registered=0)
        [got] = await one.read_of(SUBMIT | RESP)
        assert (await asked(one, got.body.rstrip(b"\0")))[0] == 0x67
    async with (
        smsc_with(accounts={"other": "pw"}) as smsc,
        await bound(smsc) as one,
        await Esme.connect(smsc) as other,
    ):
        await other.bind(system_id=b"other", password=b"pw")
        one.submit(registered=0)
        [got] = await one.read_of(SUBMIT | RESP)
        assert (await asked(other, got.body.rstrip(b"\0")))[0] == 0x67
        assert (await asked(one, got.body.rstrip(b"\0")))[0] == 0
        other.send(QUERY, b"1\0\5\0School12")  # no NUL
        [wrong] = await other.read_of(QUERY | RESP)
        assert wrong.status == 0x0A


# -- long texts --------------------------------------------------------------------------------


def in_parts(how: str, text: str) -> list[dict[str, Any]]:
    """The fields of the submits that carry a text in two parts, or in one by message_payload."""
    octets = text.encode("utf-16-be")
    halves = list(enumerate((octets[:100], octets[100:]), 1))
    if how == "payload":
        return [{"message": b"", "tlvs": tlv(0x0424, octets)}]
    if how == "sar":
        return [
            {
                "message": half,
                "tlvs": tlv(0x020C, b"\1\2") + tlv(0x020E, b"\2") + tlv(0x020F, bytes((place,))),
            }
            for place, half in halves
        ]
    head = {"udh8": b"\x05\0\x03\x07", "udh16": b"\x06\x08\x04\x01\x07"}[how]
    return [
        {"message": head + bytes((2, place)) + half, "esm_class": 0x40} for place, half in halves
    ]


@pytest.mark.parametrize("how", ["udh8", "udh16", "sar", "payload"])
async def test_a_long_text_is_one_bubble_however_it_was_cut(how: str) -> None:
    text = "Завтра собрание в 18:00, кабинет 12. " * 3
    async with smsc_with() as smsc, await bound(smsc) as one:
        parts = in_parts(how, text)
        for fields in reversed(parts):
            one.submit(registered=0, **fields)
        await one.read_of(SUBMIT | RESP, len(parts))
        phone = smsc.phones.get("79000001002")
        assert phone is not None
        [bubble] = phone.bubbles()
        assert (bubble.text, bubble.complete, bubble.total) == (text, True, len(parts))
        records = [part.as_dict() for part in smsc.ledger]
        assert [record["udh"] and record["udh"]["seq"] for record in records] == (
            [2, 1] if len(parts) > 1 else [None]
        )


# -- the ledger --------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
@pytest.mark.parametrize("after", [b"", raw(UNBIND, 9)], ids=["alone", "before an unbind"])
async def test_a_part_that_cannot_be_written_down_is_not_answered(after: bytes) -> None:
    came = None
    with pytest.raises(OSError, match="No space left"):  # the file is closed in the end
        async with smsc_with(ledger_file=Path("/dev/full")) as smsc, await bound(smsc) as one:
            one.writer.write(raw(SUBMIT, 8, submit_body()) + after)
            came = await one.until_closed()
    assert came == []


async def test_the_ledgers_file_survives_kill_9(tmp_path: Path) -> None:
    book = tmp_path / "ledger.jsonl"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sms_diary", "simulator", "--smpp-port", "0", "--web-port", "0"),
        *("--ledger", str(book), "--outcomes", "UNDELIV=79000000001", "--receipt-ids", "hex"),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    port = int(line.split(":")[2].split(",")[0])
    async with Esme(*await asyncio.open_connection("127.0.0.1", port)) as one:
        await one.bind()
        for number in (b"79000000001", b"79000000002"):
            one.submit(number=number)
        answers = await one.read_of(SUBMIT | RESP, 2)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    records = [json.loads(line) for line in book.read_text().splitlines()]
    assert [record["message_id"] for record in records] == [
        got.body.rstrip(b"\0").decode() for got in answers
    ]
    assert [record["outcome"] for record in records] == ["UNDELIV", "DELIVRD"]


async def test_a_restarted_smsc_goes_on_in_the_same_file_and_repeats_no_id(tmp_path: Path) -> None:
    book = tmp_path / "ledger.jsonl"
    for _ in range(2):
        async with smsc_with(ledger_file=book) as smsc, await bound(smsc) as one:
            assert await statuses(one, 2, registered=0) == {0: 2}
    records = [json.loads(line) for line in book.read_text().splitlines()]
    assert len({record["message_id"] for record in records}) == 4
