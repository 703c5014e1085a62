"""From drafts to the diary: the one way in, for the webhook and for files.

A batch of requests is one transaction: what was here before is answered again, pupils and
classes are matched, entries made or changed, what cannot be matched is held for a person, and
request, events and answer are kept. Knows no HTTP and reads no file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sms_diary import crash
from sms_diary.clock import Clock, local
from sms_diary.db import Database, Queries
from sms_diary.ingest.accept.registry import Change, Registry
from sms_diary.ingest.accept.request import Accepted, Outcome, Request
from sms_diary.ingest.accept.roll import Roll, Unmatched, Whom
from sms_diary.ingest.draft_json import packed
from sms_diary.ingest.drafts import Draft
from sms_diary.model import Source
from sms_diary.store import answers, deliveries, schools
from sms_diary.store.deliveries import Held, Key, NewDelivery, NewEvent
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes

__all__ = ["Accepted", "Acceptor", "Outcome", "Request"]


@dataclass(slots=True)
class _Plan:
    """What a batch of requests comes to: the answers, and the rows to be written."""

    known: dict[int, schools.School]
    registry: Registry
    now: int
    results: list[Accepted]
    deliveries: list[NewDelivery]
    events: list[NewEvent]
    held: list[Held]
    told_from: dict[int, tuple[str, bool]] = field(default_factory=dict)
    """School -> the first day that it tells of by these requests, and whether a person says so."""


_Fresh = tuple[Request, int, Accepted]
"""A request that was not here before, its delivery's id, its answer in the making."""
_Question = tuple[int, str]
"""What waits for a person: (delivery, what is held)."""


class Acceptor:
    """`accept` for one process; put a Collector before `accept_many` where callers are many."""

    def __init__(self, database: Database, tools: Tools, clock: Clock, wakes: Wakes) -> None:
        self._database = database
        self._tools = tools
        self._clock = clock
        self._wakes = wakes

    async def accept_many(self, requests: Sequence[Request]) -> list[Accepted]:
        """Commit the requests and answer each; after that, and only then, may `2xx` be said.

        Reading and matching hold no lock. If the school's roll or diary has changed by the time
        the rows are to be written (`school.rev`), it is all done again under the lock.
        """
        plan = await self._database.read(partial(self._plan, requests))
        results = await self._database.write(partial(self._write, requests, plan))
        crash.passing("accept.committed")
        self._wakes.fanout.set()
        return results

    async def try_out(self, request: Request) -> Accepted:
        """What the request would do; nothing is kept."""
        return await self._database.read(partial(self.try_within, request))

    async def try_within(self, request: Request, q: Queries) -> Accepted:
        """The same over a view, or a transaction, that is there already."""
        return (await self._plan([request], q)).results[0]

    async def accept_within(
        self, q: Queries, request: Request, before: Callable[[Accepted], Awaitable[None]]
    ) -> Accepted:
        """Carry one request out in a transaction of the caller's; wake the fanout after it.

        `before` hears what is about to change, while the entries are still as they were.
        """
        await schools.by_ids(q, [request.school_id], lock=True)
        plan = await self._plan([request], q)
        if plan.deliveries:
            await before(plan.results[0])
            await self._keep(q, plan)
        return plan.results[0]

    def woken(self) -> None:
        """What `accept_within` has carried out is committed."""
        self._wakes.fanout.set()

    async def _plan(self, requests: Sequence[Request], q: Queries) -> _Plan:
        known = await schools.by_ids(q, (r.school_id for r in requests))
        earlier = await deliveries.earlier(q, map(_key, requests))
        results: list[Accepted] = []
        fresh: dict[Key, _Fresh] = {}
        copies: list[tuple[Accepted, Accepted]] = []
        for request in requests:
            before = earlier.get(_key(request))
            if before is not None:
                results.append(_again(before.body_hash, before.answer, request))
            elif _key(request) in fresh:
                first, _, accepted = fresh[_key(request)]
                copy = Accepted(repeated=True, conflict=first.body != request.body)
                copies.append((copy, accepted))
                results.append(copy)
            else:
                accepted = Accepted()
                fresh[_key(request)] = (request, self._tools.ids.new(), accepted)
                results.append(accepted)
        plan = await self._carry_all_out(q, known, list(fresh.values()), results)
        for copy, first_answered in copies:
            copy.answer = first_answered.answer
        return plan

    async def _carry_all_out(
        self,
        q: Queries,
        known: dict[int, schools.School],
        fresh: list[_Fresh],
        results: list[Accepted],
    ) -> _Plan:
        now = self._clock.now()
        drafts = [(r.school_id, draft) for r, _, _ in fresh for _, draft in r.drafts]
        said = await answers.of_schools(q, self._tools, known)
        roll = await Roll.read(q, known, drafts, said, now=now)
        registry = Registry(self._tools, known, said, now=now)
        plan = _Plan(known, registry, now, results, [], [], [])
        matched = [[roll.match(r.school_id, draft) for _, draft in r.drafts] for r, _, _ in fresh]
        await plan.registry.read(
            q,
            [
                (request.school_id, draft, whom)
                for (request, _, _), found in zip(fresh, matched, strict=True)
                for (_, draft), whom in zip(request.drafts, found, strict=True)
                if not isinstance(whom, Unmatched)
            ],
        )
        asked = await _asked(q, fresh)
        for one, found in zip(fresh, matched, strict=True):
            self._note(plan, one, found, asked)
        return plan

    def _note(
        self, plan: _Plan, one: _Fresh, found: Sequence[Whom | Unmatched], asked: set[_Question]
    ) -> None:
        """Add one request's events, questions and answer to the plan."""
        request, delivery_id, accepted = one
        done = self._carry_out(plan.registry, request, delivery_id, found)
        for (event_id, pos, draft, change), whom in zip(done, found, strict=True):
            accepted.outcomes.append(_outcome(pos, change, whom, draft))
            if change.word == "quarantined":
                held = self._held(request, delivery_id, pos, draft, change)
                if (delivery_id, held.same) not in asked:
                    asked.add((delivery_id, held.same))
                    plan.held.append(held)
            plan.events.append(
                NewEvent(
                    event_id, request.school_id, delivery_id, pos, str(draft.kind),
                    change.at or plan.now, change.word, change.entry_id, change.version,
                )
            )  # fmt: skip
        if accepted.outcomes:
            today = local(plan.now, plan.known[request.school_id].zone).date().isoformat()
            said = (request.told_from or today, bool(request.told_from))
            before = plan.told_from.get(request.school_id, said)
            plan.told_from[request.school_id] = (min(before[0], said[0]), before[1] or said[1])
        accepted.answer = _answer(request, accepted.outcomes)
        plan.deliveries.append(_kept(request, delivery_id, accepted))

    async def _write(self, requests: Sequence[Request], plan: _Plan, q: Queries) -> list[Accepted]:
        locked = await schools.by_ids(q, plan.known, lock=True)
        if any(locked[i].rev != school.rev for i, school in plan.known.items()):
            plan = await self._plan(requests, q)
        if plan.deliveries:
            await self._keep(q, plan)
            crash.passing("accept.written")
        return plan.results

    async def _keep(self, q: Queries, plan: _Plan) -> None:
        await schools.bump(q, plan.known)
        news = {
            i: said for i, said in plan.told_from.items() if said[1] or not plan.known[i].told_from
        }
        await schools.tell_from(q, news)
        await plan.registry.write(q)
        await deliveries.add(q, self._tools, plan.deliveries, now=plan.now)
        await deliveries.add_events(q, plan.events)
        await deliveries.add_quarantine(q, self._tools, plan.held, now=plan.now)

    def _carry_out(
        self,
        registry: Registry,
        request: Request,
        delivery_id: int,
        found: Sequence[Whom | Unmatched],
    ) -> Iterator[tuple[int, int, Draft, Change]]:
        """Each draft of a request with its event's id and place and what it did."""
        school_id, silence = request.school_id, request.silence
        file = delivery_id if request.source is Source.FILE else 0
        pairs = list(zip(request.drafts, found, strict=True))
        if file:
            rows = [(d, whom) for (_, d), whom in pairs if not isinstance(whom, Unmatched)]
            registry.foresee(school_id, file, rows)
        for event_id, ((pos, draft), whom) in zip(
            self._tools.ids.many(len(pairs)), pairs, strict=True
        ):
            if isinstance(whom, Unmatched):
                change = Change(
                    "quarantined", None, None, None, whom.reason, whom.detail, whom.candidates,
                    whom.ask,
                )  # fmt: skip
            else:
                change = registry.apply(
                    school_id, draft, whom, event_id, silence=silence, file=file
                )
            yield event_id, pos, draft, change

    def _held(
        self, request: Request, delivery_id: int, pos: int, draft: Draft, change: Change
    ) -> Held:
        """What waits, named by its content: a webhook's event by its place beside that."""
        said = json.dumps(packed(draft), sort_keys=True)
        place = "" if request.source is Source.FILE else f"{request.request_id} {pos}"
        same = self._tools.vault.digest(f"{change.reason} {place} {said}".encode()).hex()
        return Held(
            request.school_id, delivery_id, pos, change.reason, change.detail, change.candidates,
            change.ask or same, same,
        )  # fmt: skip


