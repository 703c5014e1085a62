"""`route try` over HTTP: one test SMS, the request and the reply shown without secrets.

It talks to the channel alone and stores nothing. What the provider brings by itself goes to the
service; here it is asked, where it can be.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from urllib.parse import urlencode

from sms_diary.channels.base import (
    Asked,
    InboundReport,
    Outcome,
    Outgoing,
    ReceiptReport,
    Reports,
    Result,
)
from sms_diary.channels.http import HttpChannel, HttpSettings, rendering
from sms_diary.channels.http.client import Answer
from sms_diary.channels.http.replies import text_of
from sms_diary.errors import ConfigError
from sms_diary.model import FINAL, Failure, PartState
from sms_diary.phone import mask
from sms_diary.words import PART_RU

_VALID = 3600
_LATE = 5.0
_LONGEST_SHOWN = 2000
"""Octets of a reply."""
_FAILURE_RU = {
    Failure.CONFIG: "провайдер не пускает: проверьте secrets, договор и отправителя",
    Failure.BAD_NUMBER: "такого номера нет, или провайдер на него не шлёт",
    Failure.BLOCKED: "абонент запретил себе такие SMS",
    Failure.REJECTED: "отказано в этом тексте или отправителе",
    Failure.THROTTLED: "провайдер просит реже",
    Failure.BALANCE: "кончились деньги",
    Failure.UNAVAILABLE: "у провайдера временный сбой",
    Failure.UNKNOWN: "причина не названа: покажите код поддержке",
}


class HttpTrial:
    """One test over one route. Nothing but what it prints remains of it."""

    def __init__(self, settings: HttpSettings, *, wait: float) -> None:
        """`wait`: seconds to wait for the end."""
        self._settings = settings.without_queues()
        self._wait = wait
        self._channel = HttpChannel(self._settings, heard=self._hear)
        self._number = ""
        self._changed = asyncio.Event()
        self._result: Result | None = None
        self._state: PartState | None = None

    async def run(self, number: str, text: str) -> bool:
        """Send the text to an E.164 number; whether it arrived, or was taken where there is
        nothing to ask."""
        if not text or len(text) > self._settings.spec.max_length:
            raise ConfigError("Текст пуст или длиннее, чем берёт провайдер.")
        part = self._part(number, text)
        self._number = number
        self._show(part)
        reports = Reports(self._take_results, self._take_receipts, _refuse, self._changed.set)
        await self._channel.start(reports)
        try:
            arrived = await self._taken(part) and await self._arrived(part)
        finally:
            await self._channel.stop()
        print("Проверка удалась." if arrived else "Проверка не удалась.", flush=True)
        return arrived

    def _part(self, number: str, text: str) -> Outgoing:
        return Outgoing(
            part_id=secrets.randbits(31) + 1, number=number, text=text,
            alphabet=self._settings.carrying().choose(text),
            expires=(int(time.time()) + _VALID) * 1000, seconds_left=_VALID, total=1, seq=0,
        )  # fmt: skip

    def _show(self, part: Outgoing) -> None:
        """The request as it will be written, without what must not be shown."""
        prepared = rendering.sending(self._settings, [part])
        pairs = prepared.query or prepared.form or ()
        body = (
            str(prepared.json)
            if prepared.has_json
            else urlencode(pairs, safe="+/:[],", encoding=prepared.charset)
        )
        address = self._settings.masked(f"{self._settings.urls[0]}/{prepared.path}")
        print(f"1. {prepared.method} {address}\n   {self._shown(body)}", flush=True)

    def _hear(self, answer: Answer) -> None:
        """The reply as it came, without what must not be shown."""
        said = " ".join(text_of(answer.body[:_LONGEST_SHOWN], self._settings.spec.charset).split())
        print(f"   HTTP {answer.status}: {self._shown(said) or '(пусто)'}", flush=True)

    def _shown(self, said: str) -> str:
        """Without secrets and without the number, whole or in its ten digits."""
        said = self._settings.masked(said)
        for hidden in (self._number, self._number.removeprefix("+"), self._number[-10:]):
            said = said.replace(hidden, mask(self._number))
        return said

    async def _taken(self, part: Outgoing) -> bool:
        spec = self._settings.spec
        limit = (spec.connect_timeout * len(self._settings.urls)) + spec.response_timeout + _LATE
        await self._channel.send([part])
        async with asyncio.timeout(limit):
            while self._result is None:
                self._changed.clear()
                await self._changed.wait()
        print(f"2. {self._told(self._result)}", flush=True)
        return self._result.outcome is Outcome.ACCEPTED

    def _told(self, result: Result) -> str:
        match result.outcome:
            case Outcome.ACCEPTED:
                ids = ", ".join((result.provider_id or "(не дал)", *result.more_ids))
                cost = "" if result.cost is None else f" Цена {result.cost}."
                return f"Принята, номер у провайдера {ids}.{cost}"
            case Outcome.DOUBT:
                return (
                    "Ответа нет, или он не читается. Неизвестно, ушла ли SMS: посмотрите на "
                    f"телефоне. {self._channel.reason}"
                ).strip()
            case Outcome.UNSENT:
                return f"Не отправлена: не соединиться ({self._channel.reason or 'сеть'})."
        known = self._settings.explain(result.code)
        return f"Отказ ({result.code}). {known or _FAILURE_RU[result.failure or Failure.UNKNOWN]}"

    async def _arrived(self, part: Outgoing) -> bool:
        assert self._result is not None
        if self._settings.spec.receipts.poll is None or not self._result.provider_id:
            print("3. Спросить о ней нельзя: отчёт провайдер принесёт сервису.", flush=True)
            return True
        print(f"3. Спрашиваю о ней, не дольше {self._wait:g} с.", flush=True)
        asked = Asked(part.part_id, self._result.provider_id, part.number)
        try:
            async with asyncio.timeout(self._wait):
                await self._ask_until_final(asked)
        except TimeoutError:
            print("   Ещё в пути: посмотрите на телефоне или ждите дольше (--wait).", flush=True)
            return False
        assert self._state is not None
        print(f"   {PART_RU[self._state].capitalize()}.", flush=True)
        return self._state is PartState.DELIVERED

    async def _ask_until_final(self, asked: Asked) -> None:
        pause = 1.0
        while self._state not in FINAL:
            self._changed.clear()
            await self._channel.ask([asked])
            try:
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            except TimeoutError:
                pause = min(pause * 2, 15.0)

    async def _take_results(self, _route: str, results: Sequence[Result]) -> None:
        self._result = results[0]
        self._changed.set()

    async def _take_receipts(self, _route: str, reports: Sequence[ReceiptReport]) -> None:
        self._state = reports[0].state
        self._changed.set()


async def _refuse(_route: str, _reports: Sequence[InboundReport]) -> None:
    """A queue of inbound SMS is the service's to empty."""
