"""A reply to a sending as results in our words.

Accepted and refused are said only where the provider has said so. Everything else that came after
the request was written is in doubt: a page of a proxy, half a reply, a 500 that may have come after
the SMS was taken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sms_diary.channels.base import Outcome, Outgoing, Result
from sms_diary.channels.http import replies
from sms_diary.channels.http.client import Answer
from sms_diary.channels.http.rendering import ours
from sms_diary.channels.http.settings import HttpSettings
from sms_diary.channels.spec import templates
from sms_diary.channels.spec.meanings import Rule, word
from sms_diary.clock import local
from sms_diary.model import Failure, Scope

_OK = range(200, 300)
_SERVER = 500
_BY_STATUS: dict[int, tuple[Failure, Scope]] = {
    401: (Failure.CONFIG, Scope.ACCOUNT),
    402: (Failure.BALANCE, Scope.ACCOUNT),
    403: (Failure.CONFIG, Scope.ACCOUNT),
    404: (Failure.CONFIG, Scope.ACCOUNT),
    405: (Failure.CONFIG, Scope.ACCOUNT),
    407: (Failure.CONFIG, Scope.ACCOUNT),
    429: (Failure.THROTTLED, Scope.ACCOUNT),
}
_REQUEST_TIMEOUT = 408
"""It may have been taken in time all the same."""
_LONGEST_CODE = 64
_PHONE = re.compile(r"\d{7,}")
"""Words of a provider may quote what we sent; a code of so many digits there is none."""


class Reader:
    """Reads replies of one route; `now` in epoch milliseconds."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._reading = settings.spec.send.reply
        self._form = _form_of_ours(settings)

    def results(self, parts: Sequence[Outgoing], answer: Answer, *, now: int) -> list[Result]:
        """One result a part."""
        found = replies.document(self._reading, answer.body, self._settings.spec.charset)
        ok, code = self._reading.ok, self._reading.code
        failed = answer.status not in _OK or (ok is not None and not ok.holds(found))
        if found is None or failed:
            said = code.text(found) if code is not None and found is not None else ""
            return [self._refused(part, answer, said, now) for part in parts]
        keys = [
            {"phone": part.number, "id": "", "ours": str(ours(part.part_id, self._form))}
            for part in parts
        ]
        own = replies.matches(self._reading, found, keys)
        if own is None:
            return [Result(part.part_id, Outcome.DOUBT) for part in parts]
        return [
            self._one(part, result, answer, now) for part, result in zip(parts, own, strict=True)
        ]

    def _one(self, part: Outgoing, own: Sequence[Any], answer: Answer, now: int) -> Result:
        reading = self._reading
        if not own:
            return Result(part.part_id, Outcome.DOUBT)
        pieces = own if reading.several else own[:1]
        taken = [item for item in pieces if self._is_taken(item)]
        if not taken:
            code = reading.item_code.text(own[0]) if reading.item_code is not None else ""
            return self._refused(part, answer, code, now)
        if len(taken) < len(pieces):
            # Half of a text: neither told nor to be sent again.
            return Result(part.part_id, Outcome.DOUBT)
        ids = [one for item in taken for one in self._ids(item)]
        first, *more = ids or [self._own_id(part)]
        return Result(
            part.part_id, Outcome.ACCEPTED, first, more_ids=tuple(more), cost=self._cost(taken)
        )

    def _is_taken(self, item: Any) -> bool:
        """Whether the provider says so: by a word, by an id, or by the whole reply."""
        reading = self._reading
        if reading.item_ok is not None:
            return reading.item_ok.holds(item)
        return reading.ok is not None or reading.id is None or bool(self._ids(item))

    def _ids(self, item: Any) -> list[str]:
        """The provider's own, none where it gives none."""
        reading = self._reading
        if reading.id is None:
            return []
        if not reading.several:
            said = reading.id.text(item)
            return [said] if said else []
        found = reading.id.find(item)
        listed = found if isinstance(found, list) else [found]
        texts = [word(one) for one in listed if not isinstance(one, dict | list)]
        cut = [one for text in texts for one in text.split(reading.split or None)]
        return [one.strip() for one in cut if one.strip()]

    def _cost(self, items: Sequence[Any]) -> Decimal | None:
        """Of all pieces together; None where one of them says nothing."""
        path = self._reading.cost
        found = [] if path is None else [replies.amount(path.text(item)) for item in items]
        told = [one for one in found if one is not None]
        return sum(told, Decimal(0)) if told and len(told) == len(found) else None

    def _own_id(self, part: Outgoing) -> str:
        """What the provider calls a message that it gave no id; "" where it has one of its own."""
        if self._reading.id is not None and not self._reading.ours_is_id:
            return ""
        return str(ours(part.part_id, self._form))

    def _refused(self, part: Outgoing, answer: Answer, code: str, now: int) -> Result:
        """By the provider's own rules, else by what HTTP says, else in doubt."""
        shown = _PHONE.sub("…", code)[:_LONGEST_CODE] if code else f"HTTP {answer.status}"
        text = replies.text_of(answer.body, self._settings.spec.charset)
        for rule in self._settings.spec.errors:
            if rule.fits(answer.status, code, text):
                return self._ruled(part, rule, answer, shown, now)
        failure, scope = _by_status(answer.status, refused=bool(code))
        if failure is None:
            return Result(part.part_id, Outcome.DOUBT, code=shown)
        return Result(
            part.part_id, Outcome.FAILED, failure=failure, scope=scope, code=shown,
            delay=answer.retry_after if failure is Failure.THROTTLED else 0.0,
        )  # fmt: skip

    def _ruled(self, part: Outgoing, rule: Rule, answer: Answer, code: str, now: int) -> Result:
        if rule.dup and part.doubted:
            # It has this message since the attempt that we are in doubt of.
            return Result(part.part_id, Outcome.ACCEPTED, self._own_id(part), code=code)
        if rule.failure is None:
            return Result(part.part_id, Outcome.DOUBT, code=code)
        return Result(
            part.part_id, Outcome.FAILED, failure=rule.failure, scope=rule.scope, code=code,
            delay=self._delay(rule, answer, now),
        )  # fmt: skip

    def _delay(self, rule: Rule, answer: Answer, now: int) -> float:
        if rule.delay == "retry-after":
            return answer.retry_after
        if rule.delay == "next-day":
            here = local(now, self._settings.spec.tz())
            midnight = datetime.combine(here.date() + timedelta(days=1), time(0, 1), here.tzinfo)
            return (midnight - here).total_seconds()
        return float(rule.delay)


def _by_status(status: int, *, refused: bool) -> tuple[Failure | None, Scope]:
    """`refused`: a code says so, though no rule knows it."""
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status in _OK:
        return (Failure.UNKNOWN if refused else None), Scope.MESSAGE
    if status >= _SERVER or status == _REQUEST_TIMEOUT:
        return None, Scope.MESSAGE
    # A redirect says that the SMS should have gone elsewhere; it is not brought there.
    moved = status < 400  # noqa: PLR2004  # client errors begin
    return (Failure.CONFIG, Scope.ACCOUNT) if moved else (Failure.UNKNOWN, Scope.MESSAGE)


def _form_of_ours(settings: HttpSettings) -> str:
    """How the request writes our id: so it comes back."""
    send = settings.spec.send
    gaps = templates.gaps([send.fields, send.each, send.path, send.headers])
    return next((gap.form for gap in gaps if gap.word == "ours"), "")
