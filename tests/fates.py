"""A school's messages of some weeks with every fate, for reports; put in as the pipeline would."""

from __future__ import annotations

import random
from collections.abc import Sequence

from sms_diary.clock import DAY, HOUR, SECOND
from sms_diary.db import Queries
from sms_diary.model import Ground
from sms_diary.store import outbox, tally
from sms_diary.store.outbox import NewMessage
from sms_diary.store.tools import Tools
from tests.seeding import FAR, Subscribed

FATES = ["delivered"] * 80 + ["undelivered"] * 6 + ["rejected"] * 4 + ["expired"] * 3
FATES += ["unknown"] * 2 + ["withdrawn"] * 2 + ["open"] * 3
TOPICS = ["marks"] * 6 + ["absences", "homework", "several", "announcements"]
CODES = {"undelivered": ["1", "500"], "rejected": ["88", "ESME_RINVDSTADR"]}
_TEXTS = {
    1: "Дарья Б.: алгебра 5, физика 4",
    2: "Дарья Б.: алгебра 5, физика 4; завтра по алгебре № 312-318, по физике параграф 14",
}


async def live_through(
    q: Queries, tools: Tools, school_id: int, people: Sequence[tuple[Subscribed, int]], count: int,
    *, now: int, days: int = 28, seed: int = 1,
) -> None:  # fmt: skip
    """`count` messages to these (guardian, class) until `now`; the last of them are not counted."""
    chance = random.Random(seed)
    for n in range(count):
        to, class_id = people[n * 7919 % len(people)]
        made = now - (count - n) * days * DAY // count
        segments = 1 + (n % 3 == 0)
        message = NewMessage(
            school_id=school_id, guardian_id=to.guardian_id, number_id=to.number_id, consent_rev=0,
            ground=Ground.CONSENT, ledger_id=to.ledger_id, inbound_id=None, text=_TEXTS[segments],
            alphabet="ucs2" if n % 5 else "gsm7", turns=tuple(range(segments)), udh_ref=1,
            level="full", lane=2, route="spare" if n % 9 == 0 else "main", expires=FAR,
            topic=chance.choice(TOPICS), class_id=class_id,
        )  # fmt: skip
        [message_id] = await outbox.add(q, tools, [message], now=made)
        await _end(q, message_id, chance.choice(FATES), chance, made)
        if n == count * 9 // 10:
            while await tally.step(q, limit=500):
                pass


async def _end(q: Queries, message_id: int, fate: str, chance: random.Random, made: int) -> None:
    left = int(fate not in ("withdrawn", "expired"))
    await q.run(
        """update part set state = :state, attempts = :left, code = :code, sent_at = :sent
           where message_id = :id""",
        state="sent" if fate == "open" else fate, left=left,
        code=chance.choice(CODES[fate]) if fate in CODES else None, id=message_id,
        sent=made if left and fate != "rejected" else None,
    )  # fmt: skip
    if fate != "open":
        took = chance.choice([8 * SECOND, 20 * SECOND, 40 * SECOND, 200 * SECOND, 3 * HOUR])
        assert await outbox.fold(q, [message_id], now=made + took) == [message_id]
