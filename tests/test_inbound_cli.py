"""`sms-diary inbound`: what waits for a person, and who has handled it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sms_diary.app import Base
from sms_diary.clock import ManualClock
from tests.asking import Phones
from tests.command_line import CommandLine, alone
from tests.conftest import NOW
from tests.seeding import column, live_school, phone

MUM, DAD, STRANGER = phone(1), phone(2), phone(3)


class Diary(CommandLine):
    def ids(self) -> list[str]:
        """Of all SMS, in the order in which they came."""
        return self.rows("select cast(id as text) as id from inbound order by id")

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, output and errors of `sms-diary inbound …`."""
        return self.ran("inbound", *arguments)


@pytest.fixture
def diary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Diary:
    """Three letters: of a parent of each school, and of a number that nobody knows."""
    alone(tmp_path, monkeypatch)
    made = Diary(tmp_path)
    made.do(_letters)
    return made


async def _letters(base: Base) -> None:
    phones = Phones(base.database, base.tools, ManualClock(NOW))
    for slug, number in (("school-5", MUM), ("school-7", DAD)):
        async with base.database.transaction() as q:
            school = await live_school(q, base.tools, slug)
        await phones.child(school, "p0", number, "Белкина Дарья Игоревна")
    await phones.write(MUM, "Когда\n\x1b[31mсобрание?")
    await phones.write(DAD, "Кто у них классный руководитель?")
    await phones.write(STRANGER, "Вы продаёте славянский шкаф?")


def test_the_letters_that_wait_are_listed_oldest_first_without_their_numbers(diary: Diary) -> None:
    code, out, _ = diary("list")
    *lines, last = out.splitlines()
    assert code == 0
    assert [line.split("\t")[0] for line in lines] == diary.ids()
    assert [line.split("\t")[-1] for line in lines] == [
        "Когда [31mсобрание?", "Кто у них классный руководитель?", "Вы продаёте славянский шкаф?",
    ]  # fmt: skip
    assert "24.11.2026" in lines[0]
    assert MUM not in out
    assert "+7900***01" in lines[0]
    assert last == "Прочитано? sms-diary inbound done ID --by КТО"


def test_the_number_is_shown_when_it_is_asked_for(diary: Diary) -> None:
    assert MUM in diary("list", "--full")[1]
    first = diary.ids()[0]
    assert MUM not in diary("show", first)[1]
    code, out, _ = diary("show", first, "--full")
    assert code == 0
    assert MUM in out
    assert out.splitlines()[-1] == "Когда [31mсобрание?"


def test_a_school_sees_and_settles_the_letters_of_its_own_numbers_only(diary: Diary) -> None:
    first, second, third = diary.ids()
    *lines, _ = diary("list", "--school", "school-7")[1].splitlines()
    assert [line.split("\t")[0] for line in lines] == [second]
    for other in (first, third):
        code, out, err = diary("show", other, "--school", "school-7")
        assert (code, out) == (1, "")
        assert "среди тех, что ждут" in err
        assert diary("done", other, "--by", "Петрова", "--school", "school-7")[0] == 1
    assert diary("done", second, "--by", "Петрова", "--school", "school-7")[0] == 0


def test_what_is_handled_waits_no_more_and_keeps_who_handled_it(diary: Diary) -> None:
    first = diary.ids()[0]
    assert diary("done", first, "--by", " Петрова А. В. ")[:2] == (0, "Отмечено.\n")
    code, _, err = diary("done", first, "--by", "Другой")
    assert code == 1
    assert "sms-diary inbound list" in err
    assert len(diary("list")[1].splitlines()) == 3
    rows = "select handled_by from inbound where state = 'done'"
    assert diary.do(lambda base: column(base.database, rows)) == ["Петрова А. В."]


def test_who_handled_it_must_be_said(diary: Diary) -> None:
    code, _, err = diary("done", diary.ids()[0], "--by", "  ")
    assert code == 2
    assert "кто прочитал" in err


def test_an_empty_list_says_so(diary: Diary) -> None:
    for letter in diary.ids():
        diary("done", letter, "--by", "Петрова")
    assert diary("list")[1] == "Никто не ждёт ответа.\n"


def test_an_unknown_school_is_named(diary: Diary) -> None:
    code, _, err = diary("list", "--school", "school-9")
    assert code == 2
    assert "Школы «school-9» нет" in err
