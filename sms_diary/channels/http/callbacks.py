"""What a provider brings to our address: whether it is the provider, what it says, what to answer.

Pure: a push comes as values and goes as reports, which the door stores before it answers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from sms_diary.channels.base import InboundReport, ReceiptReport
from sms_diary.channels.http import news
from sms_diary.channels.http.settings import HttpSettings
from sms_diary.channels.spec import templates
from sms_diary.channels.spec.http import InboundPush, Push, ReceiptPush, Records, Reply, Verify
from sms_diary.channels.spec.meanings import word
from sms_diary.channels.spec.templates import Gap
from sms_diary.values import value

_MOST_FIELDS = 1000
_BAD_REQUEST = Reply(status=400)
_NO_METHOD = Reply(status=405)


@value
class Pushed:
    """A request to our address. `door` is `receipts` or `inbound`."""

    door: str
    method: str
    query: str
    """As it stands in the address, still encoded."""
    content_type: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@value
class Verdict:
    """What to store, and what to answer once it is stored."""

    reply: Reply
    receipts: tuple[ReceiptReport, ...] = ()
    inbound: tuple[InboundReport, ...] = ()


def read(settings: HttpSettings, pushed: Pushed) -> Verdict | None:
    """None where this provider brings nothing to this door.

    Where receipts and SMS come to one door, whichever of them it is about is asked for its proof.
    """
    spec, asked = settings.spec, list[Push]()
    if pushed.door == "receipts" and spec.receipts.push is not None:
        asked.append(spec.receipts.push)
    if spec.inbound.push is not None and spec.inbound.push.door == pushed.door:
        asked.append(spec.inbound.push)
    if not asked:
        return None
    readings = [_Reading(settings, push, pushed) for push in asked]
    about = next((one for one in readings if one.entries()), readings[0])
    return about.verdict()


class _Reading:
    """One push, read as one section of the provider's file says."""

    def __init__(self, settings: HttpSettings, push: Push, pushed: Pushed) -> None:
        self._settings = settings
        self._push = push
        self._pushed = pushed
        self._charset = settings.spec.charset
        self._fields = _fields(push, pushed, self._charset)
        self._records = [] if push.records is None else _in_order(push.records, self._fields or {})

    def entries(self) -> list[Any]:
        """What it brings, before it is known who brings it."""
        push = self._push
        if self._fields is None or not isinstance(push, ReceiptPush | InboundPush):
            return []
        if push.records is None:
            return news.entries(push, self._fields)
        cut = [_cut(push.records, record) for record in self._records]
        return news.entries(push, cut)

    def verdict(self) -> Verdict:
        push = self._push
        if self._pushed.method not in push.methods:
            return Verdict(_NO_METHOD)
        if self._fields is None:
            return Verdict(_BAD_REQUEST)
        if not self._proved():
            return Verdict(push.refused)
        found = self.entries()
        if isinstance(push, ReceiptPush):
            receipts = tuple(news.receipt(self._settings, push, entry) for entry in found)
            return Verdict(push.reply, receipts=receipts)
        assert isinstance(push, InboundPush)
        came = (news.inbound(push, entry) for entry in found)
        return Verdict(push.reply, inbound=tuple(one for one in came if one is not None))

    # --- who it is

    def _proved(self) -> bool:
        """By every proof that the route has the secrets for; the token was checked before."""
        proofs = [self._holds(one) for one in self._push.verify if self._has_secrets(one)]
        if not proofs:
            return True
        return all(proofs) if self._push.require == "all" else any(proofs)

    def _has_secrets(self, verify: Verify) -> bool:
        words = templates.gaps([verify.over, verify.key])
        return all(self._settings.secrets.get(gap.name) for gap in words if gap.word == "secret")

    def _holds(self, verify: Verify) -> bool:
        said = (
            self._pushed.headers.get(verify.header.lower(), "")
            if verify.field is None
            else verify.field.text(self._fields)
        )
        if not said.startswith(verify.prefix):
            return False
        said = said.removeprefix(verify.prefix)
        over = self._over(verify.over)
        if verify.key:
            key = b"".join(self._filled(piece) for piece in templates.pieces(verify.key))
            made = hmac.new(key, over, verify.algo).digest()
        else:
            made = hashlib.new(verify.algo, over, usedforsecurity=False).digest()
        if verify.encoding == "hex":
            return hmac.compare_digest(made.hex().encode(), said.lower().encode())
        return hmac.compare_digest(base64.b64encode(made), said.encode())

    def _over(self, template: str) -> bytes:
        return b"".join(self._filled(piece) for piece in templates.pieces(template))

    def _filled(self, gap: str | Gap) -> bytes:
        if isinstance(gap, str):
            return gap.encode()
        fields = self._fields if isinstance(self._fields, Mapping) else {}
        texts: dict[str, Callable[[], str]] = {
            "secret": lambda: self._settings.secrets.get(gap.name, ""),
            "field": lambda: word(fields.get(gap.name)),
            "entries": lambda: "".join(self._records),
            "url": self._url,
            "params": self._params,
        }
        return (
            self._pushed.body if gap.word == "body" else _octets(texts[gap.word](), self._charset)
        )

    def _params(self) -> str:
        form = _form(self._pushed.body.decode("utf-8", "replace"), self._charset)
        return "".join(f"{name}{said}" for name, said in sorted(form.items()))

    def _url(self) -> str:
        """As the provider knows it, whatever stands between it and us."""
        own = self._settings.callback(self._pushed.door) or ""
        return f"{own}?{self._pushed.query}" if self._pushed.query else own


def _octets(text: str, charset: str) -> bytes:
    """A text as the provider signed it."""
    return text.encode(charset, "surrogatepass" if charset == "utf-8" else "replace")


def _fields(push: Push, pushed: Pushed, charset: str) -> Any:
    """The document of a push: fields of its address, then of its body; None for no such body."""
    query = _form(pushed.query, charset)
    encode = push.encode
    if encode == "any":
        as_json = pushed.content_type.partition(";")[0].strip().endswith("json")
        encode = "json" if as_json else "form"
    if encode == "query" or pushed.method == "GET":
        return query
    try:
        text = pushed.body.decode("utf-8-sig")
        if encode == "json":
            found = json.loads(text)
            return {**query, **found} if isinstance(found, dict) else found
        return {**query, **_form(text, charset)}
    except (ValueError, RecursionError):
        return None


def _form(text: str, charset: str) -> dict[str, str]:
    """ValueError for more fields than anybody needs. Octets that are no text are not lost."""
    pairs = parse_qsl(
        text, keep_blank_values=True, encoding=charset, errors="surrogateescape",
        max_num_fields=_MOST_FIELDS,
    )  # fmt: skip
    return dict(pairs)


def _in_order(records: Records, fields: Any) -> list[str]:
    """The records by their numbers: `data[10]` comes after `data[9]`."""
    name = re.compile(re.escape(records.field) + r"\[(\d{1,9})\]")
    numbered = [
        (int(found[1]), said)
        for key, said in (fields.items() if isinstance(fields, Mapping) else ())
        if (found := name.fullmatch(key)) and isinstance(said, str)
    ]
    return [said for _, said in sorted(numbered)]


def _cut(records: Records, record: str) -> dict[str, str]:
    return dict(zip(records.names, record.split(records.split), strict=False))
