"""A question to the provider: its reply, where there is a good one. Nothing here is raised.

Which questions there are is `asking.py`'s and `rounds.py`'s. Not to be answered is no failure of
any message: it is asked again.
"""

from __future__ import annotations

from typing import Any

import structlog

from sms_diary.channels.http import replies
from sms_diary.channels.http.client import Answer, Attempt, Client
from sms_diary.channels.http.rendering import Prepared
from sms_diary.channels.http.settings import HttpSettings
from sms_diary.channels.spec.exchange import Format
from sms_diary.errors import ChannelError

log = structlog.get_logger(__name__)
_OK = range(200, 300)
_LONGEST_CODE = 20


class Questions:
    """One route's."""

    def __init__(self, settings: HttpSettings, client: Client) -> None:
        self._route = settings.name
        self._charset = settings.spec.charset
        self._client = client

    async def document(self, form: Format, prepared: Prepared) -> Any:
        """What paths are looked up in; None where there is no good reply."""
        answer = await self.answer(prepared)
        return None if answer is None else self.read(form, answer)

    async def answer(self, prepared: Prepared) -> Answer | None:
        """A reply with a status of success, as it came."""
        try:
            answer = await self._client.exchange(prepared, Attempt())
        except ChannelError as broken:
            log.info("question is not answered", route=self._route, why=str(broken))
            return None
        if answer.status not in _OK:
            log.warning("question is refused", route=self._route, status=answer.status)
            return None
        return answer

    def read(self, form: Format, answer: Answer) -> Any:
        """None for a reply that cannot be read, or says that it is none."""
        found = replies.document(form, answer.body, self._charset)
        if found is not None and form.ok is not None and not form.ok.holds(found):
            code = form.code.text(found)[:_LONGEST_CODE] if form.code is not None else ""
            log.warning("question is refused", route=self._route, code=code)
            return None
        return found
