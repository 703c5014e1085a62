"""All that is held on a number, as a page for the person. Nothing is masked."""

from __future__ import annotations

from collections.abc import Iterator

from sms_diary.model import ALL_TOPICS, Ground, MessageState, PartState
from sms_diary.reports import proof_page
from sms_diary.reports.names import Names
from sms_diary.reports.page import Page, Section
from sms_diary.reports.words import GROUND_RU, TOPIC_RU
from sms_diary.store.ledger import NO_SCHOOL
from sms_diary.store.messages import DESTROYED
from sms_diary.store.persons.held import Asked, Came, Child, Guardian, Person, Sent, Slip
from sms_diary.words import PART_RU

_ON_THE_WAY = "в пути"
_RHYTHM_RU = {"now": "сразу", "day": "раз в день", "week": "раз в неделю", "off": "не сообщать"}
_ASKED_RU = {
    "waiting": "ждёт отправки", "open": "ждёт ответа", "answered": "ответ получен",
    "late": "ответа не было", "dropped": "снят",
}  # fmt: skip
_KIND_RU = {"question": "вопрос о согласии", "welcome": "первое SMS"}


def as_page(person: Person, names: Names, *, now: int) -> Page:
    consents = proof_page.of_number(person.proof, names, now=now)
    return Page(
        title=f"Что хранится о номере {person.number}",
        made=consents.made,
        verdict=(*consents.verdict, *_erased(person)),
        good=None,
        sections=(
            *(_guardian(one, names) for one in person.guardians),
            *_staff(person, names),
            *(_asked(one, names) for one in person.asked),
            *(_slip(one, names) for one in person.slips),
            *(_sent(one, names) for one in person.sent),
            *(_came(one, names) for one in person.came),
            *consents.sections,
        ),
    )


def _erased(person: Person) -> tuple[str, ...]:
    if not person.erased:
        return ()
    said = (
        "Данные этого номера уничтожены: остались отметка, что писать на него нельзя, и сведения, "
        "по которым человека не узнать."
    )
    return (said,)


def _guardian(one: Guardian, names: Names) -> Section:
    letters = {None: "как у школы", True: "латиницей", False: "русские"}[one.latin]
    rows = [
        ("имя", one.full_name or "не хранится"),
        ("внесено", names.time(one.created_at, one.school_id)),
        ("первое SMS дошло", names.time(one.welcomed_at, one.school_id) or "ещё нет"),
        ("буквы SMS", letters),
        *(("ребёнок", _child(child, names, one.school_id)) for child in one.children),
    ]
    return Section(f"Родитель, {names.name(one.school_id)}", tuple(rows))


def _child(child: Child, names: Names, school_id: int) -> str:
    relation = f" ({child.relation})" if child.relation else ""
    said = f"{child.pupil or 'имя стёрто'}{relation}, с {names.time(child.since, school_id)}"
    rhythms = "".join(
        f"\n{TOPIC_RU.get(topic, TOPIC_RU[ALL_TOPICS])}: {_RHYTHM_RU[rhythm]}"
        for topic, rhythm in child.rhythms
    )
    return said + rhythms


def _staff(person: Person, names: Names) -> Iterator[Section]:
    if person.staff_of:
        schools = tuple(("школа", names.name(one)) for one in person.staff_of)
        yield Section("Номер в списке сотрудников", schools)


def _asked(one: Asked, names: Names) -> Section:
    rows = (
        ("школа", names.name(one.school_id)),
        ("создан", names.time(one.created_at, one.school_id)),
        ("отправлен", names.time(one.asked_at, one.school_id) or "не отправлялся"),
        ("чем кончился", _ASKED_RU[one.state]),
    )
    return Section(f"Запрос: {_KIND_RU[one.kind]}", rows)


def _slip(one: Slip, names: Names) -> Section:
    rows = (
        ("школа", names.name(one.school_id)),
        ("логин", one.login),
        ("напечатан", names.time(one.created_at, one.school_id)),
        ("пароль сменён", names.time(one.changed_at, one.school_id) or "ещё нет"),
    )
    return Section("Листок для входа на страницу родителя", rows)


def _sent(one: Sent, names: Names) -> Section:
    at = one.school_id
    state = _ON_THE_WAY if one.state == MessageState.OPEN else PART_RU[PartState(one.state)]
    rows = [
        ("школа", names.name(at)),
        ("составлено", names.time(one.created_at, at)),
        ("основание", GROUND_RU[Ground(one.ground)]),
        ("текст", DESTROYED if one.text is None else one.text),
        ("что с ним", state),
        *(
            ("отчёт оператора", f"{names.time(told.at, at)}: {told.state} {told.error}".rstrip())
            for told in one.receipts
        ),
    ]
    return Section(f"SMS {one.id}", tuple(rows))


def _came(one: Came, names: Names) -> Section:
    rows = (
        ("пришла", names.time(one.at, NO_SCHOOL)),
        ("на номер приёма", one.reception),
        ("текст", DESTROYED if one.text is None else one.text),
    )
    return Section(f"SMS с этого номера, {one.id}", rows)
