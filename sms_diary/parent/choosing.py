"""About what the school writes, and how often: a choice a topic and child."""

from __future__ import annotations

from sms_diary.model import Topic
from sms_diary.parent.visit import Answer, Page, Redirect, Visit
from sms_diary.schedule.rhythm import Rhythm
from sms_diary.store import rhythms
from sms_diary.store.parent.family import Child
from sms_diary.store.rhythms import Wish

TOPIC_RU = {
    Topic.MARKS: "Отметки",
    Topic.ABSENCES: "Пропуски и опоздания",
    Topic.HOMEWORK: "Домашние задания",
    Topic.TIMETABLE: "Расписание и замены",
    Topic.ANNOUNCEMENTS: "Объявления",
}
RHYTHM_RU = {
    Rhythm.NOW: "сразу",
    Rhythm.DAY: "раз в день",
    Rhythm.WEEK: "раз в неделю",
    Rhythm.OFF: "не писать",
}


async def show(visit: Visit) -> Page:
    shown = []
    for school, children in visit.by_school():
        own = [one for one in children if one.subscription_id]
        chosen = await _chosen(visit, own)
        rows = [
            (
                visit.name(one),
                [
                    (_field(one, topic), TOPIC_RU[topic], str(chosen[one.subscription_id, topic]))
                    for topic in Topic
                ],
            )
            for one in own
        ]
        shown += [(school.name, rows)] if rows else []
    values = {"schools": shown, "options": [(str(one), said) for one, said in RHYTHM_RU.items()]}
    return Page("choosing.html", "О чём и как часто писать", values)


async def save(visit: Visit) -> Answer:
    """Only what is another choice than before is kept: all else goes on as the school has it."""
    own = [one for one in visit.family.children if one.subscription_id]
    chosen = await _chosen(visit, own)
    wishes = []
    for child in own:
        for topic in Topic:
            said = visit.typed(_field(child, topic))
            if said in set(Rhythm) and said != chosen[child.subscription_id, topic]:
                wish = Wish(child.subscription_id, child.school_id, topic, Rhythm(said))
                wishes.append(wish)
    await rhythms.choose(visit.q, wishes, now=visit.now)
    return Redirect("/my/sms", "Сохранено." if wishes else "Ничего не изменилось.")


async def _chosen(visit: Visit, children: list[Child]) -> dict[tuple[int, Topic], Rhythm]:
    """(subscription, topic) -> as it is told: by choice, or as its school has it."""
    found = {}
    for one in children:
        own = await rhythms.of_subscriptions(visit.q, one.school_id, [one.subscription_id])
        usual = visit.schools[one.school_id].rhythms
        for topic in Topic:
            key = one.subscription_id, topic
            found[key] = own.get(key, usual[topic])
    return found


def _field(child: Child, topic: Topic) -> str:
    return f"{topic}-{child.subscription_id}"
