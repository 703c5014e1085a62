"""`token`, `school set` and `subscriptions`: the admin endpoint's work from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from sms_diary.app import Base
from sms_diary.model import ConsentState
from sms_diary.store import schools, tokens
from tests import seeding
from tests.command_line import CommandLine

PAPER = ("--source", "Заявление", "--form", "SMS-1", "--by", "Петрова А. В.")


class Desk(CommandLine):
    """With a class of two."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.subscribed = self.do(self._seed)

    async def _seed(self, base: Base) -> list[seeding.Subscribed]:
        async with base.database.transaction() as q:
            school = await seeding.live_school(q, base.tools, "school-5")
            await seeding.live_school(q, base.tools, "school-7")
            [class_id] = await seeding.classes(q, base.tools, school, "5А")
            pupils = await seeding.pupils(q, base.tools, school, class_id, 2)
            pairs = [(pupil, seeding.phone(n)) for n, pupil in enumerate(pupils)]
            return await seeding.subscribe(q, base.tools, school, pairs)

    def __call__(self, *arguments: str) -> tuple[int, str]:
        """Exit code, and output with errors."""
        code, said, errors = self.ran(*arguments)
        return code, said + errors


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return Desk(tmp_path)


def test_a_token_is_given_listed_without_itself_and_revoked(desk: Desk) -> None:
    code, said = desk("token", "add", "--school", "school-5", "--scope", "read", "--scope", "send",
                      "--name", "Журнал")  # fmt: skip
    assert code == 0
    fields = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)

    async def found(base: Base) -> tokens.Token | None:
        async with base.database.reading() as q:
            return await tokens.find(q, fields["token"])

    token = desk.do(found)
    assert token is not None
    assert (token.name, sorted(token.rights)) == ("Журнал", ["read", "send"])
    listed = desk("token", "list")[1]
    assert f"{fields['id']}\tschool-5\tread, send\tЖурнал" in listed
    assert fields["token"] not in listed
    assert desk("token", "revoke", fields["id"])[0] == 0
    assert desk.do(found) is None
    assert desk("token", "revoke", fields["id"])[0] == 2
    assert "все школы" in (desk("token", "add"), desk("token", "list"))[1][1]


def test_a_right_or_a_school_that_is_not_there_gives_no_token(desk: Desk) -> None:
    assert desk("token", "add", "--scope", "everything")[0] == 2
    assert desk("token", "add", "--school", "school-9")[0] == 2
    assert desk("token", "list") == (0, "")


def test_a_schools_settings_are_set_by_name(desk: Desk) -> None:
    said = ("budget=3", "paused=true", "name=Школа № 5", "phone=88460000000", "off_days=[6,7]",
            "day_from=09:00", "proof=sms+pd")  # fmt: skip
    assert desk("school", "set", "school-5", *said)[0] == 0

    async def read(base: Base) -> schools.School | None:
        async with base.database.reading() as q:
            return await schools.by_slug(q, "school-5")

    school = desk.do(read)
    assert school is not None
    assert (school.budget, school.paused, school.name) == (3, True, "Школа № 5")
    assert (school.phone, school.proof) == ("88460000000", "sms+pd")
    for wrong in ("bugdet=3", "budget=many", "day_to=00:00", "mode=alive", "budget"):
        code, why = desk("school", "set", "school-5", wrong)
        assert code == 2, wrong
        assert why.strip()
    assert desk.do(read) == school


def test_subscriptions_are_listed_stopped_and_started_on_a_later_paper(desk: Desk) -> None:
    first = str(desk.subscribed[0].subscription_id)
    code, said = desk("subscriptions", "list", "--school", "school-5", "--class", "5а")
    assert code == 0
    assert len(said.splitlines()) == 2
    assert "+7900***0000\tactive" in said
    assert desk.subscribed[0].number not in said
    own = ("--school", "school-5", "--now", "2026-11-24T12:00+04:00")
    assert desk("subscriptions", "stop", first, *own, "--by", "Завуч")[1] == "Остановлено.\n"
    assert desk("subscriptions", "stop", first, *own)[1] == "Уже было остановлено.\n"
    state = ("--state", ConsentState.STOPPED)
    assert first in desk("subscriptions", "list", "--school", "school-5", *state)[1]
    start = ("subscriptions", "start", first, *PAPER)
    code, why = desk(*start, "--date", "2026-11-20", *own)
    assert code == 2
    assert "СТАРТ" in why
    later = ("--school", "school-5", "--now", "2026-12-01T12:00+04:00")
    assert desk(*start, "--date", "2026-11-30", *later) == (0, "Согласие записано.\n")
    assert first not in desk("subscriptions", "list", "--school", "school-5", *state)[1]


def test_another_schools_subscription_is_not_found(desk: Desk) -> None:
    first = str(desk.subscribed[0].subscription_id)
    code, why = desk("subscriptions", "stop", first, "--school", "school-7")
    assert code == 2
    assert "нет" in why
    assert "active" in desk("subscriptions", "list", "--school", "school-5")[1]
    assert desk("subscriptions", "list", "--school", "school-7") == (0, "")
