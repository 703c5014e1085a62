"""What an import would do, or did: values for pages and programs, lines and a table for people.

Names are the school's own and may stand here, phones only masked; nothing of it may reach a log.
Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sms_diary.ingest.files.report import Word, plural
from sms_diary.ingest.imports.columns import Known
from sms_diary.ingest.imports.seen import SeenTable
from sms_diary.values import value

MOST_PROBLEMS = 5_000
"""Problems that are told one by one; of more only their number."""
SHOWN = 60
WORDS = (Word.ADDED, Word.CHANGED, Word.UNCHANGED, Word.REJECTED, Word.QUARANTINED)
"""Every row of data ends in exactly one of these."""


@value
class Problem:
    """One thing that is wrong, or to be looked at. `file` is its name; `row` as Excel counts.

    `word` says what it did: refused, held for a person, or only a warning. `about` is whom or
    what the row names, "" where the text says it or nobody knows.
    """

    file: str
    sheet: str
    row: int
    word: str
    text: str
    column: str = ""
    said: str = ""
    expected: str = ""
    mend: str = ""
    about: str = ""

    def place(self) -> str:
        sheet = f", лист «{self.sheet}»" if self.sheet else ""
        column = f", столбец {self.column}" if self.column else ""
        return f"{self.file}{sheet}, строка {self.row}{column}"

    def line(self) -> str:
        said = f" «{self.said}»" if self.said else ""
        expected = f"; ожидалось: {self.expected}" if self.expected else ""
        mend = f"; {self.mend}" if self.mend else ""
        return f"{self.place()} — {self.word}:{said} {self.text}{expected}{mend}"


@value
class FileLine:
    """One file: what it was taken for, or why it was not read."""

    name: str
    kinds: tuple[str, ...] = ()
    problem: str = ""
    notes: tuple[str, ...] = ()


@value
class Decision:
    """A question for a person: one answer settles all `rows` of it."""

    text: str
    about: str
    rows: int


@dataclass(slots=True)
class Report:
    """Of a whole import. `counts`: kind → word → rows; `guardians` and `lines` are who would be
    told now, after consent, and of how many things. Of these, `waiting` wait for a welcome to
    arrive and `held` for a person, being unusually many; `welcomes` are the SMS that go first."""

    files: list[FileLine] = field(default_factory=list)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    more_problems: int = 0
    decisions: dict[str, Decision] = field(default_factory=dict)
    entries: int = 0
    guardians: int = 0
    lines: int = 0
    waiting: int = 0
    held: int = 0
    welcomes: int = 0
    tell: str = ""
    notes: list[str] = field(default_factory=list)
    chosen: list[Known] = field(default_factory=list)
    """How columns were read by a person's choice; what is new of it is remembered on applying."""
    tables: list[SeenTable] = field(default_factory=list)
    applied: bool = False

    def count(self, word: Word) -> int:
        """Rows of every kind of which this becomes."""
        return sum(counts.get(word.name.lower(), 0) for counts in self.counts.values())

    @property
    def rows(self) -> int:
        return sum(map(self.count, WORDS))

    @property
    def unchanged(self) -> bool:
        """Whether there is nothing to apply; a question is asked by applying."""
        return not any(map(self.count, (Word.ADDED, Word.CHANGED, Word.QUARANTINED)))

    def add(self, kind: str, word: Word) -> None:
        counts = self.counts.setdefault(kind, {})
        counts[word.name.lower()] = counts.get(word.name.lower(), 0) + 1

    def tell_of(self, problem: Problem) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)
        else:
            self.more_problems += 1

    def ask(self, key: str, text: str, about: str) -> None:
        """One more row that waits for the answer to a question."""
        before = self.decisions.get(key)
        self.decisions[key] = Decision(text, about, (before.rows if before else 0) + 1)

    def sort(self) -> None:
        places = {one.name: at for at, one in enumerate(self.files)}
        self.problems.sort(key=lambda one: (places.get(one.file, 0), one.sheet, one.row))

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    def packed(self) -> bytes:
        return json.dumps(self.as_data(), ensure_ascii=False).encode("utf-8", "replace")

    # ------------------------------------------------------------ for people

    def text(self) -> Iterator[str]:
        """The report in lines: files, counts, decisions, problems, SMS."""
        yield from map(_file, self.files)
        for kind, counts in self.counts.items():
            yield f"{kind[:1].upper()}{kind[1:]}: {_totals(counts)}"
        if not self.counts:
            yield "Строк с данными нет."
        elif self.unchanged and not self.count(Word.REJECTED):
            yield "Всё это уже загружено: без изменений."
        yield from self.notes
        yield from self._decisions()
        yield from self._problems()
        yield from self._told()

    def _decisions(self) -> Iterator[str]:
        if self.decisions:
            yield f"Нужно решить ({len(self.decisions)}): sms-diary quarantine list"
        for one in list(self.decisions.values())[:SHOWN]:
            yield f"  {one.about}: {one.text} ({_rows(one.rows)})"

    def _problems(self) -> Iterator[str]:
        if self.problems:
            yield "Посмотрите:"
        yield from (f"  {one.line()}" for one in self.problems[:SHOWN])
        left = len(self.problems) - len(self.problems[:SHOWN]) + self.more_problems
        if left:
            yield f"  … и ещё {left}: они в файле ошибок (--errors)."

    def _told(self) -> Iterator[str]:
        if self.welcomes:
            yield f"Приветственных SMS: {self.welcomes}, по одному на номер с новым согласием."
        if not self.tell:
            yield "Родителям не сообщается (--tell, чтобы сообщить)."
        elif not self.lines:
            yield "SMS: 0."
        else:
            guardians = plural(self.guardians, "родитель", "родителя", "родителей")
            yield (
                f"SMS: о новом узнают {self.guardians} {guardians} ({_news(self.lines)}; "
                "в одно SMS входит несколько)."
            )
        if self.waiting:
            yield f"Из них {_news(self.waiting)} подождут, пока дойдёт приветствие."
        if self.held:
            yield (
                f"Из них {_news(self.held)} задержатся до вашего решения: для одного дня этой "
                "школы это необычно много (sms-diary held)."
            )


