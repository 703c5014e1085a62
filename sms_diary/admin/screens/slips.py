"""Листки родителям: logins on paper for the parent's page, class by class.

A one-time password stands on the page that answers the printing, and nowhere else: another print
makes another password. What a slip opens is the parent's page's business.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import Field

from sms_diary.admin.forms import Form
from sms_diary.admin.roles import Right
from sms_diary.admin.screen import Answer, Group, Missing, Page, Redirect, Refused, Screen, Visit
from sms_diary.admin.screens.people import finding
from sms_diary.clock import DAY
from sms_diary.db import Queries
from sms_diary.reports.paper import Slip
from sms_diary.store.parent import slips
from sms_diary.store.parent.slips import HOLDS, Holder
from sms_diary.store.parent.slips import Slip as Kept
from sms_diary.store.people import ClassRow
from sms_diary.values import value
from sms_diary.web import passwords


class Filter(Form):
    of_class: int = Field(0, alias="class")


class Wanted(Form):
    """Slips for the class, for `one` of it (pupil-guardian), or the end of the slip `revoke`."""

    of_class: int = Field(0, alias="class")
    one: Annotated[str, Field(max_length=40)] = ""
    revoke: int = 0


@value
class Row:
    holder: Holder
    key: str
    """As `Wanted.one` names them."""
    slip: Kept | None
    """The one that is not revoked."""
    said: str
    tone: str


async def show(visit: Visit) -> Page:
    asked, known = visit.query(Filter), await finding.classes(visit.q, visit)
    if not known:
        return Page("slips/list.html", {"classes": []})
    of = _one_of(known, asked.of_class or known[0].id)
    own = await _holders(visit.q, visit, of)
    every = await slips.of_pupils(
        visit.q, visit.school.id, {one.pupil_id for one in own}, revoked=True
    )
    names = {one.pupil_id: one.pupil for one in own}
    kept = {(one.pupil_id, one.guardian_id): one for one in every if one.revoked_at is None}
    return Page("slips/list.html", {
        "classes": [(one.id, one.name) for one in known], "of": of, "days": HOLDS // DAY,
        "rows": [_row(one, kept.get((one.pupil_id, one.guardian_id)), visit.now) for one in own],
        "revoked": [(one, names[one.pupil_id]) for one in every[::-1] if one.revoked_at],
    })  # fmt: skip


async def act(visit: Visit) -> Answer:
    wanted = visit.form(Wanted).read
    if wanted is None or not wanted.of_class:
        raise Refused("Выберите класс, для которого печатаете листки.")
    async with visit.desk.database.reading() as q:
        of = _one_of(await finding.classes(q, visit), wanted.of_class)
        own = await _holders(q, visit, of)
        to = [one for one in own if _key(one) == wanted.one] if wanted.one else (
            await slips.to_print(q, visit.school.id, own)
        )  # fmt: skip
    if wanted.revoke:
        return await _revoke(visit, of, own, wanted.revoke)
    if wanted.one and not to:
        raise Missing
    if not to:
        raise Refused("Печатать нечего: у всех в классе вход по листку уже в ходу.")
    return await _print(visit, of, to)


async def _print(visit: Visit, of: ClassRow, to: list[Holder]) -> Page:
    """The page of slips. The hashes are made first: no transaction waits for them."""
    printed = [slips.new_password() for _ in to]
    hashes = await asyncio.gather(*map(passwords.hashed, printed))
    async with visit.desk.database.transaction() as q:
        logins = await slips.make_all(
            q, visit.tools, visit.school.id, zip(to, hashes, strict=True), by=visit.actor,
            now=visit.now,
        )  # fmt: skip
    visit.note("printed", "slip", 0, f"листков: {len(to)}")
    return Page("slips/printed.html", {
        "of": of, "days": HOLDS // DAY, "address": f"{visit.origin}/my",
        "slips": [Slip(*one) for one in zip(to, logins, printed, strict=True)],
    }, title=f"Листки, {of.name}")  # fmt: skip


async def _revoke(visit: Visit, of: ClassRow, own: list[Holder], slip_id: int) -> Redirect:
    async with visit.desk.database.transaction() as q:
        kept = await slips.of_pupils(q, visit.school.id, {one.pupil_id for one in own})
        logins = [one.login for one in kept if one.id == slip_id]
        if not logins:
            raise Missing
        await slips.revoke(q, visit.school.id, logins[0], now=visit.now)
    visit.note("revoked", "slip", slip_id)
    return Redirect(f"slips?class={of.id}", "Вход по этому листку закрыт.")


def _one_of(known: list[ClassRow], class_id: int) -> ClassRow:
    for one in known:
        if one.id == class_id:
            return one
    raise Missing


async def _holders(q: Queries, visit: Visit, of: ClassRow) -> list[Holder]:
    return await slips.holders(q, visit.school.id, of.id, finding.today(visit))


def _key(one: Holder) -> str:
    return f"{one.pupil_id}-{one.guardian_id}"


def _row(one: Holder, slip: Kept | None, now: int) -> Row:
    if slip is None:
        said, tone = "не печатали", "off"
    elif slip.changed_at is not None:
        said, tone = "в ходу, пароль свой", "good"
    elif slip.stands(now):
        said, tone = "ждёт первого входа", "wait"
    else:
        said, tone = "просрочен", "bad"
    return Row(one, _key(one), slip, said, tone)


SCREENS = (
    Screen(
        path="slips", title="Листки родителям", right=Right.SLIPS, group=Group.PEOPLE,
        show=show, act=act, by_class=True, persons=True, own_transactions=True,
    ),
)  # fmt: skip
