"""How messages, their states and what they are about are said on these pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sms_diary import plan
from sms_diary.model import Ground, Kind, MessageState, PartState
from sms_diary.plan import Naming
from sms_diary.words import TOPIC_RU

STATE_RU: Mapping[str, tuple[str, str]] = {
    PartState.QUEUED: ("ждёт отправки", "off"),
    PartState.SENDING: ("передаётся", "off"),
    PartState.SENT: ("принято оператором", "wait"),
    PartState.DOUBT: ("неясно, ушло ли", "wait"),
    MessageState.DELIVERED: ("доставлено", "good"),
    MessageState.UNDELIVERED: ("не доставлено", "bad"),
    MessageState.EXPIRED: ("вышел срок", "bad"),
    MessageState.REJECTED: ("отказ оператора", "bad"),
    MessageState.UNKNOWN: ("судьба неизвестна", "bad"),
    MessageState.WITHDRAWN: ("отозвано", "off"),
}
"""What a message is shown as (`store.messages.STATES`), and the tone of its lamp."""
TAB_RU: Mapping[str, str] = {
    "": "все",
    "waiting": "ждут отправки",
    "way": "в пути",
    "doubt": "неясно, ушло ли",
    "delivered": "доставлены",
    "failed": "не дошли",
    "withdrawn": "отозваны",
}
"""What the list is narrowed by (`store.desk.messages.STATES`)."""
STEP_RU: Mapping[str, str] = {
    "created": "создано",
    "handed": "ушло оператору",
    "accepted": "принято оператором",
    "delivered": "доставлено",
    "failed": "не доставлено",
    "waiting": "ждут отправки",
}
"""The figures of the summary (`funnel.STEPS`)."""
GROUND_RU: Mapping[str, str] = {
    Ground.CONSENT: "новости дневника",
    Ground.REPLY: "ответ на SMS родителя",
    Ground.REQUEST: "вопрос о согласии",
    Ground.CODE: "код по запросу",
    Ground.STAFF: "сотруднику школы",
}
"""What kind of message a ground makes of it."""
KIND_RU: Mapping[str, str] = {
    Kind.MARK: "отметка",
    Kind.TERM_MARK: "итоговая отметка",
    Kind.ABSENCE: "пропуск",
    Kind.HOMEWORK: "домашнее задание",
    Kind.TIMETABLE: "расписание",
    Kind.TIMETABLE_CHANGE: "замена в расписании",
    Kind.ANNOUNCEMENT: "объявление",
}


def state(shown: str) -> tuple[str, str]:
    """What a state is called, and its tone."""
    return STATE_RU[shown]


def short(pupils: Iterable[str]) -> str:
    """«Белкина Дарья, Белкин Пётр»: in a list a patronymic says nothing more."""
    return ", ".join(plan.short_name(one, Naming.BOTH) for one in pupils)


VALUES = {
    "state_of": state,
    "short": short,
    "grounds": GROUND_RU,
    "kinds": KIND_RU,
    "topics": TOPIC_RU,
}
"""For the templates of all these pages."""
