"""A request from its template: gaps filled, fields placed. Nothing here touches the wire."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sms_diary.channels.base import Asked, Outgoing
from sms_diary.channels.http.settings import HttpSettings
from sms_diary.channels.spec import templates
from sms_diary.channels.spec.exchange import Request, Round
from sms_diary.channels.spec.meanings import word
from sms_diary.channels.spec.templates import Fill, Gap
from sms_diary.clock import SECOND
from sms_diary.values import value

_INT31 = 0x7FFF_FFFE
_PER = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "ms": 0.001}


@value
class Prepared:
    """A request that may be written to any of the provider's addresses."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    form: tuple[tuple[str, str], ...] | None
    json: Any
    """Only where `form` is None and the request has a body."""
    has_json: bool
    headers: Mapping[str, str]
    charset: str = "utf-8"
    """Of the query or the form."""


def ours(part_id: int, form: str) -> str | int:
    """Our id as the provider takes it; 31 bits are not unique for ever, so never alone a proof."""
    if form == "int31":
        return part_id % _INT31 + 1
    return part_id if form == "number" else str(part_id)


def phone(number: str, form: str) -> str | int:
    """An E.164 number as the provider writes it."""
    digits = number.removeprefix("+")
    match form:
        case "plus":
            return f"+{digits}"
        case "ten":
            return digits[-10:]
        case "number":
            return int(digits)
    return digits


def sending(settings: HttpSettings, parts: Sequence[Outgoing]) -> Prepared:
    """The request that hands these parts over, at most `send.most` of them, of one sender and
    alike in what the request says once; it ends with the one that ends first."""
    fills = [_of_part(settings, part, place) for place, part in enumerate(parts)]
    first = min(range(len(parts)), key=lambda place: parts[place].expires)
    return prepare(settings, settings.spec.send, fills, fills[first])


def asking(settings: HttpSettings, request: Request, parts: Sequence[Asked]) -> Prepared:
    """The request that asks about these parts, or about the account where there are none."""
    fills = [_of_asked(settings, part, place) for place, part in enumerate(parts)]
    return prepare(settings, request, fills or [_of_account(settings)])


def window(settings: HttpSettings, request: Round, *, since: int, until: int) -> Prepared:
    """The request for what has come between two moments, in epoch milliseconds."""
    general = _of_account(settings)

    def found(gap: Gap) -> Any:
        match gap.word:
            case "since":
                return _moment(since, gap.form)
            case "until":
                return _moment(until, gap.form)
        return general(gap)

    return prepare(settings, request, [found])


def prepare(
    settings: HttpSettings, request: Request, fills: Sequence[Fill], once: Fill | None = None
) -> Prepared:
    """`once`: what is said of all messages; without it, what is said of the first."""
    auth, first = settings.spec.auth, once or fills[0]
    headers = templates.fill({**auth.headers, **request.headers}, first)
    if auth.basic is not None:
        pair = ":".join(word(templates.fill(one, first)) for one in auth.basic)
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    fields, more = _fields(request, fills, first)
    if isinstance(fields, dict):
        fields = {**templates.fill(auth.fields, first), **fields}
    path = word(templates.fill(request.path, first)) if request.path else ""
    if request.encode == "json":
        return Prepared(request.method, path, (), None, fields, True, headers)
    charset = settings.spec.charset
    pairs = tuple(
        (name, _writable(said, charset)) for one in (fields, *more) for name, said in _pairs(one)
    )
    if request.encode == "query":
        return Prepared(request.method, path, pairs, None, None, False, headers, charset)
    return Prepared(request.method, path, (), pairs, None, False, headers, charset)


def _writable(said: str, charset: str) -> str:
    """`?` for what a charset has no sign for: an SMS with one sign less is better than none."""
    return said.encode(charset, "replace").decode(charset) if charset != "utf-8" else said


def _fields(request: Request, fills: Sequence[Fill], first: Fill) -> tuple[Any, list[Any]]:
    """The fields, and those of each message where these are joined to them."""
    if request.each is None:
        return templates.fill(request.fields, first), []
    items = [templates.fill(request.each, own) for own in fills]
    if not any(gap.word == "items" for gap in templates.gaps(request.fields)):
        return templates.fill(request.fields, first), items
    whole: Any = request.join.join(map(word, items)) if request.join else items

    def outside(gap: Gap) -> Any:
        return whole if gap.word == "items" else first(gap)

    return templates.fill(request.fields, outside), []


def _pairs(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A list repeats its field."""
    return [
        (name, word(one))
        for name, given in fields.items()
        for one in (given if isinstance(given, list) else [given])
    ]


# --- what stands in the gaps


def _of_account(settings: HttpSettings) -> Fill:
    def found(gap: Gap) -> Any:
        match gap.word:
            case "secret":
                return settings.secrets.get(gap.name)
            case "sender":
                return settings.source or None
            case "callback":
                return settings.callback("receipts")
            case "inbound":
                return settings.callback("inbound")
        return None

    return found


def _of_asked(settings: HttpSettings, part: Asked, place: int) -> Fill:
    general = _of_account(settings)

    def found(gap: Gap) -> Any:
        match gap.word:
            case "id":
                known = part.provider_id
                return int(known) if gap.form == "number" and known.isdecimal() else known or None
            case "phone":
                return phone(part.number, gap.form)
            case "ours":
                return ours(part.part_id, gap.form)
            case "n":
                return place
        return general(gap)

    return found


def _of_part(settings: HttpSettings, part: Outgoing, place: int) -> Fill:
    asked = Asked(part.part_id, "", part.number)
    known = _of_asked(settings, asked, place)

    def found(gap: Gap) -> Any:
        match gap.word:
            case "text":
                return part.text.encode("utf-16-be", "replace").hex() if gap.form else part.text
            case "sender":
                return part.sender or settings.source or None
            case "valid":
                return max(1, int(part.seconds_left / _PER[gap.form]))
            case "expires":
                return _moment(part.expires, gap.form)
            case "coding":
                return settings.spec.coding.get(part.alphabet.value)
        return known(gap)

    return found


def _moment(at: int, form: str) -> int | str:
    match form:
        case "unix":
            return at // SECOND
        case "ms":
            return at
    return datetime.fromtimestamp(at // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
