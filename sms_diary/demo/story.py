"""What happens in the demo's week, step by step; each step begins when the last one is delivered.

The steps use what a school uses: the importer, signed webhooks, a parent's phone. Data come from
`week`, words on the screen are here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from sms_diary.demo import week as days
from sms_diary.demo.district import District
from sms_diary.demo.quiet import parts_of, until_answered, until_quiet
from sms_diary.demo.screen import Screen
from sms_diary.demo.stage import Stage
from sms_diary.demo.watch import Watch
from sms_diary.demo.week import FRI, MON, SAT, THU, TUE, WED, Week
from sms_diary.ingest.files.load_contacts import load_contacts
from sms_diary.ingest.files.load_marks import load_marks
from sms_diary.ingest.files.report import FileReport
from sms_diary.phone import mask
from sms_diary.store import counts

BY = "заместитель директора"


class Story:
    """`tell` plays it once; `pause` is called between the steps."""

    def __init__(
        self, stage: Stage, week: Week, screen: Screen, watch: Watch,
        pause: Callable[[], Awaitable[None]],
    ) -> None:  # fmt: skip
        self.stage = stage
        self.week = week
        self.screen = screen
        self._district = District(stage, week)
        self._watch = watch
        self._pause = pause

    async def tell(self) -> dict[str, int]:
        """All of the week; the counts of `store.counts.totals` at its end.

        Raises SmsDiaryError when a step does not come to its end.
        """
        await self._class_list()
        await self._question()
        await self._neighbours()
        await self._file()
        await self._same_day_again()
        for day, name in ((THU, "четверг"), (FRI, "пятницу"), (SAT, "субботу")):
            await self._webhook(day, name)
        await self._change()
        await self._announcement()
        await self._marks()
        await self._stop()
        await self._after_stop()
        await self._new_number()
        await self._after_move()
        await self._flood()
        async with self.stage.service.base.database.reading() as q:
            return await counts.totals(q)

    async def _begin(self, day: int, at: str, title: str) -> None:
        """The diary's time goes on to a moment of the story, never back."""
        clock = self.stage.clock
        clock.advance(max(self.week.at(day, at) - clock.now(), 0))
        self.screen.step(title)

    async def _end(self) -> None:
        await until_quiet(self.stage.service, self.stage.smsc, self.stage.clock)
        await self._watch.caught_up()
        await self._pause()

    # ------------------------------------------------------------------ the district

    async def _neighbours(self) -> None:
        title = "В районе ещё две школы: лицей уже рассылает, сельская школа пробует на сотрудниках"
        await self._begin(TUE, "15:30", title)
        await self._district.neighbours()
        await self._district.people()
        await self._end()
        await self._says(*self._district.says("asks"))
        await self._says(*self._district.says("wrong"))

    async def _flood(self) -> None:
        await self._begin(SAT, "19:30", "Учитель лицея заполняет журнал сразу за несколько дней")
        marks = await self._district.flood()
        await self._end()
        self.screen.note(f"Отметок {marks}, это необычно много: ждут решения на странице.")

    # ------------------------------------------------------------------ files

    async def _class_list(self) -> None:
        await self._begin(MON, "08:00", "Завуч загружает список класса с телефонами и согласиями")
        service = self.stage.service
        report = await load_contacts(
            service.base.database, service.base.tools, self.stage.clock, self.stage.school,
            self.week.class_list(), file_name=days.CLASS_LIST,
            consent_source=self.week.consent_source(), by=BY,
        )  # fmt: skip
        self._report(report)
        await self._end()

    async def _file(self) -> None:
        await self._begin(WED, "14:30", "Завуч загружает из файла отметки за пн-ср")
        service = self.stage.service
        report = await load_marks(
            service.acceptor, service.base.tools, self.stage.clock, self.stage.school,
            self.week.marks([MON, TUE, WED]), file_name=days.MARKS, tell=True,
        )  # fmt: skip
        self._report(report)
        await self._end()

    def _report(self, report: FileReport) -> None:
        for line in report.lines():
            self.screen.say(line)

    # ------------------------------------------------------------------ webhooks

    async def _same_day_again(self) -> None:
        title = "Журнал присылает отметки за среду ещё и сам, подписанным вебхуком"
        await self._begin(WED, "15:30", title)
        before = len(self.stage.smsc.ledger)
        await self._post("wednesday", self.week.events(WED))
        await self._end()
        came = len(self.stage.smsc.ledger) - before
        self.screen.say(f"Эти записи уже есть из файла; новых SMS родителям: {came}.")

    async def _webhook(self, day: int, name: str) -> None:
        await self._begin(day, "15:30", f"Журнал присылает отметки за {name}, подписанным вебхуком")
        await self._post(f"day-{day}", self.week.events(day))
        await self._end()
        await self._silences(f"day-{day}")

    async def _change(self) -> None:
        await self._begin(SAT, "16:00", "Замена урока в понедельник")
        await self._post("change", [self.week.change()])
        await self._end()

    async def _announcement(self) -> None:
        await self._begin(SAT, "16:30", f"Объявление для класса {days.class_name()}")
        await self._post("announcement", [self.week.announcement()])
        await self._end()

    async def _post(self, webhook_id: str, events: list[dict[str, Any]]) -> None:
        """Post, and say what the door answered: counts, what waits for a person, what is wrong."""
        answer = await self.stage.journal.post(webhook_id, events)
        same = answer["unchanged"] + answer["stale"]
        self.screen.say(
            f"Событий отправлено: {len(events)}; новых записей: {answer['created']}, "
            f"исправлений: {answer['changed']}, без изменений: {same}."
        )
        for held in answer["quarantined"]:
            about = events[held["index"]].get("subject", "")
            self.screen.note(f"Ждёт решения человека ({about}): {held['detail']}.")
        for wrong in answer.get("rejected", ()):
            about = events[wrong["index"]].get("subject", "")
            self.screen.note(f"Не принято ({about}): {wrong['message']}.")

    # ------------------------------------------------------------------ parents

    async def _question(self) -> None:
        title = "Родитель оставил номер на бумаге, чтобы его спросили по SMS: школа спрашивает"
        await self._begin(MON, "09:00", title)
        phone, paper = self.week.question()
        await self.stage.journal.ask(f"+{phone}", paper)
        await self._end()
        await self._says(*self.week.yes())
        self.screen.say("Это согласие: с этого номера, на этот вопрос, за 72 часа.")

    async def _marks(self) -> None:
        await self._begin(SAT, "17:00", "Родитель спрашивает об оценках словом")
        await self._says(*self.week.says("marks"))

    async def _stop(self) -> None:
        title = "Родитель отвечает «СТОП», забыв переключить раскладку: CNJG"
        await self._begin(SAT, "17:30", title)
        await self._says(*self.week.says("stop"))

    async def _after_stop(self) -> None:
        phone, _ = self.week.says("stop")
        await self._begin(SAT, "18:00", "Ребёнок того же родителя получает ещё одну отметку")
        before = parts_of(self.stage.smsc, phone)
        await self._post("after-stop", [self.week.after_stop()])
        await self._end()
        self._came(phone, before)
        await self._silences("after-stop")

    async def _new_number(self) -> None:
        title = "У родителя сменился номер: он пишет с прежнего, потом с нового"
        await self._begin(SAT, "18:30", title)
        await self._says(*self.week.says("new_number"))
        self.screen.say("Согласие на новый номер не переходит: его даёт только СТАРТ оттуда.")
        await self._says(*self.week.start())

    async def _after_move(self) -> None:
        (old, _), (new, _) = self.week.says("new_number"), self.week.start()
        await self._begin(SAT, "19:00", "Следующая отметка приходит уже на новый номер")
        before = {phone: parts_of(self.stage.smsc, phone) for phone in (old, new)}
        await self._post("after-move", [self.week.after_move()])
        await self._end()
        for phone, parts in before.items():
            self._came(phone, parts)

    async def _says(self, phone: str, text: str) -> None:
        """A parent writes, and has the answer."""
        smsc = self.stage.smsc
        before = parts_of(smsc, phone)
        await smsc.inbound(phone, text, smsc.options.reply_to)
        await until_answered(smsc, phone, before)
        await self._end()

    def _came(self, phone: str, before: int) -> None:
        """How much came to a phone since it had so many parts."""
        came = parts_of(self.stage.smsc, phone) - before
        self.screen.say(f"На телефон {mask(f'+{phone}')} пришло частей SMS: {came}.")

    async def _silences(self, webhook_id: str) -> None:
        """Of which lines of a request nobody was told, and why: what the service says of it."""
        told: Counter[str] = Counter()
        for event in await self.stage.journal.became(webhook_id):
            for line in event["lines"]:
                if line["state"] == "silent":
                    told[line["reason_ru"]] += line["count"]
        for reason, count in told.items():
            self.screen.note(f"Промолчали (строк: {count}): {reason}.")
