"""How the ledger's words are said to people: acts, topics, states, grounds, doubts, breaks."""

from __future__ import annotations

from sms_diary import words
from sms_diary.model import (
    ALL_TOPICS,
    PERSONAL_DATA,
    URGENT,
    ConsentState,
    Ground,
    MessageState,
    NumberState,
    PartState,
)
from sms_diary.store import ledger, opt_in
from sms_diary.store.chain import Broken, Fault
from sms_diary.store.entries import Kept
from sms_diary.store.ledger import Action
from sms_diary.store.proofs import Doubt, Message
from sms_diary.words import PART_RU

ACTION_RU: dict[str, str] = {
    Action.ASKED: "спросили согласие",
    Action.GIVEN: "согласие дано",
    Action.REFUSED: "отказ",
    Action.REVOKED: "согласие отозвано",
    Action.NUMBER_CHANGED: "номер сменился",
    Action.OPERATOR_REFUSAL: "абонент отказался от рассылок у оператора",
    Action.OPERATOR_LIFTED: "отказ от рассылок у оператора снят",
    Action.IMPORTED: "согласие на бумаге внесено из списка",
    Action.JOINED: "ученик был записан дважды, записи объединены",
}

TOPIC_RU: dict[str, str] = {
    ALL_TOPICS: "все SMS о ребёнке",
    **words.TOPIC_RU,
    URGENT: "срочное рано утром и поздно вечером",
    PERSONAL_DATA: "обработка персональных данных (отдельный бланк)",
}

STATE_RU: dict[ConsentState, str] = {
    ConsentState.UNKNOWN: "согласия нет: не спрашивали",
    ConsentState.ASKED: "спросили, ответа ещё нет",
    ConsentState.ACTIVE: "согласие действует",
    ConsentState.STOPPED: "остановлено",
    ConsentState.REFUSED: "отказ",
    ConsentState.BLOCKED: "отказ от рассылок у оператора",
    ConsentState.WRONG_NUMBER: "номер чужой",
}

NUMBER_RU: dict[NumberState, str] = {
    NumberState.OPEN: "писать можно тем, кто согласен",
    NumberState.STOPPED: "отключён словом СТОП во всех школах",
    NumberState.BLOCKED: "отказ от рассылок у оператора",
    NumberState.WRONG: "номер чужой",
    NumberState.SUSPENDED: "SMS давно не доходят: возможно, у номера другой владелец",
}

GROUND_RU: dict[Ground, str] = {
    Ground.CONSENT: "согласие родителя",
    Ground.REPLY: "ответ на SMS с этого номера",
    Ground.REQUEST: "вопрос о согласии: номер оставлен для этого на бумаге",
    Ground.CODE: "код, который запросили с этого номера",
    Ground.STAFF: "номер сотрудника школы",
}

KEPT_RU: dict[Kept, str] = {
    Kept.KEPT: "на месте, и это то, о чём запись",
    Kept.ERASED: "стёрто (истёк срок или потребовал сам человек)",
    Kept.FALSE: "подменено: это не то, о чём запись",
}

DOUBT_RU: dict[Doubt, str] = {
    Doubt.NO_ENTRY: "в журнале согласий нет записи, на которую ссылается сообщение",
    Doubt.OTHER_SCHOOL: "запись, на которую ссылается сообщение, сделана другой школой",
    Doubt.OTHER_NUMBER: "запись сделана о другом номере",
    Doubt.ROW_CHANGED: "запись изменили после того, как она была сделана",
    Doubt.CHAIN_BROKEN: "цепочка записей школы нарушена: sms-diary consents verify скажет где",
    Doubt.EVIDENCE_ERASED: "доказательство стёрто (истёк срок или потребовал сам человек); "
    "сама запись на месте, ищите бумагу",
    Doubt.EVIDENCE_FALSE: "доказательство не то, о котором запись: его подменили",
    Doubt.ALLOWS_NOTHING: "эта запись ничего не разрешает",
    Doubt.LATER: "запись сделана позже сообщения",
    Doubt.ENDED: "согласие отозвали раньше, чем составили сообщение",
    Doubt.NOT_ASKED: "нет SMS, на которую это ответ",
    Doubt.ASKED_BY_ANOTHER: "SMS, на которую это ответ, пришла с другого номера",
    Doubt.ASKED_LATER: "SMS, на которую это ответ, пришла позже ответа",
    Doubt.NOT_STAFF: "этого номера сейчас нет в списке сотрудников школы",
}


