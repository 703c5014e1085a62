"""Guardians of a pupil who was written twice: whose subscription moves, and what is left of two.

A consent was given for the child, so it follows the child. Where a guardian has both records, that
subscription is left in which something was said, and a stop or a refusal of either holds
(`consent.stricter`): the consent that is left is always one that was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sms_diary import consent
from sms_diary.db import Queries
from sms_diary.model import ALL_TOPICS, ConsentState, Silence
from sms_diary.store import consents, joined, ledger, numbers, replan, withdraw
from sms_diary.store.consents import Change
from sms_diary.store.ledger import Act, Action
from sms_diary.store.parent import family
from sms_diary.store.tools import Tools
from sms_diary.values import value


@value
class Follower:
    """A guardian of one of the records or of both, by the subscriptions; 0: has none to it.

    `turned`: of two, the one of the record that goes is kept, since only there something was said.
    """

    guardian_id: int
    number_id: int
    keep: int
    drop: int
    kept: Mapping[str, ConsentState]
    dropped: Mapping[str, ConsentState]
    turned: bool = False

    @property
    def both(self) -> bool:
        return bool(self.keep and self.drop)

    @property
    def after(self) -> Mapping[str, ConsentState]:
        """Where it stands once the records are one."""
        if self.both:
            return consent.stricter(self.kept, self.dropped)
        return self.kept if self.keep else self.dropped

    @property
    def loses(self) -> bool:
        """Whether SMS that came until now come no more."""
        active = ConsentState.ACTIVE
        before = active in (self.kept.get(ALL_TOPICS), self.dropped.get(ALL_TOPICS))
        return before and self.after.get(ALL_TOPICS) is not active


@value
class Saying:
    """What the ledger says of it: by whom, and of which records (ids of pupils)."""

    by: str
    keep: int
    drop: int

    def act(self, action: Action, number: str, scope: str, actor: str = "") -> Act:
        evidence = {"number": number, "pupil": str(self.drop), "into": str(self.keep)}
        return Act(action, number, scope, actor or self.by, {**evidence, "by": self.by})


async def followers(q: Queries, school_id: int, keep: int, drop: int) -> list[Follower]:
    """Everybody who follows one of these pupils of the school, in the order of the guardians."""
    rows = await q.all(
        """select s.id, s.guardian_id, s.pupil_id, g.number_id
           from subscription s join guardian g on g.id = s.guardian_id
           where s.pupil_id in (:keep, :drop) and s.school_id = :school_id
           order by s.guardian_id""",
        school_id=school_id,
        keep=keep,
        drop=drop,
    )
    states: dict[int, dict[str, ConsentState]] = {}
    for (one, topic), state in (await consents.states(q, [row["id"] for row in rows])).items():
        states.setdefault(one, {})[topic] = state
    own: dict[int, dict[int, int]] = {}
    for row in rows:
        own.setdefault(row["guardian_id"], {})[row["pupil_id"]] = row["id"]
    number_of = {row["guardian_id"]: row["number_id"] for row in rows}
    found = []
    for guardian_id, by_pupil in own.items():
        stays, goes = by_pupil.get(keep, 0), by_pupil.get(drop, 0)
        turned = bool(stays and goes) and _silent(states, stays) and not _silent(states, goes)
        if turned:
            stays, goes = goes, stays
        kept, dropped = states.get(stays, {}), states.get(goes, {})
        found.append(
            Follower(guardian_id, number_of[guardian_id], stays, goes, kept, dropped, turned)
        )
    return found


def _silent(states: Mapping[int, Mapping[str, ConsentState]], one: int) -> bool:
    """Whether nobody has said anything of all SMS of this subscription."""
    return consent.effective(states.get(one, {}), ALL_TOPICS) in consent.SAYS_NOTHING


async def join(
    q: Queries, tools: Tools, school_id: int, own: Sequence[Follower], said: Saying, *, now: int
) -> int:
    """Let them follow the record that stays; how many are told less from now on.

    Their numbers are locked, and the diary is one already. Of a number that was erased the ledger
    says nothing: nobody knows any more whose act it would be.
    """
    phones = await numbers.read(q, tools, {one.number_id for one in own})
    moving = [one for one in own if not one.keep]
    doubled = [one for one in own if one.both]
    changes = await _changes(q, doubled, phones, said)
    await _move(q, school_id, (one.drop for one in moving), said.keep)
    rhythmic = await _put_together(q, school_id, doubled)
    await _move(q, school_id, (one.keep for one in doubled if one.turned), said.keep)
    await consents.change(q, tools, school_id, changes, now=now)
    acts = [
        said.act(Action.JOINED, phones[one.number_id], f"subscription:{one.drop} {ALL_TOPICS}")
        for one in (*moving, *doubled)
        if phones[one.number_id]
    ]
    if acts:
        await ledger.append(q, tools, school_id, acts, now=now)
    await withdraw.withdraw(q, phones, now=now, why=Silence.NO_CONSENT)
    await replan.of_guardians(q, rhythmic, now=now)
    return sum(one.loses for one in doubled)


async def _changes(
    q: Queries, doubled: Sequence[Follower], phones: Mapping[int, str], said: Saying
) -> list[Change]:
    """What the subscriptions that stay get of the stricter ones.

    What the parents themselves have said goes on as theirs: no paper takes it back.
    """
    standings = await family.standings(q, [one.drop for one in doubled])
    actors = {(one.subscription_id, one.topic): one.actor for one in standings}
    found = []
    for one in (one for one in doubled if phones[one.number_id]):
        for topic, state in one.after.items():
            if state is consent.effective(one.kept, topic):
                continue
            source = topic if topic in one.dropped else ALL_TOPICS
            actor = actors.get((one.drop, source), "")
            own = actor if actor in ledger.BY_PARENT else ""
            scope = f"subscription:{one.keep} {topic}"
            act = said.act(Action.REVOKED, phones[one.number_id], scope, own)
            found.append(Change(one.keep, one.number_id, state, act, topic))
    return found


async def _move(q: Queries, school_id: int, subscriptions: Iterable[int], keep: int) -> None:
    await q.over(
        """with rows(id bigint)
           update subscription set pupil_id = :keep, rev = rev + 1 from rows
           where subscription.id = rows.id and subscription.school_id = :school_id""",
        sorted((one,) for one in subscriptions),
        keep=keep,
        school_id=school_id,
    )


async def _put_together(q: Queries, school_id: int, doubled: Sequence[Follower]) -> list[int]:
    """Of two subscriptions of a guardian one is left, with the wishes and questions of both.

    The guardians who got a rhythm of the other one.
    """
    pairs = sorted((one.drop, one.keep) for one in doubled)
    gone = [(drop,) for drop, _ in pairs]
    rhythmic = await q.over(
        """with rows(gone bigint, stays bigint)
           insert into rhythm (subscription_id, topic, school_id, rhythm)
           select rows.stays, r.topic, r.school_id, r.rhythm
           from rows join rhythm r on r.subscription_id = rows.gone where true
           on conflict do nothing returning subscription_id""",
        pairs,
    )
    await q.over(
        """with rows(gone bigint, stays bigint)
           insert into request_pupil (request_id, subscription_id)
           select r.request_id, rows.stays
           from rows join request_pupil r on r.subscription_id = rows.gone where true
           on conflict do nothing""",
        pairs,
    )
    await q.over(
        """with rows(gone bigint, stays bigint)
           update subscription set rev = rev + 1, relation = case when relation = '' then (
               select o.relation from subscription o where o.id = rows.gone) else relation end
           from rows where subscription.id = rows.stays""",
        pairs,
    )
    await joined.add(q, school_id, pairs)
    for table in ("request_pupil", "consent", "rhythm"):
        await q.over(
            f"""with rows(id bigint)
                delete from {table} where subscription_id in (select id from rows)""",
            gone,
        )
    await q.over(
        """with rows(id bigint)
           delete from subscription where school_id = :school_id and id in (select id from rows)""",
        gone,
        school_id=school_id,
    )
    chosen = {row["subscription_id"] for row in rhythmic}
    return sorted(one.guardian_id for one in doubled if one.keep in chosen)
