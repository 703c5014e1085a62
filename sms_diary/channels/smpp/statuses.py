"""What each command_status of SMPP means: our word, whose trouble it is, and Russian for people.

A closed table (SMPP 3.4 §5.1.3, Table 5-2; of 5.0 §4.7.6 what gateways send today) and ranges for
what is not in it. What only one operator means by a number stands in its provider file and wins.
"""

from __future__ import annotations

from typing import NamedTuple

from smpplib import consts

from sms_diary.model import Failure, Scope


class Meaning(NamedTuple):
    """A refusal in our words; `delay` in seconds before the next try, 0 = as retry.py says."""

    failure: Failure
    scope: Scope
    delay: float
    reason: str
    """In Russian: what happened and what to do."""


_F, _S = Failure, Scope

GENERAL: dict[Failure, str] = {
    _F.CONFIG: "Оператор не принимает наши настройки. Сверьте настройки маршрута с договором или "
    "спросите оператора, назвав код.",
    _F.BAD_NUMBER: "Оператор считает, что такого номера нет. Проверьте номер у родителя.",
    _F.BLOCKED: "Абонент запретил себе такие SMS у своего оператора. Повторов не будет; если SMS "
    "нужны, родитель снимает запрет у оператора.",
    _F.REJECTED: "Оператор отказался от этого текста. Повторов не будет; спросите оператора, "
    "назвав код, что в тексте не так.",
    _F.THROTTLED: "SMS уходят быстрее, чем разрешено. Повторим сами, медленнее; если это часто, "
    "поставьте rate и window по договору.",
    _F.BALANCE: "На счёте у оператора кончились деньги. Пополните счёт: повторим сами.",
    _F.UNAVAILABLE: "У оператора временный сбой. Делать ничего не надо: повторим сами.",
    _F.UNKNOWN: "Оператор отказал и не объяснил почему. Повторим сами; если это часто, спросите "
    "оператора, назвав код.",
}
"""The sentence for a failure about whose code nothing more is known."""


def _of(failure: Failure, scope: Scope, reason: str = "", *, delay: float = 0.0) -> Meaning:
    return Meaning(failure, scope, delay, reason or GENERAL[failure])


def _setting(reason: str) -> Meaning:
    """Ours or the contract's: nothing passes, and nothing is lost, until a person mends it."""
    return _of(_F.CONFIG, _S.ACCOUNT, reason)


def _field(what: str, mend: str) -> Meaning:
    return _setting(f"Оператор не принимает {what}. {mend}")


_REPORT = "Это ошибка программы или оператора: пришлите код нам и оператору."
_ASK = "Спросите у оператора, что он ждёт, и впишите в маршрут: "
_NOT_NOW = _of(_F.UNAVAILABLE, _S.MESSAGE)
_UNCLEAR = _of(_F.UNKNOWN, _S.MESSAGE)
_NOT_OURS = _of(
    _F.UNKNOWN, _S.MESSAGE,
    "Оператор ответил отказом на запрос, которого мы не посылали. Повторим сами; если это часто, "
    "пришлите код оператору.",
)  # fmt: skip
_TLVS = _field(
    "дополнительные поля SMS",
    "Поставьте send_reference = false, а для длинных текстов long = \"udh8\".",
)  # fmt: skip

