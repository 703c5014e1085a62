"""An import taken back while nobody was told of it; what cannot be undone is said."""

from __future__ import annotations

from collections.abc import Mapping

from sms_diary.db import Queries
from sms_diary.errors import NotYet
from sms_diary.ingest.imports.applying import known
from sms_diary.ingest.imports.planning import Importer
from sms_diary.model import ALL_TOPICS, ConsentState
from sms_diary.store import (
    consents,
    filling,
    imports,
    numbers,
    places,
    requests,
    restoring,
    schools,
    undoing,
)
from sms_diary.store.consents import Change
from sms_diary.store.imports import Import, State
from sms_diary.store.ledger import Act, Action
from sms_diary.store.restoring import Undoing
from sms_diary.store.schools import School
from sms_diary.store.tools import Tools

NOT_APPLIED = "Эта загрузка не применена: отменять нечего."
WHY = "загрузка списка отменена"
NUMBERS_STAY = (
    "Новых номеров остаётся: {}. На них уже ушли SMS, или прежний номер с тех пор закрыт или "
    "занят; смените номер в карточке родителя."
)
CONSENTS_STAY = (
    "Согласий не возвращено: {}. Родитель с тех пор писал сам, номер сменён или закрыт, или "
    "согласие изменили после загрузки; нужно новое."
)


async def undo(importer: Importer, school: School, import_id: int, *, by: str) -> list[str]:
    """Take an applied import back, in one transaction; what was done and what was not, in Russian.

    Raises `NotYet` if it was not applied. Again: says so and does nothing.
    """
    found = await known(importer, school, import_id)
    if found.state is State.UNDONE:
        return ["Эта загрузка уже отменена."]
    if found.state is not State.APPLIED and not found.done:
        raise NotYet(NOT_APPLIED)
    now = importer.clock.now()
    async with importer.database.transaction() as q:
        undo_ = _Undoing(q, importer.tools, school, found, by, now)
        said = await undo_.run()
        await imports.set_state(q, school.id, import_id, State.UNDONE, now=now)
    importer.acceptor.woken()
    return said


class _Undoing:
    def __init__(
        self, q: Queries, tools: Tools, school: School, found: Import, by: str, now: int
    ) -> None:
        self._q = q
        self._tools = tools
        self._school = school
        self._import_id = found.id
        self._since = found.at
        self._by = by
        self._now = now
        self._made: dict[str, dict[int, str]] = {}

    async def run(self) -> list[str]:
        q, school_id = self._q, self._school.id
        await schools.by_ids(q, [school_id], lock=True)
        await schools.bump(q, [school_id])
        self._made = await imports.made(q, self._import_id)
        taken = await undoing.entries(q, school_id, self._import_id, now=self._now)
        await undoing.drop_questions(q, school_id, self._import_id, by=self._by, now=self._now)
        said = [f"Записей дневника отменено: {taken.entries}."]
        if taken.told:
            said.append(f"О {taken.told} записях родителям уже сообщено: они остаются.")
        if facts := await filling.take_back(q, school_id, self._import_id):
            said.append(f"Сведений о заполнении и посещениях убрано: {facts}.")
        return said + await self._roll()

    async def _roll(self) -> list[str]:
        """Consents, subscriptions, pupils and places in classes."""
        q, school_id = self._q, self._school.id
        given = self._made.get("consent", {})
        new = self._made.get("subscription", {})
        kept = await undoing.spoken_to(q, school_id, {*given, *new}, since=self._since)
        taken = await self._revoke({one: was for one, was in given.items() if one not in kept})
        await undoing.subscriptions(q, school_id, new.keys() - kept)
        pupils = await undoing.pupils(q, school_id, self._made.get("pupil", {}))
        for what in ("membership", "ended"):
            for pupil_id, was in self._made.get(what, {}).items():
                class_id, from_day, to_day = was.split(" ")
                await places.put_back(q, school_id, pupil_id, int(class_id), from_day, to_day)
        if not self._made:
            return []
        gone = len(new.keys() - kept)
        said = [f"Согласий снято: {taken}. Контактов убрано: {gone}. Учеников убрано: {pupils}."]
        if kept:
            said.append(f"{len(kept)} контактам уже ушли SMS: они и их согласия остаются.")
        return said + await self._given_back()

    async def _given_back(self) -> list[str]:
        """Numbers that were changed, and consents that were ended."""
        who = Undoing(self._school.id, self._import_id, self._by, self._now, WHY)
        numbers_ = self._made.get("number", {})
        back = [
            one for one, was in numbers_.items()
            if await restoring.number_back(self._q, self._tools, who, one, was)
        ]  # fmt: skip
        stopped = self._made.get("stopped", {})
        given, left = await restoring.give_back(self._q, self._tools, who, stopped)
        said = []
        if numbers_:
            said.append(f"Прежних номеров возвращено: {len(back)}.")
        if len(back) < len(numbers_):
            said.append(NUMBERS_STAY.format(len(numbers_) - len(back)))
        if self._made.get("ended"):
            said.append(f"Выбывших возвращено в классы: {len(self._made['ended'])}.")
        if stopped:
            said.append(f"Прежних согласий возвращено: {given}.")
        return [*said, CONSENTS_STAY.format(left)] if left else said

    async def _revoke(self, given: Mapping[int, str]) -> int:
        """The states before the import; the ledger says that it was undone."""
        held = await undoing.numbers_of(self._q, self._school.id, given)
        phones = await numbers.read(self._q, self._tools, held.values())
        states = await consents.states(self._q, list(held))
        changes = []
        for (subscription_id, topic), state in states.items():
            was = ConsentState(given[subscription_id]) if topic == ALL_TOPICS else None
            before = was or ConsentState.UNKNOWN
            if state is before:
                continue
            number_id = held[subscription_id]
            scope = f"subscription:{subscription_id} {topic}"
            said = {"source": WHY, "import": str(self._import_id)}
            act = Act(Action.REVOKED, phones[number_id], scope, self._by, said)
            changes.append(Change(subscription_id, number_id, before, act, topic))
        await consents.change(self._q, self._tools, self._school.id, changes, now=self._now)
        for guardian_id in await undoing.without_consent(self._q, self._school.id, held):
            await requests.drop_of_guardian(self._q, guardian_id, now=self._now)
        return len({change.subscription_id for change in changes})
