"""`route try`: one test SMS by a route, each step told in Russian as it happens.

It talks to the channel alone and stores nothing. So news that are not of this SMS (receipts and
parents' answers that the operator has kept for the service) are refused for now, and the operator
brings them again: to take them would be to lose them.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from sms_diary.channels.base import (
    InboundReport,
    Outcome,
    Outgoing,
    ReceiptReport,
    Reports,
    Result,
)
from sms_diary.channels.smpp import SmppChannel, SmppSettings, State
from sms_diary.channels.smpp.content import carrying
from sms_diary.channels.smpp.results import reason
from sms_diary.channels.smpp.statuses import GENERAL
from sms_diary.encoding import Alphabet
from sms_diary.errors import ConfigError, SmsDiaryError
from sms_diary.model import FINAL, PartState
from sms_diary.phone import mask
from sms_diary.provider_id import candidates, canonical

_LOOK = 0.05
"""Seconds between looks at a connection that is being made."""
_VALID = 3600
"""Seconds for which the test is worth delivering."""
_MOST_PARTS = 255
_CODE = re.compile(r"ESME_\w+|0x[0-9A-F]{8}")
_RECEIPTS, _FAILURES = 3, 2  # bits of registered_delivery, and failures only, SMPP 3.4 §5.2.17
_WRONG_NAME = ("ESME_RINVPASWD", "ESME_RINVSYSID", "ESME_RINVSYSTYP")
_LATE = 5.0
"""Seconds over what the channel allows itself before it is given up."""

_NOT_CONNECTED = {
    "ConnectionRefusedError": "по этому адресу никто не слушает. Проверьте host и port по письму "
    "оператора; спросите, открыт ли доступ с вашего адреса.",
    "TimeoutError": "сервер молчит. Проверьте host и port; обычно оператор пускает только адреса "
    "из договора — сообщите ему свой и проверьте, что порт не закрыт у вас.",
    "gaierror": "сервера с таким именем нет. Проверьте host и доступ в интернет.",
    "SSLCertVerificationError": "сертификату сервера нельзя верить. Если оператор пользуется "
    "своим удостоверяющим центром, впишите ca_file; если имя в сертификате другое — server_name.",
    "SSLError": "шифрование не удалось. Проверьте port: с TLS и без него порты обычно разные.",
}
_NOT_BOUND = (
    "сервер не дал войти и не сказал почему. Проверьте port (с TLS и без него он обычно разный) и "
    "bind; спросите оператора, открыт ли доступ с вашего адреса."
)
_UNSEEN = {
    PartState.UNDELIVERED: "не доставлено. Проверьте номер и телефон",
    PartState.EXPIRED: "не доставлено: срок вышел, а телефон не нашёлся. Проверьте, включён ли он",
    PartState.REJECTED: "отклонено после приёма. Проверьте имя отправителя и договор",
    PartState.UNKNOWN: "оператор не знает, что стало с SMS",
}


class NotOurs(SmsDiaryError):
    """News of the service's, to be brought again when it runs."""


def _say(text: str) -> None:
    print(text, flush=True)


