"""Blocks into messages: the fewest segments, then the longest wording that costs no more.

Pure arithmetic over texts that blocks make; nothing here knows what a text says.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from sms_diary.encoding import in_gsm7
from sms_diary.render.blocks import Block
from sms_diary.render.ladder import Level
from sms_diary.values import value

Measure = Callable[[str], int]
"""How many SMS a text takes on the route it leaves by."""
_SHORTENED = (Level.MEDIUM, Level.SHORT, Level.MINIMAL, Level.COMPACT)


@value
class Fitted:
    """Blocks of one message, worded at one level."""

    blocks: tuple[Block, ...]
    level: Level
    text: str
    segments: int


def pack(blocks: Sequence[Block], budget: int, segments: Measure) -> list[Fitted]:
    """Messages of at most `budget` segments that tell every line once, in order.

    Neighbours share a message when that saves a segment, urgent ones only with urgent ones.
    A block too long for a message is divided between lines; a single line goes whole.
    """
    if len(blocks) == 1:
        alone = fitted((blocks[0],), segments)
        if alone.segments <= budget or len(blocks[0].items) == 1:
            return [alone]
    pieces = [piece for block in blocks for piece in _within(block, budget, segments)]
    return [fitted(tuple(group), segments) for group in _shared(pieces, budget, segments)]


def fitted(blocks: tuple[Block, ...], segments: Measure) -> Fitted:
    """The longest level that takes as few segments as the shortest one."""
    text, count = _measured(blocks, Level.FULL, segments)
    if count <= 1:
        return Fitted(blocks, Level.FULL, text, count)
    barest, fewest = _measured(blocks, Level.BARE, segments)
    if count <= fewest:
        return Fitted(blocks, Level.FULL, text, count)
    for level in _SHORTENED:
        text, count = _measured(blocks, level, segments)
        if count <= fewest:
            return Fitted(blocks, level, text, count)
    return Fitted(blocks, Level.BARE, barest, fewest)


def _within(block: Block, budget: int, segments: Measure) -> list[Block]:
    """The block in pieces of at most `budget` segments at the barest, as few lines moved on."""
    pieces = []
    while len(block.items) > 1 and _least((block,), segments) > budget:
        piece, block = _divided(block, budget, segments)
        pieces.append(piece)
    return [*pieces, block]


def _divided(block: Block, budget: int, segments: Measure) -> tuple[Block, Block]:
    """As many lines as fit the budget at the barest, and the rest; at least one each."""

    def too_long(count: int) -> bool:
        return _least((block.divided(count)[0],), segments) > budget

    count = bisect_left(range(1, len(block.items)), True, key=too_long)
    return block.divided(max(1, count))


def _shared(pieces: Sequence[Block], budget: int, segments: Measure) -> list[Sequence[Block]]:
    """Neighbours by message: the division with the fewest segments, then with most messages.

    Best divisions of the first 1, 2, … pieces, each from those before it.
    """
    best: list[tuple[int, int, int]] = [(0, 0, 0)]  # segments, -messages, where the last begins
    for end in range(1, len(pieces) + 1):
        found = []
        for start in range(end - 1, -1, -1):
            group = tuple(pieces[start:end])
            cost = _least(group, segments)
            if len(group) > 1 and (cost > budget or group[0].urgent != group[-1].urgent):
                break
            found.append((best[start][0] + cost, best[start][1] - 1, start))
        best.append(min(found))
    groups: list[Sequence[Block]] = []
    end = len(pieces)
    while end:
        start = best[end][2]
        groups.append(pieces[start:end])
        end = start
    return groups[::-1]


def _least(blocks: tuple[Block, ...], segments: Measure) -> int:
    return _measured(blocks, Level.BARE, segments)[1]


def _measured(blocks: tuple[Block, ...], level: Level, segments: Measure) -> tuple[str, int]:
    """The text and its segments; its typography in plain signs, if that saves one."""
    if len(blocks) == 1:
        text = blocks[0].text(level)
    else:
        text = "\n".join([block.text(level) for block in blocks])
    count = segments(text)
    if count > 1:
        plainer = in_gsm7(text)
        if plainer is not None and (fewer := segments(plainer)) < count:
            return plainer, fewer
    return text, count
