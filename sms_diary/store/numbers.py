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
    erased: bool
    """Nothing but its keyed index and its state is kept."""


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
            select number.id, number.idx, number.state, number.consent_rev, number.erased_at
            from rows join number on number.idx = rows.idx {hint}""",
        [(idx,) for idx in sorted(by_index)],
    )
    return {
        by_index[bytes(row["idx"])]: Number(
            row["id"], NumberState(row["state"]), row["consent_rev"], row["erased_at"] is not None
        )
        for row in rows
    }


async def ensure(
    q: Queries, tools: Tools, numbers: Iterable[str], *, now: int, lock: bool = False
) -> dict[str, Number]:
    """The same, with a row made for each number that had none.

    One that was erased is sealed again in its own row: its stop still holds.
    """
    wanted = set(numbers)
    known = await find(q, tools, wanted, lock=lock)
    await _seal_again(q, tools, {number: row.id for number, row in known.items() if row.erased})
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


async def _seal_again(q: Queries, tools: Tools, erased: Mapping[str, int]) -> None:
    await q.over(
        """with rows(id bigint, sealed bytea)
           update number set sealed = rows.sealed, erased_at = null from rows
           where number.id = rows.id and number.erased_at is not null""",
        sorted(
            (number_id, tools.vault.seal(number, "number.sealed", number_id))
            for number, number_id in erased.items()
        ),
    )


async def erase(q: Queries, tools: Tools, number_id: int, *, now: int) -> None:
    """Keep the index and the state alone, so that nothing imported later revives a stop.

    The number is stopped first: whoever has it destroyed is written to no more, and only СТАРТ
    from the phone itself opens it again. What is read of it from now on is "".
    """
    await stop(q, number_id, now=now)
    await q.run(
        """update number set sealed = :nothing, erased_at = :now, failing_since = null
           where id = :id""",
        nothing=tools.vault.seal("", "number.sealed", number_id),
        now=now,
        id=number_id,
    )


async def read(q: Queries, tools: Tools, number_ids: Iterable[int]) -> dict[int, str]:
    """The numbers themselves (E.164), by id; "" for one that was erased."""
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


async def lock(q: Queries, number_ids: Iterable[int]) -> None:
    """Nothing of these numbers is claimed before this transaction ends; ids in their order.

    An update alone locks in whatever order its plan has.
    """
    if q.engine == "postgresql":
        await q.over(
            """with rows(id bigint)
               select number.id from rows join number on number.id = rows.id
               order by number.id for no key update of number""",
            [(number_id,) for number_id in sorted(number_ids)],
        )


async def bump(q: Queries, number_ids: Iterable[int]) -> None:
    """A consent of these numbers changed: what was composed under the old revision may not go."""
    number_ids = set(number_ids)
    await lock(q, number_ids)
    await q.over(
        """with rows(id bigint)
           update number set consent_rev = consent_rev + 1 from rows where number.id = rows.id""",
        [(number_id,) for number_id in sorted(number_ids)],
    )


async def take(q: Queries, number_id: int) -> NumberState:
    """The state of a number that nobody else changes before this transaction ends."""
    row = await q.one(
        f"select state from number where id = :id {q.only(postgresql='for no key update')}",
        id=number_id,
    )
    assert row is not None
    return NumberState(row["state"])


async def stop(q: Queries, number_id: int, *, now: int) -> bool:
    """Close the number for every school; False if it was closed already.

    A stranger's number stays one: a СТАРТ from it must not bring it back.
    """
    changed = await q.run(
        """update number set state = 'stopped', stopped_at = :now, consent_rev = consent_rev + 1
           where id = :id and state not in ('stopped', 'wrong-number')""",
        id=number_id,
        now=now,
    )
    return changed == 1


async def disown(q: Queries, number_id: int, *, now: int) -> bool:
    """The number is somebody else's; False if that was known. Only a person changes it again."""
    changed = await q.run(
        """update number set state = 'wrong-number', stopped_at = :now,
                             consent_rev = consent_rev + 1
           where id = :id and state <> 'wrong-number'""",
        id=number_id,
        now=now,
    )
    return changed == 1


async def reopen(q: Queries, number_id: int) -> bool:
    """Its owner writes СТАРТ; False if it was open, or is a stranger's and stays closed."""
    changed = await q.run(
        """update number set state = 'open', stopped_at = null, failing_since = null,
                             consent_rev = consent_rev + 1
           where id = :id and state not in ('open', 'wrong-number')""",
        id=number_id,
    )
    return changed == 1


async def block(q: Queries, number_id: int, *, now: int) -> bool:
    """Its operator lets no mass messages through; False if that was known, or a stop is stronger.

    `failing_since` says since when, until something shows that the phone lives.
    """
    changed = await q.run(
        """update number set state = 'blocked-by-operator', consent_rev = consent_rev + 1,
                             failing_since = coalesce(failing_since, :now)
           where id = :id and state in ('open', 'suspended')""",
        id=number_id,
        now=now,
    )
    return changed == 1


async def suspend(q: Queries, number_ids: Iterable[int]) -> list[int]:
    """Nothing arrives there: those of the numbers that were open, and fail to this moment."""
    rows = [(number_id,) for number_id in sorted(set(number_ids))]
    await lock(q, (number_id for (number_id,) in rows))
    suspended = await q.over(
        """with rows(id bigint)
           update number set state = 'suspended', consent_rev = consent_rev + 1 from rows
           where number.id = rows.id and number.state = 'open' and number.failing_since is not null
           returning number.id""",
        rows,
    )
    return sorted(row["id"] for row in suspended)


async def failed(q: Queries, number_ids: Iterable[int], *, now: int) -> None:
    """Something did not arrive at these numbers: they fail since then, or since earlier."""
    rows = [(number_id,) for number_id in sorted(set(number_ids))]
    await lock(q, (number_id for (number_id,) in rows))
    await q.over(
        """with rows(id bigint)
           update number set failing_since = :now from rows
           where number.id = rows.id and number.failing_since is null""",
        rows,
        now=now,
    )


async def alive(q: Queries, number_ids: Iterable[int]) -> None:
    """Something has arrived at these numbers, or come from them: they fail no more.

    Their state stays: that a phone lives does not say whose it is. Nearly always none of them
    fails, and nothing is written.
    """
    if await q.one("select 1 as one from number where failing_since is not null limit 1") is None:
        return
    failing = await q.over(
        """with rows(id bigint)
           select number.id from rows join number on number.id = rows.id
           where number.failing_since is not null""",
        [(number_id,) for number_id in sorted(set(number_ids))],
    )
    rows = sorted((row["id"],) for row in failing)
    await lock(q, (number_id for (number_id,) in rows))
    await q.over(
        """with rows(id bigint)
           update number set failing_since = null from rows where number.id = rows.id""",
        rows,
    )


async def next_references(q: Queries, counts: Mapping[int, int]) -> dict[int, int]:
    """Reserve UDH references for long messages to these numbers (number id -> how many).

    The first of each run; references count 1..255 per phone (3GPP TS 23.040 §9.2.3.24.1), so
    that two long messages to one phone are never mixed up.
    """
    await lock(q, counts)
    rows = await q.over(
        """with rows(id bigint, steps bigint)
           update number set udh_ref = (udh_ref + steps) % 255 from rows
           where number.id = rows.id returning number.id, number.udh_ref""",
        sorted(counts.items()),
    )
    return {row["id"]: (row["udh_ref"] - counts[row["id"]]) % 255 + 1 for row in rows}
