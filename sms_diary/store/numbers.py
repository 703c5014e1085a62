"""Phone numbers: one row each in the whole database, sealed, found by exact keyed index only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sms_diary.db import Queries
from sms_diary.model import NumberState
from sms_diary.store.tools import Tools


@dataclass(frozen=True, slots=True)
class Number:
    id: int
    state: NumberState
    consent_rev: int


async def find(
    q: Queries, tools: Tools, numbers: Iterable[str], *, lock: bool = False
) -> dict[str, Number]:
    """Those of the numbers (E.164) that the database knows.

    With `lock` nobody stops one of them before this transaction ends.
    """
    by_index = {tools.vault.index(number): number for number in set(numbers)}
    hint = q.only(postgresql="order by number.id for update of number") if lock else ""
    rows = await q.over(
        f"""with rows(idx bytea)
            select number.id, number.idx, number.state, number.consent_rev
            from rows join number on number.idx = rows.idx {hint}""",
        [(idx,) for idx in sorted(by_index)],
    )
    return {
        by_index[bytes(row["idx"])]: Number(
            row["id"], NumberState(row["state"]), row["consent_rev"]
        )
        for row in rows
    }


async def ensure(
    q: Queries, tools: Tools, numbers: Iterable[str], *, now: int, lock: bool = False
) -> dict[str, Number]:
    """The same, with a row made for each number that had none."""
    wanted = set(numbers)
    known = await find(q, tools, wanted, lock=lock)
    fresh = []
    for number in wanted - known.keys():
        number_id = tools.ids.new()
        sealed = tools.vault.seal(number, "number.sealed", number_id)
        fresh.append((tools.vault.index(number), number_id, sealed, now))
    if not fresh:
        return known
    # Another process may be making the same row: then its row is the one.
    await q.over(
        """with rows(idx bytea, id bigint, sealed bytea, created_at bigint)
           insert into number (id, idx, sealed, state, created_at)
           select id, idx, sealed, 'open', created_at from rows where true
           on conflict (idx) do nothing""",
        sorted(fresh),
    )
    return await find(q, tools, wanted, lock=lock)


async def read(q: Queries, tools: Tools, number_ids: Iterable[int]) -> dict[int, str]:
    """The numbers themselves (E.164), by id."""
    rows = await q.over(
        """with rows(id bigint)
           select number.id, number.sealed from rows join number on number.id = rows.id""",
        [(number_id,) for number_id in sorted(set(number_ids))],
    )
    return {row["id"]: tools.vault.text(row["sealed"], "number.sealed", row["id"]) for row in rows}


async def changed(q: Queries, seen: Iterable[tuple[int, int]]) -> set[int]:
    """Those of the numbers (id, consent_rev as read) whose consent has changed since.

    On PostgreSQL the others are locked until the commit: a stop that comes meanwhile waits, and
    then finds what was planned here.
    """
    rows = await q.over(
        f"""with rows(id bigint, consent_rev bigint)
            select number.id, number.consent_rev <> rows.consent_rev as moved
            from rows join number on number.id = rows.id
            {q.only(sqlite="where number.consent_rev <> rows.consent_rev")}
            {q.only(postgresql="order by number.id for share of number")}""",
        sorted(seen),
    )
    return {row["id"] for row in rows if row["moved"]}


async def _lock(q: Queries, number_ids: Iterable[int]) -> None:
    """Lock in the order of ids; an update alone locks in whatever order its plan has."""
    if q.engine == "postgresql":
        await q.over(
            """with rows(id bigint)
               select number.id from rows join number on number.id = rows.id
               order by number.id for no key update of number""",
            [(number_id,) for number_id in number_ids],
        )


async def bump(q: Queries, number_ids: Iterable[int]) -> None:
    """A consent of these numbers changed: what was composed under the old revision may not go."""
    number_ids = set(number_ids)
    await _lock(q, number_ids)
    await q.over(
        """with rows(id bigint)
           update number set consent_rev = consent_rev + 1 from rows where number.id = rows.id""",
        [(number_id,) for number_id in sorted(number_ids)],
    )


async def stop(q: Queries, number_id: int, *, now: int) -> bool:
    """Close the number for every school; False if it was stopped already."""
    changed = await q.run(
        """update number set state = 'stopped', stopped_at = :now, consent_rev = consent_rev + 1
           where id = :id and state <> 'stopped'""",
        id=number_id,
        now=now,
    )
    return changed == 1


async def next_references(q: Queries, counts: Mapping[int, int]) -> dict[int, int]:
    """Reserve UDH references for long messages to these numbers (number id -> how many).

    The first of each run; references count 1..255 per phone (3GPP TS 23.040 §9.2.3.24.1), so
    that two long messages to one phone are never mixed up.
    """
    await _lock(q, counts)
    rows = await q.over(
        """with rows(id bigint, steps bigint)
           update number set udh_ref = (udh_ref + steps) % 255 from rows
           where number.id = rows.id returning number.id, number.udh_ref""",
        sorted(counts.items()),
    )
    return {row["id"]: (row["udh_ref"] - counts[row["id"]]) % 255 + 1 for row in rows}
