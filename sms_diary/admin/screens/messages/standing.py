"""What is with a message now, and what a person is to do about it: one sentence each."""

from __future__ import annotations

from sms_diary.admin.screen import Visit
from sms_diary.model import MessageState, NumberState, PartState, Silence
from sms_diary.store.desk.message import Card
from sms_diary.store.repeating import REPEATED
from sms_diary.values import value
from sms_diary.words import REASON_RU


@value
class Standing:
    """`action` leads to `path`; "" where nothing is to be done."""

    text: str
    hint: str = ""
    action: str = ""
    path: str = ""
    tone: str = "off"


FAILED = {
    MessageState.UNDELIVERED: (
        "Не доставлено: телефон выключен, недоступен или номер не тот.",
        "Если так не в первый раз, уточните номер у родителя.",
    ),
    MessageState.EXPIRED: (
        "Вышел срок: сообщение не ушло вовремя или телефон долго был недоступен.",
        "Старую новость не рассылаем. Те, срок которых ещё не вышел, уйдут следующим сообщением.",
    ),
    MessageState.REJECTED: (
        "Оператор отказался принять сообщение.",
        "Само оно больше не отправляется. Спросите оператора, назвав код, который стоит ниже.",
    ),
    MessageState.UNKNOWN: (
        "Оператор так и не сообщил, дошло ли.",
        "Если это важно, спросите родителя. Повторно не отправляется, чтобы не слать дважды.",
    ),
}


def of(visit: Visit, card: Card, reason: str) -> Standing:
    """`reason`: what the operator's last refusal means and asks for; "" where nobody knows."""
    shown = card.view.state
    if shown == MessageState.DELIVERED:
        return Standing("Доставлено на телефон.", "Прочитал ли его родитель, узнать нельзя.",
                        tone="good")  # fmt: skip
    if shown == MessageState.WITHDRAWN:
        return _withdrawn(card)
    if shown in FAILED:
        return _failed(card, reason)
    if shown == PartState.DOUBT:
        return _doubt(visit, card)
    if shown == PartState.SENT:
        return Standing("Оператор принял, отчёта о доставке ещё нет.",
                        "Обычно отчёт приходит за минуты. Ждём его до трёх суток.",
                        tone="wait")  # fmt: skip
    return _waits(visit, card)


def _failed(card: Card, reason: str) -> Standing:
    text, hint = FAILED[MessageState(card.view.state)]
    if card.reason == REPEATED:
        return Standing(text, "Его новости уйдут или уже ушли ещё раз, другим сообщением.",
                        "Сообщения на этот номер", f"messages?number_id={card.number_id}",
                        "bad")  # fmt: skip
    to = f"people/guardians/{card.guardian_id}" if card.guardian_id else ""
    return Standing(text, reason or hint, "Карточка родителя" if to else "", to, "bad")


def _withdrawn(card: Card) -> Standing:
    if card.reason == Silence.NUMBER_CHANGED:
        return Standing("Отозвано до отправки.", _sentence(REASON_RU[Silence.NUMBER_CHANGED]))
    if card.reason == "route":
        return Standing("Отозвано до отправки.",
                        "Те же новости ушли другим сообщением, через другой канал.")  # fmt: skip
    return Standing(
        "Отозвано до отправки: с тех пор изменилось согласие, запись журнала или настройка.",
        "Новости, которые по-прежнему нужны и разрешены, вошли в другое сообщение. Остальные и "
        "причины — на странице «Не рассказано».",
        "Не рассказано" if card.guardian_id else "",
        f"untold?guardian_id={card.guardian_id}",
    )


def _doubt(visit: Visit, card: Card) -> Standing:
    if card.view.expires <= visit.now:
        return Standing(
            "Передано оператору, но его ответ потерян.",
            "Срок вышел, повторять поздно. Отчёт ещё может прийти; если родитель получил SMS, "
            "отметьте это.",
            "Решить", f"messages/{card.view.id}/decide", "wait",
        )  # fmt: skip
    return Standing(
        "Передано оператору, но его ответ потерян: ушло ли, неизвестно.",
        "Само не повторится, чтобы родитель не получил SMS дважды. Подождите отчёта или решите "
        "сами.",
        "Решить", f"messages/{card.view.id}/decide", "wait",
    )  # fmt: skip


def _waits(visit: Visit, card: Card) -> Standing:
    if visit.school.paused:
        return Standing("Ждёт: рассылка школы приостановлена.",
                        "Уйдёт, когда рассылку возобновят, если не выйдет срок.",
                        "Рассылка", "pause", "wait")  # fmt: skip
    if card.number_state is not NumberState.OPEN:
        return Standing("Ждёт: на этот номер сейчас писать нельзя.", tone="wait")
    retries = [part.due for part in card.open_parts if part.state == PartState.RETRY]
    if retries:
        due = min((one for one in retries if one is not None), default=None)
        return Standing("Оператор пока не принял, отправим ещё раз.",
                        f"Следующая попытка: {visit.times.when(due)}.", tone="wait")  # fmt: skip
    closes = [part.closes for part in card.open_parts if part.closes is not None]
    if closes and min(closes) <= visit.now:
        return Standing("Ждёт: наступили тихие часы.",
                        "Уйдёт, когда они кончатся. Их задаёт «Расписание рассылок».",
                        tone="wait")  # fmt: skip
    return Standing("Ждёт своей очереди к оператору.",
                    f"Годно до: {visit.times.when(card.view.expires)}.")  # fmt: skip


def _sentence(said: str) -> str:
    return f"{said[:1].upper()}{said[1:]}."