def _news(count: int) -> str:
    return f"{count} {plural(count, 'новость', 'новости', 'новостей')}"


def restored(body: bytes) -> Report:
    """The report that `packed` made this of."""
    data: Mapping[str, Any] = json.loads(body)
    report = Report(**data)
    report.files = [
        FileLine(one["name"], tuple(one["kinds"]), one["problem"], tuple(one["notes"]))
        for one in data["files"]
    ]
    report.chosen = [Known.from_data(one) for one in data["chosen"]]
    report.problems = [Problem(**one) for one in data["problems"]]
    report.tables = [SeenTable.from_data(one) for one in data.get("tables", ())]
    report.decisions = {key: Decision(**one) for key, one in data["decisions"].items()}
    return report


def _file(one: FileLine) -> str:
    said = ", ".join(one.kinds) or "не загружено"
    more = "; ".join(filter(None, (one.problem, *one.notes)))
    return f"{one.name} — {said}" + (f": {more}" if more else "")


def _totals(counts: Mapping[str, int]) -> str:
    said = [f"{word} {counts[word.name.lower()]}" for word in WORDS if word.name.lower() in counts]
    return f"{_rows(sum(counts.values()))}: {', '.join(said)}"


def _rows(count: int) -> str:
    return f"{count} {plural(count, 'строка', 'строки', 'строк')}"


HEADING = ("Файл", "Лист", "Строка", "Столбец", "Что", "Значение", "Что не так", "Ожидалось",
           "Как исправить", "О ком")  # fmt: skip


WIDTHS = (26, 18, 8, 9, 15, 22, 44, 34, 40, 32)
"""Of their columns, in characters."""


def table(problems: Sequence[Problem]) -> list[tuple[str | int, ...]]:
    """The problems as rows of a table, with a heading; values are masked."""
    rows: list[tuple[str | int, ...]] = [
        (one.file, one.sheet, one.row, one.column, one.word, one.said, one.text, one.expected,
         one.mend, one.about)
        for one in problems
    ]  # fmt: skip
    return [HEADING, *rows]
