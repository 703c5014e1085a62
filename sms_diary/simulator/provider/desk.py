"""Messages at the provider: taken into the SMSC's book and phones, and asked about.

What lives here: which answer a request gets, as a status and a body. What does not: HTTP and what
goes wrong with it (`door.py`), receipts on their way (`pushes.py`). Every message is taken as often
as it comes: whoever sends twice is seen in the book.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sms_diary.simulator import spec, wire
from sms_diary.simulator.admission import Refusal
from sms_diary.simulator.connection import CutOff
from sms_diary.simulator.ledger import ACCEPTED, Submitted
from sms_diary.simulator.provider import shapes
from sms_diary.simulator.provider.definition import Definition, Table, first
from sms_diary.simulator.provider.gaps import Found
from sms_diary.simulator.provider.shapes import Unplayable
from sms_diary.simulator.smsc import Smsc

_STATES = {
    "DELIVRD": "delivered", "UNDELIV": "undelivered", "EXPIRED": "expired", "REJECTD": "rejected",
    "DELETED": "undelivered", "ACCEPTD": "sent", "UNKNOWN": "unknown",
}  # fmt: skip
"""What our words are for the ends of SMPP 3.4 appendix B."""
_NAMED, _INTERNATIONAL = 5, 1  # types of number (§5.2.5)


@dataclass
class Message:
    """One that was taken, with what its sender said of it."""

    entry: Submitted
    ours: str
    callback: str

    @property
    def id(self) -> str:
        """The provider's own name for it."""
        return str(self.entry.message_id)


@dataclass(frozen=True)
class Answer:
    """`silent`: it has all of it and says nothing."""

    status: int
    body: str
    silent: bool = False


