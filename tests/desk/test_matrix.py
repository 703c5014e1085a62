"""Every role at every screen, in its own school and in another: made from the table of screens.

A new screen is tried as soon as it stands in the table; what it needs to be tried with stands in
`examples/`.
"""

from __future__ import annotations

import re

import pytest

from sms_diary.admin.screen import Screen
from sms_diary.admin.table import SCREENS
from sms_diary.store.desk import users
from sms_diary.store.desk.users import OF_DISTRICT, Role
from tests.desk import examples
from tests.desk.conftest import Running, Someone
from tests.journal_peer import OTHER, SLUG, Answer, rows_of

EXAMPLES = examples.found()
_WELL = {200, 303, 409, 422}
"""Answers to a form from somebody who may send it; what it does is the screen's own test."""
each_screen = pytest.mark.parametrize("screen", SCREENS, ids=lambda one: one.path or "summary")
NAMES_AN_OBJECT = re.compile(r"\{\w*id\}")


def example(screen: Screen) -> examples.Example:
    return EXAMPLES.get(screen.path, examples.Example())


async def address(desk: Running, screen: Screen) -> str:
    """Where the screen is, with a fresh object of the first school in it."""
    path = screen.address.replace("{school}", SLUG)
    for name, said in (await example(screen).ids(desk)).items():
        path = path.replace(f"{{{name}}}", said)
    assert "{" not in path, f"tests/desk/examples has nothing for {screen.path}"
    return path


@each_screen
async def test_a_screen_keeps_to_the_roles_of_its_table(desk: Running, screen: Screen) -> None:
    """What changes nothing comes first and is tried with one object, what each role may do last."""
    path = await address(desk, screen)
    await _each_role_sees_what_it_may(desk, screen, path)
    await _a_stranger_is_shown_the_door(desk, screen, path)
    await _a_form_from_elsewhere_does_nothing(desk, screen, path)
    await _another_school_is_not_there(desk, screen, path)
    await _each_role_does_what_it_may(desk, screen, path)


def is_ours(answer: Answer) -> None:
    """A page or a file of the desk, with the headers that all carry."""
    assert answer.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.status != 503, "the screen fails"


async def _each_role_sees_what_it_may(desk: Running, screen: Screen, path: str) -> None:
    for role in Role:
        someone = await desk.as_(role)
        answer = await someone.get(path)
        is_ours(answer)
        expected = 405 if screen.show is None else 200
        if screen.show and not screen.admits(await who(desk, someone)):
            expected = 403
        assert (role, answer.status) == (role, expected)


async def _each_role_does_what_it_may(desk: Running, screen: Screen, path: str) -> None:
    for role in Role:
        someone = await desk.as_(role)
        before = await rows_of(desk.door.database)
        answer = await someone.post(path, **example(screen).form)
        is_ours(answer)
        if screen.act is None:
            assert answer.status == 405
        elif screen.admits(await who(desk, someone), acting=True):
            assert (role, answer.status in _WELL) == (role, True), answer.status
            path = await address(desk, screen)
        else:
            assert (role, answer.status) == (role, 403)
            assert await rows_of(desk.door.database) == before


async def _another_school_is_not_there(desk: Running, screen: Screen, path: str) -> None:
    """Whoever belongs to a school finds no other; whoever has all finds no object in the wrong."""
    if not screen.of_school:
        return
    path = path.replace(f"/{SLUG}", f"/{OTHER}", 1)
    for role in Role:
        someone = await desk.as_(role)
        user = await who(desk, someone)
        before = await rows_of(desk.door.database)
        wrong_place = role not in OF_DISTRICT or NAMES_AN_OBJECT.search(screen.path)
        if screen.show is not None and wrong_place:
            answer = await someone.get(path)
            expected = {404} if role not in OF_DISTRICT or screen.admits(user) else {403}
            assert (role, answer.status in expected) == (role, True), answer.status
        if screen.act is not None and wrong_place:
            answer = await someone.post(path, **example(screen).form)
            acts = screen.admits(user, acting=True)
            assert (role, answer.status) == (role, 404 if role not in OF_DISTRICT or acts else 403)
        assert await rows_of(desk.door.database) == before


async def _a_stranger_is_shown_the_door(desk: Running, screen: Screen, path: str) -> None:
    before = await rows_of(desk.door.database)
    own = {"Origin": desk.address, "Sec-Fetch-Site": "same-origin"}
    if screen.show is not None:
        answer = await desk.send("GET", path)
        assert answer.status == 303
        assert answer.headers["Location"].startswith("/desk/-/login?next=/desk/")
    if screen.act is not None:
        answer = await desk.send("POST", path, headers=own, data=example(screen).form)
        assert (answer.status, answer.headers["Location"]) == (303, "/desk/-/login")
    assert await rows_of(desk.door.database) == before


async def _a_form_from_elsewhere_does_nothing(desk: Running, screen: Screen, path: str) -> None:
    if screen.act is None:
        return
    admin = await desk.as_(Role.DISTRICT_ADMIN)
    before = await rows_of(desk.door.database)
    for headers in (
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": desk.address},
        {},
    ):
        answer = await admin.post(path, headers, **example(screen).form)
        assert answer.status == 403
    assert await rows_of(desk.door.database) == before


async def who(desk: Running, someone: Someone) -> users.User:
    async with desk.door.database.reading() as q:
        found = await users.one(q, someone.user_id)
    assert found is not None
    return found


def test_every_example_is_of_a_screen() -> None:
    assert EXAMPLES.keys() - {screen.path for screen in SCREENS} == set()


def test_no_two_screens_have_one_address() -> None:
    addresses = [re.sub(r"\{\w+\}", "{}", screen.address) for screen in SCREENS]
    assert len(addresses) == len(set(addresses))
