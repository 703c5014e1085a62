"""What the provider is asked for of its own messages: by its ids, and in doubt by ours.

Answers come back as receipts. That a provider does not know a message is no failure of it, and
nothing is sent again for it. What is fetched without a message to ask for is `rounds.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from sms_diary.channels.base import Asked, ReceiptReport
from sms_diary.channels.http import news, rendering, replies
from sms_diary.channels.http.questions import Questions
from sms_diary.channels.http.settings import HttpSettings
from sms_diary.channels.http.tasks import Tasks, kept
from sms_diary.channels.spec import templates
from sms_diary.channels.spec.http import Poll
from sms_diary.channels.telling import Telling
from sms_diary.model import FINAL, PartState

log = structlog.get_logger(__name__)


class Asking:
    """Questions of one route; each is a task, bounded by the client's timeouts."""

    def __init__(self, settings: HttpSettings, questions: Questions, tell: Telling) -> None:
        self._settings = settings
        self._questions = questions
        self._tell = tell
        self._tasks = Tasks()

    def ask(self, parts: Sequence[Asked]) -> None:
        """Ask for parts by the provider's id, and for those in doubt by ours."""
        spec = self._settings.spec
        known = [part for part in parts if part.provider_id]
        doubted = [part for part in parts if not part.provider_id]
        for poll, own in ((spec.receipts.poll, known), (spec.lookup, doubted)):
            if poll is not None:
                for at in range(0, len(own), poll.most):
                    self._tasks.begin(self._ask(poll, own[at : at + poll.most]))

    async def stop(self) -> None:
        await self._tasks.stop()

    async def _ask(self, poll: Poll, parts: Sequence[Asked]) -> None:
        prepared = rendering.asking(self._settings, poll, parts)
        found = await self._questions.document(poll, prepared)
        if found is None:
            return
        keys = [
            {"phone": part.number, "id": part.provider_id, "ours": _own_id(poll, part)}
            for part in parts
        ]
        own = replies.matches(poll, found, keys)
        if own is None:
            log.warning("answer about messages is of another shape", route=self._settings.name)
            return
        reports = [
            report
            for part, results in zip(parts, own, strict=True)
            if (report := self._report(poll, part, results)) is not None
        ]
        if reports:
            await kept(self._settings.name, self._tell.receipts(reports))

    def _report(self, poll: Poll, part: Asked, results: Sequence[Any]) -> ReceiptReport | None:
        """What is news: an end, or that a message in doubt is known there."""
        if not results:
            return None
        latest = poll.latest
        item = results[-1] if latest is None else max(results, key=latest.text)
        phone = poll.phone.text(item) if poll.phone is not None else ""
        state = self._settings.spec.states.meaning(poll.state.text(item))
        if state in (None, PartState.UNKNOWN) or (
            phone and not replies.same_phone(phone, part.number)
        ):
            return None
        in_doubt = not part.provider_id
        if state not in FINAL and not in_doubt:
            return None
        said_id = poll.id.text(item) if poll.id is not None else ""
        return ReceiptReport(
            provider_id=part.provider_id or said_id or _own_id(poll, part),
            state=state,
            number=part.number,
            error=poll.error.text(item) if poll.error is not None else "",
            reported_at=None,
            raw=news.raw(item),
            part_id=part.part_id,
        )


def _own_id(poll: Poll, part: Asked) -> str:
    """Our id as the question writes it."""
    gaps = templates.gaps([poll.path, poll.fields, poll.each])
    form = next((gap.form for gap in gaps if gap.word == "ours"), "")
    return str(rendering.ours(part.part_id, form))
