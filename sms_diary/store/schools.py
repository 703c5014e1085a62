"""Schools, their credentials and the staff who get SMS in test mode."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from sms_diary.db import Queries, Row
from sms_diary.encoding import Scheme
from sms_diary.model import SchoolMode, Topic
from sms_diary.plan import Naming
from sms_diary.schedule.hours import Hours
from sms_diary.schedule.rhythm import Calendar, Rhythm, chosen
from sms_diary.store import tokens
from sms_diary.store.tools import Tools


@dataclass(frozen=True, slots=True)
class School:
    id: int
    slug: str
    name: str
    short_name: str
    zone: ZoneInfo
    mode: SchoolMode
    settle: int
    """Milliseconds in which a slip can be corrected before it is told."""
    budget: int
    latin: bool
    scheme: Scheme
    """By which it is transliterated."""
    naming: Naming
    """How its pupils are called in SMS."""
    sender: str
    route: str
    phone: str
    """As people write it; "" where the school gave none."""
    legal: str
    """Full name and address, for consent forms."""
    proof: str
    """The papers it asks for: `sms`, or `sms+pd`."""
    paused: bool
    retention: int
    """Milliseconds for which texts and raw bytes are kept."""
    rev: int
    """Bumped by whatever changes the school's roll or diary."""
    calendar: Calendar
    """Its hours, days off, holidays and slots for digests."""
    rhythms: Mapping[Topic, Rhythm]
    """When each topic is told where a guardian has not chosen."""
    told_from: date | None
    """The first day it tells of; None until something came."""
    cap: int
    """Messages a number and day, urgent ones apart."""
    budget_month: int
    """SMS a month, beyond which only urgent ones go; 0: no end."""
    fill_alarm: bool
    """Whether its staff gets an SMS when a journal is silent."""

    @property
    def asks_for_personal_data(self) -> bool:
        """Whether nothing is told without the consent to personal data too (152-ФЗ ст. 9)."""
        return self.proof == "sms+pd"


def _columns(q: Queries) -> str:
    """Every column, and the holidays as «2026-10-26 2026-11-03;…»: one query for all of it."""
    days = "from_day || ' ' || to_day"
    joined = q.only(sqlite=f"group_concat({days}, ';')", postgresql=f"string_agg({days}, ';')")
    return f"""school.*,
        (select {joined} from holiday where holiday.school_id = school.id) as holidays"""


def _calendar(row: Row) -> Calendar:
    return _hours(
        row["zone"], row["settle"], row["digest_at"], row["digest_day"], row["day_from"],
        row["day_to"], row["urgent_from"], row["urgent_to"], row["off_days"], row["holidays"] or "",
    )  # fmt: skip


@lru_cache(maxsize=4096)  # read in every step, and nearly always the same
def _hours(  # noqa: PLR0917  # the columns of a school that say when
    zone: str, settle: int, digest_at: int, digest_day: int, day_from: int, day_to: int,
    urgent_from: int, urgent_to: int, off_days: str, holidays: str,
) -> Calendar:  # fmt: skip
    tz = ZoneInfo(zone)
    spans = sorted(
        tuple(map(date.fromisoformat, one.split())) for one in holidays.split(";") if one
    )
    off = frozenset(int(char) for char in off_days if char in "1234567")
    return Calendar(
        plain=Hours(tz, day_from, day_to, off, tuple((first, last) for first, last in spans)),
        urgent=Hours(tz, urgent_from, urgent_to),
        settle=settle,
        digest_at=digest_at,
        digest_day=digest_day,
    )


def _school(row: Row) -> School:
    return School(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        short_name=row["short_name"],
        zone=ZoneInfo(row["zone"]),
        mode=SchoolMode(row["mode"]),
        settle=row["settle"],
        budget=row["budget"],
        latin=bool(row["latin"]),
        scheme=Scheme(row["scheme"]),
        naming=Naming(row["naming"]),
        sender=row["sender"],
        route=row["route"],
        phone=row["phone"],
        legal=row["legal"],
        proof=row["proof"],
        paused=row["paused_at"] is not None,
        retention=row["retention"],
        rev=row["rev"],
        calendar=_calendar(row),
        rhythms=chosen(row["rhythms"]),
        told_from=date.fromisoformat(row["told_from"]) if row["told_from"] else None,
        cap=row["cap"],
        budget_month=row["budget_month"],
        fill_alarm=bool(row["fill_alarm"]),
    )


async def add(
    q: Queries, tools: Tools, *, slug: str, name: str, short_name: str, zone: str, settle: int,
    budget: int, now: int,
) -> School:  # fmt: skip
    """A new school, in mode `test`."""
    school_id = tools.ids.new()
    await q.run(
        """insert into school (id, slug, name, short_name, zone, mode, settle, budget, created_at)
           values (:id, :slug, :name, :short_name, :zone, 'test', :settle, :budget, :now)""",
        id=school_id,
        slug=slug,
        name=name,
        short_name=short_name,
        zone=zone,
        settle=settle,
        budget=budget,
        now=now,
    )
    school = await by_slug(q, slug)
    assert school is not None
    return school


