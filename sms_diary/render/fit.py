"""Blocks into messages: the longest wording that costs no more segments than the shortest.

Pure arithmetic over texts that blocks make; nothing here knows what a text says.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Sequence

from sms_diary.render.blocks import Block
from sms_diary.render.subjects import Level
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
    done: list[Fitted] = []
    waiting = deque(blocks)
    current: Fitted | None = None
    while waiting:
        block = waiting.popleft()
        alone = fitted((block,), segments)
        if alone.segments > budget and len(block.items) > 1:
            block, rest = _divided(block, budget, segments)
            waiting.appendleft(rest)
            alone = fitted((block,), segments)
        joined = _joined(current, alone, budget, segments) if current else None
        if current and not joined:
            done.append(current)
        current = joined or alone
    return [*done, current] if current else done


def fitted(blocks: tuple[Block, ...], segments: Measure) -> Fitted:
    """The longest level that takes as few segments as the shortest one."""
    text = _text(blocks, Level.FULL)
    count = segments(text)
    if count <= 1:
        return Fitted(blocks, Level.FULL, text, count)
    fewest = segments(_text(blocks, Level.BARE))
    if count <= fewest:
        return Fitted(blocks, Level.FULL, text, count)
    for level in _SHORTENED:
        text = _text(blocks, level)
        if segments(text) <= fewest:
            return Fitted(blocks, level, text, fewest)
    return Fitted(blocks, Level.BARE, _text(blocks, Level.BARE), fewest)


def _joined(current: Fitted, alone: Fitted, budget: int, segments: Measure) -> Fitted | None:
    if current.blocks[0].urgent != alone.blocks[0].urgent:
        return None
    blocks = current.blocks + alone.blocks
    fewest = segments(_text(blocks, Level.BARE))
    saves = fewest < current.segments + alone.segments
    return fitted(blocks, segments) if saves and fewest <= budget else None


def _divided(block: Block, budget: int, segments: Measure) -> tuple[Block, Block]:
    """As many lines as fit the budget at the barest, and the rest; at least one each."""

    def too_long(count: int) -> bool:
        return segments(block.divided(count)[0].text(Level.BARE)) > budget

    count = bisect_left(range(1, len(block.items)), True, key=too_long)
    return block.divided(max(1, count))


def _text(blocks: tuple[Block, ...], level: Level) -> str:
    if len(blocks) == 1:
        return blocks[0].text(level)
    return "\n".join(block.text(level) for block in blocks)
