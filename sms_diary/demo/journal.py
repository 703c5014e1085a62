"""The school's journal as the service sees it: a webhook client that signs what it posts.

It can also have a parent asked for consent. It knows the public interface only (`docs/events.md`,
`docs/api.md`) and signs with the reference client.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
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
        self._address = address
        self._url = f"{address}/v1/schools/{school}/events"
        self._webhook = Webhook(secret)
        self._own = {"authorization": f"Bearer {token}"}

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
        async with self._http.get(f"{self._url}/{webhook_id}", headers=self._own) as response:
            events: list[dict[str, Any]] = (await _answer(response))["events"]
            return events

    async def ask(self, number: str, evidence: Mapping[str, str]) -> None:
        """Let the parent of this number (E.164) be asked by SMS; `evidence` is the paper.

        Raises SmsDiaryError when the school has no such parent or may not ask.
        """
        found = await self._post("/v1/search/number", {"number": number})
        if not found["guardians"]:
            raise SmsDiaryError("Такого родителя в школе нет.")
        guardian_id = found["guardians"][0]["id"]
        await self._post(f"/v1/guardians/{guardian_id}/ask", {"evidence": dict(evidence)})

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        url = f"{self._address}{path}"
        async with self._http.post(url, json=body, headers=self._own) as response:
            return await _answer(response)


async def _answer(response: aiohttp.ClientResponse) -> dict[str, Any]:
    answer: dict[str, Any] = await response.json(content_type=None)
    if not response.ok:
        raise SmsDiaryError(f"Сервис ответил {response.status}: {answer.get('detail', '')}")
    return answer
