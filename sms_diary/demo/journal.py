"""The school's journal as the service sees it: a webhook client that signs what it posts.

It knows the public interface only (`docs/events.md`) and signs with the reference client.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import aiohttp
from standardwebhooks import Webhook

from sms_diary.errors import SmsDiaryError


class Journal:
    """One school's journal; `address` is the service's, `http` stays the caller's."""

    def __init__(
        self, http: aiohttp.ClientSession, address: str, school: str, secret: str, token: str
    ) -> None:
        self._http = http
        self._url = f"{address}/v1/schools/{school}/events"
        self._webhook = Webhook(secret)
        self._token = token

    async def post(self, webhook_id: str, events: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Post events in one request, the good ones even if others are not; the answer.

        The signature bears the machine's time, since it is that which the door compares.
        Raises SmsDiaryError when the door refuses all of it.
        """
        body = json.dumps(list(events), ensure_ascii=False)
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "prefer": "handling=lenient",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(webhook_id, now, body),
        }
        async with self._http.post(self._url, data=body.encode(), headers=headers) as response:
            return await _answer(response)

    async def became(self, webhook_id: str) -> list[dict[str, Any]]:
        """What became of each event of a request, asked with the school's token."""
        headers = {"authorization": f"Bearer {self._token}"}
        async with self._http.get(f"{self._url}/{webhook_id}", headers=headers) as response:
            events: list[dict[str, Any]] = (await _answer(response))["events"]
            return events


async def _answer(response: aiohttp.ClientResponse) -> dict[str, Any]:
    answer: dict[str, Any] = await response.json(content_type=None)
    if not response.ok:
        raise SmsDiaryError(f"Сервис ответил {response.status}: {answer.get('detail', '')}")
    return answer
