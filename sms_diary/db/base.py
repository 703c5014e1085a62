"""What a store function may ask of a database, whichever engine is behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol, TypeVar

Outcome = TypeVar("Outcome")
Engine = Literal["sqlite", "postgresql"]
Row = Any
"""A row of either engine: `row["column"]`, or `**row`."""


class Queries(Protocol):
    """SQL inside one transaction. Unknown and missing parameters raise TypeError."""

    @property
    def engine(self) -> Engine: ...

    async def all(self, sql: str, **params: Any) -> Sequence[Row]:
        """Every row of a query (or of RETURNING, in no order that may be relied on)."""

    async def one(self, sql: str, **params: Any) -> Row | None:
        """The first row, or None."""

    async def run(self, sql: str, **params: Any) -> int:
        """Run a statement; the number of rows it changed."""

    async def many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """The same statement for many sets of parameters."""

    async def insert(self, table: str, columns: str, rows: Sequence[Sequence[Any]]) -> None:
        """Plain bulk insert, as fast as the engine can; a conflict is an error.

        `columns` is the comma-separated list that the values of each row follow.
        """

    async def over(self, sql: str, rows: Sequence[Sequence[Any]], **params: Any) -> list[Row]:
        """A set-based statement over a batch, with a row back for each outcome.

        The SQL begins with `with rows(id bigint, state text)`: names and types of the batch's
        columns, the first of which is never null. Give rows sorted by key and free of
        duplicates, so that two processes lock in one order.
        """

    def only(self, *, sqlite: str = "", postgresql: str = "") -> str:
        """The piece of SQL that this engine needs, for the few places where they differ."""


Work = Callable[[Queries], Awaitable[Outcome]]
"""All of a transaction; it waits for nothing but its queries."""


class Database(Protocol):
    """An open database of either engine.

    `write` and `read` take the whole work of a transaction: SQLite carries it out in the
    connection's own thread, so the event loop goes on meanwhile. `transaction` and `reading`
    go step by step, for callers that have something else to do in between.
    """

    @property
    def engine(self) -> Engine: ...

    async def write(self, work: Work[Outcome], *, urgent: bool = False) -> Outcome:
        """Carry out `work` in one transaction: committed at its end, rolled back if it raises.

        `urgent` goes before the others where there is one writer: what is on its way to the
        operator must not wait for what is only just coming in. Once begun it is never cut in
        two: who cancels the caller learns nothing of the outcome.
        """

    async def read(self, work: Work[Outcome]) -> Outcome:
        """Carry out `work` over a view like that of `reading`."""

    def transaction(self, *, urgent: bool = False) -> AbstractAsyncContextManager[Queries]:
        """A transaction that may write: committed at the end, rolled back on any exception."""

    def reading(self) -> AbstractAsyncContextManager[Queries]:
        """A consistent view that never waits for a writer; writing through it fails."""

    async def purge(self, tables: Sequence[str]) -> bool:
        """Let nothing that was erased from these tables stay beside what is there now.

        SQLite writes its log back into the file and cuts it off; PostgreSQL vacuums the tables.
        False when another reader hindered that: try again.
        """

    async def check(self) -> None:
        """Raise whatever is wrong when the database cannot be read any more."""

    async def close(self) -> None: ...
