"""What comes in: receipts and inbound SMS, acknowledged after their report was committed.

Reading them is `receipts.py`'s and `inbound.py`'s. A piece of a long SMS is acknowledged like a
whole one: it waits for the others in the database. An answer to query_sm comes by the same way
as a receipt, and has nobody to acknowledge it to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from sms_diary import crash
from sms_diary.channels import pdu
from sms_diary.channels.base import InboundReport, ReceiptReport
from sms_diary.channels.pdu import Deliver
from sms_diary.channels.reporting import Reporter
from sms_diary.channels.smpp.address import e164
from sms_diary.channels.smpp.inbound import read_inbound
from sms_diary.channels.smpp.receipts import is_receipt, read_receipt
from sms_diary.channels.smpp.session import Session
from sms_diary.channels.smpp.settings import SmppSettings

_Token = tuple[Session, int]
"""A deliver_sm that is owed an answer."""


class Inflow:
    """deliver_sm of all sessions, from their arrival to the answer."""

    def __init__(
        self,
        settings: SmppSettings,
        receipts: Callable[[list[ReceiptReport]], Awaitable[None]],
        inbound: Callable[[list[InboundReport]], Awaitable[None]],
    ) -> None:
        """`receipts` and `inbound` return when what they are given is committed."""
        self._settings = settings
        self._zone = settings.zone()
        self._ours = e164(0, settings.source)
        self._store_receipts = receipts
        self._store_inbound = inbound
        self._receipts = Reporter(self._bring_receipts, self._receipts_settled)
        self._inbound = Reporter(self._bring_inbound, self._inbound_settled)

    def delivered(self, session: Session, delivers: Sequence[Deliver]) -> None:
        """Report each and, once that is committed, acknowledge it."""
        receipts: list[tuple[ReceiptReport, _Token | None]] = []
        inbound: list[tuple[InboundReport, _Token]] = []
        crash.passing("deliver.read")
        for deliver in delivers:
            token = (session, deliver.sequence)
            if is_receipt(deliver):
                receipts.append((read_receipt(deliver, self._zone, self._ours), token))
            else:
                inbound.append((read_inbound(deliver, self._settings.default_alphabet), token))
        self._receipts.add(receipts)
        self._inbound.add(inbound)

    def told(self, reports: Sequence[ReceiptReport]) -> None:
        """Report what the SMSC said when it was asked."""
        self._receipts.add((report, None) for report in reports)

    async def stop(self) -> None:
        """Wait a bounded time until what came is committed and acknowledged."""
        limit = self._settings.stop_timeout
        await asyncio.gather(self._receipts.drain(limit), self._inbound.drain(limit))

    async def _bring_receipts(self, batch: list[tuple[ReceiptReport, _Token | None]]) -> None:
        await self._store_receipts([report for report, _ in batch])

    def _receipts_settled(
        self, batch: list[tuple[ReceiptReport, _Token | None]], stored: bool
    ) -> None:
        _acknowledge([token for _, token in batch if token is not None], stored)

    async def _bring_inbound(self, batch: list[tuple[InboundReport, _Token]]) -> None:
        await self._store_inbound([report for report, _ in batch])

    def _inbound_settled(self, batch: list[tuple[InboundReport, _Token]], stored: bool) -> None:
        _acknowledge([token for _, token in batch], stored)


def _acknowledge(tokens: Sequence[_Token], stored: bool) -> None:
    """Answer deliver_sm, one write a session; one that was lost has nobody to answer to."""
    by_session: dict[Session, list[int]] = {}
    for session, sequence in tokens:
        by_session.setdefault(session, []).append(sequence)
    for session, sequences in by_session.items():
        session.acknowledge(sequences, pdu.OK if stored else pdu.TEMPORARY_ERROR)
        crash.passing("deliver.acknowledged")