async def by_slug(q: Queries, slug: str) -> School | None:
    row = await q.one(f"select {_columns(q)} from school where slug = :slug", slug=slug)
    return _school(row) if row else None


async def by_ids(q: Queries, ids: Iterable[int], *, lock: bool = False) -> dict[int, School]:
    """The schools, by id; with `lock`, nobody else may lock them until the transaction ends."""
    hint = q.only(postgresql="for update of school") if lock else ""
    rows = await q.over(
        f"""with rows(id bigint)
            select {_columns(q)} from rows join school on school.id = rows.id
            order by school.id {hint}""",
        [(school_id,) for school_id in sorted(set(ids))],
    )
    return {row["id"]: _school(row) for row in rows}


async def every(q: Queries) -> list[School]:
    rows = await q.all(f"select {_columns(q)} from school order by slug")
    return [_school(row) for row in rows]


async def set_mode(q: Queries, school_id: int, mode: SchoolMode) -> None:
    await q.run("update school set mode = :mode where id = :id", mode=mode, id=school_id)


async def set_settle(q: Queries, school_id: int, settle: int) -> None:
    await q.run("update school set settle = :settle where id = :id", settle=settle, id=school_id)


async def tell_from(q: Queries, days: Mapping[int, tuple[str, bool]]) -> None:
    """The first day that each school tells of, as (ISO date, whether a person says so).

    What a person says may begin earlier than what was; what merely came counts only as the first.
    """
    await q.over(
        """with rows(id bigint, day text, said bigint)
           update school set told_from = rows.day from rows
           where school.id = rows.id
             and (school.told_from = '' or rows.said = 1 and rows.day < school.told_from)""",
        sorted((school_id, day, int(said)) for school_id, (day, said) in days.items()),
    )


async def bump(q: Queries, school_ids: Iterable[int]) -> None:
    """The roll or the diary of these schools is about to change: what was read of them is old."""
    await q.over(
        """with rows(id bigint)
           update school set rev = rev + 1 from rows where school.id = rows.id""",
        [(school_id,) for school_id in sorted(set(school_ids))],
    )


# ---------------------------------------------------------------- credentials


def made_secret() -> str:
    """A fresh webhook secret, to be shown once."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


async def add_credentials(q: Queries, tools: Tools, school_id: int, *, now: int) -> tuple[str, str]:
    """A fresh webhook secret and a fresh token, to be shown once."""
    secret, token = made_secret(), tokens.made()
    await add_webhook_secret(q, tools, school_id, secret, name="", now=now)
    await tokens.add(q, tools, school_id, token, name="", now=now)
    return secret, token


async def revoke_credentials(q: Queries, school_id: int, *, now: int) -> int:
    """End every live secret and token of a school; how many there were."""
    return await q.run(
        """update credential set revoked_at = :now
           where school_id = :school_id and revoked_at is null""",
        now=now,
        school_id=school_id,
    )


async def add_webhook_secret(
    q: Queries, tools: Tools, school_id: int, secret: str, *, name: str, now: int
) -> int:
    """Keep a Standard Webhooks secret (`whsec_…`); several may live at once."""
    credential_id = tools.ids.new()
    sealed = tools.vault.seal(secret, "credential.secret", credential_id)
    await q.run(
        """insert into credential (id, school_id, kind, name, secret, created_at)
           values (:id, :school_id, 'webhook', :name, :secret, :now)""",
        id=credential_id,
        school_id=school_id,
        name=name,
        secret=sealed,
        now=now,
    )
    return credential_id


async def webhook_secrets(q: Queries, tools: Tools, school_id: int) -> dict[int, str]:
    """The live secrets of a school by their ids, newest first."""
    rows = await q.all(
        """select id, secret from credential
           where school_id = :school_id and kind = 'webhook' and revoked_at is null
           order by id desc""",
        school_id=school_id,
    )
    return {
        row["id"]: tools.vault.text(row["secret"], "credential.secret", row["id"]) for row in rows
    }


# ---------------------------------------------------------------- staff


async def add_staff(q: Queries, school_id: int, number_id: int) -> None:
    await q.run(
        """insert into staff (school_id, number_id) values (:school_id, :number_id)
           on conflict (school_id, number_id) do nothing""",
        school_id=school_id,
        number_id=number_id,
    )


async def remove_staff(q: Queries, school_id: int, number_id: int) -> bool:
    """Take a number from the list; False if it was not on it."""
    gone = await q.run(
        "delete from staff where school_id = :school_id and number_id = :number_id",
        school_id=school_id,
        number_id=number_id,
    )
    return gone == 1


async def staff(q: Queries, school_ids: Iterable[int]) -> set[tuple[int, int]]:
    """Pairs (school, number) that get SMS even in test mode."""
    rows = await q.over(
        """with rows(id bigint)
           select staff.school_id, staff.number_id
           from rows join staff on staff.school_id = rows.id""",
        [(school_id,) for school_id in sorted(set(school_ids))],
    )
    return {(row["school_id"], row["number_id"]) for row in rows}
