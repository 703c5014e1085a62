"""What allowed a message, and what is known of a number's consents, as a page for people.

The same is masked as in `proof_json`, which says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sms_diary import phone
from sms_diary.logs import mask
from sms_diary.model import ALL_TOPICS
from sms_diary.reports import evidence, words
from sms_diary.reports.heads import grouped
from sms_diary.reports.names import Names
from sms_diary.reports.page import Page, Section
from sms_diary.store.by_number import NumberProof, Standing
from sms_diary.store.entries import Chain, Entry
from sms_diary.store.ledger import NO_SCHOOL
from sms_diary.store.proofs import Asked, Message, MessageProof

_UNSEEN = (
    "Отрезанный конец цепочки и цепочку, составленную заново, показывает только сверка с концом, "
    "опубликованным раньше: sms-diary consents verify --head ФАЙЛ."
)
_Rows = tuple[tuple[str, str], ...]


def of_message(proof: MessageProof, names: Names, *, now: int) -> Page:
    message = proof.message
    doubts = [words.doubt_ru(doubt, row) for doubt, row in proof.doubts]
    held = (f"Основание есть: {words.GROUND_RU[message.ground]}.",)
    sections = [Section("Сообщение", _message(message, names))]
    if proof.asked:
        sections.append(Section("SMS, на которую это ответ", _asked(proof.asked, message, names)))
    sections += [_entry(one, names, evidence.masked(one.evidence())) for one in proof.entries]
    sections += [_chain(one, names) for one in proof.chains]
    return Page(
        title=f"Основание SMS {message.id}",
        made=_made(names, now),
        verdict=("Основание не доказано.", *map(_sentence, doubts)) if doubts else held,
        good=not doubts,
        sections=tuple(sections),
    )


def of_number(proof: NumberProof, names: Names, *, now: int) -> Page:
    verdict = [_sentence(words.NUMBER_RU[proof.state])] if proof.state else []
    if not proof.entries:
        verdict.append("Записей о согласии на этот номер нет.")
    sections: list[Section] = []
    ids = {one.school_id for one in proof.standings} | {one.link.school_id for one in proof.entries}
    for school_id in sorted(ids):
        standings = [one for one in proof.standings if one.school_id == school_id]
        rows = tuple(_standing(one, names) for one in standings)
        sections.append(Section(names.name(school_id), rows))
        own = [one for one in proof.entries if one.link.school_id == school_id]
        sections += [_entry(one, names, one.evidence()) for one in own]
        sections += [_chain(one, names) for one in proof.chains if one.school_id == school_id]
    return Page(
        title=f"Согласия на SMS, номер {proof.number}",
        made=_made(names, now),
        verdict=tuple(verdict),
        good=None,
        sections=tuple(sections),
    )


def _made(names: Names, now: int) -> str:
    return f"Составлено программой «SMS-дневник» {names.time(now, NO_SCHOOL)}"


def _sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}."


def _message(message: Message, names: Names) -> _Rows:
    at = message.school_id
    rows = [
        ("школа", names.name(at)),
        ("номер телефона", phone.mask(message.number)),
        ("основание", words.GROUND_RU[message.ground]),
        ("составлено", names.time(message.created_at, at)),
        ("передано оператору", names.time(message.left_at, at) or "не передавалось"),
        ("что с ним", words.message_state_ru(message)),
    ]
    if message.done_at is not None:
        rows.append(("с какого времени", names.time(message.done_at, at)))
    return tuple(rows)


def _asked(asked: Asked, message: Message, names: Names) -> _Rows:
    return (
        ("номер SMS в базе", str(asked.id)),
        ("пришла", names.time(asked.at, message.school_id)),
        ("на номер приёма", asked.reception),
        ("текст", "стёрт: истёк срок хранения" if asked.text is None else mask(asked.text)),
    )


def _standing(one: Standing, names: Names) -> tuple[str, str]:
    topic = "" if one.topic == ALL_TOPICS else f", {words.TOPIC_RU.get(one.topic, one.topic)}"
    since = f", с {names.time(one.since, one.school_id)}" if one.since is not None else ""
    return (one.pupil or "имя стёрто") + topic, words.STATE_RU[one.state] + since


def _entry(one: Entry, names: Names, shown: Mapping[str, Any]) -> Section:
    link = one.link
    rows = [
        ("что сделано", words.ACTION_RU.get(link.action, link.action)),
        *_about(one),
        ("когда записано", names.time(link.at, link.school_id)),
        ("кем", words.actor_ru(link.actor)),
        ("доказательство", words.KEPT_RU[one.kept]),
        *(
            (f"— {label}", said)
            for label, said in evidence.rows(shown, lambda at: names.time(at, link.school_id))
        ),
        ("обязательство", _hash(link.commitment)),
        ("хэш предыдущей строки", _hash(link.prev)),
        ("хэш этой строки", _hash(link.hash)),
    ]
    return Section(f"Журнал согласий, строка {link.seq}", tuple(rows))


def _about(one: Entry) -> Iterator[tuple[str, str]]:
    about = one.about
    if about is None:
        yield "о чём", "номер целиком" if one.link.scope == "number" else one.link.scope
        return
    relation = f" ({about.relation})" if about.relation else ""
    yield "ученик", about.pupil or "имя стёрто"
    yield "родитель", (about.guardian or "имя не указано") + relation
    yield "о чём", words.TOPIC_RU.get(about.topic, about.topic)


def _chain(chain: Chain, names: Names) -> Section:
    rows = [("школа", names.name(chain.school_id))]
    if chain.head:
        rows += [("последняя строка", str(chain.head.seq)), ("её хэш", _hash(chain.head.hash))]
    if chain.broken:
        rows.append(("проверка", words.broken_ru(chain.broken)))
        return Section(
            "Цепочка", tuple(rows), (words.advice_ru(chain.broken, names.slug(chain.school_id)),)
        )
    rows.append(("проверка", "все строки от первой до последней сходятся"))
    return Section("Цепочка", tuple(rows), (_UNSEEN,))


def _hash(hashed: str | None) -> str:
    return grouped(hashed) if hashed else "испорчен"