def _key(request: Request) -> Key:
    return (request.school_id, request.source, request.request_id)


async def _asked(q: Queries, fresh: list[_Fresh]) -> set[_Question]:
    """What earlier loads of a table ask already: a journal's nightly export asks once."""
    return {
        (delivery_id, same)
        for request, delivery_id, _ in fresh
        if request.source is Source.FILE
        for same in await deliveries.open_questions(q, request.school_id)
    }


def _outcome(pos: int, change: Change, whom: Whom | Unmatched, draft: Draft) -> Outcome:
    return Outcome(
        pos, change.word, change.reason, change.detail, change.candidates, change.entry_id,
        whom if isinstance(whom, Whom) else None, change.ask,
        "" if draft.pupil else draft.class_name,
    )  # fmt: skip


def _hash(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _again(body_hash: bytes, answer: dict[str, Any], request: Request) -> Accepted:
    return Accepted(answer, [], repeated=True, conflict=body_hash != _hash(request.body))


def _kept(request: Request, delivery_id: int, accepted: Accepted) -> NewDelivery:
    return NewDelivery(
        delivery_id, request.school_id, request.source, request.request_id, _hash(request.body),
        request.body, accepted.answer,
    )  # fmt: skip


def _answer(request: Request, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Counts by outcome, and what is held with its reasons: the body of a 202."""
    words = [outcome.word for outcome in outcomes]
    answer: dict[str, Any] = {
        "accepted": sum(word in ("created", "changed", "unchanged") for word in words),
        "created": words.count("created"),
        "changed": words.count("changed"),
        "unchanged": words.count("unchanged"),
        "stale": words.count("stale"),
        "quarantined": [
            {"index": o.pos, "reason": o.reason, "detail": o.detail}
            for o in outcomes
            if o.word == "quarantined"
        ],
    }
    if request.rejected:
        answer["rejected"] = list(request.rejected)
    return answer
