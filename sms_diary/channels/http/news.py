"""Receipts and SMS from phones in a provider's fields, as reports in our words.

Nothing is lost: what cannot be read is kept as it came, and applied to nothing.
"""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from sms_diary.channels.base import InboundReport, ReceiptReport
from sms_diary.channels.http.settings import HttpSettings
from sms_diary.channels.spec.exchange import InboundNews, News, ReceiptNews, Where
from sms_diary.channels.spec.meanings import of_phone
from sms_diary.clock import millis
from sms_diary.model import PartState
from sms_diary.phone import normalise

_LONGEST_ID = 200
_MOST_MILLIS = 253_402_300_799_000  # the year 9999


def entries(spec: News, document: Any) -> list[Any]:
    """The entries of a document that are meant."""
    found = document if spec.items is None else spec.items.find(document)
    listed = found if isinstance(found, list) else [] if found is None else [found]
    return [one for one in listed if spec.when is None or spec.when.holds(one)]


def receipt(settings: HttpSettings, spec: ReceiptNews, entry: Any) -> ReceiptReport:
    said = _text(spec.state, entry)
    state = settings.spec.states.meaning(said)
    provider_id = _text(spec.id, entry)[:_LONGEST_ID]
    part_id = _part_id(_text(spec.ours, entry))
    readable = bool(said) and (bool(provider_id) or part_id is not None)
    error = _text(spec.error, entry)[:_LONGEST_ID]
    return ReceiptReport(
        provider_id=provider_id or ("" if part_id is None else str(part_id)),
        # A word that is in no row of the file is news of some kind, and no end.
        state=(state or PartState.SENT) if readable else PartState.UNKNOWN,
        number=_number(spec, entry) if readable else "",
        error=error or (said[:_LONGEST_ID] if _is_code(settings, spec, said) else ""),
        reported_at=_moment(settings, spec, entry),
        raw=raw(entry),
        part_id=part_id,
    )


def _is_code(settings: HttpSettings, spec: ReceiptNews, said: str) -> bool:
    """Whether the state itself is worth keeping as the code: nobody knows it, or it says something
    of the phone. Where codes have a field of their own, states are no codes (1 is «delivered»)."""
    if settings.spec.states.meaning(said) is None:
        return True
    return spec.error is None and of_phone(settings.spec.receipts.codes, said) is not None


def inbound(spec: InboundNews, entry: Any, *, again: bool = False) -> InboundReport | None:
    """None for an entry without a phone: it can be neither obeyed nor answered.

    `again`: it stands in a list that is read again and again, and must be known by its id.
    """
    number = _text(spec.phone, entry)
    if not number:
        return None
    return InboundReport(
        number=normalise(number) or number,
        to=_text(spec.to, entry),
        text=_sms_text(spec, entry),
        raw=raw(entry),
        id=(_text(spec.id, entry)[:_LONGEST_ID] or raw(entry).hex()) if again else "",
    )


def _sms_text(spec: InboundNews, entry: Any) -> str:
    written = spec.text.text(entry)
    if spec.wide is not None and spec.wide.holds(entry):
        octets = written.encode("utf-8", "surrogateescape")
        return octets.decode("utf-16-be", "replace")
    if spec.text_form == "utf16hex":
        with suppress(ValueError):  # a gateway that writes Latin texts as they are
            return bytes.fromhex(written).decode("utf-16-be", "replace")
    return _storable(written)


def raw(entry: Any) -> bytes:
    """An entry as it is kept."""
    return json.dumps(entry, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")


def _text(path: Where | None, entry: Any) -> str:
    return "" if path is None else _storable(path.text(entry))


def _storable(text: str) -> str:
    """Without halves of characters and octets of no alphabet: a database takes none of them."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _number(spec: News, entry: Any) -> str:
    said = _text(spec.phone, entry)
    return normalise(said) or ""


def _part_id(said: str) -> int | None:
    return int(said) if said.isascii() and said.isdecimal() and 0 < len(said) < 20 else None  # noqa: PLR2004  # digits of 64 bits


def _moment(settings: HttpSettings, spec: News, entry: Any) -> int | None:
    said = _text(spec.at, entry)
    if not said:
        return None
    try:
        found = _read_moment(settings, spec.at_form, said)
    except (ValueError, OverflowError):
        return None
    return found if 0 <= found <= _MOST_MILLIS else None


def _read_moment(settings: HttpSettings, form: str, said: str) -> int:
    if form in ("unix", "ms"):
        return int(float(said) * (1000 if form == "unix" else 1))
    moment = datetime.fromisoformat(said) if form == "iso" else datetime.strptime(said, form)  # noqa: DTZ007  # the zone follows
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=settings.spec.tz())
    return millis(moment.astimezone(UTC))
