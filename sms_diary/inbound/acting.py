"""What the words of consent have in common: their acts, the changes they make, whom they name.

The moves are `consent`'s table; what each word covers stands in the modules of the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from sms_diary import consent
from sms_diary.consent import Move
from sms_diary.inbound.desk import Desk
from sms_diary.model import ALL_TOPICS, PERSONAL_DATA
from sms_diary.store import consents, ledger
from sms_diary.store.consents import Change, Held
from sms_diary.store.inbound import Inbound
from sms_diary.store.ledger import Act, Action
from sms_diary.voices import Voice

SEGMENTS = 2
"""An answer that names children takes no more SMS than that."""


def act(sms: Inbound, action: Action, scope: str) -> Act:
    """What was said, by whom and where, word for word."""
    return Act(
        action=action,
        number=sms.number,
        scope=scope,
        actor=ledger.BY_SMS,
        evidence={
            "number": sms.number,
            "text": sms.text,
            "inbound": str(sms.id),
            "reception": sms.reception,
            "at": sms.at,
        },
    )


def of_sms(held: Held) -> tuple[str, ...]:
    """The topics that are about SMS: the consent to personal data is another paper."""
    return tuple(topic for topic in held.topics if topic != PERSONAL_DATA)


def changes(
    sms: Inbound, move: Move, action: Action, wanted: Iterable[tuple[Held, Sequence[str]]]
) -> list[tuple[int, Change]]:
    """(school, change) for each subscription and topic that the move changes, in their order."""
    found = []
    for held, topics in wanted:
        for topic in topics:
            before = held.states.get(topic, held.states.get(ALL_TOPICS))
            state = consent.moved(before, move)
            if state is not None:
                said = act(sms, action, f"subscription:{held.subscription_id} {topic}")
                change = Change(held.subscription_id, sms.number_id, state, said, topic)
                found.append((held.school_id, change))
    return found


async def write(desk: Desk, made: Sequence[tuple[int, Change]]) -> None:
    """Write the changes, each school's into its own chain."""
    for school_id, own in groupby(made, key=lambda one: one[0]):
        of_school = [change for _, change in own]
        await consents.change(desk.q, desk.tools, school_id, of_school, now=desk.now)


def naming(
    desk: Desk, sms: Inbound, voice: Voice, template: str, names: Sequence[str], *,
    latin: bool = False, **values: object,
) -> str:  # fmt: skip
    """The text with as many of the children as have room; `имя` in the template.

    `names` are full ones, at least one.
    """
    short = [voice.name(name) for name in names]
    segments = desk.ways.of(sms.route).segments
    for count in range(len(short), 1, -1):
        text = desk.said(voice, sms, template, latin=latin, имя=_listed(short, count), **values)
        if segments(text) <= SEGMENTS:
            return text
    return desk.said(voice, sms, template, latin=latin, имя=_listed(short, 1), **values)


def _listed(names: Sequence[str], count: int) -> str:
    """«Дарья Б., Егор Б. и еще 2.»"""
    rest = len(names) - count
    listed = ", ".join(names[:count]) + (f" и еще {rest}" if rest else "")
    return listed if listed.endswith(".") else f"{listed}."
