"""Slips of paper for the parent's page: a login word, and a password that is changed at first use.

Passwords are hashed by whoever calls (argon2id takes a while, and no transaction waits for it).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence

from sms_diary.clock import DAY, MINUTE
from sms_diary.db import Queries, Row
from sms_diary.store.parent import limits, sessions
from sms_diary.store.parent.limits import Limit
from sms_diary.store.tools import Tools
from sms_diary.values import value

HOLDS = 30 * DAY
"""A printed password that nobody has used by then opens nothing."""
_SPAN = 15 * MINUTE
_WORDS = (
    "астра", "береза", "весна", "гора", "дуб", "ель", "жук", "заря", "ива", "июль", "кедр", "клен",
    "лето", "лес", "липа", "луна", "мак", "май", "море", "небо", "ночь", "облако", "озеро", "осень",
    "парус", "песня", "поле", "роза", "роса", "роща", "река", "сад", "свет", "снег", "сокол",
    "сосна", "тополь", "трава", "утро", "чайка", "ясень",
)  # fmt: skip
_DIGITS_OF_LOGIN, _GROUPS = 4, 3
_APART, _PRINTED = re.compile(r"[\s\u2010-\u2015\u2212-]+"), re.compile(r"([0-9]{4})" * 3)


@value
class Slip:
    """`guardian_id` 0: of the pupil alone. `ends_at`: of the printed password."""

    id: int
    school_id: int
    pupil_id: int
    guardian_id: int
    login: str
    made_by: str
    created_at: int
    ends_at: int
    changed_at: int | None
    """Since when the password is the family's own."""
    revoked_at: int | None

    def stands(self, now: int) -> bool:
        """Whether its password opens anything."""
        return self.changed_at is not None or now < self.ends_at


@value
class Holder:
    """Whom a slip is printed for."""

    pupil_id: int
    pupil: str
    guardian_id: int
    guardian: str
    """"" where no name is known."""


def new_login() -> str:
    """«сосна4821»: a word is easier to copy from paper than digits alone."""
    digits = secrets.randbelow(10**_DIGITS_OF_LOGIN)
    return f"{secrets.choice(_WORDS)}{digits:0{_DIGITS_OF_LOGIN}}"


def new_password() -> str:
    """«4821-7730-1946»: digits are the same on every keyboard, whatever language it is in."""
    return "-".join(f"{secrets.randbelow(10_000):04}" for _ in range(_GROUPS))


def read_login(typed: str) -> str:
    """A login as it is kept, however it was typed from paper."""
    return "".join(typed.casefold().split()).replace("ё", "е")


def read_password(typed: str) -> str:
    """A password as it is kept; a printed one may be typed without dashes, or with others."""
    groups = _PRINTED.fullmatch(_APART.sub("", typed))
    return "-".join(groups.groups()) if groups else typed.strip()


async def holders(q: Queries, school_id: int, class_id: int, day: str) -> list[Holder]:
    """Everybody in the class on that day (ISO date), by name; once for each guardian, or once."""
    rows = await q.all(
        """select distinct p.id, p.full_name, p.name_key, coalesce(g.id, 0) as guardian_id,
                  g.full_name as guardian
           from membership m join pupil p on p.id = m.pupil_id
           left join subscription s on s.pupil_id = p.id and s.school_id = :school_id
           left join guardian g on g.id = s.guardian_id
           where m.class_id = :class_id and m.school_id = :school_id and m.from_day <= :day
             and (m.to_day is null or m.to_day >= :day) and p.full_name is not null
           order by p.name_key, p.id, guardian_id""",
        class_id=class_id,
        school_id=school_id,
        day=day,
    )
    return [
        Holder(row["id"], row["full_name"], row["guardian_id"], row["guardian"] or "")
        for row in rows
    ]


async def in_use(q: Queries, school_id: int, pupil_ids: Iterable[int]) -> set[tuple[int, int]]:
    """(pupil, guardian) of those whose slip's password is the family's own by now."""
    rows = await q.over(
        """with rows(id bigint)
           select slip.pupil_id, slip.guardian_id
           from rows join parent_slip slip on slip.pupil_id = rows.id
           where slip.school_id = :school_id and slip.revoked_at is null
             and slip.changed_at is not null""",
        sorted({(one,) for one in pupil_ids}),
        school_id=school_id,
    )
    return {(row["pupil_id"], row["guardian_id"]) for row in rows}


async def to_print(q: Queries, school_id: int, own: Sequence[Holder]) -> list[Holder]:
    """Those of a class to whom its slips are printed: not who has a password of their own."""
    used = await in_use(q, school_id, {one.pupil_id for one in own})
    return [one for one in own if (one.pupil_id, one.guardian_id) not in used]


async def make_all(
    q: Queries, tools: Tools, school_id: int, made: Iterable[tuple[Holder, str]], *, by: str,
    now: int,
) -> list[str]:  # fmt: skip
    """`make` for each holder with the hash of a password; the logins in order."""
    return [await make(q, tools, school_id, holder, kept, by=by, now=now) for holder, kept in made]


