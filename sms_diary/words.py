"""The states and reasons of the domain as people read them: one table a kind of word.

What only reports say is in `reports.words`; SMS are worded by `render`.
"""

from __future__ import annotations

from sms_diary.model import Hold, LineState, PartState, Silence, Source, Topic

REASON_RU: dict[Silence, str] = {
    Silence.NO_CONSENT: "нет доказанного согласия родителя на SMS",
    Silence.NO_PERSONAL_DATA: "нет согласия на обработку персональных данных: "
    "школа требует и этот бланк",
    Silence.STOPPED: "родитель отключил SMS словом СТОП",
    Silence.REFUSED: "родитель отказался от SMS",
    Silence.TEST_MODE: "школа в проверочном режиме: SMS получают только номера сотрудников",
    Silence.OPERATOR_REFUSAL: "оператор не пропускает рассылки на этот номер: отказ у оператора",
    Silence.SUSPENDED: "на этот номер ничего не доходит: рассылка приостановлена",
    Silence.NUMBER_CLOSED: "на этот номер писать нельзя: он чужой",
    Silence.NUMBER_CHANGED: "у родителя теперь другой номер: на прежний больше не пишем",
    Silence.FIRST_IMPORT: "история журнала: загружено без рассылки или было до первого дня, "
    "о котором школа сообщает",
    Silence.OLD: "пришло больше чем через неделю: старое за новость не выдаём",
    Silence.BEFORE_CONSENT: "было до того дня, с которого действует согласие родителя",
    Silence.NOT_WANTED: "по этой теме SMS выключены (так обычно или так выбрал родитель)",
    Silence.NOT_RELEASED: "записей было необычно много, и человек решил о них не сообщать",
    Silence.SENDER_ASKED: "отправитель просил не сообщать родителям",
    Silence.CALLED_OFF: "рассылку объявления остановили",
    Silence.UNDONE: "загрузку файла, из которого это взято, отменили",
    Silence.NEVER_TOLD: "родителю об этой записи ещё не сообщали, снимать нечего",
    Silence.SAME_VALUE: "значение вернулось к тому, что родитель уже знает",
    Silence.EXPIRED: "вышел срок: сообщать уже поздно",
    Silence.NOT_DELIVERED: "SMS не доставлено",
}

HOLD_RU: dict[Hold, str] = {
    Hold.WELCOME: "ждёт, пока на этот номер дойдёт первое SMS: до того о детях не пишем",
    Hold.FLOOD: "записей необычно много: ждёт, пока человек решит, сообщать ли",
    Hold.BUDGET: "SMS на этот месяц израсходованы: ждёт нового месяца или большего бюджета",
}

TOPIC_RU: dict[str, str] = {
    Topic.MARKS: "отметки",
    Topic.ABSENCES: "пропуски",
    Topic.HOMEWORK: "домашние задания",
    Topic.TIMETABLE: "расписание",
    Topic.ANNOUNCEMENTS: "объявления",
}

SOURCE_RU: dict[Source, str] = {
    Source.WEBHOOK: "журнал прислал",
    Source.FILE: "в файле",
    Source.DESK: "написано в кабинете",
}
"""How an event came; what it says follows."""

OUTCOME_RU: dict[str, str] = {
    "created": "записано в дневник",
    "changed": "запись дневника исправлена",
    "unchanged": "в дневнике уже так и записано",
    "stale": "старее того, что уже записано: ничего не изменено",
    "quarantined": "отложено до решения человека",
}
"""What became of an event."""

LINE_RU: dict[LineState, str] = {
    LineState.PLANNED: "ждёт своего времени",
    LineState.HELD: "отложено",
    LineState.TAKEN: "вошло в сообщение",
    LineState.TOLD: "сообщено: оператор принял SMS",
    LineState.SILENT: "не сообщается",
    LineState.REPLACED: "заменено более новым",
    LineState.EXPIRED: "вышел срок: сообщать уже поздно",
}

PART_RU: dict[PartState, str] = {
    PartState.QUEUED: "ждёт отправки",
    PartState.RETRY: "не ушло, будет отправлено ещё раз",
    PartState.SENDING: "передаётся оператору",
    PartState.DOUBT: "передано, но ответа оператора нет",
    PartState.SENT: "принято оператором, отчёта ещё нет",
    PartState.DELIVERED: "доставлено",
    PartState.UNDELIVERED: "не доставлено",
    PartState.EXPIRED: "вышел срок: не отправлено или не доставлено",
    PartState.REJECTED: "оператор отказался принять",
    PartState.UNKNOWN: "оператор так и не сообщил, что с ним стало",
    PartState.WITHDRAWN: "отозвано до отправки",
}
"""Where a part is; a message as a whole is shown in the same words."""

STEP_RU: dict[str, str] = {
    "posted": "пришло событие",
    "due": "подошло время сообщить",
    "composed": "составлено сообщение",
    "handed over": "часть передана оператору",
    "put off": "оператор не принял, попытка будет ещё",
    "in doubt": "ответ оператора потерян: без отчёта не повторяется",
    "accepted": "оператор принял часть и дал ей номер",
    "receipt": "пришёл отчёт о доставке",
    "taken for sent": "решено считать отправленной, отчёт ещё может прийти",
    "to be repeated": "решено послать ещё раз: ответа оператора нет",
}
"""What happens to a message; its last step is the state that a part has reached."""
