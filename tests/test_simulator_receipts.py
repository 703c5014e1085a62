"""Receipts of the simulated SMSC in every dialect, order and number."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.esme_peer import (
    BIND_RX,
    BIND_TX,
    DELIVER,
    PHONE,
    RESP,
    SUBMIT,
    Delivered,
    bound,
    eventually,
    read_deliver,
    smsc_with,
)

FIELDS = ["id", "sub", "dlvrd", "submit date", "done date", "stat", "err", "text"]


async def receipt_in(form: str, **options: Any) -> tuple[Delivered, str]:
    """A receipt in that dialect, and the id it is for."""
    options = {"receipt_form": form, "receipt_delay": 0, **options}
    async with smsc_with(**options) as smsc, await bound(smsc) as one:
        one.submit(message=b"Absent today", coding=0)
        [receipt] = await one.receipts()
        return receipt, str(smsc.ledger[0].message_id)


def keys_of(text: str) -> list[str]:
    return re.findall(r"(id|sub|dlvrd|(?:submit|done)[ _]date|stat|err|text):", text, re.I)


# -- how they are written ----------------------------------------------------------------------


async def test_the_plain_form_is_that_of_appendix_b() -> None:
    receipt, message_id = await receipt_in("")
    text = receipt.message.decode()
    assert keys_of(text) == FIELDS
    assert re.fullmatch(
        rf"id:{message_id} sub:001 dlvrd:001 submit date:\d{{10}} done date:\d{{10}} "
        r"stat:DELIVRD err:000 text:Absent today",
        text,
    )
    assert (receipt.esm_class, receipt.coding, receipt.source) == (4, 0, PHONE)
    assert receipt.tlvs == {0x0427: b"\x02", 0x001E: message_id.encode() + b"\0"}


async def test_dates_can_have_seconds() -> None:
    receipt, _ = await receipt_in("seconds")
    assert re.search(rb"submit date:\d{12} done date:\d{12} ", receipt.message)


async def test_fields_can_be_missing() -> None:
    receipt, message_id = await receipt_in("bare")
    assert receipt.message.decode() == f"id:{message_id} stat:DELIVRD"


async def test_fields_can_stand_in_another_order() -> None:
    receipt, _ = await receipt_in("reordered")
    keys = keys_of(receipt.message.decode())
    assert keys != FIELDS
    assert sorted(keys) == sorted(FIELDS)
    assert keys[0] != "id"


async def test_the_case_of_names_and_states_can_differ() -> None:
    receipt, _ = await receipt_in("upper,lower")
    text = receipt.message.decode()
    assert keys_of(text) == [key.upper() for key in FIELDS]
    assert " STAT:delivrd " in text


async def test_names_can_have_underscores_and_the_text_can_look_like_fields() -> None:
    receipt, message_id = await receipt_in("underscores,colons")
    text = receipt.message.decode()
    assert " submit_date:" in text
    assert " done_date:" in text
    head, _, rest = text.partition(" text:")
    assert f"id:{message_id} " in head
    assert {"stat", "id", "err"} <= set(keys_of(rest))


async def test_an_error_can_be_any_three_characters() -> None:
    receipt, _ = await receipt_in("", outcomes=["UNDELIV=1"], receipt_error="{0A")
    assert b" dlvrd:000 " in receipt.message
    assert b" stat:UNDELIV err:{0A " in receipt.message
    assert receipt.tlvs[0x0427] == b"\x05"


async def test_a_receipt_can_be_in_ucs2() -> None:
    receipt, message_id = await receipt_in("ucs2")
    assert receipt.coding == 8
    assert receipt.message.decode("utf-16-be").startswith(f"id:{message_id} sub:001 ")
    assert len(receipt.message) <= 254


async def test_a_receipt_can_be_parameters_only_or_text_only_or_in_the_payload() -> None:
    only, message_id = await receipt_in("tlv-only")
    assert only.message == b""
    assert only.tlvs == {0x0427: b"\x02", 0x001E: message_id.encode() + b"\0"}
    text_only, message_id = await receipt_in("text-only")
    assert text_only.tlvs == {}
    assert text_only.message.startswith(b"id:" + message_id.encode())
    payload, message_id = await receipt_in("payload,text-only")
    assert payload.message == b""
    assert payload.tlvs.keys() == {0x0424}
    assert payload.tlvs[0x0424].startswith(b"id:" + message_id.encode())


async def test_a_receipt_can_carry_a_vendors_parameter_and_another_class() -> None:
    receipt, _ = await receipt_in("vendor-tlv", receipt_esm_class=0x24)
    assert next(iter(receipt.tlvs)) == 0x1400
    assert receipt.tlvs[0x0427] == b"\x02"
    assert receipt.esm_class == 0x24


# -- which, when and how often -----------------------------------------------------------------


def id_of(receipt: Delivered) -> int:
    return int(receipt.tlvs[0x001E].rstrip(b"\0"))


async def test_an_intermediate_notice_comes_before_the_final_one() -> None:
    async with (
        smsc_with(receipts="intermediate", receipt_delay=0) as smsc,
        await bound(smsc) as one,
    ):
        one.submit()
        notice, final = await one.receipts(2)
        assert (notice.esm_class, notice.tlvs[0x0427]) == (0x20, b"\x01")
        assert b" dlvrd:000 " in notice.message
        assert b" stat:ENROUTE " in notice.message
        assert (final.esm_class, final.tlvs[0x0427]) == (4, b"\x02")
        assert id_of(notice) == id_of(final) == smsc.ledger[0].message_id


async def test_outcomes_are_a_share_or_a_number_and_stand_in_the_ledger() -> None:
    rules = ["EXPIRED=79000000001", "REJECTD=0.3"]
    async with smsc_with(outcomes=rules, receipt_delay=0) as smsc, await bound(smsc) as one:
        one.submit(times=100)
        one.submit(times=2, number=b"79000000001")
        states = {id_of(receipt): receipt.tlvs[0x0427][0] for receipt in await one.receipts(102)}
        words = {2: "DELIVRD", 3: "EXPIRED", 8: "REJECTD"}
        assert [words[states[part.message_id]] for part in smsc.ledger] == [
            part.as_dict()["outcome"] for part in smsc.ledger
        ]
        outcomes = [part.outcome for part in smsc.ledger]
        assert outcomes[100:] == ["EXPIRED"] * 2
        assert 15 < outcomes.count("REJECTD") < 50


async def test_a_share_of_receipts_is_lost() -> None:
    async with smsc_with(lost_receipts=0.5, receipt_delay=0) as smsc, await bound(smsc) as one:
        one.submit(times=100)
        await one.read_of(SUBMIT | RESP, 100)
        await eventually(lambda: smsc.stats.receipts_sent + smsc.stats.receipts_lost == 100)
        assert 25 < smsc.stats.receipts_lost < 75
        # The ledger knows the end of all the same.
        assert all(part.state >= 1 for part in smsc.ledger)


async def test_a_share_of_receipts_is_late() -> None:
    async with (
        smsc_with(late_receipts=0.5, late_by=0.2, receipt_delay=0) as smsc,
        await bound(smsc) as one,
    ):
        one.submit(times=40)
        came = [id_of(receipt) for receipt in await one.receipts(40)]
        sent = [part.message_id for part in smsc.ledger]
        assert sorted(came) == sent
        # Two rows, each in order: those in time, and the late ones after them.
        falls = [place for place in range(1, 40) if came[place] < came[place - 1]]
        assert len(falls) == 1
        assert 8 < falls[0] < 32


async def test_receipts_for_ids_and_numbers_that_nobody_knows_come_along() -> None:
    async with smsc_with(unknown_receipts=1.0, receipt_delay=0) as smsc, await bound(smsc) as one:
        one.submit(times=5)
        receipts = await one.receipts(10)
        known = {part.message_id for part in smsc.ledger}
        strangers = [receipt for receipt in receipts if id_of(receipt) not in known]
        assert len(strangers) == smsc.stats.stray == 5
        assert {receipt.source for receipt in strangers} == {b"79009999999"}


async def test_a_receipt_comes_again_when_it_has_no_answer_in_time() -> None:
    async with (
        smsc_with(receipt_delay=0, deliver_timeout=0.05) as smsc,
        await bound(smsc, BIND_TX) as sender,
        await bound(smsc, BIND_RX) as receiver,
    ):
        sender.submit()
        first, again = await receiver.read(), await receiver.read()
        assert first.command == again.command == DELIVER
        assert first.body == again.body
        assert first.sequence != again.sequence
        receiver.answer(again)
        await eventually(lambda: smsc.stats.receipts_acked == 1)
        assert smsc.waiting == 0


@pytest.mark.parametrize("word", ["shuffled", "doubled", "shuffled,doubled"])
async def test_receipts_can_be_shuffled_and_doubled(word: str) -> None:
    async with smsc_with(receipts=word, receipt_delay=0.05) as smsc, await bound(smsc) as one:
        one.submit(times=20)
        times = 2 if "doubled" in word else 1
        came = [id_of(receipt) for receipt in await one.receipts(20 * times)]
        sent = [part.message_id for part in smsc.ledger for _ in range(times)]
        assert sorted(came) == sent
        assert (came != sent) == ("shuffled" in word)


async def test_the_receipt_of_one_that_is_cut_off_finds_the_next_session() -> None:
    async with smsc_with(cut_after=1, receipt_delay=0) as smsc:
        async with await bound(smsc) as one:
            one.submit()
            assert await one.until_closed() == []
        async with await bound(smsc) as two:
            got = await two.read()
            assert id_of(read_deliver(got.body)) == smsc.ledger[0].message_id