async def make(
    q: Queries, tools: Tools, school_id: int, holder: Holder, password: str, *, by: str, now: int
) -> str:
    """A new slip with this password's hash; its login. An earlier one for the same opens nothing
    any more."""
    for row in await q.all(
        """select id from parent_slip where school_id = :school_id and pupil_id = :pupil_id
           and guardian_id = :guardian_id and revoked_at is null""",
        school_id=school_id, pupil_id=holder.pupil_id, guardian_id=holder.guardian_id,
    ):  # fmt: skip
        await _revoke(q, row["id"], now=now)
    while True:
        login = new_login()
        added = await q.run(
            """insert into parent_slip (id, school_id, pupil_id, guardian_id, login, password,
                                        made_by, created_at, ends_at)
               values (:id, :school_id, :pupil_id, :guardian_id, :login, :password, :by, :now,
                       :ends)
               on conflict (login) do nothing""",
            id=tools.ids.new(), school_id=school_id, pupil_id=holder.pupil_id,
            guardian_id=holder.guardian_id, login=login, password=password, by=by, now=now,
            ends=now + HOLDS,
        )  # fmt: skip
        if added:
            return login


async def of_pupils(
    q: Queries, school_id: int, pupil_ids: Iterable[int], *, revoked: bool = False
) -> list[Slip]:
    """The slips of these pupils in the order in which they were made; with the `revoked` ones, as
    long as they are kept."""
    rows = await q.over(
        f"""with rows(id bigint)
           select slip.* from rows join parent_slip slip on slip.pupil_id = rows.id
           where slip.school_id = :school_id {"" if revoked else "and slip.revoked_at is null"}
           order by slip.id""",
        sorted({(one,) for one in pupil_ids}),
        school_id=school_id,
    )
    return [_slip(row) for row in rows]


async def revoke(q: Queries, school_id: int, login: str, *, now: int) -> bool:
    """It opens nothing any more, and its sessions end; False: the school has no such login."""
    row = await q.one(
        """select id from parent_slip
           where school_id = :school_id and login = :login and revoked_at is null""",
        school_id=school_id,
        login=read_login(login),
    )
    if row is not None:
        await _revoke(q, row["id"], now=now)
    return row is not None


async def _revoke(q: Queries, slip_id: int, *, now: int) -> None:
    await q.run("update parent_slip set revoked_at = :now where id = :id", now=now, id=slip_id)
    await sessions.end_of_slip(q, slip_id, now=now)


# ---------------------------------------------------------------- coming in


async def attempt(
    q: Queries, tools: Tools, login: str, address: str, *, now: int
) -> list[int] | None:
    """Count a try; None if there were too many: the password must not be looked at."""
    counted = (
        Limit(f"parent slip {login} at {address}", 5, _SPAN),
        Limit(f"parent slip {login}", 30, _SPAN),
        Limit(f"parent slips at {address}", 100, _SPAN),
    )
    return await limits.take(q, tools, counted, now=now)


async def by_login(q: Queries, login: str) -> tuple[Slip, str] | None:
    """The slip of this login (as `read_login` reads it) and its password's hash."""
    row = await q.one(
        "select * from parent_slip where login = :login and revoked_at is null", login=login
    )
    return (_slip(row), row["password"]) if row else None


async def one(q: Queries, slip_id: int) -> Slip | None:
    """None: it was revoked, or there is none."""
    row = await q.one("select * from parent_slip where id = :id and revoked_at is null", id=slip_id)
    return _slip(row) if row else None


async def still(q: Queries, slip_id: int, password: str) -> bool:
    """Whether the slip's password is the one with this hash, until this transaction ends: it may
    have been changed or the slip revoked while the typed one was compared."""
    row = await q.one(
        f"""select id from parent_slip where id = :id and password = :password
            and revoked_at is null {q.only(postgresql="for update")}""",
        id=slip_id,
        password=password,
    )
    return row is not None


async def set_password(
    q: Queries, slip_id: int, password: str, *, session_id: int = 0, now: int
) -> bool:
    """Keep the hash of the family's own; False where it has one already, or the slip is revoked.

    Only the session that chose it goes on: another may be of whoever has read the printed one.
    """
    changed = await q.run(
        """update parent_slip set password = :password, changed_at = :now
           where id = :id and changed_at is null and revoked_at is null""",
        password=password,
        now=now,
        id=slip_id,
    )
    if changed:
        await sessions.end_of_slip(q, slip_id, but=session_id, now=now)
    return changed == 1


# ---------------------------------------------------------------- when people change


async def follow(q: Queries, guardian_id: int, to: int) -> None:
    """The children of a guardian are another's by now (`moving`): so are the slips."""
    await q.run(
        "update parent_slip set guardian_id = :to where guardian_id = :id", to=to, id=guardian_id
    )


async def forget_guardian(q: Queries, school_id: int, guardian_id: int) -> None:
    """Nothing of a guardian's is to be kept."""
    await _forget(q, "guardian_id", school_id, guardian_id)


async def forget_pupil(q: Queries, school_id: int, pupil_id: int) -> None:
    await _forget(q, "pupil_id", school_id, pupil_id)


async def _forget(q: Queries, column: str, school_id: int, of: int) -> None:
    for table, key in (("parent_session", "slip_id"), ("parent_slip", "id")):
        await q.run(
            f"""delete from {table} where {key} in (
                    select id from parent_slip where school_id = :school_id and {column} = :id)""",
            school_id=school_id,
            id=of,
        )


async def sweep(q: Queries, *, now: int) -> None:
    """Slips that opened nothing for as long as a printed password holds go."""
    await q.run(
        """delete from parent_slip where revoked_at < :past
           or (changed_at is null and ends_at < :past)""",
        past=now - HOLDS,
    )


def _slip(row: Row) -> Slip:
    return Slip(
        row["id"], row["school_id"], row["pupil_id"], row["guardian_id"], row["login"],
        row["made_by"], row["created_at"], row["ends_at"], row["changed_at"],
        row["revoked_at"],
    )  # fmt: skip
