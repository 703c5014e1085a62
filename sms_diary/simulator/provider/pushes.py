"""Receipts and parents' SMS on their way to the client's address, until it says what it must.

What lives here: their fields, their signatures, coming again. What does not: which there are, how
often and when (`receipts.py`, `letterbox.py` of the SMSC).
"""

import asyncio
import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from sms_diary.simulator.deliveries import Delivery
from sms_diary.simulator.inbound import Inbound, InboundPart
from sms_diary.simulator.options import Options
from sms_diary.simulator.provider import shapes
from sms_diary.simulator.provider.definition import Definition, Table, first
from sms_diary.simulator.provider.desk import Desk
from sms_diary.simulator.provider.gaps import filled
from sms_diary.simulator.receipts import Receipt

_PATIENCE = aiohttp.ClientTimeout(total=5.0)
_DIGESTS = {"hex": bytes.hex, "base64": lambda digest: b64encode(digest).decode()}


class Pushes:
    """The SMSC's `Carrier`. `receipts` and `inbound` are addresses for a whole account, as its
    owner enters them in the provider's cabinet; what a request says goes first."""

    def __init__(
        self, definition: Definition, options: Options, *, receipts: str = "", inbound: str = ""
    ) -> None:
        self.desk: Desk | None = None
        self.receipts = receipts
        self.inbound = inbound
        self.secrets = dict(definition.secrets)
        """Those that are known, also from requests: what is signed is signed with them."""
        self._definition = definition
        self._again = options.redelivery_delay
        self._window = asyncio.Semaphore(options.deliver_window)
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None
        self._letters: set[Inbound] = set()
        self._left: dict[str, list[tuple[Delivery, dict[str, Any]]]] = {
            "receipts": [],
            "inbound": [],
        }
        """What is fetched, and how it is told."""

    def __len__(self) -> int:
        return len(self._tasks)

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Bring these, all at the same time; or keep them to be fetched."""
        for one in deliveries:
            what = "receipts" if isinstance(one, Receipt) else "inbound"
            push, queue = self._definition.push(what), self._definition.fetched(what)
            if what == "inbound" and (push or queue) and not self._is_first(one):
                continue
            if queue is not None and not (push and self._told(one, push)[1]):
                fields, _ = self._told(one, queue)
                self._left[what].append((one, fields))
            elif push is not None:
                task = asyncio.get_running_loop().create_task(self._bring(one, push))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def fetch(self, what: str) -> list[dict[str, Any]]:
        """What was left: of a queue once, of a list each time."""
        queue, left = self._definition.fetched(what) or {}, self._left[what]
        if not queue.get("reach"):
            self._left[what] = []
        for one, _ in left:
            one.sent()
            _acknowledged(one)
        return [fields for _, fields in left]

    def _is_first(self, one: Delivery) -> bool:
        """Of a long SMS the whole is brought, with its first piece."""
        assert isinstance(one, InboundPart)
        if one.inbound.parts == 1:
            return True
        new = one.inbound not in self._letters
        self._letters.add(one.inbound)
        return new

    async def close(self) -> None:
        """Forget what was not brought."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _bring(self, one: Delivery, push: Table) -> None:
        fields, address = self._told(one, push)
        if not address:
            return
        async with self._window:
            one.sent()
            while not await self._brought(address, fields, push):  # noqa: ASYNC110  # a network
                await asyncio.sleep(self._again)
        _acknowledged(one)

    # -- what is brought

    def _told(self, one: Delivery, section: Table) -> tuple[dict[str, Any], str]:
        """Its fields, and the address that it goes to."""
        return self._receipt(one, section) if isinstance(one, Receipt) else self._sms(one, section)

    def _receipt(self, one: Receipt, push: Table) -> tuple[dict[str, Any], str]:
        assert self.desk is not None
        entry, made = one.entry, dict[str, Any]()
        message = self.desk.messages.get(str(entry.message_id))
        shapes.put(made, push.get("id"), str(entry.message_id))
        shapes.put(made, push.get("ours"), message.ours if message else str(entry.message_id))
        shapes.put(made, push.get("phone"), entry.number)
        shapes.put(made, push.get("at"), self._moment(push))
        shapes.put(made, push.get("error"), "000")
        shapes.put(made, push["state"], self.desk.state(entry, intermediate=one.is_intermediate))
        address = message.callback if message else ""
        return self._whole(made, push), address or self.receipts

    def _sms(self, one: Delivery, push: Table) -> tuple[dict[str, Any], str]:
        assert isinstance(one, InboundPart)
        made, said = dict[str, Any](), one.inbound.text
        shapes.put(made, push.get("id"), str(one.inbound.at) + one.inbound.number[-4:])
        shapes.put(made, push.get("phone"), one.inbound.number)
        shapes.put(made, push.get("to"), one.inbound.to)
        as_hex = push.get("text_form") == "utf16hex"
        shapes.put(made, push["text"], said.encode("utf-16-be").hex() if as_hex else said)
        return self._whole(made, push), self.inbound

    def _whole(self, made: dict[str, Any], push: Table) -> dict[str, Any]:
        if (when := push.get("when")) is not None:
            shapes.put_check(made, when, first(when["equals"]) if "equals" in when else None)
        if (records := push.get("records")) is not None:
            text = records.get("split", "\n").join(str(made.get(n, "")) for n in records["names"])
            made = {f"{records['field']}[0]": text}
        return made

    def _moment(self, push: Table) -> str:
        now, form = datetime.now(UTC), push.get("at_form", "unix")
        if form in ("unix", "ms"):
            return str(int(now.timestamp() * (1 if form == "unix" else 1000)))
        here = now.astimezone(self._definition.zone)
        return here.isoformat() if form == "iso" else here.strftime(form)

    # -- how

    async def _brought(self, address: str, fields: Mapping[str, Any], push: Table) -> bool:
        """Whether the client has said what the provider wants to hear."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_PATIENCE)
        method = "POST" if "POST" in push.get("methods", ["POST"]) else "GET"
        encode = push.get("encode", "any")
        document = shapes.listed(push, [dict(fields)]) if "items" in push else fields
        body = json.dumps(document, ensure_ascii=False).encode() if encode == "json" else b""
        in_address = encode == "query" or method == "GET"
        headers, signed = self._signed(fields, body, push, URL(address), in_address=in_address)
        url, sent = URL(address), {name: str(said) for name, said in signed.items()}
        charset = self._definition.charset
        if in_address:
            said = urlencode([*url.query.items(), *sent.items()], encoding=charset)
            url, data = URL(f"{url.with_query(None)}?{said}", encoded=True), None
        else:
            data = body or aiohttp.FormData(sent, charset=charset)
        if body:
            headers["Content-Type"] = "application/json"
        try:
            async with self._session.request(method, url, data=data, headers=headers) as answer:
                said = await answer.text()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False
        wanted = push.get("reply", {})
        right = answer.status == wanted.get("status", 200)
        return right and said == str(wanted.get("body", said))

    def _signed(
        self, fields: Mapping[str, Any], body: bytes, push: Table, url: URL, *, in_address: bool
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """(headers, fields) with every signature for which the secret is known."""
        headers, signed = dict[str, str](), dict(fields)
        known = {f"secret.{name}": said for name, said in self.secrets.items()}
        known |= {f"field.{name}": str(said) for name, said in fields.items()}
        said_in = {name: str(said) for name, said in fields.items()}
        known["url"] = str(url.update_query(said_in) if in_address else url)
        known["params"] = "" if in_address else "".join(map("".join, sorted(said_in.items())))
        known |= {"body": body.decode(), "entries": "".join(map(str, fields.values()))}
        for proof in push.get("verify", ()):
            over = filled(proof["over"], known).encode()
            key = filled(proof.get("key", ""), known).encode()
            digest = (
                hmac.digest(key, over, proof["algo"])
                if key
                else hashlib.new(proof["algo"], over).digest()
            )
            said = proof.get("prefix", "") + _DIGESTS[proof.get("encoding", "hex")](digest)
            if "header" in proof:
                headers[proof["header"]] = said
            else:
                shapes.put(signed, proof["field"], said)
        return headers, signed


def _acknowledged(one: Delivery) -> None:
    """The client has it, with all its pieces."""
    for _ in range(one.inbound.parts if isinstance(one, InboundPart) else 1):
        one.acknowledged()
