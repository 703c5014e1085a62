"""The pieces of a long SMS from a phone as one text; what did not come is shown as a gap.

Pure, and of no channel: pieces are joined where they are kept, whichever session they came over.
When a text is whole or given up is `store/pieces.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.channels.base import Piece
from sms_diary.channels.texts import decode_text

_GAP = "[…]"


def whole_text(pieces: Sequence[Piece]) -> str:
    """The text of some pieces (at least one) of one SMS, each `seq` once, in order of `seq`."""
    runs: list[list[Piece]] = []
    expected = 1
    for piece in pieces:
        if piece.seq != expected or not runs:
            runs.append([])
        runs[-1].append(piece)
        expected = piece.seq + 1
    text = _GAP.join(_run_text(run) for run in runs)
    if pieces[0].seq > 1:
        text = _GAP + text
    return text + _GAP if expected <= pieces[0].total else text


def _run_text(pieces: Sequence[Piece]) -> str:
    """Neighbours decoded as one: a character may be cut between two."""
    codings = {piece.coding for piece in pieces}
    if len(codings) == 1:
        return decode_text(b"".join(piece.octets for piece in pieces), codings.pop())
    return "".join(decode_text(piece.octets, piece.coding) for piece in pieces)
