"""The provider's HTTP: requests are read by its file, and some of them go wrong.

What lives here: which section of the file a request belongs to, who may come in, and the faults of
`Options` as HTTP has them: `cut`, `unanswered`, `response_delay`, `noise`. What does not: what is
done with messages (`desk.py`).
"""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from sms_diary.simulator.connection import CutOff
from sms_diary.simulator.dice import dice
from sms_diary.simulator.provider import gaps, shapes
from sms_diary.simulator.provider.definition import Definition, Table
from sms_diary.simulator.provider.desk import Answer, Desk
from sms_diary.simulator.provider.gaps import Found
from sms_diary.simulator.provider.pushes import Pushes
from sms_diary.simulator.smsc import Smsc

_PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
_LOOK = 0.05  # seconds between two looks whether the client has gone
_FETCHED = ("receipts", "inbound")
_LARGEST = 8 * 1024 * 1024


class _Said:
    """A request, read as a section of the file has it."""

    def __init__(self, section: Table, request: web.BaseRequest, body: bytes, charset: str) -> None:
        encode = section.get("encode", "form")
        self.in_path = gaps.at_end(section.get("path", ""), request.path) or {}
        text = request.query_string if encode == "query" else body.decode("utf-8", "replace")
        self.document: Any = None
        self.pairs: list[tuple[str, str]] = []
        if encode == "json":
            self.document = json.loads(text or "{}")
        else:
            self.pairs = parse_qsl(text, keep_blank_values=True, encoding=charset)
            self.document = dict(self.pairs)

    def messages(self, section: Table) -> list[Found]:
        """What is said of each message."""
        fields, each = section.get("fields", {}), section.get("each")
        outside = gaps.whole(fields, self.document)
        if outside is None:
            return []
        outside |= self.in_path
        if each is None:
            return [outside]
        if "items" not in gaps.words(fields):
            return [{**outside, **one} for one in gaps.beside(each, self.pairs)]
        listed = outside.pop("items", None)
        if "join" in section:
            listed = str(listed).split(section["join"])
        found = (gaps.whole(each, one) for one in listed or ())
        return [{**outside, **one} for one in found if one is not None]


