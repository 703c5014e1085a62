"""What a service's database says of every part, to be set against the SMSC's book.

Read by plain SQL; what is sealed is opened with the service's own key.
"""
# ruff: noqa: S608  # names of our own story's schools

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scripts.harness.story import ANNOUNCEMENT
from scripts.harness.tables import Tables
from sms_diary.config import Settings
from sms_diary.vault import Vault

States = dict[str, tuple[str, str]]
"""Number in E.164 -> states of its part and of its message; each has only one."""


@dataclass(frozen=True, slots=True)
class Part:
    """A row of `part` with what is sealed opened. `repeats`: decisions to send it once more."""

    message: int
    number: str
    number_state: str
    seq: int
    total: int
    state: str
    text: str
    """Of its whole message."""
    message_state: str
    ground: str
    repeats: int


@dataclass(frozen=True, slots=True)
class Line:
    number: str
    topic: str
    version: int
    value: str
    state: str
    reason: str
    message: int | None


def _vault(values: Settings) -> Vault:
    return Vault(bytes.fromhex(values.key_file.read_text()))


async def states_by_number(values: Settings, view: Tables) -> States:
    """All of them."""
    vault = _vault(values)
    rows = await view.rows(
        "select n.id, n.sealed, p.state, m.state from part p join number n on n.id = p.number_id"
        " join message m on m.id = p.message_id"
    )
    return {
        vault.text(bytes(sealed), "number.sealed", number_id): (part, message)
        for number_id, sealed, part, message in rows
    }


async def parts_by_state(view: Tables) -> dict[str, int]:
    """How many parts there are in each state."""
    return dict(await view.rows("select state, count(*) from part group by state"))


def _schools(slugs: Iterable[str]) -> str:
    names = ", ".join(f"'{slug}'" for slug in sorted(set(slugs)))
    return f"(select id from school where slug in ({names}))"


def _numbers(slugs: Iterable[str]) -> str:
    return f"(select number_id from guardian where school_id in {_schools(slugs)})"


async def states_of(view: Tables, slugs: Iterable[str]) -> dict[str, int]:
    """The same as `parts_by_state` for the guardians of some schools."""
    return dict(
        await view.rows(
            f"select state, count(*) from part where number_id in {_numbers(slugs)} group by state"
        )
    )


async def undone(view: Tables, slugs: Iterable[str]) -> int:
    """How much the service still has to do for these schools, but for waiting."""
    schools, numbers = _schools(slugs), _numbers(slugs)
    return await view.count(
        f"""select (select count(*) from entry where fan is not null and school_id in {schools})
            + (select count(*) from inbound where state = 'new')
            + (select count(*) from part p join number n on n.id = p.number_id
               where p.state in ('queued', 'retry', 'sending') and p.number_id in {numbers}
                 and (n.state = 'open' or p.ground <> 'consent'))
            + (select count(*) from line l join guardian g on g.id = l.guardian_id
               join number n on n.id = g.number_id
               where l.state = 'planned' and l.school_id in {schools} and n.state = 'open'
                 and not exists (select 1 from line earlier where earlier.entry_id = l.entry_id
                   and earlier.guardian_id = l.guardian_id and earlier.state = 'taken'))"""
    )


async def opened(
    values: Settings, view: Tables, slugs: Iterable[str]
) -> tuple[list[Part], list[Line]]:
    """The parts of these schools' guardians, and the schools' lines."""
    vault, slugs = _vault(values), list(slugs)
    people = await view.rows(f"select id, sealed, state from number where id in {_numbers(slugs)}")
    numbers = {i: (vault.text(bytes(s), "number.sealed", i), state) for i, s, state in people}
    parts = await view.rows(
        f"""select p.message_id, p.number_id, p.seq, p.total, p.state, m.text, m.state, m.ground,
                   (select count(*) from decision d
                    where d.part_id = p.id and d.decision = 'repeat')
            from part p join message m on m.id = p.message_id
            where p.number_id in {_numbers(slugs)}"""
    )
    lines = await view.rows(
        f"""select g.number_id, e.kind, e.subject, l.version, l.value, l.state, l.reason,
                   l.message_id
            from line l join entry e on e.id = l.entry_id join guardian g on g.id = l.guardian_id
            where l.school_id in {_schools(slugs)}"""
    )
    return (
        [
            Part(
                message, *numbers[number], max(seq, 1), total, state,  # 0: whole, cut elsewhere
                vault.text(bytes(text), "message.text", message), message_state, ground, repeats,
            )
            for message, number, seq, total, state, text, message_state, ground, repeats in parts
        ],
        [
            Line(
                numbers[number][0], ANNOUNCEMENT if kind == "announcement" else subject, version,
                value, state, reason, message,
            )
            for number, kind, subject, version, value, state, reason, message in lines
        ],
    )  # fmt: skip
