"""What a session makes of each PDU that comes in: news for the channel and replies for the peer.

Pure: no transport and no timers, so any stream of octets can be tried on it. It gathers while a
burst is read; `session.py` then writes the replies and passes the news on, once for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from sms_diary.channels import pdu
from sms_diary.channels.base import Asked, Outgoing
from sms_diary.channels.pdu import Deliver, Frame
from sms_diary.channels.smpp.query import Told
from sms_diary.channels.smpp.window import Window, Written
from sms_diary.errors import PduError


class Answer(NamedTuple):
    """What the SMSC said of one part; `status` None when it said nothing we can trust."""

    part: Outgoing
    status: int | None
    message_id: str = ""
    late: bool = False
    written_at: float = 0.0
    """By the session's clock; of no meaning where there is no status."""


class Intake:
    """State of one connection as far as PDUs change it."""

    def __init__(self) -> None:
        self.window = Window()
        self.answers: list[Answer] = []
        self.queries: dict[int, tuple[Asked, float]] = {}
        """query_sm without an answer, by sequence number, and when they were written."""
        self.queries_served = True
        """Until the peer says that it knows no query_sm."""
        self.told: list[Told] = []
        self.delivers: list[Deliver] = []
        self.replies: list[bytes] = []
        self.bind_status: int | None = None
        """The command_status of the bind response, once there is one."""
        self.serving = False
        """Bound, and neither side has said goodbye."""
        self.ended = ""
        """Why the connection is to be closed, once it is."""
        self.enquiry_answered = False
        self.submits_answered = 0
        self.useful = False
        """Whether a part was answered, or a receipt or an inbound SMS came."""
        self.counts: Counter[str] = Counter()
        """Odd things seen, by a closed list of names."""
        self._handlers: dict[int, Callable[[Frame], None]] = {
            pdu.SUBMIT_SM_RESP: self._submit_sm_resp,
            pdu.DELIVER_SM: self._deliver_sm,
            pdu.QUERY_SM_RESP: self._query_sm_resp,
            pdu.ENQUIRE_LINK: self._enquire_link,
            pdu.ENQUIRE_LINK_RESP: self._enquire_link_resp,
            pdu.GENERIC_NACK: self._generic_nack,
            pdu.UNBIND: self._unbind,
            pdu.UNBIND_RESP: self._unbind_resp,
            **dict.fromkeys(pdu.BIND_RESPS, self._bind_resp),
        }

    def take(self, frame: Frame) -> None:
        """One PDU; nothing in it raises."""
        self._handlers.get(frame.command, self._other)(frame)

    def garbled(self, error: PduError) -> None:
        """Octets that are no PDU: nothing that follows them can be read."""
        self.counts["impossible length"] += 1
        self.replies.append(pdu.generic_nack(error.sequence, error.status))
        self.ended = self.ended or "impossible command_length"

    def expire_queries(self, limit: float) -> None:
        """Wait no more for answers to what was asked at `limit` or before."""
        for sequence, (_, written_at) in list(self.queries.items()):
            if written_at <= limit:
                del self.queries[sequence]
                self.counts["query unanswered"] += 1

    def _submit_sm_resp(self, frame: Frame) -> None:
        written, late = self.window.take(frame.sequence), False
        if written is None:
            written, late = self._late(frame.sequence), True
            if written is None:
                return
        part, written_at = written
        self.submits_answered += 1
        self.useful = True
        status: int | None = frame.status
        message_id = ""
        if status == pdu.OK:
            try:
                message_id = pdu.decode_message_id(frame)
            except PduError:
                # Taken, under an id that cannot be read: its receipt will settle it.
                self.counts["malformed"] += 1
                status = None
        self.answers.append(Answer(part, status, message_id, late, written_at))

    def _late(self, sequence: int) -> Written | None:
        written = self.window.take_late(sequence)
        self.counts["unexpected answer" if written is None else "late answer"] += 1
        return written

    def _query_sm_resp(self, frame: Frame) -> None:
        asked = self.queries.pop(frame.sequence, None)
        if asked is None:
            self.counts["unexpected answer"] += 1
            return
        if frame.status == pdu.BAD_COMMAND:
            self.queries_served = False
        self.told.append(Told(asked[0], frame))

    def _deliver_sm(self, frame: Frame) -> None:
        if not self.serving:
            status = pdu.BAD_BIND_STATE if self.bind_status is None else pdu.TEMPORARY_ERROR
            self.replies.append(pdu.deliver_sm_resp(frame.sequence, status))
            return
        try:
            self.delivers.append(pdu.decode_deliver(frame))
            self.useful = True
        except PduError as error:
            self.counts["malformed"] += 1
            self.replies.append(pdu.deliver_sm_resp(frame.sequence, error.status))

    def _enquire_link(self, frame: Frame) -> None:
        self.replies.append(pdu.frame(pdu.ENQUIRE_LINK_RESP, frame.sequence))

    def _enquire_link_resp(self, _frame: Frame) -> None:
        self.enquiry_answered = True

    def _generic_nack(self, frame: Frame) -> None:
        self.counts["generic_nack"] += 1
        if self.bind_status is None:
            self.bind_status = frame.status or pdu.BAD_COMMAND
        elif (written := self.window.take(frame.sequence)) is not None:
            part, written_at = written
            status = frame.status or pdu.BAD_COMMAND
            self.answers.append(Answer(part, status, written_at=written_at))
        elif self.queries.pop(frame.sequence, None) is not None:
            self.queries_served = False
        else:
            # Perhaps it refuses our enquire_link: a peer that refuses is alive none the less.
            self.enquiry_answered = True

    def _bind_resp(self, frame: Frame) -> None:
        if self.bind_status is not None:
            self.counts["unexpected answer"] += 1
            return
        self.bind_status = frame.status
        self.serving = frame.status == pdu.OK

    def _unbind(self, frame: Frame) -> None:
        self.replies.append(pdu.frame(pdu.UNBIND_RESP, frame.sequence))
        self._end("unbound by the peer")

    def _unbind_resp(self, _frame: Frame) -> None:
        self._end("unbound by us")

    def _end(self, reason: str) -> None:
        self.serving = False
        self.ended = self.ended or reason

    def _other(self, frame: Frame) -> None:
        """Requests that we do not serve are refused; other answers and notices are counted."""
        self.counts["unserved command"] += 1
        if frame.command & pdu.RESPONSE_BIT:
            return
        if frame.command not in (pdu.OUTBIND, pdu.ALERT_NOTIFICATION):  # these have no answer
            self.replies.append(pdu.generic_nack(frame.sequence, pdu.BAD_COMMAND))
