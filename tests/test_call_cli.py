"""`sms-diary call`: the admin endpoint's operations on the database, without HTTP and token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sms_diary.cli import app


class Here:
    """One configured folder with two schools."""

    def __init__(self, folder: Path) -> None:
        self._config = folder / "sms-diary.toml"
        self._config.write_text(
            f'database = "sqlite:{folder / "d.db"}"\nkey_file = "{folder / "d.key"}"\n'
        )
        for slug in ("school-5", "school-7"):
            assert self.run("school", "add", slug, "--short", slug).exit_code == 0

    def run(self, *words: str, said: str = "") -> Result:
        return CliRunner().invoke(app, [*words, "--config", str(self._config)], input=said)

    def call(self, method: str, address: str, said: Any = None, *, school: str = "school-5") -> Any:
        words = ["call", method, address, "--school", school]
        if said is not None:
            words.append("--body")
        done = self.run(*words, said="" if said is None else json.dumps(said))
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def refused(self, *words: str, said: str = "") -> str:
        done = self.run("call", *words, said=said)
        assert done.exit_code == 2
        return done.stderr


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


def test_a_pupil_and_a_guardian_are_added_shown_and_changed(here: Here) -> None:
    pupil = here.call("POST", "/v1/pupils", {"full_name": "Белкина Дарья", "class": "5А"})
    [listed] = here.call("GET", "/v1/pupils?class=5А")["pupils"]
    assert listed == pupil
    guardian = here.call(
        "POST", "/v1/guardians", {"number": "+79000000001", "full_name": "Белкина Анна"}
    )
    changed = here.call("PATCH", f"/v1/guardians/{guardian['id']}", {"latin": True})
    assert (changed["full_name"], changed["latin"]) == ("Белкина Анна", True)
    made = here.call(
        "POST", "/v1/subscriptions", {"guardian_id": guardian["id"], "pupil_id": pupil["id"]}
    )
    assert made["state"] == "unknown"
    assert here.call("GET", f"/v1/subscriptions/{made['id']}/history") == {"acts": []}


def test_what_is_recorded_names_the_person_at_the_server(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "zavuch")
    pupil = here.call("POST", "/v1/pupils", {"full_name": "Белкина Дарья", "class": "5А"})
    guardian = here.call(
        "POST", "/v1/guardians", {"number": "+79000000001", "full_name": "Белкина Анна"}
    )
    made = here.call(
        "POST", "/v1/subscriptions", {"guardian_id": guardian["id"], "pupil_id": pupil["id"]}
    )
    here.call("POST", f"/v1/subscriptions/{made['id']}/stop", {})
    acts = here.call("GET", f"/v1/subscriptions/{made['id']}/history")["acts"]
    assert acts
    assert {act["actor"] for act in acts} == {"command zavuch"}


def test_another_schools_guardian_is_not_there(here: Here) -> None:
    guardian = here.call(
        "POST", "/v1/guardians", {"number": "+79000000001", "full_name": "Белкина Анна"}
    )
    said = here.refused("GET", f"/v1/guardians/{guardian['id']}", "--school", "school-7")
    assert said == "Такого родителя нет.\n"


@pytest.mark.parametrize(
    ("words", "said", "expected"),
    [
        (("GET", "/v1/nothing"), "", "Такого запроса нет"),
        (("DELETE", "/v1/pupils"), "", "Такого запроса нет"),
        (("GET", "/v1/pupils"), "", "--school"),
        (("GET", "/v1/pupils", "--school", "school-9"), "", "Школы «school-9» нет"),
        (("GET", "/v1/pupils?clas=5А", "--school", "school-5"), "", "Параметры адреса"),
        (("POST", "/v1/pupils", "--school", "school-5", "--body"), "{", "JSON"),
        (("POST", "/v1/pupils", "--school", "school-5", "--body"), "{}", "/full_name"),
    ],
)
def test_what_cannot_be_done_is_said_in_russian(
    here: Here, words: tuple[str, ...], said: str, expected: str
) -> None:
    assert expected in here.refused(*words, said=said)
