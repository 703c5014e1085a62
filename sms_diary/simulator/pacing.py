"""How many parts a second the SMSC lets in.

What lives here: a bucket of tokens on a clock that is passed in. What does not: what is answered
to the parts above it.
"""


class Bucket:
    """Holds a second's worth of tokens at the most; `rate` is in tokens a second."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._tokens = max(rate, 1.0)
        self._at = now

    def take(self, now: float) -> bool:
        """Take a token at `now` (seconds of the same clock); False when there is none."""
        grown = self._tokens + (now - self._at) * self._rate
        self._tokens, self._at = min(max(self._rate, 1.0), grown), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
