"""The `[http]` section of a provider's file: addresses, requests, replies, what comes by itself.

What stands here are values; `channels.http` does what they say.
"""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from sms_diary.channels.spec import templates
from sms_diary.channels.spec.exchange import (
    Auth,
    Format,
    InboundNews,
    Path,
    Question,
    Reading,
    ReceiptNews,
    Request,
    Results,
    Round,
    Verified,
)
from sms_diary.channels.spec.meanings import Loose, OfPhone, Rule, States
from sms_diary.fields import Strict


class Verify(Loose):
    """One proof that a push is the provider's: a hash, or with `key` an HMAC, over a text.

    `over` knows `{secret.x}`, `{field.x}` (a field of the push), `{entries}` (all its records
    joined), `{body}`, `{url}` and `{params}` (all fields sorted, names and values joined).
    """

    algo: Literal["md5", "sha1", "sha256", "sha512"]
    over: str
    key: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    header: str = ""
    field: Path | None = None
    prefix: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Verify:
        templates.allowed(self.over, ("secret", "field", "entries", "body", "url", "params"))
        templates.allowed(self.key, ("secret",))
        if bool(self.header) == (self.field is not None):
            raise ValueError("скажите, где стоит подпись: header или field, одно из двух")
        if not self.key and "{secret." not in self.over:
            raise ValueError("подпись без секрета ничего не доказывает: впишите key или {secret.…}")
        return self


class Records(Strict):
    """Receipts as texts in numbered fields (`data[1]`, `data[2]`), each cut into named pieces."""

    field: str = Field(min_length=1)
    split: str = Field("\n", min_length=1)
    names: tuple[str, ...] = Field(min_length=1)


class Reply(Strict):
    status: int = Field(200, ge=200, le=599)
    body: str = ""
    type: str = "text/plain"


class Push(Strict):
    """What the provider brings to our address by itself. The token in the address is always
    asked for; `verify` comes on top."""

    verified: Verified
    methods: tuple[Literal["GET", "POST"], ...] = ("POST",)
    encode: Literal["query", "form", "json", "any"] = "any"
    records: Records | None = None
    verify: tuple[Verify, ...] = ()
    require: Literal["all", "any"] = "all"
    reply: Reply = Reply()
    refused: Reply = Reply(status=403)


class ReceiptPush(Push, ReceiptNews):
    account_wide: bool = False
    """The address is entered in the provider's cabinet, not sent with each message."""


class InboundPush(Push, InboundNews):
    door: Literal["inbound", "receipts"] = "inbound"
    """`receipts`: it comes to the same address as receipts."""


class Poll(Question, Results):
    """Asks for messages by the provider's id, or by ours (`lookup`)."""

    state: Path
    error: Path | None = None
    latest: Path | None = None
    """A result is a history, and the entry where this is greatest counts."""
    after: float = Field(60.0, ge=1)
    """Seconds since the sending; each further pause is as long as all until then."""


class Queue(Round, Format, ReceiptNews):
    """Receipts that are fetched. Of a queue, which gives them once, everything is kept as it came,
    read or not."""


class InboundQueue(Round, Format, InboundNews):
    """SMS that are fetched. In a list they come again, and are known again by `id`."""

    @model_validator(mode="after")
    def _told_apart(self) -> InboundQueue:
        if self.reach and self.id is None:
            raise ValueError("с reach SMS приходят снова и снова: впишите id, по нему их узнают")
        return self


class Balance(Question, Format):
    amount: Path
    """A number, or one in a string."""
    every: float = Field(600.0, ge=10)


class Send(Request):
    reply: Reading = Reading()


class Receipts(Strict):
    codes: tuple[OfPhone, ...] = ()
    """Codes beside the state, or the state itself where there are none."""
    push: ReceiptPush | None = None
    poll: Poll | None = None
    queue: Queue | None = None


class Inbound(Strict):
    push: InboundPush | None = None
    queue: InboundQueue | None = None


