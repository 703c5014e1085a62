"""An open database with its key and a node number: what all commands start from."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from sms_diary.clock import SECOND
from sms_diary.config import Settings
from sms_diary.db import Database, open_database
from sms_diary.ids import Ids
from sms_diary.store import keys, leases
from sms_diary.store.tools import Tools

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Base:
    """An open database with its key: what every command starts from."""

    database: Database
    tools: Tools
    holder: str
    key_made: bool


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Base]:
    """Open database and key, take a node number; everything is given back at the end."""
    database, _ = await open_database(settings.database, wait=settings.database_wait)
    try:
        async with database.reading() as q:
            sealed = await keys.is_sealed(q)
        vault, made = keys.load(settings.key_file, may_make=not sealed)
        holder = uuid.uuid4().hex
        async with database.transaction() as q:
            await keys.check(q, vault)
            node = await leases.take_node(q, holder, int(settings.lease_seconds * SECOND))
        yield Base(database, Tools(Ids(node), vault), holder, made)
        await _give_back(database, holder)
    finally:
        await database.close()


async def _give_back(database: Database, holder: str) -> None:
    try:
        async with database.transaction() as q:
            await leases.release(q, holder)
    except Exception as error:  # they run out by themselves
        log.warning("leases are not released", error=type(error).__name__)
