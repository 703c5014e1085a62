"""Pieces of long inbound SMS put together, with a limit in time and in number.

Pure: the time is passed in. A piece stays unanswered while it waits, so each carries a token
that comes back with the text it became part of; nothing is acknowledged before it is stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sms_diary.channels.base import InboundReport
from sms_diary.channels.smpp.inbound import Piece, whole_text

Token = TypeVar("Token")
_Key = tuple[str, str, tuple[str, int], int]
_REMEMBERED = 300.0
"""Seconds in which a piece of a finished text is that piece again, and not of a new SMS."""


@dataclass(slots=True)
class Joined(Generic[Token]):
    """A text to report, and the tokens of all pieces in it."""

    report: InboundReport
    tokens: list[Token]


@dataclass(slots=True)
class _Waiting(Generic[Token]):
    deadline: float
    pieces: dict[int, Piece] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Finished:
    forgotten: float
    pieces: frozenset[bytes]
    report: InboundReport


class Joiner(Generic[Token]):
    """Collects pieces by phone, address, reference and total; holds at most `most` of them."""

    def __init__(self, timeout: float, most: int = 256) -> None:
        self._timeout = timeout
        self._most = most
        self._waiting: dict[_Key, _Waiting[Token]] = {}
        self._held = 0
        self._finished: dict[_Key, _Finished] = {}
        self._remembered = 0

    def add(self, piece: Piece, token: Token, now: float) -> list[Joined[Token]]:
        """What is complete with this piece; over the limit, the oldest unfinished ones too.

        A repeated piece replaces the first, and both tokens are answered. One that comes again
        when its text is complete brings that text again: the first time it was perhaps not
        stored, and whoever stores it knows it otherwise.
        """
        if piece.total == 1:
            return [Joined(_report([piece]), [token])]
        key = (piece.number, piece.to, piece.reference, piece.total)
        finished = self._finished.get(key)
        if finished and finished.forgotten > now and piece.raw in finished.pieces:
            return [Joined(finished.report, [token])]
        waiting = self._waiting.setdefault(key, _Waiting(now + self._timeout))
        waiting.pieces[piece.seq] = piece
        waiting.tokens.append(token)
        self._held += 1
        ready: list[Joined[Token]] = []
        if len(waiting.pieces) == piece.total:
            pieces = frozenset(piece.raw for piece in waiting.pieces.values())
            ready.append(self._finish(key))
            self._remember(key, _Finished(now + _REMEMBERED, pieces, ready[0].report))
        while self._held > self._most:
            ready.append(self._finish(next(iter(self._waiting))))
        return ready

    def due(self, now: float) -> list[Joined[Token]]:
        """Texts whose time is up, of the pieces that came."""
        late = [key for key, waiting in self._waiting.items() if waiting.deadline <= now]
        return [self._finish(key) for key in late]

    def deadline(self) -> float | None:
        """When `due` has something next."""
        first = next(iter(self._waiting.values()), None)
        return first.deadline if first else None

    def _finish(self, key: _Key) -> Joined[Token]:
        waiting = self._waiting.pop(key)
        self._held -= len(waiting.tokens)
        pieces = [waiting.pieces[seq] for seq in sorted(waiting.pieces)]
        return Joined(_report(pieces), waiting.tokens)

    def _remember(self, key: _Key, finished: _Finished) -> None:
        """Keep it as the latest, and forget the oldest over the limit."""
        known = self._finished.pop(key, None)
        self._remembered += len(finished.pieces) - (len(known.pieces) if known else 0)
        self._finished[key] = finished
        while self._remembered > self._most:
            oldest = self._finished.pop(next(iter(self._finished)))
            self._remembered -= len(oldest.pieces)


def _report(pieces: list[Piece]) -> InboundReport:
    first = pieces[0]
    return InboundReport(
        number=first.number,
        to=first.to,
        text=whole_text(pieces),
        raw=b"".join(piece.raw for piece in pieces),
    )
