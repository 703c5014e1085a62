"""What becomes of each parent when two records of a pupil are made one, in plain words."""

from __future__ import annotations

from collections.abc import Mapping

from sms_diary import consent
from sms_diary.model import ALL_TOPICS, ConsentState, NumberState
from sms_diary.reports.words import TOPIC_RU
from sms_diary.store.desk.people import Guardian
from sms_diary.store.persons.merging_guardians import Follower
from sms_diary.values import value

_WHY_RU: Mapping[ConsentState, str] = {
    ConsentState.UNKNOWN: "нет согласия",
    ConsentState.ASKED: "согласия ещё нет, ждём ответа",
    ConsentState.BLOCKED: "отказ от рассылок у оператора",
    ConsentState.REFUSED: "записан отказ",
    ConsentState.STOPPED: "был СТОП",
    ConsentState.WRONG_NUMBER: "номер отмечен как чужой",
}
_NUMBER_RU: Mapping[NumberState, str] = {
    NumberState.STOPPED: "номер отключён словом СТОП",
    NumberState.BLOCKED: "отказ от рассылок у оператора",
    NumberState.WRONG: "номер чужой",
    NumberState.SUSPENDED: "на этот номер SMS давно не доходят",
}


@value
class Fate:
    """A parent, what becomes of the SMS, and whether that is good, nothing new, or a loss."""

    guardian: Guardian
    words: str
    tone: str
    """As of `parts.badge`."""
    where: str


def fate(one: Follower, guardian: Guardian) -> Fate:
    state = one.after.get(ALL_TOPICS, ConsentState.UNKNOWN)
    words, tone = _sms(one, guardian, state)
    return Fate(guardian, words, tone, _where(one))


def _where(one: Follower) -> str:
    """Of which records this is a parent now."""
    if one.both:
        return "в обеих записях"
    return "в первой записи" if one.keep else "во второй записи"


def _sms(one: Follower, guardian: Guardian, state: ConsentState) -> tuple[str, str]:
    if one.loses:
        return f"SMS выключены: {_in_which(one, ALL_TOPICS)} {_WHY_RU[state]}", "bad"
    if guardian.number_state is not NumberState.OPEN:
        return f"SMS по-прежнему не приходят: {_NUMBER_RU[guardian.number_state]}", "off"
    if state is not ConsentState.ACTIVE:
        return f"SMS по-прежнему не приходят: {_WHY_RU[state]}", "off"
    lost = [
        TOPIC_RU.get(topic, topic)
        for topic, after in one.after.items()
        if after is not ConsentState.ACTIVE and _had(one, topic)
    ]
    if lost:
        return f"SMS по-прежнему, но больше не сообщаем: {', '.join(lost)}", "wait"
    return "SMS по-прежнему", "good"


def _had(one: Follower, topic: str) -> bool:
    active = ConsentState.ACTIVE
    both = (consent.effective(one.kept, topic), consent.effective(one.dropped, topic))
    return one.both and active in both


def _in_which(one: Follower, topic: str) -> str:
    """The record whose state holds."""
    kept = consent.effective(one.kept, topic) is one.after[topic]
    return "у второй записи" if kept is one.turned else "у первой записи"