class Desk:
    """Takes messages for `smsc`. Raises Unplayable for a file whose replies it cannot make."""

    def __init__(self, definition: Definition, smsc: Smsc) -> None:
        self._definition = definition
        self._smsc = smsc
        self._reply: Table = definition.send.get("reply", {})
        self._many = "items" in self._reply or definition.send.get("most", 1) > 1
        self.messages: dict[str, Message] = {}
        """By the provider's id."""
        self._by_ours: dict[str, Message] = {}
        self._check(self._taken([({"phone": "79000000001", "ours": "1", "text": "x"}, "1", None)]))

    def state(self, entry: Submitted, *, intermediate: bool = False) -> Any:
        """What the provider calls where it is."""
        if intermediate or entry.state == ACCEPTED:
            states = self._definition.http.get("states", {})
            return first(states.get("sent", states.get("accepted", "sent")))
        return self._definition.word(_STATES[entry.outcome])

    # -- sending

    def take(self, messages: Sequence[Found]) -> Answer:
        """Take them all, each for itself; CutOff as the SMSC's options say."""
        silent, results = False, list[tuple[Found, str, str | None]]()
        try:
            for one in messages:
                try:
                    silent |= (taken := self._take(one)) is None
                    results.append((one, taken or "", None))
                except Refusal as refusal:
                    throttled = refusal.status == spec.ESME_RTHROTTLED
                    results.append((one, "", "throttled" if throttled else "rejected"))
        finally:
            self._smsc.settle()
        return Answer(*self._taken(results), silent=silent)

    def _take(self, said: Found) -> str | None:
        """Its id; None: no answer."""
        try:
            taken = self._smsc.take(_pdu(said))
        except CutOff:
            self._remember(said)
            raise
        message = self._remember(said)
        return None if taken is None else message.id

    def _remember(self, said: Found) -> Message:
        """What was just taken."""
        message = Message(self._smsc.ledger[-1], str(said.get("ours", "")), said.get("address", ""))
        self.messages[message.id] = message
        if message.ours:
            self._by_ours[message.ours] = message
        return message

    def _taken(self, results: Sequence[tuple[Found, str, str | None]]) -> tuple[int, str]:
        """(status, body): what became of each, and of all."""
        failures = {failure for _, _, failure in results}
        if None not in failures and (len(results) == 1 or not self._many):
            return self._refused(failures.pop() or "")
        made = [self._result(*one) for one in results]
        document: Any = made[0]
        if "keyed_by" in self._reply:
            by = self._reply["keyed_by"]
            pairs = zip(results, made, strict=True)
            keyed = {str(said.get(by, given)): one for (said, given, _), one in pairs}
            document = _keyed(self._reply, keyed)
        elif self._many:
            document = shapes.listed(self._reply, made)
        return 200, self._written(document, self._reply.get("ok"))

    def _result(self, said: Found, given: str, failure: str | None) -> dict[str, Any]:
        made: dict[str, Any] = {}
        shapes.put(made, self._reply.get("ours"), said.get("ours"))
        shapes.put(made, self._reply.get("phone"), said.get("phone"))
        if failure is not None:
            _, code = self._definition.refusal(failure)
            shapes.put(made, self._reply.get("item_code"), code if code is not None else failure)
            return made
        own = said.get("ours") if self._reply.get("ours_is_id") else None
        shapes.put(made, self._reply.get("id"), own or given)
        if (check := self._reply.get("item_ok")) is not None:
            shapes.put_check(made, check, first(check.get("equals", "ok")))
        return made

    def _refused(self, failure: str) -> tuple[int, str]:
        """All of it."""
        status, code = self._definition.refusal(failure)
        document: dict[str, Any] = {}
        if self._reply.get("lines"):
            shapes.put(document, self._reply.get("code", "").removeprefix("[0]."), code)
            return status, shapes.written(self._reply, [document])
        for path in (self._reply.get("code"), self._reply.get("item_code")):
            shapes.put(document, path, code)
        return status, json.dumps(document)

    def _written(self, document: Any, ok: Table | None) -> str:
        if ok is not None and isinstance(document, dict):
            shapes.put_check(document, ok, first(ok["equals"]) if "equals" in ok else None)
        if self._reply.get("format") != "text" or self._reply.get("lines"):
            return shapes.written(self._reply, document)
        path = ok["path"] if ok is not None else self._reply.get("id")
        for pattern in self._reply["patterns"]:
            if f"(?P<{path}>" in pattern:
                return shapes.text(pattern, document)
        return ""

    def _check(self, sample: tuple[int, str]) -> None:
        """Whether whoever reads a good reply will find that it is good."""
        document: Any = None
        if self._reply.get("format") != "text":
            document = json.loads(sample[1])
        elif self._reply.get("lines"):
            document = [_read(self._reply["patterns"], one) for one in sample[1].splitlines()]
        elif (found := _read(self._reply["patterns"], sample[1])) is not None:
            document = found
        if document is None or not shapes.holds(document, self._reply.get("ok")):
            raise Unplayable(
                "Имитатор не умеет составить ответ этого провайдера: условие в "
                f"http.send.reply.ok ({self._reply.get('ok', {}).get('path')}) для него слишком "
                "сложное."
            )

    # -- questions

    def ask(self, question: Table, asked: Sequence[Found]) -> Answer:
        """What is known of these; what is not known is left out."""
        made, keys = [], []
        for one in asked:
            message = self.messages.get(str(one.get("id", ""))) or self._by_ours.get(
                str(one.get("ours", ""))
            )
            if message is None:
                continue
            made.append(self._news(question, message))
            keys.append({"id": message.id, "ours": message.ours, "phone": message.entry.number})
        document: Any
        many = question.get("most", 1) > 1 or question.get("by", "order") != "order"
        if "keyed_by" in question:
            by = question["keyed_by"]
            pairs = zip(keys, made, strict=True)
            document = _keyed(question, {key[by]: one for key, one in pairs})
        elif many or "items" in question:
            document = shapes.listed(question, made)
        else:
            document = made[0] if made else {}
        if (ok := question.get("ok")) is not None and isinstance(document, dict):
            shapes.put_check(document, ok, first(ok.get("equals", "ok")))
        return Answer(200, json.dumps(document, ensure_ascii=False))

    def _news(self, question: Table, message: Message) -> dict[str, Any]:
        made: dict[str, Any] = {}
        shapes.put(made, question.get("id"), message.id)
        shapes.put(made, question.get("ours"), message.ours)
        shapes.put(made, question.get("phone"), message.entry.number)
        shapes.put(made, question["state"], self.state(message.entry))
        shapes.put(made, question.get("latest"), self._smsc.now())
        return made


def _pdu(said: Found) -> wire.SubmitSm:
    """As if it had come whole over SMPP."""
    return wire.SubmitSm(
        source=_source(said.get("sender", "")),
        destination=wire.address_block(said["phone"], _INTERNATIONAL, 1),
        esm_class=0,
        registered_delivery=spec.REGISTERED_FINAL,
        data_coding=spec.CODING_UCS2,
        body=b"",
        tlvs={spec.TAG_MESSAGE_PAYLOAD: str(said["text"]).encode("utf-16-be")},
    )


def _source(name: str) -> bytes:
    digits = name.removeprefix("+")
    if digits.isascii() and digits.isdecimal():
        return wire.address_block(digits, _INTERNATIONAL, 1)
    return wire.address_block(name, _NAMED, 0)


def _keyed(section: Table, items: dict[str, Any]) -> Any:
    """A document in which the section finds this table."""
    if section["items"] == "@":
        return items
    document: dict[str, Any] = {}
    shapes.put(document, section["items"], items)
    return document


def _read(patterns: Sequence[str], said: str) -> Mapping[str, str] | None:
    found = (re.search(pattern, said) for pattern in patterns)
    return next((match.groupdict() for match in found if match is not None), None)
