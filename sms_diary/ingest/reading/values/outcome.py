"""What reading a cell came to."""

from __future__ import annotations

from typing import Generic, TypeVar

from sms_diary.values import value

T = TypeVar("T")


@value
class Outcome(Generic[T]):
    """`said` is the value, or None with a `problem`; texts are Russian.

    `note` asks for a look at a value that holds. `candidates`, only beside a problem: what the
    cell may mean, for a person to choose from. An empty cell has neither value nor problem.
    """

    said: T | None = None
    note: str = ""
    problem: str = ""
    candidates: tuple[T, ...] = ()

    @property
    def is_ambiguous(self) -> bool:
        return bool(self.candidates)
