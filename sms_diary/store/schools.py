"""Schools, their credentials and the staff who get SMS in test mode."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sms_diary.db import Queries, Row
from sms_diary.model import SchoolMode
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
        sender=row["sender"],
        route=row["route"],
        phone=row["phone"],
        legal=row["legal"],
        proof=row["proof"],
        paused=row["paused_at"] is not None,
        retention=row["retention"],
        rev=row["rev"],
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
    row = await q.one("select * from school where slug = :slug", slug=slug)
    return _school(row) if row else None


async def by_ids(q: Queries, ids: Iterable[int], *, lock: bool = False) -> dict[int, School]:
    """The schools, by id; with `lock`, nobody else may lock them until the transaction ends."""
    hint = q.only(postgresql="for update of school") if lock else ""
    rows = await q.over(
        f"""with rows(id bigint)
            select school.* from rows join school on school.id = rows.id
            order by school.id {hint}""",
        [(school_id,) for school_id in sorted(set(ids))],
    )
    return {row["id"]: _school(row) for row in rows}


async def every(q: Queries) -> list[School]:
    return [_school(row) for row in await q.all("select * from school order by slug")]


async def set_mode(q: Queries, school_id: int, mode: SchoolMode) -> None:
    await q.run("update school set mode = :mode where id = :id", mode=mode, id=school_id)


async def set_settle(q: Queries, school_id: int, settle: int) -> None:
    await q.run("update school set settle = :settle where id = :id", settle=settle, id=school_id)


async def bump(q: Queries, school_ids: Iterable[int]) -> None:
    """The roll or the diary of these schools is about to change: what was read of them is old."""
    await q.over(
        """with rows(id bigint)
           update school set rev = rev + 1 from rows where school.id = rows.id""",
        [(school_id,) for school_id in sorted(set(school_ids))],
    )


# ---------------------------------------------------------------- credentials


async def add_credentials(q: Queries, tools: Tools, school_id: int, *, now: int) -> tuple[str, str]:
    """A fresh webhook secret and a fresh token, to be shown once."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    token = "sd_" + secrets.token_urlsafe(32)
    await add_webhook_secret(q, tools, school_id, secret, name="", now=now)
    await add_token(q, tools, school_id, token, name="", now=now)
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
    await _add(q, credential_id, school_id, "webhook", name, None, sealed, now)
    return credential_id


async def add_token(
    q: Queries, tools: Tools, school_id: int, token: str, *, name: str, now: int
) -> int:
    """Keep a bearer token as its hash only."""
    credential_id = tools.ids.new()
    await _add(q, credential_id, school_id, "token", name, _hash(token), None, now)
    return credential_id


async def _add(  # noqa: PLR0917  # the columns of a row
    q: Queries, credential_id: int, school_id: int, kind: str, name: str,
    token_hash: bytes | None, secret: bytes | None, now: int,
) -> None:  # fmt: skip
    await q.run(
        """insert into credential (id, school_id, kind, name, token_hash, secret, created_at)
           values (:id, :school_id, :kind, :name, :token_hash, :secret, :now)""",
        id=credential_id,
        school_id=school_id,
        kind=kind,
        name=name,
        token_hash=token_hash,
        secret=secret,
        now=now,
    )


async def webhook_secrets(q: Queries, tools: Tools, school_id: int) -> list[str]:
    """The live secrets of a school, newest first."""
    rows = await q.all(
        """select id, secret from credential
           where school_id = :school_id and kind = 'webhook' and revoked_at is null
           order by id desc""",
        school_id=school_id,
    )
    return [tools.vault.text(row["secret"], "credential.secret", row["id"]) for row in rows]


async def school_of_token(q: Queries, token: str) -> int | None:
    """The school a live token belongs to (0: all of them); None for an unknown token."""
    row = await q.one(
        """select school_id from credential
           where token_hash = :hash and kind = 'token' and revoked_at is null""",
        hash=_hash(token),
    )
    return int(row["school_id"]) if row else None


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


# ---------------------------------------------------------------- staff


async def add_staff(q: Queries, school_id: int, number_id: int) -> None:
    await q.run(
        """insert into staff (school_id, number_id) values (:school_id, :number_id)
           on conflict (school_id, number_id) do nothing""",
        school_id=school_id,
        number_id=number_id,
    )


async def staff(q: Queries, school_ids: Iterable[int]) -> set[tuple[int, int]]:
    """Pairs (school, number) that get SMS even in test mode."""
    rows = await q.over(
        """with rows(id bigint)
           select staff.school_id, staff.number_id
           from rows join staff on staff.school_id = rows.id""",
        [(school_id,) for school_id in sorted(set(school_ids))],
    )
    return {(row["school_id"], row["number_id"]) for row in rows}
