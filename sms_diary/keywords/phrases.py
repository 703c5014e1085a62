"""Sense of recognised words: the commands, the phrases of refusal, and what they are about.

Which letters make a word is not known here: that is `words.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from sms_diary import phone
from sms_diary.keywords import tables, words
from sms_diary.keywords.meaning import Meaning, Said
from sms_diary.keywords.words import Word
from sms_diary.model import Topic

_NONE: frozenset[str] = frozenset()
_POLITE = words.senses(tables.POLITE)
_FILL = words.senses(tables.FILL)
_WRONG_FILL = words.senses(tables.WRONG_FILL)
_CORE_FILL = words.senses(tables.CORE_FILL)
_SENTENCE = words.senses(tables.SENTENCE)
_ASKED = {
    "оценки": (Meaning.MARKS, words.senses(tables.MARKS_FILL)),
    "расписание": (Meaning.TIMETABLE, words.senses(tables.TIMETABLE_FILL)),
}
_CONSENTS = {"да": Meaning.YES, "старт": Meaning.START, "подписка": Meaning.START}
_NEW_NUMBER = _FILL | words.senses("номер другой сменил мой на у хочу этот")
# No name ends so: «стоп, подождите», «оценки хорошие».
_NO_NAME = re.compile(r"(?:ться|тся|йте|ьте|ите|ете|ешь|ишь|ают|уют|ать|еть|ые|ие)$")
# A child is named in two words, or by three with the father's name.
_NAMES = 2
_PATRONYMIC = re.compile(r"(?:вич|вна|чна|вич[ау]|[вч]н[ыеу])$")
_PHONE = re.compile(r"\+?\d[\d ()-]{8,}\d")


def _expression(listed: str, fill: frozenset[str] = _NONE) -> re.Pattern[str]:
    """One or more of the phrases as an expression over senses, each followed by a space."""
    lines = [_line(line, fill) for line in listed.split("\n") if line.strip()]
    return re.compile(f"(?:{'|'.join(lines)})+")


def _line(line: str, fill: frozenset[str]) -> str:
    out = ""
    for slot in line.split():
        options = sorted({words.SENSES[word] for word in slot.strip("[]*").split("|")} - fill)
        if options:
            how_many = "*" if slot.endswith("*") else "?" if slot.startswith("[") else ""
            out += f"(?:(?:{'|'.join(options)}) ){how_many}"
    return out


_STOPS = _expression(tables.STOP_PHRASES, _FILL)
_FORGETS = _expression(tables.FORGET_PHRASES, _FILL)
_STOPS_TOPIC = _expression(tables.STOP_TOPIC_PHRASES, _FILL)
_WRONG_NUMBER = _expression(tables.WRONG_NUMBER_PHRASES, _WRONG_FILL)
_EXACT = {Meaning(name): _expression(said) for name, said in tables.EXACT_PHRASES.items()}


def consent(said: Sequence[Word]) -> Said | None:
    """ДА or СТАРТ: one word, the exact one. No phrase ever consents (126-ФЗ art. 44.1)."""
    meaning = _CONSENTS.get(said[0].sense) if len(said) == 1 else None
    return Said(meaning) if meaning else None


def new_number(text: str) -> Said | None:
    """«Новый номер +7 900 000-00-05», «номер 8…»: a Russian mobile number and nothing else."""
    found = _PHONE.search(text)
    number = phone.normalise(found[0]) if found else None
    if found is None or number is None:
        return None
    around = [word.sense for word in words.read(text[: found.start()] + " " + text[found.end() :])]
    told = around[:1] == ["номер"] or not words.senses("другой сменил").isdisjoint(around)
    if "номер" in around and told and _NEW_NUMBER.issuperset(around):
        return Said(Meaning.NEW_NUMBER, number=number)
    return None


def wrong_number(said: Sequence[Word]) -> Said | None:
    """«Не тот номер», «вы ошиблись», «это не мой ребёнок», with or without a refusal beside."""
    found = _of_stranger(said) or any(
        _of_stranger(one) and refusal(other, asked=False)
        for at in range(1, len(said))
        for one, other in ((said[:at], said[at:]), (said[at:], said[:at]))
    )
    return Said(Meaning.WRONG_NUMBER) if found else None


def _of_stranger(said: Sequence[Word]) -> bool:
    return _matches(_WRONG_NUMBER, _without(said, _WRONG_FILL | {"стоп"}))


def refusal(said: Sequence[Word], *, asked: bool) -> Said | None:
    """A phrase that ends the SMS, of all or of topics. In a question it is none."""
    rest = _without(said, _FILL)
    while rest and rest[0].sense in {"стоп", "нет"}:
        rest = rest[1:]
    if asked or not rest:
        return None
    if _matches(_FORGETS, rest):
        return Said(Meaning.STOP, forget=True)
    topics = _topics(rest)
    if topics:
        rest = [word for word in rest if word.sense not in tables.TOPICS]
    matched = _matches(_STOPS_TOPIC if topics else _STOPS, rest)
    return Said(Meaning.STOP, topics) if matched else None


def stop(said: Sequence[Word], *, asked: bool) -> Said | None:
    """СТОП anywhere in a short message, with a topic and a child; in a question, alone."""
    rest = _without(said, frozenset({"стоп"}))
    if len(rest) == len(said) or (asked and _without(rest, _POLITE)):
        return None
    who = _who(rest, _CORE_FILL | tables.TOPICS.keys())
    return None if who is None else Said(Meaning.STOP, _topics(rest), who)


def exact(said: Sequence[Word], *, asked: bool) -> Said | None:
    """НЕТ, ПОМОЩЬ, ЛАТ/РУС, СРАЗУ/ДЕНЬ/НЕДЕЛЯ, alone or politely. A question sets nothing."""
    rest = _without(said, _POLITE)
    found = (meaning for meaning, phrase in _EXACT.items() if _matches(phrase, rest))
    meaning = next(found, None)
    if meaning is None or (asked and meaning not in {Meaning.NO, Meaning.HELP}):
        return None
    return Said(meaning)


def question(said: Sequence[Word], *, asked: bool) -> Said | None:
    """ОЦЕНКИ or РАСП first, then perhaps a child; with another word and a `?`, a sentence."""
    rest = _without(said, _POLITE | {"все"})
    if not rest or rest[0].sense not in _ASKED:
        return None
    meaning, fill = _ASKED[rest[0].sense]
    who = _who(rest[1:], fill)
    return None if who is None or (asked and who) else Said(meaning, who=who)


def without_greeting(said: Sequence[Word]) -> list[Word]:
    """Without «добрый день» and «день добрый»: their «день» is not the word ДЕНЬ."""
    kept = list(said)
    for at in range(len(kept) - 1, 0, -1):
        pair = {kept[at - 1].sense, kept[at].sense}
        if pair in ({"добрый", "день"}, {"добрый", "вечер"}):
            del kept[at - 1 : at + 1]
            return kept
    return kept


def _without(said: Iterable[Word], fill: frozenset[str]) -> list[Word]:
    return [word for word in said if word.sense not in fill]


def _topics(said: Iterable[Word]) -> tuple[Topic, ...]:
    found = (tables.TOPICS[word.sense] for word in said if word.sense in tables.TOPICS)
    return tuple(dict.fromkeys(found))


def _matches(phrases: re.Pattern[str], said: Sequence[Word]) -> bool:
    return phrases.fullmatch("".join(f"{word.sense or '?'} " for word in said)) is not None


def _who(said: Sequence[Word], fill: frozenset[str]) -> str | None:
    """The name among these words, empty if none; None if they are a sentence."""
    who: list[str] = []
    for at, word in enumerate(said):
        last = at + 1 == len(said) or said[at + 1].sense in fill
        if who and last and len(word.text) == 1 and word.text.isalpha():
            who.append(word.text)  # «Дарья А.»: an initial, not the word «а»
        elif word.sense in _SENTENCE - fill or _NO_NAME.search(word.text):
            if word.sense not in fill:
                return None
        elif word.sense not in fill:
            who.append(word.text)
    full = [part for part in who if len(part) > 1 or part.isdigit()]
    many = _NAMES + any(map(_PATRONYMIC.search, full))
    return " ".join(who) if len(full) <= many else None
