"""The rest of the district, so that every page has something true to show: two more schools with
files of their own, and the people who sign in to the pages.

What it is made of stands in `data/district.json`; everything goes the way that schools go.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from sms_diary.app import Service
from sms_diary.clock import ShiftedClock
from sms_diary.demo.journal import Journal
from sms_diary.demo.stage import Stage, open_school
from sms_diary.demo.week import THU, TUE, Week, district
from sms_diary.ingest.imports import applying
from sms_diary.ingest.imports.planning import Importer
from sms_diary.ingest.imports.request import Options
from sms_diary.store import holidays, numbers, people, schools, templates
from sms_diary.store.desk import audit, sessions, users
from sms_diary.store.desk.audit import Note
from sms_diary.store.desk.users import EVERY_SCHOOL, Role
from sms_diary.store.holidays import Holiday
from sms_diary.store.schools import School

BY = "Сергей Ильич"


class District:
    """Makes it, around the school of the story."""

    def __init__(self, stage: Stage, week: Week) -> None:
        self._stage = stage
        self._service = stage.service
        self._clock = stage.clock
        self._week = week
        self._tools = stage.service.base.tools
        self._said = district()
        self._journals: dict[str, Journal] = {}

    async def neighbours(self) -> None:
        """Two more schools: a lyceum that tells its parents, a village school that still tries."""
        for name in ("lyceum", "village"):
            said = self._said[name]
            school, secret, token = await open_school(
                self._service, self._clock, slug=said["slug"], name=said["name"],
                short_name=said["short"], live=said["live"],
            )  # fmt: skip
            self._journals[name] = Journal(
                self._stage.http, self._service.address, school.slug, secret, token
            )
            await self._list(school, said)
            await self._journals[name].post("marks", self._marks(said))

    async def flood(self) -> int:
        """A teacher fills a fortnight at once; how many marks came."""
        said = self._said["lyceum"]
        events = [
            self._mark(said["class"], {"name": one["name"], "subject": subject, "mark": "4"}, day)
            for one in said["marks"][:5]
            for subject in said["flood"]
            for day in range(TUE, THU + 1)
        ]
        await self._journals["lyceum"].post("flood", events)
        return len(events)

    def says(self, what: str) -> tuple[str, str]:
        """A phone of the lyceum's and what its owner writes: `wrong`, `asks`."""
        said = self._said["lyceum"][what]
        return said["phone"], said["text"]

    async def people(self) -> None:
        """Users of every role, and what an admin of the first school has set."""
        now = self._clock.now()
        async with self._service.base.database.transaction() as q:
            known = {one.slug: one for one in await schools.every(q)}
            rooms = await people.classes(q, self._stage.school.id, self._week.school_year)
            for one in self._said["people"]:
                own = known[one["school"]].id if one["school"] else EVERY_SCHOOL
                role = Role(one["role"])
                rooms_of = [room.id for room in rooms] if role is Role.CLASS_TEACHER else []
                user_id = await users.add(
                    q, self._tools, school_id=own, login=one["login"], name=one["name"],
                    role=role, classes=rooms_of, now=now,
                )  # fmt: skip
                assert user_id is not None
                note = Note("invited", "user", user_id)
                await audit.write(q, self._tools, own, 0, [note], now=now)
            staff = self._said["staff"]
            number = (await numbers.ensure(q, self._tools, [staff], now=now))[staff]
            for one in known.values():
                await schools.add_staff(q, one.id, number.id)
                await holidays.put(q, one.id, self._holiday(), now=now)
            text = self._said["own_text"]
            await templates.save(
                q, self._stage.school.id, text["name"], text["source"], by=BY, now=now
            )

    def _holiday(self) -> Holiday:
        said = self._said["holidays"]
        return Holiday(self._week.day(said["first"]), self._week.day(said["last"]), said["name"])

    async def _list(self, school: School, said: dict[str, Any]) -> None:
        """The class list through the importer, as the page does it."""
        importer = Importer(
            self._service.base.database, self._tools, self._clock, self._service.acceptor
        )
        with tempfile.TemporaryDirectory(prefix="sms-diary-demo-") as folder:
            path = Path(folder) / said["list"]
            path.write_bytes(self._week.moved_list(said["list"]))
            options = Options(source=self._week.form(said["consent_source"]))
            planned = await importer.plan(school, [(path, said["list"])], options, by=BY)
        await applying.apply(importer, school, planned.import_id, only_good=True, by=BY)

    def _marks(self, said: dict[str, Any]) -> list[dict[str, Any]]:
        return [self._mark(said["class"], one, TUE) for one in said["marks"]]

    def _mark(self, room: str, one: dict[str, Any], day: int) -> dict[str, Any]:
        moment = self._week.iso(day)
        return {
            "kind": "mark.set", "at": moment, "date": moment[:10], "mark": one["mark"],
            "pupil": {"class": room, "name": one["name"]}, "subject": one["subject"],
        }  # fmt: skip


async def invited(service: Service, clock: ShiftedClock) -> str:
    """The one-time link of the district's admin, who is made now if there is none."""
    login, tools, now = "admin", service.base.tools, clock.now()
    async with service.base.database.transaction() as q:
        known = await users.by_login(q, login)
        user_id = known[0].id if known else await users.add(
            q, tools, school_id=EVERY_SCHOOL, login=login, name="Администратор района",
            role=Role.DISTRICT_ADMIN, now=now,
        )  # fmt: skip
        assert user_id is not None
        secret = await sessions.invite(q, tools, user_id, now=now)
    return f"{service.address}/desk/-/link/{secret}"