def message_state_ru(message: Message) -> str:
    if message.state != MessageState.OPEN:
        return PART_RU[PartState(message.state)]
    return "в пути" if message.left_at is not None else PART_RU[PartState.QUEUED]


def doubt_ru(doubt: Doubt, row: int | None) -> str:
    said = DOUBT_RU[doubt]
    return said if row is None else f"строка {row} журнала: {said}"


def broken_ru(broken: Broken) -> str:
    """What is wrong with the chain, with the number of the row: «строка 3: …»."""
    row, last, other = broken.seq, broken.seq - 1, broken.other
    said = {
        Fault.GAP: _gap(row, other),
        Fault.CHANGED: "содержимое не сходится с хэшем: строку изменили после записи",
        Fault.UNLINKED: f"продолжает не ту строку {last}, что в базе: одну из них заменили"
        if last
        else "с неё начинается цепочка, а она продолжает что-то, чего нет: начало заменили",
        Fault.EVIDENCE: "доказательство не открывается или не то, о котором строка: его подменили",
        Fault.HEAD: _head(last, other),
        Fault.CUT: f"её нет, хотя опубликована строка {other}: хвост цепочки отрезан",
        Fault.REBUILT: f"опубликована другая строка {row}: цепочку составили заново"
        + (f" (строка {other} ещё та, что опубликована)" if other else ""),
    }
    return f"строка {row}: {said[broken.fault]}"


def _gap(row: int, other: int | None) -> str:
    if other is None:
        return "на её месте строка без номера"
    if other > row:
        return f"её нет, после строки {row - 1} идёт строка {other}: строки удалили"
    return f"на её месте стоит лишняя строка с номером {other}"


def _head(last: int, other: int | None) -> str:
    if other is None:
        return f"цепочка кончается строкой {last}, а отметку о её конце удалили"
    if other > last:
        return f"её нет, хотя концом цепочки отмечена строка {other}: последние строки удалили"
    if other == last:
        return f"строка {last} не та, что отмечена концом цепочки: последнюю строку заменили"
    return f"концом цепочки отмечена строка {other}, дальше строки дописаны помимо программы"


def advice_ru(broken: Broken, slug: str) -> str:
    """What to do about it."""
    mode = f" Рассылку остановит: sms-diary school mode {slug} test." if slug else ""
    restored = (
        "Если базу восстанавливали из копии, внесите заново по бумаге то, что было после неё. "
        "Если нет: "
        if broken.fault is Fault.CUT
        else ""
    )
    return (
        f"Что делать. {restored}Ничего не исправляйте: сохраните базу как есть, найдите "
        "резервную копию, в которой проверка проходит, и выясните, кто работал с базой напрямую. "
        f"Согласия со строки {broken.seq} до тех пор не доказаны: сверьте их с бумагой.{mode}"
    )


ACTOR_RU: dict[str, str] = {
    ledger.BY_SMS: "родителем, по SMS",
    ledger.BY_PAGE: "родителем, на странице родителя",
    opt_in.BY_SERVICE: "сервисом",
}
"""Who did it, where it was no person; persons are named as they are."""


BY_DESK = "desk "
"""How the actor of what was done on the pages begins; the user's login follows."""


def actor_ru(actor: str) -> str:
    """Of an operator's word the route that it came by, of a person the name."""
    if actor.startswith(ledger.BY_ROUTE):
        return f"оператором, маршрут {actor.removeprefix(ledger.BY_ROUTE)}"
    if actor.startswith(BY_DESK):
        return f"школой на этих страницах, {actor.removeprefix(BY_DESK)}"
    return ACTOR_RU.get(actor, actor)


EVIDENCE_RU: dict[str, str] = {
    "number": "номер телефона",
    "source": "источник",
    "form": "бланк",
    "version": "версия бланка",
    "date": "дата согласия",
    "file": "файл",
    "sha256": "SHA-256 файла",
    "row": "строка файла",
    "by": "кто внёс",
    "reason": "причина",
    "way": "где внесено",
    "cells": "ячейки строки, как написаны",
    "pupil": "номер ученика в базе",
    "into": "номер оставшейся записи в базе",
    "text": "текст SMS родителя",
    "shown": "показанный текст",
    "inbound": "номер этой SMS в базе",
    "request": "номер вопроса в базе",
    "outcome": "чем кончился вопрос",
    "reception": "номер приёма",
    "at": "когда пришла",
    "route": "маршрут",
    "code": "код оператора",
    "part": "номер части SMS в базе",
    "phone": "телефон",
    "consent": "согласие",
    "consent_day": "дата согласия",
    "consent_source": "источник",
}
"""What the fields of an evidence are called; others are shown by the names they have."""