class Door:
    """One provider, open."""

    def __init__(self, definition: Definition, smsc: Smsc, pushes: Pushes) -> None:
        self._definition = definition
        self._smsc = smsc
        self._pushes = pushes
        self._network = dice(smsc.options.seed, "http")
        self._desk = pushes.desk = Desk(definition, smsc)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, or do not."""
        body = await request.read()
        section = self._section(request)
        if section is None:
            return web.Response(status=404)
        try:
            said = _Said(section, request, body, self._definition.charset)
        except ValueError:
            return web.Response(status=400)
        if not self._lets_in(request, said):
            status, code = self._definition.refusal("config")
            return web.Response(status=status if status != 200 else 401, text=str(code or ""))  # noqa: PLR2004
        if section is self._definition.send:
            return await self._take(request, said)
        return self._told(section, request, body)

    def _told(self, section: Table, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        """The answer to a question."""
        if "amount" in section:
            return self._balance(section)
        for what in _FETCHED:
            if section is self._definition.fetched(what):
                return self._fetched(what, section)
        return self._asked(request, body)

    # -- whose request it is

    def _section(self, request: web.BaseRequest) -> Table | None:
        sections = [self._definition.send, *self._definition.questions]
        fetched = [self._definition.fetched(what) for what in _FETCHED]
        sections += [one for one in (self._definition.http.get("balance"), *fetched) if one]
        for section in sections:
            path, method = section.get("path", ""), section.get("method", "POST")
            if method == request.method and gaps.at_end(path, request.path) is not None:
                return section
        return None

    def _lets_in(self, request: web.BaseRequest, said: _Said) -> bool:
        """Whether the client knows what it must; what it says is kept, to sign with."""
        auth = self._definition.http.get("auth", {})
        headers = {name: request.headers.get(name, "") for name in auth.get("headers", {})}
        found = [gaps.whole(auth.get("headers", {}), headers)]
        if isinstance(said.document, dict) and (fields := auth.get("fields", {})):
            found.append(gaps.whole(fields, {key: said.document.get(key, "") for key in fields}))
        if "basic" in auth:
            found.append(gaps.whole(list(auth["basic"]), _basic(request)))
        for one in found:
            if one is None:
                return False
            for name, value in one.items():
                wanted = self._definition.secrets.get(name.partition(".")[2])
                if not value or (wanted is not None and value != wanted):
                    return False
                self._pushes.secrets.setdefault(name.partition(".")[2], value)
        return True

    # -- what becomes of it

    async def _take(self, request: web.BaseRequest, said: _Said) -> web.StreamResponse:
        options, stats = self._smsc.options, self._smsc.stats
        messages = said.messages(self._definition.send)
        if not messages or any("phone" not in one or "text" not in one for one in messages):
            return web.Response(status=400)
        if self._network.random() < options.cut / 2:
            return self._cut(request)
        await asyncio.sleep(options.response_delay)
        for one in messages:
            self._pushes.inbound = one.get("inbound.address") or self._pushes.inbound
        before = stats.unanswered
        try:
            answer = self._desk.take(messages)
        except CutOff:
            return self._cut(request)
        if self._network.random() < options.cut / 2:
            return self._cut(request)
        if answer.silent or self._network.random() < options.noise:
            # What was to be answered with it is not known to the client either.
            stats.unanswered = before + len(messages)
            return await self._nothing(request) if answer.silent else self._rubbish(answer)
        return web.Response(status=answer.status, text=answer.body, content_type=self._type())

    def _type(self) -> str:
        is_text = self._definition.send.get("reply", {}).get("format") == "text"
        return "text/plain" if is_text else "application/json"

    def _cut(self, request: web.BaseRequest) -> web.StreamResponse:
        """The connection goes."""
        self._smsc.stats.cuts += 1
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _nothing(self, request: web.BaseRequest) -> web.StreamResponse:
        """No answer, for as long as the client waits for one."""
        while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(_LOOK)
        return web.Response()

    def _rubbish(self, answer: Answer) -> web.StreamResponse:
        """It was taken, and that is not what is said."""
        self._smsc.stats.noise += 1
        kinds = (
            web.Response(status=500),
            web.Response(status=502, text=_PAGE, content_type="text/html"),
            web.Response(status=200, text=_PAGE, content_type="text/html"),
            web.Response(text=answer.body[: len(answer.body) // 2], content_type=self._type()),
        )
        return self._network.choice(kinds)

    def _asked(self, request: web.BaseRequest, body: bytes) -> web.StreamResponse:
        """Two sections may have one address; which is meant shows in what is asked for."""
        self._smsc.stats.queries += 1
        for question in self._definition.questions:
            said = _Said(question, request, body, self._definition.charset)
            asked = said.messages(question)
            if asked and any({"id", "ours"} & one.keys() for one in asked):
                answer = self._desk.ask(question, asked)
                return web.Response(text=answer.body, content_type="application/json")
        return web.Response(status=400)

    def _fetched(self, what: str, section: Table) -> web.StreamResponse:
        """All that waits to be fetched."""
        self._smsc.stats.queries += 1
        document = shapes.listed(section, self._pushes.fetch(what))
        if (ok := section.get("ok")) is not None and isinstance(document, dict):
            shapes.put_check(document, ok, ok.get("equals", "ok"))
        return web.Response(text=shapes.written(section, document))

    def _balance(self, section: Table) -> web.StreamResponse:
        document: dict[str, Any] = {}
        shapes.put(document, section["amount"], "1000.00")
        if (ok := section.get("ok")) is not None:
            shapes.put_check(document, ok, ok.get("equals", "ok"))
        return web.json_response(document)


def _basic(request: web.BaseRequest) -> list[str]:
    kind, _, said = request.headers.get("Authorization", "").partition(" ")
    try:
        name, _, password = b64decode(said if kind == "Basic" else "").decode().partition(":")
    except ValueError:
        return ["", ""]
    return [name, password]


@asynccontextmanager
async def serving(
    definition: Definition, smsc: Smsc, pushes: Pushes, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[str]:
    """Serve the provider's HTTP for a started SMSC while the block lasts; yields its address.

    Raises OSError when the address is taken, Unplayable for a file that cannot be played.
    """
    door = Door(definition, smsc, pushes)
    server = web.Server(door.handle, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield f"http://{host}:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
        await pushes.close()
