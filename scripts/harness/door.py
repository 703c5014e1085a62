"""A client of the events door that costs little: requests made beforehand, bare HTTP/1.1.

The machine that is measured also runs the client, so no HTTP library here. Signatures are the
reference implementation's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from standardwebhooks import Webhook

from scripts.harness.seeding import Pupil, SeededSchool

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request as it goes over the wire, and whom it tells of."""

    octets: bytes
    pupils: tuple[Pupil, ...]


def prepare(schools: Sequence[SeededSchool], batch: int) -> list[Prepared]:
    """One mark for every pupil, in signed requests of up to `batch` events.

    Signed now: they must be sent within the five minutes that the specification allows. Schools
    take turns, as they do in the life of a district.
    """
    by_school = [
        [_request(school, school.pupils[start : start + batch], start)
         for start in range(0, len(school.pupils), batch)]
        for school in schools
    ]  # fmt: skip
    most = max(map(len, by_school), default=0)
    return [
        requests[place] for place in range(most) for requests in by_school if place < len(requests)
    ]


@dataclass(frozen=True, slots=True)
class Mark:
    """What an event says of a pupil: one of some hundreds of combinations, as in a school."""

    subject: str
    work: str
    value: str


_SUBJECTS = (
    "Математика", "Русский язык", "Литература", "История", "География", "Биология", "Физика",
    "Химия", "Музыка", "Технология", "Информатика",
)  # fmt: skip
_WORKS = ("Контрольная работа", "Диктант", "Ответ на уроке", "Самостоятельная работа", "Тест")


def mark_of(pupil: Pupil) -> Mark:
    """The mark of this pupil, the same in every run; neighbours in a list have different ones."""
    place = int(pupil.external_id[1:])
    return Mark(
        _SUBJECTS[place % len(_SUBJECTS)],
        _WORKS[place // 3 % len(_WORKS)],
        str(2 + place // 7 % 4),
    )


def _event(pupil: Pupil) -> dict[str, object]:
    mark = mark_of(pupil)
    return {
        "kind": "mark.set", "at": "2026-11-24T09:40:00+04:00", "pupil": {"id": pupil.external_id},
        "subject": mark.subject, "date": "2026-11-24", "work": mark.work, "mark": mark.value,
    }  # fmt: skip


def _request(school: SeededSchool, pupils: Sequence[Pupil], place: int) -> Prepared:
    events = [_event(pupil) for pupil in pupils]
    return Prepared(signed(school, f"msg_{school.slug}_{place}", events), tuple(pupils))


def signed(school: SeededSchool, request_id: str, events: Sequence[Mapping[str, object]]) -> bytes:
    """A request with these events as it goes over the wire, signed now."""
    body = json.dumps(events, ensure_ascii=False)
    now, octets = datetime.now(UTC), body.encode()
    head = (
        f"POST /v1/schools/{school.slug}/events HTTP/1.1\r\nHost: localhost\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(octets)}\r\n"
        f"webhook-id: {request_id}\r\nwebhook-timestamp: {int(now.timestamp())}\r\n"
        f"webhook-signature: {Webhook(school.secret).sign(request_id, now, body)}\r\n\r\n"
    )
    return head.encode() + octets


class Connection(asyncio.Protocol):
    """One keep-alive connection; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._got = b""
        self._waiter: asyncio.Future[tuple[int, bytes]] | None = None

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect to this machine. Raises OSError."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(cls, "127.0.0.1", port)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(exc or ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, rest = self._got.partition(_END)
        if not found or self._waiter is None or self._waiter.done():
            return
        at = head.lower().index(_LENGTH) + len(_LENGTH)
        length = int(head[at:].split(b"\r\n", 1)[0])
        if len(rest) >= length:
            self._got = rest[length:]
            self._waiter.set_result((int(head[9:12]), rest[:length]))

    async def post(self, octets: bytes) -> tuple[int, bytes]:
        """Status and body of the answer; ConnectionError when there is none."""
        if self._transport is None:
            raise ConnectionResetError
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(octets)
        return await self._waiter

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