class Trial:
    """One test over one route. Nothing but what it prints remains of it."""

    def __init__(self, settings: SmppSettings, *, wait: float) -> None:
        """`wait`: seconds to wait for receipts."""
        self._settings = settings
        self._wait = wait
        self._channel = SmppChannel(settings)
        self._changed = asyncio.Event()
        self._answered = asyncio.Event()
        self._parts: dict[int, Outgoing] = {}
        self._results: dict[int, Result] = {}
        self._states: dict[int, PartState] = {}
        self._kept: set[bytes] = set()

    async def run(self, number: str, text: str) -> bool:
        """Send the text to an E.164 number; whether all of it arrived, or was taken where the
        route gets no receipts."""
        parts = _parts(number, text, self._settings)
        self._parts = {part.part_id: part for part in parts}
        async with self._started():
            arrived = await self._connected() and await self._taken() and await self._arrived()
        if self._kept:
            _say(
                f"Оператор принёс и то, что не из этой проверки (отчётов и SMS: {len(self._kept)})."
                " Оно не принято и останется у оператора, пока не заработает сервис."
            )
        self._say_of_trace()
        _say("Проверка удалась." if arrived else "Проверка не удалась.")
        return arrived

    def _say_of_trace(self) -> None:
        settings = self._settings
        if settings.trace:
            said = (
                "с номерами и текстами: сотрите его, когда закончите"
                if settings.trace_personal
                else "номера скрыты, текстов нет"
            )
            _say(f"Обмен с оператором записан в файл {settings.trace} ({said}).")

    @asynccontextmanager
    async def _started(self) -> AsyncIterator[None]:
        # Its own words are for logs; here people read ours.
        logging.getLogger("sms_diary").addHandler(logging.NullHandler())
        await self._channel.start(
            Reports(self._take_results, self._take_receipts, self._take_inbound, self._changed.set)
        )
        try:
            yield
        finally:
            self._answered.set()
            await self._channel.stop()

    # --- steps

    async def _connected(self) -> bool:
        settings, channel = self._settings, self._channel
        kind = "с шифрованием TLS" if settings.tls else "без шифрования"
        _say(f"1. Соединяюсь с {settings.host}:{settings.port} ({kind}).")
        joined = False
        while True:
            if not joined and channel.counts["connections"]:
                joined = True
                _say(f"   Соединение есть.\n2. Вхожу под именем {settings.system_id or '(пусто)'}.")
            bound, of = channel.connections
            if bound == of:
                _say("   Оператор впустил.")
                return True
            if channel.reason or channel.state is State.REFUSED:
                return self._turned_away(channel.reason, joined=joined)
            await asyncio.sleep(_LOOK)

    def _turned_away(self, why: str, *, joined: bool) -> bool:
        if code := _CODE.search(why):
            _say(f"   Не вышло ({code[0]}): {reason(code[0], self._settings.vendor_codes)}")
            if code[0] not in _WRONG_NAME:
                _say("   Если сервис сейчас работает, вход занят им: остановите его на время.")
            return False
        said = _NOT_BOUND if joined else _NOT_CONNECTED.get(why)
        _say(f"   Не вышло: {said or f'{why}. Проверьте host, port и сеть.'}")
        return False

    async def _taken(self) -> bool:
        _say(f"3. Отправляю. Частей: {len(self._parts)}.")
        waiting = list(self._parts.values())
        limit = self._settings.response_timeout + _LATE
        if self._settings.rate:
            limit += len(waiting) / self._settings.rate
        try:
            async with asyncio.timeout(limit):
                while len(self._results) < len(self._parts):
                    self._changed.clear()
                    if batch := waiting[: self._channel.room()]:
                        del waiting[: len(batch)]
                        await self._channel.send(batch)
                    await self._changed.wait()
        except TimeoutError:
            _say("   Оператор не ответил вовремя. Неизвестно, ушла ли SMS: спросите у телефона.")
        self._answered.set()
        return all(
            part_id in self._results and self._results[part_id].outcome is Outcome.ACCEPTED
            for part_id in self._parts
        )

    async def _arrived(self) -> bool:
        asked = self._settings.registered_delivery & _RECEIPTS
        if not asked or self._settings.bind == "transmitter":
            _say("4. Отчётов о доставке этот маршрут не получает (registered_delivery, bind).")
            return True
        _say(f"4. Жду отчёта о доставке, не дольше {self._wait:g} с.")
        try:
            async with asyncio.timeout(self._wait):
                while not self._all_final():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return self._none_in_time(only_failures=asked == _FAILURES)
        return all(state is PartState.DELIVERED for state in self._states.values())

    def _all_final(self) -> bool:
        known = [self._states.get(part_id) for part_id in self._parts]
        return all(state in FINAL or state is PartState.UNKNOWN for state in known)

    def _none_in_time(self, *, only_failures: bool) -> bool:
        if only_failures:
            _say("   Оператор сообщает только о неудачах; за это время неудачи не было.")
            return not self._states
        _say(
            "   Отчёта нет. SMS оператор принял, и она могла прийти: посмотрите на телефоне. "
            "Попробуйте ждать дольше (--wait); если отчётов нет никогда, попросите оператора их "
            "включить. Если сервис сейчас работает, отчёт мог уйти ему."
        )
        return False

    # --- news

    async def _take_results(self, _route: str, results: Sequence[Result]) -> None:
        for result in results:
            self._results[result.part_id] = result
            _say(f"   Часть {self._place(result.part_id)}: {self._told(result)}")
        self._changed.set()

    def _told(self, result: Result) -> str:
        match result.outcome:
            case Outcome.ACCEPTED:
                return f"принята, номер у оператора {result.provider_id or '(не дал)'}"
            case Outcome.DOUBT:
                return "ответа нет. Неизвестно, ушла ли она: посмотрите на телефоне."
            case Outcome.UNSENT:
                return "не отправлена: соединение прервалось. Проверьте ещё раз."
        known = reason(result.code, self._settings.vendor_codes)
        if not known and result.failure is not None:
            known = GENERAL[result.failure]
        return f"отказ ({result.code}). {known}"

    async def _take_receipts(self, _route: str, reports: Sequence[ReceiptReport]) -> None:
        await self._answered.wait()  # a receipt may come before the answer that names its id
        ours = {
            canonical(result.provider_id): part_id
            for part_id, result in self._results.items()
            if result.provider_id
        }
        strange = []
        for report in reports:
            keys = candidates(report.provider_id)
            part_id = next((ours[key] for key in keys if key in ours), None)
            if part_id is None:
                strange.append(report.raw)
            else:
                self._reported(part_id, report)
        self._changed.set()
        self._keep(strange)

    def _reported(self, part_id: int, report: ReceiptReport) -> None:
        known = self._states.get(part_id)
        if known is report.state or known in FINAL:
            return  # the same once more, or an older one
        self._states[part_id] = report.state
        place = self._place(part_id)
        if report.state is PartState.DELIVERED:
            _say(f"   Часть {place}: доставлена.")
        elif report.state is PartState.SENT:
            _say(f"   Часть {place}: ещё в пути.")
        else:
            error = f" (код оператора {report.error}: спросите у него)" if report.error else ""
            _say(f"   Часть {place}: {_UNSEEN[report.state]}{error}.")

    async def _take_inbound(self, _route: str, reports: Sequence[InboundReport]) -> None:
        self._keep([report.raw for report in reports])

    def _keep(self, strange: Sequence[bytes]) -> None:
        if strange:
            self._kept.update(strange)
            raise NotOurs

    def _place(self, part_id: int) -> str:
        part = self._parts[part_id]
        return f"{part.seq or 1} из {part.total}"


def _parts(number: str, text: str, settings: SmppSettings) -> list[Outgoing]:
    """The text cut as this route carries it."""
    way = carrying(settings)
    pieces, alphabet = way.pieces(text), way.choose(text)
    if not pieces or len(pieces) > _MOST_PARTS:
        raise ConfigError("Текст пуст или длиннее 255 SMS.")
    words = "кириллица" if alphabet is Alphabet.UCS2 else "латиница"
    _say(f"Маршрут {settings.name}, номер {mask(number)}, SMS: {way.segments(text)} ({words}).")
    first, reference = secrets.randbits(31), secrets.randbelow(255) + 1
    expires = (int(time.time()) + _VALID) * 1000
    return [
        Outgoing(
            part_id=first + seq, number=number, text=piece, alphabet=alphabet, expires=expires,
            seconds_left=_VALID, udh_ref=reference, total=len(pieces),
            seq=0 if way.whole else seq,
        )
        for seq, piece in enumerate(pieces, 1)
    ]  # fmt: skip