class Http(Strict):
    """A provider over HTTP."""

    base_urls: tuple[str, ...] = ()
    """In order; the next one is tried only while surely nothing was written."""
    other_base_urls: tuple[str, ...] = ()
    """What a route may name instead: the same API at another address."""
    self_hosted: bool = False
    """A gateway in one's own network: its address is the route's, without TLS if need be."""
    unfinished: str = ""
    """What is not known, in Russian: no route can be made of it yet."""
    secrets: tuple[str, ...] = ()
    optional_secrets: tuple[str, ...] = ()
    charset: Literal["utf-8", "cp1251"] = "utf-8"
    """Of texts in addresses, forms and plain replies; JSON is UTF-8 always."""
    zone: str = "Europe/Moscow"
    rate: float = Field(0.0, ge=0)
    """Messages a second; 0 = no limit."""
    gap: float = Field(0.0, ge=0, le=86_400)
    """Seconds between two identical texts to one number; 0 = the provider does not mind."""
    concurrent: int = Field(4, ge=1, le=64)
    """Requests at once."""
    connect_timeout: float = Field(10.0, gt=0)
    response_timeout: float = Field(30.0, gt=0)
    max_length: int = Field(1000, ge=70)
    latin: bool = True
    """Whether texts without Cyrillic go at 160 characters."""
    coding: dict[Literal["gsm7", "ucs2"], str | int] = Field(default_factory=dict)
    """What `{coding}` is for each alphabet."""
    auth: Auth = Auth()
    send: Send
    errors: tuple[Rule, ...] = ()
    states: States = States()
    receipts: Receipts = Receipts()
    lookup: Poll | None = None
    """What became of a message in doubt, by our id."""
    inbound: Inbound = Inbound()
    balance: Balance | None = None

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError("такого часового пояса нет; пример: Europe/Moscow")
        return zone

    @field_validator("base_urls", "other_base_urls")
    @classmethod
    def _are_addresses(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            parts = urlsplit(url)
            if parts.scheme not in ("https", "http") or not parts.hostname or parts.query:
                raise ValueError("нужен адрес вида https://api.example.ru/v1/")
        return urls

    @model_validator(mode="after")
    def _whole(self) -> Http:
        safe = [url for url in (*self.base_urls, *self.other_base_urls) if url[:6] == "https:"]
        if not self.self_hosted and len(safe) < len(self.base_urls + self.other_base_urls):
            raise ValueError("адрес без https бывает только у своего шлюза (self_hosted = true)")
        if not self.base_urls and not self.self_hosted and not self.unfinished:
            raise ValueError("нет base_urls")
        known = {*self.secrets, *self.optional_secrets}
        if strange := {gap.name for gap in self.gaps() if gap.word == "secret"} - known:
            raise ValueError(f"секрет {min(strange)} не назван в secrets")
        if any(gap.word == "coding" for gap in self.gaps()) and len(self.coding) < 2:  # noqa: PLR2004  # two alphabets
            raise ValueError("для {coding} нужна таблица coding: gsm7 и ucs2")
        if self.charset != "utf-8" and self.inbound.push and self.inbound.push.wide:
            raise ValueError("wide бывает только при charset = utf-8")
        return self

    def gaps(self) -> list[templates.Gap]:
        """Every gap in the file."""
        pushes = [push for push in (self.receipts.push, self.inbound.push) if push]
        requests: list[Request | None] = [
            self.send, self.lookup, self.balance,
            self.receipts.poll, self.receipts.queue, self.inbound.queue,
        ]  # fmt: skip
        texts: list[Any] = [list(self.auth.basic or ()), self.auth.headers, self.auth.fields]
        texts += [[one.path, one.headers, one.fields, one.each] for one in requests if one]
        texts += [[one.over, one.key] for push in pushes for one in push.verify]
        return list(templates.gaps(texts))

    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def verified(self) -> dict[str, str]:
        """How far each section can be trusted, by its name."""
        sections = {
            "send": self.send, "lookup": self.lookup, "balance": self.balance,
            "receipts.push": self.receipts.push, "receipts.poll": self.receipts.poll,
            "receipts.queue": self.receipts.queue, "inbound.push": self.inbound.push,
            "inbound.queue": self.inbound.queue,
        }  # fmt: skip
        return {name: section.verified for name, section in sections.items() if section}