TABLE: dict[int, Meaning] = {
    consts.SMPP_ESME_RINVMSGLEN: _of(
        _F.REJECTED, _S.MESSAGE,
        "Текст не помещается в SMS в той кодировке, которую берёт оператор. Проверьте у маршрута "
        "default_alphabet, latin_coding и long; следующие сообщения составятся по ним.",
    ),
    consts.SMPP_ESME_RINVCMDLEN: _of(
        _F.REJECTED, _S.MESSAGE, f"Оператор не разобрал запрос: не та длина. {_REPORT}"
    ),
    consts.SMPP_ESME_RINVCMDID: _setting(
        f"Оператор не знает такого запроса. {_ASK}interface_version и bind."
    ),
    # Bound in another way than we think, or still bound by a connection the SMSC has not
    # seen die: both pass with the next bind.
    consts.SMPP_ESME_RINVBNDSTS: _of(
        _F.UNAVAILABLE, _S.ACCOUNT,
        "Оператор считает, что мы не вошли или вошли не так. Войдём заново сами; если повторяется, "
        "проверьте bind.",
    ),
    consts.SMPP_ESME_RALYBND: _of(
        _F.UNAVAILABLE, _S.ACCOUNT,
        "Под этим именем уже вошли. Остановите другую программу с тем же именем или подождите, "
        "пока оператор закроет старое соединение; число соединений — sessions.",
    ),
    consts.SMPP_ESME_RINVPRTFLG: _field("срочность SMS", _REPORT),
    consts.SMPP_ESME_RINVREGDLVFLG: _field(
        "просьбу об отчёте о доставке", f"{_ASK}registered_delivery."
    ),
    consts.SMPP_ESME_RSYSERR: _NOT_NOW,
    consts.SMPP_ESME_RINVSRCADR: _field(
        "имя отправителя",
        "Зарегистрируйте имя у оператора и впишите его точно так же в source маршрута или школы.",
    ),
    consts.SMPP_ESME_RINVDSTADR: _of(
        _F.BAD_NUMBER, _S.NUMBER,
        "Оператор считает, что такого номера нет. Проверьте номер у родителя; если так со всеми "
        "номерами, проверьте destination_plus, dest_ton и dest_npi.",
    ),
    consts.SMPP_ESME_RINVMSGID: _UNCLEAR,
    consts.SMPP_ESME_RBINDFAIL: _setting(
        "Оператор не пустил нас и не сказал почему. Проверьте system_id, пароль и system_type, "
        "спросите, разрешён ли вход с вашего адреса."
    ),
    consts.SMPP_ESME_RINVPASWD: _setting(
        "Оператор не принял пароль. Проверьте password или password_file по письму оператора: "
        "пароль SMPP бывает не тот, что в личном кабинете."
    ),
    consts.SMPP_ESME_RINVSYSID: _setting(
        "Оператор не знает такого имени для входа. Проверьте system_id по письму оператора."
    ),
    consts.SMPP_ESME_RCANCELFAIL: _NOT_OURS,
    consts.SMPP_ESME_RREPLACEFAIL: _NOT_OURS,
    consts.SMPP_ESME_RMSGQFUL: _of(
        _F.THROTTLED, _S.ACCOUNT,
        "Очередь у оператора полна. Повторим сами, медленнее; если это часто, поставьте rate и "
        "window по договору.",
        delay=5.0,
    ),
    consts.SMPP_ESME_RINVSERTYP: _field(
        "вид услуги (service_type)", "Спросите оператора, какую услугу подключить по договору."
    ),
    consts.SMPP_ESME_RINVNUMDESTS: _NOT_OURS,
    consts.SMPP_ESME_RINVDLNAME: _NOT_OURS,
    consts.SMPP_ESME_RINVDESTFLAG: _NOT_OURS,
    consts.SMPP_ESME_RINVSUBREP: _field("запрос с заменой SMS", _REPORT),
    consts.SMPP_ESME_RINVESMCLASS: _field(
        "вид SMS (esm_class)", "Спросите, как он берёт длинные тексты, и поставьте такое long."
    ),
    consts.SMPP_ESME_RCNTSUBDL: _NOT_OURS,
    consts.SMPP_ESME_RSUBMITFAIL: _UNCLEAR,
    consts.SMPP_ESME_RINVSRCTON: _field("тип адреса отправителя", f"{_ASK}source_ton."),
    consts.SMPP_ESME_RINVSRCNPI: _field("план номера отправителя", f"{_ASK}source_npi."),
    consts.SMPP_ESME_RINVDSTTON: _field("тип адреса получателя", f"{_ASK}dest_ton."),
    consts.SMPP_ESME_RINVDSTNPI: _field("план номера получателя", f"{_ASK}dest_npi."),
    consts.SMPP_ESME_RINVSYSTYP: _field("тип системы при входе", f"{_ASK}system_type."),
    consts.SMPP_ESME_RINVREPFLAG: _field("признак замены SMS", _REPORT),
    consts.SMPP_ESME_RINVNUMMSGS: _NOT_OURS,
    consts.SMPP_ESME_RTHROTTLED: _of(_F.THROTTLED, _S.ACCOUNT, delay=1.0),
    consts.SMPP_ESME_RINVSCHED: _field("время отправки", _REPORT),
    consts.SMPP_ESME_RINVEXPIRY: _field(
        "срок годности SMS", "Поставьте другое validity: relative, absolute или none."
    ),
    consts.SMPP_ESME_RINVDFTMSGID: _field("номер готового текста", _REPORT),
    consts.SMPP_ESME_RX_T_APPN: _NOT_NOW,
    consts.SMPP_ESME_RX_P_APPN: _of(_F.REJECTED, _S.MESSAGE),
    consts.SMPP_ESME_RX_R_APPN: _of(_F.REJECTED, _S.MESSAGE),
    consts.SMPP_ESME_RQUERYFAIL: _of(
        _F.UNKNOWN, _S.MESSAGE,
        "Оператор не ответил, что стало с SMS. Спросим ещё; если так всегда, поставьте "
        "query_after = 0.",
    ),
    consts.SMPP_ESME_RINVOPTPARSTREAM: _TLVS,
    consts.SMPP_ESME_ROPTPARNOTALLWD: _TLVS,
    consts.SMPP_ESME_RINVPARLEN: _TLVS,
    consts.SMPP_ESME_RMISSINGOPTPARAM: _setting(
        "Оператор ждёт в SMS ещё какого-то поля. Спросите, какого, и пришлите ответ нам."
    ),
    consts.SMPP_ESME_RINVOPTPARAMVAL: _TLVS,
    consts.SMPP_ESME_RDELIVERYFAILURE: _UNCLEAR,
    consts.SMPP_ESME_RUNKNOWNERR: _UNCLEAR,
    # SMPP 5.0 §4.7.6: gateways answer with them to 3.4 clients too.
    0x100: _setting("Услуга не разрешена по договору. Попросите оператора её подключить."),
    0x101: _setting("Оператор запретил нам отправку. Спросите его, что нужно по договору."),
    0x102: _NOT_NOW,
    0x103: _setting("В услуге отказано. Спросите оператора, что нужно по договору."),
    0x104: _field("кодировку SMS", f"{_ASK}default_alphabet и latin_coding."),
}  # fmt: skip

RANGES: tuple[tuple[range, Meaning], ...] = (
    (range(0xC0, 0xE0), _TLVS),  # optional parameters
    (range(0x400, 0x500), _of(  # §5.1.3: the SMSC vendor's own
        _F.UNKNOWN, _S.MESSAGE,
        "Отказ с кодом, который понимает только этот оператор. Повторим сами; спросите у него, "
        "что значит код, и впишите ответ в файл оператора.",
    )),
    (range(2**32), _UNCLEAR),
)  # fmt: skip
"""For codes outside the table, the first that holds; the last holds for all."""

SENDER = frozenset({
    consts.SMPP_ESME_RINVSRCADR, consts.SMPP_ESME_RINVSRCTON, consts.SMPP_ESME_RINVSRCNPI,
})  # fmt: skip
"""Refusals of the sender, who may be one school's own."""

NAMES: dict[int, str] = {
    value: name.removeprefix("SMPP_")
    for name, value in vars(consts).items()
    if name.startswith("SMPP_ESME_")
}
"""Statuses by their names in the specification."""
