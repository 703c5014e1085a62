"""Chance, the same in every run: one generator a concern.

What lives here: where all of the simulator's randomness comes from. What does not: what it decides.
One generator for each concern keeps what happens to one from changing what happens to another.
"""

import random


def dice(seed: int, concern: str) -> random.Random:
    """Return a generator that depends on nothing but its arguments."""
    return random.Random(f"{seed} {concern}")  # noqa: S311 - misbehaviour, not secrets
